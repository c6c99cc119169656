"""`rules mutate`, `rules coverage`, `rules pin`: what vignettes notice, show and pin."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recommender.surfaces.cli import options, terminal

if TYPE_CHECKING:
    from recommender.governance.run import Places
    from recommender.profile import Profile
    from recommender.rulebook import Rulebook

Topics = Annotated[
    list[str] | None,
    typer.Option(
        "--rule",
        metavar="RULE",
        help="Only this rule, file or folder, such as safety.tms; may be repeated.",
    ),
]
Gated = Annotated[bool, typer.Option("--gate", help="Exit code 1 where the gate is not reached.")]
Suggested = Annotated[
    Path | None,
    typer.Option(
        "--suggest",
        metavar="DIR",
        help="Write unreviewed vignettes to this folder for what is missing.",
    ),
]
Unreviewed = Annotated[
    bool,
    typer.Option(
        "--unreviewed",
        help="Count, apart, what nobody has confirmed: profiles/suggested.",
    ),
]
Budget = Annotated[
    int | None,
    typer.Option(metavar="NODES", min=1, help="Nodes the diagrams of one comparison may have."),
]
Jobs = Annotated[
    int | None, typer.Option(min=1, help="Processes that share the work; else one a processor.")
]


def mutate(
    content: options.Content = None,
    rule: Topics = None,
    unreviewed: Unreviewed = False,
    gate: Gated = False,
    suggest: Suggested = None,
    budget: Budget = None,
    jobs: Jobs = None,
    as_of: options.AsOf = None,
    form: options.FormOption = options.Form.TEXT,
    output: options.Output = None,
) -> None:
    """Change each rule in one small way at a time, and see whether a vignette or an example fails.

    What nothing notices is proved to change nobody's plan, or shown with a patient for whom it
    does. The gate: all of the changes to what keeps people safe, 95 % of the others. With
    --unreviewed also what nobody has confirmed notices: the plans of all vignettes as they are
    today, and those of profiles/suggested. That tells of a change, never that an answer is right.

    Example: recommender rules mutate --rule safety.tms

    Example: recommender rules mutate --gate --format json -o mutation.json

    Example: recommender rules mutate --rule safety.tms --suggest to-review
    """
    from recommender.governance.comparing.pair import BUDGET
    from recommender.governance.mutation.mutate import document, suite
    from recommender.governance.mutation.mutate import mutate as change_all

    folder = terminal.folder(suggest, "--suggest")
    rulebook, vignettes, places = _read(content)
    day = options.day(as_of)
    with terminal.progress("Changing the rules") as progress:
        found = change_all(
            rulebook,
            vignettes,
            day,
            pinned=_pinned(content) if unreviewed else None,
            rules=_chosen(rule, rulebook),
            budget=budget or BUDGET,
            jobs=jobs or os.cpu_count() or 1,
            tell=progress,
        )
        made = suite(found, progress) if folder is not None else None
    report = document(found, places, made)
    if made is not None and folder is not None:
        _save(made.files("notices"), folder)
    terminal.show("governance/mutate", report, content, form, output)
    if gate and not found.passes():
        raise typer.Exit(1)


def coverage(
    content: options.Content = None,
    rule: Topics = None,
    unreviewed: Unreviewed = False,
    gate: Gated = False,
    suggest: Suggested = None,
    budget: Budget = None,
    jobs: Jobs = None,
    as_of: options.AsOf = None,
    form: options.FormOption = options.Form.TEXT,
    output: options.Output = None,
) -> None:
    """Say what of the rules the vignettes show: each rule, each test of it, each threshold.

    What is missing is listed, and what nobody can show is proved to be so and does not count.

    Example: recommender rules coverage --rule safety.tms

    Example: recommender rules coverage --suggest to-review
    """
    from recommender.governance.comparing.pair import BUDGET
    from recommender.governance.coverage.coverage import coverage as look
    from recommender.governance.coverage.coverage import document, suite

    folder = terminal.folder(suggest, "--suggest")
    rulebook, vignettes, places = _read(content)
    day = options.day(as_of)
    with terminal.progress("Looking at the vignettes") as progress:
        found = look(
            rulebook,
            vignettes,
            day,
            pinned=_pinned(content) if unreviewed else None,
            rules=_chosen(rule, rulebook),
            budget=budget or BUDGET,
            jobs=jobs or os.cpu_count() or 1,
            tell=progress,
        )
        made = suite(found, progress) if folder is not None else None
    report = document(found, places, made)
    if made is not None and folder is not None:
        _save(made.files("shows"), folder)
    terminal.show("governance/coverage", report, content, form, output)
    if gate and not found.complete():
        raise typer.Exit(1)


def pin(
    content: options.Content = None,
    jobs: Jobs = None,
    as_of: options.AsOf = None,
    form: options.FormOption = options.Form.TEXT,
    output: options.Output = None,
) -> None:
    """Write profiles/suggested anew for the rules as they are, after they were changed.

    Few vignettes with which, together with those of profiles/, everything is shown and every change
    noticed for which a vignette can be written. Nobody has confirmed any of them: read in the
    difference to those before what the change of the rules has done.

    Example: recommender rules pin
    """
    from recommender.content import is_installed
    from recommender.governance.suites.pinning import document, old_files
    from recommender.governance.suites.pinning import pin as pin_all
    from recommender.governance.vignettes import pinned_folder, read_vignettes

    folder = pinned_folder(content)
    if content is None and is_installed():
        message = "an installed package is not written to. Name your own folder of rules."
        raise typer.BadParameter(message, param_hint="--content")
    rulebook = options.rulebook_of(content)
    terminal.folder(folder, "--content")
    with terminal.progress("Pinning what the rules do") as progress:
        found = pin_all(
            rulebook,
            read_vignettes(content, rulebook),
            old_files(folder),
            options.day(as_of),
            jobs=jobs or os.cpu_count() or 1,
            tell=progress,
        )
    _save(found.files, folder)
    for path in folder.glob("*.yaml"):
        if path.stem not in {name for name, _ in found.files}:
            path.unlink()
    terminal.show("governance/pin", document(found), content, form, output)


def _read(
    content: options.Content,
) -> "tuple[Rulebook, list[tuple[str, Profile]], Places]":
    from recommender.governance.run import places_of, where_content_is
    from recommender.governance.vignettes import read_vignettes

    rulebook = options.rulebook_of(content)
    root, site = where_content_is(content)
    places = places_of(root, site, str(content) if content is not None else "")
    return rulebook, read_vignettes(content, rulebook), places


def _pinned(content: options.Content) -> "list[tuple[str, Profile]]":
    from recommender.governance.vignettes import read_pinned

    return read_pinned(content)


def _chosen(topics: list[str] | None, rulebook: "Rulebook") -> list[str] | None:
    """The rules named, or all of a file or folder; None for every rule."""
    if not topics:
        return None
    for topic in topics:
        if not any(f"{name}.".startswith(f"{topic}.") for name in rulebook.rules):
            from recommender.errors import did_you_mean

            files = dict.fromkeys(name.rpartition(".")[0] for name in rulebook.rules)
            hint = did_you_mean(topic, [*files, *rulebook.rules])
            message = f"there is no rule, file or folder '{topic}'. {hint}"
            raise typer.BadParameter(message, param_hint="--rule")
    return [
        name
        for name in rulebook.rules
        if any(f"{name}.".startswith(f"{topic}.") for topic in topics)
    ]


def _save(files: Iterable[tuple[str, Mapping[str, Any]]], folder: Path) -> None:
    from recommender.content import write_yaml

    for name, plain in files:
        (folder / f"{name}.yaml").write_bytes(write_yaml(plain))


def add_to(app: typer.Typer) -> None:
    """Register the commands among those about rules."""
    app.command()(mutate)
    app.command()(coverage)
    app.command()(pin)
