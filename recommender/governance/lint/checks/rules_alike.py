"""Two rules that say nearly the same.

What it checks
    No two rules of one verb and target have the same condition, or nearly the same title.

Why it matters
    A reader of the plan sees one thing twice, and a later change is made to one of them only.

Wrong
    two rules `recommend: ba` on `inertia: marked`

Right
    one rule, or two whose titles say what sets them apart
"""

from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import combinations, groupby

from recommender.governance.lint.subject import Found, Subject
from recommender.rules import Rule

CODE = "L206"
ALIKE = 0.95
"""From this share of equal text two titles count as one written twice."""


def look(subject: Subject) -> Iterator[Found]:
    """Each pair of rules with one verb and one target."""
    rules = sorted(subject.live, key=lambda rule: (_does(rule), rule.id))
    for _, several in groupby(rules, key=_does):
        for one, other in combinations(several, 2):
            if message := _compared(one, other):
                hint = "Keep one, or say in the title and the reason how they differ."
                yield Found(("rules", other.id), message, hint)


def _does(rule: Rule) -> str:
    return f"{rule.verb} {getattr(rule.text, rule.verb.value)}"


def _compared(one: Rule, other: Rule) -> str:
    if one.condition == other.condition:
        return f"does the same under the same condition as {one.id}"
    alike = SequenceMatcher(None, one.text.title, other.text.title)
    close = alike.real_quick_ratio() >= ALIKE and alike.quick_ratio() >= ALIKE
    return f"has nearly the title of {one.id}" if close and alike.ratio() >= ALIKE else ""
