"""`recommender what-if`: the answer beside the same answer with something supposed."""

from typing import Annotated, Any

import typer

from recommender.surfaces.cli import options, terminal


def what_if(
    profile: options.ProfileName,
    suppose: Annotated[
        list[str],
        typer.Option(
            "--set",
            metavar="FEATURE=VALUE",
            help="A feature and the value to suppose; may be given several times.",
        ),
    ],
    content: options.Content = None,
    as_of: options.AsOf = None,
    form: options.FormOption = options.Form.TEXT,
    output: options.Output = None,
) -> None:
    """Show what would differ if a finding were otherwise, and which rules make the difference.

    This shows how the rules behave. It is no advice to reach a value.

    Example: recommender what-if profiles/typical_first_intake.yaml --set rrs_brooding=6

    Example: recommender what-if patient.yaml --set inertia=marked --set implants=[]
    """
    from recommender.explain.what_if import differences
    from recommender.pipeline import recommend

    patient = options.read(profile)
    rulebook = options.rulebook_of(content)
    day = options.day(as_of, patient)
    before = recommend(patient, rulebook, as_of=day).to_dict()
    values = _values(suppose)
    after = recommend(patient, rulebook, as_of=day, suppose=values).to_dict()
    found = differences(before, after, rulebook, values)
    if form is options.Form.JSON:
        terminal.write_json(found, output)
        return
    from recommender.explain.render import render_what_if

    layout = terminal.page(output)
    templates = options.templates_of(content)
    terminal.write(render_what_if(before, after, found, templates=templates, **layout), output)


def _values(given: list[str]) -> dict[str, Any]:
    """Each feature with its value, read as it would be in a profile."""
    from recommender.content import read_yaml

    values: dict[str, Any] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name or not value:
            message = f"'{one}' is no FEATURE=VALUE, such as inertia=marked or implants=[]"
            raise typer.BadParameter(message, param_hint="--set")
        values[name.strip()] = read_yaml(value, "--set").data
    return values


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("what-if")(what_if)
