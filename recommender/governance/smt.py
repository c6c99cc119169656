"""The second opinion: the same claims written as SMT from the rules alone, and decided by z3.

In: a rulebook and a day. Out: for each claim a formula that is satisfiable exactly when somebody
may break it. Nothing of the diagrams is used: ordered features are two numbers, choices one truth a
value, sets two a member, and a condition is a pair of formulas, «certainly true» and «certainly
false». The only home of z3, which is imported when this is.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

import z3

from recommender.conditions import AllOf, AnyOf, Condition, Not, Test, rank
from recommender.governance.derivations import derivations, inclusions, readings
from recommender.governance.world import is_wish
from recommender.rulebook import Rulebook
from recommender.rules import Rule, Verb
from recommender.vocabulary import ORDERED, Feature, Kind

Formula = Any
"""A z3.BoolRef; z3 has no types to speak of."""


class Pair(NamedTuple):
    """When a condition is certainly true, and when it certainly is not."""

    true: Formula
    false: Formula

    @property
    def open(self) -> Formula:
        """When it is neither."""
        return z3.And(z3.Not(self.true), z3.Not(self.false))

    @property
    def live(self) -> Formula:
        """When it may be true."""
        return z3.Not(self.false)


class Person:
    """All that may be known of one person, as variables, and what rules make of it."""

    def __init__(self, rulebook: Rulebook, as_of: date, name: str = "") -> None:
        self.rulebook = rulebook
        self._name = name
        self._inactive = rulebook.inactive(as_of)
        self._low: dict[str, Any] = {}
        self._high: dict[str, Any] = {}
        self._may_be: dict[str, list[Formula]] = {}
        self._present: dict[str, list[Formula]] = {}
        self._absent: dict[str, list[Formula]] = {}
        self._tests: dict[Test, Pair] = {}
        self.sensible: list[Formula] = []
        """What makes the variables a person at all."""
        for name_, rules in rulebook.concluding.items():
            self._may_be[name_] = list(self._concluded(rulebook.features[name_], rules))

    # -- variables ------------------------------------------------------------------------

    def _ordered(self, feature: Feature) -> tuple[Any, Any]:
        if feature.id not in self._low:
            kind = z3.Real if feature.type is Kind.DECIMAL else z3.Int
            low, high = (kind(f"{self._name}{feature.id}.{end}") for end in ("low", "high"))
            least, most = feature.range or (0, len(feature.values) - 1)
            self.sensible += [low >= least, low <= high, high <= most]
            self._low[feature.id], self._high[feature.id] = low, high
        return self._low[feature.id], self._high[feature.id]

    def _options(self, feature: Feature) -> list[Formula]:
        if feature.id not in self._may_be:
            made = [z3.Bool(f"{self._name}{feature.id}={one}") for one in feature.options]
            self.sensible.append(z3.Or(made))
            self._may_be[feature.id] = made
        return self._may_be[feature.id]

    def _members(self, feature: Feature) -> tuple[list[Formula], list[Formula]]:
        if feature.id not in self._present:
            names = [*feature.values, *(["(other)"] if feature.accepts_other else [])]
            present = [z3.Bool(f"{self._name}{feature.id}+{one}") for one in names]
            absent = [z3.Bool(f"{self._name}{feature.id}-{one}") for one in names]
            both = zip(present, absent, strict=True)
            self.sensible += [z3.Not(z3.And(yes, no)) for yes, no in both]
            self._present[feature.id], self._absent[feature.id] = present, absent
        return self._present[feature.id], self._absent[feature.id]

    def variables_of(self, feature: Feature) -> list[Formula]:
        """The variables of a feature that is no set: its two ends, or a truth for each value."""
        if feature.id in self.rulebook.concluding or feature.type not in ORDERED:
            return self._options(feature)
        return list(self._ordered(feature))

    def exactly_known(self, name: str) -> Formula:
        """When one value is possible."""
        feature = self.rulebook.features[name]
        if feature.type is Kind.SET:
            return z3.And([z3.Or(y, n) for y, n in zip(*self._members(feature), strict=True)])
        if name in self.rulebook.concluding or feature.type not in ORDERED:
            return z3.PbEq([(one, 1) for one in self._options(feature)], 1)
        low, high = self._ordered(feature)
        return low == high

    def lifted(self, rule: Rule) -> Formula:
        """That an act, or answers, lifted a rule."""
        if not (rule.text.release or rule.text.answered_by) or rule.id in self._inactive:
            return z3.BoolVal(False)
        return z3.Bool(f"{self._name}lifted:{rule.id}")

    def declines(self, adaptation: str) -> Formula:
        """That the patient declines it."""
        return z3.Bool(f"{self._name}declined:{adaptation}")

    # -- conditions -----------------------------------------------------------------------

    def of(self, condition: Condition) -> Pair:
        """A condition as a pair."""
        match condition:
            case Test():
                if condition not in self._tests:
                    feature = self.rulebook.features[condition.feature]
                    self._tests[condition] = self._test(condition, feature)
                return self._tests[condition]
            case Not(part):
                inner = self.of(part)
                return Pair(inner.false, inner.true)
            case AllOf(parts):
                pairs = [self.of(part) for part in parts]
                return Pair(z3.And([p.true for p in pairs]), z3.Or([p.false for p in pairs]))
            case AnyOf(parts):
                pairs = [self.of(part) for part in parts]
                return Pair(z3.Or([p.true for p in pairs]), z3.And([p.false for p in pairs]))

    def rule(self, rule: Rule) -> Pair:
        """A rule as a pair; certainly false while it is not in effect."""
        if rule.id in self._inactive:
            return Pair(z3.BoolVal(False), z3.BoolVal(True))
        return self.of(rule.condition)

    def _test(self, test: Test, feature: Feature) -> Pair:
        if test.name == "known":
            known = self.exactly_known(feature.id)
            pair = Pair(known, z3.Not(known))
            return pair if test.values[0] else Pair(pair.false, pair.true)
        if feature.type is Kind.SET:
            return self._of_set(test, feature)
        if feature.id in self.rulebook.concluding or feature.type not in ORDERED:
            return self._of_options(test, feature)
        return self._of_ordered(test, feature)

    def _of_set(self, test: Test, feature: Feature) -> Pair:
        present, absent = self._members(feature)
        if test.name == "empty":
            return Pair(z3.And(absent), z3.Or(present))
        asked = [feature.values.index(str(one)) for one in test.values]
        yes, no = [present[at] for at in asked], [absent[at] for at in asked]
        if test.name == "includes_all":
            return Pair(z3.And(yes), z3.Or(no))
        return Pair(z3.Or(yes), z3.And(no))

    def _of_options(self, test: Test, feature: Feature) -> Pair:
        may_be = self._options(feature)
        met = [_meets(test, feature, place) for place in range(len(feature.options))]
        inside = [one for one, so in zip(may_be, met, strict=True) if so]
        outside = [one for one, so in zip(may_be, met, strict=True) if not so]
        return Pair(z3.Not(z3.Or(outside)), z3.Not(z3.Or(inside)))

    def _of_ordered(self, test: Test, feature: Feature) -> Pair:
        low, high = self._ordered(feature)
        at = [rank(feature, one) for one in test.values]
        match test.name:
            case "at_least":
                return Pair(low >= at[0], high < at[0])
            case "more_than":
                return Pair(low > at[0], high <= at[0])
            case "at_most":
                return Pair(high <= at[0], low > at[0])
            case "less_than":
                return Pair(high < at[0], low >= at[0])
            case "between":
                inside = z3.And(low >= at[0], high <= at[1])
                return Pair(inside, z3.Or(high < at[0], low > at[1]))
        return self._one_of(sorted(set(at)), feature)

    def _one_of(self, points: Sequence[float], feature: Feature) -> Pair:
        low, high = self._ordered(feature)

        def holds(point: float) -> Formula:
            return z3.And(low <= point, point <= high)

        none = z3.Not(z3.Or([holds(point) for point in points]))
        if feature.type is Kind.DECIMAL:
            return Pair(z3.And(low == high, z3.Or([low == point for point in points])), none)
        first, last = feature.range or (0, len(feature.values) - 1)
        others = [at for at in range(int(first), int(last) + 1) if at not in points]
        return Pair(z3.Not(z3.Or([holds(point) for point in others])), none)

    def _concluded(self, feature: Feature, rules: Iterable[Rule]) -> Iterator[Formula]:
        """Which values a concluded feature may have: the last true one, and open ones behind it."""
        said = [
            [self.rule(r) for r in rules if r.concludes[1] == value] for value in feature.options
        ]
        true = [z3.Or([pair.true for pair in pairs]) for pairs in said]
        maybe = [z3.Or([pair.open for pair in pairs]) for pairs in said]
        may_be = []
        for place, value in enumerate(feature.options):
            later = z3.Or(true[place + 1 :])
            none = z3.Not(z3.Or(true))
            settled = z3.And(true[place], z3.Not(later))
            opened = z3.And(maybe[place], z3.Not(z3.Or(true[place:])))
            default = none if value == feature.default else z3.BoolVal(False)
            may_be.append(z3.Or(settled, opened, default))
        for place in range(len(may_be)):
            if feature.type is Kind.ORDINAL:
                yield z3.And(z3.Or(may_be[: place + 1]), z3.Or(may_be[place:]))
            else:
                yield may_be[place]

    # -- who there is -----------------------------------------------------------------------

    def exists(self) -> list[Formula]:
        """What holds of every person, once all that is asked about is built."""
        made: list[Formula] = [
            z3.Not(z3.And(self.of(link.when).true, self.of(link.then).false))
            for link in self.rulebook.links
        ]
        made += [
            z3.Implies(self.of(scored).true, self.of(value).true)
            for scored, value in derivations(self.rulebook)
        ]
        for one in inclusions(self.rulebook):
            if self._low.keys() >= {one.fewer.id, one.more.id}:
                (low, high), (least, most) = map(self._ordered, one)
                made += [low <= least, high <= most]
        for feature, stretches in readings(self.rulebook):
            if feature.id in self._low:
                low, high = self._ordered(feature)
                least, most = feature.range or (0, len(feature.values) - 1)
                ends = [(least, most), *((one.low, one.high) for one in sorted(stretches))]
                made.append(z3.Or(low == high, *(z3.And(low == a, high == b) for a, b in ends)))
        made += self._wishes()
        for name, feature in self.rulebook.features.items():
            if name.startswith("release.") and not feature.from_ and name in self._may_be:
                made.append(self.exactly_known(name))
        for rule in self.rulebook.rules.values():
            if rule.verb in (Verb.EXCLUDE, Verb.REFER) and not z3.is_false(self.lifted(rule)):
                may = z3.And(self._speaks(rule.condition, wanted=True), self._may_lift(rule))
                made.append(z3.Implies(self.lifted(rule), may))
        return [*self.sensible, *made]

    def _wishes(self) -> Iterator[Formula]:
        """Lists of wishes are complete, and what is declined is on the list of it."""
        for name, present in self._present.items():
            feature = self.rulebook.features[name]
            if not is_wish(feature):
                continue
            for yes, no in zip(present, self._absent[name], strict=True):
                yield z3.Xor(yes, no)
            if name == "preferences.declines":
                for one, yes in zip(feature.values, present, strict=False):
                    yield yes == self.declines(one)

    def _may_lift(self, rule: Rule) -> Formula:
        recorded = f"release.{rule.text.release}"
        ways: list[Formula] = []
        if rule.text.release:
            declared = recorded in self.rulebook.features and recorded in self._asked
            done = Test(recorded, "is", (True,))
            ways.append(self.of(done).true if declared else z3.BoolVal(True))
        if rule.text.answered_by:
            ways.append(z3.And([self.exactly_known(name) for name in rule.text.answered_by]))
        return z3.Or(ways)

    @property
    def _asked(self) -> set[str]:
        return {test.feature for test in self.rulebook.tests}

    def _speaks(self, condition: Condition, *, wanted: bool) -> Formula:
        match condition:
            case Test():
                pair = self.of(condition)
                return pair.true if wanted else pair.false
            case Not(part):
                return self._speaks(part, wanted=not wanted)
            case AllOf(parts) | AnyOf(parts):
                return z3.Or([self._speaks(part, wanted=wanted) for part in parts])


def _meets(test: Test, feature: Feature, place: int) -> bool:
    """Whether one listed value meets a test."""
    at = [feature.options.index(one) for one in test.values]
    match test.name:
        case "at_least":
            return place >= at[0]
        case "more_than":
            return place > at[0]
        case "at_most":
            return place <= at[0]
        case "less_than":
            return place < at[0]
        case "between":
            return at[0] <= place <= at[1]
    return place in at
