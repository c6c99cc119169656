"""Which vignette shows what: obligations looked up in what the evaluator made of each.

In: prepared vignettes. Out: for each obligation the first vignette, by name, that meets it. A plan
counts as another where anything an answer shows is another; a rule counts as of another truth as
far as its condition goes, and all that rests on it is worked out anew.
"""

from collections.abc import Callable, Iterator, Sequence

from recommender.candidates import Status
from recommender.conditions import FALSE, TRUE, Truth
from recommender.facts import Possible, exactly
from recommender.governance.comparing.effects import seen
from recommender.governance.coverage.obligations import OTHERWISE, Aspect, Obligation, instead
from recommender.governance.suites.cases import Case, Cases
from recommender.rulebook import Rulebook
from recommender.rules import Rule


class Covering:
    """Vignettes as what they show."""

    def __init__(self, rulebook: Rulebook, cases: Cases) -> None:
        self._rulebook = rulebook
        self._cases = cases
        self._differs: dict[tuple[str, str, Truth], bool] = {}
        self._instead: dict[tuple[Obligation, Truth], Callable[[Case], Truth]] = {}

    def first(
        self, several: Sequence[Obligation], cases: Sequence[Case]
    ) -> Iterator[tuple[Obligation, str]]:
        """Each obligation with the first case that meets it; with nothing where none does."""
        for one in several:
            yield one, next((case.name for case in cases if self.met(one, case)), "")

    def met(self, one: Obligation, case: Case) -> bool:
        """Whether a case shows it."""
        if one.aspect is Aspect.STATUS:
            return status_in(case, one.about) is one.status
        rule = self._rulebook.rules[one.about]
        if not rule.in_effect(case.trace.as_of):
            return False
        truth = case.trace.truths[rule.id]
        match one.aspect:
            case Aspect.FIRED:
                return truth == TRUE
            case Aspect.DECISIVE:
                return truth != FALSE and self.differs(rule, case, FALSE)
        test = one.test(self._rulebook)
        if case.trace.of(test) != one.truth:
            return False
        if one.value is not None and case.trace.facts[test.feature].possible != self._exactly(one):
            return False
        return any(
            (other := self._truth(one, instead_of)(case)) != truth
            and self.differs(rule, case, other)
            for instead_of in OTHERWISE[one.truth]
        )

    def _exactly(self, one: Obligation) -> Possible:
        feature = self._rulebook.features[one.test(self._rulebook).feature]
        assert one.value is not None
        return exactly(feature, one.value)

    def _truth(self, one: Obligation, truth: Truth) -> Callable[[Case], Truth]:
        """The truth of the rule in each case, one test being of another truth."""
        key = one, truth
        if key not in self._instead:
            rule = self._rulebook.rules[one.about]
            self._instead[key] = self._cases.truth_in(instead(rule, one.place, truth))
        return self._instead[key]

    def differs(self, rule: Rule, case: Case, truth: Truth) -> bool:
        """Whether the plan of a case would be another, were the rule of that truth."""
        key = rule.id, case.name, truth
        if key not in self._differs:
            found = self._cases.changed(self._rulebook, rule.id)(case, truth)
            self._differs[key] = found is not None and seen(found[0]) != self._cases.seen(case)
        return self._differs[key]


def status_in(case: Case, adaptation: str) -> Status:
    """Where an adaptation came to stand."""
    for aside in case.answer.plan.set_aside:
        if aside.candidate.adaptation.id == adaptation:
            return aside.status
    return Status.RECOMMENDED
