"""How much of the shipped rules is shown, and which changes of them are noticed, as a floor.

Counted with what nobody has confirmed: that tells how much of a change would be seen at all, and
nothing of whether an answer is right. What is aimed at stands beside each floor; a floor is raised
when more is reached, and never lowered to let a change of the rules pass: `make pin` comes first.
Nothing is proved here, which would take minutes: what nobody can show, and what changes nobody's
plan, stays in the count. `docs/coverage.md` has the figures without it.
"""

from __future__ import annotations

import os
from datetime import date
from fractions import Fraction
from functools import cache

from recommender import load_rulebook
from recommender.governance.coverage import SHOWN, Coverage, coverage
from recommender.governance.mutate import GATES, Mutation, mutate
from recommender.governance.vignettes import (
    is_reviewed,
    read_pinned,
    read_vignettes,
    vignette_files,
)

RULEBOOK = load_rulebook()
AS_OF = date(2026, 11, 26)
JOBS = os.cpu_count() or 1

NO_PROOFS = 1
"""Nodes a diagram may have."""
SHOWN_AT_LEAST = Fraction(2948, 3171)
"""Of what is to be shown; aimed at is all of the 3011 that somebody can show."""
NOTICED_AT_LEAST = {"bearing": Fraction(1354, 1403), "elsewhere": Fraction(2060, 2090)}
"""Of changes. The gate wants all of those that safety rests on, and 95 % of the others."""


@cache
def shown() -> Coverage:
    return coverage(
        RULEBOOK,
        read_vignettes(None, RULEBOOK),
        AS_OF,
        pinned=read_pinned(None),
        budget=NO_PROOFS,
        jobs=JOBS,
    )


@cache
def noticed() -> Mutation:
    return mutate(
        RULEBOOK,
        read_vignettes(None, RULEBOOK),
        AS_OF,
        pinned=read_pinned(None),
        budget=NO_PROOFS,
        jobs=JOBS,
    )


def test_what_is_to_be_shown_is_shown_with_what_nobody_has_confirmed() -> None:
    missing = [one.obligation for one in shown().shown if one.fate not in SHOWN]
    assert shown().share(*SHOWN) >= SHOWN_AT_LEAST, missing


def test_changes_of_the_rules_are_noticed_with_what_nobody_has_confirmed() -> None:
    found = noticed()
    assert found.failing == ()
    for name, least in NOTICED_AT_LEAST.items():
        score = found.score(name)
        assert score is not None
        assert score >= least, f"{name}: {score}; aimed at: {GATES[name]}"


def test_what_nobody_has_confirmed_says_so_and_counts_nowhere_else() -> None:
    pinned = read_pinned(None)
    assert pinned
    assert not any(is_reviewed(profile) for _, profile in pinned)
    assert not any("suggested" in path.parts for path in vignette_files(None, RULEBOOK))
    assert all(is_reviewed(profile) for _, profile in read_vignettes(None, RULEBOOK))
