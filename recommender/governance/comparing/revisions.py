"""The folder of a rulebook that is named by a folder or by a git revision.

In: a name such as `../old`, `v0.1.0` or `HEAD~3`, and the folder whose history is meant. Out: a
folder that holds `rules/` and `profiles/` as they were; of a revision a temporary one. Refused, as
ContentError: a name that is neither.
"""

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recommender import content as files
from recommender.errors import ContentError, Problem

_PARTS = ("rules", "profiles", "approvals")


@contextmanager
def folder_of(name: str, content: Path | None) -> Iterator[Path]:
    """The folder while it is needed."""
    if Path(name).is_dir():
        yield files.root(Path(name))
        return
    packed = _archived(name, files.root(content))
    with tempfile.TemporaryDirectory(prefix="recommender-") as place:
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(place, filter="data")
        yield Path(place)


def _archived(name: str, root: Path) -> bytes:
    """What a revision holds of the folder's rules and profiles, as a tar archive."""
    commit = _git(
        root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
    )
    if commit is None:
        message = f"'{name}' is neither a folder nor a git revision of {root}"
        hint = "Name a folder that holds rules/, or a commit, tag or branch; --content names where."
        raise ContentError(Problem("C417", message, hint))
    revision = commit.decode().strip()
    listed = _git(root, "ls-tree", "--name-only", revision) or b""
    there = [part for part in _PARTS if part in listed.decode().split()]
    packed = _git(root, "archive", "--format=tar", revision, "--", *there) if there else None
    if packed is None or "rules" not in there:
        message = f"the revision '{name}' holds no rules here"
        raise ContentError(Problem("C417", message, "Name a later revision, or a folder."))
    return packed


def _git(root: Path, *words: str) -> bytes | None:
    """What git says; None where it says no or is not there."""
    command = ["git", "--no-pager", "-C", str(root), "-c", "core.fsmonitor=false", *words]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
