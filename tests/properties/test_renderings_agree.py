"""Every rendering of an answer says the same: read back, all agree with the document.

RENDERED_PEOPLE=1000 makes the long run over drawn people; the vignettes are always read.
"""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from typing import Any

import pytest

from recommender import Recommendation, content, load_rulebook, recommend
from recommender.explain.argument import full_trace
from recommender.explain.render import render
from recommender.explain.view import view
from recommender.governance.synthetic import synthetic
from recommender.profile import read_profile
from tests.reading_back import Claims, claims, spoken

RULEBOOK = load_rulebook()
FOLDER = content.root() / "profiles"
VIGNETTES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
PEOPLE = int(os.environ.get("RENDERED_PEOPLE", "100"))
BATCH = 10
FORMATS = ("text", "markdown", "html")
UNWRAPPED = 1_000_000
Document = dict[str, Any]


def vignette(name: str) -> Recommendation:
    path = FOLDER / f"{name}.yaml"
    return recommend(read_profile(path.read_bytes(), name), RULEBOOK)


def drawn(seed: int) -> Recommendation:
    share = random.Random(seed).choice((0.02, 0.1, 0.3, 0.5, 0.8, 0.95))
    return recommend(synthetic(RULEBOOK, seed, share), RULEBOOK)


def check(answer: Recommendation) -> None:
    document = answer.to_dict()
    pages = {format: render(document, format=format, width=UNWRAPPED) for format in FORMATS}
    compare(pages, document)


def compare(pages: Mapping[str, str], document: Document) -> None:
    read = {format: claims(page, format) for format, page in pages.items()}
    for made in read.values():
        _says_what_the_answer_says(made, document)
    findings = [made.findings for made in read.values()]
    assert findings[0] == findings[1] == findings[2]


def _says_what_the_answer_says(made: Claims, document: Document) -> None:
    assert not any("None" in line for line in made.lines)
    assert made.plan == [entry["adaptation"] for entry in document["plan"]]
    for entry in document["plan"]:
        assert made.rules[entry["adaptation"]] == set(_rules_of(entry)), entry["adaptation"]
    assert _together(made.aside) == _together(
        {entry["adaptation"]: entry["status"] for entry in document["set_aside"]}
    )
    assert made.stops == {stop["rule"] for stop in document["stops"]}
    facts = view(document)["decisive"]
    assert len(made.findings) == len(facts)
    for line, fact in zip(made.findings, facts, strict=True):
        value = f"{fact['label']}: {spoken(fact['possible'])}"
        if fact["unit"] and "everything" not in fact["possible"]:
            value += f" {fact['unit']}"
        assert line == value or line.startswith((f"{value} (", f"{value}; reported"))
        assert (fact["on"] or "") in line
        if fact["score"] and fact["instrument"] != fact["feature"]:
            assert f" {spoken(fact['score'])}" in line.removeprefix(value)


def _rules_of(entry: Document) -> list[str]:
    parts = ("because", "cautions", "tailoring", "gates", "alternatives")
    return [one["rule"] for part in parts for one in entry[part]]


def _together(grouped: dict[str, str]) -> set[frozenset[str]]:
    """Which adaptations stand together."""
    return {
        frozenset(name for name, other in grouped.items() if other == group)
        for group in grouped.values()
    }


@pytest.mark.parametrize("name", VIGNETTES)
def test_all_renderings_of_a_vignette_agree(name: str) -> None:
    check(vignette(name))


@pytest.mark.parametrize(
    ("format", "there", "instead"),
    [
        ("html", "(<code>cbt_core</code>)</h3>", "(<code>ba</code>)</h3>"),
        ("markdown", "Rumination: high", "Rumination: low"),
        ("text", "[safety.suicide_care.safety_plan_first]", ""),
        ("html", "brooding subscale 15", "brooding subscale 16"),
        ("markdown", "### Possible later: first …", ""),
        ("text", "- Severity of depression: moderately severe", "- Severity of depression: None"),
    ],
)
def test_a_rendering_that_says_something_else_is_found(
    format: str, there: str, instead: str
) -> None:
    document = vignette("typical_first_intake").to_dict()
    pages = {one: render(document, format=one, width=UNWRAPPED) for one in FORMATS}
    compare(pages, document)
    assert there in pages[format]
    with pytest.raises(AssertionError):
        compare(pages | {format: pages[format].replace(there, instead)}, document)


@pytest.mark.parametrize("first", range(0, PEOPLE, BATCH))
def test_all_renderings_of_drawn_people_agree(first: int) -> None:
    for seed in range(first, first + BATCH):
        check(drawn(seed))


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", VIGNETTES[::12])
def test_governance_sees_every_rule_and_the_test_that_decided(name: str, format: str) -> None:
    answer = vignette(name)
    document, trace = answer.to_dict(), full_trace(answer)
    page = render(document, audience="governance", trace=trace, format=format, width=UNWRAPPED)
    lines = claims(page, format).lines
    did = {"fired": "Fired: ", "unknown": "Not known: ", "silent": "Silent: "}
    listed = {
        line.split()[-1].strip("[]"): line for line in lines if line.startswith((*did.values(),))
    }
    assert set(listed) >= set(document["rules"])
    for rule, outcome in document["rules"].items():
        assert listed[rule].startswith(did[outcome])
    tests = [test for topic in trace["topics"] for rule in topic["rules"] for test in rule["tests"]]
    for test in tests:
        assert any(test["words"] in line for line in lines)
    for one in trace["invariants"]:
        assert any(f"({one['invariant']})" in line for line in lines)
    for fact in document["facts"]:
        assert any(f"({fact['feature']})" in line for line in lines)
