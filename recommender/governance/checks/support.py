"""G18: which rules a promise rests on.

*What it checks.* Of each promise that is proved, which rules break it when they alone are lost: a
single point of failure. And which two break it together, of which neither does alone. Larger sets
are not looked for, nor are conclusions looked at in pairs.
*Why it matters.* Whoever changes such a rule changes what the promise rests on; where two rules
hold it up, one of them may be withdrawn for a while.
*Wrong, right.* For the reviewer to judge: information, and only when asked for (`--check G18`).

Every set is shown by somebody for whom the rules that are left were run, and broke the promise. A
`never` about adaptations, and a promise of stops, exclusions or demanded questions, is followed
rule by rule: who is kept by these and by no other? Of every other promise only single rules about
what it names are tried, each by looking for somebody who certainly breaks it without that rule.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from recommender.conditions import ALWAYS, TRUE, UNKNOWN
from recommender.governance.checks.invariants import decided
from recommender.governance.findings import Finding, Severity, Verdict
from recommender.governance.outcomes import Outcomes
from recommender.governance.run import Check, Run
from recommender.governance.search import Search, cube_node, somebody_without
from recommender.governance.witness import Witness, run, witness_of
from recommender.governance.world import rests_on
from recommender.invariants import breaks
from recommender.mdd import Node, TooLarge
from recommender.rulebook import Rulebook
from recommender.rules import Invariant, Outcome, Rule, Verb

MOST = 2
"""How many rules are lost at once."""
TRIED = 6
"""People on whom a loss is tried before it counts as no loss."""
PLAIN = frozenset({"held", "referred", "excluded", "asked"})
"""Outcomes that one rule brings about by itself."""

Lost = tuple[str, ...]
"""The ids of rules that are lost at once."""


class Prop(NamedTuple):
    """A rule that keeps a promise, and for whom it does."""

    rule: Rule
    keeps: Node


def support(run_: Run, check: Check) -> Iterator[Finding]:
    """G18: each promise with the rules it rests on."""
    for invariant in run_.rulebook.invariants.values():
        if invariant.condition is None:
            continue  # it compares two patients
        run_.tell(invariant.id)
        if decided(run_, invariant).verdict is not Verdict.PROVED:
            continue
        open_: list[str] = []
        sets = list(_sets(run_, invariant, open_))
        alone = [lost[0] for lost in sets if len(lost) == 1]
        together = [list(lost) for lost in sets if len(lost) > 1]
        said = [*alone, *(" with ".join(names) for names in together)]
        in_pairs = _is_followed(invariant)
        nothing = "no loss of one rule was found to break it"
        if in_pairs:
            nothing = "no loss of a rule, or of two, was found to break it"
        yield Finding(
            check.code,
            invariant.id,
            Verdict.FOUND,
            Severity.INFO,
            invariant.text.title,
            place=run_.place("invariants", invariant.id),
            why=", ".join(said) or nothing,
            details={
                "alone": alone,
                "together": together,
                "up_to": MOST if in_pairs else 1,
                "open": open_,
            },
        )


def _sets(run_: Run, invariant: Invariant, open_: list[str]) -> Iterator[Lost]:
    """The least sets of rules whose loss breaks a promise, as far as they are looked for.

    open_: takes the rules of which the budget does not let it be said.
    """
    found: list[Lost] = []
    losses = set(_followed(run_, invariant)) if _is_followed(invariant) else set()
    for rule in _alone(run_, invariant):
        run_.tell(rule.id)
        try:
            if _fails(run_, invariant, (rule.id,)):
                losses.add((rule.id,))
        except TooLarge:
            run_.begin_anew()
            open_.append(rule.id)
    for lost in sorted(losses, key=lambda lost: (len(lost), lost)):
        if not any(set(less) < set(lost) for less in found):
            found.append(lost)
            yield lost


def _is_followed(invariant: Invariant) -> bool:
    text = invariant.text
    if text.never is not None:
        return text.never.named[0] == "recommended"
    return all(one.named[0] in PLAIN for one in text.outcomes)


def _decides(run_: Run, rule: Rule, invariant: Invariant) -> bool:
    """Whether a rule concludes what the promise, or a rule that keeps it, goes by."""
    if rule.verb is not Verb.CONCLUDE:
        return False
    keeping = [one.condition for one in _keeping(run_, invariant)]
    conditions = [invariant.condition or ALWAYS, *keeping]
    mine = set(rests_on(rule.condition, run_.rulebook))
    return any(mine & set(rests_on(one, run_.rulebook)) for one in conditions)


# ------------------------------------------------------------------------------- rule by rule


def _followed(run_: Run, invariant: Invariant) -> Iterator[Lost]:
    """The sets by which, and by no other rule, somebody is kept whom the promise is about."""
    where, props = _about(run_, invariant), _props(run_, invariant)
    negated = run_.world.negated
    always = {
        n
        for n, one in enumerate(props)
        if run_.world.every([where, negated(one.keeps)]) == run_.world.no
    }
    alone: set[int] = set()
    for size in range(max(1, len(always)), MOST + 1):
        for lost in combinations(range(len(props)), size):
            if not always <= set(lost) or alone & set(lost):
                continue
            run_.world.store.limit(run_.budget)
            region = run_.world.every([where, *(props[n].keeps for n in lost)])
            names = tuple(sorted(props[n].rule.id for n in lost))
            if _is_kept(
                run_, region, [p for n, p in enumerate(props) if n not in lost], names, invariant
            ):
                alone.update(lost if size == 1 else ())
                yield names


def _is_kept(
    run_: Run, region: Node, others: Sequence[Prop], names: Lost, invariant: Invariant
) -> bool:
    """Whether there is somebody inside whom no other rule keeps, as the rules left confirm."""
    ways = [(one.keeps,) for one in others]
    for _ in range(TRIED):
        if region == run_.world.no:
            return False
        region = run_.people.cut(region)
        cube = somebody_without(run_.world, region, ways, run_.people.cut)
        if cube is None:
            return False
        witness = witness_of(run_.world, cube, {})
        if breaks(invariant, *run(witness, _without(run_, names), run_.as_of)):
            return True
        region = run_.world.every([region, run_.world.negated(cube_node(run_.world, cube, {}))])
    return False


def _about(run_: Run, invariant: Invariant) -> Node:
    """Those a promise speaks of; of a `never` those who might have it but for what keeps them."""
    world, text = run_.world, invariant.text
    truths = (TRUE, UNKNOWN) if text.even_if_unknown else (TRUE,)
    about = world.where(world.conditions.of(invariant.condition or ALWAYS), *truths)
    if text.never is None:
        return run_.people.cut(about)
    for name in text.never.named[1]:
        about = world.every([about, world.where(world.indicated(name), TRUE)])
    return run_.people.cut(about)


def _props(run_: Run, invariant: Invariant) -> list[Prop]:
    world, text = run_.world, invariant.text
    if text.never is None:
        return [one for outcome in text.outcomes for one in _bringing(run_, outcome)]
    found = []
    for rule in _keeping(run_, invariant):
        if rule.verb is Verb.EXCLUDE:
            keeps = world.where(world.bars(rule), TRUE, UNKNOWN)
        elif rule.verb is Verb.REFER:
            keeps = world.in_force(rule)
        else:
            keeps = world.where(world.truth(rule), TRUE, UNKNOWN)
        found.append(Prop(rule, keeps))
    return found


def _keeping(run_: Run, invariant: Invariant) -> list[Rule]:
    """The rules that keep what a promise is about as it should be."""
    world, text = run_.world, invariant.text
    if text.never is None:
        return [one.rule for outcome in text.outcomes for one in _bringing(run_, outcome)]
    names = text.never.named[1]
    rules = {r.id: r for name in names for r in world.rules_on(Verb.EXCLUDE, name)}
    rules |= {r.id: r for name in names for r in world.holding(name)}
    pairs = [set(pair) for pair in combinations(names, 2)]
    for rule in world.acting(Verb.CHOOSE_ONE):
        if any(pair <= set(rule.targets) for pair in pairs):
            rules[rule.id] = rule
    return list(rules.values())


def _bringing(run_: Run, outcome: Outcome) -> Iterator[Prop]:
    """The rules that bring an outcome about by themselves."""
    world = run_.world
    kind, names = outcome.named
    (name,) = names if len(names) == 1 else ("",)
    refers = world.acting(Verb.REFER)
    match kind:
        case "excluded":
            for rule in world.rules_on(Verb.EXCLUDE, name):
                yield Prop(rule, world.where(world.standing(rule), TRUE))
        case "held":
            for rule in refers:
                if rule.text.hold == "all" or name in rule.text.hold:
                    yield Prop(rule, world.counts(rule))
        case "referred":
            yield from (Prop(r, world.counts(r)) for r in refers if r.text.refer == name)
        case "asked":
            for rule in world.acting(Verb.ASK):
                if rule.text.ask == name:
                    yield Prop(rule, world.every(run_.outcomes.demanded(rule)))


# ------------------------------------------------------------------------------- one by one


def _alone(run_: Run, invariant: Invariant) -> list[Rule]:
    """The rules to be tried one by one: where a promise is followed only what concludes."""
    named = {one.named for one in invariant.text.outcomes}
    return [
        rule
        for rule in run_.world.active
        if _decides(run_, rule, invariant)
        or (not _is_followed(invariant) and any(_bears(rule, *one) for one in named))
    ]


def _bears(rule: Rule, kind: str, names: Sequence[str]) -> bool:
    """Whether a rule is about an outcome."""
    match rule.verb:
        case Verb.RECOMMEND:
            return kind in ("recommended", "withheld") and rule.targets[0] in names
        case Verb.EXCLUDE:
            return kind in ("excluded", "withheld") and bool(set(rule.targets) & set(names))
        case Verb.REFER:
            held = kind == "held" and (rule.text.hold == "all" or names[0] in rule.text.hold)
            return held or (kind == "referred" and rule.text.refer in names)
        case Verb.ASK:
            return kind == "asked" and rule.text.ask in names
    return False


def _fails(run_: Run, invariant: Invariant, lost: Lost) -> bool:
    """Whether somebody is found for whom the promise is broken without these rules."""
    less = _without(run_, lost)
    if any(run_.rulebook.rules[name].verb is Verb.CONCLUDE for name in lost):
        other = Run(less, run_.as_of, budget=run_.budget)
        return decided(other, invariant).verdict is Verdict.REFUTED
    run_.world.store.limit(run_.budget)
    world = run_.world.varied(less, lost)
    acting = [world.where(world.truth(run_.rulebook.rules[n]), TRUE, UNKNOWN) for n in lost]
    outcomes = Outcomes(world, run_.people.cut(world.every(acting)))
    for region in outcomes.broken(invariant, loose=False):
        where = run_.people.cut(region)
        if where != run_.world.no and _confirmed(run_, invariant, lost, where):
            return True
    return False


# ------------------------------------------------------------------------------- shown


def _confirmed(run_: Run, invariant: Invariant, lost: Lost, where: Node) -> Witness | None:
    """Somebody inside for whom the rules that are left break the promise, when they are run."""
    less, world = _without(run_, lost), run_.world
    for _ in range(TRIED):
        cube = Search(world, where).smallest
        if cube is None:
            return None
        witness = witness_of(world, cube, {})
        if breaks(invariant, *run(witness, less, run_.as_of)):
            return witness
        where = world.every([where, world.negated(cube_node(world, cube, {}))])
    return None


def _without(run_: Run, lost: Lost) -> Rulebook:
    rules = run_.rulebook.rules
    return run_.rulebook.with_rules({n: rule for n, rule in rules.items() if n not in lost})
