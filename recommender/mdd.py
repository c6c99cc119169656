"""Canonical multi-valued decision diagrams: equal functions are one node.

A node is an int. A terminal stands for any hashable value; an inner node has a variable and one
child for each element of the variable's domain. Variables are ints, smaller ones nearer the root.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any

Node = int
Operation = Callable[[Any, Any], Hashable]

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
        known = self._unique.get((variable, children))
        if known is None:
            known = self._unique[variable, children] = self._add(variable, children, None)
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

    def apply(
        self,
        operation: Operation,
        first: Node,
        second: Node,
        memo: dict[tuple[Node, Node], Node],
        *,
        neutral: Node | None = None,
        absorbing: Node | None = None,
    ) -> Node:
        """The diagram of `operation` on two diagrams; `memo` belongs to that operation alone.

        neutral, absorbing: constants of the operation, on either side, that need no descent.
        """
        variables, all_children = self._variable, self._children

        def join(x: Node, y: Node) -> Node:
            if x == neutral or y == absorbing:
                return y
            if y == neutral or x == absorbing:
                return x
            made = memo.get((x, y))
            if made is not None:
                return made
            a, b = variables[x], variables[y]
            if a == b:
                if a == _TERMINAL:
                    made = self.terminal(operation(self._values[x], self._values[y]))
                else:
                    pairs = zip(all_children[x], all_children[y], strict=True)
                    made = self.node(a, tuple([join(p, q) for p, q in pairs]))
            elif a < b:
                made = self.node(a, tuple([join(p, y) for p in all_children[x]]))
            else:
                made = self.node(b, tuple([join(x, q) for q in all_children[y]]))
            memo[x, y] = made
            return made

        return join(first, second)

    def map(self, change: Callable[[Any], Hashable], node: Node, memo: dict[Node, Node]) -> Node:
        """The diagram with every constant changed; `memo` belongs to that change alone."""
        known = memo.get(node)
        if known is None:
            if self.is_terminal(node):
                known = self.terminal(change(self._values[node]))
            else:
                kids = tuple(self.map(change, child, memo) for child in self._children[node])
                known = self.node(self._variable[node], kids)
            memo[node] = known
        return known

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
