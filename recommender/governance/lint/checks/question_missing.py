"""A feature without its question.

What it checks
    Every feature that an answer can ask for has a `question`.

Why it matters
    The page shows the question; without one it shows a label.

Wrong
    a feature with a label alone

Right
    `question: How much does the person dwell on …?`
"""

from collections.abc import Iterator

from recommender.governance.lint.subject import Found, Subject

CODE = "L401"


def look(subject: Subject) -> Iterator[Found]:
    """Each feature that an answer can ask for."""
    rulebook = subject.rulebook
    used = set(rulebook.used)
    for entry, data in subject.listed("features"):
        feature = rulebook.features[data["id"]]
        askable = not feature.concluded and not feature.id.startswith("release.")
        if askable and feature.id in used and not feature.question:
            message = f"'{feature.id}' is asked about and has no question"
            yield Found(entry, message, "Write the question as a clinician would ask it.", ("id",))
