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


_NEEDED = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false, without quotes",
    "bool_parsing": "true or false, without quotes",
    "string_type": "text",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "model_attributes_type": "a mapping of keys to values",
}


def needed(details: Any) -> str:
    """What should stand there instead, without the value that does; '' when pydantic says best."""
    kind = details["type"]
    if kind in ("literal_error", "enum"):
        return f"must be {details['ctx']['expected']}"
    return f"must be {_NEEDED[kind]}" if kind in _NEEDED else ""


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
