"""Features that are read from the same thing: what the one says of the other.

In: a rulebook. Out: for a feature that is read from a score which is a feature too, the scores that
make it a value; and of two numbers of trials the one that can never be more than the other. Only
where it is certain: one source of each, and values that count as long as they have to.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Final, NamedTuple

from recommender.conditions import TRUE, Test, compile_test, judge, rank
from recommender.facts import Span, exactly
from recommender.rulebook import Rulebook
from recommender.scores import bands_met
from recommender.vocabulary import (
    ORDERED,
    Feature,
    Instrument,
    Kind,
    Scalar,
    Source,
    days,
    window,
)

TRIALS: Final = ("adequate_trials", "reported_trials")
"""The measures that count treatments."""


class Derivation(NamedTuple):
    """Where the first test is true of a score, the second is true of the feature read from it."""

    scored: Test
    value: Test


def derivations(rulebook: Rulebook) -> Iterator[Derivation]:
    """Every derivation between features that something asks about."""
    asked = {test.feature for test in rulebook.tests}
    for name, feature in rulebook.features.items():
        source = feature.from_[0] if len(feature.from_) == 1 else None
        if name not in asked or not isinstance(source, Source) or source.measure:
            continue
        score = f"{source.instrument}.{source.item}" if source.item else str(source.instrument)
        if score in asked and score != name and _reads(rulebook.features[score], source):
            yield from _of(feature, rulebook.features[score], source, rulebook)


class Inclusion(NamedTuple):
    """Every trial that counts, or may count, by the first feature does so by the second."""

    fewer: Feature
    more: Feature


def inclusions(rulebook: Rulebook) -> Iterator[Inclusion]:
    """Every such pair of features that something asks about.

    Both ends of what the first number may be are at most those of the second.
    """
    asked = dict.fromkeys(test.feature for test in rulebook.tests)
    counted = [one for name in asked if (one := _counted(rulebook.features[name])) is not None]
    for fewer, fewer_by in counted:
        for more, more_by in counted:
            alike = (fewer.range, fewer.valid_for) == (more.range, more.valid_for)
            if fewer is not more and alike and _is_stricter(fewer_by, more_by):
                yield Inclusion(fewer, more)


class Reading(NamedTuple):
    """All that can be known of a feature: one value, nothing, or one of these stretches."""

    feature: Feature
    stretches: frozenset[Span]


def readings(rulebook: Rulebook) -> Iterator[Reading]:
    """For each ordered feature of safety that something asks about, where it can be told.

    Of findings that disagree the worse one counts: what that leaves open begins where one source
    leaves something open, and ends where one does.
    """
    for name in dict.fromkeys(test.feature for test in rulebook.tests):
        feature = rulebook.features[name]
        sources = [one for one in feature.from_ if isinstance(one, Source)]
        if feature.type not in ORDERED or feature.safety is None or not feature.from_:
            continue
        if all(_is_plain(one, rulebook) for one in sources):
            left = {span for one in sources for span in _left_open(feature, one, rulebook)}
            between = (Span(one.low, other.high) for one in left for other in left)
            yield Reading(feature, frozenset(span for span in between if span.low < span.high))


def _is_plain(source: Source, rulebook: Rulebook) -> bool:
    """Whether a source reads one score that is known or not, and nothing else."""
    if source.measure or source.instrument is None:
        return False
    return source.item is not None or not rulebook.instruments[source.instrument].items


def _left_open(feature: Feature, source: Source, rulebook: Rulebook) -> Iterator[Span]:
    """Between which values one score may leave open: it depends on what is not known beside it."""
    instrument = rulebook.instruments[source.instrument or ""]
    if source.ranges is None and source.band is None:
        return
    low, high = map(int, instrument.range or (0, -1))
    for at in range(low, high + 1):
        met = {rank(feature, value) for value in _values(at, source, instrument)}
        yield from (Span(one, other) for one in met for other in met if one < other)


def _values(at: int, source: Source, instrument: Instrument) -> set[str]:
    """All that a score may mean, by any table of the instrument."""
    if source.ranges is not None:
        return {value for value, (a, b) in source.ranges.items() if a <= at <= b}
    tables = [table for by in instrument.bands_by.values() for table in by.values()]
    met = {
        band.id
        for table in (instrument.bands, *tables)
        for band in (bands_met(Span(at, at), table, instrument) if table else ())
    }
    return {str((source.band or {})[one]) for one in met if one in (source.band or {})}


def _counted(feature: Feature) -> tuple[Feature, Source] | None:
    """A feature that is a number of trials and nothing else, with what counts them."""
    source = feature.from_[0] if len(feature.from_) == 1 else None
    if not isinstance(source, Source) or source.measure not in TRIALS or source.ranges:
        return None
    return (feature, source) if feature.type is Kind.INTEGER else None


def _is_stricter(one: Source, other: Source) -> bool:
    """Whether all that makes a trial count by the other source does so by the first.

    The parts a trial is judged by: see `measures.trial_parts`.
    """
    if other.measure == "adequate_trials" and not (
        one.measure == "adequate_trials"
        and one.kind is not None
        # Sessions that were attended stand for adherence, where sessions count at all.
        and (one.sessions is None) == (other.sessions is None)
        and _asks_no_less(one.sessions, other.sessions)
        and _asks_no_less(one.weeks, other.weeks)
    ):
        return False
    return (
        other.kind in (None, one.kind)
        and _within(one.modality, other.modality)
        and _within(one.outcome, other.outcome)
        and other.obstacles in (None, one.obstacles)
        and bool(one.this_episode or not other.this_episode)
        and bool(one.agent_differs or not other.agent_differs)
        and (
            other.within_months is None
            or (one.within_months is not None and one.within_months <= other.within_months)
        )
    )


def _asks_no_less(one: int | None, other: int | None) -> bool:
    """Whether the first least number lets nothing by that the other does not."""
    return other is None or (one is not None and one >= other)


def _within(some: Sequence[str] | None, others: Sequence[str] | None) -> bool:
    """Whether a list allows nothing that the other does not; no list allows all."""
    return not others or (bool(some) and set(some or ()) <= set(others))


def _reads(score: Feature, source: Source) -> bool:
    """Whether a feature is the very score the source takes."""
    own = score.from_[0] if len(score.from_) == 1 else None
    return (
        isinstance(own, Source)
        and score.type is Kind.INTEGER
        and (own.instrument, own.item) == (source.instrument, source.item)
        and not (own.measure or own.band or own.ranges)
    )


def _of(
    feature: Feature, score: Feature, source: Source, rulebook: Rulebook
) -> Iterator[Derivation]:
    instrument = rulebook.instruments[source.instrument or ""]
    for value, low, high in _runs(score, source, instrument):
        own: Scalar = value == "true" if feature.type is Kind.BOOLEAN else value
        if _lasts(feature, own, score, instrument, rulebook):
            scored = Test(score.id, "between", (low, high))
            yield Derivation(scored, Test(feature.id, "is", (own,)))


def _runs(score: Feature, source: Source, instrument: Instrument) -> Iterator[tuple[str, int, int]]:
    """The stretches of scores that give one and the same value."""
    assert score.range is not None
    low, high = map(int, score.range)
    given = ((at, _value(at, source, instrument)) for at in range(low, high + 1))
    for value, run in groupby(given, key=lambda one: one[1]):
        points = [at for at, _ in run]
        if value is not None:
            yield value, points[0], points[-1]


def _value(at: int, source: Source, instrument: Instrument) -> str | None:
    """What a score means; None where that is nothing, or several things."""
    if source.band is not None and instrument.bands:
        bands = bands_met(Span(at, at), instrument.bands, instrument)
        met = {str(source.band[one.id]).lower() for one in bands}
    else:
        met = {v for v, (a, b) in (source.ranges or {}).items() if a <= at <= b}
    return next(iter(met)) if len(met) == 1 and not instrument.bands_by else None


def _lasts(
    feature: Feature, value: Scalar, score: Feature, instrument: Instrument, rulebook: Rulebook
) -> bool:
    """Whether this value of the feature counts at least as long as the score does."""
    mine = window(feature.valid_for, instrument.valid_for)
    if feature.safety is not None and feature.safety.valid_for:
        positive = rulebook.safety_tests[feature.id]
        possible = exactly(feature, value)
        if judge(positive, lambda test: compile_test(test, feature)(possible)) != TRUE:
            mine = window(feature.valid_for, instrument.valid_for, feature.safety.valid_for)
    fresh = window(score.valid_for, instrument.valid_for)
    if fresh is not None and score.usable_for:
        fresh = max(fresh, timedelta(days=days(score.usable_for)))
    return mine is None or (fresh is not None and mine >= fresh)
