"""When each rule came and changed, read from git.

In: a folder that holds `rules/`. Out: for each rule its changes, newest first: day, short hash and
subject of the commit. Nothing where git or a history is not there. Who committed is left out. A
rule counts as changed when its lines differ by more than blanks, and remarks on lines of their own.
"""

import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from recommender.rules import FOLDERS

_KEY = re.compile(r"^( +)([a-z][a-z0-9_]*):\s*(#.*)?$")
_NOTHING: Final = "0" * 40
_LOG: Final = ("log", "-z", "--raw", "--no-abbrev", "--no-renames", "--relative")

Blocks = Mapping[str, str]


class Change(NamedTuple):
    """One commit that touched a rule."""

    on: str
    commit: str
    subject: str
    what: str
    """added, changed or removed."""


@dataclass(frozen=True)
class History:
    """The changes of every rule of one folder."""

    rules: Mapping[str, tuple[Change, ...]]
    """By rule, newest first."""
    uncommitted: frozenset[str] = frozenset()
    """Rules that differ from their last commit."""
    shallow: bool = False
    """Whether git holds only the last part of the history."""


class _Step(NamedTuple):
    change: Change
    topic: str
    before: str
    after: str


def history(root: Path) -> History | None:
    """The history of the rules below a folder; None where there is none to read."""
    steps = list(_steps(root))
    if not steps:
        return None
    texts = _blobs(root, {name for step in steps for name in (step.before, step.after)})
    found: dict[str, list[Change]] = defaultdict(list)
    newest: dict[str, str] = {}
    for step in steps:
        newest.setdefault(step.topic, step.after)
        before, after = texts[step.before], texts[step.after]
        for key in sorted(before.keys() | after.keys()):
            if before.get(key) != after.get(key):
                what = "changed" if key in before and key in after else ""
                what = what or ("added" if key in after else "removed")
                found[f"{step.topic}.{key}"].append(step.change._replace(what=what))
    return History(
        {name: tuple(changes) for name, changes in found.items()},
        frozenset(_uncommitted(root, {topic: texts[sha] for topic, sha in newest.items()})),
        _git(root, "rev-parse", "--is-shallow-repository").strip() == b"true",
    )


def _steps(root: Path) -> Iterator[_Step]:
    """Every change of a topic file, newest first."""
    written = _git(root, *_LOG, "--format=%x01%H%x02%as%x02%s", "--", "rules")
    fields = iter(written.decode("utf-8", "replace").split("\0"))
    change = Change("", "", "", "")
    for one in fields:
        if one.startswith("\x01"):
            commit, on, subject = one[1:].split("\x02", 2)
            change = Change(on, commit[:10], " ".join(subject.split()), "")
        elif one.lstrip("\n").startswith(":"):
            _, _, before, after, _ = one.split()
            topic = _topic(next(fields, ""))
            if topic:
                yield _Step(change, topic, before, after)


def _topic(name: str) -> str:
    """The topic of a file of rules; nothing for any other file."""
    parts = name.removesuffix(".yaml").split("/")
    is_topic = name.endswith(".yaml") and len(parts) == 3 and parts[1] in FOLDERS
    return ".".join(parts[1:]) if is_topic else ""


def _blobs(root: Path, names: Iterable[str]) -> dict[str, Blocks]:
    """The rules of each version of a file."""
    wanted = sorted({*names} - {_NOTHING})
    written = _git(root, "cat-file", "--batch", given="".join(f"{one}\n" for one in wanted))
    found: dict[str, Blocks] = {_NOTHING: {}}
    at = 0
    for name in wanted:
        start = written.find(b"\n", at) + 1
        *_, size = written[at:start].split()
        end = start + (int(size) if size.isdigit() else 0)
        found[name] = blocks(written[start:end].decode("utf-8", "replace"))
        at = end + 1 if size.isdigit() else start
    return found


def blocks(text: str) -> dict[str, str]:
    """The lines of each rule of a topic file, without remarks and without layout."""
    found: dict[str, list[str]] = {}
    inside, indent, lines = False, "", list[str]()
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not line.startswith(" "):
            inside, lines = line.startswith("rules:"), []
        elif inside and (key := _KEY.match(line)) and (not indent or key[1] == indent):
            indent = key[1]
            lines = found[key[2]] = []
            line = f"{key[2]}:"
        lines.append(line)
    return {key: " ".join(" ".join(one).split()) for key, one in found.items()}


def _uncommitted(root: Path, committed: Mapping[str, Blocks]) -> Iterator[str]:
    for folder in FOLDERS:
        for file in sorted((root / "rules" / folder).glob("*.yaml")):
            topic = f"{folder}.{file.stem}"
            last = committed.get(topic, {})
            for key, text in blocks(file.read_text("utf-8", "replace")).items():
                if last.get(key) != text:
                    yield f"{topic}.{key}"


def _git(root: Path, *words: str, given: str = "") -> bytes:
    """What git says; nothing where it says no or is not there."""
    quiet = ("-c", "log.showSignature=false", "-c", "core.fsmonitor=false")
    command = ["git", "--no-pager", "-C", str(root), *quiet, *words]
    try:
        done = subprocess.run(command, input=given.encode(), capture_output=True, check=False)
    except OSError:
        return b""
    return done.stdout if done.returncode == 0 else b""
