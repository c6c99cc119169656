"""Ed25519 keys: made, kept in a file for their owner alone, used to sign; the home of cryptography.

In: bytes, and the file of a private key. Out: signatures, and whether one fits. Refused, as
ApprovalError: a library that is not installed (A101), a file that is there already, lies open to
others or holds no key of this kind (A102). No message repeats anything of a key or a password.
"""

import base64
import hashlib
import os
import stat
from pathlib import Path
from typing import Any, Final

from recommender.errors import ApprovalError, Problem

ENDINGS: Final = (".key", ".pem")
"""Endings that .gitignore and the checks of this project keep out of every commit."""


class PrivateKey:
    """A private key that can sign; `public` is the base64 of the 32 bytes of its other half."""

    def __init__(self, key: Any) -> None:
        self._key = key
        self.public = base64.b64encode(key.public_key().public_bytes_raw()).decode()

    @property
    def keyid(self) -> str:
        """The name of the key."""
        return key_id(self.public)

    def sign(self, data: bytes) -> bytes:
        """The signature over these bytes; the same each time."""
        signature: bytes = self._key.sign(data)
        return signature


def key_id(public: str) -> str:
    """The name of a key: SHA-256 of the 32 bytes of its public half."""
    return hashlib.sha256(base64.b64decode(public)).hexdigest()


def is_public_key(text: str) -> bool:
    """Whether this is the base64 of 32 bytes, written in the one way there is."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return False
    return len(data) == 32 and base64.b64encode(data).decode() == text


def fits(public: str, signature: bytes, data: bytes) -> bool:
    """Whether the owner of this key signed these bytes; ApprovalError without the library."""
    ed25519 = _ed25519()
    from cryptography.exceptions import InvalidSignature

    try:
        key = ed25519.Ed25519PublicKey.from_public_bytes(base64.b64decode(public))
        key.verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def missing() -> Problem | None:
    """Why nothing can be signed or verified here; None when it can."""
    try:
        _ed25519()
    except ApprovalError as error:
        return error.problems[0]
    return None


# ------------------------------------------------------------------------------- files


def new_key(path: Path, password: str = "") -> PrivateKey:
    """Make a key and keep it in a new file that only its owner can read."""
    if path.suffix not in ENDINGS:
        raise _unusable(path, "a key's file ends in .key or .pem, so that it is never committed")
    key = _ed25519().Ed25519PrivateKey.generate()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_pem(key, password))
    except OSError as error:
        raise _unusable(path, (error.strerror or "cannot be written").lower()) from error
    return PrivateKey(key)


def load_key(path: Path, password: str = "") -> PrivateKey:
    """The key of a file. Raises ApprovalError where others may read it or it is none of ours."""
    ed25519 = _ed25519()
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        data = path.read_bytes()
        open_to_others = path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    except OSError as error:
        raise _unusable(path, (error.strerror or "cannot be read").lower()) from error
    if os.name == "posix" and open_to_others:
        raise _unusable(path, "others on this machine may read it", "chmod 600, or make a new key.")
    try:
        key = load_pem_private_key(data, password.encode() or None)
    except (ValueError, TypeError):
        raise _unusable(path, "it holds no key, or the password is another one") from None
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise _unusable(path, "it holds another kind of key; Ed25519 is needed")
    return PrivateKey(key)


def needs_password(path: Path) -> bool:
    """Whether the file says that it is locked with a password."""
    try:
        return b"ENCRYPTED" in path.read_bytes()
    except OSError:
        return False


def _pem(key: Any, password: str) -> bytes:
    from cryptography.hazmat.primitives import serialization

    locked: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password:
        locked = serialization.BestAvailableEncryption(password.encode())
    written: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked
    )
    return written


def _ed25519() -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        message = "cryptography, which signs and verifies, is not installed"
        hint = "pip install 'recommender[sign]'"
        raise ApprovalError(Problem("A101", message, hint)) from error
    return ed25519


def _unusable(path: Path, why: str, hint: str = "") -> ApprovalError:
    message = f"this key cannot be used: {why}"
    return ApprovalError(
        Problem("A102", message, hint or "Name a key made by `rules sign --new-key`.", str(path))
    )
