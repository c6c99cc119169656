"""What a vignette expects is compared with the answer, each part of it, in words."""

from __future__ import annotations

from typing import Any

import pytest

from recommender.errors import ProfileError
from recommender.governance.vignettes import (
    check_expectation,
    differences,
    expectation,
    is_reviewed,
)
from recommender.pipeline import recommend
from recommender.profile import as_profile
from recommender.rulebook import Rulebook
from tests.building import Plain, boolean, ordinal, patient, problems, rulebook

RULES: dict[str, Plain] = {
    "adaptation.t.high": {"when": {"mood": "high"}, "recommend": "mbct"},
    "safety.t.stop": {"title": "Halt", "when": {"danger": True}, "refer": "crisis"},
    "safety.t.more": {"title": "Wait", "when": {"danger": True}, "refer": "crisis"},
}
BOOK: Rulebook = rulebook(
    [ordinal("mood", label="Mood"), boolean("danger", label="Danger")],
    RULES,
    adaptations=["mbct", {"id": "ba", "title": "Activation"}],
)
CALM: Plain = {"observations": {"mood": "high", "danger": False}}
DANGER: Plain = {"observations": {"mood": "high", "danger": True}}


def said(given: Plain, **expect: Any) -> list[str]:
    profile = as_profile(patient(**given, expect=expect))
    check_expectation(profile, BOOK)
    return list(differences(profile, recommend(profile, BOOK)))


@pytest.mark.parametrize(
    ("given", "expect"),
    [
        (CALM, {}),
        (CALM, {"status": "recommended"}),
        (CALM, {"at_least": ["mbct"]}),
        (CALM, {"never": ["ba"]}),
        (CALM, {"set_aside": {"ba": "not_indicated"}}),
        (CALM, {"stops": []}),
        (DANGER, {"stops": ["safety.t.more", "safety.t.stop"]}),
        ({}, {"asks": ["mood"], "rationale": "Nothing is known."}),
    ],
)
def test_what_is_as_expected_is_not_mentioned(given: Plain, expect: Plain) -> None:
    assert said(given, **expect) == []


@pytest.mark.parametrize(
    ("given", "expect", "words"),
    [
        (CALM, {"status": "stopped"}, "the answer is «recommended» instead of «stopped»"),
        (CALM, {"at_least": ["ba"]}, "Activation (ba) is not in the plan: not_indicated"),
        (CALM, {"never": ["mbct"]}, "mbct (mbct) is in the plan and must not be"),
        (CALM, {"set_aside": {"mbct": "held"}}, "mbct (mbct) is in the plan instead of held"),
        (
            CALM,
            {"set_aside": {"ba": "excluded"}},
            "Activation (ba) is not_indicated instead of excluded",
        ),
        (CALM, {"stops": ["safety.t.stop"]}, "the stop «Halt» (safety.t.stop) is missing"),
        (
            DANGER,
            {"stops": ["safety.t.more"]},
            "there is a stop that is not expected: «Halt» (safety.t.stop)",
        ),
        (
            DANGER,
            {"stops": ["safety.t.stop", "safety.t.more"]},
            "the stops come in another order: safety.t.more, safety.t.stop",
        ),
        (CALM, {"asks": ["danger"]}, "«Danger» (danger) is not asked"),
    ],
)
def test_what_is_not_as_expected_is_said_in_words(given: Plain, expect: Plain, words: str) -> None:
    assert said(given, **expect) == [words]


@pytest.mark.parametrize(
    "expect",
    [
        {"neverr": ["mbct"]},
        {"status": "fine"},
        {"at_least": ["mbtc"]},
        {"never": ["mbtc"]},
        {"set_aside": {"mbtc": "held"}},
        {"set_aside": {"mbct": "gone"}},
        {"stops": ["safety.t.halt"]},
        {"asks": ["moood"]},
    ],
)
def test_an_expectation_that_could_never_fail_is_refused(expect: Plain) -> None:
    profile = as_profile(patient(expect=expect))
    (problem,) = problems(lambda: check_expectation(profile, BOOK), ProfileError)
    assert problem.code == "P230"
    assert problem.path.startswith("expect")


# ------------------------------------------------------------------------------- all of it

WHOLE: Rulebook = rulebook(
    [ordinal("mood", label="Mood"), boolean("danger", label="Danger"), boolean("extra")],
    {
        "adaptation.t.high": {"when": {"mood": "high"}, "recommend": "mbct", "as": "foundation"},
        "adaptation.t.ba": {"when": {"mood": "high"}, "recommend": "ba"},
        "safety.t.care": {"when": {"extra": True}, "caution": "mbct", "adjust": "A"},
        "safety.t.weak": {"when": {"danger": True}, "exclude": "ba", "if_not_known": "ask"},
        "safety.t.ask": {"when": {"extra": True}, "ask": "danger", "for": ["mbct"]},
        "combination.t.order": {"when": {}, "sequence": ["ba", "mbct"]},
        "tailoring.t.note": {"when": {"extra": True}, "flag": "Look."},
    },
    adaptations=["mbct", {"id": "ba", "title": "Activation"}],
)
FULL: Plain = {"observations": {"mood": "high", "extra": True}}
PLAN: Plain = {
    "ba": {"phase": 2, "as": "adjunct", "goes_ahead": "provisional"},
    "mbct": {
        "phase": 3,
        "as": "foundation",
        "rules": ["safety.t.care"],
        "goes_ahead": "provisional",
    },
}


def of_whole(**expect: Any) -> list[str]:
    profile = as_profile(patient(**FULL, expect=expect))
    check_expectation(profile, WHOLE)
    return list(differences(profile, recommend(profile, WHOLE)))


def without(name: str, *keys: str, **other: Any) -> Plain:
    kept = {key: value for key, value in PLAN[name].items() if key not in keys}
    return PLAN | {name: kept | other}


@pytest.mark.parametrize(
    "expect",
    [
        {"plan": PLAN},
        {"plan": without("ba", "phase", "as")},
        {"flags": ["tailoring.t.note"]},
        {"required": {"danger": ["mbct"]}},
        {"shaped_by": ["combination.t.order"]},
        {"all_else": "not_indicated"},
    ],
)
def test_all_that_is_so_can_be_expected(expect: Plain) -> None:
    assert of_whole(**expect) == []


@pytest.mark.parametrize(
    ("expect", "words"),
    [
        ({"plan": {"mbct": PLAN["mbct"]}}, "Activation (ba) is in the plan and is not expected"),
        (
            {"plan": without("mbct", phase=1)},
            "mbct (mbct) starts in phase 3 instead of 1",
        ),
        (
            {"plan": without("mbct", **{"as": "adjunct"})},
            "mbct (mbct) is foundation instead of adjunct",
        ),
        (
            {"plan": without("mbct", "rules")},
            "safety.t.care is a caution or adjustment of mbct (mbct) and is not expected",
        ),
        (
            {"plan": without("ba", open=["safety.t.care"])},
            "safety.t.care is not an open caution of Activation (ba)",
        ),
        (
            {"plan": without("ba", "goes_ahead")},
            "Activation (ba) goes ahead provisional instead of so",
        ),
        ({"flags": []}, "tailoring.t.note is a note and is not expected"),
        (
            {"required": {"danger": "all"}},
            "«Danger» (danger) is required for ['mbct'] instead of all",
        ),
        ({"required": {}}, "«Danger» (danger) is required and is not expected to be"),
        ({"shaped_by": []}, "combination.t.order is shaping the plan and is not expected"),
    ],
)
def test_what_is_not_just_so_is_said_in_words(expect: Plain, words: str) -> None:
    assert of_whole(**expect) == [words]


def test_all_else_is_what_is_not_named() -> None:
    profile = as_profile(patient(**DANGER, expect={"all_else": "excluded"}))
    assert list(differences(profile, recommend(profile, BOOK))) == [
        "mbct (mbct) is held instead of excluded",
        "Activation (ba) is held instead of excluded",
    ]


def test_everything_that_an_answer_is_can_be_written_down_and_read_again() -> None:
    for given in ({}, FULL, {"observations": {"mood": "high", "danger": True}}):
        answer = recommend(patient(**given), WHOLE)
        profile = as_profile(patient(**given, expect=expectation(answer)))
        check_expectation(profile, WHOLE)
        assert list(differences(profile, answer)) == []


def test_what_is_marked_unreviewed_is_told_apart() -> None:
    assert is_reviewed(as_profile(patient(expect={"status": "recommended"})))
    assert is_reviewed(as_profile(patient()))
    assert not is_reviewed(as_profile(patient(expect={"unreviewed": True})))


@pytest.mark.parametrize(
    "expect",
    [
        {"plan": {"mbtc": {}}},
        {"plan": {"mbct": {"fase": 1}}},
        {"plan": {"mbct": {"rules": ["safety.t.car"]}}},
        {"flags": ["nothing"]},
        {"required": {"dangre": "all"}},
        {"all_else": "recommended"},
    ],
)
def test_what_could_never_be_so_is_refused(expect: Plain) -> None:
    profile = as_profile(patient(expect=expect))
    (problem,) = problems(lambda: check_expectation(profile, WHOLE), ProfileError)
    assert problem.code == "P230"
