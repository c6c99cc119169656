"""Measures: what a history amounts to, as an interval when parts of it are missing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from recommender import Rulebook
from recommender.assess import assess
from recommender.facts import Fact, Span
from recommender.measures import age_of
from recommender.profile import as_profile
from tests.building import (
    AS_OF,
    Plain,
    boolean,
    decimal,
    facts,
    integer,
    members,
    ordinal,
    patient,
    rulebook,
)

DOSES = {"antidepressant": {"sertraline": 50, "venlafaxine": 75}}


def measuring(
    measure: str, *others: Plain, instruments: Sequence[Plain] = (), **more: Any
) -> Rulebook:
    """A rulebook whose feature `x` is this measure."""
    x = decimal("x", -1000.0, 1000.0) | {"from": [{"measure": measure} | more]}
    return rulebook([*others, x], watch=True, doses=DOSES, instruments=list(instruments))


def measured(book: Rulebook, **parts: Any) -> Any:
    """The interval of `x`, or None when nothing was said about it."""
    fact: Fact = facts(book, **parts)["x"]
    return None if fact.on is None else fact.possible


def history(*treatments: Plain) -> Plain:
    return {"treatments": list(treatments)}


# ------------------------------------------------------------------------------- trials

GOOD: Plain = {
    "kind": "antidepressant",
    "agent": "sertraline",
    "dose_mg": 50,
    "weeks": 6,
    "adherent": True,
    "outcome": "none",
    "episode": "current",
}
ADEQUATE: Plain = {
    "kind": "antidepressant",
    "weeks": 6,
    "outcome": ["none", "partial"],
    "this_episode": True,
}


def without(trial: Plain, *parts: str) -> Plain:
    return {key: value for key, value in trial.items() if key not in parts}


def trials(*treatments: Plain, **parameters: Any) -> Any:
    book = measuring("adequate_trials", **(ADEQUATE | parameters))
    return measured(book, history=history(*treatments))


def test_an_adequate_trial_counts() -> None:
    assert trials(GOOD) == Span(1, 1)
    assert trials(GOOD, GOOD | {"agent": "venlafaxine", "dose_mg": 75}) == Span(2, 2)


def test_no_treatment_is_none_and_no_history_is_not_asked() -> None:
    assert trials() == Span(0, 0)
    assert measured(measuring("adequate_trials", **ADEQUATE)) is None


@pytest.mark.parametrize(
    "change",
    [
        {"dose_mg": 49.9},
        {"dose_mg": 0},
        {"weeks": 5.5},
        {"adherent": False},
        {"outcome": "response"},
        {"outcome": "not_tolerated"},
        {"episode": "earlier"},
        {"kind": "ect"},
    ],
)
def test_a_trial_that_lacks_one_thing_does_not_count(change: Plain) -> None:
    assert trials(GOOD | change) == Span(0, 0)


@pytest.mark.parametrize("missing", ["dose_mg", "weeks", "adherent", "outcome", "episode", "agent"])
def test_a_missing_part_makes_it_none_to_one(missing: str) -> None:
    assert trials(without(GOOD, missing)) == Span(0, 1)


def test_a_missing_part_does_not_matter_where_another_decides() -> None:
    assert trials(without(GOOD, "dose_mg", "outcome") | {"weeks": 2}) == Span(0, 0)


def test_a_trial_of_an_agent_without_a_minimum_dose_is_unclear() -> None:
    assert trials(GOOD | {"agent": "novelanib", "dose_mg": 500}) == Span(0, 1)


def test_a_kind_without_doses_needs_none() -> None:
    therapy = {"kind": "psychotherapy", "weeks": 12, "adherent": True, "outcome": "none"}
    assert trials(therapy | {"episode": "current"}, kind="psychotherapy") == Span(1, 1)


def test_certain_and_unclear_trials_add_up() -> None:
    assert trials(GOOD, GOOD, without(GOOD, "weeks")) == Span(2, 3)


def test_sessions_are_those_attended_where_that_is_known() -> None:
    therapy = {"kind": "psychotherapy", "sessions": 16, "outcome": "none", "episode": "current"}
    parameters = {"kind": "psychotherapy", "weeks": None, "sessions": 12}
    assert trials(therapy | {"attended": 12}, **parameters) == Span(1, 1)
    assert trials(therapy | {"attended": 11, "adherent": True}, **parameters) == Span(0, 0)
    assert trials(therapy | {"adherent": True}, **parameters) == Span(1, 1)
    assert trials(without(therapy, "sessions") | {"adherent": True}, **parameters) == Span(0, 1)


def test_attended_sessions_are_adherence_seen_unless_it_says_otherwise() -> None:
    therapy = {"kind": "psychotherapy", "attended": 14, "outcome": "none", "episode": "current"}
    parameters = {"kind": "psychotherapy", "weeks": None, "sessions": 12}
    assert trials(therapy | {"adherent": False}, **parameters) == Span(0, 0)
    assert trials(without(therapy, "attended") | {"sessions": 14}, **parameters) == Span(0, 1)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [({"modality": "cbt"}, (1, 1)), ({"modality": "ipt"}, (0, 0)), ({}, (0, 1))],
)
def test_a_modality_is_matched_or_left_open(stated: Plain, expected: tuple[int, int]) -> None:
    assert trials(GOOD | stated, modality=["cbt", "ba"]) == Span(*expected)


@pytest.mark.parametrize(
    ("wanted", "stated", "expected"),
    [
        ("none", {"obstacles": []}, (1, 1)),
        ("none", {"obstacles": ["inertia"]}, (0, 0)),
        ("any", {"obstacles": ["inertia"]}, (1, 1)),
        ("any", {"obstacles": []}, (0, 0)),
        ("any", {}, (0, 1)),
    ],
)
def test_obstacles_are_asked_about_or_left_open(
    wanted: str, stated: Plain, expected: tuple[int, int]
) -> None:
    assert trials(GOOD | stated, obstacles=wanted) == Span(*expected)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({"ended": "2026-06-01"}, (1, 1)),
        ({"ended": "2025-06-01"}, (0, 0)),
        ({"ongoing": True}, (1, 1)),
        ({"ongoing": False}, (0, 1)),
        ({}, (0, 1)),
    ],
)
def test_a_trial_counts_within_so_many_months(stated: Plain, expected: tuple[int, int]) -> None:
    assert trials(GOOD | stated, within_months=12) == Span(*expected)


def test_a_trial_that_ended_a_year_ago_to_the_day_is_within_twelve_months() -> None:
    assert trials(GOOD | {"ended": "2025-11-22"}, within_months=12) == Span(1, 1)
    assert trials(GOOD | {"ended": "2025-11-21"}, within_months=12) == Span(0, 0)
    leap = assess(
        as_profile(
            patient(assessed_on="2024-03-05", history=history(GOOD | {"ended": "2023-03-05"}))
        ),
        measuring("adequate_trials", **(ADEQUATE | {"within_months": 12})),
        date(2024, 3, 5),
    )
    assert leap["x"].possible == Span(1, 1)


# ------------------------------------------------------------------------------- agents


def differing(*treatments: Plain) -> Any:
    return trials(*treatments, agent_differs=True)


OTHER = GOOD | {"agent": "venlafaxine", "dose_mg": 75}
NAMELESS = without(GOOD, "agent")


def test_the_same_agent_twice_counts_once_where_agents_must_differ() -> None:
    assert differing(GOOD, GOOD | {"dose_mg": 100}) == Span(1, 1)
    assert differing(GOOD, OTHER) == Span(2, 2)


def test_an_unclear_trial_of_a_counted_agent_adds_nothing() -> None:
    assert differing(GOOD, without(GOOD, "weeks")) == Span(1, 1)
    assert differing(GOOD, without(OTHER, "weeks")) == Span(1, 2)


def test_a_trial_without_its_agent_may_be_another_or_the_same() -> None:
    therapy = {"kind": "psychotherapy", "weeks": 8, "adherent": True, "outcome": "none"}
    therapy |= {"episode": "current"}
    book = measuring(
        "adequate_trials", **(ADEQUATE | {"kind": "psychotherapy"}), agent_differs=True
    )
    named = therapy | {"agent": "one"}
    assert measured(book, history=history(named, therapy)) == Span(1, 2)
    assert measured(book, history=history(therapy, therapy)) == Span(1, 2)
    assert differing(GOOD, NAMELESS) == Span(1, 2)


# ------------------------------------------------------------------------------- reported


def test_reported_trials_do_not_ask_for_dose_duration_or_adherence() -> None:
    book = measuring("reported_trials", **ADEQUATE)
    bare = {"kind": "antidepressant", "outcome": "none", "episode": "current"}
    assert measured(book, history=history(bare)) == Span(1, 1)
    assert measured(book, history=history(bare | {"weeks": 1, "adherent": False})) == Span(1, 1)
    assert measured(book, history=history(without(bare, "outcome"))) == Span(0, 1)
    assert measured(book, history=history(bare | {"outcome": "response"})) == Span(0, 0)


# ------------------------------------------------------------------------------- change

UP: Plain = {"id": "up", "title": "Up", "range": [0, 40], "items": {"a": [0, 20], "b": [0, 20]}}
DOWN: Plain = {"id": "down", "title": "Down", "range": [0, 40], "direction": "lower_is_worse"}


def changed(
    *scores: tuple[str, Any], instrument: Plain = UP, since: str = "baseline", as_: str = "points"
) -> Any:
    """The change over (day of November, total or items)."""
    parameters: Plain = {"instrument": instrument["id"], "from": since, "as": as_}
    book = measuring("change", instruments=[instrument], **parameters)
    return measured(book, assessments=[_given(instrument, day, value) for day, value in scores])


def _given(instrument: Plain, day: str, value: Any) -> Plain:
    what = "items" if isinstance(value, list) else "total"
    return {"instrument": instrument["id"], what: value, "on": f"2026-{day}"}


def test_improvement_is_positive_whichever_way_the_scale_runs() -> None:
    assert changed(("10-01", 20), ("11-01", 12)) == Span(8, 8)
    assert changed(("10-01", 12), ("11-01", 20), instrument=DOWN) == Span(8, 8)
    assert changed(("10-01", 20), ("11-01", 25)) == Span(-5, -5)


def test_a_change_is_since_the_first_or_since_the_previous_score() -> None:
    scores = [("11-10", 10), ("09-01", 20), ("10-01", 16)]
    assert changed(*scores) == Span(10, 10)
    assert changed(*scores, since="previous") == Span(6, 6)


def test_a_change_may_be_in_percent_of_where_it_began() -> None:
    assert changed(("10-01", 20), ("11-01", 5), as_="percent") == Span(75, 75)
    assert changed(("10-01", 10), ("11-01", 15), instrument=DOWN, as_="percent") == Span(50, 50)


def test_no_percentage_of_nothing() -> None:
    assert changed(("10-01", 0), ("11-01", 5), as_="percent") is None
    assert changed(("10-01", [0, None]), ("11-01", 5), as_="percent") is None
    assert changed(("10-01", 1), ("11-01", 0), as_="percent") == Span(100, 100)


def test_two_scores_of_one_day_leave_the_change_between_them_open() -> None:
    assert changed(("10-01", 20), ("10-01", 24), ("11-01", 10)) == Span(10, 14)


def test_scores_of_one_day_may_have_a_time_or_none() -> None:
    scores = [("10-01", 20), ("11-01T09:00", 10), ("11-01", 10)]
    assert changed(*scores) == changed(*reversed(scores)) == Span(10, 10)


@pytest.mark.parametrize("scores", [[], [("11-01", 5)], [("11-01", 5), ("11-01", 9)]])
def test_one_day_is_no_change(scores: list[tuple[str, Any]]) -> None:
    assert changed(*scores) is None


def test_a_partial_score_makes_an_interval_of_change() -> None:
    assert changed(("10-01", [20, 10]), ("11-01", [10, None])) == Span(0, 20)
    assert changed(("10-01", [20, 20]), ("11-01", [10, None]), as_="percent") == Span(25, 75)


def test_a_change_rests_on_the_newest_day() -> None:
    parameters: Plain = {"instrument": "up", "from": "baseline", "as": "points"}
    book = measuring("change", instruments=[UP], **parameters)
    given = [_given(UP, "10-01", 20), _given(UP, "11-01", 12)]
    assert str(facts(book, assessments=given)["x"].on) == "2026-11-01"


# ------------------------------------------------------------------------------- staging

STAGING: list[Plain] = [
    {"feature": "severity", "points": {"low": 0, "mild": 1, "high": 3}},
    {"feature": "augmented", "points": {"false": 0, "true": 1}},
    {"feature": "failures", "ranges": [[0, 2, 1], [3, 4, 2], [5, 20, 3]]},
]
STAGED = (ordinal("severity"), boolean("augmented"), integer("failures", 0, 20))


def staged(*parts: Plain, when: Plain | None = None, **observed: Any) -> Any:
    more: Plain = {"applies_when": when} if when is not None else {}
    book = measuring("staging_sum", *STAGED, parts=list(parts or STAGING), **more)
    return measured(book, observations=observed)


def test_the_points_of_all_parts_are_summed() -> None:
    assert staged(severity="high", augmented=True, failures=4) == Span(6, 6)
    assert staged(severity="low", augmented=False, failures=0) == Span(1, 1)


def test_an_open_part_counts_from_its_fewest_to_its_most_points() -> None:
    assert staged(severity="mild", augmented=True) == Span(3, 5)
    assert staged(augmented=True, failures=3) == Span(3, 6)


def test_a_sum_of_parts_nobody_asked_about_says_nothing() -> None:
    book = measuring("staging_sum", *STAGED, parts=STAGING)
    assert facts(book)["x"].state == "unknown"


def test_parts_of_one_day_may_have_a_time_or_none() -> None:
    book = measuring("staging_sum", *STAGED, parts=STAGING)
    seen = {"severity": "low", "augmented": True, "failures": {"value": 1, "on": "2026-11-20"}}
    timed = facts(book, assessed_on="2026-11-20T15:10", observations=seen)
    assert timed["x"].possible == Span(2, 2)


def test_points_need_not_rise_with_the_values() -> None:
    part: Plain = {"feature": "severity", "points": {"low": 3, "mild": 0, "high": 1}}
    assert staged(part, STAGING[1], augmented=False) == Span(0, 3)


def test_a_value_without_points_leaves_the_sum_open() -> None:
    some = {"feature": "severity", "points": {"low": 1, "mild": 2}}
    assert staged(some, severity="mild") == Span(2, 2)
    assert staged(some, severity="high") is None
    assert staged(some) is None
    gap = {"feature": "failures", "ranges": [[0, 2, 1], [5, 20, 3]]}
    assert staged(gap, failures=2) == Span(1, 1)
    assert staged(gap) is None


@pytest.mark.parametrize(
    ("observed", "applies"),
    [({"augmented": True}, True), ({"augmented": False}, False), ({}, False)],
)
def test_a_sum_that_does_not_surely_apply_has_no_value(observed: Plain, applies: bool) -> None:
    found = staged(when={"augmented": True}, severity="mild", failures=1, **observed)
    assert (found is not None) is applies


# ------------------------------------------------------------------------------- the rest


@pytest.mark.parametrize(
    ("stated", "span"),
    [
        ([], (0, 0)),
        (["ptsd", "ocd"], (2, 2)),
        (["ptsd", "pain"], (1, 1)),
        ({"present": ["ptsd"]}, (1, 2)),
        ({"present": ["ptsd"], "absent": ["ocd"]}, (1, 1)),
        ({"absent": ["pain"]}, (0, 2)),
    ],
)
def test_members_of_a_list_are_counted(stated: Any, span: tuple[int, int]) -> None:
    listed = members("conditions", "ptsd ocd pain")
    book = measuring("count_of", listed, set="conditions", of=["ptsd", "ocd"])
    assert measured(book, conditions=stated) == Span(*span)


def test_a_list_that_was_not_asked_about_counts_nothing() -> None:
    book = measuring("count_of", members("conditions", "ptsd ocd"), set="conditions")
    assert measured(book) is None
    assert measured(book, conditions=["ptsd", "ocd"]) == Span(2, 2)


@pytest.mark.parametrize(
    ("parts", "span"),
    [
        ({"age": 46}, Span(46, 46)),
        ({"birth_year": 1980}, Span(45, 46)),
        ({"birth_year": 2026}, Span(0, 0)),
        ({}, None),
    ],
)
def test_a_birth_year_leaves_two_ages(parts: Plain, span: Span | None) -> None:
    assert age_of(as_profile(patient(**parts)), AS_OF) == span
    assert measured(measuring("age_at"), **parts) == span


@pytest.mark.parametrize(
    ("day", "months"),
    [
        ("2026-11-22", 0),
        ("2026-10-23", 0),
        ("2026-10-22", 1),
        ("2026-05-22", 6),
        ("2025-11-23", 11),
        ("2025-11-22", 12),
        ("2024-11-22", 24),
    ],
)
def test_months_are_whole_months_gone_by(day: str, months: int) -> None:
    book = measuring("months_since", date="history.last_birth")
    assert measured(book, history={"last_birth": day}) == Span(months, months)


def test_a_day_that_was_not_given_leaves_the_months_open() -> None:
    assert measured(measuring("months_since", date="history.last_birth")) is None


EQUIVALENTS = {"diazepam": 1, "lorazepam": 10}


@pytest.mark.parametrize(
    ("treatments", "span"),
    [
        ([], (0, 0)),
        ([{"agent": "diazepam", "dose_mg": 5, "ongoing": True}], (5, 5)),
        (
            [
                {"agent": "diazepam", "dose_mg": 5, "ongoing": True},
                {"agent": "lorazepam", "dose_mg": 1.5, "ongoing": True},
            ],
            (20, 20),
        ),
        ([{"agent": "diazepam", "dose_mg": 5, "ongoing": False}], (0, 0)),
        ([{"agent": "zopiclone", "dose_mg": 5, "ongoing": True}], (0, 0)),
        ([{"agent": "diazepam", "dose_mg": 5}], (0, 1000)),
        ([{"agent": "diazepam", "ongoing": True}], (0, 1000)),
        ([{"dose_mg": 5, "ongoing": True}], (0, 1000)),
        ([{"agent": "diazepam", "dose_mg": 5, "ongoing": True}, {"ongoing": True}], (5, 1000)),
    ],
)
def test_a_daily_dose_is_what_is_being_taken_in_equivalents(
    treatments: list[Plain], span: tuple[int, int]
) -> None:
    book = measuring("daily_dose", agents=EQUIVALENTS)
    taken = [{"kind": "benzodiazepine"} | one for one in treatments]
    low, high = measured(book, history=history(*taken))
    assert low == span[0]
    assert high >= span[1]


def test_a_measure_may_be_cut_into_values() -> None:
    source = {"measure": "reported_trials", "kind": "antidepressant"}
    cut = {"ranges": {"low": [0, 1], "mild": [2, 3], "high": [4, 99]}}
    book = rulebook([ordinal("burden") | {"from": [source | cut]}], watch=True)
    one = {"kind": "antidepressant"}
    assert facts(book, history=history(one, one))["burden"].possible == Span(1, 1)
    assert facts(book, history=history())["burden"].possible == Span(0, 0)


def test_more_than_the_range_allows_is_at_least_its_end() -> None:
    tried = integer("tried", 0, 2) | {"from": [{"measure": "reported_trials", "kind": "a"}]}
    book = rulebook([tried], watch=True)
    one = {"kind": "a"}
    assert facts(book, history=history(one, one, one))["tried"].possible == Span(2, 2)
