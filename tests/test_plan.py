"""The plan: access, rivals, sequence, load, status. Every step only ever demotes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from recommender import Recommendation
from tests.building import Plain, answer, boolean, ordinal, rulebook, statuses

TRUE: Plain = {"mood": "high"}
UNKNOWN: Plain = {"agrees": True}
FALSE: Plain = {"mood": "low"}
FEATURES = [ordinal("mood"), boolean("agrees"), boolean("access.vr"), boolean("access.tms")]


def plan(
    adaptations: Mapping[str, Plain],
    rules: list[Plain],
    /,
    recommends: Mapping[str, Plain] | None = None,
    **parts: Any,
) -> Recommendation:
    """The plan where every adaptation is recommended, under the given combination rules.

    adaptations: what differs from a component of phase 2 without a burden.
    """
    named = [{"id": name} | more for name, more in adaptations.items()]
    texts: dict[str, Plain] = {
        f"adaptation.t.{name}": {"when": TRUE, "recommend": name} | (recommends or {}).get(name, {})
        for name in adaptations
    }
    texts |= {f"combination.t.r{n}": {"when": TRUE} | rule for n, rule in enumerate(rules)}
    book = rulebook(FEATURES, texts, adaptations=named)
    return answer(book, **({"observations": {"mood": "high"}} | parts))


def phases(given: Recommendation) -> dict[str, int]:
    return {one.candidate.adaptation.id: one.phase for one in given.plan.chosen}


def aside(given: Recommendation, name: str) -> Any:
    return next(one for one in given.plan.set_aside if one.candidate.adaptation.id == name)


def hours(amount: float, streams: int = 0) -> Plain:
    return {"burden": {"hours_per_week": amount, "homework_streams": streams}}


# ------------------------------------------------------------------------------- access


@pytest.mark.parametrize(
    ("access", "status"),
    [({"vr": True}, "recommended"), ({"vr": False}, "deferred"), ({}, "recommended")],
)
def test_what_local_access_does_not_offer_is_deferred(access: Plain, status: str) -> None:
    given = plan({"vr_ba": {"needs": ["access.vr"]}}, [], access=access)
    assert statuses(given) == {"vr_ba": status}
    if status == "deferred":
        assert aside(given, "vr_ba").missing_needs == ("access.vr",)
    else:
        assert given.plan.chosen[0].needs_open == (() if access else ("access.vr",))


def test_access_is_looked_at_before_rivals_are_chosen_between() -> None:
    given = plan(
        {"vr_ba": {"needs": ["access.vr"]}, "ba": {}},
        [{"choose_one": ["vr_ba", "ba"], "prefer": "vr_ba"}],
        access={"vr": False},
    )
    assert statuses(given) == {"vr_ba": "deferred", "ba": "recommended"}


# ------------------------------------------------------------------------------- rivals


@pytest.mark.parametrize(
    ("recommends", "burdens", "parts", "winner"),
    [
        ({}, {}, {}, "act"),
        ({}, {"act": hours(2)}, {}, "mbct"),
        ({"mbct": {"certainty": "low"}}, {}, {}, "mbct"),
        ({"mbct": {"certainty": "high"}, "act": {"strength": "strong"}}, {}, {}, "act"),
        (
            {"act": {"strength": "strong"}},
            {},
            {"preferences": {"prefers": ["mbct"]}},
            "mbct",
        ),
        ({}, {}, {"preferences": {"prefers": ["mbct", "act"]}}, "mbct"),
        ({}, {}, {"preferences": {"prefers": ["ba", "mbct"]}}, "mbct"),
    ],
)
def test_the_wish_then_the_support_then_the_burden_then_the_id_decides(
    recommends: dict[str, Plain], burdens: dict[str, Plain], parts: Plain, winner: str
) -> None:
    three: dict[str, Plain] = {"mbct": {}, "act": {}, "ba": {}}
    adaptations = {name: more | burdens.get(name, {}) for name, more in three.items()}
    given = plan(adaptations, [{"choose_one": ["mbct", "act"]}], recommends, **parts)
    assert statuses(given)[winner] == "recommended"
    loser = "act" if winner == "mbct" else "mbct"
    assert aside(given, loser).status == "displaced"
    assert aside(given, loser).displaced_by == winner


@pytest.mark.parametrize(("when", "winner"), [(TRUE, "mbct"), (UNKNOWN, "act"), (FALSE, None)])
def test_a_choice_prefers_only_when_true_and_acts_when_unknown(
    when: Plain, winner: str | None
) -> None:
    choose = {"when": when, "choose_one": ["mbct", "act"], "prefer": "mbct"}
    given = plan({"mbct": {}, "act": {}}, [choose])
    assert set(given.recommended) == ({winner} if winner else {"mbct", "act"})


def test_a_preferred_one_that_is_not_recommended_does_not_win() -> None:
    given = plan(
        {"mbct": {}, "act": {}, "ba": {}},
        [{"choose_one": ["mbct", "act", "ba"], "prefer": "mbct"}],
        {"mbct": {"when": FALSE}},
    )
    assert statuses(given) == {"mbct": "not_indicated", "act": "recommended", "ba": "displaced"}


def test_a_rival_without_competition_stays() -> None:
    given = plan(
        {"mbct": {}, "act": {}}, [{"choose_one": ["mbct", "act"]}], {"act": {"when": FALSE}}
    )
    assert given.recommended == ("mbct",)


def test_choices_are_made_in_order_of_rule_id_over_who_is_left() -> None:
    pairs = [{"choose_one": ["a", "b"], "prefer": "b"}, {"choose_one": ["a", "c"], "prefer": "a"}]
    given = plan({"a": {}, "b": {}, "c": {}}, pairs)
    assert statuses(given) == {"a": "displaced", "b": "recommended", "c": "recommended"}


def test_the_best_true_recommend_supports_a_rival() -> None:
    more = {
        "adaptation.t.mbct": {"when": TRUE, "recommend": "mbct"},
        "adaptation.t.strong": {"when": TRUE, "recommend": "mbct", "strength": "strong"},
        "adaptation.t.open": {"when": UNKNOWN, "recommend": "act", "strength": "strong"},
        "adaptation.t.act": {"when": TRUE, "recommend": "act", "certainty": "high"},
        "combination.t.r": {"when": TRUE, "choose_one": ["act", "mbct"]},
    }
    book = rulebook(FEATURES, more, adaptations=["act", "mbct"])
    assert answer(book, observations={"mood": "high"}).recommended == ("mbct",)


def test_the_displaced_are_kept_as_alternatives() -> None:
    given = plan({"a": {}, "b": {}, "c": {}}, [{"choose_one": ["a", "b", "c"]}])
    (chosen,) = given.plan.chosen
    assert [(name, rule.id) for name, rule in chosen.alternatives] == [
        ("b", "combination.t.r0"),
        ("c", "combination.t.r0"),
    ]


# ------------------------------------------------------------------------------- sequence


def test_what_comes_second_starts_a_phase_later_and_never_past_the_last() -> None:
    given = plan(
        {"a": {"phase": 2}, "b": {"phase": 0}, "c": {"phase": 1}, "d": {}},
        [{"sequence": ["a", "b", "c"]}],
    )
    assert phases(given) == {"a": 2, "b": 3, "c": 3, "d": 2}


def test_a_sequence_that_is_already_in_order_moves_nothing() -> None:
    given = plan({"a": {"phase": 0}, "b": {"phase": 3}}, [{"sequence": ["a", "b"]}])
    assert phases(given) == {"a": 0, "b": 3}


def test_sequences_push_each_other_on() -> None:
    rules = [{"sequence": ["b", "c"]}, {"sequence": ["a", "b"]}]
    given = plan({"a": {"phase": 1}, "b": {"phase": 1}, "c": {"phase": 1}}, rules)
    assert phases(given) == {"a": 1, "b": 2, "c": 3}


@pytest.mark.parametrize(("when", "moved"), [(TRUE, True), (UNKNOWN, True), (FALSE, False)])
def test_an_unknown_sequence_acts_as_true(when: Plain, moved: bool) -> None:
    given = plan({"a": {"phase": 1}, "b": {"phase": 1}}, [{"when": when, "sequence": ["a", "b"]}])
    assert phases(given)["b"] == (2 if moved else 1)


def test_what_requires_something_absent_is_deferred_down_the_line() -> None:
    given = plan(
        {"a": {}, "b": {}, "c": {}},
        [{"sequence": ["a", "b", "c"], "required": True}],
        {"a": {"when": FALSE}},
    )
    assert statuses(given) == {"a": "not_indicated", "b": "deferred", "c": "deferred"}
    assert [rule.id for rule in aside(given, "c").by] == ["combination.t.r0"]


def test_what_was_displaced_is_absent_for_those_who_require_it() -> None:
    given = plan(
        {"a": {}, "b": {}, "c": {}},
        [{"choose_one": ["a", "b"], "prefer": "b"}, {"sequence": ["a", "c"], "required": True}],
    )
    assert statuses(given) == {"a": "displaced", "b": "recommended", "c": "deferred"}


@pytest.mark.parametrize("present", [True, False])
def test_a_gate_is_shown_where_both_are_in_the_plan_and_changes_no_status(present: bool) -> None:
    gate = {"sequence": ["a", "b"], "gate": {"agrees": True}}
    given = plan({"a": {}, "b": {}}, [gate], {} if present else {"a": {"when": FALSE}})
    entry = next(one for one in given.to_dict()["plan"] if one["adaptation"] == "b")
    shown = [{"rule": "combination.t.r0", "text": "agrees: yes"}]
    assert entry["gates"] == (shown if present else [])


# ------------------------------------------------------------------------------- phases


def test_the_phase_of_the_best_true_recommend_counts_before_the_adaptations_own() -> None:
    more = {
        "adaptation.t.weak": {"when": TRUE, "recommend": "a", "phase": 0},
        "adaptation.t.open": {"when": UNKNOWN, "recommend": "a", "phase": 1, "strength": "strong"},
        "adaptation.t.good": {"when": TRUE, "recommend": "a", "phase": 3, "certainty": "high"},
    }
    book = rulebook(FEATURES, more, adaptations=[{"id": "a", "phase": 2}])
    assert phases(answer(book, observations={"mood": "high"})) == {"a": 3}


def test_together_means_the_later_phase_of_them() -> None:
    rules = [{"together": ["a", "b", "c"]}]
    adaptations: dict[str, Plain] = {"a": {"phase": 0}, "b": {"phase": 2}, "c": {"phase": 1}}
    assert set(phases(plan(adaptations, rules)).values()) == {2}
    absent = plan(adaptations, rules, {"b": {"when": FALSE}})
    assert phases(absent) == {"a": 1, "c": 1}


def test_what_follows_a_group_comes_after_all_of_it() -> None:
    rules = [{"together": ["a", "b"]}, {"sequence": ["a", "c"]}]
    given = plan({"a": {"phase": 0}, "b": {"phase": 1}, "c": {"phase": 0}}, rules)
    assert phases(given) == {"a": 1, "b": 1, "c": 2}


def test_the_plan_is_shown_by_phase_with_foundations_first() -> None:
    given = plan(
        {"a": {"phase": 2}, "b": {"phase": 1}, "c": {"phase": 1}, "d": {"phase": 1}},
        [],
        {"c": {"as": "foundation"}, "d": {"strength": "strong"}},
    )
    assert given.recommended == ("c", "d", "b", "a")


# ------------------------------------------------------------------------------- load


def test_the_weakest_that_adds_to_a_full_phase_moves_on() -> None:
    given = plan(
        {name: {"phase": 1} | hours(1) for name in "abc"} | {"free": {"phase": 1}},
        [{"limit": {"new_at_once": 2}}],
        {"a": {"strength": "strong"}, "b": {"as": "foundation"}},
    )
    assert phases(given) == {"a": 1, "b": 1, "c": 2, "free": 1}
    moved = {one.candidate.adaptation.id: one.moved_from for one in given.plan.chosen}
    assert moved == {"a": None, "b": None, "c": 1, "free": None}


@pytest.mark.parametrize(
    ("recommends", "burdens", "moved"),
    [
        ({}, {}, "b"),
        ({"a": {"as": "adjunct"}, "b": {"as": "foundation"}}, {}, "a"),
        ({"b": {"strength": "strong"}}, {}, "a"),
        ({"b": {"certainty": "moderate"}}, {}, "a"),
        ({}, {"a": hours(3)}, "a"),
        ({"a": {"as": "foundation"}, "b": {"strength": "strong"}}, {}, "b"),
    ],
)
def test_weakest_is_last_by_foundation_strength_certainty_hours_and_id(
    recommends: dict[str, Plain], burdens: dict[str, Plain], moved: str
) -> None:
    adaptations = {name: {"phase": 1} | burdens.get(name, hours(1)) for name in "ab"}
    given = plan(adaptations, [{"limit": {"new_at_once": 1}}], recommends)
    assert phases(given)[moved] == 2


def test_moving_on_goes_from_phase_to_phase_and_past_the_last_is_deferred() -> None:
    given = plan({name: {"phase": 2} | hours(1) for name in "abc"}, [{"limit": {"new_at_once": 1}}])
    assert phases(given) == {"a": 2, "b": 3}
    assert aside(given, "c").status == "deferred"
    assert [rule.id for rule in aside(given, "c").by] == ["combination.t.r0"]


def test_the_lowest_of_several_limits_counts() -> None:
    given = plan(
        {name: {"phase": 1} | hours(1) for name in "abc"},
        [
            {"limit": {"new_at_once": 3}},
            {"limit": {"new_at_once": 1}},
            {"when": FALSE, "limit": {"new_at_once": 0}},
        ],
    )
    assert phases(given) == {"a": 1, "b": 2, "c": 3}


def test_a_limit_that_may_hold_acts() -> None:
    given = plan(
        {name: {"phase": 1} | hours(1) for name in "ab"},
        [{"when": UNKNOWN, "limit": {"new_at_once": 1}}],
    )
    assert phases(given) == {"a": 1, "b": 2}


def test_each_measure_is_limited_by_itself() -> None:
    given = plan(
        {
            "long": {"phase": 1} | hours(4),
            "short": {"phase": 1} | hours(2.5),
            "written": {"phase": 1} | hours(0, streams=2),
            "note": {"phase": 1} | hours(0, streams=1),
            "word": {"phase": 1},
        },
        [{"limit": {"hours_per_week": 4, "homework_streams": 2}}],
    )
    assert phases(given) == {"long": 2, "short": 1, "note": 1, "word": 1, "written": 2}


def test_a_load_exactly_at_the_limit_is_no_excess() -> None:
    given = plan(
        {"a": {"phase": 1} | hours(2.5), "b": {"phase": 1} | hours(1.5)},
        [{"limit": {"hours_per_week": 4}}],
    )
    assert phases(given) == {"a": 1, "b": 1}


def test_one_alone_above_the_limit_cannot_start() -> None:
    given = plan({"a": hours(9)}, [{"limit": {"hours_per_week": 4}}])
    assert (statuses(given), given.status) == ({"a": "deferred"}, "cannot_say")


def test_what_follows_moves_on_with_what_it_follows() -> None:
    given = plan(
        {"a": {"phase": 0} | hours(1), "b": {"phase": 0} | hours(1), "c": {"phase": 1}},
        [{"limit": {"new_at_once": 1}}, {"sequence": ["b", "c"]}],
    )
    assert phases(given) == {"a": 0, "b": 1, "c": 2}


def test_what_requires_something_put_off_for_load_is_put_off_too() -> None:
    given = plan(
        {"a": {"phase": 3} | hours(1), "b": {"phase": 3} | hours(2), "c": {"phase": 3}},
        [{"limit": {"new_at_once": 1}}, {"sequence": ["b", "c"], "required": True}],
    )
    assert statuses(given) == {"a": "recommended", "b": "deferred", "c": "deferred"}


# ------------------------------------------------------------------------------- status


@pytest.mark.parametrize(
    ("rules", "parts", "status"),
    [
        ([], {}, "recommended"),
        ([{"refer": "crisis"}], {}, "stopped"),
        ([{"refer": "crisis", "hold": ["a"]}], {}, "cannot_say"),
        ([{"when": UNKNOWN, "refer": "crisis", "if_not_known": "ask"}], {}, "provisional"),
        ([{"when": UNKNOWN, "refer": "crisis", "if_not_known": "caution"}], {}, "recommended"),
        ([{"when": UNKNOWN, "refer": "crisis", "if_not_known": "block"}], {}, "stopped"),
        ([{"ask": "agrees"}], {}, "provisional"),
        ([{"ask": "agrees", "for": ["a"]}], {}, "recommended"),
        ([{"when": UNKNOWN, "ask": "agrees"}], {}, "recommended"),
        ([{"exclude": "a"}], {}, "nothing_indicated"),
        ([{"when": UNKNOWN, "exclude": "a"}], {}, "cannot_say"),
        ([], {"preferences": {"declines": ["a"]}}, "nothing_indicated"),
        ([], {"observations": {"mood": "low"}}, "nothing_indicated"),
        ([], {"observations": {}}, "cannot_say"),
        ([{"ask": "agrees"}, {"exclude": "a"}], {}, "nothing_indicated"),
    ],
)
def test_the_status_is_the_first_that_applies(
    rules: list[Plain], parts: Plain, status: str
) -> None:
    assert plan({"a": {}}, rules, **parts).status == status


def test_a_stop_is_more_than_being_out_of_scope() -> None:
    rules = {
        "safety.t.out": {"when": TRUE, "refer": "elsewhere"},
        "safety.t.stop": {"when": TRUE, "refer": "crisis"},
    }
    scope = {"id": "elsewhere", "title": "E", "urgency": "days", "action": "A.", "scope": True}
    for taken, status in (
        (rules, "stopped"),
        ({"safety.t.out": rules["safety.t.out"]}, "out_of_scope"),
    ):
        book = rulebook(FEATURES, taken, pathways=[scope])
        assert answer(book, observations={"mood": "high"}).status == status


@pytest.mark.parametrize("observed", ["high", "low", None])
def test_the_safe_base_is_said_whenever_nothing_is_recommended(observed: str | None) -> None:
    rules = {"adaptation.t.a": {"when": TRUE, "recommend": "a"}}
    book = rulebook(FEATURES, rules, adaptations=["a"], header={"safe_base": "Usual care."})
    basis = answer(book, observations={"mood": observed}).to_dict()["basis"]
    assert basis["safe_base"] == (None if observed == "high" else "Usual care.")


def test_every_adaptation_stands_in_one_place_only() -> None:
    given = plan(
        {name: hours(2) for name in "abcdef"},
        [
            {"choose_one": ["a", "b"]},
            {"exclude": "c"},
            {"when": UNKNOWN, "exclude": "d"},
            {"limit": {"new_at_once": 1}},
        ],
    )
    named = [*given.recommended, *(one.candidate.adaptation.id for one in given.plan.set_aside)]
    assert sorted(named) == list("abcdef")
