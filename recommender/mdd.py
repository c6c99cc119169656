"""Canonical multi-valued decision diagrams: equal functions are one node.

A node is an int. A terminal stands for any hashable value; an inner node has a variable and one
child for each element of the variable's domain. Variables are ints, smaller ones nearer the root.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from itertools import repeat
from typing import Any
from weakref import ref

Node = int
Operation = Callable[[Any, Any], Hashable]
Change = Callable[[Any], Hashable]

_TERMINAL = 1 << 60


class TooLarge(Exception):
    """More nodes are needed than the budget allows."""


class Diagrams:
    """A store of nodes; what it builds stays small because equal parts are shared."""

    def __init__(self) -> None:
        self._most: int | None = None
        self._variable: list[int] = []
        self._children: list[tuple[Node, ...]] = []
        self._values: list[Any] = []
        self._unique: dict[tuple[int, tuple[Node, ...]], Node] = {}
        self._terminals: dict[Hashable, Node] = {}
        self._supports: dict[Node, frozenset[int]] = {}
        self._joined: dict[Operation, Joined] = {}
        self._mapped: dict[Change, Mapped] = {}
        self._meeting: dict[Node, Meeting] = {}

    def __len__(self) -> int:
        return len(self._variable)

    def limit(self, more: int | None) -> None:
        """Let so many more nodes be made, or as many as it takes; past them TooLarge is raised."""
        self._most = None if more is None else len(self) + more

    def terminal(self, value: Hashable) -> Node:
        """The node of a constant."""
        key = type(value), value  # a named tuple equals a plain one, and True equals 1
        known = self._terminals.get(key)
        if known is None:
            known = self._terminals[key] = self._add(_TERMINAL, (), value)
        return known

    def node(self, variable: int, children: tuple[Node, ...]) -> Node:
        """The node that asks `variable`; a question whose answers lead to one place is left out."""
        first = children[0]
        if children.count(first) == len(children):
            return first
        key = variable, children
        known = self._unique.get(key)
        if known is None:
            known = self._unique[key] = self._add(variable, children, None)
        return known

    def _add(self, variable: int, children: tuple[Node, ...], value: Any) -> Node:
        if len(self._variable) == self._most:
            raise TooLarge(self._most)
        self._variable.append(variable)
        self._children.append(children)
        self._values.append(value)
        return len(self._variable) - 1

    def is_terminal(self, node: Node) -> bool:
        """Whether the node is a constant."""
        return self._variable[node] == _TERMINAL

    def value(self, node: Node) -> Any:
        """The constant of a terminal."""
        return self._values[node]

    def variable(self, node: Node) -> int:
        """What an inner node asks."""
        return self._variable[node]

    def children(self, node: Node) -> tuple[Node, ...]:
        """Where an inner node leads, one for each element of the domain."""
        return self._children[node]

    def pairs(self, x: Node, y: Node) -> tuple[int, Iterable[tuple[Node, Node]]]:
        """What the first of two nodes asks, and where both are for each answer to that."""
        a, b = self._variable[x], self._variable[y]
        if a < b:
            return a, zip(self._children[x], repeat(y), strict=False)
        if b < a:
            return b, zip(repeat(x), self._children[y], strict=False)
        return a, zip(self._children[x], self._children[y], strict=True)

    def joined(
        self, operation: Operation, *, neutral: Node | None = None, absorbing: Node | None = None
    ) -> "Joined":
        """Every pair of diagrams joined by `operation`, made as it is asked for and kept.

        neutral, absorbing: constants of the operation, on either side, that need no descent; an
        operation has the same ones at each call.
        """
        known = self._joined.get(operation)
        if known is None:
            known = self._joined[operation] = Joined(self, operation, neutral, absorbing)
        return known

    def mapped(self, change: Change) -> "Mapped":
        """Every diagram with each constant changed, made as it is asked for and kept."""
        known = self._mapped.get(change)
        if known is None:
            known = self._mapped[change] = Mapped(self, change)
        return known

    def meeting(self, nothing: Node) -> "Meeting":
        """Of every pair of diagrams whether they meet: both are something else somewhere.

        nothing: the constant that counts as being nowhere.
        """
        known = self._meeting.get(nothing)
        if known is None:
            known = self._meeting[nothing] = Meeting(self, nothing)
        return known

    def apply(self, operation: Operation, first: Node, second: Node) -> Node:
        """The diagram of `operation` on two diagrams; nothing is kept but the diagram."""
        return Joined(self, operation)[first, second]

    def map(self, change: Change, node: Node) -> Node:
        """The diagram with every constant changed; nothing is kept but the diagram."""
        return Mapped(self, change)[node]

    def below(self, roots: Iterable[Node]) -> Iterator[Node]:
        """Every inner node reachable from the roots, once."""
        seen: set[Node] = set()
        waiting = list(roots)
        while waiting:
            node = waiting.pop()
            if node in seen or self.is_terminal(node):
                continue
            seen.add(node)
            yield node
            waiting.extend(self._children[node])

    def support(self, node: Node) -> frozenset[int]:
        """The variables the diagram depends on."""
        known = self._supports.get(node)
        if known is None:
            known = frozenset(self._variable[inner] for inner in self.below([node]))
            self._supports[node] = known
        return known


class Joined(dict[tuple[Node, Node], Node]):
    """Pairs of diagrams, each joined by one operation.

    A dict that fills itself: what is known is found without a call, also on the way down. It does
    not keep its store alive: a store that is not used any more is let go at once.
    """

    def __init__(
        self,
        store: Diagrams,
        operation: Operation,
        neutral: Node | None = None,
        absorbing: Node | None = None,
    ) -> None:
        self._store = ref(store)
        self._operation = operation
        self._neutral = neutral
        self._absorbing = absorbing

    def __missing__(self, pair: tuple[Node, Node]) -> Node:
        x, y = pair
        if x == self._neutral or y == self._absorbing:
            made = y
        elif y == self._neutral or x == self._absorbing:
            made = x
        else:
            made = self._descended(x, y)
        self[pair] = made
        return made

    def _descended(self, x: Node, y: Node) -> Node:
        store = self._store()
        assert store is not None
        variable, pairs = store.pairs(x, y)
        if variable == _TERMINAL:
            return store.terminal(self._operation(store.value(x), store.value(y)))
        return store.node(variable, tuple(map(self.__getitem__, pairs)))


class Meeting(dict[tuple[Node, Node], bool]):
    """Pairs of diagrams, and whether they meet; filled like Joined, but only as far as it takes."""

    def __init__(self, store: Diagrams, nothing: Node) -> None:
        self._store = ref(store)
        self._nothing = nothing

    def __missing__(self, pair: tuple[Node, Node]) -> bool:
        store = self._store()
        assert store is not None
        x, y = pair
        if x == self._nothing or y == self._nothing:
            return False
        if x == y or store.is_terminal(x) or store.is_terminal(y):
            return True
        met = self[pair] = any(map(self.__getitem__, store.pairs(x, y)[1]))
        return met


class Mapped(dict[Node, Node]):
    """Diagrams, each with every constant changed in one way; filled like Joined."""

    def __init__(self, store: Diagrams, change: Change) -> None:
        self._store = ref(store)
        self._change = change

    def __missing__(self, node: Node) -> Node:
        store = self._store()
        assert store is not None
        if store.is_terminal(node):
            made = store.terminal(self._change(store.value(node)))
        else:
            kids = tuple(map(self.__getitem__, store.children(node)))
            made = store.node(store.variable(node), kids)
        self[node] = made
        return made
