"""Tiny rulebooks from plain mappings, tiny patients, and what becomes of them.

Everything goes through the real loader and the real flow; files are written only where a test is
about them. What a test does not care about has a default here: titles, reasons, dates, the source
«clinician».
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from recommender import Recommendation, Rulebook, load_rulebook, recommend
from recommender.assess import assess
from recommender.content import root
from recommender.errors import ContentError, Problem, RecommenderError
from recommender.facts import Fact, describe
from recommender.gather import Gathered, gather
from recommender.profile import as_profile, read_profile
from recommender.rulebook import build

Plain = dict[str, Any]

ASSESSED_ON = "2026-11-20"
AS_OF = date(2026, 11, 22)


# ------------------------------------------------------------------------------- vocabulary


def ordinal(name: str, values: str = "low mild high", **more: Any) -> Plain:
    return _feature(name, "ordinal", more, values=values.split())


def choice(name: str, values: str, **more: Any) -> Plain:
    return _feature(name, "choice", more, values=values.split())


def members(name: str, values: str, **more: Any) -> Plain:
    return _feature(name, "set", more, values=values.split())


def boolean(name: str, **more: Any) -> Plain:
    return _feature(name, "boolean", more)


def integer(name: str, low: int = 0, high: int = 100, **more: Any) -> Plain:
    return _feature(name, "integer", more, range=[low, high])


def decimal(name: str, low: float, high: float, **more: Any) -> Plain:
    return _feature(name, "decimal", more, range=[low, high])


def concluded(feature: Plain, default: Any) -> Plain:
    """The same feature as one that rules conclude."""
    kept = {key: value for key, value in feature.items() if key != "from"}
    return kept | {"concluded": True, "default": default}


_FIELDS = ("age", "sex", "conditions", "medications", "implants")
_GROUPS = ("history", "access", "preferences", "release")


def _feature(name: str, kind: str, more: Mapping[str, Any], **shape: Any) -> Plain:
    own = name in _FIELDS or name.partition(".")[0] in _GROUPS
    source = {} if own else {"from": ["clinician"]}
    return {"id": name, "label": name, "type": kind} | shape | source | dict(more)


# ------------------------------------------------------------------------------- rulebooks

HEADER = {
    "id": "tiny",
    "version": "1",
    "title": "Tiny",
    "status": "draft",
    "language": "en",
    "safe_base": "Care goes on.",
}
CRISIS = {"id": "crisis", "title": "Crisis", "urgency": "immediate", "action": "Act now."}


def content(
    features: Sequence[Plain] = (),
    rules: Mapping[str, Plain] | None = None,
    *,
    adaptations: Sequence[str | Plain] = ("mbct",),
    watch: bool = False,
    **sections: Any,
) -> Plain:
    """The plain content of a rulebook. `watch` adds a rule that looks at every feature."""
    written: dict[str, Plain] = {
        name: {"title": name, "because": "Why."} | r for name, r in (rules or {}).items()
    }
    if watch:
        looking = [{f["id"]: {"known": True}} for f in features]
        watching: Plain = {"title": "Watch", "because": "Why.", "flag": "seen"}
        written["tailoring.watch.all"] = watching | {"when": {"any": looking}}
    for name, text in written.items():
        if "refer" in text and "if_not_known" not in text:
            written[name] = text | {"if_not_known": "caution"}
        if {"exclude", "refer"} & text.keys() and "justify" not in text:
            weak = written[name].get("if_not_known") in ("ask", "caution", "presume")
            written[name] |= {"justify": "Because."} if weak else {}
    return {
        "schema": "rulebook/1",
        "rulebook": HEADER | sections.pop("header", {}),
        "features": list(features),
        "adaptations": [_adaptation(one) for one in adaptations],
        "pathways": [CRISIS, *sections.pop("pathways", [])],
        "instruments": {one["id"]: one for one in sections.pop("instruments", [])},
        "topics": {},
        "rules": written,
        **sections,
    }


def _adaptation(one: str | Plain) -> Plain:
    text = {"id": one} if isinstance(one, str) else one
    return {"title": text["id"], "phase": 2} | text


def rulebook(
    features: Sequence[Plain] = (), rules: Mapping[str, Plain] | None = None, **more: Any
) -> Rulebook:
    """The rulebook of this content, loaded and checked as if it were read from files."""
    return build(Gathered(content(features, rules, **more)))


def problems(raising: Callable[[], object], kind: type[RecommenderError]) -> Sequence[Problem]:
    """What is wrong, according to the error that must be raised."""
    with pytest.raises(kind) as caught:
        raising()
    return caught.value.problems


def write(folder: Path, files: Mapping[str, Any]) -> Path:
    """The files below a folder: text as it is, anything else as YAML."""
    for name, data in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        text = data if isinstance(data, str) else yaml.safe_dump(data, sort_keys=False)
        target.write_text(text, "utf-8")
    return folder


# ------------------------------------------------------------------------------- folders of files

MOOD = ordinal("mood")
RULE: Plain = {"title": "T", "when": {"mood": "high"}, "recommend": "mbct", "because": "B"}
SAFE: Plain = {"title": "T", "when": {"mood": "high"}, "exclude": "mbct", "because": "B"}

FILES: Mapping[str, Any] = {
    "rules/rulebook.yaml": HEADER,
    "rules/vocabulary/features.yaml": [MOOD],
    "rules/vocabulary/adaptations.yaml": [{"id": "mbct", "title": "M", "phase": 2}],
    "rules/adaptation/mindfulness.yaml": {"topic": "Mindfulness", "rules": {"high": RULE}},
}


def load(
    folder: Path, files: Mapping[str, Any] | None = None, site: Path | None = None
) -> Rulebook:
    """The small folder with these files added, and a site's folder over it."""
    return build(gather(write(folder, {**FILES, **(files or {})}), site))


def refused(folder: Path, files: Mapping[str, Any], *drop: str) -> list[Problem]:
    """What is wrong with the small folder once these files are added and some dropped."""
    kept = {name: data for name, data in {**FILES, **files}.items() if name not in drop}
    write(folder, kept)
    return list(problems(lambda: build(gather(folder)), ContentError))


# ------------------------------------------------------------------------------- patients


def patient(**parts: Any) -> Plain:
    """A profile that states these parts."""
    start = {"schema": "profile/1", "id": "tiny", "assessed_on": ASSESSED_ON}
    return start | {"as_of": AS_OF.isoformat()} | parts


def answer(book: Rulebook, **parts: Any) -> Recommendation:
    """What is recommended for this patient."""
    return recommend(patient(**parts), book)


def facts(book: Rulebook, **parts: Any) -> dict[str, Fact]:
    """The facts of this patient."""
    return assess(as_profile(patient(**parts)), book, AS_OF)


def shown(book: Rulebook, fact: Fact) -> Any:
    """What is still possible, as the answer shows it."""
    return describe(book.features[fact.feature], fact.possible)


def statuses(given: Recommendation) -> dict[str, str]:
    """Where each adaptation stands."""
    aside = {one.candidate.adaptation.id: one.status.value for one in given.plan.set_aside}
    return dict.fromkeys(given.recommended, "recommended") | aside


@cache
def answered(vignette: str) -> Plain:
    """The answer for a shipped vignette, as a document; not to be changed by a test."""
    path = root() / "profiles" / f"{vignette}.yaml"
    return recommend(read_profile(path.read_bytes(), path.name), load_rulebook()).to_dict()
