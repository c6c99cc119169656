"""A witness: one possible patient for whom something is so, and the native evaluator's word on it.

In: a cube of the search. Out: a Witness: what matters about the patient, as facts that the engine
can be run on. Everything that is not named is unknown, nothing is lifted, nothing declined. A
witness is shown only after the rules were run on it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from recommender.conditions import TRUE, UNKNOWN
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
    everything,
    is_exact,
    member_count,
)
from recommender.governance.search import Cube, Wide
from recommender.governance.world import (
    DECLINED,
    LIFTED,
    World,
    is_act,
    is_wish,
    not_asked,
    rests_on,
)
from recommender.pipeline import answer_of
from recommender.profile import as_profile
from recommender.recommendation import Produced, Recommendation
from recommender.regions import Classes, Exactness, Member, Stretches, Switch
from recommender.rulebook import Rulebook
from recommender.rules import Rule
from recommender.stops import Stop
from recommender.version import VERSION
from recommender.vocabulary import Feature, Kind

_RELEASE = "release."
EARLY, ACT, LATE = 3, 2, 1
"""Days before the answer: findings that an act came after, the act, and findings after the act."""


@dataclass(frozen=True)
class Witness:
    """One possible patient."""

    possible: Mapping[str, Possible]
    """What is known, by feature; all else is unknown."""
    wide: Mapping[str, Span]
    """Of an ordered feature the whole stretch that will do in place of its value."""
    lifted: frozenset[str] = frozenset()
    """Rules that a recorded act, or an answer, has lifted."""
    declined: frozenset[str] = frozenset()
    prefers: tuple[str, ...] = ()
    """Adaptations the patient would rather have, the dearest first."""


def witness_of(world: World, cube: Cube, wide: Wide) -> Witness:
    """The patient a cube describes; of stretches that will do a value in the middle."""
    reading = _Reading(world, cube, wide)
    return Witness(
        reading.possible,
        reading.wide,
        frozenset(reading.turned(LIFTED)),
        frozenset(reading.turned(DECLINED)),
    )


class _Reading:
    """A cube being read as facts."""

    def __init__(self, world: World, cube: Cube, wide: Wide) -> None:
        self._world = world
        self._cube = cube
        self.wide: dict[str, Span] = {}
        self.possible: dict[str, Possible] = {}
        features = world.space.features
        for name in dict.fromkeys(map(world.subject, sorted(cube))):
            if name in features:
                self.possible[name] = self._fact(features[name], wide)

    def turned(self, kind: str) -> Iterator[str]:
        for variable, element in self._cube.items():
            found = self._world.space.variables[variable]
            if isinstance(found, Switch) and element and found.feature.id.startswith(kind):
                yield found.feature.id.removeprefix(kind)

    def _fact(self, feature: Feature, wide: Wide) -> Possible:
        exact: bool | None = None
        made = not_asked(feature) if is_wish(feature) else everything(feature)
        for variable, element in self._cube.items():
            found = self._world.space.variables[variable]
            if found.feature.id != feature.id:
                continue
            if isinstance(found, Exactness):
                exact = bool(element)
            elif isinstance(found, Member):
                made = _with_member(made, found, element)
            elif isinstance(found, Stretches):
                made = found.values(element)
                if variable in wide:
                    made = self._stretch(found, *wide[variable])
                    self.wide[feature.id] = made
            elif isinstance(found, Classes):
                masks = [m for at, m in enumerate(found.masks) if (element + 1) >> at & 1]
                made = Options(sum(masks))
                exact = exact if exact is not None or len(masks) > 1 else True
        return self._settled(feature, made, exact)

    def _stretch(self, found: Stretches, first: int, last: int) -> Span:
        low = found.values(found.domain.index((first, first)))
        high = found.values(found.domain.index((last, last)))
        return Span(low.low, high.high)

    def _settled(self, feature: Feature, possible: Possible, exact: bool | None) -> Possible:
        """The middle of a stretch, unless the feature must not be exactly known."""
        if feature.id in self.wide and exact is not False:
            assert isinstance(possible, Span)
            middle = (possible.low + possible.high) / 2
            at = middle if feature.type is Kind.DECIMAL else middle // 1
            return Span(at, at)
        if not exact or is_exact(feature, possible):
            return possible
        if isinstance(possible, Span):
            return Span(possible.low, possible.low)
        if isinstance(possible, Options):
            return Options(possible.mask & -possible.mask)
        whole = (1 << member_count(feature)) - 1
        return Members(possible.present, whole & ~possible.present)


def _with_member(possible: Possible, member: Member, element: int) -> Members:
    assert isinstance(possible, Members)
    bit = 1 << member.bit
    truth = member.domain[element]
    if truth == UNKNOWN:
        return Members(possible.present, possible.absent & ~bit)
    if truth == TRUE:
        return Members(possible.present | bit, possible.absent & ~bit)
    return Members(possible.present, possible.absent | bit)


# ------------------------------------------------------------------------------- running it


def run(
    witness: Witness, rulebook: Rulebook, as_of: date, *, beside: Rulebook | None = None
) -> tuple[Recommendation, list[Stop]]:
    """What the native evaluator answers for a witness, and every stop.

    beside: another rulebook to be run on the same patient; all findings and acts have one day.
    """
    days = Days(witness, rulebook, as_of, beside=beside)
    profile = as_profile(
        {
            "schema": "profile/1",
            "id": "witness",
            "assessed_on": as_of.isoformat(),
            "preferences": {
                "declines": sorted(witness.declined),
                "prefers": list(witness.prefers),
            },
            "releases": list(days.releases()),
        }
    )
    facts = dict(rulebook.derived(_unasked))
    for name in (*rulebook.derived(_on_record), *witness.possible):
        if name in facts:
            facts[name] = days.fact(rulebook.features[name])
    trace = native.infer(facts, rulebook, as_of)
    answer, stops = answer_of(trace, profile, Produced(f"recommender {VERSION}", "native", None))
    return answer, list(stops)


def _unasked(rulebook: Rulebook) -> dict[str, Fact]:
    """The facts about somebody nobody has asked."""
    features = rulebook.features.values()
    return {one.id: Fact(one.id, everything(one)) for one in features if not one.concluded}


def _on_record(rulebook: Rulebook) -> tuple[str, ...]:
    return tuple(one.id for one in rulebook.features.values() if _is_recorded(one))


def _is_recorded(feature: Feature) -> bool:
    return is_act(feature) or is_wish(feature)


class Days:
    """When each finding and each act was, so that just the rules of the witness are lifted."""

    def __init__(
        self,
        witness: Witness,
        rulebook: Rulebook,
        as_of: date,
        *,
        beside: Rulebook | None = None,
    ) -> None:
        self._witness = witness
        self._rulebooks = [rulebook, *([beside] if beside is not None else [])]
        self._as_of = as_of
        self._early = {
            name
            for book in self._rulebooks
            for name in (*self._before_acts(book), *self._before_findings(book))
        }

    def _lifted(self, rulebook: Rulebook) -> Iterator[Rule]:
        return (rulebook.rules[n] for n in self._witness.lifted if n in rulebook.rules)

    def _before_acts(self, rulebook: Rulebook) -> Iterator[str]:
        for rule in self._lifted(rulebook):
            if rule.text.release:
                yield from rests_on(rule.condition, rulebook)

    def _before_findings(self, rulebook: Rulebook) -> Iterator[str]:
        """Answers that must not lift a rule, or not do for it, are older than its findings."""
        for rule in rulebook.rules.values():
            answers = list(rule.text.answered_by) if rule.id not in self._witness.lifted else []
            if rule.text.after_finding and rule.text.ask:
                answers.append(rule.text.ask)
            if answers:
                found = set(rests_on(rule.condition, rulebook))
                yield from (name for name in answers if name not in found)

    def fact(self, feature: Feature) -> Fact:
        """What is known of a feature."""
        possible = self._witness.possible.get(feature.id)
        if possible is None and not _is_recorded(feature):
            return Fact(feature.id, everything(feature))
        possible = possible or not_asked(feature)
        state = State.KNOWN if is_exact(feature, possible) else State.PARTIAL
        return Fact(feature.id, possible, state, Moment(self.day(feature.id)), "witness")

    def day(self, feature: str) -> date:
        """The day a feature was found."""
        return self._back(EARLY if feature in self._early else LATE)

    def releases(self) -> Iterator[dict[str, Any]]:
        """The acts on record, as a profile states them."""
        acts = {r.text.release for book in self._rulebooks for r in self._lifted(book)}
        for name, possible in self._witness.possible.items():
            if name.startswith(_RELEASE) and possible == Options(2):
                acts.add(name.removeprefix(_RELEASE))
        on = self._back(ACT).isoformat()
        yield from ({"id": act, "on": on} for act in sorted(filter(None, acts)))

    def _back(self, days: int) -> date:
        return self._as_of - timedelta(days=days)


# ------------------------------------------------------------------------------- saying it


def written(witness: Witness, rulebook: Rulebook, asked: Iterable[str] = ()) -> dict[str, Any]:
    """What is known of the patient, and what of the features asked for is not, as plain data."""
    features = rulebook.features
    named = {name: witness.wide.get(name, possible) for name, possible in witness.possible.items()}
    for name in asked:
        if name not in named and not features[name].concluded:
            named[name] = not_asked(features[name])
    return {
        "features": [
            {
                "feature": name,
                "label": features[name].label,
                "possible": describe(features[name], possible),
            }
            for name, possible in named.items()
        ],
        "lifted": sorted(witness.lifted),
        "declined": sorted(witness.declined),
        "prefers": list(witness.prefers),
    }
