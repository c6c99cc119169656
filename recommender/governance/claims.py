"""Decides a claim: proved for everybody, or refuted by a patient on whom the rules were run.

In: the diagrams of where a claim may be broken, and of where it certainly is. Out: a Decision. A
claim is proved when there is nobody for whom it may be broken. It is refuted by a witness whom the
native evaluator confirms, and by nothing else; what neither can be said of is undecided.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from recommender.governance.findings import Verdict
from recommender.governance.people import People
from recommender.governance.search import Search, cube_node
from recommender.governance.witness import Witness, witness_of
from recommender.governance.world import World
from recommender.mdd import Node, TooLarge

MOST_TRIED = 24
"""Candidates run through the evaluator before a claim is given up as undecided."""

Confirms = Callable[[Witness], bool]
Broken = Callable[[bool], Iterable[Node]]
"""Takes whether all profiles are wanted for which the claim may be broken; else it certainly is."""


@dataclass
class Decision:
    """What became of a claim."""

    verdict: Verdict
    witnesses: list[Witness] = field(default_factory=list)
    more: int = 0
    """How many further regions were found and are not listed; counting ends at MOST_TRIED."""
    why: str = ""
    too_large: bool = False
    """Whether it is undecided only because the diagrams outgrew their budget."""


def decide(
    world: World, people: People, broken: Broken, confirms: Confirms, *, most: int = 1
) -> Decision:
    """Decide a claim, with at most so many witnesses; where it is one no others are looked for.

    Raises TooLarge.
    """
    counted = MOST_TRIED if most > 1 else 1
    maybe = [people.cut(node) for node in broken(True)]
    if all(node == world.no for node in maybe):
        return Decision(Verdict.PROVED)
    found = list(_witnesses(world, _certain(people, broken), confirms, counted))
    if not found:
        found = list(_witnesses(world, maybe, confirms, counted))
    if not found:
        why = "choosing among rivals and spreading the load decide it, and no witness was confirmed"
        return Decision(Verdict.UNDECIDED, why=why)
    return Decision(Verdict.REFUTED, found[:most], max(0, len(found) - most))


def _certain(people: People, broken: Broken) -> list[Node]:
    """Where it certainly is broken, if that can be said within the budget."""
    try:
        return [people.cut(node) for node in broken(False)]
    except TooLarge:
        return []


def _witnesses(
    world: World, where: Iterable[Node], confirms: Confirms, most: int
) -> Iterator[Witness]:
    """Confirmed witnesses, each of a region of its own."""
    found = tried = 0
    for left in where:
        while found < most and tried < MOST_TRIED:
            search = Search(world, left)
            cube = search.smallest
            if cube is None:
                break
            wide = search.widened(cube)
            witness = witness_of(world, cube, wide)
            tried += 1
            if confirms(witness):
                found += 1
                yield witness
            left = world.every([left, world.negated(cube_node(world, cube, wide))])
