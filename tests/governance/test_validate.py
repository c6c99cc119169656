"""The diagrams agree with the evaluator, and a fault of either is noticed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender import Rulebook, load_rulebook
from recommender.assess import assess
from recommender.candidates import Status
from recommender.conditions import TRUE
from recommender.errors import EngineError
from recommender.governance.people import People
from recommender.governance.run import Run
from recommender.governance.validate import elements_of, validate
from recommender.governance.world import World
from recommender.profile import as_profile
from recommender.rules import Verb
from tests import strategies as drawn
from tests.building import AS_OF
from tests.governance.proving import HIGH, book, claim

RULES = {
    "r": {"when": HIGH, "recommend": "mbct"},
    "safety.t.x": {"when": {"device": True}, "exclude": "mbct"},
    "safety.t.s": {"when": {"count": {"at_least": 4}}, "refer": "crisis", "release": "seen"},
}


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


def _run_of(rulebook: Rulebook) -> Run:
    return Run(rulebook, drawn.AS_OF)


def test_a_space_tells_what_links_and_needs_ask() -> None:
    link = {"title": "L", "when": {"agrees": True}, "then": {"count": {"at_least": 7}}}
    made = book(RULES, header={"links": [link]})
    world = World(made, AS_OF)
    (at,) = world.space.of["count"]
    assert (7, 0) in world.space.variables[at].cuts  # type: ignore[union-attr]
    assert world.acting(Verb.REFER)[0].id == "safety.t.s"
