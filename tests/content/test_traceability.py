"""Every statement of the clinical dossier leads to rules tried on somebody, or says why not.

docs/traceability.yaml is written by hand; docs/traceability.md is made from it and from what the
rules do to the vignettes, by `make test ARGS=--renew-plans`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
import yaml

from recommender import content, load_rulebook, recommend
from recommender.profile import read_profile

RULEBOOK = load_rulebook()
ROOT = content.root()
SHOWN = 3
"""Vignettes named in a cell before the rest is counted."""

HEAD = """\
# From statement to rule to vignette

Made from [traceability.yaml](traceability.yaml) and from what the rules do to the vignettes under
`profiles/`; not edited by hand. A statement is named by its id in the clinical dossier that the
rulebook was written from. The last column names people for whom at least one of the rules fires.
«Open» marks what is not encoded yet, «Left out» what is missing on purpose.

| statement | what it says | rules | vignettes |
|---|---|---|---|
"""


@cache
def entries() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((ROOT / "docs/traceability.yaml").read_text())
    return found


@cache
def firing() -> Mapping[str, list[str]]:
    """By rule, the vignettes in which it fires."""
    found: dict[str, list[str]] = {name: [] for name in RULEBOOK.rules}
    for path in sorted((ROOT / "profiles").glob("*.yaml")):
        trace = recommend(read_profile(path.read_bytes(), path.name), RULEBOOK).trace
        for name, truth in trace.truths.items():
            if truth == 2:
                found[name].append(path.stem)
    return found


def rows() -> Iterator[str]:
    for entry in entries():
        rules = [f"`{name}`" for name in entry["rules"]]
        beside = [*entry.get("elsewhere", ()), *filter(None, [entry.get("reason")])]
        tried = sorted({name for rule in entry["rules"] for name in firing()[rule]})
        people = [f"`{name}`" for name in tried[:SHOWN]]
        if len(tried) > SHOWN:
            people.append(f"and {len(tried) - SHOWN} more")
        encoded = "<br>".join([*rules, *(_cell(one) for one in beside)])
        yield f"| {entry['id']} | {_cell(entry['says'])} | {encoded} | {', '.join(people) or '–'} |"


def _cell(text: str) -> str:
    return " ".join(str(text).split()).replace("|", "\\|").replace("<", "&lt;")


def test_the_table_is_made_from_the_mapping(pytestconfig: pytest.Config) -> None:
    path = ROOT / "docs/traceability.md"
    written = HEAD + "\n".join(rows()) + "\n"
    if pytestconfig.getoption("--renew-plans"):
        path.write_text(written)
    assert path.read_text() == written


def test_every_statement_has_rules_or_a_reason() -> None:
    for entry in entries():
        assert entry.keys() <= {"id", "says", "rules", "elsewhere", "reason"}, entry["id"]
        assert entry["rules"] or entry.get("reason"), entry["id"]


def test_every_rule_named_exists_and_every_rule_is_named() -> None:
    named = {name for entry in entries() for name in entry["rules"]}
    assert named == set(RULEBOOK.rules)


def test_no_statement_stands_twice() -> None:
    ids = [entry["id"] for entry in entries()]
    assert len(ids) == len(set(ids))


def test_every_statement_with_rules_is_tried_on_somebody() -> None:
    untried = [
        entry["id"]
        for entry in entries()
        if entry["rules"] and not any(firing()[rule] for rule in entry["rules"])
    ]
    assert untried == []
