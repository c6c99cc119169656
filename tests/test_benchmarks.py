"""What other engines are given means the same as our rules; nothing here is timed."""

from __future__ import annotations

import pytest

from benchmarks.__main__ import placed
from benchmarks.timing import Row, Times, interleaved, table
from benchmarks.translate import Translation, holds, opposite
from recommender import content, load_rulebook, recommend
from recommender.conditions import FALSE, TRUE
from recommender.governance.synthetic import shipped, synthetic
from recommender.profile import Profile
from recommender.rulebook import Rulebook
from recommender.trace import Trace


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    return load_rulebook()


def people(rulebook: Rulebook) -> list[Profile]:
    drawn = [synthetic(rulebook, seed, share) for seed, share in enumerate((0.2, 0.5, 0.85, 1.0))]
    return [*shipped(content.root(), every=12), *drawn]


@pytest.fixture(scope="module")
def traces(rulebook: Rulebook) -> list[Trace]:
    return [recommend(profile, rulebook).trace for profile in people(rulebook)]


def test_certainly_is_true_and_possibly_is_not_false(
    rulebook: Rulebook, traces: list[Trace]
) -> None:
    for trace in traces:
        translation = Translation(rulebook, rulebook.inactive(trace.as_of))
        keys = translation.context(trace.facts)
        for rule in translation.active:
            truth = trace.truths[rule.id]
            assert holds(translation.certainly(rule.condition), keys) == (truth == TRUE), rule.id
            assert holds(translation.possibly(rule.condition), keys) == (truth != FALSE), rule.id


def test_opposite_is_never_true_together(rulebook: Rulebook, traces: list[Trace]) -> None:
    trace = traces[0]
    translation = Translation(rulebook, rulebook.inactive(trace.as_of))
    keys = translation.context(trace.facts)
    for _, expression in translation.rules():
        assert holds(opposite(expression), keys) != holds(expression, keys)


def test_concluded_features_are_handed_over(rulebook: Rulebook, traces: list[Trace]) -> None:
    keys = Translation(rulebook, frozenset()).context(traces[0].facts)
    assert "trd_status__low" in keys


@pytest.mark.parametrize("seed", range(4))
def test_a_synthetic_profile_is_about_half_open(rulebook: Rulebook, seed: int) -> None:
    trace = recommend(synthetic(rulebook, seed), rulebook).trace
    asked = [name for name in trace.facts if not rulebook.features[name].concluded]
    known = sum(trace.is_known(name) for name in asked) / len(asked)
    assert 0.3 < known < 0.7


def test_synthetic_profiles_depend_on_their_seed_alone(rulebook: Rulebook) -> None:
    assert synthetic(rulebook, 3).digest == synthetic(rulebook, 3).digest
    assert synthetic(rulebook, 3).digest != synthetic(rulebook, 4).digest


def test_works_take_turns() -> None:
    turns: list[str] = []

    def work(name: str) -> float:
        turns.append(name)
        return 2.0 if name == "a" else 1.0

    times = interleaved({"a": lambda: work("a"), "b": lambda: work("b")}, rounds=3)
    assert turns == ["a", "b"] * 5
    assert (times.median("a"), times.ratio("a", "b")) == (2.0, 2.0)


def test_a_ratio_is_taken_within_each_round() -> None:
    times = Times({"a": [2.0, 20.0, 200.0], "b": [1.0, 10.0, 100.0]})
    assert times.ratio("a", "b") == 2.0


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        (Row("x", "y", 1.5, 0.003, 0.002, aim=2.0), "| x | y | 1.50 | ≤ 2 | yes | 3 | 2 |"),
        (Row("x", "y", 2.5, 0.005, 0.002, aim=2.0), "| x | y | 2.50 | ≤ 2 | no | 5 | 2 |"),
        (Row("x", "y", 2.5, 0.5, 0.2), "| x | y | 2.50 |  |  | 500 | 200 |"),
        (
            Row("x", "y", 5, 0.031, 0.01, aim_seconds=0.03),
            "| x | y | 5.00 | ≤ 30 ms | no | 31 | 10 |",
        ),
    ],
)
def test_the_table_says_whether_a_figure_is_reached(row: Row, shown: str) -> None:
    assert table([row])[2] == shown


def test_figures_replace_what_stood_between_the_markers() -> None:
    text = "before\n<!-- figures -->\nold\n<!-- end -->\nafter\n"
    assert placed(text, "new\n") == "before\n<!-- figures -->\nnew\n<!-- end -->\nafter\n"
