"""No text a person reads is harder than for somebody of about twelve years.

The table in docs/explanations.md is made here, by `make test ARGS=--renew-plans`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

import pytest

from recommender import load_rulebook
from tests.building import answered
from tests.patient_reading import PROFILES, page_of
from tests.reading_ease import CEILING, grade, grade_of_page, patient_texts

RULEBOOK = load_rulebook()
TEXTS = patient_texts(RULEBOOK)
PAGE = Path(__file__).parents[2] / "docs" / "explanations.md"
FRAGMENTS = {"patient_title", "patient_time"}


@pytest.mark.parametrize("where", [w for w in TEXTS if not w.endswith((*FRAGMENTS, "panels.yaml"))])
def test_each_text_is_easy_to_read(where: str) -> None:
    assert grade(TEXTS[where]) <= CEILING, TEXTS[where]


@pytest.mark.parametrize("panel", RULEBOOK.panels)
def test_what_a_question_is_about_is_easy_to_read(panel: str) -> None:
    """In the sentence in which it stands."""
    assert grade(f"We would like to talk with you about {RULEBOOK.panels[panel]}.") <= CEILING


def test_the_measure_tells_hard_from_easy() -> None:
    hard = RULEBOOK.header.disclaimer
    assert grade(hard) > 9 > CEILING > grade(RULEBOOK.header.patient_disclaimer)
    for adaptation in RULEBOOK.adaptations.values():
        plain = f"{adaptation.patient_short} {adaptation.patient_what}"
        assert grade(plain) < grade(adaptation.what), adaptation.id


def test_a_list_is_read_as_sentences() -> None:
    listed = "Why:\n- You are sad\n- You sleep badly\n\nName: ______\n"
    assert grade_of_page(listed) == grade("Why:. You are sad. You sleep badly. Name: .")


def rows() -> Iterator[tuple[str, Sequence[float]]]:
    """What was measured, and the grade of each."""
    pages = {name: grade_of_page(page_of(answered(name), "text")) for name in PROFILES}
    stopped = {name for name in PROFILES if answered(name)["status"] == "stopped"}
    yield "whole pages, stopped", [pages[name] for name in PROFILES if name in stopped]
    yield "whole pages, others", [pages[name] for name in PROFILES if name not in stopped]
    stops = [f"{name}, patient_text" for name in RULEBOOK.pathways]
    yield "texts of stops", [grade(TEXTS[where]) for where in stops]
    yield "what a treatment is and asks", [grade(text) for text in treatments()]
    yield (
        "cautions",
        [
            grade(rule.text.patient_text)
            for rule in RULEBOOK.rules.values()
            if rule.text.patient_text
        ],
    )
    yield (
        "findings",
        [grade(one.say) for feature in RULEBOOK.features.values() for one in feature.patient],
    )
    yield "the clinician's disclaimer, to compare", [grade(RULEBOOK.header.disclaimer)]


def treatments() -> Iterator[str]:
    for one in RULEBOOK.adaptations.values():
        yield " ".join([one.patient_short, one.patient_what, one.patient_downside])


def table() -> str:
    lines = ["| measured | how many | middle grade | highest grade |", "|---|---|---|---|"]
    for what, grades in rows():
        numbers = f"{len(grades)} | {median(grades):.1f} | {max(grades):.1f}"
        lines.append(f"| {what} | {numbers} |")
    return "\n".join(lines) + "\n"


def test_the_table_in_the_docs_is_what_is_measured(pytestconfig: pytest.Config) -> None:
    shown = re.compile(r"(<!-- reading ages.*?-->\n).*?(<!-- end -->)", re.S)
    if pytestconfig.getoption("--renew-plans"):
        PAGE.write_text(shown.sub(lambda m: m[1] + table() + m[2], PAGE.read_text("utf-8")))
    found = re.search(r"<!-- reading ages.*?-->\n(.*?)<!-- end -->", PAGE.read_text("utf-8"), re.S)
    assert found
    assert found[1] == table()
