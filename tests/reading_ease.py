"""How hard the words for the person are to read, measured with textstat-rs.

In: the rulebook, or a page for the person as text. Out: Flesch-Kincaid grades. A grade is a year of
school in the United States: grade 6 is about eleven to twelve years of age, grade 7 twelve to
thirteen. The formula sees the length of words and sentences, and nothing of what they mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import textstat_rs

from recommender import Rulebook
from recommender.rules import Verb

CEILING = 7.0
"""The highest grade of any text and of any whole page."""


def grade(text: str) -> float:
    """The Flesch-Kincaid grade of a text made of sentences."""
    return float(textstat_rs.flesch_kincaid_grade(text, lang="en_GB"))


def grade_of_page(page: str) -> float:
    """The grade of a page of text: every entry of a list and every heading ends a sentence."""
    return grade(" ".join(_sentences(page)))


def _sentences(page: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n|\n(?=\s*[-*] )", page):
        text = re.sub(r"_{2,}|={2,}|-{2,}", ".", " ".join(paragraph.split()))
        if re.search("[A-Za-z]", text):
            yield text if text[-1] in ".?!" else f"{text}."


def patient_texts(rulebook: Rulebook) -> Mapping[str, str]:
    """Everything a person can read that comes from the rulebook, by where it stands."""
    return dict([*_of_treatments(rulebook), *_of_safety(rulebook), *_of_the_rest(rulebook)])


def _of_treatments(rulebook: Rulebook) -> Iterator[tuple[str, str]]:
    for adaptation in rulebook.adaptations.values():
        for key in ("title", "short", "what", "time", "downside"):
            if text := getattr(adaptation, f"patient_{key}"):
                yield f"{adaptation.id}, patient_{key}", text


def _of_safety(rulebook: Rulebook) -> Iterator[tuple[str, str]]:
    for pathway in rulebook.pathways.values():
        yield f"{pathway.id}, patient_text", pathway.patient_text
    for rule in rulebook.by_verb(Verb.CAUTION):
        if rule.text.patient_text:
            yield f"{rule.id}, patient_text", rule.text.patient_text


def _of_the_rest(rulebook: Rulebook) -> Iterator[tuple[str, str]]:
    for feature in rulebook.features.values():
        for one in feature.patient:
            yield f"{feature.id}, {one.when}", one.say
    for panel, words in rulebook.panels.items():
        yield f"{panel}, panels.yaml", words
    for key in ("safe_base", "disclaimer", "of_combinations", "caution"):
        yield f"rulebook, patient_{key}", getattr(rulebook.header, f"patient_{key}")
