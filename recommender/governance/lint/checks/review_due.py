"""Evidence that is soon to be looked at again.

What it checks
    No source has its day of review within the next 90 days.

Why it matters
    A review takes time, and a sign-off ends with the earliest of them.

Wrong
    a day of review next week

Right
    a review that has been planned
"""

from collections.abc import Iterator
from datetime import timedelta

from recommender.governance.lint.dates import day_of
from recommender.governance.lint.subject import Found, Subject

CODE = "L302"
SOON = timedelta(days=90)


def look(subject: Subject) -> Iterator[Found]:
    """Each source whose day comes within three months."""
    for entry, data in subject.listed("evidence"):
        due = day_of(data.get("review_by"))
        if due is not None and subject.as_of <= due < subject.as_of + SOON:
            message = f"'{data['id']}' is to be reviewed by {due.isoformat()}"
            yield Found(entry, message, "Plan the review.", ("review_by",))
