"""A threshold that tells nobody from anybody.

What it checks
    Every number a test compares with has values on both sides of it that the feature can take.

Why it matters
    A test that always holds, or never, hides a slip of the pen or one scale taken for another.

Wrong
    `phq9: {at_least: 30}`, on a scale that ends at 27

Right
    `phq9: {at_least: 20}`
"""

from collections.abc import Iterator

from recommender.conditions import TRUE, UNKNOWN, Test, compile_test, say_values, tests_of
from recommender.facts import Span
from recommender.governance.lint.subject import Found, Subject
from recommender.rules import Rule
from recommender.vocabulary import NUMERIC, Feature, Source

CODE = "L101"


def look(subject: Subject) -> Iterator[Found]:
    """Each comparison with a number, of every rule that is not retired."""
    for rule in subject.live:
        for test in dict.fromkeys(tests_of(rule.condition)):
            if found := _look(rule, test, subject):
                yield found


def _look(rule: Rule, test: Test, subject: Subject) -> Found | None:
    feature = subject.rulebook.features[test.feature]
    if feature.type not in NUMERIC or test.name == "known":
        return None
    low, high = _reach(feature, subject)
    truth = compile_test(test, feature)(Span(low, high))
    if truth == UNKNOWN:
        return None
    message = f"'{feature.id}: {say_values(test)}' {'always' if truth == TRUE else 'never'} holds"
    hint = f"Its values run from {low:g} to {high:g}."
    return Found(("rules", rule.id), message, hint, ("when",))


def _reach(feature: Feature, subject: Subject) -> tuple[float, float]:
    """The values it can take: its own range, cut to that of its scales where they give all."""
    assert feature.range is not None
    low, high = feature.range
    scales = [_scale(source, subject) for source in feature.from_ if isinstance(source, Source)]
    known = [scale for scale in scales if scale is not None]
    if not known or len(known) < len(feature.from_):
        return low, high
    return max(low, min(a for a, _ in known)), min(high, max(b for _, b in known))


def _scale(source: Source, subject: Subject) -> tuple[float, float] | None:
    """What an instrument can give, where its points are the feature's values as they are."""
    if source.instrument is None or source.band or source.ranges or source.measure:
        return None
    instrument = subject.rulebook.instruments[source.instrument]
    return instrument.range if source.item is None else None
