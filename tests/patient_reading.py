"""Pages for the person, read back: parts of the plan with their phase, rows of the grid, all words.

In: somebody, drawn or of a vignette, and a format. Out: what that person sees on their page.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from recommender import content, load_rulebook, recommend
from recommender.explain.render import render
from recommender.governance.synthetic import synthetic
from recommender.profile import Preferences
from tests.building import answered
from tests.html import Element, read

Document = dict[str, Any]

RULEBOOK = load_rulebook()
PROFILES = sorted(path.stem for path in (content.root() / "profiles").glob("*.yaml"))
PEOPLE = int(os.environ.get("RENDERED_PEOPLE", "100"))
FORMATS = ("text", "markdown", "html")
ONE_LINE = 100_000
"""A width at which no line of text is broken."""
TITLES = {one.id: one.patient_title for one in RULEBOOK.adaptations.values()}

PHASES = {"Looking closely": 0, "Getting started": 1, "Working on change": 2, "Keeping it going": 3}


class Option(NamedTuple):
    """One row of the grid as it is read."""

    title: str
    time: str
    sure: str
    consider: str
    instead: bool
    """Whether it would take the place of a part of the plan."""


def _option(title: str, cells: list[str], instead: bool) -> Option:
    time, sure, consider = cells
    return Option(title, time, sure, consider, instead)


class Read(NamedTuple):
    """What a page says of treatments."""

    parts: list[tuple[str, int]]
    """Title and phase, in order."""
    options: list[Option]
    text: str
    """All that a person sees."""


def read_back(page: str, format: str) -> Read:
    return {"text": _from_text, "markdown": _from_markdown, "html": _from_html}[format](page)


def _from_text(page: str) -> Read:
    plan = _between(page, "What we suggest\n=", "Your options side by side\n=")
    grid = _between(page, "Your options side by side\n=", "Not for now\n=")
    options = []
    for block in grid.split("\n* ")[1:]:
        said = dict(
            re.findall(r"(?m)^  (Time it takes|How sure[a-z ]*|What to [a-z ]*): +(.*)$", block)
        )
        options.append(_option(block.splitlines()[0], list(said.values()), "instead of:" in block))
    return Read(list(_parts(plan.splitlines(), "Step ", "* ")), options, page)


def _from_markdown(page: str) -> Read:
    plain = re.sub(r"\\(.)", r"\1", page)
    plan = _between(plain, "\n## What we suggest", "\n## Your options side by side")
    options = []
    for row in re.findall(r"(?m)^\| \*\*(.*) \|$", plain):
        option, *cells = row.split(" | ")
        title, _, rest = option.partition("** ")
        options.append(_option(title, cells, "instead of:" in rest))
    return Read(list(_parts(plan.splitlines(), "### Step ", "#### ")), options, plain)


def _parts(lines: list[str], step: str, part: str) -> Iterator[tuple[str, int]]:
    phase = -1
    for line in lines:
        if line.startswith(step):
            phase = PHASES[line.partition(": ")[2]]
        elif line.startswith(part):
            yield line.removeprefix(part), phase


def _from_html(page: str) -> Read:
    body = read(page)
    parts, phase = [], -1
    for one in body.all("h3", "h4"):
        if one.tag == "h4":
            parts.append((one.text(), phase))
        elif one.text().startswith("Step "):
            phase = PHASES[one.text().partition(": ")[2]]
    options = []
    for row in body.all("tr"):
        cells = [one for one in row.children if one.tag == "td"]
        if cells:
            head = row.one("th")
            title = head.one("strong").text()
            texts = [one.text() for one in cells]
            options.append(_option(title, texts, "instead of:" in head.text()))
    return Read(parts, options, f"{_attributes(body)} {body.text('style')}")


def _attributes(body: Element) -> str:
    shown = ("alt", "title", "aria-label", "placeholder", "content")
    meta = [one for one in body.all() if one.tag != "meta"]
    return " ".join(one.attributes.get(name, "") for one in meta for name in shown)


def _between(text: str, start: str, end: str) -> str:
    return text.partition(start)[2].partition(end)[0]


# ------------------------------------------------------------------------------- people


def page_of(document: Document, format: str) -> str:
    return render(document, audience="patient", format=format, width=ONE_LINE)


@cache
def drawn(seed: int) -> Document:
    """Somebody who answers a random share of everything and has wishes of their own."""
    drawing = random.Random(seed)
    share = drawing.choice((0.02, 0.1, 0.3, 0.5, 0.8, 0.95))
    profile = synthetic(RULEBOOK, seed, share)
    wishes = drawing.sample(sorted(RULEBOOK.adaptations), 6)
    stated = profile.preferences.model_extra or {}
    preferences = Preferences(prefers=wishes[:4], declines=wishes[3:], **stated)
    return recommend(profile.model_copy(update={"preferences": preferences}), RULEBOOK).to_dict()


def answer_of(who: str | int) -> Document:
    return answered(who) if isinstance(who, str) else drawn(who)


@cache
def seen(who: str | int, format: str) -> Read:
    """The page of one of them, read back."""
    return read_back(page_of(answer_of(who), format), format)
