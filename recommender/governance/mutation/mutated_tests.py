"""One test of a condition changed in every small way that a slip of the pen could change it.

In: a test and what is known of the scale of its feature. Out: the changed tests, with the operator
that changed each. Values stay inside the list or range of the feature: nothing is made that the
loader would refuse.
"""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from recommender.conditions import COMPARISONS, Test, rank
from recommender.governance.mutation.operators import Operator
from recommender.rulebook import Rulebook
from recommender.vocabulary import NUMERIC, ORDERED, Band, Feature, Instrument, Kind, Scalar, Source

Variants = Iterator[tuple[Operator, Test]]

_LOW_ENDS = ("at_least", "less_than")
"""Comparisons whose threshold is the first value of what they cut off."""
_RELATIONS = {
    "at_least": ("more_than",),
    "more_than": ("at_least",),
    "at_most": ("less_than",),
    "less_than": ("at_most",),
    "between": ("at_least", "at_most"),
    "includes_any": ("includes_all",),
    "includes_all": ("includes_any",),
}


class Scale(NamedTuple):
    """How the thresholds on one feature can move."""

    feature: Feature
    step: float
    """The smallest difference that rules make; 1 of whole numbers, and of places in a list."""
    starts: Sequence[float]
    """First scores of the instrument's bands."""
    ends: Sequence[float]
    """Last scores of them."""

    def moved(self, value: Scalar, steps: int) -> Scalar | None:
        """The value so many steps further; None where there is none."""
        feature = self.feature
        if feature.type not in NUMERIC:
            at = feature.position[value] + steps
            return feature.options[at] if 0 <= at < len(feature.options) else None
        assert isinstance(value, int | float)
        return self._inside(Decimal(str(value)) + steps * Decimal(str(self.step)))

    def next_edges(self, value: Scalar, *, first: bool) -> Iterator[Scalar]:
        """The nearest edge of a band below and above; `first`: among first scores of bands."""
        edges = self.starts if first else self.ends
        at = rank(self.feature, value)
        below, above = ([e for e in edges if e < at], [e for e in edges if e > at])
        for edge in (*below[-1:], *above[:1]):
            inside = self._inside(Decimal(str(edge)))
            if inside is not None:
                yield inside

    def _inside(self, value: Decimal) -> Scalar | None:
        assert self.feature.range is not None
        low, high = self.feature.range
        whole = self.feature.type is Kind.INTEGER or value == value.to_integral_value()
        return (int(value) if whole else float(value)) if low <= value <= high else None


def scale_of(feature: Feature, rulebook: Rulebook) -> Scale:
    """The scale of one feature."""
    bands = [band for one in _instruments(feature, rulebook) for band in _bands(one)]
    return Scale(
        feature,
        _step(feature, rulebook),
        sorted({band.range[0] for band in bands}),
        sorted({band.range[1] for band in bands}),
    )


def _instruments(feature: Feature, rulebook: Rulebook) -> Iterator[Instrument]:
    """Those whose total the feature is."""
    for source in feature.from_:
        if not isinstance(source, Source) or source.measure or not source.instrument:
            continue
        if not (source.item or source.band or source.ranges):
            yield rulebook.instruments[source.instrument]


def _bands(instrument: Instrument) -> Iterator[Band]:
    yield from instrument.bands
    for by in instrument.bands_by.values():
        for table in by.values():
            yield from table


def _step(feature: Feature, rulebook: Rulebook) -> float:
    """One of the last decimal that the range or a threshold on the feature is written with."""
    if feature.type is not Kind.DECIMAL or feature.range is None:
        return 1
    written = [*feature.range]
    for test in rulebook.tests:
        if test.feature == feature.id and test.name != "known":
            written += [value for value in test.values if isinstance(value, int | float)]
    return float(min(_last_decimal(value) for value in written))


def _last_decimal(value: float) -> Decimal:
    exponent = Decimal(str(value)).normalize().as_tuple().exponent
    return Decimal(1).scaleb(min(int(exponent), 0))


# ------------------------------------------------------------------------------- variants


def variants(test: Test, scale: Scale) -> Variants:
    """Every changed form of a test, in a fixed order."""
    if test.name in ("known", "empty"):
        return
    yield from _thresholds(test, scale)
    yield from _relations(test, scale.feature)
    yield from _lists(test, scale)
    yield from _values(test, scale)


def _thresholds(test: Test, scale: Scale) -> Variants:
    ordered = scale.feature.type in ORDERED
    numbers = scale.feature.type in NUMERIC and test.name == "is"
    if not ordered or (test.name not in COMPARISONS and not numbers):
        return
    for n, value in enumerate(test.values):
        for steps in (-1, 1):
            yield from _with(test, n, scale.moved(value, steps), scale, Operator.THRESHOLD)
        if test.name in COMPARISONS:
            first = test.name in _LOW_ENDS or (test.name == "between" and n == 0)
            for edge in scale.next_edges(value, first=first):
                yield from _with(test, n, edge, scale, Operator.BAND_EDGE)


def _with(test: Test, n: int, value: Scalar | None, scale: Scale, operator: Operator) -> Variants:
    if value is None:
        return
    values = (*test.values[:n], value, *test.values[n + 1 :])
    if test.name != "between" or rank(scale.feature, values[0]) <= rank(scale.feature, values[1]):
        yield operator, Test(test.feature, test.name, values)


def _relations(test: Test, feature: Feature) -> Variants:
    for name in _RELATIONS.get(test.name, ()):
        values = test.values
        if test.name == "between":
            values = values[:1] if name == "at_least" else values[1:]
        yield Operator.RELATION, Test(test.feature, name, values)
    if test.name == "is" and feature.type in ORDERED:
        for name in ("at_least", "at_most"):
            yield Operator.RELATION, Test(test.feature, name, test.values)


def _lists(test: Test, scale: Scale) -> Variants:
    if test.name not in ("in", "includes_any", "includes_all"):
        return
    values = test.values
    if len(values) > 1:
        for n in range(len(values)):
            kept = (*values[:n], *values[n + 1 :])
            yield Operator.LIST_DROP, Test(test.feature, test.name, kept)
    for value in _neighbours(values, scale):
        yield Operator.LIST_ADD, Test(test.feature, test.name, (*values, value))


def _neighbours(values: Sequence[Scalar], scale: Scale) -> Iterator[Scalar]:
    """The values next to those listed that are not: on an ordered scale the one at either end."""
    feature = scale.feature
    if feature.type in ORDERED:
        ends: tuple[tuple[Callable[..., Scalar], int], ...] = ((min, -1), (max, 1))
        for end, steps in ends:
            value = scale.moved(end(values, key=lambda one: rank(feature, one)), steps)
            if value is not None:
                yield value
        return
    other = _following(feature, values[-1], values)
    if other is not None:
        yield other


def _following(feature: Feature, value: Scalar, taken: Sequence[Scalar]) -> Scalar | None:
    """The next value of the list, beginning anew after the last, that is not among these."""
    options, at = feature.options, feature.position[value]
    around = (*options[at + 1 :], *options[:at])
    return next((one for one in around if one not in taken), None)


def _values(test: Test, scale: Scale) -> Variants:
    feature = scale.feature
    if feature.type in NUMERIC or test.name not in ("is", "includes"):
        return
    if feature.type is Kind.ORDINAL:
        for steps in (-1, 1):
            yield from _with(test, 0, scale.moved(test.values[0], steps), scale, Operator.VALUE)
        return
    other = _following(feature, test.values[0], test.values)
    yield from _with(test, 0, other, scale, Operator.VALUE)
