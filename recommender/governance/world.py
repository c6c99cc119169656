"""Every possible patient at once: what the rules do, as diagrams over all profiles.

In: a rulebook and a day. Out: for each rule, adaptation and stop a diagram that says what becomes
of it for each profile, and the constraints that say which profiles there are. A profile is what is
still possible for each feature, whether exactly one value is, which liftable rules a recorded act
or an answer has lifted, and what the patient declines.
"""

import copy
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from recommender.candidates import Status
from recommender.conditions import (
    FALSE,
    TRUE,
    UNKNOWN,
    Condition,
    Test,
    Truth,
    tests_of,
)
from recommender.diagrams import Conditions, Space, if_declined, membership_of
from recommender.facts import Members, Possible, everything, exactly, member_count
from recommender.findings import WISHES
from recommender.governance.derivations import derivations
from recommender.mdd import Diagrams, Node
from recommender.regions import Exactness, Switch, Variable
from recommender.rulebook import Rulebook
from recommender.rules import IfNotKnown, Rule, Verb
from recommender.vocabulary import Feature

LIFTED, DECLINED = "lifted:", "declined:"
"""How the variables are named that are no features, before the rule or the adaptation."""


class World:
    """The diagrams of one rulebook on one day.

    Truths are FALSE, UNKNOWN and TRUE as everywhere; of what is either so or not, UNKNOWN means
    that the diagram does not tell: a later step of the plan decides.

    sharing: the variables and the store of several rulebooks whose diagrams are to be compared.
    """

    def __init__(self, rulebook: Rulebook, as_of: date, *, sharing: "Shared | None" = None) -> None:
        self.rulebook = rulebook
        self.as_of = as_of
        self.inactive = rulebook.inactive(as_of)
        self.active = _active(rulebook, as_of)
        self.space, self.store = sharing or shared(as_of, rulebook)
        self.conditions = Conditions(rulebook, self.inactive, space=self.space, store=self.store)
        self.no, self.yes = self.store.terminal(FALSE), self.store.terminal(TRUE)
        self._unasked: dict[int, int] = {}
        self.kept: dict[str, Any] = {}
        """What searches keep from one to the next; nothing of it holds a world."""
        self._memberships: dict[tuple[str, bool], Node] = {}

    def varied(self, rulebook: Rulebook, changed: Collection[str]) -> "World":
        """The world of a rulebook in which these rules are others, or not there.

        Everything else is shared. The other rules have the same tests, at most, and conclude
        nothing.
        """
        made = copy.copy(self)
        made.rulebook = rulebook
        made.active = _active(rulebook, self.as_of)
        books = (self.rulebook, rulebook)
        about = {n for b in books for c in changed if c in b.rules for n in b.rules[c].targets}
        made._memberships = {k: v for k, v in self._memberships.items() if k[0] not in about}
        return made

    # -- variables ------------------------------------------------------------------------

    def subject(self, variable: int) -> str:
        """The feature a variable belongs to; of one that is no feature its own name."""
        return self.space.variables[variable].feature.id

    def switch(self, name: str) -> Node:
        """TRUE where it is so: that a rule was lifted, or an adaptation is declined."""
        return self.store.node(self.space.switches[name], (self.no, self.yes))

    def turned(self, kind: str) -> Node:
        """TRUE where every switch of a kind is on, and every other one off."""
        on = [self.switch(name) for name in self.space.switches if kind and name.startswith(kind)]
        off = [
            self.negated(self.switch(name))
            for name in self.space.switches
            if not kind or not name.startswith(kind)
        ]
        return self.every([*on, *off])

    # -- joining --------------------------------------------------------------------------

    def every(self, nodes: Iterable[Node]) -> Node:
        """True where all are."""
        return self.conditions.fold(min, nodes, TRUE)

    def some(self, nodes: Iterable[Node]) -> Node:
        """True where one is."""
        return self.conditions.fold(max, nodes, FALSE)

    def meet(self, first: Node, second: Node) -> bool:
        """Whether anybody is in both: of whom neither is FALSE. Faster than to see who."""
        return self.store.meeting(self.no)[first, second]

    def negated(self, node: Node) -> Node:
        """The opposite."""
        return self.conditions.map(_opposite, node)

    def where(self, node: Node, *values: Any) -> Node:
        """TRUE where a diagram ends in one of these values, else FALSE."""
        return self.store.mapped(_OneOf(values))[node]

    def value(self, node: Node, elements: Mapping[int, int]) -> Any:
        """Where a diagram ends for one profile; what is not named is unknown, or not so."""
        while not self.store.is_terminal(node):
            variable = self.store.variable(node)
            children = self.store.children(node)
            element = elements.get(variable)
            node = children[self.unasked(variable) if element is None else element]
        return self.store.value(node)

    def unasked(self, variable: int) -> int:
        """The element of what nobody has asked; a switch is off, and no act is on record."""
        if variable not in self._unasked:
            self._unasked[variable] = unasked_element(self.space.variables[variable])
        return self._unasked[variable]

    def restricted(self, node: Node, seen: Mapping[int, int]) -> Node:
        """The diagram for the profiles of whom these variables are so."""
        return _Replaced(self.store, lambda at, kids: kids[seen[at]] if at in seen else None)[node]

    def some_of(self, node: Node, variables: Collection[int]) -> Node:
        """TRUE where it is so for some value of these variables."""
        return _Replaced(self.store, lambda at, kids: self.some(kids) if at in variables else None)[
            node
        ]

    # -- what rules do --------------------------------------------------------------------

    def truth(self, rule: Rule) -> Node:
        """The truth of a rule's condition; FALSE while it is not in effect."""
        return self.conditions.of_rule(rule)

    def lifted(self, rule: Rule) -> Node:
        """TRUE where a recorded act, or the answers asked for, lifted the rule."""
        if not is_liftable(rule) or rule.id in self.inactive:
            return self.no
        return self.switch(LIFTED + rule.id)

    def standing(self, rule: Rule) -> Node:
        """The truth of an exclude or refer, FALSE where it is lifted."""
        return self.conditions.join(min, self.truth(rule), self.negated(self.lifted(rule)))

    def acting(self, verb: Verb) -> list[Rule]:
        """The rules of a verb that are in effect, by id."""
        return [rule for rule in self.rulebook.by_verb(verb) if rule.id not in self.inactive]

    def rules_on(self, verb: Verb, adaptation: str) -> list[Rule]:
        """Those of them that are about an adaptation."""
        return [rule for rule in self.acting(verb) if adaptation in rule.targets]

    def bars(self, rule: Rule) -> Node:
        """TRUE where an exclude excludes, UNKNOWN where it withholds."""
        node = self.standing(rule)
        blocks = rule.unknown_means is IfNotKnown.BLOCK
        return node if blocks else self.conditions.map(_only_true, node)

    def in_force(self, rule: Rule) -> Node:
        """TRUE where a refer is in force."""
        node = self.standing(rule)
        return self.conditions.map(_some_truth if self.blocks(rule) else _only_true, node)

    def counts(self, rule: Rule) -> Node:
        """TRUE where a refer is in force, or would be had nothing lifted it.

        A lifted one counts as referred and held also while its condition is unknown.
        """
        live = self.conditions.map(_some_truth, self.truth(rule))
        released = self.conditions.join(min, live, self.lifted(rule))
        return self.conditions.join(max, self.in_force(rule), released)

    def open(self, rule: Rule) -> Node:
        """TRUE where a refer is neither in force nor lifted, and may yet be in force."""
        if self.blocks(rule):
            return self.no
        return self.where(self.standing(rule), UNKNOWN)

    def blocks(self, rule: Rule) -> bool:
        """Whether a refer is in force also while its condition is unknown."""
        scope = self.rulebook.pathways[rule.text.refer or ""].scope
        return rule.unknown_means is IfNotKnown.BLOCK and not scope

    # -- memberships ----------------------------------------------------------------------

    def membership(self, adaptation: str, *, wish: bool = True) -> Node:
        """The membership of an adaptation, stops left aside; `wish`: the patient may decline it."""
        key = adaptation, wish
        if key not in self._memberships:
            barred = self.some(map(self.bars, self.rules_on(Verb.EXCLUDE, adaptation)))
            made = self.conditions.join(membership_of, self.indicated(adaptation), barred)
            if wish:
                declined = self.switch(DECLINED + adaptation)
                made = self.conditions.join(_wished, made, declined)
            self._memberships[key] = made
        return self._memberships[key]

    def indicated(self, adaptation: str) -> Node:
        """The best truth of an adaptation's recommends."""
        return self.some(map(self.truth, self.rules_on(Verb.RECOMMEND, adaptation)))

    def held(self, adaptation: str) -> Node:
        """TRUE where a stop in force holds it."""
        return self.some(map(self.in_force, self.holding(adaptation)))

    def holding(self, adaptation: str) -> list[Rule]:
        """The refers that can hold an adaptation."""
        return [r for r in self.acting(Verb.REFER) if holds(r, adaptation)]

    def recommendable(self, adaptation: str) -> Node:
        """TRUE where it is recommended before choosing and scheduling, which only demote."""
        member = self.where(self.membership(adaptation), Status.RECOMMENDED)
        return self.conditions.join(min, member, self.negated(self.held(adaptation)))


def not_asked(feature: Feature) -> Possible:
    """What is possible of a feature nobody asked about; what is always on record is known."""
    if is_act(feature):
        return exactly(feature, False)
    if is_wish(feature):
        return Members(0, (1 << member_count(feature)) - 1)
    return everything(feature)


def unasked_element(variable: Variable) -> int:
    """The element of what nobody has asked; a switch is off, and no act is on record."""
    if isinstance(variable, Switch | Exactness):
        return 0
    return variable.element(not_asked(variable.feature))


def is_act(feature: Feature) -> bool:
    """Whether a feature says that an act was recorded."""
    return feature.id.startswith("release.") and not feature.from_


def is_wish(feature: Feature) -> bool:
    """Whether a feature is one of the profile's complete lists of wishes."""
    group, _, name = feature.id.partition(".")
    return group == "preferences" and name in WISHES and not feature.from_


def is_liftable(rule: Rule) -> bool:
    """Whether a recorded act or an answer can lift the rule."""
    return rule.verb in (Verb.EXCLUDE, Verb.REFER) and bool(
        rule.text.release or rule.text.answered_by
    )


def holds(rule: Rule, adaptation: str) -> bool:
    """Whether a refer holds an adaptation while in force."""
    return rule.text.hold == "all" or adaptation in rule.text.hold


@dataclass(frozen=True, slots=True)
class _OneOf:
    """TRUE for each of these values, FALSE for any other."""

    values: tuple[Any, ...]

    def __call__(self, value: Any) -> Truth:
        return TRUE if value in self.values else FALSE


Instead = Callable[[int, Sequence[Node]], Node | None]
"""What stands in place of a node that asks a variable and leads there; None: nothing else."""


class _Replaced(dict[Node, Node]):
    """Diagrams with inner nodes replaced, the lower ones first; a dict that fills itself."""

    def __init__(self, store: Diagrams, instead: Instead) -> None:
        self._store = store
        self._instead = instead

    def __missing__(self, node: Node) -> Node:
        store = self._store
        if store.is_terminal(node):
            return node
        variable = store.variable(node)
        kids = tuple([self[child] for child in store.children(node)])
        other = self._instead(variable, kids)
        made = self[node] = store.node(variable, kids) if other is None else other
        return made


class Shared(NamedTuple):
    """The variables and the store of one or several worlds: equal diagrams are one node in all."""

    space: Space
    store: Diagrams


def shared(as_of: date, *rulebooks: Rulebook) -> Shared:
    """Variables that tell apart whatever one of the rulebooks tells apart.

    Their features must mean the same in each that has them.
    """
    switches: dict[str, set[str]] = {}
    for book in rulebooks:
        for name, features in _switches(book, _active(book, as_of)):
            switches.setdefault(name, set()).update(features)
    tests = [test for book in rulebooks for test in (*book.tests, *_further_tests(book))]
    exact = frozenset().union(*map(_exactly, rulebooks))
    return Shared(Space(rulebooks, tests, exact, switches), Diagrams())


def _active(rulebook: Rulebook, as_of: date) -> tuple[Rule, ...]:
    inactive = rulebook.inactive(as_of)
    return tuple(rule for rule in rulebook.rules.values() if rule.id not in inactive)


def _switches(rulebook: Rulebook, active: Iterable[Rule]) -> Iterator[tuple[str, set[str]]]:
    """What is no fact about the patient, and the features that bear on it."""
    about: dict[str, set[str]] = {name: set() for name in rulebook.adaptations}
    for rule in active:
        features = set(rests_on(rule.condition, rulebook))
        if is_liftable(rule):
            yield LIFTED + rule.id, features | set(rule.text.answered_by)
        if rule.verb in (Verb.RECOMMEND, Verb.EXCLUDE):
            for name in rule.targets:
                about[name] |= features
    for name, found in about.items():
        yield DECLINED + name, found


def rests_on(condition: Condition, rulebook: Rulebook) -> Iterator[str]:
    """The features a condition asks about; a concluded one stands for what it rests on."""
    for test in tests_of(condition):
        concluding = rulebook.concluding.get(test.feature)
        if concluding is None:
            yield test.feature
        else:
            for rule in concluding:
                yield from rests_on(rule.condition, rulebook)


def _further_tests(rulebook: Rulebook) -> Iterator[Test]:
    """What links, derivations and the needs of adaptations have to be told."""
    for link in rulebook.links:
        yield from tests_of(link.when)
        yield from tests_of(link.then)
    for one in derivations(rulebook):
        yield from (one.scored, one.value)
    for adaptation in rulebook.adaptations.values():
        for name in adaptation.needs:
            yield Test(name, "is", (False,))


def _exactly(rulebook: Rulebook) -> frozenset[str]:
    """The features of which something asks whether they are exactly known."""
    names = {test.feature for test in rulebook.tests if test.name == "known"}
    for rule in rulebook.rules.values():
        names.update(rule.text.answered_by, [rule.text.ask] if rule.text.ask else [])
    for invariant in rulebook.invariants.values():
        names.update(one.asked for one in invariant.text.outcomes if one.asked)
    return frozenset(names - rulebook.concluding.keys())


def _opposite(truth: Truth) -> Truth:
    return TRUE - truth


def _only_true(truth: Truth) -> Truth:
    return TRUE if truth == TRUE else FALSE


def _some_truth(truth: Truth) -> Truth:
    return FALSE if truth == FALSE else TRUE


def _wished(status: Status, declined: Truth) -> Status:
    return if_declined(status) if declined == TRUE else status
