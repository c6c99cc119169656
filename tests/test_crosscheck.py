"""What needs two entries of a rulebook to judge is refused at loading, at its place."""

from __future__ import annotations

from typing import Any

import pytest

from recommender.errors import ContentError
from tests.building import (
    Plain,
    boolean,
    choice,
    concluded,
    decimal,
    integer,
    members,
    ordinal,
    problems,
    rulebook,
)

MOOD = ordinal("mood")
STAGE = concluded(ordinal("stage", "none some full"), "none")
CONDITIONS = members("conditions", "ptsd ocd")
FEATURES = [MOOD, STAGE, CONDITIONS, boolean("agrees"), integer("age", 0, 120)]
SCALE: Plain = {
    "id": "scale",
    "title": "Scale",
    "range": [0, 9],
    "items": {"a": [0, 3], "b": [0, 3], "c": [0, 3]},
    "bands": [{"id": "few", "range": [0, 4]}, {"id": "many", "range": [5, 9]}],
}
ADAPTATIONS = ("mbct", "ba", "rfcbt")


def refused(*features: Plain, **more: Any) -> list[tuple[str, str]]:
    """(code, message with hint) of every problem."""
    adaptations = [*ADAPTATIONS, *more.pop("adaptations", ())]
    parts = {"adaptations": adaptations} | more
    found = problems(lambda: rulebook([*FEATURES, *features], **parts), ContentError)
    return [(problem.code, f"{problem.message} {problem.hint}") for problem in found]


def refused_rule(**text: Any) -> list[tuple[str, str]]:
    return refused(rules={"adaptation.t.r": {"when": {"mood": "high"}} | text})


def only(found: list[tuple[str, str]]) -> tuple[str, str]:
    assert len(found) == 1, found
    return found[0]


def test_the_rulebook_these_mistakes_are_made_in_is_fine() -> None:
    assert rulebook(FEATURES, adaptations=ADAPTATIONS, instruments=[SCALE]).features


# ------------------------------------------------------------------------------- names


def test_a_kind_of_personal_data_names_features_that_exist() -> None:
    stated = {"sex": [], "date_of_birth": ["age", "birthday"]}
    code, message = only(refused(header={"source_attributes": stated}))
    assert (code, "'birthday'" in message) == ("C302", True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ({"recommend": "mcbt"}, "'mcbt' Did you mean 'mbct'?"),
        ({"exclude": ["ba", "mcbt"]}, "unknown adaptation 'mcbt'"),
        ({"choose_one": ["ba", "mcbt"]}, "unknown adaptation 'mcbt'"),
        ({"sequence": ["ba", "mcbt"]}, "unknown adaptation 'mcbt'"),
        ({"together": ["ba", "mcbt"]}, "unknown adaptation 'mcbt'"),
        ({"choose_one": ["ba", "mbct"], "prefer": "rfcbt"}, "unknown member of choose_one 'rfcbt'"),
        ({"choose_one": ["ba", "mbct"], "prefer": "rfctb"}, "unknown adaptation 'rfctb'"),
        ({"refer": "crises"}, "unknown pathway 'crises'"),
        ({"refer": "crisis", "hold": ["mcbt"]}, "unknown adaptation 'mcbt'"),
        ({"refer": "crisis", "answered_by": ["moood"]}, "unknown feature 'moood'"),
        ({"refer": "crisis", "answered_by": ["stage"]}, "unknown feature 'stage'"),
        ({"ask": "moood"}, "unknown feature 'moood'"),
        ({"ask": "stage"}, "unknown feature 'stage'"),
        ({"ask": "mood", "for": ["mcbt"]}, "unknown adaptation 'mcbt'"),
        ({"recommend": "mbct", "evidence": ["nobody_2020"]}, "unknown evidence 'nobody_2020'"),
        ({"conclude": {"stag": "some"}}, "unknown feature 'stag'"),
    ],
)
def test_a_name_that_leads_nowhere_is_refused(text: Plain, told: str) -> None:
    code, message = only(refused_rule(**text))
    assert code == "C302"
    assert told in message


def test_an_adaptation_needs_a_boolean_and_falls_back_on_an_adaptation() -> None:
    for text, told in (
        ({"needs": ["mood"]}, "unknown boolean feature 'mood'"),
        ({"needs": ["access.vr"]}, "unknown boolean feature 'access.vr'"),
        ({"fallback": ["nothing"]}, "unknown adaptation 'nothing'"),
    ):
        code, message = only(refused(adaptations=[{"id": "vr_ba"} | text]))
        assert code == "C302"
        assert told in message


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ({"instrument": "scael"}, "unknown instrument 'scael'"),
        ({"instrument": "scale", "item": "d"}, "unknown item 'd'"),
        ({"instrument": "scale", "band": {"few": "low", "man": "high"}}, "unknown band 'man'"),
        ({"set": "moods", "includes_any": ["x"]}, "unknown set 'moods'"),
        ({"set": "mood", "includes_any": ["low"]}, "unknown set 'mood'"),
        ({"set": "conditions", "includes_any": ["pain"]}, "unknown member 'pain'"),
    ],
)
def test_a_source_names_what_exists(source: Plain, told: str) -> None:
    feature = boolean("x") if "set" in source else ordinal("x")
    found = refused(feature | {"from": [source]}, instruments=[SCALE])
    assert found[0][0] == "C302"
    assert told in found[0][1]


# ------------------------------------------------------------------------------- features


@pytest.mark.parametrize(
    ("feature", "told"),
    [
        ({"default": None}, "has no default"),
        ({"default": "huge"}, "'huge' is no value of x"),
        ({"from": ["clinician"]}, "has no 'from'"),
        (
            {"type": "integer", "values": [], "range": [0, 3], "default": 1},
            "is an ordinal, a choice",
        ),
    ],
)
def test_a_concluded_feature_has_a_default_and_no_source(feature: Plain, told: str) -> None:
    good = concluded(ordinal("x", "none some"), "none")
    code, message = only(refused({k: v for k, v in (good | feature).items() if v is not None}))
    assert code in ("C303", "C316")
    assert told in message


def test_only_a_concluded_feature_has_a_default() -> None:
    assert only(refused(ordinal("x") | {"default": "low"}))[0] == "C303"


def test_a_feature_without_sources_must_be_a_field_of_the_profile() -> None:
    bare = {key: value for key, value in ordinal("weather").items() if key != "from"}
    code, message = only(refused(bare))
    assert code == "C304"
    assert "history" in message


def test_every_band_needs_its_value() -> None:
    source = {"instrument": "scale", "band": {"few": "low"}}
    code, message = only(refused(ordinal("x") | {"from": [source]}, instruments=[SCALE]))
    assert code == "C305"
    assert "many" in message


def test_a_band_or_range_gives_a_value_of_the_feature() -> None:
    for source in (
        {"instrument": "scale", "band": {"few": "low", "many": "lots"}},
        {"instrument": "scale", "ranges": {"low": [0, 4], "lots": [5, 9]}},
    ):
        code, message = only(refused(ordinal("x") | {"from": [source]}, instruments=[SCALE]))
        assert code == "C316"
        assert "'lots'" in message


@pytest.mark.parametrize(
    ("feature", "source"),
    [
        (ordinal("x"), {"instrument": "scale"}),
        (choice("x", "a b"), {"instrument": "scale"}),
        (boolean("x"), {"instrument": "scale"}),
        (members("x", "a b"), {"instrument": "scale"}),
        (ordinal("x"), {"instrument": "scale", "item": "a"}),
        (boolean("x"), {"instrument": "scale", "item": "a"}),
        (ordinal("x"), {"measure": "reported_trials", "kind": "a"}),
        (ordinal("x"), {"set": "conditions", "includes_any": ["ptsd"]}),
        (integer("x", 0, 9), {"set": "conditions", "includes_any": ["ptsd"]}),
    ],
)
def test_a_source_must_give_values_of_the_features_type(feature: Plain, source: Plain) -> None:
    assert refused(feature | {"from": [source]}, instruments=[SCALE])


@pytest.mark.parametrize(
    "source",
    [
        {"measure": "count_of"},
        {"measure": "change"},
        {"measure": "change", "instrument": "nowhere"},
        {"measure": "months_since"},
        {"measure": "staging_sum"},
        {"measure": "staging_sum", "parts": [{"feature": "nowhere", "points": {"low": 1}}]},
        {"measure": "staging_sum", "parts": [{"feature": "mood"}]},
        {"measure": "staging_sum", "parts": [], "applies_when": {"nowhere": True}},
        {"measure": "daily_dose"},
    ],
)
def test_a_measure_has_what_it_needs(source: Plain) -> None:
    assert refused(decimal("x", 0.0, 99.0) | {"from": [source]}, instruments=[SCALE])


# ------------------------------------------------------------------------------- instruments


def bands(*ranges: tuple[float, float], **more: Any) -> list[tuple[str, str]]:
    listed = [{"id": f"b{n}", "range": list(both)} for n, both in enumerate(ranges)]
    return refused(instruments=[SCALE | {"bands": listed} | more])


@pytest.mark.parametrize(
    ("ranges", "gap"),
    [
        (((0, 3), (5, 9)), "4"),
        (((0, 3), (7, 9)), "4 to 6"),
        (((1, 9),), "0"),
        (((0, 7),), "8 to 9"),
        (((5, 9), (0, 3)), "4"),
    ],
)
def test_bands_must_cover_the_range(ranges: tuple[tuple[float, float], ...], gap: str) -> None:
    code, message = only(bands(*ranges))
    assert code == "C306"
    assert f"leave out {gap} of the range 0 to 9" in message


def test_decimal_bands_must_share_their_ends() -> None:
    code, message = only(bands((0.0, 4.5), (5.0, 9.0), range=[0.0, 9.0], items={}))
    assert code == "C306"
    assert "4.5 to 5" in message


def test_bands_by_another_feature_are_checked_like_bands() -> None:
    tables = {"agrees": {"true": [{"id": "b", "range": [0, 8]}]}}
    found = refused(instruments=[SCALE | {"bands": [], "bands_by": tables}])
    assert "9" in dict(found)["C306"]
    assert refused(instruments=[SCALE | {"bands": [], "bands_by": {"nowhere": {}}}])[0][0] == "C302"


@pytest.mark.parametrize(
    "change",
    [
        {"total": {"domains": [["a", "z"]]}},
        {"skip": {"z": {"is": 0, "gives": {"a": 0}}}},
        {"skip": {"a": {"is": 0, "gives": {"z": 0}}}},
    ],
)
def test_domains_and_skips_name_items(change: Plain) -> None:
    code, message = only(refused(instruments=[SCALE | change]))
    assert code == "C302"
    assert "unknown item 'z'" in message


def test_the_items_cannot_add_up_to_more_than_the_range() -> None:
    assert refused(instruments=[SCALE | {"items": {"a": [0, 3], "b": [0, 9]}}])
    assert refused(instruments=[SCALE | {"range": [1, 9], "bands": []}])


# ------------------------------------------------------------------------------- rules


def test_a_pathway_of_scope_is_never_taken_through_what_is_not_known() -> None:
    scope = {"id": "elsewhere", "title": "E", "urgency": "days", "action": "A.", "scope": True}
    rule = {"when": {"mood": "high"}, "refer": "elsewhere", "if_not_known": "block"}
    code, message = only(refused(rules={"safety.t.r": rule}, pathways=[scope]))
    assert code == "C307"
    assert "scope: true" in message


@pytest.mark.parametrize(
    ("conclusion", "code"),
    [
        ({}, "C308"),
        ({"stage": "some", "other": "x"}, "C308"),
        ({"mood": "low"}, "C308"),
        ({"stage": "huge"}, "C316"),
        ({"stage": True}, "C316"),
    ],
)
def test_a_rule_concludes_one_value_of_a_concluded_feature(conclusion: Plain, code: str) -> None:
    assert only(refused_rule(conclude=conclusion))[0] == code


@pytest.mark.parametrize(
    "verb",
    [
        {"recommend": "mbct"},
        {"exclude": "mbct"},
        {"refer": "crisis"},
        {"caution": "mbct"},
        {"tailor": "mbct"},
        {"conclude": {"stage": "some"}},
        {"choose_one": ["mbct", "ba"]},
        {"sequence": ["mbct", "ba"]},
        {"together": ["mbct", "ba"]},
        {"limit": {"new_at_once": 2}},
    ],
)
def test_known_decides_nothing_but_questions_and_flags(verb: Plain) -> None:
    for when in ({"mood": {"known": True}}, {"not": {"any": [{"mood": {"known": False}}]}}):
        assert only(refused_rule(when=when, **verb))[0] == "C309"


@pytest.mark.parametrize("verb", [{"ask": "mood"}, {"flag": "Look."}])
def test_questions_and_flags_may_look_at_what_is_known(verb: Plain) -> None:
    rules = {"adaptation.t.r": {"when": {"mood": {"known": False}}} | verb}
    assert rulebook(FEATURES, rules, adaptations=ADAPTATIONS).rules


def test_a_gate_names_features_that_exist() -> None:
    code, _ = only(refused_rule(sequence=["mbct", "ba"], gate={"moood": "low"}))
    assert code == "C311"


def test_conclusions_that_rest_on_each_other_are_refused() -> None:
    one, two, three = (concluded(boolean(name), False) for name in ("one", "two", "three"))
    rules = {
        "inference.t.a": {"when": {"two": True}, "conclude": {"one": True}},
        "inference.t.b": {"when": {"not": {"three": True}}, "conclude": {"two": True}},
        "inference.t.c": {"when": {"any": [{"one": True}]}, "conclude": {"three": True}},
    }
    code, message = only(refused(one, two, three, rules=rules))
    assert code == "C320"
    assert "one, three, two" in message


def test_a_conclusion_that_rests_on_itself_is_refused() -> None:
    rule = {"when": {"stage": "none"}, "conclude": {"stage": "some"}}
    assert only(refused(rules={"inference.t.r": rule}))[0] == "C320"


# ------------------------------------------------------------------------------- invariants


@pytest.mark.parametrize(
    "claim",
    [
        {"never": {"recommended": "mcbt"}},
        {"always": {"excluded": "mcbt"}},
        {"always": {"withheld": "mcbt"}},
        {"always": {"referred": "crises"}},
        {"always": {"asked": "moood"}},
        {"always": {"held": "mcbt"}},
        {"always": {"status": "halted"}},
        {"always": {}},
        {"cover": [{"recommended": "mbct"}, {"recommended": "mcbt"}]},
    ],
)
def test_an_invariant_speaks_of_what_exists(claim: Plain) -> None:
    invariant = {"title": "T", "when": {"mood": "high"}, "even_if_unknown": False} | claim
    assert refused(invariants={"i": invariant})


def test_a_monotone_claim_names_a_feature_and_an_outcome() -> None:
    for feature, outcome in (("moood", {"referred": "crisis"}), ("mood", {"referred": "crises"})):
        claim = {"title": "T", "monotone": {"feature": feature, "keeps": outcome}}
        assert refused(invariants={"i": claim})


@pytest.mark.parametrize(
    "text",
    [
        {"when": {"mood": "high"}, "even_if_unknown": True},
        {
            "when": {"mood": "high"},
            "even_if_unknown": True,
            "never": {"recommended": "mbct"},
            "always": {"held": "all"},
        },
        {"even_if_unknown": True, "never": {"recommended": "mbct"}},
        {"when": {"mood": "high"}, "never": {"recommended": "mbct"}},
    ],
)
def test_an_invariant_has_one_claim_and_says_whom_it_covers(text: Plain) -> None:
    assert only(refused(invariants={"i": {"title": "T"} | text}))[0] == "C225"


def test_all_problems_of_all_entries_are_found_at_once() -> None:
    found = refused(
        ordinal("x") | {"default": "low"},
        rules={
            "adaptation.t.a": {"when": {"moood": "high"}, "recommend": "mcbt"},
            "adaptation.t.b": {"when": {"mood": "awful"}, "recommend": "mbct"},
        },
        instruments=[SCALE | {"skip": {"z": {"is": 0, "gives": {}}}}],
    )
    assert sorted(code for code, _ in found) == ["C302", "C302", "C303", "C311", "C316"]
