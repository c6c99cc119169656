"""Candidates → plan: access, rivals, sequence, load, status. Every step only ever demotes.

In: one candidate for each adaptation, the stops and the trace. Out: a Plan that names every
adaptation exactly once, chosen or set aside. Rules of rules/combination/ decide; what is unknown
acts as true here, because acting on it only makes the plan more careful.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from recommender.candidates import Candidate, Status, unanswered_asks
from recommender.conditions import FALSE, TRUE
from recommender.facts import Options
from recommender.rules import IfNotKnown, Rule, Verb
from recommender.stops import Force, Stop
from recommender.trace import Trace

FIRST_PHASE, LAST_PHASE = 0, 3


class PlanStatus(StrEnum):
    """What the answer as a whole says."""

    STOPPED = "stopped"
    OUT_OF_SCOPE = "out_of_scope"
    PROVISIONAL = "provisional"
    RECOMMENDED = "recommended"
    CANNOT_SAY = "cannot_say"
    NOTHING_INDICATED = "nothing_indicated"


class Chosen(NamedTuple):
    """One adaptation in the plan, and when it starts."""

    candidate: Candidate
    phase: int
    moved_from: int | None = None
    alternatives: tuple[tuple[str, Rule], ...] = ()
    gates: tuple[Rule, ...] = ()
    needs_open: tuple[str, ...] = ()


class SetAside(NamedTuple):
    """One adaptation not in the plan, and what put it there."""

    candidate: Candidate
    status: Status
    by: tuple[Rule, ...]
    displaced_by: str | None = None
    missing_needs: tuple[str, ...] = ()


class Plan(NamedTuple):
    """The combination kept, and what was set aside and why."""

    status: PlanStatus
    stops: tuple[Stop, ...]
    """The stops in force, most urgent first."""
    chosen: tuple[Chosen, ...]
    """By phase, then foundation first, then as strongly as they are recommended."""
    set_aside: tuple[SetAside, ...]
    """In the order of the vocabulary."""
    required_asks: tuple[Rule, ...]
    shaped_by: tuple[tuple[Rule, tuple[str, ...]], ...]
    """The rules that put the parts together as they are, with the adaptations each is about."""


@dataclass
class _Draft:
    """The plan while it is being made: what is still in, and what was demoted."""

    trace: Trace
    candidates: Mapping[str, Candidate]
    prefers: Sequence[str]
    inside: dict[str, Candidate] = field(default_factory=dict)
    outside: dict[str, SetAside] = field(default_factory=dict)
    alternatives: dict[str, list[tuple[str, Rule]]] = field(default_factory=dict)
    phase: dict[str, int] = field(default_factory=dict)
    moved_from: dict[str, int] = field(default_factory=dict)
    moved_by: dict[str, Rule] = field(default_factory=dict)

    def demote(self, name: str, aside: SetAside) -> None:
        del self.inside[name]
        self.outside[name] = aside

    def acting(self, verb: Verb) -> list[Rule]:
        """The rules of a verb that are true or unknown, by id."""
        truths = self.trace.truths
        return [rule for rule in self.trace.rulebook.by_verb(verb) if truths[rule.id] != FALSE]


def combine(
    candidates: Mapping[str, Candidate],
    trace: Trace,
    stops: Sequence[Stop],
    prefers: Sequence[str],
) -> Plan:
    """The plan: access, then choosing, then sequence, phases and load, then status."""
    draft = _Draft(trace, candidates, prefers)
    for name, candidate in candidates.items():
        if candidate.status is Status.RECOMMENDED:
            draft.inside[name] = candidate
        else:
            draft.outside[name] = SetAside(candidate, candidate.status, candidate.by)
    _check_access(draft)
    _choose(draft)
    _require(draft)
    _schedule(draft)
    asks = tuple(unanswered_asks(trace))
    return Plan(
        status=_status(draft, stops, asks),
        stops=tuple(stop for stop in stops if stop.force is Force.IN_FORCE),
        chosen=tuple(_chosen(draft)),
        set_aside=tuple(draft.outside[name] for name in candidates if name in draft.outside),
        required_asks=asks,
        shaped_by=tuple(_shaping(draft)),
    )


# ------------------------------------------------------------------------------- access, rivals

_NO = Options(1)


def _check_access(draft: _Draft) -> None:
    facts = draft.trace.facts
    for name, candidate in list(draft.inside.items()):
        missing = tuple(n for n in candidate.adaptation.needs if facts[n].possible == _NO)
        if missing:
            by = candidate.recommends
            draft.demote(name, SetAside(candidate, Status.DEFERRED, by, missing_needs=missing))


def _choose(draft: _Draft) -> None:
    for rule in draft.acting(Verb.CHOOSE_ONE):
        rivals = [name for name in rule.targets if name in draft.inside]
        if len(rivals) < 2:
            continue
        winner = min(rivals, key=_preference(draft, rule))
        for name in rivals:
            if name != winner:
                aside = SetAside(draft.inside[name], Status.DISPLACED, (rule,), displaced_by=winner)
                draft.demote(name, aside)
                draft.alternatives.setdefault(winner, []).append((name, rule))


def _preference(draft: _Draft, rule: Rule) -> Callable[[str], tuple[object, ...]]:
    """Sorts rivals: the rule's own choice, the patient's, the better supported, the lighter, id."""
    preferred = rule.text.prefer if draft.trace.truths[rule.id] == TRUE else None
    wished = {name: place for place, name in enumerate(draft.prefers)}

    def key(name: str) -> tuple[object, ...]:
        candidate = draft.inside[name]
        best = candidate.best
        assert best is not None
        strength, certainty = best.best_first[:2]
        liked = wished.get(name, len(wished))
        return name != preferred, liked, strength, certainty, candidate.adaptation.hours, name

    return key


# ------------------------------------------------------------------------------- sequence, load


def _pairs(rules: Iterable[Rule]) -> Iterator[tuple[Rule, str, str]]:
    for rule in rules:
        named = rule.targets
        for first, second in pairwise(named):
            yield rule, first, second


def _require(draft: _Draft) -> None:
    """What needs an adaptation that is not in the plan waits, and so on down the line."""
    required = [r for r in draft.acting(Verb.SEQUENCE) if r.text.required]
    changed = True
    while changed:
        changed = False
        for rule, first, second in _pairs(required):
            if second in draft.inside and first not in draft.inside:
                draft.demote(second, SetAside(draft.inside[second], Status.DEFERRED, (rule,)))
                changed = True


def _schedule(draft: _Draft) -> None:
    for name, candidate in draft.inside.items():
        draft.phase[name] = _own_phase(candidate)
    _in_order(draft)
    limits = _limits(draft)
    for phase in range(FIRST_PHASE, LAST_PHASE + 1):
        while (excess := _weakest_in_excess(draft, phase, limits)) is not None:
            _postpone(draft, *excess)
    _require(draft)


def _own_phase(candidate: Candidate) -> int:
    best = candidate.best
    assert best is not None
    return candidate.adaptation.phase if best.text.phase is None else best.text.phase


def _in_order(draft: _Draft) -> None:
    """Push later what must come later or together, never past the last phase."""
    sequences = list(_pairs(draft.acting(Verb.SEQUENCE)))
    together = [rule.targets for rule in draft.acting(Verb.TOGETHER)]
    changed = True
    while changed:
        changed = False
        for _, first, second in sequences:
            if first in draft.phase and second in draft.phase:
                earliest = min(draft.phase[first] + 1, LAST_PHASE)
                changed |= _push(draft, second, earliest)
        for group in together:
            inside = [name for name in group if name in draft.phase]
            latest = max((draft.phase[name] for name in inside), default=0)
            for name in inside:
                changed |= _push(draft, name, latest)


def _push(draft: _Draft, name: str, earliest: int) -> bool:
    if draft.phase[name] >= earliest:
        return False
    draft.phase[name] = earliest
    return True


_Measure = Callable[[Candidate], float]
_MEASURES: Mapping[str, _Measure] = {
    "new_at_once": lambda candidate: 1 if candidate.adaptation.burden else 0,
    "hours_per_week": lambda candidate: candidate.adaptation.hours,
    "homework_streams": lambda candidate: (
        candidate.adaptation.burden.homework_streams if candidate.adaptation.burden else 0
    ),
}


def _limits(draft: _Draft) -> list[tuple[_Measure, float, Rule]]:
    """The lowest acting limit of each measure."""
    lowest: dict[str, tuple[float, Rule]] = {}
    for rule in draft.acting(Verb.LIMIT):
        assert rule.text.limit is not None
        for name, most in rule.text.limit.model_dump(exclude_none=True).items():
            if name not in lowest or most < lowest[name][0]:
                lowest[name] = (most, rule)
    return [(_MEASURES[name], most, rule) for name, (most, rule) in sorted(lowest.items())]


def _weakest_in_excess(
    draft: _Draft, phase: int, limits: list[tuple[_Measure, float, Rule]]
) -> tuple[str, Rule] | None:
    starting = [name for name, at in draft.phase.items() if at == phase]
    for measure, most, rule in limits:
        adding = [name for name in starting if measure(draft.inside[name]) > 0]
        if sum(measure(draft.inside[name]) for name in adding) > most:
            return max(adding, key=lambda name: _strongest_first(draft.inside[name])), rule
    return None


def _strongest_first(candidate: Candidate) -> tuple[object, ...]:
    best = candidate.best
    assert best is not None
    strength, certainty = best.best_first[:2]
    not_foundation = best.text.as_ != "foundation"
    return not_foundation, strength, certainty, candidate.adaptation.hours, candidate.adaptation.id


def _postpone(draft: _Draft, name: str, rule: Rule) -> None:
    """To the next phase; past the last one it is deferred."""
    draft.moved_from.setdefault(name, draft.phase[name])
    draft.moved_by.setdefault(name, rule)
    draft.phase[name] += 1
    if draft.phase[name] > LAST_PHASE:
        draft.demote(name, SetAside(draft.inside[name], Status.DEFERRED, (rule,)))
        del draft.phase[name]
    _in_order(draft)


# ------------------------------------------------------------------------------- the whole


def _chosen(draft: _Draft) -> Iterator[Chosen]:
    gated = [rule for rule in draft.acting(Verb.SEQUENCE) if rule.gate is not None]
    known = draft.trace.is_known
    ordered = sorted(
        draft.inside.values(),
        key=lambda c: (draft.phase[c.adaptation.id], *_strongest_first(c)),
    )
    for candidate in ordered:
        name = candidate.adaptation.id
        needs = candidate.adaptation.needs
        yield Chosen(
            candidate,
            draft.phase[name],
            draft.moved_from.get(name),
            tuple(draft.alternatives.get(name, ())),
            tuple(
                r for r, first, second in _pairs(gated) if second == name and first in draft.inside
            ),
            tuple(need for need in needs if not known(need)),
        )


def _shaping(draft: _Draft) -> Iterator[tuple[Rule, tuple[str, ...]]]:
    """Choices made, orders kept and loads spread, by verb and then by rule id."""
    for rule in draft.acting(Verb.CHOOSE_ONE):
        for winner, rivals in draft.alternatives.items():
            given_way = [name for name, by in rivals if by is rule]
            if given_way and winner in draft.inside:
                yield rule, (winner, *given_way)
    for verb in (Verb.SEQUENCE, Verb.TOGETHER):
        for rule in draft.acting(verb):
            inside = tuple(name for name in rule.targets if name in draft.inside)
            if len(inside) > 1:
                yield rule, inside
    for rule in draft.acting(Verb.LIMIT):
        moved = tuple(name for name, by in draft.moved_by.items() if by is rule)
        if moved:
            yield rule, moved


def _status(draft: _Draft, stops: Sequence[Stop], asks: Sequence[Rule]) -> PlanStatus:
    in_force = [s for s in stops if s.force is Force.IN_FORCE and s.holds_all]
    if any(not stop.pathway.scope for stop in in_force):
        return PlanStatus.STOPPED
    if in_force:
        return PlanStatus.OUT_OF_SCOPE
    if draft.inside:
        asked = any(rule.text.for_ == "all" for rule in asks) or any(
            stop.force is Force.OPEN
            and stop.holds_all
            and stop.rule.unknown_means is IfNotKnown.ASK
            for stop in stops
        )
        return PlanStatus.PROVISIONAL if asked else PlanStatus.RECOMMENDED
    waiting = {Status.HELD, Status.DEFERRED, Status.WITHHELD, Status.CANNOT_SAY}
    if any(aside.status in waiting for aside in draft.outside.values()):
        return PlanStatus.CANNOT_SAY
    return PlanStatus.NOTHING_INDICATED
