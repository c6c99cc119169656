"""A text that still has to be written.

What it checks
    No text holds a place with TODO, TBD or the like.

Why it matters
    A clinician would read it in the middle of a plan.

Wrong
    `limits: TODO`

Right
    `limits: Small trials.`
"""

import re
from collections.abc import Iterator

from recommender.governance.lint.subject import Found, Subject
from recommender.governance.lint.texts import texts

CODE = "L503"
PLACEHOLDER = re.compile(r"\b(TODO|TBD|FIXME|XXX|lorem ipsum)\b|\?\?\?", re.IGNORECASE)


def look(subject: Subject) -> Iterator[Found]:
    """Each text an answer can show."""
    for entry, path, text in texts(subject):
        if found := PLACEHOLDER.search(text):
            yield Found(entry, f"holds the place of a text: '{found[0]}'", "Write it.", path)
