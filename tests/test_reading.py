"""Plain content becomes models, or all its problems."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from recommender.content import root
from recommender.gather import Gathered, gather
from recommender.reading import models
from recommender.vocabulary import Kind
from tests.building import (
    HEADER,
    MOOD,
    RULE,
    Plain,
    boolean,
    refused,
    rulebook,
)

SCALE: Plain = {"id": "scale", "title": "Scale", "range": [0, 9]}
YES_NO: Plain = {
    "id": "screen",
    "title": "Screen",
    "total": "none",
    "items": {"thoughts": [False, True], "count": [0, 4]},
}


@pytest.mark.parametrize("key", ["id", "version", "title", "status", "language"])
def test_a_rulebook_says_what_it_is(tmp_path: Path, key: str) -> None:
    header = {name: value for name, value in HEADER.items() if name != key}
    ((code, message),) = [
        (p.code, p.message) for p in refused(tmp_path, {"rules/rulebook.yaml": header})
    ]
    assert (code, message) == ("C212", f"'{key}' is missing")


@pytest.mark.parametrize(
    ("file", "data", "missing"),
    [
        ("rules/vocabulary/features.yaml", [{"id": "mood", "type": "boolean"}], "label"),
        ("rules/vocabulary/features.yaml", [{"id": "mood", "label": "M"}], "type"),
        ("rules/vocabulary/adaptations.yaml", [{"id": "mbct", "phase": 2}], "title"),
        ("rules/vocabulary/adaptations.yaml", [{"id": "mbct", "title": "M"}], "phase"),
        (
            "rules/vocabulary/pathways.yaml",
            [{"id": "p", "title": "P", "urgency": "days"}],
            "action",
        ),
        ("rules/vocabulary/pathways.yaml", [{"id": "p", "title": "P", "action": "A"}], "urgency"),
        ("rules/assessment/scale.yaml", {"id": "scale", "range": [0, 9]}, "title"),
        (
            "rules/adaptation/mindfulness.yaml",
            {"topic": "T", "rules": {"high": {k: v for k, v in RULE.items() if k != "when"}}},
            "when",
        ),
    ],
)
def test_each_entry_has_what_it_must(tmp_path: Path, file: str, data: Any, missing: str) -> None:
    found = refused(tmp_path, {file: data})
    assert f"'{missing}' is missing" in [problem.message for problem in found]


def test_problems_of_all_files_are_reported_together_in_order_of_place(tmp_path: Path) -> None:
    found = refused(
        tmp_path,
        {
            "rules/adaptation/a.yaml": {"topic": "T", "rules": {"r": RULE | {"recommend": "mcbt"}}},
            "rules/adaptation/b.yaml": "topic: T\ntopic: T\n",
            "rules/zzz.yaml": {},
        },
    )
    names = [Path(problem.file).name for problem in found]
    assert names == sorted(names)
    assert {"b.yaml", "zzz.yaml"} <= set(names)


def test_a_misspelt_verb_is_one_mistake(tmp_path: Path) -> None:
    wrong = {key: value for key, value in RULE.items() if key != "recommend"} | {"recomend": "mbct"}
    topic = {"rules/adaptation/mindfulness.yaml": {"topic": "T", "rules": {"high": wrong}}}
    ((code, hint),) = [(problem.code, problem.hint) for problem in refused(tmp_path, topic)]
    assert (code, hint) == ("C211", "Did you mean 'recommend'?")


def test_an_instrument_is_a_feature_and_so_is_each_item() -> None:
    book = rulebook([], instruments=[SCALE | {"items": {"a": [0, 9]}}, YES_NO])
    assert book.features["scale"].range == (0, 9)
    assert book.features["scale.a"].type is Kind.INTEGER
    assert book.features["screen.thoughts"].type is Kind.BOOLEAN
    assert book.features["screen.count"].range == (0, 4)
    assert "screen" not in book.features


def test_a_declared_feature_overrides_the_implied_one() -> None:
    own = boolean("screen.thoughts", question="Any thoughts of death?") | {
        "from": [{"instrument": "screen", "item": "thoughts"}],
        "safety": {"positive": True},
    }
    book = rulebook([own], instruments=[YES_NO])
    assert book.features["screen.thoughts"].question == "Any thoughts of death?"
    assert "screen.thoughts" in book.safety_tests


def test_the_worse_end_of_an_implied_total_is_the_instruments() -> None:
    book = rulebook([], instruments=[SCALE | {"direction": "lower_is_worse"}])
    assert book.features["scale"].worse == "low"


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({}, Kind.INTEGER),
        ({"decimal": True}, Kind.DECIMAL),
        ({"range": [0.0, 9.0]}, Kind.DECIMAL),
        ({"bands": [{"id": "a", "range": [0, 4.5]}, {"id": "b", "range": [4.5, 9]}]}, Kind.DECIMAL),
    ],
)
def test_a_total_has_decimals_where_the_instrument_shows_some(change: Plain, kind: Kind) -> None:
    assert rulebook([], instruments=[SCALE | change]).features["scale"].type is kind


def test_the_test_of_a_positive_finding_is_checked(tmp_path: Path) -> None:
    wrong = MOOD | {"safety": {"positive": {"at_least": "awful"}}}
    (found,) = refused(tmp_path, {"rules/vocabulary/features.yaml": [wrong]})
    assert found.code == "C316"
    assert found.line > 1


def _roots() -> list[Path]:
    vectors = Path(__file__).parent / "vectors"
    return [root(), *sorted(vectors.glob("[0-9]*/content"))]


@pytest.mark.parametrize("folder", _roots(), ids=lambda path: path.parent.name)
def test_what_was_checked_before_is_read_to_the_same_models(folder: Path) -> None:
    """Without being judged again: the two ways in must not differ in anything."""
    gathered = gather(folder)
    judged = models(gathered)
    again = models(Gathered(json.loads(json.dumps(gathered.content)), checked=True))
    assert judged is not None
    assert again == judged
    for name, rule in again.rules.items():
        assert rule.text.model_fields_set == judged.rules[name].text.model_fields_set
    for name, reference in again.evidence.items():
        assert reference.model_extra == judged.evidence[name].model_extra
