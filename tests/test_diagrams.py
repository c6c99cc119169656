"""Diagrams of conditions and memberships: the same meaning as the rules, over every patient."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender import Rulebook, recommend
from recommender.candidates import Status
from recommender.conditions import FALSE, TRUE, UNKNOWN, Truth, compile_test, judge
from recommender.diagrams import (
    Conditions,
    Memberships,
    Restricted,
    if_declined,
    membership_of,
    memberships,
    only_true,
)
from recommender.facts import Fact, everything
from recommender.mdd import Diagrams, Node
from recommender.vocabulary import Feature
from tests import strategies as drawn
from tests.building import (
    AS_OF,
    Plain,
    boolean,
    concluded,
    decimal,
    facts,
    integer,
    members,
    ordinal,
    rulebook,
)

FEATURES = [
    ordinal("mood"),
    boolean("agrees"),
    boolean("device"),
    integer("count", 0, 9),
    decimal("ratio", 0.0, 1.0),
    members("marks", "a b c"),
]


DRAWN = [*FEATURES[1:], ordinal("degree", "v0 v1 v2 v3")]
"""The same for drawn conditions, which write ordinal values in alphabetic order."""


def value(store: Diagrams, node: Node, elements: list[int]) -> Any:
    """Where a diagram ends for one patient."""
    while not store.is_terminal(node):
        node = store.children(node)[elements[store.variable(node)]]
    return store.value(node)


# ------------------------------------------------------------------------------- conditions


@settings(max_examples=80)
@given(st.data())
def test_a_diagram_has_the_truth_of_its_condition_for_every_patient(data: st.DataObject) -> None:
    when = data.draw(drawn.whens(DRAWN))
    rules = {"tailoring.t.r": {"when": when, "flag": "F"}}
    book = rulebook(DRAWN, rules)
    conditions = Conditions(book, frozenset())
    condition = book.rules["tailoring.t.r"].condition
    known = data.draw(drawn.facts(book))
    elements = conditions.space.elements(known)
    found = value(conditions.store, conditions.of(condition), elements)
    assert found == judge(
        condition,
        lambda test: compile_test(test, book.features[test.feature])(known[test.feature].possible),
    )


def test_a_condition_always_true_or_false_asks_nothing() -> None:
    rules = {
        "tailoring.t.always": {"when": {"count": {"at_least": 0}}, "flag": "F"},
        "tailoring.t.never": {"when": {"count": {"less_than": 0}}, "flag": "F"},
        "tailoring.t.empty": {"when": {}, "flag": "F"},
    }
    book = rulebook(FEATURES, rules)
    conditions = Conditions(book, frozenset())
    for name, truth in (("always", TRUE), ("never", FALSE), ("empty", TRUE)):
        node = conditions.of_rule(book.rules[f"tailoring.t.{name}"])
        assert conditions.store.is_terminal(node)
        assert conditions.store.value(node) == truth


def test_two_ways_to_write_one_condition_are_one_diagram() -> None:
    whens: list[Plain] = [
        {"count": {"at_least": 3}},
        {"count": {"more_than": 2}},
        {"not": {"count": {"less_than": 3}}},
        {"count": {"between": [3, 9]}},
        {"count": [3, 4, 5, 6, 7, 8, 9]},
        {"any": [{"count": {"at_least": 3}}, {"count": {"at_least": 5}, "agrees": True}]},
    ]
    rules = {f"tailoring.t.r{n}": {"when": w, "flag": "F"} for n, w in enumerate(whens)}
    book = rulebook(FEATURES, rules)
    conditions = Conditions(book, frozenset())
    assert len({conditions.of_rule(rule) for rule in book.rules.values()}) == 1


def test_a_rule_out_of_effect_is_silent_whatever_it_says() -> None:
    rules = {"tailoring.t.r": {"when": {}, "flag": "F", "status": "retired"}}
    book = rulebook(FEATURES, rules)
    conditions = Conditions(book, book.inactive(AS_OF))
    node = conditions.of_rule(book.rules["tailoring.t.r"])
    assert conditions.store.value(node) == FALSE


# ------------------------------------------------------------------------------- memberships


@pytest.mark.parametrize(("indicated", "barred"), list(product((FALSE, UNKNOWN, TRUE), repeat=2)))
def test_membership_is_the_first_that_applies(indicated: Truth, barred: Truth) -> None:
    expected = {
        (FALSE, FALSE): "not_indicated",
        (FALSE, UNKNOWN): "not_indicated",
        (UNKNOWN, FALSE): "cannot_say",
        (UNKNOWN, UNKNOWN): "withheld",
        (TRUE, UNKNOWN): "withheld",
        (TRUE, FALSE): "recommended",
    }
    assert membership_of(indicated, barred) == expected.get((indicated, barred), "excluded")


def test_declining_changes_only_what_was_indicated() -> None:
    changed = {status for status in Status if if_declined(status) != status}
    assert changed == {Status.RECOMMENDED, Status.CANNOT_SAY, Status.WITHHELD}


def test_an_unknown_that_only_warns_bars_nothing() -> None:
    assert [only_true(truth) for truth in (FALSE, UNKNOWN, TRUE)] == [FALSE, FALSE, TRUE]


RULES: dict[str, Plain] = {
    "adaptation.t.a": {"when": {"stage": {"at_least": "some"}}, "recommend": "mbct"},
    "adaptation.t.b": {"when": {"count": {"at_least": 5}}, "recommend": "mbct"},
    "safety.t.a": {"when": {"device": True}, "exclude": "mbct"},
    "safety.t.b": {"when": {"marks": {"includes": "a"}}, "exclude": "mbct", "if_not_known": "ask"},
    "safety.t.c": {"when": {"ratio": {"more_than": 0.5}}, "refer": "crisis"},
    "inference.t.a": {"when": {"mood": "high"}, "conclude": {"stage": "some"}},
    "inference.t.b": {"when": {"agrees": True}, "conclude": {"stage": "full"}},
}


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return rulebook([*FEATURES, concluded(ordinal("stage", "none some full"), "none")], RULES)


@pytest.mark.parametrize("declined", [False, True])
@settings(max_examples=40)
@given(data=st.data())
def test_a_diagram_has_the_membership_of_every_patient(declined: bool, data: st.DataObject) -> None:
    features = [*FEATURES, concluded(ordinal("stage", "none some full"), "none")]
    made = rulebook(features, RULES)
    profile = data.draw(drawn.profiles(made, on=AS_OF))
    profile["preferences"] = {"declines": ["mbct"] if declined else []}
    answer = recommend(profile, made)
    built = memberships(made, frozenset())
    elements = built.conditions.space.elements(answer.trace.facts)
    found = value(built.conditions.store, built.of["mbct"], elements)
    expected = answer.candidates["mbct"].membership
    assert (if_declined(found) if declined else found) == expected


def test_diagrams_stay_small(book: Rulebook) -> None:
    assert memberships(book, frozenset()).size < 200


# ------------------------------------------------------------------------------- one patient


def restricted(made: Rulebook, **observed: Any) -> tuple[Memberships, Restricted]:
    built = memberships(made, frozenset())
    known = facts(made, observations=observed)
    return built, Restricted(built.conditions, built.conditions.space.elements(known))


@pytest.mark.parametrize(
    ("observed", "open_features"),
    [
        ({}, ["mood", "agrees", "device", "count", "marks"]),
        ({"count": 5}, ["device", "marks"]),
        ({"device": True}, []),
        ({"device": False, "marks": [], "mood": "low"}, ["agrees", "count"]),
        ({"device": False, "marks": [], "agrees": True}, []),
        ({"mood": "low", "agrees": False, "count": 0}, ["device", "marks"]),
        ({"device": False, "marks": ["b"], "mood": "low", "agrees": False, "count": 3}, []),
    ],
)
def test_cut_down_to_one_patient_only_what_can_still_matter_is_left(
    book: Rulebook, observed: Plain, open_features: list[str]
) -> None:
    built, cut = restricted(book, **observed)
    root = cut.restrict(built.of["mbct"])
    assert set(cut.features(root)) == set(open_features)
    assert cut.store.is_terminal(root) is (not open_features)


def test_not_answering_is_the_first_child(book: Rulebook) -> None:
    built, cut = restricted(book, count=5, marks=[])
    root = cut.restrict(built.of["mbct"])
    ends = [cut.store.value(child) for child in cut.store.children(root)]
    assert ends[0] == "withheld"
    assert sorted(ends[1:]) == ["excluded", "recommended"]


def test_facts_nobody_tests_make_no_variable() -> None:
    rules = {"tailoring.t.r": {"when": {"mood": "high"}, "flag": "F"}}
    made = rulebook(FEATURES, rules)
    space = Conditions(made, frozenset()).space
    known = {"mood": Fact("mood", everything(Feature.model_validate(FEATURES[0])))}
    assert len(space.elements(known)) == 1
