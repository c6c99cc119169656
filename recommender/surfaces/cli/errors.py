"""What the command line does when something goes wrong: the one place that prints errors.

In: an error of any command. Out: each problem as a block on standard error, and the exit code of
its class. When stops are known, they stand before the error.
"""

import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from recommender.errors import RecommenderError


class Commands(TyperGroup):
    """The commands, with our errors turned into words and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except RecommenderError as error:
            _show(error)
            raise typer.Exit(error.exit_code) from error
        except BrokenPipeError:
            _let_go()
            raise typer.Exit from None


def _show(error: RecommenderError) -> None:
    stops = getattr(error, "stops", ())
    if stops:
        from recommender.explain.render import render_stops

        typer.echo(render_stops(stops), err=True)
    for problem in error.problems:
        typer.echo(f"{problem}\n", err=True)


def _let_go() -> None:
    """The reader has closed the pipe: nothing more is written, not even at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
