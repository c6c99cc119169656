"""G16: the order in which rules are written decides nothing.

*What it checks.* That with all rules in the opposite order every condition, membership and stop is
the same for everybody. Choosing, order and load go by strength, preference and id, never by place.
*Why it matters.* Who moves a rule to another file must not move a patient.
*Wrong.* A rule that counts because it stands first.
*Right.* Every rule counts wherever it stands; what goes first is said with `prefer` or `strength`.

A rule written twice under two names is found by G04 and G05; it changes nothing either.
"""

from collections.abc import Iterator

from recommender.governance.findings import Finding, Verdict
from recommender.governance.run import Check, Run, on_the_whole
from recommender.governance.world import Shared, World
from recommender.rules import Verb


def order(run: Run, check: Check) -> Iterator[Finding]:
    """G16: the same diagrams in the opposite order."""
    world = run.world
    turned = run.rulebook.with_rules(dict(reversed(list(run.rulebook.rules.items()))))
    other = World(turned, run.as_of, sharing=Shared(world.space, world.store))
    differing = [
        *(r.id for r in world.active if world.truth(r) != other.truth(r)),
        *(n for n in run.rulebook.adaptations if world.membership(n) != other.membership(n)),
        *(r.id for r in world.acting(Verb.REFER) if world.counts(r) != other.counts(r)),
    ]
    claim = "The order in which rules are written changes no condition, no membership and no stop"
    if not differing:
        yield on_the_whole(check, claim)
        return
    yield Finding(
        check=check.code,
        subject=check.name,
        verdict=Verdict.UNDECIDED,
        severity=check.severity,
        claim=claim,
        why=f"in the opposite order the diagrams are others: {', '.join(differing)}",
        details={"differing": differing},
    )
