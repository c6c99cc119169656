"""Runs every check over a folder of rules, and mends what is safe to mend.

In: a folder that holds `rules/`, or nothing for the shipped one, and the day. Out: findings in
order of place. What the loader refuses is a ContentError: there is nothing to look at then.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from importlib import import_module
from pathlib import Path
from types import ModuleType

from recommender.errors import Problem
from recommender.governance.lint.severities import SEVERITIES
from recommender.governance.lint.subject import Finding, Found, Severity, Subject
from recommender.rulebook import load_with_places


def checks() -> Iterator[tuple[str, ModuleType, Severity]]:
    """Name, module and severity of every check."""
    for name, severity in SEVERITIES.items():
        yield name, import_module(f"recommender.governance.lint.checks.{name}"), severity


def lint(path: Path | None, as_of: date) -> tuple[Finding, ...]:
    """Everything the checks find in a folder on a day. Raises ContentError where it cannot be read.

    The order is that of files, lines and codes, whatever the order of checks.
    """
    subject = Subject(*load_with_places(path), as_of)
    found = [
        _placed(one, name, module.CODE, severity, subject)
        for name, module, severity in checks()
        for one in module.look(subject)
    ]
    return tuple(sorted(found, key=_order))


def _order(finding: Finding) -> tuple[str, int, int, str, str]:
    problem = finding.problem
    return problem.file, problem.line, problem.column, problem.code, problem.message


def _placed(found: Found, name: str, code: str, severity: Severity, subject: Subject) -> Finding:
    gathered = subject.gathered
    problem = gathered.problem(found.entry, code, found.message, found.hint, found.path)
    text = str(subject.value(found.entry, found.path)) if found.repair is not None else ""
    return Finding(name, severity, problem, found.repair, text, found.entry)


# ------------------------------------------------------------------------------- mending


def mend(findings: Iterable[Finding], folder: Path) -> tuple[Finding, ...]:
    """Make every safe repair in the files below `folder`; those that were made.

    Only the end of a text changes; layout and remarks stay. A text whose written form cannot be
    found as it was read is left alone, and so are files elsewhere: beneath a site's folder, the
    shipped ones.
    """
    done = []
    by_file: dict[str, list[Finding]] = {}
    for finding in findings:
        mine = finding.problem.file.startswith(f"{str(folder).rstrip('/')}/")
        if finding.repair is not None and mine:
            by_file.setdefault(finding.problem.file, []).append(finding)
    for name, several in by_file.items():
        file = Path(name)
        text = file.read_text("utf-8")
        for finding in sorted(several, key=_order, reverse=True):
            changed = _mended(text, finding)
            if changed is not None:
                text = changed
                done.append(finding)
        file.write_text(text, "utf-8")
    return tuple(sorted(done, key=_order))


def _mended(text: str, finding: Finding) -> str | None:
    assert finding.repair is not None
    start = _offset(text, finding.problem)
    words = r"\s+".join(map(re.escape, finding.text.split()))
    written = re.compile(rf"(?:[>|]-?\s+)?[\"']?{words}").match(text, start)
    if written is None:
        return None
    keep = written.end() - finding.repair.cut
    return text[:keep] + finding.repair.add + text[written.end() :]


def _offset(text: str, problem: Problem) -> int:
    lines = text.splitlines(keepends=True)
    return sum(map(len, lines[: problem.line - 1])) + problem.column - 1
