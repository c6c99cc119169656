"""The diagrams agree with the evaluator, and a fault of either is noticed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender import Rulebook, load_rulebook
from recommender.assess import assess
from recommender.candidates import Status
from recommender.conditions import TRUE
from recommender.errors import EngineError
from recommender.facts import Span
from recommender.governance.derivations import inclusions, readings
from recommender.governance.people import People
from recommender.governance.run import Run
from recommender.governance.validate import elements_of, validate
from recommender.governance.world import DECLINED, World
from recommender.profile import as_profile
from recommender.rules import Verb
from tests import strategies as drawn
from tests.building import AS_OF, Plain, choice, ordinal, rulebook
from tests.governance.proving import HIGH, book, claim

RULES = {
    "r": {"when": HIGH, "recommend": "mbct"},
    "safety.t.x": {"when": {"device": True}, "exclude": "mbct"},
    "safety.t.s": {"when": {"count": {"at_least": 4}}, "refer": "crisis", "release": "seen"},
}


def bands(*ends: int) -> list[Plain]:
    """Three bands up to these totals."""
    starts = (0, *(end + 1 for end in ends))
    return [
        {"id": name, "title": name, "range": [low, high]}
        for name, low, high in zip(SAME, starts, ends, strict=False)
    ]


SAME = {name: name for name in ("low", "some", "much")}
SCALES: list[Plain] = [
    {"id": "one", "title": "One", "range": [0, 9]}
    | {"bands_by": {"kind": {"one": bands(3, 6, 9), "other": bands(5, 6, 9)}}},
    {"id": "two", "title": "Two", "range": [0, 9], "bands": bands(3, 6, 9)},
]
"""The second table says otherwise of totals of 4 and 5."""
READ = rulebook(
    [
        choice("kind", "one other"),
        ordinal(
            "use",
            "low some much",
            **{
                "from": [
                    *({"instrument": one, "band": SAME} for one in ("one", "two")),
                    "clinician",
                ]
            },
            valid_for="P30D",
            safety={"positive": "much", "valid_for": "P300D"},
        ),
    ],
    watch=True,
    instruments=SCALES,
)


@settings(max_examples=60)
@given(data=st.data())
def test_diagrams_agree_with_the_evaluator_on_any_rulebook(data: st.DataObject) -> None:
    rulebook = data.draw(drawn.rulebooks(features=4, rules=10))
    world = World(rulebook, drawn.AS_OF)
    compared = validate(world, People(world), [])
    assert compared.cases


def test_a_wrong_condition_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(book(RULES), AS_OF)
    monkeypatch.setattr(world, "truth", lambda _: world.yes)
    with pytest.raises(EngineError, match="differs") as caught:
        validate(world, People(world), [])
    assert caught.value.exit_code == 5


def test_a_wrong_membership_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(book(RULES), AS_OF)
    people = People(world)
    monkeypatch.setattr(world, "membership", lambda _: world.store.terminal(Status.RECOMMENDED))
    with pytest.raises(EngineError, match="membership"):
        validate(world, people, [])


def test_a_wrong_stop_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(book(RULES), AS_OF)
    people = People(world)
    monkeypatch.setattr(world, "in_force", lambda _: world.yes)
    with pytest.raises(EngineError, match="stop"):
        validate(world, people, [])


def test_a_false_proof_is_noticed() -> None:
    made = book(RULES, {"wrong": claim({}, unknown=True, never={"status": "cannot_say"})})
    world = World(made, AS_OF)
    with pytest.raises(EngineError, match="wrong"):
        validate(world, People(world), [made.invariants["wrong"]])


@settings(max_examples=40)
@given(data=st.data())
def test_every_profile_keeps_what_is_taken_as_given_of_all(data: st.DataObject) -> None:
    """Features read from scores, and what is exactly known, for profiles of the real rulebook."""
    rulebook = load_rulebook()
    run = rulebook.derived(_run_of)
    profile = as_profile(data.draw(drawn.profiles(rulebook)))
    facts = assess(profile, rulebook, drawn.AS_OF)
    world = run.world
    elements = elements_of(world, {n: f.possible for n, f in facts.items() if n in world.space.of})
    for constraint in run.people.constraints_on_facts():
        assert world.value(constraint, elements) == TRUE


@settings(max_examples=150)
@given(data=st.data())
def test_a_number_of_trials_that_counts_less_is_never_the_larger(data: st.DataObject) -> None:
    rulebook = load_rulebook()
    found = list(inclusions(rulebook))
    assert {"adequate_failures", "cbt_failures", "ba_failures"} <= {one.fewer.id for one in found}
    plain = {"schema": "profile/1", "id": "x", "assessed_on": drawn.AS_OF.isoformat()}
    treatments = data.draw(st.lists(st.fixed_dictionaries({}, optional=TREATMENT), max_size=6))
    treatments = [{"kind": "psychotherapy"} | one for one in treatments]
    history = {"history": {"treatments": treatments}}
    facts = assess(as_profile(plain | history), rulebook, drawn.AS_OF)
    for fewer, more in found:
        less, most = facts[fewer.id].possible, facts[more.id].possible
        assert isinstance(less, Span)
        assert isinstance(most, Span)
        assert less.low <= most.low
        assert less.high <= most.high


TREATMENT: dict[Any, st.SearchStrategy[Any]] = {
    "kind": st.sampled_from(["antidepressant", "psychotherapy"]),
    "agent": st.sampled_from(["sertraline", "venlafaxine", "no_such_agent"]),
    "dose_mg": st.sampled_from([25, 225]),
    "weeks": st.sampled_from([2, 4, 5, 6, 12]),
    "adherent": st.booleans(),
    "outcome": st.sampled_from(["none", "partial", "not_tolerated", "response"]),
    "episode": st.sampled_from(["current", "earlier"]),
    "modality": st.sampled_from(["cbt", "ba", "mbct", "ipt"]),
    "sessions": st.sampled_from([4, 8, 12, 20]),
    "attended": st.sampled_from([1, 4, 8, 12]),
    "obstacles": st.sampled_from([[], ["inertia"]]),
}


@settings(max_examples=60)
@given(data=st.data())
def test_what_can_be_known_of_a_feature_of_safety(data: st.DataObject) -> None:
    """Two tables of bands, a second scale and a clinician, on one day and on others."""
    told = {one.feature.id: one.stretches for one in readings(READ)}
    assert told == {"use": frozenset({Span(0, 1)})}
    day = st.sampled_from(["2026-11-20", "2026-11-19", "2026-01-02"])
    scores = st.fixed_dictionaries(
        {"instrument": st.sampled_from(["one", "two"]), "total": st.integers(0, 9), "on": day}
    )
    said = st.fixed_dictionaries({"value": st.sampled_from(["low", "some", "much"]), "on": day})
    plain: dict[str, Any] = {"schema": "profile/1", "id": "x", "assessed_on": "2026-11-20"}
    plain |= {"assessments": data.draw(st.lists(scores, max_size=3, unique_by=_score_of))}
    plain["observations"] = {}
    if found := data.draw(st.lists(said, max_size=2)):
        plain["observations"]["use"] = found
    if data.draw(st.booleans()):
        plain["observations"]["kind"] = data.draw(st.sampled_from(["one", "other"]))
    possible = assess(as_profile(plain), READ, AS_OF)["use"].possible
    assert isinstance(possible, Span)
    assert possible.low == possible.high or possible in {Span(0, 1), Span(0, 2)}


def _score_of(one: dict[str, Any]) -> tuple[str, str]:
    return one["instrument"], one["on"]


@settings(max_examples=40)
@given(data=st.data())
def test_what_is_declined_is_what_the_list_says(data: st.DataObject) -> None:
    rulebook = load_rulebook()
    declined = data.draw(drawn.declined(rulebook))
    plain = {"schema": "profile/1", "id": "x", "assessed_on": drawn.AS_OF.isoformat()}
    profile = as_profile(plain | {"preferences": {"declines": sorted(declined)}})
    run = rulebook.derived(_run_of)
    possible = assess(profile, rulebook, drawn.AS_OF)["preferences.declines"].possible
    elements = elements_of(run.world, {"preferences.declines": possible})
    elements |= {run.world.space.switches[DECLINED + name]: 1 for name in declined}
    constraints = [*run.people._of_wishes(), *run.people._of_declining()]
    assert len(constraints) >= 4
    assert all(run.world.value(one.node, elements) == TRUE for one in constraints)


def _run_of(rulebook: Rulebook) -> Run:
    return Run(rulebook, drawn.AS_OF)


def test_a_space_tells_what_links_and_needs_ask() -> None:
    link = {"title": "L", "when": {"agrees": True}, "then": {"count": {"at_least": 7}}}
    made = book(RULES, header={"links": [link]})
    world = World(made, AS_OF)
    (at,) = world.space.of["count"]
    assert (7, 0) in world.space.variables[at].cuts  # type: ignore[union-attr]
    assert world.acting(Verb.REFER)[0].id == "safety.t.s"
