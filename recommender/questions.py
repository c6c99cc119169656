"""What is settled for one patient, and which answers could still change it: exact, not sampled.

In: a Trace with its stops. Out: for each adaptation whether its membership can still change, the
same for the stops, and the features whose answer could change one of them. Reads the diagrams of
the rulebook, cut down to what this patient's facts still allow. Answers still to come count as
given together, at one moment later than everything on record: one that comes later still can bring
back a stop that another has lifted, and is then asked for anew.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from recommender.candidates import Candidate, Status
from recommender.conditions import FALSE, TRUE, UNKNOWN, Truth
from recommender.diagrams import (
    Memberships,
    Restricted,
    if_declined,
    membership_of,
    memberships,
    only_true,
)
from recommender.lifting import Lifting
from recommender.mdd import Node
from recommender.rules import IfNotKnown, Rule
from recommender.stops import Releases
from recommender.trace import Trace


class Question(NamedTuple):
    """One feature worth asking for, and what its answer can change."""

    feature: str
    required: bool
    can_change: tuple[str, ...]
    """Adaptations first, then rules of stops."""


class Questions:
    """Settled, stops settled, and what to ask, for one trace."""

    def __init__(
        self,
        trace: Trace,
        candidates: Mapping[str, Candidate],
        required: Sequence[Rule],
        declines: Collection[str],
        releases: Releases,
    ) -> None:
        self._trace = trace
        self._candidates = candidates
        self._required = [rule.text.ask for rule in required if rule.text.ask]
        self._declines = declines
        self._releases = releases
        self._lifted: dict[str, Node] = {}

    @cached_property
    def _known(self) -> Memberships:
        rulebook = self._trace.rulebook
        return rulebook.derived(memberships, rulebook.inactive(self._trace.as_of))

    @cached_property
    def _restricted(self) -> Restricted:
        """The diagrams cut down to what this patient's facts still allow."""
        elements = self._known.conditions.space.elements(self._trace.facts)
        return Restricted(self._known.conditions, elements)

    @cached_property
    def settled(self) -> Mapping[str, bool]:
        """Whether each adaptation's membership, stops aside, is final."""
        return {name: root is None for name, root in self._roots.items()}

    @cached_property
    def stops_settled(self) -> bool:
        """Whether the stops in force now are those after any further answers."""
        return not any(self._stop_changes.values())

    @cached_property
    def may_enter(self) -> frozenset[str]:
        """The adaptations that answers can still make recommended, stops left aside."""
        store = self._restricted.store
        found = set()
        for name, root in self._roots.items():
            inner = store.below([] if root is None else [root])
            ends = {child for node in inner for child in store.children(node)}
            if store.terminal(Status.RECOMMENDED) in ends:
                found.add(name)
        return frozenset(found)

    @cached_property
    def ask(self) -> tuple[Question, ...]:
        """Required first, then in the order declared, a panel standing at its first feature."""
        changes: dict[str, list[str]] = {name: [] for name in self._required}
        for name in self._candidates:
            for feature in self._membership_changes(name):
                changes.setdefault(feature, []).append(name)
        for rule, features in self._stop_changes.items():
            for feature in features:
                changes.setdefault(feature, []).append(rule)
        found = [
            Question(name, name in self._required, tuple(changed))
            for name, changed in changes.items()
        ]
        return tuple(sorted(found, key=self._order(found)))

    def _order(self, found: Sequence[Question]) -> "_Order":
        return _Order(self._trace, found)

    # -- memberships ------------------------------------------------------------------

    @cached_property
    def _roots(self) -> Mapping[str, Node | None]:
        """The diagram of what can still happen to each adaptation; None when nothing can."""
        final = self._restricted.store.is_terminal
        roots = {name: self._membership_diagram(name) for name in self._candidates}
        return {name: None if final(root) else root for name, root in roots.items()}

    def _membership_diagram(self, name: str) -> Node:
        store = self._restricted.store
        declined = name in self._declines
        barring = [*self._known.barring[name], *self._presumed(name)]
        if len(barring) == len(self._known.barring[name]) and not any(
            self._liftable(rule) for rule, _ in barring
        ):
            made = self._restricted.restrict(self._known.of[name])
            return store.map(if_declined, made) if declined else made
        made = store.terminal(FALSE)
        for rule, node in barring:
            made = store.apply(max, made, self._barring(rule, node))
        indicated = self._restricted.restrict(self._known.indicated[name])
        made = store.apply(membership_of, indicated, made)
        return store.map(if_declined, made) if declined else made

    def _presumed(self, name: str) -> Iterator[tuple[Rule, Node]]:
        """Exclusions that would count as «no» while unknown, and are true."""
        for rule, node in self._known.presumed[name]:
            if self._trace.truths[rule.id] == TRUE:
                yield rule, node

    def _liftable(self, rule: Rule) -> bool:
        return bool(rule.text.answered_by) or rule.text.release in self._releases

    def _barring(self, rule: Rule, node: Node) -> Node:
        """What an exclusion bars, FALSE where a recorded act has lifted it."""
        if not self._liftable(rule) or not rule.in_effect(self._trace.as_of):
            return self._restricted.restrict(node)
        truth = self._lifting(rule)
        blocks = rule.unknown_means is IfNotKnown.BLOCK
        return truth if blocks else self._restricted.store.map(only_true, truth)

    def _lifting(self, rule: Rule) -> Node:
        """The truth of a rule, FALSE wherever it is lifted."""
        if rule.id not in self._lifted:
            recorded = self._releases.get(rule.text.release or "", ())
            lifting = Lifting(self._trace, rule, recorded, self._restricted)
            self._lifted[rule.id] = lifting.truth()
        return self._lifted[rule.id]

    def _membership_changes(self, name: str) -> list[str]:
        root = self._roots[name]
        if root is None:
            return []
        if name in self._declines:
            return list(self._restricted.changing(root, Status.DECLINED))
        return self._restricted.features(root)

    # -- stops ------------------------------------------------------------------------

    @cached_property
    def _stop_changes(self) -> Mapping[str, list[str]]:
        """By rule of a referral: the features whose answer can change its force."""
        return {rule_id: self._changes_of(rule_id) for rule_id in self._known.referrals}

    def _changes_of(self, rule_id: str) -> list[str]:
        rule = self._trace.rulebook.rules[rule_id]
        if rule.unknown_means is IfNotKnown.PRESUME and self._trace.truths[rule_id] == UNKNOWN:
            return []
        restricted = self._restricted
        if self._liftable(rule):
            node = self._lifting(rule)
        else:
            node = restricted.restrict(self._known.referrals[rule_id])
        return restricted.features(restricted.store.map(force_of(rule, self._trace), node))


def force_of(rule: Rule, trace: Trace) -> Callable[[Truth], bool]:
    """Whether a truth of the rule's condition puts it in force, a release left aside."""
    assert rule.text.refer is not None
    scope = trace.rulebook.pathways[rule.text.refer].scope
    blocks = rule.unknown_means is IfNotKnown.BLOCK and not scope
    return lambda truth: truth == TRUE or (blocks and truth != FALSE)


class _Order:
    """Sorts questions: panels with a required one first, then as declared, panels together."""

    def __init__(self, trace: Trace, found: Sequence[Question]) -> None:
        self._features = trace.rulebook.features
        place = {name: at for at, name in enumerate(self._features)}
        self._place = place
        self._first: dict[str, tuple[bool, int]] = {}
        for question in found:
            line = self._line(question.feature)
            mine = (not question.required, place[question.feature])
            self._first[line] = min(self._first.get(line, mine), mine)

    def _line(self, feature: str) -> str:
        return self._features[feature].panel or f"={feature}"

    def __call__(self, question: Question) -> tuple[tuple[bool, int], bool, int]:
        line = self._first[self._line(question.feature)]
        return line, not question.required, self._place[question.feature]
