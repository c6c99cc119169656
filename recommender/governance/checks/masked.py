"""G03: a rule about an adaptation that is barred whenever the rule fires.

*What it checks.* Each recommend, caution and tailor: that for somebody it fires and the adaptation
is neither excluded, withheld nor held.
*Why it matters.* Such a rule never shows in a plan, and nobody sees why.
*Wrong.* `recommend: mbct` when trauma is relived, and `exclude: mbct` when trauma is relived.
*Right.* Make the two conditions differ, or leave the recommendation out.
"""

from collections.abc import Iterator

from recommender.candidates import Status
from recommender.conditions import TRUE
from recommender.governance.findings import Finding
from recommender.governance.run import Check, Run, found
from recommender.governance.search import somebody_without
from recommender.mdd import Node
from recommender.rules import Rule, Verb

ABOUT = (Verb.RECOMMEND, Verb.CAUTION, Verb.TAILOR)


def masked(run: Run, check: Check) -> Iterator[Finding]:
    """G03: each rule that is always masked for one of its adaptations."""
    for rule in run.world.active:
        fires = run.people.cut(run.world.where(run.world.truth(rule), TRUE))
        if rule.verb not in ABOUT or fires == run.world.no:
            continue  # a rule that never fires is dead, not masked
        hidden = [name for name in rule.targets if _is_masked(run, fires, name)]
        if hidden:
            why = f"whenever it fires, this is barred: {', '.join(hidden)}"
            barred_by = sorted(set(_barring(run, rule, hidden)))
            yield found(run, check, rule, why, details={"barred_by": barred_by})


def _is_masked(run: Run, fires: Node, adaptation: str) -> bool:
    """Whether nobody is left of whom the rule fires and who may have it."""
    world = run.world
    member = world.membership(adaptation, wish=False)
    out = world.where(member, Status.EXCLUDED, Status.WITHHELD)
    ways = [(out,), *((world.in_force(rule),) for rule in world.holding(adaptation))]
    return somebody_without(world, fires, ways, run.people.cut) is None


def _barring(run: Run, rule: Rule, adaptations: list[str]) -> Iterator[str]:
    """The rules that bar it for somebody of whom the rule fires."""
    world = run.world
    fires = world.where(world.truth(rule), TRUE)
    for name in adaptations:
        barring = [(r.id, world.bars(r)) for r in world.rules_on(Verb.EXCLUDE, name)]
        barring += [(r.id, world.in_force(r)) for r in world.holding(name)]
        for rule_id, node in barring:
            if run.people.cut(world.every([fires, node])) != world.no:
                yield rule_id
