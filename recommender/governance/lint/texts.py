"""Every text of a rulebook that an answer can show, with its place."""

from collections.abc import Iterator
from typing import Any

from recommender.gather import Entry
from recommender.governance.lint.subject import Subject

RULE_TEXTS = (
    *("title", "because", "limits", "justify", "until", "adjust", "monitor"),
    *("focus", "format", "flag", "dose"),
)
LISTED = {
    "adaptations": ("title", "patient_title", "what", "first_steps"),
    "pathways": ("title", "action"),
    "features": ("label", "question"),
}
HEADER = ("title", "safe_base", "disclaimer", "of_combinations")

Text = tuple[Entry, tuple[str, ...], str]


def texts(subject: Subject) -> Iterator[Text]:
    """Place and words of each text that is there."""
    for rule in subject.live:
        yield from _of(("rules", rule.id), subject.content["rules"][rule.id], RULE_TEXTS)
    for section, keys in LISTED.items():
        for entry, data in subject.listed(section):
            yield from _of(entry, data, keys)
    yield from _of(("rulebook",), subject.content["rulebook"], HEADER)


def _of(entry: Entry, data: dict[str, Any], keys: tuple[str, ...]) -> Iterator[Text]:
    for key in keys:
        if isinstance(text := data.get(key), str) and text:
            yield entry, (key,), text
