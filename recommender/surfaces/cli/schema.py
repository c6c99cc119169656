"""`recommender schema`: the JSON Schemas of what comes in and what goes out."""

from enum import StrEnum
from typing import Annotated

import typer

from recommender.surfaces.cli import options, terminal


class Schema(StrEnum):
    """What is described."""

    PROFILE = "profile"
    RECOMMENDATION = "recommendation"


def schema(
    name: Annotated[Schema, typer.Argument(help="Which of the two.")],
    output: options.Output = None,
) -> None:
    """Print the JSON Schema of a profile, or of the answer.

    Example: recommender schema profile -o profile.schema.json
    """
    from recommender.schemas import json_schema

    terminal.write_json(json_schema(name.value), output)


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(schema)
