"""The patient who needs the fewest findings among all for whom something is so.

In: a diagram that is TRUE for the profiles looked for, among those there are. Out: a cube: what has
to be known, all else being unknown, nothing lifted, nothing declined. The number of features is the
least there is; among equals the one with the fewest members of sets, and rather exactly known than
half known. An act that lifts a rule counts like two findings: it is the rarer thing. Where there is
a patient to start from, it is the one who differs from them in the fewest findings.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

from recommender.conditions import FALSE, TRUE
from recommender.governance.world import World
from recommender.mdd import Node
from recommender.regions import Classes, Member, Stretches, Switch, Variable
from recommender.vocabulary import Feature

Cube = Mapping[int, int]
"""For each variable that has to be known its element."""

Wide = Mapping[int, tuple[int, int]]
"""For an ordered variable that is known, the first and last region that will do."""

Cost = tuple[int, int, int]
Found = tuple[Cost, int]
"""What it costs from here on, and the element that starts it."""


class Search:
    """Looks for the plainest profile inside one diagram.

    start: the elements of a patient whose findings are to be changed as little as may be; acts and
    wishes stay theirs. Without it everything starts as not asked.
    """

    def __init__(
        self,
        world: World,
        where: Node,
        start: Cube | None = None,
    ) -> None:
        self._world = world
        self._store = world.store
        self._where = where
        self._start = start
        self._branches: dict[Node, Sequence[tuple[Node, int]]] = world.branches
        self._best: dict[tuple[Node, bool], Found | None] = {}

    @cached_property
    def smallest(self) -> Cube | None:
        """What the plainest profile has known, or what changes; None when there is no profile."""
        if self._search(self._where, -1) is None:
            return None
        found: dict[int, int] = {}
        node, before = self._where, -1
        while not self._store.is_terminal(node):
            best = self._search(node, before)
            assert best is not None
            variable = self._store.variable(node)
            stated = best[1] != self._from(variable)
            if stated:
                found[variable] = best[1]
            node, before = self._store.children(node)[best[1]], variable if stated else -1
        return found

    @property
    def least(self) -> Cost | None:
        """How many features change, how much that asks, and how plainly it can be said."""
        found = self._search(self._where, -1)
        return None if found is None else found[0]

    def _from(self, variable: int) -> int:
        unasked = self._world.unasked(variable)
        return unasked if self._start is None else self._start.get(variable, unasked)

    def _search(self, node: Node, before: int) -> Found | None:
        """The least cost from here; None where nothing is found. `before`: what was just stated."""
        if self._store.is_terminal(node):
            return ((0, 0, 0), 0) if self._store.value(node) == TRUE else None
        variable = self._store.variable(node)
        paid = before >= 0 and self._world.subject(before) == self._world.subject(variable)
        key = node, paid
        if key not in self._best:
            self._best[key] = min(self._ways(node, variable, paid=paid), default=None)
        return self._best[key]

    def _ways(self, node: Node, variable: int, *, paid: bool) -> Iterator[Found]:
        start = self._from(variable)
        children = self._store.children(node)
        rest = self._search(children[start], variable if paid else -1)
        if rest is not None:
            yield rest[0], start
        if self._start is not None and isinstance(self._world.space.variables[variable], Switch):
            return
        for child, element in self._leading(node, variable):
            if child == children[start]:
                continue
            rest = self._search(child, variable)
            if rest is not None:
                mine = self._cost(variable, element, already=paid)
                features, parts, rank = (a + b for a, b in zip(mine, rest[0], strict=True))
                yield (features, parts, rank), element

    def _leading(self, node: Node, variable: int) -> Sequence[tuple[Node, int]]:
        """Each child once, with the plainest of the elements that lead there."""
        known = self._branches.get(node)
        if known is None:
            found = self._world.space.variables[variable]
            unasked = self._world.unasked(variable)
            best: dict[Node, tuple[bool, int, int]] = {}
            for element, child in enumerate(self._store.children(node)):
                key = element == unasked, _rank(found, element), element
                if child not in best or key < best[child]:
                    best[child] = key
            known = self._branches[node] = [(child, key[2]) for child, key in best.items()]
        return known

    def _cost(self, variable: int, element: int, *, already: bool) -> Cost:
        found = self._world.space.variables[variable]
        if isinstance(found, Switch):
            return 2, 1, 0
        asks = 1 if self._start is None else self._asks(found.feature, variable, element)
        return int(not already), asks, _rank(found, element)

    def _asks(self, feature: Feature, variable: int, element: int) -> int:
        """How far from hand a change is: an answer, another answer, one forgotten, a history."""
        unasked = self._world.unasked(variable)
        weight = 3 if element == unasked else 1 if self._from(variable) == unasked else 2
        return weight if feature.modifiable else 4 * weight

    # -- more than one value ------------------------------------------------------------------

    def widened(self, cube: Cube) -> Wide:
        """For each ordered variable that is known, the first and last region that will also do.

        One after the other: every combination of what is given will do.
        """
        found: dict[int, tuple[int, int]] = {}
        for variable, element in cube.items():
            ordered = self._world.space.variables[variable]
            if isinstance(ordered, Stretches) and len(set(ordered.domain[element])) == 1:
                found[variable] = self._wide(ordered, variable, cube, found)
        return found

    def _wide(self, ordered: Stretches, variable: int, cube: Cube, others: Wide) -> tuple[int, int]:
        def will_do(region: int) -> bool:
            wide = {**others, variable: (region, region)}
            return 0 <= region <= len(ordered.cuts) and all(
                self._world.value(self._where, corner) == TRUE
                for corner in _corners(self._world, cube, wide)
            )

        first = last = ordered.domain[cube[variable]][0]
        while will_do(first - 1):
            first -= 1
        while will_do(last + 1):
            last += 1
        return first, last


def _corners(world: World, cube: Cube, wide: Wide) -> Iterator[Cube]:
    """The cube with every region of those that are wide."""
    made: list[dict[int, int]] = [dict(cube)]
    for variable, (first, last) in wide.items():
        ordered = world.space.variables[variable]
        assert isinstance(ordered, Stretches)
        regions = [ordered.domain.index((at, at)) for at in range(first, last + 1)]
        made = [{**one, variable: at} for one in made for at in regions]
    yield from made


def cube_node(world: World, cube: Cube, wide: Wide) -> Node:
    """TRUE for the profiles of whom all that is known, whatever else is."""
    parts = []
    for variable, element in cube.items():
        found = world.space.variables[variable]
        elements = {element}
        if variable in wide:
            assert isinstance(found, Stretches)
            first, last = wide[variable]
            elements = {at for at, (a, b) in enumerate(found.domain) if first <= a and b <= last}
        ends = [world.yes if at in elements else world.no for at in range(len(found.domain))]
        parts.append(world.store.node(variable, tuple(ends)))
    return world.every(parts)


def anybody(world: World, where: Node) -> Cube | None:
    """Somebody inside a diagram, with one look at each node on the way: not the plainest."""
    if where == world.no:
        return None
    store, found, node = world.store, {}, where
    while not store.is_terminal(node):
        variable, children = store.variable(node), store.children(node)
        element = world.unasked(variable)
        if children[element] == world.no:
            element = next(n for n, child in enumerate(children) if child != world.no)
            found[variable] = element
        node = children[element]
    return found


def somebody_without(
    world: World, where: Node, ways: Sequence[Sequence[Node]], cut: Callable[[Node], Node]
) -> Cube | None:
    """Somebody inside a diagram for whom none of these ways is so; None where there is nobody.

    A way is taken away only where it stands in the way of one who is left: mostly none does, and
    all of them together may be large. cut: leaves the profiles there are; `where` is cut already.
    """
    left = where
    while (cube := anybody(world, left)) is not None:
        met = [way for way in ways if all(world.value(node, cube) == TRUE for node in way)]
        if not met:
            return cube
        for way in met:
            left = world.every([left, world.negated(world.every(way))])
        left = cut(left)
    return None


def _rank(variable: Variable, element: int) -> int:
    """Exactly known before half known: that is simpler to say and to record."""
    if isinstance(variable, Classes):
        return 0 if (element + 1).bit_count() == 1 else 1
    if isinstance(variable, Stretches):
        first, last = variable.domain[element]
        return 0 if first == last else 1
    return 0 if not isinstance(variable, Member) or variable.domain[element] == FALSE else 1
