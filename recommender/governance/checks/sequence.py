"""G08: an order that cannot be kept.

*What it checks.* That the sequences acting on adaptations recommended together never run in a
circle, and that everything a sequence, a choice or a «together» names can be recommended.
*Why it matters.* Of a circle no order is right, and phases are pushed to the last one. A name that
is never recommended makes a rule that orders nothing, or with `required` bars all behind it.
*Wrong.* `sequence: [ba, act]` and `sequence: [act, ba]`, both always.
*Right.* One of them, or conditions that exclude each other.
"""

from collections.abc import Iterator
from itertools import pairwise

from recommender.candidates import Status
from recommender.conditions import TRUE, UNKNOWN
from recommender.governance.checks.invariants import described
from recommender.governance.findings import Finding
from recommender.governance.run import Check, Run, found
from recommender.governance.search import Search
from recommender.governance.witness import run, witness_of
from recommender.mdd import Node
from recommender.recommendation import Recommendation
from recommender.rules import Rule, Verb
from recommender.stops import Stop

COMBINING = (Verb.SEQUENCE, Verb.CHOOSE_ONE, Verb.TOGETHER)
Edge = tuple[Rule, str, str]


def sequence(run_: Run, check: Check) -> Iterator[Finding]:
    """G08: each circle, and each name that orders nothing."""
    yield from _circles(run_, check)
    world = run_.world
    nobody = {
        name
        for name in run_.rulebook.adaptations
        if run_.people.cut(world.where(world.indicated(name), TRUE)) == world.no
    }
    for rule in world.active:
        idle = [name for name in rule.targets if name in nobody]
        if rule.verb in COMBINING and idle:
            why = f"never recommended to anybody: {', '.join(idle)}"
            yield found(run_, check, rule, why)


def _circles(run_: Run, check: Check) -> Iterator[Finding]:
    edges = [
        (rule, first, second)
        for rule in run_.world.acting(Verb.SEQUENCE)
        for first, second in pairwise(rule.targets)
    ]
    for circle in _simple_circles(edges):
        node = run_.people.cut(_all_acting(run_, circle))
        if node == run_.world.no:
            continue
        cube = Search(run_.world, node).smallest
        assert cube is not None
        witness = witness_of(run_.world, cube, {})
        names = [start for _, start, _ in circle]

        def shows(answer: Recommendation, _: list[Stop], names: list[str] = names) -> bool:
            return all(answer.candidates[one].status is Status.RECOMMENDED for one in names)

        if shows(*run(witness, run_.rulebook, run_.as_of)):
            rules = sorted({rule.id for rule, _, _ in circle})
            why = f"an order in a circle: {' before '.join([*names, names[0]])}"
            named = f"circle_{'_'.join(names)}"
            yield found(
                run_,
                check,
                run_.rulebook.rules[rules[0]],
                f"{why}, by {', '.join(rules)}",
                witnesses=[described(run_, witness, [], named, shows)],
            )


def _all_acting(run_: Run, circle: tuple[Edge, ...]) -> Node:
    """Where every sequence of a circle acts, and all it orders is recommended."""
    world = run_.world
    acting = [world.where(world.truth(rule), TRUE, UNKNOWN) for rule, _, _ in circle]
    return world.every([*acting, *(run_.outcomes.possible(first) for _, first, _ in circle)])


def _simple_circles(edges: list[Edge]) -> Iterator[tuple[Edge, ...]]:
    """Every circle of edges that meets no adaptation twice, beginning with its first name."""

    def onward(way: tuple[Edge, ...]) -> Iterator[tuple[Edge, ...]]:
        start, here = way[0][1], way[-1][2]
        if here == start:
            yield way
            return
        seen = {first for _, first, _ in way}
        for edge in edges:
            if edge[1] == here and edge[2] not in seen - {start} and edge[2] >= start:
                yield from onward((*way, edge))

    for edge in edges:
        if edge[1] <= edge[2]:
            yield from onward((edge,))
