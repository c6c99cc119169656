"""A profile that reproduces a witness: scores, findings and history that lead to its facts.

In: a witness, and a test that says whether an answer shows what the witness is to show. Out: a
`profile/1` as plain data, run through the whole flow and found to show it; or why there is none.
Where a fact comes from a measure that has no builder here, or no combination of scores leads to all
the facts at once, the witness stays one of facts: «not realisable», as far as was tried.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from itertools import chain, islice, product
from typing import Any

from recommender.assess import assess
from recommender.engines import native
from recommender.errors import ProfileError
from recommender.facts import (
    Members,
    Options,
    Possible,
    Span,
    everything,
    is_exact,
    names,
    narrows,
    value_of,
)
from recommender.governance.derivations import TRIALS
from recommender.governance.suites.histories import counts_trials, histories
from recommender.governance.witness import LATE, Days, Witness
from recommender.governance.world import is_wish
from recommender.pipeline import answer_of
from recommender.profile import Profile, as_profile
from recommender.recommendation import Produced, Recommendation
from recommender.rulebook import Rulebook
from recommender.stops import Stop
from recommender.vocabulary import Feature, Kind, Source

Plain = dict[str, Any]
Shows = Callable[[Recommendation, list[Stop]], bool]
Entry = tuple[str, Any]
"""A section of the profile, and what is added to it."""

MOST_TRIED = 64
MOST_HISTORIES = 60
_RELEASE = "release."
_CHECKED = Produced("", "native", None)


def realised(
    witness: Witness, rulebook: Rulebook, as_of: date, name: str, shows: Shows
) -> tuple[Plain | None, str]:
    """The profile, or why there is none."""
    ways: dict[str, list[list[Entry]]] = {}
    counted: dict[str, Possible] = {}
    for feature, possible in witness.possible.items():
        stretch = witness.wide.get(feature, possible)
        found = _ways(rulebook.features[feature], possible, stretch, rulebook, as_of)
        ways[feature] = list(found)
        if counts_trials(rulebook.features[feature]):
            counted[feature] = stretch
        elif not ways[feature]:
            return None, f"no history or score that could be written here gives {feature}"
    one_by_one = islice(product(*ways.values()), MOST_TRIED)
    at_once = _with_history(ways, counted, witness.wide, rulebook, as_of)
    # Several numbers of trials are seldom right where the treatments are written one by one.
    tries = (at_once, one_by_one) if len(counted) > 1 else (one_by_one, at_once)
    for chosen in chain(*tries):
        profile = _profile(witness, rulebook, as_of, name, [e for way in chosen for e in way])
        if _shown(profile, witness, rulebook, as_of, shows):
            return profile, ""
    return None, "no combination of scores and findings that was tried gives all of it at once"


def edited(
    profile: Profile, edits: Mapping[str, Possible], rulebook: Rulebook, as_of: date, shows: Shows
) -> Plain | None:
    """A profile with these findings otherwise that shows it; None where none was found.

    Treatments are left as they are.
    """
    bare: Plain = profile.model_dump(
        mode="json", by_alias=True, exclude_unset=True, exclude={"expect", "id"}
    )
    day = profile.as_of or as_of
    days = Days(Witness(edits, {}), rulebook, day)
    ways = [
        list(_ways(rulebook.features[name], possible, possible, rulebook, day))
        for name, possible in edits.items()
    ]
    for chosen in islice(product(*ways), MOST_TRIED):
        made: Plain = copy.deepcopy(bare) | {"id": "edited", "as_of": day.isoformat()}
        for name in edits:
            _forget(made, rulebook.features[name])
        _record(made, [entry for way in chosen for entry in way], days, str(bare["assessed_on"]))
        if _shown(made, Witness({}, {}), rulebook, day, shows):
            return made
    return None


def _forget(made: Plain, feature: Feature) -> None:
    """Take out what a feature was read from, as far as it can be told from the rest."""
    group, dot, key = feature.id.partition(".")
    made.pop(feature.id, None)
    if dot and isinstance(made.get(group), dict):
        made[group].pop(key, None)
    if feature.id == "age":
        made.pop("birth_year", None)
    if "observations" in made:
        made["observations"].pop(feature.id, None)
    for source in feature.from_:
        if isinstance(source, Source) and source.instrument and not source.measure:
            for score in made.get("assessments", []):
                if score["instrument"] == source.instrument:
                    _forget_score(score, source.item)
    if "assessments" in made:
        made["assessments"] = [one for one in made["assessments"] if {*one} & {"total", "items"}]


def _forget_score(score: Plain, item: str | None) -> None:
    if item is None:
        score.pop("total", None)
    elif isinstance(score.get("items"), dict):
        score["items"].pop(item, None)
        if not score["items"]:
            del score["items"]


def _with_history(
    ways: Mapping[str, list[list[Entry]]],
    counted: Mapping[str, Possible],
    wide: Mapping[str, Possible],
    rulebook: Rulebook,
    as_of: date,
) -> Iterator[tuple[list[Entry], ...]]:
    """Ways to record all features, those that count trials by one history that gives them all."""
    if counted:
        other = [several for name, several in ways.items() if name not in counted]
        told = [
            [("treatments", history)]
            for history in histories(counted, wide.keys(), rulebook, as_of, MOST_HISTORIES)
        ]
        yield from islice(product(*other, told), 2 * MOST_TRIED)


def _shown(plain: Plain, witness: Witness, rulebook: Rulebook, as_of: date, shows: Shows) -> bool:
    """Whether the flow, run on the profile, comes to what the witness is to show."""
    try:
        profile = as_profile(plain)
        facts = assess(profile, rulebook, as_of)
    except ProfileError:
        return False
    for name, possible in witness.possible.items():
        if name in facts and not narrows(facts[name].possible, witness.wide.get(name, possible)):
            return False
    answer, stops = answer_of(native.infer(facts, rulebook, as_of), profile, _CHECKED)
    return shows(answer, list(stops))


# ------------------------------------------------------------------------------- the whole


def _profile(
    witness: Witness, rulebook: Rulebook, as_of: date, name: str, entries: list[Entry]
) -> Plain:
    days = Days(witness, rulebook, as_of)
    on = (as_of - timedelta(days=LATE)).isoformat()
    made: Plain = {
        "schema": "profile/1",
        "id": name,
        "assessed_on": on,
        "as_of": as_of.isoformat(),
    }
    _record(made, entries, days, on)
    releases = list(days.releases())
    if releases:
        made["releases"] = releases
    if witness.declined or witness.prefers:
        made["preferences"] = {
            **made.get("preferences", {}),
            **({"declines": sorted(witness.declined)} if witness.declined else {}),
            **({"prefers": list(witness.prefers)} if witness.prefers else {}),
        }
    return made


def _record(made: Plain, entries: list[Entry], days: Days, on: str) -> None:
    """Add to a profile what was found; on: the day that need not be said."""
    for section, value in entries:
        if section in _MEMBERS:
            made[section] = _members(made[section], value) if section in made else value
            if (found := days.day(section).isoformat()) != on:
                made[section] = {**_members(made[section], ()), "on": found}
        elif isinstance(value, Mapping) and section != "assessments":
            made[section] = {**(made.get(section) or {}), **value}
        elif section == "treatments":
            made.setdefault("history", {}).setdefault("treatments", []).extend(value)
        elif section == "assessments":
            _add_score(made.setdefault("assessments", []), dict(value), days.day(value["feature"]))
        else:
            made[section] = value
    for feature, finding in made.get("observations", {}).items():
        day = days.day(feature)
        if day.isoformat() != on and not isinstance(finding, list | Mapping):
            made["observations"][feature] = {"value": finding, "on": day.isoformat()}


_MEMBERS = ("conditions", "medications", "implants")
"""Lists of the profile that several features can be read from."""


def _members(one: Any, other: Any) -> Plain:
    """What is present and what is absent in either of two lists."""
    found: Plain = {"present": [], "absent": []}
    for stated in (one, other):
        parts = stated if isinstance(stated, Mapping) else {"present": stated}
        for key in ("present", "absent"):
            found[key] += [name for name in parts.get(key, ()) if name not in found[key]]
        if "on" in parts:
            found["on"] = parts["on"]
    return found


def _add_score(scores: list[Plain], score: Plain, day: date) -> None:
    """One administration a scale: items of one scale stand together."""
    score.pop("feature")
    day -= timedelta(days=score.pop("before", 0))
    score["on"] = "T".join([day.isoformat(), *([score.pop("at")] if "at" in score else [])])
    for known in scores:
        if known["instrument"] == score["instrument"] and known["on"] == score["on"]:
            known.setdefault("items", {}).update(score.get("items", {}))
            known.update({k: v for k, v in score.items() if k == "total"})
            return
    scores.append(score)


# ------------------------------------------------------------------------------- one feature


def _ways(
    feature: Feature, possible: Possible, stretch: Possible, rulebook: Rulebook, as_of: date
) -> Iterator[list[Entry]]:
    """Every way to record a fact, the plainest first; `stretch`: any value of it will do."""
    if _is_unknown(feature, possible):
        yield []
        return
    if feature.id.startswith(_RELEASE):
        yield []  # acts are recorded with the profile as a whole
        return
    if not feature.from_:
        yield from _own_field(feature, possible, as_of)
        return
    if "clinician" in feature.from_:
        yield from ([("observations", {feature.id: value})] for value in _stated(feature, possible))
    for source in feature.from_:
        if isinstance(source, Source):
            yield from _from_source(feature, possible, stretch, source, rulebook)
    if "clinician" in feature.from_ and isinstance(possible, Span):
        yield from _disagreeing(feature, possible)


def _is_unknown(feature: Feature, possible: Possible) -> bool:
    return possible == everything(feature) and not is_exact(feature, possible)


def _stated(feature: Feature, possible: Possible) -> Iterator[Any]:
    """A value as a profile states it; nothing where it is half known."""
    if isinstance(possible, Members):
        present, absent = (names(feature, mask) for mask in possible)
        closed = len(present) + len(absent) == len(feature.values)
        yield present if closed else {"present": present, "absent": absent}
    elif isinstance(possible, Span):
        if possible.low == possible.high:
            yield value_of(feature, possible.low)
    elif possible.mask & (possible.mask - 1) == 0:
        yield feature.options[possible.mask.bit_length() - 1]


def _own_field(feature: Feature, possible: Possible, as_of: date) -> Iterator[list[Entry]]:
    if feature.id == "age" and isinstance(possible, Span) and possible.low < possible.high:
        yield from _years(possible, as_of)
        return
    group, dot, key = feature.id.partition(".")
    if is_wish(feature) and isinstance(possible, Members):
        yield [(group, {key: names(feature, possible.present)})]
        return
    for value in _stated(feature, possible):
        yield [(group, {key: value})] if dot else [(feature.id, value)]


def _years(ages: Span, as_of: date) -> Iterator[list[Entry]]:
    """The years of birth that leave two ages, both of them possible."""
    for oldest in range(int(ages.low) + 1, int(ages.high) + 1):
        yield [("birth_year", as_of.year - oldest)]


def _disagreeing(feature: Feature, possible: Span) -> Iterator[list[Entry]]:
    """Two findings of one day between which all is possible."""
    if possible.low < possible.high:
        both = [{"value": value_of(feature, at)} for at in (possible.low, possible.high)]
        yield [("observations", {feature.id: both})]


def _from_source(
    feature: Feature, possible: Possible, stretch: Possible, source: Source, rulebook: Rulebook
) -> Iterator[list[Entry]]:
    if source.measure:
        yield from _from_measure(feature, possible, stretch, source, rulebook)
    elif source.instrument:
        for score in _scores(feature, possible, source, rulebook):
            yield [("assessments", score | {"feature": feature.id})]
        if isinstance(possible, Span) and possible.low < possible.high:
            yield from _twice(feature, possible, source, rulebook)
    elif source.set is not None and isinstance(possible, Options):
        members = source.includes_any or []
        if possible.mask == 2:
            yield from ([(source.set, [member])] for member in members)
        elif possible.mask == 1:
            yield [(source.set, [])]


def _twice(
    feature: Feature, possible: Span, source: Source, rulebook: Rulebook
) -> Iterator[list[Entry]]:
    """Two scores of one day that disagree: between them all is possible."""
    ends = [Span(at, at) for at in (possible.low, possible.high)]
    both = [list(_scores(feature, end, source, rulebook)) for end in ends]
    hours = ("08:00:00", "16:00:00")
    for pair in zip(*both, strict=False):
        yield [
            ("assessments", score | {"feature": feature.id, "at": hour})
            for score, hour in zip(pair, hours, strict=True)
        ]


def _scores(
    feature: Feature, possible: Possible, source: Source, rulebook: Rulebook
) -> Iterator[Plain]:
    """A total or an item that gives the value: the middle of what does."""
    instrument = rulebook.instruments[source.instrument or ""]
    allowed = instrument.items[source.item] if source.item else instrument.range
    if allowed is None:
        return
    for value in _points(feature, possible, source, list(allowed), rulebook):
        if source.item:
            yield {"instrument": instrument.id, "items": {source.item: value}}
        else:
            yield {"instrument": instrument.id, "total": value}


def _points(
    feature: Feature, possible: Possible, source: Source, allowed: list[Any], rulebook: Rulebook
) -> Iterator[Any]:
    if any(isinstance(one, bool) for one in allowed):
        yield from _stated(feature, possible)
        return
    wanted = {str(one).lower() for one in _stated(feature, possible)}
    if source.ranges or source.band:
        ranges = _ranges(source, rulebook)
        for value, (low, high) in ranges:
            if value in wanted:
                yield int((low + high) // 2)
    elif isinstance(possible, Span):
        yield int((possible.low + possible.high) // 2)
    elif feature.type is Kind.BOOLEAN:
        yield from (int(one) for one in _stated(feature, possible))


def _ranges(source: Source, rulebook: Rulebook) -> list[tuple[str, tuple[float, float]]]:
    if source.ranges:
        return [(value.lower(), ends) for value, ends in source.ranges.items()]
    instrument = rulebook.instruments[source.instrument or ""]
    tables = [table for by in instrument.bands_by.values() for table in by.values()]
    bands = [*instrument.bands, *(band for table in tables for band in table)]
    return [(str((source.band or {})[band.id]).lower(), band.range) for band in bands]


def _from_measure(
    feature: Feature, possible: Possible, stretch: Possible, source: Source, rulebook: Rulebook
) -> Iterator[list[Entry]]:
    if source.measure in TRIALS:
        yield from _treatments(stretch, source)
        if stretch != possible:
            yield from _treatments(possible, source)
    elif source.measure == "change" and isinstance(stretch, Span):
        yield from _changed(feature, stretch, source, rulebook)
    elif source.measure == "count_of" and isinstance(stretch, Span):
        yield from _counted(stretch, source)


def _changed(
    feature: Feature, stretch: Span, source: Source, rulebook: Rulebook
) -> Iterator[list[Entry]]:
    """Two scores of a scale of which the later has so changed: bad ones, good and middling."""
    instrument = rulebook.instruments[source.instrument or ""]
    if instrument.range is None or instrument.total == "none":
        return
    low, high = (int(end) for end in instrument.range)
    better = -1 if instrument.direction == "lower_is_worse" else 1
    fitting: list[tuple[int, int]] = []
    for first, last in product(range(high, low - 1, -1), range(low, high + 1)):
        gain = better * (first - last)
        if source.as_ == "percent" and not first:
            continue
        value = 100 * gain / first if source.as_ == "percent" else gain
        if stretch.low <= value <= stretch.high:
            fitting.append((first, last))
    ends = (0, -1, len(fitting) // 2) if fitting else ()
    for first, last in dict.fromkeys(fitting[at] for at in ends):
        before = {"instrument": instrument.id, "total": first, "before": _BASELINE}
        now = {"instrument": instrument.id, "total": last}
        yield [("assessments", one | {"feature": feature.id}) for one in (before, now)]


_BASELINE = 42
"""Days before the later score."""


def _counted(stretch: Span, source: Source) -> Iterator[list[Entry]]:
    """So many of the members counted, and none of the others."""
    named, number = list(source.of or ()), int(stretch.low)
    if source.set is not None and number <= len(named):
        group, dot, key = source.set.partition(".")
        members = {"present": named[:number], "absent": named[number:]}
        yield [(group, {key: members})] if dot else [(source.set, members)]


def _treatments(possible: Possible, source: Source) -> Iterator[list[Entry]]:
    """So many treatments of the kind that each counts by every standard."""
    if isinstance(possible, Span) and not source.ranges:
        number = int(possible.low)
    elif isinstance(possible, Options) and possible.mask in (1, 2):
        number = possible.mask - 1
    else:
        return
    one: Plain = {"kind": source.kind or "antidepressant", "episode": "current"}
    one |= {"weeks": max(source.weeks or 0, 12), "adherent": True}
    if source.sessions or source.kind == "psychotherapy":
        enough = max(source.sessions or 0, 16)
        one |= {"sessions": enough, "attended": enough}
    if source.modality:
        one["modality"] = source.modality[0]
    if source.obstacles == "any":
        one["obstacles"] = ["inertia"]
    elif source.obstacles == "none":
        one["obstacles"] = []
    one["outcome"] = (source.outcome or ["none"])[0]
    agents = [("sertraline", 200), ("venlafaxine", 225), ("mirtazapine", 45), ("bupropion", 300)]
    trials = []
    for n in range(number):
        agent, dose = agents[n % len(agents)]
        named = {"agent": agent, "dose_mg": dose} if one["kind"] == "antidepressant" else {}
        trials.append(one | named)
    yield [("treatments", trials)]
