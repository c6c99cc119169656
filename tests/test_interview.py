"""The interview without a terminal: what is asked next, what an answer writes, the way back."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from recommender import load_rulebook, recommend
from recommender.content import read_yaml
from recommender.errors import ProfileError
from recommender.explain.view import question_lines
from recommender.facts import State, describe
from recommender.interview import (
    Sitting,
    begin,
    empty_profile,
    no_to_all,
    one_by_one,
    passing,
    question_page,
    read_score,
    read_value,
    ways,
    with_none,
    with_score,
    with_value,
)
from recommender.profile import read_profile
from recommender.recommendation import Recommendation
from recommender.vocabulary import Kind

ROOT = Path(__file__).parents[1]
RULEBOOK = load_rulebook()
DAY = date(2026, 11, 24)
PHQ9 = RULEBOOK.instruments["phq9"]
CSSRS = RULEBOOK.instruments["cssrs_screener"]


def start(source: bytes | None = None) -> Sitting:
    return begin(empty_profile(DAY) if source is None else source, "x.yaml", RULEBOOK, DAY)


def written(sitting: Sitting) -> dict[str, Any]:
    data = read_yaml(sitting.source, "x.yaml").data
    assert isinstance(data, dict)
    return data


def fact(sitting: Sitting, name: str) -> Any:
    return sitting.answer.trace.facts[name]


def line_of(sitting: Sitting, panel: str) -> list[Any]:
    return next(line for line in sitting.lines if line[0]["panel"] == panel)


PROFILE = b"""# On top.
schema: profile/1   # the format
id: example-old
# Why that day.
assessed_on: 2026-11-20

observations: {inertia: marked}   # goes with its line
# Between.
access:
  private_device: true   # stays
assessments:
  - {instrument: phq9, items: [2, 2, 2, 2, 2, 2, 2, 2, null]}
conditions: {present: [major_depression], absent: [dementia]}
# At the end.
"""


# ---------------------------------------------------------------------------------- questions


def test_it_asks_in_the_order_of_the_answer() -> None:
    sitting = start()
    asked = question_lines(sitting.document["ask"])
    order = [one["feature"] for line in asked for one in line]
    here = [one["feature"] for line in sitting.lines for one in line]
    assert here == [name for name in order if name in here]
    assert sitting.line() == sitting.lines[0]
    assert set(order) - set(here) == {one["feature"] for one in sitting.elsewhere}


def test_only_what_has_no_place_and_no_score_is_left_to_the_file() -> None:
    elsewhere = {one["panel"] for one in start().elsewhere}
    assert elsewhere == {"treatment_history", "therapy_history"}


def test_a_question_says_its_form_its_instruments_and_what_it_can_change() -> None:
    sitting = start()
    page = question_page(sitting, line_of(sitting, "suicide"))
    assert page["entries"][0]["kind"] == "boolean"
    assert page["none"] == 8
    assert page["ways"][0]["title"] == CSSRS.title
    assert {"title": RULEBOOK.adaptations["vr_ba"].title, "stop": False} in page["can_change"]
    scope = question_page(sitting, line_of(sitting, "scope"))
    assert {"title": "Under 18 is out of scope", "stop": True} in scope["can_change"]
    age = next(one for one in scope["entries"] if one["feature"] == "age")
    assert (age["kind"], age["low"], age["high"]) == ("number", 0, 120)


def test_a_panel_can_be_asked_one_at_a_time() -> None:
    sitting = one_by_one(start(), "suicide")
    assert [one["feature"] for one in sitting.line()] == ["suicidal_thoughts"]
    sitting = with_value(sitting, "suicidal_thoughts", False)
    assert [one["feature"] for one in sitting.line()] == ["wish_to_be_dead"]
    sitting = passing(sitting, [one["feature"] for one in line_of(sitting, "suicide")])
    assert sitting.line() == sitting.lines[0]
    assert sitting.line()[0]["panel"] != "suicide"


# ------------------------------------------------------------------------------------ unknown


def test_what_is_passed_is_not_asked_again_and_nothing_is_written() -> None:
    sitting = start()
    first = [one["feature"] for one in sitting.line()]
    later = passing(sitting, first)
    assert later.source == sitting.source
    assert later.answer is sitting.answer
    assert not set(first) & {one["feature"] for line in later.lines for one in line}
    assert {one["feature"] for one in later.unknown} == set(first)
    again = start(later.source)
    assert [one["feature"] for one in again.line()] == first


def test_passing_everything_leaves_an_empty_profile_and_comes_to_an_end() -> None:
    sitting = start()
    while line := sitting.line():
        sitting = passing(sitting, [one["feature"] for one in line])
    assert sitting.source == empty_profile(DAY)
    assert all(
        f.state is State.UNKNOWN
        for n, f in sitting.answer.trace.facts.items()
        if not n.startswith(("release.", "preferences.declines"))
        and not RULEBOOK.features[n].concluded
    )


# --------------------------------------------------------------------------------------- none


def test_none_answers_all_yes_or_no_questions_and_lists_and_nothing_else() -> None:
    sitting = start()
    line = line_of(sitting, "medical")
    names = no_to_all(line, sitting)
    assert {"conditions", "ect_recent"} <= set(names)
    later = with_none(sitting, names)
    for name in names:
        assert fact(later, name).state is State.KNOWN, name
        assert name not in {one["feature"] for one in later.document["ask"]}
    assert written(later)["conditions"] == []
    asked = {one["feature"] for one in line}
    touched = {n for n, f in later.answer.trace.facts.items() if f != fact(sitting, n)}
    assert not (asked - set(names)) & touched


def test_none_leaves_numbers_and_grades_open() -> None:
    sitting = start()
    assert "alcohol_use" not in no_to_all(line_of(sitting, "substances"), sitting)
    assert "phq9.self_harm" not in no_to_all(line_of(sitting, "suicide"), sitting)


def test_one_yes_or_no_question_among_others_is_not_denied_in_passing() -> None:
    """Beside the age stands whether the diagnosis is confirmed, where no means ruled out."""
    sitting = start()
    line = line_of(sitting, "scope")
    assert {"diagnosis_confirmed", "age"} <= {one["feature"] for one in line}
    assert no_to_all(line, sitting) == []


def test_none_keeps_what_is_recorded_on_a_list() -> None:
    later = with_none(start(PROFILE), ["conditions"])
    found = describe(RULEBOOK.features["conditions"], fact(later, "conditions").possible)
    assert found == {"value": ["major_depression"]} or found["present"] == ["major_depression"]
    assert "dementia" not in json.dumps(found.get("open", []))


# --------------------------------------------------------------------------- where answers go


@pytest.mark.parametrize(
    ("name", "value", "section"),
    [
        ("inertia", "marked", {"observations": {"inertia": "marked"}}),
        ("psychosis", False, {"observations": {"psychosis": False}}),
        ("age", 44, {"age": 44}),
        ("history.episodes", 3, {"history": {"episodes": 3}}),
        ("access.private_device", True, {"access": {"private_device": True}}),
        ("preferences.digital_ok", False, {"preferences": {"digital_ok": False}}),
        ("conditions", ["asthma"], {"conditions": ["asthma"]}),
        (
            "phq9.self_harm",
            1,
            {"assessments": [{"instrument": "phq9", "items": {"self_harm": 1}}]},
        ),
    ],
)
def test_an_answer_goes_where_the_profile_keeps_it(name: str, value: Any, section: Any) -> None:
    if name == "conditions":
        value = section["conditions"] = [RULEBOOK.features["conditions"].values[0]]
    later = with_value(start(), name, value)
    assert written(later) == written(start()) | section
    assert fact(later, name).state is State.KNOWN


def test_members_found_leave_the_rest_of_a_list_open() -> None:
    first, second = RULEBOOK.features["conditions"].values[:2]
    later = with_value(start(), "conditions", [first], complete=False)
    assert written(later)["conditions"] == {"present": [first]}
    assert fact(later, "conditions").state is State.PARTIAL
    both = with_value(later, "conditions", [second])
    assert written(both)["conditions"] == [first, second]


def test_on_another_day_an_answer_carries_its_day_and_the_old_one_stays() -> None:
    later = with_value(start(PROFILE), "inertia", "none")
    assert written(later)["observations"]["inertia"] == [
        {"value": "marked", "on": "2026-11-20"},
        {"value": "none", "on": "2026-11-24"},
    ]
    again = with_value(later, "inertia", "mild")
    assert written(again)["observations"]["inertia"] == [
        {"value": "marked", "on": "2026-11-20"},
        {"value": "mild", "on": "2026-11-24"},
    ]
    listed = written(with_value(later, "conditions", []))["conditions"]
    assert listed["present"] == ["major_depression"]
    assert listed["on"] == "2026-11-24"
    assert set(listed["absent"]) == {*RULEBOOK.features["conditions"].values} - {"major_depression"}


def test_a_finding_of_safety_stays_beside_one_of_the_same_day() -> None:
    """The worse of the two counts; a slip is undone by going back, never by a later answer."""
    found = with_value(start(), "psychosis", True)
    later = with_value(found, "psychosis", False)
    assert written(later)["observations"]["psychosis"] == [
        {"value": True, "on": "2026-11-24"},
        {"value": False, "on": "2026-11-24"},
    ]
    assert fact(later, "psychosis").state is State.CONFLICTING
    assert [s.rule.id for s in later.answer.plan.stops] == [
        s.rule.id for s in found.answer.plan.stops
    ]


def test_every_question_with_a_place_can_be_answered_with_every_option() -> None:
    sitting = start()
    for one in sitting.document["ask"]:
        home = sitting.home(one["feature"])
        if home is None:
            continue
        options = home.field.options or home.field.range or ()
        for option in options:
            value = [option] if home.field.type is Kind.SET else option
            later = with_value(sitting, one["feature"], value)
            assert fact(later, home.field.id).state is State.KNOWN, one["feature"]


# ------------------------------------------------------------------------------------- scores


@pytest.mark.parametrize(
    ("typed", "entry"),
    [
        ("14", {"total": 14}),
        ("14 2026-10-02", {"on": "2026-10-02", "total": 14}),
        ("2 3 - 1", {"items": {"interest": 2, "mood": 3, "energy": 1}}),
        ("3 -", {"items": {"interest": 3}}),
        ("0 0 0 0 0 0 0 0 0 0", {"items": [0] * 10}),
    ],
)
def test_a_score_is_a_total_or_items_in_order(typed: str, entry: Any) -> None:
    assert read_score(PHQ9, typed) == {"instrument": "phq9"} | entry


def test_a_screener_is_answered_with_yes_and_no() -> None:
    assert read_score(CSSRS, "y n")["items"] == {"wish_dead": True, "thoughts": False}


@pytest.mark.parametrize("typed", ["99", "many", "4 4 4", "0 0 0 0 0 0 0 0 0 0", "3 2027-01-01"])
def test_a_wrong_score_is_refused_by_the_reader(typed: str) -> None:
    with pytest.raises(ProfileError) as caught:
        with_score(start(), read_score(PHQ9, typed))
    assert all(problem.code[0] == "P" for problem in caught.value.problems)


def test_some_items_narrow_what_is_possible_and_more_may_follow() -> None:
    sitting = with_value(start(), "phq9.self_harm", 0)
    some = with_score(sitting, read_score(PHQ9, "3 3 3 3"))
    assert fact(some, "phq9").state is State.PARTIAL
    whole = with_score(some, read_score(PHQ9, "- - - - 1 1 1 1"))
    items = {"interest": 3, "mood": 3, "sleep": 3, "energy": 3}
    items |= {"appetite": 1, "worth": 1, "focus": 1, "pace": 1, "self_harm": 0}
    assert written(whole)["assessments"] == [{"instrument": "phq9", "items": items}]
    assert list(written(whole)["assessments"][0]["items"]) == list(PHQ9.items)
    assert fact(whole, "depression_severity").state is State.KNOWN


def test_a_second_score_never_overwrites_the_first() -> None:
    first = with_score(start(PROFILE), read_score(PHQ9, "12"))
    before, added = written(first)["assessments"]
    assert before == {"instrument": "phq9", "items": [2] * 8 + [None]}
    assert added == {"instrument": "phq9", "on": "2026-11-24", "total": 12}
    second = with_score(first, read_score(PHQ9, "13"))
    assert [one.get("total") for one in written(second)["assessments"]] == [None, 12, 13]


def test_each_instrument_of_a_line_is_offered_once() -> None:
    sitting = start()
    offered = [one.id for one in ways(sitting, line_of(sitting, "suicide"))]
    assert offered[:2] == ["cssrs_screener", "phq9"]
    assert len(offered) == len(set(offered))


# ------------------------------------------------------------------------------ what was typed


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("psychosis", "y", True),
        ("psychosis", "no", False),
        ("psychosis", "perhaps", "perhaps"),
        ("inertia", "1", RULEBOOK.features["inertia"].values[0]),
        ("inertia", "marked", "marked"),
        ("inertia", "9", "9"),
        ("age", "44", 44),
        ("age", "old", "old"),
        ("conditions", "1, 2", RULEBOOK.features["conditions"].values[:2]),
    ],
)
def test_what_is_typed_becomes_a_plain_value(name: str, typed: str, value: Any) -> None:
    found = read_value(RULEBOOK.features[name], typed)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "typed"),
    [("psychosis", "perhaps"), ("inertia", "9"), ("age", "old"), ("age", "300"),
     ("history.episodes", "1.5"), ("conditions", "zzz!"), ("phq9.self_harm", "7")],
)  # fmt: skip
def test_a_wrong_answer_is_refused_and_the_step_stays(name: str, typed: str) -> None:
    sitting = start()
    before = sitting.source
    with pytest.raises(ProfileError) as caught:
        with_value(sitting, name, read_value(RULEBOOK.features[name], typed))
    assert all(problem.code[0] == "P" for problem in caught.value.problems)
    assert typed not in str(caught.value).split()
    assert sitting.source == before


# ----------------------------------------------------------------------------------- the file


def test_going_back_restores_the_bytes_and_the_questions() -> None:
    first = start(PROFILE)
    steps = [first]
    steps.append(with_value(steps[-1], "psychosis", True))
    steps.append(passing(steps[-1], ["age"]))
    steps.append(with_score(steps[-1], read_score(PHQ9, "20")))
    assert len({step.source for step in steps}) == 3
    for step, before in zip(reversed(steps[1:]), reversed(steps[:-1]), strict=True):
        assert step.earlier is before
    assert steps[0].source == PROFILE
    assert steps[0].earlier is None


def test_what_was_in_the_file_stays_with_its_comments() -> None:
    later = with_value(start(PROFILE), "access.connectivity", True)
    later = with_value(later, "age", 40)
    text = later.source.decode()
    before = PROFILE.decode()
    assert text.startswith(before[: before.index("access:")])
    assert before[before.index("assessments:") :] in text
    old, new = read_yaml(PROFILE, "").data, written(later)
    assert new == old | {
        "access": {"private_device": True,
                   "connectivity": {"value": True, "on": "2026-11-24"}},
        "age": 40,
    }  # fmt: skip


def test_json_stays_json() -> None:
    source = json.dumps(read_yaml(PROFILE, "").data).encode()
    later = with_value(start(source), "psychosis", False)
    data = json.loads(later.source)
    assert data["observations"]["psychosis"] == {"value": False, "on": "2026-11-24"}
    assert data["assessments"] == read_yaml(PROFILE, "").data["assessments"]


def test_an_unreadable_file_is_refused_with_its_line() -> None:
    with pytest.raises(ProfileError) as caught:
        start(PROFILE.replace(b"access:", b"acess:"))
    assert caught.value.problems[0].file == "x.yaml"
    assert caught.value.problems[0].line


# ------------------------------------------------------------------- the same as a whole profile


COMPLETE = (
    "thoroughly_assessed_and_clear",
    "typical_first_intake",
    "tms_candidate_screened",
    "suicidal_intent",
    "older_with_heart_disease_and_panic",
    "many_conditions_many_refusals",
    "low_cognitive_score",
    "village_without_services",
)
KEPT = ("schema", "id", "assessed_on", "history", "preferences", "releases", "medications")


@pytest.mark.parametrize("name", COMPLETE)
def test_answering_every_question_leads_where_the_whole_profile_leads(name: str) -> None:
    """From the history alone, each question answered as the whole profile has it."""
    source = (ROOT / "profiles" / f"{name}.yaml").read_bytes()
    vignette = read_profile(source, name)
    assert vignette.as_of is not None
    whole = recommend(vignette, RULEBOOK, as_of=vignette.as_of)
    data = {key: value for key, value in read_yaml(source, name).data.items() if key in KEPT}
    data["history"] = {"treatments": (data.get("history") or {}).get("treatments", [])}
    data["assessed_on"] = vignette.as_of.isoformat()
    sitting = begin(json.dumps(data).encode(), name, RULEBOOK, vignette.as_of)
    asked = 0
    while line := sitting.line():
        sitting, asked = answered(sitting, line[0]["feature"], whole), asked + 1
    assert asked > 10
    assert {n: c.status for n, c in sitting.answer.candidates.items()} == {
        n: c.status for n, c in whole.candidates.items()
    }
    assert [s.rule.id for s in sitting.answer.plan.stops] == [s.rule.id for s in whole.plan.stops]


def answered(sitting: Sitting, name: str, whole: Recommendation) -> Sitting:
    """The step after the answer that the whole profile gives, if it gives one."""
    home = sitting.home(name)
    if home is None:
        return scored(sitting, name, whole)
    seen = describe(home.field, whole.trace.facts[home.field.id].possible)
    if "value" in seen:
        return with_value(sitting, name, seen["value"])
    if seen.get("present") is not None:
        return with_value(sitting, name, seen["present"], complete=False)
    return passing(sitting, [name])


def scored(sitting: Sitting, name: str, whole: Recommendation) -> Sitting:
    """The step after every score that the whole profile has for a feature."""
    step = passing(sitting, [name])
    named = [one.id for one in ways(sitting, [q for q in sitting.line() if q["feature"] == name])]
    stated = whole.profile.model_dump(mode="json", exclude_none=True)
    for entry in stated["assessments"]:
        if entry["instrument"] in named:
            on = entry.get("on", stated["assessed_on"])[:10]
            step = with_score(step, entry | {"on": on}, [name])
    return step
