"""The meaning of `when`: true, false or unknown over what is still possible, and how to say it.

In: the mapping written in a rule, and the vocabulary it may use. Out: a frozen Condition, which can
be compiled, read aloud, and asked which of its tests decided. Refused: tests that do not fit the
type of their feature, values outside its list or range, and empty lists.

Truth is an int so that `all` is min, `any` is max and `not` is 2 - x (Kleene).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from recommender.errors import did_you_mean
from recommender.facts import Span, is_exact, member_count
from recommender.vocabulary import NUMERIC, ORDERED, Feature, Kind, Scalar

FALSE: Final = 0
UNKNOWN: Final = 1
TRUE: Final = 2
Truth = int

Path = tuple[str | int, ...]
Report = Callable[[Path, str, str, str], None]
"""Takes where inside the condition, a code, a message and a hint."""

Judge = Callable[[Any], Truth]

EQUALITY = ("is", "in")
COMPARISONS = ("at_least", "more_than", "at_most", "less_than", "between")
SET_TESTS = ("includes", "includes_any", "includes_all", "empty")
TESTS = (*EQUALITY, *COMPARISONS, *SET_TESTS, "known")


@dataclass(frozen=True, slots=True)
class Test:
    """One question about one feature; `values` are in the feature's own words."""

    feature: str
    name: str
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part must hold; an empty one always does."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part must hold."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part must not hold."""

    part: "Condition"


Condition = Test | AllOf | AnyOf | Not
ALWAYS: Final = AllOf(())


# ------------------------------------------------------------------------------- reading


def parse(when: object, features: Mapping[str, Feature], report: Report) -> Condition:
    """Read a `when` mapping; what is wrong goes to `report`, and a condition comes back anyway."""
    return _Parser(features, report).mapping(when, ())


class _Parser:
    def __init__(self, features: Mapping[str, Feature], report: Report) -> None:
        self._features = features
        self._report = report

    def mapping(self, when: object, path: Path) -> Condition:
        if not isinstance(when, Mapping):
            self._report(path, "C310", "a condition is a mapping of features to tests", "")
            return ALWAYS
        parts = [self._line(key, value, (*path, key)) for key, value in when.items()]
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _line(self, key: str, value: object, path: Path) -> Condition:
        if key == "not":
            return Not(self.mapping(value, path))
        if key in ("all", "any"):
            return self._several(key, value, path)
        feature = self._features.get(key)
        if feature is None:
            hint = did_you_mean(key, list(self._features))
            where = "Features are listed in rules/vocabulary/features.yaml."
            self._report(path, "C311", f"unknown feature '{key}'", f"{hint} {where}".strip())
            return ALWAYS
        return self._tests(feature, value, path)

    def _several(self, key: str, value: object, path: Path) -> Condition:
        if not isinstance(value, Sequence) or isinstance(value, str) or not value:
            message = f"'{key}' takes a list of conditions with at least one in it"
            self._report(path, "C312", message, "An empty list would always or never hold.")
            return ALWAYS
        parts = tuple(self.mapping(part, (*path, n)) for n, part in enumerate(value))
        return AllOf(parts) if key == "all" else AnyOf(parts)

    def _tests(self, feature: Feature, value: object, path: Path) -> Condition:
        if isinstance(value, Mapping):
            tests = tuple(self._test(feature, n, v, (*path, n)) for n, v in value.items())
            if not tests:
                self._report(path, "C312", f"no test is written for '{feature.id}'", "")
            return tests[0] if len(tests) == 1 else AllOf(tests)
        return self._test(feature, "in" if isinstance(value, list) else "is", value, path)

    def _test(self, feature: Feature, name: str, value: object, path: Path) -> Condition:
        if name not in TESTS:
            hint = did_you_mean(name, TESTS)
            self._report(path, "C313", f"'{name}' is no test", hint)
            return ALWAYS
        if not _suits(name, feature.type):
            message = f"'{name}' is a test for {_suited(name)}; {feature.id} is {feature.type}"
            self._report(path, "C314", message, f"Tests that fit: {', '.join(_fitting(feature))}.")
            return ALWAYS
        values = self._values(feature, name, value, path)
        return Test(feature.id, name, values) if values is not None else ALWAYS

    def _values(
        self, feature: Feature, name: str, value: object, path: Path
    ) -> tuple[Scalar, ...] | None:
        if name in ("empty", "known"):
            if not isinstance(value, bool) or (name == "empty" and not value):
                allowed = "true" if name == "empty" else "true or false"
                self._report(path, "C315", f"'{name}' takes {allowed}", "")
                return None
            return (value,)
        listed = value if isinstance(value, list) else [value]
        if name in ("in", "includes_any", "includes_all", "between"):
            if not isinstance(value, list) or not value:
                self._report(path, "C315", f"'{name}' takes a list of values", "")
                return None
        elif isinstance(value, list):
            self._report(
                path, "C315", f"'{name}' takes one value", "For several, write a list test."
            )
            return None
        if any(not self._allowed(feature, one, path) for one in listed):
            return None
        if name == "between" and not self._ordered(feature, listed, path):
            return None
        return tuple(listed)

    def _allowed(self, feature: Feature, value: object, path: Path) -> bool:
        wrong = misfit(feature, value)
        if wrong:
            self._report(path, "C316", wrong, did_you_mean(value, [str(v) for v in feature.values]))
        return not wrong

    def _ordered(self, feature: Feature, ends: list[Any], path: Path) -> bool:
        if len(ends) == 2 and rank(feature, ends[0]) <= rank(feature, ends[1]):
            return True
        self._report(path, "C317", "'between' takes two values, the lower end first", "")
        return False


def misfit(feature: Feature, value: object) -> str:
    """Why `value` is no value of the feature; '' when it is one."""
    if feature.type in NUMERIC:
        whole = feature.type is Kind.INTEGER
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            needed = "a whole number" if whole else "a number"
            return f"{feature.id} needs {needed}, and '{value}' is {_typed(value)}"
        assert feature.range is not None
        low, high = feature.range
        return "" if low <= value <= high else f"{value} is outside {low} to {high} of {feature.id}"
    if not isinstance(value, str | bool) or value not in feature.position:
        listed = ", ".join(str(option).lower() for option in feature.options)
        return f"'{value}' is no value of {feature.id} ({listed})"
    return (
        "" if isinstance(value, bool) == (feature.type is Kind.BOOLEAN) else "needs true or false"
    )


def _typed(value: object) -> str:
    return "text" if isinstance(value, str) else type(value).__name__


def rank(feature: Feature, value: Scalar) -> float:
    """The place of a value among the ordered values of its feature."""
    if feature.type in NUMERIC:
        assert isinstance(value, int | float)
        return value
    return feature.position[value]


def _suits(name: str, kind: Kind) -> bool:
    if name == "known":
        return True
    if kind is Kind.SET:
        return name in SET_TESTS
    return name in EQUALITY or (name in COMPARISONS and kind in ORDERED)


def _suited(name: str) -> str:
    if name in SET_TESTS:
        return "sets"
    return "numbers and ordinals" if name in COMPARISONS else "single values"


def _fitting(feature: Feature) -> list[str]:
    return [name for name in TESTS if _suits(name, feature.type)]


# ------------------------------------------------------------------------------- judging

Interval = tuple[float, float]


def compile_test(test: Test, feature: Feature) -> Judge:
    """A function from what is possible for the feature to TRUE, UNKNOWN or FALSE."""
    if test.name == "known":
        wanted = test.values[0]
        return lambda possible: TRUE if is_exact(feature, possible) is wanted else FALSE
    if feature.type is Kind.SET:
        return _set_judge(test, feature)
    if feature.type in ORDERED:
        return _ordered_judge(test, feature)
    mask = allowed_mask(test, feature)
    return lambda possible: (
        FALSE if not possible[0] & mask else UNKNOWN if possible[0] & ~mask else TRUE
    )


def allowed_mask(test: Test, feature: Feature) -> int:
    """The values of a choice or boolean that meet the test, one bit each."""
    return sum(1 << place for value, place in feature.position.items() if value in test.values)


def member_mask(test: Test, feature: Feature) -> int:
    """The members a set test looks at, one bit each; `empty` looks at all."""
    if test.name == "empty":
        return (1 << member_count(feature)) - 1
    return sum(1 << feature.position[value] for value in set(test.values))


def _set_judge(test: Test, feature: Feature) -> Judge:
    mask = member_mask(test, feature)
    if test.name == "empty":
        return lambda p: FALSE if p[0] & mask else TRUE if p[1] & mask == mask else UNKNOWN
    if test.name == "includes_all":
        return lambda p: TRUE if p[0] & mask == mask else FALSE if p[1] & mask else UNKNOWN
    return lambda p: TRUE if p[0] & mask else FALSE if p[1] & mask == mask else UNKNOWN


def allowed_intervals(test: Test, feature: Feature) -> list[tuple[Interval, bool, bool]]:
    """The stretches of an ordered feature that meet the test: (ends, low open, high open).

    Whole numbers and ordinals come merged and closed; a decimal's strict ends stay open.
    """
    low, high = _ends(feature)
    at = [rank(feature, value) for value in test.values]
    step = 0 if feature.type is Kind.DECIMAL else 1
    match test.name:
        case "at_least":
            return [((at[0], high), False, False)]
        case "at_most":
            return [((low, at[0]), False, False)]
        case "more_than":
            return [((at[0] + step, high), not step, False)]
        case "less_than":
            return [((low, at[0] - step), False, not step)]
        case "between":
            return [((at[0], at[1]), False, False)]
    return [(ends, False, False) for ends in _merged(sorted(set(at)), step)]


def _ends(feature: Feature) -> Interval:
    return feature.range if feature.range is not None else (0, len(feature.values) - 1)


def _merged(points: Sequence[float], step: int) -> Iterator[Interval]:
    start = previous = points[0]
    for point in points[1:]:
        if not step or point != previous + step:
            yield start, previous
            start = point
        previous = point
    yield start, previous


def _ordered_judge(test: Test, feature: Feature) -> Judge:
    stretches = allowed_intervals(test, feature)
    if len(stretches) > 1:
        return _several_stretches([ends for ends, _, _ in stretches])
    (a, b), open_low, open_high = stretches[0]
    low, high = _ends(feature)
    if open_low:
        return lambda p: TRUE if p[0] > a else FALSE if p[1] <= a else UNKNOWN
    if open_high:
        return lambda p: TRUE if p[1] < b else FALSE if p[0] >= b else UNKNOWN
    if b >= high:
        return lambda p: TRUE if p[0] >= a else FALSE if p[1] < a else UNKNOWN
    if a <= low:
        return lambda p: TRUE if p[1] <= b else FALSE if p[0] > b else UNKNOWN
    return lambda p: TRUE if a <= p[0] and p[1] <= b else FALSE if p[1] < a or p[0] > b else UNKNOWN


def _several_stretches(stretches: list[Interval]) -> Judge:
    def judge(possible: Span) -> Truth:
        low, high = possible
        if any(a <= low and high <= b for a, b in stretches):
            return TRUE
        return UNKNOWN if any(low <= b and a <= high for a, b in stretches) else FALSE

    return judge


def judge(condition: Condition, truth: Callable[[Test], Truth]) -> Truth:
    """The truth of a condition, given that of its tests: the plain meaning, nothing cached."""
    match condition:
        case AllOf(parts):
            return min((judge(part, truth) for part in parts), default=TRUE)
        case AnyOf(parts):
            return max(judge(part, truth) for part in parts)
        case Not(part):
            return TRUE - judge(part, truth)
        case Test():
            return truth(condition)


def compile_condition(
    condition: Condition, place: Mapping[Test, int]
) -> Callable[[Sequence[Truth]], Truth]:
    """The same as a function of a row of test values; `place` says where each test stands in it."""
    match condition:
        case Test():
            at = place[condition]
            return lambda row: row[at]
        case Not(part):
            inner = compile_condition(part, place)
            return lambda row: TRUE - inner(row)
        case AllOf(parts):
            return _lowest(parts, place)
        case AnyOf(parts):
            return _highest(parts, place)


def _lowest(
    parts: tuple[Condition, ...], place: Mapping[Test, int]
) -> Callable[[Sequence[Truth]], Truth]:
    simple = [place[part] for part in parts if isinstance(part, Test)]
    inner = [compile_condition(part, place) for part in parts if not isinstance(part, Test)]

    def lowest(row: Sequence[Truth]) -> Truth:
        found = TRUE
        for at in simple:
            if row[at] < found:
                found = row[at]
                if not found:
                    return FALSE
        for part in inner:
            value = part(row)
            if value < found:
                found = value
                if not found:
                    return FALSE
        return found

    return lowest


def _highest(
    parts: tuple[Condition, ...], place: Mapping[Test, int]
) -> Callable[[Sequence[Truth]], Truth]:
    simple = [place[part] for part in parts if isinstance(part, Test)]
    inner = [compile_condition(part, place) for part in parts if not isinstance(part, Test)]

    def highest(row: Sequence[Truth]) -> Truth:
        found = FALSE
        for at in simple:
            if row[at] > found:
                found = row[at]
                if found == TRUE:
                    return TRUE
        for part in inner:
            value = part(row)
            if value > found:
                found = value
                if found == TRUE:
                    return TRUE
        return found

    return highest


# ------------------------------------------------------------------------------- asking


def tests_of(condition: Condition) -> Iterator[Test]:
    """Every test of a condition, in the order written."""
    match condition:
        case Test():
            yield condition
        case Not(part):
            yield from tests_of(part)
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from tests_of(part)


def deciding(condition: Condition, truth: Callable[[Test], Truth]) -> tuple[Test, ...]:
    """The tests that made the condition what it is: those a reason has to name.

    True: the tests that hold. False: the first nearest ones that fail. Unknown: those still open
    that could decide it; what another part has decided already is left out.
    """
    return tuple(dict.fromkeys(_deciding(condition, judge(condition, truth), truth)))


def _deciding(condition: Condition, value: Truth, truth: Callable[[Test], Truth]) -> Iterable[Test]:
    match condition:
        case Test():
            yield condition
        case Not(part):
            yield from _deciding(part, TRUE - value, truth)
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                if judge(part, truth) == value:
                    yield from _deciding(part, value, truth)


Reasons = Callable[[Sequence[Truth], Truth], tuple[Test, ...]]


def compile_deciding(condition: Condition, place: Mapping[Test, int]) -> Reasons:
    """`deciding` as a function of a row of test values and the condition's own truth in it."""
    match condition:
        case Test():
            return _itself(condition)
        case Not(part):
            inner = compile_deciding(part, place)
            return lambda row, truth: inner(row, TRUE - truth)
        case AllOf(parts) | AnyOf(parts):
            simple = list(dict.fromkeys((place[p], p) for p in parts if isinstance(p, Test)))
            if len(simple) == len(parts):
                return lambda row, truth: tuple([p for at, p in simple if row[at] == truth])
            return _deciding_parts(parts, place)


def _itself(test: Test) -> Reasons:
    alone = (test,)

    def decided(_row: Sequence[Truth], _truth: Truth) -> tuple[Test, ...]:
        return alone

    return decided


def _deciding_parts(parts: tuple[Condition, ...], place: Mapping[Test, int]) -> Reasons:
    compiled = [(compile_condition(part, place), compile_deciding(part, place)) for part in parts]

    def decided(row: Sequence[Truth], truth: Truth) -> tuple[Test, ...]:
        speaking = [tests(row, truth) for value, tests in compiled if value(row) == truth]
        if len(speaking) == 1:
            return speaking[0]
        return tuple(dict.fromkeys(test for tests in speaking for test in tests))

    return decided


def true_parts(
    condition: Condition, truth: Callable[[Test], Truth], *, wanted: Truth = TRUE
) -> Iterator[Test]:
    """The tests that speak for the condition: true ones, and under a `not` false ones."""
    match condition:
        case Test():
            if truth(condition) == wanted:
                yield condition
        case Not(part):
            yield from true_parts(part, truth, wanted=TRUE - wanted)
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from true_parts(part, truth, wanted=wanted)


# ------------------------------------------------------------------------------- saying

_WORDS = {
    "at_least": "at least {}",
    "more_than": "more than {}",
    "at_most": "at most {}",
    "less_than": "less than {}",
    "between": "between {} and {}",
    "includes": "includes {}",
}


def say_test(test: Test, feature: Feature) -> str:
    """A test as plain words, with the feature's label: «Rumination is high»."""
    values = [say_value(value) for value in test.values]
    if test.name == "known":
        return f"{feature.label} is {'known' if test.values[0] else 'not known'}"
    if test.name == "empty":
        return f"{feature.label}: none"
    if feature.type is Kind.BOOLEAN and len(values) == 1:
        return f"{feature.label}: {'yes' if test.values[0] else 'no'}"
    if test.name in ("is", "in"):
        return f"{feature.label} is {_either(values)}"
    if test.name in ("includes_any", "includes_all"):
        joiner = " or " if test.name == "includes_any" else " and "
        return f"{feature.label} includes {_either(values, joiner)}"
    verb = "" if test.name == "includes" else "is "
    return f"{feature.label} {verb}{_WORDS[test.name].format(*values)}"


def say(condition: Condition, features: Mapping[str, Feature]) -> str:
    """A whole condition in one line of plain words."""
    match condition:
        case Test():
            return say_test(condition, features[condition.feature])
        case Not(part):
            return f"not ({say(part, features)})"
        case AllOf(parts):
            return " and ".join(_bracketed(part, features) for part in parts) or "always"
        case AnyOf(parts):
            return " or ".join(_bracketed(part, features) for part in parts)


def _bracketed(condition: Condition, features: Mapping[str, Feature]) -> str:
    said = say(condition, features)
    return f"({said})" if isinstance(condition, AllOf | AnyOf) else said


def say_value(value: Scalar) -> str:
    """A value as plain words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.replace("_", " ") if isinstance(value, str) else f"{value:g}"


def _either(values: Sequence[str], joiner: str = " or ") -> str:
    return values[0] if len(values) == 1 else ", ".join(values[:-1]) + joiner + values[-1]


def say_values(test: Test) -> str:
    """The test without its feature, as it is written in a rule: «at_least 60»."""
    values = [
        str(value).lower() if isinstance(value, bool) else f"{value}" for value in test.values
    ]
    return f"{test.name} {values[0] if len(values) == 1 else '[' + ', '.join(values) + ']'}"
