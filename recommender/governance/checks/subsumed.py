"""G05: two rules of one effect, of which one always does what the other does.

*What it checks.* Among rules that say the same, whether one fires, and is unknown, only where the
other is at least that; where that holds both ways they are duplicates.
*Why it matters.* A copy is changed in one place and forgotten in the other.
*Wrong.* Two rules that recommend the same in the same way from PHQ-9 10 and from PHQ-9 15.
*Right.* Keep the wider one, or give the narrower one an effect of its own.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator
from itertools import combinations
from typing import Any

from recommender.conditions import FALSE, TRUE, Truth
from recommender.governance.findings import Finding
from recommender.governance.run import Check, Run, found
from recommender.rules import EVERY_VERB_KEYS, Rule

REASONS = (EVERY_VERB_KEYS - {"certainty"}) | {"justify"}
"""Keys that say when and why, and not what follows."""


def subsumed(run: Run, check: Check) -> Iterator[Finding]:
    """G05: each rule that another of the same effect makes needless."""
    alike: dict[Hashable, list[Rule]] = defaultdict(list)
    for rule in run.world.active:
        if not _never(run, rule):
            alike[_effect(rule)].append(rule)
    for rules in alike.values():
        for first, second in combinations(rules, 2):
            yield from _compared(run, check, first, second)


def _never(run: Run, rule: Rule) -> bool:
    """Whether it fires for nobody: then it is dead, and not a copy."""
    return run.people.cut(run.world.where(run.world.truth(rule), TRUE)) == run.world.no


def _effect(rule: Rule) -> Hashable:
    written = rule.text.model_dump(mode="json", by_alias=True, exclude=None)
    if rule.verb.value == "recommend":
        written["certainty"] = rule.certainty.value
    else:
        written.pop("certainty", None)
    said = {key: value for key, value in written.items() if key not in REASONS}
    return _frozen(said)


def _frozen(value: Any) -> Hashable:
    if isinstance(value, dict):
        return tuple((key, _frozen(inner)) for key, inner in sorted(value.items()))
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _compared(run: Run, check: Check, first: Rule, second: Rule) -> Iterator[Finding]:
    below, above = _within(run, first, second), _within(run, second, first)
    if below and above:
        yield _needless(run, check, second, first, "the same rule twice: see")
    elif below:
        yield _needless(run, check, first, second, "always covered by")
    elif above:
        yield _needless(run, check, second, first, "always covered by")


def _within(run: Run, inner: Rule, outer: Rule) -> bool:
    """Whether the inner rule is nowhere truer than the outer one."""
    world = run.world
    nodes = world.truth(inner), world.truth(outer)
    more = world.conditions.join(_truer, *nodes)
    return run.people.cut(more) == world.no


def _truer(inner: Truth, outer: Truth) -> Truth:
    return TRUE if inner > outer else FALSE


def _needless(run: Run, check: Check, rule: Rule, other: Rule, why: str) -> Finding:
    return found(run, check, rule, f"{why} {other.id}", details={"other": other.id})
