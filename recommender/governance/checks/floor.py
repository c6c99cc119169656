"""G15: nobody is left without a word on what comes next.

*What it checks.* That the text for when nothing is recommended is there. That for everybody one of
these is so: something is in the plan, or is declined; a stop or a referral is in force; or a
question is asked whose answer can bring something into the plan, or a stop into force: where the
text is there it is a warning, since that is what they get. And of each adaptation that waits for an
answer (cannot say, or withheld), that some answer settles it.
*Why it matters.* An empty answer with nothing to ask helps nobody, and «cannot say» is a promise
that asking helps. The person of whom nothing is known is one of all these, and tried by themselves.
*Wrong.* Each base of treatment with `needs`, and no other for those whose needs cannot be met; an
exclude with `if_not_known: block` on what a link makes unknowable.
*Right.* One adaptation that anybody can have, or a referral for those of whom nothing is indicated;
a condition that each of its answers decides.
"""

from collections.abc import Iterator
from dataclasses import replace

from recommender.candidates import Status
from recommender.governance.checks.invariants import described
from recommender.governance.claims import MOST_TRIED
from recommender.governance.findings import Finding, Severity, Verdict
from recommender.governance.learning import Learning
from recommender.governance.outcomes import Way
from recommender.governance.run import Check, Run
from recommender.governance.search import Search, cube_node
from recommender.governance.witness import Witness, run, witness_of
from recommender.governance.world import LIFTED
from recommender.mdd import Node
from recommender.recommendation import Recommendation
from recommender.rules import IfNotKnown, Verb
from recommender.stops import Force, Stop

WAITING = (Status.CANNOT_SAY, Status.WITHHELD)
EVERYBODY = "everybody"
CLAIM = "Everybody gets a plan, a stop or referral, or a question whose answer can change that"
NOTHING_KNOWN = Witness({}, {})


def floor(run_: Run, check: Check) -> Iterator[Finding]:
    """G15: the text, whoever may be left alone, and each adaptation that may wait for ever."""
    if not run_.rulebook.header.safe_base.strip():
        why = "there is no text for when nothing is recommended"
        yield Finding(check.code, "safe_base", Verdict.REFUTED, check.severity, check.name, why=why)
    yield _left_alone(run_, check)
    learning = Learning(run_.world)
    stuck = [
        finding
        for name in run_.rulebook.adaptations
        for finding in _stuck(run_, check, learning, name)
    ]
    yield from stuck
    if not stuck:
        claim = "What waits for an answer can be settled by one"
        yield Finding(check.code, "waiting", Verdict.PROVED, check.severity, claim)


# ------------------------------------------------------------------------------- left alone


def _left_alone(run_: Run, check: Check) -> Finding:
    """Whether anybody is: REFUTED by somebody, or PROVED where there is nobody."""
    if _is_left_alone(*run(NOTHING_KNOWN, run_.rulebook, run_.as_of)):
        return _finding(run_, check, Verdict.REFUTED, [NOTHING_KNOWN])
    left = run_.world.no
    for loose in (True, False):
        ways = list(_ways(run_, loose=loose))
        left = run_.people.cut(run_.outcomes.without(run_.world.yes, ways))
        witness = _confirmed(run_, left)
        if witness is not None:
            return _finding(run_, check, Verdict.REFUTED, [_plainer(run_, witness)])
    if left == run_.world.no:
        return _finding(run_, check, Verdict.PROVED, [])
    why = "choosing, access or load may leave somebody without a plan, and nobody was found"
    return _finding(run_, check, Verdict.UNDECIDED, [], why)


def _confirmed(run_: Run, left: Node) -> Witness | None:
    """Somebody inside who is left alone, as the rules say that were run on them."""
    for _ in range(MOST_TRIED):
        cube = Search(run_.world, left).smallest
        if cube is None:
            break
        witness = witness_of(run_.world, cube, {})
        if _is_left_alone(*run(witness, run_.rulebook, run_.as_of)):
            return witness
        left = run_.world.every([left, run_.world.negated(cube_node(run_.world, cube, {}))])
    return None


def _plainer(run_: Run, witness: Witness) -> Witness:
    """The same person with no more known than it takes, as far as the rules say so."""
    for name in witness.possible:
        fewer = {other: one for other, one in witness.possible.items() if other != name}
        less = replace(witness, possible=fewer)
        if _is_left_alone(*run(less, run_.rulebook, run_.as_of)):
            witness = less
    return witness


def _is_left_alone(answer: Recommendation, stops: list[Stop]) -> bool:
    """Whether there is no plan, nothing declined, no stop, and no question that can change it."""
    declined = any(one.status is Status.DECLINED for one in answer.candidates.values())
    in_force = any(stop.force is Force.IN_FORCE for stop in stops)
    useful = set(answer.questions.may_enter)
    useful.update(rule.id for rule in answer.trace.rulebook.by_verb(Verb.REFER))
    asked = any(useful & set(question.can_change) for question in answer.ask)
    return not (answer.recommended or declined or in_force or asked)


def _ways(run_: Run, *, loose: bool) -> Iterator[Way]:
    """The ways to a floor; with `loose` those that may be one, else those that certainly are.

    What is recommended is in the plan, declined, or held by a stop in force; about what can come
    to be there is a question. The same for a stop, but a presumed one is not asked about. An answer
    can undo what an act had lifted, or be one of those that lift: what certainly comes does
    without.
    """
    world, learning = run_.world, Learning(run_.world)
    unlifted = {at: 0 for name, at in world.space.switches.items() if name.startswith(LIFTED)}
    for rule in world.acting(Verb.REFER):
        in_force = world.in_force(rule)
        silent = rule.unknown_means is IfNotKnown.PRESUME
        silent = silent or (bool(rule.text.answered_by) and not loose)
        yield (in_force if silent else learning.may_become(in_force),)
    for name in run_.rulebook.adaptations:
        recommended = world.where(world.membership(name, wish=False), Status.RECOMMENDED)
        if loose:
            yield (learning.may_become(recommended),)
        else:
            later = learning.may_become(world.restricted(recommended, unlifted))
            yield world.some((recommended, later)), *run_.outcomes.staying(name)


def _finding(
    run_: Run, check: Check, verdict: Verdict, witnesses: list[Witness], why: str = ""
) -> Finding:
    def shows(answer: Recommendation, stops: list[Stop]) -> bool:
        return _is_left_alone(answer, stops)

    return Finding(
        check=check.code,
        subject=EVERYBODY,
        verdict=verdict,
        severity=Severity.WARNING if run_.rulebook.header.safe_base.strip() else check.severity,
        claim=CLAIM,
        why=why,
        witnesses=[
            described(run_, one, [], f"floor_{n}", shows) for n, one in enumerate(witnesses, 1)
        ],
    )


# ------------------------------------------------------------------------------- waiting


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
