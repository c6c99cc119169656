"""Tables for spreadsheets: the rules, and the sheet of source attributes.

In: a book. Out: text as RFC 4180 wants it, one row an entry. A cell that a spreadsheet would run
as a formula is written with an apostrophe before it. Files begin with a byte order mark, without
which spreadsheets misread letters beyond ASCII.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from recommender.conditions import say
from recommender.explain.render import render_template
from recommender.explain.rule_words import rule_view
from recommender.governance.catalogue.book import Book
from recommender.rules import Rule

NO_BREAKS: Final = 1_000_000
"""Columns, so that text is never broken into lines."""

RULE_COLUMNS: Final = (
    *("id", "topic", "status", "title", "verb", "about", "when", "then", "if_not_known", "because"),
    *(
        "limits",
        "to_the_person",
        "strength",
        "certainty",
        "evidence",
        "fires_example",
        "silent_example",
    ),
    *("unknown_example", "fires_in", "not_known_in", "silent_in", "findings", "last_changed"),
)
SHEET_COLUMNS: Final = ("part", "item", "answer", "features", "rules", "instruments")

BEGINS_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
MARK: Final = "\ufeff"


def table(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """The rows as text, with the columns as their first line."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([cell(row[column]) for column in columns])
    return MARK + written.getvalue()


def cell(value: object) -> str:
    """A value as one cell; a list with its members on lines of their own."""
    if isinstance(value, list | tuple):
        value = "\n".join(map(str, value))
    text = str(value)
    return f"'{text}" if text.startswith(BEGINS_FORMULA) else text


# ------------------------------------------------------------------------------- rules, attributes


def rule_table(book: Book, templates: Path | None) -> str:
    """The rules, one a row, topic by topic."""
    return table(RULE_COLUMNS, (_row(one, book, templates) for one in _rules(book)))


def sheet_table(answers: Iterable[Mapping[str, object]]) -> str:
    """The source-attribute sheet, one item a row."""
    return table(SHEET_COLUMNS, answers)


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
        "to_the_person": text.patient_text.strip(),
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


def answered(row: dict[str, Any], templates: Path | None) -> dict[str, Any]:
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
