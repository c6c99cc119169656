"""Findings as SARIF 2.1.0, which code-review sites show beside the lines they are about.

In: findings. Out: plain data. Columns count from 1, in characters, as SARIF has them.
"""

from collections.abc import Iterable
from typing import Any

from recommender.governance.lint.about import About, about
from recommender.governance.lint.subject import Finding
from recommender.version import VERSION

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(findings: Iterable[Finding]) -> dict[str, Any]:
    """One run with every check described and every finding placed."""
    described = list(about())
    places = {one.code: place for place, one in enumerate(described)}
    driver = {
        "name": "recommender rules lint",
        "version": VERSION,
        "rules": [_described(one) for one in described],
    }
    results = [_result(finding, places[finding.problem.code]) for finding in findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _described(one: About) -> dict[str, Any]:
    return {
        "id": one.code,
        "name": one.name,
        "shortDescription": {"text": one.title},
        "fullDescription": {"text": f"{one.parts['What it checks']} {one.parts['Why it matters']}"},
        "defaultConfiguration": {"level": one.severity.value},
    }


def _result(finding: Finding, place: int) -> dict[str, Any]:
    problem = finding.problem
    text = f"{problem.message}. {problem.hint}".strip()
    region = {"startLine": max(problem.line, 1), "startColumn": max(problem.column, 1)}
    return {
        "ruleId": problem.code,
        "ruleIndex": place,
        "level": finding.severity.value,
        "message": {"text": text},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": problem.file},
                    "region": region,
                }
            }
        ],
    }
