"""Features that are read from a score which is a feature too: what the one says of the other.

In: a rulebook. Out: for each such pair the scores that make the feature a value. Only where it is
certain: one source, that score, and a value that counts at least as long as the score does.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby
from typing import NamedTuple

from recommender.conditions import TRUE, Test, compile_test, judge
from recommender.facts import Span, exactly
from recommender.rulebook import Rulebook
from recommender.scores import bands_met
from recommender.vocabulary import Feature, Instrument, Kind, Scalar, Source, days, window


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
