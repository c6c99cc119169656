"""The published documents: what is answered fits, and what does not belong is refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from recommender import content, load_rulebook, recommend
from recommender.profile import Profile, read_profile
from recommender.schemas import DOCUMENTS, RecommendationDocument, json_schema

PROFILES = sorted((content.root() / "profiles").glob("*.yaml"))
Document = dict[str, Any]


def read(name: str) -> Profile:
    path = content.root() / "profiles" / f"{name}.yaml"
    return read_profile(path.read_bytes(), path.name)


@pytest.fixture(scope="module")
def document() -> Document:
    return recommend(read("typical_first_intake"), load_rulebook()).to_dict()


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_each_schema_is_a_schema(name: str) -> None:
    schema = json_schema(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"].endswith("2020-12/schema")


def test_every_shipped_answer_fits_the_published_schema() -> None:
    validator = Draft202012Validator(json_schema("recommendation"))
    rulebook = load_rulebook()
    for n, path in enumerate(PROFILES):
        answer = recommend(read(path.stem), rulebook).to_dict()
        RecommendationDocument.model_validate(answer)
        if n % 10 == 0:  # the general validator takes long over one answer
            assert not list(validator.iter_errors(answer)), path.stem


def test_every_shipped_profile_fits_the_published_schema() -> None:
    validator = Draft202012Validator(json_schema("profile"))
    for path in PROFILES:
        stated = read(path.stem).model_dump(mode="json", by_alias=True, exclude_unset=True)
        assert not list(validator.iter_errors(stated)), path.stem


@pytest.mark.parametrize("part", sorted(RecommendationDocument.model_fields))
def test_no_part_of_an_answer_may_be_left_out(document: Document, part: str) -> None:
    name = "schema" if part == "schema_" else part
    with pytest.raises(ValidationError):
        RecommendationDocument.model_validate({k: v for k, v in document.items() if k != name})


@pytest.mark.parametrize(
    "path", [(), ("plan", 0), ("plan", 0, "because", 0), ("set_aside", 0), ("facts", 0), ("basis",)]
)
def test_no_part_of_an_answer_takes_unknown_keys(
    document: Document, path: tuple[str | int, ...]
) -> None:
    changed: Any = copy.deepcopy(document)
    inner = changed
    for step in path:
        inner = inner[step]
    inner["surprise"] = 1
    with pytest.raises(ValidationError):
        RecommendationDocument.model_validate(changed)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("status",), "maybe"),
        (("plan", 0, "phase"), 4),
        (("plan", 0, "certainty"), "sure"),
        (("set_aside", 0, "status"), "recommended"),
        (("rules", "safety.x.y"), "true"),
        (("facts", 0, "state"), "guessed"),
        (("facts", 0, "possible"), {"everything": False}),
        (("schema",), "recommendation/2"),
    ],
)
def test_closed_lists_are_closed(
    document: Document, path: tuple[str | int, ...], value: object
) -> None:
    changed: Any = copy.deepcopy(document)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    with pytest.raises(ValidationError):
        RecommendationDocument.model_validate(changed)
