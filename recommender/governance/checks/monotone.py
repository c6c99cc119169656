"""G11: a worse finding never takes an outcome away.

*What it checks.* Each `monotone` of rules/invariants.yaml: of two patients that differ in one known
value of the feature, the worse one has the outcome whenever the other has it.
*Why it matters.* It speaks of two patients, so no single answer can show that it is broken.
*Wrong.* A stop on `suicidal_intent: {is: fleeting}`: with lasting intent it is gone.
*Right.* A stop on `suicidal_intent: {at_least: fleeting}`.
"""

from collections.abc import Iterator
from itertools import combinations

from recommender.governance.checks.invariants import described, reported
from recommender.governance.claims import MOST_TRIED, Decision
from recommender.governance.findings import Finding, Plain, Verdict
from recommender.governance.run import Check, Run
from recommender.governance.search import Cube, Search, cube_node
from recommender.governance.witness import Witness, run, witness_of
from recommender.governance.world import LIFTED, World, is_liftable, rests_on
from recommender.invariants import is_so
from recommender.mdd import Node, TooLarge
from recommender.recommendation import Recommendation
from recommender.regions import Classes, Stretches
from recommender.rules import Outcome
from recommender.stops import Stop
from recommender.vocabulary import Feature, Kind

Pair = tuple[Witness, Witness]
"""The patient with the better finding, and the same with the worse one."""

Step = tuple[int, int, int]
"""A variable, and its elements for a better and a worse value that are exactly known."""


def monotone(run_: Run, check: Check) -> Iterator[Finding]:
    """G11: each `monotone`."""
    for invariant in run_.rulebook.invariants.values():
        claimed = invariant.text.monotone
        if claimed is None:
            continue
        run_.tell(invariant.id)
        decision, pair = _decided(run_, run_.rulebook.features[claimed.feature], claimed.keeps)
        witnesses = list(_shown(run_, invariant.id, claimed.keeps, pair))
        yield reported(run_, check, invariant, decision, witnesses)


def _decided(run_: Run, feature: Feature, keeps: Outcome) -> tuple[Decision, Pair | tuple[()]]:
    if feature.concluded:
        why = f"{feature.id} is concluded: it does not become worse by itself"
        return Decision(Verdict.UNDECIDED, why=why), ()
    if feature.type in (Kind.CHOICE, Kind.SET):
        why = f"{feature.id} is a {feature.type}: none of its values is worse than another"
        return Decision(Verdict.UNDECIDED, why=why), ()
    try:
        return _compared(run_, feature, keeps)
    except TooLarge:
        run_.begin_anew()
        why = f"the diagrams need more than {run_.budget} nodes"
        return Decision(Verdict.UNDECIDED, why=why, too_large=True), ()


def _compared(run_: Run, feature: Feature, keeps: Outcome) -> tuple[Decision, Pair | tuple[()]]:
    world, outcomes = run_.world, run_.outcomes
    has = world.some(outcomes.meet(world.yes, w) for w in outcomes.ways(keeps, loose=True))
    lacks = outcomes.without(world.yes, outcomes.ways(keeps, loose=False))
    undecided = False
    for step in _steps(world, feature):
        variable, better, worse = step
        broken = world.every(
            [_when(run_, has, variable, better), _when(run_, lacks, variable, worse)]
        )
        if broken == world.no:
            continue
        pair = _confirmed(run_, keeps, broken, step)
        if pair is not None:
            return Decision(Verdict.REFUTED), pair
        undecided = True
    if undecided:
        return Decision(Verdict.UNDECIDED, why="no pair of witnesses was confirmed"), ()
    return Decision(Verdict.PROVED), ()


def _steps(world: World, feature: Feature) -> Iterator[Step]:
    """Every step from a value to a worse one, as far as the rules tell them apart."""
    for variable in world.space.of.get(feature.id, ()):
        found = world.space.variables[variable]
        if isinstance(found, Stretches):
            regions = range(len(found.cuts) + 1)
            places = [found.domain.index((at, at)) for at in regions]
        else:
            assert isinstance(found, Classes)
            places = [(1 << at) - 1 for at in range(len(found.masks))]
            places.sort(key=lambda at: found.masks[(at + 1).bit_length() - 1])
        ordered = places if feature.worse == "high" else places[::-1]
        yield from ((variable, better, worse) for better, worse in combinations(ordered, 2))


def _when(run_: Run, node: Node, variable: int, element: int) -> Node:
    """Where it is so with that value known.

    Whether an act came after what speaks for a rule may differ between the two patients where the
    rule rests on the feature: what speaks for it is another finding then.
    """
    world = run_.world
    seen = {variable: element}
    name = world.subject(variable)
    if name in world.space.exactness:
        seen[world.space.exactness[name]] = 1
    among = run_.people.among(node, cube_node(world, seen, {}))
    fixed = world.restricted(world.every([node, among]), seen)
    resting = {
        world.space.switches[LIFTED + rule.id]
        for rule in world.active
        if is_liftable(rule) and name in rests_on(rule.condition, world.rulebook)
    }
    return world.some_of(fixed, resting)


def _confirmed(run_: Run, keeps: Outcome, broken: Node, step: Step) -> Pair | None:
    world = run_.world
    variable, better, worse = step
    left = broken
    for _ in range(MOST_TRIED):
        cube = Search(world, left).smallest
        if cube is None:
            return None
        pair = _person(world, cube, variable, better), _person(world, cube, variable, worse)
        before, after = (
            is_so(keeps, *run(one, run_.rulebook, run_.as_of), wanted=True) for one in pair
        )
        if before and not after:
            return pair
        left = world.every([left, world.negated(cube_node(world, cube, {}))])
    return None


def _person(world: World, cube: Cube, variable: int, element: int) -> Witness:
    found = world.space.variables[variable]
    wide = {variable: found.domain[element]} if isinstance(found, Stretches) else {}
    return witness_of(world, {**cube, variable: element}, wide)


def _shown(run_: Run, name: str, keeps: Outcome, pair: Pair | tuple[()]) -> Iterator[Plain]:
    for witness, has, label in zip(pair, (True, False), ("better", "worse"), strict=False):

        def shows(answer: Recommendation, stops: list[Stop], has: bool = has) -> bool:
            return is_so(keeps, answer, stops, wanted=True) is has

        yield described(run_, witness, [keeps], f"{name}_{label}", shows) | {"role": label}
