"""What a check reports, and the report of a whole run: values, no wording.

Every check of governance reports in this one form, whatever it inspects.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from recommender.rulebook import Rulebook

Plain = dict[str, Any]


class Severity(StrEnum):
    """How much a finding matters; worst first."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


SEVERITY_ORDER = {severity: place for place, severity in enumerate(Severity)}


class Verdict(StrEnum):
    """What became of a claim, or of a search."""

    PROVED = "proved"
    REFUTED = "refuted"
    FOUND = "found"
    NONE = "none"
    UNDECIDED = "undecided"


CLEAN = frozenset({Verdict.PROVED, Verdict.NONE})


@dataclass(frozen=True)
class Finding:
    """One claim with its verdict, or one thing that was found."""

    check: str
    """The code of the check, such as G10."""
    subject: str
    """What it is about: the id of an invariant, a rule, an adaptation."""
    verdict: Verdict
    severity: Severity
    claim: str
    """In words what was to hold, or what was looked for."""
    place: str = ""
    """file:line, where that is known."""
    why: str = ""
    """Why it is undecided, or what was found."""
    witnesses: Sequence[Plain] = ()
    more: int = 0
    """How many further witnesses are not shown."""
    details: Mapping[str, Any] = field(default_factory=dict)
    repair: Mapping[str, Any] | None = None
    """One small change of a rule after which the claim holds: rule, place, before, after."""

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to look at."""
        return self.verdict in CLEAN

    def to_dict(self) -> Plain:
        """The finding as plain data."""
        return {
            "check": self.check,
            "subject": self.subject,
            "verdict": self.verdict.value,
            "severity": self.severity.value,
            "claim": self.claim,
            "place": self.place,
            "why": self.why,
            "witnesses": list(self.witnesses),
            "more": self.more,
            "details": dict(self.details),
            "repair": None if self.repair is None else dict(self.repair),
        }


@dataclass(frozen=True)
class Report:
    """What one run found about one rulebook."""

    rulebook: Mapping[str, str]
    command: str
    findings: Sequence[Finding]
    assumptions: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)

    def at_or_above(self, gate: Severity) -> list[Finding]:
        """What stops a gate: findings of that severity or worse; undecided ones count too."""
        worst = SEVERITY_ORDER[gate]
        return [
            one
            for one in self.findings
            if not one.is_clean and SEVERITY_ORDER[one.severity] <= worst
        ]

    def to_dict(self) -> Plain:
        """The report as plain data, the same for the same input."""
        return {
            "schema": "report/1",
            "command": self.command,
            "rulebook": dict(self.rulebook),
            "assumptions": dict(self.assumptions),
            "findings": [one.to_dict() for one in self.findings],
            "counts": dict(self._counts()),
            "figures": dict(self.figures),
        }

    def _counts(self) -> Iterator[tuple[str, int]]:
        for verdict in Verdict:
            yield verdict.value, sum(one.verdict is verdict for one in self.findings)


def heading(schema: str, command: str, rulebook: Rulebook, as_of: date) -> Plain:
    """How a report on one rulebook begins: what it is, of what, and what it takes for granted."""
    header = rulebook.header
    return {
        "schema": schema,
        "command": command,
        "rulebook": {"id": header.id, "version": header.version, "digest": rulebook.digest},
        "as_of": as_of.isoformat(),
        "links": [link.text.title for link in rulebook.links],
    }
