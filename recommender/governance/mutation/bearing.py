"""Which rules bear the safety of a rulebook: every change of one of these has to be noticed.

Those that exclude or refer; those whose verb speaks of an adaptation, a pathway or a question that
an invariant names in what must or must not be; and those that conclude what one of these, or an
invariant, goes by. It is read off the rules as written, so that anybody can see why a rule is one.
"""

from collections.abc import Iterator

from recommender.conditions import Condition, tests_of
from recommender.rulebook import Rulebook
from recommender.rules import Invariant, Outcome, Rule, Verb


def bearing(rulebook: Rulebook) -> frozenset[str]:
    """The ids of the rules that bear safety."""
    outcomes = {one for inv in rulebook.invariants.values() for one in _named(inv)}
    found = {rule.id for rule in rulebook.rules.values() if _bears(rule, outcomes)}
    conditions = [rulebook.rules[name].condition for name in sorted(found)]
    conditions += [inv.condition for inv in rulebook.invariants.values() if inv.condition]
    for condition in conditions:
        found.update(_concluding(condition, rulebook))
    return frozenset(found)


def _named(invariant: Invariant) -> Iterator[tuple[str, str]]:
    """The kind and the name of each outcome an invariant speaks about."""
    text = invariant.text
    outcomes: list[Outcome | None] = [text.never, text.always, *(text.cover or [])]
    if text.monotone is not None:
        outcomes.append(text.monotone.keeps)
    for outcome in filter(None, outcomes):
        kind, names = outcome.named
        yield from ((kind, name) for name in names)


def _bears(rule: Rule, outcomes: set[tuple[str, str]]) -> bool:
    match rule.verb:
        case Verb.EXCLUDE | Verb.REFER:
            return True
        case Verb.RECOMMEND:
            kinds = ("recommended", "excluded", "withheld", "held")
            return any((kind, rule.targets[0]) in outcomes for kind in kinds)
        case Verb.ASK:
            return ("asked", str(rule.text.ask)) in outcomes
    return False


def _concluding(condition: Condition, rulebook: Rulebook) -> Iterator[str]:
    """The rules that conclude what a condition asks about, and what these ask about."""
    for test in tests_of(condition):
        for rule in rulebook.concluding.get(test.feature, ()):
            yield rule.id
            yield from _concluding(rule.condition, rulebook)
