"""Conditions and facts laid flat: what an engine needs that can only compare a key with a number.

In: a condition, or what is possible for a feature. Out: alternatives of conjunctions that say when
the condition certainly or possibly holds, and the keys with their lower and upper bounds. Refused:
facts that do not fit their feature. An independent reading of every test: nothing here is shared
with the way conditions.py judges them.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from math import isnan, prod
from typing import Any, NamedTuple

from recommender.conditions import AllOf, AnyOf, Condition, Not, Test, rank
from recommender.errors import EngineError, Problem
from recommender.facts import Members, Options, Possible, Span, is_exact, member_count
from recommender.rulebook import Rulebook
from recommender.vocabulary import NUMERIC, ORDERED, Feature, Kind

MOST_KEYS = 120
"""In one conjunction, or one fact."""
MOST_WAYS = 12
"""An `all` of several `any` is multiplied out up to this many conjunctions."""


# ------------------------------------------------------------------------------- facts, flat


class Keys:
    """The keys of the flat facts: what they are called, and what they hold for one patient."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._place = {name: at for at, name in enumerate(rulebook.features)}
        thresholds: dict[str, set[float]] = {}
        for test in rulebook.tests:
            feature = rulebook.features[test.feature]
            if feature.type in NUMERIC and test.name != "known":
                found = thresholds.setdefault(feature.id, set())
                found.update(rank(feature, value) for value in test.values)
        self._thresholds = {name: sorted(found) for name, found in thresholds.items()}

    def name(self, feature: Feature, what: str) -> str:
        """A short key, the same in rules and in facts."""
        return f"f{self._place[feature.id]}{what}"

    def number(self, feature: Feature, value: float) -> int:
        """A value of an ordered feature as a whole number that compares the same way."""
        if feature.type is Kind.ORDINAL:
            return int(value)
        at = self._thresholds.get(feature.id, ())
        return bisect_left(at, value) + bisect_right(at, value)

    def values(self, feature: Feature, possible: Possible) -> Iterator[tuple[str, int]]:
        """Everything a rule may look at. Raises EngineError when the fact does not fit."""
        if not _fits(feature, possible):
            message = f"the fact for '{feature.id}' does not fit the feature"
            raise EngineError(Problem("E122", message, "This is a fault of the program."))
        yield self.name(feature, "known"), int(is_exact(feature, possible))
        if isinstance(possible, Span):
            yield self.name(feature, "lo"), self.number(feature, possible.low)
            yield self.name(feature, "hi"), self.number(feature, possible.high)
        elif isinstance(possible, Options):
            for place in range(len(feature.options)):
                yield self.name(feature, f"may{place}"), possible.mask >> place & 1
        else:
            yield from self._members(feature, possible)

    def _members(self, feature: Feature, possible: Members) -> Iterator[tuple[str, int]]:
        yield self.name(feature, "lo"), possible.present.bit_count()
        yield self.name(feature, "hi"), member_count(feature) - possible.absent.bit_count()
        for place in range(len(feature.values)):
            yield self.name(feature, f"in{place}"), possible.present >> place & 1
            yield self.name(feature, f"may{place}"), 1 - (possible.absent >> place & 1)


def _fits(feature: Feature, possible: object) -> bool:
    """Whether the feature can be this, with at least one value possible."""
    if feature.type in ORDERED:
        if not isinstance(possible, Span) or any(isnan(end) for end in possible):
            return False
        return possible.low <= possible.high
    if feature.type is Kind.SET:
        if not isinstance(possible, Members) or possible.present & possible.absent:
            return False
        return 0 <= possible.present | possible.absent < 1 << member_count(feature)
    return isinstance(possible, Options) and 0 < possible.mask < 1 << len(feature.options)


# ------------------------------------------------------------------------------- rules, flat


class Literal(NamedTuple):
    """One key of a fact compared with a whole number; `source` settles the key."""

    source: str
    key: str
    operator: str
    value: int

    def definition(self) -> dict[str, Any]:
        """As durable-rules reads it."""
        if self.operator == "$eq":
            return {self.key: self.value}
        return {self.operator: {self.key: self.value}}


Way = tuple[Literal, ...]
"""A conjunction; the empty one always holds."""
Ways = tuple[Way, ...]
"""Alternatives; none at all never hold."""


class _End(NamedTuple):
    """Where a stretch of values ends; an open end lies outside."""

    value: float
    open: bool = False


_Stretch = tuple[_End | None, _End | None]


class Flat:
    """Conditions as alternatives of conjunctions, for «certainly» and for «possibly»."""

    def __init__(self, rulebook: Rulebook, keys: Keys) -> None:
        self._features = rulebook.features
        self._keys = keys
        self.named: dict[Ways, str] = {}
        """What is settled a step earlier, and the key that then holds the outcome."""

    def ways(self, condition: Condition, *, certain: bool, holds: bool = True) -> Ways:
        """When the condition certainly, or possibly, holds; with `holds` false: fails."""
        match condition:
            case Test():
                return self._test(condition, certain, holds)
            case Not(part):
                return self.ways(part, certain=certain, holds=not holds)
            case AllOf(parts) | AnyOf(parts):
                found = [self.ways(part, certain=certain, holds=holds) for part in parts]
                every = isinstance(condition, AllOf) is holds
                return self._every(found) if every else _either(found)

    def _every(self, parts: list[Ways]) -> Ways:
        while prod(len(ways) for ways in parts) > MOST_WAYS:
            widest = max(range(len(parts)), key=lambda at: len(parts[at]))
            parts[widest] = ((self._named(parts[widest]),),)
        return tuple(
            self._short(tuple(dict.fromkeys(literal for way in chosen for literal in way)))
            for chosen in product(*parts)
        )

    def _short(self, way: Way) -> Way:
        while len(way) > MOST_KEYS:
            way = (self._named((way[:MOST_KEYS],)), *way[MOST_KEYS:])
        return way

    def _named(self, ways: Ways) -> Literal:
        key = self.named.setdefault(ways, f"named{len(self.named)}")
        return Literal(key, key, "$eq", 1)

    def _test(self, test: Test, certain: bool, holds: bool) -> Ways:
        feature = self._features[test.feature]
        if test.name == "known":
            return ((self._is(feature, "known", bool(test.values[0]) is holds),),)
        if feature.type is Kind.SET:
            return self._set(test, feature, certain, holds)
        if feature.type in ORDERED:
            met = _stretches(test, feature)
            return tuple(self._within(feature, s, certain) for s in (met if holds else _rest(met)))
        return self._options(test, feature, certain, holds)

    def _is(self, feature: Feature, what: str, wanted: bool) -> Literal:
        return Literal(feature.id, self._keys.name(feature, what), "$eq", int(wanted))

    def _options(self, test: Test, feature: Feature, certain: bool, holds: bool) -> Ways:
        allowed: list[str] = []
        others: list[str] = []
        for place, value in enumerate(feature.options):
            (allowed if (value in test.values) is holds else others).append(f"may{place}")
        if certain:
            return (self._short(tuple(self._is(feature, may, False) for may in others)),)
        return tuple((self._is(feature, may, True),) for may in allowed)

    def _set(self, test: Test, feature: Feature, certain: bool, holds: bool) -> Ways:
        if test.name == "empty":
            size = self._keys.name(feature, "hi" if certain is holds else "lo")
            return ((Literal(feature.id, size, "$lte" if holds else "$gte", int(not holds)),),)
        seen = "in" if certain is holds else "may"
        members = [feature.position[value] for value in dict.fromkeys(test.values)]
        literals = tuple(self._is(feature, f"{seen}{at}", holds) for at in members)
        if (test.name == "includes_all") is holds:
            return (self._short(literals),)
        return tuple((literal,) for literal in literals)

    def _within(self, feature: Feature, stretch: _Stretch, certain: bool) -> Way:
        """Certainly: the fact's two ends lie inside. Possibly: fact and stretch overlap."""
        low, high = stretch
        first, last = ("lo", "hi") if certain else ("hi", "lo")
        way = []
        if low is not None:
            way.append(self._compare(feature, first, "$gt" if low.open else "$gte", low))
        if high is not None:
            way.append(self._compare(feature, last, "$lt" if high.open else "$lte", high))
        return tuple(way)

    def _compare(self, feature: Feature, what: str, operator: str, end: _End) -> Literal:
        number = self._keys.number(feature, end.value)
        return Literal(feature.id, self._keys.name(feature, what), operator, number)


def _either(parts: Iterable[Ways]) -> Ways:
    return tuple(dict.fromkeys(way for ways in parts for way in ways))


def _stretches(test: Test, feature: Feature) -> list[_Stretch]:
    """The values that meet a test of an ordered feature, least first, none touching the next."""
    at = [rank(feature, value) for value in test.values]
    match test.name:
        case "at_least":
            return [(_End(at[0]), None)]
        case "more_than":
            return [(_End(at[0], open=True), None)]
        case "at_most":
            return [(None, _End(at[0]))]
        case "less_than":
            return [(None, _End(at[0], open=True))]
        case "between":
            return [(_End(at[0]), _End(at[1]))]
    runs: list[tuple[float, float]] = []
    for value in sorted(set(at)):
        # Nothing lies between neighbouring whole numbers; between decimals something always does.
        if runs and feature.type is not Kind.DECIMAL and value == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], value)
        else:
            runs.append((value, value))
    return [(_End(first), _End(last)) for first, last in runs]


def _rest(stretches: Sequence[_Stretch]) -> Iterator[_Stretch]:
    """What the stretches leave out."""
    start: _End | None = None
    for low, high in stretches:
        if low is not None:
            yield start, _End(low.value, not low.open)
        if high is None:
            return
        start = _End(high.value, not high.open)
    yield start, None
