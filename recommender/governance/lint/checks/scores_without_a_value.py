"""Scores for which a feature has no value.

What it checks
    The ranges that turn points into values leave no gap between them, and none reaches beyond the
    scale. Points past the last may stay not known: a total can say no and not say which yes.

Why it matters
    A score in a gap counts as not known, though somebody was asked and answered.

Wrong
    `ranges: {low: [0, 9], high: [11, 27]}`

Right
    `ranges: {low: [0, 9], high: [10, 27]}`
"""

from collections.abc import Iterator
from itertools import pairwise

from recommender.governance.lint.subject import Found, Subject
from recommender.vocabulary import Feature, Instrument, Source

CODE = "L102"
FINE = 0.01
"""How far apart the ends of two ranges of a mean may stand."""


def look(subject: Subject) -> Iterator[Found]:
    """Each feature that cuts the points of an instrument, or of one item, into ranges."""
    for entry, data in subject.listed("features"):
        feature = subject.rulebook.features[data["id"]]
        for n, source in enumerate(feature.from_):
            if isinstance(source, Source) and source.instrument and source.ranges:
                yield from _look(entry, n, feature, source, subject)


def _look(
    entry: tuple[str | int, ...], n: int, feature: Feature, source: Source, subject: Subject
) -> Iterator[Found]:
    assert source.instrument is not None
    assert source.ranges is not None
    reach = _reach(subject.rulebook.instruments[source.instrument], source.item)
    if reach is None:
        return
    low, high = reach
    ends = sorted(source.ranges.values())
    path = ("from", n, "ranges")
    if ends[0][0] < low or ends[-1][1] > high:
        message = f"'{feature.id}' names points beyond {low:g} to {high:g} of {source.instrument}"
        yield Found(entry, message, "End at the ends of the scale.", path)
    for (_, end), (start, _) in pairwise(ends):
        if start - end > (1 if _whole(ends) else FINE):
            message = f"'{feature.id}' has no value between {end:g} and {start:g} points"
            yield Found(entry, message, "Every score needs a value.", path)


def _whole(ends: list[tuple[int | float, int | float]]) -> bool:
    return all(isinstance(end, int) for pair in ends for end in pair)


def _reach(instrument: Instrument, item: str | None) -> tuple[float, float] | None:
    if item is None:
        return instrument.range
    allowed = instrument.items[item]
    if any(isinstance(one, bool | str) for one in allowed):
        return None
    low, high = allowed[0], allowed[-1]
    assert not isinstance(low, str)
    assert not isinstance(high, str)
    return low, high
