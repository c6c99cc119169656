"""No text a person reads is harder than for somebody of about twelve years."""

from __future__ import annotations

import pytest

from recommender import load_rulebook
from tests.reading_ease import CEILING, grade, grade_of_page, patient_texts

RULEBOOK = load_rulebook()
TEXTS = patient_texts(RULEBOOK)
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
