"""What vignettes have to show of a rulebook: each rule, each test of it, each status.

In: a rulebook and a day. Out: the obligations, in a fixed order. Rules that are not in effect on
that day owe nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from recommender.candidates import Status
from recommender.conditions import (
    ALWAYS,
    FALSE,
    TRUE,
    UNKNOWN,
    Condition,
    Not,
    Test,
    Truth,
)
from recommender.governance.mutation.mutated_tests import Scale, scale_of
from recommender.governance.mutation.trees import Place, atoms, part_at, replaced
from recommender.rulebook import Rulebook
from recommender.rules import Rule
from recommender.vocabulary import Kind, Scalar


class Aspect(StrEnum):
    """What kind of thing is to be shown."""

    FIRED = "fired"
    """A rule that holds for somebody."""
    DECISIVE = "decisive"
    """Somebody whose plan would be another without the rule."""
    TEST = "test"
    """Somebody for whom one test is of that truth and alone decides the plan."""
    BOUNDARY = "boundary"
    """The same, of a whole number right at a threshold, on either side."""
    STATUS = "status"
    """An adaptation that came to stand so."""


@dataclass(frozen=True)
class Obligation:
    """One thing that some vignette has to show."""

    aspect: Aspect
    about: str
    """The rule, or the adaptation."""
    place: Place = ()
    """Which test of the rule."""
    truth: Truth = TRUE
    value: Scalar | None = None
    """At a threshold: the number."""
    status: Status | None = None

    def test(self, rulebook: Rulebook) -> Test:
        """The test it is about."""
        found = part_at(rulebook.rules[self.about].condition, self.place)
        assert isinstance(found, Test)
        return found


CONSTANT: Final[dict[Truth, Condition]] = {TRUE: ALWAYS, FALSE: Not(ALWAYS)}
OTHERWISE: Final[dict[Truth, tuple[Truth, ...]]] = {
    TRUE: (FALSE,),
    FALSE: (TRUE,),
    UNKNOWN: (TRUE, FALSE),
}
"""What a test is taken to be instead: the opposite, or once it is known."""


def instead(rule: Rule, place: Place, truth: Truth) -> Condition:
    """The condition of the rule with one test taken to be true, or false."""
    return replaced(rule.condition, place, CONSTANT[truth])


def obligations(rulebook: Rulebook, as_of: date) -> Iterator[Obligation]:
    """All of them, rules first."""
    scales: dict[str, Scale] = {}
    for rule in rulebook.rules.values():
        if rule.in_effect(as_of):
            yield from of_rule(rule, rulebook, scales)
    for name in rulebook.adaptations:
        for status in Status:
            yield Obligation(Aspect.STATUS, name, status=status)


def of_rule(rule: Rule, rulebook: Rulebook, scales: dict[str, Scale]) -> Iterator[Obligation]:
    """What has to be shown of one rule."""
    yield Obligation(Aspect.FIRED, rule.id)
    yield Obligation(Aspect.DECISIVE, rule.id)
    for place, test in atoms(rule.condition):
        for truth in (TRUE, UNKNOWN, FALSE) if test.name != "known" else (TRUE, FALSE):
            yield Obligation(Aspect.TEST, rule.id, place, truth)
        feature = rulebook.features[test.feature]
        if feature.type is Kind.INTEGER:
            if feature.id not in scales:
                scales[feature.id] = scale_of(feature, rulebook)
            for value, truth in _edges(test, scales[feature.id]):
                yield Obligation(Aspect.BOUNDARY, rule.id, place, truth, value)


def _edges(test: Test, scale: Scale) -> Iterator[tuple[Scalar, Truth]]:
    """The last number on either side of each threshold, with the truth of the test there."""
    ends = {
        "at_least": ((0, 0, -1),),
        "more_than": ((0, 1, 0),),
        "at_most": ((0, 0, 1),),
        "less_than": ((0, -1, 0),),
        "between": ((0, 0, -1), (1, 0, 1)),
    }
    for n, inside, outside in ends.get(test.name, ()):
        for steps, truth in ((inside, TRUE), (outside, FALSE)):
            value = scale.moved(test.values[n], steps)
            if value is not None:
                yield value, truth
