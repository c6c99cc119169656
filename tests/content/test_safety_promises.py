"""Promises of the shipped rulebook about safety that no single answer can show."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from recommender import conditions, load_rulebook, recommend
from recommender.errors import EngineError
from recommender.governance.synthetic import synthetic
from recommender.profile import Profile, as_profile
from recommender.rules import IfNotKnown, Invariant, Rule, Verb
from recommender.vocabulary import Feature

RULEBOOK = load_rulebook()
MONOTONE = [one for one in RULEBOOK.invariants.values() if one.text.monotone is not None]
PATIENTS = 60


def test_only_these_unknowns_make_the_whole_plan_provisional() -> None:
    """A closed list: every other question waits for its own component alone."""
    asks = {r.text.ask for r in RULEBOOK.by_verb(Verb.ASK) if r.text.for_ == "all"}
    assert asks == {
        "suicidal_thoughts",
        "suicidal_intent",
        "suicide_plan",
        "suicidal_behaviour_3m",
        "diagnosis_confirmed",
        "bipolar_evaluation",
        "capacity_lacking",
        "suicide_sources_weighed",
        "suicide_disposition",
        "assessed_sober",
    }
    refers = [
        rule
        for rule in RULEBOOK.by_verb(Verb.REFER)
        if rule.text.hold == "all" and rule.unknown_means is IfNotKnown.ASK
    ]
    assert {t.feature for rule in refers for t in conditions.tests_of(rule.condition)} <= {"age"}


def _rests_on(rule: Rule) -> Iterator[Feature]:
    """The assessed features behind a condition, through those that rules conclude."""
    for test in conditions.tests_of(rule.condition):
        behind = RULEBOOK.concluding.get(test.feature)
        if behind is None:
            yield RULEBOOK.features[test.feature]
        for one in behind or ():
            yield from _rests_on(one)


def _grows_old(feature: Feature) -> bool:
    """Whether its values lapse, because it has a window or one of its instruments has."""
    sources = [s for s in feature.from_ if s != "clinician"]
    instruments = [RULEBOOK.instruments[s.instrument] for s in sources if s.instrument]
    return bool(feature.valid_for or any(one.valid_for for one in instruments))


@pytest.mark.parametrize(
    "rule",
    [
        rule
        for rule in RULEBOOK.by_verb(Verb.EXCLUDE)
        if rule.id.startswith("safety.")
        and rule.unknown_means in (IfNotKnown.CAUTION, IfNotKnown.PRESUME)
    ],
    ids=lambda rule: rule.id,
)
def test_no_exclusion_that_goes_ahead_on_the_unknown_ends_by_time_alone(rule: Rule) -> None:
    """What was found stays until somebody looks again: it is kept as a safety finding."""
    lapsing = [f.id for f in _rests_on(rule) if _grows_old(f) and f.safety is None]
    assert lapsing == []


def _stated(profile: Profile, feature: Feature, value: object) -> Profile:
    """The same person with one feature known to be this, on the day of the assessment."""
    given = profile.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if "clinician" in feature.from_:
        given["observations"][feature.id] = value
    for source in feature.from_:
        if source != "clinician" and source.instrument and source.item:
            kept = [a for a in given["assessments"] if a["instrument"] != source.instrument]
            items = {source.item: value}
            given["assessments"] = [*kept, {"instrument": source.instrument, "items": items}]
    return as_profile(given)


def _worse(feature: Feature) -> Iterator[tuple[object, object]]:
    low, high = map(int, feature.range or (0, 0))
    values = list(feature.options) or list(range(low, high + 1))
    for at, value in enumerate(values):
        for worse in values[at + 1 :]:
            yield value, worse


@pytest.mark.parametrize("one", MONOTONE, ids=lambda one: one.id)
def test_worse_never_means_less_care(one: Invariant) -> None:
    """A monotone invariant on drawn people: the outcome with a value is there with a worse one."""
    claim = one.text.monotone
    assert claim is not None
    feature = RULEBOOK.features[claim.feature]
    kind, (pathway,) = claim.keeps.named
    assert kind == "referred"
    seen = 0
    for seed in range(PATIENTS):
        person = synthetic(RULEBOOK, seed, 0.3)
        for value, worse in _worse(feature):
            before, after = (_referred(_stated(person, feature, v)) for v in (value, worse))
            seen += pathway in before
            assert pathway not in before or pathway in after, (seed, value, worse)
    assert seen, "the outcome was there to be kept"


def _referred(profile: Profile) -> set[str]:
    try:
        return {stop.pathway.id for stop in recommend(profile, RULEBOOK).plan.stops}
    except EngineError as error:
        return {stop["pathway"] for stop in getattr(error, "stops", ())}


STOPPING = re.compile(
    r"\b(stop|discontinue|taper|reduce|increase|start|switch)\w*\b[^.;:]{0,30}"
    r"\b(medicines?|medication|antidepressant|drug|tablet|dose|lithium|sedatives?)\b",
    re.IGNORECASE,
)
DENIED = re.compile(r"\b(never|not|no|nobody|nothing|without|is told|do not)\b", re.IGNORECASE)


@pytest.mark.parametrize("rule", RULEBOOK.rules.values(), ids=lambda rule: rule.id)
def test_no_rule_advises_changing_a_medicine(rule: Rule) -> None:
    """Stopping or starting one is the prescriber's; a rule names it only to say that."""
    for text in (rule.text.adjust, rule.text.flag or "", rule.text.focus, rule.text.dose):
        for sentence in re.split(r"(?<=[.;])\s", text):
            found = STOPPING.search(sentence)
            assert not found or DENIED.search(sentence), f"{rule.id}: {sentence}"
