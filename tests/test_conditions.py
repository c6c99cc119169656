"""The meaning of `when`: tests, Kleene's connectives, what decided, and how it is said."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest

from recommender.conditions import (
    ALWAYS,
    FALSE,
    TRUE,
    UNKNOWN,
    AllOf,
    AnyOf,
    Condition,
    Not,
    Truth,
    compile_condition,
    compile_test,
    deciding,
    judge,
    parse,
    say_test,
    say_values,
    true_parts,
)
from recommender.conditions import Test as Asked  # pytest collects what is called Test
from recommender.conditions import tests_of as every_test
from recommender.facts import Members, Options, Possible, Span
from recommender.vocabulary import Feature
from tests.building import Plain, boolean, choice, decimal, integer, members, ordinal

WRITTEN: list[Plain] = [
    ordinal("mood", "low mild high severe"),
    integer("score", 0, 27),
    decimal("ratio", 0.0, 1.0),
    boolean("agrees"),
    choice("stage", "none some full"),
    members("implants", "clip pacemaker"),
    members("drugs", "lithium", accepts_other=True),
]
FEATURES = {text["id"]: Feature.model_validate(text) for text in WRITTEN}


def read(when: object) -> Condition:
    reports: list[tuple[object, ...]] = []
    condition = parse(when, FEATURES, lambda *said: reports.append(said))
    assert not reports
    return condition


def refused(when: object) -> list[tuple[str, str, str]]:
    """(code, message, hint) of everything reported."""
    reports: list[tuple[str, str, str]] = []
    parse(when, FEATURES, lambda _, code, message, hint: reports.append((code, message, hint)))
    return reports


def truth(when: object, **possible: Possible) -> Truth:
    def of(test: Asked) -> Truth:
        return compile_test(test, FEATURES[test.feature])(possible[test.feature])

    return judge(read(when), of)


# ------------------------------------------------------------------------------- single tests

LOW, MILD, HIGH, SEVERE = range(4)


@pytest.mark.parametrize(
    ("test", "possible", "expected"),
    [
        ({"is": "mild"}, Span(MILD, MILD), TRUE),
        ({"is": "mild"}, Span(LOW, MILD), UNKNOWN),
        ({"is": "mild"}, Span(HIGH, SEVERE), FALSE),
        ("mild", Span(MILD, MILD), TRUE),
        (["low", "mild"], Span(LOW, MILD), TRUE),
        (["low", "severe"], Span(LOW, SEVERE), UNKNOWN),
        (["low", "severe"], Span(MILD, HIGH), FALSE),
        ({"in": ["low", "mild", "severe"]}, Span(LOW, MILD), TRUE),
        ({"at_least": "mild"}, Span(MILD, SEVERE), TRUE),
        ({"at_least": "mild"}, Span(LOW, SEVERE), UNKNOWN),
        ({"at_least": "mild"}, Span(LOW, LOW), FALSE),
        ({"more_than": "mild"}, Span(HIGH, HIGH), TRUE),
        ({"more_than": "mild"}, Span(MILD, MILD), FALSE),
        ({"more_than": "severe"}, Span(SEVERE, SEVERE), FALSE),
        ({"at_most": "mild"}, Span(LOW, MILD), TRUE),
        ({"less_than": "mild"}, Span(LOW, LOW), TRUE),
        ({"less_than": "low"}, Span(LOW, LOW), FALSE),
        ({"between": ["mild", "high"]}, Span(MILD, HIGH), TRUE),
        ({"between": ["mild", "high"]}, Span(SEVERE, SEVERE), FALSE),
        ({"between": ["mild", "high"]}, Span(LOW, MILD), UNKNOWN),
        ({"at_least": "mild", "less_than": "severe"}, Span(MILD, HIGH), TRUE),
        ({"at_least": "mild", "less_than": "severe"}, Span(MILD, SEVERE), UNKNOWN),
    ],
)
def test_ordinals_compare_by_position(test: Any, possible: Span, expected: Truth) -> None:
    assert truth({"mood": test}, mood=possible) == expected


@pytest.mark.parametrize("name", ["at_least", "more_than", "at_most", "less_than"])
@pytest.mark.parametrize("value", [9, 10, 11])
def test_whole_numbers_change_their_answer_exactly_at_the_threshold(name: str, value: int) -> None:
    meets = {
        "at_least": value >= 10,
        "more_than": value > 10,
        "at_most": value <= 10,
        "less_than": value < 10,
    }[name]
    assert truth({"score": {name: 10}}, score=Span(value, value)) == (TRUE if meets else FALSE)


@pytest.mark.parametrize(
    ("test", "possible", "expected"),
    [
        ({"more_than": 0.5}, Span(0.5, 0.5), FALSE),
        ({"more_than": 0.5}, Span(0.5, 0.6), UNKNOWN),
        ({"more_than": 0.5}, Span(0.501, 0.6), TRUE),
        ({"less_than": 0.5}, Span(0.5, 0.5), FALSE),
        ({"less_than": 0.5}, Span(0.4, 0.5), UNKNOWN),
        ({"less_than": 0.5}, Span(0.4, 0.499), TRUE),
        ({"at_least": 0.5}, Span(0.5, 0.5), TRUE),
        ({"at_most": 0.5}, Span(0.5, 0.5), TRUE),
        ({"between": [0.25, 0.5]}, Span(0.25, 0.5), TRUE),
        ({"between": [0.25, 0.5]}, Span(0.2, 0.5), UNKNOWN),
        ({"in": [0.25, 0.5]}, Span(0.25, 0.5), UNKNOWN),
        ({"in": [0.25, 0.5]}, Span(0.3, 0.4), FALSE),
        ({"is": 1}, Span(1, 1), TRUE),
    ],
)
def test_decimals_know_no_next_value(test: Plain, possible: Span, expected: Truth) -> None:
    assert truth({"ratio": test}, ratio=possible) == expected


def test_neighbouring_whole_numbers_in_a_list_make_one_stretch() -> None:
    assert truth({"score": [3, 4, 5]}, score=Span(3, 5)) == TRUE
    assert truth({"score": [3, 5]}, score=Span(3, 5)) == UNKNOWN


@pytest.mark.parametrize(
    ("test", "possible", "expected"),
    [
        (True, Options(0b10), TRUE),
        (True, Options(0b01), FALSE),
        (True, Options(0b11), UNKNOWN),
        (False, Options(0b01), TRUE),
        ([True, False], Options(0b11), TRUE),
    ],
)
def test_booleans(test: Any, possible: Options, expected: Truth) -> None:
    assert truth({"agrees": test}, agrees=possible) == expected


@pytest.mark.parametrize(
    ("test", "possible", "expected"),
    [
        ("some", Options(0b010), TRUE),
        ("some", Options(0b011), UNKNOWN),
        ("some", Options(0b101), FALSE),
        (["some", "full"], Options(0b110), TRUE),
    ],
)
def test_choices_have_no_order(test: Any, possible: Options, expected: Truth) -> None:
    assert truth({"stage": test}, stage=possible) == expected


CLIP, PACEMAKER = 0b01, 0b10


@pytest.mark.parametrize(
    ("test", "present", "absent", "expected"),
    [
        ({"includes": "clip"}, CLIP, 0, TRUE),
        ({"includes": "clip"}, 0, 0, UNKNOWN),
        ({"includes": "clip"}, PACEMAKER, CLIP, FALSE),
        ({"includes_any": ["clip", "pacemaker"]}, CLIP, 0, TRUE),
        ({"includes_any": ["clip", "pacemaker"]}, 0, CLIP, UNKNOWN),
        ({"includes_any": ["clip", "pacemaker"]}, 0, CLIP | PACEMAKER, FALSE),
        ({"includes_all": ["clip", "pacemaker"]}, CLIP | PACEMAKER, 0, TRUE),
        ({"includes_all": ["clip", "pacemaker"]}, CLIP, 0, UNKNOWN),
        ({"includes_all": ["clip", "pacemaker"]}, CLIP, PACEMAKER, FALSE),
        ({"empty": True}, 0, CLIP | PACEMAKER, TRUE),
        ({"empty": True}, 0, CLIP, UNKNOWN),
        ({"empty": True}, CLIP, 0, FALSE),
    ],
)
def test_sets_are_judged_member_by_member(
    test: Plain, present: int, absent: int, expected: Truth
) -> None:
    assert truth({"implants": test}, implants=Members(present, absent)) == expected


def test_members_outside_the_vocabulary_match_nothing_but_are_members() -> None:
    other = Members(0b10, 0b01)  # not lithium, but something that is not listed
    assert truth({"drugs": {"includes": "lithium"}}, drugs=other) == FALSE
    assert truth({"drugs": {"empty": True}}, drugs=other) == FALSE
    assert truth({"drugs": {"empty": True}}, drugs=Members(0, 0b01)) == UNKNOWN


@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize("possible", [Span(0, 0), Span(0, 1), Span(0, 3)])
def test_known_is_never_unknown(wanted: bool, possible: Span) -> None:
    exact = possible.low == possible.high
    found = truth({"mood": {"known": wanted}}, mood=possible)
    assert found == (TRUE if exact is wanted else FALSE)


# ------------------------------------------------------------------------------- connectives

THREE = {TRUE: Options(0b10), UNKNOWN: Options(0b11), FALSE: Options(0b01)}


@pytest.mark.parametrize(("a", "b"), list(product((FALSE, UNKNOWN, TRUE), repeat=2)))
def test_all_is_the_minimum_any_the_maximum_and_not_swaps(a: Truth, b: Truth) -> None:
    first, second = {"agrees": True}, {"stage": "some"}
    facts: dict[str, Possible] = {"agrees": THREE[a], "stage": THREE[b]}
    assert truth({"all": [first, second]}, **facts) == min(a, b)
    assert truth(first | second, **facts) == min(a, b)
    assert truth({"any": [first, second]}, **facts) == max(a, b)
    assert truth({"not": first}, **facts) == TRUE - a


def test_an_empty_condition_always_holds() -> None:
    assert read({}) == ALWAYS
    assert truth({}) == TRUE


def test_each_test_is_judged_alone() -> None:
    either = {"any": [{"agrees": True}, {"not": {"agrees": True}}]}
    assert truth(either, agrees=Options(0b11)) == UNKNOWN


NESTED = [
    {},
    {"mood": "high"},
    {"not": {"mood": "high", "score": {"at_least": 3}}},
    {"any": [{"mood": "high"}, {"all": [{"score": 3}, {"not": {"agrees": True}}]}]},
    {"mood": "low", "any": [{"agrees": True}, {"agrees": False, "score": 4}]},
    {"any": [{"any": [{"mood": "low"}]}, {"not": {"any": [{"score": 4}, {"agrees": True}]}}]},
]


@pytest.mark.parametrize("when", NESTED)
def test_compiled_conditions_mean_what_the_plain_ones_mean(when: Plain) -> None:
    condition = read(when)
    tests = list(dict.fromkeys(every_test(condition)))
    place = {test: at for at, test in enumerate(tests)}
    compiled = compile_condition(condition, place)
    for row in product((FALSE, UNKNOWN, TRUE), repeat=len(tests)):
        assert compiled(row) == judge(condition, lambda test: row[place[test]])  # noqa: B023


# ------------------------------------------------------------------------------- what decided

MOOD, SCORE, AGREES = (
    Asked("mood", "is", ("high",)),
    Asked("score", "is", (3,)),
    Asked("agrees", "is", (True,)),
)


def given(**truths: Truth) -> Mapping[Asked, Truth]:
    named = {"mood": MOOD, "score": SCORE, "agrees": AGREES}
    return {named[name]: value for name, value in truths.items()}


def test_a_true_any_is_decided_by_the_parts_that_hold() -> None:
    truths = given(mood=TRUE, score=FALSE, agrees=UNKNOWN)
    assert deciding(AnyOf((MOOD, SCORE, AGREES)), truths.__getitem__) == (MOOD,)


def test_a_false_all_is_decided_by_the_parts_that_fail() -> None:
    truths = given(mood=TRUE, score=FALSE, agrees=UNKNOWN)
    assert deciding(AllOf((MOOD, SCORE, AGREES)), truths.__getitem__) == (SCORE,)


def test_an_unknown_one_is_decided_by_what_is_open_and_could_matter() -> None:
    truths = given(mood=TRUE, score=UNKNOWN, agrees=UNKNOWN)
    closed = AllOf((SCORE, Not(MOOD)))  # false whatever the score is
    assert deciding(AnyOf((closed, AllOf((MOOD, AGREES)))), truths.__getitem__) == (AGREES,)


def test_a_decided_test_is_named_once() -> None:
    truths = given(mood=TRUE)
    assert deciding(AllOf((MOOD, Not(Not(MOOD)))), truths.__getitem__) == (MOOD,)


def test_under_a_not_it_is_the_false_tests_that_speak_for_the_condition() -> None:
    truths = given(mood=FALSE, score=TRUE, agrees=TRUE)
    condition = AllOf((Not(AnyOf((MOOD, SCORE))), AGREES))
    assert list(true_parts(condition, truths.__getitem__)) == [MOOD, AGREES]


# ------------------------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("when", "code", "told"),
    [
        ("mood", "C310", "mapping"),
        (["mood"], "C310", "mapping"),
        (None, "C310", "mapping"),
        ({"mod": "high"}, "C311", "mod"),
        ({"any": []}, "C312", "any"),
        ({"all": {}}, "C312", "all"),
        ({"any": "mood"}, "C312", "any"),
        ({"mood": {}}, "C312", "mood"),
        ({"mood": {"atleast": "low"}}, "C313", "atleast"),
        ({"mood": {"includes": "low"}}, "C314", "sets"),
        ({"stage": {"at_least": "some"}}, "C314", "numbers and ordinals"),
        ({"implants": {"is": "clip"}}, "C314", "single values"),
        ({"implants": "clip"}, "C314", "single values"),
        ({"implants": {"empty": False}}, "C315", "true"),
        ({"mood": {"known": "yes"}}, "C315", "true or false"),
        ({"mood": {"in": "low"}}, "C315", "list"),
        ({"mood": {"in": []}}, "C315", "list"),
        ({"mood": {"is": ["low"]}}, "C315", "one value"),
        ({"implants": {"includes": ["clip"]}}, "C315", "one value"),
        ({"mood": "awful"}, "C316", "low, mild, high, severe"),
        ({"score": 28}, "C316", "0 to 27"),
        ({"score": -1}, "C316", "0 to 27"),
        ({"score": 3.5}, "C316", "whole number"),
        ({"score": True}, "C316", "whole number"),
        ({"score": "018"}, "C316", "text"),
        ({"agrees": "yes"}, "C316", "false, true"),
        ({"agrees": 1}, "C316", "false, true"),
        ({"mood": True}, "C316", "low, mild"),
        ({"implants": {"includes_any": ["clip", "klip"]}}, "C316", "klip"),
        ({"score": {"between": [9, 3]}}, "C317", "lower end first"),
        ({"score": {"between": [3]}}, "C317", "two values"),
        ({"mood": {"between": ["high", "low"]}}, "C317", "lower end first"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_reason(when: object, code: str, told: str) -> None:
    ((found, message, hint),) = refused(when)
    assert found == code
    assert told in f"{message} {hint}"


def test_the_nearest_feature_test_or_value_is_suggested() -> None:
    assert "'mood'" in refused({"moood": "low"})[0][2]
    assert "'at_least'" in refused({"mood": {"at_leest": "low"}})[0][2]
    assert "'severe'" in refused({"mood": "sever"})[0][2]


def test_every_fault_of_a_condition_is_found_with_its_place() -> None:
    found: list[tuple[str | int, ...]] = []
    when = {"any": [{"mood": "bad"}, {"not": {"score": {"at_least": 99}}}, {"nope": 1}]}
    parse(when, FEATURES, lambda path, *_: found.append(path))
    assert found == [
        ("any", 0, "mood"),
        ("any", 1, "not", "score", "at_least"),
        ("any", 2, "nope"),
    ]


# ------------------------------------------------------------------------------- said


@pytest.mark.parametrize(
    ("test", "words", "written"),
    [
        (Asked("mood", "is", ("high",)), "mood is high", "is high"),
        (Asked("mood", "in", ("low", "high")), "mood is low or high", "in [low, high]"),
        (Asked("score", "at_least", (10,)), "score is at least 10", "at_least 10"),
        (Asked("score", "between", (3, 9)), "score is between 3 and 9", "between [3, 9]"),
        (Asked("ratio", "less_than", (0.5,)), "ratio is less than 0.5", "less_than 0.5"),
        (Asked("agrees", "is", (False,)), "agrees: no", "is false"),
        (Asked("implants", "includes", ("clip",)), "implants includes clip", "includes clip"),
        (
            Asked("implants", "includes_all", ("clip", "pacemaker")),
            "implants includes clip and pacemaker",
            "includes_all [clip, pacemaker]",
        ),
        (Asked("implants", "empty", (True,)), "implants: none", "empty true"),
        (Asked("mood", "known", (False,)), "mood is not known", "known false"),
    ],
)
def test_a_test_is_said_in_plain_words_and_as_it_is_written(
    test: Asked, words: str, written: str
) -> None:
    assert say_test(test, FEATURES[test.feature]) == words
    assert say_values(test) == written
