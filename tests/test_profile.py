"""Profiles: read strictly, refused with a place, and never quoted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pytest

from recommender.errors import Problem, ProfileError
from recommender.facts import Moment
from recommender.profile import IDENTIFYING, Finding, Profile, as_profile, moment, read_profile
from tests.building import patient, problems

YAML = """\
schema: profile/1
id: example
assessed_on: 2026-10-02
as_of: 2026-10-05
age: 46
history:
  episodes: 4
  treatments:
    - {kind: antidepressant, agent: sertraline, dose_mg: 150, weeks: 10, adherent: true}
observations:
  inertia: marked
  psychosis: {value: false, on: 2026-10-01T15:10}
"""


def wrong(**parts: Any) -> Sequence[Problem]:
    return problems(lambda: as_profile(patient(**parts)), ProfileError)


# ------------------------------------------------------------------------------- reading


def test_yaml_json_text_and_mapping_are_the_same_profile() -> None:
    from_yaml = read_profile(YAML, "p.yaml")
    plain = json.loads(from_yaml.model_dump_json(by_alias=True, exclude_unset=True))
    for same in (json.dumps(plain), plain, YAML.encode()):
        assert as_profile(same).model_dump() == from_yaml.model_dump()
        assert as_profile(same).digest == from_yaml.digest
    assert as_profile(from_yaml) is from_yaml


def test_the_digest_is_that_of_what_is_stated_however_it_is_written() -> None:
    first = read_profile(YAML, "p.yaml")
    assert read_profile("# a comment\n" + YAML, "q.yaml").digest == first.digest
    shuffled = dict(reversed(list(patient(age=46, sex="female").items())))
    assert as_profile(shuffled).digest == as_profile(patient(age=46, sex="female")).digest


def test_what_a_vignette_expects_is_no_part_of_the_patient() -> None:
    assert as_profile(patient(expect={"status": "stopped"})).digest == as_profile(patient()).digest


def test_any_stated_value_changes_the_digest() -> None:
    assert as_profile(patient(age=46)).digest != as_profile(patient(age=47)).digest


def test_not_asked_differs_from_asked_and_none() -> None:
    assert as_profile(patient()).conditions is None
    assert as_profile(patient(conditions=[])).conditions == []


def test_a_day_may_carry_a_time() -> None:
    observed = read_profile(YAML, "p.yaml").observations["psychosis"]
    assert isinstance(observed, Finding)
    assert observed.on == Moment(date(2026, 10, 1), datetime(2026, 10, 1, 15, 10))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-10-02", Moment(date(2026, 10, 2))),
        (date(2026, 10, 2), Moment(date(2026, 10, 2))),
        ("2026-10-02T15:10", Moment(date(2026, 10, 2), datetime(2026, 10, 2, 15, 10))),
        ("2026-10-02T15:10:30", Moment(date(2026, 10, 2), datetime(2026, 10, 2, 15, 10, 30))),
    ],
)
def test_days_are_written_one_way(written: object, read: Moment) -> None:
    assert moment(written) == read


@pytest.mark.parametrize(
    "written",
    [
        *("2026-02-30", "2025-02-29", "2026-13-01", "02.10.2026", "2026-10-2", "20261002"),
        *("2026-10-02 15:10", "2026-10-02T25:00", "2026-10-02T15:10Z", "today", "", 20261002, None),
    ],
)
def test_what_is_no_day_is_refused(written: object) -> None:
    assert [problem.code for problem in wrong(assessed_on=written)] == ["P103"]


# ------------------------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("parts", "code", "told"),
    [
        ({"aeg": 40}, "P101", "Did you mean 'age'?"),
        ({"assessments": [{"instrument": "a", "totel": 3}]}, "P101", "Did you mean 'total'?"),
        ({"history": {"treatments": [{"kind": "a", "agnt": "b"}]}}, "P101", "'agent'?"),
        ({"releases": [{"id": "a", "on": "2026-10-01", "who": "x"}]}, "P101", "'who'"),
        ({"releases": [{"id": "a"}]}, "P102", "'on' is missing"),
        ({"history": {"treatments": [{"agent": "a"}]}}, "P102", "'kind' is missing"),
        ({"age": "46"}, "P103", "must be a whole number"),
        ({"age": True}, "P103", "must be a whole number"),
        ({"age": 46.0}, "P103", "must be a whole number"),
        ({"age": 121}, "P103", "less than or equal to 120"),
        ({"birth_year": 1899}, "P103", "greater than or equal to 1900"),
        ({"history": {"treatments": [{"kind": "a", "outcome": "good"}]}}, "P103", "must be 'none'"),
        ({"history": {"treatments": [{"kind": "a", "adherent": "yes"}]}}, "P103", "true or false"),
        ({"assessments": {}}, "P103", "must be a list"),
        ({"preferences": {"declines": "tms"}}, "P103", "must be a list"),
        ({"observations": []}, "P103", "must be a mapping"),
        ({"schema": "profile/2"}, "P103", "must be 'profile/1'"),
    ],
)
def test_a_mistake_is_told_by_its_kind(parts: Mapping[str, Any], code: str, told: str) -> None:
    (problem,) = wrong(**parts)
    assert problem.code == code
    assert told in f"{problem.message} {problem.hint}"


def test_what_every_profile_needs_is_named_when_it_is_missing() -> None:
    found = problems(lambda: as_profile({}), ProfileError)
    assert [problem.message for problem in found] == [
        "'schema' is missing",
        "'id' is missing",
        "'assessed_on' is missing",
    ]


@pytest.mark.parametrize("text", ["", "[]", "just text", "{", "{}", "- 1", "\x00", '{"a": NaN}'])
def test_what_is_no_profile_at_all_is_a_profile_error(text: str) -> None:
    assert problems(lambda: as_profile(text), ProfileError)


def test_every_mistake_of_a_file_is_found_at_its_line() -> None:
    text = YAML.replace("age: 46", "age: old").replace("inertia: marked", "inertia: [[]]")
    found = problems(lambda: read_profile(text + "extra: 1\n", "p.yaml"), ProfileError)
    assert [(problem.file, problem.line) for problem in found] == [
        ("p.yaml", 5),
        ("p.yaml", 11),
        ("p.yaml", 13),
    ]


def test_a_mistake_in_a_mapping_is_placed_by_its_path() -> None:
    (problem,) = wrong(assessments=[{"instrument": "a"}, {"instrument": "b", "total": "x"}])
    assert problem.path == "assessments.1.total"


# ------------------------------------------------------------------------------- persons


@pytest.mark.parametrize("key", sorted(IDENTIFYING))
def test_a_key_that_names_a_person_is_refused_wherever_it_stands(key: str) -> None:
    for parts in ({key: "Jane Roe"}, {"observations": {key.upper(): "Jane Roe"}}):
        found = wrong(**parts)
        assert "P110" in [problem.code for problem in found]
        assert "Jane" not in str(found)


@pytest.mark.parametrize(
    "value",
    [
        *("Jane Roe", "Jane_Roe", "Jane.Roe", "12 High Street", "jane@example.org"),
        *("1980-02-03", "born-1980-02-03", "4857773456", "mrn4857773", "x" * 65, "Zoë", "a\nb", ""),
    ],
)
def test_an_identifier_or_free_text_is_refused_as_a_value(value: str) -> None:
    for parts in (
        {"id": value},
        {"conditions": [value]},
        {"observations": {"inertia": value}},
        {"observations": {"inertia": {"value": value}}},
        {"preferences": {"prefers": [value]}},
        {"history": {"treatments": [{"kind": value}]}},
        {"access": {"place": value}},
        {"releases": [{"id": "seen", "on": "2026-10-02", "by": value}]},
    ):
        found = wrong(**parts)
        assert {problem.code for problem in found} == {"P103"}
        assert not value.strip() or value not in str(found)


@pytest.mark.parametrize("name", ["example-1", "A-17", "tms_concurrent_cbt", "phq9", "P0042"])
def test_a_pseudonym_is_accepted(name: str) -> None:
    assert as_profile(patient(id=name)).id == name


def test_a_full_birth_date_is_refused_in_place_of_a_year() -> None:
    (problem,) = wrong(birth_year="1980-02-03")
    assert "1980" not in str(problem)


def test_a_profile_cannot_be_changed_once_read() -> None:
    profile = as_profile(patient(age=46))
    with pytest.raises(ValueError, match="frozen"):
        profile.age = 47  # type: ignore[misc]
    assert isinstance(profile, Profile)
