"""G15: nobody is left without an answer.

*What it checks.* The text for when nothing is recommended is there; and of each adaptation that
waits for an answer (cannot say, or withheld), that some answer settles it: nobody stays in waiting
whatever is asked. Who is recommended nothing has a stop, a question, or that text.
*Why it matters.* «Cannot say» is a promise that asking helps.
*Wrong.* An exclude with `if_not_known: block` on what a link makes unknowable.
*Right.* A condition that each of its answers decides.
"""

from collections.abc import Iterator

from recommender.candidates import Status
from recommender.governance.checks.invariants import described
from recommender.governance.findings import Finding, Verdict
from recommender.governance.learning import Learning
from recommender.governance.run import Check, Run
from recommender.governance.search import Search
from recommender.governance.witness import run, witness_of
from recommender.recommendation import Recommendation
from recommender.stops import Stop

WAITING = (Status.CANNOT_SAY, Status.WITHHELD)


def floor(run_: Run, check: Check) -> Iterator[Finding]:
    """G15: the text, and each adaptation that may wait for ever."""
    if not run_.rulebook.header.safe_base.strip():
        why = "there is no text for when nothing is recommended"
        yield Finding(check.code, "safe_base", Verdict.REFUTED, check.severity, check.name, why=why)
    learning = Learning(run_.world)
    stuck = [
        finding
        for name in run_.rulebook.adaptations
        for finding in _stuck(run_, check, learning, name)
    ]
    yield from stuck
    if not stuck:
        yield Finding(check.code, check.name, Verdict.PROVED, check.severity, check.name)


def _stuck(run_: Run, check: Check, learning: Learning, name: str) -> Iterator[Finding]:
    """Somebody of whom it cannot be said, whatever else is learnt."""
    world = run_.world
    waits = world.where(world.membership(name, wish=False), *WAITING)
    settled = learning.may_become(run_.people.cut(world.negated(waits)))
    node = run_.people.cut(world.every([waits, world.negated(settled)]))
    if node == world.no:
        return

    def shows(answer: Recommendation, _: list[Stop]) -> bool:
        return answer.candidates[name].membership in WAITING

    witness = witness_of(world, Search(world, node).smallest or {}, {})
    confirmed = shows(*run(witness, run_.rulebook, run_.as_of))
    yield Finding(
        check=check.code,
        subject=name,
        verdict=Verdict.REFUTED if confirmed else Verdict.UNDECIDED,
        severity=check.severity,
        claim=run_.rulebook.adaptations[name].title,
        why="no answer settles it",
        witnesses=[described(run_, witness, [], f"floor_{name}", shows)] if confirmed else [],
    )
