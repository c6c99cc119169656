"""`recommender recommend`: the plan for one profile."""

from enum import StrEnum
from typing import Annotated

import typer

from recommender.surfaces.cli import options, terminal


class Audience(StrEnum):
    """Whom the page is for."""

    CLINICIAN = "clinician"
    PATIENT = "patient"


class PlanForm(StrEnum):
    """How the answer is written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"


def recommend(
    profile: options.ProfileName,
    content: options.Content = None,
    as_of: options.AsOf = None,
    form: Annotated[
        PlanForm,
        typer.Option("--format", help="How the answer is written; html is one page with pictures."),
    ] = PlanForm.TEXT,
    audience: Annotated[
        Audience,
        typer.Option(
            help="Whom the page is for; the patient's is read together with the clinician."
        ),
    ] = Audience.CLINICIAN,
    output: options.Output = None,
    engine: Annotated[
        options.Engine, typer.Option(help="Which reader of the rules answers.")
    ] = options.Engine.NATIVE,
    cross_check: Annotated[
        bool,
        typer.Option("--cross-check", help="Have both engines answer, and refuse if they differ."),
    ] = False,
) -> None:
    """Say which adaptations of CBT to combine, in which order, why, and what to ask first.

    Example: recommender recommend profiles/typical_first_intake.yaml

    Example: recommender recommend profile.json --format json -o answer.json

    Example: recommender recommend profile.yaml --format html -o page.html

    Example: recommender recommend profile.yaml --audience patient --format html -o for_you.html
    """
    answer = options.answer(profile, content, as_of, engine=engine, cross_check=cross_check)
    document = answer.to_dict()
    if form is PlanForm.JSON:
        terminal.write_json(document, output)
        return
    from recommender.explain.render import render

    text = render(
        document,
        audience=audience.value,
        format=form.value,
        templates=options.templates_of(content),
        **terminal.page(output),
    )
    terminal.write(text, output)


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(recommend)
