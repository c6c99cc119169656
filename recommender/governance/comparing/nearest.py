"""The stored vignette that a change of the rules is nearest to, and what is to be edited in it.

In: two rulebooks beside each other, the answers of each vignette under both, and a difference. Out:
the vignettes whose own plan shows the difference; where there is none, the fewest findings of one
vignette that have to be otherwise, confirmed by running both rulebooks on it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any, NamedTuple

from recommender.assess import assess
from recommender.engines import native
from recommender.errors import RecommenderError
from recommender.facts import Fact, Moment, Possible, State, describe, is_exact
from recommender.governance.comparing.effects import LIMIT, MEMBERSHIP, STOP, Effect, Seen, seen
from recommender.governance.comparing.pair import Difference, Pair
from recommender.governance.search import Cost, Search
from recommender.governance.validate import elements_of, facts_of
from recommender.governance.world import DECLINED, LIFTED
from recommender.mdd import Node
from recommender.pipeline import answer_of
from recommender.profile import Profile
from recommender.recommendation import Produced, Recommendation
from recommender.rulebook import Rulebook
from recommender.stops import lifted
from recommender.suppose import SUPPOSED

_COMPARED = Produced("", "native", None)
MOST_REGIONS = 3
MOST_TRIED = 40
"""Vignettes, the nearest first, whose edited profile is run before none is named."""


class Known(NamedTuple):
    """One vignette under both rulebooks."""

    name: str
    before: Recommendation
    after: Recommendation
    was: Seen
    becomes: Seen

    @property
    def changes(self) -> bool:
        """Whether its plan is another."""
        return self.was != self.becomes


class Nearest(NamedTuple):
    """A vignette and the findings of it that have to be otherwise."""

    vignette: str
    edits: tuple[Mapping[str, Any], ...]
    """Feature, label, what it is (`before`) and what it has to be (`after`), as plain data."""
    possible: Mapping[str, Possible]
    """The same: what each has to be."""
    edited: Known
    """The vignette with these findings, under both rulebooks."""


def known(
    profiles: Sequence[tuple[str, Profile]], pair: Pair, *, read_alike: bool
) -> tuple[list[Known], dict[str, str]]:
    """Every vignette under both rulebooks; and those that one of them refuses, with why.

    read_alike: both read every feature from a profile in the same way.
    """
    found: list[Known] = []
    refused: dict[str, str] = {}
    for name, profile in profiles:
        as_of = profile.as_of or pair.as_of
        try:
            facts = assess(profile, pair.old, as_of)
            before = _answer(profile, facts, pair.old, as_of)
            facts = facts if read_alike else assess(profile, pair.new, as_of)
            after = _answer(profile, facts, pair.new, as_of)
        except RecommenderError as error:
            refused[name] = "; ".join(problem.message for problem in error.problems)
            continue
        found.append(Known(name, before, after, seen(before), seen(after)))
    return found, refused


def _answer(
    profile: Profile, facts: Mapping[str, Fact], rulebook: Rulebook, as_of: date
) -> Recommendation:
    """What a rulebook says of these facts, whether or not it keeps its promises."""
    answer, _ = answer_of(native.infer(facts, rulebook, as_of), profile, _COMPARED)
    return answer


def shows(difference: Difference, one: Known) -> bool:
    """Whether the vignette's own plan shows the difference."""
    effect = difference.effect
    opens = effect.kind == STOP and not _in_force(difference)
    if effect.kind == LIMIT or opens:  # it shows in what the plan comes to
        return one.changes
    was, becomes = one.was.get(effect), one.becomes.get(effect)
    if effect.kind == MEMBERSHIP:
        return (was, becomes) == (difference.before, difference.after)
    if was != becomes:
        return effect.kind != STOP or (was, becomes) == (difference.before, difference.after)
    return _related(effect, one.was) != _related(effect, one.becomes)


def _in_force(difference: Difference) -> bool:
    return any(one and one[0] == "in_force" for one in (difference.before, difference.after))


def _related(effect: Effect, shown: Seen) -> set[Any]:
    """Of a combining rule or a question what an answer shows under another name."""
    if effect.kind in ("choice", "order", "together", "question"):
        return {
            (other, says)
            for other, says in shown.items()
            if other.kind == effect.kind and set(other.about) & set(effect.about)
        }
    return set()


class Neighbours:
    """The vignettes as places to start from."""

    def __init__(self, pair: Pair, vignettes: Sequence[Known]) -> None:
        self._pair = pair
        self._vignettes = vignettes
        self._starts: dict[str, dict[int, int]] = {}

    def nearest(self, difference: Difference) -> Nearest | None:
        """The vignette with the fewest edits; None where none was confirmed."""
        for where in islice(self._pair.showing(difference), MOST_REGIONS):
            for _, one in self._by_distance(where)[:MOST_TRIED]:
                edits = self._edits(where, one)
                edited = self._edited(one, edits)
                if edited.changes and shows(difference, edited):
                    return Nearest(one.name, tuple(self._written(one, edits)), edits, edited)
        return None

    def _by_distance(self, where: Node) -> list[tuple[Cost, Known]]:
        """One vignette for each place on the diagram, the nearest first."""
        support = sorted(self._pair.before.world.store.support(where))
        places: dict[tuple[int, ...], Known] = {}
        for one in self._vignettes:
            start = self._start(one)
            places.setdefault(tuple(start[at] for at in support), one)
        found = [
            (least, one) for one in places.values() if (least := self._search(where, one).least)
        ]
        return sorted(found, key=lambda item: (item[0], item[1].name))

    def _start(self, one: Known) -> dict[int, int]:
        """Where each variable stands for a vignette."""
        if one.name not in self._starts:
            world = self._pair.before.world
            answer = one.before
            possible = {
                name: fact.possible
                for book in (one.after, answer)
                for name, fact in book.trace.facts.items()
                if name in world.space.of
            }
            start = elements_of(world, possible)
            for name, at in world.space.switches.items():
                start[at] = int(_turned(name, one))
            self._starts[one.name] = start
        return self._starts[one.name]

    def _search(self, where: Node, one: Known) -> Search:
        return Search(self._pair.before.world, where, self._start(one))

    def _edits(self, where: Node, one: Known) -> dict[str, Possible]:
        """What each edited feature has to be."""
        world = self._pair.before.world
        start = self._start(one)
        changed = self._search(where, one).smallest or {}
        names = {world.subject(at) for at in changed}
        own = {at for name in names for at in world.space.of.get(name, ())}
        told = world.store.support(where)  # else how exact it is follows from its values
        own |= {at for name, at in world.space.exactness.items() if name in names and at in told}
        cube = {at: {**start, **changed}[at] for at in own}
        return facts_of(world, cube, sorted(names)) or {}

    def _edited(self, one: Known, edits: Mapping[str, Possible]) -> Known:
        """The vignette with these findings otherwise."""
        before, after = (
            _answer(answer.profile, _with(answer, edits), book, answer.as_of)
            for book, answer in ((self._pair.old, one.before), (self._pair.new, one.after))
        )
        return Known(one.name, before, after, seen(before), seen(after))

    def _written(self, one: Known, edits: Mapping[str, Possible]) -> Iterator[dict[str, Any]]:
        for name, possible in edits.items():
            book = self._pair.new if name in self._pair.new.features else self._pair.old
            feature = book.features[name]
            facts = {**one.before.trace.facts, **one.after.trace.facts}
            yield {
                "feature": name,
                "label": feature.label,
                "before": describe(feature, facts[name].possible),
                "after": describe(feature, possible),
            }


def _with(answer: Recommendation, edits: Mapping[str, Possible]) -> dict[str, Fact]:
    """The facts of an answer with some of them otherwise, as found on its day."""
    features = answer.trace.rulebook.features
    facts = dict(answer.trace.facts)
    for name, possible in edits.items():
        if name in features:
            state = State.KNOWN if is_exact(features[name], possible) else State.PARTIAL
            facts[name] = Fact(name, possible, state, Moment(answer.as_of), SUPPOSED)
    return facts


def _turned(switch: str, one: Known) -> bool:
    if switch.startswith(DECLINED):
        return switch.removeprefix(DECLINED) in one.before.profile.preferences.declines
    name = switch.removeprefix(LIFTED)
    releases = one.before.profile.released()
    return any(
        name in answer.trace.rulebook.rules
        and lifted(answer.trace.rulebook.rules[name], answer.trace, releases)
        for answer in (one.before, one.after)
    )
