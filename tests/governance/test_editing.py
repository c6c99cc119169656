"""Schemas for editors: what is shipped fits, and what one mistypes does not."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from typer.testing import CliRunner

from recommender import load_rulebook
from recommender.content import read_yaml
from recommender.governance.editing.files import FILES, file_schema
from recommender.reading import known_keys
from recommender.rules import ALL_KEYS
from recommender.surfaces.cli import app
from recommender.surfaces.cli.schema import Schema
from recommender.vocabulary import Instrument

ROOT = Path(__file__).parents[2]
OF_FILE = {
    "rules/rulebook.yaml": "rulebook",
    "rules/vocabulary/features.yaml": "features",
    "rules/vocabulary/adaptations.yaml": "adaptations",
    "rules/vocabulary/pathways.yaml": "pathways",
    "rules/vocabulary/panels.yaml": "panels",
    "rules/assessment/doses.yaml": "doses",
    "rules/evidence.yaml": "evidence",
    "rules/invariants.yaml": "invariants",
}
SHIPPED = sorted(
    str(file.relative_to(ROOT))
    for folder in ("rules", "profiles")
    for file in (ROOT / folder).rglob("*.yaml")
)


def kind_of(name: str) -> str:
    if name.startswith("profiles/"):
        return "vignette"
    return OF_FILE.get(name) or ("instrument" if name.startswith("rules/assessment/") else "rules")


@cache
def validator(kind: str, *, generic: bool = False) -> Any:
    schema = file_schema(kind, None if generic else load_rulebook())
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def read(name: str) -> Any:
    return read_yaml((ROOT / name).read_bytes(), name).data


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_file_fits(name: str) -> None:
    data = read(name)
    for generic in (False, True):
        found = [
            f"{list(one.absolute_path)}: {one.message}"
            for one in validator(kind_of(name), generic=generic).iter_errors(data)
        ]
        assert not found, found


def test_every_kind_of_file_is_shipped_and_has_its_schema() -> None:
    assert {kind_of(name) for name in SHIPPED} == set(FILES)
    documents = {"profile", "recommendation", "all"}
    assert {one.value for one in Schema} == set(FILES) | documents


# ------------------------------------------------------------------------------- mistakes

Change = Callable[[Any], Any]


def put(*path: str | int, value: Any) -> Change:
    """Writes a value at a place; the last step may be new."""

    def change(data: Any) -> None:
        for step in path[:-1]:
            data = data[step]
        data[path[-1]] = value

    return change


def drop(*path: str | int) -> Change:
    def change(data: Any) -> None:
        for step in path[:-1]:
            data = data[step]
        del data[path[-1]]

    return change


def renamed(*path: str | int, to: str) -> Change:
    def change(data: Any) -> None:
        for step in path[:-1]:
            data = data[step]
        data[to] = data.pop(path[-1])

    return change


TMS = ("rules", "metal_near_head")
SAFETY = "rules/safety/tms.yaml"
STOPS = "rules/safety/suicide_stops.yaml"
GIVEN = "rules/adaptation/stimulation.yaml"
RECOMMENDS = ("rules", "after_two_adequate_trials")

# Mistakes that need no rulebook to be seen, and those only its ids and values show.
OF_SHAPE = {
    "a misspelt verb": (SAFETY, renamed(*TMS, "exclude", to="exlcude")),
    "two verbs": (SAFETY, put(*TMS, "flag", value="Look here.")),
    "no verb": (SAFETY, drop(*TMS, "exclude")),
    "a key of another verb": (SAFETY, put(*TMS, "dose", value="Twice a week.")),
    "no reason": (SAFETY, drop(*TMS, "because")),
    "a misspelt test": (GIVEN, put(*RECOMMENDS, "when", "trd_status", value={"atleast": "trd"})),
    "a list that would hold always": (GIVEN, put(*RECOMMENDS, "when", value={"all": []})),
    "a certainty that is none": (GIVEN, put(*RECOMMENDS, "certainty", value="sure")),
    "a phase that is none": (GIVEN, put(*RECOMMENDS, "phase", value=4)),
    "asking what is known to decide": (
        GIVEN,
        put(*RECOMMENDS, "when", "trd_status", value={"known": True}),
    ),
    "the same inside a not": (
        GIVEN,
        put(*RECOMMENDS, "when", value={"not": {"trd_status": {"known": False}}}),
    ),
    "a weak answer to the unknown without its reason": (
        SAFETY,
        put(*TMS, "if_not_known", value="caution"),
    ),
    "a strange answer to the unknown": (SAFETY, put(*TMS, "if_not_known", value="ignore")),
    "a rule written as a list": (SAFETY, put(*TMS, value=["exclude"])),
    "a key beside the rules": (SAFETY, put("owner", value="nobody")),
    "a name with a capital": (SAFETY, renamed(*TMS, to="MetalNearHead")),
    "an example called otherwise": (SAFETY, renamed(*TMS, "examples", "fires", to="fire")),
    "a limit of nothing known": (
        "rules/combination/load.yaml",
        put(
            "rules",
            "new_parts",
            value={"title": "T", "when": {}, "because": "B", "limit": {"x": 1}},
        ),
    ),
    "an ordinal without values": (
        "rules/vocabulary/features.yaml",
        put(0, value={"id": "x", "label": "X", "type": "ordinal"}),
    ),
    "a type that is none": (
        "rules/vocabulary/features.yaml",
        put(0, "type", value="bool"),
    ),
    "a window in months": (
        "rules/vocabulary/features.yaml",
        put(0, "valid_for", value="P3M"),
    ),
    "an adaptation without phase": ("rules/vocabulary/adaptations.yaml", drop(0, "phase")),
    "hours as text": (
        "rules/vocabulary/adaptations.yaml",
        put(0, "burden", value={"hours_per_week": "2"}),
    ),
    "an urgency that is none": ("rules/vocabulary/pathways.yaml", put(0, "urgency", value="soon")),
    "a direction that is none": ("rules/assessment/phq9.yaml", put("direction", value="up")),
    "a band without its range": ("rules/assessment/phq9.yaml", drop("bands", 0, "range")),
    "a scale without a range or items": (
        "rules/assessment/phq9.yaml",
        lambda data: [data.pop(key) for key in ("range", "items")],
    ),
    "a dose below nothing": ("rules/assessment/doses.yaml", put("antidepressant", "x", value=-5)),
    "a source nobody says how it was checked": (
        "rules/evidence.yaml",
        put(0, "checked", value="yes"),
    ),
    "an invariant that claims two things": (
        "rules/invariants.yaml",
        put("never_tms_with_metal", "always", value={"held": "all"}),
    ),
    "an invariant silent about the unknown": (
        "rules/invariants.yaml",
        drop("never_tms_with_metal", "even_if_unknown"),
    ),
    "a version that is a number": ("rules/rulebook.yaml", put("version", value=2)),
    "a profile with an unknown key": ("profiles/typical_first_intake.yaml", put("name", value="x")),
    "an expectation called otherwise": (
        "profiles/pacemaker_and_stimulation.yaml",
        put("expect", "atleast", value=["tms"]),
    ),
    "an expectation of an unknown status": (
        "profiles/pacemaker_and_stimulation.yaml",
        put("expect", "set_aside", value={"tms": "refused"}),
    ),
}
OF_NAMES = {
    "an unknown feature": (SAFETY, put(*TMS, "when", "metal", value=True)),
    "an unknown adaptation": (SAFETY, put(*TMS, "exclude", value=["tsm"])),
    "an unknown source": (SAFETY, put(*TMS, "evidence", value=["rossi_2012"])),
    "an unknown pathway": (STOPS, put("rules", "intent", "refer", value="emergency")),
    "an unknown value": (GIVEN, put(*RECOMMENDS, "when", "trd_status", value="resistant")),
    "a test that does not fit the type": (
        GIVEN,
        put(*RECOMMENDS, "when", "trd_status", value={"includes": "trd"}),
    ),
    "a number outside its range": (GIVEN, put(*RECOMMENDS, "when", "phq9", value={"at_least": 28})),
    "an example with an unknown value": (
        GIVEN,
        put(*RECOMMENDS, "examples", "fires", "trd_status", value="yes"),
    ),
    "a fallback that is none": (
        "rules/vocabulary/adaptations.yaml",
        put(0, "fallback", value=["cbt"]),
    ),
    "an invariant about an unknown adaptation": (
        "rules/invariants.yaml",
        put("never_tms_with_metal", "never", "recommended", value="tsm"),
    ),
    "a source attribute of an unknown feature": (
        "rules/rulebook.yaml",
        put("source_attributes", "sex", value=["gender"]),
    ),
    "an unknown instrument": (
        "profiles/typical_first_intake.yaml",
        put("assessments", 0, "instrument", value="phq8"),
    ),
    "a total outside its range": (
        "profiles/typical_first_intake.yaml",
        put("assessments", 0, value={"instrument": "phq9", "total": 30}),
    ),
    "an unknown finding": (
        "profiles/typical_first_intake.yaml",
        put("observations", value={"inertai": "marked"}),
    ),
}


def changed(name: str, change: Change) -> Any:
    data = copy.deepcopy(read(name))
    change(data)
    return data


@pytest.mark.parametrize("mistake", OF_SHAPE)
def test_a_mistake_of_shape_is_seen_with_and_without_a_rulebook(mistake: str) -> None:
    name, change = OF_SHAPE[mistake]
    data = changed(name, change)
    assert not validator(kind_of(name)).is_valid(data)
    assert not validator(kind_of(name), generic=True).is_valid(data)


@pytest.mark.parametrize("mistake", OF_NAMES)
def test_a_mistaken_name_or_value_is_seen_with_the_rulebook(mistake: str) -> None:
    name, change = OF_NAMES[mistake]
    data = changed(name, change)
    assert not validator(kind_of(name)).is_valid(data)
    assert validator(kind_of(name), generic=True).is_valid(data)


# ------------------------------------------------------------------------------- completing


def test_a_condition_offers_the_features_with_their_words() -> None:
    schema = file_schema("rules", load_rulebook())
    offered = schema["$defs"]["condition"]["properties"]
    assert offered.keys() == {"all", "any", "not", *load_rulebook().features}
    assert "Has the person" in offered["suicidal_intent"]["description"]


def test_an_adaptation_is_offered_from_a_closed_list() -> None:
    schema = file_schema("rules", load_rulebook())
    assert schema["$defs"]["adaptation"] == {"enum": list(load_rulebook().adaptations)}


def test_every_key_of_a_rule_and_of_a_scale_is_offered_with_words() -> None:
    rule = file_schema("rules", None)["properties"]["rules"]["additionalProperties"]
    assert rule["properties"].keys() == ALL_KEYS
    assert all(one.get("description") for one in rule["properties"].values())
    scale = file_schema("instrument", None)["properties"]
    assert scale.keys() == set(known_keys(Instrument))


# ------------------------------------------------------------------------------- sites


def test_a_site_states_only_what_differs(tmp_path: Path) -> None:
    (tmp_path / "rules" / "vocabulary").mkdir(parents=True)
    header = {"lays_over": "trd_cbt", "contacts": {"crisis_line": "the duty desk"}}
    text = "lays_over: trd_cbt\ncontacts: {crisis_line: the duty desk}\n"
    (tmp_path / "rules" / "rulebook.yaml").write_text(text, "utf-8")
    site = load_rulebook(tmp_path)
    pathway = [{"id": "emergency_suicide", "title": "Emergency care here"}]
    assert Draft7Validator(file_schema("rulebook", site)).is_valid(header)
    assert Draft7Validator(file_schema("pathways", site)).is_valid(pathway)
    assert not validator("pathways").is_valid(pathway)
    rule = {"topic": "TMS", "rules": {"metal_near_head": {"until": "The duty desk says so"}}}
    assert Draft7Validator(file_schema("rules", site)).is_valid(rule)
    rule["rules"]["metal_near_head"] = {"untill": "The duty desk says so"}  # type: ignore[index]
    assert not Draft7Validator(file_schema("rules", site)).is_valid(rule)


# ------------------------------------------------------------------------------- published


@pytest.mark.parametrize("kind", sorted(FILES))
def test_the_published_schema_is_the_one_made_now(kind: str) -> None:
    """To make them again: recommender schema all --generic -o docs/schemas"""
    published = ROOT / "docs" / "schemas" / f"{kind}.schema.json"
    assert json.loads(published.read_text("utf-8")) == file_schema(kind, None)


def test_the_command_writes_all_of_them_to_a_folder(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["schema", "all", "-o", str(tmp_path / "made")])
    assert result.exit_code == 0, result.output
    made = {file.name.removesuffix(".schema.json") for file in (tmp_path / "made").iterdir()}
    assert made == {one.value for one in Schema} - {"all"}
    rules = json.loads((tmp_path / "made" / "rules.schema.json").read_text("utf-8"))
    assert rules == file_schema("rules", load_rulebook())


def test_all_of_them_need_a_folder() -> None:
    result = CliRunner().invoke(app, ["schema", "all"])
    assert result.exit_code == 2
    assert "-o" in result.output


def test_the_generic_one_needs_no_rulebook_that_loads(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["schema", "rules", "--generic", "--content", str(tmp_path)])
    assert json.loads(result.output) == file_schema("rules", None)
