"""The shipped rules under governance: proved twice, and no planted fault of safety is missed."""

from __future__ import annotations

import os
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from recommender import Rulebook, load_rulebook
from recommender.governance.findings import Finding, Report, Severity, Verdict
from recommender.governance.mutation.seeded import Family, seeded
from recommender.governance.prove import prove
from recommender.governance.registry import USUAL
from recommender.governance.run import Run
from recommender.governance.vignettes import read_vignettes

DAY = date(2026, 11, 26)
EVERY = int(os.environ.get("SEEDED_EVERY", "15"))
"""Every so many of the faults is planted here; 1 plants all, as `make governance` does."""

NOTED = {("G15", "everybody")}
"""What a reviewer has to know: somebody gets no plan and no question but the text for that."""


@pytest.fixture(scope="module")
def shipped() -> Rulebook:
    return load_rulebook()


@pytest.fixture(scope="module")
def report(shipped: Rulebook) -> Report:
    return prove(Run(shipped, DAY), ask_z3=True)


def _open(report: Report, *severities: Severity) -> set[tuple[str, str]]:
    return {
        (one.check, one.subject)
        for one in report.findings
        if one.severity in severities and not one.is_clean
    }


def test_every_check_is_made_and_nothing_is_broken_or_undecided(report: Report) -> None:
    assert [one["code"] for one in report.figures["checks"]] == [one.code for one in USUAL]
    assert _open(report, Severity.ERROR) == set()
    assert not [one for one in report.findings if one.verdict is Verdict.UNDECIDED]


def test_every_warning_is_known(report: Report) -> None:
    assert _open(report, Severity.WARNING) == NOTED


def test_every_promise_is_proved_by_the_diagrams_and_by_z3(
    report: Report, shipped: Rulebook
) -> None:
    promises: list[Finding] = [one for one in report.findings if one.subject in shipped.invariants]
    assert {one.subject for one in promises} == set(shipped.invariants)
    assert {one.verdict for one in promises} == {Verdict.PROVED}
    assert report.figures["second_opinion"]["agreed"] == len(shipped.invariants)
    assert not report.figures["second_opinion"]["alone"]


def test_no_planted_fault_of_safety_is_missed(shipped: Rulebook) -> None:
    vignettes = read_vignettes(Path(__file__).parents[2], shipped)
    found = seeded(shipped, vignettes, DAY, every=EVERY, jobs=os.cpu_count() or 1)
    missed = [(one.mutant.rule, one.mutant.place, one.mutant.after) for one in found if one.missed]
    assert missed == []
    planted = Counter(one.family for one in found)
    assert set(planted) == set(Family)
    assert sum(one.by_prove for one in found) > 0
    assert sum(one.by_test for one in found) > 0
    assert sum(one.by_diff for one in found) > len(found) * 0.9
