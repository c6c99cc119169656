"""A rule that ended without being retired.

What it checks
    No rule that is not retired has a period that is over.

Why it matters
    It is silent for everybody, and a reader takes it for a rule that works.

Wrong
    `effective_period: {end: 2025-12-31}` in 2026

Right
    `status: retired`
"""

from collections.abc import Iterator

from recommender.governance.lint.subject import Found, Subject

CODE = "L403"


def look(subject: Subject) -> Iterator[Found]:
    """Each rule with a period."""
    for rule in subject.live:
        period = rule.text.effective_period
        if period is not None and period.end is not None and period.end < subject.as_of:
            message = f"the rule ended on {period.end.isoformat()} and is not retired"
            hint = "Retire it, or give it a later end."
            yield Found(("rules", rule.id), message, hint, ("effective_period",))
