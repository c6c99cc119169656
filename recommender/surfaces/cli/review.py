"""`recommender rules verify` and `recommender rules review`: what holds, and what comes due."""

from typing import Annotated

import typer

from recommender.surfaces.cli import options, terminal

Day = Annotated[
    str | None,
    typer.Option(metavar="DATE", help="The day to judge for, as 2026-10-05; else today."),
]


def verify(
    content: options.Content = None,
    trust: options.Trust = None,
    as_of: Day = None,
    repeat: Annotated[
        bool,
        typer.Option(
            "--repeat/--no-repeat",
            help="Make every report again and compare; without, only the stored ones are.",
        ),
    ] = True,
    form: options.FormOption = options.Form.TEXT,
    output: options.Output = None,
) -> None:
    """Say whether the rules are approved on a day, and everything that holds and does not.

    Exit code 1 where they are not.

    Example: recommender rules verify --content my-site --trust DIGEST
    """
    from recommender.governance.approval.review import verdict_document
    from recommender.governance.approval.verify import verify as judge

    day = options.day(as_of)
    with terminal.progress("Making the reports again") as progress:
        verdict = judge(content, options.trusted(trust), day, repeat=repeat, progress=progress)
    document = verdict_document(verdict) | {"repeated": repeat}
    terminal.show("governance/verify", document, content, form, output)
    if not document["approved"]:
        raise typer.Exit(1)


def review(
    content: options.Content = None,
    trust: options.Trust = None,
    as_of: Day = None,
    within: Annotated[int, typer.Option(min=0, metavar="DAYS", help="How far ahead to look.")] = 90,
    all_rules: Annotated[
        bool, typer.Option("--all", help="Every rule, not only those with something to look at.")
    ] = False,
    form: options.FormOption = options.Form.TEXT,
    output: options.Output = None,
) -> None:
    """See what to look at: life cycle of the rules, approvals and when they end, sources, contacts.

    Example: recommender rules review --within 180
    """
    from recommender.governance.approval.review import review as looked

    day = options.day(as_of)
    document = looked(content, options.trusted(trust), day, within)
    shown = document | {"all": all_rules} if form is options.Form.TEXT else document
    terminal.show("governance/review", shown, content, form, output)


def add_to(app: typer.Typer) -> None:
    """Register the commands among those about rules."""
    for command in (verify, review):
        app.command()(command)
