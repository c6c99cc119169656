"""A rulebook is tried on its examples, vignettes and drawn people; what is wrong is told apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from typer.testing import CliRunner

from recommender.engines import durable, native
from recommender.errors import Problem
from recommender.governance.trial import Report, try_rulebook
from recommender.surfaces.cli import app
from recommender.trace import Trace
from tests.building import AS_OF, FILES, RULE, Plain, concluded, ordinal, patient, write

EXAMPLES: Plain = {"fires": {"mood": "high"}, "silent": {"mood": "low"}, "unknown": {}}
STAGE = concluded(ordinal("stage", "none some"), "none")
TOPIC: Plain = {
    "topic": "Mindfulness",
    "rules": {
        "high": RULE | {"examples": EXAMPLES},
        "staged": RULE
        | {"when": {"stage": "some"}}
        | {"examples": {"fires": {"stage": "some"}, "silent": {"stage": "none"}}},
    },
}
CONCLUDES: Plain = {
    "topic": "Stage",
    "rules": {
        "some": {
            "title": "S",
            "because": "B",
            "when": {"mood": "high"},
            "conclude": {"stage": "some"},
        }
        | {"examples": EXAMPLES}
    },
}
FOLDER: Plain = {
    **FILES,
    "rules/vocabulary/features.yaml": [ordinal("mood"), STAGE],
    "rules/adaptation/mindfulness.yaml": TOPIC,
    "rules/inference/stage.yaml": CONCLUDES,
    "profiles/high.yaml": patient(
        observations={"mood": "high"}, expect={"at_least": ["mbct"], "rationale": "High."}
    ),
}


def tried(folder: Path, people: int = 3, **files: Any) -> Report:
    written = {name.replace("__", "/") + ".yaml": data for name, data in files.items()}
    return try_rulebook(write(folder, {**FOLDER, **written}), AS_OF, people=people)


def failing(report: Report) -> dict[str, tuple[str, ...]]:
    return {one.name: one.wrong or one.disagree for one in report.results if not one.passed}


def test_everything_is_tried_once(tmp_path: Path) -> None:
    report = tried(tmp_path)
    assert failing(report) == {}
    assert [report.count(kind) for kind in ("example", "vignette", "person")] == [8, 1, 3]


def test_a_pinned_vignette_is_of_a_kind_of_its_own(tmp_path: Path) -> None:
    """One that speaks of what the rules have no more fails; it keeps nothing from running."""
    said: Plain = {"set_aside": {"mbct": "excluded"}, "unreviewed": True}
    other = patient(observations={"mood": "high"}, expect=said)
    old = patient(expect={"never": ["gone"], "unreviewed": True})
    report = tried(tmp_path, profiles__suggested__one=other, profiles__suggested__two=old)
    assert report.count("vignette") == 1
    assert report.count("pinned", passed=False) == 2
    assert failing(report) == {
        "suggested/one": ("M (mbct) is in the plan instead of excluded",),
        "suggested/two": ("'gone' is no adaptation",),
    }


def test_an_example_that_does_something_else_is_named(tmp_path: Path) -> None:
    wrong = {"high": RULE | {"examples": EXAMPLES | {"silent": {"mood": "high"}}}}
    report = tried(tmp_path, rules__adaptation__mindfulness=TOPIC | {"rules": wrong})
    assert failing(report) == {"adaptation.mindfulness.high: silent": ("the rule is fired",)}


def test_a_vignette_that_ends_otherwise_is_named(tmp_path: Path) -> None:
    low = patient(observations={"mood": "low"}, expect={"at_least": ["mbct"]})
    report = tried(tmp_path, profiles__low=low)
    assert failing(report) == {"low": ("M (mbct) is not in the plan: not_indicated",)}


def test_a_person_for_whom_an_invariant_breaks_is_named(tmp_path: Path) -> None:
    never: Plain = {
        "title": "N",
        "when": {},
        "even_if_unknown": True,
        "never": {"recommended": "mbct"},
    }
    report = tried(tmp_path, people=30, rules__invariants={"never_mbct": never})
    wrong = failing(report)
    assert "high" in wrong
    assert len(wrong) > 1
    assert all("never_mbct" in line for lines in wrong.values() for line in lines)


@pytest.mark.durable
def test_a_disagreement_of_the_engines_is_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other(facts: Any, book: Any, as_of: Any) -> Trace:
        trace = native.infer(facts, book, as_of)
        return trace._replace(truths={**trace.truths, "adaptation.mindfulness.high": 1})

    monkeypatch.setattr(durable, "infer", other)
    wrong = [one for one in tried(tmp_path, people=0).results if not one.passed]
    assert {one.name for one in wrong} == {
        "adaptation.mindfulness.high: fires",
        "adaptation.mindfulness.high: silent",
        "high",
    }
    assert all(one.disagree == ("adaptation.mindfulness.high",) for one in wrong)
    assert not any(one.wrong for one in wrong)


def test_without_the_second_engine_the_report_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "missing", lambda: Problem("E120", "it is not installed"))
    report = tried(tmp_path)
    assert report.second_engine == "it is not installed"
    assert failing(report) == {}


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["rules", "test", *words])
    return result.exit_code, result.stdout


def test_the_command_says_what_is_wrong_in_words_in_json_and_for_build_servers(
    tmp_path: Path,
) -> None:
    low = patient(observations={"mood": "low"}, expect={"at_least": ["mbct"]})
    root = str(write(tmp_path, {**FOLDER, "profiles/low.yaml": low}))
    code, text = run("--content", root, "--people", "2")
    assert code == 1
    assert "Vignette low\n  - M (mbct) is not in the plan: not_indicated." in text
    _, text = run("--content", root, "--people", "2", "--format", "json")
    document = json.loads(text)
    assert document["counts"]["vignette"] == {"passed": 1, "failed": 1}
    _, text = run("--content", root, "--people", "2", "--format", "junit")
    suites = {one.get("name"): one for one in ElementTree.fromstring(text)}
    assert [suites[kind].get("tests") for kind in ("example", "vignette", "person")] == [
        "8",
        "2",
        "2",
    ]
    (failure,) = ElementTree.fromstring(text).iter("failure")
    assert failure.text == "M (mbct) is not in the plan: not_indicated"


def test_a_site_is_tried_on_the_shipped_vignettes_as_well(tmp_path: Path) -> None:
    lays: Plain = {"lays_over": "trd_cbt", "contacts": {"crisis_team": "Ward 3"}}
    own = patient(expect={"rationale": "Ours."})
    write(tmp_path, {"rules/rulebook.yaml": lays, "profiles/ours.yaml": own})
    names = {one.name for one in try_rulebook(tmp_path, AS_OF, people=0).results}
    assert {"ours", "typical_first_intake"} <= names


def test_a_file_that_is_no_profile_is_refused_with_its_place(tmp_path: Path) -> None:
    root = write(
        tmp_path, {**FOLDER, "profiles/wrong.yaml": yaml.safe_dump({"schema": "profile/1"})}
    )
    code, _ = run("--content", str(root))
    assert code == 4
