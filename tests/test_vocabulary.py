"""The vocabulary: what one entry may say, and what does not fit together inside it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from recommender.vocabulary import (
    Adaptation,
    Feature,
    Instrument,
    Pathway,
    Source,
    Urgency,
    days,
    window,
)


@pytest.mark.parametrize(("period", "expected"), [("P14D", 14), ("P6W", 42), ("P0D", 0)])
def test_a_period_is_in_days_or_weeks(period: str, expected: int) -> None:
    assert days(period) == expected


@pytest.mark.parametrize("period", ["14", "P1M", "P1Y", "P-3D", "14D", "P1W2D", "P1.5D", "p14d"])
def test_a_period_in_other_words_is_refused(period: str) -> None:
    with pytest.raises(ValueError, match="days or weeks"):
        days(period)


def test_the_shortest_window_counts() -> None:
    assert window("P14D", None, "P1W") == timedelta(days=7)
    assert window(None, None) is None


def feature(**parts: Any) -> Feature:
    return Feature.model_validate({"id": "x", "label": "X", "type": "boolean"} | parts)


def test_a_boolean_has_false_before_true() -> None:
    assert feature().options == (False, True)
    assert feature().position == {False: 0, True: 1}


def test_a_listed_feature_has_its_values_in_the_order_written() -> None:
    mood = feature(type="ordinal", values=["low", "mild", "high"])
    assert mood.options == ("low", "mild", "high")
    assert mood.position["high"] == 2


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"type": "ordinal"}, "needs its values"),
        ({"type": "choice"}, "needs its values"),
        ({"type": "set"}, "needs its values"),
        ({"type": "choice", "values": ["a", "a"]}, "twice"),
        ({"type": "integer"}, "needs its range"),
        ({"type": "decimal", "range": [1, 0]}, "lower end first"),
        ({"accepts_other": True}, "for sets"),
        ({"valid_for": "P1M"}, "days or weeks"),
        ({"type": "number"}, "type"),
        ({"id": "Rumination"}, "id"),
        ({"id": "two words"}, "id"),
        ({"lable": "X"}, "lable"),
        ({"modifiable": "no"}, "modifiable"),
        ({"from": ["patient"]}, "from"),
    ],
)
def test_a_feature_that_does_not_fit_together_is_refused(parts: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        feature(**parts)


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({}, "one of instrument, set or measure"),
        ({"item": "sleep"}, "one of instrument, set or measure"),
        ({"instrument": "phq9", "set": "conditions", "includes_any": ["x"]}, "one of"),
        ({"set": "conditions"}, "includes_any"),
        ({"instrument": "rrs", "band": {"a": "b"}, "ranges": {"c": [0, 1]}}, "not both"),
        ({"measure": "mean_of_all"}, "measure"),
    ],
)
def test_a_source_has_one_origin(parts: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Source.model_validate(parts)


@pytest.mark.parametrize("measure", ["adequate_trials", "age_at", "count_of"])
def test_a_measure_may_name_the_set_it_counts(measure: str) -> None:
    assert Source.model_validate({"measure": measure, "set": "conditions"}).measure == measure


def test_an_instrument_measures_something() -> None:
    with pytest.raises(ValidationError, match="range or items"):
        Instrument.model_validate({"id": "x", "title": "X"})


def test_an_instrument_without_a_range_has_no_total() -> None:
    items = {"id": "x", "title": "X", "items": {"a": [0, 3]}}
    with pytest.raises(ValidationError, match="total: none"):
        Instrument.model_validate(items)
    assert Instrument.model_validate(items | {"total": "none"}).range is None


def test_an_adaptation_without_a_burden_takes_no_hours() -> None:
    light = Adaptation.model_validate({"id": "x", "title": "X", "phase": 0})
    heavy = Adaptation.model_validate(
        {"id": "y", "title": "Y", "phase": 3, "burden": {"hours_per_week": 2.5}}
    )
    assert (light.hours, heavy.hours) == (0, 2.5)


@pytest.mark.parametrize("phase", [-1, 4, "2", 1.5])
def test_phases_run_from_0_to_3(phase: object) -> None:
    with pytest.raises(ValidationError, match="phase"):
        Adaptation.model_validate({"id": "x", "title": "X", "phase": phase})


def test_a_pathway_has_an_urgency_and_does_not_speak_of_scope_unless_it_says_so() -> None:
    text = {"id": "x", "title": "X", "urgency": "same_day", "action": "Act."}
    pathway = Pathway.model_validate(text)
    assert pathway.urgency is Urgency.SAME_DAY
    assert not pathway.scope
    with pytest.raises(ValidationError, match="urgency"):
        Pathway.model_validate(text | {"urgency": "soon"})
