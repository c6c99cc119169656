"""A sentence without its full stop, or a title with one.

What it checks
    Reasons, limits and descriptions are sentences; titles are not. `--fix` mends it.

Why it matters
    Texts are put one behind the other on a page.

Wrong
    `because: It helps`

Right
    `because: It helps.`
"""

from collections.abc import Iterator

from recommender.governance.lint.subject import Found, Repair, Subject
from recommender.governance.lint.texts import texts

CODE = "L504"
SENTENCES = ("because", "limits", "justify", "what", "first_steps", "action")
ENDS = (".", "!", "?", ":", "…", ")", "»", '"')


def look(subject: Subject) -> Iterator[Found]:
    """Each reason, limit and description ends; a title does not."""
    for entry, path, text in texts(subject):
        if path[-1] in SENTENCES and not text.endswith(ENDS):
            yield Found(entry, f"'{path[-1]}' has no full stop", "", path, Repair(0, "."))
        elif path[-1] == "title" and text.endswith(".") and entry[0] != "evidence":
            yield Found(entry, "a title has no full stop", "", path, Repair(1, ""))
