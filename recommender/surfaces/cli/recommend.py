"""`recommender recommend`: the plan for one profile."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from recommender.surfaces.cli import options, terminal


class PlanForm(StrEnum):
    """How the answer is written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    PDF = "pdf"
    JSON = "json"


class Audience(StrEnum):
    """For whom the answer is written."""

    CLINICIAN = "clinician"
    PATIENT = "patient"
    GOVERNANCE = "governance"


def recommend(
    profile: options.ProfileName,
    content: options.Content = None,
    as_of: options.AsOf = None,
    form: Annotated[
        PlanForm,
        typer.Option("--format", help="How the answer is written; html and pdf have pictures."),
    ] = PlanForm.TEXT,
    audience: Annotated[
        Audience,
        typer.Option(
            help="For whom: clinician; patient, to read together; governance, with every rule."
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
    require_approved: Annotated[
        bool,
        typer.Option("--require-approved", help="Refuse rules that are not clinically approved."),
    ] = False,
    trust: options.Trust = None,
) -> None:
    """Say which adaptations of CBT to combine, in which order, why, and what to ask first.

    Example: recommender recommend profiles/typical_first_intake.yaml

    Example: recommender recommend profile.json --format json -o answer.json

    Example: recommender recommend profile.yaml --format pdf -o plan.pdf

    Example: recommender recommend profile.yaml --audience governance --format html -o trace.html

    Example: recommender recommend profile.yaml --audience patient --format html -o for_you.html
    """
    if form is PlanForm.PDF:
        terminal.refuse_bytes(output)
    answer = options.answer(
        profile,
        content,
        as_of,
        engine=engine,
        cross_check=cross_check,
        trust=trust,
        require_approved=require_approved,
    )
    document = answer.to_dict()
    if form is PlanForm.JSON:
        terminal.write_json(document, output)
        return
    from recommender.explain.argument import full_trace

    shown: dict[str, Any] = {
        "audience": audience.value,
        "trace": full_trace(answer) if audience is Audience.GOVERNANCE else None,
        "templates": options.templates_of(content),
    }
    if form is PlanForm.PDF:
        from recommender.explain.pdf import render_pdf

        terminal.write_bytes(render_pdf(document, **shown), output)
        return
    from recommender.explain.render import render

    page = render(document, format=form.value, **shown, **terminal.page(output))
    terminal.write(page, output)


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(recommend)
