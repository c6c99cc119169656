"""Tries a template before use: whatever it writes, it must not leave out what people rely on.

In: an answer. Out: a copy of it in which every indispensable text carries a mark of its own, and
what each mark stands for. A template has passed when every mark is on its page: stops with their
acts, contacts and releases, cautions and assumptions at every adaptation, what is set aside,
notices, the limits, the number of drafts, and what a site changed of the safety rules. A text
said at two adaptations has two marks, so that saying it once is not enough.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from recommender.explain.patient_view import (
    SAFETY_CONTACTS,
    WITHOUT_A_PLAN,
    contacts_shown,
    named_aside,
    shared_cautions,
    stops_shown,
    topics_of,
)
from recommender.explain.view import (
    FIRST_QUESTIONS,
    common_assumes,
    is_scale_item,
    question_lines,
)

_STOP = ("pathway_title", "action", "title", "because")
_CAUTION = ("because", "adjust", "monitor")
_OPTION = ("patient_title", "patient_short", "patient_downside")


class Marks:
    """The marks set so far: mark → what it stands for."""

    def __init__(self) -> None:
        self.meaning: dict[str, str] = {}

    def on(self, text: str, what: str) -> str:
        """The text with a mark of its own behind it."""
        mark = f"Must{len(self.meaning)}show"
        self.meaning[mark] = what
        return f"{text} {mark}" if text else mark

    def keys(self, holder: dict[str, Any], keys: Iterable[str], what: str) -> None:
        """Mark these texts of one part of the answer, where they are there."""
        for key in keys:
            if holder.get(key):
                holder[key] = self.on(holder[key], f"{what} ({key.replace('_', ' ')})")

    def missing(self, page: str) -> list[str]:
        """What the page leaves out; a template may change the case of letters."""
        read = page.casefold()
        return [what for mark, what in self.meaning.items() if mark.casefold() not in read]


def answer(document: Mapping[str, Any]) -> tuple[dict[str, Any], Marks]:
    """The whole answer, marked."""
    copy, marks = _copy(document), Marks()
    _stops(copy["stops"], marks)
    shared = frozenset(common_assumes(copy["plan"]))
    for entry in copy["plan"]:
        marks.keys(entry, ["title"], f"'{entry['adaptation']}' in the plan")
        _with(copy, entry, marks, shared)
    _assumed_by_all(copy, marks, shared)
    for entry in copy["set_aside"]:
        marks.keys(entry, ["title"], f"'{entry['adaptation']}', which is set aside")
    for flag in copy["flags"]:
        marks.keys(flag, ["text"], f"the notice of '{flag['rule']}'")
    if copy["status"] != "out_of_scope":
        lines = question_lines(copy["ask"])[:FIRST_QUESTIONS]
        first = {min(line, key=is_scale_item)["feature"] for line in lines}
        for entry in copy["ask"]:
            if entry["feature"] in first:
                marks.keys(entry, ["question"], f"the question about '{entry['feature']}'")
    _basis(copy, marks)
    return copy, marks


def patient(document: Mapping[str, Any]) -> tuple[dict[str, Any], Marks]:
    """The answer as the person is told it, marked; of a stopped plan only what that page holds."""
    copy, marks = _copy(document), Marks()
    for stop in stops_shown(copy):
        marks.keys(stop, ["patient_text"], f"what the person is told of '{stop['rule']}'")
        if not stop["discreet"]:
            marks.keys(stop, ["contact"], f"whom to call about '{stop['rule']}'")
    contacts = copy["basis"]["contacts"]
    for text in contacts_shown(copy):
        marked = marks.on(text, "whom to call")
        contacts |= {name: marked for name in SAFETY_CONTACTS if contacts.get(name) == text}
    if not copy["rulebook"]["approved"]:
        copy["rulebook"]["drafts"] = marks.on("", "that this page is a draft")
    if copy["status"] != "stopped":
        marks.keys(copy["basis"], ["patient_safe_base"], "what to do meanwhile")
    if copy["status"] not in WITHOUT_A_PLAN:
        marks.keys(copy, ["patient_disclaimer"], "the limits")
        _told_of_the_plan(copy, marks)
        _told_of_the_rest(copy, marks)
    return copy, marks


def _told_of_the_plan(copy: dict[str, Any], marks: Marks) -> None:
    """Each part and each option beside it: what it is, why, what to watch, what to think about."""
    shared = {text: marks.on(text, "a caution of the plan") for text in shared_cautions(copy)}
    options: set[str] = set()
    for entry in copy["plan"]:
        about = f"'{entry['adaptation']}'"
        marks.keys(entry, [*_OPTION, "patient_what"], f"{about} in the plan")
        findings = entry["patient_because"]
        entry["patient_because"] = [marks.on(one, f"a finding behind {about}") for one in findings]
        said = dict(shared)
        for caution in entry["cautions"]:
            if (text := caution["patient_text"]) and text not in said:
                said[text] = marks.on(text, f"a caution of {about}")
            caution["patient_text"] = said.get(text, "")
        for one in entry["alternatives"]:
            if one["adaptation"] not in options:
                marks.keys(one, _OPTION, f"'{one['adaptation']}', which is another option")
            options.add(one["adaptation"])
    marks.keys(copy["basis"], ["patient_of_combinations"], "how sure the combination is")


def _told_of_the_rest(copy: dict[str, Any], marks: Marks) -> None:
    """Wishes, what is set aside and named, and what the open questions are about."""
    wishes = copy["preferences"]
    wishes["in_words"] = [marks.on(text, "what the person prefers") for text in wishes["in_words"]]
    named = {*wishes["prefers"], *wishes["declines"], *named_aside(copy)}
    for entry in copy["set_aside"]:
        if entry["adaptation"] in named:
            marks.keys(entry, ["patient_title"], f"'{entry['adaptation']}', which is set aside")
    topics = topics_of(copy)[:FIRST_QUESTIONS]
    marked = {text: marks.on(text, "what we do not know yet") for text in topics}
    for entry in copy["ask"]:
        entry["patient_topic"] = marked.get(entry["patient_topic"], entry["patient_topic"])


def one_adaptation(document: Mapping[str, Any], name: str) -> tuple[dict[str, Any], Marks]:
    """The stops, and what has to be said with one adaptation while it is in the plan."""
    copy, marks = _copy(document), Marks()
    _stops(copy["stops"], marks)
    for entry in copy["plan"]:
        if entry["adaptation"] == name:
            _with(copy, entry, marks, frozenset())
    return copy, marks


def stops_alone(document: Mapping[str, Any]) -> tuple[dict[str, Any], Marks]:
    """The stops: what every page begins with."""
    copy, marks = _copy(document), Marks()
    _stops(copy["stops"], marks)
    return copy, marks


def _copy(document: Mapping[str, Any]) -> dict[str, Any]:
    copied: dict[str, Any] = json.loads(json.dumps(document))
    return copied


def _stops(stops: list[dict[str, Any]], marks: Marks) -> None:
    for stop in stops:
        marks.keys(stop, [*_STOP, "contact"], f"the stop of '{stop['rule']}'")
        if stop["release"] and not stop["scope"]:
            stop["release"] = marks.on("", f"how the stop of '{stop['rule']}' is lifted")


def _with(
    copy: dict[str, Any], entry: dict[str, Any], marks: Marks, shared: frozenset[str]
) -> None:
    """What goes with one adaptation of the plan: cautions, gates, and its own assumptions."""
    about = f"'{entry['adaptation']}'"
    for caution in entry["cautions"]:
        keys = ["title"] if caution["open"] else ["title", *_CAUTION]
        marks.keys(caution, keys, f"the caution of '{caution['rule']}' at {about}")
    for gate in entry["gates"]:
        marks.keys(gate, ["text"], f"when {about} may start")
    entry["assumes"] = [
        name
        if name in shared
        else _renamed(copy, name, marks, f"that {about} goes ahead without knowing '{name}'")
        for name in entry["assumes"]
    ]


def _assumed_by_all(copy: dict[str, Any], marks: Marks, shared: frozenset[str]) -> None:
    """What all parts assume may be said once."""
    for name in sorted(shared):
        new = _renamed(copy, name, marks, f"that the plan goes ahead without knowing '{name}'")
        for entry in copy["plan"]:
            entry["assumes"] = [new if one == name else one for one in entry["assumes"]]


def _renamed(copy: dict[str, Any], name: str, marks: Marks, what: str) -> str:
    """A feature that only the assumption speaks of, with a marked label."""
    label = next((f["label"] for f in copy["facts"] if f["feature"] == name), name)
    marked = marks.on(label, what)
    new = marked.rpartition(" ")[2]
    fact = next((f for f in copy["facts"] if f["feature"] == name), None)
    if fact is not None:
        unknown = {"possible": {"everything": True}, "state": "unknown", "trials": []}
        copy["facts"].append({**fact, **unknown, "feature": new, "label": marked})
    return new


def _basis(copy: dict[str, Any], marks: Marks) -> None:
    basis = copy["basis"]
    keyed: list[tuple[dict[str, Any], str, str]] = [
        (copy, "disclaimer", "the limits"),
        (basis, "safe_base", "what to do meanwhile"),
    ]
    if copy["plan"]:
        keyed.append((basis, "of_combinations", "how sure the combination is"))
    for holder, key, what in keyed:
        if holder.get(key):
            holder[key] = marks.on(holder[key], what)
    for one in basis["departures"]:
        marks.keys(one, ["because"], f"why this site changes '{one['changes']}'")
    for one in basis["withdrawn"]:
        marks.keys(one, ["title", "because"], f"that '{one['rule']}' is withdrawn")
    for one in basis["acts"]:
        for rule in one["lifts"]:
            marks.keys(rule, ["title"], f"that an act on record lifts '{rule['rule']}'")
    for one in basis["presumed"]:
        marks.keys(one, ["title"], f"what is taken for granted by '{one['rule']}'")
    if not copy["rulebook"]["approved"]:
        copy["rulebook"]["drafts"] = marks.on("", "that draft rules were used, and how many")


Marking = Callable[[Mapping[str, Any]], tuple[dict[str, Any], Marks]]
"""How a page's answer is marked."""
