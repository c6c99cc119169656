"""The conformance vectors, each asked through the command line as its README says.

A vector is a small whole rulebook with one profile and the one answer the format demands.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from recommender.engines import durable
from recommender.surfaces.cli import app

VECTORS = Path(__file__).parent / "vectors"
ANSWERED = sorted(VECTORS.glob("[0-9]*"))
REFUSED = sorted((VECTORS / "errors").glob("[0-9]*"))
EXIT_CODES = {"content": 3, "profile": 4}
TRUTHS = {"T": "fired", "U": "unknown", "F": "silent"}

Document = dict[str, Any]
Expected = Mapping[str, Any]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def expected_of(vector: Path) -> Document:
    read: Document = yaml.safe_load((vector / "expected.yaml").read_text("utf-8"))
    return read


def ask(vector: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> Result:
    monkeypatch.chdir(vector)
    command = ["recommend", "profile.yaml", "--content", "content", "--format", "json", *more]
    return CliRunner().invoke(app, command)


def answer(vector: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> Document:
    expected = expected_of(vector)
    day = ("--as-of", str(expected["as_of"])) if "as_of" in expected else ()
    result = ask(vector, monkeypatch, *day, *more)
    assert result.exit_code == 0, result.stderr
    document: Document = json.loads(result.stdout)
    return document


def test_all_vectors_are_here() -> None:
    assert len(ANSWERED) == 92
    assert len(REFUSED) == 31


# ------------------------------------------------------------------------------- answered


@pytest.mark.parametrize("vector", ANSWERED, ids=lambda path: path.name)
def test_answer_is_the_one_expected(vector: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compare(answer(vector, monkeypatch), expected_of(vector))


@pytest.mark.durable
@pytest.mark.skipif(durable.missing() is not None, reason="durable-rules is not installed")
@pytest.mark.parametrize("vector", ANSWERED, ids=lambda path: path.name)
def test_the_second_engine_gives_the_same_answer(
    vector: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = answer(vector, monkeypatch, "--engine", "durable")
    assert second["produced_by"]["engine"] == "durable"
    compare(second, expected_of(vector))
    first = answer(vector, monkeypatch)
    assert first | {"produced_by": None} == second | {"produced_by": None}


def compare(document: Document, expected: Expected) -> None:
    assert document["status"] == expected["status"]
    assert adaptations(document) == {
        name: {
            "status": entry["status"],
            "settled": entry["settled"],
            "assumes": set(entry["assumes"]),
            "provisional": entry.get("provisional", False),
        }
        for name, entry in expected["adaptations"].items()
    }
    wanted = {name: TRUTHS[truth] for name, truth in expected["rules"].items()}
    assert document["rules"] == wanted
    assert [stop["rule"] for stop in document["stops"]] == expected["stops"]
    assert document["stops_settled"] == expected["stops_settled"]
    asked = [question["feature"] for question in document["ask"]]
    assert sorted(asked) == sorted(expected["ask"])
    required = {question["feature"] for question in document["ask"] if question["required"]}
    assert required == set(expected["required"])
    states = {fact["feature"]: fact["state"] for fact in document["facts"]}
    for feature, state in expected.get("facts", {}).items():
        assert states.get(feature, state) == state, feature


def adaptations(document: Document) -> Document:
    """Every adaptation of an answer as a vector describes it; named twice is a failure."""
    entries = [entry | {"status": "recommended"} for entry in document["plan"]]
    entries += [entry | {"assumes": [], "provisional": False} for entry in document["set_aside"]]
    names = [entry["adaptation"] for entry in entries]
    assert len(names) == len(set(names))
    return {
        entry["adaptation"]: {
            "status": entry["status"],
            "settled": entry["settled"],
            "assumes": set(entry["assumes"]),
            "provisional": entry["provisional"],
        }
        for entry in entries
    }


# ------------------------------------------------------------------------------- refused

NEAREST = {
    "02-unknown-key": "because",
    "06-unknown-feature": "rumination",
    "10-unknown-adaptation": "mbct",
    "13-unknown-pathway": "crisis",
    "21-profile-unknown-key": "observations",
    "24-profile-unknown-instrument": "mini",
}
"""The word each message must suggest, as the vector's `reason` says."""

TOLD = {
    "01-key-written-twice": ["when", "second time"],
    "02-unknown-key": ["becuase"],
    "03-anchor": ["anchor"],
    "04-two-verbs": ["one verb", "recommend", "caution"],
    "05-no-verb": ["no verb"],
    "06-unknown-feature": ["ruminaton"],
    "07-value-not-in-the-list": ["severe", "low, mild, high"],
    "08-test-does-not-fit-the-type": ["includes", "sets", "ordinal"],
    "09-known-decides-a-recommendation": ["known", "ask, flag and invariants"],
    "10-unknown-adaptation": ["mcbt"],
    "11-exclude-below-block-without-justify": ["justify"],
    "12-scope-pathway-with-block": ["scope: true", "block"],
    "13-unknown-pathway": ["crises"],
    "14-leading-zero-is-text": ["018", "text", "number"],
    "15-between-upside-down": ["between", "lower end first"],
    "16-empty-any": ["any", "at least one"],
    "17-duplicate-feature": ["rumination", "twice"],
    "18-concluded-cycle": ["one, two"],
    "19-conclude-a-feature-that-is-assessed": ["age", "concluded: true"],
    "20-bands-leave-a-gap": ["leave out 5", "0 to 10"],
    "21-profile-unknown-key": ["observation"],
    "22-profile-value-not-in-the-list": ["rumination", "low, mild, high"],
    "23-profile-total-out-of-range": ["total", "0 to 10", "mini"],
    "24-profile-unknown-instrument": ["no instrument"],
    "25-profile-name-of-a-person": ["name, address", "full birth date"],
    "26-profile-date-after-as-of": ["2026-11-22", "after"],
    "27-profile-no-such-day": ["no such day", "assessed_on"],
    "28-profile-value-for-a-concluded-feature": ["stage", "concluded"],
    "29-profile-both-present-and-absent": ["implants", "present and absent"],
    "30-refer-without-if-not-known": ["if_not_known", "caution, ask or block"],
    "31-concluded-without-default": ["stage", "default"],
}
"""Words of the vector's `reason` that the message must tell."""

VALUES = {
    "22-profile-value-not-in-the-list": ["extreme"],
    "23-profile-total-out-of-range": ["11"],
    "24-profile-unknown-instrument": ["mimi"],
    "25-profile-name-of-a-person": ["Jane", "Roe"],
    "26-profile-date-after-as-of": ["2026-11-23"],
    "27-profile-no-such-day": ["2026-02-30"],
    "28-profile-value-for-a-concluded-feature": ["true"],
    "29-profile-both-present-and-absent": ["pacemaker"],
}
"""What the profile states there, and no message may repeat."""


@pytest.mark.parametrize("vector", REFUSED, ids=lambda path: path.name)
def test_mistake_is_refused_at_its_place(vector: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = expected_of(vector)
    result = ask(vector, monkeypatch)
    assert result.exit_code == EXIT_CODES[expected["refused"]]
    assert result.stdout == ""
    assert f"{expected['file']}:{expected['line']}:" in result.stderr


@pytest.mark.parametrize("vector", REFUSED, ids=lambda path: path.name)
def test_message_tells_the_reason_and_no_more(
    vector: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = ask(vector, monkeypatch)
    for words in TOLD[vector.name]:
        assert words in result.stderr
    if vector.name in NEAREST:
        assert f"Did you mean '{NEAREST[vector.name]}'?" in result.stderr
    for value in VALUES.get(vector.name, ()):
        assert value not in result.stderr


@pytest.mark.parametrize("vector", REFUSED, ids=lambda path: path.name)
def test_one_mistake_is_reported_once(vector: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = ask(vector, monkeypatch).stderr.strip().split("\n\n")
    # The refer of vector 13 lacks its `if_not_known` as well.
    assert len(blocks) == (2 if vector.name == "13-unknown-pathway" else 1)
