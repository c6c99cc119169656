"""The second engine: the same rulebook on durable-rules, an independent reading of each condition.

In: the facts of one profile. Out: a Trace. Every rule stands here twice, as «certainly» and as
«possibly», over flat facts of lower and upper bounds: both fired is true, only «possibly» unknown,
neither false. Refused: facts that do not fit their feature, and whatever durable-rules does that it
should not; it has many silent ways to fail, so each answer is checked.

What keeps it sound (measured on 2.0.28, and read in its source):
- Only flat conjunctions reach durable-rules. An `any` becomes several of them; where that would be
  too many, the `any` gets a name and is settled a step earlier. So there is no `$or`, which fires
  once for each true part, and no nesting, of which the library bears little.
- Rules are dealt to small rule sets, each with a fact of just the keys it needs: matched conditions
  go on a stack of 64, a fact has at most 255 keys, and each firing hands the whole fact back.
- Numbers arrive as their place among the thresholds, in whole numbers: the library cannot read
  exponents, and reads decimals by the locale.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import count
from typing import Any, NamedTuple

from recommender.conditions import FALSE, TRUE, UNKNOWN, Truth, compile_test
from recommender.engines.flat import MOST_KEYS, Flat, Keys, Way, Ways
from recommender.errors import EngineError, Problem
from recommender.facts import Fact, State, is_exact
from recommender.rulebook import Rulebook
from recommender.trace import Trace, concluded
from recommender.vocabulary import Feature

MOST_LINES = 60
"""In one rule set: each may need a place on the stack of 64."""


def infer(facts: Mapping[str, Fact], rulebook: Rulebook, as_of: date) -> Trace:
    """What every rule does with these facts on that day, according to durable-rules.

    Raises EngineError when durable-rules is not there (E120), failed (E121) or contradicted itself
    (E123), and when a fact does not fit its feature (E122).
    """
    return rulebook.derived(Program, rulebook.inactive(as_of)).run(facts, as_of)


def missing() -> Problem | None:
    """Why this engine cannot be used here; None when it can."""
    try:
        _library()
    except EngineError as error:
        return error.problems[0]
    return None


def _library() -> Any:
    try:
        from durable import engine
    except ImportError as error:
        message = "the second engine, durable-rules, is not installed or cannot be loaded"
        hint = "pip install 'recommender[durable]' needs a compiler and Python < 3.13."
        raise EngineError(Problem("E120", message, hint)) from error
    return engine


# ------------------------------------------------------------------------------- steps, rule sets


class _Sink(NamedTuple):
    """What a firing means: that a rule certainly or possibly holds, or a named alternative."""

    name: str
    certain: bool


class _Line(NamedTuple):
    """One conjunction and what it means when it fires."""

    way: Way
    sink: _Sink


class _RuleSet(NamedTuple):
    """Some lines under one name, and the keys their fact needs."""

    name: str
    lines: tuple[_Line, ...]
    keys: tuple[str, ...]


class _Step(NamedTuple):
    """Rule sets that need nothing of each other, and what is settled once they have run."""

    rule_sets: tuple[_RuleSet, ...]
    named: tuple[str, ...]
    features: tuple[Feature, ...]


class _Order:
    """Which step a line belongs to: one later than everything it reads was settled."""

    def __init__(self, settled_by: Mapping[str, Sequence[Way]]) -> None:
        self._settled_by = settled_by
        self._after: dict[str, int] = {}

    def after(self, source: str) -> int:
        """How many steps must have run before the keys of a source can be read."""
        if source not in self._after:
            ways = self._settled_by.get(source)
            last = -1 if ways is None else max(map(self.step, ways), default=0)
            self._after[source] = last + 1
        return self._after[source]

    def step(self, way: Way) -> int:
        """The step in which a conjunction can be judged."""
        return max((self.after(literal.source) for literal in way), default=0)


def _steps(rulebook: Rulebook, lines: Sequence[_Line], named: Mapping[Ways, str]) -> list[_Step]:
    settled_by: dict[str, Sequence[Way]] = {key: ways for ways, key in named.items()}
    for name, rules in rulebook.concluding.items():
        own = {rule.id for rule in rules}
        settled_by[name] = [line.way for line in lines if line.sink.name in own]
    order = _Order(settled_by)
    last = max([order.step(line.way) + 1 for line in lines] + [*map(order.after, settled_by), 1])
    by_step: list[list[_Line]] = [[] for _ in range(last)]
    for line in lines:
        by_step[order.step(line.way)].append(line)
    return [
        _Step(
            tuple(_dealt(found, f"step{n}")),
            tuple(key for key in named.values() if order.after(key) == n + 1),
            tuple(rulebook.features[f] for f in rulebook.concluding if order.after(f) == n + 1),
        )
        for n, found in enumerate(by_step)
    ]


def _dealt(lines: Iterable[_Line], name: str) -> Iterator[_RuleSet]:
    """Small rule sets; neighbouring rules tend to read the same features and stay together."""
    dealt: list[_Line] = []
    keys: dict[str, None] = {}
    part = count()
    for line in lines:
        more = keys | dict.fromkeys(literal.key for literal in line.way)
        if dealt and (len(dealt) == MOST_LINES or len(more) > MOST_KEYS):
            yield _RuleSet(f"{name}part{next(part)}", tuple(dealt), tuple(keys))
            dealt, more = [], dict.fromkeys(literal.key for literal in line.way)
        dealt.append(line)
        keys = more
    if dealt:
        yield _RuleSet(f"{name}part{next(part)}", tuple(dealt), tuple(keys))


# ------------------------------------------------------------------------------- durable-rules

_KIND = "profile"
_OURS = ("kind", "sid", "id")
_SESSIONS = count(1)
"""Sessions get short numbers: the library tells them apart by a 32-bit hash only."""


class _Host:
    """A durable-rules host that holds the rule sets of one rulebook."""

    def __init__(self, rule_sets: Iterable[_RuleSet]) -> None:
        # The stock host runs two timer threads, which steal actions and crash.
        quiet = type("QuietHost", (_library().Host,), {"_run": lambda _: None})
        self._fired: dict[str, set[_Sink]] = {}
        self._lock = threading.Lock()
        self._host = quiet({one.name: self._definition(one) for one in rule_sets})

    def _definition(self, rule_set: _RuleSet) -> dict[str, Any]:
        keys = (*_OURS, *rule_set.keys)
        if len({_hashed(key) for key in keys}) < len(keys):
            raise _failed("two keys have one hash")
        rules: dict[str, Any] = {"always": self._rule((), lambda _: None)}
        for n, line in enumerate(rule_set.lines):
            rules[f"line{n}"] = self._rule(line.way, self._action(line.sink))
        return rules

    def _rule(self, way: Way, run: Callable[[Any], None]) -> dict[str, Any]:
        conditions = [{"kind": _KIND}, *(literal.definition() for literal in way)]
        return {"all": [{"m": {"$and": conditions}}], "run": run}

    def _action(self, sink: _Sink) -> Callable[[Any], None]:
        def act(c: Any) -> None:
            self._fired[c.m.sid].add(sink)

        return act

    def fire(self, rule_set: _RuleSet, values: Mapping[str, int]) -> set[_Sink]:
        """What fires on one flat fact. Raises EngineError unless all went as it should."""
        session = str(next(_SESSIONS))
        fact = {"kind": _KIND, "sid": session, **{key: values[key] for key in rule_set.keys}}
        with self._lock:
            fired = self._fired[session] = set()
            try:
                state = self._host.assert_fact(rule_set.name, fact)
                # Deleting a session in which nothing ran crashes the interpreter; after an
                # error it is therefore left behind.
                self._host.delete_state(rule_set.name, session)
            except Exception as error:  # noqa: BLE001 - the library raises bare exceptions
                raise _failed(type(error).__name__) from None  # their texts hold the fact
            finally:
                del self._fired[session]
        if not isinstance(state, dict) or "exception" in state:
            raise _failed("an action was lost")
        return fired


def _hashed(key: str) -> int:
    """FNV-1, by which alone the library knows a key."""
    found = 2166136261
    for byte in key.encode():
        found = found * 16777619 % 2**32 ^ byte
    return found


def _failed(how: str) -> EngineError:
    hint = "No plan is given. The native engine does not need durable-rules."
    return EngineError(Problem("E121", f"durable-rules failed: {how}", hint))


# ------------------------------------------------------------------------------- the program


class Program:
    """A rulebook made ready for durable-rules; made once, since the library gives nothing back."""

    def __init__(self, rulebook: Rulebook, inactive: frozenset[str]) -> None:
        self._rulebook = rulebook
        self._keys = Keys(rulebook)
        flat = Flat(rulebook, self._keys)
        lines = [
            _Line(way, _Sink(rule.id, certain))
            for rule in rulebook.rules.values()
            if rule.id not in inactive
            for certain in (True, False)
            for way in flat.ways(rule.condition, certain=certain)
        ]
        lines += [_Line(way, _Sink(key, True)) for ways, key in flat.named.items() for way in ways]
        self._steps = _steps(rulebook, lines, flat.named)
        read = {literal.source for line in lines for literal in line.way}
        self._read = [
            rulebook.features[name]
            for name in rulebook.features
            if name in read and name not in rulebook.concluding
        ]
        self._host = _Host(one for step in self._steps for one in step.rule_sets)
        self._place = {test: at for at, test in enumerate(rulebook.tests)}
        self._judges = [
            (test.feature, compile_test(test, rulebook.features[test.feature]))
            for test in rulebook.tests
        ]

    def run(self, facts: Mapping[str, Fact], as_of: date) -> Trace:
        """The trace of one profile."""
        known = dict(facts)
        values = {
            key: value
            for feature in self._read
            for key, value in self._keys.values(feature, known[feature.id].possible)
        }
        fired: set[_Sink] = set()
        for step in self._steps:
            for rule_set in step.rule_sets:
                fired |= self._host.fire(rule_set, values)
            values |= {key: int(_Sink(key, True) in fired) for key in step.named}
            for feature in step.features:
                fact = known[feature.id] = self._concluded(feature, fired)
                values.update(self._keys.values(feature, fact.possible))
        truths = {rule_id: _truth(rule_id, fired) for rule_id in self._rulebook.rules}
        row = [judged(known[feature].possible) for feature, judged in self._judges]
        return Trace(self._rulebook, as_of, known, truths, row, self._place)

    def _concluded(self, feature: Feature, fired: set[_Sink]) -> Fact:
        rules = self._rulebook.concluding[feature.id]
        truths = {rule.id: _truth(rule.id, fired) for rule in rules}
        possible = concluded(feature, rules, truths)
        state = State.KNOWN if is_exact(feature, possible) else State.PARTIAL
        return Fact(feature.id, possible, state, source="rules")


def _truth(rule_id: str, fired: set[_Sink]) -> Truth:
    possible = _Sink(rule_id, False) in fired
    if _Sink(rule_id, True) not in fired:
        return UNKNOWN if possible else FALSE
    if not possible:
        message = f"durable-rules finds the rule '{rule_id}' certain and not possible"
        raise EngineError(Problem("E123", message, "No plan is given."))
    return TRUE
