"""Every check finds what is planted for it and passes clean twins; the shipped rules are clean."""

from __future__ import annotations

import copy
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from recommender.gather import Gathered, gather
from recommender.governance.lint.about import HEADINGS, about
from recommender.governance.lint.run import checks, lint, mend
from recommender.governance.lint.severities import SEVERITIES
from recommender.governance.lint.subject import Found, Severity, Subject
from recommender.rulebook import build
from recommender.surfaces.cli import app
from tests.building import FILES, Plain, boolean, content, decimal, integer, members, ordinal, write

DAY = date(2026, 11, 24)
MODULES = {name: module for name, module, _ in checks()}
SCALE: Plain = {
    "id": "scale",
    "title": "Scale",
    "range": [0, 9],
    "items": {"first": [0, 4], "second": [0, 5], "seen": [False, True]},
    "total": "none",
    "bands": [{"id": "few", "range": [0, 4]}, {"id": "many", "range": [5, 9]}],
    "licence": "free",
    "source": ["roe_2020"],
    "cut": "published",
}
PAPER: Plain = {
    "id": "roe_2020",
    "title": "On mood",
    "DOI": "10.1000/182",
    "PMID": "1234567",
    "checked": "source",
    "review_by": "2027-11-24",
}
RULE: Plain = {
    "title": "High mood",
    "when": {"mood": "high", "count": {"at_least": 3}},
    "recommend": "mbct",
    "because": "It helps.",
    "limits": "Not alone.",
    "certainty": "moderate",
    "evidence": ["roe_2020"],
    "examples": {"fires": {"mood": "high", "count": 3}, "silent": {"mood": "low"}, "unknown": {}},
}
STOP: Plain = {
    **{key: RULE[key] for key in ("because", "limits", "certainty", "evidence")},
    "title": "Stop",
    "when": {"agrees": False},
    "refer": "crisis",
    "if_not_known": "caution",
    "justify": "It is asked.",
    "examples": {"fires": {"agrees": False}, "silent": {"agrees": True}, "unknown": {}},
}
MOOD = {
    "from": [{"instrument": "scale", "item": "first", "ranges": {"low": [0, 2], "high": [3, 4]}}]
}


def base() -> Plain:
    features = [
        ordinal("mood", "low high", question="How is the mood?") | MOOD,
        integer("count", 0, 9, question="How many?"),
        decimal("mean", 0.0, 10.0, question="What is the mean?"),
        boolean("agrees", question="Does the person agree?"),
        members("marks", "scar burn", question="Which marks?"),
    ]
    watch = {"when": {"any": [{"mean": {"more_than": 3.5}}, {"marks": {"includes": "scar"}}]}}
    flag = {key: RULE[key] for key in ("because", "limits")}
    seen: Plain = {"fires": {"mean": 4.0}, "silent": {"mean": 1.0, "marks": []}, "unknown": {}}
    rules = {
        "adaptation.t.high": RULE,
        "safety.t.stop": STOP,
        "tailoring.t.watch": flag | watch | {"title": "Watch", "flag": "Look.", "examples": seen},
    }
    pathway = {"id": "day", "title": "Day", "urgency": "days", "action": "Call.", "contact": "team"}
    made = content(
        features,
        rules,
        adaptations=[{"id": "mbct", "title": "Mindfulness", "what": "Eight sessions.", "phase": 2}],
        instruments=[SCALE],
        evidence=[PAPER],
        pathways=[pathway],
        header={"contacts": {"team": "Team, extension 100"}, "disclaimer": "Supports."},
    )
    made["rules"]["safety.t.day"] = (
        STOP
        | {"title": "Day", "refer": "day", "when": {"count": 9}}
        | {"examples": {"fires": {"count": 9}, "silent": {"count": 1}, "unknown": {}}}
    )
    return copy.deepcopy(made)


Change = tuple[str, Any]
"""A place in the content, its steps joined by slashes, and what stands there instead."""


def found(check: str, *changes: Change) -> list[Found]:
    made = base()
    for path, value in changes:
        *steps, last = path.split("/")
        at: Any = made
        for step in steps:
            at = at[int(step)] if isinstance(at, list) else at[step]
        if isinstance(at, list):
            at.append(value) if last == "+" else at.__setitem__(int(last), value)
        elif value is None:
            at.pop(last, None)
        else:
            at[last] = value
    gathered = Gathered(made)
    return list(MODULES[check].look(Subject(build(gathered), gathered, DAY)))


HIGH = "rules/adaptation.t.high"
STOPS = "rules/safety.t.stop"
WATCH = "rules/tailoring.t.watch"
CAUTION = {key: RULE[key] for key in ("because", "limits", "certainty", "evidence", "examples")} | {
    "title": "Careful",
    "when": {"mood": "high", "count": {"at_least": 3}},
    "caution": "mbct",
}


def when(**condition: Any) -> Change:
    return f"{HIGH}/when", condition


def ranges(**cuts: Any) -> Change:
    return "features/0/from/0/ranges", cuts


def more(name: str, rule: Plain) -> Change:
    return f"rules/{name}", rule


def without(rule: Plain, *keys: str) -> Plain:
    return {key: value for key, value in rule.items() if key not in keys}


def every_clinical(key: str) -> list[tuple[Change, ...]]:
    """The key taken out of a rule of each clinical verb."""
    verbs: list[Plain] = [
        {"exclude": "mbct"},
        {"caution": "mbct"},
        {"tailor": "mbct", "focus": "Walk"},
    ]
    plain = without(RULE, "recommend", key)
    return [
        ((f"{HIGH}/{key}", None),),
        ((f"{STOPS}/{key}", None),),
        *[(more("safety.t.more", plain | verb),) for verb in verbs],
    ]


def every_twin(key: str) -> list[tuple[Change, ...]]:
    """Rules that have it, or that say nothing about treatment."""
    plain = without(RULE, "recommend", key)
    others: list[Plain] = [
        {"flag": "Look."},
        {"ask": "count"},
        {"together": ["mbct", "ba"]},
        {"conclude": {"stage": "some"}},
    ]
    stage = ordinal("stage", "none some") | {"concluded": True, "default": "none"}
    needed = (("adaptations/+", {"id": "ba", "title": "BA", "phase": 1}), ("features/+", stage))
    stage.pop("from")
    return [(), *[(*needed, more("tailoring.t.more", plain | verb)) for verb in others]]


TEXTS = (
    f"{HIGH}/because",
    f"{HIGH}/limits",
    f"{STOPS}/title",
    "adaptations/0/what",
    "pathways/1/action",
)


def texts(*words: str) -> list[tuple[Change, ...]]:
    return [((place, text),) for place, text in zip(TEXTS, words, strict=True)]


def source(**keys: Any) -> tuple[Change, ...]:
    return tuple((f"evidence/0/{key}", value) for key, value in keys.items())


CASES: dict[str, tuple[list[tuple[Change, ...]], list[tuple[Change, ...]]]] = {
    "threshold_splits_nothing": (
        [
            (when(count={"at_least": 0}),),
            (when(count={"at_most": 9}),),
            (when(mean={"more_than": 10.0}),),
            (when(count={"between": [0, 9]}),),
            (
                ("instruments/scale/total", "sum"),
                ("instruments/scale/range", [0, 10]),
                ("instruments/scale/bands", []),
                ("features/1/range", [0, 100]),
                ("features/1/from", [{"instrument": "scale"}]),
                when(count={"at_least": 11}),
            ),
        ],
        [
            (),
            (when(count={"at_least": 1}),),
            (when(count={"at_most": 8}),),
            (when(mean={"more_than": 9.9}),),
            (when(count={"between": [1, 9]}),),
            (when(count={"is": 0}),),
        ],
    ),
    "scores_without_a_value": (
        [
            (ranges(low=[0, 1], high=[3, 4]),),
            (ranges(low=[0, 2], high=[3, 5]),),
            (ranges(low=[-1, 2], high=[3, 4]),),
            (ranges(low=[0, 0], high=[2, 4]),),
            (ranges(low=[0, 2.0], high=[2.5, 4]),),
        ],
        [
            (),
            (ranges(low=[0, 3], high=[4, 4]),),
            (ranges(low=[0, 1], high=[2, 4]),),
            (ranges(low=[0, 1], high=[2, 3]),),
            (ranges(low=[0, 1.999], high=[2, 4]),),
        ],
    ),
    "evidence_missing": (every_clinical("evidence"), every_twin("evidence")),
    "limits_missing": (every_clinical("limits"), every_twin("limits")),
    "certainty_missing": (every_clinical("certainty"), every_twin("certainty")),
    "example_missing": (
        [
            ((f"{HIGH}/examples", None),),
            ((f"{HIGH}/examples/fires", None),),
            ((f"{HIGH}/examples/silent", None),),
            ((f"{STOPS}/examples/unknown", None),),
            (when(), (f"{HIGH}/examples", None)),
        ],
        [
            (),
            (when(), (f"{HIGH}/examples", {"fires": {}})),
            (
                (f"{WATCH}/when", {"mean": {"known": False}}),
                (f"{WATCH}/examples", {"fires": {}, "silent": {"mean": 1.0}}),
            ),
            ((f"{HIGH}/status", "retired"), (f"{HIGH}/examples", None)),
            ((f"{STOPS}/examples/unknown", {"mood": "low"}),),
        ],
    ),
    "example_fails": (
        [
            ((f"{HIGH}/examples/fires", {"mood": "high", "count": 2}),),
            ((f"{HIGH}/examples/silent", {"mood": "high"}),),
            ((f"{HIGH}/examples/unknown", {"mood": "low"}),),
            (when(mood="high", count={"at_least": 4}),),
            ((f"{WATCH}/examples/fires", {"marks": {"present": ["burn"], "absent": ["scar"]}}),),
        ],
        [
            (),
            ((f"{HIGH}/examples/fires", {"mood": "high", "count": 9}),),
            ((f"{HIGH}/examples/silent", {"count": 0}),),
            ((f"{WATCH}/examples/fires", {"marks": {"present": ["scar"]}}),),
            ((f"{WATCH}/examples/unknown", {"marks": {"present": ["burn"]}}),),
        ],
    ),
    "rules_alike": (
        [
            (more("adaptation.t.twin", RULE),),
            (more("adaptation.t.twin", RULE | {"title": "Another"}),),
            (more("adaptation.t.twin", RULE | {"when": {"mood": "high"}}),),
            (more("safety.t.twin", STOP | {"title": "Halt"}),),
            (
                (f"{HIGH}/title", "Rumination that is marked and lasts"),
                more(
                    "adaptation.t.a",
                    RULE | {"when": {"count": 1}} | {"title": "Rumination that is marked and last"},
                ),
            ),
        ],
        [
            (),
            (more("adaptation.t.twin", RULE | {"title": "Low mood", "when": {"mood": "low"}}),),
            (more("tailoring.t.twin", CAUTION),),
            (more("adaptation.t.twin", RULE | {"status": "retired"}),),
            (more("safety.t.twin", STOP | {"title": "Halt", "when": {"agrees": True}}),),
        ],
    ),
    "never_reached": (
        [
            (("adaptations/+", {"id": "ba", "title": "BA", "phase": 1}),),
            (("pathways/+", {"id": "x", "title": "X", "urgency": "days", "action": "Act."}),),
            (("evidence/+", PAPER | {"id": "doe_2021"}),),
            (("features/+", boolean("lonely")),),
            (
                ("adaptations/+", {"id": "ba", "title": "BA", "phase": 1}),
                more("safety.t.more", CAUTION | {"caution": "ba"}),
            ),
        ],
        [
            (),
            (
                ("adaptations/+", {"id": "ba", "title": "BA", "phase": 1}),
                more("adaptation.t.ba", RULE | {"recommend": "ba"}),
            ),
            (
                ("evidence/+", PAPER | {"id": "doe_2021"}),
                (f"{HIGH}/evidence", ["roe_2020", "doe_2021"]),
            ),
            (
                ("evidence/+", PAPER | {"id": "doe_2021"}),
                ("instruments/scale/source", ["doe_2021"]),
            ),
            (("features/+", integer("access.rooms", 0, 9)),),
        ],
    ),
    "review_overdue": (
        [source(review_by=day) for day in ("2026-11-23", "2020-01-01", "", "soon", "2026-02-30")],
        [source(review_by=day) for day in ("2026-11-24", "2026-11-25", "2027-01-01", "2030-12-31")]
        + [()],
    ),
    "review_due": (
        [source(review_by=d) for d in ("2026-11-24", "2026-12-01", "2027-01-01", "2027-02-01")]
        + [source(review_by="2027-02-21")],
        [source(review_by=d) for d in ("2027-02-22", "2028-01-01", "2026-11-23", "2020-01-01")]
        + [()],
    ),
    "certain_from_memory": (
        [
            source(checked="memory"),
            (*source(checked="memory"), (f"{HIGH}/certainty", "high")),
            (*source(checked="memory"), (f"{HIGH}/certainty", "low")),
            (("evidence/+", PAPER | {"id": "b", "checked": "memory"}), (f"{HIGH}/evidence", ["b"])),
            (
                ("evidence/+", PAPER | {"id": "b", "checked": "memory"}),
                (f"{STOPS}/evidence", ["b"]),
            ),
        ],
        [
            (),
            ((f"{HIGH}/certainty", "high"),),
            (
                *source(checked="memory"),
                *(
                    (f"rules/{name}/certainty", "low")
                    for name in ("adaptation.t.high", "safety.t.stop", "safety.t.day")
                ),
            ),
            (
                ("evidence/+", PAPER | {"id": "b", "checked": "memory"}),
                (f"{HIGH}/evidence", ["b", "roe_2020"]),
            ),
            (("evidence/+", PAPER | {"id": "b", "checked": "memory"}),),
        ],
    ),
    "identifier_malformed": (
        [
            source(DOI="doi.org/10.1000/1"),
            source(DOI="10.1/x"),
            source(PMID="PMC123"),
            source(checked="seen"),
            source(checked=None),
        ],
        [(), source(DOI=None), source(PMID=None), source(PMID=12345), source(checked="memory")],
    ),
    "question_missing": (
        [((f"features/{n}/question", None),) for n in range(5)],
        [
            (),
            (("features/+", integer("access.rooms", 0, 9)),),
            (("features/+", boolean("lonely")),),
            (("features/+", boolean("release.seen")), (f"{WATCH}/when", {"release.seen": True})),
            (
                (
                    "features/+",
                    {
                        "id": "stage",
                        "label": "S",
                        "type": "ordinal",
                        "values": ["a", "b"],
                        "concluded": True,
                        "default": "a",
                    },
                ),
                (f"{WATCH}/when", {"stage": "b"}),
            ),
        ],
    ),
    "instrument_unsourced": (
        [
            (("instruments/scale/licence", None),),
            (("instruments/scale/licence", ""),),
            (("instruments/scale/source", None),),
            (("instruments/scale/source", []),),
            (("instruments/scale/cut", None),),
        ],
        [
            (),
            (("instruments/scale/cut", "project_convention"),),
            (("instruments/scale/bands", []), ("instruments/scale/cut", None)),
            (("instruments/scale/licence", "permission needed"),),
            (("instruments/scale/minutes", 3),),
        ],
    ),
    "period_over": (
        [
            ((f"{HIGH}/effective_period", {"end": "2026-11-23"}),),
            ((f"{HIGH}/effective_period", {"end": "2020-01-01"}),),
            ((f"{STOPS}/effective_period", {"end": "2026-11-23"}),),
            ((f"{STOPS}/effective_period", {"end": "2020-01-01"}),),
            ((f"{WATCH}/effective_period", {"start": "2020-01-01", "end": "2021-01-01"}),),
        ],
        [
            (),
            ((f"{HIGH}/effective_period", {"end": "2026-11-24"}),),
            ((f"{HIGH}/effective_period", {"start": "2027-01-01"}),),
            ((f"{HIGH}/effective_period", {"start": "2020-01-01", "end": "2030-01-01"}),),
            ((f"{HIGH}/effective_period", {"end": "2020-01-01"}), (f"{HIGH}/status", "retired")),
        ],
    ),
    "contact_unset": (
        [
            (("rulebook/contacts", {"team": ""}),),
            (("rulebook/contacts", {}),),
            (("rulebook/contacts", {"other": "Ward 3"}),),
            (("pathways/1/contact", "ward"),),
            (("pathways/0/contact", "ward"),),
        ],
        [
            (),
            (("pathways/1/contact", None),),
            (("pathways/0/contact", "team"),),
            (("rulebook/contacts", {"team": "Ward 3", "other": "x"}),),
            (("rulebook/contacts", {"team": "999"}),),
        ],
    ),
    "names_a_risk_level": (
        texts(
            "At high risk.",
            "Low risk only.",
            "Moderate suicide risk",
            "For medium-risk people.",
            "Elevated risk: act.",
        ),
        texts(
            "The risk is asked about.",
            "High mood.",
            "Low mood and risk",
            "Risk assessment.",
            "Act on intent.",
        ),
    ),
    "says_contraindicated": (
        texts(
            "It is contraindicated.",
            "Contraindicated.",
            "Contraindicated",
            "Not contraindicated here.",
            "CONTRAINDICATED.",
        ),
        texts(
            "No contraindication to therapy.",
            "Held back.",
            "Not now",
            "Until cleared.",
            "Ask first.",
        ),
    ),
    "placeholder_text": (
        texts("TODO.", "Limits: TBD.", "XXX", "Lorem ipsum dolor.", "Call ???"),
        texts("To do it is hard.", "None.", "Exact", "Loremata.", "Call who? Them."),
    ),
    "sentence_unfinished": (
        texts("It helps", "Not alone", "Stop.", "Eight sessions", "Call"),
        texts("It helps!", "Not alone (yet)", "Stop", "Eight sessions…", "Call?"),
    ),
}


def cases(wrong: bool) -> list[Any]:
    return [
        pytest.param(check, changes, id=f"{check}-{n}")
        for check, both in CASES.items()
        for n, changes in enumerate(both[not wrong])
    ]


def test_every_check_is_tried_on_five_defects_and_five_clean_twins() -> None:
    assert CASES.keys() == SEVERITIES.keys()
    for check, (wrong, right) in CASES.items():
        assert len(wrong) >= 5, check
        assert len(right) >= 5, check


@pytest.mark.parametrize(("check", "changes"), cases(wrong=True))
def test_a_planted_defect_is_found(check: str, changes: tuple[Change, ...]) -> None:
    assert found(check, *changes)


@pytest.mark.parametrize(("check", "changes"), cases(wrong=False))
def test_a_clean_twin_passes(check: str, changes: tuple[Change, ...]) -> None:
    assert found(check, *changes) == []


# ------------------------------------------------------------------------------- the whole


def test_the_shipped_rules_are_clean() -> None:
    serious = [one for one in lint(None, DAY) if one.severity is not Severity.NOTE]
    assert serious == []


def test_codes_are_in_order_and_every_check_is_described() -> None:
    described = list(about())
    codes = [one.code for one in described]
    assert codes == sorted(set(codes))
    for one in described:
        assert list(one.parts) == list(HEADINGS), one.name
        assert one.title.endswith(".")


def test_the_page_of_checks_is_made_from_the_checks(pytestconfig: pytest.Config) -> None:
    page = Path(__file__).parents[2] / "docs" / "checks.md"
    written = page_of_checks()
    if pytestconfig.getoption("--renew-plans"):
        page.write_text(written, "utf-8")
    assert page.read_text("utf-8") == written


def page_of_checks() -> str:
    lines = [
        "# What `rules lint` looks for",
        "",
        "Made from the checks themselves (`recommender/governance/lint/checks/`); how serious",
        "each is stands in `severities.py` there. Errors and warnings make the command end with",
        "1; notes are for whoever reviews.",
        "",
    ]
    for one in about():
        lines += [
            f"## {one.code}: {one.title.removesuffix('.')}",
            "",
            f"`{one.name}`, {one.severity}.",
            "",
        ]
        lines += [f"- **{heading}.** {text}" for heading, text in one.parts.items()] + [""]
    return "\n".join(lines).rstrip() + "\n"


# ------------------------------------------------------------------------------- files


WRONG = """\
topic: Mindfulness
rules:
  high:
    title: High mood.   # a remark stays
    when: {mood: high}
    recommend: mbct
    because: >-
      It helps many people, and
      it does little harm
    limits: 'Not alone'
"""


def folder(tmp_path: Path, topic: str = WRONG) -> Path:
    return write(tmp_path, {**FILES, "rules/adaptation/mindfulness.yaml": topic})


def test_a_finding_has_the_place_where_it_stands(tmp_path: Path) -> None:
    places = {
        (one.problem.code, one.problem.place)
        for one in lint(folder(tmp_path), DAY)
        if one.check == "sentence_unfinished"
    }
    file = f"{tmp_path}/rules/adaptation/mindfulness.yaml"
    assert places == {("L504", f"{file}:4:12"), ("L504", f"{file}:7:14"), ("L504", f"{file}:10:13")}


def test_what_is_safe_is_mended_and_nothing_else_changes(tmp_path: Path) -> None:
    root = folder(tmp_path)
    before = lint(root, DAY)
    done = mend(before, root)
    text = (root / "rules/adaptation/mindfulness.yaml").read_text("utf-8")
    assert text == WRONG.replace("High mood.", "High mood").replace(
        "little harm", "little harm."
    ).replace("'Not alone'", "'Not alone.'")
    assert len(done) == 3
    left = {one.check for one in lint(root, DAY)}
    assert left == {one.check for one in before} - {"sentence_unfinished"}
    assert mend(lint(root, DAY), root) == ()


def test_a_folder_named_like_the_one_inside_it_is_mended(tmp_path: Path) -> None:
    root = folder(tmp_path / "rules" / "ours")
    assert len(mend(lint(root, DAY), root)) == 3


def test_beneath_a_site_the_shipped_files_are_left_alone(tmp_path: Path) -> None:
    site: Plain = {"lays_over": "trd_cbt", "contacts": {"crisis_team": "Ward 3"}}
    root = write(tmp_path, {"rules/rulebook.yaml": site})
    finding = next(one for one in lint(folder(tmp_path / "other"), DAY) if one.repair)
    shipped = finding.problem._replace(file="rules/adaptation/mindfulness.yaml")
    assert mend([finding._replace(problem=shipped)], root) == ()


def test_a_text_written_in_another_way_is_left_alone(tmp_path: Path) -> None:
    rule = 'title: T, when: {mood: high}, recommend: mbct, because: "a\\u0020b"'
    escaped = f"topic: M\nrules:\n  high: {{{rule}}}\n"
    root = folder(tmp_path, escaped)
    assert mend(lint(root, DAY), root) == ()
    assert (root / "rules/adaptation/mindfulness.yaml").read_text("utf-8") == escaped


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["rules", "lint", *words])
    return result.exit_code, result.stdout


def test_the_command_fails_on_what_is_serious_and_mends_it(tmp_path: Path) -> None:
    root = folder(tmp_path)
    code, text = run("--content", str(root), "--as-of", "2026-11-24")
    assert code == 1
    assert "L504" in text
    assert "'because' has no full stop" in text.lower()
    _, text = run("--content", str(root), "--fix", "--as-of", "2026-11-24")
    assert "Mended: 3." in text
    assert "L504" not in text


def test_the_shipped_rules_are_not_mended_in_place() -> None:
    code, _ = run("--fix")
    assert code == 2


def test_programs_get_json_and_sarif(tmp_path: Path) -> None:
    root = str(folder(tmp_path))
    _, text = run("--content", root, "--format", "json", "--as-of", "2026-11-24")
    findings = json.loads(text)
    _, text = run("--content", root, "--format", "sarif", "--as-of", "2026-11-24")
    (sarif,) = json.loads(text)["runs"]
    assert len(findings) == len(sarif["results"]) > 3
    described = sarif["tool"]["driver"]["rules"]
    assert [one["id"] for one in described] == [one.code for one in about()]
    for finding, result in zip(findings, sarif["results"], strict=True):
        assert described[result["ruleIndex"]]["id"] == result["ruleId"] == finding["code"]
        (place,) = (one["physicalLocation"] for one in result["locations"])
        assert place["artifactLocation"]["uri"] == finding["file"]
        assert place["region"]["startLine"] >= 1


def test_the_order_of_files_changes_nothing(tmp_path: Path) -> None:
    root = folder(tmp_path)
    gathered = gather(root)
    assert (
        yaml.safe_load(WRONG)["rules"]["high"]
        == gathered.content["rules"]["adaptation.mindfulness.high"]
    )
    assert lint(root, DAY) == lint(root, DAY)
