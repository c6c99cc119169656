"""The second engine: the same rulebook on durable-rules, sharing little with the first but its input.

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
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import count, product
from math import isnan, prod
from typing import Any, NamedTuple

from recommender.conditions import (
    FALSE,
    TRUE,
    UNKNOWN,
    All,
    Any_,
    Condition,
    Not,
    Test,
    Truth,
    compile_test,
    rank,
)
from recommender.errors import EngineError, Problem
from recommender.facts import (
    Fact,
    Members,
    Options,
    Possible,
    Span,
    State,
    is_exact,
    member_count,
)
from recommender.rulebook import Rulebook
from recommender.trace import Trace, concluded
from recommender.vocabulary import NUMERIC, ORDERED, Feature, Kind

MOST_LINES = 60
"""In one rule set: each may need a place on the stack of 64."""
MOST_KEYS = 120
"""In one fact."""
MOST_WAYS = 12
"""An `all` of several `any` is multiplied out up to this many conjunctions."""


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


# ------------------------------------------------------------------------------- facts, flat


class _Keys:
    """The keys of the flat facts: what they are called, and what they hold for one patient."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._place = {name: at for at, name in enumerate(rulebook.features)}
        thresholds: dict[str, set[float]] = {}
        for test in rulebook.tests:
            feature = rulebook.features[test.feature]
            if feature.type in NUMERIC and test.name != "known":
                found = thresholds.setdefault(feature.id, set())
                found.update(rank(feature, value) for value in test.values)
        self._thresholds = {name: sorted(found) for name, found in thresholds.items()}

    def name(self, feature: Feature, what: str) -> str:
        """A short key, the same in rules and in facts."""
        return f"f{self._place[feature.id]}{what}"

    def number(self, feature: Feature, value: float) -> int:
        """A value of an ordered feature as a whole number that compares the same way."""
        if feature.type is Kind.ORDINAL:
            return int(value)
        at = self._thresholds.get(feature.id, ())
        return bisect_left(at, value) + bisect_right(at, value)

    def values(self, feature: Feature, possible: Possible) -> Iterator[tuple[str, int]]:
        """Everything a rule may look at. Raises EngineError when the fact does not fit."""
        if not _fits(feature, possible):
            message = f"the fact for '{feature.id}' does not fit the feature"
            raise EngineError(Problem("E122", message, "This is a fault of the program."))
        yield self.name(feature, "known"), int(is_exact(feature, possible))
        if isinstance(possible, Span):
            yield self.name(feature, "lo"), self.number(feature, possible.low)
            yield self.name(feature, "hi"), self.number(feature, possible.high)
        elif isinstance(possible, Options):
            for place in range(len(feature.options)):
                yield self.name(feature, f"may{place}"), possible.mask >> place & 1
        else:
            yield from self._members(feature, possible)

    def _members(self, feature: Feature, possible: Members) -> Iterator[tuple[str, int]]:
        yield self.name(feature, "lo"), possible.present.bit_count()
        yield self.name(feature, "hi"), member_count(feature) - possible.absent.bit_count()
        for place in range(len(feature.values)):
            yield self.name(feature, f"in{place}"), possible.present >> place & 1
            yield self.name(feature, f"may{place}"), 1 - (possible.absent >> place & 1)


def _fits(feature: Feature, possible: object) -> bool:
    """Whether the feature can be this, with at least one value possible."""
    if feature.type in ORDERED:
        if not isinstance(possible, Span) or any(isnan(end) for end in possible):
            return False
        return possible.low <= possible.high
    if feature.type is Kind.SET:
        if not isinstance(possible, Members) or possible.present & possible.absent:
            return False
        return 0 <= possible.present | possible.absent < 1 << member_count(feature)
    return isinstance(possible, Options) and 0 < possible.mask < 1 << len(feature.options)


# ------------------------------------------------------------------------------- rules, flat


class _Literal(NamedTuple):
    """One key of a fact compared with a whole number; `source` settles the key."""

    source: str
    key: str
    operator: str
    value: int

    def definition(self) -> dict[str, Any]:
        """As durable-rules reads it."""
        if self.operator == "$eq":
            return {self.key: self.value}
        return {self.operator: {self.key: self.value}}


_Way = tuple[_Literal, ...]
"""A conjunction; the empty one always holds."""
_Ways = tuple[_Way, ...]
"""Alternatives; none at all never hold."""


class _End(NamedTuple):
    """Where a stretch of values ends; an open end lies outside."""

    value: float
    open: bool = False


_Stretch = tuple[_End | None, _End | None]


class _Flat:
    """Conditions as alternatives of conjunctions, for «certainly» and for «possibly»."""

    def __init__(self, rulebook: Rulebook, keys: _Keys) -> None:
        self._features = rulebook.features
        self._keys = keys
        self.named: dict[_Ways, str] = {}
        """Alternatives settled a step earlier, and the key that then holds the outcome."""

    def ways(self, condition: Condition, *, certain: bool, holds: bool = True) -> _Ways:
        """When the condition certainly, or possibly, holds; with `holds` false: fails."""
        match condition:
            case Test():
                return self._test(condition, certain, holds)
            case Not(part):
                return self.ways(part, certain=certain, holds=not holds)
            case All(parts) | Any_(parts):
                found = [self.ways(part, certain=certain, holds=holds) for part in parts]
                return self._every(found) if isinstance(condition, All) is holds else _either(found)

    def _every(self, parts: list[_Ways]) -> _Ways:
        while prod(len(ways) for ways in parts) > MOST_WAYS:
            widest = max(range(len(parts)), key=lambda at: len(parts[at]))
            key = self.named.setdefault(parts[widest], f"any{len(self.named)}")
            parts[widest] = ((_Literal(key, key, "$eq", 1),),)
        return tuple(
            tuple(dict.fromkeys(literal for way in chosen for literal in way))
            for chosen in product(*parts)
        )

    def _test(self, test: Test, certain: bool, holds: bool) -> _Ways:
        feature = self._features[test.feature]
        if test.name == "known":
            return ((self._is(feature, "known", bool(test.values[0]) is holds),),)
        if feature.type is Kind.SET:
            return self._set(test, feature, certain, holds)
        if feature.type in ORDERED:
            met = _stretches(test, feature)
            return tuple(self._within(feature, s, certain) for s in (met if holds else _rest(met)))
        return self._options(test, feature, certain, holds)

    def _is(self, feature: Feature, what: str, wanted: bool) -> _Literal:
        return _Literal(feature.id, self._keys.name(feature, what), "$eq", int(wanted))

    def _options(self, test: Test, feature: Feature, certain: bool, holds: bool) -> _Ways:
        allowed, others = [], []
        for place, value in enumerate(feature.options):
            (allowed if (value in test.values) is holds else others).append(f"may{place}")
        if certain:
            return (tuple(self._is(feature, may, False) for may in others),)
        return tuple((self._is(feature, may, True),) for may in allowed)

    def _set(self, test: Test, feature: Feature, certain: bool, holds: bool) -> _Ways:
        if test.name == "empty":
            size = self._keys.name(feature, "hi" if certain is holds else "lo")
            return ((_Literal(feature.id, size, "$lte" if holds else "$gte", int(not holds)),),)
        seen = "in" if certain is holds else "may"
        members = [feature.position[value] for value in dict.fromkeys(test.values)]
        literals = tuple(self._is(feature, f"{seen}{at}", holds) for at in members)
        if (test.name == "includes_all") is holds:
            return (literals,)
        return tuple((literal,) for literal in literals)

    def _within(self, feature: Feature, stretch: _Stretch, certain: bool) -> _Way:
        """Certainly: the fact's two ends lie inside. Possibly: fact and stretch overlap."""
        low, high = stretch
        first, last = ("lo", "hi") if certain else ("hi", "lo")
        way = []
        if low is not None:
            way.append(self._compare(feature, first, "$gt" if low.open else "$gte", low))
        if high is not None:
            way.append(self._compare(feature, last, "$lt" if high.open else "$lte", high))
        return tuple(way)

    def _compare(self, feature: Feature, what: str, operator: str, end: _End) -> _Literal:
        number = self._keys.number(feature, end.value)
        return _Literal(feature.id, self._keys.name(feature, what), operator, number)


def _either(parts: Iterable[_Ways]) -> _Ways:
    return tuple(dict.fromkeys(way for ways in parts for way in ways))


def _stretches(test: Test, feature: Feature) -> list[_Stretch]:
    """The values that meet a test of an ordered feature, least first, none touching the next."""
    at = [rank(feature, value) for value in test.values]
    match test.name:
        case "at_least":
            return [(_End(at[0]), None)]
        case "more_than":
            return [(_End(at[0], open=True), None)]
        case "at_most":
            return [(None, _End(at[0]))]
        case "less_than":
            return [(None, _End(at[0], open=True))]
        case "between":
            return [(_End(at[0]), _End(at[1]))]
    runs: list[tuple[float, float]] = []
    for value in sorted(set(at)):
        # Nothing lies between neighbouring whole numbers; between decimals something always does.
        if runs and feature.type is not Kind.DECIMAL and value == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], value)
        else:
            runs.append((value, value))
    return [(_End(first), _End(last)) for first, last in runs]


def _rest(stretches: Sequence[_Stretch]) -> Iterator[_Stretch]:
    """What the stretches leave out."""
    start: _End | None = None
    for low, high in stretches:
        if low is not None:
            yield start, _End(low.value, not low.open)
        if high is None:
            return
        start = _End(high.value, not high.open)
    yield start, None


# ------------------------------------------------------------------------------- steps, rule sets


class _Sink(NamedTuple):
    """What a firing means: that a rule certainly or possibly holds, or a named alternative."""

    name: str
    certain: bool


class _Line(NamedTuple):
    """One conjunction and what it means when it fires."""

    way: _Way
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

    def __init__(self, settled_by: Mapping[str, Sequence[_Way]]) -> None:
        self._settled_by = settled_by
        self._after: dict[str, int] = {}

    def after(self, source: str) -> int:
        """How many steps must have run before the keys of a source can be read."""
        if source not in self._after:
            ways = self._settled_by.get(source)
            last = -1 if ways is None else max(map(self.step, ways), default=0)
            self._after[source] = last + 1
        return self._after[source]

    def step(self, way: _Way) -> int:
        """The step in which a conjunction can be judged."""
        return max((self.after(literal.source) for literal in way), default=0)


def _steps(rulebook: Rulebook, lines: Sequence[_Line], named: Mapping[_Ways, str]) -> list[_Step]:
    settled_by: dict[str, Sequence[_Way]] = {key: ways for ways, key in named.items()}
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
        rules: dict[str, Any] = {"always": self._rule((), lambda _: None)}
        for n, line in enumerate(rule_set.lines):
            rules[f"line{n}"] = self._rule(line.way, self._action(line.sink))
        return rules

    def _rule(self, way: _Way, run: Callable[[Any], None]) -> dict[str, Any]:
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
            except Exception as error:
                raise _failed(type(error).__name__) from None  # its text holds the fact
            finally:
                del self._fired[session]
        if not isinstance(state, dict) or "exception" in state:
            raise _failed("an action was lost")
        return fired


def _failed(how: str) -> EngineError:
    hint = "No plan is given. The native engine does not need durable-rules."
    return EngineError(Problem("E121", f"durable-rules failed: {how}", hint))


# ------------------------------------------------------------------------------- the program


class Program:
    """A rulebook made ready for durable-rules; made once, since the library gives nothing back."""

    def __init__(self, rulebook: Rulebook, inactive: frozenset[str]) -> None:
        self._rulebook = rulebook
        self._keys = _Keys(rulebook)
        flat = _Flat(rulebook, self._keys)
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
