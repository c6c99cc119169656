"""Stops: which referrals are in force for this patient, and which recorded act lifted one.

In: a Trace and the releases of the profile. Out: a Stop for each `refer` that fired or is unknown.
Nothing lowers a stop but a recorded act later than the finding, or an answer that was asked for.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from recommender.conditions import TRUE, Truth
from recommender.facts import Moment
from recommender.rules import IfNotKnown, Rule, Verb
from recommender.trace import Trace
from recommender.vocabulary import URGENCY_ORDER, Pathway

Releases = Mapping[str, tuple[Moment, ...]]
"""When each act was recorded, by the act's id."""


class Force(StrEnum):
    """How a referral bears on the plan now."""

    IN_FORCE = "in_force"
    RELEASED = "released"
    OPEN = "open"


class Stop(NamedTuple):
    """One referral that fired or is unknown."""

    rule: Rule
    pathway: Pathway
    truth: Truth
    force: Force

    @property
    def holds_all(self) -> bool:
        """Whether it holds every adaptation."""
        return self.rule.text.hold == "all"

    def holds(self, adaptation: str) -> bool:
        """Whether it holds this adaptation while in force."""
        return self.holds_all or adaptation in self.rule.text.hold

    @property
    def most_urgent_first(self) -> tuple[int, str]:
        """Sorts stops: by urgency, then by rule id."""
        return URGENCY_ORDER[self.pathway.urgency], self.rule.id


def stops(trace: Trace, releases: Releases) -> tuple[Stop, ...]:
    """Every referral that fired or is unknown, most urgent first."""
    return tuple(sorted(_stops(trace, releases), key=lambda stop: stop.most_urgent_first))


def _stops(trace: Trace, releases: Releases) -> Iterator[Stop]:
    for rule in trace.rulebook.by_verb(Verb.REFER):
        truth = trace.truths[rule.id]
        if truth:
            assert rule.text.refer is not None
            pathway = trace.rulebook.pathways[rule.text.refer]
            yield Stop(rule, pathway, truth, _force(rule, truth, pathway, trace, releases))


def _force(
    rule: Rule,
    truth: Truth,
    pathway: Pathway,
    trace: Trace,
    releases: Releases,
) -> Force:
    if lifted(rule, trace, releases):
        return Force.RELEASED
    through_unknown = rule.unknown_means is IfNotKnown.BLOCK and not pathway.scope
    return Force.IN_FORCE if truth == TRUE or through_unknown else Force.OPEN


def lifted(rule: Rule, trace: Trace, releases: Releases) -> bool:
    """Whether a recorded act, or the answers asked for, came after what speaks for the rule."""
    recorded = releases.get(rule.text.release or "", ())
    if not recorded and not _may_be_answered(rule, trace):
        return False
    newest = trace.newest_true_part(rule)
    if newest is None:
        return False
    return any(act.later_than(newest) for act in recorded) or answered(rule, trace, newest)


def answered(rule: Rule, trace: Trace, newest: Moment) -> bool:
    """Whether every `answered_by` feature is exactly known, as of the finding's day or later."""
    return _may_be_answered(rule, trace) and all(
        not_older(trace.facts[name].on, newest) for name in rule.text.answered_by
    )


def _may_be_answered(rule: Rule, trace: Trace) -> bool:
    asked = rule.text.answered_by
    return bool(asked) and all(map(trace.is_known, asked))


def not_older(answer: Moment | None, finding: Moment) -> bool:
    """Of the finding's day or later; with a time on both, not earlier."""
    if answer is None or answer.day < finding.day:
        return False
    both = answer.day == finding.day and answer.time and finding.time
    return not both or answer.time >= finding.time  # type: ignore[operator]
