"""What choosing and load can do to an adaptation, read from the rulebook alone.

In: the rules in effect. Out: for each adaptation the limits that may put it off past the last
phase, what must be in the plan before it, and its rivals. These are
the worst cases, whoever is concerned and whatever is known: the plan is bounded with them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from typing import Final, NamedTuple

from recommender.conditions import AllOf
from recommender.plan import LAST_PHASE
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


ALWAYS: Final = AllOf(())
"""The condition of a rule that holds for everybody."""


class _Entry(NamedTuple):
    """One way an adaptation is recommended."""

    name: str
    key: tuple[object, ...]
    phases: frozenset[int]
    """Where it may come to start; past the last phase: it may be put off altogether."""
    by: tuple[Rule, ...]
    """The limits that may push it."""

    @property
    def may_be_put_off(self) -> bool:
        return LAST_PHASE + 1 in self.phases


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

        Load is taken off the weakest: only what may be stronger can crowd it out, in each phase
        from its own to the last.
        """
        put_off = [entry for entry in self._ranked if entry.name == name and entry.may_be_put_off]
        found = {rule.id: rule for entry in put_off for rule in entry.by}
        yield from (found[id_] for id_ in sorted(found))

    @cached_property
    def _ranked(self) -> "list[_Entry]":
        """Each way an adaptation is recommended, the strongest first, and where it may start."""
        made: list[_Entry] = []
        for key, rule in self._ways():
            name, own = str(key[-1]), rule.text.phase
            own = self._adaptations[name].phase if own is None else own
            phases = set(range(own, LAST_PHASE + 1)) if name in self._ordered else {own}
            by: list[Rule] = []
            for phase in range(own, LAST_PHASE + 1):
                if phase in phases and (pushing := self._pushing(name, key, phase, made)):
                    by += pushing
                    phases.add(phase + 1)
            made.append(_Entry(name, key, frozenset(phases), tuple(by)))
        return made

    def _ways(self) -> list[tuple[tuple[object, ...], Rule]]:
        every = [way for name in self._adaptations for way in self._strengths(name)]
        return sorted(every, key=lambda way: way[0])

    @cached_property
    def _ordered(self) -> frozenset[str]:
        """All that an order may put into a later phase."""
        together = [name for rule in self.acting(Verb.TOGETHER) for name in rule.targets]
        later = [name for rule in self.acting(Verb.SEQUENCE) for name in rule.targets[1:]]
        return frozenset([*together, *later])

    def _pushing(
        self, name: str, key: tuple[object, ...], phase: int, stronger: "list[_Entry]"
    ) -> list[Rule]:
        """The limits that may be passed in one phase with this as the weakest.

        They are looked at in order: what passes a later one keeps those before it that always hold.
        """
        others = {
            one.name
            for one in stronger
            if phase in one.phases and one.key < key and one.name != name
        }
        found = []
        for rule, measured, most in self._limits:
            mine = MEASURES[measured](self._adaptations[name])
            if mine and mine + self._most(measured, name, others) > most:
                found.append(rule)
        return found

    def _most(self, measured: str, name: str, others: Iterable[str]) -> float:
        """No more than this can come together of what stands beside it, by one measure."""
        measure = MEASURES[measured]
        loads = [self._adaptations[one] for one in sorted(others)]
        found = sum(map(measure, loads))
        for rule, earlier, most in self._limits:
            if earlier < measured and rule.condition == ALWAYS:
                other = MEASURES[earlier]
                light = [measure(one) for one in loads if not other(one)]
                heavy = sorted((measure(one) for one in loads if other(one)), reverse=True)
                least = min((other(one) for one in loads if other(one)), default=1)
                room = max(0, int((most - other(self._adaptations[name])) // least))
                found = min(found, sum(light) + sum(heavy[:room]))
        return found

    def stays(self, name: str) -> bool | None:
        """Whether one of it and its rivals stays in the plan once one of them is in.

        None: it does while nothing that waits for something is in the plan. Choosing leaves one of
        the rivals. Load is taken off the weakest first, so that the strongest of what waits for
        nothing stays, where it keeps the limits beside all that waits.
        """
        group = self._rivals(name)
        if group & self.waits:
            return False
        light = not any(
            MEASURES[m](self._adaptations[o]) for o in group for _, m, _ in self._limits
        )
        if light or self._fits_beside(self.waits):
            return True
        return None if self._fits_beside(()) else False

    @cached_property
    def _limits(self) -> list[tuple[Rule, str, float]]:
        """Each limit with its measure."""
        return [
            (rule, name, most)
            for rule in self.acting(Verb.LIMIT)
            if rule.text.limit is not None
            for name, most in rule.text.limit.model_dump(exclude_none=True).items()
        ]

    def _strengths(self, name: str) -> list[tuple[tuple[object, ...], Rule]]:
        """How each of its recommends ranks when load is taken off; the strongest is least."""
        adaptation = self._adaptations[name]
        return [
            ((rule.text.as_ != "foundation", *rule.best_first[:2], adaptation.hours, name), rule)
            for rule in self.acting(Verb.RECOMMEND)
            if name in rule.targets
        ]

    def _fits_beside(self, others: Iterable[str]) -> bool:
        """Whether each adaptation, alone beside these, keeps every limit."""
        return all(
            measure(one) + sum(measure(self._adaptations[other]) for other in others) <= most
            for measure, most in ((MEASURES[name], most) for _, name, most in self._limits)
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
