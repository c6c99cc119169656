"""A place with a small rulebook, people with keys of their own, and what they sign.

Keys are made anew for each run and live in the test's folder; nothing here is a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from recommender import Rulebook
from recommender.envelope import FOLDER, Envelope, Signature, canonical, envelope, read_envelope
from recommender.governance.approval import keys, reports, signing
from recommender.governance.approval.statement import Terms, propose
from recommender.governance.approval.verify import Judged, Verdict, verify
from tests.building import FILES, HEADER, MOOD, Plain, patient, write

DAY = date(2026, 12, 1)
FIRST, LAST = "2026-12-01", "2027-06-01"

EXAMPLES: Plain = {"fires": {"mood": "high"}, "silent": {"mood": "low"}, "unknown": {}}
ADVICE: Plain = {
    "title": "High mood",
    "when": {"mood": "high"},
    "recommend": "mbct",
    "because": "It helps.",
    "limits": "Not alone.",
    "certainty": "moderate",
    "evidence": ["roe_2020"],
    "examples": EXAMPLES,
}
GUARD: Plain = {key: value for key, value in ADVICE.items() if key != "recommend"} | {
    "title": "Low mood",
    "when": {"mood": "low"},
    "exclude": "mbct",
    "examples": {"fires": {"mood": "low"}, "silent": {"mood": "high"}, "unknown": {}},
}
PAPER: Plain = {
    "id": "roe_2020",
    "title": "On mood",
    "DOI": "10.1000/182",
    "checked": "source",
    "review_by": "2027-11-24",
}
RULES: Mapping[str, Any] = {
    **FILES,
    "rules/rulebook.yaml": HEADER | {"status": "active"},
    "rules/vocabulary/features.yaml": [MOOD | {"question": "How is the mood?"}],
    "rules/evidence.yaml": [PAPER],
    "rules/adaptation/mindfulness.yaml": {"topic": "Mindfulness", "rules": {"high": ADVICE}},
    "rules/safety/mood.yaml": {"topic": "Mood", "rules": {"low": GUARD}},
    "profiles/high.yaml": patient(
        observations={"mood": "high"}, expect={"at_least": ["mbct"], "rationale": "High."}
    ),
}

PEOPLE: Mapping[str, Sequence[str]] = {
    "ann": ["author"],
    "cara": ["clinical"],
    "carl": ["clinical"],
    "gus": ["governance"],
    "gina": ["governance"],
    "both": ["clinical", "governance"],
    "aud": ["author", "clinical"],
}
NEEDED = ("cara", "carl", "gus")


@cache
def key_of(owner: str) -> keys.PrivateKey:
    """The key of a person, or another of theirs such as cara2."""
    ed25519 = keys._ed25519()
    return keys.PrivateKey(ed25519.Ed25519PrivateKey.generate())


def listed(owner: str, person: str = "", **days: str) -> Plain:
    """A key as it stands in a policy."""
    public = key_of(owner).public
    start = {"valid_from": "2026-01-01", "until": "2028-01-01"}
    return {"person": person or owner, "public": public} | start | days


def policy_text(**changes: Any) -> Plain:
    """Who may approve, as it is written before it becomes a statement."""
    return {
        "people": [{"id": name, "roles": [*roles]} for name, roles in PEOPLE.items()],
        "keys": [listed(name) for name in PEOPLE],
    } | changes


def signature(owner: str, statement: Envelope) -> Signature:
    key = key_of(owner)
    return Signature(key.keyid, key.sign(statement.signed_bytes))


def signed(statement: Envelope, *owners: str) -> Envelope:
    """The statement with these signatures, whether they belong there or not."""
    new = tuple(signature(owner, statement) for owner in owners)
    return replace(statement, signatures=(*statement.signatures, *new))


class Place:
    """A folder of rules, its approvals, and the policy it trusts."""

    def __init__(self, folder: Path, files: Mapping[str, Any] = RULES) -> None:
        self.folder = write(folder, files)
        self.pin = ""

    # -- statements -----------------------------------------------------------------------

    def put(self, statement: Envelope, name: str = "") -> Path:
        target = self.folder / FOLDER / (name or statement.name)
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(statement.written())
        return target

    def policy(self, *owners: str, trusted: bool = True, **changes: Any) -> Envelope:
        """The next version of the policy, signed by these people."""
        text = canonical(policy_text(**changes))
        made = signing.policy(self.folder, text, "people.yaml")
        statement = signed(made, *(owners or ("cara", "gus")))
        self.put(statement)
        if trusted:
            self.pin = statement.digest
        return statement

    def propose(
        self,
        name: str = "",
        accepted: Plain | None = None,
        before: Rulebook | None = None,
        **changes: Any,
    ) -> Envelope:
        """An approval of what lies here, as proposed; `changes` are made to it afterwards."""
        terms = Terms(
            ["ann"],
            "Tests only",
            date.fromisoformat(FIRST),
            date.fromisoformat(LAST),
            {"G15": "The text says what comes next."} | (accepted or {}),
        )
        made, read = propose(self.folder, terms, DAY, before=before)
        reports.keep(self.folder, read)
        name = name or made.name
        return envelope({**made.statement, **changes}, name)

    def approval(self, *owners: str, **changes: Any) -> Envelope:
        """An approval signed by these people, or by enough."""
        statement = signed(self.propose(**changes), *(owners or NEEDED))
        self.put(statement)
        return statement

    def revocation(self, owner: str, name: str = "", **what: str) -> Envelope:
        made = signing.revocation(self.folder, what, "Something is wrong with it.", DAY)
        statement = signed(made, owner) if owner else made
        self.put(statement, name)
        return statement

    def withdrawal(self, owner: str, rule: str = "adaptation.mindfulness.high") -> Envelope:
        words = {"title": "Kept out", "until": "Somebody has decided"}
        made = signing.withdrawal(self.folder, rule, "A report is looked into.", DAY, words)
        statement = signed(made, owner) if owner else made
        self.put(statement)
        return statement

    # -- verdicts -------------------------------------------------------------------------

    def verdict(self, day: date | str = DAY, **options: Any) -> Verdict:
        day = date.fromisoformat(day) if isinstance(day, str) else day
        return verify(self.folder, self.pin, day, **options)

    def approves(self, day: date | str = DAY, **options: Any) -> bool:
        return self.verdict(day, **options).approval is not None

    def codes(self, day: date | str = DAY, **options: Any) -> list[str]:
        """Why nothing holds here on that day, in order."""
        verdict = self.verdict(day, **options)
        assert verdict.approval is None
        found = [*verdict.problems, *(one for by in verdict.judged for one in by.problems)]
        return sorted({one.code for one in found})

    def the_approval(self) -> Judged:
        (found,) = self.verdict().judged
        return found


def reread(statement: Envelope) -> Envelope:
    return read_envelope(statement.written(), statement.name)
