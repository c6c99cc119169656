"""`recommender rules test`: examples, vignettes and drawn people, on both engines."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recommender.surfaces.cli import options, terminal

if TYPE_CHECKING:
    from recommender.governance.trial import Report


class Written(StrEnum):
    """How the outcome is written."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"


def test(
    content: options.Content = None,
    people: Annotated[
        int, typer.Option(min=0, help="How many people to draw at random and try as well.")
    ] = 100,
    as_of: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="The day for profiles that name none; else today."),
    ] = None,
    form: Annotated[
        Written, typer.Option("--format", help="Text for people, JSON, or JUnit XML.")
    ] = Written.TEXT,
    output: options.Output = None,
) -> None:
    """Try the rules: each example, each vignette of profiles/, and people drawn at random.

    Those of profiles/suggested as well, apart: nobody has confirmed what they pin. Says in words
    where an answer is not as expected. Exit code 1: something is not; 5: the two engines disagree.

    Example: recommender rules test --people 20
    """
    from recommender.governance.trial import try_rulebook

    with terminal.progress("Trying the rules") as progress:
        report = try_rulebook(content, options.day(as_of), people=people, progress=progress)
    _write(report, form, output, content)
    if any(one.disagree for one in report.results):
        raise typer.Exit(5)
    if not all(one.passed for one in report.results):
        raise typer.Exit(1)


def _write(
    report: "Report", form: Written, output: options.Output, content: options.Content
) -> None:
    if form is Written.JUNIT:
        from recommender.governance.junit import junit

        terminal.write(junit(report), output)
        return
    document = _document(report)
    if form is Written.JSON:
        terminal.write_json(document, output)
        return
    from recommender.explain.render import render_template

    templates, layout = options.templates_of(content), terminal.page(output)
    terminal.write(
        render_template("governance/test", document, templates=templates, **layout), output
    )


def _document(report: "Report") -> dict[str, Any]:
    from recommender.governance.trial import KINDS

    return {
        "rulebook": {"id": report.rulebook.header.id, "digest": report.rulebook.digest},
        "second_engine": report.second_engine,
        "counts": {
            kind: {"passed": report.count(kind), "failed": report.count(kind, passed=False)}
            for kind in KINDS
        },
        "results": [
            {
                "kind": one.kind,
                "name": one.name,
                "wrong": list(one.wrong),
                "disagree": list(one.disagree),
            }
            for one in report.results
        ],
    }


def add_to(app: typer.Typer) -> None:
    """Register the command among those about rules."""
    app.command()(test)
