"""An interview: the questions of an answer one after the other, each answer put into the profile.

In: the bytes of a profile, a rulebook and the day. Out: a `Sitting` for every step, with the bytes
to keep, the answer they give, and the step before. Refused, as ProfileError of the reader: values
the rulebook does not know; the sitting then stays as it was. There is no terminal, file or clock.
"""

import copy
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from recommender.content import read_json, read_yaml, write_yaml
from recommender.explain.view import question_lines
from recommender.pipeline import recommend
from recommender.profile import as_profile, moment, read_profile
from recommender.recommendation import Recommendation
from recommender.rulebook import Rulebook
from recommender.vocabulary import NUMERIC, Feature, Instrument, Kind, Source

Plain = dict[str, Any]
Line = list[Mapping[str, Any]]

YES = frozenset({"y", "yes", "true"})
NO = frozenset({"n", "no", "false"})
MISSING = frozenset({"-", "?"})
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Home(NamedTuple):
    """Where the profile keeps the answer to a feature: the field, and how to get there.

    The field differs from the feature that asks where a list answers it.
    """

    field: Feature
    path: tuple[str, ...]


@dataclass(frozen=True)
class Sitting:
    """One step of an interview."""

    rulebook: Rulebook
    source: bytes
    answer: Recommendation
    earlier: "Sitting | None" = None
    passed: frozenset[str] = frozenset()
    """Features that were answered, or are not known now: not asked again in this interview."""
    panel: str = ""
    """The panel whose questions are asked one at a time."""

    @cached_property
    def document(self) -> Plain:
        """The answer as a document."""
        return self.answer.to_dict()

    @cached_property
    def lines(self) -> list[Line]:
        """The lines of questions still to be asked here, in the order of the answer."""
        here = [one for one in self._open if one["feature"] not in self.passed]
        return question_lines([one for one in here if one not in self.elsewhere])

    @cached_property
    def elsewhere(self) -> Line:
        """Questions that only the file itself can answer, as those about treatments tried."""
        return [one for one in self._open if not one["how"] and not self.home(one["feature"])]

    @cached_property
    def unknown(self) -> Line:
        """Questions that stay open after what was answered and passed here."""
        return [one for one in self._open if one["feature"] in self.passed]

    @property
    def _open(self) -> Line:
        asked: Line = self.document["ask"]
        return asked

    def line(self) -> Line:
        """What to ask now: a line of questions, or one question of a panel; empty at the end."""
        for line in self.lines if self.panel else ():
            if line[0]["panel"] == self.panel:
                return line[:1]
        return self.lines[0] if self.lines else []

    def home(self, name: str) -> Home | None:
        """Where a value for this feature is kept; None where only scores or trials answer it."""
        return _home(self.rulebook.features[name], self.rulebook)


def empty_profile(as_of: date) -> bytes:
    """The profile of somebody of whom nothing is known."""
    return write_yaml(
        {"schema": "profile/1", "id": "new-profile", "assessed_on": as_of.isoformat()}
    )


def begin(source: bytes, name: str, rulebook: Rulebook, as_of: date) -> Sitting:
    """The first step; `name` stands in error messages."""
    profile = read_profile(source, name)
    return Sitting(rulebook, source, recommend(profile, rulebook, as_of=as_of))


# ------------------------------------------------------------------------------------- steps


def passing(sitting: Sitting, features: Collection[str]) -> Sitting:
    """The step after questions whose answer is not known now: nothing is written down."""
    return replace(sitting, earlier=sitting, passed=sitting.passed.union(features))


def one_by_one(sitting: Sitting, panel: str) -> Sitting:
    """The step after which the questions of a panel are asked one at a time."""
    return replace(sitting, earlier=sitting, panel=panel)


def with_value(sitting: Sitting, name: str, value: Any, *, complete: bool = True) -> Sitting:
    """The step after one answer.

    value: as `read_value` gives it; of a set, the members found now. complete: whether all the
    other members of a set were asked about and are absent.
    """
    return _next(sitting, lambda data: _put(data, sitting, name, value, complete), [name])


def no_to_all(line: Line, sitting: Sitting) -> list[str]:
    """The features of a line that "none of these" answers: yes-or-no questions and lists.

    A single one is no list of things to deny: its "no" has to be said for itself.
    """
    homes = {one["feature"]: sitting.home(one["feature"]) for one in line}
    kinds = (Kind.BOOLEAN, Kind.SET)
    names = [name for name, home in homes.items() if home and home.field.type in kinds]
    return names if len(names) > 1 else []


def with_none(sitting: Sitting, names: Sequence[str]) -> Sitting:
    """The step after "none of these": no to the yes-or-no questions, nothing more on the lists."""

    def change(data: Plain) -> None:
        for name in names:
            home = sitting.home(name)
            listed = home is not None and home.field.type is Kind.SET
            _put(data, sitting, name, [] if listed else False, True)

    return _next(sitting, change, names)


def with_score(sitting: Sitting, entry: Plain, names: Sequence[str] = ()) -> Sitting:
    """The step after a score, as `read_score` gives it; `names` are the features it was for."""
    return _next(sitting, lambda data: _add_score(data, sitting, entry), names)


def _next(sitting: Sitting, change: Callable[[Plain], None], names: Sequence[str]) -> Sitting:
    """The step after a change of the profile's data. Raises ProfileError if it cannot be read."""
    data, is_json = _data(sitting.source)
    change(data)
    answer = recommend(as_profile(data), sitting.rulebook, as_of=sitting.answer.as_of)
    return replace(
        sitting,
        source=_json(data) if is_json else write_yaml(data, sitting.source),
        answer=answer,
        earlier=sitting,
        passed=sitting.passed.union(names),
    )


def _data(source: bytes) -> tuple[Plain, bool]:
    is_json = source.lstrip()[:1] == b"{"
    read = (read_json if is_json else read_yaml)(source, "")
    return copy.deepcopy(read.data), is_json


def _json(data: Plain) -> bytes:
    return (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode()


# ------------------------------------------------------------------------------------- values


def read_value(feature: Feature, text: str) -> Any:
    """What was typed as a plain value of the feature: yes or no, a number, the number of an option.

    Anything else stays text, for the reader of profiles to refuse.
    """
    if feature.type is Kind.SET:
        return [_option(feature, one) for one in text.replace(",", " ").split()]
    if feature.type is Kind.BOOLEAN:
        return _truth(text)
    return _number(text) if feature.type in NUMERIC else _option(feature, text)


def read_score(instrument: Instrument, text: str) -> Plain:
    """What was typed as an entry of `assessments`: a total, or items in order, and perhaps a day.

    One number is the total where the instrument has one; `-` stands for a missing item, and items
    left out at the end are missing.
    """
    words = text.replace(",", " ").split()
    days = [word for word in words if _DAY.fullmatch(word)]
    words = [word for word in words if word not in days]
    entry: Plain = {"instrument": instrument.id} | ({"on": days[-1]} if days else {})
    if len(words) == 1 and instrument.range is not None:
        return entry | {"total": _number(words[0])}
    if len(words) > len(instrument.items):
        return entry | {"items": [_number(word) for word in words]}
    items = zip(instrument.items.items(), words, strict=False)
    return entry | {
        "items": {
            name: _truth(word) if isinstance(allowed[0], bool) else _number(word)
            for (name, allowed), word in items
            if word not in MISSING
        }
    }


def _option(feature: Feature, text: str) -> Any:
    numbered = {str(n): option for n, option in enumerate(feature.options, start=1)}
    return numbered.get(text, text)


def _truth(text: str) -> bool | str:
    return True if text.lower() in YES else False if text.lower() in NO else text


def _number(text: str) -> int | float | str:
    if re.fullmatch(r"-?\d{1,9}", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?\d{1,9}\.\d{1,9}", text) else text


# -------------------------------------------------------------------------------------- homes


def _home(feature: Feature, rulebook: Rulebook) -> Home | None:
    if not feature.from_:
        return Home(feature, tuple(feature.id.split(".", 1)))
    if "clinician" in feature.from_:
        return Home(feature, ("observations", feature.id))
    for source in feature.from_:
        if isinstance(source, Source):
            if source.item and feature.id == f"{source.instrument}.{source.item}":
                return Home(feature, ("assessments", str(source.instrument), source.item))
            if source.set and not (listed := rulebook.features[source.set]).from_:
                return Home(listed, (listed.id,))
    return None


def _put(data: Plain, sitting: Sitting, name: str, value: Any, complete: bool) -> None:
    """Write one value where the profile keeps it."""
    home = sitting.home(name)
    assert home is not None
    field, path = home
    day = _Day(data, sitting.answer.as_of)
    if path[0] == "assessments":
        _add_score(data, sitting, {"instrument": path[1], "items": {path[2]: value}})
        return
    within = data if len(path) == 1 else _section(data, path[0])
    old = within.get(path[-1])
    if field.type is Kind.SET:
        value = _joined(old, value, complete)
    if path[0] == "observations":
        within[name] = day.beside(old, value, keep_all=field.safety is not None)
    elif path == ("age",):
        within["age"] = value
    elif len(path) == 1 and field.type is Kind.SET:
        within[field.id] = day.listed(field, value)
    else:
        within[path[-1]] = day.dated(value)


def _section(data: Plain, name: str) -> Plain:
    if data.get(name) is None:
        data[name] = {}
    section: Plain = data[name]
    return section


def _joined(old: Any, found: list[Any], complete: bool) -> Any:
    """The members found before and now; those said to be absent before stay so."""
    last = old[-1] if isinstance(old, list) and old and isinstance(old[-1], dict) else old
    stated = last["value"] if isinstance(last, dict) and "value" in last else last
    before = stated if isinstance(stated, dict) else {"present": stated or []}
    present = list(dict.fromkeys([*before.get("present", ()), *found]))
    if complete:
        return present
    absent = [one for one in before.get("absent", ()) if one not in present]
    return {"present": present} | ({"absent": absent} if absent else {})


class _Day:
    """The day of the interview, beside the day that entries of the profile inherit."""

    def __init__(self, data: Plain, as_of: date) -> None:
        self._inherited = data["assessed_on"]
        self._today = as_of.isoformat()
        self._same = moment(self._inherited).day == as_of

    def dated(self, value: Any) -> Any:
        """A value with its day, where it does not inherit it."""
        return value if self._same else {"value": value, "on": self._today}

    def listed(self, field: Feature, value: Any) -> Any:
        """A list of the profile itself: one with a day of its own names what is absent."""
        if self._same:
            return value
        if isinstance(value, list):
            absent = [one for one in field.values if one not in value]
            value = {"present": value, "absent": absent}
        return {**value, "on": self._today}

    def beside(self, old: Any, value: Any, *, keep_all: bool) -> Any:
        """A finding behind those that stay: all of other days, and of safety those of today too."""
        found = [one for one in map(self._finding, _findings(old)) if one["value"] is not None]
        kept = [one for one in found if keep_all or not self._of_today(one)]
        return [*kept, {"value": value, "on": self._today}] if kept else self.dated(value)

    def _finding(self, stated: Any) -> Plain:
        if not isinstance(stated, dict):
            return {"value": stated, "on": self._inherited}
        on = stated.get("on") or self._inherited
        members = {key: value for key, value in stated.items() if key != "on"}
        return {"value": stated.get("value", members), "on": on}

    def _of_today(self, finding: Plain) -> bool:
        return moment(finding["on"]).day.isoformat() == self._today


def _findings(old: Any) -> list[Any]:
    """The findings of an observation, whichever way it is written."""
    several = isinstance(old, list) and bool(old) and isinstance(old[0], dict)
    return old if several else [] if old is None else [old]


# ------------------------------------------------------------------------------------- scores


def _add_score(data: Plain, sitting: Sitting, entry: Plain) -> None:
    """Add a score: into the entry of the same instrument and day it fits in, else as a new one."""
    day = _Day(data, sitting.answer.as_of)
    entry = {**entry, "on": entry.get("on") or sitting.answer.as_of.isoformat()}
    if data.get("assessments") is None:
        data["assessments"] = []
    names = list(sitting.rulebook.instruments[entry["instrument"]].items)
    for one in reversed(data["assessments"]):
        on = moment(one.get("on") or data["assessed_on"]).day.isoformat()
        if one["instrument"] == entry["instrument"] and on == entry["on"] and _fits(one, entry):
            _merge(one, entry, names)
            return
    if day.dated(None) is None and entry["on"] == sitting.answer.as_of.isoformat():
        del entry["on"]
    data["assessments"].append(entry)


def _fits(one: Plain, entry: Plain) -> bool:
    """Whether two entries are of one administration: no answer stands in both."""
    if one.get("total") is not None and entry.get("total") is not None:
        return False
    if isinstance(entry.get("items"), list) or isinstance(one.get("items"), list):
        return not (one.get("items") and entry.get("items"))
    before = {name for name, value in (one.get("items") or {}).items() if value is not None}
    return before.isdisjoint(entry.get("items") or ())


def _merge(one: Plain, entry: Plain, names: list[str]) -> None:
    if entry.get("total") is not None:
        one["total"] = entry["total"]
    if entry.get("items"):
        both = {**(one.get("items") or {}), **entry["items"]}
        one["items"] = {name: both[name] for name in sorted(both, key=_place(names))}


def _place(names: list[str]) -> Callable[[str], int]:
    return lambda name: names.index(name) if name in names else len(names)


# -------------------------------------------------------------------------------------- pages


def question_page(sitting: Sitting, line: Line) -> Plain:
    """What a template needs to ask a line: each question's form, the instruments, the reasons."""
    changed = dict.fromkeys(name for one in line for name in one["can_change"])
    return {
        "panel": line[0]["panel"],
        "entries": [{**one, **_form(sitting, one["feature"])} for one in line],
        "ways": [
            instrument_page(way, number) for number, way in enumerate(ways(sitting, line), start=1)
        ],
        "can_change": [_changing(sitting.rulebook, name) for name in changed],
        "none": len(no_to_all(line, sitting)),
    }


def ways(sitting: Sitting, line: Line) -> list[Instrument]:
    """The instruments whose score answers something of a line, each once."""
    names = dict.fromkeys(how["instrument"] for one in line for how in one["how"])
    return [sitting.rulebook.instruments[name] for name in names]


def instrument_page(instrument: Instrument, number: int = 1) -> Plain:
    """What a template needs to ask for a score."""
    return {
        "number": number,
        "title": instrument.title,
        "minutes": instrument.minutes,
        "range": list(instrument.range or ()),
        "parts": [
            {
                "id": name,
                "boolean": isinstance(allowed[0], bool),
                "low": allowed[0],
                "high": allowed[-1],
            }
            for name, allowed in instrument.items.items()
        ],
    }


def _form(sitting: Sitting, name: str) -> Plain:
    home = sitting.home(name)
    if home is None:
        return {"kind": "score"}
    field = home.field
    listed = "set" if field.type is Kind.SET else "options"
    low, high = field.range or (0, 0)
    kinds = {Kind.BOOLEAN: "boolean", Kind.INTEGER: "number", Kind.DECIMAL: "number"}
    return {
        "kind": kinds.get(field.type, listed),
        "options": list(field.options),
        "low": low,
        "high": high,
        "unit": field.unit,
        "accepts_other": field.accepts_other,
    }


def _changing(rulebook: Rulebook, name: str) -> Plain:
    """What an answer can change: an adaptation, or a stop by the rule that makes it."""
    if name in rulebook.adaptations:
        return {"title": rulebook.adaptations[name].title, "stop": False}
    return {"title": rulebook.rules[name].text.title, "stop": True}
