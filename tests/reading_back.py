"""Reads a page for clinicians back, whatever its format: what it claims, as plain data.

Knows how each format marks headings and lists, and nothing of the templates' wording except the
names of a few headings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tests.html import Element, read

Line = tuple[int, str]
"""A heading with its level, 1 or 2, or a line of text, 0."""

NOT_NOW = "Not now"
FINDINGS = "Findings this rests on"
STOPS = "Stop: act on this first"
PLAN = re.compile(r"Phase \d: .*|The plan in full")
RULE = re.compile(r"\b[a-z]+\.[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*\b")
NAMED = re.compile(r"\(([a-z][a-z0-9_]*)\)")


class Claims(NamedTuple):
    """What a page says."""

    plan: list[str]
    """Adaptations in the order in which they are written out."""
    rules: dict[str, set[str]]
    """The rules cited where each of them is written out."""
    aside: dict[str, str]
    """Adaptations set aside, with the heading they stand under."""
    stops: set[str]
    """The rules cited under the stops."""
    findings: list[str]
    lines: list[str]
    """Every line of the page."""


def claims(page: str, format: str) -> Claims:
    """What the page says; text has to be laid out without wrapping."""
    made = Claims([], {}, {}, set(), [], [])
    first, second = "", ""
    for level, line in _LINES[format](page):
        made.lines.append(line)
        if level:
            first, second = (line, "") if level == 1 else (first, line)
        if level == 2 and PLAN.fullmatch(first) and (named := NAMED.search(line)):
            second = named[1]
            made.plan.append(second)
        elif not level:
            _take(made, first, second, line)
    return made


def _take(made: Claims, first: str, second: str, line: str) -> None:
    rules = set(RULE.findall(line))
    if first == NOT_NOW:
        several = NAMED.findall(line) if not rules else NAMED.findall(line)[:1]
        made.aside.update(dict.fromkeys(several, second))
    elif first == FINDINGS:
        made.findings.append(line)
    elif first == STOPS:
        made.stops.update(rules)
    elif second in made.plan:
        made.rules.setdefault(second, set()).update(rules)


def _text(page: str) -> Iterator[Line]:
    lines = page.splitlines()
    below = [*lines[1:], ""]
    for line, under in zip(lines, below, strict=True):
        if re.fullmatch("={3,}|-{3,}", line) or not line:
            continue
        level = {"=": 1, "-": 2}[under[0]] if re.fullmatch("={3,}|-{3,}", under) else 0
        yield level, _bare(line)


def _markdown(page: str) -> Iterator[Line]:
    for line in page.splitlines():
        marks = re.match(r"(#+) ", line)
        level = max(len(marks[1]) - 1, 0) if marks else 0
        words = re.sub(r"(?<!\\)(\*\*|`)", "", line[marks.end() :] if marks else line)
        words = re.sub(r"(?<!\\)\[(.*?)\]\(<.*?>\)", r"\1", words)
        if words := _bare(re.sub(r"\\(.)", r"\1", words)):
            yield level, words


def _html(page: str) -> Iterator[Line]:
    yield from _elements(read(page).one("main"))


def _elements(element: Element) -> Iterator[Line]:
    for one in element.children:
        if one.tag in ("h2", "h3"):
            yield int(one.tag[1]) - 1, one.text()
        elif one.tag == "tr":
            cells = [cell.text() for cell in one.children]
            if one.children[0].attributes.get("scope") != "col":
                yield 0, ": ".join(cells)
        elif one.tag in ("p", "li", "dt", "dd"):
            yield 0, one.text("ul")
            yield from _elements(one)
        else:
            yield from _elements(one)


def _bare(line: str) -> str:
    return re.sub(r"^\s*(?:!!?|[-*+>]|\d+\.)?\s+|^(?:!!?|[-*+>]|\d+\.)\s+", "", line).strip()


_LINES = {"text": _text, "markdown": _markdown, "html": _html}


def spoken(possible: dict[str, object]) -> str:
    """A value as pages say it."""
    if "everything" in possible:
        return "not known"
    if "value" in possible:
        value = possible["value"]
        return _listed(value, "and") or "none" if isinstance(value, list) else _word(value)
    if "from" in possible:
        return f"{_word(possible['from'])} to {_word(possible['to'])}"
    if "any_of" in possible:
        return _listed(possible["any_of"], "or")  # type: ignore[arg-type]
    present = _listed(possible["present"], "and") or "none found"  # type: ignore[arg-type]
    return f"{present}; {len(possible['open'])} more not asked"  # type: ignore[arg-type]


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value).replace("_", " ")


def _listed(values: Iterable[object], joiner: str) -> str:
    words = [_word(value) for value in values]
    return f" {joiner} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
