"""Keys are their owner's alone, and what is wrong with one is said without repeating any of it."""

from __future__ import annotations

import builtins
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed448

from recommender.envelope import envelope
from recommender.errors import ApprovalError
from recommender.governance.approval import keys, signing
from tests.approving import Place
from tests.building import Plain, problems

DATA = b"what is signed"


def test_a_new_key_is_for_its_owner_alone_and_signs(tmp_path: Path) -> None:
    made = keys.new_key(tmp_path / "mine.key")
    assert stat.S_IMODE((tmp_path / "mine.key").stat().st_mode) == 0o600
    read = keys.load_key(tmp_path / "mine.key")
    assert (read.public, read.keyid) == (made.public, made.keyid)
    assert read.sign(DATA) == made.sign(DATA)
    assert keys.fits(made.public, made.sign(DATA), DATA)
    assert not keys.fits(made.public, made.sign(DATA), DATA + b".")
    assert not keys.fits(keys.new_key(tmp_path / "b.pem").public, made.sign(DATA), DATA)


def test_a_known_key_has_the_name_and_the_signature_of_the_standard() -> None:
    """RFC 8032, section 7.1, test 2."""
    secret = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
    key = keys.PrivateKey(
        keys._ed25519().Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret))
    )
    assert key.public == "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw="
    assert key.sign(b"\x72").hex() == (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert keys.is_public_key(key.public)


@pytest.mark.parametrize(
    "text", ["", "AAAA", "!" * 44, "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgx="]
)
def test_what_is_no_public_key(text: str) -> None:
    assert not keys.is_public_key(text)


def test_a_locked_key_opens_with_its_password_alone(tmp_path: Path) -> None:
    file = tmp_path / "mine.key"
    made = keys.new_key(file, "correct horse")
    assert keys.needs_password(file)
    assert keys.load_key(file, "correct horse").keyid == made.keyid
    for wrong in ("", "another"):
        (found,) = problems(lambda wrong=wrong: keys.load_key(file, wrong), ApprovalError)  # type: ignore[misc]
        assert found.code == "A102"
        assert "correct" not in str(found)
    plain = tmp_path / "plain.key"
    keys.new_key(plain)
    assert not keys.needs_password(plain)
    assert not keys.needs_password(tmp_path / "none.key")


def _refused(path: Path, make: Any = keys.load_key) -> str:
    (found,) = problems(lambda: make(path), ApprovalError)
    assert found.code == "A102"
    return str(found)


def test_what_cannot_be_used_as_a_key(tmp_path: Path) -> None:
    assert "no such file" in _refused(tmp_path / "none.key")
    (tmp_path / "x.key").write_text("no key at all")
    (tmp_path / "x.key").chmod(0o600)
    message = _refused(tmp_path / "x.key")
    assert "holds no key" in message
    assert "no key at all" not in message
    other = ed448.Ed448PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (tmp_path / "x.key").write_bytes(other)
    assert "another kind" in _refused(tmp_path / "x.key")
    keys.new_key(tmp_path / "open.key")
    (tmp_path / "open.key").chmod(0o640)
    assert "others" in _refused(tmp_path / "open.key")


def test_a_key_is_never_written_over_nor_where_it_could_be_committed(tmp_path: Path) -> None:
    file = tmp_path / "mine.key"
    keys.new_key(file)
    before = file.read_bytes()
    assert "exists" in _refused(file, keys.new_key)
    assert file.read_bytes() == before
    assert "ends in .key or .pem" in _refused(tmp_path / "mine.txt", keys.new_key)
    assert not (tmp_path / "mine.txt").exists()
    ignored = (Path(__file__).parents[2] / ".gitignore").read_text("utf-8").splitlines()
    assert {f"*{ending}" for ending in keys.ENDINGS} <= {*ignored}


def test_without_the_library_nothing_is_approved_and_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recommender.governance.approval.reports.PEOPLE", 2)
    place = Place(tmp_path)
    place.policy()
    place.approval()
    real = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name.startswith("cryptography"):
            raise ImportError(name)
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    assert place.codes() == ["A101"]
    (found,) = place.verdict().problems
    assert "recommender[sign]" in found.hint
    assert "recommender[sign]" in str(problems(lambda: keys.fits("", b"", b""), ApprovalError)[0])
    file = tmp_path / "mine.key"
    assert problems(lambda: keys.new_key(file), ApprovalError)[0].code == "A101"
    assert not file.exists()
    file.write_text("x")
    assert problems(lambda: keys.load_key(file), ApprovalError)[0].code == "A101"


# ------------------------------------------------------------------------------- signing files


def test_one_key_signs_once_and_two_people_sign_the_same_bytes(tmp_path: Path) -> None:
    place = Place(tmp_path / "place")
    file = place.put(place.policy())
    payload = file.read_bytes()
    first = keys.new_key(tmp_path / "a.key")
    one = signing.sign_file(file, first)
    two = signing.sign_file(file, keys.new_key(tmp_path / "b.key"))
    assert one.payload == two.payload
    assert len(two.signatures) == len(one.signatures) + 1
    assert payload != file.read_bytes()
    before = file.read_bytes()
    found = problems(lambda: signing.sign_file(file, first), ApprovalError)
    assert [one.code for one in found] == ["A226"]
    assert file.read_bytes() == before
    assert [one.name for one in file.parent.iterdir()] == [file.name]


def test_an_approval_is_signed_only_of_what_lies_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever signs has this very state before them, and its reports."""
    monkeypatch.setattr("recommender.governance.approval.reports.PEOPLE", 2)
    place = Place(tmp_path / "place")
    key = keys.new_key(tmp_path / "a.key")
    proposed = place.propose()
    good = place.put(proposed)
    signing.sign_file(good, key)
    rules = {**proposed.statement["rulebook"]}
    cases: dict[str, Plain] = {
        "A231": {"rulebook": {**rules, "digest": "0" * 64}},
        "A232": {"rulebook": {**rules, "safety": "0" * 64}},
        "A233": {"reports": []},
    }
    for code, changes in cases.items():
        file = place.put(envelope({**proposed.statement, **changes}), "other.json")
        found = problems(lambda file=file: signing.sign_file(file, key), ApprovalError)  # type: ignore[misc]
        assert {one.code for one in found} == {code}
        assert b'"signatures": []' in file.read_bytes()
    elsewhere = tmp_path / "approval.json"
    elsewhere.write_bytes(proposed.written())
    (wrong,) = problems(lambda: signing.sign_file(elsewhere, key), ApprovalError)
    assert wrong.code == "A104"


def test_a_statement_is_never_written_over(tmp_path: Path) -> None:
    place = Place(tmp_path)
    made = place.policy()
    found = problems(lambda: signing.write_new(place.folder, made), ApprovalError)
    assert [one.code for one in found] == ["A103"]
