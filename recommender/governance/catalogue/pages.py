"""Every file of a catalogue: pages through templates, tables, and what the search needs.

In: a book. Out: names and texts. The wording is that of templates/governance/catalogue.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from recommender.explain.render import render_template
from recommender.governance.catalogue.book import Book
from recommender.governance.catalogue.played import Progress
from recommender.governance.catalogue.search import search_index
from recommender.governance.catalogue.sheet import rows
from recommender.governance.catalogue.tables import answered, rule_table, sheet_table
from recommender.governance.findings import CLEAN, Verdict

NOT_CLEAN: Final = frozenset(Verdict) - CLEAN
"""What a reviewer has to look at in a report."""

File = tuple[str, str]
Page = Callable[..., str]


def files(book: Book, progress: Progress, templates: Path | None = None) -> Iterator[File]:
    """Every file of the catalogue by name."""
    page = partial(_page, _shared(book), templates)
    yield "style.css", page("style", format="css")
    yield "search.js", page("search", format="javascript")
    yield "search-index.js", search_index(book)
    yield from _entries(book, page, progress)
    answers = [answered(row, templates) for row in rows(book)]
    yield "sources.html", page("sources", answers=answers)
    yield "sources.csv", sheet_table(answers)
    yield "sources.json", json.dumps(answers, ensure_ascii=False, indent=2) + "\n"
    yield "rules.csv", rule_table(book, templates)


def _entries(book: Book, page: Page, progress: Progress) -> Iterator[File]:
    rulebook = book.rulebook
    topics = [book.topic(name) for name in book.topics]
    yield (
        "index.html",
        page("index", topics=topics, book=_overview(book), looked_at=_looked_at(book)),
    )
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
    yield "coverage.html", page("coverage", **_coverage(book))
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
            "approval": book.approval,
            "drafts": book.rulebook.drafts,
            "rules": len(book.rulebook.rules),
        },
        "as_of": book.as_of.isoformat(),
        "verdicts": book.reports.verdicts,
        "proved": book.reports.proved,
        "coverage": book.reports.coverage,
        "mutation": book.reports.mutation,
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
    verbs = Counter(rule.verb.value for rule in rulebook.rules.values())
    return {
        "disclaimer": header.disclaimer,
        "departures": dict(header.departures),
        "withdrawn": list(book.withdrawn.values()),
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
        "reports": [
            {
                "command": one["command"],
                "counts": one["counts"],
                "assumptions": one["assumptions"],
                "open": [found for found in one["findings"] if found["verdict"] in NOT_CLEAN],
            }
            for one in book.reports.proofs
        ],
        "has_history": bool(book.histories),
        "shallow": any(one.shallow for one in book.histories),
        "uncommitted": sorted(
            {rule for one in book.histories for rule in one.uncommitted} & rulebook.rules.keys()
        ),
    }


def _coverage(book: Book) -> dict[str, Any]:
    """What the vignettes show and notice of the whole rulebook."""
    reports, rulebook = book.reports, book.rulebook
    statuses = {name: reports.covered(name) for name in rulebook.adaptations}
    return {
        "standing": reports.standing(rulebook.rules),
        "statuses": {
            name: found for name, found in statuses.items() if found and found["counts"]["left"]
        },
        "looked_at": _looked_at(book),
        "changed_since": reports.changed_since([one.name for one in book.vignettes.all]),
    }


def _looked_at(book: Book) -> dict[str, Any]:
    """How many of the rules in use each of the two reports looked at."""
    used = [one.id for one in book.rulebook.rules.values() if one.status != "retired"]
    covered, mutated = book.reports.covered, book.reports.mutated
    return {
        "coverage": {"rules": sum(covered(one) is not None for one in used), "of": len(used)},
        "mutation": {"rules": sum(mutated(one) is not None for one in used), "of": len(used)},
    }


def _doses(book: Book) -> dict[str, Any]:
    return {
        kind: dict(sorted(doses.items())) for kind, doses in sorted(book.rulebook.doses.items())
    }
