"""Regions: a feature is cut exactly as finely as the tests on it need."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.conditions import Test as Asked
from recommender.conditions import compile_test, parse
from recommender.conditions import tests_of as every_test
from recommender.facts import Members, Options, Span, everything
from recommender.regions import Classes, Exactness, Member, Stretches, Switch, variables_of
from recommender.vocabulary import Feature
from tests import strategies as drawn
from tests.building import Plain, boolean, choice, decimal, integer, members, ordinal


def feature(text: Plain) -> Feature:
    return Feature.model_validate(text)


def asked(about: Feature, *whens: object) -> list[Asked]:
    found: list[Asked] = []
    for when in whens:
        condition = parse({about.id: when}, {about.id: about}, lambda *said: pytest.fail(str(said)))
        found += every_test(condition)
    return found


COUNT, RATIO, MOOD = (
    feature(integer("count", 0, 9)),
    feature(decimal("ratio", 0.0, 1.0)),
    feature(ordinal("mood", "low mild high severe")),
)


# ------------------------------------------------------------------------------- how finely


@pytest.mark.parametrize(
    ("about", "whens", "regions"),
    [
        (COUNT, [{"at_least": 3}], 2),
        (COUNT, [{"at_least": 3}, {"less_than": 3}, {"more_than": 2}], 2),
        (COUNT, [{"at_least": 0}], 1),
        (COUNT, [{"at_most": 9}], 1),
        (COUNT, [{"is": 4}], 3),
        (COUNT, [[3, 4, 5]], 3),
        (COUNT, [{"between": [3, 5]}, {"at_least": 8}], 4),
        (COUNT, [{"known": True}], 1),
        (COUNT, [], 1),
        (RATIO, [{"at_least": 0.5}], 2),
        (RATIO, [{"at_least": 0.5}, {"more_than": 0.5}], 3),
        (RATIO, [{"is": 0.5}], 3),
        (MOOD, [{"at_least": "high"}], 2),
        (MOOD, ["low", "severe"], 3),
    ],
)
def test_an_ordered_feature_is_cut_only_where_a_test_changes(
    about: Feature, whens: list[object], regions: int
) -> None:
    (variable,) = variables_of(about, asked(about, *whens))
    assert isinstance(variable, Stretches)
    assert len(variable.domain) == regions * (regions + 1) // 2


@pytest.mark.parametrize(
    ("whens", "classes"), [([], 1), (["a"], 2), (["a", ["a", "b"]], 3), ([["a", "b"]], 2)]
)
def test_a_choice_is_cut_into_the_values_no_test_tells_apart(
    whens: list[object], classes: int
) -> None:
    about = feature(choice("kind", "a b c d"))
    (variable,) = variables_of(about, asked(about, *whens))
    assert isinstance(variable, Classes)
    assert len(variable.masks) == classes
    assert len(variable.domain) == 2**classes - 1


def test_a_set_has_a_variable_for_each_member_that_is_asked_about() -> None:
    about = feature(members("marks", "a b c"))
    for when, bits in (
        ({"includes": "b"}, [1]),
        ({"includes_any": ["a", "c"]}, [0, 2]),
        ({"empty": True}, [0, 1, 2]),
    ):
        found = variables_of(about, asked(about, when))
        assert all(isinstance(one, Member) for one in found)
        assert [one.bit for one in found if isinstance(one, Member)] == bits


def test_members_outside_the_vocabulary_are_one_more_when_it_asks_for_none() -> None:
    about = feature(members("drugs", "a b", accepts_other=True))
    assert len(variables_of(about, asked(about, {"empty": True}))) == 3


# ------------------------------------------------------------------------------- what can come


@pytest.mark.parametrize(
    ("about", "possible", "others"),
    [
        (COUNT, Span(4, 4), 0),
        (COUNT, Span(3, 9), 0),
        (COUNT, Span(0, 9), 2),
        (COUNT, Span(2, 3), 2),
    ],
)
def test_a_further_answer_is_any_narrower_stretch(
    about: Feature, possible: Span, others: int
) -> None:
    (variable,) = variables_of(about, asked(about, {"at_least": 3}))
    element = variable.element(possible)
    first, *rest = variable.narrower(element)
    assert first == element
    assert len(rest) == others


def test_a_settled_member_stays() -> None:
    member = Member(feature(members("marks", "a b")), 1)
    for possible, answers in ((Members(0b10, 0), 1), (Members(0, 0b10), 1), (Members(1, 0), 3)):
        assert len(member.narrower(member.element(possible))) == answers


@settings(max_examples=80)
@given(st.data())
def test_no_test_and_no_answer_is_lost(data: st.DataObject) -> None:
    """Each element gives every test its truth, and each narrower fact is a narrower element."""
    text = data.draw(
        st.sampled_from(
            [
                integer("x", 0, 4),
                decimal("x", 0.0, 1.0),
                ordinal("x", "v0 v1 v2"),
                boolean("x"),
                choice("x", "v0 v1 v2"),
                members("x", "v0 v1"),
            ]
        )
    )
    about = feature(text)
    whens = data.draw(st.lists(drawn.whens([text], depth=0), min_size=1, max_size=4))
    tests = asked(about, *(when["x"] for when in whens))
    possible = data.draw(drawn.possibles(about))
    narrower = data.draw(st.sampled_from(drawn.refinements(about, possible)))
    for variable in variables_of(about, tests):
        element, after = variable.element(possible), variable.element(narrower)
        assert after in variable.narrower(element)
        if isinstance(variable, Stretches | Classes):
            for test in tests:
                truth = compile_test(test, about)(possible)
                assert variable.truths(test)[element] == truth


def test_everything_is_an_element_of_every_variable() -> None:
    whens: list[tuple[Feature, object]] = [
        (COUNT, {"at_least": 3}),
        (RATIO, {"more_than": 0.5}),
        (MOOD, "high"),
        (feature(boolean("agrees")), True),
        (feature(members("marks", "a b")), {"empty": True}),
    ]
    for about, when in whens:
        for variable in variables_of(about, asked(about, when)):
            assert variable.element(everything(about)) is not None


def test_whether_one_value_is_left_is_a_variable_of_its_own() -> None:
    about = feature(integer("count", 0, 9))
    known = Exactness(about)
    assert known.element(Span(3, 3)) == 1
    assert known.element(Span(3, 4)) == 0
    assert known.narrower(0) == (0, 1)
    assert known.narrower(1) == (1,)


def test_a_switch_is_no_fact_and_no_answer_turns_it() -> None:
    switch = Switch(feature(boolean("on")))
    assert [switch.element(Options(mask)) for mask in (1, 2)] == [0, 1]
    assert [switch.narrower(element) for element in (0, 1)] == [(0,), (1,)]
