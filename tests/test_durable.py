"""The second engine where durable-rules would fail in silence, and what it refuses."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import patch

import pytest

from recommender.conditions import FALSE, TRUE, UNKNOWN
from recommender.engines import durable, native
from recommender.errors import EngineError
from recommender.facts import Fact, Members, Options, Possible, Span, everything
from recommender.rulebook import Rulebook
from tests import strategies as drawn

pytestmark = pytest.mark.durable


def rulebook(
    features: list[drawn.Plain], *whens: drawn.Plain, concluding: drawn.Plain | None = None
) -> Rulebook:
    """A rulebook with one rule for each condition: r0, r1 …"""
    more = {"inference.t.c": concluding} if concluding else {}
    flags = {"title": "T", "because": "B", "flag": "F"}
    return drawn.load(
        {
            "rulebook": {"id": "x", "version": "1", "title": "T"}
            | {"status": "draft", "language": "en"},
            "features": [{"label": "L", "from": ["clinician"]} | one for one in features],
            "adaptations": [{"id": "a0", "title": "A", "phase": 0}],
            "instruments": {},
            "topics": {},
            "rules": {f"adaptation.t.r{n}": flags | {"when": w} for n, w in enumerate(whens)}
            | more,
        }
    )


def truths(content: Rulebook, **known: Possible) -> list[int]:
    """What both engines make of each rule; they have to agree."""
    found = {
        name: Fact(name, known.get(name, everything(content.features[name])))
        for name in content.used
    }
    trace = durable.infer(found, content, drawn.AS_OF)
    assert trace.truths == native.infer(found, content, drawn.AS_OF).truths
    return [trace.truths[f"adaptation.t.r{n}"] for n in range(len(content.rules))]


def booleans(count: int) -> list[drawn.Plain]:
    return [{"id": f"b{n}", "type": "boolean"} for n in range(count)]


# ------------------------------------------------------------------------------- its limits


def test_more_conditions_match_at_once_than_its_stack_holds() -> None:
    """200 features not known: each rule's «possibly» matches, on a stack of 64."""
    content = rulebook(booleans(200), *({f"b{n}": True} for n in range(200)))
    assert truths(content) == [UNKNOWN] * 200


def test_a_condition_reads_more_keys_than_a_fact_may_have() -> None:
    """One rule on 300 features, where a fact has at most 255 keys."""
    every = {f"b{n}": True for n in range(300)}
    content = rulebook(booleans(300), every, {"not": every})
    yes = {f"b{n}": Options(2) for n in range(300)}
    assert truths(content) == [UNKNOWN, UNKNOWN]
    assert truths(content, **yes) == [TRUE, FALSE]
    assert truths(content, **yes | {"b299": Options(1)}) == [FALSE, TRUE]


def test_many_alternatives_in_many_parts() -> None:
    """Eight `any` of four under one `all`: 65 536 ways to hold."""
    parts = [{"any": [{f"b{4 * n + k}": True} for k in range(4)]} for n in range(8)]
    content = rulebook(booleans(32), {"all": parts}, {"not": {"all": parts}})
    one_each = {f"b{4 * n}": Options(2) for n in range(8)}
    assert truths(content) == [UNKNOWN, UNKNOWN]
    assert truths(content, **one_each) == [TRUE, FALSE]


def test_deep_nesting() -> None:
    """Forty levels of `not`, `all` and `any`."""
    when: drawn.Plain = {"b0": True}
    for level in range(40):
        when = {"not": {"any": [when, {"all": [{"b1": True}, {f"b{level % 3}": True}]}]}}
    content = rulebook(booleans(3), when)
    for mask in range(1, 4):
        truths(content, b0=Options(mask), b1=Options(1), b2=Options(2))


def test_a_large_set() -> None:
    """Four hundred members, all of them or none."""
    members = [f"m{n}" for n in range(400)]
    features = [{"id": "s", "type": "set", "values": members, "accepts_other": True}]
    content = rulebook(
        features,
        {"s": {"includes_all": members}},
        {"s": {"includes_any": members}},
        {"not": {"s": {"includes_any": members}}},
        {"s": {"empty": True}},
    )
    full = (1 << 401) - 1
    assert truths(content) == [UNKNOWN] * 4
    assert truths(content, s=Members(0, full)) == [FALSE, FALSE, TRUE, TRUE]
    assert truths(content, s=Members(full, 0)) == [TRUE, TRUE, FALSE, FALSE]
    only_other = Members(1 << 400, full >> 1)
    assert truths(content, s=only_other) == [FALSE, FALSE, TRUE, FALSE]


def test_decimals_the_library_cannot_read() -> None:
    """Exponents are not understood by it, so numbers come as places among the thresholds."""
    features = [{"id": "d", "type": "decimal", "range": [0.0, 1e30]}]
    tests = [{"at_least": 1e-05}, {"more_than": 1e-05}, {"is": 1e20}, {"in": [1e-05, 1e20]}]
    content = rulebook(features, *({"d": test} for test in tests))
    assert truths(content, d=Span(1e-05, 1e-05)) == [TRUE, FALSE, FALSE, TRUE]
    assert truths(content, d=Span(1e20, 1e20)) == [TRUE, TRUE, TRUE, TRUE]
    assert truths(content, d=Span(0.1 + 0.2, 1e21)) == [TRUE, TRUE, UNKNOWN, UNKNOWN]


def test_named_alternatives_behind_a_concluded_feature() -> None:
    """A conclusion read inside an alternative that is settled a step earlier still comes first."""
    parts = [
        {"any": [{f"b{n}": True}, {f"b{n + 1}": True}, {f"b{n + 2}": False}]} for n in range(4)
    ]
    settled: drawn.Plain = {"id": "c", "type": "boolean", "concluded": True, "default": False}
    settled["from"] = []
    when = {"all": [*parts, {"any": [{"c": True}, {"b5": True}]}]}
    concluding = {"title": "T", "because": "B", "conclude": {"c": True}, "when": {"all": parts}}
    features: list[drawn.Plain] = [*booleans(6), settled]
    content = rulebook(features, when, concluding=concluding)
    yes = {f"b{n}": Fact(f"b{n}", Options(2 if n in (0, 1, 3) else 1)) for n in range(6)}
    trace = durable.infer(yes, content, drawn.AS_OF)
    assert trace.truths == native.infer(yes, content, drawn.AS_OF).truths
    assert trace.truths["adaptation.t.r0"] == TRUE


def test_threads_do_not_mix_patients() -> None:
    """Eight threads on one rulebook, each with its own patients."""
    content = rulebook(booleans(8), *({f"b{n}": True} for n in range(8)))

    def each(patient: int) -> bool:
        known = {f"b{n}": Options(2 if patient >> n & 1 else 1) for n in range(8)}
        return truths(content, **known) == [TRUE if patient >> n & 1 else FALSE for n in range(8)]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(each, range(256)))


# ------------------------------------------------------------------------------- what is refused


def test_without_the_library_one_line_says_so() -> None:
    """The message names the extra and the reason."""
    with patch.dict(sys.modules, {"durable": None}), pytest.raises(EngineError) as caught:
        truths(rulebook(booleans(1), {"b0": True}))
    (problem,) = caught.value.problems
    assert problem.code == "E120"
    assert "recommender[durable]" in problem.hint
    assert "3.13" in problem.hint


@pytest.mark.parametrize(
    ("name", "possible"),
    [
        ("b", Span(0, 1)),
        ("b", Options(0)),
        ("b", Options(4)),
        ("n", Span(3, 2)),
        ("n", Span(float("nan"), 2)),
        ("n", Options(1)),
        ("s", Members(1, 1)),
        ("s", Members(4, 0)),
        ("s", Span(0, 1)),
    ],
)
def test_a_fact_that_does_not_fit_is_refused(name: str, possible: Possible) -> None:
    """Never passed on: the library would compare anything with anything."""
    features: list[drawn.Plain] = [
        {"id": "b", "type": "boolean"},
        {"id": "n", "type": "integer", "range": [0, 9]},
        {"id": "s", "type": "set", "values": ["x", "y"]},
    ]
    when = {"b": True, "n": {"at_least": 3}, "s": {"includes": "x"}}
    content = rulebook(features, when)
    facts = {one: Fact(one, everything(content.features[one])) for one in content.used}
    with pytest.raises(EngineError, match="E122") as caught:
        durable.infer(facts | {name: Fact(name, possible)}, content, drawn.AS_OF)
    assert f"'{name}'" in str(caught.value)


def test_a_failure_inside_an_action_is_no_silence() -> None:
    """The library swallows exceptions of actions, whatever they are."""
    content = rulebook(booleans(1), {"b0": True})
    truths(content)
    program = content.derived(durable.Program, frozenset())
    with (
        patch.object(program._host, "_fired", _Forgetful()),
        pytest.raises(EngineError, match="E121"),
    ):
        truths(content)


class _Forgetful(dict[str, Any]):
    """Takes sessions and knows none of them."""

    def __getitem__(self, key: str) -> Any:
        raise KeyboardInterrupt


def test_a_failure_of_the_library_hides_the_fact() -> None:
    """Its error texts hold the whole fact; ours hold none of it."""
    content = rulebook(booleans(1), {"b0": True})
    truths(content)
    program = content.derived(durable.Program, frozenset())
    failing = patch.object(program._host._host, "assert_fact", side_effect=RuntimeError("b0 = 1"))
    with failing, pytest.raises(EngineError, match="E121") as caught:
        truths(content)
    assert "b0 = 1" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_certain_but_not_possible_is_refused() -> None:
    """What holds for every value holds for some: anything else is a fault of the engine."""
    content = rulebook(booleans(1), {"b0": True})
    truths(content)
    program = content.derived(durable.Program, frozenset())
    only_certain = {durable._Sink("adaptation.t.r0", True)}
    with (
        patch.object(program._host, "fire", return_value=only_certain),
        pytest.raises(EngineError, match="E123"),
    ):
        truths(content)
