"""`recommender rules prove`: what must hold for every possible patient, proved or refuted."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recommender.surfaces.cli import options, terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recommender.governance.findings import Report
    from recommender.governance.run import Check, Run


class Gate(StrEnum):
    """From which severity on a finding ends with exit code 1."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


def prove(
    content: options.Content = None,
    check: Annotated[
        list[str] | None,
        typer.Option(metavar="CODE", help="Only this check, such as G10; may be repeated."),
    ] = None,
    save_witnesses: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write each witness as a profile that reproduces it."),
    ] = None,
    second_opinion: Annotated[
        bool, typer.Option("--second-opinion", help="Have z3 decide the same claims, and compare.")
    ] = False,
    smt: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write each claim as a file for any SMT solver."),
    ] = None,
    gate: Annotated[
        Gate, typer.Option(help="From which severity on a finding ends with exit code 1.")
    ] = Gate.ERROR,
    budget: Annotated[
        int | None,
        typer.Option(metavar="NODES", min=1, help="Nodes the diagrams of one claim may have."),
    ] = None,
    as_of: options.AsOf = None,
    form: options.FormOption = options.Form.TEXT,
    output: options.Output = None,
) -> None:
    """Prove what rules/invariants.yaml promises, for every possible patient, or show who breaks it.

    Exit code 1: something is refuted or undecided. 5: two readers of the rules disagree.

    Example: recommender rules prove

    Example: recommender rules prove --check G10 --save-witnesses witnesses

    Example: recommender rules prove --second-opinion --smt claims
    """
    from recommender.governance.findings import Severity
    from recommender.governance.prove import prove as prove_all

    checks = _chosen(check or [])
    witnesses = terminal.folder(save_witnesses, "--save-witnesses")
    run = _run(content, as_of, budget)
    report = prove_all(run, checks, ask_z3=second_opinion, smt=terminal.folder(smt, "--smt"))
    run.tell("")
    if witnesses is not None:
        _save(report, witnesses)
    terminal.show("governance/report", report.to_dict(), content, form, output)
    if report.at_or_above(Severity(gate.value)):
        raise typer.Exit(1)


def _run(content: Path | None, as_of: str | None, budget: int | None) -> "Run":
    from recommender.governance.run import BUDGET, Run, places_of, where_content_is

    rulebook = options.rulebook_of(content)
    root, site = where_content_is(content)
    places = places_of(root, site, str(content) if content is not None else "")
    day = options.day(as_of)
    return Run(rulebook, day, places=places, budget=budget or BUDGET, tell=_progress())


def _chosen(codes: "Sequence[str]") -> "Sequence[Check]":
    from recommender.governance.registry import CHECKS, USUAL

    known = [one.code for one in CHECKS]
    for code in codes:
        if code not in known:
            message = f"there is no check '{code}'. Known: {', '.join(known)}."
            raise typer.BadParameter(message, param_hint="--check")
    return [one for one in CHECKS if one.code in codes] if codes else USUAL


def _progress() -> Any:
    """Says on a terminal what is being done; says nothing elsewhere."""
    if not sys.stderr.isatty():
        return lambda _: None

    def tell(what: str) -> None:
        sys.stderr.write(f"\r\x1b[K{what}" if what else "\r\x1b[K")
        sys.stderr.flush()

    return tell


def _save(report: "Report", folder: Path) -> None:
    """Write the profile of each witness that has one."""
    from recommender.content import write_yaml

    for finding in report.findings:
        for profile in filter(None, (one["profile"] for one in finding.witnesses)):
            (folder / f"{profile['id']}.yaml").write_bytes(write_yaml(profile))


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(prove)
