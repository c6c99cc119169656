"""Whether anybody would notice a mutant: a vignette whose expectation fails, or an example.

In: a rulebook and its vignettes. Out: for each mutant the first vignette, in the order of their
names, that is no longer as expected; else the first example of the rule that fails.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import NamedTuple

from recommender.conditions import tests_of
from recommender.errors import EngineError
from recommender.governance.cases import Case, Cases, touched
from recommender.governance.examples import WANTED, truth_of
from recommender.governance.mutants import Mutant
from recommender.governance.vignettes import differences
from recommender.invariants import require_invariants
from recommender.profile import Profile
from recommender.recommendation import Recommendation
from recommender.rulebook import Rulebook
from recommender.rules import Rule
from recommender.stops import Stop


class Asked(NamedTuple):
    """One question that a vignette expects, and why it is asked."""

    case: Case
    feature: str
    can_change: frozenset[str]


class Killing:
    """The vignettes of one rulebook, held against its mutants."""

    def __init__(
        self,
        rulebook: Rulebook,
        vignettes: Iterable[tuple[str, Profile]],
        mutants: Iterable[Mutant],
        as_of: date,
    ) -> None:
        self._rulebook = rulebook
        changed = [one.mutated for one in mutants if one.mutated is not None]
        tests = (test for rule in changed for test in tests_of(rule.condition))
        self.cases = Cases(rulebook, vignettes, as_of, tests)
        self.failing = tuple(c.name for c in self.cases.all if self._notices(c, c.answer, c.stops))
        """Vignettes that are not as expected even so: they notice nothing."""
        self._reviewed = [c for c in self.cases.all if c.name not in self.failing]

    def vignette(self, mutant: Mutant) -> str:
        """The first vignette that notices; empty when none does."""
        rule = self._rulebook.rules[mutant.rule]
        book = self._rulebook.with_rules(mutant.rules(self._rulebook))
        answered = self.cases.changed(book, rule.id)
        answers: dict[str, Recommendation] = {}
        for case, truth in self.cases.reached(rule, mutant.mutated):
            if case.name in self.failing:
                continue
            answer, stops = answered(case, truth)
            if self._notices(case, answer, stops, asks=False):
                return case.name
            answers[case.name] = answer
        truth_of_mutant = self.cases.truth_of(mutant.mutated)
        for asked in self._at_risk(rule):
            case = asked.case
            answer = answers.get(case.name) or answered(case, truth_of_mutant(case))[0]
            required = {one.text.ask for one in answer.plan.required_asks}
            if asked.feature not in required and all(
                question.feature != asked.feature for question in answer.ask
            ):
                return case.name
        return ""

    def example(self, mutant: Mutant) -> str:
        """The first example of the rule that the mutant fails; empty when none does."""
        if mutant.mutated is None:
            return ""
        for name, wanted in WANTED.items():
            example = getattr(mutant.mutated.text.examples, name, None)
            if example is not None:
                truth = truth_of(mutant.mutated, example, self._rulebook)
                if truth != wanted:
                    return name
        return ""

    @staticmethod
    def _notices(
        case: Case, answer: Recommendation, stops: Iterable[Stop], *, asks: bool = True
    ) -> bool:
        """Whether the vignette fails: other than expected, or an invariant breaks and no plan is."""
        if next(differences(case.profile, answer, asks=asks), None) is not None:
            return True
        try:
            require_invariants(answer, tuple(stops))
        except EngineError:
            return True
        return False

    # -- questions ----------------------------------------------------------------------------

    def _at_risk(self, rule: Rule) -> Iterator[Asked]:
        """Expected questions that nothing asks for but what the rule has a part in."""
        reach = touched(self._rulebook, rule)
        for asked in self._expected:
            if asked.can_change <= reach and (reach or self._requires(asked, rule)):
                yield asked

    def _requires(self, asked: Asked, rule: Rule) -> bool:
        return rule in asked.case.answer.plan.required_asks and rule.text.ask == asked.feature

    @cached_property
    def _expected(self) -> list[Asked]:
        found = []
        for case in self._reviewed:
            names = (case.profile.expect or {}).get("asks", ())
            why: Mapping[str, tuple[str, ...]] = (
                {one.feature: one.can_change for one in case.answer.ask} if names else {}
            )
            found += [Asked(case, name, frozenset(why[name])) for name in names]
        return found
