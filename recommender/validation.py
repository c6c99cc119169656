"""Faults of a pydantic validation, each at its path in the data that was read."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

Path = tuple[str | int, ...]


class Fault(NamedTuple):
    """One fault: where in the data, and what pydantic says about it."""

    path: Path
    kind: str
    details: Any
    overtaken: bool
    """Whether a fault further down says more about the same thing."""


def faults(error: ValidationError, data: object) -> list[Fault]:
    """Every fault of a validation, with the tags of unions left out of its path."""
    found = [(_path_in(one["loc"], data), one) for one in error.errors(include_url=False)]
    return [
        Fault(path, one["type"], one, any(_is_below(other, path) for other, _ in found))
        for path, one in found
    ]


def _is_below(path: Path, above: Path) -> bool:
    return len(path) > len(above) and path[: len(above)] == above


def _path_in(location: Path, data: object) -> Path:
    path: list[str | int] = []
    here: Any = data
    for step in location:
        if _leads_on(here, step):
            here = here[step]
            path.append(step)
    return tuple(path)


def _leads_on(here: Any, step: str | int) -> bool:
    if isinstance(here, list):
        return isinstance(step, int) and step < len(here)
    return isinstance(here, Mapping) and step in here
