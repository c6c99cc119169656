"""What each check is about, as its module says: for the page of all checks and for SARIF."""

import inspect
import re
from collections.abc import Iterator
from typing import NamedTuple

from recommender.governance.lint.run import checks
from recommender.governance.lint.subject import Severity

HEADINGS = ("What it checks", "Why it matters", "Wrong", "Right")
_PART = re.compile(rf"^({'|'.join(HEADINGS)})\n((?:    .*\n?|\n)+)", re.MULTILINE)


class About(NamedTuple):
    """One check in words."""

    code: str
    name: str
    severity: Severity
    title: str
    parts: dict[str, str]
    """What stands under each heading, on one line."""


def about() -> Iterator[About]:
    """Every check, by code."""
    for name, module, severity in checks():
        text = inspect.cleandoc(module.__doc__ or "")
        parts = {heading: " ".join(words.split()) for heading, words in _PART.findall(text)}
        yield About(module.CODE, name, severity, text.splitlines()[0], parts)
