"""`rules mutate` and `rules coverage` on a small folder: text, JSON, gates and suggestions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from recommender.governance.suites.pinning import few
from recommender.surfaces.cli import app
from tests.building import AS_OF, FILES, SAFE, Plain, patient, write

RULES: Plain = {
    "topic": "Mindfulness",
    "rules": {
        "high": {
            "title": "Marked low mood",
            "when": {"mood": "high"},
            "recommend": "mbct",
            "because": "B",
        }
    },
}
HIGH: Plain = patient(id="high", observations={"mood": "high"}, expect={"at_least": ["mbct"]})
MILD: Plain = patient(id="mild", observations={"mood": "mild"}, expect={"never": ["mbct"]})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files: dict[str, Any] = {**FILES, "rules/adaptation/mindfulness.yaml": RULES}
    files |= {"profiles/high.yaml": HIGH, "profiles/mild.yaml": MILD}
    return write(tmp_path, files)


def run(*words: str) -> Result:
    day = ["--as-of", AS_OF.isoformat(), "--jobs", "1"]
    return CliRunner().invoke(app, ["rules", *words, *day])


def test_what_nobody_would_notice_is_said_in_words(folder: Path) -> None:
    result = run("mutate", "--content", str(folder))
    assert result.exit_code == 0, result.output
    text = " ".join(result.output.split())
    assert "Changes that nobody would notice" in text
    assert "adaptation.mindfulness.high (" in text
    assert "Another role in the plan (as): adjunct → foundation" in text
    assert "Shown by high, whose expectation says nothing of it: strength mbct" in text
    assert "The gate is not reached." in text


def test_the_gate_is_an_exit_code(folder: Path) -> None:
    assert run("mutate", "--content", str(folder), "--gate").exit_code == 1
    assert run("coverage", "--content", str(folder), "--gate").exit_code == 1


def test_a_suite_that_expects_everything_passes_both_gates(folder: Path) -> None:
    """Suggested vignettes, each confirmed by taking the line out, are all that is needed."""
    for path in (folder / "profiles").glob("[hm]*.yaml"):
        path.unlink()
    suggested = folder / "to-review"
    made = run("coverage", "--content", str(folder), "--suggest", str(suggested))
    assert "Vignettes suggested" in made.output
    for path in suggested.iterdir():
        plain = yaml.safe_load(path.read_text("utf-8"))
        assert plain["expect"].pop("unreviewed") is True
        (folder / "profiles" / path.name).write_text(yaml.safe_dump(plain), "utf-8")
    result = run("coverage", "--content", str(folder), "--gate")
    assert result.exit_code == 0, result.output
    assert "Everything that can be shown is." in result.output
    result = run("mutate", "--content", str(folder), "--gate")
    assert result.exit_code == 0, result.output
    assert "The gate is reached." in result.output


def test_what_nobody_has_confirmed_counts_for_nothing(folder: Path) -> None:
    before = json.loads(run("mutate", "--content", str(folder), "--format", "json").output)
    more = HIGH["expect"] | {"plan": {}, "unreviewed": True}
    write(folder, {"profiles/new.yaml": HIGH | {"id": "new", "expect": more}})
    after = json.loads(run("mutate", "--content", str(folder), "--format", "json").output)
    assert before == after
    assert CliRunner().invoke(app, ["rules", "test", "--content", str(folder)]).exit_code == 0


def report(folder: Path, command: str, *words: str) -> Any:
    return json.loads(run(command, "--content", str(folder), "--format", "json", *words).output)


def test_what_nobody_has_confirmed_is_counted_apart_where_that_is_asked_for(folder: Path) -> None:
    before = report(folder, "mutate")
    made = run("pin", "--content", str(folder))
    assert made.exit_code == 0, made.output
    assert "Vignettes in profiles/suggested:" in made.output
    assert report(folder, "mutate") == before
    counted = report(folder, "mutate", "--unreviewed")
    assert counted["pinned"] == len(list((folder / "profiles" / "suggested").iterdir())) > 0
    assert counted["counts"]["plan"] > 0
    assert counted["counts"]["score"] == "100 %"
    for key in ("vignette", "example", "equivalent"):
        assert counted["counts"][key] == before["counts"][key]
    assert counted["counts"]["reviewed_score"] == before["counts"]["score"] != "100 %"
    shown = report(folder, "coverage", "--unreviewed")
    assert shown["complete"] is True
    assert shown["all"]["suggested"] > 0
    assert shown["all"]["reviewed_share"] == report(folder, "coverage")["all"]["share"] != "100 %"
    text = " ".join(run("mutate", "--content", str(folder), "--unreviewed").output.split())
    assert "Without what nobody has confirmed:" in text
    text = " ".join(run("coverage", "--content", str(folder), "--unreviewed").output.split())
    assert "without what nobody has confirmed:" in text


def test_the_suite_is_the_same_when_made_again_and_follows_the_rules(folder: Path) -> None:
    suggested = folder / "profiles" / "suggested"
    run("pin", "--content", str(folder))
    first = {path.name: path.read_bytes() for path in suggested.iterdir()}
    run("pin", "--content", str(folder))
    assert {path.name: path.read_bytes() for path in suggested.iterdir()} == first
    assert CliRunner().invoke(app, ["rules", "test", "--content", str(folder)]).exit_code == 0
    changed = deepcopy(RULES)
    changed["rules"]["high"]["when"] = {}
    write(folder, {"rules/adaptation/mindfulness.yaml": changed})
    (folder / "profiles" / "mild.yaml").unlink()
    tried = CliRunner().invoke(app, ["rules", "test", "--content", str(folder)])
    assert tried.exit_code == 1
    assert "Pinned vignette suggested/" in tried.output
    assert "it tells that something changed" in " ".join(tried.output.split())
    (suggested / "broken.yaml").write_text("schema: [", "utf-8")
    run("pin", "--content", str(folder))
    assert not (suggested / "broken.yaml").exists()
    assert CliRunner().invoke(app, ["rules", "test", "--content", str(folder)]).exit_code == 0
    assert all("unreviewed: true" in path.read_text("utf-8") for path in suggested.iterdir())


def test_few_names_serve_every_use() -> None:
    uses = [("r1", {"a", "b"}), ("r2", {"b", "c"}), ("r3", {"c", "d"}), ("r4", {"a"})]
    found = few([(about, frozenset(names)) for about, names in uses])
    assert found == {"a": ["r1", "r4"], "c": ["r2", "r3"]}
    assert few([]) == {}


def test_a_vignette_that_fails_is_named(folder: Path) -> None:
    write(folder, {"profiles/wrong.yaml": HIGH | {"id": "wrong", "expect": {"never": ["mbct"]}}})
    result = run("mutate", "--content", str(folder), "--gate")
    assert result.exit_code == 1
    assert "- wrong" in result.output


@pytest.mark.parametrize("command", ["mutate", "coverage"])
def test_only_rules_that_are_named(folder: Path, command: str) -> None:
    for topic in ("adaptation", "adaptation.mindfulness", "adaptation.mindfulness.high"):
        assert run(command, "--content", str(folder), "--rule", topic).exit_code == 0
    wrong = run(command, "--content", str(folder), "--rule", "adaptation.mindfulness.hihg")
    assert wrong.exit_code == 2
    assert "adaptation.mindfulness.high" in wrong.output


@pytest.mark.parametrize("command", ["mutate", "coverage"])
def test_json_holds_the_whole_report(folder: Path, command: str) -> None:
    target = folder / "report.json"
    run(command, "--content", str(folder), "--format", "json", "-o", str(target))
    report = json.loads(target.read_text("utf-8"))
    assert report["command"] == command
    assert report["vignettes"] == 2


def test_a_living_mutant_is_suggested_as_a_vignette(folder: Path) -> None:
    (folder / "profiles" / "high.yaml").unlink()
    (folder / "profiles" / "mild.yaml").unlink()
    suggested = folder / "to-review"
    result = run("mutate", "--content", str(folder), "--suggest", str(suggested))
    assert result.exit_code == 0, result.output
    files = sorted(suggested.iterdir())
    assert files
    for path in files:
        assert yaml.safe_load(path.read_text("utf-8"))["expect"]["unreviewed"] is True


@pytest.mark.parametrize("command", ["mutate", "coverage"])
def test_reports_are_the_same_under_any_hash_seed_and_number_of_processes(
    folder: Path, command: str
) -> None:
    twice = {name: deepcopy(SAFE) for name in ("again", "twice")}
    write(folder, {"rules/safety/more.yaml": {"topic": "M", "rules": twice}})
    words = ["rules", command, "--content", str(folder), "--as-of", AS_OF.isoformat()]
    made = set()
    for seed, jobs in (("1", "1"), ("2", "2"), ("3", "3")):
        suggested = folder / f"to-review-{seed}"
        more = ["--suggest", str(suggested), "--format", "json"]
        done = subprocess.run(
            [sys.executable, "-m", "recommender", *words, "--jobs", jobs, *more],
            env=os.environ | {"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        )
        texts = tuple(path.read_bytes() for path in sorted(suggested.iterdir()))
        made.add((done.stdout, texts))
    assert len(made) == 1
