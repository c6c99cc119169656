"""What notices a change of a rule, and what becomes of changes that nothing notices."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender import Rulebook
from recommender.errors import EngineError
from recommender.governance.comparing.effects import QUESTION, seen
from recommender.governance.mutation.bearing import bearing
from recommender.governance.mutation.killing import Killing
from recommender.governance.mutation.mutants import Mutant, mutants
from recommender.governance.mutation.mutate import (
    Decided,
    Fate,
    Mutation,
    document,
    mutate,
    percent,
)
from recommender.governance.mutation.operators import Operator
from recommender.governance.vignettes import differences, expectation
from recommender.pipeline import recommend
from recommender.profile import Profile, as_profile
from tests import strategies as drawn
from tests.building import AS_OF, Plain, boolean, integer, ordinal, patient, rulebook

FEATURES = [ordinal("mood"), integer("score", 0, 10), boolean("danger"), boolean("clip")]
RULES: dict[str, Plain] = {
    "adaptation.t.high": {"when": {"score": {"at_least": 5}}, "recommend": "mbct"},
    "safety.t.clip": {"when": {"clip": True}, "exclude": "mbct"},
}


def book(rules: dict[str, Plain] | None = None, **more: Any) -> Rulebook:
    return rulebook(FEATURES, RULES if rules is None else rules, adaptations=["mbct", "ba"], **more)


def vignette(name: str, expect: Plain | None, **observed: Any) -> tuple[str, Profile]:
    return name, as_profile(patient(observations=observed, expect=expect))


def whole(name: str, rules: Rulebook, **observed: Any) -> tuple[str, Profile]:
    """A vignette that expects all that is so."""
    answer = recommend(patient(observations=observed), rules)
    return vignette(name, expectation(answer), **observed)


def fates(found: Mutation, rule: str, operator: Operator) -> list[tuple[str, str]]:
    return [
        (one.fate.value, one.by)
        for one in found.decided
        if one.mutant.rule == rule and one.mutant.operator is operator
    ]


# ------------------------------------------------------------------------------- who notices

AT_FIVE = vignette("five", {"at_least": ["mbct"]}, score=5, clip=False)
AT_FOUR = vignette("four", {"never": ["mbct"]}, score=4, clip=False)
CLIP = vignette("clip", {"set_aside": {"mbct": "excluded"}}, score=5, clip=True)
UNASKED = vignette("unasked", {"set_aside": {"mbct": "withheld"}}, score=5)


@pytest.mark.parametrize(
    ("vignettes", "rule", "operator", "expected"),
    [
        ([AT_FIVE], "adaptation.t.high", Operator.DROP_RULE, ["five"]),
        ([AT_FIVE, AT_FOUR], "adaptation.t.high", Operator.THRESHOLD, ["four", "five"]),
        ([CLIP], "safety.t.clip", Operator.DROP_RULE, ["clip"]),
        ([UNASKED], "safety.t.clip", Operator.IF_NOT_KNOWN, ["unasked"] * 3),
        ([CLIP], "safety.t.clip", Operator.VALUE, ["clip"]),
        ([AT_FIVE], "adaptation.t.high", Operator.EXCLUDE, ["five"]),
    ],
)
def test_a_vignette_notices(
    vignettes: list[tuple[str, Profile]], rule: str, operator: Operator, expected: list[str]
) -> None:
    found = mutate(book(), vignettes, AS_OF, rules=[rule])
    noticed = [
        (fate, by)
        for fate, by in fates(found, rule, operator)
        if fate not in ("live",) or operator is not Operator.THRESHOLD
    ]
    assert noticed == [("vignette", name) for name in expected]


@pytest.mark.parametrize(
    ("vignettes", "rule", "operator"),
    [
        ([AT_FIVE], "safety.t.clip", Operator.DROP_RULE),
        ([CLIP], "safety.t.clip", Operator.IF_NOT_KNOWN),
        ([AT_FOUR], "adaptation.t.high", Operator.DROP_RULE),
        ([CLIP], "adaptation.t.high", Operator.DROP_RULE),
        ([vignette("silent", {"never": ["ba"]}, score=5)], "safety.t.clip", Operator.DROP_RULE),
    ],
)
def test_what_no_vignette_notices_lives_and_is_shown(
    vignettes: list[tuple[str, Profile]], rule: str, operator: Operator
) -> None:
    found = mutate(book(), vignettes, AS_OF, rules=[rule])
    mine = [one for one in found.decided if one.mutant.operator is operator]
    assert mine
    for one in mine:
        assert one.fate is Fate.LIVE
        assert one.vignette or one.witness is not None


def test_an_example_counts_apart_and_only_where_no_vignette_notices() -> None:
    rules = dict(RULES)
    rules["adaptation.t.high"] = RULES["adaptation.t.high"] | {
        "examples": {"fires": {"score": 5}, "silent": {"score": 4}}
    }
    found = mutate(book(rules), [AT_FIVE], AS_OF, rules=["adaptation.t.high"])
    moved = fates(found, "adaptation.t.high", Operator.THRESHOLD)
    assert ("example", "silent") in moved  # at least 4
    assert ("vignette", "five") in moved  # at least 6


def test_a_vignette_that_fails_as_it_is_notices_nothing_and_is_named() -> None:
    wrong = vignette("wrong", {"never": ["mbct"]}, score=5, clip=False)
    found = mutate(book(), [wrong], AS_OF, rules=["adaptation.t.high"])
    assert found.failing == ("wrong",)
    assert not any(one.fate is Fate.VIGNETTE for one in found.decided)
    assert not found.passes()


def test_a_rule_without_effect_is_equivalent_and_leaves_the_count() -> None:
    rules = RULES | {"safety.t.again": {"when": {"clip": True}, "exclude": "mbct"}}
    found = mutate(book(rules), [AT_FIVE, CLIP], AS_OF, rules=["safety.t.again"])
    assert fates(found, "safety.t.again", Operator.DROP_RULE) == [("equivalent", "")]
    report = document(found)
    assert report["classes"][0]["equivalent"] > 0
    assert report["smells"][0]["rule"] == "safety.t.again"


def test_a_question_no_longer_asked_is_noticed() -> None:
    asks = vignette("asks", {"asks": ["clip"]}, score=5)
    found = mutate(book(), [asks], AS_OF, rules=["safety.t.clip"])
    assert fates(found, "safety.t.clip", Operator.DROP_RULE) == [("vignette", "asks")]


def test_what_waits_for_a_question_is_named_one_by_one() -> None:
    ask = {"when": {"score": 5}, "ask": "danger"}
    rules = RULES | {"tailoring.t.some": ask | {"for": ["mbct", "ba"]}, "tailoring.t.all": ask}
    effects = seen(recommend(patient(observations={"score": 5}), book(rules)))
    asked = {effect.about for effect in effects if effect.kind == QUESTION}
    assert asked == {("danger", "mbct", "ba"), ("danger", "all")}


def test_an_invariant_that_breaks_is_noticed() -> None:
    never = {"title": "T", "when": {"clip": True}, "even_if_unknown": False}
    rules = book(invariants={"never_clip": never | {"never": {"recommended": "mbct"}}})
    silent = vignette("clip", {"never": ["ba"]}, score=5, clip=True)
    found = mutate(rules, [silent], AS_OF, rules=["safety.t.clip"])
    assert fates(found, "safety.t.clip", Operator.DROP_RULE) == [("vignette", "clip")]


# ------------------------------------------------------------------------------- scores, classes


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (Fraction(1), "100 %"),
        (Fraction(9999, 10000), "99.9 %"),
        (Fraction(19, 20), "95 %"),
        (Fraction(2, 3), "66.6 %"),
        (Fraction(0), "0 %"),
    ],
)
def test_a_share_is_never_rounded_up(share: Fraction, said: str) -> None:
    assert percent(share) == said


BEARING_RULES: dict[str, Plain] = {
    "adaptation.t.mbct": {"when": {"mood": "high"}, "recommend": "mbct"},
    "adaptation.t.ba": {"when": {"mood": "high"}, "recommend": "ba"},
    "safety.t.clip": {"when": {"clip": True}, "exclude": "ba"},
    "safety.t.stop": {"when": {"danger": True}, "refer": "crisis"},
    "safety.t.ask": {"when": {}, "ask": "danger"},
    "safety.t.other": {"when": {}, "ask": "clip"},
    "tailoring.t.note": {"when": {"danger": True}, "flag": "Look."},
    "safety.t.care": {"when": {"danger": True}, "caution": "mbct", "adjust": "A"},
}
INVARIANTS: Plain = {
    "asked": {"title": "T", "when": {}, "even_if_unknown": True, "always": {"asked": "danger"}},
    "never": {
        "title": "T",
        "when": {"clip": True},
        "even_if_unknown": False,
        "never": {"recommended": "mbct"},
    },
}


def test_which_rules_safety_rests_on() -> None:
    found = bearing(book(BEARING_RULES, invariants=INVARIANTS))
    assert found == {"adaptation.t.mbct", "safety.t.clip", "safety.t.stop", "safety.t.ask"}
    assert bearing(book(BEARING_RULES)) == {"safety.t.clip", "safety.t.stop"}


def test_what_a_bearing_rule_goes_by_bears_too() -> None:
    features = [
        *FEATURES,
        {
            "id": "risk",
            "label": "R",
            "type": "boolean",
            "concluded": True,
            "default": False,
        },
    ]
    rules: dict[str, Plain] = {
        "inference.t.risk": {"when": {"danger": True}, "conclude": {"risk": True}},
        "safety.t.stop": {"when": {"risk": True}, "refer": "crisis"},
    }
    assert bearing(rulebook(features, rules)) == {"inference.t.risk", "safety.t.stop"}


def gate(**fates_of: list[Fate]) -> bool:
    made = book()
    one = next(iter(mutants(made, ["safety.t.clip"])))
    other = next(iter(mutants(made, ["adaptation.t.high"])))
    decided = [Decided(one, fate) for fate in fates_of.get("bearing", [])]
    decided += [Decided(other, fate) for fate in fates_of.get("elsewhere", [])]
    return Mutation(
        made,
        AS_OF,
        0,
        (),
        tuple(decided),
        frozenset(["safety.t.clip"]),
        Killing(made, [], [], AS_OF).cases,
    ).passes()


@pytest.mark.parametrize(
    ("fates_of", "passes"),
    [
        ({}, True),
        ({"bearing": [Fate.VIGNETTE, Fate.EXAMPLE, Fate.EQUIVALENT]}, True),
        ({"elsewhere": [Fate.VIGNETTE] * 19 + [Fate.LIVE]}, True),
        ({"bearing": [Fate.EQUIVALENT]}, True),
        ({"elsewhere": [Fate.EXAMPLE] * 38 + [Fate.UNDECIDED] * 2}, True),
        ({"bearing": [Fate.VIGNETTE] * 99 + [Fate.LIVE]}, False),
        ({"bearing": [Fate.VIGNETTE] * 99 + [Fate.UNDECIDED]}, False),
        ({"elsewhere": [Fate.VIGNETTE] * 18 + [Fate.LIVE]}, False),
        ({"elsewhere": [Fate.EQUIVALENT] * 9 + [Fate.LIVE]}, False),
        ({"elsewhere": [Fate.LIVE]}, False),
    ],
)
def test_the_gate_counts_exactly(fates_of: dict[str, list[Fate]], passes: bool) -> None:
    assert gate(**fates_of) is passes


# ------------------------------------------------------------------------------- brute force


def _slow(mutant: Mutant, made: Rulebook, vignettes: list[tuple[str, Profile]]) -> bool:
    """Whether the whole flow, with the changed rulebook, is other than some vignette expects."""
    other = made.with_rules(mutant.rules(made))
    for _, profile in vignettes:
        try:
            answer = recommend(profile, other)
        except EngineError:
            return True
        if list(differences(profile, answer)):
            return True
    return False


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn.rulebooks(rules=7, willing=True), st.data())
def test_redoing_what_a_change_reaches_is_the_whole_flow(made: Rulebook, data: Any) -> None:
    several = [data.draw(drawn.profiles(made)) for _ in range(3)]
    vignettes = []
    for n, plain in enumerate(several):
        answer = recommend(as_profile(plain), made)
        asks = [question.feature for question in answer.ask][:1]
        expect = expectation(answer) | {"asks": asks}
        vignettes.append((f"v{n}", as_profile(plain | {"expect": expect})))
    changed = list(mutants(made))
    killing = Killing(made, vignettes, changed, drawn.AS_OF)
    assert killing.failing == ()
    for mutant in changed:
        assert bool(killing.vignette(mutant)) == _slow(mutant, made, vignettes), mutant


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn.rulebooks(rules=6), st.data())
def test_an_equivalent_mutant_never_changes_a_plan(made: Rulebook, data: Any) -> None:
    found = mutate(made, [], drawn.AS_OF)
    same = [one.mutant for one in found.decided if one.fate is Fate.EQUIVALENT]
    people = [data.draw(drawn.profiles(made)) for _ in range(8)]
    for mutant in same:
        other = made.with_rules(mutant.rules(made))
        for person in people:
            before, after = (seen(recommend(as_profile(person), one)) for one in (made, other))
            assert before == after, mutant


def test_an_answer_too_old_for_a_question_is_shown_by_somebody() -> None:
    asks: Plain = {"when": {"danger": True}, "ask": "clip", "for": ["mbct"], "after_finding": True}
    found = mutate(book(RULES | {"safety.t.ask": asks}), [], AS_OF, rules=["safety.t.ask"])
    (one,) = [one for one in found.decided if one.mutant.place == "after_finding"]
    assert one.fate is Fate.LIVE
    assert one.profile is not None
    assert one.profile["observations"]["clip"]["on"] < AS_OF.isoformat()


def test_what_nobody_has_confirmed_notices_apart_and_after_the_rest() -> None:
    made = book()
    silent = vignette("silent", {"never": ["ba"]}, score=5)
    pinned = [whole("suggested/four", made, score=4, clip=False)]
    found = mutate(made, [AT_FIVE, silent], AS_OF, pinned=pinned)
    fates_of = {(one.fate, one.by) for one in found.decided}
    assert (Fate.VIGNETTE, "five") in fates_of
    assert (Fate.PLAN, "silent") in fates_of
    assert (Fate.SUGGESTED, "suggested/four") in fates_of
    alone = mutate(made, [AT_FIVE, silent], AS_OF)
    for one, other in zip(found.decided, alone.decided, strict=True):
        assert one == other or (one.fate in (Fate.PLAN, Fate.SUGGESTED) and other.fate is Fate.LIVE)
