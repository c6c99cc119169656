"""Decision diagrams: equal functions are one node, and operations mean what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

import pytest

from recommender.facts import Span
from recommender.mdd import Diagrams, Node, TooLarge

SIZES = (2, 3, 2)
Function = Callable[[tuple[int, ...]], Any]

FUNCTIONS: Mapping[str, Function] = {
    "constant": lambda _: "x",
    "first": lambda at: at[0],
    "second": lambda at: at[1],
    "sum": lambda at: sum(at),
    "most": lambda at: max(at),
    "parity": lambda at: sum(at) % 2,
    "last_two": lambda at: at[1] * at[2],
}


def build(store: Diagrams, function: Function, given: tuple[int, ...] = ()) -> Node:
    """The diagram of a function, made from the leaves up."""
    if len(given) == len(SIZES):
        return store.terminal(function(given))
    kids = tuple(build(store, function, (*given, n)) for n in range(SIZES[len(given)]))
    return store.node(len(given), kids)


def value(store: Diagrams, node: Node, at: Sequence[int]) -> Any:
    while not store.is_terminal(node):
        node = store.children(node)[at[store.variable(node)]]
    return store.value(node)


def everywhere() -> list[tuple[int, ...]]:
    return list(product(*map(range, SIZES)))


@pytest.mark.parametrize("name", list(FUNCTIONS))
def test_a_diagram_is_the_function_it_was_made_from(name: str) -> None:
    store = Diagrams()
    node = build(store, FUNCTIONS[name])
    assert all(value(store, node, at) == FUNCTIONS[name](at) for at in everywhere())


@pytest.mark.parametrize("first", list(FUNCTIONS))
@pytest.mark.parametrize("second", list(FUNCTIONS))
def test_equal_functions_are_one_node(first: str, second: str) -> None:
    store = Diagrams()
    nodes = [build(store, FUNCTIONS[name]) for name in (first, second)]
    equal = all(FUNCTIONS[first](at) == FUNCTIONS[second](at) for at in everywhere())
    assert (nodes[0] == nodes[1]) is equal


def test_a_question_whose_answers_lead_to_one_place_is_left_out() -> None:
    store = Diagrams()
    assert store.node(0, (store.terminal(1), store.terminal(1))) == store.terminal(1)


def test_none_and_false_are_two_values() -> None:
    store = Diagrams()
    assert store.terminal(None) != store.terminal(False)


@pytest.mark.parametrize("first", list(FUNCTIONS))
@pytest.mark.parametrize("second", ["sum", "parity", "second", "constant"])
def test_an_operation_is_done_point_by_point(first: str, second: str) -> None:
    store = Diagrams()
    a, b = build(store, FUNCTIONS[first]), build(store, FUNCTIONS[second])
    joined = store.apply(lambda x, y: (x, y), a, b)
    for at in everywhere():
        assert value(store, joined, at) == (FUNCTIONS[first](at), FUNCTIONS[second](at))
    assert joined == build(store, lambda at: (FUNCTIONS[first](at), FUNCTIONS[second](at)))


@pytest.mark.parametrize("first", ["first", "second", "sum", "parity", "last_two"])
@pytest.mark.parametrize("second", ["first", "sum", "parity", "most"])
def test_what_needs_no_descent_is_the_same_as_with_it(first: str, second: str) -> None:
    store = Diagrams()
    a, b = build(store, FUNCTIONS[first]), build(store, FUNCTIONS[second])
    least, most = store.terminal(0), store.terminal(4)
    joined = store.joined(min, neutral=most, absorbing=least)
    assert joined[a, b] == store.apply(min, a, b)
    assert joined[a, most] == joined[most, a] == a
    assert joined[a, least] == joined[least, a] == least
    assert store.joined(min) is joined


@pytest.mark.parametrize("first", list(FUNCTIONS))
@pytest.mark.parametrize("second", list(FUNCTIONS))
def test_two_diagrams_meet_where_neither_ends_in_nothing(first: str, second: str) -> None:
    store = Diagrams()
    a, b = build(store, FUNCTIONS[first]), build(store, FUNCTIONS[second])
    for nothing in (0, 1, "x"):
        met = any(
            nothing not in (FUNCTIONS[first](at), FUNCTIONS[second](at)) for at in everywhere()
        )
        assert store.meeting(store.terminal(nothing))[a, b] is met


def test_diagrams_of_other_places_do_not_meet() -> None:
    store = Diagrams()
    no, yes = store.terminal(0), store.terminal(1)
    one, other = store.node(1, (no, yes, no)), store.node(1, (yes, no, no))
    assert not store.meeting(no)[one, other]
    assert store.meeting(no)[one, store.node(0, (no, one))]


@pytest.mark.parametrize("name", list(FUNCTIONS))
def test_what_was_changed_once_is_kept(name: str) -> None:
    store = Diagrams()
    node = build(store, FUNCTIONS[name])
    assert store.mapped(str)[node] == store.map(str, node)
    assert store.mapped(str) is store.mapped(str)


@pytest.mark.parametrize("name", list(FUNCTIONS))
def test_a_change_of_values_is_done_at_every_end(name: str) -> None:
    store = Diagrams()
    changed = store.map(str, build(store, FUNCTIONS[name]))
    assert changed == build(store, lambda at: str(FUNCTIONS[name](at)))


@pytest.mark.parametrize(
    ("name", "support"),
    [
        ("constant", set()),
        ("first", {0}),
        ("second", {1}),
        ("last_two", {1, 2}),
        ("sum", {0, 1, 2}),
    ],
)
def test_the_support_is_what_the_function_depends_on(name: str, support: set[int]) -> None:
    store = Diagrams()
    assert store.support(build(store, FUNCTIONS[name])) == support


def test_every_inner_node_below_is_seen_once() -> None:
    store = Diagrams()
    node = build(store, FUNCTIONS["parity"])
    below = list(store.below([node, node]))
    assert len(below) == len(set(below)) == 5


def test_the_parity_of_many_variables_stays_small() -> None:
    store = Diagrams()
    even, odd = store.terminal(0), store.terminal(1)
    for variable in reversed(range(200)):
        even, odd = store.node(variable, (even, odd)), store.node(variable, (odd, even))
    assert len(store) == 2 + 2 * 200


def test_past_its_limit_a_store_makes_no_more_nodes() -> None:
    store = Diagrams()
    ends = (store.terminal(False), store.terminal(True))
    store.limit(1)
    first = store.node(0, ends)
    assert store.node(0, ends) == first
    with pytest.raises(TooLarge):
        store.node(1, ends)


def test_equal_values_of_different_types_are_different_constants() -> None:
    store = Diagrams()
    plain = store.terminal((0, 0))
    assert store.terminal(Span(0, 0)) != plain
    assert isinstance(store.value(store.terminal(Span(0, 0))), Span)
    assert store.terminal(Span(0, 0)) == store.terminal(Span(0, 0))
