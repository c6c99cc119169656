"""What a person is told of their findings: what certainly holds, the most telling first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from recommender import Rulebook, load_rulebook
from recommender.errors import ContentError
from recommender.plain_words import finding, findings, sentences, topic
from tests.building import (
    CRISIS,
    Plain,
    answer,
    boolean,
    facts,
    integer,
    members,
    ordinal,
    problems,
    rulebook,
    write,
)
from tests.test_site import overlaid

SAYINGS = [
    {"when": "high", "say": "It is bad."},
    {"when": {"at_least": "mild"}, "say": "It is there."},
]
WORRY = ordinal("worry", patient=SAYINGS, panel="mind")
TROUBLE = members(
    "trouble",
    "work home",
    patient=[
        {"when": {"includes": "work"}, "say": "Work is hard."},
        {"when": {"includes": "home"}, "say": "Home is hard."},
    ],
)
PAIN = boolean("pain", patient=[{"when": True, "say": "It hurts."}])
TRIED = integer("tried", patient=[{"when": {"at_least": 2}, "say": "You tried much."}])


def said(feature: Plain, **parts: Any) -> list[str]:
    book = rulebook([feature], watch=True)
    return list(finding(book, facts(book, **parts)[feature["id"]]))


def observed(**values: Any) -> Plain:
    return {"observations": values}


@pytest.mark.parametrize(
    ("value", "told"), [("high", ["It is bad."]), ("mild", ["It is there."]), ("low", [])]
)
def test_of_an_ordered_finding_the_first_sentence_that_holds_is_said(
    value: str, told: list[str]
) -> None:
    assert said(WORRY, **observed(worry=value)) == told


def test_what_is_half_known_is_said_as_far_as_it_is_certain() -> None:
    both = {"observations": {"worry": [{"value": "mild"}, {"value": "high"}]}}
    assert said(WORRY, **both) == ["It is there."]
    unsure = {"observations": {"worry": [{"value": "low"}, {"value": "high"}]}}
    assert said(WORRY, **unsure) == []


def test_what_is_not_known_is_not_said() -> None:
    for feature in (WORRY, TROUBLE, PAIN, TRIED):
        assert said(feature) == []


def test_each_member_of_a_set_is_said() -> None:
    assert said(TROUBLE, **observed(trouble=["home", "work"])) == ["Work is hard.", "Home is hard."]
    assert said(TROUBLE, **observed(trouble=["home"])) == ["Home is hard."]


def test_numbers_and_yes_or_no() -> None:
    assert said(TRIED, **observed(tried=3)) == ["You tried much."]
    assert said(TRIED, **observed(tried=1)) == []
    assert said(PAIN, **observed(pain=True)) == ["It hurts."]
    assert said(PAIN, **observed(pain=False)) == []


def test_only_the_members_a_rule_asks_for_speak_for_it() -> None:
    rules: dict[str, Plain] = {
        "adaptation.a.one": {
            "when": {"trouble": {"includes": "home"}, "worry": {"at_least": "mild"}},
            "recommend": "mbct",
        },
        "adaptation.a.two": {"when": {"worry": "high"}, "recommend": "mbct"},
    }
    book = rulebook([TROUBLE, WORRY, PAIN], rules)
    given = answer(book, **observed(trouble=["work", "home"], worry="high", pain=True))
    (entry,) = given.to_dict()["plan"]
    assert entry["patient_because"] == ["Home is hard.", "It is bad."]


def test_sentences_are_made_once() -> None:
    book = rulebook([WORRY], watch=True)
    assert sentences(book, "worry") is sentences(book, "worry")
    assert list(findings([], book, facts(book))) == []


# ------------------------------------------------------------------------------- the document


def with_words(**more: Any) -> Rulebook:
    mbct: Plain = {
        "id": "mbct",
        "patient_title": "A course",
        "patient_short": "Short.",
        "patient_what": "What.",
        "patient_downside": "Down.",
        "discreet": True,
    }
    rules: dict[str, Plain] = {
        "adaptation.a.course": {"when": {"worry": "high"}, "recommend": "mbct"},
        "safety.a.one": {
            "when": {"pain": True},
            "caution": "mbct",
            "adjust": "Adjust.",
            "patient_text": "Take care.",
        },
        "safety.a.two": {"when": {"pain": True}, "caution": "mbct", "adjust": "Adjust."},
        "safety.a.stop": {
            "when": {"worry": "low"},
            "refer": "call",
            "hold": ["mbct"],
            "if_not_known": "caution",
        },
        "safety.a.alone": {"when": {"preferences.alone": True}, "flag": "Alone."},
    }
    return rulebook(
        [
            WORRY,
            PAIN,
            boolean("preferences.alone", patient=[{"when": True, "say": "You want to be alone."}]),
            boolean("open", panel="unheard_of"),
        ],
        rules,
        adaptations=[mbct, "ba"],
        pathways=[CRISIS | {"id": "call", "patient_text": "We call you.", "discreet": True}],
        panels={"mind": "your mind", "other": "something else"},
        header={"patient_caution": "We talk about more.", "patient_disclaimer": "Ideas."},
        **more,
    )


def test_the_document_carries_the_words_for_the_person() -> None:
    given = answer(
        with_words(),
        **observed(worry="high", pain=True),
        preferences={"alone": True, "prefers": ["ba"], "declines": ["mbct"]},
    )
    document = given.to_dict()
    assert document["preferences"] == {
        "prefers": ["ba"],
        "declines": ["mbct"],
        "in_words": ["You want to be alone."],
    }
    assert document["patient_disclaimer"] == "Ideas."
    (aside,) = (one for one in document["set_aside"] if one["adaptation"] == "mbct")
    assert (aside["patient_title"], aside["discreet"]) == ("A course", True)


def test_a_caution_without_words_is_still_named() -> None:
    document = answer(with_words(), **observed(worry="high", pain=True)).to_dict()
    (entry,) = document["plan"]
    assert [one["patient_text"] for one in entry["cautions"]] == [
        "Take care.",
        "We talk about more.",
    ]
    assert (entry["patient_short"], entry["patient_what"]) == ("Short.", "What.")


def test_a_stop_carries_its_text_for_the_person() -> None:
    (stop,) = answer(with_words(), **observed(worry="low", pain=True)).to_dict()["stops"]
    assert (stop["patient_text"], stop["discreet"]) == ("We call you.", True)


def test_a_question_carries_what_it_is_about() -> None:
    document = answer(with_words()).to_dict()
    assert {one["feature"]: one["patient_topic"] for one in document["ask"]}["worry"] == "your mind"
    book = with_words()
    assert topic(book, book.features["open"]) == "something else"


# ------------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("when", "code"),
    [("terrible", "C316"), ({"at_leest": "mild"}, "C313"), ({"includes": "mild"}, "C314")],
)
def test_a_sentence_needs_a_test_of_its_feature(when: Any, code: str, tmp_path: Path) -> None:
    feature = ordinal("worry", patient=[{"when": when, "say": "Bad."}])
    (problem,) = problems(lambda: rulebook([feature], watch=True), ContentError)
    assert problem.code == code
    assert problem.path.startswith("features.0.patient.0.when")


def test_a_panel_with_words_is_one_of_some_feature() -> None:
    wrong = {"minf": "your mind"}
    (problem,) = problems(lambda: rulebook([WORRY], watch=True, panels=wrong), ContentError)
    assert problem.code == "C302"
    assert "'mind'" in problem.hint


def test_the_words_of_a_panel_are_text() -> None:
    wrong = {"mind": ["your mind"]}
    (problem,) = problems(lambda: rulebook([WORRY], watch=True, panels=wrong), ContentError)
    assert problem.code == "C213"


def test_only_a_caution_has_a_text_for_the_person() -> None:
    rule: Plain = {"when": {"worry": "high"}, "recommend": "mbct", "patient_text": "Hello."}
    (problem,) = problems(lambda: rulebook([WORRY], {"adaptation.a.b": rule}), ContentError)
    assert problem.code == "C222"


def test_a_site_rewords_findings_but_not_the_text_of_a_stop(tmp_path: Path) -> None:
    words = [{"id": "mood", "patient": [{"when": "high", "say": "Sehr traurig."}]}]
    book = overlaid(tmp_path / "free", {"rules/vocabulary/features.yaml": words})
    assert [one.say for one in book.features["mood"].patient] == ["Sehr traurig."]
    files: dict[str, Any] = {
        "rules/rulebook.yaml": {"lays_over": "trd_cbt"},
        "rules/vocabulary/pathways.yaml": [{"id": "safeguarding", "patient_text": "Go away."}],
    }
    site = write(tmp_path / "guarded", files)
    (problem,) = problems(lambda: load_rulebook(site), ContentError)
    assert problem.code == "C206"
