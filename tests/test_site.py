"""What a site may change of the rulebook it lies over, and what it has to justify."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from recommender import Rulebook, recommend
from recommender.errors import ContentError, Problem
from recommender.explain.render import render
from tests.building import (
    MOOD,
    RULE,
    SAFE,
    Plain,
    boolean,
    concluded,
    integer,
    load,
    ordinal,
    problems,
    write,
)

BANDS = {"low": "low", "mild": "mild", "high": "high"}
SCALE: Plain = {
    "id": "scale",
    "title": "Scale",
    "range": [0, 9],
    "bands": [
        {"id": "low", "range": [0, 3]},
        {"id": "mild", "range": [4, 6]},
        {"id": "high", "range": [7, 9]},
    ],
}

# ------------------------------------------------------------------------------- a site's own files

SITE = {"rules/rulebook.yaml": {"lays_over": "tiny", "contacts": {"crisis": "Ring 111"}}}


def overlaid(tmp_path: Path, files: Mapping[str, Any]) -> Rulebook:
    site = write(tmp_path / "site", {**SITE, **files})
    return load(
        tmp_path / "shipped",
        {"rules/safety/stop.yaml": {"topic": "S", "rules": {"no": SAFE}}},
        site,
    )


def overlay_refused(tmp_path: Path, files: Mapping[str, Any]) -> list[Problem]:
    return list(problems(lambda: overlaid(tmp_path, files), ContentError))


def test_a_site_sets_its_contacts_and_texts(tmp_path: Path) -> None:
    words = [{"id": "mood", "label": "Stimmung", "question": "Wie ist die Stimmung?"}]
    book = overlaid(tmp_path, {"rules/vocabulary/features.yaml": words})
    assert book.header.contacts == {"crisis": "Ring 111"}
    assert book.header.id == "tiny"
    assert book.features["mood"].label == "Stimmung"
    assert book.features["mood"].values == MOOD["values"]


def test_a_site_changes_an_entry_by_its_id_and_adds_its_own(tmp_path: Path) -> None:
    own = [{"id": "mbct", "phase": 3}, {"id": "walks", "title": "Walks", "phase": 1}]
    more = {"topic": "Own", "rules": {"walk": RULE | {"recommend": "walks"}}}
    book = overlaid(
        tmp_path,
        {
            "rules/vocabulary/adaptations.yaml": own,
            "rules/adaptation/own.yaml": more,
            "rules/adaptation/mindfulness.yaml": {
                "topic": "Mindfulness",
                "rules": {"high": {"status": "retired"}},
            },
        },
    )
    assert (book.adaptations["mbct"].title, book.adaptations["mbct"].phase) == ("M", 3)
    assert "walks" in book.adaptations
    assert book.rules["adaptation.mindfulness.high"].status == "retired"
    assert book.rules["adaptation.mindfulness.high"].text.recommend == "mbct"
    assert "adaptation.own.walk" in book.rules


def test_a_site_changes_the_digest(tmp_path: Path) -> None:
    assert overlaid(tmp_path, {}).digest != load(tmp_path / "plain").digest


@pytest.mark.parametrize("change", [{"status": "retired"}, {"when": {}}, {"limits": "None."}])
def test_a_site_may_not_change_a_safety_rule(tmp_path: Path, change: Plain) -> None:
    topic = {"topic": "S", "rules": {"no": change}}
    (found,) = overlay_refused(tmp_path, {"rules/safety/stop.yaml": topic})
    assert (found.code, found.line) == ("C206", 3)
    assert "safety.stop.no" in found.message


@pytest.mark.parametrize(
    "change",
    [
        {"values": ["high", "low"]},
        {"valid_for": "P900D"},
        {"safety": {"positive": "high"}},
        {"from": ["clinician"]},
        {"modifiable": False},
    ],
)
def test_a_site_may_only_reword_a_feature(tmp_path: Path, change: Plain) -> None:
    features = [{"id": "mood", "label": "Mood"} | change]
    (found,) = overlay_refused(tmp_path, {"rules/vocabulary/features.yaml": features})
    assert found.code == "C206"


# ------------------------------------------------------------------------------- departures

SCALED = ordinal("mood") | {"from": [{"instrument": "scale", "band": BANDS}]}
GUARDED: Mapping[str, Any] = {
    "rules/vocabulary/features.yaml": [SCALED, ordinal("pace"), concluded(boolean("low"), False)],
    "rules/assessment/scale.yaml": SCALE,
    "rules/assessment/doses.yaml": {"antidepressant": {"sertraline": 50}},
    "rules/safety/stop.yaml": {"topic": "S", "rules": {"no": SAFE | {"when": {"low": True}}}},
    "rules/inference/low.yaml": {
        "topic": "I",
        "rules": {
            "low": {
                "title": "T",
                "when": {"mood": "low"},
                "conclude": {"low": True},
                "because": "B",
            }
        },
    },
    "rules/invariants.yaml": {
        "never": {
            "title": "T",
            "when": {"low": True},
            "even_if_unknown": False,
            "never": {"recommended": "mbct"},
        }
    },
}
CHANGES: Mapping[str, tuple[str, Any]] = {
    "safety.stop.no": (
        "rules/safety/stop.yaml",
        {"topic": "S", "rules": {"no": {"status": "retired"}}},
    ),
    "inference.low.low": (
        "rules/inference/low.yaml",
        {"topic": "I", "rules": {"low": {"when": {"mood": "high"}}}},
    ),
    "inference.own.low": (
        "rules/inference/own.yaml",
        {
            "topic": "I",
            "rules": {
                "low": {"title": "T", "when": {}, "conclude": {"low": False}, "because": "B"}
            },
        },
    ),
    "mood": ("rules/vocabulary/features.yaml", [{"id": "mood", "valid_for": "P900D"}]),
    "scale": ("rules/assessment/scale.yaml", {"id": "scale", "valid_for": "P900D"}),
    "never": ("rules/invariants.yaml", {"never": {"even_if_unknown": False, "because": "B"}}),
}


def guarded(folder: Path, departures: Mapping[str, str], *files: tuple[str, Any]) -> Rulebook:
    header = {"lays_over": "tiny", "departures": dict(departures)}
    site = write(folder / "site", {"rules/rulebook.yaml": header, **dict(files)})
    return load(folder / "shipped", GUARDED, site)


@pytest.mark.parametrize("name", CHANGES)
def test_what_safety_rests_on_is_not_changed_without_a_reason(tmp_path: Path, name: str) -> None:
    """Rules that guard, what they read through conclusions and scales, and invariants."""
    (found,) = problems(lambda: guarded(tmp_path, {}, CHANGES[name]), ContentError)
    assert found.code == "C206"
    assert f"'{name}'" in found.message or f" {name} " in found.message
    assert "departures" in found.hint


@pytest.mark.parametrize("name", CHANGES)
def test_a_written_reason_allows_it_and_stands_in_every_answer(tmp_path: Path, name: str) -> None:
    book = guarded(tmp_path, {name: "Agreed by the site's own group."}, CHANGES[name])
    assert book.header.departures == {name: "Agreed by the site's own group."}
    profile = {"schema": "profile/1", "id": "p", "assessed_on": "2026-11-20"}
    answer = recommend(profile | {"as_of": "2026-11-20"}, book).to_dict()
    assert [(d["changes"], d["because"]) for d in answer["basis"]["departures"]] == [
        (name, "Agreed by the site's own group.")
    ]
    for form in ("text", "markdown"):
        assert "Agreed by the site's own group." in render(answer, format=form)


@pytest.mark.parametrize("why", ["", "  "])
def test_an_empty_reason_is_none(tmp_path: Path, why: str) -> None:
    change = CHANGES["safety.stop.no"]
    (found,) = problems(lambda: guarded(tmp_path, {"safety.stop.no": why}, change), ContentError)
    assert found.code == "C206"


def test_a_reason_for_nothing_is_a_mistake(tmp_path: Path) -> None:
    (found,) = problems(lambda: guarded(tmp_path, {"safety.stop.on": "Why."}), ContentError)
    assert (found.code, found.line) == ("C208", 3)


def test_the_words_of_a_guarding_scale_and_what_guards_nothing_are_free(tmp_path: Path) -> None:
    free = [
        ("rules/assessment/scale.yaml", {"id": "scale", "title": "Skala", "minutes": 4}),
        ("rules/vocabulary/features.yaml", [{"id": "mood", "label": "Stimmung"}]),
        ("rules/invariants.yaml", {"own": GUARDED["rules/invariants.yaml"]["never"]}),
        ("rules/assessment/doses.yaml", {"antidepressant": {"sertraline": 100}}),
    ]
    book = guarded(tmp_path, {}, *free)
    assert book.instruments["scale"].title == "Skala"
    assert set(book.invariants) == {"never", "own"}
    assert book.doses["antidepressant"]["sertraline"] == 100


def test_doses_are_guarded_where_trials_are(tmp_path: Path) -> None:
    counted = integer("failures", 0, 9) | {
        "from": [{"measure": "adequate_trials", "kind": "antidepressant", "outcome": ["none"]}]
    }
    rule = SAFE | {"when": {"failures": {"at_most": 1}}}
    shipped = {
        "rules/vocabulary/features.yaml": [counted, MOOD],
        "rules/safety/stop.yaml": {"topic": "S", "rules": {"no": rule}},
    }
    doses = {"rules/assessment/doses.yaml": {"antidepressant": {"sertraline": 5}}}
    for departures, expected in (({}, ["C206"]), ({"doses": "Local formulary."}, [])):
        header = {"lays_over": "tiny", "departures": departures}
        site = write(tmp_path / "site", {"rules/rulebook.yaml": header, **doses})
        try:
            load(tmp_path / "shipped", shipped, site)
            found = []
        except ContentError as error:
            found = [problem.code for problem in error.problems]
        assert found == expected


# ------------------------------------------------------------------------------- which rulebook


def test_a_site_names_the_rulebook_it_lies_over(tmp_path: Path) -> None:
    header = {"lays_over": "another"}
    (found,) = overlay_refused(tmp_path, {"rules/rulebook.yaml": header})
    assert found.code == "C207"


@pytest.mark.parametrize("key", ["id", "version", "status"])
def test_a_site_may_not_pass_for_another_rulebook(tmp_path: Path, key: str) -> None:
    header = {"lays_over": "tiny", key: "9"}
    found = overlay_refused(tmp_path, {"rules/rulebook.yaml": header})
    assert {problem.code for problem in found} == {"C207"}


def test_a_mistake_of_a_site_is_placed_in_its_own_file(tmp_path: Path) -> None:
    own = {"topic": "Own", "rules": {"walk": RULE | {"recommend": "wakls"}}}
    (found,) = overlay_refused(tmp_path, {"rules/adaptation/own.yaml": own})
    assert Path(found.file).as_posix().endswith("site/rules/adaptation/own.yaml")
    assert found.line > 1
