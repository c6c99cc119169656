"""What the rules did that the answer itself does not spell out.

In: an answer, and for `why` an adaptation. Out: for `why` reasons in the document's own form, with
their whole condition: what spoke for something set aside, what could still speak against something
planned. For governance what every rule did and by which tests. Nothing is evaluated.
"""

from typing import Any

from recommender.conditions import FALSE, TRUE, tests_of
from recommender.explain.view import Document
from recommender.recommendation import Recommendation, reason, tests_in_words
from recommender.rulebook import Rulebook
from recommender.rules import FOLDERS, Rule, Verb
from recommender.trace import SAID, Trace

ARGUING = (Verb.RECOMMEND, Verb.EXCLUDE, Verb.CAUTION)


def further_reasons(document: Document, rulebook: Rulebook, adaptation: str) -> list[Document]:
    """Reasons for and against an adaptation beyond those that stand in its entry."""
    entries = [*document["plan"], *document["set_aside"]]
    entry = next(one for one in entries if one["adaptation"] == adaptation)
    shown = {one["rule"] for one in [*entry["because"], *entry.get("cautions", ())]}
    return [
        _reason(rule, rulebook)
        for verb in ARGUING
        for rule in rulebook.by_verb(verb)
        if adaptation in rule.targets
        and rule.id not in shown
        and document["rules"][rule.id] != "silent"
    ]


def _reason(rule: Rule, rulebook: Rulebook) -> dict[str, Any]:
    tests = dict.fromkeys(tests_of(rule.condition))
    return reason(rule, rulebook, tests) | {"evidence": [], "whole": True}


def full_trace(answer: Recommendation) -> dict[str, Any]:
    """What every rule did to this patient and by which tests, topic by topic; every invariant."""
    trace, rulebook = answer.trace, answer.trace.rulebook
    topics = [
        {
            "topic": title,
            "file": f"rules/{name.replace('.', '/')}.yaml",
            "rules": [
                _did(rule, trace)
                for rule in rulebook.rules.values()
                if rule.id.rpartition(".")[0] == name
            ],
        }
        for name, title in sorted(rulebook.topics.items(), key=_in_reading_order)
    ]
    invariants = [
        {
            "invariant": one.id,
            "title": one.text.title,
            "when": "two" if one.condition is None else SAID[trace.holds(one.condition)],
        }
        for one in rulebook.invariants.values()
    ]
    return {"topics": topics, "invariants": invariants}


def _in_reading_order(topic: tuple[str, str]) -> tuple[int, str]:
    return FOLDERS.index(topic[0].partition(".")[0]), topic[0]


def _did(rule: Rule, trace: Trace) -> dict[str, Any]:
    deciding = trace.deciding(rule)
    met = {TRUE: "met", FALSE: "unmet"}
    return {
        "rule": rule.id,
        "title": rule.text.title,
        "verb": rule.verb.value,
        "targets": list(rule.targets),
        "status": rule.status,
        "in_effect": rule.in_effect(trace.as_of),
        "did": SAID[trace.truths[rule.id]],
        "tests": [
            said | {"truth": met.get(trace.of(test), "open")}
            for test, said in zip(deciding, tests_in_words(deciding, trace.rulebook), strict=True)
        ],
    }
