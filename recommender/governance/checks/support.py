"""G18: which rules a promise rests on.

*What it checks.* Of each promise that is proved, which rules break it when they alone are lost: a
single point of failure. Where there is none, a smallest set of rules that break it together.
*Why it matters.* Whoever changes such a rule changes what the promise rests on; where two rules
hold it up, one of them may be withdrawn for a while.
*Wrong, right.* For the reviewer to judge: information, and only when asked for (`--check G18`).
"""

from collections.abc import Iterator

from recommender.conditions import ALWAYS
from recommender.governance.checks.invariants import decided
from recommender.governance.findings import Finding, Severity, Verdict
from recommender.governance.run import Check, Run
from recommender.governance.world import rests_on
from recommender.rules import Invariant, Rule, Verb


def support(run: Run, check: Check) -> Iterator[Finding]:
    """G18: each promise with the rules it rests on."""
    for invariant in run.rulebook.invariants.values():
        if invariant.condition is None:
            continue  # it compares two patients
        run.tell(invariant.id)
        if decided(run, invariant).verdict is not Verdict.PROVED:
            continue
        bearing = [rule for rule in run.world.active if _bears(rule, invariant, run)]
        alone = [rule.id for rule in bearing if _breaks(run, invariant, [rule])]
        together = [] if alone else _smallest(run, invariant, bearing)
        why = ", ".join(alone or together) or "no loss of a rule breaks it"
        yield Finding(
            check.code,
            invariant.id,
            Verdict.FOUND,
            Severity.INFO,
            invariant.text.title,
            place=run.place("invariants", invariant.id),
            why=why,
            details={"alone": alone, "together": together},
        )


def _smallest(run: Run, invariant: Invariant, bearing: list[Rule]) -> list[str]:
    """Rules that break the promise together and of which none can be spared; none: nothing does."""
    lost = list(bearing)
    if not _breaks(run, invariant, lost):
        return []
    for rule in bearing:
        fewer = [one for one in lost if one is not rule]
        if _breaks(run, invariant, fewer):
            lost = fewer
    return [rule.id for rule in lost]


def _breaks(run: Run, invariant: Invariant, lost: list[Rule]) -> bool:
    """Whether the promise no longer is proved without these rules."""
    names = {rule.id for rule in lost}
    kept = {name: rule for name, rule in run.rulebook.rules.items() if name not in names}
    less = Run(run.rulebook.with_rules(kept), run.as_of, budget=run.budget)
    return decided(less, invariant).verdict is not Verdict.PROVED


def _bears(rule: Rule, invariant: Invariant, run: Run) -> bool:
    """Whether losing a rule could break what is promised: it keeps, gives, or concludes of whom."""
    if rule.verb is Verb.CONCLUDE:
        asked = set(rests_on(invariant.condition or ALWAYS, run.rulebook))
        return bool(asked & set(rests_on(rule.condition, run.rulebook)))
    text = invariant.text
    never = [text.never.named] if text.never is not None else []
    wanted = [one.named for one in text.outcomes if one is not text.never]
    return any(_keeps(rule, names) for _, names in never) or any(
        _gives(rule, kind, names) for kind, names in wanted
    )


def _keeps(rule: Rule, names: tuple[str, ...]) -> bool:
    """Whether a rule keeps somebody from one of these."""
    match rule.verb:
        case Verb.EXCLUDE | Verb.CHOOSE_ONE | Verb.SEQUENCE:
            return any(name in rule.targets for name in names)
        case Verb.REFER:
            return rule.text.hold == "all" or any(name in rule.text.hold for name in names)
        case Verb.ASK:
            return rule.text.for_ == "all"
    return False


def _gives(rule: Rule, kind: str, names: tuple[str, ...]) -> bool:
    """Whether a rule may bring such an outcome about."""
    match rule.verb:
        case Verb.RECOMMEND:
            return kind == "status" or rule.targets[0] in names
        case Verb.EXCLUDE:
            return kind in ("excluded", "withheld") and any(n in rule.targets for n in names)
        case Verb.REFER:
            held = kind == "held" and (rule.text.hold == "all" or names[0] in rule.text.hold)
            return held or kind == "status" or rule.text.refer in names
        case Verb.ASK:
            return kind == "status" or rule.text.ask in names
    return False
