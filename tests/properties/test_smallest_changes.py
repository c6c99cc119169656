"""The smallest changes, against trying every change there can be on small rulebooks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations, product

from hypothesis import given
from hypothesis import strategies as st

from recommender import Recommendation
from recommender.candidates import Status, propose
from recommender.engines import native
from recommender.explain.minimal import smallest_changes
from recommender.facts import Fact, Possible, everything, is_exact
from recommender.pipeline import recommend
from recommender.rulebook import Rulebook
from tests import strategies as drawn

MOST = 300


@st.composite
def answers(draw: drawn.Draw) -> Recommendation:
    rulebook = draw(drawn.rulebooks(features=3, rules=10))
    return recommend(draw(drawn.profiles(rulebook)), rulebook, as_of=drawn.AS_OF)


def values(answer: Recommendation, name: str) -> list[Possible]:
    """Every exact value a feature may be changed to."""
    feature = answer.trace.rulebook.features[name]
    now = answer.trace.facts[name].possible
    start = everything(feature) if feature.modifiable else now
    found = drawn.refinements(feature, start)
    return [one for one in found if is_exact(feature, one) and one != now]


def membership(answer: Recommendation, edits: Mapping[str, Possible], adaptation: str) -> Status:
    rulebook = answer.trace.rulebook
    facts = {n: f for n, f in answer.trace.facts.items() if n not in rulebook.concluding}
    for name, possible in edits.items():
        facts[name] = Fact(name, possible, on=facts[name].on)
    trace = native.infer(facts, rulebook, answer.as_of)
    return propose(trace, (), frozenset(), {})[adaptation].membership


def tried(answer: Recommendation, adaptation: str, wanted: bool) -> set[frozenset[str]]:
    """The smallest sets of features of which some values do it; empty when none does."""
    open_to = {n: values(answer, n) for n in _raw(answer.trace.rulebook)}
    open_to = {name: found for name, found in open_to.items() if found}
    for size in range(1, len(open_to) + 1):
        found = {
            frozenset(names)
            for names in combinations(open_to, size)
            if any(
                (membership(answer, edits, adaptation) is Status.RECOMMENDED) is wanted
                for edits in _ways(open_to, names)
            )
        }
        if found:
            return found
    return set()


def _raw(rulebook: Rulebook) -> list[str]:
    return [name for name in rulebook.used if name not in rulebook.concluding]


def _ways(
    open_to: Mapping[str, list[Possible]], names: tuple[str, ...]
) -> Iterator[dict[str, Possible]]:
    for chosen in product(*(open_to[name] for name in names)):
        yield dict(zip(names, chosen, strict=True))


@given(answers())
def test_the_smallest_changes_are_all_and_smallest(answer: Recommendation) -> None:
    """Exactly the smallest sets of features, or none where none would do."""
    for adaptation, candidate in answer.candidates.items():
        wanted = candidate.membership is not Status.RECOMMENDED
        found = smallest_changes(answer, adaptation)
        assert found.wanted is wanted
        if candidate.membership is Status.DECLINED:
            continue
        sets = {frozenset(edit.feature for edit in one.edits) for one in found.changes}
        assert sets == tried(answer, adaptation, wanted)
        assert not found.more
        for change in found.changes:
            for edit in change.edits:
                assert answer.trace.rulebook.features[edit.feature].modifiable or edit.answers
