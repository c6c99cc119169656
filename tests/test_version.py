"""The version is said once, and the package says the same."""

from __future__ import annotations

import tomllib
from pathlib import Path

from recommender.version import VERSION

PROJECT = Path(__file__).parent.parent / "pyproject.toml"


def test_the_package_has_the_version_of_the_software() -> None:
    assert tomllib.loads(PROJECT.read_text("utf-8"))["project"]["version"] == VERSION
