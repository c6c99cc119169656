"""An approval holds only where everything it says can be confirmed; each way to fail by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from recommender import Rulebook, load_rulebook
from recommender.engines import durable
from recommender.envelope import Envelope, canonical, envelope, read_envelope
from recommender.errors import ApprovalError, ContentError, Problem
from recommender.explain.render import render
from recommender.governance.approval import keys, reports, subject, verify
from recommender.governance.approval.policy import Policy
from recommender.governance.approval.review import review, verdict_document
from tests.approving import (
    ADVICE,
    DAY,
    FIRST,
    GUARD,
    LAST,
    NEEDED,
    PAPER,
    PEOPLE,
    Place,
    key_of,
    listed,
    signature,
    signed,
)
from tests.building import FILES, HEADER, Plain, answer, patient, problems, write


@pytest.fixture(autouse=True)
def _few_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "PEOPLE", 2)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place that trusts a policy, with nothing approved yet."""
    made = Place(tmp_path / "place")
    made.policy()
    return made


# ------------------------------------------------------------------------------- it holds


def test_two_clinicians_and_governance_approve_exactly_this(place: Place) -> None:
    statement = place.approval()
    verdict = place.verdict(repeat=True)
    assert verdict.problems == ()
    assert verdict.judged[0].problems == ()
    approval = verdict.approval
    assert approval is not None
    assert approval.content == verdict.rulebook.digest
    assert (approval.statement, approval.scope) == (statement.digest, "Tests only")
    assert (approval.valid_from.isoformat(), approval.until.isoformat()) == (FIRST, LAST)


def test_one_person_of_both_roles_and_a_clinician_are_enough(place: Place) -> None:
    place.approval("both", "cara")
    assert place.approves()


def test_an_answer_says_approved_only_then_and_the_notice_goes_away_only_then(
    place: Place,
) -> None:
    def pages(day: date) -> Iterator[str]:
        book = verify.approved(place.folder, place.pin, DAY)
        document = answer(book, as_of=day.isoformat(), observations={"mood": "high"}).to_dict()
        about = document["rulebook"]
        yield f"{about['approved']} {about['drafts']} {about['approval'] is not None}"
        for form in ("text", "markdown", "html"):
            yield " ".join(render(document, format=form).split())

    facts, *texts = pages(date(2026, 12, 2))
    assert facts == "False 0 False"
    assert all("Draft: not clinically approved." in text for text in texts)
    place.approval()
    facts, *texts = pages(date(2026, 12, 2))
    assert facts == "True 0 True"
    for text in texts:
        assert "Draft" not in text
        assert f"Approved by the governance group of this place until {LAST}" in text
        assert "Tests only" in text
    for outside in (date(2026, 11, 30), date(2027, 6, 2)):
        facts, *texts = pages(outside)
        assert facts.startswith("False")
        assert all("Draft: not clinically approved." in text for text in texts)


def test_drafts_need_a_reason_and_are_drafts_no_more_while_it_holds(tmp_path: Path) -> None:
    place = Place(tmp_path)
    write(place.folder, {"rules/rulebook.yaml": HEADER})
    place.policy()
    (found,) = problems(place.propose, ApprovalError)
    assert (found.code, "drafts" in found.hint) == ("A236", True)
    place.approval(accepted={"drafts": "Each rule was read at the meeting."})
    assert place.approves()
    book = verify.approved(place.folder, place.pin, DAY)
    day = {"as_of": "2026-12-02"}
    assert (book.drafts, answer(book, **day).to_dict()["rulebook"]["drafts"]) == (2, 0)


def test_a_withdrawn_rule_leaves_the_rest_approved(place: Place) -> None:
    place.approval()
    place.withdrawal("cara")
    verdict = place.verdict(repeat=True)
    assert verdict.approval is not None
    assert verdict.rulebook.digest != verdict.rulebook.content_digest
    book = verdict.rulebook.under(verdict.approval)
    document = answer(book, as_of="2026-12-02", observations={"mood": "high"}).to_dict()
    assert document["rulebook"]["approved"] is True
    assert [one["rule"] for one in document["basis"]["withdrawn"]] == [
        "adaptation.mindfulness.high"
    ]
    assert document["plan"] == []


# ------------------------------------------------------------------------------- who signed


@pytest.mark.parametrize(
    ("owners", "codes"),
    [
        (("cara",), ["A227", "A228", "A229"]),
        (("gus",), ["A227", "A228"]),
        (("gus", "gina"), ["A228"]),
        (("cara", "carl"), ["A229"]),
        (("cara", "gus"), ["A228"]),
        (("cara", "cara2", "gus"), ["A226", "A228"]),
        (("both",), ["A227", "A228"]),
        (("both", "gus"), ["A228"]),
        (("ann", "cara", "gus"), ["A225", "A228"]),
        (("stranger", "cara", "gus"), ["A221", "A228"]),
        (("old", "cara", "gus"), ["A224", "A228"]),
        (("early", "cara", "gus"), ["A224", "A228"]),
    ],
    ids=lambda value: "-".join(value),
)
def test_too_few_of_those_who_count(
    tmp_path: Path, owners: tuple[str, ...], codes: list[str]
) -> None:
    place = Place(tmp_path)
    more = [
        listed("cara2", "cara"),
        listed("old", "carl", until="2026-11-30"),
        listed("early", "carl", valid_from="2026-12-02"),
    ]
    place.policy(keys=[*(listed(name) for name in PEOPLE), *more])
    place.approval(*owners)
    assert place.codes() == codes


def test_a_person_counts_by_the_key_that_is_valid(tmp_path: Path) -> None:
    place = Place(tmp_path)
    old = listed("old", "cara", until="2026-11-30")
    place.policy(keys=[*(listed(name) for name in PEOPLE), old])
    place.approval("old", *NEEDED)
    assert place.approves()


def test_an_author_counts_for_nothing_that_they_wrote(place: Place) -> None:
    """Whatever other roles they have."""
    place.approval("aud", "cara", "gus", authors=["ann", "aud"])
    assert place.codes() == ["A225", "A228"]
    place.approval("aud", "cara", "gus")
    assert place.approves()


def test_only_those_who_may_are_authors(place: Place) -> None:
    place.approval(authors=["cara2"])
    assert place.codes() == ["A220"]
    place.approval(authors=["gina"])
    assert place.codes() == ["A220"]


def test_a_policy_may_ask_for_more_and_never_for_less(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.policy("cara", "carl", "gus", "gina", thresholds={"people": 4, "governance": 2})
    place.approval()
    assert place.codes() == ["A227", "A229"]
    place.approval("cara", "carl", "gus", "gina")
    assert place.approves()
    for less in ({"people": 1}, {"clinical": 0}, {"governance": 0}, {"clinical_for_safety": 1}):
        with pytest.raises(ContentError) as caught:
            Place(tmp_path / "less").policy(thresholds=less)
        assert [one.code for one in caught.value.problems] == ["C416"]


def test_a_signature_that_does_not_fit_spoils_the_statement(place: Place) -> None:
    """Even beside enough that do: somebody has touched the file."""
    other = signature("gina", envelope({"schema": "approval/1", "other": 1}))
    statement = place.approval()
    place.put(replace(statement, signatures=(*statement.signatures, other)))
    assert place.codes() == ["A222"]


def test_a_signature_counts_for_one_kind_of_statement(place: Place) -> None:
    """The same bytes signed as a policy are no approval."""
    proposed = place.propose()
    as_policy = Envelope("policy", proposed.payload, proposed.statement)
    wrong = tuple(signature(name, as_policy) for name in NEEDED)
    place.put(replace(proposed, signatures=wrong))
    assert place.codes() == ["A222", "A227", "A228", "A229"]


def test_signatures_of_another_statement_do_not_count(place: Place) -> None:
    first = place.approval()
    place.put(replace(place.propose(scope="Everywhere"), signatures=first.signatures))
    assert place.codes() == ["A222", "A227", "A228", "A229"]


# ------------------------------------------------------------------------------- what was signed


def _folder(place: Place, **files: Any) -> None:
    write(place.folder, {name.replace("__", "/") + ".yaml": data for name, data in files.items()})


def test_any_change_of_the_rules_ends_it(place: Place) -> None:
    place.approval()
    changed = ADVICE | {"because": "It helps a lot."}
    _folder(place, rules__adaptation__mindfulness={"topic": "M", "rules": {"high": changed}})
    assert place.codes() == ["A231"]


def test_comments_and_layout_are_no_change(place: Place) -> None:
    place.approval()
    file = place.folder / "rules/evidence.yaml"
    file.write_text("# a remark\n" + file.read_text("utf-8"), "utf-8")
    assert place.approves(repeat=True)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("engine", {"version": "0.0.1", "source": "0" * 64}),
        ("wording", "0" * 64),
        ("vignettes", "0" * 64),
    ],
)
def test_another_program_wording_or_vignettes_end_it(place: Place, part: str, value: Any) -> None:
    place.approval(**{part: value})
    assert place.codes() == ["A232"]


def test_a_changed_vignette_ends_it(place: Place) -> None:
    place.approval()
    write(place.folder, {"profiles/another.yaml": patient(id="another")})
    assert place.codes() == ["A232"]


def test_a_template_of_the_folder_ends_it(place: Place) -> None:
    place.approval()
    write(place.folder, {"templates/explanation/clinician.txt.j2": "nothing"})
    assert place.codes() == ["A232"]


def test_a_changed_program_ends_it(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.approval()
    monkeypatch.setattr(subject, "_source", lambda: "0" * 64)
    assert place.codes() == ["A232"]


def test_what_is_said_of_safety_is_compared_when_reports_are_repeated(place: Place) -> None:
    rules = {**place.propose().statement["rulebook"], "safety": "0" * 64}
    place.approval(rulebook=rules)
    assert place.approves()  # with two clinicians nothing rests on it
    assert place.codes(repeat=True) == ["A232"]


# ------------------------------------------------------------------------------- reports


def _report(place: Place, statement: Envelope, name: str) -> Path:
    """The file of a report of a statement."""
    named = {one["name"]: one["sha256"] for one in statement.statement["reports"]}
    return place.folder / "approvals/reports" / f"{named[name]}.json"


def test_a_missing_or_changed_report_ends_it(place: Place) -> None:
    statement = place.approval()
    lint, test = (_report(place, statement, name) for name in ("lint", "test"))
    whole = lint.read_bytes()
    lint.unlink()
    assert place.codes() == ["A233"]
    lint.write_bytes(whole + b" ")
    assert place.codes() == ["A233"]
    lint.write_bytes(test.read_bytes())
    assert place.codes() == ["A233"]
    lint.write_bytes(whole)
    assert place.approves()


def test_no_report_may_be_left_out(place: Place) -> None:
    listed_ = place.propose().statement["reports"]
    assert [one["name"] for one in listed_] == ["lint", "proof", "test"]
    for left in listed_:
        place.approval(reports=[one for one in listed_ if one != left])
        assert place.codes() == ["A233"]


def test_a_report_counts_under_its_own_name_only(place: Place) -> None:
    lint, proof, test = place.propose().statement["reports"]
    place.approval(reports=[{**lint, "name": "test"}, proof, {**test, "name": "lint"}])
    assert place.codes() == ["A233"]


def test_a_report_on_other_rules_does_not_count(place: Place) -> None:
    before = place.propose().statement["reports"]
    changed = ADVICE | {"because": "It helps a lot."}
    _folder(place, rules__adaptation__mindfulness={"topic": "M", "rules": {"high": changed}})
    place.approval(reports=before)
    assert place.codes() == ["A233"]


def _replaced(place: Place, name: str, **changes: Any) -> list[Plain]:
    """The reports of a statement, one of them changed before anybody signed."""
    stored = {one["name"]: one["sha256"] for one in place.propose().statement["reports"]}
    report = reports.kept(place.folder, name, stored[name])
    assert report is not None
    changed = canonical({**report, **changes})
    reports.keep(place.folder, {name: changed})
    stored[name] = reports.digest(changed)
    return [{"name": one, "sha256": stored[one]} for one in sorted(stored)]


def test_a_report_that_comes_out_otherwise_ends_it(place: Place) -> None:
    """It was changed before it was signed, which only making it again shows."""
    place.approval(reports=_replaced(place, "test", tried=[]))
    assert place.approves()
    assert place.codes(repeat=True) == ["A238"]
    place.approval(reports=_replaced(place, "lint", as_of="no day"))
    assert place.codes(repeat=True) == ["A238"]


@pytest.mark.durable
def test_a_report_of_two_engines_needs_two_engines(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.approval()
    assert place.approves(repeat=True)
    monkeypatch.setattr(durable, "missing", lambda: Problem("E120", "it is not here"))
    assert place.codes(repeat=True) == ["A238"]
    (found,) = place.verdict(repeat=True).judged[0].problems
    assert "Both engines" in found.hint
    assert place.approves()


def test_a_report_this_program_cannot_make_cannot_be_confirmed(place: Place) -> None:
    """Room for more reports: a later program may name one that this one does not know."""
    more = canonical(
        {"report": "diff/1", "rulebook": place.propose().statement["rulebook"]["digest"]}
    )
    reports.keep(place.folder, {"diff": more})
    named = [
        *place.propose().statement["reports"],
        {"name": "diff", "sha256": reports.digest(more)},
    ]
    place.approval(reports=named)
    assert place.approves()
    assert place.codes(repeat=True) == ["A238"]


def test_rules_that_fail_their_own_tests_cannot_be_proposed(place: Place) -> None:
    wrong = patient(observations={"mood": "low"}, expect={"at_least": ["mbct"]})
    write(place.folder, {"profiles/low.yaml": wrong})
    assert [one.code for one in problems(place.propose, ApprovalError)] == ["A237"]
    accepted = {"vignette low": "It does not matter."}
    found = problems(lambda: place.propose(accepted=accepted), ApprovalError)
    assert [one.code for one in found] == ["A236", "A237"]


def test_a_report_with_a_failure_is_no_ground_for_an_approval(place: Place) -> None:
    place.approval(reports=_replaced(place, "test", failed=[{"what": "vignette x"}]))
    assert place.codes() == ["A237"]


def _promise(place: Place, **promise: Any) -> None:
    """A promise that the rules make."""
    text = {"title": "Kept", "even_if_unknown": True, **promise}
    write(place.folder, {"rules/invariants.yaml": {"promise": text}})


def test_a_broken_promise_cannot_be_proposed(place: Place) -> None:
    _promise(place, when={"mood": "low"}, never={"recommended": "mbct"})
    place.approval()
    assert place.approves(repeat=True)
    _promise(place, when={"mood": "high"}, never={"recommended": "mbct"})
    (vignette,) = place.folder.glob("profiles/*.yaml")
    vignette.unlink()
    (found,) = problems(place.propose, ApprovalError)
    assert (found.code, "promise promise" in found.message) == ("A237", True)


def test_a_promise_nobody_could_decide_needs_a_reason(place: Place) -> None:
    finding = {
        "check": "G10",
        "subject": "promise",
        "verdict": "undecided",
        "severity": "error",
        "claim": "Kept",
    }
    named = _replaced(place, "proof", findings=[finding])
    statement = place.approval(reports=named)
    assert place.codes() == ["A236"]
    accepted = [{"finding": "G10 promise", "because": "Read by hand, twice."}]
    said = envelope({**statement.statement, "accepted": accepted}, statement.name)
    place.put(signed(said, *NEEDED))
    assert place.approves()


def test_what_lint_finds_needs_a_reason_in_the_statement(place: Place) -> None:
    bare = {key: value for key, value in ADVICE.items() if key != "limits"}
    _folder(place, rules__adaptation__mindfulness={"topic": "M", "rules": {"high": bare}})
    (found,) = problems(place.propose, ApprovalError)
    code = found.hint.partition("--accept '")[2].partition("=")[0]
    assert found.code == "A236"
    statement = place.approval(accepted={code: "It is said in the title."})
    assert place.approves(repeat=True)
    first, only = place.the_approval().text.accepted
    assert first.finding == "G15 everybody"
    assert only.finding.startswith(f"{code} rules/adaptation/mindfulness.yaml:")
    kept = statement.statement["accepted"][:1]
    unsaid = envelope({**statement.statement, "accepted": kept}, statement.name)
    place.put(signed(unsaid, *NEEDED))
    assert place.codes() == ["A236"]


def test_a_reason_for_nothing_is_a_mistake(place: Place) -> None:
    found = problems(lambda: place.propose(accepted={"L999": "Because it is."}), ApprovalError)
    assert [one.code for one in found] == ["A236"]


# ------------------------------------------------------------------------------- when


@pytest.mark.parametrize(
    ("day", "codes"),
    [("2026-11-30", ["A239"]), ("2027-06-02", ["A240"])],
)
def test_it_holds_on_its_days_and_on_no_other(place: Place, day: str, codes: list[str]) -> None:
    place.approval()
    for inside in (FIRST, LAST):
        assert place.approves(inside)
    assert place.codes(day) == codes


def test_it_ends_with_the_first_source_to_be_looked_at(place: Place) -> None:
    place.approval(review_by="2027-12-31")
    approval = place.verdict().approval
    assert approval is not None
    assert approval.until.isoformat() == PAPER["review_by"]
    assert place.approves("2027-11-24")
    assert place.codes("2027-11-25") == ["A234"]


def test_a_source_without_a_day_lets_nothing_hold(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.policy()
    undated = {key: value for key, value in PAPER.items() if key != "review_by"}
    _folder(place, rules__evidence=[undated])
    found = problems(lambda: place.propose(accepted={"L301": "We know it well."}), ApprovalError)
    assert {one.code for one in found} == {"A234"}


def test_it_cannot_be_proposed_for_longer_than_its_sources(place: Place) -> None:
    _folder(place, rules__evidence=[PAPER | {"review_by": "2027-05-31"}])
    (found,) = problems(place.propose, ApprovalError)
    assert (found.code, "2027-05-31" in found.hint) == ("A234", True)


def test_a_key_that_ends_ends_it(tmp_path: Path) -> None:
    place = Place(tmp_path)
    short = [listed(name, until="2027-03-01" if name == "gus" else "2028-01-01") for name in PEOPLE]
    place.policy(keys=short)
    place.approval()
    approval = place.verdict().approval
    assert approval is not None
    assert approval.until.isoformat() == "2027-03-01"
    assert place.codes("2027-03-02") == ["A224", "A229"]


# ------------------------------------------------------------------------------- changes


def test_a_change_that_leaves_safety_alone_needs_one_clinician(place: Place) -> None:
    place.approval()
    more = ADVICE | {"title": "Very high mood"}
    _folder(place, rules__adaptation__mindfulness={"topic": "M", "rules": {"high": more}})
    place.approval("cara", "gus", name="next.json")
    assert place.approves(repeat=True)


def test_a_change_of_a_guarding_rule_needs_two(place: Place) -> None:
    place.approval()
    less = GUARD | {"if_not_known": "caution", "justify": "It is asked."}
    _folder(place, rules__safety__mood={"topic": "Mood", "rules": {"low": less}})
    place.approval("cara", "gus", name="next.json")
    assert place.codes() == ["A228", "A231"]
    place.approval(name="next.json")
    assert place.approves()


@pytest.mark.parametrize("how", ["unsigned", "revoked", "gone", "one clinician"])
def test_an_approval_that_was_none_lowers_nothing(place: Place, how: str) -> None:
    """Else somebody would first write one for the changed safety rules, and then point at it."""
    owners = {"unsigned": ("ann",), "one clinician": ("cara", "gus")}.get(how, NEEDED)
    before = place.approval(*owners)
    place.approval("cara", "gus", name="next.json")
    if how == "revoked":
        place.revocation("gus", approval=before.digest)
    if how == "gone":
        (place.folder / "approvals" / before.name).unlink()
    assert "A228" in place.codes()


def test_a_lie_about_safety_lowers_nothing(place: Place) -> None:
    before = place.approval()
    less = GUARD | {"if_not_known": "caution", "justify": "It is asked."}
    _folder(place, rules__safety__mood={"topic": "Mood", "rules": {"low": less}})
    proposed = place.propose()
    lie = {**proposed.statement["rulebook"], "safety": before.statement["rulebook"]["safety"]}
    place.approval("cara", "gus", name="next.json", rulebook=lie)
    assert place.codes() == ["A228", "A231"]


def _changed(place: Place, **guard: Any) -> Rulebook:
    """The rules as they were, after another rule for safety was put in their place."""
    before = load_rulebook(place.folder)
    _folder(place, rules__safety__mood={"topic": "Mood", "rules": {"low": GUARD | guard}})
    return before


def test_what_changed_since_the_last_approval_becomes_part_of_the_next(place: Place) -> None:
    place.approval()
    before = _changed(place, if_not_known="caution", justify="It is asked.")
    statement = place.approval(before=before, name="next.json")
    said = statement.statement["previous"]
    file = place.folder / "approvals" / "reports" / f"{said['diff']}.json"
    report = json.loads(file.read_bytes())
    assert (report["report"], report["safety"], report["equivalent"]) == ("diff/1", True, False)
    assert (report["before"], report["rulebook"]) == (
        before.content_digest,
        statement.statement["rulebook"]["digest"],
    )
    assert place.approves(repeat=True)
    file.write_bytes(file.read_bytes().replace(b"true", b"null", 1))
    assert "A233" in place.codes()
    file.unlink()
    assert "A233" in place.codes()


def test_a_comparison_that_calls_it_safety_needs_two_clinicians(place: Place) -> None:
    """Whatever the digest of safety says: here a promise about the adaptation is the same."""
    place.approval()
    before = _changed(place, title="Low mood, as before")
    place.approval("cara", "gus", before=before, name="next.json")
    assert place.codes() == ["A228", "A231"]


def test_only_the_rules_of_the_last_approval_are_compared_with(place: Place) -> None:
    before = load_rulebook(place.folder)
    found = problems(lambda: place.propose(before=before), ApprovalError)
    assert [one.code for one in found] == ["A242"]
    place.approval()
    _changed(place, title="Otherwise")
    other = _changed(place, title="Once more")
    found = problems(lambda: place.propose(before=other), ApprovalError)
    assert [one.code for one in found] == ["A242"]


# ------------------------------------------------------------------------------- revoked, rotated


def test_a_revoked_approval_is_none(place: Place) -> None:
    statement = place.approval()
    for owner in ("gus", "cara"):
        file = place.folder / "approvals" / place.revocation(owner, approval=statement.digest).name
        assert place.codes() == ["A235"]
        assert place.codes("2026-12-31") == ["A235"]
        file.unlink()
    assert place.approves()


def test_a_revoked_key_never_signed(place: Place) -> None:
    """It cannot be known whether its signatures came before the loss."""
    place.approval()
    place.revocation("gus", key=key_of("carl").keyid)
    assert place.codes() == ["A223", "A228"]
    place.approval("cara", "both", "gus")
    assert place.approves()


@pytest.mark.parametrize("owner", ["", "ann", "stranger"])
def test_what_nobody_who_may_has_signed_lets_nothing_hold(place: Place, owner: str) -> None:
    place.approval()
    file = place.put(place.revocation(owner, approval="0" * 64))
    assert place.codes() == ["A205"]
    file.unlink()
    assert place.approves()
    place.withdrawal(owner)
    assert place.codes() == ["A205"]


def test_governance_alone_does_not_withdraw_a_rule_and_the_rule_is_silent_all_the_same(
    place: Place,
) -> None:
    place.approval()
    place.withdrawal("gus")
    assert place.codes() == ["A205"]
    assert place.verdict().rulebook.rules["adaptation.mindfulness.high"].status == "retired"


def test_keys_change_with_the_next_policy(place: Place) -> None:
    """The pinned one decides about the next; what the new people sign counts, the old no more."""
    pin = place.pin
    place.approval()
    kept = {"gus", "ann", "both"}
    new = [listed(f"{name}2" if name not in kept else name, name) for name in PEOPLE]
    place.policy("both", "gus", keys=new, trusted=False)
    assert place.pin == pin
    assert place.codes() == ["A221", "A227", "A228"]
    place.approval("cara2", "carl2", "gus")
    assert place.approves()


@pytest.mark.parametrize(
    "owners", [("cara",), ("cara", "carl"), ("cara", "aud"), ("stranger", "gus")]
)
def test_a_policy_follows_only_as_the_one_before_asks(
    place: Place, owners: tuple[str, ...]
) -> None:
    place.approval()
    place.policy(*owners, trusted=False)
    assert "A203" in place.codes()


def test_a_policy_signed_by_its_own_new_people_does_not_follow(place: Place) -> None:
    place.approval()
    mine = [{"id": "eve", "roles": ["clinical"]}, {"id": "evan", "roles": ["governance"]}]
    place.policy("eve", "evan", trusted=False, people=mine, keys=[listed("eve"), listed("evan")])
    assert "A203" in place.codes()


def test_two_policies_that_follow_one_are_one_too_many(place: Place) -> None:
    place.approval()
    second = place.policy(trusted=False)
    other = envelope(
        {**second.statement, "thresholds": {**second.statement["thresholds"], "people": 3}}
    )
    place.put(signed(other, "cara", "gus"), "policy-2b.json")
    assert place.codes() == ["A204"]


def test_versions_are_counted_one_by_one(place: Place) -> None:
    place.approval()
    second = place.policy(trusted=False)
    (place.folder / "approvals" / second.name).unlink()
    place.put(signed(envelope({**second.statement, "version": 3}), "cara", "gus"), "p.json")
    assert place.codes() == ["A203"]


def test_the_pinned_policy_is_signed_by_its_own_people(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.policy("cara")
    place.approval()
    assert place.codes() == ["A227", "A229"]


def test_a_place_that_pins_nothing_or_something_else_trusts_nobody(place: Place) -> None:
    place.approval()
    place.pin = ""
    assert place.codes() == ["A201"]
    place.pin = "0" * 64
    assert place.codes() == ["A201", "A202"]


def test_an_old_key_does_not_carry_a_policy_on(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.policy(keys=[listed(name, until="2026-12-31") for name in PEOPLE])
    place.policy(trusted=False)
    place.approval()
    assert place.approves("2026-12-31")
    assert "A203" in place.codes("2027-01-01")
    place.pin = read_envelope((place.folder / "approvals/policy-2.json").read_bytes(), "p").digest
    assert place.approves("2027-01-01")


BROKEN: dict[str, Plain] = {
    "a person twice": {"people": [{"id": "ann", "roles": ["author"]}] * 2},
    "a key twice": {"keys": [listed("cara"), listed("cara", "carl")]},
    "a key of nobody": {"keys": [listed("cara", "nobody")]},
    "a key that is none": {"keys": [listed("cara") | {"public": "AAAA"}]},
    "a key that ends before it begins": {"keys": [listed("cara", until="2025-01-01")]},
    "a role that is none": {"people": [{"id": "ann", "roles": ["boss"]}]},
    "a person with a name": {"people": [{"id": "Ann Smith", "roles": ["author"]}]},
    "a day that is none": {"keys": [listed("cara", until="soon")]},
    "a day as a number": {"keys": [listed("cara") | {"until": 20261231}]},
    "something more": {"more": 1},
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_policy_that_does_not_fit_is_refused(tmp_path: Path, name: str) -> None:
    found = problems(lambda: Place(tmp_path).policy(**BROKEN[name]), ContentError)
    assert {one.code for one in found} == {"C416"}


# ------------------------------------------------------------------------------- tampering


def test_no_byte_of_an_approval_can_be_changed(place: Place) -> None:
    """Of many bytes one bit: refused, or not approved, or the very same statement."""
    statement = place.approval()
    file = place.folder / "approvals" / statement.name
    whole = file.read_bytes()
    for at in range(0, len(whole), 7):
        changed = bytearray(whole)
        changed[at] ^= 1 << (at % 7)
        file.write_bytes(bytes(changed))
        try:
            holds = place.approves()
        except ContentError:
            continue
        if holds:
            read = read_envelope(bytes(changed), statement.name)
            assert (read.payload, read.signatures) == (statement.payload, statement.signatures)


def test_no_byte_of_what_is_signed_can_be_changed(place: Place) -> None:
    """The same inside the payload and inside a signature, each byte."""
    statement = place.approval()
    policy = read_envelope((place.folder / "approvals/policy-1.json").read_bytes(), "p")
    signing_keys = {key.id: key.public for key in Policy.model_validate(policy.statement).keys}
    for one in statement.signatures:
        for data, sig in _flipped(statement.signed_bytes, one.sig):
            assert not keys.fits(signing_keys[one.keyid], sig, data)
        assert keys.fits(signing_keys[one.keyid], one.sig, statement.signed_bytes)


def _flipped(data: bytes, sig: bytes) -> Iterator[tuple[bytes, bytes]]:
    for at in range(len(data)):
        yield data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :], sig
    for at in range(len(sig)):
        yield data, sig[:at] + bytes([sig[at] ^ 1]) + sig[at + 1 :]


def test_a_file_that_cannot_be_read_lets_nothing_hold(place: Place) -> None:
    place.approval()
    place.put(Envelope("approval", b'{ "schema": "approval/1"}', {}, ()), "x.json")
    found = problems(place.verdict, ContentError)
    assert [(one.code, one.file) for one in found] == [("C413", "approvals/x.json")]


def test_an_approval_with_other_parts_is_refused(place: Place) -> None:
    place.put(envelope({**place.propose().statement, "more": 1}), "approval-x.json")
    found = problems(place.verdict, ContentError)
    assert [one.code for one in found] == ["C416"]


def test_of_several_the_one_that_holds_longest_counts(place: Place) -> None:
    place.approval()
    place.approval(name="b.json", review_by="2027-01-01")
    approval = place.verdict().approval
    assert approval is not None
    assert approval.until.isoformat() == LAST


def test_verdicts_are_the_same_each_time(place: Place) -> None:
    place.approval("cara", "gus", "ann")
    documents = [verdict_document(place.verdict()) for _ in range(2)]
    assert json.dumps(documents[0]) == json.dumps(documents[1])
    looked = [review(place.folder, place.pin, DAY, 90) for _ in range(2)]
    assert json.dumps(looked[0]) == json.dumps(looked[1])


def test_the_same_proposal_is_the_same_bytes(place: Place) -> None:
    assert place.propose().written() == place.propose().written()


def test_an_approval_is_bound_to_its_content(place: Place, tmp_path: Path) -> None:
    place.approval()
    other = load_rulebook(write(tmp_path / "other", FILES))
    with pytest.raises(ValueError, match="another content"):
        other.under(place.verdict().approval)


def test_nothing_that_is_shipped_is_approved_and_no_key_is_shipped() -> None:
    root = Path(__file__).parents[2]
    assert not (root / "approvals").exists()
    found = [file for ending in keys.ENDINGS for file in root.glob(f"*/**/*{ending}")]
    assert [file for file in found if ".venv" not in file.parts] == []
    verdict = verify.verify(None, "", DAY)
    assert verdict.approval is None
    assert {one.code for one in verdict.problems} == {"A201", "A230"}
