"""Whether anybody would notice a mutant: a vignette whose expectation fails, or an example.

In: a rulebook and its vignettes, and perhaps pinned ones that nobody has confirmed. Out: for each
mutant the first vignette, in the order of their names, that is no longer as expected; else the
first example of the rule that fails; else the first vignette whose whole plan is another, or the
first pinned one that is no longer as it was.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import NamedTuple

from recommender.conditions import Truth, tests_of
from recommender.governance.comparing.effects import Effect, seen
from recommender.governance.comparing.pair import with_conclusions
from recommender.governance.examples import WANTED, truth_of
from recommender.governance.mutation.mutants import Mutant
from recommender.governance.suites.cases import Answered, Case, Cases, goes_by_day, spoken, touched
from recommender.governance.vignettes import differences
from recommender.invariants import holds
from recommender.profile import Profile
from recommender.recommendation import Recommendation
from recommender.rulebook import Rulebook
from recommender.rules import Rule, Verb
from recommender.stops import Stop


class Asked(NamedTuple):
    """One question that a vignette expects, and why it is asked."""

    case: Case
    feature: str
    can_change: frozenset[str]


class _Look:
    """What one vignette makes of a mutant."""

    def __init__(self, cases: Cases, case: Case, answered: Answered | None) -> None:
        self._cases = cases
        self._case = case
        self.answered = answered
        """Its answer and stops; None where nothing of its plan is another."""

    @cached_property
    def noticed(self) -> bool:
        """Whether it is other than expected, the questions aside."""
        found = self.answered
        return found is not None and _fails(self._cases, self._case, *found, asks=False)

    @cached_property
    def effect(self) -> Effect | None:
        """In what its plan is another."""
        if self.answered is None:
            return None
        before, after = self._cases.seen(self._case), seen(self.answered[0])
        if before == after:
            return None
        every = sorted(before.keys() | after.keys())
        return next(e for e in every if before.get(e) != after.get(e))


def _fails(
    cases: Cases, case: Case, answer: Recommendation, stops: Iterable[Stop], *, asks: bool = True
) -> bool:
    """Whether the vignette fails: other than expected, or no answer as an invariant breaks."""
    if next(differences(case.profile, answer, asks=asks), None) is not None:
        return True
    every = tuple(stops)
    return not all(holds(one, answer, every) for one in cases.applying(case, answer.trace))


class Killing:
    """The vignettes of one rulebook, held against its mutants."""

    def __init__(
        self,
        rulebook: Rulebook,
        vignettes: Iterable[tuple[str, Profile]],
        mutants: Iterable[Mutant],
        as_of: date,
        pinned: Iterable[tuple[str, Profile]] = (),
    ) -> None:
        self._rulebook = rulebook
        vignettes, pinned = list(vignettes), list(pinned)
        changed = [one.mutated for one in mutants if one.mutated is not None]
        tests = (test for rule in changed for test in tests_of(rule.condition))
        self.cases = Cases(rulebook, [*vignettes, *pinned], as_of, tests)
        self.failing = tuple(
            c.name for c in self.cases.all if _fails(self.cases, c, c.answer, c.stops)
        )
        """Vignettes that are not as expected even so: they notice nothing."""
        self._of = ""
        self._looks: dict[Hashable, _Look] = {}
        sound = [(n, c) for n, c in enumerate(self.cases.all) if c.name not in self.failing]
        self._reviewed = [case for n, case in sound if n < len(vignettes)]
        self._pinned = [case for n, case in sound if n >= len(vignettes)]

    def vignette(self, mutant: Mutant) -> str:
        """The first vignette that notices; empty when none does."""
        return next(self._noticing(mutant, self._reviewed), "")

    def pinned(self, mutant: Mutant) -> str:
        """The first pinned vignette that notices; empty when none does."""
        return next(self.every_pinned(mutant), "")

    def every_pinned(self, mutant: Mutant) -> Iterator[str]:
        """Each pinned vignette that notices."""
        return self._noticing(mutant, self._pinned)

    def _noticing(self, mutant: Mutant, among: Sequence[Case]) -> Iterator[str]:
        rule = self._rulebook.rules[mutant.rule]
        look = self._look(mutant, rule)
        answers: dict[str, Recommendation] = {}
        for case, truth in self.cases.reached(rule, mutant.mutated, among):
            if not _may_notice(case, rule):
                continue
            seen_so = look(case, truth)
            if seen_so.noticed:
                yield case.name
            elif seen_so.answered is not None:
                answers[case.name] = seen_so.answered[0]
        yield from self._unasked(mutant, rule, answers, {case.name for case in among})

    def planned(self, mutant: Mutant) -> str:
        """The first vignette, of those that are as expected, whose plan is another in anything."""
        shown = self._shown(mutant, self._reviewed)
        return shown[0] if shown is not None else ""

    def shown_by(self, mutant: Mutant) -> tuple[str, Effect] | None:
        """The first vignette whose plan is another, expected or not, and in what it differs."""
        return self._shown(mutant, self.cases.all)

    def _shown(self, mutant: Mutant, among: Iterable[Case]) -> tuple[str, Effect] | None:
        rule = self._rulebook.rules[mutant.rule]
        look = self._look(mutant, rule)
        for case, truth in self.cases.reached(rule, mutant.mutated, among):
            effect = look(case, truth).effect
            if effect is not None:
                return case.name, effect
        return None

    def _look(self, mutant: Mutant, rule: Rule) -> "Callable[[Case, Truth], _Look]":
        """What a case makes of a mutant; worked out once where only the rule's truth counts.

        Of a rule that goes by the day of findings the newest that speaks for it counts as well.
        """
        same_text = mutant.mutated is None or mutant.mutated.text is rule.text
        if self._of != rule.id:
            self._of, self._looks = rule.id, {}
        dated = goes_by_day(rule)
        plain = self.cases.changed(self._rulebook, rule.id)
        made: list[Callable[[Case, Truth], Answered | None]] = []

        def looked(case: Case, truth: Truth) -> _Look:
            shared = same_text and not self.cases.dates(case, rule)
            day = spoken(case, mutant.mutated) if dated else None
            key = None if shared else id(mutant), case.name, truth, day
            if key not in self._looks:
                if dated or not shared:
                    made[:] = made or [self.cases.changed(self._book(mutant), rule.id)]
                answered = made[0] if dated or not shared else plain
                self._looks[key] = _Look(self.cases, case, answered(case, truth))
            return self._looks[key]

        return looked

    def _book(self, mutant: Mutant) -> Rulebook:
        return self._rulebook.with_rules(mutant.rules(self._rulebook))

    def _unasked(
        self,
        mutant: Mutant,
        rule: Rule,
        answers: Mapping[str, Recommendation],
        among: Collection[str],
    ) -> Iterator[str]:
        """The vignettes with a question that is no longer asked."""
        truth_of = self.cases.truth_of(mutant.mutated)
        reach = touched(self._rulebook, rule)
        book: list[Rulebook] = []
        for case, feature in self._at_risk(rule, reach):
            if case.name not in among:
                continue
            answer = answers.get(case.name, case.answer)
            if feature not in {one.text.ask for one in answer.plan.required_asks}:
                book[:] = book or [about(self._book(mutant), reach)]
                asked = self.cases.asks(book[0], rule.id, case, truth_of(case), answer, reach)
                if feature not in asked:
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

    # -- questions ----------------------------------------------------------------------------

    def _at_risk(self, rule: Rule, reach: frozenset[str]) -> Iterator[tuple[Case, str]]:
        """Expected questions that nothing asks for but what the rule has a part in."""
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


def about(rulebook: Rulebook, reach: frozenset[str]) -> Rulebook:
    """The rules alone on which the membership of these adaptations and these referrals rest."""
    named = [
        rule.id
        for rule in rulebook.rules.values()
        if rule.id in reach
        or (rule.verb in (Verb.RECOMMEND, Verb.EXCLUDE) and not reach.isdisjoint(rule.targets))
    ]
    return rulebook.only(with_conclusions(rulebook, named))


def _may_notice(case: Case, rule: Rule) -> bool:
    """Whether a vignette says anything about what rules of this kind do."""
    expect = case.profile.expect or {}
    if rule.verb in (Verb.CAUTION, Verb.TAILOR):
        return "plan" in expect
    return "flags" in expect if rule.verb is Verb.FLAG else True
