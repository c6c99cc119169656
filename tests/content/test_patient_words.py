"""The words for the person: nothing that can be said lacks its plain text, or says too much.

What a message names is what has to be written, in the file beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from itertools import combinations

import pytest

from recommender import conditions, load_rulebook
from recommender.conditions import Condition, allowed_intervals, allowed_mask
from recommender.plain_words import sentences
from recommender.rules import Rule, Verb
from recommender.vocabulary import Feature, Kind
from tests.reading_ease import patient_texts

RULEBOOK = load_rulebook()
BANNED = re.compile(
    r"\brisks?\b|probab|likely|chance|guarantee|you will be safe|contraindicat|danger|stratum"
    r"|you will get better|cure[ds]?\b|suicid|personality|psychos|psychot|safeguard|capacity",
    re.I,
)
"""No level or probability of anything, no promise, and no label that a clinician has to explain."""
CLINICAL = re.compile(
    r"\b(adaptation|adherence|formulation|remission|relapse|cognitive|cognition|behaviou?ral"
    r"|assessment|intervention|symptomatology|comorbid\w*|ruminat\w*|pharmac\w*|score|scale)\b",
    re.I,
)
SHORT = re.compile(r"\b[A-Z]{2,}[0-9A-Z-]*\b")
KNOWN_SHORT = {"CBT", "TMS", "ECT"}
"""Names that a person hears from everybody who treats them; each is explained where it comes up."""


@cache
def texts() -> Mapping[str, str]:
    """Everything a person can read that comes from the rulebook, by where it stands."""
    return patient_texts(RULEBOOK)


# ------------------------------------------------------------------------------- nothing is missing


@pytest.mark.parametrize("name", RULEBOOK.adaptations)
def test_every_adaptation_can_be_told_to_a_person(name: str) -> None:
    adaptation = RULEBOOK.adaptations[name]
    for key in ("patient_title", "patient_short", "patient_what"):
        assert getattr(adaptation, key), f"{name} in adaptations.yaml lacks {key}"


@pytest.mark.parametrize("name", RULEBOOK.pathways)
def test_every_stop_has_its_text_for_the_person(name: str) -> None:
    assert RULEBOOK.pathways[name].patient_text


def test_the_texts_of_the_whole_page_are_there() -> None:
    assert all(texts().values()), [where for where, text in texts().items() if not text]


def test_every_group_of_questions_has_words() -> None:
    asked = {f.panel for f in RULEBOOK.features.values() if not f.concluded}
    groups = {panel for panel in asked if panel and panel not in RULEBOOK.instruments}
    assert groups <= RULEBOOK.panels.keys(), "panels.yaml lacks what these questions are about"


_RECOMMENDS = [rule.condition for rule in RULEBOOK.by_verb(Verb.RECOMMEND)]
RECOMMENDING = sorted({test for one in _RECOMMENDS for test in conditions.tests_of(one)}, key=str)


@pytest.mark.parametrize("test", RECOMMENDING, ids=lambda t: f"{t.feature} {t.name} {t.values}")
def test_every_finding_that_can_speak_for_something_has_a_sentence(test: conditions.Test) -> None:
    """Whatever is known of the person: where the test holds, a sentence holds."""
    feature = RULEBOOK.features[test.feature]
    told = [one.condition for one in sentences(RULEBOOK, test.feature)]
    if feature.type is Kind.SET:
        members = {value for c in told for t in conditions.tests_of(c) for value in t.values}
        assert {*test.values} <= members, f"{feature.id}: no sentence about some of its members"
        return
    assert any(covers(one, test, feature) for one in told), (
        f"features.yaml: {feature.id} lacks a sentence under `patient:` that holds whenever "
        f"'{test.name} {test.values}' does"
    )


def covers(condition: Condition, test: conditions.Test, feature: Feature) -> bool:
    """Whether every value that meets the test meets the condition."""
    assert isinstance(condition, conditions.Test)
    if feature.type in (Kind.BOOLEAN, Kind.CHOICE):
        return not allowed_mask(test, feature) & ~allowed_mask(condition, feature)
    outer = [ends for ends, _, _ in allowed_intervals(condition, feature)]
    return all(
        any(low <= inside[0] and inside[1] <= high for low, high in outer)
        for inside, _, _ in allowed_intervals(test, feature)
    )


@pytest.mark.parametrize("name", [f.id for f in RULEBOOK.features.values() if f.patient])
def test_the_most_telling_sentence_comes_first(name: str) -> None:
    """A sentence that an earlier one always takes the place of would never be said."""
    feature = RULEBOOK.features[name]
    told = [one.condition for one in sentences(RULEBOOK, name)]
    if feature.type is Kind.SET:
        return
    for earlier, later in combinations(told, 2):
        assert isinstance(later, conditions.Test)
        assert not covers(earlier, later, feature), f"{name}: {later} is never said"


def test_only_findings_that_are_said_have_sentences() -> None:
    """Reasons to recommend, and wishes."""
    speaking = {test.feature for test in RECOMMENDING}
    with_sentences = {f.id for f in RULEBOOK.features.values() if f.patient}
    wishes = {name for name in with_sentences if name.startswith("preferences.")}
    assert with_sentences == speaking | wishes


# ------------------------------------------------------------------------------- nothing too much


@pytest.mark.parametrize("where", texts())
def test_no_text_speaks_of_risk_or_promises_or_labels(where: str) -> None:
    found = BANNED.findall(texts()[where])
    assert not found, f"{where}: {found}"


@pytest.mark.parametrize("where", texts())
def test_no_text_uses_a_clinical_word(where: str) -> None:
    text = texts()[where]
    assert not CLINICAL.findall(text), where
    assert {*SHORT.findall(text)} <= KNOWN_SHORT, where
    assert not re.search(r"[a-z]_[a-z]|[\[\]{}<>]|%", text), where


@pytest.mark.parametrize("name", RULEBOOK.pathways)
def test_a_stop_is_worded_as_a_pause_and_says_that_treatment_follows(name: str) -> None:
    pathway = RULEBOOK.pathways[name]
    holding = {r.text.hold == "all" for r in RULEBOOK.by_verb(Verb.REFER) if r.text.refer == name}
    if pathway.scope:
        assert "stays in touch" in pathway.patient_text or "we look again" in pathway.patient_text
    elif True in holding:
        assert "This is a pause, not a no." in pathway.patient_text
        assert "treatment is offered to you" in pathway.patient_text
    else:
        assert re.search(r"\bwait for\b", pathway.patient_text)
        assert re.search(r"The others go on|come back after", pathway.patient_text)


def test_what_points_to_harm_at_home_is_not_written_where_others_read() -> None:
    """A person may not be alone with their page."""
    safeguarding = RULEBOOK.pathways["safeguarding"]
    assert safeguarding.discreet
    assert not re.search(r"abuse|harm|violen|hurt|safe|partner|home", safeguarding.patient_text)
    for rule in silent_about("safety.present_safety"):
        assert rule.text.patient_text == "" or not re.search(
            r"partner|home|unsafe", rule.text.patient_text
        )
    assert RULEBOOK.adaptations["family"].discreet


def silent_about(topic: str) -> list[Rule]:
    return [r for r in RULEBOOK.by_verb(Verb.CAUTION) if r.id.startswith(topic)]


def test_the_texts_say_that_no_medicine_is_changed_because_of_them() -> None:
    for name in ("med_review",):
        assert "do not stop or change a medicine" in RULEBOOK.adaptations[name].patient_what
    assert "do not stop or change a medicine" in RULEBOOK.header.patient_disclaimer.lower()
    assert "not stop or change a medicine" in RULEBOOK.header.patient_safe_base.lower()
    for rule in RULEBOOK.by_verb(Verb.CAUTION):
        if "medicine" in rule.text.patient_text and "stop" in rule.text.patient_text:
            assert re.search(r"[Nn]ever stop|[Dd]o not stop", rule.text.patient_text), rule.id


def test_time_is_worded_from_the_burden_where_there_is_one() -> None:
    for adaptation in RULEBOOK.adaptations.values():
        if adaptation.patient_time:
            assert adaptation.burden is None, f"{adaptation.id} says its time twice"
