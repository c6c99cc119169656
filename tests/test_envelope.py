"""Signed statements are read strictly: one way to write them, or they are refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from recommender.envelope import (
    KINDS,
    Signature,
    canonical,
    envelope,
    read_envelope,
    read_folder,
    read_statement,
)
from recommender.errors import ContentError
from tests.building import Plain, problems

STATEMENT: Plain = {"schema": "approval/1", "version": 1, "who": "ä"}
SIGNED = envelope(STATEMENT)


def file(**changes: Any) -> bytes:
    return json.dumps(json.loads(SIGNED.written()) | changes).encode()


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def codes(data: bytes) -> list[str]:
    return [one.code for one in problems(lambda: read_envelope(data, "a.json"), ContentError)]


def test_what_is_signed_is_the_type_and_the_payload_each_with_its_length() -> None:
    """The example of the DSSE protocol page, in our type; lengths are in bytes."""
    payload = '{"schema":"approval/1","version":1,"who":"ä"}'.encode()
    kind = b"application/vnd.recommender.approval+json"
    assert SIGNED.signed_bytes == b"DSSEv1 41 " + kind + b" 46 " + payload
    assert (len(kind), len(payload)) == (41, 46)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_read_back(kind: str) -> None:
    made = envelope({"schema": f"{kind}/1", "x": ["a", 1, None]})
    read = read_envelope(made.written(), "a.json")
    assert (read, read.statement, read.name) == (made, made.statement, "a.json")
    assert read.digest == made.digest


def test_the_same_statement_is_the_same_bytes_whatever_the_order_of_its_keys() -> None:
    other = envelope(dict(reversed(STATEMENT.items())))
    assert (other.written(), other.digest) == (SIGNED.written(), SIGNED.digest)


SPACED = b'{"schema": "approval/1"}'
REFUSED: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"{", "C117"),
    "a list": (b"[]", "C411"),
    "a part is missing": (b'{"payload": "e30="}', "C411"),
    "a part too many": (file(more=1), "C411"),
    "a key twice": (SIGNED.written().replace(b"{", b'{"payload": "", ', 1), "C111"),
    "another type": (file(payloadType="application/vnd.in-toto+json"), "C412"),
    "no type": (file(payloadType=[]), "C412"),
    "the type of another statement": (
        file(payloadType="application/vnd.recommender.policy+json"),
        "C412",
    ),
    "no base64": (file(payload="!"), "C411"),
    "base64 that could be written otherwise": (file(payload="e31="), "C411"),
    "base64 with a line end": (file(payload="e30=\n"), "C411"),
    "a number as payload": (file(payload=1), "C411"),
    "spaces in the payload": (file(payload=encoded(SPACED)), "C413"),
    "keys out of order": (
        file(payload=encoded(b'{"version":1,"schema":"approval/1"}')),
        "C413",
    ),
    "a float": (file(payload=encoded(b'{"a":1.5,"schema":"approval/1"}')), "C413"),
    "a float in a list": (file(payload=encoded(b'{"a":[0.5],"schema":"approval/1"}')), "C413"),
    "a list as statement": (file(payload=encoded(b"[]")), "C413"),
    "text that is not in normal form": (
        file(payload=encoded('{"a":"a\u0308","schema":"approval/1"}'.encode())),
        "C104",
    ),
    "signatures are no list": (file(signatures={}), "C411"),
    "a signature with more in it": (
        file(signatures=[{"keyid": "a", "sig": "", "x": 1}]),
        "C411",
    ),
    "a keyid that is no text": (file(signatures=[{"keyid": 1, "sig": ""}]), "C411"),
    "a signature that is no base64": (file(signatures=[{"keyid": "a", "sig": "?"}]), "C411"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_anything_else_is_refused_with_its_reason(name: str) -> None:
    data, code = REFUSED[name]
    assert codes(data) == [code]


def test_a_byte_changed_anywhere_never_gives_another_statement_under_the_same_digest() -> None:
    """Each byte of a file, each bit: refused, or the same statement, or one of another digest."""
    signed = envelope({"schema": "policy/1", "n": 7})
    data = bytes(envelope(signed.statement).written())
    for at in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[at] ^= 1 << bit
            try:
                read = read_envelope(bytes(changed), "a.json")
            except ContentError:
                continue
            assert (read.payload == signed.payload) == (read.digest == signed.digest)
            assert canonical(read.statement) == read.payload


# ------------------------------------------------------------------------------- folders


def put(root: Path, name: str, data: bytes) -> None:
    target = root / "approvals" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)


def test_a_folder_is_read_in_order_of_name(tmp_path: Path) -> None:
    assert read_folder(tmp_path) == ()
    for name in ("b.json", "a.json", "README.md", ".hidden", "reports/x.json"):
        put(tmp_path, name, SIGNED.written())
    assert [one.name for one in read_folder(tmp_path)] == ["approvals/a.json", "approvals/b.json"]


def test_every_file_that_cannot_be_read_is_named_at_once(tmp_path: Path) -> None:
    put(tmp_path, "a.json", b"{")
    put(tmp_path, "b.jsn", SIGNED.written())
    put(tmp_path, "c.json", SIGNED.written())
    put(tmp_path, "d.json/x", b"")
    found = problems(lambda: read_folder(tmp_path), ContentError)
    assert [(one.file, one.code) for one in found] == [
        ("approvals/a.json", "C117"),
        ("approvals/b.jsn", "C410"),
        ("approvals/d.json", "C410"),
    ]


# ------------------------------------------------------------------------------- models


class _Approval(BaseModel):
    model_config = ConfigDict(extra="forbid")
    version: int
    who: str


@pytest.mark.parametrize(
    ("statement", "wrong"),
    [
        ({"version": 1}, ["'who'"]),
        ({"version": 1, "who": "a", "more": 2}, ["'more'"]),
        ({"version": "x", "who": 3}, ["'version'", "'who'"]),
    ],
)
def test_what_does_not_fit_is_named_without_its_value(statement: Plain, wrong: list[str]) -> None:
    given = SIGNED.__class__("approval", b"", statement)
    found = problems(lambda: read_statement(_Approval, given), ContentError)
    assert {one.code for one in found} == {"C416"}
    assert [next(w for w in wrong if w in one.message) for one in found] == wrong


def test_signatures_keep_the_order_in_which_they_were_added() -> None:
    made: Callable[..., Any] = SIGNED.__class__
    two = made("approval", SIGNED.payload, STATEMENT, (Signature("b", b"1"), Signature("a", b"2")))
    read = read_envelope(two.written(), "a.json")
    assert [one.keyid for one in read.signatures] == ["b", "a"]
    assert read.digest == SIGNED.digest
