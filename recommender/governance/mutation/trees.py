"""Conditions as trees: every place in one, and the condition with something else in that place.

A place is the way down from the top, one number a step; the part of a `not` is its number 0. Two
conditions that mean the same to every patient, as far as their shape tells, have one `meaning`.
"""

from collections.abc import Hashable, Iterator, Mapping

from recommender.conditions import (
    ALWAYS,
    AllOf,
    AnyOf,
    Condition,
    Not,
    Test,
    allowed_intervals,
    allowed_mask,
    member_mask,
)
from recommender.vocabulary import ORDERED, Feature, Kind

Place = tuple[int, ...]


def places(condition: Condition, at: Place = ()) -> Iterator[tuple[Place, Condition]]:
    """Every part of a condition with its place, the whole first."""
    yield at, condition
    for n, part in enumerate(parts_of(condition)):
        yield from places(part, (*at, n))


def atoms(condition: Condition) -> Iterator[tuple[Place, Test]]:
    """Every occurrence of a test."""
    for place, part in places(condition):
        if isinstance(part, Test):
            yield place, part


def parts_of(condition: Condition) -> tuple[Condition, ...]:
    """What a condition is made of; nothing below a test."""
    match condition:
        case Test():
            return ()
        case Not(part):
            return (part,)
        case AllOf(parts) | AnyOf(parts):
            return parts


def replaced(condition: Condition, place: Place, other: Condition) -> Condition:
    """The condition with another part in that place."""
    if not place:
        return other
    first, *rest = place
    match condition:
        case Not(part):
            return Not(replaced(part, tuple(rest), other))
        case AllOf(parts) | AnyOf(parts):
            new = replaced(parts[first], tuple(rest), other)
            return type(condition)((*parts[:first], new, *parts[first + 1 :]))
    raise LookupError(place)


def without(condition: Condition, place: Place) -> Condition:
    """The condition without that part; what was all of an `all` or `any` is dropped with it."""
    if not place:
        return ALWAYS
    *above, last = place
    up = tuple(above)
    parent = part_at(condition, up)
    if isinstance(parent, Not):
        return without(condition, up)
    kept = [part for n, part in enumerate(parts_of(parent)) if n != last]
    if not kept:
        return without(condition, up)
    assert isinstance(parent, AllOf | AnyOf)
    return replaced(condition, up, kept[0] if len(kept) == 1 else type(parent)(tuple(kept)))


def part_at(condition: Condition, place: Place) -> Condition:
    """The part in that place."""
    for step in place:
        condition = parts_of(condition)[step]
    return condition


def under_not(condition: Condition, place: Place) -> bool:
    """Whether a `not` stands somewhere above the place."""
    return any(isinstance(part_at(condition, place[:n]), Not) for n in range(len(place)))


# ------------------------------------------------------------------------------- meaning


def meaning(condition: Condition, features: Mapping[str, Feature]) -> Hashable:
    """Equal only for conditions with the same truth for everybody."""
    match condition:
        case Test():
            return _of_test(condition, features[condition.feature])
        case Not(Not(part)):
            return meaning(part, features)
        case Not(part):
            return _opposite(part, features)
        case AllOf(parts) | AnyOf(parts):
            several = frozenset(meaning(part, features) for part in parts)
            return next(iter(several)) if len(several) == 1 else (type(condition), several)


def _of_test(test: Test, feature: Feature) -> Hashable:
    if test.name == "known":
        return test
    if feature.type is Kind.SET:
        mask = member_mask(test, feature)
        kind = "includes" if mask.bit_count() == 1 and test.name != "empty" else test.name
        return feature.id, kind, mask
    if feature.type in ORDERED:
        return feature.id, tuple(allowed_intervals(test, feature))
    return feature.id, allowed_mask(test, feature)


def _opposite(part: Condition, features: Mapping[str, Feature]) -> Hashable:
    """Of one value among several the opposite is to be one of the others."""
    if isinstance(part, Test) and part.name != "known":
        feature = features[part.feature]
        if feature.type in (Kind.BOOLEAN, Kind.CHOICE):
            return feature.id, (1 << len(feature.options)) - 1 & ~allowed_mask(part, feature)
    return Not, meaning(part, features)
