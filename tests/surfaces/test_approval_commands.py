"""The commands about approvals as people and programs use them: output, exit codes, mistakes."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from recommender import load_rulebook
from recommender.governance.approval import keys, reports
from recommender.surfaces.cli import app, options
from tests.approving import DAY, LAST, NEEDED, Place
from tests.building import patient, write

RULE = "adaptation.mindfulness.high"
WHY = "A report is being looked into."


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "PEOPLE", 2)
    monkeypatch.setattr(options, "today", lambda: DAY)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path / "place")
    made.policy()
    profile = patient(observations={"mood": "high"})
    del profile["as_of"]
    write(tmp_path, {"first.yaml": profile, "old.yaml": {**profile, "as_of": "2026-11-30"}})
    return made


def run(*words: str, code: int = 0, typed: str | None = None, trust: str = "") -> str:
    environment = {"RECOMMENDER_TRUST": trust} if trust else {}
    result = CliRunner().invoke(app, [*words], input=typed, env=environment)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return " ".join(result.output.split())


def recommend(profile: str, *words: str, **more: Any) -> str:
    return run("recommend", profile, "--content", "place", *words, **more)


# ------------------------------------------------------------------------------- answers


def test_required_means_today_and_the_day_of_the_answer(place: Place) -> None:
    required = "--require-approved"
    for words in ((), (required,)):
        said = recommend("first.yaml", *words, code=7 if words else 0)
        assert "not clinically approved" in said
    place.approval()
    assert "A201" in recommend("first.yaml", required, code=7)
    assert f"until {LAST}" in recommend("first.yaml", required, trust=place.pin)
    assert f"until {LAST}" in recommend("first.yaml", required, "--trust", place.pin)
    assert "Draft: not" in recommend("first.yaml", "--trust", "0" * 64)
    assert "A202" in recommend("first.yaml", required, "--trust", "0" * 64, code=7)
    # A profile that carries an old day brings nothing back, nor forth.
    assert "A241" in recommend("old.yaml", required, code=7, trust=place.pin)
    assert "Draft: not" in recommend("old.yaml", trust=place.pin)
    assert "A241" in recommend(
        "first.yaml", required, "--as-of", "2027-06-02", code=7, trust=place.pin
    )


def test_a_day_in_the_past_brings_no_approval_back(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.approval()
    monkeypatch.setattr(options, "today", lambda: date(2027, 6, 2))
    inside = ("--as-of", "2026-12-02")
    assert "A240" in recommend("first.yaml", "--require-approved", *inside, code=7, trust=place.pin)
    assert "Draft: not" in recommend("first.yaml", *inside, trust=place.pin)


def test_every_command_that_answers_says_whether_it_is_a_draft(place: Place) -> None:
    place.approval()
    draft = "Draft: not clinically approved."
    for words in (
        ("why", "first.yaml", "mbct"),
        ("why-not", "first.yaml", "mbct"),
        ("ask", "first.yaml"),
        ("what-if", "first.yaml", "--set", "mood=low"),
        ("recommend", "first.yaml", "--audience", "governance"),
    ):
        assert draft in run(*words, "--content", "place")
        assert draft not in run(*words, "--content", "place", trust=place.pin)
    assert draft in run("intake", "first.yaml", "--content", "place", typed="q\n")
    assert draft not in run(
        "intake", "first.yaml", "--content", "place", typed="q\n", trust=place.pin
    )


def test_the_document_says_by_which_statement(place: Place) -> None:
    statement = place.approval()
    said = json.loads(recommend("first.yaml", "--format", "json", trust=place.pin))["rulebook"]
    assert (said["approved"], said["drafts"]) == (True, 0)
    assert said["approval"] == {
        "statement": statement.digest,
        "scope": "Tests only",
        "valid_from": "2026-12-01",
        "until": LAST,
    }
    said = json.loads(recommend("first.yaml", "--format", "json"))["rulebook"]
    assert (said["approved"], said["approval"]) == (False, None)


# ------------------------------------------------------------------------------- verify, review


def test_verify_says_what_holds_and_ends_with_one_where_nothing_is_approved(place: Place) -> None:
    said = run("rules", "verify", "--content", "place", "--no-repeat", code=1)
    assert "Not approved on 2026-12-01." in said
    place.approval("cara", "gus", "ann")
    said = run("rules", "verify", "--content", "place", "--trust", place.pin, code=1)
    assert "yes the rules are those that were approved" in said
    assert "NO enough people signed exactly this" in said
    assert "Signed by cara (clinical), gus (governance)" in said
    assert "ann is an author" in said
    assert "A228" in said
    place.approval()
    said = run("rules", "verify", "--content", "place", trust=place.pin)
    assert f"Approved until {LAST}." in said
    assert "NO" not in said.split()
    assert "come out the same again" in said
    said = run(
        "rules", "verify", "--content", "place", "--as-of", "2027-06-02", code=1, trust=place.pin
    )
    assert "NO the day lies inside" in said


def test_what_was_not_looked_at_is_not_said_to_hold(place: Place) -> None:
    place.approval()
    header = place.folder / "rules/rulebook.yaml"
    header.write_text(header.read_text("utf-8").replace("Tiny", "Small"), "utf-8")
    words = ("rules", "verify", "--content", "place", "--format", "json")
    (one,) = json.loads(run(*words, code=1, trust=place.pin))["approvals"]
    assert {check["check"]: check["holds"] for check in one["checks"]} == {
        "rules": False,
        "around": None,
        "reports": None,
        "people": None,
        "revoked": None,
        "days": None,
    }


def test_review_shows_what_comes_due(place: Place) -> None:
    place.approval()
    rules = yaml.safe_load((place.folder / "rules/safety/mood.yaml").read_text("utf-8"))
    write(
        place.folder,
        {
            "rules/safety/mood.yaml": rules
            | {
                "rules": {
                    "low": rules["rules"]["low"] | {"effective_period": {"end": "2027-01-01"}}
                }
            }
        },
    )
    place.withdrawal("cara")
    words = ("rules", "review", "--content", "place", "--trust", place.pin)
    said = run(*words)
    assert "another state of the rules" in said
    assert "active 2027-11-24 safety.mood.low, ends 2027-01-01" in said
    assert f"{RULE}, withdrawn, without effect, since 2026-12-01" in said
    assert "None is due." in said
    assert "roe_2020 2027-11-24 in 358 days; rules that cite it: 1" in run(
        *words, "--within", "400"
    )
    late = run(*words, "--as-of", "2027-11-30")
    assert "roe_2020 2027-11-24 overdue" in late
    assert "safety.mood.low, its period is over (2027-01-01)" in late
    document = json.loads(run(*words, "--format", "json"))
    assert document["life_cycle"] == {"draft": 0, "active": 2, "retired": 0}
    assert [one["rule"] for one in document["rules"]] == [RULE, "safety.mood.low"]


def test_review_says_who_signed_and_until_when(place: Place) -> None:
    place.approval()
    said = run("rules", "review", "--content", "place", "--within", "200", trust=place.pin)
    assert f"Approved until {LAST}. Plan its review." in said
    assert "holds, ends 2027-06-01 (182 days), signed by cara, carl, gus" in said
    assert f"Approved until {LAST}. -" in run(
        "rules", "review", "--content", "place", trust=place.pin
    )


@pytest.mark.parametrize("columns", ["60", "80", "100"])
def test_pages_fit_the_terminal(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    for words in (["rules", "review", "--within", "700"], ["rules", "verify", "--no-repeat"]):
        lines = CliRunner().invoke(app, words).stdout.splitlines()
        long = [line for line in lines if len(line) > int(columns)]
        assert [line for line in long if " " in line.strip()] == []


def test_review_lists_every_rule_on_request() -> None:
    said = run("rules", "review", "--all")
    assert said.count(" draft 202") + said.count(" draft - ") >= len(load_rulebook().rules)
    assert "safety.tms.metal_near_head" in said
    assert "crisis_team" in said


# ------------------------------------------------------------------------------- taking away


def key_in(folder: Path, owner: str = "cara", password: str = "") -> Path:
    """The file of a key that the policy knows."""
    from tests.approving import key_of

    file = folder / f"{owner}.key"
    file.touch(0o600)
    file.write_bytes(keys._pem(key_of(owner)._key, password))
    return file


def test_one_clinician_withdraws_a_rule_and_the_answer_changes(
    place: Place, tmp_path: Path
) -> None:
    place.approval()
    key = str(key_in(tmp_path))
    assert "mbct" in recommend("first.yaml", trust=place.pin).partition("Not now")[0]
    said = run("rules", "withdraw", RULE, "--content", "place", "--because", WHY, "--key", key)
    assert "it does nothing more, from now on" in said
    answer = recommend("first.yaml", "--require-approved", trust=place.pin)
    assert "Withdrawn, without effect:" in answer
    assert WHY in answer
    assert "No adaptation is indicated" in answer
    again = ("rules", "withdraw", RULE, "--content", "place", "--because", WHY, "--key", key)
    assert "A103" in run(*again, code=7)


def test_what_a_guard_is_about_is_kept_out_under_a_title_that_says_so(
    place: Place, tmp_path: Path
) -> None:
    key = str(key_in(tmp_path))
    run(
        "rules", "withdraw", "safety.mood.low", "--content", "place", "--because", WHY, "--key", key
    )
    said = run("why-not", "first.yaml", "mbct", "--content", "place")
    assert "Kept out for everybody for the time being; withdrawn was: Low mood" in said
    assert "The clinical-governance group has decided about the rule" in said


def test_revoking_by_file_or_by_the_name_of_a_key(place: Place, tmp_path: Path) -> None:
    place.approval()
    gus = str(key_in(tmp_path, "gus"))
    words = ("--content", "place", "--because", WHY, "--key", gus)
    carl = keys.load_key(key_in(tmp_path, "carl")).keyid
    run("rules", "revoke", carl, *words)
    assert place.codes() == ["A223", "A228"]
    run("rules", "revoke", "place/approvals/approval-2026-12-01.json", *words)
    assert place.codes() == ["A223", "A228", "A235"]
    assert "is no approval" in run(
        "rules", "revoke", "place/approvals/policy-1.json", *words, code=2
    )
    assert "name the file" in run("rules", "revoke", "something", *words, code=2)


# ------------------------------------------------------------------------------- keys, mistakes


def test_a_password_is_asked_for_and_never_shown(place: Place, tmp_path: Path) -> None:
    said = run("rules", "sign", "--new-key", "mine.key", "--password", typed="word\nword\n")
    assert "word" not in said.replace("Password", "")
    assert keys.load_key(tmp_path / "mine.key", "word").public in said
    file = str(place.put(place.policy()))
    assert "Signatures 3" in run("rules", "sign", file, "--key", "mine.key", typed="word\n")
    assert "A102" in run("rules", "sign", file, "--key", "mine.key", typed="other\n", code=7)


PROPOSING = ["propose", "--author", "ann", "--scope", "x", "--review-by", "2027-01-01"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sign"], "name a statement and --key"),
        (["sign", "x.json"], "name a statement and --key"),
        (["sign", "x.json", "--key", "a.key", "--new-key", "b.key"], "name a statement and --key"),
        (["policy", "none.yaml"], "no such file"),
        (["withdraw", "nothing.such", "--because", WHY, "--key", "a.key"], "there is no rule"),
        ([*PROPOSING, "--valid-from", "soon"], "a day is written as"),
        ([*PROPOSING, "--valid-from", "2026-12-01", "--accept", "drafts"], "write it as"),
        (["verify", "--as-of", "soon"], "a day is written as"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_a_wrong_command_line_says_how_to_write_it(words: list[str], said: str) -> None:
    output = run("rules", *words, code=2)
    assert said in " ".join(output.replace("│", " ").split())


def test_what_cannot_be_read_has_the_exit_code_of_content(place: Place, tmp_path: Path) -> None:
    key = str(key_in(tmp_path))
    assert "C121" in run("rules", "sign", "none.json", "--key", key, code=3)
    (tmp_path / "people.yaml").write_text("[]")
    assert "C203" in run("rules", "policy", "people.yaml", "--content", "place", code=3)
    (place.folder / "approvals/x.json").write_text("{")
    assert "C117" in recommend("first.yaml", code=3)
    assert "C117" in run("rules", "verify", "--content", "place", code=3)


def test_the_proposal_is_shown_with_what_it_asks_to_accept(place: Place) -> None:
    said = run(
        *("rules", "propose", "--content", "place", "--author", "ann", "--scope", "Tests"),
        *("--valid-from", "2026-12-01", "--review-by", "2027-06-01", "--as-of", "2026-12-01"),
        *("--accept", "G15=The text says what comes next."),
    )
    assert "Signatures none yet: read it, then sign it" in said
    assert "Before it none: everything is new" in said
    assert {"test", "lint", "proof"} <= {*said.replace(",", "").split()}
    assert NEEDED == ("cara", "carl", "gus")
