"""z3 and the diagrams decide alike; where they do not there is no verdict."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import z3
from hypothesis import given, settings

from recommender import Rulebook, load_rulebook
from recommender.errors import EngineError
from recommender.governance.findings import Finding, Severity, Verdict
from recommender.governance.prove import prove
from recommender.governance.registry import CHECKS
from recommender.governance.run import Run
from recommender.governance.second_opinion import export, second_opinion
from tests import strategies as drawn
from tests.building import AS_OF
from tests.governance import test_invariant_checks as invariants
from tests.governance import test_monotone_check as monotone
from tests.governance.proving import HIGH, book, claim, found

CODES = ("G09", "G10", "G11")


def agree(rulebook: Rulebook) -> int:
    findings = found(rulebook, *CODES)
    _, opinion = second_opinion(rulebook, AS_OF, findings)
    assert opinion.silent == ()
    return opinion.agreed


@pytest.mark.parametrize("name", invariants.PAIRS)
def test_z3_agrees_on_promises(name: str) -> None:
    _, wrong, right, invariant = invariants.PAIRS[name]
    assert agree(invariants.made(wrong, invariant)) == 1
    assert agree(invariants.made(right, invariant)) == 1


@pytest.mark.parametrize("name", monotone.PAIRS)
def test_z3_agrees_on_monotone_claims(name: str) -> None:
    assert agree(monotone.made(name, 2)) == 1
    assert agree(monotone.made(name, 3)) == 1


@settings(max_examples=60)
@given(rulebook=invariants.promised())
def test_z3_agrees_on_any_rulebook(rulebook: Rulebook) -> None:
    run = Run(rulebook, drawn.AS_OF)
    findings = [one for c in CHECKS if c.code in CODES for one in c.run(run, c)]
    _, opinion = second_opinion(rulebook, drawn.AS_OF, findings)
    assert opinion.agreed + len(opinion.alone) == len(findings)


def test_z3_agrees_on_the_shipped_rulebook() -> None:
    shipped = load_rulebook()
    findings = found(shipped, *CODES)
    _, opinion = second_opinion(shipped, AS_OF, findings)
    assert opinion.agreed == len(shipped.invariants)


# ------------------------------------------------------------------------------- differing

RULES = {
    "r": {"when": HIGH, "recommend": "mbct"},
    "safety.t.x": {"when": {"device": True}, "exclude": "mbct"},
}
KEPT = claim({"device": True}, never={"recommended": "mbct"})
BROKEN = claim({"agrees": True}, never={"recommended": "mbct"})


def said(text: object, verdict: Verdict) -> tuple[Rulebook, Finding]:
    rulebook = book(RULES, {"promise": text})  # type: ignore[dict-item]
    return rulebook, Finding("G10", "promise", verdict, Severity.ERROR, "It holds")


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (KEPT, Verdict.REFUTED),
        (BROKEN, Verdict.PROVED),
    ],
)
def test_any_disagreement_is_an_error_and_no_verdict(text: object, verdict: Verdict) -> None:
    rulebook, finding = said(text, verdict)
    with pytest.raises(EngineError, match="promise") as caught:
        second_opinion(rulebook, AS_OF, [finding])
    assert caught.value.problems[0].code == "E131"
    assert caught.value.exit_code == 5


def test_where_the_diagrams_are_too_large_z3_decides_alone() -> None:
    for text, verdict in ((KEPT, Verdict.PROVED), (BROKEN, Verdict.UNDECIDED)):
        rulebook, finding = said(text, Verdict.UNDECIDED)
        large = replace(finding, why="too large", details={"too_large": True})
        (after,), opinion = second_opinion(rulebook, AS_OF, [large])
        assert after.verdict is verdict
        assert "z3" in after.why
        assert opinion.alone == ("promise",)
        assert opinion.agreed == 0


def test_what_the_diagrams_leave_undecided_z3_may_prove() -> None:
    for text, verdict, alone in (
        (KEPT, Verdict.PROVED, ("promise",)),
        (BROKEN, Verdict.UNDECIDED, ()),
    ):
        rulebook, finding = said(text, Verdict.UNDECIDED)
        (after,), opinion = second_opinion(rulebook, AS_OF, [finding])
        assert after.verdict is verdict
        assert opinion.alone == alone


def test_the_report_says_what_z3_said() -> None:
    rulebook = book(RULES, {"promise": KEPT})
    report = prove(Run(rulebook, AS_OF), ask_z3=True)
    assert report.figures["second_opinion"]["agreed"] == 1


def test_without_z3_one_line_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "z3", None)
    for name in ("smt", "second_opinion"):
        monkeypatch.delitem(sys.modules, f"recommender.governance.{name}", raising=False)
    monkeypatch.delattr("recommender.governance.second_opinion", raising=False)
    with pytest.raises(EngineError, match="z3") as caught:
        prove(Run(book(RULES), AS_OF), ask_z3=True)
    assert "recommender[prove]" in caught.value.problems[0].hint


# ------------------------------------------------------------------------------- for any solver


def test_an_exported_claim_is_unsatisfiable_exactly_if_it_holds(tmp_path: Path) -> None:
    rulebook = book(RULES, {"kept": KEPT, "broken": BROKEN})
    findings = found(rulebook, "G10")
    assert export(rulebook, AS_OF, findings, tmp_path) == 2
    for name, expected in (("kept", z3.unsat), ("broken", z3.sat)):
        text = (tmp_path / f"G10_{name}.smt2").read_text("utf-8")
        assert text.startswith("; G10")
        solver = z3.Solver()
        solver.from_string(text)
        assert solver.check() == expected


def test_what_is_exported_is_the_same_each_time(tmp_path: Path) -> None:
    rulebook = book(RULES, {"kept": KEPT})
    findings = found(rulebook, "G10")
    texts = set()
    for name in "ab":
        export(rulebook, AS_OF, findings, tmp_path / name)
        texts.add((tmp_path / name / "G10_kept.smt2").read_text("utf-8"))
    assert len(texts) == 1
