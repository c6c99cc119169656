"""G09 and G10: planted defects are refuted by a patient, their clean twins are proved."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender import Rulebook, load_rulebook, recommend
from recommender.engines import native
from recommender.errors import EngineError
from recommender.facts import Possible, everything
from recommender.governance.checks.invariants import decided
from recommender.governance.findings import Finding, Verdict
from recommender.governance.run import Run
from recommender.governance.witness import Witness, run
from recommender.invariants import breaks
from recommender.pipeline import answer_of
from recommender.profile import as_profile
from recommender.recommendation import Produced
from tests import strategies as drawn
from tests.building import AS_OF, Plain, boolean, concluded, integer, ordinal
from tests.governance.proving import FEATURES, HIGH, book, claim, found, verdict

RECOMMEND: Plain = {"when": HIGH, "recommend": "mbct"}
DEVICE: Plain = {"device": True}


def exclude(when: Plain, unknown: str = "block", **more: Any) -> Plain:
    return {"when": when, "exclude": "mbct", "if_not_known": unknown} | more


def stop(when: Plain, unknown: str = "caution", **more: Any) -> Plain:
    return {"when": when, "refer": "crisis", "if_not_known": unknown} | more


NEVER = claim(DEVICE, never={"recommended": "mbct"})
NOT_RULED_OUT = claim(DEVICE, unknown=True, never={"recommended": "mbct"})

PAIRS: dict[str, tuple[str, dict[str, Plain], dict[str, Plain], Plain]] = {
    # what it is: (check, rules with the defect, rules without it, the invariant)
    "an exclude is missing": (
        "G10",
        {"r": RECOMMEND},
        {"r": RECOMMEND, "safety.t.x": exclude(DEVICE)},
        NEVER,
    ),
    "what is not known only warns": (
        "G10",
        {"r": RECOMMEND, "safety.t.x": exclude(DEVICE, "caution")},
        {"r": RECOMMEND, "safety.t.x": exclude(DEVICE)},
        NOT_RULED_OUT,
    ),
    "a threshold is one too high": (
        "G10",
        {"r": RECOMMEND, "safety.t.x": exclude({"count": {"at_least": 5}})},
        {"r": RECOMMEND, "safety.t.x": exclude({"count": {"at_least": 4}})},
        claim({"count": {"more_than": 3}}, never={"recommended": "mbct"}),
    ),
    "a strict end of a decimal": (
        "G10",
        {"r": RECOMMEND, "safety.t.x": exclude({"ratio": {"more_than": 0.5}})},
        {"r": RECOMMEND, "safety.t.x": exclude({"ratio": {"at_least": 0.5}})},
        claim({"ratio": {"at_least": 0.5}}, never={"recommended": "mbct"}),
    ),
    "a member of a set is left out": (
        "G10",
        {"r": RECOMMEND, "safety.t.x": exclude({"marks": {"includes_any": ["a"]}})},
        {"r": RECOMMEND, "safety.t.x": exclude({"marks": {"includes_any": ["a", "b"]}})},
        claim({"marks": {"includes_any": ["a", "b"]}}, never={"recommended": "mbct"}),
    ),
    "a value of a choice is left out": (
        "G10",
        {"r": RECOMMEND, "safety.t.x": exclude({"kind": ["one"]})},
        {"r": RECOMMEND, "safety.t.x": exclude({"kind": ["one", "two"]})},
        claim({"kind": ["one", "two"]}, never={"recommended": "mbct"}),
    ),
    "an act lifts it": (
        "G10",
        {"r": RECOMMEND, "safety.t.x": exclude(DEVICE, release="seen")},
        {"r": RECOMMEND, "safety.t.x": exclude(DEVICE)},
        NEVER,
    ),
    "two rivals can both stay": (
        "G10",
        {"r": RECOMMEND, "q": {"when": HIGH, "recommend": "act"}},
        {
            "r": RECOMMEND,
            "q": {"when": HIGH, "recommend": "act"},
            "combination.t.c": {"when": {}, "choose_one": ["mbct", "act"]},
        },
        claim({}, unknown=True, never={"recommended": ["mbct", "act"]}),
    ),
    "a stop is not there when it is unknown": (
        "G10",
        {"r": RECOMMEND, "safety.t.s": stop(DEVICE)},
        {"r": RECOMMEND, "safety.t.s": stop(DEVICE, "block")},
        claim(DEVICE, unknown=True, always={"held": "all"}),
    ),
    "a stop goes elsewhere": (
        "G10",
        {"safety.t.s": stop(HIGH) | {"refer": "other"}},
        {"safety.t.s": stop(HIGH)},
        claim(always={"referred": "crisis"}),
    ),
    "an exclude withholds where it should exclude": (
        "G10",
        {"r": RECOMMEND, "safety.t.x": exclude({"device": True, "agrees": True})},
        {"r": RECOMMEND, "safety.t.x": exclude(DEVICE)},
        claim(DEVICE, always={"excluded": "mbct"}),
    ),
    "nothing asks": (
        "G10",
        {"r": RECOMMEND, "safety.t.a": {"when": {"mood": "low"}, "ask": "agrees"}},
        {"r": RECOMMEND, "safety.t.a": {"when": {}, "ask": "agrees"}},
        claim({"agrees": {"known": False}}, always={"asked": "agrees"}),
    ),
    "a concluded feature hides a case": (
        "G10",
        {
            "r": {"when": {"stage": "some"}, "recommend": "mbct"},
            "inference.t.c": {"when": HIGH, "conclude": {"stage": "some"}},
        },
        {
            "r": {"when": {"stage": "some"}, "recommend": "mbct"},
            "inference.t.c": {"when": {**HIGH, "device": False}, "conclude": {"stage": "some"}},
        },
        NEVER,
    ),
    "a gap between two ranges": (
        "G09",
        {
            "r": {"when": {"count": {"between": [0, 4]}}, "recommend": "mbct"},
            "q": {"when": {"count": {"at_least": 6}}, "recommend": "act"},
        },
        {
            "r": {"when": {"count": {"between": [0, 4]}}, "recommend": "mbct"},
            "q": {"when": {"count": {"at_least": 5}}, "recommend": "act"},
        },
        claim({"count": {"known": True}}, cover=[{"recommended": "mbct"}, {"recommended": "act"}]),
    ),
    "nobody has access": (
        "G09",
        {"r": RECOMMEND},
        {"r": RECOMMEND, "q": {"when": HIGH, "recommend": "act"}},
        claim(cover=[{"status": "recommended"}, {"status": "provisional"}, {"recommended": "act"}]),
    ),
    "an excluded one is not answered": (
        "G09",
        {"r": RECOMMEND, "safety.t.x": exclude(DEVICE), "w": {"when": HIGH, "tailor": "act"}},
        {"r": RECOMMEND, "safety.t.x": exclude({**DEVICE, "count": {"less_than": 0}})},
        claim(cover=[{"recommended": "mbct"}]),
    ),
    "an exclude that only withholds": (
        "G09",
        {"r": RECOMMEND, "safety.t.x": exclude(DEVICE, "caution")},
        {"r": RECOMMEND, "safety.t.x": exclude(DEVICE)},
        claim(cover=[{"withheld": "mbct"}, {"excluded": "mbct"}, {"status": "recommended"}])
        | {"when": {**HIGH, "device": {"known": False}, "access.room": False}},
    ),
    "a stop for some is no stop for all": (
        "G09",
        {"r": RECOMMEND, "safety.t.s": stop(DEVICE, hold=["act"])},
        {"r": RECOMMEND, "safety.t.s": stop(DEVICE)},
        claim(DEVICE, cover=[{"held": "all"}, {"status": "stopped"}]),
    ),
}
ROOM = {"id": "mbct", "needs": ["access.room"]}
OTHER = {"id": "other", "title": "Other", "urgency": "days", "action": "Act."}


def made(rules: dict[str, Plain], invariant: Plain) -> Rulebook:
    """Of what has to be covered, mbct needs access to a room where the claim speaks of a status."""
    features = [
        *FEATURES,
        boolean("access.room"),
        concluded(ordinal("stage", "none some full"), "none"),
    ]
    needs = any("status" in one for one in invariant.get("cover", ()))
    adaptations = [ROOM if needs else "mbct", "tms", "act"]
    invariants = {"promise": invariant}
    return book(rules, invariants, features=features, pathways=[OTHER], adaptations=adaptations)


@pytest.mark.parametrize("name", PAIRS)
def test_a_planted_defect_is_refuted_and_its_clean_twin_proved(name: str) -> None:
    code, wrong, right, invariant = PAIRS[name]
    assert verdict(made(wrong, invariant), code) == "refuted"
    assert verdict(made(right, invariant), code) == "proved"


# ------------------------------------------------------------------------------- witnesses


def refuted(name: str) -> tuple[Rulebook, Finding]:
    code, wrong, _, invariant = PAIRS[name]
    rulebook = made(wrong, invariant)
    (one,) = found(rulebook, code)
    return rulebook, one


@pytest.mark.parametrize("name", PAIRS)
def test_the_profile_of_a_witness_reproduces_it(name: str) -> None:
    rulebook, one = refuted(name)
    for witness in one.witnesses:
        if witness["profile"] is None:
            assert witness["not_realisable"]
            continue
        with pytest.raises(EngineError, match="promise"):
            recommend(witness["profile"], rulebook)


def test_a_witness_names_no_more_than_it_takes() -> None:
    _, one = refuted("what is not known only warns")
    (witness,) = one.witnesses
    named = {fact["feature"]: fact["possible"] for fact in witness["features"]}
    assert named == {"mood": {"value": "high"}, "device": {"everything": True}}
    assert witness["lifted"] == []
    assert witness["declined"] == []
    assert witness["answer"]["about"] == [
        {"adaptation": "mbct", "status": "recommended", "because": ["adaptation.t.r"]}
    ]


def test_a_number_is_shown_as_the_whole_stretch_that_will_do_and_tried_in_its_middle() -> None:
    rules = {"r": {"when": {"count": {"between": [2, 7]}}, "recommend": "mbct"}}
    rulebook = book(rules, {"promise": claim({}, unknown=True, never={"recommended": "mbct"})})
    (one,) = found(rulebook, "G10")
    (witness,) = one.witnesses
    assert witness["features"][0]["possible"] == {"from": 2, "to": 7}
    assert witness["profile"]["observations"] == {"count": 4}


def test_an_act_that_lifts_a_rule_is_on_record_in_the_profile() -> None:
    _, one = refuted("an act lifts it")
    (witness,) = one.witnesses
    assert witness["lifted"] == ["safety.t.x"]
    assert [act["id"] for act in witness["profile"]["releases"]] == ["seen"]


def test_every_gap_is_listed() -> None:
    rules = {"r": {"when": {"count": {"between": [3, 5]}}, "recommend": "mbct"}}
    invariant = claim({"count": {"known": True}}, cover=[{"recommended": "mbct"}])
    (one,) = found(book(rules, {"promise": invariant}), "G09")
    gaps = [fact["possible"] for w in one.witnesses for fact in w["features"]]
    assert {"from": 0, "to": 2} in gaps
    assert {"from": 6, "to": 9} in gaps


def test_gaps_that_are_not_listed_are_counted() -> None:
    rules = {f"r{n}": {"when": {"count": n}, "recommend": "mbct"} for n in (0, 2, 4, 6, 8)}
    features = [*FEATURES[:3], integer("count", 0, 17), *FEATURES[4:]]
    odd = [{"when": {"count": n}, "recommend": "act"} for n in (10, 12, 14, 16)]
    rules |= {f"q{n}": rule for n, rule in enumerate(odd)}
    wanted = [{"recommended": "mbct"}, {"recommended": "act"}]
    promise = {"promise": claim({"count": {"known": True}}, cover=wanted)}
    (one,) = found(book(rules, promise, features=features), "G09")
    assert len(one.witnesses) == 6
    assert one.more == 3


def test_what_is_known_is_not_asked_for() -> None:
    rules = {"r": {"when": {"count": {"at_least": 3}}, "recommend": "mbct"}}
    known = claim({"count": 3}, never={"asked": "count"})
    assert verdict(book(rules, {"promise": known}), "G10") == "proved"
    open_ = claim({"count": {"at_most": 3}}, unknown=True, never={"asked": "count"})
    assert verdict(book(rules, {"promise": open_}), "G10") == "refuted"


def test_what_a_patient_declines_was_offered() -> None:
    """Nothing but the patient's wish stands between them and the plan."""
    rules = {"r": RECOMMEND}
    assert verdict(book(rules, {"p": claim(cover=[{"recommended": "mbct"}])}), "G09") == "proved"
    never = claim(never={"recommended": "mbct"})
    assert verdict(book(rules, {"p": never}), "G10") == "refuted"


# ------------------------------------------------------------------------------- links


def test_a_profile_that_breaks_a_link_is_nobodys() -> None:
    rules = {"r": RECOMMEND}
    invariant = {"promise": claim({"agrees": True}, never={"recommended": "mbct"})}
    link = {"title": "L", "when": {"agrees": True}, "then": {"mood": "low"}}
    assert verdict(book(rules, invariant), "G10") == "refuted"
    linked = book(rules, invariant, header={"links": [link]})
    assert verdict(linked, "G10") == "proved"


@pytest.mark.parametrize(
    ("links", "kept"),
    [
        ([{"agrees": True}, {"count": {"at_least": 3}}], True),
        ([{"agrees": True}, {"agrees": False}], False),
        ([{"count": {"at_least": 3}}, {"count": {"less_than": 3}}], False),
        ([{"marks": {"includes": "a"}}, {"marks": {"empty": True}}], False),
        ([{"marks": {"includes": "a"}}, {"marks": {"includes": "b"}}], True),
        ([{"kind": "one"}, {"kind": ["one", "two"]}], True),
        ([{"kind": "one"}, {"kind": ["two"]}], False),
        ([{"ratio": {"more_than": 0.5}}, {"ratio": {"at_most": 0.5}}], False),
        ([{"ratio": {"at_least": 0.5}}, {"ratio": {"at_most": 0.5}}], True),
        ([{"mood": "high"}, {"device": True}], True),
        ([{"mood": "high"}, {"mood": "low"}], False),
    ],
)
def test_a_link_that_nobody_can_keep_is_found(links: list[Plain], kept: bool) -> None:
    when, then = links
    link = {"title": "L", "when": when, "then": then}
    rulebook = book({"r": RECOMMEND}, header={"links": [link]})
    assert bool(found(rulebook, "G00")) is not kept


def test_a_feature_read_from_a_score_agrees_with_it() -> None:
    scale = {"id": "moca", "title": "M", "range": [0, 30]}
    screen = ordinal("screen", "fine low") | {
        "from": [{"instrument": "moca", "ranges": {"low": [0, 17], "fine": [18, 30]}}]
    }
    rules = {"r": RECOMMEND, "safety.t.x": exclude({"screen": "low"}, "presume")}
    invariant = {"promise": claim({"moca": {"less_than": 18}}, never={"recommended": "mbct"})}
    tied = book(rules, invariant, features=[*FEATURES, screen], instruments=[scale])
    assert verdict(tied, "G10") == "proved"
    free = book(
        rules,
        invariant,
        features=[*FEATURES, screen | {"from": [*screen["from"], "clinician"]}],
        instruments=[scale],
    )
    assert verdict(free, "G10") == "refuted"


# ------------------------------------------------------------------------------- budget


def test_past_the_budget_a_claim_is_undecided_and_never_proved() -> None:
    rules = {
        "r": RECOMMEND,
        **{f"safety.t.x{n}": exclude({"count": n, "marks": {"includes": "a"}}) for n in range(9)},
    }
    promise = claim({"marks": {"includes": "b"}, "count": 9}, never={"excluded": "mbct"})
    large = book(rules, {"promise": promise})
    assert verdict(large, "G10") == "proved"
    decision = decided(Run(large, AS_OF, budget=1), large.invariants["promise"])
    assert decision.verdict is Verdict.UNDECIDED
    assert "nodes" in decision.why


# ------------------------------------------------------------------------------- brute force


OUTCOMES: list[Plain] = [
    {"recommended": "a0"},
    {"excluded": "a0"},
    {"withheld": "a0"},
    {"held": "all"},
    {"held": "a0"},
    {"referred": "p0"},
    {"asked": "f0"},
    *({"status": status} for status in ("stopped", "out_of_scope", "provisional", "recommended")),
    {"status": "cannot_say"},
    {"status": "nothing_indicated"},
]


@st.composite
def promised(draw: Any) -> Rulebook:
    """A small rulebook that promises several things, most of which will not hold."""
    content = draw(drawn.contents(features=3, rules=8))
    content["adaptations"] = content["adaptations"][:3]
    asked = [*content["features"]]
    invariants: Plain = {}
    for n in range(4):
        kind = draw(st.sampled_from(["never", "always", "cover"]))
        outcome = st.sampled_from(OUTCOMES)
        said = draw(st.lists(outcome, min_size=1, max_size=3) if kind == "cover" else outcome)
        invariants[f"i{n}"] = {
            "title": "T",
            "when": draw(drawn.whens(asked, depth=1, known=True)),
            "even_if_unknown": draw(st.booleans()),
            kind: said,
        }
    return drawn.load(content | {"invariants": invariants})


@settings(max_examples=60)
@given(data=st.data())
def test_nobody_breaks_what_was_proved_and_a_witness_breaks_what_was_refuted(
    data: st.DataObject,
) -> None:
    rulebook = data.draw(promised())
    run_ = Run(rulebook, drawn.AS_OF)
    decisions = {name: decided(run_, one) for name, one in rulebook.invariants.items()}
    for name, decision in decisions.items():
        for witness in decision.witnesses:
            answer, stops = run(witness, rulebook, drawn.AS_OF)
            assert breaks(rulebook.invariants[name], answer, stops)
    proved = [n for n, one in decisions.items() if one.verdict is Verdict.PROVED]
    for _ in range(12):
        facts = data.draw(drawn.facts(rulebook))
        profile = as_profile(
            {
                "schema": "profile/1",
                "id": "x",
                "assessed_on": "2026-01-09",
                "preferences": {"declines": sorted(data.draw(drawn.declined(rulebook)))},
                "releases": [
                    {"id": act, "on": str(moment)}
                    for act, moments in data.draw(drawn.releases).items()
                    for moment in moments
                ],
            }
        )
        trace = native.infer(facts, rulebook, drawn.AS_OF)
        given_answer = answer_of(trace, profile, Produced("", "native", None))
        for name in proved:
            assert not breaks(rulebook.invariants[name], *given_answer), name


@pytest.mark.parametrize("name", [n for n, pair in PAIRS.items() if "an act" not in n])
@pytest.mark.parametrize("side", [1, 2])
def test_brute_force_over_every_fact_comes_to_the_same_verdict(name: str, side: int) -> None:
    """Every interval, every subset, every member open or not, of the features asked for."""
    code, invariant = PAIRS[name][0], PAIRS[name][3]
    rulebook = made(PAIRS[name][side], invariant)  # type: ignore[arg-type]
    promise = rulebook.invariants["promise"]
    broken = any(
        breaks(promise, *run(Witness(possible, {}), rulebook, AS_OF))
        for possible in every_fact(rulebook)
    )
    assert verdict(rulebook, code) == ("refuted" if broken else "proved")


def every_fact(rulebook: Rulebook) -> Iterator[dict[str, Possible]]:
    features = [rulebook.features[name] for name in rulebook.used]
    asked = [feature for feature in features if not feature.concluded]
    ways = [drawn.refinements(feature, everything(feature)) for feature in asked]
    for one in product(*ways):
        yield {feature.id: possible for feature, possible in zip(asked, one, strict=True)}


# ------------------------------------------------------------------------------- the shipped rules


def test_every_invariant_of_the_shipped_rulebook_is_proved() -> None:
    shipped = load_rulebook()
    rest = found(shipped, "G09", "G10", "G11")
    assert {one.subject for one in rest} == set(shipped.invariants)
    assert [one.subject for one in rest if one.verdict is not Verdict.PROVED] == []


def test_somebody_who_declines_everything_still_gets_an_answer() -> None:
    shipped = load_rulebook()
    profile: Plain = {
        "schema": "profile/1",
        "id": "declines",
        "assessed_on": "2026-11-20",
        "as_of": "2026-11-20",
        "observations": {"rumination": "high", "depression_severity": "severe"},
        "preferences": {"declines": list(shipped.adaptations)},
    }
    assert recommend(profile, shipped).status.value == "nothing_indicated"


@pytest.mark.parametrize(
    "more",
    [
        {"access": {"rfcbt_available": False, "mbct_available": False}},
        {"access": {"rfcbt_available": False}, "conditions": ["dementia"]},
    ],
)
def test_rumination_without_access_to_its_treatment_still_gets_an_answer(more: Plain) -> None:
    profile: Plain = {
        "schema": "profile/1",
        "id": "no-access",
        "assessed_on": "2026-11-20",
        "as_of": "2026-11-20",
        "observations": {"rumination": "high"},
        **more,
    }
    assert recommend(profile, load_rulebook()).status.value == "cannot_say"


# ------------------------------------------------------------------------------- nearest repair

WEAK = {"when": {"device": True}, "exclude": "mbct", "if_not_known": "caution"}
BROKEN: list[tuple[dict[str, Plain], Plain, tuple[str, str, str]]] = [
    (
        {"safety.t.x": WEAK},
        {"when": {"device": True}, "even_if_unknown": True, "never": {"recommended": "mbct"}},
        ("safety.t.x", "caution", "block"),
    ),
    (
        {"safety.t.x": WEAK | {"when": {"count": {"at_least": 5}}, "if_not_known": "block"}},
        claim({"count": {"at_least": 4}}, never={"recommended": "mbct"}),
        ("safety.t.x", "count is at least 5", "count is at least 4"),
    ),
    (
        {"safety.t.x": {"when": {"count": {"more_than": 4}}, "refer": "crisis"}},
        claim({"count": {"at_least": 4}}, always={"held": "mbct"}),
        ("safety.t.x", "count is more than 4", "count is more than 3"),
    ),
]


@pytest.mark.parametrize(("rules", "promise", "mended"), BROKEN)
def test_the_nearest_change_that_mends_a_broken_promise_is_named(
    rules: dict[str, Plain], promise: Plain, mended: tuple[str, str, str]
) -> None:
    made = book({"r": {"when": {}, "recommend": "mbct"}, **rules}, {"p": promise})
    (one,) = found(made, "G10")
    assert one.repair is not None
    assert (one.repair["rule"], one.repair["before"], one.repair["after"]) == mended


def test_no_repair_is_named_that_breaks_another_promise() -> None:
    rules = {"r": {"when": {}, "recommend": "mbct"}, "safety.t.x": WEAK}
    kept = claim({"device": {"known": False}}, unknown=True, always={"recommended": "mbct"})
    broken = claim({"device": True}, unknown=True, never={"recommended": "mbct"})
    told = {one.subject: one for one in found(book(rules, {"p": broken, "q": kept}), "G10")}
    assert told["q"].verdict is Verdict.PROVED
    assert told["p"].verdict is Verdict.REFUTED
    assert told["p"].repair is None
