"""Whether the rulebook of a folder is approved on a day, and everything that speaks against it.

In: a folder, the digest of the policy this place trusts, and a day. Out: a Verdict. Fail-closed: it
approves only where every single thing could be confirmed, and names each that could not.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

from recommender.content import root
from recommender.envelope import Envelope, canonical, read_folder, read_statement
from recommender.errors import ApprovalError, Problem
from recommender.governance.approval import keys, reports
from recommender.governance.approval.policy import (
    Policy,
    Signed,
    Signer,
    Trust,
    signed_by,
    too_few,
    trust,
)
from recommender.governance.approval.statement import (
    ApprovalText,
    failing,
    first_review,
)
from recommender.governance.approval.subject import around, subject_of
from recommender.governance.lint.dates import day_of
from recommender.rulebook import Approval, Rulebook, load_rulebook


class Judged(NamedTuple):
    """One approval that lies in the folder, and why it does not hold; nothing where it does."""

    envelope: Envelope
    text: ApprovalText
    signed: Signed | None
    until: date
    problems: tuple[Problem, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.problems


@dataclass(frozen=True)
class Verdict:
    """Whether a rulebook is approved on a day."""

    rulebook: Rulebook
    day: date
    trust: Trust
    problems: tuple[Problem, ...]
    """What lets no approval hold, whatever it says."""
    judged: tuple[Judged, ...]

    @property
    def holding(self) -> Judged | None:
        """The approval that holds, of several the one that holds longest."""
        found = [one for one in self.judged if one.holds and not self.problems]
        return max(found, key=lambda one: (one.until, one.envelope.digest), default=None)

    @property
    def approval(self) -> Approval | None:
        """What the rulebook is approved by; None where it is not."""
        found = self.holding
        if found is None:
            return None
        return Approval(
            content=self.rulebook.content_digest,
            statement=found.envelope.digest,
            scope=found.text.scope,
            valid_from=found.text.valid_from,
            until=found.until,
        )

    def refusal(self) -> ApprovalError:
        """Why it is not approved, as the error of those who need it to be."""
        why = [*self.problems]
        near = [one for one in self.judged if not _of_other_rules(one)] or list(self.judged)
        for one in near:
            why += one.problems
        message = f"these rules are not clinically approved on {self.day.isoformat()}"
        hint = "recommender rules verify says what holds and what does not."
        return ApprovalError([Problem("A200", message, hint), *dict.fromkeys(why)])


def _of_other_rules(judged: Judged) -> bool:
    return any(one.code == "A231" for one in judged.problems)


def verify(
    path: Path | None,
    pinned: str,
    day: date,
    *,
    repeat: bool = False,
    progress: reports.Progress = lambda _: None,
) -> Verdict:
    """Judge every approval in a folder. Raises ContentError for rules or files that cannot be read.

    repeat: also make every report again and compare, which takes as long as `rules test`.
    """
    rulebook = load_rulebook(path)
    envelopes = read_folder(root(path))
    lacking = keys.missing()
    if lacking is not None:
        return Verdict(rulebook, day, Trust(None), (lacking,), ())
    trusted = trust(envelopes, pinned, day)
    problems = list(trusted.problems)
    approvals = [one for one in envelopes if one.kind == "approval"]
    if not approvals:
        message = "no approval lies in approvals/"
        hint = "recommender rules propose writes one for people to sign."
        problems.append(Problem("A230", message, hint))
    judge = _Judge(path, rulebook, trusted, day, repeat, progress)
    judged = tuple(judge.judged(one, approvals) for one in approvals)
    return Verdict(rulebook, day, trusted, tuple(problems), judged)


def approved(path: Path | None, pinned: str, today: date) -> Rulebook:
    """The rulebook of a folder, with its approval where there is one that holds today."""
    verdict = verify(path, pinned, today)
    return verdict.rulebook.under(verdict.approval)


def required(path: Path | None, pinned: str, today: date, as_of: date) -> Rulebook:
    """The rulebook of a folder, approved today and for the day of an answer.

    Raises ApprovalError where it is not. Both days count: a day in the past, which a profile may
    carry, brings no approval back.
    """
    verdict = verify(path, pinned, today)
    approval = verdict.approval
    if approval is None:
        raise verdict.refusal()
    if not approval.covers(as_of):
        period = f"{approval.valid_from.isoformat()} to {approval.until.isoformat()}"
        message = f"the approval covers {period}, and the answer is for {as_of.isoformat()}"
        hint = "Ask for a day inside, or leave out --require-approved: the answer then says draft."
        raise ApprovalError(Problem("A241", message, hint))
    return verdict.rulebook.under(approval)


def unfit(path: Path | None, envelope: Envelope) -> list[Problem]:
    """What speaks against signing an approval of what lies in a folder now, whoever signs."""
    rulebook = load_rulebook(path)
    judge = _Judge(path, rulebook, Trust(None), date.min, False, lambda _: None)
    text = read_statement(ApprovalText, envelope)
    if text.rulebook.digest != rulebook.content_digest:
        return [*judge.judged(envelope, ()).problems]
    return [*judge.about(envelope, text, safety=True)]


# ------------------------------------------------------------------------------- one approval


class _Judge:
    """What every approval of a folder is judged by."""

    def __init__(
        self,
        path: Path | None,
        rulebook: Rulebook,
        trusted: Trust,
        day: date,
        repeat: bool,
        progress: reports.Progress,
    ) -> None:
        self._path = path
        self._rulebook = rulebook
        self._trust = trusted
        self._day = day
        self._repeat = repeat
        self._progress = progress

    def judged(self, envelope: Envelope, others: Sequence[Envelope]) -> Judged:
        """One approval; of one for another state of the rules only that is said."""
        text = read_statement(ApprovalText, envelope)
        if text.rulebook.digest != self._rulebook.content_digest:
            message = f"it approves another state of the rules ({text.rulebook.digest[:12]})"
            hint = f"Now they are {self._rulebook.content_digest[:12]}: propose and sign again."
            problem = envelope.problem("A231", message, hint)
            return Judged(envelope, text, None, text.review_by, (problem,))
        signed, problems = self._signatures(envelope, text, others)
        problems += self.about(envelope, text, safety=self._repeat)
        until, late = self._days(envelope, text, signed)
        problems += late
        return Judged(envelope, text, signed, until, tuple(problems))

    def about(self, envelope: Envelope, text: ApprovalText, *, safety: bool) -> Iterator[Problem]:
        """What does not fit in what it says about the folder; whether it says so of safety too."""
        yield from self._subject(envelope, text, safety=safety)
        yield from self._reports(envelope, text)

    # -- who ------------------------------------------------------------------------------

    def _signatures(
        self, envelope: Envelope, text: ApprovalText, others: Sequence[Envelope]
    ) -> tuple[Signed | None, list[Problem]]:
        policy = self._trust.policy
        if policy is None:
            return None, [envelope.problem("A201", "nobody's signature counts without a policy")]
        problems = [
            envelope.problem("A220", f"'{name}' is no author of the policy", "Name who wrote it.")
            for name in text.authors
            if "author" not in policy.roles.get(name, ())
        ]
        revocation = self._trust.revoked.get(envelope.digest)
        if revocation is not None:
            message = f"it has been revoked ({revocation.name})"
            problems.append(envelope.problem("A235", message, "Approve anew what may be used."))
        signed = signed_by(
            envelope,
            policy,
            revoked=self._trust.revoked_keys,
            day=self._day,
            authors=text.authors,
        )
        clinical = self._clinical_needed(text, policy, others)
        missing = too_few(envelope, signed, policy.thresholds, clinical)
        return signed, [*problems, *missing, *(signed.problems if missing else ())]

    def _clinical_needed(
        self, text: ApprovalText, policy: Policy, others: Sequence[Envelope]
    ) -> int:
        """How many clinical people: fewer only where nothing that keeps people safe has changed."""
        wanted = policy.thresholds
        same = self._same_safety(text, policy, others) and not self._touches_safety(text)
        return wanted.clinical if same else max(wanted.clinical, wanted.clinical_for_safety)

    def _same_safety(self, text: ApprovalText, policy: Policy, others: Sequence[Envelope]) -> bool:
        """Whether the approval before this one was one, and of the same safety rules."""
        if text.previous is None:
            return False
        before = next((one for one in others if one.digest == text.previous.approval), None)
        if before is None or before.digest in self._trust.revoked:
            return False
        earlier = read_statement(ApprovalText, before)
        if earlier.rulebook.safety != text.rulebook.safety:
            return False
        signed = signed_by(
            before, policy, revoked=self._trust.revoked_keys, authors=earlier.authors
        )
        needed = self._clinical_needed(earlier, policy, others)
        return not too_few(before, signed, policy.thresholds, needed) and self._safety_is(text)

    def _touches_safety(self, text: ApprovalText) -> bool:
        """Whether the comparison that was read says so; one that is not there says nothing."""
        report = self._comparison(text)
        return report is not None and bool(report.get("safety"))

    def _comparison(self, text: ApprovalText) -> reports.Report | None:
        wanted = text.previous.diff if text.previous is not None else None
        return None if wanted is None else reports.kept(self._path, reports.DIFF, wanted)

    def _safety_is(self, text: ApprovalText) -> bool:
        """Whether the rules are as safe as the statement says; read only where it matters."""
        return subject_of(self._path).rulebook.safety == text.rulebook.safety

    # -- what -----------------------------------------------------------------------------

    def _subject(
        self, envelope: Envelope, text: ApprovalText, *, safety: bool
    ) -> Iterator[Problem]:
        now = around(self._path, self._rulebook)
        for part, says in (
            ("engine", "another version of the program"),
            ("wording", "another wording (templates)"),
            ("vignettes", "other vignettes (profiles)"),
        ):
            if getattr(text, part) != now[part]:
                hint = "Put back what was approved, or propose and sign again."
                yield envelope.problem("A232", f"it was given for {says}", hint)
        if safety and not self._safety_is(text):
            message = "it says something untrue about the rules that keep people safe"
            yield envelope.problem("A232", message, "Propose it anew.")

    def _reports(self, envelope: Envelope, text: ApprovalText) -> Iterator[Problem]:
        read: dict[str, reports.Report] = {}
        for one in text.reports:
            report = reports.kept(self._path, one.name, one.sha256)
            if report is None:
                message = f"the report '{one.name}' it rests on is missing, or was changed"
                hint = f"It belongs in approvals/reports/{one.sha256[:12]}….json."
                yield envelope.problem("A233", message, hint)
            elif report.get("rulebook") != text.rulebook.digest:
                message = f"the report '{one.name}' is about another state of the rules"
                yield envelope.problem("A233", message, "Propose it anew.")
            else:
                read[one.name] = report
        yield from self._compared(envelope, text, read)
        for name in reports.REPORTS.keys() - {one.name for one in text.reports}:
            yield envelope.problem("A233", f"it rests on no report '{name}'", "Propose it anew.")
        for finding, says in reports.to_accept(read):
            if finding not in {one.finding for one in text.accepted}:
                message = f"nobody gave a reason for what was found: {says} ({finding})"
                yield envelope.problem("A236", message, "Propose it anew with --accept.")
        yield from (envelope.problem(*one[:3]) for one in failing(read))
        if self._repeat:
            yield from self._repeated(envelope, text, read)

    def _compared(
        self, envelope: Envelope, text: ApprovalText, read: dict[str, reports.Report]
    ) -> Iterator[Problem]:
        """What does not fit in the comparison; it joins the reports that were read."""
        previous = text.previous
        if previous is None or previous.diff is None:
            return
        report = self._comparison(text)
        if report is None:
            message = "the comparison with the rules before is missing, or was changed"
            hint = f"It belongs in approvals/reports/{previous.diff[:12]}….json."
            yield envelope.problem("A233", message, hint)
        elif (report.get("before"), report.get("rulebook")) != (
            previous.rulebook,
            text.rulebook.digest,
        ):
            message = "the comparison is about other rules than those before and now"
            yield envelope.problem("A233", message, "Propose it anew.")
        else:
            read[reports.DIFF] = report

    def _repeated(
        self, envelope: Envelope, text: ApprovalText, read: Mapping[str, reports.Report]
    ) -> Iterator[Problem]:
        """What comes out otherwise when the reports are made again, on their own day."""
        for one in text.reports:
            report, make = read.get(one.name), reports.REPORTS.get(one.name)
            if report is None:
                continue
            day = day_of(report.get("as_of"))
            again = None
            if make is not None and day is not None:
                again = make(self._path, day, self._progress)
            if again is None or canonical(again) != canonical(report):
                message = f"the report '{one.name}' comes out otherwise when it is made again"
                yield envelope.problem("A238", message, _why_otherwise(report, again))

    # -- when -----------------------------------------------------------------------------

    def _days(
        self, envelope: Envelope, text: ApprovalText, signed: Signed | None
    ) -> tuple[date, list[Problem]]:
        """The last day, and what is wrong with this one."""
        source, due = first_review(self._rulebook)
        until = min(
            [text.review_by, due or text.review_by, *(one.until for one in _counted(signed))]
        )
        problems = []
        if self._day < text.valid_from:
            message = f"it holds from {text.valid_from.isoformat()} on"
            problems.append(envelope.problem("A239", message, "Until then the old one has to do."))
        if self._day > text.review_by:
            message = f"it was to be reviewed by {text.review_by.isoformat()}"
            problems.append(envelope.problem("A240", message, "Review it, propose, and sign."))
        if due is None or self._day > due:
            when = f"was to be reviewed by {due.isoformat()}" if due else "has no day of review"
            message = f"the source '{source}', on which rules rest, {when}"
            problems.append(envelope.problem("A234", message, "Look at it again, then approve."))
        return until, problems


def _counted(signed: Signed | None) -> tuple[Signer, ...]:
    return signed.signers if signed is not None else ()


def _why_otherwise(before: reports.Report, again: reports.Report | None) -> str:
    if again is None:
        return "This version of the program does not know how to make it."
    if before.get("engines") != again.get("engines"):
        return "Both engines took part then: verify where the second one can be had."
    return "Something that it rests on has changed."
