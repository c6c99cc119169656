"""What the templates look up in an answer: names, the facts by feature, numbered references.

In: a document of `recommendation/1`. Out: the context of its templates, which then only connect
words. Nothing is decided here; every line of the answer stays reachable through `answer`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Document = Mapping[str, Any]

FIRST_QUESTIONS = 7
"""How many lines of questions a page shows before it counts the rest (safety first, then order)."""


def view(document: Document) -> dict[str, Any]:
    """The document with everything its templates look up."""
    entries = [*document["plan"], *document["set_aside"]]
    evidence = _evidence(document)
    facts = {fact["feature"]: fact for fact in document["facts"]}
    decisive = {one["feature"] for one in conditions(document)}
    return {
        "answer": document,
        "rules": document["rules"],
        "titles": {entry["adaptation"]: entry["title"] for entry in entries},
        "entries": {entry["adaptation"]: entry for entry in entries},
        "facts": facts,
        "labels": document["basis"]["instruments"]
        | {name: fact["label"] for name, fact in facts.items()}
        | {entry["feature"]: entry["label"] for entry in document["ask"]},
        "decisive": [
            f for name, f in facts.items() if _has_value(f) and _tells(f, name in decisive)
        ],
        "trials": [fact for fact in facts.values() if fact.get("trials")],
        "evidence": evidence,
        "numbers": {entry["id"]: number for number, entry in enumerate(evidence, start=1)},
        "common_assumes": common_assumes(document["plan"]),
        "questions": question_lines(document["ask"]),
        "first_questions": FIRST_QUESTIONS,
    }


def reasons(document: Document) -> Iterator[Mapping[str, Any]]:
    """Every reason the answer gives, in its order: the plan, its combination, what is set aside."""
    for entry in document["plan"]:
        yield from entry["because"]
    yield from document["basis"]["combination"]
    for entry in document["set_aside"]:
        yield from entry["because"]


def conditions(document: Document) -> Iterator[Mapping[str, Any]]:
    """Every condition the answer rests on, those of the stops first."""
    for reason in [*document["stops"], *reasons(document)]:
        yield from reason["conditions"]


def question_lines(ask: list[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """The questions as lines: those of one panel stand together where the first of them stands."""
    lines: dict[str, list[Mapping[str, Any]]] = {}
    for entry in ask:
        lines.setdefault(entry["panel"] or f"feature {entry['feature']}", []).append(entry)
    return list(lines.values())


def is_scale_item(question: Mapping[str, Any]) -> bool:
    """Whether a question is one item of a scale: nothing to ask where the scale is not used."""
    scale, dot, _ = question["feature"].partition(".")
    return bool(dot) and any(one["instrument"] == scale for one in question["how"])


def _evidence(document: Document) -> list[Mapping[str, Any]]:
    """Each reference once, in the order in which the answer first leans on it."""
    cited = (one for reason in reasons(document) for one in reason["evidence"])
    return list({one["id"]: one for one in cited}.values())


def common_assumes(plan: Sequence[Mapping[str, Any]]) -> list[str]:
    """What every entry of a plan of several assumes: said once."""
    if len(plan) < 2:
        return []
    shared = set.intersection(*(set(entry["assumes"]) for entry in plan))
    return [name for name in plan[0]["assumes"] if name in shared]


def _tells(fact: Mapping[str, Any], decisive: bool) -> bool:
    """Whether a finding is listed: it decided something, or is in doubt and should be looked at."""
    return decisive or fact["state"] in ("stale", "conflicting")


def _has_value(fact: Mapping[str, Any]) -> bool:
    return not fact["possible"].get("everything", False)
