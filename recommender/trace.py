"""Trace: what every rule did for one patient, and which tests decided.

Explanation, coverage, diff and decision log all read a Trace; none asks an engine again.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from recommender.conditions import (
    FALSE,
    TRUE,
    UNKNOWN,
    Condition,
    Test,
    Truth,
    deciding,
    judge,
    true_parts,
)
from recommender.facts import Fact, Moment, Options, Possible, Span, is_exact, latest
from recommender.rulebook import Rulebook
from recommender.rules import Rule
from recommender.vocabulary import Feature, Kind

SAID = {TRUE: "fired", UNKNOWN: "unknown", FALSE: "silent"}


class Trace(NamedTuple):
    """The truth of every rule and every test, over the facts with what was concluded."""

    rulebook: Rulebook
    as_of: date
    facts: Mapping[str, Fact]
    truths: Mapping[str, Truth]
    row: Sequence[Truth]
    """The truth of each test, in the order of `place`."""
    place: Mapping[Test, int]

    def of(self, test: Test) -> Truth:
        """The truth of one test of the rulebook."""
        return self.row[self.place[test]]

    def holds(self, condition: Condition) -> Truth:
        """The truth of any condition made of tests of the rulebook."""
        return judge(condition, self.of)

    def live(self) -> Iterator[tuple[Rule, Truth]]:
        """Every rule that fired or is unknown, by id."""
        for rule in self.rulebook.rules.values():
            truth = self.truths[rule.id]
            if truth:
                yield rule, truth

    def deciding(self, rule: Rule) -> tuple[Test, ...]:
        """The tests a reason for this rule's truth has to name.

        A rule that is not in effect is silent whatever its tests say: only those that fail count.
        """
        return self.rulebook.reasons[rule.id](self.row, self.truths[rule.id])

    def is_known(self, feature: str) -> bool:
        """Whether exactly one value is possible."""
        return is_exact(self.rulebook.features[feature], self.facts[feature].possible)

    def open_behind(self, rule: Rule) -> tuple[str, ...]:
        """The features not exactly known behind the unknown parts of an unknown rule.

        A concluded feature stands for what it rests on.
        """
        return tuple(dict.fromkeys(self._open(rule.condition)))

    def _open(self, condition: Condition) -> Iterator[str]:
        for test in deciding(condition, self.of):
            concluding = self.rulebook.concluding.get(test.feature)
            if concluding is None:
                yield test.feature
                continue
            for rule in concluding:
                if self.truths[rule.id] == UNKNOWN and self._still_possible(rule):
                    yield from self._open(rule.condition)

    def _still_possible(self, rule: Rule) -> bool:
        name, value = rule.concludes
        feature, possible = self.rulebook.features[name], self.facts[name].possible
        place = feature.position[value]
        if isinstance(possible, Span):
            return possible.low <= place <= possible.high
        return bool(possible[0] >> place & 1)

    def newest_true_part(self, rule: Rule) -> Moment | None:
        """When the newest value was seen that speaks for the rule; None when none does."""
        found = [on for test in true_parts(rule.condition, self.of) for on in self._seen_on(test)]
        return latest(found)

    def _seen_on(self, test: Test) -> Iterator[Moment]:
        concluding = self.rulebook.concluding.get(test.feature)
        if concluding is None:
            on = self.facts[test.feature].on
            if on is not None:
                yield on
            return
        effective = [rule for rule in concluding if rule.in_effect(self.as_of)]
        fired = [rule for rule in effective if self.truths[rule.id] == TRUE]
        for rule in fired or effective:
            wanted = TRUE if fired else FALSE
            for part in true_parts(rule.condition, self.of, wanted=wanted):
                yield from self._seen_on(part)


def concluded(feature: Feature, rules: Sequence[Rule], truths: Mapping[str, Truth]) -> Possible:
    """What a concluded feature can be: the last true value, and what is still open after it.

    Without a true rule: the default, and every value with an unknown rule.
    """
    position = feature.position
    true_ones = [position[r.concludes[1]] for r in rules if truths[r.id] == TRUE]
    settled = max(true_ones) if true_ones else None
    open_places = 0
    for rule in rules:
        place = position[rule.concludes[1]]
        if truths[rule.id] == UNKNOWN and (settled is None or place > settled):
            open_places |= 1 << place
    return possible_places(feature, settled, open_places)


def possible_places(feature: Feature, settled: int | None, open_places: int) -> Possible:
    """The settled place, or the default where none is, beside the open ones; ordinals span them."""
    assert feature.default is not None
    place = feature.position[feature.default] if settled is None else settled
    mask = open_places | 1 << place
    if feature.type is Kind.ORDINAL:
        return Span((mask & -mask).bit_length() - 1, mask.bit_length() - 1)
    return Options(mask)
