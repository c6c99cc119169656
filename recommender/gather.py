"""Content files → the plain content of a rulebook, and where each entry of it stands.

In: the folders that hold `rules/`: the shipped one, perhaps a site's laid over it. Out: `Gathered`.
Refused, all at once and each with its place: files that are no strict YAML or belong nowhere,
entries listed twice, and what a site may not change (site.py). reading.py makes models of it.
"""

import copy
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recommender import content as files
from recommender.content import Document
from recommender.errors import ContentError, Problem, did_you_mean
from recommender.rules import FOLDERS
from recommender.site import HINT, Site

Entry = tuple[str | int, ...]
Plain = dict[str, Any]

LISTS = {
    "rules/vocabulary/features.yaml": "features",
    "rules/vocabulary/adaptations.yaml": "adaptations",
    "rules/vocabulary/pathways.yaml": "pathways",
    "rules/evidence.yaml": "evidence",
}
MAPPINGS = {
    "rules/rulebook.yaml": "rulebook",
    "rules/invariants.yaml": "invariants",
    "rules/vocabulary/panels.yaml": "panels",
    "rules/assessment/doses.yaml": "doses",
}
REQUIRED = (
    "rules/rulebook.yaml",
    "rules/vocabulary/features.yaml",
    "rules/vocabulary/adaptations.yaml",
)
_RULE_KEY = re.compile(r"[a-z][a-z0-9_]*")


@dataclass
class Gathered:
    """Plain content of all files, and where each entry of it stands."""

    content: Plain = field(default_factory=dict)
    places: dict[Entry, list[tuple[Document, tuple[str | int, ...]]]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    """Sections whose file could not be read: what rests on them is not judged."""
    checked: bool = False
    """Whether this very content was read and checked before, by this version."""

    def report(
        self,
        entry: Entry,
        code: str,
        message: str,
        hint: str = "",
        path: tuple[str | int, ...] = (),
        *,
        key: bool = False,
    ) -> None:
        """Note a problem at `path` inside an entry; `key` points at the key, not at its value."""
        self.problems.append(self.problem(entry, code, message, hint, path, key=key))

    def problem(
        self,
        entry: Entry,
        code: str,
        message: str,
        hint: str = "",
        path: tuple[str | int, ...] = (),
        *,
        key: bool = False,
    ) -> Problem:
        """A problem at `path` inside an entry, in the last file that states it."""
        for document, base in reversed(self.places.get(entry, [])):
            whole = (*base, *path)
            if not path or whole in document.values or whole in document.keys:
                return document.problem(code, message, hint, *whole, key=key or not path)
        return Problem(code, message, hint, path=".".join(map(str, (*entry, *path))))


def gather(root: Path, site: Path | None = None, *, shown: str = "") -> Gathered:
    """Read all files below `root`/rules, then those of a site over them.

    shown: the folder the user named, put before the names of its files in errors.
    """
    prefix = f"{shown.rstrip('/')}/" if shown else ""
    gathered = Gathered({"schema": "rulebook/1", "instruments": {}, "rules": {}, "topics": {}})
    for name, data in files.files(root):
        _take(gathered, name if site else prefix + name, data, real=name)
    for name in REQUIRED:
        section = LISTS.get(name) or MAPPINGS[name]
        if section not in gathered.content and section not in gathered.unread:
            hint = "A rulebook needs at least rulebook.yaml, features.yaml and adaptations.yaml."
            missing = Problem("C201", "this file is missing", hint, file=prefix + name)
            gathered.problems.append(missing)
    if site is not None:
        _lay_over(gathered, site, prefix or f"{site.name}/")
    return gathered


def _lay_over(gathered: Gathered, folder: Path, prefix: str) -> None:
    """Read a site's files over the shipped ones; its rulebook.yaml says what it justifies."""
    shipped = copy.deepcopy(gathered.content)
    found = dict(files.files(folder))
    header = "rules/rulebook.yaml"
    _take(gathered, prefix + header, found.pop(header, b"{}"), real=header)
    site = Site(shipped, gathered.content["rulebook"].get("departures"))
    for name, data in found.items():
        _take(gathered, prefix + name, data, real=name, over=site)
    _lies_over(gathered, shipped["rulebook"].get("id") if "rulebook" in shipped else None)
    for name in site.idle():
        message = f"this departure changes nothing: '{name}'"
        hint = "Name a rule, feature, instrument or invariant that this folder changes, or 'doses'."
        gathered.report(("rulebook", "departures"), "C208", message, hint, (name,), key=True)


def _lies_over(gathered: Gathered, shipped: object) -> None:
    """A site names the rulebook it changes, and leaves its id, version and status alone."""
    rulebook = gathered.content["rulebook"]
    if rulebook.get("lays_over") != shipped:
        message = f"this folder lays over another rulebook than '{shipped}'"
        gathered.report(("rulebook", "lays_over"), "C207", message, "", (), key=True)
    for key in ("id", "version", "status"):
        if len(gathered.places.get(("rulebook", key), ())) > 1:
            message = f"a site may not change '{key}'"
            gathered.report(("rulebook", key), "C207", message, "", (), key=True)


def _take(
    gathered: Gathered, name: str, data: bytes, *, real: str, over: Site | None = None
) -> None:
    try:
        document = files.read_yaml(data, name)
    except ContentError as error:
        gathered.problems.extend(error.problems)
        _unread(gathered, LISTS.get(real) or MAPPINGS.get(real))
        return
    if real in LISTS:
        _take_list(gathered, LISTS[real], document, over)
    elif real in MAPPINGS:
        _take_mapping(gathered, MAPPINGS[real], document, over)
    elif real.startswith("rules/assessment/"):
        _take_instrument(gathered, document, real, over)
    elif real.count("/") == 2 and real.split("/")[1] in FOLDERS:
        _take_topic(gathered, document, real, over)
    else:
        hint = f"Rules live in rules/{{{','.join(FOLDERS)}}}/<topic>.yaml."
        gathered.problems.append(
            Problem("C202", "no such file belongs in a rulebook", hint, file=name)
        )


def _unread(gathered: Gathered, section: str | None) -> None:
    """A file that cannot be read is not also a missing one."""
    if section is not None:
        gathered.unread.add(section)


def _take_list(gathered: Gathered, section: str, document: Document, over: Site | None) -> None:
    entries = gathered.content.setdefault(section, [])
    if not isinstance(document.data, list):
        gathered.problems.append(document.problem("C203", "this file holds a list of entries"))
        _unread(gathered, section)
        return
    earlier = {entry.get("id"): at for at, entry in enumerate(entries)}
    mine: set[object] = set()
    for n, entry in enumerate(document.data):
        if not isinstance(entry, dict):
            gathered.problems.append(document.problem("C203", "an entry is a mapping", "", n))
            continue
        name = entry.get("id")
        if isinstance(name, str) and name in mine:
            message = f"'{name}' is listed twice"
            gathered.problems.append(document.problem("C301", message, "", n, "id"))
            continue
        mine.add(name)
        at = earlier.get(name)
        if over is not None and at is not None:
            for key in _objections(over, section, str(name), entry):
                message = f"a site may not change '{key}' of '{name}' without saying why"
                gathered.problems.append(document.problem("C206", message, HINT, n, key, key=True))
        if at is None:
            at = len(entries)
            entries.append(dict(entry))
        else:
            entries[at] |= entry
        gathered.places.setdefault((section, at), []).append((document, (n,)))


def _objections(over: Site, section: str, name: str, entry: Plain) -> list[str]:
    if section == "features":
        return over.objects_to_feature(name, entry)
    return over.objects_to_pathway(name, entry) if section == "pathways" else []


def _take_mapping(gathered: Gathered, section: str, document: Document, over: Site | None) -> None:
    if not isinstance(document.data, dict):
        gathered.problems.append(document.problem("C203", "this file holds a mapping"))
        _unread(gathered, section)
        return
    merged = gathered.content.setdefault(section, {})
    if over is not None and section == "doses" and over.objects_to_doses():
        message = "a site may not change the doses without saying why"
        gathered.problems.append(document.problem("C206", message, HINT))
    for key, value in document.data.items():
        if over is not None and section == "invariants" and over.objects_to_invariant(key):
            message = f"a site may not change the invariant '{key}' without saying why"
            gathered.problems.append(document.problem("C206", message, HINT, key, key=True))
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merged[key] | value if both else value
        gathered.places.setdefault((section, key), []).append((document, (key,)))
    gathered.places.setdefault((section,), []).append((document, ()))


def _take_instrument(gathered: Gathered, document: Document, real: str, over: Site | None) -> None:
    name = real.rsplit("/", 1)[1].removesuffix(".yaml")
    if not isinstance(document.data, dict):
        gathered.problems.append(document.problem("C203", "this file holds one instrument"))
        return
    if document.data.get("id") != name:
        message = f"the id of this instrument must be the name of its file, '{name}'"
        gathered.problems.append(document.problem("C204", message, "", "id"))
    for key in over.objects_to_instrument(name, document.data) if over is not None else ():
        message = f"a site may not change '{key}' of {name} without saying why: safety rests on it"
        gathered.problems.append(document.problem("C206", message, HINT, key, key=True))
    merged = gathered.content["instruments"].setdefault(name, {})
    merged |= document.data
    gathered.places.setdefault(("instruments", name), []).append((document, ()))


def _take_topic(gathered: Gathered, document: Document, real: str, over: Site | None) -> None:
    prefix = real.removeprefix("rules/").removesuffix(".yaml").replace("/", ".")
    data = document.data
    if not isinstance(data, dict) or not isinstance(data.get("rules"), dict):
        hint = "A topic file holds `topic:` and `rules:`, a mapping of keys to rules."
        gathered.problems.append(document.problem("C203", "this file holds no rules", hint))
        return
    for key in data.keys() - {"topic", "rules"}:
        hint = did_you_mean(key, ["topic", "rules"])
        gathered.problems.append(
            document.problem("C211", f"unknown key '{key}'", hint, key, key=True)
        )
    gathered.content["topics"][prefix] = str(data.get("topic", ""))
    for key, text in data["rules"].items():
        _take_rule(gathered, document, prefix, key, text, over)


def _take_rule(
    gathered: Gathered, document: Document, prefix: str, key: str, text: object, over: Site | None
) -> None:
    place = ("rules", key)
    if not _RULE_KEY.fullmatch(key) or not isinstance(text, dict):
        message = f"rule '{key}' needs a snake_case key and a mapping"
        gathered.problems.append(document.problem("C205", message, "", *place, key=True))
        return
    rule_id = f"{prefix}.{key}"
    known = gathered.content["rules"].get(rule_id)
    if over is not None and over.objects_to_rule(rule_id, text):
        message = f"a site may not change what safety rests on, '{rule_id}', without saying why"
        gathered.problems.append(document.problem("C206", message, HINT, *place, key=True))
        return
    gathered.content["rules"][rule_id] = (known or {}) | text
    gathered.places.setdefault(("rules", rule_id), []).append((document, place))
