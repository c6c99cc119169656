"""The default engine: conditions compiled once per rulebook to closures over a row of truths.

In: the facts of one profile. Out: a Trace. Every distinct test is judged once; rules combine the
results, concluded features stratum by stratum.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from recommender.conditions import FALSE, Judge, Test, Truth, compile_condition, compile_test
from recommender.facts import Fact, State, is_exact
from recommender.rulebook import Rulebook
from recommender.rules import Rule
from recommender.trace import Trace, concluded
from recommender.vocabulary import Feature

Row = list[Truth]


def infer(facts: Mapping[str, Fact], rulebook: Rulebook, as_of: date) -> Trace:
    """What every rule does with these facts on that day."""
    program = rulebook.derived(Program, rulebook.inactive(as_of))
    return program.run(facts, as_of)


class Program:
    """A rulebook compiled: which tests to judge, in which order, and what rules make of them."""

    def __init__(self, rulebook: Rulebook, inactive: frozenset[str]) -> None:
        self._rulebook = rulebook
        self._tests = rulebook.tests
        self._place = {test: at for at, test in enumerate(self._tests)}
        rules = [rule for rule in rulebook.rules.values() if rule.id not in inactive]
        self._silent = dict.fromkeys(sorted(inactive), FALSE)
        settled = rulebook.concluding
        self._first = self._judges([t for t in self._tests if t.feature not in settled])
        self._strata = [
            (
                rulebook.features[name],
                concluding,
                self._compiled(concluding, inactive),
                self._on(name),
            )
            for name, concluding in settled.items()
        ]
        concluding_ids = {rule.id for found in settled.values() for rule in found}
        self._rest = self._compiled([r for r in rules if r.id not in concluding_ids], inactive)

    def _judges(self, tests: Sequence[Test]) -> list[tuple[int, str, Judge]]:
        features = self._rulebook.features
        return [(self._place[t], t.feature, compile_test(t, features[t.feature])) for t in tests]

    def _on(self, feature: str) -> list[tuple[int, str, Judge]]:
        return self._judges([test for test in self._tests if test.feature == feature])

    def _compiled(
        self, rules: Sequence[Rule], inactive: frozenset[str]
    ) -> list[tuple[str, Callable[[Sequence[Truth]], Truth]]]:
        return [
            (rule.id, compile_condition(rule.condition, self._place))
            for rule in rules
            if rule.id not in inactive
        ]

    def run(self, facts: Mapping[str, Fact], as_of: date) -> Trace:
        """The trace of one profile."""
        row: Row = [FALSE] * len(self._tests)
        known = dict(facts)
        truths: dict[str, Truth] = dict(self._silent)
        for at, feature, judged in self._first:
            row[at] = judged(known[feature].possible)
        for concluded_feature, rules, compiled, tests in self._strata:
            for rule_id, condition in compiled:
                truths[rule_id] = condition(row)
            fact = _concluded_fact(concluded_feature, rules, truths)
            known[concluded_feature.id] = fact
            for at, _, judged in tests:
                row[at] = judged(fact.possible)
        for rule_id, condition in self._rest:
            truths[rule_id] = condition(row)
        return Trace(self._rulebook, as_of, known, truths, row, self._place)


def _concluded_fact(feature: Feature, rules: Sequence[Rule], truths: Mapping[str, Truth]) -> Fact:
    possible = concluded(feature, rules, truths)
    state = State.KNOWN if is_exact(feature, possible) else State.PARTIAL
    return Fact(feature.id, possible, state, source="rules")
