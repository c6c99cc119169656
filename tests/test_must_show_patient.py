"""What the page for the person must show: a site's template that leaves it out is refused."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from recommender.errors import RenderError
from recommender.explain import must_show
from recommender.explain.render import render
from tests.building import answered
from tests.patient_reading import FORMATS, PROFILES, Document, drawn, page_of
from tests.test_must_show import overlay


@pytest.mark.parametrize("name", PROFILES)
def test_the_shipped_pages_leave_nothing_out(name: str) -> None:
    check(answered(name))


@pytest.mark.parametrize("first", range(0, 100, 25))
def test_nor_do_they_for_anybody_drawn(first: int) -> None:
    for seed in range(first, first + 25):
        check(drawn(seed))


def check(document: Document) -> None:
    marked, marks = must_show.patient(with_contacts(document))
    assert marks.meaning
    for format in FORMATS:
        assert marks.missing(page_of(marked, format)) == []


def with_contacts(document: Document) -> Document:
    """The same answer at a site that has set whom to call."""
    given = copy.deepcopy(document)
    given["basis"]["contacts"] |= {"crisis_line": "Line 1", "emergency_services": "Line 2"}
    for stop in given["stops"]:
        stop["contact"] = "Line 3"
    return given


def test_marks_change_no_answer() -> None:
    before = json.dumps(answered("many_conditions_many_refusals"))
    must_show.patient(answered("many_conditions_many_refusals"))
    assert json.dumps(answered("many_conditions_many_refusals")) == before


def test_every_kind_of_thing_is_marked() -> None:
    """So that a test below that finds nothing missing found something marked."""
    meanings = set(must_show.patient(with_contacts(rich()))[1].meaning.values())
    for kind in (
        "(patient title)",
        "(patient short)",
        "(patient what)",
        "(patient downside)",
        "a finding behind",
        "a caution of 'mbct'",
        "a caution of the plan",
        "which is another option",
        "which is set aside",
        "how sure the combination is",
        "what the person prefers",
        "what we do not know yet",
        "whom to call",
        "the limits",
        "that this page is a draft",
    ):
        assert any(kind in one for one in meanings), kind


PLAN = [
    ("{{ entry.patient_short }} {{ entry.patient_what }}", "", "what)"),
    ("{% for text in entry.patient_because %}", "{% for text in [] %}", "a finding behind"),
    (
        "{% for text in own_cautions[entry.adaptation] %}",
        "{% for text in own_cautions[entry.adaptation][1:] %}",
        "a caution of 'mbct'",
    ),
    ("{% for text in shared_cautions %}", "{% for text in [] %}", "a caution of the plan"),
    ("{{ answer.basis.patient_of_combinations }}", "", "how sure the combination is"),
    (
        "{% for one in options %}",
        "{% for one in options if not one.instead_of %}",
        "which is another option",
    ),
    ("{{ one.patient_downside or words.no_downside }}", "", "(patient downside)"),
    ("{{ words.aside[status] }} {{ say.listed(names) }}", "", "which is set aside"),
    ("{% for topic in topics %}", "{% for topic in topics[:2] %}", "what we do not know yet"),
    (
        "{% for text in answer.preferences.in_words %}",
        "{% for text in [] %}",
        "what the person prefers",
    ),
    ("{{ words.wanted }} {{ say.listed(names) }}", "", "which is set aside"),
    ("{{ answer.patient_disclaimer }}", "", "the limits"),
    ("{{ say.draft() }}", "", "a draft"),
    ("{% for contact in contacts %}", "{% for contact in contacts[:1] %}", "whom to call"),
]


@pytest.mark.parametrize("suffix", ["txt", "md", "html"])
@pytest.mark.parametrize(("old", "new", "said"), PLAN)
def test_a_page_that_leaves_something_out_is_refused(
    old: str, new: str, said: str, suffix: str, tmp_path: Path
) -> None:
    overlay(tmp_path, (f"explanation/patient.{suffix}.j2", old, new))
    refused(with_contacts(rich()), suffix, said, tmp_path)


def test_a_part_without_its_name_is_refused(tmp_path: Path) -> None:
    named = "{{ entry.patient_title or entry.title }}"
    overlay(tmp_path, ("_parts/patient_say.j2", named, "A treatment"))
    refused(with_contacts(rich()), "txt", "(patient title)", tmp_path)


STOPS = [
    ("{{ stop.patient_text or words.no_text }}", "Please wait.", "(patient text)"),
    ("{{ say.contact(stop) }}", "", "whom to call about"),
    ("{% for stop in stops %}", "{% for stop in stops[1:] %}", "what the person is told of"),
    ("{% for contact in contacts %}", "{% for contact in [] %}", "whom to call"),
    ("{{ say.draft() }}", "", "a draft"),
]


@pytest.mark.parametrize("suffix", ["txt", "md", "html"])
@pytest.mark.parametrize(("old", "new", "said"), STOPS)
def test_a_page_that_hides_a_stop_is_refused_and_the_error_carries_the_stops(
    old: str, new: str, said: str, suffix: str, tmp_path: Path
) -> None:
    document = with_contacts(answered("suicidal_intent"))
    overlay(tmp_path, (f"explanation/patient.{suffix}.j2", old, new))
    error = refused(document, suffix, said, tmp_path)
    assert list(error.stops) == document["stops"]


def refused(document: Document, suffix: str, said: str, templates: Path) -> RenderError:
    format = {"txt": "text", "md": "markdown", "html": "html"}[suffix]
    with pytest.raises(RenderError) as caught:
        render(document, audience="patient", format=format, templates=templates)
    assert {problem.code for problem in caught.value.problems} == {"R105"}
    assert any(said in problem.message for problem in caught.value.problems)
    return caught.value


def test_other_words_for_the_same_things_are_free(tmp_path: Path) -> None:
    overlay(tmp_path, ("_parts/patient_words.j2", '"Whom to call"', '"Help at any time"'))
    page = render(rich(), audience="patient", templates=tmp_path)
    assert "Help at any time" in page


def rich() -> Document:
    """An answer in which every kind of thing occurs."""
    document = copy.deepcopy(answered("marked_rumination_prefers_group"))
    document["preferences"]["prefers"].append("tms")
    return document
