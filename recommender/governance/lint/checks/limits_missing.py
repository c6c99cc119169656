"""A clinical rule without its limits.

What it checks
    Every rule that recommends, excludes, refers, cautions or tailors has `limits`.

Why it matters
    Where a rule does not hold is what its readers need most.

Wrong
    a rule with `because` alone

Right
    `limits: Small trials, of depression in general.`
"""

from collections.abc import Iterator

from recommender.governance.lint.subject import Found, Subject

CODE = "L202"


def look(subject: Subject) -> Iterator[Found]:
    """Each rule that says something about treatment."""
    for rule in subject.clinical:
        if not rule.text.limits:
            yield Found(
                ("rules", rule.id),
                "the rule does not say its limits",
                "Say for whom the evidence is thin, or where the rule stops.",
            )
