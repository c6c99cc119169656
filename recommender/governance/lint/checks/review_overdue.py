"""Evidence that was to be looked at again.

What it checks
    Every source has a day of review that has not passed.

Why it matters
    Advice that rests on what nobody has looked at for years should not go on by itself.

Wrong
    `review_by: 2024-01-01`

Right
    a later day, after somebody has looked
"""

from collections.abc import Iterator
from datetime import date

from recommender.governance.lint.dates import day_of
from recommender.governance.lint.subject import Found, Subject

CODE = "L301"


def look(subject: Subject) -> Iterator[Found]:
    """Each source that a rule or an instrument names."""
    for entry, data in subject.listed("evidence"):
        due = day_of(data.get("review_by"))
        if due is None:
            message = f"'{data['id']}' has no day by which to review it"
            yield Found(entry, message, "Write review_by: 2027-11-22.", ("id",))
        elif due < subject.as_of:
            yield Found(entry, _overdue(data["id"], due), "Look at it again.", ("review_by",))


def _overdue(name: str, due: date) -> str:
    return f"'{name}' was to be reviewed by {due.isoformat()}"
