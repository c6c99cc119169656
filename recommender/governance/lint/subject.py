"""What a check looks at and what it reports.

In: a rulebook with the places of its entries, and the day of the look. Out: findings, each with
place, severity and hint. A finding is about a file, never about a patient.
"""

from collections.abc import Callable, Iterator
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

from recommender.errors import Problem
from recommender.gather import Entry, Gathered
from recommender.rulebook import Rulebook
from recommender.rules import Rule, Verb

CLINICAL = frozenset({Verb.RECOMMEND, Verb.EXCLUDE, Verb.REFER, Verb.CAUTION, Verb.TAILOR})


class Severity(StrEnum):
    """How serious a finding is, most serious first."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Repair(NamedTuple):
    """A safe change of one text: so many characters off its end, and something put there."""

    cut: int
    add: str


class Found(NamedTuple):
    """What one check found, and at which entry and key of the content."""

    entry: Entry
    message: str
    hint: str = ""
    path: tuple[str | int, ...] = ()
    repair: Repair | None = None


class Finding(NamedTuple):
    """One finding with its place."""

    check: str
    severity: Severity
    problem: Problem
    repair: Repair | None
    text: str
    """The text a repair changes."""
    entry: Entry
    """What it is about: a rule, a feature, …"""


class Subject:
    """A rulebook, where everything in it stands, and the day of the look."""

    def __init__(self, rulebook: Rulebook, gathered: Gathered, as_of: date) -> None:
        self.rulebook = rulebook
        self.gathered = gathered
        self.as_of = as_of

    @property
    def content(self) -> dict[str, Any]:
        """The content as it was written."""
        return self.gathered.content

    @cached_property
    def live(self) -> tuple[Rule, ...]:
        """The rules that are not retired."""
        return tuple(r for r in self.rulebook.rules.values() if r.status != "retired")

    @cached_property
    def clinical(self) -> tuple[Rule, ...]:
        """Those that say something about treatment."""
        return tuple(rule for rule in self.live if rule.verb in CLINICAL)

    def listed(self, section: str) -> Iterator[tuple[Entry, dict[str, Any]]]:
        """The entries of a file that is a list, each with its place."""
        for n, data in enumerate(self.content.get(section, ())):
            yield (section, n), data

    def value(self, entry: Entry, path: tuple[str | int, ...]) -> Any:
        """What stands at a key of an entry."""
        found: Any = self.content
        for step in (*entry, *path):
            found = found[step]
        return found


Look = Callable[[Subject], Iterator[Found]]
