"""Coverage and mutation in the catalogue: told with each rule and as a whole, confirmed or not."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from typer.testing import CliRunner

from recommender.explain.layout import one_line
from recommender.governance.catalogue.reports import Reports, UnfitReport, read_reports
from recommender.surfaces.cli import app
from tests.building import AS_OF, FILES, MOOD, RULE, Plain, boolean, patient, write
from tests.governance.test_catalogue import article, described, page, pages, run, targets
from tests.html import Element

DAY = ("--as-of", AS_OF.isoformat())
HIGH_RULE, TWICE, CLIP = (
    "adaptation.mindfulness.high",
    "adaptation.mindfulness.twice",
    "safety.clip.clip",
)
GUARD: Plain = {"title": "Clip", "when": {"clip": True}, "exclude": "mbct", "because": "B"}
SAME_TWICE: Plain = {
    "title": "Says the same twice",
    "when": {"all": [{"mood": "high"}, {"mood": {"at_least": "mild"}}]},
    "caution": ["mbct"],
    "monitor": "sleep",
    "because": "B",
}
CONFIRMED = patient(
    id="high", observations={"mood": "high", "clip": False}, expect={"at_least": ["mbct"]}
)
PINNED = patient(
    id="low",
    observations={"mood": "low", "clip": False},
    expect={"never": ["mbct"], "unreviewed": True},
)


def report(root: Path, command: str, *more: str) -> Path:
    """A real report on the rulebook of a folder, beside it."""
    file = root.parent / f"{command}{len(more)}.json"
    words = ("--content", str(root), "--format", "json", "-o", str(file), *DAY, *more)
    result = CliRunner().invoke(app, ["rules", command, *words])
    assert result.exit_code == 0, result.output
    return file


def made(root: Path, *reports: Path) -> Path:
    target = Path(mkdtemp(dir=root.parent))  # pages are kept by folder once they were read
    given = [word for one in reports for word in ("--report", str(one))]
    code, output = run("-o", str(target), "--content", str(root), *DAY, *given)
    assert code == 0, output
    return target


def refused(root: Path, *reports: Path) -> str:
    target = root.parent / "refused"
    given = [word for one in reports for word in ("--report", str(one))]
    code, output = run("-o", str(target), "--content", str(root), *DAY, *given)
    assert code == 2
    assert not target.exists()
    return one_line(output.replace("│", " "))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One rule that is watched, one that says a thing twice, and a guard that nobody tries."""
    topic = {"topic": "Mindfulness", "rules": {"high": RULE, "twice": SAME_TWICE}}
    files = {
        **FILES,
        "rules/vocabulary/features.yaml": [MOOD, boolean("clip")],
        "rules/adaptation/mindfulness.yaml": topic,
        "rules/safety/clip.yaml": {"topic": "Clips", "rules": {"clip": GUARD}},
        "profiles/high.yaml": CONFIRMED,
        "profiles/suggested/low.yaml": PINNED,
    }
    return write(tmp_path_factory.mktemp("reports") / "book", files)


@pytest.fixture(scope="module")
def reports(root: Path) -> dict[str, Path]:
    return {
        "coverage": report(root, "coverage", "--unreviewed"),
        "mutate": report(root, "mutate", "--unreviewed"),
        "prove": report(root, "prove"),
    }


@pytest.fixture(scope="module")
def site(root: Path, reports: dict[str, Path]) -> Path:
    return made(root, *reports.values())


def told(folder: Path, rule: str, term: str) -> Element:
    return described(article(folder, rule))[term]


def listed(part: Element, summary: str) -> list[str]:
    """The lines that are folded away below a summary."""
    (found,) = (one for one in part.all("details") if one.one("summary").text() == summary)
    return [one.text() for one in found.all("li")]


def open_lines(part: Element) -> list[str]:
    """The lines that are not folded away."""
    folded = {id(line) for one in part.all("details") for line in one.all("li")}
    return [one.text() for one in part.all("li") if id(one) not in folded]


def rows(part: Element, caption: str) -> list[list[str]]:
    """The rows of the table with that caption, without its head."""
    (table,) = (one for one in part.all("table") if one.one("caption").text().startswith(caption))
    return [[cell.text() for cell in row.all("th", "td")] for row in table.one("tbody").all("tr")]


# ------------------------------------------------------------------------------- a rule


def test_a_rule_says_what_of_it_nobody_shows(site: Path) -> None:
    part = told(site, CLIP, "Shown")
    assert part.text().startswith(
        "By vignettes that their authors vouch for: 1 of the 5 things that somebody can show. "
        "Only by ones that nobody has confirmed: 0. By none: 4."
    )
    assert open_lines(part) == [
        "It holds for somebody",
        "Without it somebody’s plan is another",
        "«clip: yes» alone decides a plan while it is met",
        "«clip: yes» alone decides a plan while it is not known",
    ]


def test_a_rule_says_who_shows_what_and_whether_anybody_confirmed_that(site: Path) -> None:
    part = told(site, HIGH_RULE, "Shown")
    assert listed(part, "Shown by vignettes that their authors vouch for (3)") == [
        "It holds for somebody: high",
        "Without it somebody’s plan is another: high",
        "«mood is high» alone decides a plan while it is met: high",
    ]
    assert listed(part, "Shown only by vignettes that nobody has confirmed (1)") == [
        "«mood is high» alone decides a plan while it is not met: suggested/low, "
        "which nobody has confirmed"
    ]
    assert targets(part) == {"../vignettes.html#high"}


def test_what_is_proved_impossible_leaves_the_count_and_is_listed(site: Path) -> None:
    part = told(site, TWICE, "Shown")
    assert "4 of the 4 things that somebody can show" in part.text()
    impossible = listed(part, "Proved that nobody can show it; it does not count (4)")
    assert "«mood is at least mild» alone decides a plan while it is not met" in impossible
    assert not open_lines(part)


def test_a_rule_says_which_changes_nothing_would_notice_and_who_shows_them(site: Path) -> None:
    part = told(site, CLIP, "Noticed")
    assert part.text().startswith(
        "6 small changes were tried. Noticed by what authors vouch for: 2 of the 6 that count "
        "(33.3 %), 2 by vignettes. Only by what nobody has "
        "confirmed: 0. By nothing: 4. Safety rests on this rule; needed of all such rules "
        "together: 100 %."
    )
    dropped, weaker, *_ = open_lines(part)
    assert dropped == (
        "The rule left out. Shown by a person with clip: yes (all else: not known). "
        "What then differs: M (status)."
    )
    assert weaker == (
        "A weaker if_not_known (if_not_known): «block» becomes «ask». "
        "Shown by a person of whom nothing is known. What then differs: M (status)."
    )
    assert targets(part) == {"../features.html#clip", "../adaptations/mbct.html"}


def test_what_nobody_has_confirmed_is_counted_apart_with_each_rule(site: Path) -> None:
    text = told(site, HIGH_RULE, "Noticed").text()
    assert "Noticed by what authors vouch for: 4 of the 9 that count (44.4 %)" in text
    assert (
        "Only by what nobody has confirmed: 5, 3 by plans as they are today, "
        "2 by suggested vignettes. By nothing: 0."
    ) in text


def test_changes_without_effect_are_folded_away_and_a_smell_is_said(site: Path) -> None:
    part = told(site, TWICE, "Noticed")
    assert "9 small changes were tried, 5 proved to alter nobody’s plan." in part.text()
    assert "Much of it can be changed without any effect." in part.text()
    same = listed(part, "Changes that alter nobody’s plan, proved for every possible patient (5)")
    assert "A part of the condition left out (when.0): «mood is high»." in same
    assert not open_lines(part)
    assert "without any effect" not in told(site, HIGH_RULE, "Noticed").text()


def test_a_living_change_names_the_vignette_that_expects_nothing_of_it(root: Path) -> None:
    folder = made(root, report(root, "mutate"))
    part = told(folder, HIGH_RULE, "Noticed")
    assert "What nobody has confirmed was not counted." in part.text()
    assert "Only by what nobody has confirmed" not in part.text()
    (role,) = (line for line in open_lines(part) if line.startswith("Another role"))
    assert role == (
        "Another role in the plan (as): «add-on» becomes «foundation». Shown by high, whose "
        "expectation says nothing of it. What then differs: M (how it is recommended)."
    )
    assert "../vignettes.html#high" in targets(part)


def planted(root: Path, **more: Any) -> Plain:
    """A report of mutation with one living change of the guard, as given."""
    found: Plain = json.loads((root.parent / "mutate1.json").read_text("utf-8"))
    shape: Plain = {"rule": CLIP, "operator": "value", "place": "hold", "before": "mbct"}
    shape |= {"after": "", "why": "question", "about": ["clip", "all"], "witness": None}
    found["live"] = [shape | {"vignette": "", "edits": None} | more]
    return found


def placed(root: Path, document: Plain, name: str = "planted.json") -> Path:
    file = root.parent / name
    file.write_text(json.dumps(document), "utf-8")
    return file


def test_a_living_change_is_told_with_the_edits_of_the_nearest_vignette(
    root: Path, reports: dict[str, Path]
) -> None:
    assert reports["mutate"].name == "mutate1.json"
    edit = {"feature": "mood", "before": {"value": "high"}, "after": {"value": "low"}}
    found = planted(root, vignette="suggested/low", edits=[edit])
    (line,) = open_lines(told(made(root, placed(root, found)), CLIP, "Noticed"))
    assert line == (
        "Another value (hold): «M» is left out. Shown by suggested/low, which nobody has "
        "confirmed, were it otherwise in mood: low in place of high. "
        "What then differs: clip, all (required question)."
    )


def test_a_person_is_told_with_what_was_lifted_and_wished(
    root: Path, reports: dict[str, Path]
) -> None:
    witness = {"features": [], "lifted": [CLIP], "declined": ["mbct"], "prefers": []}
    found = planted(root, witness=witness)
    found["undecided"] = [found["live"][0] | {"why": "no_witness"}]
    live, undecided = open_lines(told(made(root, placed(root, found)), CLIP, "Noticed"))
    assert "a person with lifted: Clip; declines: M (all else: not known)." in live
    assert undecided.endswith("no patient was confirmed.")


# ------------------------------------------------------------------------------- the rulebook


def test_one_page_tells_classes_and_aspects_with_confirmed_and_unconfirmed_apart(
    site: Path,
) -> None:
    whole = page(site, "coverage.html").by_id("page")
    bearing, elsewhere = rows(whole, "Small changes of the rules, by class")
    assert bearing == [
        *("Rules that safety rests on", "2 of 6 (33.3 %)", "2 of 6 (33.3 %)", "100 %"),
        *("not reached", "4", "0"),
    ]
    assert elsewhere == [
        *("All other rules", "4 of 13 (30.7 %)", "13 of 13 (100 %)", "95 %", "reached", "0", "5")
    ]
    assert "The gate is not reached." in whole.text()
    aspects = rows(whole, "What has to be shown")
    assert aspects[0] == [
        *("Rules that hold for somebody", "2 of 3 (66.6 %)", "2 (66.6 %)", "1", "0", "0")
    ]
    assert aspects[-1] == ["All of it", "9 of 20 (45 %)", "11 (55 %)", "9", "0", "7"]
    assert "Says the same twice: 5 of 9" in whole.text()
    assert (
        "with 1 vignette that its author vouches for and 1 that nobody has confirmed"
        in whole.text()
    )
    assert "of the rules in use" not in whole.text()
    assert "The vignettes are others" not in whole.text()


def test_the_rules_that_lag_come_first(site: Path) -> None:
    whole = page(site, "coverage.html").by_id("page")
    assert rows(whole, "Rules of which something is not shown") == [
        ["Clip (safety rests on it)", "1 of 5", "0", "4", "2 of 6", "0", "4"],
        ["T", "3 of 5", "1", "1", "4 of 9", "5", "0"],
    ]
    assert rows(whole, "Rules of which the rest") == [
        ["Says the same twice", "4 of 4", "0", "0", "0 of 4", "4", "0"]
    ]


def test_among_equals_rules_that_safety_rests_on_come_first(
    root: Path, reports: dict[str, Path]
) -> None:
    found = json.loads(reports["mutate"].read_text("utf-8"))
    for one in found["rules"]:
        one |= {"live": 1, "undecided": 0, "plan": 9 if one["rule"] == TWICE else 0}
        one["suggested"] = 0
    standing = Reports(mutation=found).standing([HIGH_RULE, TWICE, CLIP])
    assert [one["rule"] for one in standing] == [CLIP, TWICE, HIGH_RULE]


def test_an_adaptation_says_which_of_its_statuses_nobody_shows(site: Path) -> None:
    main = page(site, "adaptations/mbct.html").by_id("page")
    part = described(main)["Shown"]
    assert "declined by the patient" in open_lines(part)
    assert listed(part, "Shown by vignettes that their authors vouch for (1)") == [
        "in the plan: high"
    ]
    assert "M: not now, because of a finding; declined" in page(site, "coverage.html").text()


def test_the_first_page_tells_all_three_in_short(site: Path) -> None:
    start = page(site, "index.html").by_id("page")
    text = start.text()
    assert "rules prove on this very rulebook: 5 proved" in text
    assert (
        "45 % is shown by vignettes that their authors vouch for, 55 % together with what" in text
    )
    assert "31.5 % is noticed by what authors vouch for, 78.9 % together with what" in text
    assert "Not run" not in text
    assert "coverage.html" in targets(start)


def test_the_pages_are_built_for_keyboard_and_screen_reader(site: Path) -> None:
    for name, tree in pages(site):
        ids = [one.attributes["id"] for one in tree.all() if "id" in one.attributes]
        assert len(ids) == len(set(ids)), name
        levels = [int(one.tag[1]) for one in tree.all("h1", "h2", "h3", "h4")]
        assert all(after <= before + 1 for before, after in pairwise(levels)), name
        for one in tree.all():
            if one.attributes.get("role") == "region":
                assert one.attributes["tabindex"] == "0"
            assert one.attributes.get("aria-labelledby", ids[0]) in ids, name
            place = one.attributes.get("href", "")
            if place.startswith("#"):
                assert place[1:] in ids, (name, place)


# ------------------------------------------------------------------------------- what is not there


def test_without_a_report_the_pages_say_that_it_was_not_run(root: Path) -> None:
    folder = made(root)
    for rule in (HIGH_RULE, CLIP):
        parts = described(article(folder, rule))
        assert parts["Shown"].text() == parts["Noticed"].text() == "not run"
    assert described(page(folder, "adaptations/mbct.html").by_id("page"))["Shown"].text() == (
        "not run"
    )
    for name in ("index.html", "coverage.html"):
        text = page(folder, name).by_id("page").text()
        for command in ("coverage", "mutate"):
            assert f"Not run: no report was given. recommender rules {command} " in text
    assert not list(page(folder, "coverage.html").all("table"))


def test_a_report_of_some_rules_is_called_that(root: Path) -> None:
    words = ("--rule", "safety.clip", "--unreviewed")
    folder = made(root, report(root, "coverage", *words), report(root, "mutate", *words))
    parts = described(article(folder, HIGH_RULE))
    assert parts["Shown"].text() == parts["Noticed"].text() == "not in the report"
    for name in ("index.html", "coverage.html"):
        text = page(folder, name).by_id("page").text()
        assert text.count("It looked at 1 of the rules in use, of which there are 3.") == 2
    assert [row[0] for row in rows(page(folder, "coverage.html"), "Rules of which")] == [
        "Clip (safety rests on it)"
    ]


@pytest.mark.parametrize(
    ("command", "shown", "missing"),
    [("coverage", "Not shown", "Not noticed"), ("mutate", "Not noticed", "Not shown")],
)
def test_one_of_the_two_alone_makes_its_own_columns(
    root: Path, reports: dict[str, Path], command: str, shown: str, missing: str
) -> None:
    folder = made(root, reports[command])
    lagging = page(folder, "coverage.html").by_id("lagging-rules")
    heads = [one.text() for one in next(lagging.all("thead")).all("th")]
    assert shown in heads
    assert missing not in heads


@pytest.mark.parametrize("command", ["coverage", "mutate"])
def test_a_report_of_another_rulebook_is_refused(
    root: Path, reports: dict[str, Path], command: str
) -> None:
    found = json.loads(reports[command].read_text("utf-8"))
    found["rulebook"]["digest"] = "0" * 64
    other = placed(root, found, "other.json")
    assert "another version of the rulebook: make it again" in refused(root, other)


@pytest.mark.parametrize("command", ["coverage", "mutate"])
def test_a_report_given_twice_or_with_something_left_out_is_refused(
    root: Path, reports: dict[str, Path], command: str
) -> None:
    assert f"two reports of rules {command}" in refused(root, *[reports[command]] * 2)
    found = json.loads(reports[command].read_text("utf-8"))
    del found["undecided"]
    with pytest.raises(UnfitReport, match="leaves something out"):
        read_reports([found], found["rulebook"]["digest"])


def test_vignettes_that_changed_since_are_said(root: Path, reports: dict[str, Path]) -> None:
    found = json.loads(reports["coverage"].read_text("utf-8"))
    found["shown"][0]["vignette"] = "gone_since"
    folder = made(root, placed(root, found))
    assert "The vignettes are others than when these reports were made" in (
        page(folder, "coverage.html").text()
    )
    part = told(folder, found["shown"][0]["about"], "Shown")
    assert "It holds for somebody: gone_since" in part.text()
    assert "gone_since, which nobody has confirmed" not in part.text()


def test_what_a_report_says_is_text_and_never_markup(root: Path, reports: dict[str, Path]) -> None:
    evil = "<img src=x>"
    found = planted(root, place=evil, about=[evil], vignette=evil)
    shown = json.loads(reports["coverage"].read_text("utf-8"))
    shown["missing"][0] |= {"about": HIGH_RULE, "test": evil}
    folder = made(root, placed(root, found), placed(root, shown, "shown.json"))
    for name, tree in pages(folder):
        assert not list(tree.all("img")), name
    assert evil in article(folder, HIGH_RULE).text()
    assert evil in article(folder, CLIP).text()
