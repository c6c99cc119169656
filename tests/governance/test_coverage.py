"""What vignettes show of a rulebook, what nobody can show, and what is suggested for the rest."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender import Rulebook
from recommender.candidates import Status
from recommender.conditions import FALSE, TRUE, UNKNOWN
from recommender.governance.coverage.coverage import Coverage, Fate, coverage, document, suite
from recommender.governance.coverage.covering import Covering
from recommender.governance.coverage.feasible import Feasible, Verdict
from recommender.governance.coverage.obligations import Aspect, Obligation, obligations
from recommender.governance.suites.cases import Cases
from recommender.governance.suites.suggest import label
from recommender.governance.vignettes import differences, is_reviewed
from recommender.pipeline import recommend
from recommender.profile import Profile, as_profile
from tests import strategies as drawn
from tests.building import AS_OF, Plain, boolean, integer, patient, rulebook

FEATURES = [integer("score", 0, 10), boolean("danger"), boolean("clip"), boolean("extra")]
RULES: dict[str, Plain] = {
    "adaptation.t.high": {
        "when": {"any": [{"score": {"at_least": 5}}, {"extra": True}]},
        "recommend": "mbct",
    },
    "safety.t.clip": {"when": {"clip": True}, "exclude": "mbct"},
}
AT_LEAST_FIVE, EXTRA = (0,), (1,)


def book(more: dict[str, Plain] | None = None) -> Rulebook:
    return rulebook(FEATURES, RULES | (more or {}), adaptations=["mbct", "ba"])


def vignettes(*observed: Plain, **parts: Any) -> list[tuple[str, Profile]]:
    return [
        (f"v{n}", as_profile(patient(observations=one, **parts))) for n, one in enumerate(observed)
    ]


def look(*observed: Plain, more: dict[str, Plain] | None = None, **parts: Any) -> Coverage:
    return coverage(book(more), vignettes(*observed, **parts), AS_OF)


def fate(found: Coverage, owed: Obligation) -> Fate:
    (one,) = [one.fate for one in found.shown if one.obligation == owed]
    return one


def of_test(place: tuple[int, ...], truth: int, rule: str = "adaptation.t.high") -> Obligation:
    return Obligation(Aspect.TEST, rule, place, truth)


def at(value: int, truth: int) -> Obligation:
    return Obligation(Aspect.BOUNDARY, "adaptation.t.high", AT_LEAST_FIVE, truth, value)


def stands(status: Status, name: str = "mbct") -> Obligation:
    return Obligation(Aspect.STATUS, name, status=status)


FIRED = Obligation(Aspect.FIRED, "adaptation.t.high")
DECISIVE = Obligation(Aspect.DECISIVE, "adaptation.t.high")
FREE: Plain = {"clip": False}


@pytest.mark.parametrize(
    ("observed", "owed"),
    [
        (FREE | {"score": 7}, FIRED),
        (FREE | {"score": 7}, DECISIVE),
        (FREE | {"score": 7, "extra": False}, of_test(AT_LEAST_FIVE, TRUE)),
        (FREE | {"score": 2, "extra": False}, of_test(AT_LEAST_FIVE, FALSE)),
        (FREE | {"extra": False}, of_test(AT_LEAST_FIVE, UNKNOWN)),
        (FREE | {"score": 2}, of_test(EXTRA, UNKNOWN)),
        (FREE | {"score": 5, "extra": False}, at(5, TRUE)),
        (FREE | {"score": 4, "extra": False}, at(4, FALSE)),
        (FREE | {"score": 4, "extra": False}, stands(Status.NOT_INDICATED)),
        ({"score": 5}, stands(Status.WITHHELD)),
        (FREE | {"score": 5}, stands(Status.RECOMMENDED)),
        ({"score": 5, "clip": True}, of_test((), TRUE, "safety.t.clip")),
    ],
)
def test_a_vignette_shows_it(observed: Plain, owed: Obligation) -> None:
    assert fate(look(observed), owed) is Fate.MET


@pytest.mark.parametrize(
    ("observed", "owed"),
    [
        (FREE | {"score": 2, "extra": False}, FIRED),
        ({"score": 7, "clip": True}, DECISIVE),  # excluded either way
        (FREE | {"score": 7, "extra": True}, of_test(AT_LEAST_FIVE, TRUE)),  # the other holds too
        ({"score": 7, "extra": False, "clip": True}, of_test(AT_LEAST_FIVE, TRUE)),
        (FREE | {"score": 6, "extra": False}, at(5, TRUE)),
        (FREE | {"score": 3, "extra": False}, at(4, FALSE)),
        (FREE | {"score": 5, "extra": True}, at(5, TRUE)),
        (FREE | {"score": 5}, stands(Status.DECLINED)),
    ],
)
def test_a_vignette_that_comes_close_does_not_show_it(observed: Plain, owed: Obligation) -> None:
    found = look(observed)
    (shown,) = [one for one in found.shown if one.obligation == owed]
    assert shown.fate is Fate.MISSING
    assert shown.witness is not None


NEVER: dict[str, Plain] = {
    "safety.t.both": {"when": {"all": [{"extra": True}, {"extra": False}]}, "exclude": "ba"},
}
AGAIN: dict[str, Plain] = {"safety.t.again": RULES["safety.t.clip"]}
WEAK: dict[str, Plain] = {
    "safety.t.weak": {
        "when": {"clip": True, "extra": True},
        "exclude": "mbct",
        "if_not_known": "presume",
    },
}


@pytest.mark.parametrize(
    ("more", "owed"),
    [
        (NEVER, Obligation(Aspect.FIRED, "safety.t.both")),
        (AGAIN, Obligation(Aspect.DECISIVE, "safety.t.again")),
        (AGAIN, of_test((), TRUE, "safety.t.again")),
        (WEAK, Obligation(Aspect.DECISIVE, "safety.t.weak")),
        (WEAK, of_test((1,), TRUE, "safety.t.weak")),
        ({}, stands(Status.DISPLACED)),
        ({}, stands(Status.DEFERRED)),
        ({}, stands(Status.HELD)),
        ({}, stands(Status.RECOMMENDED, "ba")),
    ],
)
def test_what_nobody_can_show_is_proved_and_does_not_count(
    more: dict[str, Plain], owed: Obligation
) -> None:
    assert fate(look(more=more), owed) is Fate.INFEASIBLE


def test_statuses_that_a_later_step_gives_are_found() -> None:
    more: dict[str, Plain] = {
        "adaptation.t.ba": {"when": {"extra": True}, "recommend": "ba"},
        "combination.t.one": {"when": {}, "choose_one": ["mbct", "ba"], "prefer": "ba"},
    }
    found = look(more=more)
    (shown,) = [one for one in found.shown if one.obligation == stands(Status.DISPLACED)]
    assert (shown.fate, shown.witness is not None) == (Fate.MISSING, True)


def test_a_rule_that_is_not_in_effect_owes_nothing() -> None:
    retired = {"safety.t.old": RULES["safety.t.clip"] | {"status": "retired"}}
    made = book(retired)
    assert not [one for one in obligations(made, AS_OF) if one.about == "safety.t.old"]


# ------------------------------------------------------------------------------- suggestions


def test_suggestions_show_all_that_is_missing_and_count_for_nothing_yet() -> None:
    found = look()
    made = suite(found)
    assert made.unwritten == []
    files = list(made.files("shows"))
    assert 2 <= len(files) < sum(one.fate is Fate.MISSING for one in found.shown) / 2
    read = [(name, as_profile(plain)) for name, plain in files]
    for _, profile in read:
        assert not is_reviewed(profile)
        assert list(differences(profile, recommend(profile, found.rulebook))) == []
    again = coverage(found.rulebook, read, AS_OF)
    assert again.complete()


def test_a_suggestion_says_what_it_is_for() -> None:
    assert label(at(5, TRUE)) == "boundary adaptation.t.high when.0 true at 5"
    assert label(stands(Status.HELD)) == "status mbct held"
    assert label(FIRED) == "fired adaptation.t.high"


def test_the_report_counts_what_can_be_shown() -> None:
    report = document(look(FREE | {"score": 7, "extra": False}))
    by_aspect = {one["aspect"]: one for one in report["aspects"]}
    fired = by_aspect["fired"]
    assert (fired["met"], fired["missing"], fired["of"], fired["share"]) == (1, 1, 2, "50 %")
    status = by_aspect["status"]
    assert status["infeasible"] > 0
    assert status["of"] == status["met"] + status["missing"] + status["undecided"]
    assert not report["complete"]


def test_the_report_says_which_vignette_shows_what_and_whether_people_confirmed_it() -> None:
    pinned = [(f"suggested/{name}", one) for name, one in vignettes(FREE | {"score": 4})]
    confirmed = vignettes(FREE | {"score": 7, "extra": False})
    report = document(coverage(book(), confirmed, AS_OF, pinned=pinned))
    shown = {
        (one["aspect"], one["about"], one["test"], one["truth"], one["value"]): one
        for one in report["shown"]
        if one["aspect"] != "status"
    }
    fired = shown["fired", "adaptation.t.high", "", "", None]
    assert (fired["vignette"], fired["confirmed"]) == ("v0", True)
    unknown = shown["test", "adaptation.t.high", "extra: yes", "unknown", None]
    assert (unknown["vignette"], unknown["confirmed"]) == ("suggested/v0", False)
    counted = report["all"]
    assert [one["confirmed"] for one in report["shown"]].count(True) == counted["met"]
    assert len(report["shown"]) == counted["met"] + counted["suggested"]


# ------------------------------------------------------------------------------- brute force


def _everybody() -> list[tuple[str, Profile]]:
    """Every person on the edges of the little rulebook."""
    found: list[tuple[str, Profile]] = []
    for score, clip, extra in product([None, 4, 5, 9], [None, True, False], [None, True, False]):
        stated = {"score": score, "clip": clip, "extra": extra}
        observed = {name: value for name, value in stated.items() if value is not None}
        for declines in ([], ["mbct"]):
            parts = patient(observations=observed, preferences={"declines": declines})
            found.append((f"v{len(found):03}", as_profile(parts)))
    return found


@pytest.mark.parametrize("more", [{}, AGAIN, WEAK, NEVER])
def test_what_everybody_together_does_not_show_is_what_is_proved(more: dict[str, Plain]) -> None:
    """Partial scores apart, these are all people there are: nothing is left over."""
    found = coverage(book(more), _everybody(), AS_OF)
    assert {one.fate for one in found.shown} <= {Fate.MET, Fate.INFEASIBLE}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn.rulebooks(rules=5), st.data())
def test_nobody_drawn_shows_what_is_called_infeasible(made: Rulebook, data: Any) -> None:
    people = [(f"p{n}", as_profile(data.draw(drawn.profiles(made)))) for n in range(6)]
    cases = Cases(made, people, drawn.AS_OF)
    covering, feasible = Covering(made, cases), Feasible(made, drawn.AS_OF)
    for owed in obligations(made, drawn.AS_OF):
        met = [case.name for case in cases.all if covering.met(owed, case)]
        if met:
            assert feasible.chance(owed).verdict is not Verdict.INFEASIBLE, (owed, met)
