"""What needs two entries of a rulebook to judge: names that lead nowhere, lists that do not fit.

In: the gathered content and its models. Out: nothing; every problem is noted in `gathered`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from recommender.conditions import Condition, misfit, parse, tests_of
from recommender.errors import did_you_mean
from recommender.gather import Entry, Gathered
from recommender.reading import Pieces, has_decimals
from recommender.rules import IfNotKnown, Outcome, Rule, Verb
from recommender.totals import summed
from recommender.vocabulary import (
    NUMERIC,
    OTHER_PANEL,
    Adaptation,
    Band,
    Feature,
    Instrument,
    Kind,
    Source,
)

PROFILE_FIELDS = ("age", "sex", "conditions", "medications", "implants")
PROFILE_GROUPS = ("history", "access", "preferences", "release")


def check(gathered: Gathered, pieces: Pieces) -> None:
    """Note every problem between the entries of a rulebook."""
    _Check(gathered, pieces).everything()


class _Check:
    def __init__(self, gathered: Gathered, pieces: Pieces) -> None:
        self._gathered = gathered
        self._pieces = pieces
        features = pieces.features.values()
        self._booleans = [f.id for f in features if f.type is Kind.BOOLEAN]
        self._askable = frozenset(f.id for f in features if not f.concluded)

    def everything(self) -> None:
        for n, feature in self._entries("features", self._pieces.features):
            self._feature(feature, ("features", n))
        for n, adaptation in self._entries("adaptations", self._pieces.adaptations):
            self._adaptation(adaptation, ("adaptations", n))
        for name, instrument in self._pieces.instruments.items():
            self._instrument(instrument, ("instruments", name))
        self._source_attributes()
        for rule_id, rule in self._pieces.rules.items():
            self._rule(rule, ("rules", rule_id))
        self._panels()
        self._cycles()
        self._invariants()

    def _entries(self, section: str, models: Mapping[str, object]) -> Iterator[tuple[int, object]]:
        for n, data in enumerate(self._gathered.content.get(section, [])):
            if (model := models.get(str(data.get("id")))) is not None:
                yield n, model

    def _names(
        self,
        named: Iterable[str],
        known: Collection[str],
        what: str,
        entry: Entry,
        *path: str | int,
    ) -> bool:
        unknown = [name for name in named if name not in known]
        for name in unknown:
            hint = did_you_mean(name, list(known))
            self._gathered.report(entry, "C302", f"unknown {what} '{name}'", hint, path, key=True)
        return not unknown

    def _source_attributes(self) -> None:
        """Whether the features that hold personal data exist."""
        stated = self._pieces.header.source_attributes
        for kind, named in stated or ():
            if isinstance(named, list):
                entry = ("rulebook", "source_attributes")
                self._names(named, self._pieces.features, "feature", entry, kind)

    # -- features ------------------------------------------------------------------

    def _feature(self, feature: object, entry: Entry) -> None:
        assert isinstance(feature, Feature)
        self._sayings(feature, entry)
        if feature.concluded:
            return self._concluded(feature, entry)
        if feature.default is not None:
            self._gathered.report(
                entry, "C303", "only a concluded feature has a default", "", ("default",)
            )
        if not feature.from_ and not _is_profile_field(feature.id):
            message = f"the profile has no field '{feature.id}'; the feature needs 'from'"
            groups = ", ".join(f"{group}.…" for group in PROFILE_GROUPS)
            hint = f"Fields: {', '.join(PROFILE_FIELDS)}, {groups}."
            self._gathered.report(entry, "C304", message, hint)
        for n, source in enumerate(feature.from_):
            if isinstance(source, Source):
                self._source(feature, source, entry, n)
        return None

    def _sayings(self, feature: Feature, entry: Entry) -> None:
        for n, saying in enumerate(feature.patient):
            path = ("patient", n, "when")

            def report(
                _path: tuple[str | int, ...],
                code: str,
                message: str,
                hint: str,
                path: tuple[str | int, ...] = path,
            ) -> None:
                self._gathered.report(entry, code, message, hint, path)

            parse({feature.id: saying.when}, self._pieces.features, report)

    def _panels(self) -> None:
        """Whether each panel that has words for the person is one of some feature."""
        panels = {*(f.panel for f in self._pieces.features.values()), OTHER_PANEL}
        for name in self._pieces.panels:
            self._names([name], panels, "panel", ("panels", name))

    def _concluded(self, feature: Feature, entry: Entry) -> None:
        if feature.default is None:
            message = f"'{feature.id}' is concluded and has no default"
            hint = "The default is the value it has when no rule is true."
            self._gathered.report(entry, "C303", message, hint)
        elif wrong := misfit(feature, feature.default):
            self._gathered.report(entry, "C316", wrong, "", ("default",))
        if feature.from_:
            self._gathered.report(
                entry, "C303", "a concluded feature has no 'from'", "", ("from",), key=True
            )
        if feature.type not in (Kind.ORDINAL, Kind.CHOICE, Kind.BOOLEAN):
            message = "a concluded feature is an ordinal, a choice or a boolean"
            self._gathered.report(entry, "C303", message, "", ("type",))

    def _source(self, feature: Feature, source: Source, entry: Entry, n: int) -> None:
        path = ("from", n)
        if source.set:
            sets = [f.id for f in self._pieces.features.values() if f.type is Kind.SET]
            if self._names([source.set], sets, "set", entry, *path, "set") and source.includes_any:
                listed = self._pieces.features[source.set].values
                self._names(source.includes_any, listed, "member", entry, *path, "includes_any")
        if source.instrument:
            known = self._pieces.instruments
            if not self._names(
                [source.instrument], known, "instrument", entry, *path, "instrument"
            ):
                return
            self._instrument_source(feature, source, known[source.instrument], entry, n)
        else:
            self._fits(feature, source, _kind_without_instrument(source), entry, n)
        for part in source.parts or ():
            self._names([part.feature], self._pieces.features, "feature", entry, *path, "parts")
        missing = [key for key in _NEEDED.get(source.measure or "", ()) if not _given(source, key)]
        if missing:
            message = f"the measure {source.measure} needs {' and '.join(missing)}"
            self._gathered.report(entry, "C331", message, "", path)
        if source.applies_when is not None:
            self._applies_when(source, entry, n)
        for value in source.ranges or ():
            self._value(feature, value, entry, *path, "ranges")

    def _instrument_source(
        self, feature: Feature, source: Source, instrument: Instrument, entry: Entry, n: int
    ) -> None:
        path = ("from", n)
        if source.item and not self._names(
            [source.item], instrument.items, "item", entry, *path, "item"
        ):
            return
        if source.measure is None:
            self._fits(feature, source, _kind_of(source, instrument), entry, n)
        if source.band is None:
            return
        bands = list(dict.fromkeys(band.id for band in _all_bands(instrument)))
        self._names(source.band, bands, "band", entry, *path, "band")
        missing = [band for band in bands if band not in source.band]
        if missing:
            message = f"no value is given for the band {', '.join(missing)} of {instrument.id}"
            self._gathered.report(entry, "C305", message, "", (*path, "band"), key=True)
        for value in source.band.values():
            self._value(feature, value, entry, *path, "band")

    def _fits(
        self, feature: Feature, source: Source, kind: Kind | None, entry: Entry, n: int
    ) -> None:
        """Whether what the source gives, of that kind, can be a value of the feature."""
        if kind is None:
            message = f"{source.instrument} has no total to take a value from"
            self._gathered.report(entry, "C330", message, "Name an item.", ("from", n))
        elif not _suits(feature.type, kind, mapped=bool(source.band or source.ranges)):
            message = f"this source gives {_GIVES[kind]}, and '{feature.id}' is {feature.type}"
            hint = "Map it with band or ranges." if kind in NUMERIC else ""
            self._gathered.report(entry, "C330", message, hint, ("from", n))

    def _applies_when(self, source: Source, entry: Entry, n: int) -> None:
        def report(path: tuple[str | int, ...], code: str, message: str, hint: str) -> None:
            inner = ("from", n, "applies_when", *path)
            self._gathered.report(entry, code, message, hint, inner, key=True)

        parse(source.applies_when, self._pieces.features, report)

    def _value(self, feature: Feature, value: object, entry: Entry, *path: str | int) -> None:
        if feature.type is Kind.BOOLEAN and value in ("true", "false"):
            return
        if wrong := misfit(feature, value):
            self._gathered.report(entry, "C316", wrong, "", path, key=True)

    # -- adaptations and instruments ------------------------------------------------

    def _adaptation(self, adaptation: object, entry: Entry) -> None:
        assert isinstance(adaptation, Adaptation)
        self._names(adaptation.needs, self._booleans, "boolean feature", entry, "needs")
        self._names(adaptation.fallback, self._pieces.adaptations, "adaptation", entry, "fallback")

    def _instrument(self, instrument: Instrument, entry: Entry) -> None:
        if isinstance(instrument.total, dict):
            named = [item for domain in instrument.total["domains"] for item in domain]
            if not self._names(named, instrument.items, "item", entry, "total"):
                return
        self._adds_up(instrument, entry)
        if instrument.bands:
            self._covers(instrument, instrument.bands, entry, "bands")
        for feature, tables in instrument.bands_by.items():
            if self._names([feature], self._pieces.features, "feature", entry, "bands_by"):
                options = [str(v).lower() for v in self._pieces.features[feature].options]
                self._names(tables, options, "value", entry, "bands_by", feature)
            for value, bands in tables.items():
                self._covers(instrument, bands, entry, "bands_by", feature, value)
        for item, skip in instrument.skip.items():
            self._names([item, *skip.gives], instrument.items, "item", entry, "skip")

    def _adds_up(self, instrument: Instrument, entry: Entry) -> None:
        """Whether every sum the items can have is a total of the instrument."""
        if not instrument.items or instrument.range is None or instrument.total == "none":
            return
        whole = summed({}, instrument)
        low, high = instrument.range
        if whole is not None and not (low <= whole.low and whole.high <= high):
            message = f"the items sum to {whole.low:g} to {whole.high:g}, outside {low} to {high}"
            self._gathered.report(entry, "C332", message, "", ("items",), key=True)

    def _covers(
        self, instrument: Instrument, bands: list[Band], entry: Entry, *path: str | int
    ) -> None:
        if instrument.range is None:
            return
        gap = _first_gap(sorted(band.range for band in bands), instrument)
        if gap:
            low, high = instrument.range
            message = f"the bands leave out {gap} of the range {low} to {high}"
            self._gathered.report(entry, "C306", message, "", path, key=True)

    # -- rules -----------------------------------------------------------------------

    def _rule(self, rule: Rule, entry: Entry) -> None:
        adaptations = self._pieces.adaptations
        text = rule.text
        self._names(rule.targets, adaptations, "adaptation", entry, rule.verb.value)
        for key, listed in (("hold", text.hold), ("for", text.for_)):
            if isinstance(listed, list):
                self._names(listed, adaptations, "adaptation", entry, key)
        if text.prefer and self._names([text.prefer], adaptations, "adaptation", entry, "prefer"):
            self._names(
                [text.prefer], text.choose_one or (), "member of choose_one", entry, "prefer"
            )
        self._names(text.evidence, self._pieces.evidence, "evidence", entry, "evidence")
        if text.refer:
            self._refer(rule, entry)
        if text.conclude is not None:
            self._conclude(rule, entry)
        asked = [*text.answered_by, *([text.ask] if text.ask else [])]
        key = "ask" if text.ask else "answered_by"
        self._names(asked, self._askable, "feature", entry, key)
        if rule.verb not in (Verb.ASK, Verb.FLAG):
            self._monotone(rule.condition, entry)

    def _refer(self, rule: Rule, entry: Entry) -> None:
        text = rule.text
        assert text.refer is not None
        if not self._names([text.refer], self._pieces.pathways, "pathway", entry, "refer"):
            return
        scope = self._pieces.pathways[text.refer].scope
        if scope and text.if_not_known is IfNotKnown.BLOCK:
            message = f"the pathway '{text.refer}' has scope: true, so 'block' is refused"
            hint = "Nobody is out of scope through what is not known: write ask or caution."
            self._gathered.report(entry, "C307", message, hint, ("if_not_known",), key=True)

    def _conclude(self, rule: Rule, entry: Entry) -> None:
        if not rule.text.conclude or len(rule.text.conclude) != 1:
            self._gathered.report(entry, "C308", "a rule concludes one feature", "", ("conclude",))
            return
        name, value = rule.concludes
        path = ("conclude", name)
        if not self._names([name], self._pieces.features, "feature", entry, *path):
            return
        feature = self._pieces.features[name]
        if not feature.concluded:
            message = f"'{name}' is not declared 'concluded: true'"
            self._gathered.report(entry, "C308", message, "", path, key=True)
        elif wrong := misfit(feature, value):
            self._gathered.report(entry, "C316", wrong, "", path, key=True)

    def _monotone(self, condition: Condition, entry: Entry) -> None:
        if any(test.name == "known" for test in tests_of(condition)):
            message = "'known' may stand only in ask, flag and invariants"
            hint = "Every other verb must be monotone in what is known."
            self._gathered.report(entry, "C309", message, hint, ("when",), key=True)

    def _cycles(self) -> None:
        concluding = {f.id: set[str]() for f in self._pieces.features.values() if f.concluded}
        by_feature: dict[str, Rule] = {}
        for rule in self._pieces.rules.values():
            if rule.text.conclude and rule.concludes[0] in concluding:
                by_feature.setdefault(rule.concludes[0], rule)
                rests_on = {test.feature for test in tests_of(rule.condition)} & concluding.keys()
                concluding[rule.concludes[0]] |= rests_on
        try:
            TopologicalSorter(concluding).prepare()
        except CycleError as error:
            names = sorted(set(error.args[1]))
            first = min((by_feature[name] for name in names), key=lambda rule: rule.id)
            message = f"these conclusions rest on each other: {', '.join(names)}"
            self._gathered.report(("rules", first.id), "C320", message, "", ("when",), key=True)

    def _invariants(self) -> None:
        known: dict[str, Collection[str]] = {
            "recommended": self._pieces.adaptations,
            "excluded": self._pieces.adaptations,
            "withheld": self._pieces.adaptations,
            "held": ["all", *self._pieces.adaptations],
            "referred": self._pieces.pathways,
            "asked": self._pieces.features,
        }
        for name, invariant in self._pieces.invariants.items():
            text = invariant.text
            entry = ("invariants", name)
            if text.monotone:
                features = self._pieces.features
                self._names([text.monotone.feature], features, "feature", entry, "monotone")
            for outcome in text.outcomes:
                self._outcome(outcome, known, entry)

    def _outcome(
        self, outcome: Outcome, known: Mapping[str, Collection[str]], entry: Entry
    ) -> None:
        kind, names = outcome.named
        if not kind:
            message = "an outcome names one thing, such as {recommended: tms}"
            self._gathered.report(entry, "C333", message, f"One of {', '.join(known)}, status.")
        elif kind in known:
            self._names(names, known[kind], kind, entry)


_GIVES = {Kind.BOOLEAN: "yes or no", Kind.INTEGER: "whole numbers", Kind.DECIMAL: "numbers"}

_NEEDED: Mapping[str, tuple[str, ...]] = {
    "count_of": ("set",),
    "change": ("instrument",),
    "months_since": ("date",),
    "staging_sum": ("parts",),
    "daily_dose": ("agents",),
}


def _given(source: Source, key: str) -> bool:
    """Whether a measure's parameter is there; each part of a staging sum needs its points."""
    if key == "parts":
        return bool(source.parts) and all(p.points or p.ranges for p in source.parts or ())
    return bool(getattr(source, key))


def _kind_of(source: Source, instrument: Instrument) -> Kind | None:
    """What an instrument's total or item is; None when there is no such total."""
    if source.item:
        allowed = instrument.items[source.item]
        if any(isinstance(value, bool) for value in allowed):
            return Kind.BOOLEAN
        return Kind.DECIMAL if any(isinstance(v, float) for v in allowed) else Kind.INTEGER
    if instrument.range is None or instrument.total == "none":
        return None
    return Kind.DECIMAL if has_decimals(instrument) else Kind.INTEGER


def _kind_without_instrument(source: Source) -> Kind:
    return Kind.INTEGER if source.measure else Kind.BOOLEAN


def _suits(wanted: Kind, given: Kind, *, mapped: bool) -> bool:
    if mapped and given in NUMERIC:
        return wanted in (Kind.ORDINAL, Kind.CHOICE, Kind.BOOLEAN)
    if given in NUMERIC:
        return wanted in NUMERIC
    return wanted is given and not mapped


def _is_profile_field(name: str) -> bool:
    group, dot, _ = name.partition(".")
    return name in PROFILE_FIELDS or (bool(dot) and group in PROFILE_GROUPS)


def _all_bands(instrument: Instrument) -> Iterator[Band]:
    yield from instrument.bands
    for tables in instrument.bands_by.values():
        for bands in tables.values():
            yield from bands


def _first_gap(ranges: list[tuple[float, float]], instrument: Instrument) -> str:
    """What the bands leave out, in words; '' when they cover the range."""
    assert instrument.range is not None
    low, high = instrument.range
    step = 0 if has_decimals(instrument) else 1
    reached: float = low - step
    for start, end in ranges:
        if start > reached + step:
            return _said(reached + step, start - step)
        reached = max(reached, end)
    return "" if reached >= high else _said(reached + step, high)


def _said(first: float, last: float) -> str:
    return f"{first:g}" if first >= last else f"{first:g} to {last:g}"
