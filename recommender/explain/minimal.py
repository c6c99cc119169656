"""The fewest changes that would put an adaptation into the plan's reach, or out of it.

In: a Recommendation and one of its adaptations. Out: every smallest set of edits, as shortest paths
in the adaptation's membership diagram, each verified by running the flow again; or the rules that
make it impossible. An edit answers what is open, or gives a modifiable feature another value; what
is known of age and history is left alone. This is how the rules behave, never advice to reach a
value. Stops are left aside: they are lifted by their release.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from math import prod
from typing import Any, NamedTuple

from recommender.candidates import Status, propose
from recommender.conditions import FALSE, TRUE, Truth
from recommender.diagrams import (
    Conditions,
    Memberships,
    membership_of,
    memberships,
)
from recommender.engines import native
from recommender.facts import (
    Fact,
    Members,
    Moment,
    Options,
    Possible,
    Span,
    State,
    describe,
    names,
)
from recommender.mdd import Node
from recommender.plan import combine
from recommender.recommendation import Recommendation
from recommender.regions import Classes, Member, Stretches, Variable
from recommender.rules import Rule, Verb
from recommender.stops import lifted
from recommender.stops import stops as find_stops
from recommender.vocabulary import Feature

MOST_PATHS = 40
"""Paths followed to the end and verified; past that the answer says that there are more."""

Features = frozenset[str]
Sets = Mapping[Features, int]
"""Sets of features to edit, all equally small, each with the fewest values: members count apart."""

Element = int


class Edit(NamedTuple):
    """One feature to be known otherwise: what it may be, and whether that only answers it."""

    feature: str
    values: tuple[Possible, ...]
    """Stretches, classes or members, any of which will do; for a set the one that will."""
    answers: bool


class Change(NamedTuple):
    """One smallest set of edits."""

    edits: tuple[Edit, ...]
    enters_plan: bool
    """Whether it is in the plan afterwards: a rival or the load may decide otherwise."""


class Changes(NamedTuple):
    """All smallest changes, or why there are none."""

    wanted: bool
    """True: that would recommend it. False: that would no longer."""
    changes: tuple[Change, ...]
    more: bool
    impossible_because: tuple[Rule, ...]


def smallest_changes(answer: Recommendation, adaptation: str) -> Changes:
    """What would recommend an adaptation that is not recommended, or undo it where it is.

    Of one that the patient declines: what would recommend it if they did not.
    """
    wanted = answer.candidates[adaptation].membership is not Status.RECOMMENDED
    search = _Search(answer, adaptation, wanted=wanted)
    if frozenset() in search.sets:
        return Changes(wanted, (), False, ())  # only the patient's wish is in the way
    if not search.sets:
        return Changes(wanted, (), False, tuple(search.in_the_way()))
    paths = list(search.paths(MOST_PATHS + 1))
    changes = tuple(_merged(search, paths[:MOST_PATHS]))
    return Changes(wanted, changes, len(paths) > MOST_PATHS, ())


Path = tuple[tuple[int, Element], ...]
"""The variables that are changed on the way, each with what it becomes."""


class _Search:
    """Shortest paths through one adaptation's diagram, starting from one patient."""

    def __init__(self, answer: Recommendation, adaptation: str, *, wanted: bool) -> None:
        self.answer = answer
        self._adaptation = adaptation
        self.wanted = wanted
        trace = answer.trace
        self._releases = answer.profile.released()
        known: Memberships = trace.rulebook.derived(
            memberships, trace.rulebook.inactive(trace.as_of)
        )
        self._conditions: Conditions = known.conditions
        self.space = known.conditions.space
        self._store = known.conditions.store
        self.elements = self.space.elements(trace.facts)
        self._root = self._diagram(known)
        self._sets: dict[tuple[Node, bool], Sets] = {}
        self.sets = self._smallest(self._root, paid=False)

    # -- the diagram ----------------------------------------------------------------------

    def _diagram(self, known: Memberships) -> Node:
        """Membership with every exclusion that is not lifted for this patient."""
        barred = self._conditions.fold(max, (node for _, node in self._barring()), FALSE)
        return self._conditions.join(membership_of, known.indicated[self._adaptation], barred)

    def _barring(self) -> Iterator[tuple[Rule, Node]]:
        trace = self.answer.trace
        inactive = trace.rulebook.inactive(trace.as_of)
        for rule in trace.rulebook.by_verb(Verb.EXCLUDE):
            bars = self._adaptation in rule.targets and rule.id not in inactive
            if bars and not lifted(rule, trace, self._releases):
                yield rule, self._conditions.barring(rule)

    def _arrived(self, node: Node) -> bool:
        return (self._store.value(node) is Status.RECOMMENDED) is self.wanted

    # -- what may become of a feature -----------------------------------------------------

    def choices(self, variable: int) -> Sequence[Element]:
        """What a variable can be changed to: exact values only, the present one left out."""
        found = self.space.variables[variable]
        now = self.elements[variable]
        if found.feature.modifiable:
            allowed: Sequence[Element] = range(len(found.domain))
        else:
            allowed = self.space.narrower(variable, now)[1:]
        return [e for e in allowed if e != now and _is_exact(found, e)]

    def _feature(self, variable: int) -> str:
        return self.space.variables[variable].feature.id

    # -- shortest paths -------------------------------------------------------------------

    def _smallest(self, node: Node, *, paid: bool) -> Sets:
        """The smallest sets of features still to be edited; `paid`: the node's one is already."""
        known = self._sets.get((node, paid))
        if known is None:
            if self._store.is_terminal(node):
                known = {frozenset(): 0} if self._arrived(node) else {}
            else:
                known = _fewest(self._ways(node, paid=paid))
            self._sets[node, paid] = known
        return known

    def _ways(self, node: Node, *, paid: bool) -> Iterator[tuple[Features, int]]:
        """Every set of features with which one step from here can go on, and its values."""
        feature = self._feature(self._store.variable(node))
        for element, child, going_on in self._steps(node, paid=paid):
            edits = element is not None
            for rest, values in self._smallest(child, paid=going_on).items():
                yield rest | {feature} if edits and not paid else rest, values + edits

    def _steps(self, node: Node, *, paid: bool) -> Iterator[tuple[Element | None, Node, bool]]:
        """Each way on: what the variable becomes (None: it stays), where to, and `paid` there."""
        variable, children = self._store.variable(node), self._store.children(node)
        stay = children[self.elements[variable]]
        yield None, stay, paid and self._continues(variable, stay)
        for element in self.choices(variable):
            child = children[element]
            yield element, child, self._continues(variable, child)

    def _continues(self, variable: int, child: Node) -> bool:
        """Whether the next question is about the same feature."""
        if self._store.is_terminal(child):
            return False
        return self._feature(self._store.variable(child)) == self._feature(variable)

    def paths(self, most: int) -> Iterator[Path]:
        """Every shortest path, at most so many: for each set of features the fewest values."""
        found = (
            path
            for names, values in self.sets.items()
            for path in self._paths(self._root, names, values, paid=False)
        )
        return islice(found, most)

    def _paths(self, node: Node, names: Features, values: int, *, paid: bool) -> Iterator[Path]:
        if self._store.is_terminal(node):
            yield ()
            return
        variable = self._store.variable(node)
        feature = self._feature(variable)
        for element, child, going_on in self._steps(node, paid=paid):
            edits = element is not None
            if edits and not paid and feature not in names:
                continue
            rest = names - {feature} if edits and not paid else names
            if self._smallest(child, paid=going_on).get(rest) == values - edits:
                head = () if element is None else ((variable, element),)
                for tail in self._paths(child, rest, values - edits, paid=going_on):
                    yield (*head, *tail)

    # -- nothing would do -----------------------------------------------------------------

    def in_the_way(self) -> Iterator[Rule]:
        """The exclusions no edit can lift; without any, the recommendations none can make true."""
        if not self.wanted:
            return
        blocking = [rule for rule, node in self._barring() if FALSE not in self._reachable(node)]
        yield from blocking
        if not blocking:
            for rule in self.answer.trace.rulebook.by_verb(Verb.RECOMMEND):
                if self._adaptation in rule.targets:
                    yield rule

    def _reachable(self, node: Node) -> set[Truth]:
        seen: set[Node] = set()
        found: set[Truth] = set()
        waiting = [node]
        while waiting:
            here = waiting.pop()
            if here in seen:
                continue
            seen.add(here)
            if self._store.is_terminal(here):
                found.add(self._store.value(here))
                continue
            variable, children = self._store.variable(here), self._store.children(here)
            waiting.append(children[self.elements[variable]])
            waiting.extend(children[element] for element in self.choices(variable))
        return found

    # -- running it again -----------------------------------------------------------------

    def becomes(self, path: Path) -> Mapping[str, Possible]:
        """What each edited feature is then: one value of it that will do."""
        made: dict[str, Possible] = {}
        for variable, element in path:
            found = self.space.variables[variable]
            name = found.feature.id
            now = made.get(name, self.answer.trace.facts[name].possible)
            made[name] = _value_in(found, element, now)
        return made

    def again(self, path: Path) -> tuple[Status, bool]:
        """The membership, and whether it is in the plan, when these features are so."""
        answer, trace = self.answer, self.answer.trace
        today = Moment(answer.as_of)
        facts: dict[str, Fact] = dict(trace.facts)
        for name, possible in self.becomes(path).items():
            facts[name] = Fact(name, possible, State.KNOWN, today, "changed")
        for name in trace.rulebook.concluding:
            del facts[name]
        declines = frozenset(answer.profile.preferences.declines) - {self._adaptation}
        new = native.infer(facts, trace.rulebook, trace.as_of)
        found = find_stops(new, self._releases)
        candidates = propose(new, found, declines, self._releases)
        plan = combine(candidates, new, found, answer.profile.preferences.prefers)
        inside = {chosen.candidate.adaptation.id for chosen in plan.chosen}
        return candidates[self._adaptation].membership, self._adaptation in inside


def _fewest(ways: Iterable[tuple[Features, int]]) -> Sets:
    """The smallest of these sets of features, each with the fewest values it comes with."""
    found: dict[Features, int] = {}
    for features, values in ways:
        found[features] = min(values, found.get(features, values))
    smallest = min(map(len, found), default=0)
    return {features: values for features, values in found.items() if len(features) == smallest}


def _is_exact(variable: Variable, element: Element) -> bool:
    if isinstance(variable, Stretches):
        first, last = variable.domain[element]
        return first == last
    if isinstance(variable, Member):
        return element in (TRUE, FALSE)
    return isinstance(variable, Classes) and (element + 1).bit_count() == 1


def _value_in(variable: Variable, element: Element, now: Possible) -> Possible:
    """One exact value inside an element; of a set, the present members with one changed."""
    if isinstance(variable, Member):
        assert isinstance(now, Members)
        bit = 1 << variable.bit
        present = now.present | bit if element == TRUE else now.present & ~bit
        absent = now.absent | bit if element == FALSE else now.absent & ~bit
        return Members(present, absent)
    if isinstance(variable, Stretches):
        assert isinstance(now, Span)
        stretch = variable.values(element)
        nearest = min(max(now.low, stretch.low), stretch.high)
        return Span(nearest, nearest)
    assert isinstance(variable, Classes)
    mask = variable.masks[_single(element)]
    return Options(mask & -mask)


def _single(element: Element) -> int:
    return (element + 1).bit_length() - 1


# ------------------------------------------------------------------------------- saying it


def written(changes: Changes, answer: Recommendation) -> dict[str, Any]:
    """The changes as plain data."""
    features, facts = answer.trace.rulebook.features, answer.trace.facts
    return {
        "wanted": changes.wanted,
        "changes": [
            {
                "enters_plan": change.enters_plan,
                "edits": [
                    {
                        "feature": edit.feature,
                        "label": features[edit.feature].label,
                        "answers": edit.answers,
                        "now": describe(features[edit.feature], facts[edit.feature].possible),
                        "to": [_wanted(features[edit.feature], value) for value in edit.values],
                    }
                    for edit in change.edits
                ],
            }
            for change in changes.changes
        ],
        "more": changes.more,
        "impossible_because": [
            {"rule": rule.id, "title": rule.text.title} for rule in changes.impossible_because
        ],
    }


def _wanted(feature: Feature, value: Possible) -> dict[str, Any]:
    if isinstance(value, Members):
        present, absent = names(feature, value.present), names(feature, value.absent)
        return {"present": present, "absent": absent}
    return describe(feature, value)


def _merged(search: _Search, paths: Sequence[Path]) -> Iterator[Change]:
    """Paths that edit the same features and leave all else alike, as one change with ranges."""
    checked = [(path, search.again(path)) for path in paths]
    wanted = Status.RECOMMENDED
    kept = [
        (path, inside) for path, (status, inside) in checked if (status is wanted) is search.wanted
    ]
    key = lambda one: (_features(search, one[0]), one[1])  # noqa: E731
    for (features, inside), group in groupby(sorted(kept, key=key), key):
        several = [path for path, _ in group]
        values = [dict.fromkeys(_part(search, path, name) for path in several) for name in features]
        if prod(map(len, values)) == len(several):
            edits = zip(features, map(tuple, values), strict=True)
            yield Change(tuple(_edit(search, name, parts) for name, parts in edits), inside)
        else:
            for path in several:
                parts = [(name, (_part(search, path, name),)) for name in features]
                yield Change(tuple(_edit(search, name, one) for name, one in parts), inside)


def _features(search: _Search, path: Path) -> tuple[str, ...]:
    return tuple(dict.fromkeys(search.space.feature(variable) for variable, _ in path))


def _part(search: _Search, path: Path, feature: str) -> Path:
    return tuple(step for step in path if search.space.feature(step[0]) == feature)


def _edit(search: _Search, feature: str, parts: tuple[Path, ...]) -> Edit:
    values = tuple(_wide(search, part) for part in parts)
    answers = all(
        element in search.space.narrower(variable, search.elements[variable])
        for part in parts
        for variable, element in part
    )
    return Edit(feature, values, answers)


def _wide(search: _Search, part: Path) -> Possible:
    """All that will do: a whole stretch or class; of a set only the members that are changed."""
    made: Possible | None = None
    for variable, element in part:
        found = search.space.variables[variable]
        if isinstance(found, Member):
            made = _value_in(found, element, made or Members(0, 0))
        elif isinstance(found, Stretches):
            made = found.values(element)
        else:
            assert isinstance(found, Classes)
            made = Options(found.masks[_single(element)])
    assert made is not None
    return made
