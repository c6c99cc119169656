"""What load can put off is bounded from above: everything that is put off is among it."""

from __future__ import annotations

from typing import Any

import pytest

from recommender import Rulebook, load_rulebook
from recommender.candidates import Status
from recommender.errors import RecommenderError
from recommender.governance.bounds import Bounds
from recommender.governance.suites.crossing import Crossing
from recommender.governance.vignettes import read_pinned, read_vignettes
from recommender.pipeline import recommend
from recommender.profile import as_profile
from recommender.rules import Verb
from tests.building import AS_OF, Plain, boolean, rulebook

MANY = 300
FEATURES = [boolean("low")]


def book(limit: Plain, **burdens: tuple[int, float, int]) -> Rulebook:
    """Adaptations by name with their phase, hours and streams, all of them recommended."""
    rules: dict[str, Plain] = {
        f"adaptation.t.{name}": {"when": {"low": True}, "recommend": name} for name in burdens
    }
    made: list[Any] = [
        {
            "id": name,
            "phase": phase,
            "burden": {"hours_per_week": hours, "homework_streams": streams, "weeks": 8},
        }
        for name, (phase, hours, streams) in burdens.items()
    ]
    rules["combination.load.most"] = {"when": {}, "limit": limit}
    return rulebook(FEATURES, rules, adaptations=made)


PUT_OFF: list[tuple[str, Plain, dict[str, tuple[int, float, int]], set[str]]] = [
    ("one at a time, four phases from the first on", {"new_at_once": 1},
     {"a": (0, 1, 0), "b": (1, 1, 0), "c": (2, 1, 0), "d": (3, 1, 0), "e": (3, 1, 0)}, {"e"}),
    ("what starts early finds no crowd", {"new_at_once": 1},
     {"a": (2, 1, 0), "b": (3, 1, 0), "z": (0, 1, 0)}, set()),
    ("hours of the last phase", {"hours_per_week": 3},
     {"a": (3, 2, 0), "b": (3, 2, 0), "c": (2, 1, 0)}, {"b"}),
    ("two streams, and of one with the others one only", {"homework_streams": 1, "new_at_once": 2},
     {"a": (3, 1, 1), "b": (3, 1, 1), "c": (3, 1, 0)}, {"b"}),
]  # fmt: skip


@pytest.mark.parametrize(("limit", "burdens", "put_off"), [p[1:] for p in PUT_OFF],
                         ids=[p[0] for p in PUT_OFF])  # fmt: skip
def test_what_may_be_put_off(
    limit: Plain, burdens: dict[str, tuple[int, float, int]], put_off: set[str]
) -> None:
    made = book(limit, **burdens)
    bounds = Bounds(made, frozenset())
    assert {name for name in burdens if any(bounds.putting_off(name))} == put_off
    profile = as_profile(
        {"schema": "profile/1", "id": "x", "assessed_on": AS_OF.isoformat()}
        | {"observations": {"low": True}}
    )
    answer = recommend(profile, made, as_of=AS_OF)
    deferred = {
        one.candidate.adaptation.id
        for one in answer.plan.set_aside
        if one.status is Status.DEFERRED
    }
    assert deferred == put_off


def test_nobody_crossed_from_vignettes_is_put_off_otherwise() -> None:
    made = load_rulebook()
    bounds = Bounds(made, frozenset())
    several = [*read_vignettes(None, made), *read_pinned(None)]
    crossing = Crossing([profile for _, profile in several], made)
    people = [profile for _, profile in several]
    people += [as_profile(crossing.person(n, ())) for n in range(MANY)]
    seen = 0
    for profile in people:
        try:
            answer = recommend(profile, made, as_of=AS_OF)
        except RecommenderError:
            continue
        for one in answer.plan.set_aside:
            for rule in one.by:
                if one.status is Status.DEFERRED and rule.verb is Verb.LIMIT:
                    seen += 1
                    named = {rule.id for rule in bounds.putting_off(one.candidate.adaptation.id)}
                    assert rule.id in named
    assert seen > 5
