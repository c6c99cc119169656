"""The arguments and options that mean the same in every command, and what is read through them."""

import sys
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from recommender.profile import Profile
    from recommender.recommendation import Recommendation
    from recommender.rulebook import Rulebook


class Engine(StrEnum):
    """Which reader of the rules answers."""

    NATIVE = "native"
    DURABLE = "durable"


class Form(StrEnum):
    """Text for people, or JSON for programs."""

    TEXT = "text"
    JSON = "json"


ProfileName = Annotated[
    str,
    typer.Argument(
        metavar="PROFILE", help="File with what was assessed, YAML or JSON; - reads standard input."
    ),
]
AdaptationName = Annotated[
    str, typer.Argument(metavar="ADAPTATION", help="Id of an adaptation, such as mbct, ba or tms.")
]
Content = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Folder that holds rules/ and perhaps templates/, instead of the shipped one.",
    ),
]
AsOf = Annotated[
    str | None,
    typer.Option(
        metavar="DATE",
        help="The day the answer is for, as 2026-10-05; else the profile's own, else today.",
    ),
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to this file instead.")
]
FormOption = Annotated[Form, typer.Option("--format", help="Text for people or JSON for programs.")]


def read(name: str) -> "Profile":
    """The profile of a file, or of standard input for «-»."""
    from recommender.profile import read_profile

    if name == "-":
        return read_profile(sys.stdin.buffer.read(), "standard input")
    try:
        return read_profile(Path(name).read_bytes(), name)
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise typer.BadParameter(f"{name}: {reason}", param_hint="PROFILE") from error


def rulebook_of(content: Path | None) -> "Rulebook":
    """The rulebook of a folder, or the shipped one."""
    from recommender.rulebook import load_rulebook

    return load_rulebook(content)


def templates_of(content: Path | None) -> Path | None:
    """The folder's own templates, where it has some."""
    folder = content / "templates" if content is not None else None
    return folder if folder is not None and folder.is_dir() else None


def today() -> date:
    """This machine's day: the one place where a clock is read."""
    return date.today()


def day(flag: str | None, profile: "Profile | None" = None) -> date:
    """The day to answer for: the flag, else the profile's own, else today."""
    if flag is None:
        return (profile.as_of if profile is not None else None) or today()
    try:
        return date.fromisoformat(flag)
    except ValueError as error:
        message = "a day is written as 2026-10-05"
        raise typer.BadParameter(message, param_hint="--as-of") from error


def answer(
    profile: str,
    content: Path | None,
    as_of: str | None,
    *,
    engine: Engine = Engine.NATIVE,
    cross_check: bool = False,
) -> "Recommendation":
    """The answer for one profile."""
    from recommender.pipeline import recommend

    patient = read(profile)
    return recommend(
        patient,
        rulebook_of(content),
        as_of=day(as_of, patient),
        engine=engine.value,
        cross_check=cross_check,
    )


def known_adaptation(name: str, document: dict[str, Any]) -> str:
    """The name, if the answer speaks about such an adaptation; a usage error otherwise."""
    from recommender.errors import did_you_mean

    known = [entry["adaptation"] for entry in [*document["plan"], *document["set_aside"]]]
    if name in known:
        return name
    hint = did_you_mean(name, known) or "recommender rules list --verb recommend names them."
    message = f"the rulebook has no adaptation '{name}'. {hint}"
    raise typer.BadParameter(message, param_hint="ADAPTATION")
