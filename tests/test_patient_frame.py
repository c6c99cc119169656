"""The frame of the page for the person: stops, numbers, wishes; and a page that stands alone."""

from __future__ import annotations

import copy
import io
import re
from itertools import pairwise

import pypdf
import pytest

from recommender import Rulebook, content, load_rulebook, recommend
from recommender.errors import RenderError
from recommender.explain.layout import one_line
from recommender.explain.pdf import render_pdf
from recommender.explain.render import render
from recommender.profile import read_profile
from tests.building import answered, write
from tests.html import read
from tests.patient_reading import (
    FORMATS,
    PEOPLE,
    PROFILES,
    TITLES,
    Document,
    drawn,
    page_of,
    read_back,
    seen,
)

each_format = pytest.mark.parametrize("format", FORMATS)


@each_format
def test_a_stop_of_some_parts_comes_first_and_hides_nothing(format: str) -> None:
    document = answered("method_without_intent")
    partial = [stop for stop in document["stops"] if stop["hold"] != "all"]
    assert document["status"] == "recommended"
    assert partial
    text = read_back(page_of(document, format), format).text
    first = [text.index(one["patient_text"]) for one in partial]
    assert max(first) < min(text.index(one["patient_title"]) for one in document["plan"])
    held = [one for one in document["set_aside"] if one["status"] == "held"]
    assert held
    on_hold = text.partition("On hold, because something else comes first:")[2]
    for one in held:
        assert one["discreet"] or one["patient_title"] in on_hold


def test_of_two_stops_the_more_urgent_comes_first_and_each_way_is_told_once() -> None:
    document = copy.deepcopy(answered("suicidal_intent"))
    (stop, *_) = document["stops"]
    later = stop | {"pathway": "other", "patient_text": "Later."}
    part = stop | {"hold": ["mbct"], "pathway": "part", "patient_text": "Part."}
    document["stops"] = [stop, later, stop | {"rule": "again"}, part]
    page = page_of(document, "text")
    assert page.count(stop["patient_text"]) == 1
    assert page.index(stop["patient_text"]) < page.index("Later.")
    assert "Part." not in page


@each_format
def test_other_endings_have_words_of_their_own(format: str) -> None:
    for name, words in (
        ("diagnosis_ruled_out", "This kind of plan is not the right one for you."),
        ("nothing_assessed", "We cannot suggest a plan yet."),
        ("recovered_and_wants_nothing", "Nothing that we know speaks for a change now."),
    ):
        document = answered(name)
        text = seen(name, format).text
        assert words in text
        assert one_line(document["basis"]["patient_safe_base"]) in text


# ------------------------------------------------------------------------------- whom to call


@pytest.fixture(scope="module")
def with_contacts(tmp_path_factory: pytest.TempPathFactory) -> Rulebook:
    contacts = {
        "emergency_services": "Emergency: 112",
        "crisis_line": "Crisis line: 0800 111",
        "safeguarding_lead": "Safeguarding lead: 44",
        "crisis_team": "Crisis team: 0800 222",
    }
    site = {"rules/rulebook.yaml": {"lays_over": "trd_cbt", "contacts": contacts}}
    return load_rulebook(write(tmp_path_factory.mktemp("site"), site))


def at_site(name: str, book: Rulebook) -> Document:
    path = content.root() / "profiles" / f"{name}.yaml"
    return recommend(read_profile(path.read_bytes(), path.name), book).to_dict()


@each_format
@pytest.mark.parametrize("name", ["typical_first_intake", "suicidal_intent", "harm_at_home"])
def test_the_sites_numbers_stand_on_every_page(
    name: str, format: str, with_contacts: Rulebook
) -> None:
    text = read_back(page_of(at_site(name, with_contacts), format), format).text
    for number in ("Emergency: 112", "Crisis line: 0800 111", "Crisis team: 0800 222"):
        assert number in text
    assert "Your clinician tells you whom to call" not in text


@each_format
def test_a_page_that_others_may_see_does_not_say_what_it_is_about(
    format: str, with_contacts: Rulebook
) -> None:
    """Somebody may stand behind the person: no word and no contact gives the reason away."""
    document = at_site("harm_at_home", with_contacts)
    assert [stop["contact"] for stop in document["stops"]] == ["Safeguarding lead: 44"]
    text = read_back(page_of(document, format), format).text
    assert not re.search(r"safeguard|abuse|violen|partner|carer", text, re.I)
    assert "44" not in text


def test_without_numbers_the_page_says_so_and_leaves_room() -> None:
    page = page_of(answered("suicidal_intent"), "text")
    assert "Your clinician tells you whom to call. Write the number here." in page
    assert "emergency number of your country" in page
    assert "Number: ____" in page


# ------------------------------------------------------------------------------- wishes


def test_wishes_are_named_with_what_became_of_them() -> None:
    page = page_of(answered("barred_but_preferred"), "text")
    wanted = answered("barred_but_preferred")["preferences"]["prefers"]
    assert all(f"You would like: {TITLES[name]}" in page or TITLES[name] in page for name in wanted)
    assert "It is not for now. Talk about it with your clinician." in page or (
        "It may be possible later. There are some questions first." in page
    )
    page = page_of(answered("marked_rumination_prefers_group"), "text")
    assert f"You would like: {TITLES['mbct']}. It is part of what we suggest." in page
    assert "A group is fine for you." in page
    page = page_of(answered("patient_declines_stimulation"), "text")
    assert f"You do not want: {TITLES['tms']}. So this is not in the plan." in page


def test_what_is_declined_is_said_once_among_the_wishes() -> None:
    """A rule may read what is declined; that makes it no further wish."""
    document = answered("cbt_declined_no_other_base")
    assert "cbt_core" in document["preferences"]["declines"]
    assert "preferences.declines" in {fact["feature"] for fact in document["facts"]}
    assert not any("do not want CBT" in one for one in document["preferences"]["in_words"])


@each_format
def test_what_is_declined_is_not_in_the_plan_of_the_page(format: str) -> None:
    for seed in range(PEOPLE):
        document = drawn(seed)
        titles = {title for title, _ in read_back(page_of(document, format), format).parts}
        assert not titles & {TITLES[one] for one in document["preferences"]["declines"]}, seed


# ------------------------------------------------------------------------------- the page itself


@pytest.mark.parametrize("name", PROFILES)
def test_the_page_of_html_stands_alone_and_can_be_read_by_everybody(name: str) -> None:
    page = page_of(answered(name), "html")
    body = read(page)
    assert body.one("html").attributes["lang"] == "en"
    assert not list(body.all("script", "img", "iframe", "object", "form", "details", "template"))
    assert not re.search(r"https?:|url\(|@import|@font-face", page)
    links = [one.attributes["href"] for one in body.all("a")]
    targets = {one.attributes.get("id") for one in body.all()}
    assert all(link[0] == "#" and link[1:] in targets for link in links)
    assert "default-src 'none'" in page
    levels = [int(one.tag[1]) for one in body.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))
    for table in body.all("table"):
        head = list(table.one("thead").all("th"))
        assert all(one.attributes["scope"] == "col" for one in head)
        for row in table.one("tbody").all("tr"):
            assert row.one("th").attributes["scope"] == "row"
            assert len(row.children) == len(head)
    assert len(list(body.all("main"))) == 1
    ids = [one.attributes["id"] for one in body.all() if "id" in one.attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.pdf
@pytest.mark.parametrize("name", ["marked_rumination_prefers_group", "suicidal_intent"])
def test_the_printed_page_holds_the_words_of_the_page_of_html(name: str) -> None:
    document = answered(name)
    printed = pypdf.PdfReader(io.BytesIO(render_pdf(document, audience="patient")))
    text = " ".join(" ".join(sheet.extract_text() for sheet in printed.pages).split())
    on_screen = list(read(page_of(document, "html")).all("h1", "h4", "p", "td"))
    assert len(on_screen) > 5
    assert f"Page 1 of {len(printed.pages)}" in text
    assert document["profile"]["id"] not in text
    for one in on_screen:
        assert re.sub(r"\s", "", one.text()) in re.sub(r"\s", "", text)


def test_the_colours_can_be_told_apart() -> None:
    """WCAG 2.2 AA for text: 4.5 to 1, in the light and in the dark."""
    css = (content.root() / "templates" / "_parts" / "patient.css.j2").read_text("utf-8")
    for block in re.findall(r":root \{(.*?)\}", css, re.S):
        colour = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))
        for ground in ("page", "soft", "first-page", "call-page"):
            for text in ("text", "quiet", "link"):
                assert contrast(colour[text], colour[ground]) >= 4.5, (text, ground)


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_markup_in_a_value_stays_text() -> None:
    document = copy.deepcopy(answered("typical_first_intake"))
    document["plan"][0]["patient_title"] = "<b>bold</b> **bold** | cell"
    assert "&lt;b&gt;" in page_of(document, "html")
    assert r"\<b\>bold\</b\> \*\*bold\*\* \| cell" in page_of(document, "markdown")


@each_format
def test_a_page_about_what_if_says_that_it_is_about_nobody(format: str) -> None:
    document = copy.deepcopy(answered("typical_first_intake"))
    document["basis"]["supposed"] = ["rumination"]
    assert "It is about nobody." in page_of(document, format)


def test_the_draft_is_named_until_the_rules_are_approved() -> None:
    document = copy.deepcopy(answered("typical_first_intake"))
    said = f"Draft rules behind it: {document['rulebook']['drafts']}."
    assert said in page_of(document, "text")
    document["rulebook"]["approved"] = True
    assert "draft" not in page_of(document, "text").casefold()


def test_no_other_audience_is_known() -> None:
    with pytest.raises(RenderError) as caught:
        render(answered("typical_first_intake"), audience="carer")
    (problem,) = caught.value.problems
    assert problem.code == "R104"
    assert "clinician, patient, governance" in problem.hint


def test_every_word_of_the_page_is_used() -> None:
    """The words are in one file, and none is left over in it."""
    folder = content.root() / "templates"
    names = [
        *("_parts/patient_say.j2", "_parts/patient.css.j2"),
        *(f"explanation/patient.{x}.j2" for x in ("txt", "md", "html")),
    ]
    used = "".join((folder / name).read_text("utf-8") for name in names)
    words = (folder / "_parts" / "patient_words.j2").read_text("utf-8")
    for name in re.findall(r"(?m)^\{% (?:set|macro) (\w+)", words):
        assert f"words.{name}" in used or name == "months", name
    for group in ("heading", "column", "label", "next", "call"):
        keys = re.search(rf"set {group} = \{{(.*?)\}} %", words, re.S)
        assert keys
        for key in re.findall(r'"(\w+)":', keys[1]):
            assert f"words.{group}.{key}" in used, (group, key)
