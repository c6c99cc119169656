"""One administration of an instrument: totals and items from best to worst case, never prorated."""

from __future__ import annotations

from typing import Any

import pytest

from recommender.facts import Moment, Span
from recommender.profile import Assessment, moment
from recommender.scores import Score, bands_met, read_score
from recommender.vocabulary import Instrument
from tests.building import ASSESSED_ON, Plain

DAY: Moment = moment(ASSESSED_ON)
MINI: Plain = {
    "id": "mini",
    "title": "Mini",
    "range": [0, 9],
    "items": {"a": [0, 3], "b": [0, 3], "c": [0, 3]},
    "bands": [{"id": "low", "range": [0, 4]}, {"id": "high", "range": [5, 9]}],
}
SCREEN: Plain = {
    "id": "screen",
    "title": "Screen",
    "total": "none",
    "items": {"thoughts": [False, True], "method": [False, True], "plan": [False, True]},
    "skip": {"thoughts": {"is": False, "gives": {"method": False, "plan": False}}},
}


def score(instrument: Plain, **given: Any) -> Score:
    found, complaints = read(instrument, **given)
    assert not complaints
    assert found is not None
    return found


def refused(instrument: Plain, **given: Any) -> list[tuple[str, tuple[object, ...]]]:
    """(code, path) of every complaint; there is then no score."""
    found, complaints = read(instrument, **given)
    assert found is None
    return complaints


def read(
    instrument: Plain, **given: Any
) -> tuple[Score | None, list[tuple[str, tuple[object, ...]]]]:
    complaints: list[tuple[str, tuple[object, ...]]] = []

    def complain(code: str, _message: str, _hint: str, *path: object) -> None:
        complaints.append((code, path))

    assessment = Assessment.model_validate({"instrument": instrument["id"]} | given)
    return read_score(assessment, Instrument.model_validate(instrument), DAY, complain), complaints


# ------------------------------------------------------------------------------- totals


@pytest.mark.parametrize(
    ("given", "total"),
    [
        ({"total": 7}, Span(7, 7)),
        ({"items": [1, 2, 3]}, Span(6, 6)),
        ({"items": [1, None, 3]}, Span(4, 7)),
        ({"items": {"b": 3}}, Span(3, 9)),
        ({"items": {"a": 1, "b": None, "c": 3}}, Span(4, 7)),
        ({"items": [1, None, 3], "total": 6}, Span(6, 6)),
        ({"items": [1, None, 3], "total": 4}, Span(4, 4)),
        ({"items": [1, None, 3], "total": 7}, Span(7, 7)),
    ],
)
def test_a_total_runs_from_best_to_worst_case(given: dict[str, Any], total: Span) -> None:
    found = score(MINI, **given)
    assert found.total == total
    assert not found.conflict


@pytest.mark.parametrize("given", [{}, {"items": []}, {"items": {}}, {"items": [None] * 3}])
def test_nothing_answered_says_nothing(given: dict[str, Any]) -> None:
    assert score(MINI, **given).total is None


@pytest.mark.parametrize(("total", "hull"), [(2, Span(2, 7)), (9, Span(4, 9))])
def test_a_total_that_the_items_do_not_allow_is_a_conflict(total: int, hull: Span) -> None:
    found = score(MINI, total=total, items=[1, None, 3])
    assert found.conflict
    assert found.total == hull


def test_items_keep_their_answers_beside_the_total() -> None:
    assert score(MINI, items=[1, None, 3]).items == {"a": Span(1, 1), "b": None, "c": Span(3, 3)}


def test_a_total_by_domains_sums_the_worst_item_of_each() -> None:
    domains = MINI | {"range": [0, 6], "total": {"domains": [["a", "b"], ["c"]]}, "bands": []}
    assert score(domains, items=[1, 3, 2]).total == Span(5, 5)
    assert score(domains, items=[1, None, 2]).total == Span(3, 5)
    assert score(domains, items=[3, None, None]).total == Span(3, 6)


def test_items_need_not_begin_at_zero() -> None:
    ratings = MINI | {"range": [3, 12], "items": {item: [1, 4] for item in "abc"}, "bands": []}
    assert score(ratings, items={"a": 4}).total == Span(6, 12)


# ------------------------------------------------------------------------------- skipped items


def test_an_item_that_is_not_asked_after_an_answer_has_the_answer_that_gives() -> None:
    items = score(SCREEN, items={"thoughts": False}).items
    assert items == {"thoughts": Span(0, 0), "method": Span(0, 0), "plan": Span(0, 0)}


def test_an_item_is_open_while_it_may_still_be_asked() -> None:
    items = score(SCREEN, items={"thoughts": True, "method": False}).items
    assert items == {"thoughts": Span(1, 1), "method": Span(0, 0), "plan": None}
    assert score(SCREEN, items={"plan": True}).items["method"] is None


def test_a_given_answer_wins_over_a_skipped_one_and_is_a_conflict() -> None:
    found = score(SCREEN, items={"thoughts": False, "plan": True})
    assert found.items["plan"] == Span(1, 1)
    assert found.clashing == {"plan"}


def test_a_given_answer_that_agrees_is_no_conflict() -> None:
    assert not score(SCREEN, items={"thoughts": False, "plan": False}).clashing


def test_skipped_items_count_in_the_total() -> None:
    skipping = MINI | {"skip": {"a": {"is": 0, "gives": {"b": 0, "c": 0}}}}
    assert score(skipping, items={"a": 0}).total == Span(0, 0)


# ------------------------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("given", "complaints"),
    [
        ({"total": 10}, [("P206", ("total",))]),
        ({"total": -1}, [("P206", ("total",))]),
        ({"total": 6.5}, [("P206", ("total",))]),
        ({"items": [1, 2]}, [("P207", ("items",))]),
        ({"items": [1, 2, 3, 0]}, [("P207", ("items",))]),
        ({"items": {"d": 1}}, [("P208", ("items", "d"))]),
        ({"items": [1, 2, 4]}, [("P206", ("items", "c"))]),
        ({"items": [1, 2, 2.5]}, [("P206", ("items", "c"))]),
        ({"items": [1, 2, True]}, [("P206", ("items", "c"))]),
        ({"items": [1, 2, "many"]}, [("P206", ("items", "c"))]),
        ({"items": [9, 9, None]}, [("P206", ("items", "a")), ("P206", ("items", "b"))]),
        ({"total": 99, "items": [9, 1, 1]}, [("P206", ("items", "a")), ("P206", ("total",))]),
    ],
)
def test_a_score_that_cannot_be_is_refused_and_never_clamped(
    given: dict[str, Any], complaints: list[tuple[str, tuple[object, ...]]]
) -> None:
    assert refused(MINI, **given) == complaints


def test_an_instrument_without_a_total_refuses_one() -> None:
    assert refused(SCREEN, total=1) == [("P205", ("total",))]
    assert refused(MINI | {"total": "none"}, total=1) == [("P205", ("total",))]


def test_a_yes_or_no_item_takes_true_or_false() -> None:
    assert refused(SCREEN, items={"plan": 1}) == [("P206", ("items", "plan"))]


def test_a_total_may_have_decimals_where_the_instrument_has() -> None:
    scored = {"id": "z", "title": "Z", "range": [-5.0, 5.0]}
    assert score(scored, total=-1.25).total == Span(-1.25, -1.25)
    assert score(scored, total=1).total == Span(1, 1)


# ------------------------------------------------------------------------------- bands


def bands(direction: str, *ranges: tuple[str, float, float]) -> Instrument:
    listed = [{"id": name, "range": [low, high]} for name, low, high in ranges]
    ends = [end for _, *both in ranges for end in both]
    return Instrument.model_validate(
        {"id": "x", "title": "X", "range": [min(ends), max(ends)], "bands": listed}
        | {"direction": direction}
    )


def met(instrument: Instrument, low: float, high: float | None = None) -> list[str]:
    span = Span(low, low if high is None else high)
    return [band.id for band in bands_met(span, instrument.bands, instrument)]


def test_both_ends_belong_to_a_band() -> None:
    scale = bands("higher_is_worse", ("low", 0, 4), ("mid", 5, 9), ("high", 10, 27))
    assert [met(scale, at) for at in (0, 4, 5, 9, 10, 27)] == [
        *(["low"], ["low"], ["mid"], ["mid"], ["high"], ["high"]),
    ]


def test_an_interval_meets_every_band_it_touches() -> None:
    scale = bands("higher_is_worse", ("low", 0, 4), ("mid", 5, 9), ("high", 10, 27))
    assert met(scale, 4, 5) == ["low", "mid"]
    assert met(scale, 0, 27) == ["low", "mid", "high"]
    assert met(scale, 5, 9) == ["mid"]


def test_bands_may_be_written_in_any_order() -> None:
    scale = bands("higher_is_worse", ("high", 10, 27), ("low", 0, 4), ("mid", 5, 9))
    assert met(scale, 4, 10) == ["low", "mid", "high"]


@pytest.mark.parametrize(
    ("direction", "expected"),
    [("higher_is_worse", "high"), ("lower_is_worse", "low"), ("none", "high")],
)
def test_an_end_shared_by_two_bands_belongs_to_the_worse(direction: str, expected: str) -> None:
    scale = bands(direction, ("low", -3.0, -1.5), ("high", -1.5, 3.0))
    assert met(scale, -1.5) == [expected]
    assert met(scale, -1.5000001) == ["low"]
    assert met(scale, -1.4999999) == ["high"]
