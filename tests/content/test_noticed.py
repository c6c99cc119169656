"""The gates of coverage and of mutation on the shipped rules, proofs included.

Counted with what nobody has confirmed: that tells that a change would be seen, and nothing of
whether an answer is right. `make pin` comes before this after a change of the rules.
`docs/coverage.md` has the figures without it.
"""

from __future__ import annotations

import os
from datetime import date
from functools import cache

from recommender import load_rulebook
from recommender.governance.coverage.coverage import Coverage, Fate, coverage
from recommender.governance.mutation import mutate as mutation
from recommender.governance.mutation.mutate import Mutation, mutate
from recommender.governance.vignettes import (
    is_reviewed,
    read_pinned,
    read_vignettes,
    vignette_files,
)

RULEBOOK = load_rulebook()
AS_OF = date(2026, 11, 26)
JOBS = os.cpu_count() or 1
UNNOTICED = (mutation.Fate.LIVE, mutation.Fate.UNDECIDED)


@cache
def shown() -> Coverage:
    return coverage(
        RULEBOOK,
        read_vignettes(None, RULEBOOK),
        AS_OF,
        pinned=read_pinned(None),
        jobs=JOBS,
    )


@cache
def noticed() -> Mutation:
    return mutate(
        RULEBOOK,
        read_vignettes(None, RULEBOOK),
        AS_OF,
        pinned=read_pinned(None),
        jobs=JOBS,
    )


def test_all_that_somebody_can_show_is_shown() -> None:
    left = [one.obligation for one in shown().shown if one.fate in (Fate.MISSING, Fate.UNDECIDED)]
    assert left == []
    assert shown().complete()


def test_every_change_that_safety_rests_on_is_noticed_and_nearly_all_others() -> None:
    found = noticed()
    assert found.failing == ()
    unnoticed = [one.mutant for one in found.of_class("bearing") if one.fate in UNNOTICED]
    assert unnoticed == []
    assert found.passes()


def test_what_nobody_has_confirmed_says_so_and_counts_nowhere_else() -> None:
    pinned = read_pinned(None)
    assert pinned
    assert not any(is_reviewed(profile) for _, profile in pinned)
    assert not any("suggested" in path.parts for path in vignette_files(None, RULEBOOK))
    assert all(is_reviewed(profile) for _, profile in read_vignettes(None, RULEBOOK))
