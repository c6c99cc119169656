"""`rules prove`: every check on one rulebook, and the diagrams held against the evaluator.

In: a Run and the checks wanted. Out: a Report, the same for the same rulebook and day. Raises
EngineError when two readers of the rules disagree: then there is no verdict.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from recommender.conditions import TRUE
from recommender.errors import EngineError, Problem
from recommender.governance.checks.invariants import decided
from recommender.governance.findings import Finding, Plain, Report, Severity, Verdict
from recommender.governance.jobs import without_collecting
from recommender.governance.registry import USUAL
from recommender.governance.repair import nearest_repair
from recommender.governance.run import Check, Run
from recommender.governance.validate import validate
from recommender.mdd import TooLarge
from recommender.rules import Invariant, Link

LINKS = Check("G00", "links", Severity.ERROR, lambda run, check: _links(run, check))


@without_collecting()
def prove(
    run: Run,
    checks: Sequence[Check] = USUAL,
    *,
    ask_z3: bool = False,
    smt: Path | None = None,
) -> Report:
    """The report of these checks on one rulebook.

    ask_z3: have z3 decide the same claims. smt: a folder to write them to as SMT-LIB 2.
    """
    findings = _carried_out(run, LINKS)
    for check in checks:
        run.tell(check.name)
        findings += _carried_out(run, check)
    opinion = None
    if ask_z3 or smt is not None:
        run.tell("second opinion")
        findings, opinion = _second_opinion(run, findings, ask=ask_z3, smt=smt)
    findings = list(_with_repairs(run, findings))
    proved = {one.subject for one in findings if one.verdict is Verdict.PROVED}
    run.tell("comparing with the evaluator")
    run.world.store.limit(None)  # every proof is done
    invariants = [one for one in run.rulebook.invariants.values() if one.id in proved]
    compared = validate(run.world, run.people, invariants)
    header = run.rulebook.header
    return Report(
        rulebook={"id": header.id, "version": header.version, "digest": run.rulebook.digest},
        command="prove",
        findings=findings,
        assumptions=dict(_assumptions(run)),
        figures={
            "checks": [{"code": one.code, "name": one.name} for one in checks],
            "compared": compared._asdict(),
            "second_opinion": opinion,
        },
    )


def _with_repairs(run: Run, findings: Sequence[Finding]) -> Iterator[Finding]:
    """Each broken promise with the nearest change that would mend it, where one was found."""
    promises = run.rulebook.invariants
    proved = [one.subject for one in findings if one.verdict is Verdict.PROVED]
    kept = [name for name in proved if name in promises and promises[name].condition is not None]
    for one in findings:
        invariant = promises.get(one.subject)
        if one.verdict is not Verdict.REFUTED or invariant is None or invariant.condition is None:
            yield one
            continue
        run.tell(f"repair of {one.subject}")
        yield replace(one, repair=nearest_repair(run, invariant, kept, _proves))


def _proves(run: Run, invariant: Invariant) -> bool:
    return decided(run, invariant).verdict is Verdict.PROVED


def _carried_out(run: Run, check: Check) -> list[Finding]:
    """What a check finds; where its diagrams outgrow the budget, that it is undecided."""
    run.afresh()
    try:
        return list(check.run(run, check))
    except TooLarge:
        run.begin_anew()
    why = f"the diagrams need more than {run.budget} nodes"
    undecided = Verdict.UNDECIDED
    return [Finding(check.code, check.name, undecided, check.severity, check.name, why=why)]


def _second_opinion(
    run: Run, findings: list[Finding], *, ask: bool, smt: Path | None
) -> tuple[list[Finding], Plain]:
    try:
        from recommender.governance import second_opinion as other
    except ImportError as error:
        message = "z3 is not installed"
        hint = "pip install 'recommender[prove]', or leave out --second-opinion and --smt."
        raise EngineError(Problem("E132", message, hint)) from error
    made: Plain = {}
    if ask:
        findings, opinion = other.second_opinion(run.rulebook, run.as_of, findings)
        made = {"asked": "z3", **opinion._asdict()}
    if smt is not None:
        made["exported"] = other.export(run.rulebook, run.as_of, findings, smt)
    return findings, made


def _links(run: Run, check: Check) -> Iterator[Finding]:
    """G00: each link can be kept by somebody of whom its condition holds, all of them together."""
    for n, (link, _) in enumerate(run.people.links):
        if not _can_be_kept(run, link):
            yield Finding(
                check.code,
                f"link {n + 1}",
                Verdict.REFUTED,
                check.severity,
                link.text.title,
                place=run.place("rulebook", "links"),
                why="nobody of whom the condition holds can keep it: proofs leave all of them out",
            )


def _can_be_kept(run: Run, link: Link) -> bool:
    world = run.world
    both = [world.where(world.conditions.of(one), TRUE) for one in (link.when, link.then)]
    return run.people.cut(world.every(both)) != world.no


def _assumptions(run: Run) -> Iterator[tuple[str, Any]]:
    yield "links", [link.text.title for link in run.rulebook.links]
    inactive = sorted(run.world.inactive)
    yield "out_of_effect", inactive
    dated = any(run.rulebook.rules[name].text.effective_period for name in inactive)
    yield "as_of", run.as_of.isoformat() if dated else None
