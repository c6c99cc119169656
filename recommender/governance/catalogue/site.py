"""A rulebook → a folder of pages, tables and sums that opens from the file system.

In: a folder of rules, or nothing for the shipped one, the day of the look and where to write. Out:
the same bytes for the same content, day and history. A folder that holds anything but an earlier
catalogue is refused, as FolderInUse; of an earlier one nothing is left behind.
"""

import hashlib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from recommender.governance.approval.verify import approved
from recommender.governance.catalogue.book import Book
from recommender.governance.catalogue.history import history
from recommender.governance.catalogue.pages import files
from recommender.governance.catalogue.played import Progress, play
from recommender.governance.catalogue.reports import read_reports
from recommender.governance.lint.about import about
from recommender.governance.lint.run import lint
from recommender.governance.vignettes import folders
from recommender.rulebook import Rulebook, load_rulebook, load_with_places

SUMS: Final = "SHA256SUMS"


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
    trusted: str = "",
    reports: Sequence[object] = (),
    progress: Progress = lambda _: None,
    templates: Path | None = None,
) -> Written:
    """Make the catalogue of a folder of rules.

    trusted: digest of the policy whose people may approve rules; else nothing counts as approved.
    reports: of other commands on the same rulebook, such as `rules prove`, as they were read.
    Raises ContentError, ProfileError, FolderInUse, UnfitReport.
    """
    earlier = _earlier(target)
    progress("reading")
    rulebook = approved(path, trusted, as_of) if trusted else load_rulebook(path)
    book = read_book(rulebook, path, as_of, reports, progress)
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


def read_book(
    rulebook: Rulebook,
    path: Path | None,
    as_of: date,
    reports: Sequence[object],
    progress: Progress,
) -> Book:
    """Everything the pages are made from: vignettes run, files linted, history read."""
    _, gathered = load_with_places(path)
    fitting = read_reports(reports, rulebook.digest)
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
        reports=fitting,
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
