"""The command line: `recommender …`, one small module for each group of commands.

In: arguments, files, standard input. Out: text or JSON on standard output, errors on standard
error, and an exit code: 0 done, 1 findings, 2 a wrong command line, 3 to 7 by the kind of error.
Commands import what they need when they run, so that each starts as fast as it can.
"""

import gc
import os
from typing import Annotated

import typer

from recommender.surfaces.cli import (
    approval,
    ask,
    catalogue,
    diff,
    intake,
    lint,
    mutate,
    profile,
    recommend,
    review,
    rules,
    schema,
    trial,
    what_if,
    why,
)
from recommender.surfaces.cli.errors import Commands

app = typer.Typer(
    name="recommender",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from recommender.version import VERSION

        typer.echo(f"recommender {VERSION}")
        raise typer.Exit


@app.callback()
def recommender(
    _: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Explained plans of CBT adaptations for adults with resistant depression.

    Decision support for clinicians, who check and decide. To begin, write an
    empty profile, fill in what was assessed, and ask for the plan:

    recommender profile new -o first.yaml

    recommender recommend first.yaml
    """


for _module in (recommend, why, what_if, ask, intake, schema):
    _module.add_to(app)
lint.add_to(rules.app)
trial.add_to(rules.app)
diff.add_to(rules.app)
mutate.add_to(rules.app)
catalogue.add_to(rules.app)
approval.add_to(rules.app)
review.add_to(rules.app)
app.add_typer(profile.app, name="profile")
app.add_typer(rules.app, name="rules")


def main() -> None:
    """Run the command line; the console script and `python -m recommender` come here."""
    gc.disable()  # one short answer: collecting costs a tenth of it and frees nothing
    # Looking through every installed package for plugins costs as much as reading the rulebook.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        app(prog_name="recommender")
    finally:
        gc.freeze()  # Python ends without going through everything that was loaded once more
