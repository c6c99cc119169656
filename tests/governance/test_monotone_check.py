"""G11: an outcome that a worse finding takes away is refuted by two patients."""

from __future__ import annotations

from itertools import product

import pytest

from recommender import Rulebook
from recommender.facts import Possible, Span, everything, exactly
from recommender.governance.findings import Finding
from recommender.governance.witness import Witness, run
from recommender.invariants import is_so
from recommender.rules import Outcome
from tests import strategies as drawn
from tests.building import AS_OF, Plain, concluded, ordinal
from tests.governance.proving import FEATURES, book, found, verdict

MILD: Plain = {"mood": {"at_least": "mild"}}
CRISIS: Plain = {"referred": "crisis"}


def stop(when: Plain, unknown: str = "presume") -> Plain:
    return {"when": when, "refer": "crisis", "if_not_known": unknown}


def keeps(feature: str, outcome: Plain, rules: dict[str, Plain], **more: object) -> Rulebook:
    invariant = {"monotone": {"feature": feature, "keeps": outcome}}
    return book(rules, {"promise": invariant}, **more)


PAIRS: dict[str, tuple[str, Plain, dict[str, Plain], dict[str, Plain]]] = {
    "the worst is left out": (
        "mood",
        CRISIS,
        {"safety.t.s": stop({"mood": "mild"})},
        {"safety.t.s": stop({"mood": {"at_least": "mild"}})},
    ),
    "a range ends": (
        "count",
        CRISIS,
        {"safety.t.s": stop({"count": {"between": [3, 8]}})},
        {"safety.t.s": stop({"count": {"between": [3, 9]}})},
    ),
    "a decimal ends": (
        "ratio",
        CRISIS,
        {"safety.t.s": stop({"ratio": {"between": [0.5, 0.75]}})},
        {"safety.t.s": stop({"ratio": {"more_than": 0.5}})},
    ),
    "a yes takes it away": (
        "device",
        CRISIS,
        {"safety.t.s": stop({"agrees": True, "device": False})},
        {"safety.t.s": stop({"agrees": True, "device": True})},
    ),
    "an exclude comes between": (
        "mood",
        {"recommended": "mbct"},
        {
            "r": {"when": {}, "recommend": "mbct"},
            "safety.t.x": {"when": {"mood": "high"}, "exclude": "mbct"},
        },
        {
            "r": {"when": {}, "recommend": "mbct"},
            "safety.t.x": {"when": {"mood": "low"}, "exclude": "mbct"},
        },
    ),
    "a rival comes between": (
        "mood",
        {"recommended": "mbct"},
        {
            "r": {"when": {}, "recommend": "mbct"},
            "q": {"when": {"mood": "high"}, "recommend": "act"},
            "combination.t.c": {"when": {}, "choose_one": ["mbct", "act"], "prefer": "act"},
        },
        {
            "r": {"when": {}, "recommend": "mbct"},
            "q": {"when": {"mood": "high"}, "recommend": "act"},
            "combination.t.c": {"when": {}, "choose_one": ["mbct", "act"], "prefer": "mbct"},
        },
    ),
    "a concluded feature turns": (
        "mood",
        CRISIS,
        {
            "safety.t.s": stop({"stage": "some"}),
            "inference.t.a": {
                "when": {"mood": {"at_least": "mild"}},
                "conclude": {"stage": "some"},
            },
            "inference.t.b": {"when": {"mood": "high"}, "conclude": {"stage": "full"}},
        },
        {
            "safety.t.s": stop({"stage": {"at_least": "some"}}),
            "inference.t.a": {
                "when": {"mood": {"at_least": "mild"}},
                "conclude": {"stage": "some"},
            },
            "inference.t.b": {"when": {"mood": "high"}, "conclude": {"stage": "full"}},
        },
    ),
}

STAGE = concluded(ordinal("stage", "none some full"), "none")


def made(name: str, side: int) -> Rulebook:
    feature, outcome = PAIRS[name][:2]
    return keeps(feature, outcome, PAIRS[name][side], features=[*FEATURES, STAGE])  # type: ignore[arg-type]


@pytest.mark.parametrize("name", PAIRS)
def test_a_planted_defect_is_refuted_and_its_clean_twin_proved(name: str) -> None:
    assert verdict(made(name, 2), "G11") == "refuted"
    assert verdict(made(name, 3), "G11") == "proved"


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("side", [2, 3])
def test_brute_force_over_every_pair_comes_to_the_same_verdict(name: str, side: int) -> None:
    rulebook = made(name, side)
    outcome = Outcome.model_validate(PAIRS[name][1])
    changing = rulebook.features[PAIRS[name][0]]
    others = [
        rulebook.features[n]
        for n in rulebook.used
        if n != changing.id and not rulebook.features[n].concluded
    ]
    if changing.type.value == "decimal":
        values: list[Possible] = [Span(n / 8, n / 8) for n in range(9)]
    else:
        options = changing.options or range(10)
        values = [exactly(changing, one) for one in options]
    broken = False
    for one in product(*(drawn.refinements(f, everything(f)) for f in others)):
        rest = dict(zip((f.id for f in others), one, strict=True))
        had = False
        for value in values:
            witness = Witness({**rest, changing.id: value}, {})
            has = is_so(outcome, *run(witness, rulebook, AS_OF), wanted=True)
            broken |= had and not has
            had |= has
    assert verdict(rulebook, "G11") == ("refuted" if broken else "proved")


def test_the_two_patients_are_shown_and_differ_in_the_feature_alone() -> None:
    (one,) = found(made("a range ends", 2), "G11")
    better, worse = ({f["feature"]: f["possible"] for f in w["features"]} for w in one.witnesses)
    assert [w["role"] for w in one.witnesses] == ["better", "worse"]
    assert better.keys() == worse.keys() == {"count"}
    assert worse == {"count": {"value": 9}}


def test_a_low_end_that_is_worse_is_taken_as_such() -> None:
    features = [*FEATURES[1:], ordinal("mood", worse="low")]
    rules = {"safety.t.s": stop({"mood": {"at_most": "mild"}})}
    assert verdict(keeps("mood", CRISIS, rules, features=features), "G11") == "proved"
    assert verdict(keeps("mood", CRISIS, rules), "G11") == "refuted"


@pytest.mark.parametrize(
    ("feature", "why"), [("kind", "choice"), ("marks", "set"), ("stage", "concluded")]
)
def test_what_has_no_order_is_undecided(feature: str, why: str) -> None:
    rulebook = keeps(feature, CRISIS, {"safety.t.s": stop({})}, features=[*FEATURES, STAGE])
    (one,) = found(rulebook, "G11")
    assert isinstance(one, Finding)
    assert one.verdict.value == "undecided"
    assert why in one.why
