"""What a governance group looks through before it meets: life cycles, approvals, sources, contacts.

In: a folder, the pinned policy, a day, and how far ahead to look; or a Verdict. Out: plain data in
one order. Nothing is judged here: that is verify.py's.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from recommender.errors import Problem
from recommender.governance.approval.verify import Judged, Verdict, verify
from recommender.governance.lint.dates import day_of
from recommender.rulebook import Rulebook
from recommender.rules import Rule

STATUSES = ("draft", "active", "retired")

Plain = dict[str, Any]


def review(path: Path | None, pinned: str, day: date, within: int) -> Plain:
    """Everything to look at on a day, and what comes due within so many days."""
    verdict = verify(path, pinned, day)
    book, ahead = verdict.rulebook, day + timedelta(days=within)
    rules = [_rule(rule, book, day, ahead) for rule in book.rules.values()]
    counts = Counter(one["status"] for one in rules)
    approval = verdict.approval
    return {
        "rulebook": _about(book),
        "day": day.isoformat(),
        "within": within,
        "approved": approval is not None,
        "until": approval.until.isoformat() if approval else None,
        "ends_soon": approval is not None and approval.until <= ahead,
        "why_not": list(_why_not(verdict)),
        "approvals": [_approval(one, verdict, ahead) for one in verdict.judged],
        "life_cycle": {status: counts[status] for status in STATUSES},
        "rules": rules,
        "sources": list(_sources(book, day, ahead)),
        "contacts": list(_contacts(book)),
    }


CHECKS: Final[Mapping[str, frozenset[str]]] = {
    "rules": frozenset({"A231"}),
    "around": frozenset({"A232"}),
    "reports": frozenset({"A233", "A236", "A237", "A238"}),
    "people": frozenset({"A201", "A220", "A222", "A227", "A228", "A229"}),
    "revoked": frozenset({"A235"}),
    "days": frozenset({"A234", "A239", "A240"}),
}
"""What each approval is judged by, and the problems that belong to each."""


def verdict_document(verdict: Verdict) -> Plain:
    """What holds and what does not, as plain data."""
    book, trusted = verdict.rulebook, verdict.trust
    return {
        "rulebook": _about(book),
        "day": verdict.day.isoformat(),
        "approved": verdict.approval is not None,
        "until": verdict.approval.until.isoformat() if verdict.approval else None,
        "policy": {
            "version": trusted.policy.version,
            "digest": trusted.digest,
            "people": len(trusted.policy.people),
            "revoked_keys": sorted(trusted.revoked_keys),
        }
        if trusted.policy is not None
        else None,
        "problems": [_problem(one) for one in verdict.problems],
        "approvals": [
            _approval(one, verdict, verdict.day) | {"checks": _checks(one)}
            for one in verdict.judged
        ],
        "withdrawn": [
            {"rule": one.rule, "effect": one.effect.value, "because": one.because}
            for one in book.withdrawn.values()
        ],
    }


def _checks(judged: Judged) -> list[Plain]:
    """Each thing an approval is judged by, and whether it holds; null where nobody looked."""
    other = any(one.code in CHECKS["rules"] for one in judged.problems)
    found = []
    for name, codes in CHECKS.items():
        wrong = [one for one in judged.problems if one.code in codes]
        looked = name == "rules" or not other
        found.append({"check": name, "holds": not wrong if looked else None})
    return found


def _problem(problem: Problem) -> Plain:
    return {
        "code": problem.code,
        "message": problem.message,
        "hint": problem.hint,
        "file": problem.file,
    }


def _about(book: Rulebook) -> Plain:
    return {
        "id": book.header.id,
        "version": book.header.version,
        "digest": book.digest,
        "content": book.content_digest,
    }


def _why_not(verdict: Verdict) -> Iterator[str]:
    if verdict.approval is None:
        yield from (one.message for one in verdict.refusal().problems if one.code != "A200")


def _rule(rule: Rule, book: Rulebook, day: date, ahead: date) -> Plain:
    """One rule: its life cycle, the first review of its sources, and what to look at."""
    period = rule.text.effective_period
    end = period.end if period is not None else None
    due = min((book.evidence[name].review_by for name in rule.text.evidence), default="")
    withdrawn = book.withdrawn.get(rule.id)
    return {
        "rule": rule.id,
        "title": withdrawn.title if withdrawn else rule.text.title,
        "status": withdrawn.status if withdrawn else rule.status,
        "review_by": due or None,
        "withdrawn": withdrawn.effect.value if withdrawn else None,
        "withdrawn_on": withdrawn.on.isoformat() if withdrawn else None,
        "starts": period.start.isoformat() if period and period.start else None,
        "ends": end.isoformat() if end else None,
        "over": end is not None and end < day,
        "ends_soon": end is not None and day <= end <= ahead,
        "not_yet": bool(period and period.start and day < period.start),
    }


def _approval(one: Judged, verdict: Verdict, ahead: date) -> Plain:
    signers = one.signed.signers if one.signed is not None else ()
    text = one.text
    return {
        "file": one.envelope.name,
        "statement": one.envelope.digest,
        "of_these_rules": text.rulebook.digest == verdict.rulebook.content_digest,
        "holds": one.holds and not verdict.problems,
        "scope": text.scope,
        "valid_from": text.valid_from.isoformat(),
        "until": one.until.isoformat(),
        "days_left": (one.until - verdict.day).days,
        "ends_soon": one.until <= ahead,
        "signers": [{"person": by.person, "roles": sorted(by.roles)} for by in signers],
        "not_counted": [problem.message for problem in one.signed.problems] if one.signed else [],
        "problems": [_problem(problem) for problem in one.problems],
    }


def _sources(book: Rulebook, day: date, ahead: date) -> Iterator[Plain]:
    """Sources that are due, were due, or have no day, the first to look at first."""
    cited = Counter(
        name
        for rule in book.rules.values()
        if rule.status != "retired"
        for name in {*rule.text.evidence}
    )
    found = []
    for name, item in book.evidence.items():
        due = day_of(item.review_by)
        if due is None or due <= ahead:
            found.append(
                {
                    "source": name,
                    "review_by": due.isoformat() if due else None,
                    "overdue": due is None or due < day,
                    "days_left": (due - day).days if due else None,
                    "rules": cited[name],
                }
            )
    yield from sorted(found, key=lambda one: (one["review_by"] or "", one["source"]))


def _contacts(book: Rulebook) -> Iterator[Plain]:
    """Contacts nobody has set, each with the pathways that lead there."""
    named: dict[str, list[str]] = {
        name: [] for name, value in book.header.contacts.items() if not value
    }
    for pathway in book.pathways.values():
        if pathway.contact and not book.header.contacts.get(pathway.contact):
            named.setdefault(pathway.contact, []).append(pathway.id)
    for name in sorted(named):
        yield {"contact": name, "pathways": named[name]}
