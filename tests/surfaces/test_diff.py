"""`rules diff` as people and programs use it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from recommender.surfaces.cli import app
from tests.building import FILES, MOOD, RULE, SAFE, Plain, boolean, patient, write

ROOT = Path(__file__).parents[2]
FORMATS = ("text", "markdown", "html")

runner = CliRunner()


def diff(*arguments: str, code: int = 0) -> str:
    result = runner.invoke(app, ["rules", "diff", *arguments])
    assert result.exit_code == code, result.output
    return result.stdout


def content(folder: Path, safe: Plain | None = None, rule: Plain = RULE) -> str:
    """A small rulebook with one recommendation, one exclusion and two vignettes."""
    excluded: Plain = SAFE | {"when": {"device": True}} if safe is None else safe
    mood = MOOD | {"from": ["clinician"]}
    files: dict[str, Any] = {
        **FILES,
        "rules/vocabulary/features.yaml": [mood, boolean("device") | {"from": ["clinician"]}],
        "rules/adaptation/mindfulness.yaml": {"topic": "M", "rules": {"high": rule}},
        "rules/safety/device.yaml": {"topic": "D", "rules": {"device": excluded}},
        "profiles/known.yaml": patient(observations={"mood": "high", "device": False}),
        "profiles/half.yaml": patient(observations={"mood": "high"}),
    }
    return str(write(folder, files))


@pytest.fixture
def old(tmp_path: Path) -> str:
    return content(tmp_path / "old")


@pytest.fixture
def weaker(tmp_path: Path) -> str:
    weak = SAFE | {"when": {"device": True}, "if_not_known": "caution", "justify": "J"}
    return content(tmp_path / "new", weak)


def test_the_same_rules_are_equivalent(old: str) -> None:
    assert "EQUIVALENT: nobody's plan changes" in diff(old, old)


def test_a_weaker_exclusion_is_told_with_its_patient_and_ends_with_1(old: str, weaker: str) -> None:
    text = " ".join(diff(old, weaker, code=1).split())
    assert "mbct, status: withheld → recommended (SAFETY)" in text
    assert "Caused by safety.device.device (if_not_known, justify)" in text
    assert "half changes as it is" in text
    assert "mbct: withheld → phase 2" in text


def test_the_gate_says_what_ends_with_1(old: str, tmp_path: Path) -> None:
    other = content(tmp_path / "role", rule=RULE | {"as": "foundation"})
    assert "0 of them SAFETY" in diff(old, other)
    diff(old, other, "--gate", "warning", code=1)
    worded = content(tmp_path / "words", rule=RULE | {"because": "Otherwise."})
    diff(old, worded, "--gate", "warning")
    diff(old, worded, "--gate", "info", code=1)


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_tells_the_same_changes(form: str, old: str, weaker: str) -> None:
    text = diff(old, weaker, "--format", form, code=1)
    for word in ("safety.device.device", "withheld", "half", "SAFETY"):
        assert word in text
    assert "None" not in text


def test_the_page_needs_nothing_else_and_shows_plans_side_by_side(old: str, weaker: str) -> None:
    page = diff(old, weaker, "--format", "html", code=1)
    assert page.startswith("<!doctype html>")
    assert "<script" not in page
    assert not re.findall(r'(?:src|href)="(?!#|data:)', page)
    assert re.findall(r"<mark>M</mark>", page)
    assert '<a href="#v-half">' in page
    assert 'id="v-half"' in page


def test_words_of_the_rules_are_escaped(old: str, tmp_path: Path) -> None:
    other = content(tmp_path / "x", rule=RULE | {"title": "<b>T</b> | *x*", "as": "foundation"})
    assert "<b>" not in diff(old, other, "--format", "html")
    assert "<b>" not in diff(old, other, "--format", "markdown")


def test_the_json_is_the_report(old: str, weaker: str) -> None:
    report = json.loads(diff(old, weaker, "--format", "json", code=1))
    assert report["schema"] == "report/1"
    assert report["command"] == "diff"
    assert report["figures"]["safety"] is True


def test_git_revisions_are_compared(tmp_path: Path, old: str) -> None:
    def git(*words: str) -> None:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        subprocess.run(["git", "-C", old, *identity, *words], check=True, capture_output=True)

    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "first")
    git("tag", "first")
    weak = SAFE | {"when": {"device": True}, "if_not_known": "caution", "justify": "J"}
    content(Path(old), weak)
    assert "withheld → recommended" in diff("first", "--content", old, code=1)
    git("add", "-A")
    git("commit", "-qm", "second")
    assert "withheld → recommended" in diff("first", "HEAD", "--content", old, code=1)
    assert "EQUIVALENT" in diff("HEAD", "--content", old)
    assert "recommended → withheld" in diff("HEAD", "first", "--content", old, code=1)


@pytest.mark.parametrize("name", ["nothing-of-that-name", "--help-me", "HEAD:rules"])
def test_what_is_neither_a_folder_nor_a_revision_is_refused(name: str, old: str) -> None:
    result = runner.invoke(app, ["rules", "diff", "--content", old, "--", name])
    assert result.exit_code == 3
    assert "C417" in result.output + result.stderr


def test_the_report_is_the_same_whatever_the_seed_of_hashes(old: str, weaker: str) -> None:
    seen = set()
    for seed in ("0", "1", "4242"):
        for form in (*FORMATS, "json"):
            command = [sys.executable, "-m", "recommender", "rules", "diff", old, weaker]
            done = subprocess.run(
                [*command, "--format", form],
                env=os.environ | {"PYTHONHASHSEED": seed},
                capture_output=True,
                cwd=ROOT,
                check=False,
            )
            assert done.returncode == 1, done.stderr
            seen.add((form, done.stdout))
    assert len(seen) == 4
