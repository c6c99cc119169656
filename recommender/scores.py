"""One administration of an instrument → what its total and items can be.

Missing items are never prorated: the total runs from best to worst case. A stated total that
contradicts the items is kept beside them, as a conflict.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from recommender.errors import did_you_mean
from recommender.facts import Moment, Span
from recommender.profile import Assessment
from recommender.reading import has_decimals
from recommender.totals import summed
from recommender.vocabulary import Band, Instrument, Scalar

Complain = Callable[..., None]
"""Takes a code, a message, a hint, and the path inside the assessment."""


class Score(NamedTuple):
    """What one administration says: its total and each item, None where it says nothing."""

    instrument: Instrument
    on: Moment
    total: Span | None
    items: Mapping[str, Span | None]
    conflict: bool
    clashing: frozenset[str] = frozenset()


def read_score(
    assessment: Assessment, instrument: Instrument, on: Moment, complain: Complain
) -> Score | None:
    """The score of one administration; None after complaining when it cannot be one."""
    given = _given(assessment, instrument, complain)
    stated = _stated(assessment, instrument, complain)
    if given is None or stated is False:
        return None
    clashing = frozenset(_skipped(given, instrument))
    items = {item: _span(value) for item, value in given.items()}
    added = summed(items, instrument) if any(items.values()) else None
    total = _number(stated) if not isinstance(stated, bool) else None
    if total is None or added is None:
        return Score(instrument, on, total or added, items, False, clashing)
    inside = added.low <= total.low <= added.high
    hull = Span(min(added.low, total.low), max(added.high, total.high))
    return Score(instrument, on, total if inside else hull, items, not inside, clashing)


def _stated(assessment: Assessment, instrument: Instrument, complain: Complain) -> float | bool:
    """The stated total, True when there is none, False after complaining."""
    total = assessment.total
    if total is None:
        return True
    if instrument.range is None or instrument.total == "none":
        complain("P205", f"{instrument.id} has no total", "Give its items.", "total")
        return False
    low, high = instrument.range
    if not has_decimals(instrument) and isinstance(total, float):
        complain("P206", f"the total of {instrument.id} is a whole number", "", "total")
        return False
    if not low <= total <= high:
        message = f"the total lies outside the range {low} to {high} of {instrument.id}"
        complain("P206", message, "A score is never clamped: check the entry.", "total")
        return False
    return total


def _number(value: float) -> Span:
    return Span(value, value)


def _given(
    assessment: Assessment, instrument: Instrument, complain: Complain
) -> dict[str, Scalar | None] | None:
    """The answers by item, None for those missing; None after complaining."""
    answers = assessment.items or {}
    names = list(instrument.items)
    if isinstance(answers, list):
        if len(answers) != len(names):
            message = f"{instrument.id} has {len(names)} items, and {len(answers)} are given"
            complain("P207", message, "Write null for an item that is missing.", "items")
            return None
        answers = dict(zip(names, answers, strict=True))
    fine = True
    for item, value in answers.items():
        if item not in instrument.items:
            hint = did_you_mean(item, names)
            complain("P208", f"{instrument.id} has no such item", hint, "items", item)
            fine = False
        elif value is not None and (wrong := _misfit(value, instrument.items[item])):
            complain("P206", f"item {item} of {instrument.id} {wrong}", "", "items", item)
            fine = False
    return {item: answers.get(item) for item in names} if fine else None


def _misfit(value: Scalar, allowed: list[Scalar]) -> str:
    if any(isinstance(one, bool) for one in allowed):
        return "" if isinstance(value, bool) else "is true or false"
    low, high = allowed[0], allowed[-1]
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    if isinstance(value, bool | str):
        return "is a number"
    whole = isinstance(low, int) and isinstance(high, int)
    if whole and isinstance(value, float):
        return "is a whole number"
    return "" if low <= value <= high else f"runs from {low} to {high}"


def _skipped(given: dict[str, Scalar | None], instrument: Instrument) -> Iterator[str]:
    """Fill in items not asked after an answer; yields those where a given answer disagrees."""
    for item, skip in instrument.skip.items():
        if given.get(item) is None or given[item] != skip.is_:
            continue
        for other, value in skip.gives.items():
            if given.get(other) is None:
                given[other] = value
            elif given[other] != value:
                yield other


def _span(value: Scalar | None) -> Span | None:
    if value is None:
        return None
    assert isinstance(value, int | float)
    return Span(value, value)


def bands_met(score: Span, bands: list[Band], instrument: Instrument) -> list[Band]:
    """The bands a total may lie in, lowest first; an end shared by two belongs to the worse."""
    ordered = sorted(bands, key=lambda band: band.range)
    first = _band_at(score.low, ordered, instrument)
    last = _band_at(score.high, ordered, instrument)
    return ordered[first : last + 1]


def _band_at(point: float, ordered: list[Band], instrument: Instrument) -> int:
    holding = [n for n, band in enumerate(ordered) if band.range[0] <= point <= band.range[1]]
    return holding[0] if instrument.direction == "lower_is_worse" else holding[-1]
