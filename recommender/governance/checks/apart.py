"""G07: of rivals that are declared, a plan holds one.

*What it checks.* Each `choose_one` and each pair of it: that for nobody for whom the rule acts both
are in the plan.
*Why it matters.* The plan chooses by construction. This says so of these rules and these people,
from the diagrams; a pair that must be apart without exception is an invariant (G10).
*Wrong.* Two bases in one plan, each with its own homework.
*Right.* `choose_one: [cbt_core, act]`, or `never: {recommended: [cbt_core, act]}`.
"""

from collections.abc import Iterator
from itertools import combinations

from recommender.conditions import TRUE, UNKNOWN
from recommender.governance.findings import Finding, Verdict
from recommender.governance.run import Check, Run
from recommender.rules import Outcome, Verb


def apart(run: Run, check: Check) -> Iterator[Finding]:
    """G07: each choice."""
    world = run.world
    for rule in world.acting(Verb.CHOOSE_ONE):
        acts = world.where(world.truth(rule), TRUE, UNKNOWN)
        ways = [
            way
            for pair in combinations(rule.targets, 2)
            for way in run.outcomes.ways(Outcome(recommended=list(pair)), loose=True)
        ]
        both = [run.people.cut(run.outcomes.meet(acts, way)) for way in ways]
        kept = all(node == world.no for node in both)
        yield Finding(
            check=check.code,
            subject=rule.id,
            verdict=Verdict.PROVED if kept else Verdict.UNDECIDED,
            severity=check.severity,
            claim=rule.text.title,
            place=run.place("rules", rule.id),
            why="" if kept else "the diagrams leave room for both",
        )
