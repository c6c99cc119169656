"""What choosing and load can do to an adaptation, read from the rulebook alone.

In: the rules in effect. Out: for each adaptation the limits that may put it off past the last
phase, what must be in the plan before it, and its rivals. These are
the worst cases, whoever is concerned and whatever is known: the plan is bounded with them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import pairwise

from recommender.rulebook import Rulebook
from recommender.rules import Rule, Verb
from recommender.vocabulary import Adaptation

_Measure = Callable[[Adaptation], float]
MEASURES: Mapping[str, _Measure] = {
    "new_at_once": lambda adaptation: 1 if adaptation.burden else 0,
    "hours_per_week": lambda adaptation: adaptation.hours,
    "homework_streams": lambda one: one.burden.homework_streams if one.burden else 0,
}
"""What each kind of limit counts."""


class Bounds:
    """The worst that choosing and load can do."""

    def __init__(self, rulebook: Rulebook, inactive: frozenset[str]) -> None:
        self._rulebook = rulebook
        self._inactive = inactive
        self._adaptations = rulebook.adaptations

    def acting(self, verb: Verb) -> list[Rule]:
        """The rules of a verb that are in effect, by id."""
        return [r for r in self._rulebook.by_verb(verb) if r.id not in self._inactive]

    @cached_property
    def required(self) -> list[tuple[Rule, str, str]]:
        """What must be in the plan before what."""
        return [
            (rule, first, second)
            for rule in self.acting(Verb.SEQUENCE)
            if rule.text.required
            for first, second in pairwise(rule.targets)
        ]

    @cached_property
    def waits(self) -> frozenset[str]:
        """All that something else must be in the plan before."""
        return frozenset(second for _, _, second in self.required)

    def putting_off(self, name: str) -> Iterator[Rule]:
        """The limits that may put it off past the last phase.

        Load is taken off the weakest: only what may be stronger can crowd it out.
        """
        stronger = list(self._maybe_stronger(name))
        for rule, measure, most in self._limits:
            mine = measure(self._adaptations[name])
            if mine and mine + sum(measure(self._adaptations[one]) for one in stronger) > most:
                yield rule

    def stays(self, name: str) -> bool | None:
        """Whether one of it and its rivals stays in the plan once one of them is in.

        None: it does while nothing that waits for something is in the plan. Choosing leaves one of
        the rivals. Load is taken off the weakest first, so that the strongest of what waits for
        nothing stays, where it keeps the limits beside all that waits.
        """
        group = self._rivals(name)
        if group & self.waits:
            return False
        light = not any(m(self._adaptations[o]) for o in group for _, m, _ in self._limits)
        if light or self._fits_beside(self.waits):
            return True
        return None if self._fits_beside(()) else False

    @cached_property
    def _limits(self) -> list[tuple[Rule, _Measure, float]]:
        return [
            (rule, MEASURES[name], most)
            for rule in self.acting(Verb.LIMIT)
            if rule.text.limit is not None
            for name, most in rule.text.limit.model_dump(exclude_none=True).items()
        ]

    def _maybe_stronger(self, name: str) -> Iterator[str]:
        mine = self._strengths(name)
        for other in self._adaptations:
            theirs = self._strengths(other) if other != name else []
            if any(one < own for one in theirs for own in mine):
                yield other

    def _strengths(self, name: str) -> list[tuple[object, ...]]:
        """How each of its recommends ranks when load is taken off; the strongest is least."""
        adaptation = self._adaptations[name]
        return [
            (rule.text.as_ != "foundation", *rule.best_first[:2], adaptation.hours, name)
            for rule in self.acting(Verb.RECOMMEND)
            if name in rule.targets
        ]

    def _fits_beside(self, others: Iterable[str]) -> bool:
        """Whether each adaptation, alone beside these, keeps every limit."""
        return all(
            measure(one) + sum(measure(self._adaptations[other]) for other in others) <= most
            for _, measure, most in self._limits
            for one in self._adaptations.values()
            if measure(one)
        )

    def _rivals(self, name: str) -> set[str]:
        """All that a chain of choices ties it to, itself included."""
        found, waiting = {name}, [name]
        while waiting:
            here = waiting.pop()
            for rule in self.acting(Verb.CHOOSE_ONE):
                if here in rule.targets:
                    new = set(rule.targets) - found
                    found |= new
                    waiting += sorted(new)
        return found
