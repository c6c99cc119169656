"""Mutants: a rule changed in one small way each, to see whether anybody would notice.

In: a rule and its rulebook. Out: its mutants, in a fixed order. What changes the wording alone is
left alone, and so is a `gate`, which changes no plan. A change that means the same as the rule
itself, or as a mutant made before, is not made: it would count twice.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from recommender.conditions import AllOf, AnyOf, Condition, Not, Test, say
from recommender.governance.mutation.mutated_tests import Scale, scale_of, variants
from recommender.governance.mutation.operators import Operator
from recommender.governance.mutation.trees import (
    Place,
    meaning,
    places,
    replaced,
    under_not,
    without,
)
from recommender.rulebook import Rulebook
from recommender.rules import IfNotKnown, Role, Rule, Verb
from recommender.vocabulary import ORDERED

_MAY_ASK_KNOWN = (Verb.ASK, Verb.FLAG)
_OTHER_ROLE = {
    Role.FOUNDATION: Role.ADJUNCT,
    Role.ADJUNCT: Role.FOUNDATION,
    Role.PREPARATORY: Role.ADJUNCT,
    Role.MAINTENANCE: Role.ADJUNCT,
}
_LISTS: Mapping[Verb, tuple[tuple[str, int], ...]] = {
    Verb.EXCLUDE: (("exclude", 2),),
    Verb.CAUTION: (("caution", 2),),
    Verb.TAILOR: (("tailor", 2),),
    Verb.REFER: (("hold", 1), ("answered_by", 1)),
    Verb.ASK: (("for_", 2),),
    Verb.CHOOSE_ONE: (("choose_one", 3),),
    Verb.TOGETHER: (("together", 3),),
}
"""The lists of a verb, and how many members one needs for one to be dropped."""


@dataclass(frozen=True)
class Mutant:
    """One rule with one small change."""

    rule: str
    operator: Operator
    place: str
    """Where in the rule: `when`, `when.1.0` for a part of it, or the key of another line."""
    before: str
    after: str
    """What stood there and what stands there now, in words; empty for what is gone."""
    mutated: Rule | None
    """The changed rule; None where it is dropped."""

    def rules(self, rulebook: Rulebook) -> dict[str, Rule]:
        """The rules of the rulebook with this one changed, by id."""
        found = dict(rulebook.rules)
        if self.mutated is None:
            del found[self.rule]
        else:
            found[self.rule] = self.mutated
        return found


def mutants(rulebook: Rulebook, rules: Sequence[str] | None = None) -> Iterator[Mutant]:
    """The mutants of every rule that is not retired, or of these, by rule id."""
    making = _Making(rulebook)
    for rule in rulebook.rules.values():
        if rule.status != "retired" and (rules is None or rule.id in rules):
            yield from making.of(rule)


class _Making:
    """Makes mutants for one rulebook."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._rulebook = rulebook
        self._features = rulebook.features
        self._scales: dict[str, Scale] = {}

    def of(self, rule: Rule) -> Iterator[Mutant]:
        seen = {self._meaning(rule)}
        for mutant in self._every(rule):
            if mutant.mutated is not None:
                key = self._meaning(mutant.mutated)
                if key in seen:
                    continue
                seen.add(key)
            yield mutant

    def _meaning(self, rule: Rule) -> Hashable:
        return meaning(rule.condition, self._features), _Text(rule)

    def _every(self, rule: Rule) -> Iterator[Mutant]:
        yield Mutant(rule.id, Operator.DROP_RULE, "rule", rule.text.title, "", None)
        for place, part in places(rule.condition):
            for operator, other in self._changed(rule, place, part):
                condition = replaced(rule.condition, place, other)
                yield self._at(rule, place, operator, part, other, condition)
            if not isinstance(part, AllOf) or place:
                condition = without(rule.condition, place)
                yield self._at(rule, place, Operator.DROP_BRANCH, part, None, condition)
        yield from _of_verb(rule, self._rulebook)

    def _at(
        self,
        rule: Rule,
        place: Place,
        operator: Operator,
        before: Condition,
        after: Condition | None,
        condition: Condition,
    ) -> Mutant:
        return Mutant(
            rule.id,
            operator,
            ".".join(map(str, ("when", *place))),
            say(before, self._features),
            say(after, self._features) if after is not None else "",
            replace(rule, condition=condition),
        )

    def _changed(
        self, rule: Rule, place: Place, part: Condition
    ) -> Iterator[tuple[Operator, Condition]]:
        """One part of a condition, changed; places below it are changed on their own."""
        match part:
            case Test():
                yield from variants(part, self._scale(part.feature))
                yield Operator.NEGATE, Not(part)
                if rule.verb in _MAY_ASK_KNOWN and under_not(rule.condition, place):
                    yield from self._unknown_told(part)
            case Not(inner) if not isinstance(inner, Test):
                yield Operator.NEGATE, inner
            case AllOf(parts) if len(parts) > 1:
                yield Operator.ALL_ANY, AnyOf(parts)
            case AnyOf(parts) if len(parts) > 1:
                yield Operator.ALL_ANY, AllOf(parts)

    def _unknown_told(self, test: Test) -> Iterator[tuple[Operator, Condition]]:
        """As the format lets an `ask` or a `flag` write it."""
        if test.name != "known":
            known = Test(test.feature, "known", (True,))
            yield Operator.UNKNOWN_AS_FALSE, AllOf((test, known))
            yield Operator.UNKNOWN_AS_TRUE, AnyOf((test, Test(test.feature, "known", (False,))))

    def _scale(self, feature: str) -> Scale:
        if feature not in self._scales:
            self._scales[feature] = scale_of(self._features[feature], self._rulebook)
        return self._scales[feature]


class _Text:
    """What a rule's verb says, to be compared and hashed."""

    __slots__ = ("_key",)

    def __init__(self, rule: Rule) -> None:
        text = rule.text
        self._key = rule.verb, repr([getattr(text, name) for name in _ACTING])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Text) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


_ACTING = (
    *(verb.value for verb in Verb),
    *("as_", "phase", "if_not_known", "hold", "answered_by", "for_", "prefer", "required"),
    "after_finding",
)


# ------------------------------------------------------------------------------- the verb


def _of_verb(rule: Rule, rulebook: Rulebook) -> Iterator[Mutant]:
    yield from _lists(rule)
    match rule.verb:
        case Verb.RECOMMEND:
            yield from _recommend(rule, rulebook)
        case Verb.EXCLUDE | Verb.REFER:
            yield from _weaker(rule)
        case Verb.CONCLUDE:
            yield from _conclude(rule, rulebook)
        case Verb.ASK if rule.text.after_finding:
            yield _edited(rule, Operator.VALUE, "after_finding", "true", "false", False)
        case Verb.CHOOSE_ONE if rule.text.prefer:
            yield _edited(rule, Operator.VALUE, "prefer", rule.text.prefer, "", None)
        case Verb.SEQUENCE:
            yield from _sequence(rule)
        case Verb.LIMIT:
            yield from _limit(rule)


def _edited(
    rule: Rule, operator: Operator, key: str, before: str, after: str, value: Any, at: str = ""
) -> Mutant:
    text = rule.text.model_copy(update={key: value})
    place = (at or key).rstrip("_")
    return Mutant(rule.id, operator, place, before, after, replace(rule, text=text))


def _lists(rule: Rule) -> Iterator[Mutant]:
    for key, fewest in _LISTS.get(rule.verb, ()):
        listed = getattr(rule.text, key)
        if not isinstance(listed, list) or len(listed) < fewest:
            continue
        for n, name in enumerate(listed):
            kept = [*listed[:n], *listed[n + 1 :]]
            at = f"{key.rstrip('_')}.{n}"
            yield _edited(rule, Operator.LIST_DROP, key, name, "", kept, at)


def _recommend(rule: Rule, rulebook: Rulebook) -> Iterator[Mutant]:
    name = rule.targets[0]
    text = rule.text.model_copy(update={"recommend": None, "exclude": name})
    opposite = replace(rule, verb=Verb.EXCLUDE, text=text)
    yield Mutant(rule.id, Operator.EXCLUDE, "recommend", name, "", opposite)
    role = rule.text.as_
    other = _OTHER_ROLE[role]
    yield _edited(rule, Operator.ROLE, "as_", role.value, other.value, other)
    phase = rulebook.adaptations[name].phase if rule.text.phase is None else rule.text.phase
    for moved in (phase - 1, phase + 1):
        if 0 <= moved <= 3:
            yield _edited(rule, Operator.THRESHOLD, "phase", str(phase), str(moved), moved)


def _weaker(rule: Rule) -> Iterator[Mutant]:
    steps = list(IfNotKnown)
    means = rule.unknown_means
    for weaker in steps[steps.index(means) + 1 :]:
        yield _edited(
            rule, Operator.IF_NOT_KNOWN, "if_not_known", means.value, weaker.value, weaker
        )


def _conclude(rule: Rule, rulebook: Rulebook) -> Iterator[Mutant]:
    name, value = rule.concludes
    feature = rulebook.features[name]
    at, options = feature.position[value], feature.options
    if feature.type in ORDERED:
        others = [options[n] for n in (at - 1, at + 1) if 0 <= n < len(options)]
    else:
        others = [options[(at + 1) % len(options)]]
    for other in others:
        before, after = (str(one).lower() for one in (value, other))
        yield _edited(rule, Operator.VALUE, "conclude", before, after, {name: other})


def _sequence(rule: Rule) -> Iterator[Mutant]:
    named = list(rule.targets)
    for n in range(len(named) - 1):
        swapped = [*named[:n], named[n + 1], named[n], *named[n + 2 :]]
        before, after = (f"{one[n]}, {one[n + 1]}" for one in (named, swapped))
        yield _edited(
            rule, Operator.REVERSE_ORDER, "sequence", before, after, swapped, f"sequence.{n}"
        )
    if len(named) > 2:
        for n, kept in ((0, named[1:]), (len(named) - 2, named[:-1])):
            before = f"{named[n]}, {named[n + 1]}"
            yield _edited(rule, Operator.DROP_ORDER, "sequence", before, "", kept, f"sequence.{n}")
    if rule.text.required:
        yield _edited(rule, Operator.DROP_ORDER, "required", "true", "false", False)


def _limit(rule: Rule) -> Iterator[Mutant]:
    limit = rule.text.limit
    assert limit is not None
    for key, most in limit.model_dump(exclude_none=True).items():
        for moved in (most - 1, most + 1):
            if moved >= 0:
                new = limit.model_copy(update={key: moved})
                at = f"limit.{key}"
                yield _edited(rule, Operator.THRESHOLD, "limit", f"{most}", f"{moved}", new, at)
