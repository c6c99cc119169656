"""A rulebook → a folder of pages, tables and sums that opens from the file system.

In: a folder of rules, or nothing for the shipped one, the day of the look and where to write. Out:
the same bytes for the same content, day and history. A folder that holds anything but an earlier
catalogue is refused, as FolderInUse; of an earlier one nothing is left behind.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from recommender.conditions import say
from recommender.explain.render import render_template
from recommender.explain.rule_words import rule_view
from recommender.governance.catalogue.book import Book
from recommender.governance.catalogue.history import history
from recommender.governance.catalogue.played import Progress, play
from recommender.governance.catalogue.sheet import rows
from recommender.governance.catalogue.tables import table
from recommender.governance.lint.about import about
from recommender.governance.lint.run import lint
from recommender.governance.vignettes import folders
from recommender.rulebook import load_with_places
from recommender.rules import Rule

SUMS: Final = "SHA256SUMS"
NO_BREAKS: Final = 1_000_000
"""Columns, so that text is never broken into lines."""

RULE_COLUMNS: Final = (
    *("id", "topic", "status", "title", "verb", "about", "when", "then", "if_not_known", "because"),
    *("limits", "strength", "certainty", "evidence", "fires_example", "silent_example"),
    *("unknown_example", "fires_in", "not_known_in", "silent_in", "findings", "last_changed"),
)
SHEET_COLUMNS: Final = ("part", "item", "answer", "features", "rules", "instruments")

File = tuple[str, str]
Page = Callable[..., str]


class FolderInUse(Exception):  # the command line turns it into a usage error
    """The folder to write to holds something that is not an earlier catalogue."""


class Written(NamedTuple):
    """What was written, for the one who asked for it."""

    files: int
    rules: int
    vignettes: int
    unexpected: int
    """Vignettes whose answer is not as expected."""


def write_catalogue(
    path: Path | None,
    target: Path,
    as_of: date,
    *,
    progress: Progress = lambda _: None,
    templates: Path | None = None,
) -> Written:
    """Make the catalogue of a folder of rules. Raises ContentError, ProfileError, FolderInUse."""
    earlier = _earlier(target)
    book = read_book(path, as_of, progress)
    made = dict(files(book, progress, templates))
    made[SUMS] = "".join(f"{_sum(text)}  {name}\n" for name, text in sorted(made.items()))
    for name in earlier - made.keys():
        (target / name).unlink(missing_ok=True)
    for name, text in made.items():
        file = target / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode("utf-8"))
    unexpected = sum(bool(one.wrong) for one in book.vignettes.all)
    return Written(len(made), len(book.rulebook.rules), len(book.vignettes.all), unexpected)


def read_book(path: Path | None, as_of: date, progress: Progress = lambda _: None) -> Book:
    """Everything the pages are made from: rules read and linted, vignettes run, history read."""
    progress("reading")
    rulebook, gathered = load_with_places(path)
    vignettes = play(path, rulebook, as_of, progress)
    progress("checks")
    found = lint(path, as_of)
    progress("history")
    known = [one for root in folders(path, rulebook) if (one := history(root)) is not None]
    return Book(
        rulebook=rulebook,
        declared=frozenset(str(one["id"]) for one in gathered.content["features"]),
        vignettes=vignettes,
        findings=found,
        check_titles={one.code: one.title for one in about()},
        histories=tuple(known),
        as_of=as_of,
    )


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _earlier(target: Path) -> frozenset[str]:
    """The files of the catalogue that a folder holds; nothing for a new or empty one."""
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return frozenset()
    try:
        lines = (target / SUMS).read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise FolderInUse(str(target)) from error
    named = (line[66:] for line in lines)
    return frozenset(name for name in named if name and ".." not in name and name[0] not in "/\\")


# ------------------------------------------------------------------------------- files


def files(book: Book, progress: Progress, templates: Path | None = None) -> Iterator[File]:
    """Every file of the catalogue by name."""
    page = partial(_page, _shared(book), templates)
    yield "style.css", page("style", format="css")
    yield "search.js", page("search", format="javascript")
    yield "search-index.js", _search_index(book)
    yield from _entries(book, page, progress)
    answers = [_answered(row, templates) for row in rows(book)]
    yield "sources.html", page("sources", answers=answers)
    yield "sources.csv", table(SHEET_COLUMNS, map(_flat, answers))
    yield "sources.json", json.dumps(answers, ensure_ascii=False, indent=2) + "\n"
    yield "rules.csv", table(RULE_COLUMNS, (_row(one, book, templates) for one in _rules(book)))


def _entries(book: Book, page: Page, progress: Progress) -> Iterator[File]:
    rulebook = book.rulebook
    topics = [book.topic(name) for name in book.topics]
    yield "index.html", page("index", topics=topics, book=_overview(book))
    yield "rules.html", page("rules", topics=topics)
    for topic in topics:
        progress(f"page {topic['id']}")
        yield f"topics/{topic['id']}.html", page("topic", topic=topic, base="../", at="rules")
    progress("pages of adaptations")
    adaptations = [book.adaptation(one) for one in rulebook.adaptations.values()]
    yield "adaptations.html", page("adaptations", adaptations=adaptations)
    for one in adaptations:
        name = f"adaptations/{one['id']}.html"
        yield name, page("adaptation", one=one, base="../", at="adaptations")
    progress("other pages")
    listed = [rulebook.features[name] for name in rulebook.features if name in book.declared]
    yield "features.html", page("features", features=[book.feature(one) for one in listed])
    scales = [book.instrument(one) for one in rulebook.instruments.values()]
    yield "instruments.html", page("instruments", instruments=scales, doses=_doses(book))
    pathways = [book.pathway(one) for one in rulebook.pathways.values()]
    yield "pathways.html", page("pathways", pathways=pathways)
    sources = [book.source(name) for name in rulebook.evidence]
    yield "evidence.html", page("evidence", sources=sources)
    promises = [book.invariant(one) for one in rulebook.invariants.values()]
    yield "invariants.html", page("invariants", invariants=promises)
    played = [book.vignette(one) for one in book.vignettes.all]
    yield "vignettes.html", page("vignettes", vignettes=played)
    yield "findings.html", page("findings", findings=book.all_findings)


def _page(
    shared: dict[str, Any],
    templates: Path | None,
    name: str,
    *,
    format: str = "html",
    base: str = "",
    at: str = "",
    **context: Any,
) -> str:
    """One page; `base` leads from it to the folder, `at` is the part of the site it belongs to."""
    return render_template(
        f"governance/catalogue/{name}",
        shared | context | {"base": base, "at": at or name},
        format=format,
        templates=templates,
    )


def _shared(book: Book) -> dict[str, Any]:
    """What every page looks up."""
    header = book.rulebook.header
    return {
        "rulebook": {
            "id": header.id,
            "title": header.title,
            "version": header.version,
            "language": header.language,
            "digest": book.rulebook.digest,
            "drafts": book.rulebook.drafts,
            "rules": len(book.rulebook.rules),
        },
        "as_of": book.as_of.isoformat(),
        "where": book.where,
        "called": book.names,
        "titles": book.names["adaptation"],
        "labels": book.names["feature"],
        "facts": {},
        "rules": {},
        "numbers": {},
    }


def _overview(book: Book) -> dict[str, Any]:
    rulebook, header = book.rulebook, book.rulebook.header
    verbs = {rule.verb.value: 0 for rule in rulebook.rules.values()}
    for rule in rulebook.rules.values():
        verbs[rule.verb.value] += 1
    return {
        "disclaimer": header.disclaimer,
        "departures": dict(header.departures),
        "safe_base": header.safe_base,
        "counts": {
            "rules": len(rulebook.rules),
            "adaptations": len(rulebook.adaptations),
            "features": len(book.declared),
            "instruments": len(rulebook.instruments),
            "pathways": len(rulebook.pathways),
            "evidence": len(rulebook.evidence),
            "invariants": len(rulebook.invariants),
            "vignettes": len(book.vignettes.all),
            "findings": len(book.findings),
        },
        "verbs": dict(sorted(verbs.items())),
        "unexpected": [one.name for one in book.vignettes.all if one.wrong],
        "never_fired": book.never_fired,
        "has_history": bool(book.histories),
        "shallow": any(one.shallow for one in book.histories),
        "uncommitted": sorted(
            {rule for one in book.histories for rule in one.uncommitted} & rulebook.rules.keys()
        ),
    }


def _doses(book: Book) -> dict[str, Any]:
    return {
        kind: dict(sorted(doses.items())) for kind, doses in sorted(book.rulebook.doses.items())
    }


# ------------------------------------------------------------------------------- tables


def _rules(book: Book) -> Iterator[Rule]:
    for topic in book.topics:
        for rule in book.rulebook.rules.values():
            if rule.id.rpartition(".")[0] == topic:
                yield rule


def _row(rule: Rule, book: Book, templates: Path | None) -> dict[str, object]:
    one, text = book.rule(rule), rule.text
    examples = dict(one["view"]["examples"])
    changes = one["history"]["changes"]
    return {
        "id": rule.id,
        "topic": book.names["topic"][rule.id.rpartition(".")[0]],
        "status": rule.status,
        "title": text.title,
        "verb": rule.verb.value,
        "about": rule.targets,
        "when": say(rule.condition, book.rulebook.features),
        **_words("rule_cells", ("then", "if_not_known"), rule_view(rule, book.rulebook), templates),
        "because": text.because.strip(),
        "limits": text.limits.strip(),
        "strength": text.strength.value if text.recommend else "",
        "certainty": text.certainty.value if text.certainty else "",
        "evidence": [book.rulebook.citations[name] for name in text.evidence],
        **{f"{name}_example": examples.get(name, "") for name in ("fires", "silent", "unknown")},
        "fires_in": one["played"]["fired"],
        "not_known_in": len(one["played"]["unknown"]),
        "silent_in": len(one["played"]["silent"]),
        "findings": [f"{found['code']} {found['message']}" for found in one["findings"]],
        "last_changed": changes[0]["on"] if changes else "",
    }


def _answered(row: dict[str, Any], templates: Path | None) -> dict[str, Any]:
    """A row of the sheet with its words."""
    return row | _words("attribute", ("item", "answer"), row, templates)


def _words(
    template: str, names: tuple[str, ...], context: dict[str, Any], templates: Path | None
) -> dict[str, str]:
    """What a template writes on so many lines, each under its name."""
    written = render_template(
        f"governance/catalogue/{template}", context, width=NO_BREAKS, templates=templates
    )
    lines = [line.partition(":")[2].strip() for line in written.splitlines() if line]
    return dict(zip(names, lines, strict=True))


def _flat(answer: dict[str, Any]) -> dict[str, object]:
    return {column: answer[column] for column in SHEET_COLUMNS}


# ------------------------------------------------------------------------------- search


def _search_index(book: Book) -> str:
    """Every entry as [kind, id, name, place, further words], as a script: pages cannot fetch."""
    entries = [list(entry) for entry in _searchable(book)]
    written = json.dumps(entries, ensure_ascii=False, separators=(",", ":"))
    return f"window.catalogue={written};\n"


def _searchable(book: Book) -> Iterator[tuple[str, str, str, str, str]]:
    further = dict(_further(book))
    for kind, places in book.where.items():
        for name, place in places.items():
            if kind != "feature" or name in book.declared:
                called = book.names[kind][name]
                yield kind, name, called, place, further.get((kind, name), "")


def _further(book: Book) -> Iterator[tuple[tuple[str, str], str]]:
    rulebook = book.rulebook
    for rule in rulebook.rules.values():
        about = " ".join(book.names["adaptation"][name] for name in rule.targets)
        when = say(rule.condition, rulebook.features)
        yield ("rule", rule.id), f"{rule.verb.value} {about} {when} {rule.text.because.strip()}"
    for adaptation in rulebook.adaptations.values():
        yield ("adaptation", adaptation.id), f"{adaptation.patient_title} {adaptation.what.strip()}"
    for feature in rulebook.features.values():
        yield ("feature", feature.id), f"{feature.question} {' '.join(feature.values)}"
    for instrument in rulebook.instruments.values():
        yield ("instrument", instrument.id), instrument.construct_
    for one in book.vignettes.all:
        yield ("vignette", one.name), " ".join(str(one.expect.get("rationale", "")).split())
