"""Facts: what is still possible, narrowed, widened, and shown."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from recommender.facts import (
    Members,
    Moment,
    Options,
    Possible,
    Span,
    describe,
    everything,
    exactly,
    is_exact,
    join,
    meet,
    narrows,
)
from recommender.vocabulary import Feature
from tests.building import boolean, choice, decimal, integer, members, ordinal

MOOD = Feature.model_validate(ordinal("mood"))
SCORE = Feature.model_validate(integer("score", 0, 27))
RATIO = Feature.model_validate(decimal("ratio", 0.0, 1.0))
YES = Feature.model_validate(boolean("yes"))
STAGE = Feature.model_validate(choice("stage", "none some full"))
IMPLANTS = Feature.model_validate(members("implants", "clip pacemaker"))
OPEN_LIST = Feature.model_validate(members("medications", "lithium") | {"accepts_other": True})


@pytest.mark.parametrize(
    ("feature", "possible"),
    [
        (MOOD, Span(0, 2)),
        (SCORE, Span(0, 27)),
        (YES, Options(0b11)),
        (STAGE, Options(0b111)),
        (IMPLANTS, Members(0, 0)),
    ],
)
def test_nothing_known_leaves_everything(feature: Feature, possible: Possible) -> None:
    assert everything(feature) == possible
    assert not is_exact(feature, possible)
    assert describe(feature, possible) == {"everything": True}


@pytest.mark.parametrize(
    ("feature", "value", "possible"),
    [
        (MOOD, "mild", Span(1, 1)),
        (SCORE, 9, Span(9, 9)),
        (RATIO, 0.5, Span(0.5, 0.5)),
        (YES, False, Options(0b01)),
        (YES, True, Options(0b10)),
        (STAGE, "full", Options(0b100)),
    ],
)
def test_one_value_is_exact_and_shown_as_that_value(
    feature: Feature, value: Any, possible: Possible
) -> None:
    assert exactly(feature, value) == possible
    assert is_exact(feature, possible)
    assert describe(feature, possible) == {"value": value}


def test_a_set_is_exact_once_every_member_is_settled() -> None:
    assert is_exact(IMPLANTS, Members(0b01, 0b10))
    assert not is_exact(IMPLANTS, Members(0b01, 0b00))


def test_a_set_that_keeps_other_members_is_exact_only_if_others_are_settled_too() -> None:
    assert not is_exact(OPEN_LIST, Members(0b1, 0))
    assert is_exact(OPEN_LIST, Members(0b1, 0b10))


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        (Span(0, 5), Span(3, 9), Span(3, 5)),
        (Span(0, 3), Span(3, 9), Span(3, 3)),
        (Span(0, 2), Span(3, 9), None),
        (Options(0b011), Options(0b110), Options(0b010)),
        (Options(0b001), Options(0b110), None),
        (Members(0b01, 0), Members(0, 0b10), Members(0b01, 0b10)),
        (Members(0b01, 0), Members(0, 0b01), None),
    ],
)
def test_two_reports_narrow_each_other_or_contradict(
    first: Possible, second: Possible, both: Possible | None
) -> None:
    assert meet(first, second) == both
    assert meet(second, first) == both


@pytest.mark.parametrize(
    ("first", "second", "either"),
    [
        (Span(0, 2), Span(5, 9), Span(0, 9)),
        (Options(0b001), Options(0b100), Options(0b101)),
        (Members(0b01, 0), Members(0, 0b01), Members(0, 0)),
        (Members(0b01, 0), Members(0b10, 0b01), Members(0b10, 0)),
    ],
)
def test_a_conflict_keeps_what_either_allows_and_opens_what_is_contradicted(
    first: Possible, second: Possible, either: Possible
) -> None:
    assert join(first, second) == either
    assert join(second, first) == either


def test_more_exact_is_narrower() -> None:
    assert narrows(Span(2, 3), Span(0, 9))
    assert narrows(Members(0b01, 0b10), Members(0b01, 0))
    assert not narrows(Options(0b11), Options(0b01))


@pytest.mark.parametrize(
    ("feature", "possible", "words"),
    [
        (MOOD, Span(1, 2), {"from": "mild", "to": "high"}),
        (SCORE, Span(3, 9), {"from": 3, "to": 9}),
        (RATIO, Span(0.25, 0.5), {"from": 0.25, "to": 0.5}),
        (STAGE, Options(0b101), {"any_of": ["none", "full"]}),
        (IMPLANTS, Members(0b10, 0b01), {"value": ["pacemaker"]}),
        (IMPLANTS, Members(0, 0b11), {"value": []}),
        (IMPLANTS, Members(0b01, 0), {"present": ["clip"], "absent": [], "open": ["pacemaker"]}),
    ],
)
def test_what_is_left_is_shown_in_the_features_own_words(
    feature: Feature, possible: Possible, words: dict[str, Any]
) -> None:
    assert describe(feature, possible) == words


def test_whole_numbers_are_shown_without_a_point() -> None:
    assert str(describe(SCORE, Span(3.0, 9.0))) == "{'from': 3, 'to': 9}"


DAY = date(2026, 11, 20)


def at(hour: int) -> Moment:
    return Moment(DAY, datetime(2026, 11, 20, hour))


@pytest.mark.parametrize(
    ("first", "second", "later"),
    [
        (Moment(date(2026, 11, 21)), Moment(DAY), True),
        (Moment(date(2026, 11, 21)), at(23), True),
        (Moment(DAY), Moment(DAY), False),
        (at(16), at(15), True),
        (at(15), at(15), False),
        (at(16), Moment(DAY), False),
        (Moment(DAY), at(16), False),
    ],
)
def test_on_one_day_only_two_times_tell_which_is_later(
    first: Moment, second: Moment, later: bool
) -> None:
    assert first.later_than(second) is later


def test_a_moment_is_written_with_its_time_only_if_it_has_one() -> None:
    assert str(Moment(DAY)) == "2026-11-20"
    assert str(at(16)) == "2026-11-20T16:00"
