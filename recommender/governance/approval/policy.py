"""Who may approve: people, their keys and the thresholds; which policy a place trusts on a day.

In: the statements of a folder and the digest of a policy that this place has pinned. Out: a Trust:
the newest policy that the pinned one leads to, and what has been revoked. Fail-closed: whatever
claims to be a policy, a revocation or a withdrawal and is not rightly signed is a problem, and
with a problem nothing is approved.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Annotated, Final, Literal, NamedTuple, Self

from pydantic import Field, StrictInt, model_validator

from recommender.envelope import Day, Envelope, read_statement
from recommender.errors import Problem
from recommender.governance.approval import keys
from recommender.vocabulary import Content
from recommender.withdrawal import Reason

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
PersonId = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_-]{1,31}$", description="a pseudonym, never a name")
]
Role = Literal["author", "clinical", "governance"]

TAKING_AWAY: Final[Mapping[str, frozenset[str]]] = {
    "revocation": frozenset({"clinical", "governance"}),
    "withdrawal": frozenset({"clinical"}),
}
"""Whose single signature is enough to take something away."""


class Person(Content):
    """One person, by pseudonym."""

    id: PersonId
    roles: Annotated[list[Role], Field(min_length=1)]


class Key(Content):
    """The public half of a person's key, and the days on which it counts, both included."""

    person: PersonId
    public: str = Field(description="base64 of 32 bytes, as `rules sign --new-key` prints it")
    valid_from: Day
    until: Day

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        if not keys.is_public_key(self.public):
            raise ValueError("a public key is the base64 of 32 bytes")
        if self.until < self.valid_from:
            raise ValueError("a key ends on a day after its first")
        return self

    @cached_property
    def id(self) -> str:
        """The name of the key."""
        return keys.key_id(self.public)


class Thresholds(Content):
    """How many have to sign; a policy may ask for more than these and never for less."""

    people: Annotated[StrictInt, Field(ge=2)] = 2
    clinical: Annotated[StrictInt, Field(ge=1)] = 1
    governance: Annotated[StrictInt, Field(ge=1)] = 1
    clinical_for_safety: Annotated[StrictInt, Field(ge=2)] = 2


class Policy(Content):
    """Who may approve, exactly as it is signed."""

    schema_: Literal["policy/1"] = Field(alias="schema")
    version: Annotated[StrictInt, Field(ge=1)]
    previous: Digest | None
    people: Annotated[list[Person], Field(min_length=1)]
    keys: list[Key]
    thresholds: Thresholds = Thresholds()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.version == 1) != (self.previous is None):
            raise ValueError("the first version, and no other, follows none")
        for name, times in Counter(person.id for person in self.people).items():
            if times > 1:
                raise ValueError(f"'{name}' stands here twice")
        if len({key.public for key in self.keys}) < len(self.keys):
            raise ValueError("a key belongs to one person and stands here once")
        for key in self.keys:
            if key.person not in self.roles:
                raise ValueError(f"a key belongs to '{key.person}', who is not among the people")
        return self

    @cached_property
    def roles(self) -> Mapping[str, frozenset[str]]:
        """The roles of each person."""
        return {person.id: frozenset(person.roles) for person in self.people}

    @cached_property
    def by_id(self) -> Mapping[str, Key]:
        """The keys by name."""
        return {key.id: key for key in self.keys}


class RevocationText(Content):
    """A revocation exactly as it is signed: of an approval, or of a key and all it ever signed."""

    schema_: Literal["revocation/1"] = Field(alias="schema")
    approval: Digest | None
    key: Digest | None
    because: Reason
    on: Day

    @model_validator(mode="after")
    def _of_one_thing(self) -> Self:
        if (self.approval is None) == (self.key is None):
            raise ValueError("a revocation is of an approval or of a key")
        return self


# ------------------------------------------------------------------------------- signatures


class Signer(NamedTuple):
    """A person whose signature under a statement counts."""

    person: str
    roles: frozenset[str]
    until: date
    """The last day of the key."""


@dataclass(frozen=True)
class Signed:
    """Who signed one statement, and which signatures do not count and why."""

    signers: tuple[Signer, ...]
    problems: tuple[Problem, ...]
    forged: bool
    """Whether a signature under it does not fit it."""

    def has(self, role: str) -> int:
        """How many people of a role signed."""
        return sum(role in one.roles for one in self.signers)


def signed_by(
    envelope: Envelope,
    policy: Policy,
    *,
    revoked: frozenset[str] = frozenset(),
    day: date | None = None,
    authors: Iterable[str] = (),
) -> Signed:
    """Whose signatures count under this policy, each person once.

    revoked: names of keys that no longer count. day: the day on which a key has to be valid; None
    where that does not matter. authors: people whose signature is none, for they wrote it.
    """
    signers: dict[str, Signer] = {}
    problems: list[Problem] = []
    forged = False
    for signature in envelope.signatures:
        key = policy.by_id.get(signature.keyid)
        why = ("A221", f"a key that the policy does not know ({signature.keyid[:12]})")
        if key is not None:
            if not keys.fits(key.public, signature.sig, envelope.signed_bytes):
                forged = True
            why = _does_not_count(key, signature.sig, envelope, revoked, day, {*authors}, signers)
        if why[0]:
            problems.append(envelope.problem(why[0], f"one signature does not count: {why[1]}"))
        elif key is not None:
            signers[key.person] = Signer(key.person, policy.roles[key.person], key.until)
    return Signed(tuple(signers[name] for name in sorted(signers)), tuple(problems), forged)


def _does_not_count(
    key: Key,
    signature: bytes,
    envelope: Envelope,
    revoked: frozenset[str],
    day: date | None,
    authors: set[str],
    signers: Mapping[str, Signer],
) -> tuple[str, str]:
    """Why a signature with a known key does not count, as a code and words; empty when it does."""
    if not keys.fits(key.public, signature, envelope.signed_bytes):
        return "A222", f"it is not over this statement (key of {key.person})"
    if key.id in revoked:
        return "A223", f"this key of {key.person} has been revoked"
    if day is not None and not key.valid_from <= day <= key.until:
        period = f"{key.valid_from.isoformat()} to {key.until.isoformat()}"
        return "A224", f"this key of {key.person} is valid from {period}"
    if key.person in authors:
        return "A225", f"{key.person} is an author of what is approved"
    if key.person in signers:
        return "A226", f"{key.person} has signed already, with this key or another"
    return "", ""


def too_few(
    envelope: Envelope, signed: Signed, thresholds: Thresholds, clinical: int
) -> list[Problem]:
    """What is missing of the people who have to sign."""
    wanted = (
        ("A227", len(signed.signers), thresholds.people, "people"),
        ("A228", signed.has("clinical"), clinical, "of them clinical"),
        ("A229", signed.has("governance"), thresholds.governance, "of them of governance"),
    )
    found = [
        envelope.problem(code, f"signed by {has} {who}, and {need} are needed")
        for code, has, need, who in wanted
        if has < need
    ]
    if signed.forged:
        message = "a signature does not fit: the statement or the signature has been changed"
        found.append(envelope.problem("A222", message, "Find out who touched this file."))
    return found


# ------------------------------------------------------------------------------- trust


@dataclass(frozen=True)
class Trust:
    """The policy in force at this place, what was revoked, and what is wrong with any of it."""

    policy: Policy | None
    digest: str = ""
    revoked_keys: frozenset[str] = frozenset()
    revoked: Mapping[str, Envelope] = field(default_factory=dict)
    """Approvals that have been revoked, by digest, each with the revocation."""
    problems: tuple[Problem, ...] = ()


def trust(envelopes: Sequence[Envelope], pinned: str, day: date) -> Trust:
    """The policy that holds on this day, starting from the one whose digest is pinned.

    Raises ContentError for a statement whose parts do not fit, ApprovalError without the library.
    """
    policies = [one for one in envelopes if one.kind == "policy"]
    first = next((one for one in policies if one.digest == pinned), None)
    if first is None:
        return Trust(None, problems=(_not_pinned(pinned),))
    current, policy = first, read_statement(Policy, first)
    problems = too_few(
        first, signed_by(first, policy), policy.thresholds, policy.thresholds.clinical
    )
    taking = _Taking(envelopes)
    taking.confirm(policy)
    while not problems:
        following = [one for one in policies if one.statement.get("previous") == current.digest]
        if not following:
            break
        if len(following) > 1:
            message = f"{len(following)} policies claim to follow version {policy.version}"
            problems = [following[0].problem("A204", message, "Keep the one that is right.")]
            break
        (current,) = following
        problems = list(_wrong_step(current, policy, taking.keys, day))
        policy = read_statement(Policy, current)
        taking.confirm(policy)
    problems += taking.unsigned()
    return Trust(policy, current.digest, taking.keys, taking.approvals, tuple(problems))


def _not_pinned(pinned: str) -> Problem:
    if not pinned:
        message = "no policy is pinned here, so nobody's signature counts"
        hint = "Give the digest of the policy: --trust, or RECOMMENDER_TRUST (docs/approval.md)."
        return Problem("A201", message, hint)
    message = f"the pinned policy {pinned[:12]} is not in approvals/"
    return Problem("A202", message, "Put it there, or pin the digest of the policy that is.")


def _wrong_step(
    envelope: Envelope, before: Policy, revoked: frozenset[str], day: date
) -> Iterator[Problem]:
    """What is wrong with a policy as the successor of the one before, which decides about it."""
    after = read_statement(Policy, envelope)
    if after.version != before.version + 1:
        message = f"version {after.version} cannot follow version {before.version}"
        yield envelope.problem("A203", message, "Versions are counted one by one.")
    signed = signed_by(envelope, before, revoked=revoked, day=day)
    missing = too_few(envelope, signed, before.thresholds, before.thresholds.clinical)
    if missing:
        message = f"version {after.version} of the policy is not signed as the one before it asks"
        hint = "Have it signed, or pin it here once you have seen who signed it."
        yield envelope.problem("A203", message, hint)
        yield from (*missing, *signed.problems)


class _Taking:
    """Revocations and withdrawals, and those that some policy on the way has confirmed."""

    def __init__(self, envelopes: Sequence[Envelope]) -> None:
        self._open = {one.digest: one for one in envelopes if one.kind in TAKING_AWAY}
        self._revocations: list[tuple[Envelope, RevocationText]] = []

    def confirm(self, policy: Policy) -> None:
        """Confirm what somebody who may signed under this policy; no key is too old for that."""
        for one in list(self._open.values()):
            signed = signed_by(one, policy)
            if signed.forged or not any(TAKING_AWAY[one.kind] & by.roles for by in signed.signers):
                continue
            del self._open[one.digest]
            if one.kind == "revocation":
                self._revocations.append((one, read_statement(RevocationText, one)))

    def unsigned(self) -> Iterator[Problem]:
        """What nobody who may has signed; a withdrawal takes effect all the same."""
        for one in self._open.values():
            message = f"this {one.kind} is not signed by anybody of the policy who may"
            yield one.problem("A205", message, "Have it signed, or take it out.")

    @property
    def keys(self) -> frozenset[str]:
        """Names of the keys that were revoked."""
        return frozenset(text.key for _, text in self._revocations if text.key)

    @property
    def approvals(self) -> dict[str, Envelope]:
        """The approvals that were revoked."""
        return {text.approval: one for one, text in self._revocations if text.approval}
