"""The shipped rulebook is a draft of some size, in plain text, and its edges are sharp."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest

from recommender import conditions, content, load_rulebook
from recommender.conditions import FALSE, TRUE, compile_test, say_test
from recommender.facts import Span
from recommender.vocabulary import Feature, Kind

RULEBOOK = load_rulebook()
RULES = list(RULEBOOK.rules.values())


def test_every_rule_is_a_draft_and_names_no_reviewer() -> None:
    assert {rule.status for rule in RULES} <= {"draft", "retired"}
    assert RULEBOOK.drafts == sum(rule.status == "draft" for rule in RULES)


def test_the_first_rulebook_has_the_size_it_should() -> None:
    root = content.root()
    assert len(RULES) >= 60
    assert len(RULEBOOK.instruments) >= 20
    assert len(list((root / "profiles").glob("*.yaml"))) >= 15


LAST_MET = {"at_least": 1, "more_than": 1, "at_most": -1, "less_than": -1}
"""The way from a threshold into what meets the test: upwards or downwards."""


def edges() -> Iterator[Any]:
    """Every threshold of the rules, with the way from it into what meets the test."""
    for test in RULEBOOK.tests:
        feature = RULEBOOK.features[test.feature]
        ways = [LAST_MET[test.name]] if test.name in LAST_MET else []
        for value, way in zip(test.values, ways or [1, -1], strict=False):
            if ways or test.name == "between":
                yield pytest.param(
                    feature, test, value, way, id=f"{say_test(test, feature)}: {way}"
                )


@pytest.mark.parametrize(("feature", "test", "value", "way"), list(edges()))
def test_a_threshold_tells_its_neighbours_apart(
    feature: Feature, test: conditions.Test, value: Any, way: int
) -> None:
    step = way * (0.01 if feature.type is Kind.DECIMAL else 1)
    at = conditions.rank(feature, value)
    met, unmet = (at + step, at) if test.name in ("more_than", "less_than") else (at, at - step)
    judged = compile_test(test, feature)
    low, high = feature.range or (0, len(feature.values) - 1)
    assert low <= met <= high, "the test can be met"
    assert low <= unmet <= high, "the test can fail"
    assert judged(Span(met, met)) == TRUE
    assert judged(Span(unmet, unmet)) == FALSE


def test_text_is_normal_and_reproduces_no_terminology() -> None:
    for name, data in content.files(content.root()):
        text = data.decode()
        assert unicodedata.is_normalized("NFC", text), name
        assert not re.search(r"\b(snomed|cpt)\b.*:.*\d{5}", text, re.I), name
