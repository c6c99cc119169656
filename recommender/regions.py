"""How finely the rules of a rulebook can tell the values of a feature apart.

An ordered feature is cut into the regions its tests make, a choice into classes of values no test
tells apart, a set into its members. A variable's domain holds everything a fact can be: any stretch
of regions, any set of classes, a member absent, open or present.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from math import inf, nextafter
from typing import NamedTuple

from recommender.conditions import (
    FALSE,
    TRUE,
    UNKNOWN,
    Test,
    Truth,
    allowed_intervals,
    allowed_mask,
    member_mask,
)
from recommender.facts import Members, Options, Possible, Span, is_exact
from recommender.vocabulary import ORDERED, Feature, Kind

Cut = tuple[float, int]
"""A border just before (0) or just after (1) a value."""


@dataclass(frozen=True)
class Stretches:
    """An ordered feature: elements are stretches (first region, last region)."""

    feature: Feature
    cuts: tuple[Cut, ...]

    @cached_property
    def domain(self) -> tuple[tuple[int, int], ...]:
        """Every stretch, by first and last region."""
        regions = range(len(self.cuts) + 1)
        return tuple((a, b) for a in regions for b in regions if a <= b)

    @cached_property
    def _index(self) -> dict[tuple[int, int], int]:
        return {stretch: at for at, stretch in enumerate(self.domain)}

    def element(self, possible: Possible) -> int:
        """The element a fact is."""
        assert isinstance(possible, Span)
        return self._index[self._region(possible.low), self._region(possible.high)]

    def _region(self, value: float) -> int:
        return bisect_right(self.cuts, (value, 0))

    def narrower(self, element: int) -> tuple[int, ...]:
        """The element itself, then everything a further answer can make of it."""
        first, last = self.domain[element]
        inner = ((a, b) for a in range(first, last + 1) for b in range(a, last + 1))
        return (element, *(at for stretch in inner if (at := self._index[stretch]) != element))

    def values(self, element: int) -> Span:
        """Every value of the feature in an element."""
        first, last = self.domain[element]
        low, high = ends_of(self.feature)
        start = self.cuts[first - 1] if first else (low, 0)
        end = self.cuts[last] if last < len(self.cuts) else (high, 1)
        if self.feature.type is not Kind.DECIMAL:
            return Span(start[0], high if end == (high, 1) else end[0] - 1)
        above = start[0] if start[1] == 0 else nextafter(start[0], inf)
        return Span(above, end[0] if end[1] == 1 else nextafter(end[0], -inf))

    def leaves(self, possible: Possible, element: int) -> "Leaves":
        """What a further answer that leads to this element can leave open inside it."""
        assert isinstance(possible, Span)
        sizes = [self._size(possible, region) for region in dict.fromkeys(self.domain[element])]
        return _leaves(sizes, changed=element != self.element(possible))

    def _size(self, span: Span, region: int) -> float:
        """How many values of the span lie in a region."""
        low, high = (span.low, 0), (span.high, 1)
        start = max(low, self.cuts[region - 1]) if region else low
        end = min(high, self.cuts[region]) if region < len(self.cuts) else high
        if self.feature.type is Kind.DECIMAL:
            return 1 if start[0] == end[0] else inf
        return end[0] + end[1] - start[0]

    def truths(self, test: Test) -> tuple[Truth, ...]:
        """The truth of a test on this feature, for each element."""
        allowed = {
            region for stretch in cuts_of(test, self.feature) for region in self._of(*stretch)
        }
        met = [0, *accumulate(region in allowed for region in range(len(self.cuts) + 1))]
        return tuple(_share(met[b + 1] - met[a], b + 1 - a) for a, b in self.domain)

    def _of(self, low: Cut, high: Cut) -> range:
        return range(bisect_right(self.cuts, low), bisect_left(self.cuts, high) + 1)


@dataclass(frozen=True)
class Classes:
    """A choice or boolean: elements are non-empty sets of classes of values, as masks."""

    feature: Feature
    masks: tuple[int, ...]

    @cached_property
    def domain(self) -> tuple[int, ...]:
        """Every non-empty set of classes."""
        return tuple(range(1, 1 << len(self.masks)))

    def element(self, possible: Possible) -> int:
        """The element a fact is."""
        assert isinstance(possible, Options)
        met = sum(1 << at for at, mask in enumerate(self.masks) if mask & possible.mask)
        return met - 1

    def narrower(self, element: int) -> tuple[int, ...]:
        """The element itself, then everything a further answer can make of it."""
        whole = element + 1
        return (element, *(sub - 1 for sub in self.domain if sub & ~whole == 0 and sub != whole))

    def leaves(self, possible: Possible, element: int) -> "Leaves":
        """What a further answer that leads to this element can leave open inside it."""
        assert isinstance(possible, Options)
        met = [mask for at, mask in enumerate(self.masks) if (element + 1) >> at & 1]
        sizes = [(mask & possible.mask).bit_count() for mask in met]
        return _leaves(sizes, changed=element != self.element(possible))

    def truths(self, test: Test) -> tuple[Truth, ...]:
        """The truth of a test on this feature, for each element."""
        wanted = allowed_mask(test, self.feature)
        allowed = sum(1 << at for at, mask in enumerate(self.masks) if mask & wanted)
        return tuple(_share((sub & allowed).bit_count(), sub.bit_count()) for sub in self.domain)


@dataclass(frozen=True)
class Member:
    """One member of a set: absent, open or present."""

    feature: Feature
    bit: int

    domain = (FALSE, UNKNOWN, TRUE)

    def element(self, possible: Possible) -> int:
        """The element a fact is."""
        assert isinstance(possible, Members)
        if possible.present >> self.bit & 1:
            return TRUE
        return FALSE if possible.absent >> self.bit & 1 else UNKNOWN

    def narrower(self, element: int) -> tuple[int, ...]:
        """The element itself, then everything a further answer can make of it."""
        return (UNKNOWN, FALSE, TRUE) if element == UNKNOWN else (element,)


@dataclass(frozen=True)
class Exactness:
    """Whether exactly one value of a feature is possible: what the test `known` asks."""

    feature: Feature

    domain = (False, True)

    def element(self, possible: Possible) -> int:
        """The element a fact is."""
        return int(is_exact(self.feature, possible))

    def narrower(self, element: int) -> tuple[int, ...]:
        """The element itself, then everything a further answer can make of it."""
        return (element,) if element else (0, 1)


@dataclass(frozen=True)
class Switch:
    """Something that is so or not and is no fact about the patient, such as a rule being lifted."""

    feature: Feature

    domain = (False, True)

    def element(self, possible: Possible) -> int:
        """The element a fact is."""
        assert isinstance(possible, Options)
        return int(possible.mask > 1)

    def narrower(self, element: int) -> tuple[int, ...]:
        """Only the element itself: answers do not turn it."""
        return (element,)


Variable = Stretches | Classes | Member | Exactness | Switch


class Leaves(NamedTuple):
    """Whether an answer that was just given may be inexact, and whether it may be exact."""

    inexact: bool
    exact: bool


def leaves_of(feature: Feature, possible: Possible) -> Leaves:
    """What a further answer can leave open of a feature that no test looks at."""
    if feature.type in ORDERED:
        return Stretches(feature, ()).leaves(possible, 0)
    everything = (1 << len(feature.options)) - 1
    return Classes(feature, (everything,)).leaves(possible, 0)


def _leaves(sizes: Sequence[float], *, changed: bool) -> Leaves:
    """By the number of values left in each part that matters; `changed` if some part was lost."""
    if len(sizes) == 1:
        return Leaves(sizes[0] > (1 if changed else 2), True)
    return Leaves(changed or max(sizes) > 1, False)


def _share(met: int, of: int) -> Truth:
    return FALSE if not met else TRUE if met == of else UNKNOWN


def cuts_of(test: Test, feature: Feature) -> Iterator[tuple[Cut, Cut]]:
    """The borders of each stretch that meets the test."""
    for (low, high), open_low, open_high in allowed_intervals(test, feature):
        before = (low, 1 if open_low else 0)
        after = (high, 0 if open_high else 1)
        # Between whole numbers there is one border, not two.
        if feature.type is not Kind.DECIMAL:
            after = (high + 1, 0)
        if before < after:  # else no value meets it: «more than» the highest
            yield before, after


def variables_of(feature: Feature, tests: Sequence[Test]) -> tuple[Variable, ...]:
    """The variables a feature needs so that every one of the tests can be told."""
    tests = [test for test in tests if test.name != "known"]
    if feature.type is Kind.SET:
        mask = 0
        for test in tests:
            mask |= member_mask(test, feature)
        return tuple(Member(feature, bit) for bit in range(mask.bit_length()) if mask >> bit & 1)
    if feature.type in ORDERED:
        low, high = ends_of(feature)
        borders = {cut for test in tests for pair in cuts_of(test, feature) for cut in pair}
        return (
            Stretches(
                feature, tuple(sorted(c for c in borders if (low, 0) < c < _end(feature, high)))
            ),
        )
    return (Classes(feature, tuple(_classes(feature, tests))),)


def ends_of(feature: Feature) -> tuple[float, float]:
    """The least and the greatest value of an ordered feature, ordinals by position."""
    return feature.range if feature.range is not None else (0, len(feature.values) - 1)


def _end(feature: Feature, high: float) -> Cut:
    return (high, 1) if feature.type is Kind.DECIMAL else (high + 1, 0)


def _classes(feature: Feature, tests: Sequence[Test]) -> Iterator[int]:
    """Masks of the values no test tells apart."""
    told: dict[tuple[bool, ...], int] = {}
    for value, place in feature.position.items():
        signature = tuple(value in test.values for test in tests)
        told[signature] = told.get(signature, 0) | 1 << place
    yield from told.values()
