"""`recommender schema`: the JSON Schemas of what comes in, what goes out, and what rules are."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recommender.surfaces.cli import options, terminal

if TYPE_CHECKING:
    from recommender.rulebook import Rulebook


class Schema(StrEnum):
    """What is described."""

    PROFILE = "profile"
    RECOMMENDATION = "recommendation"
    RULES = "rules"
    FEATURES = "features"
    ADAPTATIONS = "adaptations"
    PATHWAYS = "pathways"
    PANELS = "panels"
    INSTRUMENT = "instrument"
    DOSES = "doses"
    EVIDENCE = "evidence"
    INVARIANTS = "invariants"
    RULEBOOK = "rulebook"
    VIGNETTE = "vignette"
    ALL = "all"


DOCUMENTS = (Schema.PROFILE, Schema.RECOMMENDATION)
"""What other programs exchange; all others are for editors, and know one rulebook."""


def schema(
    name: Annotated[
        Schema, typer.Argument(help="A document, a kind of file of a rulebook, or all of them.")
    ],
    content: options.Content = None,
    generic: Annotated[
        bool, typer.Option("--generic", help="Check the shape only; know no ids of a rulebook.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="PATH", help="Write to this file; for «all» to this folder."
        ),
    ] = None,
) -> None:
    """Print the JSON Schema of a profile, of the answer, or of a file of the rulebook.

    The schemas of a rulebook's files hold its ids and values, so that an editor offers them as
    one types: see docs/editing.md.

    Example: recommender schema profile -o profile.schema.json

    Example: recommender schema all --content my-site -o my-site/.schemas
    """
    if name is Schema.ALL and output is None:
        raise typer.BadParameter("name the folder to write them to with -o", param_hint="--output")
    rules = None if generic or name in DOCUMENTS else options.rulebook_of(content)
    if name is not Schema.ALL:
        terminal.write_json(_schema(name, rules), output)
        return
    assert output is not None
    for one in Schema:
        if one is not Schema.ALL:
            _keep(output / f"{one.value}.schema.json", _schema(one, rules))


def _schema(name: Schema, rulebook: "Rulebook | None") -> dict[str, Any]:
    if name in DOCUMENTS:
        from recommender.schemas import json_schema

        return json_schema(name.value)
    from recommender.governance.editing.files import file_schema

    return file_schema(name.value, rulebook)


def _keep(file: Path, found: dict[str, Any]) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or "cannot be made").lower()
        raise typer.BadParameter(f"{file.parent}: {reason}", param_hint="--output") from error
    terminal.write_json(found, file)


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(schema)
