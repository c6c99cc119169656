"""The claims of rules/invariants.yaml as formulas, decided by z3 and written out for any solver.

In: a rulebook, a day, and the verdicts of the diagrams. Out: the claims on which the two agree, and
those that z3 decides alone where the diagrams came to none. Raises EngineError on any
disagreement. Where choosing and load decide, the plan is bounded as in outcomes.py; how that bound
is built is written anew here.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import z3

from recommender.errors import EngineError, Problem
from recommender.governance.bounds import Bounds
from recommender.governance.findings import Finding, Verdict
from recommender.governance.smt import Formula, Person
from recommender.governance.world import is_liftable, rests_on
from recommender.rulebook import Rulebook
from recommender.rules import IfNotKnown, Invariant, Outcome, Rule, Verb
from recommender.vocabulary import ORDERED, Kind

WORK = 50_000_000
"""What z3 may do for one claim, in its own units, so that the outcome does not hang on time."""

CHECKS = frozenset({"G09", "G10", "G11"})


class Opinion(NamedTuple):
    """What z3 said."""

    agreed: int
    alone: tuple[str, ...]
    """Claims that z3 decides alone: the diagrams were too large, or their bounds too wide."""
    silent: tuple[str, ...]
    """Claims on which z3 came to no end."""


def second_opinion(
    rulebook: Rulebook, as_of: date, findings: Sequence[Finding]
) -> tuple[list[Finding], Opinion]:
    """The findings after z3 was asked. Raises EngineError when it says otherwise."""
    asked = _Claims(rulebook, as_of)
    after: list[Finding] = []
    agreed, alone, silent = 0, [], []
    for one in findings:
        formulas = asked.of(one) if one.check in CHECKS else None
        if formulas is None:
            after.append(one)
            continue
        said = _decided(formulas)
        if said is None:
            silent.append(one.subject)
        elif one.verdict is Verdict.UNDECIDED and (said or one.details.get("too_large")):
            one = _alone(one, said)
            alone.append(one.subject)
        elif said is not (one.verdict is Verdict.PROVED):
            _differ(one, said)
        else:
            agreed += 1
        after.append(one)
    return after, Opinion(agreed, tuple(alone), tuple(silent))


def _alone(finding: Finding, said: bool) -> Finding:
    """What z3 decides by itself, where the diagrams came to no verdict: that a claim holds.

    What its formulas leave open they count as broken, so that nobody left is a proof. That a claim
    does not hold only a witness shows.
    """
    if not said:
        return replace(finding, why=f"{finding.why}; z3 finds somebody who may break it")
    why = f"decided by z3 alone: {finding.why}"
    return replace(finding, verdict=Verdict.PROVED, why=why)


def export(rulebook: Rulebook, as_of: date, findings: Sequence[Finding], folder: Path) -> int:
    """Write each claim as an SMT-LIB 2 file; how many there are.

    A claim holds for everybody if its file is unsatisfiable.
    """
    claims = _Claims(rulebook, as_of)
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for one in findings:
        formulas = claims.of(one) if one.check in CHECKS else None
        if formulas is not None:
            text = _written(one, formulas, rulebook)
            (folder / f"{one.check}_{one.subject}.smt2").write_text(text, "utf-8")
            written += 1
    return written


def _written(finding: Finding, formulas: Sequence[Formula], rulebook: Rulebook) -> str:
    solver = z3.Solver()
    solver.add(*formulas)
    head = [
        f"{finding.check} {finding.subject} of {rulebook.header.id} {rulebook.header.version}",
        finding.claim,
        "Unsatisfiable: it holds for everybody. Satisfiable: it may not hold for somebody.",
    ]
    return "".join(f"; {line}\n" for line in head) + "(set-logic ALL)\n" + str(solver.to_smt2())


def _decided(formulas: Sequence[Formula]) -> bool | None:
    """Whether nobody breaks it; None where z3 comes to no end."""
    solver = z3.Solver()
    solver.set("rlimit", WORK)
    solver.add(*formulas)
    found = solver.check()
    return None if found == z3.unknown else bool(found == z3.unsat)


def _differ(finding: Finding, said: bool) -> None:
    """The two readers disagree: there is no verdict."""
    other = "nobody breaks it" if said else "somebody may break it"
    message = f"{finding.check} {finding.subject} is {finding.verdict.value}, and z3 says {other}"
    hint = "No verdict is given. Report this with the rulebook's digest."
    raise EngineError(Problem("E131", message, hint))


# ------------------------------------------------------------------------------- claims


class _Claims:
    """Each claim as formulas that are satisfiable exactly if somebody may break it."""

    def __init__(self, rulebook: Rulebook, as_of: date) -> None:
        self._rulebook = rulebook
        self._person = Person(rulebook, as_of)
        self._plan = Plan(self._person, rulebook, as_of)

    def of(self, finding: Finding) -> list[Formula] | None:
        """The formulas of a claim; None where it is outside what can be said."""
        invariant = self._rulebook.invariants.get(finding.subject)
        if invariant is None:
            return None
        person, plan = self._person, self._plan
        if invariant.text.monotone is not None:
            return self._monotone(invariant)
        assert invariant.condition is not None
        about = person.of(invariant.condition)
        applies = about.live if invariant.text.even_if_unknown else about.true
        broken = z3.And(applies, plan.breaks(invariant))
        return [broken, *person.exists()]

    def _monotone(self, invariant: Invariant) -> list[Formula] | None:
        person, plan = self._person, self._plan
        assert invariant.text.monotone is not None
        feature = self._rulebook.features[invariant.text.monotone.feature]
        if feature.concluded or feature.type in (Kind.CHOICE, Kind.SET):
            return None
        keeps = invariant.text.monotone.keeps
        before = plan.so(keeps, loose=True, wanted=True)
        after = z3.Not(plan.so(keeps, loose=False, wanted=True))
        mine = person.variables_of(feature)
        known = person.exactly_known(feature.id)
        there = z3.And(person.exists())
        others = [_primed(one) for one in mine]
        resting = [
            person.lifted(rule)
            for rule in self._rulebook.rules.values()
            if is_liftable(rule)
            and not z3.is_false(person.lifted(rule))
            and feature.id in rests_on(rule.condition, self._rulebook)
        ]
        changed = [*zip(mine, others, strict=True), *((one, _primed(one)) for one in resting)]

        def other(formula: Formula) -> Formula:
            return z3.substitute(formula, *changed) if changed else formula

        worse = _worse(mine, others, ordered=feature.type in ORDERED, high=feature.worse == "high")
        return [before, there, known, other(after), other(there), other(known), worse]


def _primed(one: Formula) -> Formula:
    return z3.Const(f"{one}'", one.sort())


def _worse(
    mine: Sequence[Formula], others: Sequence[Formula], *, ordered: bool, high: bool
) -> Formula:
    """That the second of two known values is the worse one."""
    if ordered:
        return others[0] > mine[0] if high else others[0] < mine[0]
    no, yes = (0, 1) if high else (1, 0)
    return z3.And(mine[no], others[yes])


class Plan:
    """What becomes of adaptations, stops, questions and the plan, as formulas over a person."""

    def __init__(self, person: Person, rulebook: Rulebook, as_of: date) -> None:
        self._person = person
        self._rulebook = rulebook
        self._bounds = Bounds(rulebook, rulebook.inactive(as_of))
        self._adaptations = rulebook.adaptations
        self._kept: dict[tuple[str, str], Formula] = {}

    def _keep(self, what: str, name: str, build: Callable[[str], Formula]) -> Formula:
        """A formula about an adaptation, built once."""
        if (what, name) not in self._kept:
            self._kept[what, name] = build(name)
        return self._kept[what, name]

    def breaks(self, invariant: Invariant) -> Formula:
        """When an invariant that applies may be broken."""
        text = invariant.text
        if text.never is not None:
            return self.so(text.never, loose=True)
        wanted = [text.always] if text.always is not None else text.cover or []
        return z3.And([z3.Not(one) for one in self._met(wanted)])

    def _met(self, wanted: Sequence[Outcome]) -> Iterator[Formula]:
        """When each outcome comes about; «there is a plan» and «or something waits» in one."""
        statuses = {one.status for one in wanted}
        stopped, outside = self._stopped
        going = z3.Not(z3.Or(stopped, outside))
        if {"provisional", "recommended", "cannot_say"} <= statuses:
            yield z3.And(going, self._waiting)
        elif {"provisional", "recommended"} <= statuses:
            yield z3.And(going, self._some(loose=False))
        for one in wanted:
            yield self.so(one, loose=False, wanted=True)

    def so(self, outcome: Outcome, *, loose: bool, wanted: bool = False) -> Formula:
        """When an outcome may come about, or when it certainly does."""
        kind, names = outcome.named
        if kind == "recommended":
            return self._recommended(names, loose=loose, wanted=wanted)
        (name,) = names
        match kind:
            case "excluded":
                return self._excluded(name)
            case "withheld":
                stays = z3.BoolVal(True) if wanted else z3.Not(self._person.declines(name))
                return z3.And(stays, self._withheld(name))
            case "held":
                return z3.Or([self._counts(rule) for rule in self._holding(name)])
            case "referred":
                refers = self._rules(Verb.REFER)
                return z3.Or([self._counts(r) for r in refers if r.text.refer == name])
            case "asked":
                return self._asked(name, loose=loose)
        return self._status(name, loose=loose)

    def _rules(self, verb: Verb, adaptation: str = "") -> list[Rule]:
        acting = self._bounds.acting(verb)
        return [one for one in acting if not adaptation or adaptation in one.targets]

    # -- membership -------------------------------------------------------------------------

    def _indicated(self, name: str) -> tuple[Formula, Formula]:
        pairs = [self._person.rule(rule) for rule in self._rules(Verb.RECOMMEND, name)]
        return z3.Or([one.true for one in pairs]), z3.Or([one.live for one in pairs])

    def _excluded(self, name: str) -> Formula:
        return self._keep("excluded", name, self._excluded_now)

    def _excluded_now(self, name: str) -> Formula:
        rules = self._rules(Verb.EXCLUDE, name)
        return z3.Or(
            [z3.And(self._person.rule(r).true, z3.Not(self._person.lifted(r))) for r in rules]
        )

    def _withheld(self, name: str) -> Formula:
        return self._keep("withheld", name, self._withheld_now)

    def _withheld_now(self, name: str) -> Formula:
        """Withheld, had the patient declined nothing."""
        blocking = [
            z3.And(self._person.rule(rule).open, z3.Not(self._person.lifted(rule)))
            for rule in self._rules(Verb.EXCLUDE, name)
            if rule.unknown_means is IfNotKnown.BLOCK
        ]
        _, maybe = self._indicated(name)
        return z3.And(z3.Not(self._excluded(name)), maybe, z3.Or(blocking))

    def _would(self, name: str) -> Formula:
        return self._keep("would", name, self._would_now)

    def _would_now(self, name: str) -> Formula:
        """Recommended, had the patient declined nothing."""
        true, _ = self._indicated(name)
        return z3.And(true, z3.Not(self._excluded(name)), z3.Not(self._withheld(name)))

    def _cannot_say(self, name: str) -> Formula:
        true, maybe = self._indicated(name)
        out = z3.Or(self._excluded(name), self._withheld(name))
        return z3.And(maybe, z3.Not(true), z3.Not(out))

    # -- stops ------------------------------------------------------------------------------

    def _in_force(self, rule: Rule) -> Formula:
        pair = self._person.rule(rule)
        scope = self._rulebook.pathways[rule.text.refer or ""].scope
        blocks = rule.unknown_means is IfNotKnown.BLOCK and not scope
        stands = pair.live if blocks else pair.true
        return z3.And(stands, z3.Not(self._person.lifted(rule)))

    def _counts(self, rule: Rule) -> Formula:
        released = z3.And(self._person.rule(rule).live, self._person.lifted(rule))
        return z3.Or(self._in_force(rule), released)

    def _holding(self, name: str) -> list[Rule]:
        def holds(rule: Rule) -> bool:
            return rule.text.hold == "all" or (name != "all" and name in rule.text.hold)

        return [rule for rule in self._rules(Verb.REFER) if holds(rule)]

    def _held(self, name: str) -> Formula:
        return self._keep("held", name, self._held_now)

    def _held_now(self, name: str) -> Formula:
        return z3.Or([self._in_force(rule) for rule in self._holding(name)])

    # -- questions --------------------------------------------------------------------------

    def _asked(self, name: str, *, loose: bool) -> Formula:
        feature = self._rulebook.features[name]
        if feature.concluded:
            return z3.BoolVal(loose)
        asking = [rule for rule in self._rules(Verb.ASK) if rule.text.ask == name]
        ways = [self._required(rule, loose=loose) for rule in asking]
        if loose:
            ways.append(z3.Not(self._person.exactly_known(name)))
        return z3.Or(ways)

    def _required(self, rule: Rule, *, loose: bool) -> Formula:
        fires = self._person.rule(rule).true
        if loose and rule.text.after_finding:
            return fires
        return z3.And(fires, z3.Not(self._person.exactly_known(rule.text.ask or "")))

    # -- the plan -----------------------------------------------------------------------------

    def _recommended(self, names: Sequence[str], *, loose: bool, wanted: bool) -> Formula:
        inside = [self._possible(n) if loose else self._surely(n, ()) for n in names]
        if wanted:
            offered = [
                z3.And(self._person.declines(n), self._would(n), z3.Not(self._held(n)))
                for n in names
            ]
            return z3.And([z3.Or(*one) for one in zip(inside, offered, strict=True)])
        apart = [
            self._person.rule(rule).false
            for rule in self._rules(Verb.CHOOSE_ONE)
            if len({*names} & {*rule.targets}) > 1
        ]
        return z3.And([*inside, *apart])

    def _recommendable(self, name: str) -> Formula:
        stays = z3.Not(z3.Or(self._person.declines(name), self._held(name)))
        return z3.And(self._would(name), stays)

    def _possible(self, name: str) -> Formula:
        return self._keep("possible", name, self._possible_now)

    def _possible_now(self, name: str) -> Formula:
        lacking = [self._lacks(need) for need in self._adaptations[name].needs]
        return z3.And(self._recommendable(name), z3.Not(z3.Or(lacking)))

    def _lacks(self, need: str) -> Formula:
        no, yes = self._person.variables_of(self._rulebook.features[need])
        return z3.And(no, z3.Not(yes))

    def _surely(self, name: str, behind: tuple[str, ...]) -> Formula:
        if name in behind:
            return z3.BoolVal(False)
        stays = [self._possible(name)]
        for rule in self._rules(Verb.CHOOSE_ONE, name):
            pair = self._person.rule(rule)
            wins = pair.true if rule.text.prefer == name else z3.BoolVal(False)
            rivals = z3.Or([self._possible(other) for other in rule.targets if other != name])
            stays.append(z3.Or(pair.false, wins, z3.Not(rivals)))
        for rule, first, second in self._bounds.required:
            if second == name:
                before = self._surely(first, (*behind, name))
                stays.append(z3.Or(self._person.rule(rule).false, before))
        stays += [self._person.rule(rule).false for rule in self._bounds.putting_off(name)]
        return z3.And(stays)

    # -- the status -----------------------------------------------------------------------------

    def _status(self, status: str, *, loose: bool) -> Formula:
        stopped, outside = self._stopped
        going = z3.Not(z3.Or(stopped, outside))
        some, nothing = self._some(loose=loose), z3.Not(self._some(loose=not loose))
        asked, unasked = self._asked_all(loose=loose), z3.Not(self._asked_all(loose=not loose))
        return {
            "stopped": stopped,
            "out_of_scope": z3.And(outside, z3.Not(stopped)),
            "provisional": z3.And(going, some, asked),
            "recommended": z3.And(going, some, unasked),
            "cannot_say": z3.And(going, nothing, self._waiting),
            "nothing_indicated": z3.And(going, nothing, z3.Not(self._waiting)),
        }[status]

    @cached_property
    def _stopped(self) -> tuple[Formula, Formula]:
        pathways = self._rulebook.pathways
        found: dict[bool, list[Formula]] = {True: [], False: []}
        for rule in self._rules(Verb.REFER):
            if rule.text.hold == "all":
                found[pathways[rule.text.refer or ""].scope].append(self._in_force(rule))
        return z3.Or(found[False]), z3.Or(found[True])

    def _asked_all(self, *, loose: bool) -> Formula:
        ways = [
            self._required(rule, loose=loose)
            for rule in self._rules(Verb.ASK)
            if rule.text.for_ == "all"
        ]
        for rule in self._rules(Verb.REFER):
            if rule.text.hold == "all" and rule.unknown_means is IfNotKnown.ASK:
                opened = self._person.rule(rule).open
                ways.append(z3.And(opened, z3.Not(self._person.lifted(rule))))
        return z3.Or(ways)

    @cached_property
    def _waiting(self) -> Formula:
        return z3.Or(list(self._waits()))

    def _waits(self) -> Iterator[Formula]:
        for name in self._adaptations:
            open_ = z3.Or(self._withheld(name), self._cannot_say(name))
            yield z3.And(open_, z3.Not(self._person.declines(name)))
            yield self._held(name)
            yield self._recommendable(name)

    def _some(self, *, loose: bool) -> Formula:
        if loose:
            return z3.Or([self._possible(name) for name in self._adaptations])
        alone = z3.Not(z3.Or([self._possible(name) for name in sorted(self._bounds.waits)]))
        ways = []
        for name in self._adaptations:
            stays = self._bounds.stays(name)
            if stays is not False:
                beside = z3.BoolVal(True) if stays else alone
                ways.append(z3.And(self._possible(name), beside))
        return z3.Or(ways)
