"""What a person is told of their own findings: the `patient` sentences of the vocabulary.

In: features, tests on them, and what is still possible for this person. Out: sentences that
certainly hold. Of an ordered feature or a choice the first that holds is said, so the most telling
one is written first; of a set each that holds. Nothing here is wording.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from recommender.conditions import TRUE, Condition, Test, compile_test, judge, parse, tests_of
from recommender.facts import Fact
from recommender.rulebook import Rulebook
from recommender.vocabulary import OTHER_PANEL, Feature, Kind, Scalar


class Sentence(NamedTuple):
    """One sentence to the person, and the condition on their own finding under which it is true."""

    condition: Condition
    text: str


def sentences(rulebook: Rulebook, feature: str) -> tuple[Sentence, ...]:
    """The sentences of one feature, in the order written."""
    return rulebook.derived(_sentences, feature)


def _sentences(rulebook: Rulebook, feature: str) -> tuple[Sentence, ...]:
    known = rulebook.features[feature]
    return tuple(
        Sentence(parse({feature: one.when}, rulebook.features, _checked_before), one.say)
        for one in known.patient
    )


def _checked_before(_path: object, _code: str, message: str, _hint: str) -> None:
    raise AssertionError(message)


def findings(tests: Iterable[Test], rulebook: Rulebook, facts: Mapping[str, Fact]) -> Iterator[str]:
    """What the person is told of the findings behind these tests, each sentence once."""
    asked: dict[str, set[Scalar]] = {}
    for test in tests:
        asked.setdefault(test.feature, set()).update(test.values)
    for name, values in asked.items():
        yield from finding(rulebook, facts[name], about=values)


def finding(
    rulebook: Rulebook, fact: Fact, *, about: Iterable[Scalar] | None = None
) -> Iterator[str]:
    """What the person is told of one fact; of a set, only of the members it is about."""
    feature = rulebook.features[fact.feature]
    for condition, text in sentences(rulebook, fact.feature):
        if not _holds(condition, feature, fact):
            continue
        if feature.type is not Kind.SET:
            yield text
            return
        if about is None or any({*test.values} & {*about} for test in tests_of(condition)):
            yield text


def _holds(condition: Condition, feature: Feature, fact: Fact) -> bool:
    return judge(condition, lambda test: compile_test(test, feature)(fact.possible)) == TRUE


def topic(rulebook: Rulebook, feature: Feature) -> str:
    """What a question is about, in words to the person."""
    return rulebook.panels.get(feature.panel) or rulebook.panels.get(OTHER_PANEL, "")
