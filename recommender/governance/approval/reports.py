"""The reports that people read before they sign, as bytes that are the same each time.

In: a folder of rules and a day. Out: each report by name, as canonical JSON; it names its day and
what else it needs to be repeated. A further report is one more entry of REPORTS.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from recommender import content as files
from recommender.envelope import FOLDER, canonical
from recommender.envelope import REPORTS as STORE
from recommender.errors import Problem
from recommender.governance.comparing.diff import compare
from recommender.governance.findings import CLEAN, Verdict
from recommender.governance.lint.run import lint
from recommender.governance.prove import prove
from recommender.governance.registry import USUAL
from recommender.governance.run import Run
from recommender.governance.trial import Result, try_rulebook
from recommender.governance.vignettes import stored
from recommender.rulebook import Rulebook, load_with_places

PEOPLE = 100
"""How many drawn people the rules are tried on."""

DIFF: Final = "diff"
"""The report of `rules diff`, of a change of what was approved before."""

Progress = Callable[[str], None]
Report = Mapping[str, Any]


def _lint(path: Path | None, day: date, progress: Progress) -> Report:
    progress("checks")
    rulebook, _ = load_with_places(path)
    return {
        "report": "lint/1",
        "as_of": day.isoformat(),
        "rulebook": rulebook.digest,
        "drafts": rulebook.drafts,
        "findings": [
            {
                "code": one.problem.code,
                "check": one.check,
                "severity": one.severity.value,
                "place": _place(one.problem, path),
                "message": one.problem.message,
            }
            for one in lint(path, day)
        ],
    }


def _place(problem: Problem, path: Path | None) -> str:
    """Where it is, however the folder was named on the command line."""
    named = f"{str(path).rstrip('/')}/" if path is not None else ""
    return problem._replace(file=problem.file.removeprefix(named)).place


def _test(path: Path | None, day: date, progress: Progress) -> Report:
    tried = try_rulebook(path, day, people=PEOPLE, progress=progress)
    return {
        "report": "test/1",
        "as_of": day.isoformat(),
        "rulebook": tried.rulebook.digest,
        "engines": ["native"] if tried.second_engine else ["native", "durable"],
        "people": PEOPLE,
        "tried": [f"{one.kind} {one.name}" for one in tried.results],
        "failed": [_failed(one) for one in tried.results if not one.passed],
    }


def _failed(one: Result) -> Report:
    return {
        "what": f"{one.kind} {one.name}",
        "wrong": list(one.wrong),
        "disagree": list(one.disagree),
    }


def _proof(path: Path | None, day: date, progress: Progress) -> Report:
    rulebook, _ = load_with_places(path)
    proved = prove(Run(rulebook, day, tell=progress), USUAL)
    return {
        "report": "proof/1",
        "as_of": day.isoformat(),
        "rulebook": rulebook.digest,
        "links": [link.title for link in rulebook.header.links],
        "findings": [
            {
                "check": one.check,
                "subject": one.subject,
                "verdict": one.verdict.value,
                "severity": one.severity.value,
                "claim": one.claim,
            }
            for one in proved.findings
        ],
    }


REPORTS: Final[Mapping[str, Callable[[Path | None, date, Progress], Report]]] = {
    "lint": _lint,
    "proof": _proof,
    "test": _test,
}
"""What an approval rests on. All of them have to be there, and each can be made again."""


def compared(path: Path | None, old: Rulebook, day: date, progress: Progress) -> bytes:
    """The report of `rules diff` against an old rulebook, which is needed to make it again."""
    rulebook, _ = load_with_places(path)
    report = compare(old, rulebook, day, stored(path, rulebook), tell=progress)
    return canonical(
        {
            "report": f"{DIFF}/1",
            "as_of": day.isoformat(),
            "before": old.content_digest,
            "rulebook": rulebook.digest,
            "equivalent": report.figures["equivalent"],
            "safety": report.figures["safety"],
            "vignettes_changed": [one["vignette"] for one in report.figures["vignettes_changed"]],
            "findings": [
                {
                    "check": one.check,
                    "subject": one.subject,
                    "verdict": one.verdict.value,
                    "severity": one.severity.value,
                    "before": _said(one.details.get("before")),
                    "after": _said(one.details.get("after")),
                    "why": one.why,
                }
                for one in report.findings
            ],
        }
    )


def _said(value: Any) -> str:
    return "" if value is None else str(value)


def make(path: Path | None, day: date, progress: Progress = lambda _: None) -> dict[str, bytes]:
    """Every report on a folder on a day. Raises what loading and trying raise."""
    return {name: canonical(report(path, day, progress)) for name, report in REPORTS.items()}


def digest(report: bytes) -> str:
    """SHA-256 of a report, which is its name in the folder."""
    return sha256(report).hexdigest()


def keep(path: Path | None, reports: Mapping[str, bytes]) -> None:
    """Put the reports into the folder, each under its digest."""
    store = files.root(path) / FOLDER / STORE
    store.mkdir(parents=True, exist_ok=True)
    for report in reports.values():
        (store / f"{digest(report)}.json").write_bytes(report)


def kept(path: Path | None, name: str, wanted: str) -> Report | None:
    """The report of this name and digest; None where it is missing, was changed, or is another."""
    file = files.root(path) / FOLDER / STORE / f"{wanted}.json"
    try:
        data = file.read_bytes()
    except OSError:
        return None
    if digest(data) != wanted or not data.startswith(b'{"'):
        return None
    report = read(data)
    return report if report.get("report") == f"{name}/1" else None


def read(report: bytes) -> Report:
    """A report as plain data."""
    whole: Report = json.loads(report)
    return whole


def to_accept(reports: Mapping[str, Report]) -> Iterator[tuple[str, str]]:
    """What only a written reason lets through: the finding, and what it says."""
    looked = reports.get("lint", {})
    if looked.get("drafts"):
        yield "drafts", f"{looked['drafts']} rules are marked as drafts"
    for one in looked.get("findings", ()):
        if one["severity"] != "note":
            yield f"{one['code']} {one['place']}", one["message"]
    for one in reports.get("proof", {}).get("findings", ()):
        if one["severity"] != "info" and not _is_broken(one) and one["verdict"] not in CLEAN:
            undecided = one["verdict"] == Verdict.UNDECIDED
            says = "could not be decided" if undecided else "needs a look"
            yield f"{one['check']} {one['subject']}", f"{says}: {one['claim']}"
    for one in reports.get(DIFF, {}).get("findings", ()):
        if one["verdict"] == "undecided":
            yield f"{DIFF} {one['check']} {one['subject']}", "what changes could not be decided"


def failures(reports: Mapping[str, Report]) -> Iterator[str]:
    """What no reason lets through: what ends otherwise than expected, and broken promises."""
    for one in reports.get("test", {}).get("failed", ()):
        yield one["what"]
    for one in reports.get("proof", {}).get("findings", ()):
        if _is_broken(one):
            yield f"promise {one['subject']}"


def _is_broken(finding: Report) -> bool:
    return bool(finding["verdict"] == Verdict.REFUTED and finding["severity"] == "error")
