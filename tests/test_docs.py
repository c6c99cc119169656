"""The pages that must say what the code says: error codes, commands, and examples that run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from recommender.surfaces.cli import app

ROOT = Path(__file__).parents[1]
ERRORS = (ROOT / "docs" / "errors.md").read_text("utf-8")
CLI = (ROOT / "docs" / "cli.md").read_text("utf-8")
KINDS = "CPERA"
CODE = re.compile(rf"\b[{KINDS}]\d{{3}}\b")


def codes_in_source() -> set[str]:
    quoted = re.compile(rf'"([{KINDS}]\d{{3}})"')
    return {
        code
        for file in (ROOT / "recommender").rglob("*.py")
        for code in quoted.findall(file.read_text("utf-8"))
    }


def commands(group: typer.Typer = app, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Every command as it is typed."""
    for command in group.registered_commands:
        assert command.callback is not None
        name = command.name or command.callback.__name__.replace("_", "-")
        yield " ".join((*path, name))
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        yield from commands(inner.typer_instance, (*path, inner.name or ""))


def examples() -> Iterator[Any]:
    for block in re.findall(r"```\n(.*?)```", CLI, re.S):
        for line in block.splitlines():
            words = shlex.split(line)
            yield pytest.param(words, id=line, marks=[pytest.mark.pdf] if "pdf" in words else [])


def test_every_error_code_has_its_heading_and_every_heading_its_code() -> None:
    headings = re.findall(rf"(?m)^### ([{KINDS}]\d{{3}}): \S", ERRORS)
    assert len(headings) == len(set(headings))
    assert set(headings) == codes_in_source()
    assert headings == sorted(headings, key=lambda code: (KINDS.index(code[0]), code))


def test_every_error_says_how_to_mend_it() -> None:
    sections = re.split(r"(?m)^##+ ", ERRORS)[1:]
    for section in sections:
        heading, _, text = section.partition("\n")
        assert len(text.strip()) > 10, heading


def test_every_command_has_its_heading_and_every_heading_its_command() -> None:
    headings = re.findall(r"(?m)^## (.+)$", CLI)
    assert sorted(headings) == sorted(commands())


@pytest.mark.parametrize("line", list(examples()))
def test_the_examples_of_the_command_line_run(
    line: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run in an empty folder, with the files the examples speak of."""
    typical = (ROOT / "profiles" / "typical_first_intake.yaml").read_text("utf-8")
    monkeypatch.chdir(tmp_path)
    Path("profiles").symlink_to(ROOT / "profiles")
    for name in ("approved", "proposed"):
        Path(name).symlink_to(ROOT)
    for name in {"first.yaml", "first.json"} if "new" not in line else ():
        Path(name).write_text(typical.replace("2026-11-20", "2026-10-01"), "utf-8")
    program, *arguments = line
    assert program == "recommender"
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output


def test_codes_named_in_the_guides_exist() -> None:
    known = codes_in_source()
    for page in (ROOT / "docs").glob("*.md"):
        if page.name == "traceability.md":  # its R001 … are rows of the dossier
            continue
        assert set(CODE.findall(page.read_text("utf-8"))) <= known, page.name
