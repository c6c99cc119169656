"""The nearest repair of a broken promise: one small change of one rule that makes it hold.

In: a Run and a promise that was refuted. Out: the change, as plain data, or nothing. It is tried
with the changes of mutation, a stronger `if_not_known` first; it counts only if the promise is then
proved and no promise that was proved is lost. A suggestion to look at, never made by itself.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import Final

from recommender.governance.findings import Plain
from recommender.governance.mutation.mutants import Mutant, mutants
from recommender.governance.mutation.operators import Operator
from recommender.governance.run import Run
from recommender.rules import IfNotKnown, Invariant, Rule, Verb

MOST_TRIED: Final = 40
"""Changes that are tried for one promise."""

NO_REPAIRS: Final = frozenset(
    {Operator.DROP_RULE, Operator.EXCLUDE, Operator.NEGATE, Operator.ROLE}
)
"""Changes that turn a rule into its opposite, or take it away: they mend by silence."""

Proves = Callable[[Run, Invariant], bool]


def nearest_repair(
    run: Run, invariant: Invariant, proved: Collection[str], proves: Proves
) -> Plain | None:
    """The first change that mends it; `proved` are the promises that hold now."""
    others = [run.rulebook.invariants[name] for name in proved]
    for n, change in enumerate(_changes(run, invariant)):
        if n == MOST_TRIED:
            return None
        changed = Run(
            run.rulebook.with_rules(change.rules(run.rulebook)), run.as_of, budget=run.budget
        )
        if proves(changed, invariant) and all(proves(changed, other) for other in others):
            return {
                "rule": change.rule,
                "operator": change.operator.value,
                "place": change.place,
                "before": change.before,
                "after": change.after,
            }
    return None


def _changes(run: Run, invariant: Invariant) -> Iterator[Mutant]:
    """A stronger answer to what is not known, then every small change of a rule about it."""
    about = [rule for rule in run.world.active if is_about(rule, invariant)]
    about.sort(key=lambda rule: rule.verb not in (Verb.EXCLUDE, Verb.REFER))
    for rule in about:
        yield from _stronger(rule)
    for rule in about:
        for change in mutants(run.rulebook, [rule.id]):
            if change.operator not in NO_REPAIRS:
                yield change


def is_about(rule: Rule, invariant: Invariant) -> bool:
    """Whether a rule speaks of what is promised."""
    names = {name for outcome in invariant.text.outcomes for name in outcome.named[1]}
    if rule.verb is Verb.REFER:
        held = rule.text.hold == "all" or any(name in rule.text.hold for name in names)
        return held or rule.text.refer in names
    return any(name in rule.targets for name in names) or rule.text.ask in names


def _stronger(rule: Rule) -> Iterator[Mutant]:
    """Each stronger `if_not_known`, the strongest first."""
    if rule.verb not in (Verb.EXCLUDE, Verb.REFER):
        return
    steps, means = list(IfNotKnown), rule.unknown_means
    for stronger in steps[: steps.index(means)]:
        text = rule.text.model_copy(update={"if_not_known": stronger})
        yield Mutant(
            rule.id,
            Operator.IF_NOT_KNOWN,
            "if_not_known",
            means.value,
            stronger.value,
            replace(rule, text=text),
        )
