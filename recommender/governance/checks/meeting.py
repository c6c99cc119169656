"""G06: an indication and an exclusion that can meet.

*What it checks.* For each adaptation, which exclusions fire for somebody for whom it is indicated.
*Why it matters.* It is no fault: that is what exclusions are for. Listed so that a reviewer sees
which reasons against have ever to weigh, and that those expected are among them. An exclusion that
is not in the list bars nothing anybody would have got.
*Wrong, right.* For the reviewer to judge.
"""

from collections.abc import Iterator

from recommender.conditions import TRUE
from recommender.governance.checks.invariants import described
from recommender.governance.findings import Finding, Plain, Verdict
from recommender.governance.run import Check, Run
from recommender.governance.search import Search
from recommender.governance.witness import run, witness_of
from recommender.mdd import Node
from recommender.recommendation import Recommendation
from recommender.rules import Rule, Verb
from recommender.stops import Stop


def meeting(run_: Run, check: Check) -> Iterator[Finding]:
    """G06: each adaptation of which reasons for and against can meet."""
    world = run_.world
    for name, adaptation in run_.rulebook.adaptations.items():
        indicated = world.where(world.indicated(name), TRUE)
        pairs = [
            (rule, _both(run_, indicated, rule)) for rule in world.rules_on(Verb.EXCLUDE, name)
        ]
        met = [(rule, node) for rule, node in pairs if node != world.no]
        if met:
            rule, node = met[0]
            yield Finding(
                check=check.code,
                subject=name,
                verdict=Verdict.FOUND,
                severity=check.severity,
                claim=adaptation.title,
                why=f"indicated and excluded by: {', '.join(one.id for one, _ in met)}",
                witnesses=list(_somebody(run_, node, name, rule)),
                details={"excluded_by": [one.id for one, _ in met]},
            )


def _both(run_: Run, indicated: Node, rule: Rule) -> Node:
    world = run_.world
    fires = world.where(world.standing(rule), TRUE)
    return run_.people.cut(world.every([indicated, fires]))


def _somebody(run_: Run, node: Node, name: str, rule: Rule) -> Iterator[Plain]:
    """A person for whom both fire, as the evaluator confirms."""

    def shows(answer: Recommendation, _: list[Stop]) -> bool:
        candidate = answer.candidates[name]
        return bool(candidate.recommends) and rule in candidate.excludes

    cube = Search(run_.world, node).smallest
    assert cube is not None
    witness = witness_of(run_.world, cube, {})
    if shows(*run(witness, run_.rulebook, run_.as_of)):
        yield described(run_, witness, [], f"meeting_{name}", shows)
