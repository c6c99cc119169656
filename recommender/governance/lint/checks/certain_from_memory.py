"""Certainty that rests on memory.

What it checks
    A rule of high or moderate certainty has at least one source that was checked at the source.

Why it matters
    What was not looked up again may be remembered wrongly, and its certainty with it.

Wrong
    `certainty: high` with sources that all say `checked: memory`

Right
    one source with `checked: source`
"""

from collections.abc import Iterator

from recommender.governance.lint.subject import Found, Subject
from recommender.rules import Certainty

CODE = "L303"


def look(subject: Subject) -> Iterator[Found]:
    """Each rule of high or moderate certainty."""
    evidence = subject.rulebook.evidence
    for rule in subject.live:
        sure = rule.text.certainty in (Certainty.HIGH, Certainty.MODERATE)
        checked = {evidence[name].checked for name in rule.text.evidence}
        if sure and checked and "source" not in checked:
            message = f"{rule.text.certainty} certainty, and no source was checked at the source"
            hint = "Read one of them again and set `checked: source`, or lower the certainty."
            yield Found(("rules", rule.id), message, hint, ("certainty",))
