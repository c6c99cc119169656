"""`rules prove` as people and programs use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from recommender import load_rulebook, recommend
from recommender.errors import EngineError
from recommender.profile import read_profile
from recommender.surfaces.cli import app
from tests.building import FILES, MOOD, RULE, Plain, boolean, write

ROOT = Path(__file__).parents[2]
SHORT = ("--check", "G10")

runner = CliRunner()


def prove(*arguments: str, code: int = 0) -> str:
    result = runner.invoke(app, ["rules", "prove", *arguments])
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.stdout


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A rulebook that promises what it does not keep."""
    exclude: Plain = {"title": "T", "when": {"device": True}, "exclude": "mbct", "because": "B"}
    weak = exclude | {"if_not_known": "caution", "justify": "J"}
    promise: Plain = {
        "title": "Never with a device",
        "when": {"device": True},
        "even_if_unknown": True,
        "never": {"recommended": "mbct"},
    }
    files: dict[str, Any] = {
        **FILES,
        "rules/vocabulary/features.yaml": [MOOD, boolean("device")],
        "rules/adaptation/mindfulness.yaml": {"topic": "M", "rules": {"high": RULE}},
        "rules/safety/device.yaml": {"topic": "D", "rules": {"device": weak}},
        "rules/invariants.yaml": {"no_device": promise},
    }
    return write(tmp_path / "content", files)


def test_what_is_proved_is_listed_and_the_exit_code_is_0() -> None:
    text = prove(*SHORT)
    assert "never_tms_with_metal" in text
    assert "proved for every possible patient" in text
    assert "0 refuted, 0 undecided" in text
    assert "Somebody who is pregnant" in text


def test_what_is_refuted_names_claim_place_witness_and_answer(broken: Path) -> None:
    text = " ".join(prove("--content", str(broken), code=1).split())
    assert "G10 no_device: refuted" in text
    assert "invariants.yaml:1" in text
    assert "Never with a device" in text
    assert "mood: high; device: not known (all else: not known)" in text
    assert "mbct: recommended, because of adaptation.mindfulness.high" in text


def test_a_saved_witness_is_a_profile_that_reproduces_it(broken: Path, tmp_path: Path) -> None:
    folder = tmp_path / "witnesses"
    prove("--content", str(broken), "--save-witnesses", str(folder), code=1)
    saved = sorted(file.stem for file in folder.iterdir())
    assert saved == ["floor_1", "meeting_mbct", "no_device_1"]
    file = folder / "no_device_1.yaml"
    profile = read_profile(file.read_bytes(), file.name)
    with pytest.raises(EngineError, match="no_device"):
        recommend(profile, load_rulebook(broken))


def test_the_json_is_the_report(broken: Path) -> None:
    report = json.loads(prove("--content", str(broken), "--format", "json", code=1))
    assert report["schema"] == "report/1"
    refuted = [one["subject"] for one in report["findings"] if one["verdict"] == "refuted"]
    assert refuted == ["no_device", "everybody"]
    one = next(one for one in report["findings"] if one["check"] == "G10")
    assert one["witnesses"][0]["profile"]["schema"] == "profile/1"


def test_only_the_checks_asked_for_are_run(broken: Path) -> None:
    report = json.loads(prove("--content", str(broken), "--check", "G11", "--format", "json"))
    assert report["findings"] == []
    result = runner.invoke(app, ["rules", "prove", "--check", "G99"])
    assert result.exit_code == 2
    assert "G10" in result.stderr


def test_past_the_budget_it_is_undecided_and_ends_with_1() -> None:
    text = prove(*SHORT, "--budget", "300", code=1)
    assert "undecided" in text
    assert "nodes" in text


def test_a_report_is_written_to_a_file(broken: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.txt"
    assert prove("--content", str(broken), "-o", str(target), code=1) == ""
    assert "refuted" in target.read_text("utf-8")


def test_the_report_is_the_same_whatever_the_seed_of_hashes(broken: Path) -> None:
    seen = set()
    command = [sys.executable, "-m", "recommender", "rules", "prove"]
    command += ["--format", "json", "--as-of", "2026-11-24"]
    for seed in ("0", "1", "4711"):
        for content in ((), ("--content", str(broken))):
            run = subprocess.run(
                [*command, *content],
                cwd=ROOT,
                env={**os.environ, "PYTHONHASHSEED": seed},
                capture_output=True,
                check=False,
            )
            assert run.returncode == len(content) // 2, run.stderr
            seen.add(run.stdout)
    assert len(seen) == 2


def test_rules_that_cannot_be_are_shown_with_their_place(tmp_path: Path) -> None:
    never: Plain = {"title": "Never", "when": {"mood": "high", "not": {"mood": "high"}}}
    circle = {
        f"{name}_first": {
            "title": "Order",
            "when": {},
            "sequence": [name, other],
            "because": "B",
        }
        for name, other in (("mbct", "ba"), ("ba", "mbct"))
    }
    both = {name: deepcopy(RULE) | {"recommend": name} for name in ("mbct", "ba")}
    rules: dict[str, Any] = both | {"never": never | {"recommend": "mbct", "because": "B"}}
    adaptations = [{"id": name, "title": name, "phase": 2} for name in ("mbct", "ba")]
    files: dict[str, Any] = {
        **FILES,
        "rules/vocabulary/adaptations.yaml": adaptations,
        "rules/adaptation/mindfulness.yaml": {"topic": "M", "rules": rules},
        "rules/combination/order.yaml": {"topic": "O", "rules": circle},
    }
    content = str(write(tmp_path / "content", files))
    text = " ".join(prove("--content", content, code=1).split())
    assert "G01 adaptation.mindfulness.never: found" in text
    assert "mindfulness.yaml:" in text
    assert "an order in a circle: ba before mbct before ba" in text
    assert "1 refuted, 0 undecided" in text  # nobody with low mood has a plan
    assert prove("--content", content, "--check", "G01")
    prove("--content", content, "--check", "G01", "--gate", "warning", code=1)
