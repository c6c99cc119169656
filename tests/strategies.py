"""Hypothesis strategies: small rulebooks of every kind, and what may be known of a patient.

A rulebook is drawn as the plain content its files would hold, so that all of loading takes part.
Facts are drawn as facts, since exactness is about what is still possible; `profiles` draws whole
profiles for a rulebook that was loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from hypothesis import strategies as st

from recommender.facts import (
    Fact,
    Members,
    Moment,
    Options,
    Possible,
    Span,
    State,
    everything,
    exactly,
    is_exact,
    member_count,
)
from recommender.gather import Gathered
from recommender.rulebook import Rulebook, build
from recommender.vocabulary import NUMERIC, ORDERED, Feature, Instrument, Kind

Plain = dict[str, Any]
Draw = Callable[[st.SearchStrategy[Any]], Any]

AS_OF = date(2026, 1, 10)
LATER = Moment(date(2026, 1, 9))
"""When answers still to come are given: after every drawn finding and release."""
ACT = "done"
"""The one act that lifts things in drawn rulebooks."""

_STEP = 0.25
"""Drawn decimals are multiples of it; thresholds are multiples of twice that."""

KINDS = tuple(kind.value for kind in Kind)
CONCLUDED = ("ordinal", "choice", "boolean")
WEAK = ("ask", "caution", "presume")
VERBS = (
    *("recommend", "recommend", "recommend", "exclude", "exclude", "exclude", "refer", "refer"),
    *("conclude", "conclude", "conclude", "ask", "caution", "tailor", "flag"),
    *("choose_one", "sequence", "sequence", "together", "limit", "limit"),
)


def load(content: Plain) -> Rulebook:
    """The rulebook of plain content, checked as files are."""
    return build(Gathered(content))


def rulebooks(
    *, features: int = 4, rules: int = 10, willing: bool = False
) -> st.SearchStrategy[Rulebook]:
    """Small rulebooks with at most so many features to be asked about, and so many rules.

    willing: most adaptations are recommended whatever is known, so that plans hold several.
    """
    return contents(features=features, rules=rules, willing=willing).map(load)


@st.composite
def contents(draw: Draw, *, features: int = 4, rules: int = 10, willing: bool = False) -> Plain:
    """The plain content of a small rulebook."""
    base = [draw(_feature(f"f{n}")) for n in range(draw(_evenly(2, features)))]
    settled = [draw(_concluded(f"c{n}")) for n in range(draw(_evenly(0, 2)))]
    names = [f"a{n}" for n in range(draw(_evenly(2, 4) if willing else _evenly(1, 3)))]
    drawing = _Rules(draw, base, settled, names)
    some = draw(_evenly(len(names), rules)) - len(names)
    verbs = draw(st.lists(st.sampled_from(VERBS), min_size=some, max_size=some))
    written = [drawing.reason(name, willing) for name in names] + list(map(drawing.rule, verbs))
    return {
        "schema": "rulebook/1",
        "rulebook": {"id": "drawn", "version": "1", "title": "T", "status": "draft"}
        | {"language": "en"},
        "features": [*base, *settled],
        "adaptations": [draw(_adaptation(name, base)) for name in names],
        "pathways": [
            {"id": "p0", "title": "P", "urgency": "immediate", "action": "Act."},
            {"id": "p1", "title": "P", "urgency": "days", "action": "Act.", "scope": True},
        ],
        "instruments": {},
        "topics": {},
        "rules": {f"adaptation.t.r{n}": rule for n, rule in enumerate(written)},
    }


def _evenly(low: int, high: int) -> st.SearchStrategy[int]:
    """Every number as likely as the next: `integers` prefers small ones."""
    return st.sampled_from(range(low, high + 1))


# ------------------------------------------------------------------------------- vocabulary


@st.composite
def _feature(draw: Draw, name: str) -> Plain:
    kind = draw(st.sampled_from(KINDS))
    text = {"id": name, "label": name, "type": kind, "from": ["clinician"]}
    if kind == "integer":
        return text | {"range": [0, draw(_evenly(1, 4))]}
    if kind == "decimal":
        return text | {"range": [0.0, 1.0]}
    if kind == "set":
        other = draw(st.booleans())
        return text | {"values": _values(draw, 1, 3), "accepts_other": other}
    return text if kind == "boolean" else text | {"values": _values(draw, 2, 4)}


def _values(draw: Draw, fewest: int, most: int) -> list[str]:
    return [f"v{n}" for n in range(draw(_evenly(fewest, most)))]


@st.composite
def _concluded(draw: Draw, name: str) -> Plain:
    kind = draw(st.sampled_from(CONCLUDED))
    text: Plain = {"id": name, "label": name, "type": kind, "concluded": True}
    if kind == "boolean":
        return text | {"default": draw(st.booleans())}
    values = _values(draw, 2, 4)
    return text | {"values": values, "default": draw(st.sampled_from(values))}


@st.composite
def _adaptation(draw: Draw, name: str, base: Sequence[Plain]) -> Plain:
    text: Plain = {"id": name, "title": name, "phase": draw(_evenly(0, 3))}
    if draw(_evenly(0, 3)):
        hours, streams = draw(_evenly(0, 3)), draw(_evenly(0, 2))
        text["burden"] = {"hours_per_week": hours, "homework_streams": streams}
    booleans = [feature["id"] for feature in base if feature["type"] == "boolean"]
    if booleans and draw(st.booleans()):
        text["needs"] = [draw(st.sampled_from(booleans))]
    return text


# ------------------------------------------------------------------------------- rules


class _Rules:
    """Draws rules that fit a vocabulary."""

    def __init__(
        self, draw: Draw, base: Sequence[Plain], settled: Sequence[Plain], names: Sequence[str]
    ) -> None:
        self._draw = draw
        self._base = base
        self._settled = settled
        self._names = names

    def rule(self, verb: str) -> Plain:
        """One rule of that verb; one that cannot be written here becomes a `flag`."""
        if verb in ("choose_one", "sequence", "together") and len(self._names) < 2:
            verb = "flag"
        if verb == "conclude" and not self._settled:
            verb = "flag"
        made: Plain = getattr(self, f"_{verb}")()
        combining = verb in ("choose_one", "sequence", "together", "limit")
        if combining and self._draw(st.booleans()):
            made["when"] = {}
        if "when" not in made:
            known = verb in ("ask", "flag")
            made["when"] = self._when([*self._base, *self._settled], known=known)
        return {"title": "T", "because": "B"} | made | self._effect()

    def reason(self, name: str, willing: bool) -> Plain:
        """A rule that recommends one adaptation."""
        always = willing and self._draw(_evenly(0, 3)) > 0
        when = {} if always else self._when([*self._base, *self._settled])
        return (
            {"title": "T", "because": "B"} | self._recommend() | {"recommend": name, "when": when}
        )

    def _effect(self) -> Plain:
        kind = self._draw(st.sampled_from(["", "", "", "", "active", "retired", "over", "now"]))
        if kind in ("active", "retired"):
            return {"status": kind}
        ends = {"over": "2026-01-09", "now": "2026-01-10"}
        return {"effective_period": {"end": ends[kind]}} if kind else {}

    def _one(self) -> str:
        return str(self._draw(st.sampled_from(self._names)))

    def _several(self, fewest: int = 1) -> list[str]:
        some = st.lists(st.sampled_from(self._names), min_size=fewest, unique=True)
        return list(self._draw(some))

    def _some_base(self) -> list[str]:
        names = [feature["id"] for feature in self._base]
        return list(self._draw(st.lists(st.sampled_from(names), min_size=1, unique=True)))

    def _recommend(self) -> Plain:
        strength = self._draw(st.sampled_from(["strong", "conditional"]))
        role = self._draw(st.sampled_from(["foundation", "adjunct"]))
        return {"recommend": self._one(), "strength": strength, "as": role}

    def _exclude(self) -> Plain:
        target = self._one() if self._draw(st.booleans()) else self._several()
        made: Plain = {"exclude": target} | self._unknown(["", "block", *WEAK])
        return made | ({"release": ACT} if self._draw(st.booleans()) else {})

    def _unknown(self, allowed: Sequence[str]) -> Plain:
        chosen = self._draw(st.sampled_from(allowed))
        if not chosen:
            return {}
        return {"if_not_known": chosen} | ({"justify": "J"} if chosen in WEAK else {})

    def _refer(self) -> Plain:
        pathway = self._draw(st.sampled_from(["p0", "p0", "p1"]))
        made: Plain = {"refer": pathway}
        made |= self._unknown(WEAK if pathway == "p1" else ["block", *WEAK])
        if self._draw(st.booleans()):
            made["hold"] = self._several()
        if self._draw(st.booleans()):
            made["release"] = ACT
        if self._draw(_evenly(0, 2)) == 0:
            made["answered_by"] = self._some_base()
        return made

    def _conclude(self) -> Plain:
        at = self._draw(_evenly(0, len(self._settled) - 1))
        value = self._draw(_value(self._settled[at]))
        when = self._when([*self._base, *self._settled[:at]])
        return {"conclude": {self._settled[at]["id"]: value}, "when": when}

    def _caution(self) -> Plain:
        return {"caution": self._one(), "monitor": "M"}

    def _tailor(self) -> Plain:
        return {"tailor": self._one(), "focus": "F"}

    def _ask(self) -> Plain:
        made: Plain = {"ask": self._some_base()[0], "after_finding": self._draw(st.booleans())}
        return made | ({"for": self._several()} if self._draw(st.booleans()) else {})

    def _flag(self) -> Plain:
        return {"flag": "F"}

    def _choose_one(self) -> Plain:
        members = self._several(2)
        prefer = {"prefer": members[0]} if self._draw(st.booleans()) else {}
        return {"choose_one": members} | prefer

    def _sequence(self) -> Plain:
        made: Plain = {"sequence": self._several(2), "required": self._draw(st.booleans())}
        return made | ({"gate": self._when(self._base)} if self._draw(st.booleans()) else {})

    def _together(self) -> Plain:
        return {"together": self._several(2)}

    def _limit(self) -> Plain:
        measures = ["new_at_once", "hours_per_week", "homework_streams"]
        measure = self._draw(st.sampled_from(measures))
        return {"limit": {measure: self._draw(_evenly(0, 4))}}

    def _when(self, features: Sequence[Plain], *, known: bool = False) -> Plain:
        return dict(self._draw(whens(features, known=known)))


# ------------------------------------------------------------------------------- conditions


@st.composite
def whens(draw: Draw, features: Sequence[Plain], *, depth: int = 2, known: bool = False) -> Plain:
    """A condition on the features, as it is written."""
    shapes = ["test", "test", "test", "lines", "any", "all", "not"] if depth else ["test"]
    shape = draw(st.sampled_from(shapes))
    inner = whens(features, depth=depth - 1, known=known)
    if shape == "lines":
        return {**draw(inner), **draw(inner)}
    if shape in ("any", "all"):
        return {shape: draw(st.lists(inner, min_size=1, max_size=3))}
    if shape == "not":
        return {"not": draw(inner)}
    feature = draw(st.sampled_from(features))
    if draw(_evenly(0, 9)) == 0:
        return {feature["id"]: draw(_test(feature, known)) | draw(_test(feature, known))}
    return {feature["id"]: draw(st.one_of(_test(feature, known), _short(feature)))}


def _short(feature: Plain) -> st.SearchStrategy[Any]:
    if feature["type"] == "set":
        return _test(feature, False)
    return st.one_of(_value(feature), st.lists(_value(feature), min_size=1, max_size=3))


@st.composite
def _test(draw: Draw, feature: Plain, known: bool) -> Plain:
    if known and draw(st.booleans()):
        return {"known": draw(st.booleans())}
    if feature["type"] == "set":
        name = draw(st.sampled_from(["includes", "includes_any", "includes_all", "empty"]))
        if name == "empty":
            return {"empty": True}
        return {name: draw(_value(feature) if name == "includes" else _listed(feature))}
    names = ["is", "in"]
    if Kind(feature["type"]) in ORDERED:
        names += ["at_least", "more_than", "at_most", "less_than", "between"]
    name = draw(st.sampled_from(names))
    if name == "between":
        ends = [draw(_value(feature)), draw(_value(feature))]
        return {name: sorted(ends)}
    return {name: draw(_listed(feature) if name == "in" else _value(feature))}


def _listed(feature: Plain) -> st.SearchStrategy[list[Any]]:
    return st.lists(_value(feature), min_size=1, max_size=3)


def _value(feature: Plain) -> st.SearchStrategy[Any]:
    match feature["type"]:
        case "integer":
            return st.integers(*feature["range"])
        case "decimal":
            return st.sampled_from([0.0, 2 * _STEP, 4 * _STEP])
        case "boolean":
            return st.booleans()
    return st.sampled_from(feature["values"])


# ------------------------------------------------------------------------------- facts

MOMENTS = (
    *(Moment(date(2026, 1, day)) for day in (1, 2, 3)),
    *(Moment(date(2026, 1, 2), datetime(2026, 1, 2, hour)) for hour in (9, 15)),
)
moments = st.sampled_from(MOMENTS)


@st.composite
def possibles(draw: Draw, feature: Feature) -> Possible:
    """Any set of values a fact of this feature may still allow."""
    if feature.type in ORDERED:
        low, high = sorted((draw(_point(feature)), draw(_point(feature))))
        return Span(low, high)
    if feature.type is Kind.SET:
        each = st.sampled_from(["present", "absent", "open"])
        drawn = [draw(each) for _ in range(member_count(feature))]
        return Members(_bits(drawn, "present"), _bits(drawn, "absent"))
    return Options(draw(_evenly(1, (1 << len(feature.options)) - 1)))


def _bits(drawn: Sequence[str], wanted: str) -> int:
    return sum(1 << place for place, one in enumerate(drawn) if one == wanted)


def _point(feature: Feature) -> st.SearchStrategy[float]:
    if feature.type is Kind.ORDINAL:
        return _evenly(0, len(feature.values) - 1)
    assert feature.range is not None
    low, high = feature.range
    if feature.type is Kind.INTEGER:
        return _evenly(int(low), int(high))
    if high <= 4:
        return _evenly(int(low / _STEP), int(high / _STEP)).map(lambda step: step * _STEP)
    return st.floats(low, high)


@st.composite
def exact(draw: Draw, feature: Feature) -> Possible:
    """One value."""
    if feature.type in ORDERED:
        value = draw(_point(feature))
        return Span(value, value)
    if feature.type is Kind.SET:
        full = (1 << member_count(feature)) - 1
        present = draw(st.integers(0, full))
        return Members(present, full & ~present)
    return exactly(feature, draw(st.sampled_from(feature.options)))


@st.composite
def fact(draw: Draw, feature: Feature) -> Fact:
    """A fact in one of its states: known, partly known, once known, never asked."""
    shape = draw(st.sampled_from(["exact", "some", "some", "some", "never", "gone"]))
    if shape == "never":
        return Fact(feature.id, everything(feature))
    possible = everything(feature)
    if shape != "gone":
        possible = draw(exact(feature) if shape == "exact" else possibles(feature))
    state = State.KNOWN if is_exact(feature, possible) else State.PARTIAL
    return Fact(feature.id, possible, State.STALE if shape == "gone" else state, draw(moments))


@st.composite
def facts(draw: Draw, rulebook: Rulebook) -> dict[str, Fact]:
    """Facts for every feature the rulebook uses and does not conclude."""
    return {
        name: draw(fact(rulebook.features[name]))
        for name in rulebook.used
        if name not in rulebook.concluding
    }


releases: st.SearchStrategy[dict[str, tuple[Moment, ...]]] = st.lists(moments, max_size=2).map(
    lambda found: {ACT: tuple(found)} if found else {}
)
"""When the act that lifts things was recorded, if it was."""


def declined(rulebook: Rulebook) -> st.SearchStrategy[frozenset[str]]:
    """The adaptations the patient declines."""
    return st.frozensets(st.sampled_from(sorted(rulebook.adaptations)), max_size=1)


@st.composite
def narrowing(draw: Draw, feature: Feature, possible: Possible) -> Possible:
    """One thing a further answer may leave; perhaps all there was."""
    if isinstance(possible, Members):
        still_open = (1 << member_count(feature)) - 1 & ~(possible.present | possible.absent)
        present = draw(st.integers(0, still_open)) & still_open
        absent = draw(st.integers(0, still_open)) & still_open & ~present
        return Members(possible.present | present, possible.absent | absent)
    if isinstance(possible, Options):
        places = [at for at in range(possible.mask.bit_length()) if possible.mask >> at & 1]
        kept = draw(st.sets(st.sampled_from(places), min_size=1))
        return Options(sum(1 << at for at in kept))
    ends = (draw(_inside(feature, possible)), draw(_inside(feature, possible)))
    return Span(min(ends), max(ends))


def _inside(feature: Feature, span: Span) -> st.SearchStrategy[float]:
    if feature.type is not Kind.DECIMAL:
        return _evenly(int(span.low), int(span.high))
    steps = int((span.high - span.low) / _STEP)
    return _evenly(0, steps).map(lambda step: span.low + step * _STEP)


def refinements(feature: Feature, possible: Possible) -> list[Possible]:
    """Everything a further answer can make of what is possible; the first is no answer."""
    if isinstance(possible, Span):
        found: list[Possible] = _within(possible, _STEP if feature.type is Kind.DECIMAL else 1)
    elif isinstance(possible, Options):
        masks = range(1, possible.mask + 1)
        found = [Options(mask) for mask in masks if mask & ~possible.mask == 0]
    else:
        found = _settled(possible, member_count(feature))
    return [possible, *(one for one in found if one != possible)]


def _within(span: Span, step: float) -> list[Possible]:
    count = round((span.high - span.low) / step)
    points = [span.low + n * step for n in range(count + 1)]
    return [Span(low, high) for low in points for high in points if low <= high]


def _settled(members: Members, count: int) -> list[Possible]:
    found = [members]
    for place in range(count):
        bit = 1 << place
        if not (members.present | members.absent) & bit:
            found += [Members(one.present | bit, one.absent) for one in list(found)] + [
                Members(one.present, one.absent | bit) for one in list(found)
            ]
    return list(found)


# ------------------------------------------------------------------------------- profiles


@st.composite
def profiles(draw: Draw, rulebook: Rulebook, *, on: date = AS_OF) -> Plain:
    """A profile for a loaded rulebook, from nearly empty to nearly complete."""
    some = draw(st.sampled_from([2, 8, 30]))
    days = st.integers(0, 60).map(lambda back: date.fromordinal(on.toordinal() - back).isoformat())
    made: Plain = {"schema": "profile/1", "id": "drawn", "assessed_on": on.isoformat()}
    made["as_of"] = on.isoformat()
    instruments = list(rulebook.instruments.values())
    chosen = draw(st.lists(st.sampled_from(instruments), max_size=some)) if instruments else []
    made["assessments"] = [
        draw(_assessment(instrument)) | {"on": draw(days)} for instrument in chosen
    ]
    for name, feature in rulebook.features.items():
        if not feature.concluded and draw(st.integers(0, 40)) < some:
            _state(draw, made, name, feature, days)
    if "age" not in made:
        made["age"] = draw(st.integers(18, 90))
    wishes = st.lists(st.sampled_from(sorted(rulebook.adaptations)), max_size=3, unique=True)
    stated = made.setdefault("preferences", {})
    stated |= {"prefers": draw(wishes), "declines": draw(wishes)}
    return made


def _state(
    draw: Draw, made: Plain, name: str, feature: Feature, days: st.SearchStrategy[str]
) -> None:
    value = draw(stated_value(feature))
    group, dot, key = name.partition(".")
    if "clinician" in feature.from_:
        found = {"value": value, "on": draw(days)}
        made.setdefault("observations", {})[name] = found if draw(st.booleans()) else value
    elif not feature.from_ and dot and group in ("history", "access", "preferences"):
        made.setdefault(group, {})[key] = value
    elif not feature.from_ and dot and group == "release":
        made.setdefault("releases", []).append({"id": key, "on": draw(days)})
    elif not feature.from_ and not dot:
        made[name] = value


def stated_value(feature: Feature) -> st.SearchStrategy[Any]:
    """One value of a feature as a profile states it."""
    if feature.type is Kind.SET:
        few = st.lists(st.sampled_from(feature.values), max_size=2, unique=True)
        return st.one_of(few, few.map(lambda absent: {"present": [], "absent": absent}))
    if feature.type in NUMERIC:
        return _point(feature)
    return st.sampled_from(feature.options)


@st.composite
def _assessment(draw: Draw, instrument: Instrument) -> Plain:
    made: Plain = {"instrument": instrument.id}
    has_total = instrument.range is not None and instrument.total != "none"
    if has_total and (not instrument.items or draw(st.booleans())):
        assert instrument.range is not None
        low, high = instrument.range
        return made | {"total": draw(st.integers(int(low), int(high)))}
    items = {name: draw(_answer(allowed)) for name, allowed in instrument.items.items()}
    return made | {"items": {name: value for name, value in items.items() if value is not None}}


def _answer(allowed: Sequence[Any]) -> st.SearchStrategy[Any]:
    if any(isinstance(one, bool) for one in allowed):
        return st.sampled_from([True, False, None])
    return st.one_of(st.none(), st.integers(int(allowed[0]), int(allowed[-1])))


def narrowed(facts: Mapping[str, Fact], answers: Mapping[str, Possible]) -> dict[str, Fact]:
    """The facts after some further answers, each newer than everything recorded."""
    return {
        name: Fact(name, answers[name], State.PARTIAL, LATER)
        if name in answers and answers[name] != known.possible
        else known
        for name, known in facts.items()
    }
