"""`recommender ask`: the questions that can still change the answer."""

import typer

from recommender.surfaces.cli import options, terminal


def ask(
    profile: options.ProfileName,
    content: options.Content = None,
    as_of: options.AsOf = None,
    form: options.FormOption = options.Form.TEXT,
    output: options.Output = None,
) -> None:
    """List every question whose answer can still change the plan, the most important first.

    Example: recommender ask profiles/typical_first_intake.yaml
    """
    document = options.answer(profile, content, as_of).to_dict()
    if form is options.Form.JSON:
        terminal.write_json(document["ask"], output)
        return
    from recommender.explain.render import render_questions

    layout = terminal.page(output)
    text = render_questions(document, templates=options.templates_of(content), **layout)
    terminal.write(text, output)


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(ask)
