"""The rules about one adaptation that the answer itself does not spell out.

In: a document of `recommendation/1`, the rulebook it came from and an adaptation. Out: reasons in
the document's own form, with their whole condition, for `why`: what spoke for something set aside,
what could still speak against something planned. Silent rules are left out; nothing is evaluated.
"""

from typing import Any

from recommender.conditions import tests_of
from recommender.explain.view import Document
from recommender.recommendation import reason
from recommender.rulebook import Rulebook
from recommender.rules import Rule, Verb

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
