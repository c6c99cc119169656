"""`recommender rules diff`: what a new rulebook does otherwise, as the patients it concerns."""

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recommender.surfaces.cli import options, terminal
from recommender.surfaces.cli.prove import Gate

if TYPE_CHECKING:
    from recommender.governance.findings import Report


class Written(StrEnum):
    """How the comparison is written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"


def diff(
    old: Annotated[
        str,
        typer.Argument(metavar="OLD", help="A folder that holds rules/, or a git revision."),
    ],
    new: Annotated[
        str | None,
        typer.Argument(
            metavar="NEW",
            help="The same; without it the rules of --content as they are.",
            show_default=False,
        ),
    ] = None,
    content: options.Content = None,
    gate: Annotated[
        Gate,
        typer.Option(
            help="From which severity on a change ends with exit code 1: SAFETY and what is not "
            "decided are errors, other plans warnings, words information."
        ),
    ] = Gate.ERROR,
    budget: Annotated[
        int | None,
        typer.Option(metavar="NODES", min=1, help="Nodes the diagrams may have."),
    ] = None,
    as_of: options.AsOf = None,
    form: Annotated[
        Written, typer.Option("--format", help="Text; Markdown for a review; HTML with plans.")
    ] = Written.TEXT,
    output: options.Output = None,
) -> None:
    """Compare two rulebooks: which patients' plans change, by which edit, or that nobody's does.

    Changes are decided for every possible patient, and shown on the nearest vignette. Exit code 1:
    a change matters for safety, or could not be decided.

    Example: recommender rules diff HEAD

    Example: recommender rules diff v0.1.0 v0.2.0 --format markdown -o changes.md

    Example: recommender rules diff ../approved . --format html -o changes.html
    """
    from recommender.governance.findings import Severity

    with terminal.progress("Comparing") as progress:
        report = _report(old, new, content, options.day(as_of), budget, progress)
    _write(report, form, output, content)
    if report.at_or_above(Severity(gate.value)):
        raise typer.Exit(1)


def _report(
    old: str,
    new: str | None,
    content: Path | None,
    day: date,
    budget: int | None,
    progress: terminal.Progress,
) -> "Report":
    from contextlib import ExitStack

    from recommender.governance.comparing.diff import compare
    from recommender.governance.comparing.pair import BUDGET
    from recommender.governance.comparing.revisions import folder_of
    from recommender.governance.vignettes import stored
    from recommender.rulebook import load_rulebook

    with ExitStack() as stack:
        before = load_rulebook(stack.enter_context(folder_of(old, content)))
        after_folder = content if new is None else stack.enter_context(folder_of(new, content))
        after = load_rulebook(after_folder)
        vignettes = stored(after_folder, after)
        return compare(before, after, day, vignettes, budget=budget or BUDGET, tell=progress)


def _write(report: "Report", form: Written, output: Path | None, content: Path | None) -> None:
    document = report.to_dict()
    if form is Written.JSON:
        terminal.write_json(document, output)
        return
    from recommender.explain.render import render_template

    layout = terminal.page(output) if form is Written.TEXT else {}
    templates = options.templates_of(content)
    text = render_template(
        "governance/diff", document, format=form.value, templates=templates, **layout
    )
    terminal.write(text, output)


def add_to(app: typer.Typer) -> None:
    """Register the command among those about rules."""
    app.command()(diff)
