"""`recommender rules catalogue`: the whole rulebook as pages and tables for reviewers."""

import json
from pathlib import Path
from typing import Annotated

import typer

from recommender.surfaces.cli import options, terminal


def catalogue(
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Folder for the pages; new, empty or an earlier one.",
        ),
    ],
    content: options.Content = None,
    report: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="A report in JSON of rules prove, coverage or mutate, shown where it belongs; "
            "repeatable.",
        ),
    ] = None,
    trust: options.Trust = None,
    as_of: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="The day of the look, as 2026-10-05; else today."),
    ] = None,
) -> None:
    """Write the whole rulebook as a folder of pages: rules, evidence, vignettes, what meets what.

    Open index.html in a browser; nothing is loaded from elsewhere. Tables for spreadsheets and the
    sheet of source attributes are beside it.

    Example: recommender rules catalogue -o catalogue

    Example: recommender rules catalogue -o catalogue --report proofs.json --report mutation.json
    """
    from recommender.governance.catalogue.reports import UnfitReport
    from recommender.governance.catalogue.site import FolderInUse, write_catalogue

    reports = [_read(file) for file in report or ()]
    try:
        with terminal.progress("Writing the catalogue") as progress:
            done = write_catalogue(
                content,
                output,
                options.day(as_of),
                trusted=options.trusted(trust),
                reports=reports,
                progress=progress,
                templates=options.templates_of(content),
            )
    except FolderInUse as error:
        message = f"{output}: holds something that is no catalogue; name a new or empty folder"
        raise typer.BadParameter(message, param_hint="--output") from error
    except UnfitReport as error:
        raise typer.BadParameter(str(error), param_hint="--report") from error
    except OSError as error:
        reason = (error.strerror or "cannot be written").lower()
        raise typer.BadParameter(f"{output}: {reason}", param_hint="--output") from error
    words = f"{done.rules} rules and {done.vignettes} vignettes in {done.files} files"
    if done.unexpected:
        words += f"; {done.unexpected} vignettes are not as expected"
    typer.echo(f"{words}: {output / 'index.html'}")


def _read(file: Path) -> object:
    try:
        return json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise typer.BadParameter(
            f"{file}: cannot be read as JSON", param_hint="--report"
        ) from error


def add_to(app: typer.Typer) -> None:
    """Register the command among those about rules."""
    app.command()(catalogue)
