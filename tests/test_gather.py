"""Content files become one plain content: what belongs where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.building import HEADER, MOOD, RULE, Plain, load, ordinal, refused

SCALE: Plain = {"id": "scale", "title": "Scale", "range": [0, 9]}


def test_a_rule_is_named_by_its_path(tmp_path: Path) -> None:
    assert list(load(tmp_path).rules) == ["adaptation.mindfulness.high"]
    assert load(tmp_path).topics == {"adaptation.mindfulness": "Mindfulness"}


@pytest.mark.parametrize(
    "name",
    [
        "rules/rulebook.yaml",
        "rules/vocabulary/features.yaml",
        "rules/vocabulary/adaptations.yaml",
    ],
)
def test_three_files_must_exist(tmp_path: Path, name: str) -> None:
    missing = [problem.file for problem in refused(tmp_path, {}, name) if problem.code == "C201"]
    assert len(missing) == 1
    assert missing[0].endswith(name)


def test_a_file_that_cannot_be_read_is_not_also_a_missing_one(tmp_path: Path) -> None:
    found = refused(tmp_path, {"rules/vocabulary/adaptations.yaml": "- id: [\n"})
    assert [problem.code for problem in found if problem.code.startswith("C20")] == []


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("rules/notes.yaml", {"a": 1}, "C202"),
        ("rules/adaptations/mbct.yaml", {"topic": "T", "rules": {}}, "C202"),
        ("rules/adaptation/deep/mbct.yaml", {"topic": "T", "rules": {}}, "C202"),
        ("rules/vocabulary/features.yaml", {"mood": MOOD}, "C203"),
        ("rules/vocabulary/features.yaml", ["mood"], "C203"),
        ("rules/rulebook.yaml", [HEADER], "C203"),
        ("rules/invariants.yaml", [1], "C203"),
        ("rules/assessment/scale.yaml", [SCALE], "C203"),
        ("rules/adaptation/more.yaml", {"topic": "T"}, "C203"),
        ("rules/adaptation/more.yaml", {"topic": "T", "rules": [RULE]}, "C203"),
        ("rules/assessment/scale.yaml", SCALE | {"id": "other"}, "C204"),
        ("rules/adaptation/more.yaml", {"topic": "T", "rules": {"High": RULE}}, "C205"),
        ("rules/adaptation/more.yaml", {"topic": "T", "rules": {"high-mood": RULE}}, "C205"),
        ("rules/adaptation/more.yaml", {"topic": "T", "rules": {"high": "x"}}, "C205"),
        ("rules/adaptation/more.yaml", {"topik": "T", "rules": {"high": RULE}}, "C211"),
        ("rules/vocabulary/features.yaml", [MOOD, ordinal("mood")], "C301"),
        ("rules/rulebook.yaml", {**HEADER, "titel": "T"}, "C211"),
    ],
)
def test_what_does_not_belong_there_is_refused(
    tmp_path: Path, name: str, data: Any, code: str
) -> None:
    found = refused(tmp_path, {name: data})
    assert code in [problem.code for problem in found]
    assert all(problem.file for problem in found)
