"""Two answers side by side: what differs between them, and which rules made it so.

In: the documents of an answer and of the same answer with something supposed, and the rulebook.
Out: plain data for a template: each adaptation whose place changed, with the rules about it that
did something else. Behaviour of the rules, never advice to reach a value.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from recommender.explain.view import Document
from recommender.rulebook import Rulebook
from recommender.rules import Rule, Verb

Place = Mapping[str, Any]


def differences(
    before: Document, after: Document, rulebook: Rulebook, supposed: Mapping[str, Any]
) -> dict[str, Any]:
    """Everything that is otherwise in the second answer; `supposed` is what was taken as known."""
    old, new = _places(before), _places(after)
    changed = {
        name: {"before": before["rules"][name], "after": did}
        for name, did in after["rules"].items()
        if before["rules"][name] != did
    }
    return {
        "status": {"before": before["status"], "after": after["status"]},
        "supposed": [
            {"feature": name, "label": rulebook.features[name].label, "value": value}
            for name, value in supposed.items()
        ],
        "stops": {
            "begin": [one for one in after["stops"] if one["rule"] not in _ids(before)],
            "end": [one for one in before["stops"] if one["rule"] not in _ids(after)],
        },
        "adaptations": [
            {
                "adaptation": name,
                "title": rulebook.adaptations[name].title,
                "before": old[name],
                "after": new[name],
                "causes": list(_causes(name, old[name], new[name], changed, rulebook)),
            }
            for name in rulebook.adaptations
            if _seen(old[name]) != _seen(new[name])
        ],
        "unchanged": [
            name for name in rulebook.adaptations if _seen(old[name]) == _seen(new[name])
        ],
        "rules": changed,
        "asked": [q["feature"] for q in after["ask"] if q["feature"] not in _asked(before)],
        "no_longer_asked": [
            q["feature"] for q in before["ask"] if q["feature"] not in _asked(after)
        ],
    }


def _ids(document: Document) -> set[str]:
    return {stop["rule"] for stop in document["stops"]}


def _asked(document: Document) -> set[str]:
    return {question["feature"] for question in document["ask"]}


def _places(document: Document) -> dict[str, Place]:
    inside: dict[str, Place] = {
        entry["adaptation"]: {
            "status": "recommended",
            "phase": entry["phase"],
            "role": entry["role"],
            "provisional": entry["provisional"],
            "cautions": len(entry["cautions"]),
            "by": [one["rule"] for one in entry["because"]],
            "shaped_by": _shaping(document, entry["adaptation"]),
        }
        for entry in document["plan"]
    }
    outside = {
        entry["adaptation"]: {"status": entry["status"], "by": entry["by"]}
        for entry in document["set_aside"]
    }
    return inside | outside


def _shaping(document: Document, name: str) -> list[str]:
    """The rules that put a part of the plan where it is among the others."""
    combination = document["basis"]["combination"]
    return [one["rule"] for one in combination if name in one["adaptations"]]


def _seen(place: Place) -> tuple[Any, ...]:
    return tuple(place.get(key) for key in ("status", "phase", "role", "provisional", "cautions"))


def _causes(
    name: str,
    old: Place,
    new: Place,
    changed: Mapping[str, Mapping[str, str]],
    rulebook: Rulebook,
) -> Iterator[dict[str, str]]:
    """The rules about an adaptation that did something else, else those that decide its place."""
    named = {*old["by"], *new["by"]}
    about = [r for r in changed if r in named or _decides(rulebook.rules[r], name)]
    shaping = {*old.get("shaped_by", ())} ^ {*new.get("shaped_by", ())}
    about += sorted(rule for rule in shaping if rule not in about)
    for rule in about or new["by"]:
        outcome = changed.get(rule, {"before": "", "after": ""})
        yield {"rule": rule, "title": rulebook.rules[rule].text.title, **outcome}


_DECIDING = frozenset({Verb.RECOMMEND, Verb.EXCLUDE, Verb.REFER, Verb.CAUTION})


def _decides(rule: Rule, adaptation: str) -> bool:
    return rule.verb in _DECIDING and adaptation in rule.targets
