"""Small rulebooks to prove things of, and what tests ask of a proof."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recommender import Rulebook
from recommender.governance.findings import Finding
from recommender.governance.prove import prove
from recommender.governance.registry import CHECKS
from recommender.governance.run import Run
from tests.building import (
    AS_OF,
    Plain,
    boolean,
    choice,
    decimal,
    integer,
    members,
    ordinal,
    rulebook,
)

FEATURES = [
    ordinal("mood"),
    boolean("device"),
    boolean("agrees"),
    integer("count", 0, 9),
    decimal("ratio", 0.0, 1.0),
    members("marks", "a b c"),
    choice("kind", "one two three"),
]
HIGH: Plain = {"mood": "high"}


def book(
    rules: Mapping[str, Plain], invariants: Mapping[str, Plain] | None = None, **more: Any
) -> Rulebook:
    """A rulebook over every type of feature, with three adaptations."""
    names = [name if "." in name else f"adaptation.t.{name}" for name in rules]
    more.setdefault("adaptations", ["mbct", "tms", "act"])
    more.setdefault("features", FEATURES)
    return rulebook(
        more.pop("features"),
        dict(zip(names, rules.values(), strict=True)),
        invariants={
            name: {"title": "It holds"} | text for name, text in (invariants or {}).items()
        },
        **more,
    )


def claim(when: Plain | None = None, *, unknown: bool = False, **claimed: Any) -> Plain:
    """An invariant."""
    return {"when": HIGH if when is None else when, "even_if_unknown": unknown} | claimed


def found(made: Rulebook, *codes: str, **options: Any) -> list[Finding]:
    """What these checks find, the clean ones too."""
    chosen = [check for check in CHECKS if check.code in codes]
    report = prove(Run(made, AS_OF, **options), chosen)
    return [one for one in report.findings if one.check in codes]


def verdict(made: Rulebook, code: str, **options: Any) -> str:
    """The verdict on the one claim there is."""
    (one,) = found(made, code, **options)
    return one.verdict.value
