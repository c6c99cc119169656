"""Facts of a profile: which source counts, how old it may be, and what is in conflict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from recommender import Rulebook
from recommender.assess import assess
from recommender.errors import Problem, ProfileError
from recommender.facts import Fact, State
from recommender.profile import as_profile
from tests.building import (
    AS_OF,
    Plain,
    boolean,
    choice,
    decimal,
    facts,
    integer,
    members,
    ordinal,
    patient,
    problems,
    rulebook,
    shown,
)

SCALE: Plain = {
    "id": "scale",
    "title": "Scale",
    "range": [0, 9],
    "items": {"a": [0, 3], "b": [0, 3], "c": [0, 3]},
    "bands": [
        {"id": "few", "range": [0, 2]},
        {"id": "some", "range": [3, 5]},
        {"id": "many", "range": [6, 9]},
    ],
}
OTHER = SCALE | {"id": "other"}
BANDED = {"instrument": "scale", "band": {"few": "low", "some": "mild", "many": "high"}}
OTHER_BANDED = BANDED | {"instrument": "other"}
YES_FROM = 6


def book(*features: Plain, instruments: Sequence[Plain] = (SCALE, OTHER), **more: Any) -> Rulebook:
    return rulebook(features, watch=True, instruments=list(instruments), **more)


def mood(*sources: Any, **more: Any) -> Plain:
    return ordinal("mood", **more) | {"from": list(sources)}


def seen(feature: Plain, *given: Any, **parts: Any) -> tuple[Any, str]:
    """What is possible for one feature, and its state."""
    name, tiny = feature["id"], book(feature, *given)
    fact = facts(tiny, **parts)[name]
    return shown(tiny, fact), fact.state.value


def score(day: str, total: int, instrument: str = "scale") -> Plain:
    return {"instrument": instrument, "total": total, "on": f"2026-{day}"}


def found(day: str, value: Any) -> Plain:
    return {"value": value, "on": f"2026-{day}"}


ANYTHING = {"everything": True}


# ------------------------------------------------------------------------------- sources


@pytest.mark.parametrize(
    ("total", "value"), [(0, "low"), (2, "low"), (3, "mild"), (5, "mild"), (6, "high"), (9, "high")]
)
def test_a_band_gives_its_value(total: int, value: str) -> None:
    given = [{"instrument": "scale", "total": total}]
    assert seen(mood(BANDED), assessments=given) == ({"value": value}, "known")


def test_a_partial_total_leaves_every_band_it_may_lie_in() -> None:
    given = [{"instrument": "scale", "items": [2, 2, None]}]
    assert seen(mood(BANDED), assessments=given) == ({"from": "mild", "to": "high"}, "partial")


def test_the_band_the_instrument_and_the_day_are_kept_with_the_fact() -> None:
    fact = facts(book(mood(BANDED)), assessments=[score("11-19", 7)])["mood"]
    assert (fact.band, fact.instrument, fact.source) == ("many", "scale", "scale")
    assert str(fact.on) == "2026-11-19"


def test_an_entry_without_a_day_is_of_the_day_of_the_assessment() -> None:
    fact = facts(book(mood(BANDED)), assessments=[{"instrument": "scale", "total": 7}])["mood"]
    assert str(fact.on) == "2026-11-20"


def test_one_item_may_be_the_source() -> None:
    item = integer("worry", 0, 3) | {"from": [{"instrument": "scale", "item": "b"}]}
    assert seen(item, assessments=[{"instrument": "scale", "items": [0, 2, 0]}])[0] == {"value": 2}
    assert seen(item, assessments=[{"instrument": "scale", "items": [0, None, 0]}])[0] == ANYTHING
    assert seen(item, assessments=[{"instrument": "scale", "total": 4}])[0] == ANYTHING


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([3, 3, 3], {"value": True}),
        ([1, 1, 1], {"value": False}),
        ([3, 2, None], ANYTHING),
        ([3, 3, None], {"value": True}),
    ],
)
def test_ranges_cut_a_total_into_values(items: list[Any], expected: Plain) -> None:
    cut = {"instrument": "scale", "ranges": {"false": [0, 5], "true": [6, 9]}}
    assert (
        seen(
            boolean("many") | {"from": [cut]}, assessments=[{"instrument": "scale", "items": items}]
        )[0]
        == expected
    )


def test_ranges_may_leave_out_a_value() -> None:
    cut = {"instrument": "scale", "ranges": {"none": [0, 2], "some": [3, 5], "full": [6, 9]}}
    stage = choice("stage", "none some full") | {"from": [cut]}
    given = [{"instrument": "scale", "items": [1, 1, None]}]
    assert seen(stage, assessments=given) == ({"any_of": ["none", "some"]}, "partial")


LIST = members("conditions", "ptsd ocd pain")
ANXIOUS = boolean("anxious") | {"from": [{"set": "conditions", "includes_any": ["ptsd", "ocd"]}]}


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (["ocd"], {"value": True}),
        ({"present": ["ptsd"]}, {"value": True}),
        (["pain"], {"value": False}),
        ([], {"value": False}),
        ({"absent": ["ptsd", "ocd"]}, {"value": False}),
        ({"absent": ["ptsd"]}, ANYTHING),
        ({"present": ["pain"]}, ANYTHING),
        (None, ANYTHING),
    ],
)
def test_a_list_answers_yes_no_or_nothing(stated: Any, expected: Plain) -> None:
    parts = {} if stated is None else {"conditions": stated}
    assert seen(ANXIOUS, LIST, **parts)[0] == expected


@pytest.mark.parametrize(
    ("feature", "parts", "expected"),
    [
        (integer("age", 18, 110), {"age": 46}, {"value": 46}),
        (integer("age", 18, 110), {"birth_year": 1980}, {"from": 45, "to": 46}),
        (choice("sex", "female male"), {"sex": "female"}, {"value": "female"}),
        (integer("history.episodes", 0, 99), {"history": {"episodes": 4}}, {"value": 4}),
        (boolean("access.vr"), {"access": {"vr": False}}, {"value": False}),
        (boolean("preferences.group_ok"), {"preferences": {"group_ok": True}}, {"value": True}),
        (members("implants", "clip"), {"implants": []}, {"value": []}),
        (members("implants", "clip"), {}, ANYTHING),
        (boolean("release.cleared"), {}, {"value": False}),
        (
            boolean("release.cleared"),
            {"releases": [{"id": "cleared", "on": "2026-11-20"}]},
            {"value": True},
        ),
    ],
)
def test_a_feature_without_sources_is_the_profiles_own_field(
    feature: Plain, parts: Plain, expected: Plain
) -> None:
    assert seen(feature, **parts)[0] == expected


def test_an_age_and_a_birth_year_that_contradict_each_other_are_a_conflict() -> None:
    age = integer("age", 0, 110)
    assert seen(age, age=45, birth_year=1980) == ({"value": 45}, "known")
    possible, state = seen(age, age=40, birth_year=1950)
    assert state == "conflicting"
    assert possible["from"] == 40
    assert possible["to"] in (75, 76)


def test_a_field_may_carry_its_own_day() -> None:
    fresh = boolean("access.vr", valid_for="P30D")
    assert seen(fresh, access={"vr": found("11-01", True)}) == ({"value": True}, "known")
    assert seen(fresh, access={"vr": found("10-01", True)}) == (ANYTHING, "stale")


def test_members_outside_the_list_are_kept_and_shown() -> None:
    drugs = members("medications", "lithium", accepts_other=True)
    tiny = book(drugs)
    fact = facts(tiny, medications=["zopiclone", "lithium"])["medications"]
    assert fact.extra == ("zopiclone",)
    assert shown(tiny, fact) == {"value": ["lithium"]}


def test_one_unlisted_member_that_is_absent_says_nothing_about_the_others() -> None:
    drugs = members("medications", "lithium", accepts_other=True)
    fact = facts(book(drugs), medications={"absent": ["lithium", "zopiclone"]})["medications"]
    assert fact.state is State.PARTIAL


def test_only_what_some_rule_looks_at_becomes_a_fact() -> None:
    features = [boolean("asked"), boolean("unasked")]
    tiny = rulebook(features, {"tailoring.t.r": {"when": {"asked": True}, "flag": "F"}})
    assert list(facts(tiny)) == ["asked"]


# ------------------------------------------------------------------------------- age of a value


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("11-22", ({"value": "high"}, "known")),
        ("10-23", ({"value": "high"}, "known")),
        ("10-22", ({"value": "high"}, "stale")),
        ("08-24", ({"value": "high"}, "stale")),
        ("08-23", (ANYTHING, "stale")),
    ],
)
def test_the_last_day_of_a_window_still_counts(day: str, expected: tuple[Plain, str]) -> None:
    feature = ordinal("mood", valid_for="P30D", usable_for="P90D")
    assert seen(feature, observations={"mood": found(day, "high")}) == expected


@pytest.mark.parametrize(("own", "instruments"), [("P30D", "P7D"), ("P7D", "P30D")])
def test_the_shorter_of_the_features_and_the_instruments_window_counts(
    own: str, instruments: str
) -> None:
    feature = mood(BANDED, valid_for=own)
    windowed = SCALE | {"valid_for": instruments}
    tiny = book(feature, instruments=[windowed])
    for day, state in (("11-15", State.KNOWN), ("11-14", State.STALE)):
        assert facts(tiny, assessments=[score(day, 7)])["mood"].state is state


def test_without_a_window_nothing_grows_old() -> None:
    assert seen(ordinal("mood"), observations={"mood": found("01-01", "high")})[1] == "known"


def test_a_partial_value_that_is_stale_stays_partial_and_marked() -> None:
    feature = mood(BANDED, valid_for="P30D", usable_for="P90D")
    given = [{"instrument": "scale", "items": [2, 2, None], "on": "2026-10-01"}]
    assert seen(feature, assessments=given) == ({"from": "mild", "to": "high"}, "stale")


# ------------------------------------------------------------------------------- two values


@pytest.mark.parametrize(
    ("feature", "parts", "expected"),
    [
        # The first source inside its window, though the second is newer.
        (
            mood(BANDED, OTHER_BANDED),
            {"assessments": [score("11-01", 1), score("11-20", 9, "other")]},
            ({"value": "low"}, "known"),
        ),
        # None inside: the first still usable.
        (
            mood(BANDED, OTHER_BANDED, valid_for="P7D", usable_for="P90D"),
            {"assessments": [score("11-01", 1), score("11-10", 9, "other")]},
            ({"value": "low"}, "stale"),
        ),
        # A source past its use gives way.
        (
            mood(BANDED, OTHER_BANDED, valid_for="P7D", usable_for="P20D"),
            {"assessments": [score("11-01", 1), score("11-10", 9, "other")]},
            ({"value": "high"}, "stale"),
        ),
        # Of one source the newest day, a partial one too.
        (
            mood(BANDED),
            {
                "assessments": [
                    score("11-10", 1),
                    {"instrument": "scale", "items": [3, None, None], "on": "2026-11-11"},
                ]
            },
            ({"from": "mild", "to": "high"}, "partial"),
        ),
        # A finding of a later day than the instrument's counts alone.
        (
            mood(BANDED, "clinician"),
            {
                "assessments": [score("11-10", 1)],
                "observations": {"mood": found("11-11", "high")},
            },
            ({"value": "high"}, "known"),
        ),
        # An earlier finding narrows a partial score where both can be true.
        (
            mood(BANDED, "clinician"),
            {
                "assessments": [{"instrument": "scale", "items": [3, None, None]}],
                "observations": {"mood": found("11-11", "high")},
            },
            ({"value": "high"}, "known"),
        ),
        # An earlier finding that contradicts: both, and what lies between.
        (
            mood(BANDED, "clinician"),
            {
                "assessments": [score("11-12", 1)],
                "observations": {"mood": found("11-11", "high")},
            },
            (ANYTHING, "conflicting"),
        ),
        # Two findings of one day.
        (
            ordinal("mood"),
            {"observations": {"mood": [found("11-11", "low"), found("11-11", "mild")]}},
            ({"from": "low", "to": "mild"}, "conflicting"),
        ),
        # Two findings of two days.
        (
            ordinal("mood"),
            {"observations": {"mood": [found("11-11", "low"), found("11-10", "mild")]}},
            ({"value": "low"}, "known"),
        ),
        # Of choices, every value reported and nothing between.
        (
            choice("stage", "none some full"),
            {"observations": {"stage": [found("11-11", "none"), found("11-11", "full")]}},
            ({"any_of": ["none", "full"]}, "conflicting"),
        ),
    ],
)
def test_which_of_two_values_counts(
    feature: Plain, parts: Plain, expected: tuple[Plain, str]
) -> None:
    assert seen(feature, **parts) == expected


def test_of_sets_only_the_contradicted_members_are_open() -> None:
    listed = members("marks", "a b c")
    first, second = {"present": ["a", "b"]}, {"present": ["a"], "absent": ["b", "c"]}
    given = {"marks": [found("11-11", first), found("11-11", second)]}
    possible, state = seen(listed, observations=given)
    assert possible == {"present": ["a"], "absent": ["c"], "open": ["b"]}
    assert state == "conflicting"


def test_every_other_value_seen_is_kept_with_its_source_and_day() -> None:
    given = {
        "assessments": [score("11-10", 1), score("11-12", 4)],
        "observations": {"mood": found("11-15", "high")},
    }
    tiny = book(mood(BANDED, "clinician"))
    others = facts(tiny, **given)["mood"].others
    assert [(one.source, str(one.on)) for one in others] == [
        ("clinician", "2026-11-15"),
        ("scale", "2026-11-12"),
        ("scale", "2026-11-10"),
    ]


def test_a_total_that_contradicts_its_items_is_a_conflict_of_the_feature_too() -> None:
    given = [{"instrument": "scale", "total": 1, "items": [1, 2, 3]}]
    assert seen(mood(BANDED), assessments=given) == (ANYTHING, "conflicting")


def test_a_contradiction_that_changes_nothing_is_none() -> None:
    given = [{"instrument": "scale", "total": 9, "items": [2, 2, 2]}]
    assert seen(mood(BANDED), assessments=given) == ({"value": "high"}, "known")


# ------------------------------------------------------------------------------- safety

RISK = ordinal("risk", "none ideas intent") | {
    "safety": {"positive": {"at_least": "ideas"}, "valid_for": "P2D"},
    "valid_for": "P14D",
}


def risk(*findings: Plain) -> tuple[Any, str]:
    return seen(RISK, observations={"risk": list(findings)})


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ([found("11-20", "none")], ({"value": "none"}, "known")),
        ([found("11-19", "none")], (ANYTHING, "stale")),
        ([found("11-08", "ideas")], ({"value": "ideas"}, "known")),
        ([found("11-07", "ideas")], ({"value": "ideas"}, "stale")),
        ([found("01-07", "intent")], ({"value": "intent"}, "stale")),
        ([found("11-07", "ideas"), found("11-20", "none")], ({"value": "none"}, "known")),
        ([found("11-07", "ideas"), found("11-15", "none")], (ANYTHING, "stale")),
        ([found("11-20", "ideas"), found("11-20", "none")], ({"value": "ideas"}, "conflicting")),
    ],
)
def test_a_positive_finding_stays_and_a_negative_one_does_not(
    findings: list[Plain], expected: tuple[Plain, str]
) -> None:
    assert risk(*findings) == expected


SCREENED = RISK | {
    "from": [
        {"instrument": "scale", "band": {"few": "none", "some": "ideas", "many": "intent"}},
        "clinician",
    ]
}


@pytest.mark.parametrize(
    ("day", "total", "finding", "expected"),
    [
        # Every source inside its window takes part, and the worse report counts.
        ("11-20", 0, found("11-21", "intent"), ({"value": "intent"}, "conflicting")),
        ("11-12", 4, found("11-22", "none"), ({"value": "ideas"}, "conflicting")),
        ("11-20", 4, found("11-20", "ideas"), ({"value": "ideas"}, "known")),
        # A negative past its window does not speak against a positive.
        ("11-15", 0, found("11-10", "ideas"), ({"value": "ideas"}, "known")),
        # A stale positive is gone once any source has assessed later.
        ("11-01", 4, found("11-22", "none"), ({"value": "none"}, "known")),
        ("11-01", 4, found("11-15", "none"), (ANYTHING, "stale")),
    ],
)
def test_of_a_safety_feature_the_worse_report_counts(
    day: str, total: int, finding: Plain, expected: tuple[Plain, str]
) -> None:
    parts = {"assessments": [score(day, total)], "observations": {"risk": finding}}
    assert seen(SCREENED, **parts) == expected


def test_an_open_report_cannot_better_a_worse_one() -> None:
    given = {
        "assessments": [{"instrument": "scale", "items": [1, None, None], "on": "2026-11-21"}],
        "observations": {"risk": found("11-21", "ideas")},
    }
    possible, _ = seen(SCREENED, **given)
    assert possible == {"value": "ideas"}
    given["assessments"] = [{"instrument": "scale", "items": [3, 1, None], "on": "2026-11-21"}]
    assert seen(SCREENED, **given)[0] == {"value": "ideas"}


def test_the_worse_end_may_be_the_lower_one() -> None:
    reserve = ordinal("reserve", "gone thin ample", worse="low") | {
        "safety": {"positive": {"at_most": "thin"}}
    }
    given = {"reserve": [found("11-20", "thin"), found("11-20", "ample")]}
    assert seen(reserve, observations=given) == ({"value": "thin"}, "conflicting")


def test_of_a_safety_list_a_member_reported_once_is_present() -> None:
    devices = members("devices", "clip pacemaker") | {
        "safety": {"positive": {"includes_any": ["clip", "pacemaker"]}}
    }
    given = {"devices": [found("11-20", ["clip"]), found("11-20", [])]}
    assert seen(devices, observations=given) == ({"value": ["clip"]}, "conflicting")


def test_a_skipped_safety_item_with_a_given_answer_is_in_conflict_and_positive() -> None:
    screen: Plain = {
        "id": "screen",
        "title": "Screen",
        "total": "none",
        "items": {"thoughts": [False, True], "plan": [False, True]},
        "skip": {"thoughts": {"is": False, "gives": {"plan": False}}},
    }
    plan = boolean("plan") | {
        "from": [{"instrument": "screen", "item": "plan"}],
        "safety": {"positive": True},
    }
    tiny = book(plan, instruments=[screen])
    items = {"thoughts": False, "plan": True}
    fact = facts(tiny, assessments=[{"instrument": "screen", "items": items}])["plan"]
    assert (shown(tiny, fact), fact.state) == ({"value": True}, State.CONFLICTING)
    fact = facts(tiny, assessments=[{"instrument": "screen", "items": {"thoughts": False}}])["plan"]
    assert (shown(tiny, fact), fact.state) == ({"value": False}, State.KNOWN)


# ------------------------------------------------------------------------------- bands by another

GRIP: Plain = {
    "id": "grip",
    "title": "Grip",
    "range": [0, 80],
    "direction": "lower_is_worse",
    "bands_by": {
        "sex": {
            "female": [{"id": "weak", "range": [0, 16]}, {"id": "firm", "range": [16, 80]}],
            "male": [{"id": "weak", "range": [0, 27]}, {"id": "firm", "range": [27, 80]}],
        }
    },
}
STRENGTH = ordinal("strength", "weak firm", worse="low") | {
    "from": [{"instrument": "grip", "band": {"weak": "weak", "firm": "firm"}}]
}


def strength(total: int, options: str = "female male", **parts: Any) -> Any:
    tiny = book(STRENGTH, choice("sex", options), instruments=[GRIP])
    fact = facts(tiny, assessments=[{"instrument": "grip", "total": total}], **parts)["strength"]
    return shown(tiny, fact)


@pytest.mark.parametrize(
    ("total", "sex", "expected"),
    [
        (20, "female", {"value": "firm"}),
        (20, "male", {"value": "weak"}),
        (20, None, ANYTHING),
        (10, None, {"value": "weak"}),
        (30, None, {"value": "firm"}),
        (16, "female", {"value": "weak"}),
        (17, "female", {"value": "firm"}),
        (27, "male", {"value": "weak"}),
    ],
)
def test_bands_by_another_feature_apply_as_far_as_that_is_known(
    total: int, sex: str | None, expected: Plain
) -> None:
    assert strength(total, **({"sex": sex} if sex else {})) == expected


def test_a_value_without_a_table_of_bands_leaves_every_band_possible() -> None:
    assert strength(20, options="female male other", sex="other") == ANYTHING


# ------------------------------------------------------------------------------- refused


def refused(tiny: Rulebook, **parts: Any) -> list[Problem]:
    profile = as_profile(patient(**parts))
    return list(problems(lambda: assess(profile, tiny, AS_OF), ProfileError))


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        ({"assessed_on": "2026-11-23"}, "assessed_on"),
        ({"assessments": [score("11-23", 3)]}, "assessments.0.on"),
        ({"observations": {"mood": found("11-23", "low")}}, "observations.mood.on"),
        ({"releases": [{"id": "done", "on": "2026-11-23"}]}, "releases.0.on"),
        (
            {"history": {"treatments": [{"kind": "ect", "ended": "2026-12-01"}]}},
            "history.treatments.0.ended",
        ),
    ],
)
def test_a_day_after_the_day_of_the_answer_is_refused(parts: Plain, path: str) -> None:
    tiny = book(ordinal("mood"), boolean("release.done"))
    assert [(p.code, p.path) for p in refused(tiny, **parts)] == [("P201", path)]


def test_a_birth_year_after_the_day_of_the_answer_is_refused() -> None:
    assert [p.code for p in refused(book(integer("age", 0, 120)), birth_year=2027)] == ["P201"]


def test_every_mistake_is_found_at_once() -> None:
    tiny = book(ordinal("mood"), decimal("ratio", 0.0, 1.0))
    found_codes = refused(
        tiny,
        assessments=[{"instrument": "scael", "total": 1}, {"instrument": "scale", "total": 10}],
        observations={"mood": "awful", "ratio": 1.5, "moood": "low"},
    )
    assert sorted(p.code for p in found_codes) == ["P202", "P203", "P204", "P204", "P206"]


# ------------------------------------------------------------------------------- no value in errors

MARK = "zq9zq"
MARKED: Mapping[str, Any] = {
    "sex": MARK,
    "age": MARK,
    "birth_year": MARK,
    "assessed_on": MARK,
    "as_of": MARK,
    "conditions": [MARK],
    "medications": {"present": [MARK], "absent": [MARK]},
    "implants": MARK,
    "assessments": [
        {"instrument": MARK, "total": 1},
        {"instrument": "scale", "total": MARK},
        {"instrument": "scale", "items": [MARK, 1, 1]},
        {"instrument": "scale", "items": {"a": MARK}},
        {"instrument": "scale", "total": 987654},
        {"instrument": "scale", "items": [987654, 1, 1]},
        {"instrument": "scale", "total": 1, "on": MARK},
    ],
    "observations": {
        "mood": MARK,
        "ratio": 987654,
        "stage": {"value": MARK},
        "agrees": [{"value": MARK, "on": "2026-11-20"}],
        "marks": [MARK],
    },
    "history": {
        "episodes": MARK,
        "treatments": [
            {"kind": "antidepressant", "agent": "sertralin", "dose_mg": -987654},
            {"kind": MARK, "outcome": MARK, "weeks": MARK, "episode": MARK},
        ],
    },
    "preferences": {"prefers": [MARK], "declines": [MARK]},
    "access": {"vr": MARK},
    "releases": [{"id": MARK, "on": MARK}],
}
"""Values that no field can hold, each easy to find again in a message."""


@pytest.mark.parametrize("field", list(MARKED))
def test_no_message_repeats_a_value_of_the_patient(field: str) -> None:
    tiny = book(
        ordinal("mood"),
        decimal("ratio", 0.0, 1.0),
        choice("stage", "none some"),
        choice("sex", "female male"),
        boolean("agrees"),
        boolean("access.vr"),
        members("marks", "a b"),
        members("conditions", "ptsd"),
        members("medications", "lithium"),
        members("implants", "clip"),
        integer("history.episodes", 0, 99),
        doses={"antidepressant": {"sertraline": 50}},
    )
    several = isinstance(MARKED[field], list) and field != "conditions"
    for value in MARKED[field] if several else [MARKED[field]]:
        stated = [value] if several else value
        profile: Mapping[str, Any] = patient(**{field: stated})
        if field == "releases":
            assess(as_profile(patient(releases=[{"id": MARK, "on": "2026-11-20"}])), tiny, AS_OF)
        found_problems = problems(lambda: assess(as_profile(profile), tiny, AS_OF), ProfileError)  # noqa: B023
        for text in map(str, found_problems):
            assert MARK not in text
            assert "987654" not in text


def test_facts_are_frozen() -> None:
    fact = facts(book(ordinal("mood")))["mood"]
    assert isinstance(fact, Fact)
    with pytest.raises(AttributeError):
        fact.state = State.KNOWN  # type: ignore[misc]
