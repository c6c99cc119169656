"""The names a schema may refer to: ids as closed lists, conditions, and values of features.

In: a rulebook, or nothing. Out: definitions. Without a rulebook ids are any names and conditions
any tests: only the shape is checked then.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from recommender.conditions import COMPARISONS, EQUALITY, SET_TESTS
from recommender.governance.editing.shapes import SCALAR, TEXT, Schema, closed, listed, ref
from recommender.rulebook import Rulebook
from recommender.vocabulary import NUMERIC, ORDERED, Feature, Kind

_ID: Final[Schema] = TEXT | {"pattern": r"^[a-z][a-z0-9_]*$"}
_DOTTED: Final[Schema] = TEXT | {"pattern": r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$"}


class Names:
    """What the schemas of one rulebook's files have in common."""

    def __init__(self, rulebook: Rulebook | None) -> None:
        self._rulebook = rulebook
        self.partial = bool(rulebook and rulebook.header.lays_over)
        """Whether entries may leave out what the shipped rulebook says."""
        self.features: Mapping[str, Feature] = self["features"]
        self.defs: dict[str, Schema] = {
            "adaptation": self._ids("adaptations", _ID),
            "pathway": self._ids("pathways", _ID),
            "instrument": self._ids("instruments", _ID),
            "source": self._ids("evidence", TEXT),
            "feature": self._ids("features", _DOTTED),
            "asked": self._those(lambda one: not one.concluded),
            "yes_or_no": self._those(lambda one: one.type is Kind.BOOLEAN),
            "set": self._those(lambda one: one.type is Kind.SET),
        }
        for feature in self.features.values():
            self.defs[f"value_{feature.id}"] = _value(feature)
            self.defs[f"test_{feature.id}"] = _tests(feature)
        self.defs |= _conditions(self.features)
        self.defs["facts"] = _facts(self.features)
        self.defs["conclusion"] = _conclusion(self.features)

    def __getitem__(self, part: str) -> Mapping[str, Any]:
        """One part of the rulebook; empty without one."""
        found: Mapping[str, Any] = getattr(self._rulebook, part) if self._rulebook else {}
        return found

    @property
    def contacts(self) -> list[str]:
        """The contacts a place sets."""
        return list(self._rulebook.header.contacts) if self._rulebook else []

    def _ids(self, part: str, otherwise: Schema) -> Schema:
        return {"enum": list(self[part])} if self._rulebook else otherwise

    def _those(self, wanted: Callable[[Feature], bool]) -> Schema:
        if self._rulebook is None:
            return _DOTTED
        return {"enum": [one.id for one in self.features.values() if wanted(one)]}

    def reached(self, schema: Schema) -> dict[str, Schema]:
        """The definitions that a schema leads to, its own among them."""
        found: dict[str, Schema] = dict(schema.get("$defs", {}))
        waiting: list[object] = [schema]
        while waiting:
            part = waiting.pop()
            if isinstance(part, dict):
                name = str(part.get("$ref", "")).removeprefix("#/$defs/")
                if name and name not in found:
                    found[name] = self.defs[name]
                    waiting.append(found[name])
                waiting.extend(part.values())
            elif isinstance(part, list):
                waiting.extend(part)
        return dict(sorted(found.items()))


# ------------------------------------------------------------------------------- conditions


def _value(feature: Feature) -> Schema:
    """One value of a feature; of a set, one member."""
    if feature.type is Kind.BOOLEAN:
        return {"type": "boolean"}
    if feature.type in NUMERIC:
        assert feature.range is not None
        kind = "integer" if feature.type is Kind.INTEGER else "number"
        low, high = feature.range
        return {"type": kind, "minimum": low, "maximum": high}
    return {"enum": feature.values}


def _tests(feature: Feature) -> Schema:
    """A value, a list of values, or tests by name: whatever suits the type of the feature."""
    one = ref(f"value_{feature.id}")
    several = listed(one, least=1)
    known = {"known": {"type": "boolean"}}
    if feature.type is Kind.SET:
        members = {"includes": one, "includes_any": several, "includes_all": several}
        tests = closed(members | {"empty": {"const": True}} | known, minProperties=1)
        assert set(tests["properties"]) == {*SET_TESTS, "known"}
        return tests
    tests = dict(zip(EQUALITY, (one, several), strict=True))
    if feature.type in ORDERED:
        tests |= dict.fromkeys(COMPARISONS, one) | {"between": several | _PAIR}
    return {"anyOf": [one, several, closed(tests | known, minProperties=1)]}


_PAIR: Final[Schema] = {"minItems": 2, "maxItems": 2}

_ANY_TEST: Final[Schema] = {
    "anyOf": [
        SCALAR,
        listed(SCALAR, least=1),
        closed(
            dict.fromkeys((*EQUALITY, *COMPARISONS, *SET_TESTS), SCALAR)
            | dict.fromkeys(("in", "includes_any", "includes_all"), listed(SCALAR, least=1))
            | {"between": listed(SCALAR, least=1) | _PAIR}
            | {"empty": {"const": True}, "known": {"type": "boolean"}},
            minProperties=1,
        ),
    ]
}


def _conditions(features: Mapping[str, Feature]) -> dict[str, Schema]:
    """A condition, and one in which nothing asks whether a value is known."""
    described = {one.id: ref(f"test_{one.id}", about(one)) for one in features.values()}
    condition = closed({**_joined("condition"), **described})
    steady = {"type": "object", "properties": _joined("condition_without_known")} | {
        "additionalProperties": {"not": {"type": "object", "required": ["known"]}}
    }
    if not features:
        condition["additionalProperties"] = _ANY_TEST
    return {"condition": condition, "condition_without_known": steady}


def _joined(name: str) -> dict[str, Schema]:
    inner = ref(name)
    return {
        "all": listed(inner, "every one of these holds", least=1),
        "any": listed(inner, "one of these holds, or more", least=1),
        "not": inner | {"description": "this does not hold"},
    }


def about(feature: Feature) -> str:
    """A feature in words, for who completes its name."""
    return f"{feature.label}. {feature.question}".strip()


def _facts(features: Mapping[str, Feature]) -> Schema:
    """What an example states: values by feature; of a set its members, or present and absent."""
    if not features:
        return {"type": "object"}
    return closed({one.id: _stated(one) for one in features.values()})


def _stated(feature: Feature) -> Schema:
    one = ref(f"value_{feature.id}")
    if feature.type is not Kind.SET:
        return one
    members = listed(one)
    return {"anyOf": [members, closed({"present": members, "absent": members})]}


def _conclusion(features: Mapping[str, Feature]) -> Schema:
    known = {f.id: ref(f"value_{f.id}", f.label) for f in features.values() if f.concluded}
    shape = closed(known) if features else {"type": "object", "additionalProperties": SCALAR}
    return shape | {"minProperties": 1, "maxProperties": 1}
