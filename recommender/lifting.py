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
from recommender.diagrams import Space
from recommender.facts import Moment
from recommender.mdd import Diagrams, Node
from recommender.regions import Classes, Member
from recommender.rules import Rule
from recommender.stops import not_older
from recommender.trace import Trace, possible_places

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


class Settling(NamedTuple):
    """How far a concluded feature is settled, with the ages behind that."""

    place: int | None
    open_places: int
    newest_fired: int
    newest_silent: int


class Lifting:
    """One referral or exclusion of one patient, over what is still open."""

    def __init__(
        self,
        trace: Trace,
        rule: Rule,
        recorded: Sequence[Moment],
        space: Space,
        elements: Sequence[int],
        store: Diagrams,
    ) -> None:
        self._trace = trace
        self._rule = rule
        self._recorded = recorded
        self._space = space
        self._elements = elements
        self._store = store
        self._moments = sorted(
            {fact.on for fact in trace.facts.values() if fact.on is not None}, key=_age
        )
        self._rank = {moment: rank for rank, moment in enumerate(self._moments)}
        self._newest = len(self._moments)
        self.answers: dict[int, str] = {}
        """Variables beyond the rulebook's own: answers that would lift the rule."""

    def truth(self) -> Node:
        """The truth of the rule's condition, FALSE wherever it is lifted."""
        speaking = self._of(self._rule.condition)
        return self._store.apply(self._unlifted, speaking, self._answered(), {})

    # -- the condition ----------------------------------------------------------------

    def _of(self, condition: Condition) -> Node:
        store = self._store
        match condition:
            case Test():
                return self._test(condition)
            case Not(part):
                return store.map(_not, self._of(part), {})
            case AllOf(parts):
                return self._fold(_all, [self._of(p) for p in parts], TRUE)
            case AnyOf(parts):
                return self._fold(_any, [self._of(p) for p in parts], FALSE)

    def _fold(
        self, operation: Callable[[Speaking, Speaking], Speaking], nodes: list[Node], start: Truth
    ) -> Node:
        made = self._store.terminal(Speaking(start, NEVER, NEVER))
        for node in nodes:
            made = self._store.apply(operation, made, node, {})
        return made

    def _test(self, test: Test) -> Node:
        if test.feature in self._trace.rulebook.concluding:
            return self._concluded(test)
        variables = self._space.of[test.feature]
        if variables and isinstance(self._space.variables[variables[0]], Member):
            return self._members(test, variables)
        (at,) = variables
        variable = self._space.variables[at]
        assert not isinstance(variable, Member)
        return self._leaf(at, variable.truths(test), test.feature)

    def _members(self, test: Test, variables: range) -> Node:
        feature = self._trace.rulebook.features[test.feature]
        wanted = {feature.position[v] for v in test.values if v in feature.position}
        asked = []
        for at in variables:
            variable = self._space.variables[at]
            assert isinstance(variable, Member)
            if test.name == "empty" or variable.bit in wanted:
                asked.append(self._leaf(at, Member.domain, test.feature))
        if test.name == "includes_all":
            return self._fold(_all, asked, TRUE)
        any_of = self._fold(_any, asked, FALSE)
        return self._store.map(_not, any_of, {}) if test.name == "empty" else any_of

    def _leaf(self, at: int, truths: Sequence[Truth], feature: str) -> Node:
        """One question: unanswered it is as old as the fact, answered it is newer than all."""
        allowed = self._space.narrower(at, self._elements[at])
        on = self._trace.facts[feature].on
        ages = [NEVER if on is None else self._rank[on]] + [self._newest] * (len(allowed) - 1)
        children = [_speaking(truths[e], age) for e, age in zip(allowed, ages, strict=True)]
        terminals = tuple(self._store.terminal(child) for child in children)
        return terminals[0] if len(terminals) == 1 else self._store.node(at, terminals)

    def _concluded(self, test: Test) -> Node:
        feature = self._trace.rulebook.features[test.feature]
        made = self._store.terminal(Settling(None, 0, NEVER, NEVER))
        rules = self._trace.rulebook.concluding[test.feature]
        effective = [rule for rule in rules if rule.in_effect(self._trace.as_of)]
        for rule in sorted(effective, key=lambda r: -feature.position[r.concludes[1]]):
            step = _settle(feature.position[rule.concludes[1]])
            made = self._store.apply(step, made, self._of(rule.condition), {})
        judged = compile_test(test, feature)

        def said(settling: Settling) -> Speaking:
            possible = possible_places(feature, settling.place, settling.open_places)
            truth = judged(possible)
            fired = settling.newest_fired != NEVER or settling.place is not None
            return _speaking(truth, settling.newest_fired if fired else settling.newest_silent)

        return self._store.map(said, made, {})

    # -- what lifts it ------------------------------------------------------------------

    def _answered(self) -> Node:
        """How old the oldest of the lifting answers is; NEVER while one of them is open."""
        names = self._rule.text.answered_by
        if not names:
            return self._store.terminal(NEVER)
        made = self._store.terminal(self._newest)
        for name in names:
            made = self._store.apply(min, made, self._answer(name), {})
        return made

    def _answer(self, name: str) -> Node:
        fact = self._trace.facts[name]
        if self._trace.is_known(name):
            return self._store.terminal(NEVER if fact.on is None else self._rank[fact.on])
        variables = self._space.of.get(name, range(0))
        if len(variables) == 1 and isinstance(self._space.variables[variables[0]], Classes):
            return self._own_answer(variables[0])
        at = len(self._space.variables) + len(self.answers)
        self.answers[at] = name
        stay, come = self._store.terminal(NEVER), self._store.terminal(self._newest)
        return self._store.node(at, (stay, come))

    def _own_answer(self, at: int) -> Node:
        """A feature that is tested elsewhere too: answered once one class of values is left."""
        variable = self._space.variables[at]
        allowed = self._space.narrower(at, self._elements[at])
        exact = [bin(variable.domain[e]).count("1") == 1 for e in allowed]  # type: ignore[arg-type]
        ends = [NEVER] + [self._newest if one else NEVER for one in exact[1:]]
        return self._store.node(at, tuple(self._store.terminal(end) for end in ends))

    def _unlifted(self, speaking: Speaking, answered: int) -> Truth:
        newest = speaking.newest_for
        lifted = newest != NEVER and (self._released(newest) or self._replied(newest, answered))
        return FALSE if lifted else speaking.truth

    def _released(self, newest: int) -> bool:
        if newest == self._newest:
            return False
        return any(act.later_than(self._moments[newest]) for act in self._recorded)

    def _replied(self, newest: int, answered: int) -> bool:
        if answered == NEVER or answered == self._newest:
            return answered != NEVER
        if newest == self._newest:
            return False
        return not_older(self._moments[answered], self._moments[newest])


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


def _age(moment: Moment) -> tuple[object, ...]:
    """Oldest first; of one day, a day without a time may be the latest."""
    return moment.day, moment.time is None, moment.time.isoformat() if moment.time else ""
