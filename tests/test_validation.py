"""Faults of a validation: at their place in the data, the most telling ones marked."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError

from recommender.validation import Fault, faults, needed


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    size: int


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    several: list[Inner] = []
    either: bool | Inner | None = None


def found(data: dict[str, Any]) -> list[Fault]:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(data)
    return faults(caught.value, data)


def test_a_fault_is_placed_by_the_steps_of_the_data() -> None:
    (fault,) = found({"name": "n", "several": [{"size": 1}, {"size": "x"}]})
    assert fault.path == ("several", 1, "size")
    assert not fault.overtaken


def test_the_alternatives_of_a_union_are_no_steps_of_the_data() -> None:
    assert {fault.path for fault in found({"name": "n", "either": {"size": "x"}})} == {
        ("either",),
        ("either", "size"),
    }


def test_a_fault_further_down_says_more() -> None:
    overtaken = {f.path: f.overtaken for f in found({"name": "n", "either": {"size": "x"}})}
    assert overtaken == {("either",): True, ("either", "size"): False}


def test_what_is_missing_is_placed_where_it_should_stand() -> None:
    (fault,) = found({"several": []})
    assert (fault.path, fault.kind) == ((), "missing")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"name": 3}, "must be text"),
        ({"name": "n", "several": "x"}, "must be a list"),
        ({"name": "n", "several": ["x"]}, "must be a mapping of keys to values"),
        ({"name": "n", "several": [{"size": "secret"}]}, "must be a whole number"),
    ],
)
def test_it_is_said_what_is_needed_and_not_what_stands_there(
    data: dict[str, Any], words: str
) -> None:
    assert [needed(fault.details) for fault in found(data)] == [words]
