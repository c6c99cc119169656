"""Tables for spreadsheets: RFC 4180, one row an entry.

A cell that a spreadsheet would run as a formula is written with an apostrophe before it. Files
begin with a byte order mark, without which spreadsheets misread letters beyond ASCII.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

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
