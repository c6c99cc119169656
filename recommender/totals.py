"""What an instrument's items add up to, from best to worst case."""

from collections.abc import Mapping

from recommender.facts import Span
from recommender.vocabulary import Instrument


def _bounds(item: str, items: Mapping[str, Span | None], instrument: Instrument) -> Span:
    known = items.get(item)
    if known is not None:
        return known
    allowed = instrument.items[item]
    low, high = allowed[0], allowed[-1]
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    return Span(low, high)


def summed(items: Mapping[str, Span | None], instrument: Instrument) -> Span | None:
    """The total from best to worst case; None when the instrument has none."""
    if instrument.total == "none":
        return None
    if isinstance(instrument.total, dict):
        groups = instrument.total["domains"]
    else:
        groups = [[item] for item in instrument.items]
    ends = [[_bounds(item, items, instrument) for item in group] for group in groups]
    low = sum(max(span.low for span in group) for group in ends)
    high = sum(max(span.high for span in group) for group in ends)
    return Span(low, high)
