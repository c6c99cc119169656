"""What the page for the person looks up: their wishes, their options, and what is left open.

In: a document of `recommendation/1`. Out: the context of the templates `patient.*`, which then only
connect words. It picks what belongs before the person and what their clinician tells them: while
the whole plan is stopped, nothing but the texts of the stops.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from recommender.explain.view import FIRST_QUESTIONS, Document, question_lines
from recommender.vocabulary import days

SAFETY_CONTACTS = ("emergency_services", "crisis_line", "crisis_team")
"""Contacts a person may need at any time."""

WITHOUT_A_PLAN = ("stopped", "out_of_scope")
"""Where the stops are the answer, and the person is shown nothing of treatments."""

NAMED = ("held", "withheld", "deferred", "displaced", "excluded")
"""What is set aside and named to the person; what they declined stands with their wishes."""


def patient_view(document: Document) -> dict[str, Any]:
    """The document with everything the templates for the person look up."""
    entries = {one["adaptation"]: one for one in [*document["plan"], *document["set_aside"]]}
    titles = {name: one["patient_title"] or one["title"] for name, one in entries.items()}
    shared = shared_cautions(document)
    named = named_aside(document)
    told = {*named, *_told_elsewhere(document)}
    topics = topics_of(document)
    return {
        "answer": document,
        "day": date.fromisoformat(document["as_of"]),
        "stops": stops_shown(document),
        "without_a_plan": WITHOUT_A_PLAN,
        "titles": titles,
        "wanted": _wanted(document, titles),
        "not_wanted": [titles[name] for name in document["preferences"]["declines"]],
        "shared_cautions": shared,
        "own_cautions": {
            one["adaptation"]: [text for text in caution_texts(one) if text not in shared]
            for one in document["plan"]
        },
        "options": list(_options(document, titles)),
        "aside": {
            status: [titles[name] for name in named if entries[name]["status"] == status]
            for status in NAMED
        },
        "unnamed": sum(one["adaptation"] not in told for one in document["set_aside"]),
        "topics": topics[:FIRST_QUESTIONS],
        "more_topics": len(topics[FIRST_QUESTIONS:]),
        "contacts": contacts_shown(document),
        "first_review": min((one["review"] for one in document["plan"]), key=_length, default=""),
    }


def stops_shown(document: Document) -> list[Any]:
    """Each way a stop leads once: where the whole plan waits, only those for which it waits."""
    whole = document["status"] in WITHOUT_A_PLAN
    by_pathway: dict[str, Document] = {}
    for one in document["stops"]:
        if not whole or one["hold"] == "all":
            by_pathway.setdefault(one["pathway"], one)
    return list(by_pathway.values())


def contacts_shown(document: Document) -> list[str]:
    """Whom to call at any time, as far as the site has set it."""
    contacts = document["basis"]["contacts"]
    return list(dict.fromkeys(filter(None, (contacts.get(name) for name in SAFETY_CONTACTS))))


def caution_texts(entry: Document) -> list[str]:
    """What the person is told of the cautions of one part, each text once."""
    return list(dict.fromkeys(one["patient_text"] for one in entry["cautions"]))


def shared_cautions(document: Document) -> list[str]:
    """What holds for several parts of the plan: said once."""
    count = Counter(text for entry in document["plan"] for text in caution_texts(entry))
    return [text for text, parts in count.items() if text and parts > 1]


def topics_of(document: Document) -> list[str]:
    """What the open questions are about, in their order, each once."""
    lines = question_lines(document["ask"])
    return list(dict.fromkeys(filter(None, (line[0]["patient_topic"] for line in lines))))


def _wanted(document: Document, titles: Mapping[str, str]) -> Mapping[str, list[str]]:
    """What the person would like, by what became of it: in the plan, or a status."""
    places = {one["adaptation"]: "plan" for one in document["plan"]}
    places |= {one["adaptation"]: one["status"] for one in document["set_aside"]}
    wanted: dict[str, list[str]] = {}
    for name in document["preferences"]["prefers"]:
        wanted.setdefault(places[name], []).append(titles[name])
    return wanted


def _options(document: Document, titles: Mapping[str, str]) -> Iterator[Document]:
    """Every part of the plan, each followed by what could take its place."""
    replaced: dict[str, list[str]] = {}
    for entry in document["plan"]:
        for one in entry["alternatives"]:
            replaced.setdefault(one["adaptation"], []).append(titles[entry["adaptation"]])
    for entry in document["plan"]:
        yield {**entry, "instead_of": []}
        for one in entry["alternatives"]:
            if one["adaptation"] in replaced:
                yield {**one, "instead_of": replaced.pop(one["adaptation"])}


def named_aside(document: Document) -> list[str]:
    """What is set aside and named as such: no wish, no option beside the plan, not discreet."""
    told = _told_elsewhere(document)
    return [
        one["adaptation"]
        for one in document["set_aside"]
        if one["status"] in NAMED and not one["discreet"] and one["adaptation"] not in told
    ]


def _told_elsewhere(document: Document) -> set[str]:
    wishes = document["preferences"]
    options = {one["adaptation"] for entry in document["plan"] for one in entry["alternatives"]}
    return options | {*wishes["prefers"], *wishes["declines"]}


def _length(period: str) -> float:
    """The days of a period; one that is written otherwise comes last."""
    try:
        return days(period)
    except ValueError:
        return math.inf
