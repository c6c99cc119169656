"""The trace: what every rule did, what decided it, and what concluded features became."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from recommender import Rulebook
from recommender.conditions import FALSE, TRUE, UNKNOWN, Truth
from recommender.engines import native
from recommender.facts import Moment, Options, Possible, Span, State, latest
from recommender.trace import Trace, possible_places
from recommender.vocabulary import Feature
from tests.building import (
    AS_OF,
    Plain,
    boolean,
    choice,
    concluded,
    facts,
    integer,
    ordinal,
    rulebook,
    shown,
)


def trace(book: Rulebook, **observed: Any) -> Trace:
    return native.infer(facts(book, observations=observed), book, AS_OF)


def named(made: Trace) -> dict[str, Truth]:
    return {name.rsplit(".", 1)[1]: truth for name, truth in made.truths.items()}


def flags(**whens: Plain) -> dict[str, Plain]:
    return {f"tailoring.t.{name}": {"when": when, "flag": name} for name, when in whens.items()}


MOOD, AGREES = ordinal("mood"), boolean("agrees")


def test_every_rule_has_a_truth() -> None:
    rules = flags(fires={"mood": "high"}, silent={"mood": "low"}, open={"agrees": True}, always={})
    made = trace(rulebook([MOOD, AGREES], rules), mood="high")
    assert named(made) == {"fires": TRUE, "silent": FALSE, "open": UNKNOWN, "always": TRUE}


def test_a_rule_out_of_its_period_or_retired_is_silent() -> None:
    rules = flags(retired={}, over={}, coming={}, now={})
    rules["tailoring.t.retired"] |= {"status": "retired"}
    rules["tailoring.t.over"] |= {"effective_period": {"end": "2026-11-21"}}
    rules["tailoring.t.coming"] |= {"effective_period": {"start": "2026-11-23"}}
    rules["tailoring.t.now"] |= {"effective_period": {"start": "2026-11-22", "end": "2026-11-22"}}
    made = trace(rulebook([MOOD], rules))
    assert named(made) == {"retired": FALSE, "over": FALSE, "coming": FALSE, "now": TRUE}


def test_only_live_rules_are_gone_through_in_order_of_id() -> None:
    rules = flags(c={}, b={"mood": "low"}, a={"agrees": True})
    made = trace(rulebook([MOOD, AGREES], rules), mood="high")
    assert [(rule.id, truth) for rule, truth in made.live()] == [
        ("tailoring.t.a", UNKNOWN),
        ("tailoring.t.c", TRUE),
    ]


def test_a_reason_names_the_tests_that_decided() -> None:
    rules = flags(r={"any": [{"mood": "high"}, {"agrees": True}]})
    made = trace(rulebook([MOOD, AGREES], rules), mood="high")
    (test,) = made.deciding(made.rulebook.rules["tailoring.t.r"])
    assert test.feature == "mood"


# ------------------------------------------------------------------------------- conclusions

STAGE = concluded(ordinal("stage", "none some full severe"), "none")
COUNT = integer("count", 0, 9)


def staged(default: str = "none", feature: Plain = STAGE, **observed: Any) -> tuple[Any, State]:
    """What is concluded when some needs mood, full needs agreement, severe needs a count."""
    rules: dict[str, Plain] = {
        "inference.t.a": {"when": {"mood": "high"}, "conclude": {"stage": "some"}},
        "inference.t.b": {"when": {"agrees": True}, "conclude": {"stage": "full"}},
        "inference.t.c": {"when": {"count": {"at_least": 5}}, "conclude": {"stage": "severe"}},
    }
    book = rulebook([MOOD, AGREES, COUNT, feature | {"default": default}], rules)
    fact = trace(book, **observed).facts["stage"]
    return shown(book, fact), fact.state


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        ({"mood": "low", "agrees": False, "count": 0}, {"value": "none"}),
        ({"mood": "high", "agrees": False, "count": 0}, {"value": "some"}),
        ({"mood": "high", "agrees": True, "count": 9}, {"value": "severe"}),
        ({"mood": "low", "agrees": True, "count": 0}, {"value": "full"}),
        ({"agrees": True, "count": 0}, {"value": "full"}),
        ({"mood": "high", "count": 0}, {"from": "some", "to": "full"}),
        ({"mood": "high", "agrees": False}, {"from": "some", "to": "severe"}),
        ({"agrees": False, "count": 0}, {"from": "none", "to": "some"}),
        ({"mood": "low", "agrees": False}, {"everything": True}),
        ({}, {"everything": True}),
    ],
)
def test_the_last_true_value_counts_and_later_unknown_ones_stay_open(
    observed: Plain, expected: Plain
) -> None:
    possible, state = staged(**observed)
    assert possible == expected
    assert state is (State.KNOWN if "value" in expected else State.PARTIAL)


def test_without_a_true_rule_an_open_value_before_the_default_stays_possible() -> None:
    assert staged("full", agrees=False, count=0)[0] == {"from": "some", "to": "full"}
    assert staged("full", mood="low", agrees=False, count=0)[0] == {"value": "full"}


def test_of_a_choice_only_the_open_values_stay_possible() -> None:
    kind = concluded(choice("stage", "none some full severe"), "none")
    assert staged(feature=kind, mood="high", agrees=False)[0] == {"any_of": ["some", "severe"]}


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        ({"mood": "high"}, {"value": True}),
        ({"mood": "low"}, {"value": False}),
        ({}, {"everything": True}),
    ],
)
def test_a_boolean_is_false_before_true(observed: Plain, expected: Plain) -> None:
    rule = {"inference.t.a": {"when": {"mood": "high"}, "conclude": {"ready": True}}}
    book = rulebook([MOOD, concluded(boolean("ready"), False)], rule)
    assert shown(book, trace(book, **observed).facts["ready"]) == expected


def test_a_conclusion_may_rest_on_another() -> None:
    rules: dict[str, Plain] = {
        "inference.t.a": {"when": {"second": True}, "conclude": {"third": True}},
        "inference.t.b": {"when": {"not": {"first": True}}, "conclude": {"second": True}},
        "inference.t.c": {"when": {"mood": "high"}, "conclude": {"first": True}},
    }
    features = [concluded(boolean(name), False) for name in ("third", "second", "first")]
    book = rulebook([MOOD, *features], rules)
    for observed, third in (("low", True), ("high", False)):
        assert shown(book, trace(book, mood=observed).facts["third"]) == {"value": third}


@pytest.mark.parametrize(
    ("settled", "open_places", "possible"),
    [
        (None, 0, Span(0, 0)),
        (2, 0, Span(2, 2)),
        (1, 0b1000, Span(1, 3)),
        (None, 0b0100, Span(0, 2)),
    ],
)
def test_an_ordinal_spans_its_open_values(
    settled: int | None, open_places: int, possible: Possible
) -> None:
    assert possible_places(Feature.model_validate(STAGE), settled, open_places) == possible
    kind = Feature.model_validate(concluded(choice("stage", "none some full severe"), "none"))
    mask = open_places | 1 << (settled or 0)
    assert possible_places(kind, settled, open_places) == Options(mask)


# ------------------------------------------------------------------------------- open and newest


def opened(rules: dict[str, Plain], *features: Plain, **observed: Any) -> tuple[str, ...]:
    made = trace(rulebook([MOOD, AGREES, COUNT, *features], rules), **observed)
    return made.open_behind(made.rulebook.rules["tailoring.t.r"])


def test_the_open_features_behind_an_unknown_rule_are_named_once() -> None:
    either = {
        "any": [{"mood": "high"}, {"all": [{"agrees": True}, {"mood": {"at_least": "mild"}}]}]
    }
    assert opened(flags(r=either)) == ("mood", "agrees")
    assert opened(flags(r=either), agrees=False) == ("mood",)


def test_a_concluded_feature_stands_for_what_it_rests_on() -> None:
    rules = flags(r={"stage": {"at_least": "some"}}) | {
        "inference.t.a": {"when": {"mood": "high"}, "conclude": {"stage": "some"}},
        "inference.t.b": {"when": {"agrees": True}, "conclude": {"stage": "full"}},
    }
    assert opened(rules, STAGE) == ("mood", "agrees")
    assert opened(rules, STAGE, agrees=False) == ("mood",)


def test_a_conclusion_that_can_no_longer_be_reached_is_not_asked_about() -> None:
    rules = flags(r={"stage": "full"}) | {
        "inference.t.a": {"when": {"mood": "high"}, "conclude": {"stage": "some"}},
        "inference.t.b": {"when": {"agrees": True}, "conclude": {"stage": "full"}},
        "inference.t.c": {"when": {"count": {"at_least": 5}}, "conclude": {"stage": "full"}},
    }
    assert opened(rules, STAGE, mood="high", count=0) == ("agrees",)
    lower = flags(r={"stage": "full"}) | {
        "inference.t.a": {"when": {"mood": "high"}, "conclude": {"stage": "none"}},
        "inference.t.b": {"when": {"agrees": True}, "conclude": {"stage": "some"}},
        "inference.t.c": {"when": {"count": {"at_least": 5}}, "conclude": {"stage": "full"}},
    }
    assert opened(lower, STAGE, agrees=True) == ("count",)


def newest(rules: dict[str, Plain], *features: Plain, **observed: Any) -> str | None:
    book = rulebook([MOOD, AGREES, COUNT, *features], rules)
    given = {name: {"value": v, "on": f"2026-11-{day}"} for name, (v, day) in observed.items()}
    made = trace(book, **given)
    moment = made.newest_true_part(book.rules["tailoring.t.r"])
    return str(moment)[-2:] if moment else None


BOTH: Plain = {"any": [{"mood": "high"}, {"agrees": True}]}


@pytest.mark.parametrize(
    ("observed", "day"),
    [
        ({"mood": ("high", "01"), "agrees": (True, "05")}, "05"),
        ({"mood": ("high", "07"), "agrees": (True, "05")}, "07"),
        ({"mood": ("high", "01"), "agrees": (False, "05")}, "01"),
        ({"mood": ("high", "01")}, "01"),
        ({"mood": ("low", "01"), "agrees": (False, "05")}, None),
        ({}, None),
    ],
)
def test_a_rule_is_as_new_as_its_newest_true_part(observed: Plain, day: str | None) -> None:
    assert newest(flags(r=BOTH), **observed) == day


def test_under_a_not_a_false_part_speaks_for_the_rule() -> None:
    rules = flags(r={"agrees": True, "not": {"mood": "high"}})
    assert newest(rules, agrees=(True, "01"), mood=("low", "08")) == "08"


def test_a_conclusion_is_as_new_as_what_it_rests_on() -> None:
    rules = flags(r={"stage": {"at_least": "some"}}) | {
        "inference.t.a": {"when": {"mood": "high", "agrees": True}, "conclude": {"stage": "some"}}
    }
    assert newest(rules, STAGE, mood=("high", "03"), agrees=(True, "09")) == "09"


def test_a_default_is_as_new_as_what_keeps_its_rules_silent() -> None:
    rules = flags(r={"stage": "none"}) | {
        "inference.t.a": {"when": {"mood": "high", "agrees": True}, "conclude": {"stage": "some"}}
    }
    assert newest(rules, STAGE, mood=("low", "03"), agrees=(True, "09")) == "03"
    assert newest(rules, STAGE, mood=("low", "03"), agrees=(False, "09")) == "09"


DAY = date(2026, 11, 20)


def test_of_one_day_a_finding_without_a_time_may_be_the_latest() -> None:
    noon, night = (Moment(DAY, datetime(2026, 11, 20, hour)) for hour in (12, 23))
    whole = Moment(DAY)
    assert latest([noon, night]) == night
    assert latest([whole, night, noon]) == whole
    assert latest([night, Moment(date(2026, 11, 21))]) == Moment(date(2026, 11, 21))
    assert latest([]) is None
