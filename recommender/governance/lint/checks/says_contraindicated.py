"""A text that says contraindicated.

What it checks
    No text calls anything contraindicated.

Why it matters
    The word is read as never; most of what is held back waits for an answer or a clearance.

Wrong
    `title: TMS is contraindicated`

Right
    `title: No TMS with metal near the head`
"""

from collections.abc import Iterator

from recommender.governance.lint.subject import Found, Subject
from recommender.governance.lint.texts import texts

CODE = "L502"


def look(subject: Subject) -> Iterator[Found]:
    """Each text an answer can show."""
    for entry, path, text in texts(subject):
        if "contraindicated" in text.lower():
            message = "says «contraindicated»"
            hint = "Say what was found and until when; what is not known is «possible later»."
            yield Found(entry, message, hint, path)
