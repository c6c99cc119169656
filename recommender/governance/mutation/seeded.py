"""Whether the faults that matter most would be caught: planted one by one, all of them.

In: a rulebook and its vignettes. Out: for every weaker `if_not_known`, every threshold moved by one
step and every safety rule left out, whether `rules prove`, `rules test` or `rules diff` catches it.
A change that is proved to change nobody's plan is no fault. Each of the three is asked, so that one
does not hide that another is blind.
"""

from collections.abc import Callable, Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from recommender.governance.checks.invariants import decided
from recommender.governance.comparing.comparing import Comparing
from recommender.governance.comparing.nearest import Neighbours, known
from recommender.governance.comparing.pair import BUDGET, Difference, Pair
from recommender.governance.findings import Verdict
from recommender.governance.jobs import in_order
from recommender.governance.mutation.killing import Killing
from recommender.governance.mutation.mutants import Mutant, mutants
from recommender.governance.mutation.operators import Operator
from recommender.governance.repair import is_about
from recommender.governance.run import Run
from recommender.mdd import TooLarge
from recommender.profile import Profile
from recommender.rulebook import Rulebook
from recommender.rules import Rule, Verb


class Family(StrEnum):
    """The faults that are planted."""

    WEAKENED = "weakened"
    """An exclude or a refer whose unknown does less."""
    MOVED = "moved"
    """A threshold of a condition, one step off."""
    DROPPED = "dropped"
    """A rule of rules/safety/, or another that excludes or refers, left out."""


class Caught(NamedTuple):
    """One fault, and what caught it."""

    mutant: Mutant
    family: Family
    by_test: bool
    by_prove: bool
    by_diff: bool
    equivalent: bool
    """Proved to change nobody's plan."""

    @property
    def missed(self) -> bool:
        """Whether it is a fault that nothing caught."""
        return not (self.by_test or self.by_prove or self.by_diff or self.equivalent)


def family_of(mutant: Mutant, rule: Rule) -> Family | None:
    """The family a mutant belongs to."""
    match mutant.operator:
        case Operator.IF_NOT_KNOWN:
            return Family.WEAKENED
        case Operator.THRESHOLD if mutant.place.startswith("when"):
            return Family.MOVED
        case Operator.DROP_RULE:
            keeps = rule.verb in (Verb.EXCLUDE, Verb.REFER) or rule.id.startswith("safety.")
            return Family.DROPPED if keeps else None
    return None


def seeded(
    rulebook: Rulebook,
    vignettes: Sequence[tuple[str, Profile]],
    as_of: date,
    *,
    every: int = 1,
    jobs: int = 1,
    tell: Callable[[str], None] = lambda _: None,
) -> list[Caught]:
    """What catches each fault; `every`: only every so many of them."""
    made = [one for one in mutants(rulebook) if family_of(one, rulebook.rules[one.rule])][::every]
    killing = Killing(rulebook, vignettes, made, as_of)
    catching = _Catching(rulebook, vignettes, killing, as_of)
    found: list[Caught] = []
    for one in in_order(catching.caught, made, jobs):
        found.append(one)
        tell(f"{len(found)} of {len(made)}")
    return found


class _Catching:
    def __init__(
        self,
        rulebook: Rulebook,
        vignettes: Sequence[tuple[str, Profile]],
        killing: Killing,
        as_of: date,
    ) -> None:
        self._rulebook = rulebook
        self._vignettes = vignettes
        self._killing = killing
        self._as_of = as_of
        self._comparing = Comparing(rulebook, as_of)
        run = Run(rulebook, as_of)
        self._proved = [
            one
            for one in rulebook.invariants.values()
            if one.condition is not None and decided(run, one).verdict is Verdict.PROVED
        ]

    def caught(self, mutant: Mutant) -> Caught:
        rule = self._rulebook.rules[mutant.rule]
        family = family_of(mutant, rule)
        assert family is not None
        new = self._rulebook.with_rules(mutant.rules(self._rulebook))
        by_diff, equivalent = self._compared(mutant, rule, new)
        return Caught(
            mutant,
            family,
            bool(self._killing.vignette(mutant) or self._killing.example(mutant)),
            not equivalent and self._breaks(rule, new),
            by_diff,
            equivalent,
        )

    def _compared(self, mutant: Mutant, rule: Rule, new: Rulebook) -> tuple[bool, bool]:
        """Whether somebody shows it whose plan is another, and whether there is nobody."""
        if self._killing.shown_by(mutant) is not None:
            return True, False
        try:
            pair = self._comparing.pair(rule, mutant.mutated, new)
            if next(pair.differences(), None) is None:
                return False, True
            whole = Pair(self._rulebook, new, self._as_of, budget=BUDGET)
            differences = list(whole.differences())
        except TooLarge:
            return False, False
        if not differences:
            return False, True
        neighbours = Neighbours(whole, known(self._vignettes, whole, read_alike=True)[0])
        return any(self._shows(whole, neighbours, one) for one in differences), False

    @staticmethod
    def _shows(pair: Pair, neighbours: Neighbours, difference: Difference) -> bool:
        """Whether somebody is found: a vignette with a few findings otherwise, or anybody."""
        try:
            near = neighbours.nearest(difference)
            return near is not None or pair.somebody(difference) is not None
        except TooLarge:
            return False

    def _breaks(self, rule: Rule, new: Rulebook) -> bool:
        """Whether a promise is no longer proved that the rule, or what it concludes, is about."""
        concludes = rule.verb is Verb.CONCLUDE
        about = [
            one
            for one in self._proved
            if concludes
            or is_about(rule, one)
            or any(outcome.status for outcome in one.text.outcomes)
        ]
        run = Run(new, self._as_of)
        return any(decided(run, one).verdict is not Verdict.PROVED for one in about)
