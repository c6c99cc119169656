"""The rules of one rulebook, ready to run on several engines over the same profiles.

Each `Runner` takes the number of a profile and evaluates all rules on it; `fired` gives the rules
that surely fire, so that the runners can be held to each other before anything is timed.
"""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from benchmarks.translate import Compare, Every, Expression, Some, Translation, Value, rule_key
from recommender.conditions import TRUE
from recommender.engines import native
from recommender.facts import Fact
from recommender.rulebook import Rulebook
from recommender.trace import Trace

Facts = Mapping[str, Fact]


class Case(NamedTuple):
    """One profile: its facts, and the keys other engines read."""

    facts: Facts
    trace: Trace
    context: dict[str, Value]


class Runner(Protocol):
    """One engine with the rules loaded."""

    name: str

    def run(self, number: int) -> None: ...
    def fired(self, number: int) -> set[str]: ...


class Native:
    """Our default engine; `reasons` also names the deciding tests of every rule that is not silent."""

    def __init__(self, rulebook: Rulebook, cases: Sequence[Case], *, reasons: bool) -> None:
        self.name = "recommender, with reasons" if reasons else "recommender, truths only"
        self._rulebook, self._cases, self._reasons = rulebook, cases, reasons

    def _trace(self, number: int) -> Trace:
        case = self._cases[number]
        return native.infer(case.facts, self._rulebook, case.trace.as_of)

    def run(self, number: int) -> None:
        trace = self._trace(number)
        if self._reasons:
            for rule, _ in trace.live():
                trace.deciding(rule)

    def fired(self, number: int) -> set[str]:
        return {name for name, truth in self._trace(number).truths.items() if truth == TRUE}


class Durable:
    """Our second engine."""

    name = "durable-rules, through our second engine"

    def __init__(self, rulebook: Rulebook, cases: Sequence[Case]) -> None:
        from recommender.engines import durable

        self._infer, self._rulebook, self._cases = durable.infer, rulebook, cases

    def run(self, number: int) -> None:
        case = self._cases[number]
        self._infer(case.facts, self._rulebook, case.trace.as_of)

    def fired(self, number: int) -> set[str]:
        case = self._cases[number]
        trace = self._infer(case.facts, self._rulebook, case.trace.as_of)
        return {name for name, truth in trace.truths.items() if truth == TRUE}


class Zen:
    """zen-engine (Rust): one decision whose expression node holds every rule."""

    def __init__(self, translation: Translation, cases: Sequence[Case], *, trace: bool) -> None:
        import zen

        self.name = "zen-engine, with trace" if trace else "zen-engine, bare"
        self._ids = {rule_key(rule): rule.id for rule, _ in translation.rules()}
        written = {rule_key(rule): infix(one) for rule, one in translation.rules()}
        self._decision = zen.ZenEngine().create_decision(json.dumps(_zen_graph(written)))
        self._contexts = [case.context for case in cases]
        self._options = {"trace": True} if trace else {}

    def run(self, number: int) -> None:
        self._decision.evaluate(self._contexts[number], self._options)

    def fired(self, number: int) -> set[str]:
        result = self._decision.evaluate(self._contexts[number], self._options)["result"]
        return {self._ids[key] for key, value in result.items() if value}


class RuleEngine:
    """rule-engine: one compiled rule each."""

    name = "rule-engine"

    def __init__(self, translation: Translation, cases: Sequence[Case]) -> None:
        import rule_engine

        self._rules = [(r.id, rule_engine.Rule(infix(one))) for r, one in translation.rules()]
        self._contexts = [case.context for case in cases]

    def run(self, number: int) -> None:
        self.fired(number)

    def fired(self, number: int) -> set[str]:
        context = self._contexts[number]
        return {name for name, rule in self._rules if rule.matches(context)}


class JsonRulesEngine:
    """json-rules-engine in node, which times itself; `seconds` is what it took, without the pipe."""

    name = "json-rules-engine (node)"

    def __init__(self, translation: Translation, cases: Sequence[Case]) -> None:
        self._folder = Path(tempfile.mkdtemp())
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "json-rules-engine"]
        subprocess.run(command, cwd=self._folder, check=True, capture_output=True, timeout=180)
        rules = [
            {"conditions": _json_rules(one), "event": {"type": rule.id}}
            for rule, one in translation.rules()
        ]
        data = {"rules": rules, "contexts": [case.context for case in cases]}
        (self._folder / "data.json").write_text(json.dumps(data))
        (self._folder / "run.mjs").write_text(_NODE)
        self._process = subprocess.Popen(
            ["node", "run.mjs"],
            cwd=self._folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.seconds = 0.0

    def _ask(self, number: int) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{number}\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def run(self, number: int) -> None:
        self.seconds = self._ask(number)["seconds"]

    def fired(self, number: int) -> set[str]:
        return set(self._ask(number)["fired"])

    def close(self) -> None:
        """End node and remove what was installed for it."""
        self._process.kill()
        self._process.communicate()
        shutil.rmtree(self._folder, ignore_errors=True)


_NODE = """
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Engine } from 'json-rules-engine';
const { rules, contexts } = JSON.parse(readFileSync('data.json', 'utf8'));
const engine = new Engine(rules, { allowUndefinedFacts: true });
for await (const line of createInterface({ input: process.stdin })) {
  const start = process.hrtime.bigint();
  const { events } = await engine.run(contexts[Number(line)]);
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  console.log(JSON.stringify({ seconds, fired: events.map((event) => event.type) }));
}
"""


def runners(
    rulebook: Rulebook, translation: Translation, cases: Sequence[Case]
) -> tuple[list[Runner], list[str]]:
    """Every engine that can be had here, and why the others cannot."""
    makers: list[tuple[str, Callable[[], Runner]]] = [
        ("zen-engine", lambda: Zen(translation, cases, trace=False)),
        ("zen-engine", lambda: Zen(translation, cases, trace=True)),
        ("rule-engine", lambda: RuleEngine(translation, cases)),
        ("durable-rules", lambda: Durable(rulebook, cases)),
        ("json-rules-engine", lambda: JsonRulesEngine(translation, cases)),
    ]
    made: list[Runner] = [
        Native(rulebook, cases, reasons=True),
        Native(rulebook, cases, reasons=False),
    ]
    left_out = []
    for name, make in makers:
        try:
            made.append(make())
        except (ImportError, OSError, subprocess.SubprocessError) as error:
            left_out.append(f"{name} is left out: {type(error).__name__}")
    return made, left_out


def close(made: Sequence[Runner]) -> None:
    """End what runs beside us."""
    for runner in made:
        if isinstance(runner, JsonRulesEngine):
            with suppress(OSError):
                runner.close()


# ------------------------------------------------------------------------------- writing rules


def infix(expression: Expression) -> str:
    """The expression in the words zen-engine and rule-engine share."""
    match expression:
        case Compare(key, op, value):
            return f"{key} {op} {str(value).lower() if isinstance(value, bool) else value}"
        case Every(parts):
            return " and ".join(f"({infix(part)})" for part in parts) or "true"
        case Some(parts):
            return " or ".join(f"({infix(part)})" for part in parts) or "false"


def _zen_graph(written: Mapping[str, str]) -> dict[str, Any]:
    place = {"x": 0, "y": 0}
    expressions = [{"id": key, "key": key, "value": value} for key, value in written.items()]
    return {
        "nodes": [
            {"id": "in", "type": "inputNode", "name": "in", "position": place},
            {
                "id": "rules",
                "type": "expressionNode",
                "name": "rules",
                "position": place,
                "content": {"expressions": expressions},
            },
            {"id": "out", "type": "outputNode", "name": "out", "position": place},
        ],
        "edges": [
            {"id": "1", "sourceId": "in", "targetId": "rules", "type": "edge"},
            {"id": "2", "sourceId": "rules", "targetId": "out", "type": "edge"},
        ],
    }


_OPERATORS = {
    "==": "equal",
    "!=": "notEqual",
    "<": "lessThan",
    "<=": "lessThanInclusive",
    ">": "greaterThan",
    ">=": "greaterThanInclusive",
}


def _json_rules(expression: Expression) -> dict[str, Any]:
    match expression:
        case Compare(key, op, value):
            return {"all": [{"fact": key, "operator": _OPERATORS[op], "value": value}]}
        case Every(parts):
            return {"all": [_json_rules(part) for part in parts]}
        case Some(parts):
            return {"any": [_json_rules(part) for part in parts]}
