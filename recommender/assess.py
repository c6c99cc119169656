"""Profile → facts: what each feature can still be, how old that is, and which source counts.

In: a Profile, a Rulebook and the day the answer is for. Out: one Fact for each feature the rulebook
uses. Refused, all at once: what does not fit the rulebook (unknown instruments and features, values
outside a list or range, days after `as_of`). Nothing is repaired or averaged in silence.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from recommender.conditions import TRUE, Condition, Test, Truth, compile_test, judge, parse
from recommender.errors import Problem, ProfileError, did_you_mean
from recommender.facts import (
    Fact,
    Members,
    Moment,
    Options,
    Possible,
    Seen,
    Span,
    State,
    everything,
    exactly,
    is_exact,
    join,
    meet,
)
from recommender.findings import Findings
from recommender.measures import ages_of, measure
from recommender.profile import Assessment, Profile
from recommender.rulebook import Rulebook
from recommender.scores import Score, bands_met, read_score
from recommender.vocabulary import Band, Feature, Instrument, Kind, Source, days, window

FRESH, USABLE, GONE = range(3)
_RELEASE = "release."


class Report(NamedTuple):
    """What one source says about one feature, and how far it may still be used."""

    possible: Possible
    on: Moment
    source: str
    instrument: str = ""
    band: str = ""
    score: Span | None = None
    conflict: bool = False
    extra: tuple[str, ...] = ()
    clinician: bool = False


class Reading(NamedTuple):
    """All reports of one source, and those of its newest day taken together."""

    reports: tuple[Report, ...]
    newest: Report
    age: int


def assess(profile: Profile, rulebook: Rulebook, as_of: date) -> dict[str, Fact]:
    """The facts of one profile on one day, by feature, in the order declared.

    Raises ProfileError with every place where the profile does not fit the rulebook.
    """
    return _Assessing(profile, rulebook, as_of).facts()


def _unknown_facts(rulebook: Rulebook) -> dict[str, Fact]:
    return {f.id: Fact(f.id, everything(f)) for f in rulebook.features.values()}


def _positive_judges(rulebook: Rulebook) -> dict[str, Callable[[Possible], Truth]]:
    return {
        name: _on_one_feature(condition, rulebook.features[name])
        for name, condition in rulebook.safety_tests.items()
    }


def _on_one_feature(condition: Condition, feature: Feature) -> Callable[[Possible], Truth]:
    def judged(possible: Possible) -> Truth:
        return judge(condition, lambda test: compile_test(test, feature)(possible))

    return judged


def _applies_conditions(rulebook: Rulebook) -> dict[int, Condition]:
    """The `applies_when` of each staging sum, parsed; faults in them stop the first assessment."""
    found: dict[int, Condition] = {}
    for feature in rulebook.features.values():
        for source in feature.from_:
            if isinstance(source, Source) and source.applies_when is not None:
                found[id(source)] = parse(source.applies_when, rulebook.features, _refuse)
    return found


def _refuse(_path: object, code: str, message: str, hint: str) -> None:
    raise ProfileError(Problem(code, message, hint))


class _Assessing:
    """One profile being read against one rulebook; lives for one call."""

    def __init__(self, profile: Profile, rulebook: Rulebook, as_of: date) -> None:
        self.profile = profile
        self.as_of = as_of
        self.doses = rulebook.doses
        self._rulebook = rulebook
        self._problems: list[Problem] = []
        self._unknown = rulebook.derived(_unknown_facts)
        self._positive = rulebook.derived(_positive_judges)
        self._done: dict[str, Fact] = {}
        self._scores: dict[str, list[Score]] = {}
        self._check_date(profile.assessed_on, "assessed_on")
        if profile.birth_year is not None and profile.birth_year > as_of.year:
            self._check_date(Moment(date(profile.birth_year, 1, 1)), "birth_year")
        self._read_scores()
        self._findings = Findings(profile, rulebook, self._complain, self._check_date)

    def facts(self) -> dict[str, Fact]:
        rulebook = self._rulebook
        names = (name for name in rulebook.used if not rulebook.features[name].concluded)
        facts = {name: self.fact(name) for name in names}
        if self._problems:
            raise ProfileError(self._problems)
        return facts

    # -- what measures may ask ------------------------------------------------------

    def fact(self, feature: str) -> Fact:
        known = self._done.get(feature)
        if known is None:
            known = self._done[feature] = self._settle(self._rulebook.features[feature])
        return known

    def feature(self, feature: str) -> Feature:
        return self._rulebook.features[feature]

    def scores(self, instrument: str) -> list[Score]:
        return self._scores.get(instrument, [])

    def applies(self, source: Source) -> Truth:
        condition = self._rulebook.derived(_applies_conditions)[id(source)]
        return judge(condition, self._truth)

    def dated(self, field: str) -> Moment | None:
        return self._findings.dated(field)

    def _truth(self, test: Test) -> Truth:
        return compile_test(test, self.feature(test.feature))(self.fact(test.feature).possible)

    # -- reading --------------------------------------------------------------------

    def _complain(self, code: str, message: str, hint: str, *path: str | int) -> None:
        self._problems.append(self.profile.problem(code, message, hint, *path))

    def _check_date(self, on: Moment, *path: str | int) -> None:
        if on.day > self.as_of:
            message = f"this is dated after the day of the answer, {self.as_of}"
            self._complain("P201", message, "Mend the date, or give a later --as-of.", *path)

    def _read_scores(self) -> None:
        instruments = self._rulebook.instruments
        for n, assessment in enumerate(self.profile.assessments):
            path = ("assessments", n)
            instrument = instruments.get(assessment.instrument)
            if instrument is None:
                hint = did_you_mean(assessment.instrument, list(instruments))
                self._complain(
                    "P202", "this is no instrument of the rulebook", hint, *path, "instrument"
                )
                continue
            self._read_score(assessment, instrument, path)
        for scores in self._scores.values():
            scores.sort(key=_when, reverse=True)

    def _read_score(
        self, assessment: Assessment, instrument: Instrument, path: tuple[str | int, ...]
    ) -> None:
        on = assessment.on or self.profile.assessed_on
        self._check_date(on, *path, "on")

        def complain(code: str, message: str, hint: str, *inner: str | int) -> None:
            self._complain(code, message, hint, *path, *inner)

        score = read_score(assessment, instrument, on, complain)
        if score is not None:
            self._scores.setdefault(instrument.id, []).append(score)

    # -- reports --------------------------------------------------------------------

    def _reports(self, feature: Feature, source: Source | str) -> Iterator[Report]:
        if isinstance(source, str):
            for possible, on, extra in self._findings.observed(feature):
                yield Report(possible, on, "clinician", extra=extra, clinician=True)
        elif source.measure:
            yield from self._measured(feature, source)
        elif source.instrument:
            for score in self.scores(source.instrument):
                if report := self._scored(feature, source, score):
                    yield report
        else:
            yield from self._listed(feature, source)

    def _scored(self, feature: Feature, source: Source, score: Score) -> Report | None:
        value = score.items.get(source.item) if source.item else score.total
        if value is None:
            return None
        conflict = source.item in score.clashing if source.item else score.conflict
        name, band = score.instrument.id, ""
        if source.band is not None:
            possible, band = self._banded(feature, source.band, value, score.instrument)
        else:
            possible = _valued(feature, source, value)
        where = f"{name}.{source.item}" if source.item else name
        return Report(possible, score.on, where, name, band, value, conflict)

    def _banded(
        self, feature: Feature, values: Mapping[str, Any], score: Span, instrument: Instrument
    ) -> tuple[Possible, str]:
        tables = self._tables(instrument)
        if not all(tables):
            return everything(feature), ""  # what decides may have a value without a table
        met = {band.id: band for table in tables for band in bands_met(score, table, instrument)}
        allowed = [exactly(feature, values[name]) for name in met]
        return _united(allowed), next(iter(met)) if len(met) == 1 else ""

    def _tables(self, instrument: Instrument) -> list[list[Band]]:
        """The tables of bands that may apply: several while what decides is not known."""
        tables = [instrument.bands] if instrument.bands else []
        for name, by_value in instrument.bands_by.items():
            deciding, fact = self.feature(name), self.fact(name)
            tables.extend(
                by_value.get(str(option).lower(), [])
                for option in deciding.options
                if meet(fact.possible, exactly(deciding, option)) is not None
            )
        return tables

    def _measured(self, feature: Feature, source: Source) -> Iterator[Report]:
        found = measure(source, self)
        if found is None:
            return
        span, on = found
        if feature.range is not None and not source.ranges:
            low, high = feature.range
            span = Span(*(min(max(end, low), high) for end in span))
        yield Report(_valued(feature, source, span), on, source.measure or "")

    def _listed(self, feature: Feature, source: Source) -> Iterator[Report]:
        assert source.set is not None
        listed, fact = self.feature(source.set), self.fact(source.set)
        if fact.on is None or not isinstance(fact.possible, Members):
            return
        mask = sum(1 << listed.position[member] for member in source.includes_any or ())
        if fact.possible.present & mask:
            yield Report(exactly(feature, True), fact.on, source.set)
        elif fact.possible.absent & mask == mask:
            yield Report(exactly(feature, False), fact.on, source.set)

    def _own_field(self, feature: Feature) -> Iterator[Report]:
        if feature.id == "age":
            for span in ages_of(self.profile, self.as_of):
                yield Report(span, self.profile.assessed_on, "profile")
        elif feature.id.startswith(_RELEASE):
            done = self._findings.released(feature.id.removeprefix(_RELEASE))
            yield Report(exactly(feature, done), self.profile.assessed_on, "profile")
        else:
            for possible, on, extra in self._findings.stated(feature):
                yield Report(possible, on, "profile", extra=extra)

    # -- settling -------------------------------------------------------------------

    def _settle(self, feature: Feature) -> Fact:
        if feature.from_:
            found = [self._read(feature, self._reports(feature, s)) for s in feature.from_]
        else:
            found = [self._read(feature, self._own_field(feature))]
        readings = [reading for reading in found if reading is not None]
        if not readings:
            return self._unknown[feature.id]
        if feature.safety is not None:
            return self._safely(feature, readings)
        return self._preferred(feature, readings)

    def _read(self, feature: Feature, reports: Iterable[Report]) -> Reading | None:
        found = tuple(reports)
        if not found:
            return None
        day = max(report.on.day for report in found)
        newest = [report for report in found if report.on.day == day]
        together = newest[0] if len(newest) == 1 else _together(feature, newest)
        return Reading(found, together, (self.as_of - day).days)

    def _tier(self, feature: Feature, reading: Reading) -> int:
        fresh = self._window(feature, reading.newest)
        if fresh is None or reading.age <= fresh.days:
            return FRESH
        usable = days(feature.usable_for) if feature.usable_for else fresh.days
        return USABLE if reading.age <= usable else GONE

    def _window(self, feature: Feature, report: Report) -> timedelta | None:
        own = self._rulebook.instruments[report.instrument].valid_for if report.instrument else None
        return window(feature.valid_for, own)

    def _preferred(self, feature: Feature, readings: list[Reading]) -> Fact:
        tiers = [(self._tier(feature, reading), reading) for reading in readings]
        best = min(tier for tier, _ in tiers)
        seen = _seen(readings)
        if best == GONE:
            newest = max((reading.newest for _, reading in tiers), key=_when)
            return _fact(feature, newest._replace(possible=everything(feature)), State.STALE, seen)
        usable = [reading.newest for tier, reading in tiers if tier == best]
        counting = next((report for report in usable if not report.clinician), None)
        finding = next((report for report in usable if report.clinician), None)
        chosen = counting or finding
        if counting and finding:
            alone = finding.on.day > counting.on.day
            chosen = finding if alone else _together(feature, [counting, finding])
        assert chosen is not None
        return _fact(feature, chosen, State.STALE if best == USABLE else None, seen)

    def _safely(self, feature: Feature, readings: list[Reading]) -> Fact:
        """Every source inside its window takes part; a positive one stays until re-assessed."""
        last = max(reading.newest.on.day for reading in readings)
        fresh = [r for r in readings if self._holds(feature, r)]
        kept = [
            reading
            for reading in readings
            if reading not in fresh
            and self._is_positive(feature, reading.newest) == TRUE
            and reading.newest.on.day == last
        ]
        seen = _seen(readings)
        if not fresh and not kept:
            newest = max((reading.newest for reading in readings), key=_when)
            return _fact(feature, newest._replace(possible=everything(feature)), State.STALE, seen)
        taking_part = [reading.newest for reading in (*fresh, *kept)]
        worst = _worst(feature, taking_part)
        return _fact(feature, worst, State.STALE if kept and not fresh else None, seen)

    def _is_positive(self, feature: Feature, report: Report) -> Truth:
        return self._positive[feature.id](report.possible)

    def _holds(self, feature: Feature, reading: Reading) -> bool:
        """Whether a safety finding is inside its window: that of positives or of negatives."""
        assert feature.safety is not None
        inside = self._window(feature, reading.newest)
        if self._is_positive(feature, reading.newest) != TRUE and feature.safety.valid_for:
            negative = timedelta(days=days(feature.safety.valid_for))
            inside = negative if inside is None else min(inside, negative)
        return inside is None or reading.age <= inside.days


def _when(seen: Score | Report) -> tuple[Any, ...]:
    return seen.on.order


def _valued(feature: Feature, source: Source, value: Span) -> Possible:
    """A total, item or measure as values of the feature."""
    if source.ranges:
        met = [
            v for v, (low, high) in source.ranges.items() if low <= value.high and value.low <= high
        ]
        if not met:
            return everything(feature)
        boolean = feature.type is Kind.BOOLEAN
        return _united([exactly(feature, v == "true" if boolean else v) for v in met])
    if feature.type is Kind.BOOLEAN:
        return Options(1 << int(value.low) | 1 << int(value.high))
    return value


def _united(allowed: list[Possible]) -> Possible:
    united = allowed[0]
    for one in allowed[1:]:
        united = join(united, one)
    return united


def _together(feature: Feature, reports: list[Report]) -> Report:
    """Reports that narrow each other where all can be true, else conflict."""
    if feature.safety is not None:
        return _worst(feature, reports)
    common: Possible | None = reports[0].possible
    for report in reports[1:]:
        common = meet(common, report.possible) if common is not None else None
    lead = reports[0]
    newest = max(reports, key=_when).on
    conflict = any(report.conflict for report in reports)
    source = " and ".join(dict.fromkeys(report.source for report in reports))
    if common is not None:
        band = next((r.band for r in reports if r.possible == common), "")
        return lead._replace(
            possible=common, on=newest, source=source, band=band, conflict=conflict
        )
    hull = _united([report.possible for report in reports])
    return lead._replace(possible=hull, on=newest, source=source, band="", conflict=True)


def _worst(feature: Feature, reports: list[Report]) -> Report:
    """The worse report, narrowed by those that do not contradict it."""
    if len(reports) == 1:
        return reports[0]
    possible = _worst_possible(feature, [report.possible for report in reports])
    speaking = [r for r in reports if meet(r.possible, possible) is not None] or reports
    lead = max(speaking, key=_when)
    clash = _clash([report.possible for report in reports])
    source = " and ".join(dict.fromkeys(report.source for report in speaking))
    conflict = clash or any(report.conflict for report in reports)
    return lead._replace(possible=possible, source=source, conflict=conflict)


def _clash(allowed: list[Possible]) -> bool:
    common: Possible | None = allowed[0]
    for one in allowed[1:]:
        common = meet(common, one) if common is not None else None
    return common is None


def _worst_possible(feature: Feature, allowed: list[Possible]) -> Possible:
    if feature.type is Kind.SET:
        return _worst_members([one for one in allowed if isinstance(one, Members)])
    low_is_worse = feature.worse == "low"
    masks = [one.mask for one in allowed if isinstance(one, Options)]
    if not masks:
        return _worst_span([s for s in allowed if isinstance(s, Span)], worse_is_low=low_is_worse)
    spans = [Span((mask & -mask).bit_length() - 1, mask.bit_length() - 1) for mask in masks]
    worst = _worst_span(spans, worse_is_low=low_is_worse)
    between = (1 << int(worst.high) + 1) - (1 << int(worst.low))
    reported = reduce(or_, masks)
    return Options(between & reported or between)


def _worst_members(allowed: list[Members]) -> Members:
    """A member is present where one report says so, absent where one does and none contradicts."""
    present = reduce(or_, (one.present for one in allowed))
    absent = reduce(or_, (one.absent for one in allowed))
    return Members(present, absent & ~present)


def _worst_span(spans: list[Span], *, worse_is_low: bool) -> Span:
    if worse_is_low:
        flipped = _worst_span([Span(-s.high, -s.low) for s in spans], worse_is_low=False)
        return Span(-flipped.high, -flipped.low)
    low = max(span.low for span in spans)
    return Span(low, min(span.high for span in spans if span.high >= low))


def _seen(readings: list[Reading]) -> tuple[Seen, ...]:
    """Every value reported, newest first; nothing when there was only one."""
    reports = [report for reading in readings for report in reading.reports]
    if len(reports) < 2:
        return ()
    reports.sort(key=lambda report: report.source)
    reports.sort(key=_when, reverse=True)
    return tuple(Seen(report.possible, report.source, report.on) for report in reports)


def _fact(feature: Feature, report: Report, state: State | None, seen: tuple[Seen, ...]) -> Fact:
    exact = is_exact(feature, report.possible)
    if report.conflict and (feature.safety is not None or not exact):
        state = State.CONFLICTING
    elif state is None:
        state = State.KNOWN if exact else State.PARTIAL
    return Fact(
        feature.id,
        report.possible,
        state,
        report.on,
        report.source,
        report.instrument,
        report.band,
        seen,
        report.score,
        report.extra,
    )
