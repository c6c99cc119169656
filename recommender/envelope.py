"""Statements about a rulebook as files that people sign: DSSE envelopes around canonical JSON.

In: bytes of one file of `approvals/`, or a statement. Out: an Envelope with its statement read, or
the bytes to write. Refused, as ContentError: what is no envelope, a payload of an unknown type or
of another type than it says, a payload that is not the RFC 8785 form of itself or does not fit.
Whether signatures hold is judged in governance/approval: nothing here needs cryptography.
Format: DSSE 1.0.2, https://github.com/secure-systems-lab/dsse.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple, TypeVar

from pydantic import BaseModel, BeforeValidator, ValidationError

from recommender.content import read_json
from recommender.errors import ContentError, Problem, did_you_mean
from recommender.validation import faults, needed

FOLDER: Final = "approvals"
REPORTS: Final = "reports"
KINDS: Final = ("approval", "policy", "revocation", "withdrawal")
_TYPE: Final = "application/vnd.recommender.{}+json"
_NOT_A_STATEMENT: Final = "README.md"


class Signature(NamedTuple):
    """One signature, and which key is said to have made it."""

    keyid: str
    sig: bytes


@dataclass(frozen=True)
class Envelope:
    """One statement, exactly as it is signed, with its signatures so far."""

    kind: str
    payload: bytes
    statement: Mapping[str, Any] = field(compare=False)
    signatures: tuple[Signature, ...] = ()
    name: str = field(default="", compare=False)
    """The file it was read from, for messages."""

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the payload: the name of the statement, whoever has signed it."""
        return hashlib.sha256(self.payload).hexdigest()

    @property
    def signed_bytes(self) -> bytes:
        """What a signature is over: the type and the payload, so that neither can be exchanged."""
        kind = payload_type(self.kind).encode()
        return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(self.payload), self.payload)

    def problem(self, code: str, message: str, hint: str = "") -> Problem:
        """A problem of this file."""
        return Problem(code, message, hint, self.name)

    def written(self) -> bytes:
        """The file: JSON, one signature after the other in the order they were added."""
        whole = {
            "payload": base64.b64encode(self.payload).decode(),
            "payloadType": payload_type(self.kind),
            "signatures": [
                {"keyid": one.keyid, "sig": base64.b64encode(one.sig).decode()}
                for one in self.signatures
            ],
        }
        return (json.dumps(whole, indent=2) + "\n").encode()


def payload_type(kind: str) -> str:
    """The media type of a kind of statement."""
    return _TYPE.format(kind)


def canonical(value: object) -> bytes:
    """The RFC 8785 form of plain data; floats have no place in what is signed."""
    import rfc8785  # only where something was signed

    return rfc8785.dumps(value)  # type: ignore[arg-type]


def envelope(statement: Mapping[str, Any], name: str = "") -> Envelope:
    """A statement ready to be signed; its `schema`, such as approval/1, says its kind."""
    kind = str(statement["schema"]).partition("/")[0]
    return Envelope(kind, canonical(statement), statement, (), name)


# ------------------------------------------------------------------------------- reading


def read_folder(root: Path) -> tuple[Envelope, ...]:
    """Every statement in the `approvals` folder of a content root, in order of name.

    Raises ContentError for all files that cannot be read, or that lie there and would be
    overlooked: one of them might withdraw a rule.
    """
    folder = root / FOLDER
    if not folder.is_dir():
        return ()
    read: list[Envelope] = []
    problems: list[Problem] = []
    for path in sorted(folder.iterdir()):
        name = f"{FOLDER}/{path.name}"
        if path.name.startswith(".") or path.name in (_NOT_A_STATEMENT, REPORTS):
            continue
        try:
            read.append(_read_file(path, name))
        except ContentError as error:
            problems.extend(error.problems)
    if problems:
        raise ContentError(problems)
    return tuple(read)


def _read_file(path: Path, name: str) -> Envelope:
    if path.suffix != ".json" or not path.is_file():
        message = "this is no signed statement and would be overlooked"
        hint = "Statements end in .json; reports lie in approvals/reports. Keep the rest elsewhere."
        raise ContentError(Problem("C410", message, hint, name))
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"this file cannot be read: {error.strerror}"
        raise ContentError(Problem("C121", message, "Look at its permissions.", name)) from error
    return read_envelope(data, name)


def read_envelope(data: bytes, name: str) -> Envelope:
    """One envelope. Raises ContentError where anything about it is not as it must be."""
    whole = read_json(data, name).data
    if not isinstance(whole, dict) or {*whole} != {"payload", "payloadType", "signatures"}:
        raise _wrong(name, "it holds payload, payloadType and signatures, and nothing else")
    kinds = {payload_type(kind): kind for kind in KINDS}
    kind = kinds.get(whole["payloadType"]) if isinstance(whole["payloadType"], str) else None
    if kind is None:
        message = "its payloadType is none that is known here"
        hint = did_you_mean(whole["payloadType"], list(kinds))
        raise ContentError(Problem("C412", message, hint, name))
    payload = _bytes(whole["payload"], name)
    return Envelope(
        kind,
        payload,
        _statement(payload, kind, name),
        tuple(_signatures(whole["signatures"], name)),
        name,
    )


def _statement(payload: bytes, kind: str, name: str) -> Mapping[str, Any]:
    statement = read_json(payload, name).data
    if not isinstance(statement, dict) or _has_floats(statement) or canonical(statement) != payload:
        message = "its payload is not in canonical form (RFC 8785)"
        hint = "Let `recommender rules` write it: the same statement must always be the same bytes."
        raise ContentError(Problem("C413", message, hint, name))
    if statement.get("schema") != f"{kind}/1":
        message = f"its payloadType says {kind}, its schema something else"
        raise ContentError(Problem("C412", message, "Write it anew.", name))
    return statement


def _has_floats(value: object) -> bool:
    if isinstance(value, dict):
        return any(_has_floats(one) for one in value.values())
    if isinstance(value, list):
        return any(_has_floats(one) for one in value)
    return isinstance(value, float)


def _signatures(given: object, name: str) -> Iterable[Signature]:
    if not isinstance(given, list):
        raise _wrong(name, "signatures is a list")
    for one in given:
        if not isinstance(one, dict) or {*one} != {"keyid", "sig"}:
            raise _wrong(name, "a signature holds keyid and sig, and nothing else")
        if not isinstance(one["keyid"], str):
            raise _wrong(name, "a keyid is text")
        yield Signature(one["keyid"], _bytes(one["sig"], name))


def _bytes(text: object, name: str) -> bytes:
    """Base64 that can be written in one way only."""
    with_padding = text.encode() if isinstance(text, str) else b"?"
    try:
        data = base64.b64decode(with_padding, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if base64.b64encode(data) != with_padding:
        raise _wrong(name, "payload and signatures are base64")
    return data


def _wrong(name: str, message: str) -> ContentError:
    hint = "Envelopes are written by `recommender rules` and by no hand."
    return ContentError(Problem("C411", f"this is no envelope: {message}", hint, name))


# ------------------------------------------------------------------------------- models

Model = TypeVar("Model", bound=BaseModel)


def _as_text(day: object) -> object:
    if not isinstance(day, str) or not _DAY.fullmatch(day):
        raise ValueError("a day is written as 2026-12-01")
    return day


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
Day = Annotated[date, BeforeValidator(_as_text)]
"""A day that is written in the one way there is."""


def read_statement(model: type[Model], envelope: Envelope) -> Model:
    """A statement as its model. Raises ContentError with everything that does not fit."""
    try:
        return model.model_validate(envelope.statement)
    except ValidationError as error:
        raise ContentError(list(_misfits(error, envelope))) from None


def _misfits(error: ValidationError, envelope: Envelope) -> Iterator[Problem]:
    for fault in faults(error, envelope.statement):
        missing = [fault.details["loc"][-1]] if fault.kind == "missing" else []
        where = ".".join(map(str, (*fault.path, *missing)))
        said = needed(fault.details) or fault.details["msg"].removeprefix("Value error, ")
        message = f"this {envelope.kind} does not fit at '{where}': {said[0].lower()}{said[1:]}"
        yield envelope.problem("C416", message, "Let `recommender rules` write it anew.")
