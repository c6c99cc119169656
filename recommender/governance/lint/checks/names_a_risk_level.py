"""A text that names a level of risk.

What it checks
    No text speaks of low, moderate or high risk.

Why it matters
    Levels of suicide risk do not predict, and they are read as permission or refusal.

Wrong
    `because: The person is at high risk.`

Right
    `because: Intent needs an assessment today.`
"""

import re
from collections.abc import Iterator

from recommender.governance.lint.subject import Found, Subject
from recommender.governance.lint.texts import texts

CODE = "L501"
LEVEL = re.compile(r"\b(low|medium|moderate|high|elevated)[ -](suicid\w* )?risk\b", re.IGNORECASE)


def look(subject: Subject) -> Iterator[Found]:
    """Each text an answer can show."""
    for entry, path, text in texts(subject):
        if found := LEVEL.search(text):
            message = f"names a level of risk: '{found[0]}'"
            yield Found(entry, message, "Name an act and its time instead.", path)
