"""A clinical rule without its certainty.

What it checks
    Every rule that recommends, excludes, refers, cautions or tailors has `certainty`.

Why it matters
    What is not said counts as very low, which may be less than is known.

Wrong
    a rule without `certainty`

Right
    `certainty: low`
"""

from collections.abc import Iterator

from recommender.governance.lint.subject import Found, Subject

CODE = "L203"


def look(subject: Subject) -> Iterator[Found]:
    """Each rule that says something about treatment."""
    for rule in subject.clinical:
        if rule.text.certainty is None:
            yield Found(
                ("rules", rule.id),
                "the rule does not say how certain it is",
                "One of high, moderate, low, very_low, as in GRADE.",
            )
