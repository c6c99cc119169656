"""Which answers can bring a stop back, or lift it, when acts or answers that lift it are in play.

An answer still to come is newer than any release. So besides the truth of the condition, the
diagrams here carry how new the newest part is that speaks for it, and whether every answer that
would lift it has come. Ages are ranks among the days of this patient's facts.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from recommender.conditions import (
    FALSE,
    TRUE,
    AllOf,
    AnyOf,
    Condition,
    Not,
    Test,
    Truth,
    compile_test,
)
from recommender.diagrams import Restricted
from recommender.facts import Members, Moment, Possible, member_count
from recommender.mdd import Node
from recommender.regions import Classes, Leaves, Member, Stretches, leaves_of
from recommender.rules import Rule
from recommender.stops import not_older
from recommender.trace import Trace, possible_places
from recommender.vocabulary import Feature

NEVER = -1


class Speaking(NamedTuple):
    """A truth with the age of the newest part that speaks for it, and against it."""

    truth: Truth
    newest_for: int
    newest_against: int


def _all(a: Speaking, b: Speaking) -> Speaking:
    return Speaking(
        min(a.truth, b.truth),
        max(a.newest_for, b.newest_for),
        max(a.newest_against, b.newest_against),
    )


def _any(a: Speaking, b: Speaking) -> Speaking:
    return _all(a, b)._replace(truth=max(a.truth, b.truth))


def _not(a: Speaking) -> Speaking:
    return Speaking(TRUE - a.truth, a.newest_against, a.newest_for)


class Answered(NamedTuple):
    """Whether a feature was answered since, and whether it is exactly known now."""

    since: bool
    exactly: bool


NOT_SINCE = Answered(False, False)
PARTLY = Answered(True, False)
WHOLLY = Answered(True, True)


def _both(a: Answered, b: Answered) -> Answered:
    """Two parts of one feature: one answer is an answer, exact is what all are."""
    return Answered(a.since or b.since, a.exactly and b.exactly)


class Settling(NamedTuple):
    """How far a concluded feature is settled, with the ages behind that."""

    place: int | None
    open_places: int
    newest_fired: int
    newest_silent: int


class Lifting:
    """One referral or exclusion of one patient, over what is still open."""

    def __init__(
        self, trace: Trace, rule: Rule, recorded: Sequence[Moment], restricted: Restricted
    ) -> None:
        self._trace = trace
        self._rule = rule
        self._recorded = recorded
        self._restricted = restricted
        self._store = restricted.store
        self._space = restricted.conditions.space
        self._moments = sorted(
            {fact.on for fact in trace.facts.values() if fact.on is not None},
            key=lambda moment: moment.order,
        )
        self._rank = {moment: rank for rank, moment in enumerate(self._moments)}
        self._newest = len(self._moments)
        self._answers: dict[str, Node] = {}

    def truth(self) -> Node:
        """The truth of the rule's condition, FALSE wherever it is lifted."""
        speaking = self._of(self._rule.condition)
        return self._store.apply(self._unlifted, speaking, self._replies())

    # -- the condition ----------------------------------------------------------------

    def _of(self, condition: Condition) -> Node:
        store = self._store
        match condition:
            case Test():
                return self._test(condition)
            case Not(part):
                return store.map(_not, self._of(part))
            case AllOf(parts):
                return self._fold(_all, [self._of(p) for p in parts], TRUE)
            case AnyOf(parts):
                return self._fold(_any, [self._of(p) for p in parts], FALSE)

    def _fold(
        self, operation: Callable[[Speaking, Speaking], Speaking], nodes: list[Node], start: Truth
    ) -> Node:
        made = self._store.terminal(Speaking(start, NEVER, NEVER))
        for node in nodes:
            made = self._store.apply(operation, made, node)
        return made

    def _test(self, test: Test) -> Node:
        """Not answered since, a test is as old as the fact; answered, it is newer than all."""
        if test.feature in self._trace.rulebook.concluding:
            return self._concluded(test)
        known_since = self._age_of(test.feature)

        def dated(truth: Truth, answered: Answered) -> Speaking:
            return _speaking(truth, self._newest if answered.since else known_since)

        truths = self._restricted.restrict(self._restricted.conditions.of(test))
        return self._store.apply(dated, truths, self._answered(test.feature))

    def _age_of(self, feature: str) -> int:
        on = self._trace.facts[feature].on
        return NEVER if on is None else self._rank[on]

    def _concluded(self, test: Test) -> Node:
        feature = self._trace.rulebook.features[test.feature]
        made = self._store.terminal(Settling(None, 0, NEVER, NEVER))
        rules = self._trace.rulebook.concluding[test.feature]
        effective = [rule for rule in rules if rule.in_effect(self._trace.as_of)]
        for rule in sorted(effective, key=lambda r: -feature.position[r.concludes[1]]):
            step = _settle(feature.position[rule.concludes[1]])
            made = self._store.apply(step, made, self._of(rule.condition))
        judged = compile_test(test, feature)

        def said(settling: Settling) -> Speaking:
            possible = possible_places(feature, settling.place, settling.open_places)
            fired = settling.place is not None
            age = settling.newest_fired if fired else settling.newest_silent
            return _speaking(judged(possible), age)

        return self._store.map(said, made)

    # -- answers ------------------------------------------------------------------------

    def _answered(self, name: str) -> Node:
        """Whether a feature was answered since, and exactly."""
        known = self._answers.get(name)
        if known is None:
            feature = self._trace.rulebook.features[name]
            possible = self._trace.facts[name].possible
            if self._trace.is_known(name):
                known = self._store.terminal(Answered(False, True))
            elif isinstance(possible, Members):
                known = self._answered_set(feature, possible)
            else:
                known = self._answered_value(feature, possible)
            self._answers[name] = known
        return known

    def _answered_value(self, feature: Feature, possible: Possible) -> Node:
        variables = self._space.of.get(feature.id)
        if variables is None:
            return self._within(feature.id, leaves_of(feature, possible), changed=False)
        (at,) = variables
        variable = self._space.variables[at]
        assert isinstance(variable, Stretches | Classes)
        now, *others = self._restricted.allowed(at)
        leads = [self._within(feature.id, variable.leaves(possible, now), changed=False)]
        for element in others:
            leaves = variable.leaves(possible, element)
            leads.append(self._within(feature.id, leaves, changed=True))
        return self._store.node(at, tuple(leads))

    def _within(self, feature: str, leaves: Leaves, *, changed: bool) -> Node:
        """What an answer can be that no test tells from others: inexact, or exact."""
        reachable = [
            answered for answered, so in ((PARTLY, leaves.inexact), (WHOLLY, leaves.exact)) if so
        ]
        ways = reachable if changed else [NOT_SINCE, *reachable]
        padded = [*ways, *[ways[-1]] * 3][:3]
        terminals = tuple(self._store.terminal(way) for way in padded)
        return self._store.node(self._space.answer(feature), terminals)

    def _answered_set(self, feature: Feature, possible: Members) -> Node:
        """A set is answered when one member is, and exactly when all are."""
        still_open = (1 << member_count(feature)) - 1 & ~(possible.present | possible.absent)
        terminal, node = self._store.terminal, self._store.node
        member = (terminal(NOT_SINCE), terminal(WHOLLY), terminal(WHOLLY))
        parts = []
        for at in self._space.of.get(feature.id, ()):
            variable = self._space.variables[at]
            assert isinstance(variable, Member)
            if still_open >> variable.bit & 1:
                still_open &= ~(1 << variable.bit)
                parts.append(node(at, member))
        if still_open:
            untested = Leaves(still_open.bit_count() > 1, True)
            parts.append(self._within(feature.id, untested, changed=False))
        made = terminal(Answered(False, True))
        for part in parts:
            made = self._store.apply(_both, made, part)
        return made

    # -- what lifts it ------------------------------------------------------------------

    def _replies(self) -> Node:
        """How old the oldest of the lifting answers is; NEVER while one of them is open."""
        names = self._rule.text.answered_by
        made = self._store.terminal(self._newest if names else NEVER)
        for name in names:
            made = self._store.apply(min, made, self._reply(name))
        return made

    def _reply(self, name: str) -> Node:
        known_since = self._age_of(name)

        def dated(answered: Answered) -> int:
            if not answered.exactly:
                return NEVER
            return self._newest if answered.since else known_since

        return self._store.map(dated, self._answered(name))

    def _unlifted(self, speaking: Speaking, reply: int) -> Truth:
        newest = speaking.newest_for
        lifted = newest != NEVER and (self._released(newest) or self._replied(newest, reply))
        return FALSE if lifted else speaking.truth

    def _released(self, newest: int) -> bool:
        if newest == self._newest:
            return False
        return any(act.later_than(self._moments[newest]) for act in self._recorded)

    def _replied(self, newest: int, reply: int) -> bool:
        if reply == NEVER or reply == self._newest:
            return reply != NEVER
        if newest == self._newest:
            return False
        return not_older(self._moments[reply], self._moments[newest])


def _speaking(truth: Truth, age: int) -> Speaking:
    return Speaking(truth, age if truth == TRUE else NEVER, age if truth == FALSE else NEVER)


def _settle(place: int) -> Callable[[Settling, Speaking], Settling]:
    def step(reached: Settling, rule: Speaking) -> Settling:
        silent = max(reached.newest_silent, rule.newest_against)
        if rule.truth == TRUE:
            fired = max(reached.newest_fired, rule.newest_for)
            settled = place if reached.place is None else reached.place
            return Settling(settled, reached.open_places, fired, silent)
        opened = reached.open_places
        if rule.truth != FALSE and reached.place is None:
            opened |= 1 << place
        return Settling(reached.place, opened, reached.newest_fired, silent)

    return step
