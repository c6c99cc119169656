"""What further answers can bring about, as one operator on diagrams.

In: a diagram that is TRUE where something is so. Out: a diagram that is TRUE for everybody for whom
it may become so by learning more: any stretch may become narrower, any open value known. What was
lifted and what is declined stays. It takes one pass over the diagram.
"""

from collections.abc import Collection, Sequence

from recommender.governance.world import World
from recommender.mdd import Node


class Learning:
    """The operator over one world; `of`: learning about these features alone, else about all."""

    def __init__(self, world: World, of: Collection[str] | None = None) -> None:
        self._world = world
        self._of = of
        self._made: dict[Node, Node] = {}
        self._elements: dict[int, Sequence[Sequence[int]]] = {}

    def may_become(self, node: Node) -> Node:
        """Where it is so, or may become so."""
        store = self._world.store
        if store.is_terminal(node):
            return node
        if node not in self._made:
            variable = store.variable(node)
            kids = [self.may_become(child) for child in store.children(node)]
            if self._of is None or self._world.subject(variable) in self._of:
                kids = self._widened(variable, kids)
            self._made[node] = store.node(variable, tuple(kids))
        return self._made[node]

    def _widened(self, variable: int, kids: Sequence[Node]) -> list[Node]:
        """For each element, where it is so for some element that an answer can make of it."""
        made: dict[frozenset[Node], Node] = {}
        widened = []
        for narrower in self._narrower(variable):
            several = frozenset(map(kids.__getitem__, narrower))
            if several not in made:
                made[several] = self._world.some(sorted(several))
            widened.append(made[several])
        return widened

    def _narrower(self, variable: int) -> Sequence[Sequence[int]]:
        """For each element what an answer can make of it."""
        known = self._elements.get(variable)
        if known is None:
            space = self._world.space
            size = len(space.variables[variable].domain)
            known = self._elements[variable] = [space.narrower(variable, n) for n in range(size)]
        return known
