"""What people sign: that one exact state of the rulebook may be used, where, and until when.

In: a folder of rules and what its authors say. Out: an envelope without signatures, and the reports
it rests on. Refused, as ApprovalError: rules that fail their own tests, findings nobody has given a
reason for, and days that do not fit.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from recommender.content import root
from recommender.envelope import Day, Envelope, envelope, read_folder, read_statement
from recommender.errors import ApprovalError, Problem
from recommender.governance.approval import reports
from recommender.governance.approval.policy import Digest, PersonId
from recommender.governance.approval.subject import Subject, subject_of
from recommender.governance.lint.dates import day_of
from recommender.rulebook import Rulebook, load_with_places
from recommender.vocabulary import Content
from recommender.withdrawal import Reason, Text


class SignedReport(Content):
    """One report that was read, by its digest."""

    name: Text
    sha256: Digest


class Accepted(Content):
    """A finding that is let through, and why."""

    finding: Text
    because: Reason


class Previous(Content):
    """The approval before this one, and the comparison that was read."""

    approval: Digest
    rulebook: Digest
    diff: Digest | None = Field(description="of the report of `rules diff`, where one was made")


class ApprovalText(Subject):
    """An approval exactly as it is signed."""

    schema_: Literal["approval/1"] = Field(alias="schema")
    reports: list[SignedReport]
    previous: Previous | None
    authors: Annotated[list[PersonId], Field(min_length=1)]
    scope: Text
    valid_from: Day
    review_by: Day
    accepted: list[Accepted]

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.review_by < self.valid_from:
            raise ValueError("the day of review lies before the first day")
        names = [one.name for one in self.reports]
        if len({*names}) < len(names):
            raise ValueError("a report stands here twice")
        return self

    @property
    def subject(self) -> Subject:
        """What it is an approval of."""
        return Subject(**{name: getattr(self, name) for name in Subject.model_fields})


class Terms(NamedTuple):
    """What the authors of a statement decide."""

    authors: Sequence[str]
    scope: str
    valid_from: date
    review_by: date
    accepted: Mapping[str, str]
    """Findings, or the codes of several, each with the reason."""


def propose(
    path: Path | None,
    terms: Terms,
    day: date,
    progress: reports.Progress = lambda _: None,
    *,
    before: Rulebook | None = None,
) -> tuple[Envelope, dict[str, bytes]]:
    """The statement to be signed for a folder, and its reports as made on `day`.

    before: the rules of the approval before this one, to be compared with.
    Raises ApprovalError with everything that stands in the way; nothing is written.
    """
    rulebook, _ = load_with_places(path)
    previous = _previous(path)
    made = reports.make(path, day, progress)
    listed = [{"name": name, "sha256": reports.digest(made[name])} for name in sorted(made)]
    if before is not None:
        previous = _compared_with(previous, before)
        made[reports.DIFF] = reports.compared(path, before, day, progress)
        previous["diff"] = reports.digest(made[reports.DIFF])
    read = {name: reports.read(report) for name, report in made.items()}
    accepted, problems = accepting(read, terms.accepted)
    problems += [*failing(read), *out_of_time(rulebook, terms.review_by)]
    if problems:
        raise ApprovalError(problems)
    statement = {
        "schema": "approval/1",
        **subject_of(path).model_dump(),
        "reports": listed,
        "previous": previous,
        "authors": sorted({*terms.authors}),
        "scope": terms.scope,
        "valid_from": terms.valid_from.isoformat(),
        "review_by": terms.review_by.isoformat(),
        "accepted": [{"finding": name, "because": accepted[name]} for name in sorted(accepted)],
    }
    proposed = envelope(statement, f"approval-{terms.valid_from.isoformat()}.json")
    read_statement(ApprovalText, proposed)
    return proposed, made


def _previous(path: Path | None) -> dict[str, str | None] | None:
    """The last of the approvals in the folder; whether it was one is judged when verifying."""
    earlier = [
        (text.valid_from, one.digest, text)
        for one in read_folder(root(path))
        if one.kind == "approval"
        for text in [read_statement(ApprovalText, one)]
    ]
    if not earlier:
        return None
    _, digest, text = max(earlier, key=lambda found: found[:2])
    return {"approval": digest, "rulebook": text.rulebook.digest, "diff": None}


def _compared_with(
    previous: dict[str, str | None] | None, before: Rulebook
) -> dict[str, str | None]:
    """The approval before this one, if it is one of the rules that are compared with."""
    approved = previous["rulebook"] if previous is not None else None
    if previous is None or before.content_digest != approved:
        message = "the rules named with --previous are not those of the last approval here"
        hint = (
            f"That approved {str(approved)[:12]}, and these are {before.content_digest[:12]}."
            if approved
            else "There is no approval here before this one: leave --previous out."
        )
        raise ApprovalError(Problem("A242", message, hint))
    return dict(previous)


# ------------------------------------------------------------------------------- objections


def accepting(
    read: Mapping[str, reports.Report], reasons: Mapping[str, str]
) -> tuple[dict[str, str], list[Problem]]:
    """The reason for each finding that needs one; a code such as L201 stands for all like it."""
    accepted: dict[str, str] = {}
    problems: list[Problem] = []
    used = set()
    for finding, says in reports.to_accept(read):
        name = finding if finding in reasons else finding.partition(" ")[0]
        if name in reasons:
            accepted[finding] = reasons[name]
            used.add(name)
        else:
            problems.append(_unaccepted(finding, says))
    for name in reasons:
        if name not in used:
            message = f"nothing is found that could be accepted as '{name}'"
            problems.append(Problem("A236", message, "Name what `rules lint` finds, or 'drafts'."))
    return accepted, problems


def _unaccepted(finding: str, says: str) -> Problem:
    name = finding.partition(" ")[0]
    hint = f"Mend it, or say why it may stand: --accept '{name}=…'."
    return Problem("A236", f"{says} ({finding}), and nobody has said why that may be", hint)


def failing(read: Mapping[str, reports.Report]) -> Iterator[Problem]:
    """What fails in the rules' own tests; that is never accepted."""
    failed = list(reports.failures(read))
    if failed:
        more = f" and {len(failed) - 3} more" if len(failed) > 3 else ""
        message = f"not as expected: {', '.join(failed[:3])}{more}"
        hint = "recommender rules test and recommender rules prove say what is wrong."
        yield Problem("A237", message, hint)


def first_review(rulebook: Rulebook) -> tuple[str, date | None]:
    """The source of a rule in use that has to be looked at first, and when; None: it has no day."""
    cited = {
        name
        for rule in rulebook.rules.values()
        if rule.status != "retired"
        for name in rule.text.evidence
    }
    days = {name: day_of(rulebook.evidence[name].review_by) for name in sorted(cited)}
    undated = [name for name, day in days.items() if day is None]
    if undated:
        return undated[0], None
    return min(days.items(), key=lambda item: (item[1], item[0]), default=("", date.max))


def out_of_time(rulebook: Rulebook, review_by: date) -> Iterator[Problem]:
    """An approval ends, at the latest, when the first source of its rules is to be looked at."""
    name, due = first_review(rulebook)
    if due is None:
        message = f"the source '{name}' has no day by which to review it"
        yield Problem("A234", message, "Write review_by in rules/evidence.yaml.")
    elif due < review_by:
        message = f"the source '{name}' is to be reviewed by {due.isoformat()}, before the approval"
        yield Problem("A234", message, f"Give --review-by {due.isoformat()} or an earlier day.")
