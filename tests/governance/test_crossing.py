"""People crossed from vignettes: what several have together, the same for the same number."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from recommender import load_rulebook
from recommender.assess import assess
from recommender.governance.coverage.coverage import coverage, suite
from recommender.governance.suites.crossing import Crossing
from recommender.governance.vignettes import read_vignettes
from recommender.profile import Profile, as_profile
from tests.building import AS_OF, Plain, boolean, integer, patient, rulebook

FEATURES = [integer("score", 0, 10), boolean("danger"), boolean("clip")]
BOOK = rulebook(
    FEATURES,
    {
        "adaptation.t.high": {"when": {"score": {"at_least": 5}}, "recommend": "mbct"},
        "adaptation.t.low": {"when": {"danger": True, "clip": True}, "recommend": "ba"},
    },
    adaptations=["mbct", "ba"],
)


def one(**observed: Any) -> Profile:
    return as_profile(patient(observations=observed))


def test_a_number_is_one_person_and_everybody_can_be_read() -> None:
    made = load_rulebook()
    vignettes = [profile for _, profile in read_vignettes(None, made)][:40]
    several = [[Crossing(vignettes, made).person(n, ["rumination"]) for n in range(60)]] * 2
    assert several[0] == several[1]
    for plain in several[0]:
        assess(as_profile(plain), made, AS_OF.replace(year=2030))


@settings(max_examples=30)
@given(number=st.integers(0, 500))
def test_what_each_states_is_what_one_of_them_states_or_was_drawn(number: int) -> None:
    crossing = Crossing([one(danger=True), one(clip=True, score=3)], BOOK)
    stated: Plain = crossing.person(number, ()).get("observations", {})
    assert set(stated) <= {"danger", "clip", "score"}
    assert "expect" not in crossing.person(number, ())


def test_what_needs_two_vignettes_together_is_suggested() -> None:
    vignettes = [("a", one(danger=True, score=1)), ("b", one(clip=True, score=1))]
    found = coverage(BOOK, vignettes, AS_OF)
    made = suite(found)
    assert {owed.about for one in made.suggested for owed in one.meets} >= {"adaptation.t.low"}
    assert not made.unwritten


def test_where_there_is_no_vignette_nobody_is_crossed() -> None:
    found = coverage(BOOK, [], AS_OF)
    made = suite(found)
    made.cross([one.obligation for one in found.shown])
    assert made.suggested
