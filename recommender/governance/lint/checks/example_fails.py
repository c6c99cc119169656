"""An example that does not do what it says.

What it checks
    The rule fires, is silent and is not known on its own examples.

Why it matters
    Either the example or the condition is wrong, and a reviewer reads the example.

Wrong
    `fires: {inertia: mild}` beside `when: {inertia: marked}`

Right
    `fires: {inertia: marked}`
"""

from collections.abc import Iterator

from recommender.governance.examples import WANTED, truth_of
from recommender.governance.lint.subject import Found, Subject
from recommender.trace import SAID

CODE = "L205"


def look(subject: Subject) -> Iterator[Found]:
    """Each example that is written."""
    for rule in subject.live:
        for name, wanted in WANTED.items():
            example = getattr(rule.text.examples, name, None)
            if example is None:
                continue
            truth = truth_of(rule, example, subject.rulebook)
            if truth != wanted:
                message = f"the example '{name}' does not do so: the rule is {SAID[truth]}"
                hint = "Mend the example, or the condition it found wrong."
                yield Found(("rules", rule.id), message, hint, ("examples", name))
