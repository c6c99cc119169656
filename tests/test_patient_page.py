"""The page for the person: read back, it says what the answer says, and nothing that is not theirs.

For every shipped vignette, and for drawn people with drawn wishes, in every format.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from recommender.explain.layout import one_line
from recommender.explain.patient_view import patient_view
from tests.building import answered
from tests.content.test_patient_words import BANNED
from tests.patient_reading import (
    FORMATS,
    PEOPLE,
    PROFILES,
    TITLES,
    answer_of,
    page_of,
    seen,
)
from tests.reading_ease import CEILING, grade_of_page

BATCH = 50
RAW = re.compile(
    r"[A-Za-z0-9]_[A-Za-z0-9]|[\[\]{}]|\b[a-z]+\.[a-z_]+\.[a-z_]+|\b[a-z]{2,}\d+\b|None|null"
    r"|\b(?:mbct|ba|crt|tms|cbasp|ipt|cbti|rfcbt)\b"
)
"""What an id or a missing value looks like."""
SURE = {
    "We are very sure.": "high",
    "We are quite sure, but some doubt is left.": "moderate",
    "We are not very sure.": "low",
    "We do not know yet.": "very_low",
}


def everybody() -> Iterator[Any]:
    yield from (pytest.param([name], id=name) for name in PROFILES)
    for first in range(0, PEOPLE, BATCH):
        yield pytest.param(list(range(first, first + BATCH)), id=f"drawn from {first}")


each_person = pytest.mark.parametrize("people", list(everybody()))
each_format = pytest.mark.parametrize("format", FORMATS)


# ------------------------------------------------------------------------------- what it says


@each_format
@each_person
def test_the_plan_is_read_back_as_it_is(people: list[str | int], format: str) -> None:
    for who in people:
        document = answer_of(who)
        page = seen(who, format)
        expected = [(entry["patient_title"], entry["phase"]) for entry in document["plan"]]
        assert page.parts == expected, who


@each_format
@each_person
def test_the_options_are_read_back_as_they_are(people: list[str | int], format: str) -> None:
    for who in people:
        document = answer_of(who)
        page = seen(who, format)
        in_plan = [option for option in page.options if not option.instead]
        assert [one.title for one in in_plan] == [e["patient_title"] for e in document["plan"]], who
        others = {one["adaptation"]: one for e in document["plan"] for one in e["alternatives"]}
        beside = [option for option in page.options if option.instead]
        assert sorted(o.title for o in beside) == sorted(TITLES[name] for name in others), who
        known = {e["patient_title"]: e for e in [*document["plan"], *others.values()]}
        for option in page.options:
            entry = known[option.title]
            assert SURE[option.sure] == entry["certainty"], who
            assert says_time(option.time, entry), (who, option)
            if entry["patient_downside"]:
                assert option.consider == entry["patient_downside"], who


def says_time(said: str, entry: Mapping[str, Any]) -> bool:
    burden = entry["burden"]
    if burden is None:
        return said == f"{entry['patient_time'] or 'No fixed time each week'}."
    hours = f"{burden['hours_per_week']:g}"
    found = re.fullmatch(r"About ([\d.]+) hours? a week, for about (\d+) weeks\.(.*)", said)
    assert found
    homework = bool(found[3])
    return (found[1], int(found[2]), homework) == (
        hours,
        entry["weeks"],
        bool(burden["homework_streams"]),
    )


@each_format
@each_person
def test_no_id_and_nothing_empty_is_shown(people: list[str | int], format: str) -> None:
    for who in people:
        text = re.sub(r"_{4,}", "", seen(who, format).text)
        assert not RAW.findall(text), who
        assert not re.search(r"[:,;] *[.;]|\.\.| \.|  \.", text), who


@each_format
@each_person
def test_no_page_speaks_of_risk_or_promises_or_labels(people: list[str | int], format: str) -> None:
    for who in people:
        assert not BANNED.findall(seen(who, format).text), who


@each_format
@each_person
def test_nothing_is_proposed_beside_the_plan(people: list[str | int], format: str) -> None:
    """Every name of a treatment is there for its own reason, and none of those left out is."""
    for who in people:
        document = answer_of(who)
        text = seen(who, format).text
        context = patient_view(document)
        named = {TITLES[entry["adaptation"]] for entry in document["plan"]}
        if document["status"] not in ("stopped", "out_of_scope"):
            named |= {option["patient_title"] for option in context["options"]}
            named |= {*context["not_wanted"]}
            for titles in [*context["wanted"].values(), *context["aside"].values()]:
                named |= {*titles}
        for title in TITLES.values():
            if title not in named and not any(title in one for one in named):
                assert title not in text, (who, title)
        assert all(title in text for title in named), who


@each_format
@each_person
def test_everything_set_aside_is_named_or_counted_once(
    people: list[str | int], format: str
) -> None:
    for who in people:
        document = answer_of(who)
        if document["status"] in ("stopped", "out_of_scope"):
            continue
        context = patient_view(document)
        aside = [one["adaptation"] for one in document["set_aside"]]
        options = {o["adaptation"] for o in context["options"] if o["instead_of"]}
        wishes = {*document["preferences"]["prefers"], *document["preferences"]["declines"]}
        named = sum(map(len, context["aside"].values()))
        told = {name for name in aside if name in options | wishes}
        assert named + context["unnamed"] + len(told) == len(aside), who
        count = f"More kinds of help that we know of: {context['unnamed']}."
        assert (count in seen(who, format).text) is bool(context["unnamed"]), who


@each_format
@each_person
def test_why_is_said_in_the_persons_own_findings(people: list[str | int], format: str) -> None:
    for who in people:
        document = answer_of(who)
        text = seen(who, format).text
        for entry in document["plan"]:
            assert entry["patient_because"], (who, entry["adaptation"])
            assert all(one in text for one in entry["patient_because"]), who
            assert all(one["text"] not in text for one in entry["because"]), who


@each_format
@each_person
def test_no_caution_is_hidden(people: list[str | int], format: str) -> None:
    for who in people:
        document = answer_of(who)
        text = seen(who, format).text
        for entry in document["plan"]:
            for caution in entry["cautions"]:
                assert caution["patient_text"], caution["rule"]
                assert caution["patient_text"] in text, (who, caution["rule"])


@each_format
@each_person
def test_what_is_not_known_yet_is_said(people: list[str | int], format: str) -> None:
    for who in people:
        document = answer_of(who)
        text = seen(who, format).text
        topics = list(dict.fromkeys(one["patient_topic"] for one in document["ask"]))
        shown = document["status"] not in ("stopped", "out_of_scope")
        assert all((topic in text) is shown for topic in topics[:3]), who


# ------------------------------------------------------------------------------- stops


@each_format
@each_person
def test_a_stopped_page_holds_the_agreed_text_and_nothing_else(
    people: list[str | int], format: str
) -> None:
    for who in people:
        document = answer_of(who)
        if document["status"] != "stopped":
            continue
        page = seen(who, format)
        held = [stop for stop in document["stops"] if stop["hold"] == "all"]
        assert held
        for stop in held:
            assert one_line(stop["patient_text"]) in page.text, who
        assert not page.parts
        assert not page.options
        for title in TITLES.values():
            assert title not in page.text, (who, title)
        for stop in document["stops"]:
            for clinical in (stop["title"], stop["action"], stop["because"], stop["pathway_title"]):
                assert clinical not in page.text, who
        assert document["patient_disclaimer"] not in page.text
        assert "Whom to call" in page.text


STOPPED = [name for name in PROFILES if answered(name)["status"] == "stopped"]


def test_the_frame_of_a_stopped_page_is_the_same_for_everybody() -> None:
    """Take away the texts of the stops, and no page tells one person from another."""
    frames = set()
    for name in STOPPED:
        document = answered(name)
        page = page_of(document, "text")
        for stop in document["stops"]:
            page = page.replace(f"{one_line(stop['patient_text'])}\n\n", "")
        frames.add(re.sub(r"\d+ \w+ 2026", "DAY", page))
    assert len(STOPPED) > 20
    assert len(frames) == 1


# ------------------------------------------------------------------------------- reading age


@each_person
def test_the_whole_page_can_be_read_at_twelve(people: list[str | int]) -> None:
    for who in people:
        assert grade_of_page(page_of(answer_of(who), "text")) <= CEILING, who
