"""Rule → plain data for the template that reads it aloud.

In: a Rule and its Rulebook. Out: what `recommender rules show` prints: the condition as an outline
of words, the names behind every id, the references. Nothing is evaluated.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from recommender.conditions import AllOf, AnyOf, Condition, Not, Test, say_test
from recommender.rulebook import Rulebook
from recommender.rules import Rule, Verb
from recommender.vocabulary import Feature

Outline = Iterator[tuple[int, str]]

_EXAMPLES = ("fires", "silent", "unknown")


def rule_view(rule: Rule, rulebook: Rulebook) -> dict[str, Any]:
    """Everything the template says about one rule."""
    written = rule.text.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {
        "rule": written | {"id": rule.id, "verb": rule.verb.value, "status": rule.status},
        "topic": rulebook.topics.get(rule.id.rpartition(".")[0], ""),
        "file": f"rules/{rule.id.rpartition('.')[0].replace('.', '/')}.yaml",
        "when": list(outline(rule.condition, rulebook.features)),
        "gate": list(outline(rule.gate, rulebook.features)) if rule.gate is not None else [],
        "titles": {name: one.title for name, one in rulebook.adaptations.items()},
        "labels": {name: one.label for name, one in rulebook.features.items()},
        "facts": {},
        "numbers": {},
        "targets": list(rule.targets),
        "unknown_means": rule.unknown_means.value
        if rule.verb in (Verb.EXCLUDE, Verb.REFER)
        else "",
        "pathway": rulebook.pathways[rule.text.refer].title if rule.text.refer else "",
        "examples": list(_examples(written)),
        "references": [rulebook.evidence[name].title or name for name in rule.text.evidence],
    }


def outline(condition: Condition, features: Mapping[str, Feature], depth: int = 0) -> Outline:
    """The condition line by line, each with how deep it stands."""
    match condition:
        case Test():
            yield depth, say_test(condition, features[condition.feature])
        case Not(part):
            yield depth, "not:"
            yield from outline(part, features, depth + 1)
        case AllOf(parts) if depth == 0:
            for part in parts:
                yield from outline(part, features, depth)
        case AllOf(parts):
            yield depth, "all of:"
            yield from _inner(parts, features, depth)
        case AnyOf(parts):
            yield depth, "any of:"
            yield from _inner(parts, features, depth)


def _inner(parts: tuple[Condition, ...], features: Mapping[str, Feature], depth: int) -> Outline:
    for part in parts:
        yield from outline(part, features, depth + 1)


def _examples(written: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in _EXAMPLES:
        example = written.get("examples", {}).get(name)
        if example is not None:
            yield name, ", ".join(f"{key}: {_plain(value)}" for key, value in example.items())


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(map(_plain, value)) or "none"
    return str(value)
