"""`recommender why` and `recommender why-not`: the argument about one adaptation."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from recommender.surfaces.cli import options, terminal

if TYPE_CHECKING:
    from recommender.rulebook import Rulebook

Document = dict[str, Any]


def why(
    profile: options.ProfileName,
    adaptation: options.AdaptationName,
    content: options.Content = None,
    as_of: options.AsOf = None,
    form: options.FormOption = options.Form.TEXT,
    output: options.Output = None,
) -> None:
    """Give the argument for and against one adaptation, with the findings and rules behind it.

    Example: recommender why profiles/typical_first_intake.yaml ba
    """
    from recommender.explain.argument import further_reasons
    from recommender.explain.render import render_why

    def argument(document: Document, rulebook: "Rulebook", **layout: Any) -> str:
        further = further_reasons(document, rulebook, adaptation)
        return render_why(document, adaptation, further=further, **layout)

    _argue(argument, profile, adaptation, content, as_of, form, output)


def why_not(
    profile: options.ProfileName,
    adaptation: options.AdaptationName,
    content: options.Content = None,
    as_of: options.AsOf = None,
    form: options.FormOption = options.Form.TEXT,
    output: options.Output = None,
) -> None:
    """Say why one adaptation is not in the plan, and what would change that.

    Example: recommender why-not profiles/typical_first_intake.yaml tms
    """
    from recommender.explain.render import render_why_not

    def argument(document: Document, _: "Rulebook", **layout: Any) -> str:
        return render_why_not(document, adaptation, **layout)

    _argue(argument, profile, adaptation, content, as_of, form, output)


def _argue(
    argument: Callable[..., str],
    profile: str,
    adaptation: str,
    content: Path | None,
    as_of: str | None,
    form: options.Form,
    output: Path | None,
) -> None:
    document, rulebook = options.answer(profile, content, as_of)
    options.known_adaptation(adaptation, document)
    if form is options.Form.JSON:
        entries = [*document["plan"], *document["set_aside"]]
        entry = next(entry for entry in entries if entry["adaptation"] == adaptation)
        terminal.write_json(entry, output)
        return
    layout = terminal.page(output)
    text = argument(document, rulebook, templates=options.templates_of(content), **layout)
    terminal.write(text, output)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(why)
    app.command("why-not")(why_not)
