"""The command line as people and programs use it: output, files, exit codes, mistakes."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from recommender import load_rulebook, recommend
from recommender.errors import EngineError, Problem, ProfileError
from recommender.explain.argument import further_reasons
from recommender.explain.render import render, render_template, render_why, render_why_not
from recommender.explain.rule_words import rule_view
from recommender.findings import WISHES
from recommender.profile import read_profile
from recommender.surfaces.cli import app, options

ROOT = Path(__file__).parents[2]
PROFILES = sorted((ROOT / "profiles").glob("*.yaml"))
TYPICAL = str(ROOT / "profiles" / "typical_first_intake.yaml")
STOPPED = str(ROOT / "profiles" / "suicidal_intent.yaml")

RULEBOOK = load_rulebook()

runner = CliRunner()


def run(*arguments: str, code: int = 0, stdin: str | bytes | None = None) -> str:
    """Standard output of one command that must end with `code`."""
    result = runner.invoke(app, list(arguments), input=stdin)
    assert result.exit_code == code, result.output
    return result.stdout


def complaint(*arguments: str, code: int, stdin: str | None = None) -> str:
    """Standard error of one command that must end with `code`, boxes and line ends left out."""
    result = runner.invoke(app, list(arguments), input=stdin)
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", result.stderr).split())


def commands() -> Iterator[list[str]]:
    yield []
    for name in ("recommend", "why", "why-not", "ask", "intake", "schema", "profile", "rules"):
        yield [name]
    yield from (["profile", "new"], ["rules", "list"], ["rules", "show"], ["rules", "prove"])


# ------------------------------------------------------------------------------- recommend


def test_recommend_prints_a_page_that_fits() -> None:
    text = run("recommend", TYPICAL)
    assert "The plan at a glance" in text
    assert max(map(len, text.splitlines())) <= 100
    assert "\x1b" not in text


@pytest.mark.parametrize("profile", PROFILES, ids=lambda path: path.stem)
def test_every_shipped_profile_is_answered_with_all_adaptations(profile: Path) -> None:
    document = recommend(read_profile(profile.read_bytes(), "x"), RULEBOOK).to_dict()
    for format, mark in (("text", ""), ("markdown", "`")):
        text = " ".join(render(document, format=format).split())
        for adaptation in RULEBOOK.adaptations:
            assert f"({mark}{adaptation}{mark})" in text
        assert "None" not in text
        assert "[]" not in text


def test_json_is_the_document_and_nothing_else() -> None:
    document = json.loads(run("recommend", TYPICAL, "--format", "json"))
    profile = read_profile(Path(TYPICAL).read_bytes(), "x")
    assert document == recommend(profile, RULEBOOK).to_dict()


def test_json_is_the_same_for_every_audience() -> None:
    asked = ("recommend", TYPICAL, "--format", "json")
    assert run(*asked, "--audience", "patient") == run(*asked)


@pytest.mark.parametrize("format", ["text", "markdown", "html"])
def test_the_patients_page_is_the_one_the_library_renders(format: str) -> None:
    document = json.loads(run("recommend", TYPICAL, "--format", "json"))
    page = run("recommend", TYPICAL, "--audience", "patient", "--format", format)
    assert page == render(document, audience="patient", format=format)
    assert document["plan"][0]["patient_title"] in " ".join(page.split())


def test_every_format_names_the_same_plan() -> None:
    document = json.loads(run("recommend", TYPICAL, "--format", "json"))
    text = run("recommend", TYPICAL)
    markdown = run("recommend", TYPICAL, "--format", "markdown")
    for entry in document["plan"]:
        assert f"({entry['adaptation']})" in text
        assert f"(`{entry['adaptation']}`)" in markdown


def test_stops_come_first() -> None:
    text = run("recommend", STOPPED)
    assert text.index("Stop: act on this first") < text.index("Stopped.")
    assert "The plan at a glance" not in text


def test_a_file_gets_what_the_pipe_would_get(tmp_path: Path) -> None:
    target = tmp_path / "answer.md"
    assert run("recommend", TYPICAL, "--format", "markdown", "-o", str(target)) == ""
    assert target.read_text("utf-8") == run("recommend", TYPICAL, "--format", "markdown")


def test_standard_input_is_a_profile_too() -> None:
    given = Path(TYPICAL).read_bytes()
    assert run("recommend", "-", stdin=given) == run("recommend", TYPICAL)


def test_json_profiles_are_read() -> None:
    profile = {"schema": "profile/1", "id": "x", "assessed_on": "2026-11-20", "as_of": "2026-11-24"}
    assert "Profile x" in run("recommend", "-", stdin=json.dumps(profile))


def test_the_day_is_the_flag_else_the_profiles_own_else_today(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(options, "today", lambda: date(2026, 12, 1))
    undated = "schema: profile/1\nid: x\nassessed_on: 2026-11-20\n"
    dated = undated + "as_of: 2026-11-22\n"
    assert "as of 2026-11-25" in run("recommend", "-", "--as-of", "2026-11-25", stdin=dated)
    assert "as of 2026-11-22" in run("recommend", "-", stdin=dated)
    assert "as of 2026-12-01" in run("recommend", "-", stdin=undated)


def test_own_rules_and_templates_are_used(tmp_path: Path) -> None:
    (tmp_path / "templates" / "explanation").mkdir(parents=True)
    own = tmp_path / "templates" / "explanation" / "clinician.txt.j2"
    shipped = (ROOT / "templates" / "explanation" / "clinician.txt.j2").read_text("utf-8")
    own.write_text("Ours {{ answer.status }}\n" + shipped, "utf-8")
    (tmp_path / "rules").symlink_to(ROOT / "rules")
    assert run("recommend", TYPICAL, "--content", str(tmp_path)).startswith("Ours recommended\n")
    own.write_text("\n{{ answer.nothing }}\n", "utf-8")
    told = complaint("recommend", TYPICAL, "--content", str(tmp_path), code=6)
    assert told.startswith("templates/explanation/clinician.txt.j2:2:1 R101")


def test_a_template_that_hides_a_stop_is_refused_and_the_stop_is_shown(tmp_path: Path) -> None:
    (tmp_path / "templates" / "explanation").mkdir(parents=True)
    own = tmp_path / "templates" / "explanation" / "clinician.txt.j2"
    shipped = (ROOT / "templates" / "explanation" / "clinician.txt.j2").read_text("utf-8")
    own.write_text(shipped.replace("{{ text.stops(answer.stops) }}", ""), "utf-8")
    (tmp_path / "rules").symlink_to(ROOT / "rules")
    profile = str(ROOT / "profiles" / "suicidal_intent.yaml")
    told = complaint("recommend", profile, "--content", str(tmp_path), code=6)
    assert told.startswith("Stop: act on this first")
    assert "R105" in told
    assert "safety.suicide_stops.intent" in told


@pytest.mark.durable
def test_both_engines_give_the_same_page() -> None:
    checked = run("recommend", TYPICAL, "--cross-check")
    assert "cross-checked: native, durable agree" in checked
    other = run("recommend", TYPICAL, "--engine", "durable")
    assert other.rpartition("\n\n")[0] == run("recommend", TYPICAL).rpartition("\n\n")[0]


# ------------------------------------------------------------------------------- why, why-not, ask


def test_why_and_why_not_argue_about_one_adaptation() -> None:
    why = run("why", TYPICAL, "tms")
    assert "Not in the plan: possible later" in why
    assert why.index("For it") < why.index("adaptation.stimulation.") < why.index("Against it")
    assert "safety.tms.metal_near_head" in why
    assert "What would change this" in run("why-not", TYPICAL, "tms")


def test_why_tells_what_could_still_speak_against_something_planned() -> None:
    text = run("why", TYPICAL, "cbt_core")
    assert "In the plan: phase" in text
    assert "Assumes" in text


@pytest.mark.parametrize("profile", [TYPICAL, STOPPED])
def test_every_adaptation_can_be_argued_both_ways(profile: str) -> None:
    document = recommend(read_profile(Path(profile).read_bytes(), "x"), RULEBOOK).to_dict()
    for adaptation in RULEBOOK.adaptations:
        further = further_reasons(document, RULEBOOK, adaptation)
        texts = (
            render_why(document, adaptation, further=further),
            render_why_not(document, adaptation),
        )
        for text in texts:
            assert f"({adaptation})" in text
            assert "None" not in text
            assert max(map(len, text.splitlines())) <= 100


def test_why_as_json_is_the_entry_of_the_document() -> None:
    document = json.loads(run("recommend", TYPICAL, "--format", "json"))
    assert json.loads(run("why", TYPICAL, "tms", "--format", "json")) in document["set_aside"]
    entry = json.loads(run("why-not", TYPICAL, "tms", "--format", "json"))
    smallest = entry.pop("smallest_changes")
    assert entry in document["set_aside"]
    assert smallest["wanted"]
    assert all(change["edits"] for change in smallest["changes"])


def test_ask_lists_every_question() -> None:
    document = json.loads(run("recommend", TYPICAL, "--format", "json"))
    text = " ".join(run("ask", TYPICAL).split())
    for entry in document["ask"]:
        assert (entry["question"] or entry["label"]) in text
    assert json.loads(run("ask", TYPICAL, "--format", "json")) == document["ask"]


# ------------------------------------------------------------------------------- profile, schema


def test_a_new_profile_is_valid_and_says_nothing() -> None:
    written = run("profile", "new")
    profile = read_profile(written, "new")
    stated = profile.model_dump(exclude_defaults=True)
    assert set(stated) == {"schema_", "id", "assessed_on"}
    assert max(map(len, written.splitlines())) <= 100
    answer = recommend(profile, load_rulebook(), as_of=profile.assessed_on.day)
    assert answer.recommended == ()


def test_a_new_profile_never_replaces_a_file(tmp_path: Path) -> None:
    target = tmp_path / "mine.yaml"
    run("profile", "new", "-o", str(target))
    written = target.read_text("utf-8")
    assert "exists already" in complaint("profile", "new", "-o", str(target), code=2)
    assert target.read_text("utf-8") == written


def test_a_new_profile_offers_every_instrument_item_and_finding() -> None:
    written = run("profile", "new")
    for instrument in RULEBOOK.instruments.values():
        assert f"- instrument: {instrument.id}\n" in written
        for item in instrument.items:
            assert f"#       {item}: null" in written
    for feature in RULEBOOK.features.values():
        if "clinician" in feature.from_:
            assert f"#   {feature.id}: null\n" in written
        if feature.id.startswith(("access.", "history.", "preferences.")) and not feature.from_:
            key = feature.id.partition(".")[2]
            assert f"#   {key}: {'[]' if key in WISHES else 'null'}\n" in written


def test_a_new_profile_with_every_line_opened_is_valid_and_still_says_nothing() -> None:
    opened = re.sub(r"(?m)^# ", "", run("profile", "new"))
    profile = read_profile(opened, "opened")
    assert len(profile.assessments) == len(RULEBOOK.instruments)
    answer = recommend(profile, RULEBOOK, as_of=profile.assessed_on.day)
    assert answer.recommended == ()


@pytest.mark.parametrize("name", ["profile", "recommendation"])
def test_schemas_are_printed(name: str) -> None:
    schema = json.loads(run("schema", name))
    assert schema["type"] == "object"
    assert "schema" in schema["properties"]


# ------------------------------------------------------------------------------- rules


def test_rules_are_listed_one_a_line() -> None:
    lines = run("rules", "list").splitlines()
    assert [line.split()[0] for line in lines] == list(RULEBOOK.rules)


def test_rules_are_chosen_by_verb_and_topic() -> None:
    rules = RULEBOOK.rules
    listed = json.loads(
        run("rules", "list", "--verb", "exclude", "--topic", "safety.tms", "--format", "json")
    )
    expected = [
        name
        for name, rule in rules.items()
        if name.startswith("safety.tms.") and rule.verb == "exclude"
    ]
    assert [row["rule"] for row in listed] == expected
    assert expected


def test_a_rule_is_read_in_words() -> None:
    text = run("rules", "show", "safety.tms.metal_near_head")
    assert text.startswith("No TMS with metal")
    assert "rules/safety/tms.yaml" in text
    assert json.loads(run("rules", "show", "safety.tms.metal_near_head", "--format", "json"))[
        "when"
    ]


def test_every_rule_can_be_read_in_words() -> None:
    for rule in RULEBOOK.rules.values():
        text = render_template("governance/rule", rule_view(rule, RULEBOOK))
        flat = " ".join(text.split())
        assert " ".join(rule.text.title.split()) in flat
        assert " ".join(rule.text.because.split()) in flat
        assert "None" not in text
        assert max(map(len, text.splitlines())) <= 100
        assert all(f"({adaptation})" in flat for adaptation in rule.targets)


# ------------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["why", TYPICAL, "mbtc"], "no adaptation 'mbtc'. Did you mean 'mbct'?"),
        (["why-not", TYPICAL, "zzzz"], "rules list --verb recommend"),
        (["rules", "show", "safety.tms.metal"], "Did you mean 'safety.tms.metal_near_head'?"),
        (["rules", "list", "--verb", "exclud"], "Did you mean 'exclude'?"),
        (["rules", "list", "--topic", "safty"], "Did you mean 'safety'?"),
        (["recommend", TYPICAL, "--as-of", "5.10.2026"], "2026-10-05"),
        (["recommend", "nowhere.yaml"], "no such file"),
        (["recommend", TYPICAL, "-o", "/nowhere/at/all"], "no such file"),
        (["recommend", TYPICAL, "--format", "papyrus"], "papyrus"),
        (["recommend"], "PROFILE"),
        (["recomend"], "Did you mean"),
    ],
)
def test_a_wrong_command_line_ends_with_2_and_a_hint(arguments: list[str], expected: str) -> None:
    assert expected.lower() in complaint(*arguments, code=2).lower()


def test_a_faulty_profile_ends_with_4_and_names_every_place() -> None:
    faulty = "schema: profile/1\nid: x\nassessed_on: 2026-11-20\nagee: 46\nsexx: female\n"
    told = complaint("recommend", "-", code=4, stdin=faulty)
    assert "standard input:4:1 P101 unknown key 'agee' Did you mean 'age'?" in told
    assert "standard input:5:1" in told


def test_faulty_rules_end_with_3(tmp_path: Path) -> None:
    assert "C120" in complaint("rules", "list", "--content", str(tmp_path), code=3)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rulebook.yaml").write_text("id: &a x\n", "utf-8")
    assert "rules/rulebook.yaml:1:5 C107" in complaint(
        "recommend", TYPICAL, "--content", str(tmp_path), code=3
    )


def test_no_message_repeats_a_value_of_the_patient() -> None:
    secret = "schema: profile/1\nid: x\nassessed_on: 2026-11-20\nage: 987654\nsex: [verysecret]\n"
    told = complaint("recommend", "-", code=4, stdin=secret)
    assert "987654" not in told
    assert "verysecret" not in told


def test_an_engine_error_shows_the_stops_first_and_never_a_plan(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    profile = read_profile(Path(STOPPED).read_bytes(), "x")
    error = EngineError(Problem("E110", "the answer would break an invariant"))
    error.stops = recommend(profile, RULEBOOK).to_dict()["stops"]  # type: ignore[attr-defined]

    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr("recommender.pipeline.recommend", fail)
    told = complaint("recommend", STOPPED, code=5)
    assert told.index("Stop: act on this first") < told.index("E110")
    assert "Full suicide assessment today" in told
    assert "Crisis team" in told


def test_each_error_class_has_its_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ProfileError(
            [Problem("P101", "one", file="f", line=1, column=1), Problem("P102", "two")]
        )

    monkeypatch.setattr("recommender.pipeline.recommend", fail)
    told = complaint("recommend", TYPICAL, code=4)
    assert "one" in told
    assert "two" in told


# ------------------------------------------------------------------------------- help


@pytest.mark.parametrize("command", list(commands()), ids=" ".join)
def test_every_help_teaches_by_an_example(command: list[str]) -> None:
    text = run(*command, "--help")
    told = "".join(line for line in text.splitlines() if not line.startswith(" Usage:"))
    a_group = command in (["profile"], ["rules"])
    example = f"recommender {' '.join(command) or 'recommend'} "
    assert a_group or example in told
    assert "None" not in text


def test_the_version_is_printed() -> None:
    assert re.fullmatch(r"recommender \d+\.\d+\.\d+\n", run("--version"))


# ------------------------------------------------------------------------------- as a process


def start(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "recommender", *arguments],
        capture_output=True,
        check=False,
        **options,
    )


def test_it_runs_as_a_module_and_writes_utf8_whatever_the_locale() -> None:
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
    done = start("recommend", TYPICAL, "--format", "json", env=environment)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.decode("utf-8"))["schema"] == "recommendation/1"


def in_terminal(columns: int, *arguments: str, **variables: str) -> str:
    """What a terminal of that width would show."""
    ours, theirs = pty.openpty()
    environment = os.environ | {"COLUMNS": str(columns), "TERM": "xterm"} | variables
    environment = {name: value for name, value in environment.items() if value}
    command = [sys.executable, "-m", "recommender", *arguments]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        shown = b"".join(iter(lambda: _some(ours), b""))
    os.close(ours)
    assert process.returncode == 0, shown
    return shown.decode("utf-8").replace("\r\n", "\n")


def _some(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that the other side has closed
        return b""


@pytest.mark.parametrize("columns", [60, 80, 140])
@pytest.mark.parametrize(
    "arguments",
    [
        ["recommend", STOPPED],
        ["why", TYPICAL, "tms"],
        ["rules", "list"],
        ["rules", "show", "safety.tms.metal_near_head"],
    ],
    ids=lambda arguments: arguments[0] + arguments[1][:5],
)
def test_every_page_fits_the_terminal(columns: int, arguments: list[str]) -> None:
    shown = in_terminal(columns, *arguments, NO_COLOR="")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    lines = [line for line in plain.splitlines() if line not in RULEBOOK.rules]
    assert max(map(len, lines)) <= columns


def test_no_id_is_broken_in_a_narrow_terminal() -> None:
    shown = in_terminal(70, "rules", "list", "--topic", "safety.tms")
    for name in RULEBOOK.rules:
        if name.startswith("safety.tms."):
            assert f"{name}\n" in shown


def test_a_terminal_gets_colour_unless_it_is_not_wanted() -> None:
    assert "\x1b[1;31m!! Do now" in in_terminal(80, "recommend", STOPPED, NO_COLOR="")
    assert "\x1b" not in in_terminal(80, "recommend", STOPPED, NO_COLOR="1")
    assert "\x1b" not in in_terminal(80, "recommend", STOPPED, NO_COLOR="", TERM="dumb")


def test_a_closed_pipe_ends_in_silence() -> None:
    one = f'"{sys.executable}" -m recommender recommend "{TYPICAL}"'
    command = f'{one} | head -n 1; echo "${{PIPESTATUS[0]}}"'
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=False)
    assert done.stderr == b""
    assert done.stdout.splitlines()[-1] == b"0"


def test_no_library_that_is_not_needed_is_loaded() -> None:
    program = (
        "import sys; from recommender.surfaces.cli import app\n"
        f"app(['recommend', {TYPICAL!r}], standalone_mode=False)\n"
        "unwanted = {'rich', 'durable', 'markdown_it'} & set(sys.modules)\n"
        "print(sorted(unwanted), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stderr.strip().splitlines()[-1] == "[]"
