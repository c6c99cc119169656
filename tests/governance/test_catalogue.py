"""The catalogue: complete, linked, self-contained, always the same, and true to the rules."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from recommender import Rulebook, load_rulebook
from recommender.explain.layout import one_line
from recommender.governance.approval import reports as proofs
from recommender.governance.catalogue.history import blocks, history
from recommender.governance.catalogue.relations import Relations
from recommender.governance.catalogue.tables import MARK, cell, table
from recommender.governance.vignettes import read_vignettes
from recommender.pipeline import recommend
from recommender.rules import Verb
from recommender.surfaces.cli import app
from tests.approving import DAY as SIGNED
from tests.approving import Place
from tests.building import AS_OF, FILES, RULE, SAFE, Plain, ordinal, patient, write
from tests.html import Element, read

DAY = "2026-11-25"
ROOT = Path(__file__).parents[2]


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["rules", "catalogue", *words])
    return result.exit_code, result.output


def made(target: Path, content: Path | None = None, *more: str) -> Path:
    of = ["--content", str(content)] if content is not None else []
    code, output = run("-o", str(target), "--as-of", DAY, *of, *more)
    assert code == 0, output
    return target


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("catalogue") / "out")


@cache
def page(folder: Path, name: str) -> Element:
    return read((folder / name).read_text("utf-8"))


def pages(folder: Path) -> Iterator[tuple[str, Element]]:
    for file in sorted(folder.rglob("*.html")):
        name = file.relative_to(folder).as_posix()
        yield name, page(folder, name)


def article(folder: Path, rule: str) -> Element:
    topic, _, key = rule.rpartition(".")
    return page(folder, f"topics/{topic}.html").by_id(key)


def described(element: Element) -> dict[str, Element]:
    """What stands under each term of the lists of an element that are not inside another."""
    return {
        one.one("dt").text() if len(list(one.all("dt"))) == 1 else first(one, "dt").text(): first(
            one, "dd"
        )
        for one in element.all("div")
        if any(child.tag == "dt" for child in one.children)
    }


def first(element: Element, tag: str) -> Element:
    return next(child for child in element.children if child.tag == tag)


def targets(element: Element) -> set[str]:
    return {one.attributes["href"] for one in element.all("a")}


# ------------------------------------------------------------------------------- the pages


def test_there_is_a_page_for_each_topic_and_each_adaptation(shipped: Path) -> None:
    rulebook = load_rulebook()
    topics = {rule.rpartition(".")[0] for rule in rulebook.rules}
    assert {file.stem for file in (shipped / "topics").iterdir()} == topics
    assert {file.stem for file in (shipped / "adaptations").iterdir()} == set(rulebook.adaptations)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("features", "features"),
        ("instruments", "instruments"),
        ("pathways", "pathways"),
        ("evidence", "evidence"),
        ("invariants", "invariants"),
    ],
)
def test_every_entry_has_its_place(shipped: Path, name: str, part: str) -> None:
    entries = set(getattr(load_rulebook(), part))
    if part == "features":
        listed = (ROOT / "rules/vocabulary/features.yaml").read_text("utf-8")
        entries = set(re.findall(r"(?m)^- (?:\{)?id: ([a-z0-9_.]+)", listed))
    found = {one.attributes["id"] for one in page(shipped, f"{name}.html").all("article")}
    assert found == entries


def test_every_link_leads_somewhere_and_nothing_is_loaded_from_elsewhere(shipped: Path) -> None:
    places = {
        name: {one.attributes["id"] for one in tree.all() if "id" in one.attributes}
        for name, tree in pages(shipped)
    }
    for name, tree in pages(shipped):
        folder = (shipped / name).parent
        for one in tree.all():
            for key in ("href", "src"):
                link = one.attributes.get(key, "")
                if not link or link == "data:,":
                    continue
                if link.startswith("https://doi.org/") and one.tag == "a":
                    continue
                file, _, place = link.partition("#")
                target = (folder / file).resolve() if file else shipped / name
                assert target.is_relative_to(shipped.resolve()) or not file, (name, link)
                assert target.is_file(), (name, link)
                if place:
                    inside = target.relative_to(shipped.resolve()).as_posix() if file else name
                    assert place in places[inside], (name, link)


def test_each_page_is_built_for_keyboard_and_screen_reader(shipped: Path) -> None:
    for name, tree in pages(shipped):
        assert tree.one("html").attributes["lang"] == "en"
        assert len(list(tree.all("main"))) == len(list(tree.all("h1"))) == 1, name
        skip = next(tree.one("body").all("a"))
        assert (skip.attributes["href"], skip.text()) == ("#page", "Skip to the page")
        assert tree.by_id("page").tag == "main"
        ids = [one.attributes["id"] for one in tree.all() if "id" in one.attributes]
        assert len(ids) == len(set(ids)), name
        levels = [int(one.tag[1]) for one in tree.all("h1", "h2", "h3", "h4")]
        assert all(after <= before + 1 for before, after in pairwise(levels))
        for one in tree.all("th"):
            assert one.attributes["scope"] in ("col", "row"), name
        for one in tree.all("nav"):
            assert one.attributes["aria-label"], name
        for one in tree.all():
            named = one.attributes.get("aria-labelledby")
            assert named is None or named in ids, (name, named)


def test_only_the_search_has_a_script_and_it_is_hidden_without_one(shipped: Path) -> None:
    for name, tree in pages(shipped):
        (script,) = tree.all("script")
        assert script.attributes["src"].endswith("search.js")
        assert not script.text()
        assert "hidden" in tree.by_id("search").attributes
        assert not list(tree.all("style")), name
        assert not [key for one in tree.all() for key in one.attributes if key.startswith("on")]
        policy = next(m for m in tree.all("meta") if "http-equiv" in m.attributes)
        assert policy.attributes["content"].startswith("default-src 'none'")


def test_every_page_says_that_the_rules_are_drafts(shipped: Path) -> None:
    for name, tree in pages(shipped):
        assert "Draft: not clinically approved. 347 of 347" in tree.one("header").text(), name


# ------------------------------------------------------------------------------- a rule


def test_every_rule_is_told_whole(shipped: Path) -> None:
    rulebook = load_rulebook()
    for rule in rulebook.rules.values():
        told = article(shipped, rule.id)
        text = told.text()
        wanted = [rule.text.title, rule.id, rule.text.because, rule.text.limits, rule.text.justify]
        wanted += [rule.text.dose, rule.text.until, rule.text.adjust, rule.text.monitor]
        wanted += [rule.text.focus, rule.text.format, rule.text.flag or "", rule.text.patient_text]
        wanted += [rulebook.adaptations[name].title for name in rule.targets]
        for part in filter(None, wanted):
            assert one_line(part).rstrip(".") in text, (rule.id, part)
        parts = described(told)
        assert ("If not known" in parts) == (rule.verb in (Verb.EXCLUDE, Verb.REFER))
        for name in rule.text.evidence:
            item = rulebook.evidence[name]
            assert rulebook.citations[name] in parts["Evidence"].text()
            assert f"review by {item.review_by}" in parts["Evidence"].text()
            assert f"../evidence.html#{name}" in targets(parts["Evidence"])


def test_a_source_from_memory_is_called_that(shipped: Path) -> None:
    rulebook = load_rulebook()
    for rule in rulebook.rules.values():
        for name, line in zip(
            rule.text.evidence,
            described(article(shipped, rule.id)).get("Evidence", Element("")).all("li"),
            strict=True,
        ):
            from_memory = rulebook.evidence[name].checked == "memory"
            assert ("from memory" in line.text()) == from_memory, (rule.id, name)


def test_each_test_of_a_condition_leads_to_its_feature(shipped: Path) -> None:
    when = described(article(shipped, "adaptation.stimulation.milder_episode"))["When"]
    assert [(one.text(), one.attributes["href"]) for one in when.all("a")] == [
        (
            "Treatment resistance by counted adequate trials is at least trd",
            "../features.html#trd_status",
        ),
        ("Severity of depression is moderate", "../features.html#depression_severity"),
    ]


def test_what_meets_a_rule_is_linked_both_ways(shipped: Path) -> None:
    rulebook = load_rulebook()
    for rule in rulebook.by_verb(Verb.RECOMMEND):
        for other in rulebook.by_verb(Verb.EXCLUDE):
            if rule.text.recommend in other.targets:
                one, two = (described(article(shipped, name.id))["Meets"] for name in (rule, other))
                assert place(other.id) in targets(one)
                assert place(rule.id) in targets(two)


def place(rule: str) -> str:
    topic, _, key = rule.rpartition(".")
    return f"../topics/{topic}.html#{key}"


# ------------------------------------------------------------------------------- vignettes


@cache
def answers() -> dict[str, Any]:
    rulebook = load_rulebook()
    return {name: recommend(profile, rulebook) for name, profile in read_vignettes(None, rulebook)}


def test_what_a_rule_did_to_each_vignette_is_what_it_does(shipped: Path) -> None:
    said = {2: "It fires in", 1: "It cannot be said in", 0: "It is silent in"}
    for rule in [*load_rulebook().rules][::7]:
        told = described(article(shipped, rule))["Vignettes"]
        blocks_ = {said_: one for one in told.children for said_ in said.values()
                   if one.text().startswith(said_)}  # fmt: skip
        for truth, words in said.items():
            named = {link.rpartition("#")[2] for link in targets(blocks_[words])}
            assert named == {n for n, a in answers().items() if a.trace.truths[rule] == truth}


def test_an_adaptation_stands_in_each_vignette_where_the_answer_puts_it(shipped: Path) -> None:
    for adaptation in load_rulebook().adaptations:
        rows = list(page(shipped, f"adaptations/{adaptation}.html").one("tbody").all("tr"))
        names = [link.rpartition("#")[2] for row in rows for link in targets(row)]
        assert sorted(names) == sorted(answers())
        planned = [row for row in rows if row.one("th").text() == "in the plan"]
        found = {link.rpartition("#")[2] for row in planned for link in targets(row)}
        assert found == {n for n, a in answers().items() if adaptation in a.recommended}


def test_an_adaptation_names_every_rule_about_it(shipped: Path) -> None:
    rulebook = load_rulebook()
    for adaptation in rulebook.adaptations:
        linked = targets(page(shipped, f"adaptations/{adaptation}.html").by_id("page"))
        for rule in rulebook.rules.values():
            held = rule.text.hold if rule.verb is Verb.REFER and rule.text.hold != "all" else ()
            if adaptation in (*rule.targets, *held):
                assert place(rule.id) in linked, (adaptation, rule.id)


def test_every_vignette_says_what_was_expected_and_found(shipped: Path) -> None:
    tree = page(shipped, "vignettes.html")
    for name, answer in answers().items():
        told = tree.by_id(name)
        assert one_line(str(answer.profile.expect["rationale"])) in told.text()
        found = described(told)["Found"]
        stops = {f"topics/{place(one.rule.id)[10:]}" for one in answer.plan.stops}
        planned = {f"adaptations/{one}.html" for one in answer.recommended}
        assert stops | planned <= targets(found)
        assert "as expected" in found.text()


# ------------------------------------------------------------------------------- tables


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix(MARK), newline="")))


def test_the_table_has_a_row_for_each_rule(shipped: Path) -> None:
    text = (shipped / "rules.csv").read_bytes().decode("utf-8")
    rows = {row["id"]: row for row in rows_of(text)}
    assert set(rows) == set(load_rulebook().rules)
    row = rows["adaptation.stimulation.milder_episode"]
    assert row["verb"] == "recommend"
    assert row["about"] == "tms"
    assert row["when"].endswith("at least trd and Severity of depression is moderate")
    assert "conditional recommendation" in row["then"]
    assert row["fires_in"].split("\n") == [
        name
        for name, answer in answers().items()
        if answer.trace.truths["adaptation.stimulation.milder_episode"] == 2
    ]
    assert rows["safety.tms.metal_near_head"]["if_not_known"].startswith("it waits until")


def test_lines_end_as_rfc_4180_says_and_spreadsheets_know_the_letters() -> None:
    text = table(("a", "b"), [{"a": 'say "x", y', "b": ["é", "two"]}])
    assert text == '\ufeffa,b\r\n"say ""x"", y","é\ntwo"\r\n'


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_no_cell_is_run_as_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"
    assert cell([text, "x"]) == f"'{text}\nx"


@pytest.mark.parametrize("text", ["", "1", "a=b", "No TMS", "'quoted"])
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert cell(text) == text


def test_a_formula_in_a_rule_is_text_in_the_table(tmp_path: Path) -> None:
    rule = RULE | {"title": "=cmd|calc", "because": "@SUM(A1)"}
    root = small(tmp_path, rules={"high": rule})
    (row,) = rows_of((made(tmp_path / "out", root) / "rules.csv").read_bytes().decode("utf-8"))
    assert (row["title"], row["because"]) == ("'=cmd|calc", "'@SUM(A1)")


# ------------------------------------------------------------------------------- the sheet

ATTRIBUTES = [
    *("citation", "developer", "funding", "dates", "race", "ethnicity", "language"),
    *("sexual_orientation", "gender_identity", "sex", "date_of_birth"),
    *("social_determinants", "health_status"),
]


def sheet(folder: Path) -> dict[str, dict[str, Any]]:
    rows = json.loads((folder / "sources.json").read_text("utf-8"))
    return {row["key"]: row for row in rows}


def test_the_thirteen_attributes_stand_in_their_order(shipped: Path) -> None:
    rows = sheet(shipped)
    assert [key for key, row in rows.items() if row["part"] == "attributes"] == ATTRIBUTES
    table_ = page(shipped, "sources.html").by_id("attributes")
    assert table_.tag == "h2"
    text = page(shipped, "sources.html").text()
    csv_rows = rows_of((shipped / "sources.csv").read_bytes().decode("utf-8"))
    for row, as_row in zip(rows.values(), csv_rows, strict=True):
        assert row["answer"] in text, row["key"]
        assert (as_row["item"], as_row["answer"]) == (row["item"], row["answer"])


def test_nothing_is_claimed_that_the_rulebook_does_not_show(shipped: Path) -> None:
    rows = sheet(shipped)
    assert rows["validation"]["answer"].startswith("Not prospectively validated")
    assert "347 of 347 rules are drafts" in rows["status"]["answer"]
    for kind in ("race", "ethnicity", "sexual_orientation", "gender_identity"):
        assert rows[kind]["answer"].startswith("Not used")
        assert not rows[kind]["rules"]


def test_a_kind_of_personal_data_names_the_rules_and_bands_that_use_it(shipped: Path) -> None:
    rows, rulebook = sheet(shipped), load_rulebook()
    assert "safety.scope.under_18" in rows["date_of_birth"]["rules"]
    assert "safety.tms_cautions.ask_pregnancy" in rows["sex"]["rules"]
    by_sex = [one.id for one in rulebook.instruments.values() if "sex" in one.bands_by]
    assert rows["sex"]["instruments"] == by_sex != []
    # What the bands are made into is used by sex too, though no rule there names it.
    behind = [rule for rule in rows["sex"]["rules"] if not names(rulebook, rule, "sex")]
    assert "safety.substances.dependence_mbct" in behind
    assert "access, sessions per week" in rows["social_determinants"]["answer"]


def names(rulebook: Rulebook, rule: str, feature: str) -> bool:
    return rule in Relations(rulebook).readers(feature)


def test_a_rulebook_that_states_nothing_is_told_so(tmp_path: Path) -> None:
    rows = sheet(made(tmp_path / "out", small(tmp_path)))
    assert rows["developer"]["answer"] == "Not stated in the rulebook."
    assert rows["funding"]["answer"] == "Not stated in the rulebook."
    assert rows["sex"]["answer"] == "The rulebook does not say which features hold it."


# ------------------------------------------------------------------------------- search


def index(folder: Path) -> list[list[str]]:
    text = (folder / "search-index.js").read_text("utf-8")
    found: list[list[str]] = json.loads(text.removeprefix("window.catalogue=").rstrip(";\n"))
    return found


def test_the_search_knows_every_rule_and_where_it_stands(shipped: Path) -> None:
    entries = index(shipped)
    assert {one[1] for one in entries if one[0] == "rule"} == set(load_rulebook().rules)
    for kind, name, called, where, more in entries:
        file, _, anchor = where.partition("#")
        assert called, name
        if anchor:
            page(shipped, file).by_id(anchor)
        assert isinstance(more, str), kind


# ------------------------------------------------------------------------------- small folders


def small(folder: Path, rules: Plain | None = None, **files: Any) -> Path:
    written = {name.replace("__", "/") + ".yaml": data for name, data in files.items()}
    topic = {"topic": "Mindfulness", "rules": rules or {"high": RULE}}
    return write(folder / "book", {**FILES, "rules/adaptation/mindfulness.yaml": topic, **written})


def test_what_a_rule_file_says_is_text_and_never_markup(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>\"'&"
    rule = RULE | {"title": evil, "because": evil, "limits": evil}
    folder = made(tmp_path / "out", small(tmp_path, rules={"high": rule}))
    for _, tree in pages(folder):
        assert len(list(tree.all("script"))) == 1
    assert evil in article(folder, "adaptation.mindfulness.high").text()


def test_a_vignette_that_ends_otherwise_is_marked(tmp_path: Path) -> None:
    low = patient(observations={"mood": "low"}, expect={"at_least": ["mbct"]})
    root = small(tmp_path, profiles__low=low)
    code, output = run("-o", str(tmp_path / "out"), "--content", str(root), "--as-of", DAY)
    assert code == 0
    assert "1 vignettes are not as expected" in output
    told = page(tmp_path / "out", "vignettes.html").by_id("low").text()
    assert "Not as expected: M (mbct) is not in the plan: not_indicated." in told
    assert "1 vignette is not as expected" in page(tmp_path / "out", "index.html").text()


def test_a_rule_that_fires_in_no_vignette_is_named(tmp_path: Path) -> None:
    folder = made(tmp_path / "out", small(tmp_path, rules={"high": RULE, "never": SAFE}))
    text = page(folder, "index.html").text()
    assert "2 rules fire in no vignette" in text


def test_findings_stand_with_their_rule_and_on_a_page_of_their_own(tmp_path: Path) -> None:
    folder = made(tmp_path / "out", small(tmp_path))
    at_rule = described(article(folder, "adaptation.mindfulness.high"))["Findings of checks"]
    found = [one.text() for one in at_rule.all("li")]
    assert any(line.startswith("Error L201 ") for line in found), found
    of_check = page(folder, "findings.html").by_id("L201")
    assert of_check.text() == "L201 A clinical rule that cites nothing."


def test_both_fire_counts_the_vignettes_where_both_do(tmp_path: Path) -> None:
    high = patient(observations={"mood": "high"})
    root = small(tmp_path, rules={"one": RULE, "two": SAFE}, profiles__a=high, profiles__b=high)
    folder = made(tmp_path / "out", root)
    meets = described(article(folder, "adaptation.mindfulness.one"))["Meets"].text()
    assert "T (both fire in 2 vignettes)" in meets


def test_a_site_shows_what_it_departs_from(tmp_path: Path) -> None:
    rule, why = "safety.tms.metal_near_head", "Our own device list, agreed by the TMS lead."
    files = {
        "rules/rulebook.yaml": {"lays_over": "trd_cbt", "departures": {rule: why}},
        "rules/safety/tms.yaml": {
            "topic": "TMS",
            "rules": {"metal_near_head": {"until": "Ward 3 has cleared it"}},
        },
    }
    folder = made(tmp_path / "out", write(tmp_path / "site", files))
    assert why in page(folder, "index.html").text()
    assert "Ward 3 has cleared it" in article(folder, rule).text()


# ------------------------------------------------------------------------------- reports

PROMISE: Plain = {
    "never_low": {
        "title": "Nobody in low spirits gets it",
        "when": {"mood": "low"},
        "even_if_unknown": False,
        "never": {"recommended": "mbct"},
    }
}


def reported(folder: Path, root: Path, **more: Any) -> Path:
    """A report of proofs on the rulebook of a folder, as a file."""
    shape = {"check": "G10", "severity": "error", "place": "", "witnesses": [], "more": 0}
    shape |= {"details": {}, "repair": ""}
    proved = shape | {"subject": "never_low", "verdict": "proved", "claim": "Never", "why": ""}
    masked = shape | {"subject": "adaptation.mindfulness.high", "verdict": "found"}
    masked |= {"check": "G03", "claim": "It never decides", "why": "another one always blocks"}
    report = {
        "schema": "report/1",
        "command": "prove",
        "rulebook": {"digest": load_rulebook(root).digest},
        "assumptions": {"links": ["Nobody is low and high"]},
        "findings": [proved, masked],
        "counts": {"proved": 1, "refuted": 0, "found": 1},
    } | more
    file = folder / "report.json"
    file.write_text(json.dumps(report), "utf-8")
    return file


def test_proofs_stand_with_what_they_are_about(tmp_path: Path) -> None:
    root = small(tmp_path, rules__invariants=PROMISE)
    folder = made(tmp_path / "out", root, "--report", str(reported(tmp_path, root)))
    promise = described(page(folder, "invariants.html").by_id("never_low"))
    assert promise["Proof"].text() == "Proved for every possible patient G10"
    rule = described(article(folder, "adaptation.mindfulness.high"))["Reports"].text()
    assert rule == "Found G03: another one always blocks. It never decides"
    start = page(folder, "index.html").one("main")
    assert "rules prove on this very rulebook: 1 proved, 1 found." in start.text()
    assert "Nobody is low and high" in start.text()
    assert "topics/adaptation.mindfulness.html#high" in targets(start)


def test_without_a_report_the_pages_say_that_nothing_was_proved(tmp_path: Path) -> None:
    folder = made(tmp_path / "out", small(tmp_path, rules__invariants=PROMISE))
    promise = described(page(folder, "invariants.html").by_id("never_low"))
    assert promise["Proof"].text() == "not run"
    assert "Not run: no report was given." in page(folder, "index.html").text()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"rulebook": {"digest": "0" * 64}}, "another version of the rulebook"),
        ({"schema": "recommendation/1"}, "no report in JSON"),
    ],
)
def test_a_report_on_something_else_is_refused(tmp_path: Path, more: Plain, words: str) -> None:
    root = small(tmp_path)
    file = reported(tmp_path, root, **more)
    code, output = run("-o", str(tmp_path / "out"), "--content", str(root), "--report", str(file))
    assert code == 2
    assert words in one_line(output.replace("│", " "))
    assert not (tmp_path / "out").exists()


def test_a_report_that_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("proved!", "utf-8")
    code, output = run("-o", str(tmp_path / "out"), "--report", str(tmp_path / "report.json"))
    assert code == 2
    assert "JSON" in output


# ------------------------------------------------------------------------------- approvals


@pytest.fixture
def kept_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(proofs, "PEOPLE", 2)
    place_ = Place(tmp_path / "place")
    place_.policy()
    return place_


def test_rules_count_as_approved_only_by_people_who_are_trusted(
    kept_place: Place, tmp_path: Path
) -> None:
    kept_place.approval()
    unknown = page(made(tmp_path / "unknown", kept_place.folder), "index.html").text()
    assert "Draft: not clinically approved. No approval of these rules was found" in unknown
    words = ("-o", str(tmp_path / "known"), "--content", str(kept_place.folder))
    code, output = run(*words, "--as-of", str(SIGNED), "--trust", kept_place.pin)
    assert code == 0, output
    for name, tree in pages(tmp_path / "known"):
        head = tree.one("header").text()
        assert "Approved by the governance group of this place until 2027-06-01" in head, name
        assert "not clinically approved" not in head
    assert "Approved by" in sheet(tmp_path / "known")["status"]["answer"]


def test_an_approval_that_has_ended_is_none(kept_place: Place, tmp_path: Path) -> None:
    kept_place.approval()
    words = ("-o", str(tmp_path / "out"), "--content", str(kept_place.folder))
    code, _ = run(*words, "--as-of", "2027-06-02", "--trust", kept_place.pin)
    assert code == 0
    assert "Draft: not clinically approved." in page(tmp_path / "out", "index.html").text()


def test_a_withdrawn_rule_is_called_that_and_does_what_it_does_now(
    kept_place: Place, tmp_path: Path
) -> None:
    kept_place.withdrawal("cara")
    kept_place.withdrawal("cara", "safety.mood.low")
    folder = made(tmp_path / "out", kept_place.folder)
    start = page(folder, "index.html").by_id("page")
    advice = article(folder, "adaptation.mindfulness.high")
    guard = article(folder, "safety.mood.low")
    for text in (start.text(), advice.text()):
        assert "Withdrawn, without effect: High mood" in text
        assert "since 2026-12-01: A report is looked into." in text
    assert "what it is about is kept out for everybody" in guard.text()
    assert "It fires in 0 vignettes." in described(advice)["Vignettes"].text()
    assert described(guard)["When"].text() == "always"
    assert "It fires in 1 vignette: high" in described(guard)["Vignettes"].text()
    found = described(page(folder, "vignettes.html").by_id("high"))["Found"].text()
    assert "phase" not in found
    status = sheet(folder)["status"]["answer"]
    assert "withdrawn: adaptation.mindfulness.high, safety.mood.low." in status


# ------------------------------------------------------------------------------- writing


def test_the_sums_are_those_of_the_files(shipped: Path) -> None:
    lines = (shipped / "SHA256SUMS").read_text("utf-8").splitlines()
    sums = {line[66:]: line[:64] for line in lines}
    files = {file.relative_to(shipped).as_posix() for file in shipped.rglob("*") if file.is_file()}
    assert set(sums) == files - {"SHA256SUMS"}
    for name, sum_ in sums.items():
        assert hashlib.sha256((shipped / name).read_bytes()).hexdigest() == sum_


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", "utf-8")
    code, output = run("-o", str(tmp_path), "--as-of", DAY)
    assert code == 2
    assert "no catalogue" in one_line(output)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_an_earlier_catalogue_is_replaced_and_nothing_of_it_stays(tmp_path: Path) -> None:
    root = small(tmp_path, rules__safety__old={"topic": "Old", "rules": {"no": SAFE}})
    out = made(tmp_path / "out", root)
    (out / "mine.txt").write_text("a note", "utf-8")
    (root / "rules/safety/old.yaml").unlink()
    made(out, root)
    assert not (out / "topics/safety.old.html").exists()
    assert (out / "mine.txt").read_text("utf-8") == "a note"


def test_sums_that_lead_out_of_the_folder_remove_nothing(tmp_path: Path) -> None:
    keep = tmp_path / "keep.txt"
    keep.write_text("x", "utf-8")
    out = tmp_path / "out"
    out.mkdir()
    lines = f"{'0' * 64}  ../keep.txt\n{'0' * 64}  {keep}\n"
    (out / "SHA256SUMS").write_text(lines, "utf-8")
    made(out, small(tmp_path))
    assert keep.exists()


def test_a_rulebook_that_does_not_load_writes_nothing(tmp_path: Path) -> None:
    root = small(tmp_path, rules={"high": RULE | {"recommend": "mbtc"}})
    code, _ = run("-o", str(tmp_path / "out"), "--content", str(root))
    assert code == 3
    assert not (tmp_path / "out").exists()


def test_the_bytes_are_the_same_under_every_hash_seed(shipped: Path, tmp_path: Path) -> None:
    runs = [
        subprocess.Popen(
            [*(sys.executable, "-m", "recommender", "rules", "catalogue", "--as-of", DAY),
             *("-o", str(tmp_path / seed))],
            env=os.environ | {"PYTHONHASHSEED": seed},
            stdout=subprocess.DEVNULL,
        )
        for seed in ("1", "77")
    ]  # fmt: skip
    assert [one.wait() for one in runs] == [0, 0]
    for seed in ("1", "77"):
        for name in ("SHA256SUMS", "index.html"):
            assert (tmp_path / seed / name).read_bytes() == (shipped / name).read_bytes()


# ------------------------------------------------------------------------------- history


def git(folder: Path, *words: str, day: str = "2026-01-01") -> None:
    stamp = f"{day}T12:00:00"
    subprocess.run(
        [*("git", "-C", str(folder), "-c", "user.name=Somebody Here"),
         *("-c", "user.email=somebody@example.org", *words)],
        check=True,
        capture_output=True,
        env=os.environ | {"GIT_AUTHOR_DATE": stamp, "GIT_COMMITTER_DATE": stamp},
    )  # fmt: skip


TOPIC_FILE = "rules/adaptation/mindfulness.yaml"
FIRST = """topic: Mindfulness
rules:
  high:
    title: First
    when: {mood: high}
    recommend: mbct
    because: B
  gone:
    title: Gone
    when: {mood: low}
    exclude: mbct
    because: B
"""


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A folder with three commits: two rules; remarks and layout; one changed and one removed."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    root = write(tmp_path / "book", {**FILES, TOPIC_FILE: FIRST})
    git(tmp_path, "init", "-q")

    def commit(text: str, subject: str, day: str) -> None:
        (root / TOPIC_FILE).write_text(text, "utf-8")
        git(tmp_path, "add", "book")
        git(tmp_path, "commit", "-qm", subject, day=day)

    commit(FIRST, "Two rules", "2026-01-01")
    remarked = FIRST.replace("  high:", "  # a remark\n  high:  # another").replace("B\n", "B\n\n")
    commit(remarked, "Only layout", "2026-01-02")
    kept_ = remarked[: remarked.index("  gone:")].replace("First", "Second")
    commit(kept_, "One less", "2026-01-03")
    return root


def test_a_rule_has_the_commits_that_changed_it(kept: Path) -> None:
    found = history(kept)
    assert found is not None
    seen = {
        rule: [(one.on, one.what, one.subject) for one in changes]
        for rule, changes in found.rules.items()
    }
    assert seen == {
        "adaptation.mindfulness.high": [
            ("2026-01-03", "changed", "One less"),
            ("2026-01-01", "added", "Two rules"),
        ],
        "adaptation.mindfulness.gone": [
            ("2026-01-03", "removed", "One less"),
            ("2026-01-01", "added", "Two rules"),
        ],
    }
    assert not found.uncommitted
    assert not found.shallow


def test_what_is_not_committed_is_said(kept: Path) -> None:
    file = kept / TOPIC_FILE
    file.write_text(file.read_text("utf-8").replace("Second", "Third"), "utf-8")
    found = history(kept)
    assert found is not None
    assert found.uncommitted == {"adaptation.mindfulness.high"}


def test_the_page_shows_the_history_and_nobodys_name(kept: Path, tmp_path: Path) -> None:
    folder = made(tmp_path / "out", kept)
    told = described(article(folder, "adaptation.mindfulness.high"))["History"].text()
    assert re.fullmatch(
        r"2026-01-03 changed [0-9a-f]{10} One less 2026-01-01 added [0-9a-f]{10} Two rules", told
    )
    everything = "".join(f.read_text("utf-8") for f in folder.rglob("*") if f.is_file())
    assert "Somebody" not in everything
    assert "example.org" not in everything


def test_a_folder_without_git_has_no_history(tmp_path: Path) -> None:
    root = small(tmp_path)
    assert history(root) is None
    folder = made(tmp_path / "out", root)
    assert "History" not in described(article(folder, "adaptation.mindfulness.high"))
    assert "No history" in page(folder, "index.html").text()


def test_without_git_at_all_there_is_none(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert history(kept) is None


def test_a_history_that_is_cut_short_is_called_that(kept: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    source = f"file://{kept.parent}"
    git(tmp_path, "clone", "-q", "--depth", "1", source, str(clone))
    found = history(clone / "book")
    assert found is not None
    assert found.shallow


def test_rules_are_told_apart_by_their_lines() -> None:
    assert blocks(
        "topic: T\nrules:\n    a:\n        x: 1\n        b:\n    c: # r\n        y: 2\n"
    ) == {
        "a": "a: x: 1 b:",
        "c": "c: y: 2",
    }
    assert blocks("topic: T\n") == {}


def test_the_day_of_the_look_decides_what_is_overdue(tmp_path: Path) -> None:
    source = {"id": "old_2001", "title": "Old", "checked": "source", "review_by": "2026-11-24"}
    root = small(tmp_path, rules={"high": RULE | {"evidence": ["old_2001"]}})
    write(
        root, {"rules/evidence.yaml": [source], "rules/vocabulary/features.yaml": [ordinal("mood")]}
    )
    late = article(made(tmp_path / "late", root), "adaptation.mindfulness.high").text()
    assert "review overdue since 2026-11-24" in late
    code, _ = run("-o", str(tmp_path / "soon"), "--content", str(root), "--as-of", "2026-11-24")
    assert code == 0
    soon = article(tmp_path / "soon", "adaptation.mindfulness.high").text()
    assert "review by 2026-11-24" in soon
    assert str(AS_OF) not in soon
