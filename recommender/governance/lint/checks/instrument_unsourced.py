"""An instrument without licence, source or whose cut it is.

What it checks
    Every instrument names its licence and source; one with bands says whether they are published.

Why it matters
    A cut-off of ours must not pass for a published one, nor a protected scale for a free one.

Wrong
    bands without `cut`

Right
    `cut: project_convention`
"""

from collections.abc import Iterator

from recommender.governance.lint.subject import Found, Subject

CODE = "L402"
NEEDED = ("licence", "source")


def look(subject: Subject) -> Iterator[Found]:
    """Each instrument, and the bands of each."""
    for name, data in subject.content["instruments"].items():
        missing = [key for key in NEEDED if not data.get(key)]
        if (data.get("bands") or data.get("bands_by")) and not data.get("cut"):
            missing.append("cut")
        for key in missing:
            message = f"'{name}' has no '{key}'"
            hint = "Say who may use it, where it comes from, and whose cut-offs these are."
            yield Found(("instruments", name), message, hint)
