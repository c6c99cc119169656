"""Errors: a code, a place, a hint, and the exit code of the class."""

from __future__ import annotations

import pytest

from recommender.errors import (
    ApprovalError,
    ContentError,
    EngineError,
    Problem,
    ProfileError,
    RecommenderError,
    RenderError,
    did_you_mean,
)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (ContentError, 3),
        (ProfileError, 4),
        (EngineError, 5),
        (RenderError, 6),
        (ApprovalError, 7),
    ],
)
def test_each_class_has_its_exit_code(kind: type[RecommenderError], code: int) -> None:
    assert kind(Problem("X100", "wrong")).exit_code == code
    assert issubclass(kind, RecommenderError)


@pytest.mark.parametrize(
    ("problem", "place"),
    [
        (Problem("C1", "m", file="a.yaml", line=3, column=7), "a.yaml:3:7"),
        (Problem("C1", "m", file="a.yaml"), "a.yaml"),
        (Problem("C1", "m", path="history.treatments"), "history.treatments"),
        (Problem("C1", "m", file="a.json", line=1, column=1, path="age"), "a.json:1:1 (age)"),
        (Problem("C1", "m"), ""),
    ],
)
def test_a_place_is_as_exact_as_it_can_be(problem: Problem, place: str) -> None:
    assert problem.place == place


def test_a_problem_reads_as_place_and_code_then_what_then_how_to_mend_it() -> None:
    problem = Problem("C103", "unknown feature 'x'", "Did you mean 'y'?", "a.yaml", 14, 16)
    assert str(problem) == "a.yaml:14:16  C103\n  unknown feature 'x'\n  Did you mean 'y'?"
    assert str(Problem("C103", "wrong")) == "C103\n  wrong"


def test_an_error_holds_every_problem_in_order_of_place() -> None:
    later, earlier = Problem("C2", "b", file="b", line=1), Problem("C1", "a", file="a", line=9)
    last = Problem("C3", "c", file="b", line=4)
    assert ContentError([last, later, earlier]).problems == (earlier, later, last)


def test_a_misspelt_word_is_answered_with_the_nearest() -> None:
    known = [f"word_{n}" for n in range(30)] + ["rumination"]
    assert did_you_mean("ruminaton", known) == "Did you mean 'rumination'?"


def test_a_short_list_is_shown_whole_and_a_long_one_not_at_all() -> None:
    assert did_you_mean("zzz", ["low", "high"]) == "Known here: low, high."
    assert did_you_mean("zzz", [f"word_{n}" for n in range(13)]) == ""
    assert did_you_mean("zzz", []) == ""
