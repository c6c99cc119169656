"""Rendering: what a clinician reads says everything the document says, fits, and hides nothing."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from recommender import content
from recommender.errors import RenderError
from recommender.explain.render import (
    render,
    render_questions,
    render_stops,
    render_template,
    render_why,
    render_why_not,
)

FIXTURES = Path(__file__).parent / "fixtures" / "answers"
NAMES = ("rich_plan", "stopped")
FORMATS = ("text", "markdown")
Document = dict[str, Any]


def load(name: str) -> Document:
    document: Document = json.loads((FIXTURES / f"{name}.json").read_text("utf-8"))
    return document


@pytest.fixture
def rich() -> Document:
    return load("rich_plan")


@pytest.fixture
def stopped() -> Document:
    return load("stopped")


def flat(text: str) -> str:
    """The text as one line, so that wrapping does not matter, without stop marks."""
    return " ".join(re.sub(r"(?m)^!! ", "", text).split())


def code_spans(markdown: str) -> set[str]:
    inline = (token for token in MarkdownIt().parse(markdown) if token.type == "inline")
    return {
        child.content
        for token in inline
        for child in token.children or ()
        if child.type == "code_inline"
    }


# ------------------------------------------------------------------------------- layout


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [40, 80, 100])
def test_no_line_is_wider_than_asked_for(name: str, width: int) -> None:
    assert max(map(len, render(load(name), width=width).splitlines())) <= width


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("format", FORMATS)
def test_nothing_empty_is_printed_as_none(name: str, format: str) -> None:
    text = render(load(name), format=format)
    assert "None" not in text
    assert "Undefined" not in text
    assert not re.search(r"\n\n\n|[ \t]\n|\n\Z\n", text)
    assert text.endswith("\n")


def test_width_changes_only_the_line_ends(rich: Document) -> None:
    def words(width: int) -> str:
        rules = re.compile(r"(?m)^[=-]{2,}$")
        return flat(rules.sub("", render(rich, width=width)))

    assert words(60) == words(100)


def test_colour_adds_nothing_but_colour(stopped: Document, rich: Document) -> None:
    for document in (stopped, rich):
        coloured = render(document, color=True)
        assert "\x1b[" in coloured
        assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render(document)
    assert "\x1b" not in render(rich)


def test_stops_are_red_and_cautions_yellow(stopped: Document, rich: Document) -> None:
    assert "\x1b[1;31m!! Do now" in render(stopped, color=True)
    assert "\x1b[33m! Caution" in render(rich, color=True)


# ------------------------------------------------------------------------------- what stands in it


def test_stops_come_first_then_questions_then_the_plan(rich: Document, stopped: Document) -> None:
    rich["stops"] = stopped["stops"]
    for format in FORMATS:
        text = render(rich, format=format)
        places = [
            text.index(heading)
            for heading in (
                "Stop: act on",
                "Provisional.",
                "To ask first",
                "The plan at a glance",
                "Not now",
            )
        ]
        assert places == sorted(places)


def test_a_stop_says_what_to_do_who_releases_it_and_that_therapy_follows(stopped: Document) -> None:
    text = flat(render(stopped))
    stop = stopped["stops"][0]
    assert flat(stop["action"]) in text
    assert "NOW: Emergency pathway for suicide risk" in text
    assert "not set for this site." in text
    assert "A named clinician" in text
    assert "risk_assessment_done" in text
    assert "A pause of the menu, not a refusal of treatment." in text
    assert "treatment is offered" in text
    assert "Duty physician, extension 100" in text
    assert stopped["basis"]["safe_base"] in text


def test_no_page_speaks_of_low_or_high_risk(stopped: Document, rich: Document) -> None:
    for document in (stopped, rich):
        for format in FORMATS:
            assert not re.search(
                r"(low|medium|moderate|high)[ -]risk", render(document, format=format), re.I
            )


def test_what_is_unknown_is_never_worded_as_a_contraindication(rich: Document) -> None:
    text = render(rich)
    assert "Possible later: first …" in text
    assert "Not asked yet" in text
    assert "contraindicat" not in text.lower()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("format", FORMATS)
def test_every_adaptation_and_every_reason_is_there(name: str, format: str) -> None:
    document = load(name)
    text = flat(render(document, format=format))
    for entry in [*document["plan"], *document["set_aside"]]:
        marked = (
            f"(`{entry['adaptation']}`)" if format == "markdown" else f"({entry['adaptation']})"
        )
        assert marked in text
    for entry in document["plan"]:
        for because in entry["because"]:
            assert because["rule"] in text
            assert flat(because["text"]) in text


def test_markdown_reads_back_to_the_same_adaptations_and_rules(rich: Document) -> None:
    spans = code_spans(render(rich, format="markdown"))
    plan, aside = rich["plan"], rich["set_aside"]
    adaptations = {entry["adaptation"] for entry in [*plan, *aside]}
    assert adaptations <= spans
    rules = {because["rule"] for entry in plan for because in entry["because"]}
    rules |= {part["rule"] for entry in plan for part in [*entry["cautions"], *entry["tailoring"]]}
    rules |= {flag["rule"] for flag in rich["flags"]}
    assert rules <= spans
    known = rules | adaptations | {one["rule"] for entry in aside for one in entry["because"]}
    known |= {one for entry in rich["ask"] for one in entry["can_change"]}
    known |= {one["rule"] for entry in plan for one in entry["gates"]}
    known |= {one["rule"] for one in rich["basis"]["presumed"]}
    known |= {act["release"] for act in rich["basis"]["acts"]}
    known |= {one["rule"] for act in rich["basis"]["acts"] for one in act["lifts"]}
    known |= {rich["profile"]["id"], rich["rulebook"]["id"], rich["rulebook"]["digest"][:12]}
    known |= {one["rule"] for entry in plan for one in entry["alternatives"]}
    assert spans <= known


def test_no_caution_is_hidden(rich: Document) -> None:
    text = flat(render(rich))
    for entry in rich["plan"]:
        for caution in entry["cautions"]:
            for part in ("title", "text", "adjust", "monitor", "rule"):
                assert flat(caution[part]) in text
    assert "(not known yet whether it applies)" in text


def test_values_that_decided_stand_with_their_origin(rich: Document) -> None:
    text = flat(render(rich))
    severity = "Severity of depression is at least moderate: severe"
    assert f"{severity} (Patient Health Questionnaire-9 21, 2026-11-20, 4 days old)" in text
    assert "2026-07-02, about 5 months old, out of date" in text
    assert "2 to 3 trials (from the treatment history, not exactly known)" in text
    assert "mild or moderate (GAD7, 2026-11-20, 4 days old, sources disagree)" in text
    assert "sources disagree); reported: mild (clinician, 2026-11-20)" in text


def test_what_is_assumed_is_said_to_be_unknown(rich: Document) -> None:
    assert "Goes ahead on answers that are not known yet: Trauma symptoms;" in flat(render(rich))


def test_seven_lines_of_questions_and_the_rest_counted(rich: Document) -> None:
    for format in FORMATS:
        text = render(rich, format=format)
        asked = text[text.index("To ask first") : text.index("The plan at a glance")]
        assert re.findall(r"(?m)^(\d+)\. ", asked) == list("1234567")
        assert "And 2 more" in asked
        assert "or near the head or the chest? Any seizure" in flat(asked)
    everything = render_questions(rich)
    assert len(re.findall(r"(?m)^\d+\. ", everything)) == 9


def test_references_say_when_they_were_not_checked(rich: Document) -> None:
    text = flat(render(rich))
    assert "10.1037/0022-006X.74.4.658 (not re-checked against the paper)" in text
    assert "S0140-6736(12)61552-9 (review overdue since 2026-08-22)" in text


def test_draft_rules_and_limits_are_always_named(stopped: Document, rich: Document) -> None:
    for document in (stopped, rich):
        text = flat(render(document))
        assert "Draft: not clinically approved. 143 draft rules were used." in text
        assert flat(document["disclaimer"]) in text


# ------------------------------------------------------------------------------- one adaptation


def test_why_gives_both_sides(rich: Document) -> None:
    text = flat(render_why(rich, "ba"))
    assert "In the plan: phase 1" in text
    assert "adaptation.activation.marked_inertia" in text
    assert "safety.activation.chronic_pain" in text
    assert "Dimidjian" in text
    assert "Eisendrath" not in text


def test_why_not_names_what_decided_and_what_would_change_it(rich: Document) -> None:
    text = flat(render_why_not(rich, "tms"))
    assert "possible later" in text
    assert "safety.tms.metal_near_head" in text
    assert "Once this is known: Implants and metal includes aneurysm clip" in text
    assert "A TMS specialist has cleared the device in writing" in text


def test_why_not_names_the_rival_that_was_chosen(rich: Document) -> None:
    assert "Rumination-focused cognitive behavioural therapy (rfcbt)" in flat(
        render_why_not(rich, "mbct")
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [60, 100])
def test_every_adaptation_can_be_argued(name: str, width: int) -> None:
    document = load(name)
    for entry in [*document["plan"], *document["set_aside"]]:
        for argue in (render_why, render_why_not):
            text = argue(document, entry["adaptation"], width=width)
            assert entry["adaptation"] in text
            assert "None" not in text
            assert max(map(len, text.splitlines())) <= width


def test_stops_can_stand_alone(stopped: Document) -> None:
    text = flat(render_stops(stopped["stops"]))
    assert text.startswith("Stop: act on this first")
    assert flat(stopped["stops"][0]["action"]) in text


# ------------------------------------------------------------------------------- hostile content


def test_the_name_of_a_scale_is_escaped_as_the_format_does(rich: Document) -> None:
    for fact in rich["facts"]:
        fact["label"] += " R&D *x*"
    text, markdown = render(rich), render(rich, format="markdown")
    assert "R&D *x* 21, 2026-11-20, 4 days old)" in flat(text)
    assert "&amp;" not in text + markdown
    assert " *x*" not in markdown


NASTY = st.text(
    st.sampled_from("ab1. *_`[](){}<>#+-!|~&\\\n\t\r\x1b\u2028é漢"), min_size=1, max_size=30
)


@given(nasty=NASTY)
def test_values_cannot_break_out_of_markdown(nasty: str) -> None:
    document = load("stopped")
    document["stops"][0]["action"] = f"x{nasty}y"
    document["flags"] = [{"rule": "a.b.c", "text": f"x{nasty}y", "conditions": []}]
    markdown = render(document, format="markdown")
    shown = " ".join(
        "".join(child.content for child in token.children or ())
        for token in MarkdownIt().parse(markdown)
        if token.type == "inline"
    )
    expected = " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", f"x{nasty}y").split())
    assert expected in " ".join(shown.split())
    assert "\x1b" not in markdown


@given(nasty=NASTY)
def test_values_cannot_bring_control_codes_or_lines_to_the_terminal(nasty: str) -> None:
    document = load("stopped")
    document["stops"][0]["action"] = nasty
    text = render(document)
    assert "\x1b" not in text
    assert len(re.findall(r"(?m)^!! Do now", text)) == 2 if "Do now" not in nasty else True


def test_html_in_a_value_stays_text(rich: Document) -> None:
    rich["flags"][0]["text"] = "<script>alert(1)</script> & [x](javascript:y)"
    html = MarkdownIt().render(render(rich, format="markdown"))
    assert "<script>" not in html
    assert 'href="javascript' not in html
    assert "<script>alert(1)</script> & [x]" in flat(render(rich))


# ------------------------------------------------------------------------------- errors


def paths(data: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = (
        data.items()
        if isinstance(data, dict)
        else enumerate(data)
        if isinstance(data, list)
        else ()
    )
    return [path] + [found for key, value in inner for found in paths(value, (*path, key))]


def test_a_missing_key_is_an_error_with_template_and_line(rich: Document) -> None:
    del rich["plan"][0]["cautions"]
    with pytest.raises((RenderError, KeyError)):
        render(rich)
    broken = load("rich_plan")
    del broken["disclaimer"]
    with pytest.raises(RenderError) as caught:
        render(broken)
    problem = caught.value.problems[0]
    assert problem.code == "R101"
    assert problem.file == "templates/explanation/clinician.txt.j2"
    assert problem.line > 1
    assert "disclaimer" in problem.message


def test_a_missing_value_is_an_error_and_not_the_word_none(rich: Document) -> None:
    rich["disclaimer"] = None
    with pytest.raises(RenderError) as caught:
        render(rich)
    assert caught.value.problems[0].code == "R102"


def test_whatever_may_be_absent_is_left_out_in_silence(rich: Document) -> None:
    bare = copy.deepcopy(rich)
    for entry in bare["plan"]:
        entry |= {
            "weeks": None,
            "burden": None,
            "moved_from": None,
            "strength": None,
            "certainty": None,
        }
        entry |= {"dose": "", "first_steps": "", "review": "", "what": ""}
        for because in entry["because"]:
            because |= {"limits": "", "certainty": None, "strength": None, "evidence": []}
    for fact in bare["facts"]:
        fact |= {"unit": "", "band": None, "instrument": None, "on": None, "source": None}
    for format in FORMATS:
        text = render(bare, format=format)
        assert "None" not in text
        assert not re.search(r"(?m)^[ *-]+Dose", text)


def test_own_templates_override_shipped_ones_file_by_file(rich: Document, tmp_path: Path) -> None:
    (tmp_path / "explanation").mkdir()
    shipped = (content.root() / "templates/explanation/clinician.txt.j2").read_text("utf-8")
    own = shipped.replace("{{ answer.rulebook.title }}", "Ours: {{ answer.status }}.")
    (tmp_path / "explanation" / "clinician.txt.j2").write_text(own, "utf-8")
    assert render(rich, templates=tmp_path).startswith("Ours: provisional.")
    assert "To ask first" in render(rich, format="markdown", templates=tmp_path)


@pytest.mark.parametrize(
    ("template", "code"),
    [
        ("{{ nothing }}", "R101"),
        ("{{ answer.basis.safe_base }}", "R102"),
        ("{% if %}", "R103"),
        ("{{ answer.__class__.__mro__ }}", "R103"),
        ("{{ ''.__class__.__subclasses__() }}", "R103"),
        ("{{ answer.update({}) }}", "R103"),
        ('{% include "/etc/hostname" %}', "R104"),
        ("\n{% for x in range(10000000) %}{% endfor %}", "R101"),
    ],
)
def test_faulty_and_hostile_templates_are_refused(
    template: str, code: str, rich: Document, tmp_path: Path
) -> None:
    (tmp_path / "explanation").mkdir()
    (tmp_path / "explanation" / "clinician.txt.j2").write_text(template, "utf-8")
    with pytest.raises(RenderError) as caught:
        render(rich, templates=tmp_path)
    assert caught.value.problems[0].code == code
    assert str(tmp_path) not in str(caught.value)


def test_an_unknown_format_or_template_is_an_error(rich: Document) -> None:
    with pytest.raises(RenderError, match="R104"):
        render(rich, format="papyrus")
    with pytest.raises(RenderError, match="R104"):
        render(rich, audience="nobody")
    with pytest.raises(RenderError, match="R104"):
        render_template("explanation/nothing", {})


WORDING = {f"{name}.j2" for name in ("words", "say", "patient_words", "patient_say", "rule")}


def test_every_word_of_an_answer_stands_in_one_place() -> None:
    """A second language translates what stands in WORDING, and no page of an answer."""
    folder = content.root() / "templates"
    lexer = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
    pages = [
        p for name in ("_parts", "explanation", "intake") for p in (folder / name).glob("*.j2")
    ]
    for file in sorted(pages):
        if file.name not in WORDING and not file.name.endswith(".css.j2"):
            tokens = lexer.lex(file.read_text("utf-8"))
            written = "".join(text if kind == "data" else "0" for _, kind, text in tokens)
            left = re.sub(r"<[^>]*>|^---$", "", written)
            assert re.findall("[A-Za-z]{2,}", left) == [], file.name


@pytest.mark.parametrize(
    ("on", "words"),
    [
        ("2026-11-24", "2026-11-24, today)"),
        ("2026-11-24T08:15", "2026-11-24T08:15, today)"),
        ("2026-11-23", "1 day old)"),
        ("2026-09-26", "59 days old)"),
        ("2026-09-25", "about 2 months old)"),
        ("2025-11-24", "about 12 months old)"),
    ],
)
def test_a_value_says_how_old_it_is(rich: Document, on: str, words: str) -> None:
    for fact in rich["facts"]:
        fact["on"] = on if fact["on"] else None
    assert words in flat(render(rich))
