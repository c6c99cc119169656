"""Membership of each adaptation, and the force of each stop, as decision diagrams over the facts.

Built once for a rulebook; restricted to what one patient's facts still allow, they answer exactly
what is settled, what may still change, and which answers could change it. Every question and proof
reads these; features are taken as independent.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from recommender.candidates import Status
from recommender.conditions import (
    FALSE,
    TRUE,
    UNKNOWN,
    AllOf,
    AnyOf,
    Condition,
    Not,
    Test,
    Truth,
    compile_test,
)
from recommender.facts import Fact, Possible
from recommender.mdd import Diagrams, Node
from recommender.regions import (
    Classes,
    Exactness,
    Member,
    Stretches,
    Switch,
    Variable,
    variables_of,
)
from recommender.rulebook import Rulebook
from recommender.rules import IfNotKnown, Rule, Verb
from recommender.trace import possible_places
from recommender.vocabulary import Feature, Kind


class Space:
    """The variables of some rulebooks: which features their rules tell apart, and how finely.

    tests: those that must be told. exactly: features of which it must be told whether exactly one
    value is possible; without it `known` cannot be asked of them. switches: further variables, each
    with the features behind which it stands. A feature must be the same in each rulebook.
    """

    def __init__(
        self,
        rulebooks: Iterable[Rulebook],
        tests: Iterable[Test],
        exactly: Collection[str] = (),
        switches: Mapping[str, Collection[str]] = MappingProxyType({}),
    ) -> None:
        books = tuple(rulebooks)
        asked: dict[str, list[Test]] = {name: [] for name in exactly}
        for test in dict.fromkeys(tests):
            asked.setdefault(test.feature, []).append(test)
        features = {name: one for book in books for name, one in book.features.items()}
        self.features: Mapping[str, Feature] = features
        """Those of every rulebook."""
        concluding = {name for book in books for name in book.concluding}
        self.variables: list[Variable] = []
        self.of: dict[str, range] = {}
        self.exactness: dict[str, int] = {}
        self.switches: dict[str, int] = {}
        behind = _last_of(switches, features)
        for name, feature in features.items():
            if name in asked and name not in concluding:
                first = len(self.variables)
                self.variables.extend(variables_of(feature, asked[name]))
                self.of[name] = range(first, len(self.variables))
                if name in exactly:
                    self.exactness[name] = len(self.variables)
                    self.variables.append(Exactness(feature))
            for switch in behind.get(name, ()):
                self.switches[switch] = len(self.variables)
                self.variables.append(Switch(_so_or_not(switch)))
        used = dict.fromkeys(name for book in books for name in book.used)
        self._answers = {len(self.variables) + n: name for n, name in enumerate(used)}
        self._answer = {name: at for at, name in self._answers.items()}
        self._narrower: dict[tuple[int, int], tuple[int, ...]] = {}

    def answer(self, feature: str) -> int:
        """One more variable of a feature: what an answer says that no test can tell."""
        return self._answer[feature]

    def feature(self, variable: int) -> str:
        """The feature behind a variable."""
        found = self._answers.get(variable)
        return self.variables[variable].feature.id if found is None else found

    def elements(self, facts: Mapping[str, Fact]) -> list[int]:
        """Where each variable stands for one patient."""
        return [
            variable.element(facts[variable.feature.id].possible) for variable in self.variables
        ]

    def narrower(self, variable: int, element: int) -> tuple[int, ...]:
        """The element, then everything further answers can make of it."""
        known = self._narrower.get((variable, element))
        if known is None:
            known = self.variables[variable].narrower(element)
            self._narrower[variable, element] = known
        return known


def _last_of(
    switches: Mapping[str, Collection[str]], features: Iterable[str]
) -> Mapping[str, list[str]]:
    """For each feature the switches of which it is the last one."""
    place = {name: at for at, name in enumerate(features)}
    found: dict[str, list[str]] = {}
    for switch, features in switches.items():
        last = max(features, key=place.__getitem__, default=next(iter(place), ""))
        found.setdefault(last, []).append(switch)
    return found


def _so_or_not(name: str) -> Feature:
    return Feature.trusted({"id": name, "label": name, "type": Kind.BOOLEAN})


class Conditions:
    """Builds the diagram of any condition: terminals are FALSE, UNKNOWN, TRUE."""

    def __init__(
        self,
        rulebook: Rulebook,
        inactive: frozenset[str],
        *,
        space: Space | None = None,
        store: Diagrams | None = None,
    ) -> None:
        self.store = Diagrams() if store is None else store
        self.space = space or Space((rulebook,), rulebook.tests)
        self._rulebook = rulebook
        self._inactive = inactive
        self._tests: dict[Test, Node] = {}
        self._concluded: dict[str, Node] = {}
        no, yes = self.store.terminal(FALSE), self.store.terminal(TRUE)
        self.store.joined(min, neutral=yes, absorbing=no)
        self.store.joined(max, neutral=no, absorbing=yes)

    def of_rule(self, rule: Rule) -> Node:
        """The truth of a rule; silent when it is not in effect."""
        if rule.id in self._inactive:
            return self.store.terminal(FALSE)
        return self.of(rule.condition)

    def of(self, condition: Condition) -> Node:
        """The truth of a condition."""
        match condition:
            case Test():
                if condition not in self._tests:
                    self._tests[condition] = self._test(condition)
                return self._tests[condition]
            case Not(part):
                return self.map(_negated, self.of(part))
            case AllOf(parts):
                return self.fold(min, (self.of(part) for part in parts), TRUE)
            case AnyOf(parts):
                return self.fold(max, (self.of(part) for part in parts), FALSE)

    def barring(self, rule: Rule) -> Node:
        """TRUE excludes, UNKNOWN withholds; an unknown that only warns does neither."""
        node = self.of_rule(rule)
        return node if rule.unknown_means is IfNotKnown.BLOCK else self.map(only_true, node)

    def map(self, change: Callable[[Any], Any], node: Node) -> Node:
        """A diagram with every constant changed."""
        return self.store.mapped(change)[node]

    def join(self, operation: Callable[..., Any], first: Node, second: Node) -> Node:
        """Two diagrams joined by an operation."""
        return self.store.joined(operation)[first, second]

    def fold(self, operation: Callable[..., Any], nodes: Iterable[Node], start: Any) -> Node:
        """Several diagrams joined by one operation."""
        made, joined = self.store.terminal(start), self.store.joined(operation)
        for node in nodes:
            made = joined[made, node]
        return made

    def _test(self, test: Test) -> Node:
        feature = self.space.features[test.feature]
        if test.feature in self._rulebook.concluding:
            judged = compile_test(test, feature)
            return self.store.map(judged, self.concluding(feature))
        if test.name == "known":
            ends = (FALSE, TRUE) if test.values[0] else (TRUE, FALSE)
            terminals = tuple(map(self.store.terminal, ends))
            return self.store.node(self.space.exactness[test.feature], terminals)
        variables = self.space.of[test.feature]
        if variables and isinstance(self.space.variables[variables[0]], Member):
            return self._members(test, feature, variables)
        (at,) = variables
        variable = self.space.variables[at]
        assert isinstance(variable, Stretches | Classes)
        terminals = tuple(self.store.terminal(truth) for truth in variable.truths(test))
        return self.store.node(at, terminals)

    def _members(self, test: Test, feature: Feature, variables: range) -> Node:
        """A test of a set is a test of its members, each by itself."""
        wanted = {feature.position[value] for value in test.values if value in feature.position}
        asked = [
            self.store.node(at, tuple(self.store.terminal(truth) for truth in Member.domain))
            for at in variables
            if test.name == "empty" or self._bit(at) in wanted
        ]
        if test.name == "includes_all":
            return self.fold(min, asked, TRUE)
        any_of = self.fold(max, asked, FALSE)
        if test.name == "empty":
            return self.map(_negated, any_of)
        return any_of

    def _bit(self, at: int) -> int:
        variable = self.space.variables[at]
        assert isinstance(variable, Member)
        return variable.bit

    def concluding(self, feature: Feature) -> Node:
        """What a concluded feature can be; terminals are possible values."""
        known = self._concluded.get(feature.id)
        if known is None:
            known = self.store.map(_as_possible(feature), self._last_true(feature))
            self._concluded[feature.id] = known
        return known

    def _last_true(self, feature: Feature) -> Node:
        """How far its rules settle a concluded feature; terminals are (place, open places)."""
        by_place: dict[int, list[Rule]] = {}
        for rule in self._rulebook.concluding[feature.id]:
            by_place.setdefault(feature.position[rule.concludes[1]], []).append(rule)
        made = self.store.terminal((None, 0))
        for place in sorted(by_place, reverse=True):
            truth = self.fold(max, (self.of_rule(rule) for rule in by_place[place]), FALSE)
            made = self.store.apply(_settling(place), made, truth)
        return made


def _negated(truth: Truth) -> Truth:
    return TRUE - truth


def _settling(place: int) -> Callable[[Any, Truth], Any]:
    """Takes values from last to first: the first true one settles, unknown ones stay open."""

    def step(reached: tuple[int | None, int], truth: Truth) -> tuple[int | None, int]:
        settled, open_places = reached
        if settled is not None or truth == FALSE:
            return reached
        return (place, open_places) if truth == TRUE else (None, open_places | 1 << place)

    return step


def _as_possible(feature: Feature) -> Callable[[Any], Possible]:
    return lambda reached: possible_places(feature, *reached)


# ------------------------------------------------------------------------------- membership


class Memberships(NamedTuple):
    """Every adaptation's membership and every referral's truth, ready to be questioned."""

    conditions: Conditions
    of: Mapping[str, Node]
    """By adaptation; stops and presumed exclusions are left aside."""
    referrals: Mapping[str, Node]
    """By rule: the truth of its condition."""
    presumed: Mapping[str, tuple[tuple[Rule, Node], ...]]
    """By adaptation: each exclusion that counts as «no» while unknown, and where it is true."""
    indicated: Mapping[str, Node]
    """By adaptation: the best truth of its recommends."""
    barring: Mapping[str, tuple[tuple[Rule, Node], ...]]
    """By adaptation: each exclusion, TRUE where it excludes, UNKNOWN where it withholds."""

    @property
    def size(self) -> int:
        """How many nodes all diagrams together have."""
        store = self.conditions.store
        return sum(1 for _ in store.below([*self.of.values(), *self.referrals.values()]))


def memberships(rulebook: Rulebook, inactive: frozenset[str]) -> Memberships:
    """Build the diagrams of a rulebook, without the rules that are not in effect."""
    conditions = Conditions(rulebook, inactive)
    recommends = _by_adaptation(rulebook, Verb.RECOMMEND)
    excludes = _by_adaptation(rulebook, Verb.EXCLUDE)
    built: dict[str, Node] = {}
    presumed: dict[str, tuple[tuple[Rule, Node], ...]] = {}
    indicated: dict[str, Node] = {}
    barring: dict[str, tuple[tuple[Rule, Node], ...]] = {}
    for name in rulebook.adaptations:
        against = excludes.get(name, [])
        barred_by = [(rule, conditions.barring(rule)) for rule in against]
        presumed[name] = tuple(one for one in barred_by if _is_presumed(one[0]))
        barring[name] = tuple(one for one in barred_by if not _is_presumed(one[0]))
        reasons = map(conditions.of_rule, recommends.get(name, []))
        indicated[name] = conditions.fold(max, reasons, FALSE)
        barred = conditions.fold(max, (node for _, node in barring[name]), FALSE)
        built[name] = conditions.join(membership_of, indicated[name], barred)
    referrals = {
        rule.id: conditions.of_rule(rule)
        for rule in rulebook.by_verb(Verb.REFER)
        if rule.id not in inactive
    }
    return Memberships(conditions, built, referrals, presumed, indicated, barring)


def _is_presumed(rule: Rule) -> bool:
    return rule.unknown_means is IfNotKnown.PRESUME


def _by_adaptation(rulebook: Rulebook, verb: Verb) -> dict[str, list[Rule]]:
    found: dict[str, list[Rule]] = {}
    for rule in rulebook.by_verb(verb):
        for name in rule.targets:
            found.setdefault(name, []).append(rule)
    return found


def only_true(truth: Truth) -> Truth:
    """An unknown that only warns bars nothing."""
    return TRUE if truth == TRUE else FALSE


def membership_of(indicated: Truth, barred: Truth) -> Status:
    """An adaptation's membership, from its recommends and its exclusions."""
    if barred == TRUE:
        return Status.EXCLUDED
    if indicated == FALSE:
        return Status.NOT_INDICATED
    if barred == UNKNOWN:
        return Status.WITHHELD
    return Status.RECOMMENDED if indicated == TRUE else Status.CANNOT_SAY


_DECLINABLE = frozenset({Status.WITHHELD, Status.RECOMMENDED, Status.CANNOT_SAY})


def if_declined(status: Status) -> Status:
    """The same for a patient who declines it."""
    return Status.DECLINED if status in _DECLINABLE else status


# ------------------------------------------------------------------------------- restriction


class Restricted:
    """Diagrams cut down to what one patient's facts still allow.

    In the cut-down diagrams the first child of a node is «not answered»; every node that is left
    depends on an answer still to come.
    """

    def __init__(self, conditions: Conditions, elements: Sequence[int]) -> None:
        self.store = Diagrams()
        self.conditions = conditions
        self._elements = elements
        self._memo: dict[Node, Node] = {}

    def restrict(self, node: Node) -> Node:
        """The same function over what is still open."""
        known = self._memo.get(node)
        if known is not None:
            return known
        source = self.conditions.store
        variable = source.variable(node)
        if source.is_terminal(node):
            made = self.store.terminal(source.value(node))
        else:
            children = source.children(node)
            kids = tuple([self.restrict(children[at]) for at in self.allowed(variable)])
            made = kids[0] if len(kids) == 1 else self.store.node(variable, kids)
        self._memo[node] = made
        return made

    def allowed(self, variable: int) -> tuple[int, ...]:
        """The elements a variable can still be: the first is «not answered»."""
        return self.conditions.space.narrower(variable, self._elements[variable])

    def features(self, node: Node) -> list[str]:
        """The features a diagram depends on."""
        space = self.conditions.space
        return list(dict.fromkeys(map(space.feature, sorted(self.store.support(node)))))

    def unanswered(self, node: Node, feature: str) -> Node:
        """The same function while one feature stays not answered."""
        memo: dict[Node, Node] = {}
        space = self.conditions.space

        def without(node: Node) -> Node:
            if self.store.is_terminal(node):
                return node
            if node not in memo:
                variable, children = self.store.variable(node), self.store.children(node)
                if space.feature(variable) == feature:
                    memo[node] = without(children[0])
                else:
                    memo[node] = self.store.node(variable, tuple(map(without, children)))
            return memo[node]

        return without(node)

    def changing(self, node: Node, ignored: Status) -> Iterator[str]:
        """The features whose answer can change the outcome to another than it was before.

        A change from `ignored` does not count.
        """

        def counts(before: Status, after: Status) -> bool:
            return before not in (after, ignored)

        for feature in self.features(node):
            before = self.unanswered(node, feature)
            changed = self.store.apply(counts, before, node)
            if changed != self.store.terminal(False):
                yield feature
