"""A rule can be withdrawn at once; a withdrawal takes away advice and never protection."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender import Rulebook, load_rulebook, recommend
from recommender.content import root
from recommender.envelope import Envelope, envelope
from recommender.errors import ContentError, EngineError
from recommender.explain.render import render
from recommender.governance.synthetic import synthetic
from recommender.profile import read_profile
from recommender.rules import Rule, Verb
from recommender.withdrawal import EFFECTS, Effect, effect_on
from tests.building import FILES, RULE, SAFE, Plain, answer, problems, statuses, write

SHIPPED = load_rulebook()
SLOWLY: Plain = {
    "title": "T",
    "when": {"mood": "high"},
    "caution": "ba",
    "adjust": "Slowly.",
    "because": "B",
}
ALSO: Plain = {"title": "T", "when": {"mood": "high"}, "recommend": "ba", "because": "B"}
TWO: Plain = {
    **FILES,
    "rules/vocabulary/adaptations.yaml": [
        {"id": name, "title": name, "phase": 2} for name in ("mbct", "ba")
    ],
    "rules/adaptation/mindfulness.yaml": {
        "topic": "M",
        "rules": {"high": RULE, "also": ALSO},
    },
    "rules/safety/mood.yaml": {"topic": "S", "rules": {"low": SAFE | {"when": {"mood": "low"}}}},
    "rules/safety/care.yaml": {"topic": "C", "rules": {"slowly": SLOWLY}},
}


def withdrawal(rule: str, effect: str = "silent", **changes: str) -> Envelope:
    statement = {
        "schema": "withdrawal/1",
        "rulebook": "tiny",
        "rule": rule,
        "effect": effect,
        "title": "Kept out",
        "until": "Somebody has decided",
        "because": "A report is being looked into.",
        "on": "2026-12-01",
    }
    return envelope(statement | changes)


def site(folder: Path, *withdrawals: Envelope, files: Plain = TWO) -> Rulebook:
    write(folder, files)
    (folder / "approvals").mkdir()
    for n, one in enumerate(withdrawals):
        (folder / "approvals" / f"w{n}.json").write_bytes(one.written())
    return load_rulebook(folder)


HIGH: Plain = {"observations": {"mood": "high"}}


def test_advice_that_is_withdrawn_is_silent_and_other_advice_stays(tmp_path: Path) -> None:
    book = site(tmp_path, withdrawal("adaptation.mindfulness.high"))
    assert statuses(answer(book, **HIGH)) == {"mbct": "not_indicated", "ba": "recommended"}


@pytest.mark.parametrize(
    ("rule", "out"), [("safety.mood.low", "mbct"), ("safety.care.slowly", "ba")]
)
def test_what_a_guarding_rule_is_about_is_kept_out_for_everybody(
    tmp_path: Path, rule: str, out: str
) -> None:
    book = site(tmp_path, withdrawal(rule, "kept_out"))
    for mood in ("high", "mild", "low"):
        assert statuses(answer(book, observations={"mood": mood}))[out] == "excluded"
    assert statuses(answer(book))[out] == "excluded"


def test_the_answer_says_so_in_every_format(tmp_path: Path) -> None:
    book = site(tmp_path, withdrawal("safety.mood.low", "kept_out"))
    document = answer(book, **HIGH).to_dict()
    assert document["basis"]["withdrawn"] == [
        {
            "rule": "safety.mood.low",
            "title": "T",
            "effect": "kept_out",
            "because": "A report is being looked into.",
            "on": "2026-12-01",
        }
    ]
    (aside,) = (one for one in document["set_aside"] if one["adaptation"] == "mbct")
    (because,) = aside["because"]
    assert (because["title"], because["text"]) == ("Kept out", "A report is being looked into.")
    assert aside["until"] == ["Somebody has decided"]
    for form in ("text", "markdown", "html"):
        page = render(document, format=form)
        assert "Rules that have been withdrawn" in page
        assert "kept out for everybody" in " ".join(page.split())


def test_the_digest_changes_with_what_is_withdrawn_and_that_of_the_files_stays(
    tmp_path: Path,
) -> None:
    plain = site(tmp_path / "a")
    books = [
        site(tmp_path / "b", withdrawal("adaptation.mindfulness.high")),
        site(tmp_path / "c", withdrawal("adaptation.mindfulness.also")),
        site(tmp_path / "d", withdrawal("adaptation.mindfulness.high", on="2026-12-02")),
    ]
    assert {one.content_digest for one in books} == {plain.digest}
    assert len({plain.digest, *(one.digest for one in books)}) == 4


def test_a_pinned_digest_does_not_fit_once_a_rule_is_withdrawn(tmp_path: Path) -> None:
    pin = site(tmp_path).digest
    (tmp_path / "approvals/w.json").write_bytes(withdrawal("adaptation.mindfulness.high").written())
    found = problems(lambda: load_rulebook(tmp_path, pin=pin), ContentError)
    assert [one.code for one in found] == ["C401"]


def test_the_second_start_from_the_compiled_form_withdraws_too(tmp_path: Path) -> None:
    first = site(tmp_path, withdrawal("adaptation.mindfulness.high"))
    assert load_rulebook(tmp_path).digest == first.digest
    assert load_rulebook(tmp_path).rules["adaptation.mindfulness.high"].status == "retired"


def test_a_rule_that_is_retired_already_changes_nothing(tmp_path: Path) -> None:
    retired = RULE | {"status": "retired"}
    files = {**TWO, "rules/adaptation/mindfulness.yaml": {"topic": "M", "rules": {"high": retired}}}
    book = site(tmp_path, withdrawal("adaptation.mindfulness.high"), files=files)
    assert (book.withdrawn, book.digest) == ({}, book.content_digest)


# ------------------------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        (withdrawal("adaptation.mindfulness.hihg"), "C414"),
        (withdrawal("adaptation.mindfulness.high", rulebook="other"), "C414"),
        (withdrawal("adaptation.mindfulness.high", "kept_out"), "C415"),
        (withdrawal("safety.mood.low", "silent"), "C415"),
        (withdrawal("safety.mood.low", "gone"), "C416"),
        (withdrawal("safety.mood.low", "kept_out", because="short"), "C416"),
        (withdrawal("safety.mood.low", "kept_out", on="soon"), "C416"),
        (withdrawal("safety.mood.low", "kept_out", more="x"), "C416"),
    ],
)
def test_what_cannot_be_followed_is_no_rulebook_at_all(
    tmp_path: Path, statement: Envelope, code: str
) -> None:
    """Else somebody would believe that the rule is gone."""
    found = problems(lambda: site(tmp_path, statement), ContentError)
    assert [(one.code, one.file) for one in found] == [(code, "approvals/w0.json")]


def test_a_file_that_cannot_be_read_is_no_rulebook_either(tmp_path: Path) -> None:
    site(tmp_path)
    (tmp_path / "approvals/w.json").write_text("{", "utf-8")
    assert [one.code for one in problems(lambda: load_rulebook(tmp_path), ContentError)] == ["C117"]


@pytest.mark.parametrize("verb", [verb for verb in Verb if verb not in EFFECTS])
def test_rules_whose_silence_could_weaken_safety_cannot_be_withdrawn(verb: Verb) -> None:
    """Stops, questions, conclusions, notices, and how parts are chosen, ordered and limited."""
    rules = SHIPPED.by_verb(verb)
    assert rules
    for rule in rules:
        (found,) = problems(partial(effect_on, rule), ContentError)
        assert found.code == "C415"
        assert "docs/approval.md" in found.hint


# ------------------------------------------------------------------------------- what it promises

RULES = [rule for rule in SHIPPED.rules.values() if rule.verb in EFFECTS]


@given(st.sampled_from(RULES), st.integers(0, 10_000), st.sampled_from((0.1, 0.4, 0.8)))
def test_withdrawing_any_shipped_rule_takes_away_and_protects_no_less(
    rule: Rule, seed: int, share: float
) -> None:
    """Drawn people: no stop, exclusion or caution is lost, and nothing new is recommended."""
    profile = synthetic(SHIPPED, seed, share)
    effect = EFFECTS[rule.verb]
    book = SHIPPED.without([withdrawal(rule.id, effect.value, rulebook="trd_cbt")])
    before = recommend(profile, SHIPPED)
    try:
        after = recommend(profile, book)
    except EngineError as error:
        if {one.code for one in error.problems} != {"E110"}:
            raise
        return  # an invariant rests on the rule: then there is no plan
    assert [one.rule.id for one in after.plan.stops] == [one.rule.id for one in before.plan.stops]
    kept_out = {*rule.targets} if effect is Effect.KEPT_OUT else set()
    assert kept_out.isdisjoint(after.recommended)
    for name, candidate in after.candidates.items():
        was = before.candidates[name]
        if name in kept_out:
            assert candidate.status.value in ("excluded", "held")
            continue
        assert {one.id for one in was.excludes} == {one.id for one in candidate.excludes}
        assert {one.id for one in was.cautions} <= {one.id for one in candidate.cautions}
        if candidate.membership.value == "recommended":
            assert was.membership.value == "recommended"


def test_the_way_out_of_the_page_on_safety_does_what_it_says(tmp_path: Path) -> None:
    profile = read_profile((root() / "profiles/tms_candidate_screened.yaml").read_bytes(), "x")
    before = recommend(profile, SHIPPED)
    assert "tms" in before.recommended
    (entry,) = (one for one in before.to_dict()["plan"] if one["adaptation"] == "tms")
    rules = [one["rule"] for one in entry["because"] if one["verb"] == "recommend"]
    book = SHIPPED.without([withdrawal(rule, rulebook="trd_cbt") for rule in rules])
    assert "tms" not in recommend(profile, book).recommended
