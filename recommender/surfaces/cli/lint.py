"""`recommender rules lint`: what the loader accepts and a reviewer should not."""

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recommender.surfaces.cli import options, terminal

if TYPE_CHECKING:
    from recommender.governance.lint.subject import Finding


class Report(StrEnum):
    """How findings are written."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


def lint(
    content: options.Content = None,
    as_of: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="The day of the look, as 2026-10-05; else today."),
    ] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend what is safe to mend in the folder named first.")
    ] = False,
    form: Annotated[
        Report, typer.Option("--format", help="Text for people; JSON or SARIF for programs.")
    ] = Report.TEXT,
    output: options.Output = None,
) -> None:
    """Look through the rule files for what is wrong, missing, doubled or due for review.

    Errors and warnings end with exit code 1; notes are for whoever reviews. What each check
    means is written in docs/checks.md.

    Example: recommender rules lint --content my-site

    Example: recommender rules lint --format sarif -o lint.sarif
    """
    from recommender.governance.lint.run import lint as look
    from recommender.governance.lint.run import mend

    if fix and content is None:
        message = "name the folder to mend with --content; the shipped rules are left alone"
        raise typer.BadParameter(message, param_hint="--fix")
    day = options.day(as_of)
    findings = look(content, day)
    mended = 0
    if fix and content is not None:
        mended = len(mend(findings, content))
        findings = look(content, day)
    _write(findings, mended, form, output, content)
    if any(finding.severity.value != "note" for finding in findings):
        raise typer.Exit(1)


def _write(
    findings: "tuple[Finding, ...]",
    mended: int,
    form: Report,
    output: options.Output,
    content: options.Content,
) -> None:
    if form is Report.SARIF:
        from recommender.governance.lint.sarif import sarif

        terminal.write_json(sarif(findings), output)
        return
    written = [_written(finding) for finding in findings]
    if form is Report.JSON:
        terminal.write_json(written, output)
        return
    from recommender.explain.render import render_template
    from recommender.governance.lint.about import about

    titles = {one.code: one.title for one in about()}
    context = {
        "findings": [one | {"title": titles[one["code"]]} for one in written],
        "counts": {"error": 0, "warning": 0, "note": 0}
        | Counter(one["severity"] for one in written),
        "mended": mended,
        "rules": len(options.rulebook_of(content).rules),
    }
    templates, layout = options.templates_of(content), terminal.page(output)
    terminal.write(
        render_template("governance/lint", context, templates=templates, **layout), output
    )


def _written(finding: "Finding") -> dict[str, Any]:
    problem = finding.problem
    return {
        "code": problem.code,
        "check": finding.check,
        "severity": finding.severity.value,
        "message": problem.message,
        "hint": problem.hint,
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "place": problem.place,
        "fixable": finding.repair is not None,
    }


def add_to(app: typer.Typer) -> None:
    """Register the command among those about rules."""
    app.command()(lint)
