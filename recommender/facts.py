"""Facts: for each feature, what is still possible for this patient, and why it is not exact.

A possible value is a Span for ordered features (numbers as they are, ordinals by position), Options
for choices and booleans (one bit a value), Members for sets (one bit a member known present or
absent). Smaller is more exact; nothing here reads a clock or a file.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from recommender.vocabulary import NUMERIC, Feature, Kind, Scalar


class Span(NamedTuple):
    """Every value from `low` to `high`, both included."""

    low: float
    high: float


class Options(NamedTuple):
    """The values whose bit is set, by their place in the feature's list."""

    mask: int


class Members(NamedTuple):
    """Members known present and known absent, one bit each; the rest is open."""

    present: int
    absent: int


Possible = Span | Options | Members


class State(StrEnum):
    """Why a fact is exact or not."""

    KNOWN = "known"
    PARTIAL = "partial"
    UNKNOWN = "unknown"
    STALE = "stale"
    CONFLICTING = "conflicting"


class Moment(NamedTuple):
    """A day, with a time of day when one was given."""

    day: date
    time: datetime | None = None

    def later_than(self, other: "Moment") -> bool:
        """Strictly later; on one and the same day only times on both can tell."""
        if self.day != other.day or not (self.time and other.time):
            return self.day > other.day
        return self.time > other.time

    @property
    def order(self) -> tuple[date, bool, str]:
        """Sorts oldest first; a day without a time is the whole day, so it may be the latest."""
        return self.day, self.time is None, self.time.isoformat() if self.time else ""

    def __str__(self) -> str:
        return self.time.isoformat(timespec="minutes") if self.time else self.day.isoformat()


def latest(moments: Iterable[Moment]) -> Moment | None:
    """The moment none of the others is later than; None of none."""
    return max(moments, key=lambda moment: moment.order, default=None)


class Seen(NamedTuple):
    """One value that was reported for a feature, as the answer shows it."""

    possible: Possible
    source: str
    on: Moment | None


class Fact(NamedTuple):
    """What is still possible for one feature, with its provenance."""

    feature: str
    possible: Possible
    state: State = State.UNKNOWN
    on: Moment | None = None
    source: str = ""
    instrument: str = ""
    band: str = ""
    others: tuple[Seen, ...] = ()
    score: Span | None = None
    """The instrument's total or item behind the value, in points."""
    extra: tuple[str, ...] = ()
    """Members of a set outside the vocabulary: kept, shown, and matching nothing."""


Facts = Mapping[str, Fact]


def member_count(feature: Feature) -> int:
    """Bits a set needs: its values, and one for members outside the list where those are kept."""
    return len(feature.values) + feature.accepts_other


def everything(feature: Feature) -> Possible:
    """Every value the feature can have."""
    if feature.type in NUMERIC:
        assert feature.range is not None
        return Span(*feature.range)
    if feature.type is Kind.ORDINAL:
        return Span(0, len(feature.values) - 1)
    if feature.type is Kind.SET:
        return Members(0, 0)
    return Options((1 << len(feature.options)) - 1)


def exactly(feature: Feature, value: Scalar) -> Possible:
    """The one value `value`, which must be a value of the feature (not for sets)."""
    if feature.type in NUMERIC:
        assert isinstance(value, int | float)
        return Span(value, value)
    place = feature.position[value]
    return Span(place, place) if feature.type is Kind.ORDINAL else Options(1 << place)


def is_exact(feature: Feature, possible: Possible) -> bool:
    """Whether exactly one value is possible."""
    if isinstance(possible, Span):
        return possible.low == possible.high
    if isinstance(possible, Options):
        return possible.mask & (possible.mask - 1) == 0
    return (possible.present | possible.absent) == (1 << member_count(feature)) - 1


def meet(first: Possible, second: Possible) -> Possible | None:
    """What both allow; None when they contradict each other."""
    if isinstance(first, Span) and isinstance(second, Span):
        low, high = max(first.low, second.low), min(first.high, second.high)
        return Span(low, high) if low <= high else None
    if isinstance(first, Options) and isinstance(second, Options):
        mask = first.mask & second.mask
        return Options(mask) if mask else None
    assert isinstance(first, Members) and isinstance(second, Members)
    present, absent = first.present | second.present, first.absent | second.absent
    return Members(present, absent) if not present & absent else None


def join(first: Possible, second: Possible) -> Possible:
    """What either allows, and what lies between; of sets, contradicted members become open."""
    if isinstance(first, Span) and isinstance(second, Span):
        return Span(min(first.low, second.low), max(first.high, second.high))
    if isinstance(first, Options) and isinstance(second, Options):
        return Options(first.mask | second.mask)
    assert isinstance(first, Members) and isinstance(second, Members)
    present, absent = first.present | second.present, first.absent | second.absent
    contradicted = present & absent
    return Members(present & ~contradicted, absent & ~contradicted)


def narrows(inner: Possible, outer: Possible) -> bool:
    """Whether `inner` is at least as exact as `outer`."""
    return meet(inner, outer) == inner


def value_of(feature: Feature, place: float) -> Scalar:
    """The value at one point of an ordered feature."""
    if feature.type is Kind.ORDINAL:
        return feature.options[int(place)]
    return int(place) if feature.type is Kind.INTEGER else place


def names(feature: Feature, mask: int) -> list[str]:
    """The members of a set whose bit is set, in declared order."""
    return [value for place, value in enumerate(feature.values) if mask >> place & 1]


def describe(feature: Feature, possible: Possible) -> dict[str, Any]:
    """The possible values as the answer shows them."""
    if isinstance(possible, Members):
        closed = possible.present | possible.absent
        rest = ((1 << member_count(feature)) - 1) & ~closed
        if rest == 0:
            return {"value": names(feature, possible.present)}
        if closed == 0:
            return {"everything": True}
        return {
            "present": names(feature, possible.present),
            "absent": names(feature, possible.absent),
            "open": names(feature, rest),
        }
    if possible == everything(feature) and not is_exact(feature, possible):
        return {"everything": True}
    if isinstance(possible, Span):
        if possible.low == possible.high:
            return {"value": value_of(feature, possible.low)}
        low, high = value_of(feature, possible.low), value_of(feature, possible.high)
        return {"from": low, "to": high}
    allowed = [v for place, v in enumerate(feature.options) if possible.mask >> place & 1]
    return {"value": allowed[0]} if len(allowed) == 1 else {"any_of": allowed}
