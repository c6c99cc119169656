"""Facts of a witness become a profile that leads to them, where that can be written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from recommender import Rulebook, load_rulebook
from recommender.assess import assess
from recommender.facts import Members, Options, Possible, Span, narrows
from recommender.governance.suites.histories import histories
from recommender.governance.suites.realise import edited, realised
from recommender.governance.vignettes import read_vignettes
from recommender.governance.witness import Witness
from recommender.profile import as_profile
from recommender.recommendation import Recommendation
from recommender.stops import Force, Stop
from tests.building import AS_OF, Plain, boolean, decimal, integer, members, ordinal, rulebook

SCALE: Plain = {"id": "scale", "title": "Scale", "range": [0, 20]}
PERCENT: Plain = {"measure": "change", "instrument": "scale", "from": "baseline", "as": "percent"}
POINTS: Plain = {"measure": "change", "instrument": "scale", "from": "baseline", "as": "points"}
FEATURES = [
    ordinal("mood", "low mild high"),
    decimal("gain", -2000, 100, **{"from": [PERCENT]}),
    integer("points", -20, 20, **{"from": [POINTS]}),
    integer(
        "risks",
        0,
        9,
        **{"from": [{"measure": "count_of", "set": "medications", "of": ["a", "b", "c"]}]},
    ),
    members("medications", "a b c d"),
    boolean("anxious", **{"from": [{"set": "conditions", "includes_any": ["x", "y"]}]}),
    members("conditions", "x y z"),
]


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return rulebook(FEATURES, {}, watch=True, instruments=[SCALE])


def profile(book: Rulebook, possible: dict[str, Possible], **wide: Span) -> Plain | None:
    witness = Witness(possible, wide)
    return realised(witness, book, AS_OF, "drawn", lambda _answer, _stops: True)[0]


@pytest.mark.parametrize(
    ("possible", "wide"),
    [
        ({"gain": Span(50, 50)}, {}),
        ({"gain": Span(61.5, 61.5)}, {"gain": Span(50, 100)}),
        ({"gain": Span(-25, -25)}, {}),
        ({"points": Span(4, 4)}, {}),
        ({"points": Span(-3, -3)}, {}),
        ({"risks": Span(2, 2)}, {}),
        ({"risks": Span(6, 6)}, {"risks": Span(3, 9)}),
        ({"mood": Span(0, 1)}, {}),
        ({"mood": Span(2, 2)}, {}),
        ({"anxious": Options(2), "conditions": Members(0, 4)}, {}),
        ({"risks": Span(1, 1), "medications": Members(8, 0)}, {}),
    ],
)
def test_a_profile_leads_to_the_facts(
    book: Rulebook, possible: dict[str, Possible], wide: dict[str, Any]
) -> None:
    plain = profile(book, possible, **wide)
    assert plain is not None
    facts = assess(as_profile(plain), book, AS_OF)
    for name, wanted in possible.items():
        found, room = facts[name].possible, wide.get(name, wanted)
        if isinstance(found, Span):
            assert room.low <= found.low
            assert found.high <= room.high
        elif isinstance(found, Members):
            assert isinstance(wanted, Members)
            assert wanted.present & ~found.present == wanted.absent & ~found.absent == 0
        else:
            assert found == wanted


@pytest.mark.parametrize(
    "possible",
    [
        {"gain": Span(49, 49.5)},  # no two scores of so small a scale
        {"gain": Span(-1999, -1999)},
        {"risks": Span(5, 5)},  # more than there are
        {"points": Span(20, 20), "gain": Span(0, 0)},
        {"anxious": Options(2), "conditions": Members(0, 7)},
    ],
)
def test_what_no_history_gives_is_not_written(
    book: Rulebook, possible: dict[str, Possible]
) -> None:
    assert profile(book, possible) is None


# ------------------------------------------------------------------------------- histories

COUNTS: dict[str, dict[str, Possible]] = {
    "failed after four weeks and not after six": {
        "adequate_failures": Span(0, 0),
        "failures_at_four_weeks": Span(1, 1),
    },
    "two reported, and perhaps neither was adequate": {
        "reported_failures": Span(2, 2),
        "adequate_failures": Span(0, 2),
    },
    "a fair course of CBT in recent years": {"recent_cbt_failures": Span(1, 1)},
}


@pytest.mark.parametrize("wanted", COUNTS.values(), ids=COUNTS)
def test_one_history_gives_all_counts_of_trials_at_once(wanted: dict[str, Possible]) -> None:
    rules = load_rulebook()
    found = list(histories(wanted, wanted, rules, AS_OF, 8))
    assert found
    for treatments in found:
        plain = {"schema": "profile/1", "id": "x", "assessed_on": AS_OF.isoformat()}
        facts = assess(as_profile(plain | {"history": {"treatments": treatments}}), rules, AS_OF)
        assert all(narrows(facts[name].possible, possible) for name, possible in wanted.items())


def test_counts_that_contradict_each_other_have_no_history() -> None:
    wanted: dict[str, Possible] = {
        "reported_failures": Span(0, 0),
        "adequate_failures": Span(1, 1),
    }
    assert list(histories(wanted, wanted, load_rulebook(), AS_OF, 8)) == []


# ------------------------------------------------------------------------------- edited vignettes


EDITS: dict[str, tuple[str, Possible]] = {
    "another value in place of a score": ("inertia", Span(0, 0)),
    "no longer asked": ("self_injury", Options(3)),
    "not asked before": ("recent_binge", Options(2)),
    "a worse total": ("depression_severity", Span(4, 4)),
}


@pytest.mark.parametrize(("feature", "possible"), EDITS.values(), ids=EDITS)
def test_a_vignette_is_written_with_a_finding_otherwise(feature: str, possible: Possible) -> None:
    made = load_rulebook()
    (vignette,) = [one for name, one in read_vignettes(None, made) if name == "more_than_fits"]

    def shows(answer: Recommendation, _stops: object) -> bool:
        return answer.trace.facts[feature].possible == possible

    plain = edited(vignette, {feature: possible}, made, AS_OF, shows)
    assert plain is not None
    day = vignette.as_of
    assert day is not None
    was, becomes = (assess(one, made, day) for one in (vignette, as_profile(plain)))
    assert becomes[feature].possible == possible != was[feature].possible
    assert becomes["rumination"].possible == was["rumination"].possible


def test_an_age_that_is_half_known_is_a_year_of_birth() -> None:
    made = load_rulebook()
    (vignette,) = [one for name, one in read_vignettes(None, made) if name == "more_than_fits"]

    def shows(answer: Recommendation, _stops: object) -> bool:
        return answer.trace.facts["age"].possible == Span(17, 18)

    plain = edited(vignette, {"age": Span(0, 55)}, made, AS_OF, shows)
    assert plain is not None
    assert "age" not in plain
    assert plain["birth_year"] == 2008


def test_two_findings_of_one_list_before_an_act_have_the_day_of_the_list() -> None:
    made = load_rulebook()
    rule = made.rules["safety.acute_states.delirium_diagnosed"]
    delirium = 1 << made.features["conditions"].position["delirium"]
    listed = Members(delirium, 0)
    read = next(
        one
        for one in made.features.values()
        if "conditions" in [getattr(source, "set", None) for source in one.from_]
    )
    witness = Witness({"conditions": listed, read.id: Options(2)}, {}, frozenset({rule.id}))

    def shows(answer: Recommendation, stops: Sequence[Stop]) -> bool:
        lifted = any(one.rule.id == rule.id and one.force is Force.RELEASED for one in stops)
        possible = answer.trace.facts["conditions"].possible
        return lifted and isinstance(possible, Members) and possible.present.bit_count() > 1

    plain, why = realised(witness, made, AS_OF, "two", shows)
    assert plain is not None, why
    assert plain["conditions"]["on"] < plain["releases"][0]["on"]
    assert "delirium" in plain["conditions"]["present"]
