"""What every check gets: one rulebook on one day, its diagrams, and where its entries stand."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from recommender import content as files
from recommender.gather import gather
from recommender.governance.comparing.effects import Effects
from recommender.governance.findings import Finding, Plain, Severity, Verdict
from recommender.governance.outcomes import Outcomes
from recommender.governance.people import People
from recommender.governance.world import World
from recommender.rulebook import Rulebook
from recommender.rules import Rule

BUDGET = 500_000
"""Nodes that the diagrams of one claim may need, above those of the rules themselves."""

MOST_KEPT = 4 * BUDGET
"""Nodes that are kept from claim to claim."""

Places = Mapping[tuple[str, str], str]
"""By section and id: file:line."""


class Run:
    """One rulebook being checked. The diagrams are made when first asked for."""

    def __init__(
        self,
        rulebook: Rulebook,
        as_of: date,
        *,
        places: Places | None = None,
        budget: int = BUDGET,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.rulebook = rulebook
        self.as_of = as_of
        self.budget = budget
        self.tell = tell
        """Takes what is being done now, for somebody who waits."""
        self._places = places or {}
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget every diagram: the budget is there for each claim that needs all of it."""
        self.world = World(self.rulebook, self.as_of)
        self.people = People(self.world)
        self.outcomes = Outcomes(self.world)
        self.effects = Effects(self.world)
        self.world.store.limit(self.budget)
        self.missed: dict[str, bool] = {}
        """By rule whether somebody's plan would be another without it, as far as it was asked."""

    def afresh(self) -> None:
        """Let the next claim have the whole budget; what was made stays, unless it is too much."""
        if len(self.world.store) > MOST_KEPT:
            self.begin_anew()
        self.world.store.limit(self.budget)

    def place(self, section: str, name: str) -> str:
        """Where an entry stands, as file:line; empty where that is not known."""
        return self._places.get((section, name), "")


def found(
    run: Run,
    check: "Check",
    rule: Rule,
    why: str,
    *,
    details: Plain | None = None,
    witnesses: Sequence[Plain] = (),
) -> Finding:
    """Something a check found about one rule."""
    return Finding(
        check=check.code,
        subject=rule.id,
        verdict=Verdict.FOUND,
        severity=check.severity,
        claim=rule.text.title,
        place=run.place("rules", rule.id),
        why=why,
        details=details or {},
        witnesses=witnesses,
    )


def on_the_whole(check: "Check", claim: str) -> Finding:
    """That what a check claims was proved of the rulebook as a whole."""
    return Finding(check.code, check.name, Verdict.PROVED, check.severity, claim)


class Check(NamedTuple):
    """One check: its code, its name, how much its findings matter, and what it does."""

    code: str
    name: str
    severity: Severity
    run: Callable[["Run", "Check"], Iterator[Finding]]
    on_request: bool = False
    """Whether it takes so long that it is only made when named."""


def places_of(root: Path, site: Path | None, shown: str = "") -> dict[tuple[str, str], str]:
    """Where rules, invariants and links stand in the files of a rulebook."""
    gathered = gather(root, site, shown=shown)
    found: dict[tuple[str, str], str] = {}
    for (section, *rest), standing in gathered.places.items():
        if section in ("rules", "invariants", "rulebook") and rest:
            document, path = standing[-1]
            mark = document.key_at(*path)
            found[section, str(rest[0])] = f"{document.name}:{mark.line}"
    return found


def where_content_is(path: Path | None) -> tuple[Path, Path | None]:
    """The folder of the rulebook, and that of a site which lies over it."""
    root = files.root(path)
    header = root / "rules" / "rulebook.yaml"
    over = header.is_file() and b"lays_over:" in header.read_bytes()
    return (files.root(None), root) if over else (root, None)
