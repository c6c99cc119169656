"""The page for clinicians: read back, it says what the answer says, and needs nothing else."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from recommender import content
from recommender.errors import RenderError
from recommender.explain.layout import one_line
from recommender.explain.render import render
from recommender.explain.view import FIRST_QUESTIONS, is_scale_item, question_lines, view
from tests.building import answered
from tests.html import Element, read

FIXTURES = Path(__file__).parent / "fixtures" / "answers"
PROFILES = sorted(path.stem for path in (content.root() / "profiles").glob("*.yaml"))
Document = dict[str, Any]


# ------------------------------------------------------------------------------- reading back


@cache
def page_of(name: str) -> Element:
    return read(render(answered(name), format="html"))


def fixture(name: str) -> Document:
    document: Document = json.loads((FIXTURES / f"{name}.json").read_text("utf-8"))
    return document


def prose(element: Element) -> str:
    """The text outside the pictures."""
    return element.text("svg", "style", "head")


each_profile = pytest.mark.parametrize("name", PROFILES)


# ------------------------------------------------------------------------------- what it says


@each_profile
def test_each_part_of_the_plan_stands_in_its_phase(name: str) -> None:
    document, page = answered(name), page_of(name)
    if not document["plan"]:
        assert not [one for one in page.all() if one.attributes.get("id") in ("glance", "plan")]
        return
    glance = next(s for s in page.all("section") if s.attributes["aria-labelledby"] == "glance")
    seen, phase = [], -1
    for one in glance.all("h3", "ul"):
        if one.tag == "h3":
            phase = int(re.findall(r"\d", one.text())[0])
        elif "parts" in one.classes:
            seen += [(next(li.all("code")).text(), phase) for li in one.children]
    assert sorted(seen) == sorted((e["adaptation"], e["phase"]) for e in document["plan"])


@each_profile
def test_each_reason_of_the_plan_is_there_in_short_and_in_full(name: str) -> None:
    page = page_of(name)
    for entry in answered(name)["plan"]:
        part = article_of(page, entry["adaptation"])
        codes = {one.text() for one in part.all("code")}
        for because in entry["because"]:
            assert because["rule"] in codes
            assert one_line(because["text"]) in prose(part)
            for condition in because["conditions"]:
                assert condition["words"] in prose(part)
            assert because["title"] in prose(page)
        expected = {because["rule"] for because in entry["because"]}
        own = {because["rule"] for because in entry["because"]} | caution_rules(entry)
        own |= {one["rule"] for key in ("tailoring", "gates", "alternatives") for one in entry[key]}
        assert expected <= {code for code in codes if "." in code} <= own


def article_of(page: Element, adaptation: str) -> Element:
    wanted = f"plan-{adaptation}"
    (found,) = (
        one
        for one in page.all("article")
        if any(h.attributes.get("id") == wanted for h in one.all("h3"))
    )
    return found


def caution_rules(entry: Document) -> set[str]:
    return {one["rule"] for one in entry["cautions"]}


@each_profile
def test_no_caution_and_no_assumption_is_left_out_or_folded_away(name: str) -> None:
    document, page = answered(name), page_of(name)
    labels = view(document)["labels"]
    assert not list(page.all("details", "dialog", "template"))
    assert not [one for one in page.all() if "hidden" in one.attributes]
    for entry in document["plan"]:
        part = article_of(page, entry["adaptation"])
        marked = [one for one in part.all("p") if "caution" in one.classes]
        for caution in entry["cautions"]:
            (said,) = (p for p in marked if caution["rule"] in {c.text() for c in p.all("code")})
            assert said.text().startswith("Check:" if caution["open"] else "Caution:")
            for key in ("title", "adjust", "monitor"):
                assert one_line(caution[key]) in said.text()
        for assumed in entry["assumes"]:
            shared = [p for p in page.all("p") if "caution" in p.classes and p not in marked]
            assert any(labels[assumed] in p.text() for p in [*marked, *assumptions(shared)])


def assumptions(paragraphs: list[Element]) -> list[Element]:
    return [one for one in paragraphs if one.text().startswith("Everything in the plan")]


@each_profile
def test_stops_come_first_and_say_stop(name: str) -> None:
    document, page = answered(name), page_of(name)
    main = page.one("main")
    stops = [one for one in main.all("article") if "stop" in one.classes]
    assert len(stops) == len(document["stops"])
    for stop, shown in zip(document["stops"], stops, strict=True):
        assert shown.one("h3").text().startswith("STOP ")
        for key in ("pathway_title", "action", "title", "because", "rule"):
            assert one_line(stop[key]) in shown.text()
    if stops:
        assert stops[0] in list(main.children[0].all())


@each_profile
def test_everything_set_aside_stands_under_its_status(name: str) -> None:
    document, page = answered(name), page_of(name)
    section = next(s for s in page.all("section") if s.attributes["aria-labelledby"] == "set_aside")
    groups = list(section.all("ul"))
    seen = [[next(li.all("code")).text() for li in group.children] for group in groups]
    expected: dict[str, list[str]] = {}
    for entry in document["set_aside"]:
        expected.setdefault(entry["status"], []).append(entry["adaptation"])
    assert sorted(seen) == sorted(expected.values())


@each_profile
def test_flags_findings_questions_and_limits_are_there(name: str) -> None:
    document, page = answered(name), page_of(name)
    whole = prose(page)
    for flag in document["flags"]:
        assert one_line(flag["text"]) in whole
        assert flag["rule"] in whole
    assert one_line(document["disclaimer"]) in whole
    assert "Draft: not clinically approved." in whole
    lines = question_lines(document["ask"])
    if document["status"] != "out_of_scope":
        for entry in (entry for line in lines[:FIRST_QUESTIONS] for entry in line):
            asked = one_line(entry["question"] or entry["label"])
            assert asked in whole or (is_scale_item(entry) and entry["label"] in whole)
        if len(lines) > FIRST_QUESTIONS:
            assert f"And {len(lines) - FIRST_QUESTIONS} more" in whole
    for reference in view(document)["evidence"]:
        assert one_line(reference["citation"]) in whole


@each_profile
def test_the_values_of_the_findings_are_those_of_the_answer(name: str) -> None:
    document, page = answered(name), page_of(name)
    text = render(document, width=100_000).splitlines()
    for fact in view(document)["decisive"]:
        row = page.by_id(f"fact-{fact['feature']}")
        head, cell = row.children
        assert (head.tag, head.attributes["scope"], head.text()) == ("th", "row", fact["label"])
        assert f"- {fact['label']}: {cell.text()}" in text
        value = fact["possible"].get("value")
        if isinstance(value, str):
            assert cell.text().startswith(value.replace("_", " "))


# ------------------------------------------------------------------------------- how it is made


@each_profile
def test_nothing_empty_is_printed(name: str) -> None:
    page = page_of(name)
    assert not re.search(r"\b(None|undefined|Undefined|NaN|nan|inf)\b", page.text("style"))
    for one in page.all():
        assert not re.search(r"None|undefined|nan\b", " ".join(one.attributes.values()))
    assert not [one.tag for one in page.all("p", "li", "dd", "h2", "h3", "td") if not one.text()]
    assert not [one for one in page.all("ul", "ol", "dl") if not one.children]


@each_profile
def test_ids_are_unique_and_every_link_has_its_target(name: str) -> None:
    page = page_of(name)
    ids = [one.attributes["id"] for one in page.all() if "id" in one.attributes]
    assert len(ids) == len(set(ids))
    named = [
        part for one in page.all() for part in one.attributes.get("aria-labelledby", "").split()
    ]
    linked = [a.attributes["href"] for a in page.all("a")]
    inner = {href[1:] for href in linked if href.startswith("#")}
    assert inner | set(named) <= set(ids)
    assert [href for href in linked if not href.startswith(("#", "https://doi.org/"))] == []


@each_profile
def test_the_page_needs_nothing_else_and_runs_nothing(name: str) -> None:
    page = page_of(name)
    forbidden = ("script", "iframe", "object", "embed", "img", "form", "base", "image", "use")
    assert not list(page.all(*forbidden))
    for one in page.all():
        assert not [
            key for key in one.attributes if key.startswith("on") or key in ("src", "style")
        ]
    assert [one.attributes["href"] for one in page.all("link")] == ["data:,"]
    assert not re.search(r"url\(|@import|https?:", page.one("style").text())


@each_profile
def test_headings_go_down_one_level_at_a_time(name: str) -> None:
    levels = [int(one.tag[1]) for one in page_of(name).all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert max(levels) <= 3
    assert all(b - a <= 1 for a, b in pairwise(levels))


@each_profile
def test_landmarks_language_and_tables_are_named(name: str) -> None:
    page = page_of(name)
    assert page.one("html").attributes["lang"] == "en"
    assert next(page.all("title")).text()
    for tag in ("header", "main", "nav", "footer"):
        page.one(tag)
    skip = next(page.all("a"))
    assert skip.attributes["href"] == f"#{page.one('main').attributes['id']}"
    for cell in page.all("th"):
        assert cell.attributes["scope"] in ("col", "row")
    for table in page.all("table"):
        assert [one.tag for one in table.children] == ["thead", "tbody"]


@each_profile
def test_every_picture_has_its_words(name: str) -> None:
    document, page = answered(name), page_of(name)
    pictures = list(page.all("svg"))
    for svg in pictures:
        title, desc = svg.children[:2]
        assert (title.tag, desc.tag) == ("title", "desc")
        assert title.text()
        assert desc.text()
        named = svg.attributes["aria-labelledby"].split()
        assert named == [title.attributes["id"], desc.attributes["id"]]
        assert svg.attributes["role"] == ("group" if list(svg.all("a")) else "img")
    scored = {fact["instrument"] for fact in document["facts"] if fact.get("scale")}
    assert len(pictures) == len(scored) + (2 if document["plan"] else 0)
    for fact in document["facts"]:
        if fact.get("scale"):
            assert fact["scale"]["title"] in prose(page)


def test_a_score_out_of_date_is_marked_in_word_and_shape() -> None:
    document = answered("old_letter_and_open_records")
    assert [f["state"] for f in document["facts"] if f["feature"] == "depression_severity"] == [
        "stale"
    ]
    (figure,) = (
        one
        for one in page_of("old_letter_and_open_records").all("figure")
        if "Patient Health Questionnaire-9" in one.text()
    )
    assert "out of date" in figure.one("figcaption").text()
    assert [one for one in figure.all("path") if "old" in one.classes]


# ------------------------------------------------------------------------------- hostile content

NASTY = "<script>alert(1)</script><b a='\"></style></svg>&amp;"
TEXTS = frozenset(
    [
        "title",
        "label",
        "text",
        "what",
        "dose",
        "first_steps",
        "limits",
        "citation",
        "words",
        "because",
        "action",
        "pathway_title",
        "contact",
        "question",
        "adjust",
        "monitor",
        "unit",
        "focus",
        "format",
        "disclaimer",
        "safe_base",
        "justify",
        "of_combinations",
        "software",
        "doi",
        "until",
    ]
)


def spoilt(data: Any, key: str = "") -> Any:
    """The document with something nasty behind every free text."""
    if isinstance(data, dict):
        return {name: spoilt(value, name) for name, value in data.items()}
    if isinstance(data, list):
        return [spoilt(value, key) for value in data]
    return f"{data} {NASTY}" if isinstance(data, str) and data and key in TEXTS else data


def shape(page: Element) -> set[tuple[str, ...]]:
    return {(one.tag, *sorted(one.attributes)) for one in page.all()}


WITHDRAWN = {
    "rule": "a.b",
    "title": "T",
    "effect": "kept_out",
    "because": "B",
    "on": "2026-12-01",
}


@pytest.mark.parametrize("name", ["rich_plan", "stopped", "marked_inertia"])
def test_nothing_in_a_value_is_read_as_html(name: str) -> None:
    document = copy.deepcopy(answered(name)) if name in PROFILES else fixture(name)
    document["basis"]["departures"] = [{"changes": "a.b", "title": "T", "because": "B"}]
    document["basis"]["withdrawn"] = [WITHDRAWN]
    plain, nasty = (read(render(one, format="html")) for one in (document, spoilt(document)))
    assert shape(nasty) == shape(plain)
    whole = prose(nasty)
    assert f"{one_line(document['disclaimer'])} {NASTY}" in whole
    for entry in document["plan"]:
        assert f"{entry['title']} {NASTY}" in whole
    for stop in document["stops"]:
        assert f"{one_line(stop['action'])} {NASTY}" in whole


def test_ids_and_links_cannot_be_broken_out_of() -> None:
    document = fixture("rich_plan")
    text = json.dumps(document)
    for name in ("ba", "safety.activation.chronic_pain"):
        text = text.replace(f'"{name}"', json.dumps(f'{name}"><script>'))
    page = read(render(json.loads(text), format="html"))
    assert shape(page) == shape(read(render(document, format="html")))


def test_the_footer_of_a_printed_page_cannot_be_broken_out_of() -> None:
    """There a value stands inside a style sheet."""
    document = fixture("rich_plan")
    plain = read(render(document, format="html"))
    document["profile"]["id"] = '"; } /* \\ </style><script>alert(1)</script> \n é'
    nasty = read(render(document, format="html"))
    assert shape(nasty) == shape(plain)
    (footer,) = re.findall(r"@bottom-left \{ content: (.*?); font", nasty.one("style").text())
    assert re.fullmatch(r'"Profile ([A-Za-z0-9 .,:_-]|\\[0-9a-f]{2} )*"', footer)


def test_the_document_is_left_as_it_was() -> None:
    document = fixture("rich_plan")
    before = copy.deepcopy(document)
    render(document, format="html")
    assert document == before


# ------------------------------------------------------------------------------- colours, cost


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("front", "back"),
    [
        *[(front, "page") for front in ("text", "quiet", "link", "caution", "stop", "mark")],
        *[(front, "caution-page") for front in ("text", "caution", "quiet", "link")],
        *[(front, "stop-page") for front in ("text", "quiet")],
        ("text", "soft"),
        ("on-mark", "mark"),
        ("on-stop", "stop"),
    ],
)
def test_every_text_can_be_told_from_its_ground(front: str, back: str, theme: int) -> None:
    style = (content.root() / "templates" / "_parts" / "page.css.j2").read_text("utf-8")
    block = re.findall(r":root \{(.*?)\}", style, re.S)[theme]
    colours = dict(re.findall(r"--([\w-]+): (#\w{6});", block))
    one, two = sorted((luminance(colours[front]), luminance(colours[back])), reverse=True)
    assert (one + 0.05) / (two + 0.05) >= 4.5


def test_other_formats_do_not_pay_for_the_pictures() -> None:
    program = (
        "import json, sys; from recommender.explain.render import render;"
        "document = json.load(open(sys.argv[1], encoding='utf-8'));"
        "render(document); before = 'recommender.explain.pictures' in sys.modules;"
        "render(document, format='html');"
        "print(before, 'recommender.explain.pictures' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, str(FIXTURES / "rich_plan.json")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.split() == ["False", "True"]


# ------------------------------------------------------------------------------- a site's own


@pytest.mark.parametrize(
    ("file", "old", "name", "said"),
    [
        ("explanation/clinician", "{{ part.stops(answer.stops) -}}", "suicidal_intent", "the stop"),
        ("_parts/html", "{{ caution(one) -}}", "more_than_fits", "the caution"),
        ("_parts/html", "{{ say.own_assumes(entry) }}</p>", "more_than_fits", "without knowing"),
        ("explanation/clinician", "{{ answer.disclaimer }}", "more_than_fits", "the limits"),
    ],
)
def test_a_page_of_a_site_that_leaves_something_out_is_refused(
    file: str, old: str, name: str, said: str, tmp_path: Path
) -> None:
    path = f"{file}.html.j2" if file.startswith("explanation") else f"{file}.j2"
    shipped = (content.root() / "templates" / path).read_text("utf-8")
    assert old in shipped
    (tmp_path / path).parent.mkdir()
    (tmp_path / path).write_text(shipped.replace(old, ""), "utf-8")
    with pytest.raises(RenderError, match=said) as caught:
        render(answered(name), format="html", templates=tmp_path)
    assert {problem.code for problem in caught.value.problems} == {"R105"}
