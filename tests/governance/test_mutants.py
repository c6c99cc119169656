"""Each operator changes a rule in the one way it says, and nothing that means the same is made."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender import Rulebook, conditions
from recommender.conditions import AllOf, AnyOf, Not, compile_test, judge
from recommender.governance.mutation.mutants import Mutant, mutants
from recommender.governance.mutation.operators import Operator
from recommender.governance.mutation.seeded import Family, family_of
from recommender.governance.mutation.trees import (
    atoms,
    meaning,
    places,
    replaced,
    under_not,
    without,
)
from tests import strategies as drawn
from tests.building import Plain, boolean, choice, decimal, integer, members, ordinal, rulebook

FEATURES = [
    ordinal("mood"),
    integer("score", 0, 10),
    integer("scale", 0, 20, **{"from": [{"instrument": "scale"}]}),
    decimal("change", 0.0, 10.0),
    choice("side", "left right both"),
    members("things", "a b c"),
    boolean("danger"),
]
SCALE: Plain = {
    "id": "scale",
    "title": "Scale",
    "range": [0, 20],
    "bands": [
        {"id": "low", "range": [0, 6]},
        {"id": "mid", "range": [7, 13]},
        {"id": "high", "range": [14, 20]},
    ],
}
NAMES = ["mbct", "ba", "act"]


def book(rule: Plain, **more: Plain) -> Rulebook:
    rules = {"adaptation.t.r": rule} | more
    return rulebook(FEATURES, rules, adaptations=NAMES, instruments=[SCALE])


def made(rule: Plain, operator: Operator | None = None) -> list[Mutant]:
    found = mutants(book(rule), ["adaptation.t.r"])
    return [one for one in found if operator in (None, one.operator)]


def forms(rule: Plain, operator: Operator) -> list[tuple[str, tuple[Any, ...]]]:
    found = []
    for mutant in made(rule, operator):
        if not mutant.place.startswith("when"):
            continue
        assert mutant.mutated is not None
        (test,) = [test for _, test in atoms(mutant.mutated.condition)]
        found.append((test.name, test.values))
    return found


def recommend(**when: Any) -> Plain:
    return {"when": when, "recommend": "mbct"}


@pytest.mark.parametrize(
    ("when", "operator", "expected"),
    [
        ({"score": {"at_least": 5}}, Operator.THRESHOLD, [("at_least", (4,)), ("at_least", (6,))]),
        ({"score": {"at_least": 10}}, Operator.THRESHOLD, [("at_least", (9,))]),
        ({"score": {"at_most": 0}}, Operator.THRESHOLD, [("at_most", (1,))]),
        (
            {"mood": {"at_least": "mild"}},
            Operator.THRESHOLD,
            [("at_least", ("low",)), ("at_least", ("high",))],
        ),
        (
            {"change": {"at_least": 2.5}},
            Operator.THRESHOLD,
            [("at_least", (2.4,)), ("at_least", (2.6,))],
        ),
        ({"scale": {"at_least": 7}}, Operator.BAND_EDGE, [("at_least", (0,)), ("at_least", (14,))]),
        ({"scale": {"at_most": 6}}, Operator.BAND_EDGE, [("at_most", (13,))]),
        ({"change": {"at_least": 2.5}}, Operator.RELATION, [("more_than", (2.5,))]),
        (
            {"things": {"includes_any": ["a", "b"]}},
            Operator.RELATION,
            [("includes_all", ("a", "b"))],
        ),
        ({"side": ["left", "both"]}, Operator.LIST_DROP, [("in", ("both",)), ("in", ("left",))]),
        (
            {"things": {"includes_any": ["a", "b"]}},
            Operator.LIST_ADD,
            [
                ("includes_any", ("a", "b", "c")),
            ],
        ),
        ({"side": "left"}, Operator.VALUE, [("is", ("right",))]),
        ({"things": {"includes": "c"}}, Operator.VALUE, [("includes", ("a",))]),
        ({"mood": "mild"}, Operator.VALUE, [("is", ("low",)), ("is", ("high",))]),
    ],
)
def test_a_test_is_changed_as_the_operator_says(
    when: Plain, operator: Operator, expected: list[tuple[str, tuple[Any, ...]]]
) -> None:
    assert forms(recommend(**when), operator) == expected


def test_thresholds_of_a_list_move_one_place() -> None:
    found = forms(recommend(mood={"at_most": "mild"}), Operator.THRESHOLD)
    assert found == [("at_most", ("low",)), ("at_most", ("high",))]


@pytest.mark.parametrize(
    ("rule", "operator", "places"),
    [
        (recommend(danger=True, side="left"), Operator.ALL_ANY, ["when"]),
        (recommend(danger=True, side="left"), Operator.DROP_BRANCH, ["when.0", "when.1"]),
        (recommend(danger=True), Operator.DROP_BRANCH, ["when"]),
        (recommend(danger=True), Operator.DROP_RULE, ["rule"]),
        (recommend(danger=True), Operator.EXCLUDE, ["recommend"]),
        (recommend(danger=True), Operator.ROLE, ["as"]),
        (
            {"when": {"danger": True}, "exclude": ["mbct", "ba"]},
            Operator.LIST_DROP,
            ["exclude.0", "exclude.1"],
        ),
        (
            {"when": {"danger": True}, "exclude": "mbct"},
            Operator.IF_NOT_KNOWN,
            ["if_not_known"] * 3,
        ),
        (
            {"when": {}, "refer": "crisis", "if_not_known": "caution", "justify": "J"},
            Operator.IF_NOT_KNOWN,
            ["if_not_known"],
        ),
        ({"when": {}, "sequence": ["ba", "mbct"]}, Operator.REVERSE_ORDER, ["sequence.0"]),
        (
            {"when": {}, "sequence": ["ba", "mbct", "act"], "required": True},
            Operator.DROP_ORDER,
            ["sequence.0", "sequence.1", "required"],
        ),
        ({"when": {}, "limit": {"new_at_once": 2}}, Operator.THRESHOLD, ["limit.new_at_once"] * 2),
        ({"when": {}, "limit": {"new_at_once": 0}}, Operator.THRESHOLD, ["limit.new_at_once"]),
    ],
)
def test_the_rest_of_a_rule_is_changed(rule: Plain, operator: Operator, places: list[str]) -> None:
    assert [one.place for one in made(rule, operator)] == places


@pytest.mark.parametrize(
    ("rule", "operator"),
    [
        (recommend(danger=True), Operator.VALUE),  # is the negation
        (recommend(score={"at_least": 5}), Operator.RELATION),  # one step more
        (recommend(danger=True), Operator.ALL_ANY),
        (recommend(**{"not": {"danger": True}}), Operator.UNKNOWN_AS_FALSE),
        ({"when": {}, "exclude": "mbct", "if_not_known": "presume", "justify": "J"}, None),
        ({"when": {}, "sequence": ["ba", "mbct"]}, Operator.DROP_ORDER),
        ({"when": {}, "together": ["ba", "mbct"]}, Operator.LIST_DROP),
    ],
)
def test_what_means_the_same_or_cannot_be_written_is_not_made(
    rule: Plain, operator: Operator | None
) -> None:
    found = [one for one in made(rule, operator) if one.operator is not Operator.DROP_RULE]
    if operator is Operator.VALUE:
        assert [one.operator for one in made(rule)].count(Operator.NEGATE) == 0
        assert len(found) == 1
    else:
        assert found == []


def test_the_unknown_is_told_under_a_not_where_the_format_lets_it() -> None:
    rule = {"when": {"not": {"danger": True}}, "flag": "Look."}
    (no,) = made(rule, Operator.UNKNOWN_AS_FALSE)
    (yes,) = made(rule, Operator.UNKNOWN_AS_TRUE)
    danger = conditions.Test("danger", "is", (True,))
    known, unknown = (conditions.Test("danger", "known", (so,)) for so in (True, False))
    assert no.mutated is not None
    assert yes.mutated is not None
    assert no.mutated.condition == Not(AllOf((danger, known)))
    assert yes.mutated.condition == Not(AnyOf((danger, unknown)))
    assert made({"when": {"danger": True}, "flag": "Look."}, Operator.UNKNOWN_AS_FALSE) == []


def test_the_families_hold_just_their_kind() -> None:
    whole = book(
        {"when": {"score": {"at_least": 5}}, "exclude": "mbct"},
        **{"adaptation.t.s": recommend(score={"at_least": 3})},
    )
    by_family: dict[Family | None, list[Mutant]] = {}
    for one in mutants(whole):
        by_family.setdefault(family_of(one, whole.rules[one.rule]), []).append(one)
    assert [one.after for one in by_family[Family.WEAKENED]] == ["ask", "caution", "presume"]
    assert [one.rule for one in by_family[Family.DROPPED]] == ["adaptation.t.r"]
    moved = [(one.rule, one.place) for one in by_family[Family.MOVED]]
    assert moved == [("adaptation.t.r", "when")] * 2 + [("adaptation.t.s", "when")] * 2


def test_a_retired_rule_has_no_mutants() -> None:
    assert made(recommend(danger=True) | {"status": "retired"}) == []


# ------------------------------------------------------------------------------- trees


def test_places_lead_to_parts_and_back() -> None:
    rule = book(recommend(any=[{"danger": True}, {"not": {"side": "left"}}], mood="low"))
    condition = rule.rules["adaptation.t.r"].condition
    for place, part in places(condition):
        assert replaced(condition, place, part) == condition
    assert [place for place, _ in atoms(condition)] == [(0, 0), (0, 1, 0), (1,)]
    assert under_not(condition, (0, 1, 0))
    assert not under_not(condition, (0, 0))
    assert without(condition, (0, 1, 0)) == without(condition, (0, 1))


@given(drawn.rulebooks(rules=6))
def test_mutants_come_in_one_order_once_and_differ_from_their_rule(made: Rulebook) -> None:
    found = list(mutants(made))
    assert found == list(mutants(made))
    keys = [(one.rule, one.operator, one.place, one.before, one.after) for one in found]
    for mutant in found:
        rule = made.rules[mutant.rule]
        assert mutant.mutated != rule
    assert keys == sorted(keys, key=lambda key: list(made.rules).index(key[0]))


@given(drawn.rulebooks(rules=6), st.data())
def test_conditions_of_one_meaning_have_one_truth(made: Rulebook, data: Any) -> None:
    """Over drawn truths: equal meanings never part."""
    facts = data.draw(drawn.facts(made))
    parts = [p for rule in made.rules.values() for _, p in places(rule.condition)]
    parts += [Not(part) for part in parts]

    def truth(test: conditions.Test) -> int:
        feature = made.features[test.feature]
        fact = facts.get(test.feature)
        if fact is None:
            return 1
        return compile_test(test, feature)(fact.possible)

    seen: dict[Any, int] = {}
    for part in parts:
        if any(test.feature not in facts for _, test in atoms(part)):
            continue
        key = meaning(part, made.features)
        assert seen.setdefault(key, judge(part, truth)) == judge(part, truth)
