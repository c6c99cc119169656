"""`recommender why` and `recommender why-not`: the argument about one adaptation."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from recommender.surfaces.cli import options, terminal

if TYPE_CHECKING:
    from recommender.recommendation import Recommendation

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

    def argument(document: Document, answer: "Recommendation", **layout: Any) -> str:
        further = further_reasons(document, answer.trace.rulebook, adaptation)
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
    """Say why one adaptation is not in the plan, and every smallest change that would recommend it.

    Example: recommender why-not profiles/typical_first_intake.yaml tms
    """
    from recommender.explain.minimal import smallest_changes, written
    from recommender.explain.render import render_why_not

    def smallest(answer: "Recommendation") -> Document | None:
        changes = smallest_changes(answer, adaptation)
        return written(changes, answer) if changes.wanted else None

    def argument(document: Document, answer: "Recommendation", **layout: Any) -> str:
        return render_why_not(document, adaptation, smallest=smallest(answer), **layout)

    def more(answer: "Recommendation") -> Document:
        return {"smallest_changes": smallest(answer)}

    _argue(argument, profile, adaptation, content, as_of, form, output, more)


def _argue(
    argument: Callable[..., str],
    profile: str,
    adaptation: str,
    content: Path | None,
    as_of: str | None,
    form: options.Form,
    output: Path | None,
    more: Callable[["Recommendation"], Document] = lambda _: {},
) -> None:
    answer = options.answer(profile, content, as_of)
    document = answer.to_dict()
    options.known_adaptation(adaptation, document)
    if form is options.Form.JSON:
        entries = [*document["plan"], *document["set_aside"]]
        entry = next(entry for entry in entries if entry["adaptation"] == adaptation)
        terminal.write_json(entry | more(answer), output)
        return
    layout = terminal.page(output)
    text = argument(document, answer, templates=options.templates_of(content), **layout)
    terminal.write(text, output)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(why)
    app.command("why-not")(why_not)
