"""Lays lines out for a page or a terminal: wrapping, underlines, colour, and Markdown escapes.

In: what a text template wrote, one paragraph or list entry a line, however long. Out: lines no
wider than asked for. A template marks what a line is by how it starts:

    # Words      a heading            ## Words     a heading one level down
    - words      a list entry         1. words     a numbered one
    !! words     part of a stop       ! words      a caution
    Label   text       two or more spaces after the first words: text hangs under text
"""

import re
import textwrap
from collections.abc import Iterator

from markupsafe import Markup

MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&])")
MARKDOWN_OPENING = re.compile(r"^([-+=]|\d+(?=[.)]))")
BROKEN = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
HANGING = re.compile(r"\s*(?:(?:!{1,2}|-|\d+\.)\s+)?(?:\S(?:\S| (?! )){0,28} {2,})?")
NARROWEST = 30

BOLD, RED, YELLOW, PLAIN = "\x1b[1m", "\x1b[1;31m", "\x1b[33m", "\x1b[0m"


def one_line(text: str) -> str:
    """The text with every run of blanks, line ends and control characters as one blank."""
    return BROKEN.sub(" ", text).strip()


def escape_markdown(text: str) -> str:
    """The text so that Markdown shows it and reads nothing into it."""
    escaped = MARKDOWN_SPECIAL.sub(r"\\\1", text)
    return MARKDOWN_OPENING.sub(_escape_opening, escaped)


def _escape_opening(found: re.Match[str]) -> str:
    return found[1] if found[1].isdigit() else "\\" + found[1]


def lay_out(written: str, *, width: int, color: bool) -> str:
    """Wrap every line of a text template's output to `width` columns, with hanging indents."""
    width = max(width, NARROWEST)
    lines = [
        line for written_line in written.splitlines() for line in _lay(written_line, width, color)
    ]
    return tidy("\n".join(lines))


def comment(text: str, depth: int) -> Markup:
    """Text as explaining comment lines of a YAML file, `depth` levels deep."""
    start = "##" + "  " * depth + ("" if depth else " ")
    pieces = textwrap.wrap(
        one_line(text), 98, initial_indent=start, subsequent_indent=start + "  ",
        break_on_hyphens=False,
    )  # fmt: skip
    return Markup("\n".join(pieces))


def tidy(text: str) -> str:
    """No blanks at line ends, never two blank lines together, one line end at the end."""
    kept: list[str] = []
    for line in (line.rstrip() for line in text.splitlines()):
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).rstrip("\n") + "\n"


def _lay(line: str, width: int, color: bool) -> Iterator[str]:
    if line.startswith("#"):
        yield from _heading(line, width, color)
        return
    start = line.lstrip()
    style = RED if start.startswith("!! ") else YELLOW if start.startswith("! ") else ""
    for piece in _wrap(line.rstrip(), width):
        yield f"{style}{piece}{PLAIN}" if color and style else piece


def _heading(line: str, width: int, color: bool) -> Iterator[str]:
    marks, _, words = line.partition(" ")
    pieces = textwrap.wrap(words, width)
    for piece in pieces:
        yield f"{BOLD}{piece}{PLAIN}" if color else piece
    yield ("=" if marks == "#" else "-") * max(map(len, pieces), default=0)


def _wrap(line: str, width: int) -> list[str]:
    found = HANGING.match(line)
    indent = found.end() if found and found.end() <= width // 2 else 4
    if len(line) <= width:
        return [line]
    return textwrap.wrap(
        line[indent:] if found and indent == found.end() else line,
        width,
        initial_indent=line[:indent] if found and indent == found.end() else "",
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
    )
