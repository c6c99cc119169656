"""A clinical rule that cites nothing.

What it checks
    Every rule that recommends, excludes, refers, cautions or tailors names a source.

Why it matters
    A reader has to see what a claim rests on, also when it is the judgement of experts.

Wrong
    `because: It works.` without `evidence`

Right
    `evidence: [watkins_2011]`
"""

from collections.abc import Iterator

from recommender.governance.lint.subject import Found, Subject

CODE = "L201"


def look(subject: Subject) -> Iterator[Found]:
    """Each rule that says something about treatment."""
    for rule in subject.clinical:
        if not rule.text.evidence:
            yield Found(
                ("rules", rule.id),
                "the rule cites no evidence",
                "Name a source of rules/evidence.yaml; expert judgement is one too.",
            )
