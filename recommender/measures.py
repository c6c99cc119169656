"""The closed list of computations over a profile, with parameters written in YAML.

Each gives the interval of values that the profile allows, and the day it rests on; None where the
profile says nothing. Incomplete history widens the interval, it never counts as «no».
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import NamedTuple, Protocol

from recommender.conditions import FALSE, TRUE, UNKNOWN, Truth
from recommender.facts import Fact, Members, Moment, Span, latest
from recommender.profile import Profile, Treatment
from recommender.scores import Score
from recommender.vocabulary import Feature, Kind, Source, StagingPart

Measured = tuple[Span, Moment]


class Known(Protocol):
    """What a measure may look at."""

    profile: Profile
    as_of: date
    doses: Mapping[str, Mapping[str, float]]

    def fact(self, feature: str) -> Fact: ...
    def feature(self, feature: str) -> Feature: ...
    def scores(self, instrument: str) -> list[Score]: ...
    def applies(self, source: Source) -> Truth: ...
    def dated(self, field: str) -> Moment | None: ...


def measure(source: Source, known: Known) -> Measured | None:
    """The interval of one measure, and the day it rests on."""
    assert source.measure is not None
    return _MEASURES[source.measure](source, known)


# ------------------------------------------------------------------------------- trials


def _adequate_trials(source: Source, known: Known) -> Measured | None:
    return _trials(source, known, adequate=True)


def _reported_trials(source: Source, known: Known) -> Measured | None:
    return _trials(source, known, adequate=False)


def _trials(source: Source, known: Known, *, adequate: bool) -> Measured | None:
    treatments = known.profile.history.treatments
    if treatments is None:
        return None
    held_to = Standards(known.doses, known.as_of)
    judged = [(t, trial_counts(t, source, held_to, adequate=adequate)) for t in treatments]
    certain = [t for t, truth in judged if truth == TRUE]
    possible = [t for t, truth in judged if truth != FALSE]
    if source.agent_differs:
        low, high = _agents(certain, at_least=True), _agents(possible, at_least=False)
    else:
        low, high = len(certain), len(possible)
    return Span(low, high), known.profile.assessed_on


def _agents(trials: list[Treatment], *, at_least: bool) -> int:
    """How many different agents; a trial without one may repeat another, or be a new one."""
    named = {trial.agent for trial in trials if trial.agent}
    nameless = sum(not trial.agent for trial in trials)
    if at_least:
        return max(len(named), 1 if trials else 0)
    return len(named) + nameless


class Standards(NamedTuple):
    """What a treatment is held against beside the parameters of a source."""

    doses: Mapping[str, Mapping[str, float]]
    """The lowest effective dose in mg a day, by kind and agent."""
    as_of: date


def trial_counts(
    trial: Treatment, source: Source, standards: Standards, *, adequate: bool
) -> Truth:
    """Whether one treatment is such a trial: unknown when a part that matters is missing."""
    return min(truth for _, truth in trial_parts(trial, source, standards, adequate=adequate))


def trial_parts(
    trial: Treatment, source: Source, standards: Standards, *, adequate: bool
) -> Iterator[tuple[str, Truth]]:
    """Each part a treatment is judged by, and whether it is met."""
    yield "kind", TRUE if source.kind is None or trial.kind == source.kind else FALSE
    if source.modality:
        yield "modality", _within(trial.modality, source.modality)
    if source.outcome:
        yield "outcome", _within(trial.outcome, source.outcome)
    if source.this_episode:
        yield "episode", _within(trial.episode, ["current"])
    if source.obstacles:
        found = None if trial.obstacles is None else bool(trial.obstacles)
        met = found if found is None else found is (source.obstacles == "any")
        yield "obstacles", _truth(met)
    if source.within_months is not None:
        yield "ended", _recent(trial, source.within_months, standards.as_of)
    if adequate:
        yield from _adequacy(trial, source, standards)


def _adequacy(
    trial: Treatment, source: Source, standards: Standards
) -> Iterator[tuple[str, Truth]]:
    if source.weeks is not None:
        yield "weeks", _at_least(trial.weeks, source.weeks)
    if source.sessions is not None:
        yield "sessions", _at_least(_attended(trial), source.sessions)
    doses = standards.doses.get(trial.kind)
    if doses is not None:
        minimum = doses.get(trial.agent) if trial.agent else None
        yield "dose", UNKNOWN if minimum is None else _at_least(trial.dose_mg, minimum)
    # Sessions that were attended are adherence seen; weeks of a drug are not.
    seen = source.sessions is not None and trial.attended is not None
    yield "adherence", _truth(True if seen and trial.adherent is None else trial.adherent)


def _attended(trial: Treatment) -> float | None:
    return trial.sessions if trial.attended is None else trial.attended


def _at_least(value: float | None, minimum: float) -> Truth:
    return UNKNOWN if value is None else TRUE if value >= minimum else FALSE


def _within(value: str | None, allowed: Iterable[str]) -> Truth:
    return UNKNOWN if value is None else TRUE if value in allowed else FALSE


def _truth(value: bool | None) -> Truth:
    return UNKNOWN if value is None else TRUE if value else FALSE


def _recent(trial: Treatment, months: int, as_of: date) -> Truth:
    if trial.ongoing:
        return TRUE
    if trial.ended is None:
        return UNKNOWN
    # The day itself still counts: a year ago to the day is within twelve months.
    return TRUE if _months(trial.ended.day + timedelta(days=1), as_of) < months else FALSE


# ------------------------------------------------------------------------------- scores


def _change(source: Source, known: Known) -> Measured | None:
    """Improvement since the first or the previous score, positive whichever way the scale runs."""
    assert source.instrument is not None
    scores = [score for score in known.scores(source.instrument) if score.total is not None]
    days = sorted({score.on.day for score in scores})
    if len(days) < 2:
        return None
    now = _on_day(scores, days[-1])
    then = _on_day(scores, days[0] if source.from_ == "baseline" else days[-2])
    sign = -1 if scores[0].instrument.direction == "lower_is_worse" else 1
    gains = [sign * (a - b) for a in then for b in now]
    if source.as_ == "percent":
        if min(then) <= 0:
            return None
        gains = [100 * sign * (a - b) / a for a in then for b in now]
    newest = latest(score.on for score in scores)
    assert newest is not None
    return Span(min(gains), max(gains)), newest


def _on_day(scores: list[Score], day: date) -> Span:
    spans = [score.total for score in scores if score.on.day == day and score.total is not None]
    return Span(min(span.low for span in spans), max(span.high for span in spans))


def _staging_sum(source: Source, known: Known) -> Measured | None:
    if source.applies_when is not None and known.applies(source) != TRUE:
        return None
    low = high = 0.0
    rests_on: list[Moment] = []
    for part in source.parts or ():
        fact = known.fact(part.feature)
        points = _points(part, fact, known.feature(part.feature))
        if not points:
            return None
        low, high = low + min(points), high + max(points)
        if fact.on is not None:
            rests_on.append(fact.on)
    newest = latest(rests_on)
    return None if newest is None else (Span(low, high), newest)


def _points(part: StagingPart, fact: Fact, feature: Feature) -> list[float]:
    if part.ranges is not None:
        assert isinstance(fact.possible, Span)
        low, high = fact.possible
        met = [one for one in sorted(part.ranges) if one[0] <= high and low <= one[1]]
        step = 0 if feature.type is Kind.DECIMAL else 1
        return [points for _, _, points in met] if _unbroken(met, low, high, step) else []
    points = part.points or {}
    possible = [str(v).lower() for n, v in enumerate(feature.options) if _allowed(fact, n)]
    return [points[value] for value in possible] if set(possible) <= points.keys() else []


def _unbroken(ranges: list[tuple[float, float, float]], low: float, high: float, step: int) -> bool:
    """Whether sorted ranges hold every value from low to high."""
    reached = low - step
    for start, end, _ in ranges:
        if start > reached + step:
            return False
        reached = max(reached, end)
    return bool(ranges) and reached >= high


def _allowed(fact: Fact, place: int) -> bool:
    if isinstance(fact.possible, Span):
        return fact.possible.low <= place <= fact.possible.high
    return bool(fact.possible[0] >> place & 1)


# ------------------------------------------------------------------------------- the rest


def _count_of(source: Source, known: Known) -> Measured | None:
    assert source.set is not None
    feature, fact = known.feature(source.set), known.fact(source.set)
    assert feature.type is Kind.SET
    assert isinstance(fact.possible, Members)
    if fact.on is None:
        return None
    wanted = source.of if source.of is not None else feature.values
    mask = sum(1 << feature.position[member] for member in wanted)
    present = (fact.possible.present & mask).bit_count()
    absent = (fact.possible.absent & mask).bit_count()
    return Span(present, mask.bit_count() - absent), fact.on


def _age_at(_source: Source, known: Known) -> Measured | None:
    age = age_of(known.profile, known.as_of)
    return (age, known.profile.assessed_on) if age is not None else None


def age_of(profile: Profile, as_of: date) -> Span | None:
    """The age in years; what contradicts each other, and what lies between, stays possible."""
    ages = ages_of(profile, as_of)
    if not ages:
        return None
    low, high = max(age.low for age in ages), min(age.high for age in ages)
    return Span(min(low, high), max(low, high))


def ages_of(profile: Profile, as_of: date) -> list[Span]:
    """What is stated of the age in years; a birth year leaves two of them."""
    stated = [] if profile.age is None else [Span(profile.age, profile.age)]
    if profile.birth_year is not None:
        oldest = as_of.year - profile.birth_year
        stated.append(Span(max(oldest - 1, 0), max(oldest, 0)))
    return stated


def _months_since(source: Source, known: Known) -> Measured | None:
    assert source.date is not None
    then = known.dated(source.date)
    if then is None:
        return None
    months = _months(then.day, known.as_of)
    return Span(months, months), known.profile.assessed_on


def _months(since: date, until: date) -> int:
    """Whole calendar months from one day to another."""
    months = (until.year - since.year) * 12 + until.month - since.month
    return months - (until.day < since.day)


def _daily_dose(source: Source, known: Known) -> Measured | None:
    """The summed dose of the agents that are being taken, in equivalents."""
    treatments = known.profile.history.treatments
    if treatments is None:
        return None
    factors = source.agents or {}
    taken = [t for t in treatments if t.agent in factors and t.ongoing is not False]
    certain = [t for t in taken if t.ongoing and t.dose_mg is not None]
    low = sum(factors[t.agent or ""] * (t.dose_mg or 0) for t in certain)
    open_ended = len(certain) < len(taken) or any(t.agent is None for t in treatments)
    return Span(low, float("inf") if open_ended else low), known.profile.assessed_on


_MEASURES: Mapping[str, Callable[[Source, Known], Measured | None]] = {
    "adequate_trials": _adequate_trials,
    "reported_trials": _reported_trials,
    "change": _change,
    "staging_sum": _staging_sum,
    "count_of": _count_of,
    "age_at": _age_at,
    "months_since": _months_since,
    "daily_dose": _daily_dose,
}
