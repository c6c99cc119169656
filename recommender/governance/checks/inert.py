"""G02: a part of a condition that never matters.

*What it checks.* Each test in each rule: that somebody's plan would be another if it came out
otherwise. And whether it could be left out, other things saying the same: that is information.
*Why it matters.* A threshold that decides nothing looks like a criterion and is none.
*Wrong.* `when: {any: [{phq9: {at_least: 10}}, {phq9: {at_least: 15}}]}`: the second never matters.
*Right.* Leave the part out.
"""

from collections.abc import Iterator
from dataclasses import replace

from recommender.conditions import ALWAYS, AnyOf, Condition, Test, say_test
from recommender.governance.checks.needless import compared, is_missed
from recommender.governance.comparing.pair import Difference, Pair
from recommender.governance.findings import Finding, Severity
from recommender.governance.mutation.trees import Place, atoms, replaced
from recommender.governance.mutation.trees import without as left_out
from recommender.governance.run import Check, Run, found
from recommender.rulebook import Rulebook
from recommender.rules import Rule, Verb

NEVER: Condition = AnyOf(())


def inert(run: Run, check: Check) -> Iterator[Finding]:
    """G02: each test that decides nothing. What decides nothing as a whole is left to G04."""
    for rule in run.world.active:
        felt = None
        if rule.verb is not Verb.CONCLUDE:
            felt = _Felt(_as_if(run, rule, ALWAYS, NEVER))
        if not (is_missed(run, rule) if felt is None else felt.anywhere):
            continue
        for place, test in atoms(rule.condition):
            if not _matters(run, rule, place, felt):
                yield _told(run, check, rule, place, test)


def _told(run: Run, check: Check, rule: Rule, place: Place, test: Test) -> Finding:
    words = say_test(test, run.rulebook.features[test.feature])
    details = {"place": ".".join(map(str, ("when", *place)))}
    yes, no = (replaced(rule.condition, place, end) for end in (ALWAYS, NEVER))
    ways = [(yes, no), (rule.condition, yes)]
    if any(next(_as_if(run, rule, *way).differences(), None) is not None for way in ways):
        why = f"«{words}» could be left out: nobody's plan would be another"
        made = found(run, check, rule, why, details=details)
        return replace(made, severity=Severity.INFO)
    why = f"it makes no difference whether «{words}» holds"
    return found(run, check, rule, why, details=details)


class _Felt:
    """The ways in which it is felt whether a rule holds, found as far as they are asked for."""

    def __init__(self, pair: Pair) -> None:
        self._more = pair.differences()
        self._found: list[Difference] = []

    def __iter__(self) -> Iterator[Difference]:
        yield from self._found
        for one in self._more:
            self._found.append(one)
            yield one

    @property
    def anywhere(self) -> bool:
        """Whether it is felt at all."""
        return next(iter(self), None) is not None


def _matters(run: Run, rule: Rule, place: Place, felt: _Felt | None) -> bool:
    """Whether somebody's plan would be another without the test."""
    less = left_out(rule.condition, place)
    if felt is not None:
        conditions = run.world.conditions
        turned = conditions.join(_apart, conditions.of(rule.condition), conditions.of(less))
        if any(run.world.meet(turned, one.where) for one in felt):
            return True
    return next(_as_if(run, rule, rule.condition, less).differences(), None) is not None


def _apart(one: int, other: int) -> int:
    """TRUE where one is true and the other false."""
    return 2 if abs(one - other) == 2 else 0


def _as_if(run: Run, rule: Rule, one: Condition, other: Condition) -> Pair:
    """The rulebook with the rule's condition in two ways."""
    first, second = _with(run.rulebook, rule, one), _with(run.rulebook, rule, other)
    return compared(run, rule, first, second)


def _with(rulebook: Rulebook, rule: Rule, condition: Condition) -> Rulebook:
    if condition is rule.condition:
        return rulebook
    changed = replace(rule, condition=condition)
    return rulebook.with_rules({**rulebook.rules, rule.id: changed})
