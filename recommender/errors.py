"""Every exception this package raises on purpose.

    RecommenderError          the root; never raised itself
    ├── ContentError          a rule, profile-schema or template file is wrong (file:line:column)
    ├── ProfileError          this patient's data cannot be read (path in the profile)
    ├── EngineError           the engine failed, disagreed with its twin, or an invariant broke
    ├── RenderError           a template asked for something absent or leaves out what matters
    └── ApprovalError         something is not approved and has to be, or cannot be signed

Each error carries one or more problems, each with a stable code, a place and a hint. The codes are
listed in docs/errors.md. No problem ever holds a value of a patient; field names may stand in it.
"""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, ClassVar, NamedTuple


class Problem(NamedTuple):
    """One thing that is wrong, where it is, and how to mend it. Lines and columns count from 1."""

    code: str
    message: str
    hint: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    path: str = ""

    @property
    def place(self) -> str:
        """Where it is, as `file:line:column` with a path inside the data when there is one."""
        parts = [self.file] + ([str(self.line), str(self.column)] if self.line else [])
        marked = ":".join(part for part in parts if part)
        return f"{marked} ({self.path})" if marked and self.path else marked or self.path

    def __str__(self) -> str:
        head = f"{self.place}  {self.code}" if self.place else self.code
        lines = [head, f"  {self.message}"] + ([f"  {self.hint}"] if self.hint else [])
        return "\n".join(lines)


class RecommenderError(Exception):
    """The root of all errors; `problems` holds every one found, in order of place."""

    exit_code: ClassVar[int] = 1

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        found = (problems,) if isinstance(problems, Problem) else tuple(problems)
        self.problems: tuple[Problem, ...] = tuple(
            sorted(found, key=lambda problem: (problem.file, problem.line, problem.column))
        )
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def in_file(self, name: str) -> "RecommenderError":
        """The same error with every placeless problem placed in the file `name`."""
        return type(self)(
            problem if problem.file else problem._replace(file=name) for problem in self.problems
        )


class ContentError(RecommenderError):
    """A rule, vocabulary or template file is wrong."""

    exit_code = 3


class ProfileError(RecommenderError):
    """The data of this patient cannot be read."""

    exit_code = 4


class EngineError(RecommenderError):
    """The engine failed, disagreed with its twin, or an invariant broke. Never a plan."""

    exit_code = 5


class RenderError(RecommenderError):
    """A template asked for something absent, or leaves out what must be shown.

    `stops` holds those of the answer that could not be shown, as in its document.
    """

    exit_code = 6
    stops: Sequence[Mapping[str, Any]] = ()


class ApprovalError(RecommenderError):
    """The rulebook is not approved on that day and has to be, or something cannot be signed."""

    exit_code = 7


def did_you_mean(word: object, known: Sequence[str]) -> str:
    """A hint naming the nearest known word, or the whole list when it is short, or nothing."""
    near = get_close_matches(str(word), known, n=1, cutoff=0.6)
    if near:
        return f"Did you mean '{near[0]}'?"
    return f"Known here: {', '.join(known)}." if 0 < len(known) <= 12 else ""
