"""What goes out: text fitted to the terminal, or bytes to a file or a pipe."""

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from recommender.surfaces.cli import options

PAGE = 100
"""Columns of a page that is no terminal's, and the most that a line ever takes."""


def width() -> int:
    """How many columns to fill: COLUMNS, else the terminal, else a page; never more than a page."""
    return min(columns(), PAGE)


def columns() -> int:
    """How many columns there are."""
    return shutil.get_terminal_size((PAGE, 24)).columns


def color(output: Path | None) -> bool:
    """Whether colour helps: a terminal that wants it. See https://no-color.org."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return output is None and not plain and sys.stdout.isatty()


def page(output: Path | None) -> dict[str, Any]:
    """The layout for where the text goes, as the renderer takes it."""
    return {"width": width() if output is None else PAGE, "color": color(output)}


Progress = Callable[[str], None]
"""Takes what is being done now."""


@contextmanager
def progress(what: str) -> Iterator[Callable[[str], None]]:
    """Says on one line of a terminal what long work is at; silent where nobody watches."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status(what) as status:
        yield lambda at: status.update(f"{what}: {at}")


def refuse_bytes(output: Path | None) -> None:
    """A usage error where a file for a program would be poured over a terminal."""
    if output is None and sys.stdout.isatty():
        message = "a PDF is no text for a terminal. Name a file with -o FILE, or pipe it on."
        raise typer.BadParameter(message, param_hint="--format")


def write(text: str, output: Path | None) -> None:
    """Write text to the file, or to standard output, as UTF-8."""
    write_bytes(text.encode("utf-8"), output)


def write_bytes(data: bytes, output: Path | None) -> None:
    """Write bytes to the file, or to standard output."""
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        output.write_bytes(data)
    except OSError as error:
        reason = (error.strerror or "cannot be written").lower()
        raise typer.BadParameter(f"{output}: {reason}", param_hint="--output") from error


def show(
    template: str,
    document: dict[str, Any],
    content: Path | None,
    form: options.Form,
    output: Path | None,
) -> None:
    """Write a document: as JSON, or by a template, which the folder `content` may lay over."""
    if form is options.Form.JSON:
        write_json(document, output)
        return
    from recommender.explain.render import render_template

    templates = options.templates_of(content)
    write(render_template(template, document, templates=templates, **page(output)), output)


def folder(path: Path | None, option: str) -> Path | None:
    """The folder, made where it is not there; a usage error about `option` where it cannot be."""
    try:
        if path is not None:
            path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or "cannot be written").lower()
        raise typer.BadParameter(f"{path}: {reason}", param_hint=option) from error
    return path


def write_json(data: Any, output: Path | None) -> None:
    """Write data as JSON, two blanks a level, for programs."""
    write(json.dumps(data, ensure_ascii=False, indent=2) + "\n", output)
