"""The patient who needs the fewest findings among all for whom something is so.

In: a diagram that is TRUE for the profiles looked for, among those there are. Out: a cube: what has
to be known, all else being unknown, nothing lifted, nothing declined. The number of features is the
least there is; among equals the one with the fewest members of sets, and rather exactly known than
half known. An act that lifts a rule counts like two findings: it is the rarer thing. Where there is
a patient to start from, it is the one who differs from them in the fewest findings.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from recommender.conditions import FALSE, TRUE
from recommender.diagrams import Space
from recommender.governance.world import World, unasked_element
from recommender.mdd import Diagrams, Node
from recommender.regions import Classes, Member, Stretches, Switch, Variable

Cube = Mapping[int, int]
"""For each variable that has to be known its element."""

Wide = Mapping[int, tuple[int, int]]
"""For an ordered variable that is known, the first and last region that will do."""

Cost = tuple[int, int, int]
"""How many features change, how much that asks, and how plainly it can be said."""

_FEATURE, _PART = 1 << 40, 1 << 20
"""A cost as one number: a feature counts more than any parts, a part more than any ranks."""

_Found = tuple[int, int]
"""What it costs from here on, as one number, and the element that starts it."""


class _Asked(NamedTuple):
    """What a search has to know of a variable."""

    start: int
    """The element that costs nothing."""
    together: frozenset[int]
    """The variables of the same feature: what is told of it is paid for once."""
    costs: Sequence[int]
    """For each element what it costs to state it first of the feature."""
    changes: bool
    """Whether anything else than the start may be stated."""


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
        self._best = _best(world, start)

    @cached_property
    def smallest(self) -> Cube | None:
        """What the plainest profile has known, or what changes; None when there is no profile."""
        if self._best[self._where, False] is None:
            return None
        found: dict[int, int] = {}
        node, paid = self._where, False
        while not self._store.is_terminal(node):
            best = self._best[node, paid]
            assert best is not None
            variable, element = self._store.variable(node), best[1]
            asked = self._best.asked(variable)
            node, paid = self._store.children(node)[element], False
            if element != asked.start:
                found[variable] = element
                paid = self._store.variable(node) in asked.together
        return found

    @property
    def least(self) -> Cost | None:
        """What it costs; None when there is no profile."""
        found = self._best[self._where, False]
        if found is None:
            return None
        features, rest = divmod(found[0], _FEATURE)
        return features, *divmod(rest, _PART)

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


class _Places:
    """Where the nodes of one world lead, with the plainest element for each place."""

    def __init__(self, space: Space, store: Diagrams) -> None:
        self.space = space
        self.store = store
        self._branches: dict[Node, Sequence[tuple[Node, int]]] = {}
        self._ranks: dict[int, tuple[int, Sequence[int]]] = {}

    def from_node(self, node: Node) -> Sequence[tuple[Node, int]]:
        """Each child once, with the plainest of the elements that lead there."""
        known = self._branches.get(node)
        if known is None:
            unasked, ranks = self.ranks(self.store.variable(node))
            best: dict[Node, tuple[bool, int, int]] = {}
            for element, child in enumerate(self.store.children(node)):
                key = element == unasked, ranks[element], element
                if child not in best or key < best[child]:
                    best[child] = key
            known = self._branches[node] = [(child, key[2]) for child, key in best.items()]
        return known

    def ranks(self, variable: int) -> tuple[int, Sequence[int]]:
        """The element of what nobody has asked, and for each element its rank."""
        known = self._ranks.get(variable)
        if known is None:
            found = self.space.variables[variable]
            ranks = [_rank(found, element) for element in range(len(found.domain))]
            known = self._ranks[variable] = unasked_element(found), ranks
        return known


def _best(world: World, start: Cube | None) -> "_Best":
    """The table of a search; all that start from nothing share one."""
    if "places" not in world.kept:
        places = world.kept["places"] = _Places(world.space, world.store)
        world.kept["plainest"] = _Best(places, None)
    found: _Best = world.kept["plainest"]
    return found if start is None else _Best(world.kept["places"], start)


class _Best(dict[tuple[Node, bool], _Found | None]):
    """The least cost from each node on, None where nothing is found; a dict that fills itself.

    The second part of a key: whether the feature the node asks about is paid for.
    """

    def __init__(self, places: "_Places", start: Cube | None) -> None:
        self._places = places
        self._store = places.store
        self._start = start
        self._asked: dict[int, _Asked] = {}

    def __missing__(self, key: tuple[Node, bool]) -> _Found | None:
        node, paid = key
        store = self._store
        if store.is_terminal(node):
            best = (0, 0) if store.value(node) == TRUE else None
            self[key] = best
            return best
        variable = store.variable(node)
        asked = self.asked(variable)
        children = store.children(node)
        straight = children[asked.start]
        rest = self[straight, paid and store.variable(straight) in asked.together]
        best = None if rest is None else (rest[0], asked.start)
        for child, element in self._places.from_node(node) if asked.changes else ():
            if child == straight:
                continue
            rest = self[child, store.variable(child) in asked.together]
            if rest is not None:
                cost = rest[0] + asked.costs[element] - (_FEATURE if paid else 0)
                if best is None or (cost, element) < best:
                    best = cost, element
        self[key] = best
        return best

    def asked(self, variable: int) -> _Asked:
        """What has to be known of a variable, found once."""
        known = self._asked.get(variable)
        if known is None:
            known = self._asked[variable] = self._found_of(variable)
        return known

    def _found_of(self, variable: int) -> _Asked:
        """How far from hand a change is: an answer, another answer, one forgotten, a history."""
        space = self._places.space
        found = space.variables[variable]
        unasked, ranks = self._places.ranks(variable)
        start = unasked if self._start is None else self._start.get(variable, unasked)
        if isinstance(found, Switch):
            costs = [2 * _FEATURE + _PART] * len(found.domain)
            return _Asked(start, frozenset([variable]), costs, self._start is None)
        feature = found.feature
        together = {*space.of[feature.id], space.exactness.get(feature.id, variable)}
        costs = [_FEATURE + _PART + rank for rank in ranks]
        if self._start is not None:
            asks = [1 if start == unasked else 2] * len(ranks)
            asks[unasked] = 3
            weight = _PART if feature.modifiable else 4 * _PART
            costs = [_FEATURE + n * weight + rank for n, rank in zip(asks, ranks, strict=True)]
        return _Asked(start, frozenset(together), costs, True)


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
