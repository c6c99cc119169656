"""A rule without its three small patients.

What it checks
    Every rule shows one case in which it fires, one in which it is silent and one in which it is
    not known, as far as it can be.

Why it matters
    An example is read faster than a condition, and it runs: a threshold moved by mistake fails.

Wrong
    `examples: {fires: {inertia: marked}}`

Right
    `examples: {fires: {inertia: marked}, silent: {inertia: mild}, unknown: {}}`
"""

from collections.abc import Iterator

from recommender.conditions import tests_of
from recommender.governance.lint.subject import Found, Subject

CODE = "L204"
NAMES = ("fires", "silent", "unknown")


def look(subject: Subject) -> Iterator[Found]:
    """Each example that could be there; a condition without tests always holds."""
    for rule in subject.live:
        tests = list(tests_of(rule.condition))
        asks_known = any(test.name == "known" for test in tests)
        wanted = NAMES[: 1 if not tests else 2 if asks_known else 3]
        written = rule.text.examples
        for name in wanted:
            if getattr(written, name, None) is None:
                message = f"the rule has no example in which it {SAYS[name]}"
                hint = "Write down the few findings that show it."
                yield Found(("rules", rule.id), message, hint, ("examples",))


SAYS = {"fires": "fires", "silent": "is silent", "unknown": "is not known"}
