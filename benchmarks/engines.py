"""The rules of one rulebook, ready to run on several engines over the same profiles.

Each `Runner` takes the number of a case and evaluates all rules on it; `fired` gives the rules that
surely fire, so that the runners can be held to each other before anything is timed.
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

OURS = "recommender, with reasons"
ZEN_EXPRESSION = "zen-engine, one compiled expression"
ZEN_GRAPH = "zen-engine, decision graph"
ZEN_TRACED = "zen-engine, decision graph, trace on"


class Case(NamedTuple):
    """One profile: its facts, what our engine made of them, and the keys other engines read."""

    facts: Mapping[str, Fact]
    trace: Trace
    context: dict[str, Value]


class Runner(Protocol):
    """One engine with the rules loaded."""

    name: str

    def run(self, number: int) -> float | None:
        """Evaluate every rule; the seconds, where the engine runs elsewhere and counts itself."""

    def fired(self, number: int) -> set[str]:
        """The rules that surely fire."""


class Native:
    """Our default engine; with `reasons`, the deciding tests of every rule not silent as well."""

    def __init__(self, rulebook: Rulebook, cases: Sequence[Case], *, reasons: bool) -> None:
        self.name = OURS if reasons else "recommender, truths only"
        self._rulebook, self._cases, self._reasons = rulebook, cases, reasons

    def _trace(self, number: int) -> Trace:
        case = self._cases[number]
        return native.infer(case.facts, self._rulebook, case.trace.as_of)

    def run(self, number: int) -> None:
        """Infer, and give the reasons if they are wanted."""
        trace = self._trace(number)
        if self._reasons:
            for rule, _ in trace.live():
                trace.deciding(rule)

    def fired(self, number: int) -> set[str]:
        """The rules that are true."""
        return {name for name, truth in self._trace(number).truths.items() if truth == TRUE}


class Durable:
    """Our second engine."""

    name = "durable-rules, through our second engine"

    def __init__(self, rulebook: Rulebook, cases: Sequence[Case]) -> None:
        from recommender.engines import durable

        self._infer, self._rulebook, self._cases = durable.infer, rulebook, cases
        self.fired(0)  # the library is only looked for when first used

    def run(self, number: int) -> None:
        """Infer; reasons are ours."""
        self.fired(number)

    def fired(self, number: int) -> set[str]:
        """The rules that are true."""
        case = self._cases[number]
        trace = self._infer(case.facts, self._rulebook, case.trace.as_of)
        return {name for name, truth in trace.truths.items() if truth == TRUE}


class ZenExpression:
    """zen-engine (Rust) at its quickest: all rules as one compiled expression, a list of truths."""

    name = ZEN_EXPRESSION

    def __init__(self, translation: Translation, cases: Sequence[Case]) -> None:
        import zen

        rules = list(translation.rules())
        self._ids = [rule.id for rule, _ in rules]
        written = ", ".join(f"({infix(one)})" for _, one in rules)
        self._expression = zen.compile_expression(f"[{written}]")
        self._contexts = [case.context for case in cases]

    def run(self, number: int) -> None:
        """Evaluate."""
        self._expression.evaluate(self._contexts[number])

    def fired(self, number: int) -> set[str]:
        """The rules whose place in the list is true."""
        truths = self._expression.evaluate(self._contexts[number])
        return {name for name, truth in zip(self._ids, truths, strict=True) if truth}


class ZenGraph:
    """zen-engine as it is meant to be used: a decision whose expression node holds every rule."""

    def __init__(self, translation: Translation, cases: Sequence[Case], *, trace: bool) -> None:
        import zen

        self.name = ZEN_TRACED if trace else ZEN_GRAPH
        written = {rule_key(rule): infix(one) for rule, one in translation.rules()}
        self._ids = {rule_key(rule): rule.id for rule, _ in translation.rules()}
        self._decision = zen.ZenEngine().create_decision(json.dumps(_zen_graph(written)))
        self._contexts = [case.context for case in cases]
        self._options: Any = {"trace": True} if trace else {}

    def run(self, number: int) -> None:
        """Evaluate."""
        self._decision.evaluate(self._contexts[number], self._options)

    def fired(self, number: int) -> set[str]:
        """The rules whose key is true."""
        result = self._decision.evaluate(self._contexts[number], self._options)["result"]
        return {self._ids[key] for key, value in result.items() if value}


class RuleEngine:
    """rule-engine: one compiled rule each."""

    name = "rule-engine"

    def __init__(self, translation: Translation, cases: Sequence[Case]) -> None:
        import rule_engine  # type: ignore[import-untyped]

        self._rules = [(r.id, rule_engine.Rule(infix(one))) for r, one in translation.rules()]
        self._contexts = [case.context for case in cases]

    def run(self, number: int) -> None:
        """Match every rule."""
        self.fired(number)

    def fired(self, number: int) -> set[str]:
        """The rules that match."""
        context = self._contexts[number]
        return {name for name, rule in self._rules if rule.matches(context)}


class JsonRulesEngine:
    """json-rules-engine in node, which takes its own time, without the way there and back."""

    name = "json-rules-engine (node)"

    def __init__(self, translation: Translation, cases: Sequence[Case]) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="benchmarks-"))
        try:
            self._install(translation, cases)
        except (OSError, subprocess.SubprocessError):
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        self._process = subprocess.Popen(
            ["node", "run.mjs"],
            cwd=self._folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def _install(self, translation: Translation, cases: Sequence[Case]) -> None:
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "json-rules-engine"]
        subprocess.run(command, cwd=self._folder, check=True, capture_output=True, timeout=180)
        rules = [
            {"conditions": _json_rules(one), "event": {"type": rule.id}}
            for rule, one in translation.rules()
        ]
        data = {"rules": rules, "contexts": [case.context for case in cases]}
        (self._folder / "data.json").write_text(json.dumps(data))
        (self._folder / "run.mjs").write_text(_NODE)

    def _ask(self, number: int) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{number}\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def run(self, number: int) -> float:
        """Evaluate, and say how long that took."""
        return float(self._ask(number)["seconds"])

    def fired(self, number: int) -> set[str]:
        """The rules with an event."""
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
        (ZEN_EXPRESSION, lambda: ZenExpression(translation, cases)),
        (ZEN_GRAPH, lambda: ZenGraph(translation, cases, trace=False)),
        (ZEN_TRACED, lambda: ZenGraph(translation, cases, trace=True)),
        (RuleEngine.name, lambda: RuleEngine(translation, cases)),
        (Durable.name, lambda: Durable(rulebook, cases)),
        (JsonRulesEngine.name, lambda: JsonRulesEngine(translation, cases)),
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
            left_out.append(f"{name} is left out: {error}")
    return made, left_out


def agree(made: Sequence[Runner], cases: Sequence[Case]) -> None:
    """Every engine must find the same rules firing, or its time means nothing."""
    for number in range(len(cases)):
        wanted = made[0].fired(number)
        for runner in made[1:]:
            differing = wanted ^ runner.fired(number)
            if differing:
                raise SystemExit(f"{runner.name} differs on case {number}: {sorted(differing)}")


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
        case Compare():
            return {"all": [_json_rule(expression)]}
        case Every(parts):
            return {"all": [_json_rule(part) for part in parts]}
        case Some(parts):
            return {"any": [_json_rule(part) for part in parts]}


def _json_rule(expression: Expression) -> dict[str, Any]:
    if isinstance(expression, Compare):
        operator = _OPERATORS[expression.op]
        return {"fact": expression.key, "operator": operator, "value": expression.value}
    return _json_rules(expression)
