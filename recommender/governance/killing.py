"""Whether anybody would notice a mutant: a vignette whose expectation fails, or an example.

In: a rulebook and its vignettes. Out: for each mutant the first vignette, in the order of their
names, that is no longer as expected; else the first example of the rule that fails.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import NamedTuple

from recommender.conditions import Truth, tests_of
from recommender.errors import EngineError
from recommender.governance.cases import Answered, Case, Cases, goes_by_day, touched
from recommender.governance.effects import Effect, seen
from recommender.governance.examples import WANTED, truth_of
from recommender.governance.mutants import Mutant
from recommender.governance.vignettes import differences, is_asked
from recommender.invariants import require_invariants
from recommender.profile import Profile
from recommender.recommendation import Recommendation
from recommender.rulebook import Rulebook
from recommender.rules import Rule, Verb
from recommender.stops import Stop

Look = tuple[bool, Recommendation | None]
"""Whether a vignette notices, and its answer where that is another."""


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
        self._looks: dict[tuple[str, str, Truth], Look] = {}
        self._reviewed = [c for c in self.cases.all if c.name not in self.failing]

    def vignette(self, mutant: Mutant) -> str:
        """The first vignette that notices; empty when none does."""
        rule = self._rulebook.rules[mutant.rule]
        look = self._look(mutant, rule)
        answers: dict[str, Recommendation] = {}
        for case, truth in self.cases.reached(rule, mutant.mutated):
            if case.name in self.failing or not _may_notice(case, rule):
                continue
            noticed, answer = look(case, truth)
            if noticed:
                return case.name
            if answer is not None:
                answers[case.name] = answer
        return next(self._unasked(mutant, rule, answers), "")

    def shown_by(self, mutant: Mutant) -> tuple[str, Effect] | None:
        """The first vignette whose plan is another, expected or not, and in what it differs."""
        rule = self._rulebook.rules[mutant.rule]
        book = self._rulebook.with_rules(mutant.rules(self._rulebook))
        answered = self.cases.changed(book, rule.id)
        for case, truth in self.cases.reached(rule, mutant.mutated):
            found = answered(case, truth)
            if found is not None:
                before, after = self.cases.seen(case), seen(found[0])
                if before != after:
                    every = sorted(before.keys() | after.keys())
                    return case.name, next(e for e in every if before.get(e) != after.get(e))
        return None

    def _look(self, mutant: Mutant, rule: Rule) -> Callable[[Case, Truth], Look]:
        """Whether a case notices; where only the rule's truth counts that is worked out once."""
        same_text = mutant.mutated is None or mutant.mutated.text is rule.text
        by_truth = same_text and not goes_by_day(rule)
        book: list[Rulebook] = []

        def looked(case: Case, truth: Truth) -> Look:
            if not by_truth or self.cases.dates(case, rule):
                book[:] = book or [self._rulebook.with_rules(mutant.rules(self._rulebook))]
                return self._seen(case, self.cases.changed(book[0], rule.id)(case, truth))
            key = rule.id, case.name, truth
            if key not in self._looks:
                found = self.cases.changed(self._rulebook, rule.id)(case, truth)
                self._looks[key] = self._seen(case, found)
            return self._looks[key]

        return looked

    def _seen(self, case: Case, found: Answered | None) -> Look:
        if found is None:
            return False, None
        return self._notices(case, *found, asks=False), found[0]

    def _unasked(
        self, mutant: Mutant, rule: Rule, answers: Mapping[str, Recommendation]
    ) -> Iterator[str]:
        """The vignettes with a question that is no longer asked."""
        truth_of = self.cases.truth_of(mutant.mutated)
        book: list[Rulebook] = []
        for case, feature in self._at_risk(rule):
            answer = answers.get(case.name, case.answer)
            if feature not in {one.text.ask for one in answer.plan.required_asks}:
                book[:] = book or [self._rulebook.with_rules(mutant.rules(self._rulebook))]
                answer = self.cases.whole(book[0], rule.id, case, truth_of)
                if not is_asked(feature, answer):
                    yield case.name

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
        """Whether the vignette fails: other than expected, or no answer as an invariant breaks."""
        if next(differences(case.profile, answer, asks=asks), None) is not None:
            return True
        try:
            require_invariants(answer, tuple(stops))
        except EngineError:
            return True
        return False

    # -- questions ----------------------------------------------------------------------------

    def _at_risk(self, rule: Rule) -> Iterator[tuple[Case, str]]:
        """Expected questions that nothing asks for but what the rule has a part in."""
        reach = touched(self._rulebook, rule)
        for asked in self._expected:
            if asked.can_change <= reach and (reach or self._requires(asked, rule)):
                yield asked.case, asked.feature

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


def _may_notice(case: Case, rule: Rule) -> bool:
    """Whether a vignette says anything about what rules of this kind do."""
    expect = case.profile.expect or {}
    if rule.verb in (Verb.CAUTION, Verb.TAILOR):
        return "plan" in expect
    return "flags" in expect if rule.verb is Verb.FLAG else True
