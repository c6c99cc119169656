"""What a page must show: the shipped templates do, and a site's that does not is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from recommender import content, load_rulebook, recommend
from recommender.errors import RenderError
from recommender.explain import must_show
from recommender.explain.render import (
    render,
    render_questions,
    render_what_if,
    render_why,
    render_why_not,
)
from recommender.profile import read_profile

ROOT = content.root()
PROFILES = sorted((ROOT / "profiles").glob("*.yaml"))
FORMATS = ("text", "markdown", "html")
FIXTURES = Path(__file__).parent / "fixtures" / "answers"


@cache
def answer_for(path: Path) -> Mapping[str, Any]:
    profile = read_profile(path.read_bytes(), path.name)
    assert profile.as_of is not None
    return recommend(profile, load_rulebook(), as_of=profile.as_of).to_dict()


def named(name: str) -> Mapping[str, Any]:
    return answer_for(ROOT / "profiles" / f"{name}.yaml")


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_the_shipped_pages_leave_nothing_out(path: Path) -> None:
    marked, marks = must_show.answer(answer_for(path))
    assert marks.meaning
    for format in FORMATS:
        assert marks.missing(render(marked, format=format)) == []


def test_marks_change_no_answer() -> None:
    before = json.dumps(named("many_conditions_many_refusals"))
    must_show.answer(named("many_conditions_many_refusals"))
    assert json.dumps(named("many_conditions_many_refusals")) == before


SABOTAGE = [
    ("_parts/say.j2", "{{ one.title }}{% if one.open %}", "{% if one.open %}", "the caution of"),
    ("_parts/say.j2", " Adjust: {{ one.adjust }}", "", "(adjust)"),
    ("_parts/say.j2", " Monitor: {{ one.monitor }}", "", "(monitor)"),
    ("_parts/text.j2", "{% for one in entry.cautions %}", "{% for one in [] %}", "the caution of"),
    (
        "_parts/text.j2",
        "{% for one in entry.cautions %}",
        '{% for one in entry.cautions if entry.role == "foundation" %}',
        "the caution of",
    ),
    ("_parts/text.j2", "{% if say.own_assumes(entry) %}", "{% if false %}", "without knowing"),
    ("_parts/say.j2", "when {{ one.text }}", "when", "may start"),
    ("explanation/clinician.txt.j2", "{% if common_assumes %}", "{% if false %}", "the plan goes"),
    ("explanation/clinician.txt.j2", "{{ text.adaptation(entry) }}", "", "the caution of"),
    ("explanation/clinician.txt.j2", "{{ text.set_aside(entry) -}}", "", "which is set aside"),
    ("explanation/clinician.txt.j2", "- {{ say.flag(flag) }}", "-", "the notice of"),
    ("explanation/clinician.txt.j2", "{{ answer.disclaimer }}", "", "the limits"),
    ("explanation/clinician.txt.j2", "{{ say.withdrawal(one) }}", "", "is withdrawn"),
    ("explanation/clinician.txt.j2", "{% if answer.basis.presumed %}", "{% if false %}", "granted"),
    ("explanation/clinician.txt.j2", "{{ answer.basis.of_combinations }}", "", "how sure"),
    (
        "explanation/clinician.txt.j2",
        "{{ answer.rulebook.drafts }} {{ words.drafts_used }}",
        "",
        "draft rules",
    ),
    (
        "explanation/clinician.txt.j2",
        "{% for line in questions[:first_questions] %}",
        "{% for line in questions[:1] %}",
        "the question about",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "said"), SABOTAGE)
def test_a_page_that_leaves_something_out_is_refused(
    file: str, old: str, new: str, said: str, tmp_path: Path
) -> None:
    problems = refused(rich(), tmp_path, (file, old, new))
    assert {problem.code for problem in problems} == {"R105"}
    assert any(said in problem.message for problem in problems)


STOPS = [
    ("_parts/text.j2", "{{ one.action }}", "", "(action)"),
    ("_parts/say.j2", "{{ stop.contact }}", "somebody", "(contact)"),
    ("_parts/text.j2", "{{ say.release(one) }}", "", "is lifted"),
    ("_parts/text.j2", "{{ one.title }}. {{ one.because }}", "", "(because)"),
    ("_parts/text.j2", "{% for one in list %}", "{% for one in list[1:] %}", "the stop of"),
    ("explanation/clinician.txt.j2", "{{ text.stops(answer.stops) }}", "", "the stop of"),
]


@pytest.mark.parametrize(("file", "old", "new", "said"), STOPS)
def test_a_page_that_hides_a_stop_is_refused_and_the_error_carries_the_stops(
    file: str, old: str, new: str, said: str, tmp_path: Path
) -> None:
    document = stopped()
    overlay(tmp_path, (file, old, new))
    with pytest.raises(RenderError) as caught:
        render(document, templates=tmp_path)
    assert any(said in problem.message for problem in caught.value.problems)
    assert list(caught.value.stops) == document["stops"]


@pytest.mark.parametrize("page", ["ask", "why", "why_not", "what_if"])
def test_every_page_shows_the_stops(page: str, tmp_path: Path) -> None:
    line = "found.stops.begin" if page == "what_if" else "answer.stops"
    overlay(tmp_path, (f"explanation/{page}.txt.j2", "{{ text.stops(" + line + ") }}", ""))
    document = stopped()
    found = {"stops": {"begin": document["stops"], "end": []}, "supposed": [], "adaptations": []}
    found |= {"status": {"before": "recommended", "after": "stopped"}, "unchanged": []}
    found |= {"asked": [], "no_longer_asked": []}
    with pytest.raises(RenderError, match="R105"):
        {
            "ask": lambda: render_questions(document, templates=tmp_path),
            "why": lambda: render_why(document, "cbt_core", templates=tmp_path),
            "why_not": lambda: render_why_not(document, "cbt_core", templates=tmp_path),
            "what_if": lambda: render_what_if(document, document, found, templates=tmp_path),
        }[page]()


def test_why_shows_the_cautions_and_assumptions_of_its_adaptation(tmp_path: Path) -> None:
    document = rich()
    entry = next(one for one in document["plan"] if one["cautions"] and one["assumes"])
    overlay(tmp_path, ("explanation/why.txt.j2", "{{ text.caution(one) }}", ""))
    with pytest.raises(RenderError, match="the caution of"):
        render_why(document, entry["adaptation"], templates=tmp_path)
    overlay(tmp_path, ("explanation/why.txt.j2", "{% if entry.assumes %}", "{% if false %}"))
    with pytest.raises(RenderError, match="without knowing"):
        render_why(document, entry["adaptation"], templates=tmp_path)


def test_other_words_for_the_same_things_are_free(tmp_path: Path) -> None:
    overlay(tmp_path, ("_parts/words.j2", '"limits": "Limits"', '"limits": "Doubts"'))
    assert "Doubts" in render(rich(), templates=tmp_path)


def rich() -> Mapping[str, Any]:
    """An answer in which every kind of thing occurs."""
    document: dict[str, Any] = json.loads(json.dumps(named("more_than_fits")))
    withdrawn = {"title": "T", "effect": "silent", "because": "B", "on": "2026-12-01"}
    document["basis"]["withdrawn"] = [{"rule": "a.b", **withdrawn}]
    return document


def stopped() -> Mapping[str, Any]:
    """A stop that has a contact."""
    document: dict[str, Any] = json.loads(json.dumps(named("suicidal_intent")))
    document["stops"][0]["contact"] = "Crisis team, day and night"
    return document


def overlay(folder: Path, change: tuple[str, str, str]) -> None:
    file, old, new = change
    shipped = (ROOT / "templates" / file).read_text("utf-8")
    assert old in shipped, f"{file} no longer holds {old!r}"
    target = folder / file
    target.parent.mkdir(exist_ok=True)
    target.write_text(shipped.replace(old, new), "utf-8")


def refused(document: Mapping[str, Any], folder: Path, change: tuple[str, str, str]) -> Any:
    overlay(folder, change)
    with pytest.raises(RenderError) as caught:
        render(document, templates=folder)
    return caught.value.problems
