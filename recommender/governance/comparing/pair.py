"""Two rulebooks beside each other: in what their plans differ, and for whom.

In: an old and a new rulebook and a day. Out: every effect that differs, as what it was, what it is
and a diagram of the people for whom. Where no effect differs the two give everybody the same plan:
that is a proof. A difference is shown only by somebody on whom both rulebooks were run.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property
from itertools import combinations
from typing import Any, Final, NamedTuple

from recommender.candidates import Status
from recommender.conditions import TRUE, UNKNOWN, Test, tests_of
from recommender.governance.bounds import MEASURES
from recommender.governance.claims import MOST_TRIED
from recommender.governance.comparing.effects import (
    ADAPTATION,
    ASSUMED,
    ASSUMPTION,
    CAUTION,
    CHOICE,
    KINDS,
    LIFTING,
    LIMIT,
    MEMBERSHIP,
    NOTHING,
    ORDER,
    QUESTION,
    STRENGTH,
    TAILORING,
    TOGETHER,
    Effect,
    Effects,
    effects_of,
    seen,
)
from recommender.governance.outcomes import Outcomes
from recommender.governance.people import People
from recommender.governance.search import Search, cube_node, somebody_without
from recommender.governance.witness import Witness, run, witness_of
from recommender.governance.world import World, shared
from recommender.mdd import Diagrams, Node
from recommender.recommendation import Recommendation
from recommender.rulebook import Rulebook
from recommender.rules import IfNotKnown, Rule, Verb
from recommender.vocabulary import Feature, Pathway

BUDGET: Final = 500_000
"""Nodes that the diagrams of one comparison may need."""

WORDS: Final = frozenset(
    {
        "title",
        "when",
        "because",
        "limits",
        "evidence",
        "examples",
        "status",
        "effective_period",
        "justify",
        "patient_text",
        "gate",
    }
)
"""Keys of a rule that change no plan, or are compared as conditions."""

_ABOUT_ADAPTATIONS: Final = frozenset(
    {
        MEMBERSHIP,
        STRENGTH,
        ASSUMPTION,
        CAUTION,
        TAILORING,
        ADAPTATION,
        ORDER,
        CHOICE,
        TOGETHER,
    }
)


UNSURE: Final = "unsure"
"""Of when an act lifts a rule: it cannot be said whether that is another."""


class Difference(NamedTuple):
    """One effect that is another for somebody."""

    effect: Effect
    before: Any
    after: Any
    """What it is; NOTHING where there is no such effect."""
    where: Node
    """The people for whom, before choosing and load, stops left aside."""


class Pair:
    """Two rulebooks over the same possible patients.

    part: look only at what the rules that moved can touch, which is faster. Then nothing is known
    of stops elsewhere, so that somebody may be missed whom only a free region shows.
    """

    def __init__(
        self,
        old: Rulebook,
        new: Rulebook,
        as_of: date,
        *,
        budget: int = BUDGET,
        part: bool = False,
    ) -> None:
        self.old, self.new, self.as_of = old, new, as_of
        self._part = part
        self.unmapped = tuple(sorted(_unmapped(old, new)))
        """Features that mean something else in the new rulebook: nothing can be compared."""
        self._budget = budget

    @classmethod
    def beside(cls, effects: Effects, people: People, *varied: tuple[Rulebook, str]) -> "Pair":
        """Two rulebooks that differ in one rule, over a world that is made already.

        varied: each rulebook with the rule that may be another in it; it concludes nothing, and no
        test is new.
        """
        world = effects.world
        (old, name), (new, other) = varied
        made = cls(old, new, world.as_of)
        made.__dict__["moved"] = frozenset({name, other})
        made.__dict__["_effects"] = tuple(
            Effects(world.varied(book, [rule])) if book is not world.rulebook else effects
            for book, rule in varied
        )
        made.__dict__["people"] = people
        return made

    @classmethod
    def over(cls, before: Effects, after: Effects, people: People) -> "Pair":
        """Two rulebooks over worlds that are made already and share their store."""
        made = cls(before.world.rulebook, after.world.rulebook, before.world.as_of)
        made.__dict__["_effects"] = before, after
        made.__dict__["people"] = people
        return made

    @cached_property
    def moved(self) -> frozenset[str]:
        """Rules of either whose effect may be another."""
        return frozenset(_moved(self.old, self.new, self.as_of))

    @cached_property
    def _effects(self) -> tuple[Effects, Effects]:
        books = self._parts() if self._part else (self.old, self.new)
        common = shared(self.as_of, *books)
        before, after = (Effects(World(book, self.as_of, sharing=common)) for book in books)
        common.store.limit(self._budget)
        return before, after

    def _parts(self) -> tuple[Rulebook, Rulebook]:
        """Each rulebook with the rules alone that what moved can touch, and no promises."""
        books = (self.old, self.new)
        moved = [book.rules[name] for book in books for name in self.moved if name in book.rules]
        if any(_reaches_all(rule) for rule in moved):
            return books
        effects = {effect for rule in moved for effect in effects_of(rule)}
        about = {name for effect in effects for name in effect.about}
        verbs = {rule.verb for rule in moved}
        kept = {
            rule.id
            for rule in _rules_of(*books)
            if rule.id in self.moved
            or not (rule.id in self.old.rules and rule.id in self.new.rules)
            or _is_about(rule, about)
            or (rule.verb in verbs and not effects.isdisjoint(effects_of(rule)))
        }
        first, second = (book.only(with_conclusions(book, kept)) for book in books)
        return first, second

    @property
    def before(self) -> Effects:
        """What the old rulebook does."""
        return self._effects[0]

    @property
    def after(self) -> Effects:
        """What the new rulebook does."""
        return self._effects[1]

    @cached_property
    def people(self) -> People:
        """The profiles there are under both."""
        return People(self.before.world, People(self.after.world))

    @cached_property
    def _outcomes(self) -> tuple[Outcomes, Outcomes]:
        return Outcomes(self.before.world), Outcomes(self.after.world)

    # -- what differs ---------------------------------------------------------------------

    def differences(self) -> Iterator[Difference]:
        """Every way in which an effect is another for somebody; nothing: the plans are equal.

        Raises TooLarge, and ValueError where a feature cannot be compared.
        """
        if self.unmapped:
            raise ValueError(f"features that cannot be compared: {', '.join(self.unmapped)}")
        for effect in self.touched():
            yield from self.differing(effect)

    def touched(self) -> list[Effect]:
        """The effects that a moved rule takes part in, or whose adaptation changed."""
        found = {
            effect
            for effects in (self.before, self.after)
            for name in self.moved
            if effects.has(name)
            for effect in effects_of(effects.world.rulebook.rules[name])
            # That nothing lifts it, or nothing did, shows in what it does.
            if effect.kind != LIFTING or self._has_both(effect)
        }
        if self.old.adaptations is not self.new.adaptations:
            found |= {
                Effect(ADAPTATION, (name,))
                for name, one in self.old.adaptations.items()
                if name in self.new.adaptations and self.new.adaptations[name] != one
            }
        return sorted(found, key=lambda effect: (KINDS.index(effect.kind), effect))

    def _has_both(self, effect: Effect) -> bool:
        return all(
            effects.has(effect.rule)
            and effect in effects_of(effects.world.rulebook.rules[effect.rule])
            for effects in (self.before, self.after)
        )

    def _rests_on_moved(self, rule: str) -> bool:
        """Whether what dates a rule's findings may be another: a conclusion it rests on moved."""
        return any(
            concluding.id in self.moved
            for book in (self.old, self.new)
            if rule in book.rules
            for test in tests_of(book.rules[rule].condition)
            for concluding in book.concluding.get(test.feature, ())
        )

    def differing(self, effect: Effect) -> Iterator[Difference]:
        """The ways in which one effect is another for somebody in whose plan it can show.

        Stops are left aside.
        """
        old, new = self.before.of(effect), self.after.of(effect)
        world = self.before.world
        if old == new:
            if effect.kind == LIFTING and self._rests_on_moved(effect.rule):
                yield Difference(effect, UNSURE, UNSURE, world.yes)
            return
        joined = world.conditions.join(_both, old, new)
        for was, becomes in sorted(_ends(world.store, joined), key=repr):
            where = self.people.cut(world.where(joined, (was, becomes)))
            for name, region in self._relevant(effect, (was, becomes), where):
                if region != world.no and not self._is_covered(name, (was, becomes), region):
                    yield Difference(effect, was, becomes, region)
                    break

    def _relevant(
        self, effect: Effect, says: tuple[Any, Any], where: Node
    ) -> Iterator[tuple[str, Node]]:
        """The people an effect bears on: those for whom what it is about is recommended.

        With the adaptation, where the effect is what being recommended takes for granted.
        """
        if where == self.before.world.no:
            return
        match effect.kind:
            case "assumption":
                yield effect.about[0], self._with(where, effect.about)
            case "strength" | "caution" | "tailoring" | "adaptation":
                yield "", self._with(where, effect.about)
            case "order":
                required = any(w is not NOTHING and any(r for r, _ in w) for w in says)
                yield "", self._with(where, effect.about[1:] if required else effect.about)
            case "choice" | "together":
                for pair in combinations(effect.about, 2):
                    yield "", self._with(self._unsettled(where, effect, pair), pair)
            case "stop" if not any(w is not NOTHING and w[0] == "in_force" for w in says):
                held = [w[2] for w in says if w is not NOTHING]
                for name in dict.fromkeys([*self.old.adaptations, *self.new.adaptations]):
                    if any(hold == "all" or name in hold for hold in held):
                        yield name, self._with(where, (name,))
            case _:
                yield "", where

    def _unsettled(self, where: Node, effect: Effect, pair: tuple[str, ...]) -> Node:
        """Without those of whom a choice that did not change, and comes before, leaves one only."""
        world = self.before.world
        settled = [
            world.where(world.truth(rule), UNKNOWN, TRUE)
            for rule in (world.acting(Verb.CHOOSE_ONE) if effect.kind == CHOICE else ())
            if rule.id < effect.rule and rule.id not in self.moved and {*pair} <= {*rule.targets}
        ]
        return world.every([where, world.negated(world.some(settled))]) if settled else where

    def _is_covered(self, name: str, says: tuple[Any, Any], where: Node) -> bool:
        """Whether something that did not change marks the adaptation as much for all of these."""
        if not name:
            return False
        world = self.before.world
        ask = any("provisional" in str(one) or "'ask'" in str(one) for one in says)
        rules = [*world.rules_on(Verb.EXCLUDE, name), *world.holding(name)]
        sources = [
            world.where(world.standing(rule), UNKNOWN)
            for rule in rules
            if rule.id not in self.moved
            and (
                rule.unknown_means is IfNotKnown.ASK or (not ask and rule.unknown_means in ASSUMED)
            )
        ]
        sources += [
            world.every([world.where(world.truth(rule), TRUE), self.before.unanswered(rule)])
            for rule in world.acting(Verb.ASK)
            if rule.id not in self.moved and (rule.text.for_ == "all" or name in rule.text.for_)
        ]
        return any(
            self.people.cut(world.every([where, world.negated(one)])) == world.no for one in sources
        )

    # -- for whom -------------------------------------------------------------------------

    def somebody(self, difference: Difference) -> Witness | None:
        """A patient on whom both rulebooks were run and it shows; None where none was found."""
        return next(self.people_of(difference), None)

    def people_of(self, difference: Difference, most: int = 1) -> Iterator[Witness]:
        """Patients for whom it shows, each of a region of their own."""
        found = 0
        tries = 1 if difference.effect.kind == LIMIT else MOST_TRIED
        for left in self.showing(difference):
            for _ in range(tries):
                search = Search(self.before.world, left)
                cube = search.smallest
                if cube is None:
                    break
                wide = search.widened(cube)
                plain = witness_of(self.before.world, cube, wide)
                for witness in _wishing(plain, difference.effect):
                    if self.shows(difference, witness):
                        yield witness
                        found += 1
                        break
                if found >= most:
                    return
                taken = self.before.world.negated(cube_node(self.before.world, cube, wide))
                left = self.before.world.every([left, taken])

    def showing(self, difference: Difference) -> Iterator[Node]:
        """Where it may be seen: the whole region, then without those whom a stop holds."""
        if difference.effect.kind == LIMIT:
            yield from self._crowded(difference)
            return
        yield difference.where
        if difference.effect.kind == QUESTION:
            known = Test(difference.effect.about[0], "known", (True,))
            world = self.before.world
            answered = world.where(world.conditions.of(known), TRUE)
            yield self.people.cut(world.every([difference.where, answered]))
        if difference.effect.kind in _ABOUT_ADAPTATIONS:
            free = self.free(difference.where, difference.effect.about)
            yield free
            if difference.effect.kind == ASSUMPTION:
                yield from self._settled(free, difference.effect.about[0])
            if difference.effect.kind != MEMBERSHIP:
                yield self._unrivalled(free, difference.effect.about, difference.effect.rule)

    def is_hidden(self, difference: Difference) -> bool:
        """Whether a stop holds the adaptation for all of these: then nothing of it shows."""
        if difference.effect.kind != MEMBERSHIP:
            return False
        return self.free(difference.where, difference.effect.about) == self.before.world.no

    def shows(self, difference: Difference, witness: Witness) -> bool:
        """Whether the plans of a patient differ, and in this where that can be told apart."""
        before, after = map(seen, self.answers(witness))
        if difference.effect.kind == MEMBERSHIP:
            return before[difference.effect] != after[difference.effect]
        return before != after

    def answers(self, witness: Witness) -> tuple[Recommendation, Recommendation]:
        """What each rulebook answers for one and the same patient."""
        before, _ = run(witness, self.old, self.as_of, beside=self.new)
        after, _ = run(witness, self.new, self.as_of, beside=self.old)
        return before, after

    # -- regions --------------------------------------------------------------------------

    def _with(self, where: Node, names: Sequence[str]) -> Node:
        """Where both rulebooks recommend all of these, stops left aside."""
        world = self.before.world
        for name in names:
            for effects in (self.before, self.after):
                member = effects.world.membership(name)
                where = world.every([where, world.where(member, Status.RECOMMENDED)])
        return self.people.cut(where)

    def _crowded(self, difference: Difference) -> Iterator[Node]:
        """Where just so much is recommended that a limit is passed, the heaviest first."""
        measure = MEASURES[difference.effect.about[0]]
        most = min(one for one in (difference.before, difference.after) if one is not NOTHING)
        loads = {name: measure(one) for name, one in self.new.adaptations.items() if measure(one)}
        heaviest = sorted(loads, key=lambda name: (-loads[name], name))
        tried = 0
        for size in range(2, 5):
            for several in combinations(heaviest, size):
                over = sum(loads[name] for name in several) > most
                if not over or sum(loads[name] for name in several[:-1]) > most:
                    continue
                where = self._with(difference.where, several)
                tried += where != self.before.world.no
                if where != self.before.world.no:
                    yield where
                if tried == MOST_TRIED:
                    return

    def _settled(self, where: Node, name: str) -> Iterator[Node]:
        """Somebody of whom nothing else is open that bears on this, and whom no choice bears on."""
        ways: list[tuple[Node, ...]] = []
        for effects in (self.before, self.after):
            world = effects.world
            ways += [
                (world.where(world.standing(rule), UNKNOWN),)
                for rule in (*world.holding(name), *world.rules_on(Verb.EXCLUDE, name))
                if rule.unknown_means in ASSUMED and rule.id not in self.moved
            ]
            ways += [
                (world.where(world.truth(rule), TRUE), effects.unanswered(rule))
                for rule in world.acting(Verb.ASK)
                if rule.text.for_ == "all" or name in rule.text.for_
            ]
            ways += _rivalling(world, (name,))
        world = self.before.world
        cube = somebody_without(world, self.people.cut(where), ways, self.people.cut)
        if cube is not None:
            yield world.every([where, cube_node(world, cube, {})])

    def _unrivalled(self, where: Node, names: Sequence[str], but: str = "") -> Node:
        """Without the people for whom a choice by another rule may fall on something else."""
        for effects, outcomes in zip((self.before, self.after), self._outcomes, strict=True):
            ways = list(_rivalling(effects.world, names, but))
            where = outcomes.without(where, ways)
        return self.people.cut(where)

    def free(self, where: Node, names: Sequence[str]) -> Node:
        """Without the people for whom a stop holds one of these."""
        for effects, outcomes in zip((self.before, self.after), self._outcomes, strict=True):
            holding = {r.id: r for name in names for r in effects.world.holding(name)}
            ways = [(effects.world.in_force(rule),) for rule in holding.values()]
            where = outcomes.without(where, ways)
        return self.people.cut(where)


def _rivalling(world: World, names: Sequence[str], but: str = "") -> Iterator[tuple[Node, Node]]:
    """The ways in which a choice by another rule may fall on something else than one of these."""
    for rule in world.acting(Verb.CHOOSE_ONE):
        if rule.id != but and not set(rule.targets).isdisjoint(names):
            acting = world.where(world.truth(rule), UNKNOWN, TRUE)
            for other in rule.targets:
                if other not in names or {*rule.targets}.issubset(names):
                    yield acting, world.where(world.membership(other), Status.RECOMMENDED)


def _wishing(witness: Witness, effect: Effect) -> Iterator[Witness]:
    """A patient without wishes; where rivals are chosen among also one who would have each."""
    yield witness
    if effect.kind == CHOICE:
        yield from (replace(witness, prefers=(name,)) for name in effect.about)


def _both(old: Any, new: Any) -> Any:
    return None if old == new else (old, new)


def _ends(store: Diagrams, node: Node) -> set[Any]:
    found = {store.value(node)} if store.is_terminal(node) else set()
    for inner in store.below([node]):
        found.update(store.value(c) for c in store.children(inner) if store.is_terminal(c))
    return found - {None}


# ------------------------------------------------------------------------------- parts


def _reaches_all(rule: Rule) -> bool:
    """Whether what a rule does shows on any adaptation."""
    return rule.verb is Verb.LIMIT or (rule.verb is Verb.REFER and rule.unknown_means in ASSUMED)


def _is_about(rule: Rule, about: Collection[str]) -> bool:
    """Whether a rule bears on whether one of these is recommended."""
    membership = rule.verb in (Verb.RECOMMEND, Verb.EXCLUDE)
    return membership and any(name in about for name in rule.targets)


def with_conclusions(rulebook: Rulebook, names: Collection[str]) -> set[str]:
    """These rules and all that conclude what they rest on."""
    found: set[str] = set()
    waiting = [name for name in names if name in rulebook.rules]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            for test in tests_of(rulebook.rules[name].condition):
                waiting += [rule.id for rule in rulebook.concluding.get(test.feature, ())]
    return found


# ------------------------------------------------------------------------------- what moved


def _moved(old: Rulebook, new: Rulebook, as_of: date) -> set[str]:
    """The rules that differ in what they do, and those that rest on what such rules conclude."""
    moved = {
        name
        for name in dict.fromkeys([*old.rules, *new.rules])
        if old.rules.get(name) is not new.rules.get(name)
        and meaning(old.rules.get(name), as_of) != meaning(new.rules.get(name), as_of)
    }
    led = {
        name
        for name, pathway in old.pathways.items()
        if name in new.pathways and _leads(pathway) != _leads(new.pathways[name])
    }
    moved |= {
        rule.id
        for book in (old, new)
        for rule in book.by_verb(Verb.REFER)
        if rule.text.refer in led
    }
    concluded = {
        book.rules[name].concludes[0]
        for book in (old, new)
        for name in moved
        if name in book.rules and book.rules[name].verb is Verb.CONCLUDE
    }
    waiting, rules = set(concluded), _rules_of(old, new)
    while waiting:
        name = waiting.pop()
        for rule in rules:
            if rule.id in moved or not _asks(rule, name):
                continue
            moved.add(rule.id)
            if rule.verb is Verb.CONCLUDE and rule.concludes[0] not in concluded:
                concluded.add(rule.concludes[0])
                waiting.add(rule.concludes[0])
    return moved


def _rules_of(old: Rulebook, new: Rulebook) -> list[Rule]:
    """The rules of both, one that is the same in both once."""
    return [*old.rules.values(), *(r for n, r in new.rules.items() if old.rules.get(n) is not r)]


def _leads(pathway: Pathway) -> tuple[Any, ...]:
    return pathway.urgency, pathway.scope


def _asks(rule: Rule, feature: str) -> bool:
    return any(test.feature == feature for test in tests_of(rule.condition))


def meaning(rule: Rule | None, as_of: date) -> Any:
    """All of a rule that can change a plan; None where it is not in effect."""
    if rule is None or not rule.in_effect(as_of):
        return None
    return (
        rule.condition,
        rule.gate,
        rule.status == "retired",
        rule.text.model_dump(exclude={*WORDS}),
    )


def _unmapped(old: Rulebook, new: Rulebook) -> Iterator[str]:
    """Features of both that do not have the same values, or are concluded in one alone."""
    if old.features == new.features:
        return
    for name, feature in old.features.items():
        other = new.features.get(name)
        if other is not None and _values(feature) != _values(other):
            yield name


def _values(feature: Feature) -> tuple[Any, ...]:
    return feature.type, tuple(feature.options), feature.range, feature.concluded, feature.default
