"""Hides facts of a person, asks in the order of `ask`, and looks whether the whole answer is found.

Half of the panels of an answered profile are hidden. The first line of questions is asked: what was
hidden comes back, what the profile does not hold stays unknown, and no line is asked twice. Then
the next first line, until none is left.
"""

import random
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from recommender.assess import assess
from recommender.candidates import Status, propose
from recommender.engines import native
from recommender.facts import Fact
from recommender.plan import combine
from recommender.profile import Profile, as_profile
from recommender.questions import Questions
from recommender.rulebook import Rulebook
from recommender.stops import Force
from recommender.stops import stops as find_stops


class Outcome(NamedTuple):
    """What an answer turns on: each membership, and the stops in force."""

    memberships: Mapping[str, Status]
    stops: frozenset[str]


class Interview(NamedTuple):
    """What asking in order found, beside the whole answer."""

    whole: Outcome
    found: Outcome
    hidden: int
    """Lines of questions with something hidden behind them."""
    hidden_asked: int
    open: int
    """Lines that could be asked at the start: hidden ones, and those nobody can answer."""
    asked: int


def interview(profile: Profile, rulebook: Rulebook, seed: int, share: float = 0.5) -> Interview:
    """One person with a share of the panels hidden; `seed` draws which."""
    return _Asking(profile, rulebook).run(random.Random(seed), share)


def asking_figure(profiles: Sequence[Profile], rulebook: Rulebook) -> str:
    """How much has to be asked until nothing can change any more."""
    seen = [interview(profile, rulebook, seed) for seed, profile in enumerate(profiles)]
    hidden = sum(one.hidden_asked for one in seen) / sum(one.hidden for one in seen)
    opened = sum(one.asked for one in seen) / sum(one.open for one in seen)
    return (
        f"With half of the answered panels of {len(seen)} people hidden and answered in the order "
        f"asked: {hidden:.0%} of the hidden ones and {opened:.0%} of all open ones were asked for."
    )


class _Asking:
    def __init__(self, profile: Profile, rulebook: Rulebook) -> None:
        assert profile.as_of is not None
        self._profile, self._rulebook, self._day = profile, rulebook, profile.as_of
        self._whole = assess(profile, rulebook, self._day)
        self._nothing = assess(_unasked(profile, self._day), rulebook, self._day)
        self._askable = [
            name
            for name in self._whole
            if not rulebook.features[name].concluded and not name.startswith("release.")
        ]
        self._releases = profile.released()

    def run(self, draw: random.Random, share: float) -> Interview:
        lines = sorted({self._line(name) for name in self._askable})
        closed = {line for line in lines if draw.random() < share}
        unknown = {n for n in self._askable if self._whole[n] == self._nothing[n]}
        hidden = {n for n in self._askable if n not in unknown and self._line(n) in closed}
        asked: set[str] = set()
        facts = {n: self._nothing[n] if n in hidden else f for n, f in self._whole.items()}
        while True:
            found, questions = self._answer(facts)
            left = (self._line(q.feature) for q in questions.ask)
            line = next((one for one in left if one not in asked), None)
            if line is None:
                break
            asked.add(line)
            answered = {n: self._whole[n] for n in hidden if self._line(n) == line}
            facts = {**facts, **answered}
        behind = {self._line(name) for name in hidden}
        open_lines = behind | {self._line(name) for name in unknown}
        return Interview(
            self._answer(self._whole)[0],
            found,
            len(behind),
            len(behind & asked),
            len(open_lines),
            len(asked),
        )

    def _line(self, feature: str) -> str:
        return self._rulebook.features[feature].panel or f"={feature}"

    def _answer(self, facts: Mapping[str, Fact]) -> tuple[Outcome, Questions]:
        declines = frozenset(self._profile.preferences.declines)
        trace = native.infer(facts, self._rulebook, self._day)
        found = find_stops(trace, self._releases)
        candidates = propose(trace, found, declines, self._releases)
        plan = combine(candidates, trace, found, self._profile.preferences.prefers)
        questions = Questions(trace, candidates, plan.required_asks, declines, self._releases)
        in_force = frozenset(stop.rule.id for stop in found if stop.force is Force.IN_FORCE)
        memberships = {name: one.membership for name, one in candidates.items()}
        return Outcome(memberships, in_force), questions


def _unasked(profile: Profile, day: date) -> Profile:
    """The same person with nothing asked yet."""
    return as_profile({"schema": "profile/1", "id": profile.id, "assessed_on": day.isoformat()})
