"""Pieces of JSON Schemas, in the dialect editors know best (draft 7)."""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, Final

from recommender.vocabulary import Content

DIALECT: Final = "http://json-schema.org/draft-07/schema#"
Schema = dict[str, Any]

SCALAR: Final[Schema] = {"type": ["boolean", "number", "string"]}
DAY: Final[Schema] = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
TEXT: Final[Schema] = {"type": "string"}


def ref(name: str, words: str = "") -> Schema:
    """What is defined under that name, perhaps with words of its own for this place."""
    return {"$ref": f"#/$defs/{name}"} | ({"description": words} if words else {})


def closed(properties: Mapping[str, Schema], **more: Any) -> Schema:
    """A mapping with these keys and no others."""
    return {"type": "object", "properties": dict(properties), "additionalProperties": False, **more}


def listed(one: Schema, words: str = "", *, least: int = 0) -> Schema:
    """A list of so many or more."""
    found: Schema = {"type": "array", "items": one}
    return (
        found | ({"minItems": least} if least else {}) | ({"description": words} if words else {})
    )


def offered(known: Iterable[str]) -> Schema:
    """Any text; what is known already is offered."""
    names = list(known)
    return {"anyOf": [{"enum": names}, TEXT]} if names else dict(TEXT)


def when(found: Schema, then: Schema) -> Schema:
    """Where one thing is found, another has to be so."""
    return {"if": found, "then": then}


def written(key: str, *values: object) -> Schema:
    """That a key is there, perhaps with one of these values."""
    held = {"properties": {key: {"enum": [*map(_text, values)]}}} if values else {}
    return {"required": [key], **held}


def _text(value: object) -> object:
    """A name of a closed list as it stands in files."""
    return value.value if isinstance(value, Enum) else value


def needing(schema: Schema, *conditions: Schema) -> Schema:
    """The same schema under further conditions."""
    return schema | {"allOf": [*schema.get("allOf", ()), *conditions]}


# ------------------------------------------------------------------------------- models


def model(kind: type[Content], *, partial: bool = False, **fields: Schema) -> Schema:
    """The schema of a model in which some fields, however deep, hold ids or conditions instead.

    fields: by the key as it stands in files, with `Part__` before it for a part of the model; its
    text becomes what is given, and its lists of text lists of that. partial: nothing but an id is
    required.
    """
    schema: Schema = plain(kind.model_json_schema(by_alias=True))
    parts = {"": schema} | schema.get("$defs", {})
    for place, replacement in fields.items():
        part, _, field = place.rpartition("__")
        properties = parts[part]["properties"]
        properties[field] = _instead(properties[field], replacement)
    for part in parts.values() if partial else ():
        if "required" in part:
            part["required"] = [key for key in part["required"] if key == "id"]
    return schema


def plain(schema: Any) -> Any:
    """Without what pydantic adds for itself, and with pairs as draft 7 writes them."""
    if isinstance(schema, list):
        return [plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value if key in _VALUES else plain(value) for key, value in schema.items()}
    if isinstance(kept.get("title"), str):
        del kept["title"]
    if kept.get("default", 0) in (None, "", [], {}):
        del kept["default"]
    if "prefixItems" in kept:
        kept["items"] = kept.pop("prefixItems")[0]
    others = [one for one in kept.get("anyOf", ()) if one != {"type": "null"}]
    if others and schema.get("default", 0) is None:
        del kept["anyOf"]
        kept = (others[0] if len(others) == 1 else {"anyOf": others}) | kept
    return kept


_VALUES: Final = ("enum", "default", "const")


def _instead(schema: Schema, replacement: Schema) -> Schema:
    """The same shape with the replacement where it takes text or anything at all."""
    words = {"description": schema["description"]} if "description" in schema else {}
    return _shaped(schema, replacement) | words


def _shaped(schema: Schema, replacement: Schema) -> Schema:
    if "anyOf" in schema:
        return {"anyOf": [_shaped(one, replacement) for one in schema["anyOf"]]}
    if schema.get("type") == "array":
        return schema | {"items": _shaped(schema["items"], replacement)}
    return schema if "const" in schema or "enum" in schema else replacement


def entries(one: Schema) -> Schema:
    """A file that is a list of such entries."""
    return {"$defs": one.pop("$defs", {}), "type": "array", "items": one}


def each(one: Schema) -> Schema:
    """A mapping of names to such entries."""
    return {
        "type": "object",
        "propertyNames": {"pattern": r"^[a-z][a-z0-9_]*$"},
        "additionalProperties": one,
    }
