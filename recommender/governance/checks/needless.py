"""G04: a rule without which everybody's plan would be the same.

*What it checks.* Each rule in effect: that the plan of somebody would be another without it. Of
those that fail, the most that could go together is named: of two copies each is needless, not both.
*Why it matters.* Nobody can tell from outside whether such a rule is a second line of defence or a
mistake. A conclusion that changes no plan only tells the clinician something: information.
*Wrong.* `exclude: mbct` in psychosis, beside an exclude of MBCT in any psychotic or manic state.
*Right.* Leave it out, or say in `limits` what it is there for.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from recommender.governance.comparing.effects import Effects
from recommender.governance.comparing.pair import Pair
from recommender.governance.findings import Finding, Severity
from recommender.governance.run import Check, Run, found
from recommender.governance.world import Shared, World
from recommender.rulebook import Rulebook
from recommender.rules import Rule, Verb


def needless(run: Run, check: Check) -> Iterator[Finding]:
    """G04: each rule whose loss changes nobody's plan."""
    alone = [rule for rule in run.world.active if not is_missed(run, rule)]
    together = _together(run, alone)
    for rule in alone:
        why = "without it everybody's plan would be the same"
        details = {"removable_together": together}
        finding = found(run, check, rule, why, details=details)
        concludes = rule.verb is Verb.CONCLUDE
        yield replace(finding, severity=Severity.INFO) if concludes else finding


def is_missed(run: Run, rule: Rule) -> bool:
    """Whether somebody's plan would be another without the rule."""
    if rule.id not in run.missed:
        run.missed[rule.id] = next(without(run, rule).differences(), None) is not None
    return run.missed[rule.id]


def without(run: Run, rule: Rule) -> Pair:
    """The rulebook beside the same without this rule."""
    book = run.rulebook
    less = book.with_rules({name: one for name, one in book.rules.items() if name != rule.id})
    return compared(run, rule, book, less)


def compared(run: Run, rule: Rule, *books: Rulebook) -> Pair:
    """Two rulebooks in which at most this rule is another, or not there, than in the one at hand.

    No test is new.
    """
    first, second = books
    if rule.verb is not Verb.CONCLUDE:
        return Pair.beside(run.effects, run.people, (first, rule.id), (second, rule.id))
    before, after = (_effects(run, book) for book in books)
    people = run.people
    for effects in (before, after):
        if effects is not run.effects:
            people = people.also_under(effects.world)
    return Pair.over(before, after, people)


def _effects(run: Run, book: Rulebook) -> Effects:
    """The effects of a rulebook that concludes otherwise, over the diagrams there are."""
    if book is run.rulebook:
        return run.effects
    sharing = Shared(run.world.space, run.world.store)
    return Effects(World(book, run.as_of, sharing=sharing))


def _together(run: Run, rules: list[Rule]) -> list[str]:
    """A set of them that can go at once, the first ones first: all, or by halves."""
    gone: list[str] = []

    def let_go(several: Sequence[str]) -> None:
        if not several:
            return
        if _can_go(run, {*gone, *several}):
            gone.extend(several)
        elif len(several) > 1:
            half = len(several) // 2
            let_go(several[:half])
            let_go(several[half:])

    let_go([rule.id for rule in rules])
    return gone


def _can_go(run: Run, names: Collection[str]) -> bool:
    """Whether everybody's plan is the same without all of these."""
    book = run.rulebook
    less = book.with_rules({name: one for name, one in book.rules.items() if name not in names})
    pair = Pair(book, less, run.as_of, budget=run.budget, part=True)
    return next(pair.differences(), None) is None
