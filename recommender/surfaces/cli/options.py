"""The arguments and options that mean the same in every command, and what is read through them."""

import os
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
Trust = Annotated[
    str | None,
    typer.Option(
        metavar="DIGEST",
        help="Digest of the policy whose people may approve here; else RECOMMENDER_TRUST.",
    ),
]
SignedOn = Annotated[
    str | None, typer.Option(metavar="DATE", help="The day to write on it; else today.")
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


def rulebook_of(content: Path | None, trust: str | None = None) -> "Rulebook":
    """The rulebook of a folder, or the shipped one, with its approval where one holds today."""
    pinned = trusted(trust)
    if pinned:
        from recommender.governance.approval.verify import approved

        return approved(content, pinned, today())
    from recommender.rulebook import load_rulebook

    return load_rulebook(content)


def trusted(trust: str | None) -> str:
    """The digest of the policy that this place trusts: the flag, else the environment, or none."""
    return (trust if trust is not None else os.environ.get("RECOMMENDER_TRUST", "")).strip()


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
    trust: str | None = None,
    require_approved: bool = False,
) -> "Recommendation":
    """The answer for one profile; only from approved rules, where that is required."""
    from recommender.pipeline import recommend

    patient = read(profile)
    on = day(as_of, patient)
    return recommend(
        patient,
        _approved(content, trust, on) if require_approved else rulebook_of(content, trust),
        as_of=on,
        engine=engine.value,
        cross_check=cross_check,
    )


def _approved(content: Path | None, trust: str | None, as_of: date) -> "Rulebook":
    from recommender.governance.approval.verify import required

    return required(content, trusted(trust), today(), as_of)


def known_adaptation(name: str, document: dict[str, Any]) -> str:
    """The name, if the answer speaks about such an adaptation; a usage error otherwise."""
    from recommender.errors import did_you_mean

    known = [entry["adaptation"] for entry in [*document["plan"], *document["set_aside"]]]
    if name in known:
        return name
    hint = did_you_mean(name, known) or "recommender rules list --verb recommend names them."
    message = f"the rulebook has no adaptation '{name}'. {hint}"
    raise typer.BadParameter(message, param_hint="ADAPTATION")
