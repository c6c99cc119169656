"""What a rulebook does to every possible patient, one effect at a time, as diagrams.

In: a world. Out: for each effect (the membership of an adaptation, a stop, a caution, an order) a
diagram that ends in what the effect is, and NOTHING where there is none. Two rulebooks of whom
every effect is the same diagram give everybody the same plan: choosing, order and load are worked
out from these and the patient's wishes alone, which come after them. `seen` reads the same effects
off an answer.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from typing import Any, Final, NamedTuple

from recommender.candidates import Status
from recommender.conditions import (
    FALSE,
    TRUE,
    UNKNOWN,
    AllOf,
    AnyOf,
    Condition,
    Not,
    Test,
    Truth,
    say_values,
    tests_of,
)
from recommender.governance.world import World, is_liftable
from recommender.mdd import Node
from recommender.plan import Chosen
from recommender.recommendation import Recommendation
from recommender.rules import IfNotKnown, Rule, Verb
from recommender.vocabulary import Adaptation, Pathway

NOTHING: Final = None

MEMBERSHIP, STOP, START, STRENGTH = "membership", "stop", "start", "strength"
ASSUMPTION, CAUTION, TAILORING = "assumption", "caution", "tailoring"
CHOICE, ORDER, TOGETHER, LIMIT = "choice", "order", "together", "limit"
QUESTION, NOTICE, ADAPTATION, LIFTING = "question", "notice", "adaptation", "lifting"
KINDS: Final = (
    STOP,
    MEMBERSHIP,
    START,
    STRENGTH,
    ASSUMPTION,
    CAUTION,
    TAILORING,
    CHOICE,
    ORDER,
    TOGETHER,
    LIMIT,
    QUESTION,
    NOTICE,
    ADAPTATION,
    LIFTING,
)
"""In the order in which they are told."""


class Effect(NamedTuple):
    """One thing a rulebook does."""

    kind: str
    about: tuple[str, ...]
    """The adaptations, or the feature, it is about; else the rule."""
    rule: str = ""
    """The rule, where the effect is one rule's."""


class Effects:
    """The effects of one world, each made when first asked for."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._made: dict[Effect, Node] = {}
        conditions = world.conditions
        self._join, self._where = conditions.join, world.where
        self.nothing = world.store.terminal(NOTHING)

    @cached_property
    def all(self) -> Mapping[Effect, frozenset[str]]:
        """Every effect, with the rules behind it."""
        found: dict[Effect, set[str]] = {}
        for name in self.world.rulebook.adaptations:
            for kind in (MEMBERSHIP, STRENGTH, ASSUMPTION, ADAPTATION):
                found[Effect(kind, (name,))] = set()
        for rule in self.world.active:
            for effect in effects_of(rule):
                found.setdefault(effect, set()).add(rule.id)
        return {effect: frozenset(rules) for effect, rules in found.items()}

    def of(self, effect: Effect) -> Node:
        """What an effect is for each profile."""
        if effect not in self._made:
            self._made[effect] = self._build(effect)
        return self._made[effect]

    def has(self, rule: str) -> bool:
        """Whether a rule is in effect."""
        return rule in self.world.rulebook.rules and rule not in self.world.inactive

    # -- what they are ----------------------------------------------------------------------

    def _build(self, effect: Effect) -> Node:
        world = self.world
        about = effect.about[0]
        match effect.kind:
            case "membership":
                return world.membership(about, wish=False)
            case "strength":
                return self._strength(world.rules_on(Verb.RECOMMEND, about))
            case "assumption":
                return self._assumption(world.rules_on(Verb.EXCLUDE, about))
            case "adaptation":
                adaptation = world.rulebook.adaptations.get(about)
                return self._adaptation(adaptation) if adaptation else self.nothing
            case "question":
                return self._question([r for r in world.acting(Verb.ASK) if r.text.ask == about])
            case "order":
                return self._order(effect.about, world.acting(Verb.SEQUENCE))
            case "limit":
                return self._limit(about, world.acting(Verb.LIMIT))
        return self._of_rule(effect)

    def _of_rule(self, effect: Effect) -> Node:
        """An effect that is one rule's."""
        if not self.has(effect.rule):
            return self.nothing
        world, rule = self.world, self.world.rulebook.rules[effect.rule]
        if effect not in effects_of(rule):
            return self.nothing
        if effect.kind == STOP:
            return self._stop(rule)
        if effect.kind == LIFTING:
            return self._lifting(rule)
        says = {truth: said(rule, truth) for truth in (FALSE, UNKNOWN, TRUE)}
        return self._map(lambda truth: says[truth], world.truth(rule))

    def _strength(self, rules: Iterable[Rule]) -> Node:
        """How it is recommended by the best rule that fires."""
        made = self.nothing
        for rule in sorted(rules, key=lambda one: one.best_first, reverse=True):
            fires = self._where(self.world.truth(rule), TRUE)
            made = self._over(made, fires, strength_of(rule))
        return made

    def _assumption(self, rules: Iterable[Rule]) -> Node:
        """What exclusions that are not known leave assumed; stops and questions stand alone."""
        world = self.world
        made: Node = world.no
        for rule in rules:
            if rule.unknown_means in ASSUMED:
                open_ = self._where(world.standing(rule), UNKNOWN)
                weight = TRUE if rule.unknown_means is IfNotKnown.ASK else UNKNOWN
                made = self._join(max, made, self._map(_weighing(weight), open_))
        says = {FALSE: NOTHING, UNKNOWN: "assumed", TRUE: "provisional"}
        return self._map(lambda truth: says[truth], made)

    def unanswered(self, rule: Rule) -> Node:
        """Where the question that a rule demands has no answer."""
        assert rule.text.ask is not None
        return self.world.conditions.of(Test(rule.text.ask, "known", (False,)))

    def _stop(self, rule: Rule) -> Node:
        pathway = self.world.rulebook.pathways[rule.text.refer or ""]
        says = {truth: stop_said(rule, pathway, truth) for truth in _TRUTHS}
        return self._map(lambda truth: says[truth], self.world.standing(rule))

    def _lifting(self, rule: Rule) -> Node:
        """The features that speak for a live rule: an act lifts it that came after all of them."""
        made = self._map(_says(frozenset()), self._where(self.world.truth(rule), UNKNOWN, TRUE))
        for test, wanted in _speaking(rule.condition):
            speaks = self._where(self.world.conditions.of(test), wanted)
            made = self._join(_added, made, self._map(_says(frozenset({test.feature})), speaks))
        return made

    def _adaptation(self, adaptation: Adaptation) -> Node:
        """What bears on how a plan is put together, and whether it cannot be had."""
        world = self.world
        lacking = world.some(
            world.where(world.conditions.of(Test(need, "is", (False,))), TRUE)
            for need in adaptation.needs
        )
        traits = _traits(adaptation)
        return self._map(lambda so: (*traits, so), lacking)

    def _question(self, rules: Iterable[Rule]) -> Node:
        made = self.nothing
        for rule in rules:
            fires = self._where(self.world.truth(rule), TRUE)
            wanted = fires if rule.text.after_finding else self._and(fires, self.unanswered(rule))
            for_ = "all" if rule.text.for_ == "all" else tuple(sorted(rule.text.for_))
            says = frozenset({(for_, rule.text.after_finding)})
            made = self._join(_union, made, self._map(_says(says), wanted))
        return made

    def _order(self, pair: tuple[str, ...], rules: Iterable[Rule]) -> Node:
        made = self.nothing
        for rule in rules:
            if pair in list(pairwise(rule.targets)):
                acting = self._where(self.world.truth(rule), UNKNOWN, TRUE)
                says = frozenset({order_of(rule)})
                made = self._join(_union, made, self._map(_says(says), acting))
        return made

    def _limit(self, measure: str, rules: Iterable[Rule]) -> Node:
        made = self.nothing
        for rule in rules:
            most = dict(_limits(rule)).get(measure)
            if most is None:
                continue
            acting = self._where(self.world.truth(rule), UNKNOWN, TRUE)
            made = self._join(_least, made, self._map(_says(most), acting))
        return made

    # -- joining ----------------------------------------------------------------------------

    def _map(self, change: Callable[[Any], Hashable], node: Node) -> Node:
        return self.world.store.map(change, node)

    def _and(self, *nodes: Node) -> Node:
        return self.world.every(nodes)

    def _over(self, below: Node, where: Node, value: Hashable) -> Node:
        """The diagram with this value where it is so, and what it was elsewhere."""
        return self.world.store.apply(
            lambda under, so: value if so == TRUE else under, below, where
        )


def effects_of(rule: Rule) -> list[Effect]:
    """The effects a rule takes part in; one that concludes has none of its own."""
    return list(_effects_of(rule))


def _effects_of(rule: Rule) -> Iterator[Effect]:
    match rule.verb:
        case Verb.RECOMMEND | Verb.EXCLUDE:
            second = STRENGTH if rule.verb is Verb.RECOMMEND else ASSUMPTION
            yield from (Effect(k, (n,)) for n in rule.targets for k in (MEMBERSHIP, second))
        case Verb.CAUTION | Verb.TAILOR:
            yield from (Effect(_ALONE[rule.verb], (name,), rule.id) for name in rule.targets)
        case Verb.REFER | Verb.FLAG | Verb.CHOOSE_ONE | Verb.TOGETHER:
            yield Effect(_ALONE[rule.verb], rule.targets or (rule.id,), rule.id)
        case Verb.ASK:
            yield Effect(QUESTION, (rule.text.ask or "",))
        case Verb.SEQUENCE:
            yield from (Effect(ORDER, pair) for pair in pairwise(rule.targets))
        case Verb.LIMIT:
            yield from (Effect(LIMIT, (name,)) for name, _ in _limits(rule))
    if is_liftable(rule) or rule.text.after_finding:
        yield Effect(LIFTING, (rule.id,), rule.id)


_ALONE: Mapping[Verb, str] = {
    Verb.CAUTION: CAUTION,
    Verb.TAILOR: TAILORING,
    Verb.REFER: STOP,
    Verb.FLAG: NOTICE,
    Verb.CHOOSE_ONE: CHOICE,
    Verb.TOGETHER: TOGETHER,
}
"""Verbs of which each rule is an effect of its own."""

_TRUTHS = (FALSE, UNKNOWN, TRUE)
ASSUMED = (IfNotKnown.ASK, IfNotKnown.CAUTION)


def _weighing(weight: Truth) -> Callable[[Truth], Truth]:
    return lambda so: weight if so == TRUE else FALSE


def _says(value: Hashable) -> Callable[[Truth], Hashable]:
    return lambda so: value if so == TRUE else NOTHING


def _union(one: Any, other: Any) -> Any:
    return other if one is NOTHING else one if other is NOTHING else one | other


def _added(one: Any, other: Any) -> Any:
    """The second joins the first, where there is a first."""
    return one if one is NOTHING or other is NOTHING else one | other


def _least(one: Any, other: Any) -> Any:
    return other if one is NOTHING else one if other is NOTHING else min(one, other)


def _speaking(condition: Condition, wanted: Truth = TRUE) -> Iterator[tuple[Test, Truth]]:
    """Each test with the truth in which it speaks for the condition."""
    match condition:
        case Test():
            yield condition, wanted
        case Not(part):
            yield from _speaking(part, TRUE - wanted)
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _speaking(part, wanted)


def _limits(rule: Rule) -> list[tuple[str, float]]:
    assert rule.text.limit is not None
    return list(rule.text.limit.model_dump(exclude_none=True).items())


def _traits(adaptation: Adaptation) -> tuple[Hashable, ...]:
    """What of an adaptation bears on how a plan is put together."""
    burden = adaptation.burden
    load = (burden.hours_per_week, burden.homework_streams) if burden else NOTHING
    return adaptation.phase, load, tuple(adaptation.needs)


# ------------------------------------------------------------------------------- in rules


def strength_of(rule: Rule) -> tuple[Hashable, ...]:
    """How a rule recommends."""
    text = rule.text
    return text.as_.value, text.strength.value, rule.certainty.value, text.phase, text.dose


def order_of(rule: Rule) -> tuple[Hashable, ...]:
    """Whether the earlier one is required, and what the later one waits for."""
    gate = rule.gate
    tests = tuple(f"{t.feature} {say_values(t)}" for t in tests_of(gate)) if gate else ()
    return rule.text.required, tests


def stop_said(rule: Rule, pathway: Pathway, truth: Truth) -> Hashable:
    """What a referral that is not lifted does."""
    text, blocks = rule.text, rule.unknown_means is IfNotKnown.BLOCK and not pathway.scope
    hold = "all" if text.hold == "all" else tuple(sorted(text.hold))
    leads = pathway.id, pathway.urgency.value, pathway.scope
    if truth == TRUE or (truth == UNKNOWN and blocks):
        lifted_by = (text.release, tuple(text.answered_by), text.until)
        return "in_force", leads, hold, lifted_by, truth == UNKNOWN
    if truth == UNKNOWN and rule.unknown_means in ASSUMED:
        return "open", leads, hold, rule.unknown_means.value
    return NOTHING


def said(rule: Rule, truth: Truth) -> Hashable:
    """What a rule that stands for itself says."""
    text = rule.text
    match rule.verb:
        case Verb.CAUTION if truth != FALSE:
            return text.adjust, text.monitor, truth == UNKNOWN
        case Verb.TAILOR if truth == TRUE:
            return text.focus, text.format
        case Verb.FLAG if truth == TRUE:
            return text.flag
        case Verb.CHOOSE_ONE if truth != FALSE:
            return (truth == TRUE and text.prefer) or ""
        case Verb.TOGETHER if truth != FALSE:
            return "together"
    return NOTHING


# ------------------------------------------------------------------------------- in answers

Seen = Mapping[Effect, Hashable]


def seen(answer: Recommendation) -> Seen:
    """The effects an answer shows, and where each adaptation came to stand."""
    return dict(_seen(answer))


def _seen(answer: Recommendation) -> Iterator[tuple[Effect, Hashable]]:
    rulebook, trace = answer.trace.rulebook, answer.trace
    for name, candidate in answer.candidates.items():
        yield Effect(MEMBERSHIP, (name,)), candidate.status
    for stop in answer.plan.stops:
        says = stop_said(stop.rule, stop.pathway, stop.truth)
        yield Effect(STOP, (stop.rule.id,), stop.rule.id), says
    for aside in answer.plan.set_aside:
        if aside.status in (Status.DISPLACED, Status.DEFERRED):
            name = aside.candidate.adaptation.id
            yield Effect(START, (name,)), (aside.status.value, aside.displaced_by)
    for chosen in answer.plan.chosen:
        yield from _chosen(chosen)
    yield from _combined(answer)
    for rule in answer.plan.required_asks:
        waiting = rule.text.for_
        names = (waiting,) if isinstance(waiting, str) else tuple(waiting)
        yield Effect(QUESTION, (str(rule.text.ask), *names)), True
    for rule in rulebook.by_verb(Verb.FLAG):
        if trace.truths[rule.id] == TRUE:
            yield Effect(NOTICE, (rule.id,), rule.id), rule.text.flag


def _chosen(chosen: Chosen) -> Iterator[tuple[Effect, Hashable]]:
    candidate, about = chosen.candidate, (chosen.candidate.adaptation.id,)
    assert candidate.best is not None
    yield Effect(START, about), ("phase", chosen.phase)
    yield Effect(STRENGTH, about), strength_of(candidate.best)
    yield Effect(ADAPTATION, about), _traits(candidate.adaptation)
    if candidate.provisional or candidate.assumes:
        yield Effect(ASSUMPTION, about), "provisional" if candidate.provisional else "assumed"
    for rule in candidate.cautions:
        yield Effect(CAUTION, about, rule.id), said(rule, TRUE)
    for rule in candidate.open_cautions:
        yield Effect(CAUTION, about, rule.id), said(rule, UNKNOWN)
    for rule in candidate.tailoring:
        yield Effect(TAILORING, about, rule.id), said(rule, TRUE)
    for other, rule in chosen.alternatives:
        yield Effect(CHOICE, (*about, other), rule.id), True


def _combined(answer: Recommendation) -> Iterator[tuple[Effect, Hashable]]:
    inside = set(answer.recommended)
    for rule, _ in answer.plan.shaped_by:
        if rule.verb is Verb.SEQUENCE:
            for pair in pairwise(rule.targets):
                if set(pair) <= inside:
                    yield Effect(ORDER, pair, repr(order_of(rule))), True
        elif rule.verb is Verb.TOGETHER:
            yield Effect(TOGETHER, rule.targets, rule.id), True


# ------------------------------------------------------------------------------- as plain data

_PARTS: Mapping[str, tuple[str, ...]] = {
    STRENGTH: ("role", "strength", "certainty", "phase", "dose"),
    ADAPTATION: ("phase", "burden", "needs", "out_of_reach"),
    CAUTION: ("adjust", "monitor", "open"),
    TAILORING: ("focus", "format"),
}
_STOP_PARTS: Mapping[str, tuple[str, ...]] = {
    "in_force": ("force", "leads", "hold", "lifted_by", "through_unknown"),
    "open": ("force", "leads", "hold", "if_not_known"),
}


def plain(kind: str, says: Any) -> Any:
    """What an effect is, as plain data; None where there is none."""
    if says is NOTHING:
        return None
    parts = _STOP_PARTS[says[0]] if kind == STOP else _PARTS.get(kind)
    if parts is not None:
        return {name: _listed(value) for name, value in zip(parts, says, strict=True)}
    return _listed(says)


def _listed(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted((_listed(one) for one in value), key=repr)
    if isinstance(value, tuple):
        return [_listed(one) for one in value]
    return str(value) if isinstance(value, str) else value
