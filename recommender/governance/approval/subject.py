"""What an approval is of: the exact rules, wording, vignettes and program, each as one digest.

In: a rulebook and the folder it came from. Out: a Subject of SHA-256 digests; two are equal exactly
if an approval of one is an approval of the other. The digest of safety covers all that keeps people
safe, rather too much than too little: a change that leaves it alone takes nothing of that away.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from recommender import content as files
from recommender.envelope import canonical
from recommender.governance.approval.policy import Digest
from recommender.governance.vignettes import vignette_files
from recommender.rulebook import Rulebook, digest_of, load_with_places
from recommender.rules import verbs_of
from recommender.site import SAFETY_VERBS, Watched, watched
from recommender.version import VERSION
from recommender.vocabulary import Content

GUARDING = SAFETY_VERBS | {"caution", "sequence", "limit", "flag"}
"""Verbs of rules that protect: those a site may not touch, and those that warn, order and limit."""


class AboutRules(Content):
    """Which rulebook, in which state."""

    id: str
    version: str
    digest: Digest
    safety: Digest = Field(description="of everything in it that keeps people safe")


class AboutEngine(Content):
    """Which program."""

    version: str
    source: Digest


class Subject(Content):
    """Everything an approval is of."""

    rulebook: AboutRules
    engine: AboutEngine
    wording: Annotated[Digest, Field(description="of all templates")]
    vignettes: Digest


def subject_of(path: Path | None) -> Subject:
    """The subject as it is in this folder now. Raises ContentError where it cannot be read."""
    rulebook, gathered = load_with_places(path)
    return Subject(
        rulebook=AboutRules(
            id=rulebook.header.id,
            version=rulebook.header.version,
            digest=rulebook.digest,
            safety=safety_digest(gathered.content),
        ),
        **around(path, rulebook),
    )


def around(path: Path | None, rulebook: Rulebook) -> dict[str, Any]:
    """The parts of a subject beside the rules themselves."""
    return {
        "engine": AboutEngine(version=VERSION, source=_source()),
        "wording": _wording(path),
        "vignettes": _named((file.parent.parent, file) for file in vignette_files(path, rulebook)),
    }


@cache
def _source() -> str:
    """Of every file of the package that is program."""
    package = Path(files.__file__).parent
    return _named((package, file) for file in package.rglob("*.py"))


def _wording(path: Path | None) -> str:
    """Of the shipped templates, with those of the folder in their place where it has some."""
    found: dict[str, bytes] = {}
    for root in dict.fromkeys((files.root(None), files.root(path))):
        for file in sorted((root / "templates").rglob("*.j2")):
            found[file.relative_to(root).as_posix()] = file.read_bytes()
    return files.source_digest(found.items())


def _named(listed: Iterator[tuple[Path, Path]]) -> str:
    return files.source_digest(
        (file.relative_to(root).as_posix(), file.read_bytes()) for root, file in listed
    )


# ------------------------------------------------------------------------------- safety


def safety_digest(content: Mapping[str, Any]) -> str:
    """Of the rules that guard, the invariants, and all that any of them reads or speaks about."""
    seen = watched(content)
    promised = {*_adaptations_in(content.get("invariants", {}))}
    kept = {
        "rules": {
            name: text
            for name, text in content.get("rules", {}).items()
            if _keeps_safe(text, seen, promised)
        },
        "features": [one for one in content.get("features", []) if one.get("id") in seen.features],
        "instruments": {
            name: text
            for name, text in content.get("instruments", {}).items()
            if name in seen.instruments
        },
        "doses": content.get("doses", {}) if seen.doses else {},
        **{key: content.get(key) for key in ("invariants", "pathways")},
        "rulebook": {
            key: content.get("rulebook", {}).get(key)
            for key in ("links", "safe_base", "departures", "disclaimer", "contacts")
        },
    }
    return digest_of(kept)


def _keeps_safe(text: Mapping[str, Any], seen: Watched, promised: set[str]) -> bool:
    guards = GUARDING & {*verbs_of(text)}
    return bool(
        guards
        or seen.features & {*(text.get("conclude") or ())}
        or promised & {text.get("recommend")}
    )


def _adaptations_in(invariants: Mapping[str, Any]) -> Iterator[str]:
    """Every adaptation that an invariant names in an outcome."""
    for text in invariants.values():
        outcomes = [text.get("never"), text.get("always"), *(text.get("cover") or ())]
        outcomes.append((text.get("monotone") or {}).get("keeps"))
        for outcome in outcomes:
            for value in (outcome or {}).values():
                yield from [value] if isinstance(value, str) else value


def digest(data: Any) -> str:
    """SHA-256 of the canonical form of plain data."""
    return sha256(canonical(data)).hexdigest()
