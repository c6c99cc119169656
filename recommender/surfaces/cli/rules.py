"""`recommender rules`: look at the rules without opening their files."""

import sys
import textwrap
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from recommender.surfaces.cli import options, prove, terminal

if TYPE_CHECKING:
    from recommender.rulebook import Rulebook
    from recommender.rules import Rule

app = typer.Typer(
    no_args_is_help=True,
    help="Look at the rules: list them, show one in words, prove what they promise.",
)

HEADINGS = ("Rule", "Verb", "About", "Title")
prove.add_to(app)

ROOM = 60
"""Columns a table needs for what a rule is about and for its title."""

Row = tuple[str, str, str, str]


@app.command("list")
def list_rules(
    verb: Annotated[
        str | None, typer.Option(metavar="VERB", help="Only this verb, such as exclude.")
    ] = None,
    topic: Annotated[
        str | None,
        typer.Option(
            metavar="TOPIC", help="Only this folder or file, such as safety or safety.tms."
        ),
    ] = None,
    content: options.Content = None,
    form: options.FormOption = options.Form.TEXT,
    output: options.Output = None,
) -> None:
    """List the rules: their id, what each does, to what, and its title.

    Example: recommender rules list --verb exclude --topic safety.tms
    """
    rulebook = options.rulebook_of(content)
    _check_verb(verb)
    rows = list(_rows(rulebook, verb, topic))
    if not rows and topic:
        _unknown_topic(topic, rulebook)
    if form is options.Form.JSON:
        terminal.write_json(
            [dict(zip(("rule", "verb", "about", "title"), row, strict=True)) for row in rows],
            output,
        )
    elif output is None and sys.stdout.isatty():
        terminal.write(_entries(rows) if _narrow(rows) else _table(rows), None)
    else:
        terminal.write(_columns(rows), output)


@app.command()
def show(
    rule: Annotated[
        str,
        typer.Argument(metavar="RULE", help="Id of a rule, such as safety.tms.metal_near_head."),
    ],
    content: options.Content = None,
    form: options.FormOption = options.Form.TEXT,
    output: options.Output = None,
) -> None:
    """Read one rule in words: when it holds, what follows, why, and on what evidence.

    Example: recommender rules show safety.tms.metal_near_head
    """
    rulebook = options.rulebook_of(content)
    found = rulebook.rules.get(rule)
    if found is None:
        unknown_rule(rule, rulebook)
    if form is options.Form.JSON:
        written = found.text.model_dump(mode="json", by_alias=True, exclude_unset=True)
        terminal.write_json({"id": rule, **written}, output)
        return
    from recommender.explain.render import render_template
    from recommender.explain.rule_words import rule_view

    templates, layout = options.templates_of(content), terminal.page(output)
    text = render_template(
        "governance/rule", rule_view(found, rulebook), templates=templates, **layout
    )
    terminal.write(text, output)


# ------------------------------------------------------------------------------- choosing


def _rows(rulebook: "Rulebook", verb: str | None, topic: str | None) -> Iterator[Row]:
    for rule in rulebook.rules.values():
        inside = topic is None or f"{rule.id}.".startswith(f"{topic}.")
        if inside and verb in (None, rule.verb.value):
            yield rule.id, rule.verb.value, _about(rule), rule.text.title


def _about(rule: "Rule") -> str:
    """What the verb is about: adaptations, a pathway, a feature, or nothing."""
    text = rule.text
    if rule.targets:
        return ", ".join(rule.targets)
    if text.conclude:
        return ", ".join(f"{name} = {str(value).lower()}" for name, value in text.conclude.items())
    return text.refer or text.ask or ""


def _check_verb(verb: str | None) -> None:
    from recommender.errors import did_you_mean
    from recommender.rules import VERBS

    if verb is not None and verb not in VERBS:
        message = f"there is no verb '{verb}'. {did_you_mean(verb, VERBS)}"
        raise typer.BadParameter(message, param_hint="--verb")


def _unknown_topic(topic: str, rulebook: "Rulebook") -> None:
    from recommender.errors import did_you_mean

    folders = {prefix.partition(".")[0] for prefix in rulebook.topics}
    known = sorted(folders | set(rulebook.topics))
    if topic not in known:
        message = f"there is no topic '{topic}'. {did_you_mean(topic, known)}"
        raise typer.BadParameter(message, param_hint="--topic")


def unknown_rule(name: str, rulebook: "Rulebook") -> NoReturn:
    """A usage error that says which rule may be meant."""
    from recommender.errors import did_you_mean

    hint = did_you_mean(name, list(rulebook.rules)) or "recommender rules list names them all."
    raise typer.BadParameter(f"there is no rule '{name}'. {hint}", param_hint="RULE")


# ------------------------------------------------------------------------------- printing


def _columns(rows: list[Row]) -> str:
    """The rows in aligned columns, one a line, so that a search finds whole rows."""
    widths = [max((len(row[n]) for row in rows), default=0) for n in range(3)]
    lines = (
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]])
        for row in rows
    )
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _narrow(rows: list[Row]) -> bool:
    """Whether a table would leave too little room beside the ids, which are never broken."""
    longest = [max((len(row[n]) for row in rows), default=0) for n in range(2)]
    return terminal.columns() < sum(longest) + ROOM


def _entries(rows: list[Row]) -> str:
    """The rows one below the other, two lines or more each."""
    entry = partial(textwrap.fill, width=terminal.width(), initial_indent="  ")
    lines = []
    for name, verb, about, title in rows:
        does = f"{verb} {about}" if about else verb
        lines += [name, entry(f"{does}: {title}", subsequent_indent="    ")]
    return "\n".join([*lines, _count(rows)])


def _table(rows: list[Row]) -> str:
    """The rows as a table that fits the terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading, share in zip(HEADINGS, (0, 0, 1, 2), strict=True):
        table.add_column(heading, ratio=share or None, no_wrap=not share, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console = Console(no_color=not terminal.color(None))
    with console.capture() as captured:
        console.print(table)
    return captured.get() + _count(rows)


def _count(rows: list[Row]) -> str:
    return f"{len(rows)} rule{'' if len(rows) == 1 else 's'}\n"
