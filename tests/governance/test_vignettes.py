"""What a vignette expects is compared with the answer, each part of it, in words."""

from __future__ import annotations

from typing import Any

import pytest

from recommender.errors import ProfileError
from recommender.governance.vignettes import check_expectation, differences
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
