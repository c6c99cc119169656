"""Trace → candidates: for each adaptation, the firings for and against it, and its membership.

Membership comes from the firings alone. Nothing here chooses between adaptations: that is plan.py.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from recommender.conditions import FALSE, TRUE
from recommender.rules import IfNotKnown, Rule, Verb
from recommender.stops import Force, Releases, Stop, lifted
from recommender.trace import Trace
from recommender.vocabulary import Adaptation


class Status(StrEnum):
    """Where an adaptation stands: in the plan, or set aside and how."""

    RECOMMENDED = "recommended"
    HELD = "held"
    EXCLUDED = "excluded"
    DECLINED = "declined"
    WITHHELD = "withheld"
    CANNOT_SAY = "cannot_say"
    NOT_INDICATED = "not_indicated"
    DISPLACED = "displaced"
    DEFERRED = "deferred"


class Candidate(NamedTuple):
    """One adaptation with everything that speaks for and against it."""

    adaptation: Adaptation
    status: Status
    membership: Status
    """The status with stops left aside: what a released stop would leave."""
    recommends: tuple[Rule, ...]
    """Recommends that are true, the best first."""
    maybe: tuple[Rule, ...]
    excludes: tuple[Rule, ...]
    withholds: tuple[Rule, ...]
    held_by: tuple[Stop, ...]
    assumes: tuple[str, ...]
    provisional: bool
    cautions: tuple[Rule, ...]
    open_cautions: tuple[Rule, ...]
    tailoring: tuple[Rule, ...]

    @property
    def best(self) -> Rule | None:
        """The best recommend that is true."""
        return self.recommends[0] if self.recommends else None

    @property
    def by(self) -> tuple[Rule, ...]:
        """The rules that made the status what it is."""
        match self.status:
            case Status.HELD:
                return tuple(stop.rule for stop in self.held_by)
            case Status.EXCLUDED:
                return self.excludes
            case Status.WITHHELD:
                return self.withholds
            case Status.CANNOT_SAY:
                return self.maybe
        return self.recommends or self.maybe


class _Rules:
    """The live rules of one trace, by verb and adaptation; lifted exclusions are left out."""

    def __init__(self, trace: Trace, releases: Releases, names: Iterable[str]) -> None:
        self.true: dict[tuple[Verb, str], list[Rule]] = defaultdict(list)
        self.unknown: dict[tuple[Verb, str], list[Rule]] = defaultdict(list)
        about, truths = trace.rulebook.by_target, trace.truths
        for name in names:
            for rule in about.get(name, ()):
                truth = truths[rule.id]
                if truth == FALSE:
                    continue
                if rule.verb is Verb.EXCLUDE and lifted(rule, trace, releases):
                    continue
                found = self.true if truth == TRUE else self.unknown
                found[rule.verb, name].append(rule)


_NONE: Sequence[Rule] = ()


def propose(
    trace: Trace,
    stops: Sequence[Stop],
    declines: Collection[str],
    releases: Releases,
    *,
    only: Collection[str] | None = None,
) -> dict[str, Candidate]:
    """One candidate for each adaptation of the vocabulary, or for these, in the order declared."""
    adaptations = trace.rulebook.adaptations
    names = [name for name in adaptations if only is None or name in only]
    rules = _Rules(trace, releases, names)
    asks = tuple(unanswered_asks(trace))
    return {
        name: _candidate(adaptations[name], rules, trace, stops, asks, name in declines)
        for name in names
    }


def _candidate(
    adaptation: Adaptation,
    rules: _Rules,
    trace: Trace,
    stops: Sequence[Stop],
    asks: Sequence[Rule],
    declined: bool,
) -> Candidate:
    name = adaptation.id
    recommends = rules.true.get((Verb.RECOMMEND, name), _NONE)
    maybe = rules.unknown.get((Verb.RECOMMEND, name), _NONE)
    excludes = rules.true.get((Verb.EXCLUDE, name), _NONE)
    unclear = rules.unknown.get((Verb.EXCLUDE, name), _NONE)
    withholds = [rule for rule in unclear if rule.unknown_means is IfNotKnown.BLOCK]
    held_by = tuple(s for s in stops if s.force is Force.IN_FORCE and s.holds(name))
    membership = _membership(recommends, maybe, excludes, withholds, declined)
    assuming: Sequence[Rule] = ()
    provisional = False
    if membership is Status.RECOMMENDED and not held_by:
        assuming = [*_assumed(unclear, stops, name)]
        provisional = any(r.unknown_means is IfNotKnown.ASK for r in assuming) or any(
            rule.text.for_ == "all" or name in rule.text.for_ for rule in asks
        )
    return Candidate(
        adaptation=adaptation,
        status=Status.HELD if held_by else membership,
        membership=membership,
        recommends=tuple(sorted(recommends, key=lambda rule: rule.best_first)),
        maybe=tuple(maybe),
        excludes=tuple(excludes),
        withholds=tuple(withholds),
        held_by=held_by,
        assumes=tuple(dict.fromkeys(f for rule in assuming for f in trace.open_behind(rule))),
        provisional=provisional,
        cautions=tuple(rules.true.get((Verb.CAUTION, name), _NONE)),
        open_cautions=tuple(rules.unknown.get((Verb.CAUTION, name), _NONE)),
        tailoring=tuple(rules.true.get((Verb.TAILOR, name), _NONE)),
    )


def _membership(
    recommends: Sequence[Rule],
    maybe: Sequence[Rule],
    excludes: Sequence[Rule],
    withholds: Sequence[Rule],
    declined: bool,
) -> Status:
    indicated = bool(recommends or maybe)
    if excludes:
        return Status.EXCLUDED
    if declined and indicated:
        return Status.DECLINED
    if withholds and indicated:
        return Status.WITHHELD
    if recommends:
        return Status.RECOMMENDED
    return Status.CANNOT_SAY if maybe else Status.NOT_INDICATED


_ASSUMED = (IfNotKnown.ASK, IfNotKnown.CAUTION)


def _assumed(unclear: Sequence[Rule], stops: Sequence[Stop], name: str) -> Iterator[Rule]:
    """Unknown excludes and unreleased referrals that leave the adaptation recommended."""
    yield from (rule for rule in unclear if rule.unknown_means in _ASSUMED)
    for stop in stops:
        if stop.force is Force.OPEN and stop.holds(name) and stop.rule.unknown_means in _ASSUMED:
            yield stop.rule


def unanswered_asks(trace: Trace) -> Iterator[Rule]:
    """The `ask` rules that fired and whose feature is not known, or older than the finding."""
    for rule in trace.rulebook.by_verb(Verb.ASK):
        if trace.truths[rule.id] == TRUE and not _answered(rule, trace):
            yield rule


def _answered(rule: Rule, trace: Trace) -> bool:
    asked = rule.text.ask
    assert asked is not None
    if not trace.is_known(asked):
        return False
    newest = trace.newest_true_part(rule) if rule.text.after_finding else None
    if newest is None:
        return True
    on = trace.facts[asked].on
    return on is not None and on.day >= newest.day
