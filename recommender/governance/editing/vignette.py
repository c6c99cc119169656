"""The schema of a synthetic patient: `profile/1` with the ids and values of one rulebook."""

from collections.abc import Iterator
from typing import Final

from recommender.governance.editing.names import Names, about
from recommender.governance.editing.shapes import (
    TEXT,
    Schema,
    closed,
    listed,
    offered,
    plain,
    ref,
    when,
    written,
)
from recommender.governance.vignettes import ASIDE, STATUSES
from recommender.rules import Role, Verb
from recommender.schemas import json_schema
from recommender.vocabulary import Feature, Instrument, Kind, Scalar

_WHEN: Final[Schema] = TEXT | {"pattern": r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?)?$"}
_NULL: Final[Schema] = {"type": "null"}
_SHAPING: Final = (Verb.CHOOSE_ONE, Verb.SEQUENCE, Verb.TOGETHER, Verb.LIMIT)
_FIELDS: Final = ("sex", "conditions", "medications", "implants")


def vignette(names: Names) -> Schema:
    """A profile whose ids and values are those of the rulebook, with what is expected of it."""
    schema: Schema = plain(json_schema("profile"))
    properties, parts = schema["properties"], schema["$defs"]
    properties["expect"] = _expectation(names)
    assessment, wishes = parts["Assessment"], parts["Preferences"]["properties"]
    assessment["properties"]["instrument"] = ref("instrument")
    assessment["allOf"] = [_scores(one) for one in names["instruments"].values()]
    parts["Release"]["properties"]["id"] = offered(_acts(names))
    wishes["prefers"]["items"] = wishes["declines"]["items"] = ref("adaptation")
    if names.features:
        observed = [one for one in names.features.values() if "clinician" in one.from_]
        properties["observations"] = closed({one.id: _observation(one) for one in observed})
        properties["access"] = closed(_group("access", names))
        properties |= {name: _observation(names.features[name]) for name in _declared(names)}
        parts["History"]["properties"] |= _group("history", names)
        parts["Preferences"]["properties"] = _group("preferences", names) | wishes
    return schema


def _declared(names: Names) -> Iterator[str]:
    yield from (name for name in _FIELDS if name in names.features)


def _group(group: str, names: Names) -> dict[str, Schema]:
    """The features that a part of the profile holds, by their own key."""
    return {
        name.removeprefix(f"{group}."): _observation(feature)
        for name, feature in names.features.items()
        if name.startswith(f"{group}.")
    }


def _acts(names: Names) -> list[str]:
    """The acts that lift something, or that a rule asks about."""
    lifting = {rule.text.release for rule in names["rules"].values() if rule.text.release}
    return sorted(lifting | _group("release", names).keys())


# ------------------------------------------------------------------------------- values


def _scores(instrument: Instrument) -> Schema:
    """What one instrument may be given: a total in its range, answers to its own items."""
    given: dict[str, Schema] = {}
    if instrument.range is not None:
        low, high = instrument.range
        given["total"] = {"type": ["number", "null"], "minimum": low, "maximum": high}
    if instrument.items:
        by_name = closed({name: _item(allowed) for name, allowed in instrument.items.items()})
        given["items"] = {
            "anyOf": [by_name, {"type": "array", "maxItems": len(instrument.items)}, _NULL]
        }
    return when(written("instrument", instrument.id), {"properties": given})


def _item(allowed: list[Scalar]) -> Schema:
    if any(isinstance(one, bool) for one in allowed):
        return {"type": ["boolean", "null"]}
    return {"type": ["number", "null"], "minimum": allowed[0], "maximum": allowed[-1]}


def _observation(feature: Feature) -> Schema:
    """A value, a value with its day, or several of those; null was asked for and not obtained."""
    values = [*_values(feature), _NULL]
    dated = closed({"value": {"anyOf": values}, "on": _WHEN}, required=["value"])
    return {"anyOf": [*values, dated, listed(dated)], "description": about(feature)}


def _values(feature: Feature) -> Iterator[Schema]:
    one = ref(f"value_{feature.id}")
    if feature.type is not Kind.SET:
        yield one
        return
    members = listed({"anyOf": [one, TEXT]} if feature.accepts_other else one)
    yield members
    yield closed({"present": members, "absent": members, "on": _WHEN})


# ------------------------------------------------------------------------------- expectations


def _expectation(names: Names) -> Schema:
    aside: Schema = {"type": "object", "additionalProperties": {"enum": list(ASIDE)}}
    if names["adaptations"]:
        aside["propertyNames"] = {"enum": list(names["adaptations"])}
    return closed(
        {
            "status": {"enum": list(STATUSES), "description": "of the whole answer"},
            "at_least": listed(ref("adaptation"), "in the plan, perhaps with others"),
            "never": listed(ref("adaptation"), "not in the plan"),
            "set_aside": aside | {"description": "not in the plan, and why not"},
            "stops": listed(_rules(names, Verb.REFER), "the rules of all stops in force, in order"),
            "asks": listed(ref("feature"), "among the questions"),
            "all_else": {"enum": list(ASIDE), "description": "what is not named: why not"},
            "plan": _planned(names),
            "flags": listed(_rules(names, Verb.FLAG), "just these notes"),
            "required": _required(names),
            "shaped_by": listed(_rules(names, *_SHAPING), "just these put it together"),
            "unreviewed": {"type": "boolean", "description": "true: nobody has confirmed it"},
            "rationale": TEXT | {"description": "why this is right"},
        }
    )


def _rules(names: Names, *verbs: Verb) -> Schema:
    found = [rule.id for rule in names["rules"].values() if rule.verb in verbs]
    return {"enum": found} if found else TEXT


def _required(names: Names) -> Schema:
    """The required questions, all of them, and what waits for each."""
    one: Schema = {"anyOf": [{"const": "all"}, listed(ref("adaptation"))]}
    made: Schema = {"type": "object", "additionalProperties": one}
    if names.features:
        made["propertyNames"] = {"enum": list(names.features)}
    return made | {"description": "just these questions required, and for what"}


def _planned(names: Names) -> Schema:
    """What is in the plan, all of it, and how."""
    rules = listed(_rules(names, Verb.CAUTION, Verb.TAILOR))
    one = closed(
        {
            "phase": {"enum": [0, 1, 2, 3], "description": "when it starts"},
            "as": {"enum": [role.value for role in Role]},
            "rules": rules | {"description": "just these cautions and adjustments"},
            "open": rules | {"description": "just these cautions that are not known to hold"},
            "goes_ahead": {"enum": ["provisional", "assumed"]},
        }
    )
    made: Schema = {"type": "object", "additionalProperties": one}
    if names["adaptations"]:
        made["propertyNames"] = {"enum": list(names["adaptations"])}
    return made | {"description": "the whole plan, nothing else in it"}
