"""Statements written into a folder, and signatures put under them.

In: a folder of rules, a key, and what is to be said. Out: files in `approvals/`. Refused, as
ApprovalError: to write over a statement, to sign twice, and to sign an approval of anything else
than what lies in the folder.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

from recommender.content import read_yaml, root
from recommender.envelope import (
    FOLDER,
    Envelope,
    Signature,
    envelope,
    read_envelope,
    read_folder,
    read_statement,
)
from recommender.errors import ApprovalError, ContentError, Problem
from recommender.governance.approval.keys import PrivateKey
from recommender.governance.approval.policy import Policy, RevocationText
from recommender.governance.approval.statement import ApprovalText
from recommender.governance.approval.verify import unfit
from recommender.rulebook import load_rulebook, load_with_places
from recommender.vocabulary import Content
from recommender.withdrawal import WithdrawalText, effect_on

_MODELS: Final[Mapping[str, type[Content]]] = {
    "approval": ApprovalText,
    "policy": Policy,
    "revocation": RevocationText,
    "withdrawal": WithdrawalText,
}


def write_new(path: Path | None, statement: Envelope) -> Path:
    """Put a new statement into the folder; one that is there already is never written over."""
    file = root(path) / FOLDER / statement.name
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as stream:
            stream.write(statement.written())
    except OSError as error:
        message = f"this statement cannot be written: {(error.strerror or 'no reason').lower()}"
        hint = "Statements are never written over: rename or remove the one that is there."
        raise ApprovalError(Problem("A103", message, hint, str(file))) from error
    return file


def sign_file(file: Path, key: PrivateKey) -> Envelope:
    """Add a signature to the statement in a file, once what it says was compared with the folder.

    Raises ApprovalError where the statement does not fit what lies there, ContentError where it is
    none.
    """
    try:
        found = read_envelope(file.read_bytes(), str(file))
    except OSError as error:
        message = f"this file cannot be read: {error.strerror}"
        raise ContentError(Problem("C121", message, "", str(file))) from error
    _check(file, found)
    signed = sign(found, key)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_bytes(signed.written())
    draft.replace(file)
    return signed


def sign(statement: Envelope, key: PrivateKey) -> Envelope:
    """The statement with one signature more."""
    if any(one.keyid == key.keyid for one in statement.signatures):
        message = "this key has signed this statement already"
        raise ApprovalError(statement.problem("A226", message, "Another person has to sign."))
    signature = Signature(key.keyid, key.sign(statement.signed_bytes))
    return replace(statement, signatures=(*statement.signatures, signature))


def _check(file: Path, statement: Envelope) -> None:
    _checked(statement)
    if statement.kind != "approval":
        return
    folder = file.resolve().parent
    if folder.name != FOLDER:
        message = "an approval is signed where it lies, beside the rules it approves"
        hint = "It belongs in the folder approvals/ of those rules."
        raise ApprovalError(statement.problem("A104", message, hint))
    problems = unfit(folder.parent, statement)
    if problems:
        raise ApprovalError(problems)


# ------------------------------------------------------------------------------- statements


def policy(path: Path | None, people: bytes, name: str) -> Envelope:
    """The policy that follows the newest of the folder, from the file that lists the people."""
    given = read_yaml(people, name).data
    if not isinstance(given, dict):
        raise ContentError(Problem("C203", "this file holds people and keys", "", name))
    earlier = [one for one in read_folder(root(path)) if one.kind == "policy"]
    last = max(earlier, key=lambda one: read_statement(Policy, one).version, default=None)
    version = 1 if last is None else read_statement(Policy, last).version + 1
    before = None if last is None else last.digest
    statement = {**given, "schema": "policy/1", "version": version, "previous": before}
    read = read_statement(Policy, Envelope("policy", b"", statement, (), name))
    return envelope(read.model_dump(mode="json", by_alias=True), f"policy-{version}.json")


def revocation(path: Path | None, what: Mapping[str, str], because: str, on: date) -> Envelope:
    """That an approval (by its digest) or a key (by its name) no longer counts."""
    load_with_places(path)  # a folder of rules, and not any other
    statement = {
        "schema": "revocation/1",
        "approval": what.get("approval"),
        "key": what.get("key"),
        "because": because,
        "on": on.isoformat(),
    }
    name = f"revocation-{next(iter(what.values()))[:12]}.json"
    return _checked(envelope(statement, name))


def withdrawal(
    path: Path | None, rule_id: str, because: str, on: date, words: Mapping[str, str]
) -> Envelope:
    """That one rule is withdrawn at once; `words` are its title and until when, for people."""
    rulebook = load_rulebook(path)
    statement = {
        "schema": "withdrawal/1",
        "rulebook": rulebook.header.id,
        "rule": rule_id,
        "effect": effect_on(rulebook.rules[rule_id]).value,
        "title": words["title"],
        "until": words["until"],
        "because": because,
        "on": on.isoformat(),
    }
    return _checked(envelope(statement, f"withdrawal-{rule_id}.json"))


def _checked(statement: Envelope) -> Envelope:
    read_statement(_MODELS[statement.kind], statement)
    return statement
