"""The shape of the code: imports go one way, libraries have one home, files stay readable."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "recommender"
FILES = sorted(PACKAGE.rglob("*.py"))
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
    "importlinter"
]["contracts"]

LONGEST_FILE = 700
CORE_FORBIDDEN = ("cryptography", "durable", "rich", "typer", "weasyprint")


def test_imports_keep_their_contracts() -> None:
    """In a process of its own: import-linter prints, and reads the code without running it."""
    run = subprocess.run(
        [sys.executable, "-c", "import sys, importlinter.cli as c; sys.exit(c.lint_imports())"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("contract", "line"),
    [
        ("layers", "import recommender.plan"),
        ("durable", "import durable.engine"),
        ("jinja2", "import jinja2"),
        ("weasyprint", "import weasyprint"),
        ("cryptography", "import cryptography"),
        ("yaml", "import yaml"),
        ("z3", "import z3"),
        ("terminal", "import rich.table"),
    ],
)
def test_each_contract_would_notice(contract: str, line: str, tmp_path: Path) -> None:
    """A contract that cannot fail checks nothing: break each one in a copy of the package."""
    for file in FILES:
        copy = tmp_path / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    facts = tmp_path / "recommender/facts.py"
    facts.write_text(f"{facts.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    program = (
        "import sys; sys.path.insert(0, '.'); import importlinter.cli as c;"
        f"sys.exit(c.lint_imports(limit_to_contracts=({contract!r},), no_cache=True))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1, run.stdout + run.stderr
    assert "recommender.facts" in run.stdout


def test_every_contract_is_tried() -> None:
    """The list above names each contract of pyproject.toml."""
    assert {contract["id"] for contract in CONTRACTS} == {
        "layers",
        "durable",
        "jinja2",
        "weasyprint",
        "cryptography",
        "yaml",
        "z3",
        "terminal",
    }


def test_no_file_is_too_long() -> None:
    """Past this a file holds two concepts."""
    lengths = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in FILES}
    assert {str(file): n for file, n in lengths.items() if n > LONGEST_FILE} == {}


def test_no_drawer_for_odds_and_ends() -> None:
    """Every module is named for what it owns or does."""
    assert [file for file in FILES if file.stem in {"utils", "util", "helpers", "models"}] == []


def test_every_module_says_what_it_is() -> None:
    """A module begins with a docstring; an empty file needs none."""
    silent = [
        str(file)
        for file in FILES
        if (tree := ast.parse(file.read_text(encoding="utf-8"))).body
        and ast.get_docstring(tree) is None
    ]
    assert silent == []


def test_importing_the_library_brings_no_surface_and_no_second_engine() -> None:
    """`import recommender` is for programs: nothing of the terminal, nothing that must be built."""
    program = f"import recommender, sys; print([m for m in {CORE_FORBIDDEN} if m in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"
