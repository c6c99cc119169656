"""The conditions of a rulebook for engines that know only true and false.

Other rule engines have no «unknown», and treat what is missing in their own ways. So each feature
is handed to them as what is surely so and what may be so: the lower and the upper end of what is
still possible. Every condition is translated twice over those keys: `certainly` is true exactly
where our truth is TRUE, `possibly` exactly where it is not FALSE. Both come without negation, as
comparisons of one key with a constant, joined by all and any; each engine writes them its own way.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from recommender.conditions import (
    AllOf,
    AnyOf,
    Condition,
    Not,
    Test,
    allowed_intervals,
    allowed_mask,
    member_mask,
)
from recommender.facts import Fact, Members, Options, Span, is_exact
from recommender.rulebook import Rulebook
from recommender.rules import Rule
from recommender.vocabulary import ORDERED, Feature, Kind

Value = float | bool
Context = dict[str, Value]


@dataclass(frozen=True)
class Compare:
    """One key against one constant; `op` is one of == != < <= > >=."""

    key: str
    op: str
    value: Value


@dataclass(frozen=True)
class Every:
    """All parts hold; an empty one always does."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True)
class Some:
    """At least one part holds; an empty one never does."""

    parts: tuple["Expression", ...]


Expression = Compare | Every | Some

_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


def opposite(expression: Expression) -> Expression:
    """True exactly where the expression is false, again without negation."""
    match expression:
        case Compare(key, op, value):
            if isinstance(value, bool):
                return Compare(key, op, not value)
            return Compare(key, _OPPOSITE[op], value)
        case Every(parts):
            return Some(tuple(map(opposite, parts)))
        case Some(parts):
            return Every(tuple(map(opposite, parts)))


def holds(expression: Expression, context: Mapping[str, Value]) -> bool:
    """The plain meaning: what every engine has to agree with."""
    match expression:
        case Compare(key, op, value):
            return _COMPARE[op](context[key], value)
        case Every(parts):
            return all(holds(part, context) for part in parts)
        case Some(parts):
            return any(holds(part, context) for part in parts)


_COMPARE: Mapping[str, Callable[[Value, Value], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


# ------------------------------------------------------------------------------- conditions


class Translation:
    """The rules of a rulebook as expressions over keys, and the keys of a profile's facts."""

    def __init__(self, rulebook: Rulebook, inactive: frozenset[str]) -> None:
        self._rulebook = rulebook
        self.active = [rule for rule in rulebook.rules.values() if rule.id not in inactive]
        """Rules that other engines evaluate; those not in effect are silent anyway."""
        self._tested = {test.feature for test in rulebook.tests}
        self._known_tested = {test.feature for test in rulebook.tests if test.name == "known"}

    def rules(self) -> Iterator[tuple[Rule, Expression]]:
        """Every active rule with the expression that says it certainly fires."""
        for rule in self.active:
            yield rule, self.certainly(rule.condition)

    def certainly(self, condition: Condition) -> Expression:
        """True exactly where the condition is TRUE."""
        match condition:
            case AllOf(parts):
                return _joined(Every, [self.certainly(part) for part in parts])
            case AnyOf(parts):
                return _joined(Some, [self.certainly(part) for part in parts])
            case Not(part):
                return opposite(self.possibly(part))
            case Test():
                return self._test(condition)[0]

    def possibly(self, condition: Condition) -> Expression:
        """True exactly where the condition is TRUE or UNKNOWN."""
        match condition:
            case AllOf(parts):
                return _joined(Every, [self.possibly(part) for part in parts])
            case AnyOf(parts):
                return _joined(Some, [self.possibly(part) for part in parts])
            case Not(part):
                return opposite(self.certainly(part))
            case Test():
                return self._test(condition)[1]

    def _test(self, test: Test) -> tuple[Expression, Expression]:
        feature = self._rulebook.features[test.feature]
        if test.name == "known":
            known = Compare(_key(feature, "known"), "==", bool(test.values[0]))
            return known, known
        if feature.type is Kind.SET:
            return _of_set(test, feature)
        return _of_ordered(test, feature) if feature.type in ORDERED else _of_options(test, feature)

    # -- keys -------------------------------------------------------------------------

    def context(self, facts: Mapping[str, Fact]) -> Context:
        """The keys of one profile, concluded features included where `facts` has them."""
        found: Context = {}
        for name in self._tested:
            if name in facts:
                found.update(self._keys(self._rulebook.features[name], facts[name]))
        return found

    def _keys(self, feature: Feature, fact: Fact) -> Iterator[tuple[str, Value]]:
        possible = fact.possible
        if feature.id in self._known_tested:
            yield _key(feature, "known"), is_exact(feature, possible)
        match possible:
            case Span(low, high):
                yield _key(feature, "low"), low
                yield _key(feature, "high"), high
            case Options(mask):
                for place in feature.position.values():
                    yield _key(feature, f"may_{place}"), bool(mask >> place & 1)
            case Members(present, absent):
                for place in range(len(feature.values) + feature.accepts_other):
                    yield _key(feature, f"has_{place}"), bool(present >> place & 1)
                    yield _key(feature, f"may_{place}"), not absent >> place & 1


def _key(feature: Feature, end: str) -> str:
    """A flat name every engine takes: no dots, which some read as nesting."""
    return f"{feature.id.replace('.', '__')}__{end}"


def rule_key(rule: Rule) -> str:
    """The rule's id as a flat name."""
    return rule.id.replace(".", "__")


def _joined(make: type[Every] | type[Some], parts: Sequence[Expression]) -> Expression:
    return parts[0] if len(parts) == 1 else make(tuple(parts))


def _places(mask: int) -> Iterator[int]:
    return (place for place in range(mask.bit_length()) if mask >> place & 1)


def _of_set(test: Test, feature: Feature) -> tuple[Expression, Expression]:
    join = Every if test.name == "includes_all" else Some
    members = list(_places(member_mask(test, feature)))

    def found(end: str) -> Expression:
        return _joined(join, [Compare(_key(feature, f"{end}_{at}"), "==", True) for at in members])

    if test.name == "empty":
        return opposite(found("may")), opposite(found("has"))
    return found("has"), found("may")


def _of_options(test: Test, feature: Feature) -> tuple[Expression, Expression]:
    wanted = allowed_mask(test, feature)
    full = (1 << len(feature.options)) - 1
    may = [Compare(_key(feature, f"may_{at}"), "==", True) for at in _places(wanted)]
    others = [Compare(_key(feature, f"may_{at}"), "==", False) for at in _places(full & ~wanted)]
    return _joined(Every, others), _joined(Some, may)


def _of_ordered(test: Test, feature: Feature) -> tuple[Expression, Expression]:
    stretches = allowed_intervals(test, feature)
    inside = [_inside(feature, *one) for one in stretches]
    meets = [_meets(feature, *one) for one in stretches]
    return _joined(Some, inside), _joined(Some, meets)


def _inside(
    feature: Feature, ends: tuple[float, float], open_low: bool, open_high: bool
) -> Expression:
    """Every possible value lies in the stretch; an end of the feature's range needs no test."""
    low, high = _range(feature)
    parts: list[Expression] = []
    if open_low or ends[0] > low:
        parts.append(Compare(_key(feature, "low"), ">" if open_low else ">=", ends[0]))
    if open_high or ends[1] < high:
        parts.append(Compare(_key(feature, "high"), "<" if open_high else "<=", ends[1]))
    return _joined(Every, parts)


def _meets(
    feature: Feature, ends: tuple[float, float], open_low: bool, open_high: bool
) -> Expression:
    """Some possible value lies in the stretch."""
    low, high = _range(feature)
    parts: list[Expression] = []
    if open_low or ends[0] > low:
        parts.append(Compare(_key(feature, "high"), ">" if open_low else ">=", ends[0]))
    if open_high or ends[1] < high:
        parts.append(Compare(_key(feature, "low"), "<" if open_high else "<=", ends[1]))
    return _joined(Every, parts)


def _range(feature: Feature) -> tuple[float, float]:
    return feature.range if feature.range is not None else (0, len(feature.values) - 1)
