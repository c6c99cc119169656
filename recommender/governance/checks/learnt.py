"""G12, G13, G14: what learning more may do to a recommendation.

*What they check.* G12: learning more keeps nobody from what was recommended, unless the plan had
said that it assumes it. G13: what is excluded by what is known stays excluded. G14: of each
adaptation, which findings would take it away, and that every one of them is named as assumed.
*Why it matters.* Unknown is not no: a plan that is taken back has to have said on what it rests.
*Wrong.* An exclude whose condition asks whether something is `known`: an answer turns it on.
*Right.* A condition over values alone, with `if_not_known`.

What `presume` presumes is taken as given, as the format has it.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

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
)
from recommender.facts import Span
from recommender.governance.checks.invariants import described
from recommender.governance.comparing.effects import ASSUMED
from recommender.governance.findings import Finding, Severity, Verdict
from recommender.governance.learning import Learning
from recommender.governance.run import Check, Run, found
from recommender.governance.search import Search
from recommender.governance.witness import run as ask
from recommender.governance.witness import witness_of
from recommender.governance.world import World, rests_on
from recommender.mdd import Node
from recommender.recommendation import Recommendation
from recommender.rules import IfNotKnown, Rule, Verb
from recommender.stops import Stop


def unknown_safety(run: Run, check: Check) -> Iterator[Finding]:
    """G12: nothing that was not assumed takes a recommendation away."""
    learning = Learning(run.world)
    broken = [(rule, node) for rule in _barring(run) if (node := _surprise(run, learning, rule))]
    yield from _reported(run, check, broken, "an answer that was not assumed turns it on")


def persistence(run: Run, check: Check) -> Iterator[Finding]:
    """G13: what is excluded stays so."""
    learning = Learning(run.world)
    broken = []
    for rule in run.world.acting(Verb.EXCLUDE):
        bars = run.world.where(run.world.standing(rule), TRUE)
        lost = learning.may_become(run.world.negated(bars))
        node = run.people.cut(run.world.every([bars, lost]))
        if node != run.world.no:
            broken.append((rule, node))
    yield from _reported(run, check, broken, "an answer may end it")


def assumptions(run: Run, check: Check) -> Iterator[Finding]:
    """G14: of each adaptation the findings that would take it away; each is said to be assumed."""
    unsaid = []
    taking: dict[str, set[str]] = {name: set() for name in run.rulebook.adaptations}
    for rule in _barring(run):
        if rule.unknown_means not in ASSUMED:
            continue
        open_ = run.world.where(run.world.standing(rule), UNKNOWN)
        for feature in dict.fromkeys(rests_on(rule.condition, run.rulebook)):
            turned = Learning(run.world, {feature}).may_become(_live(run.world, rule))
            node = run.people.cut(run.world.every([open_, turned]))
            if node == run.world.no:
                continue
            for name in _targets(run, rule):
                taking[name].add(feature)
            behind = _behind(run.world, rule.condition, feature)
            left = run.people.cut(run.world.every([node, run.world.negated(behind)]))
            if left != run.world.no:
                unsaid.append((rule, left))
    yield from _reported(run, check, unsaid, "an answer turns it on that the plan does not name")
    for name, features in taking.items():
        if features:
            yield Finding(
                check.code,
                name,
                Verdict.FOUND,
                Severity.INFO,
                run.rulebook.adaptations[name].title,
                why=", ".join(sorted(features)),
                details={"features": sorted(features)},
            )


def _barring(run: Run) -> list[Rule]:
    """The rules that keep somebody from something, but for what they presume."""
    rules = [*run.world.acting(Verb.EXCLUDE), *run.world.acting(Verb.REFER)]
    return [rule for rule in rules if rule.unknown_means is not IfNotKnown.PRESUME]


def _targets(run: Run, rule: Rule) -> tuple[str, ...]:
    if rule.verb is Verb.EXCLUDE:
        return rule.targets
    held = rule.text.hold
    return tuple(run.rulebook.adaptations) if held == "all" else tuple(held)


def _live(world: World, rule: Rule) -> Node:
    """Where a rule keeps somebody from something."""
    if rule.verb is Verb.REFER:
        return world.in_force(rule)
    return world.where(world.bars(rule), UNKNOWN, TRUE)


def _surprise(run: Run, learning: Learning, rule: Rule) -> Node | None:
    """Where a rule is off, assumes nothing, and may be turned on by an answer."""
    world = run.world
    live = _live(world, rule)
    off = [learning.may_become(live), world.negated(live)]
    if rule.unknown_means in ASSUMED:
        off.append(world.where(world.standing(rule), FALSE, TRUE))
    node = run.people.cut(world.every(off))
    return None if node == world.no else node


def _behind(world: World, condition: Condition, feature: str) -> Node:
    """Where a feature stands behind the unknown parts of an unknown condition: it is assumed."""
    match condition:
        case Test():
            return _behind_test(world, condition, feature)
        case Not(part):
            return _behind(world, part, feature)
        case AllOf(parts) | AnyOf(parts):
            unknown = world.where(world.conditions.of(condition), UNKNOWN)
            several = (
                world.every([unknown, world.where(world.conditions.of(part), UNKNOWN), inner])
                for part in parts
                if (inner := _behind(world, part, feature)) != world.no
            )
            return world.some(several)


def _behind_test(world: World, test: Test, feature: str) -> Node:
    unknown = world.where(world.conditions.of(test), UNKNOWN)
    concluding = world.rulebook.concluding.get(test.feature)
    if concluding is None:
        return unknown if test.feature == feature else world.no
    places = world.space.features[test.feature].position
    possible = world.conditions.concluding(world.space.features[test.feature])
    ways = []
    for rule in concluding:
        inner = _behind(world, rule.condition, feature)
        if inner != world.no:
            place = places[rule.concludes[1]]
            still = world.store.map(_holding(place), possible)
            live = world.where(world.truth(rule), UNKNOWN)
            ways.append(world.every([unknown, live, still, inner]))
    return world.some(ways)


def _holding(place: int) -> Callable[[Any], Truth]:
    """Whether a value is still possible."""

    def holds(possible: Any) -> Truth:
        if isinstance(possible, Span):
            return TRUE if possible.low <= place <= possible.high else FALSE
        return TRUE if possible[0] >> place & 1 else FALSE

    return holds


def _reported(
    run: Run, check: Check, broken: list[tuple[Rule, Node]], why: str
) -> Iterator[Finding]:
    """Somebody for each rule; that there is nobody is proved."""
    if not broken:
        yield Finding(check.code, check.name, Verdict.PROVED, check.severity, check.name)
    for rule, node in broken:
        cube = Search(run.world, node).smallest or {}
        witness = witness_of(run.world, cube, {})
        truth = run.world.value(run.world.truth(rule), cube)

        def shows(
            answer: Recommendation, _: list[Stop], rule: Rule = rule, truth: Truth = truth
        ) -> bool:
            return answer.trace.truths[rule.id] == truth

        confirmed = shows(*ask(witness, run.rulebook, run.as_of))
        named = f"{check.name}_{rule.id}".replace(".", "_").replace(" ", "_")
        shown = [described(run, witness, [], named, shows)] if confirmed else []
        finding = found(run, check, rule, why, witnesses=shown)
        yield replace(finding, verdict=Verdict.REFUTED if confirmed else Verdict.UNDECIDED)
