"""Profile: what was assessed about one patient, as it comes in (`profile/1`).

In: YAML or JSON text, a mapping, or a Profile. Out: a frozen Profile. Refused: unknown keys, wrong
types, days that do not exist, and anything that could identify a person. What needs a rulebook to
judge (is this a value of that feature?) is checked by assess.py. No message holds a value.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PrivateAttr,
    StrictBool,
    StrictFloat,
    StrictInt,
    ValidationError,
    WithJsonSchema,
)

from recommender.content import Document, read_json, read_yaml
from recommender.errors import ContentError, Problem, ProfileError, did_you_mean
from recommender.facts import Moment
from recommender.validation import faults, needed

IDENTIFYING = frozenset(
    {
        *("name", "surname", "first_name", "last_name", "family_name", "given_name"),
        *("address", "street", "postcode", "zip", "phone", "telephone", "mobile"),
        *("email", "mail", "birth_date", "birthdate", "date_of_birth", "dob", "born"),
        *("nhs_number", "mrn", "ssn", "insurance_number"),
    }
)
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./+-]{0,63}")
_PERSON = re.compile(r"[A-Z][a-z]+([_.-][A-Z][a-z]+)+|.*\d{7}.*|.*\d{4}-\d{2}-\d{2}.*")
_NO_IDENTITY = "A profile holds no name, address, number of a person or full birth date."


class _Wrong(ValueError):
    """A fault with a message that is safe to print."""


def moment(text: object) -> Moment:
    """A day such as 2026-10-02, or a day and local time such as 2026-10-02T15:10."""
    if isinstance(text, Moment):
        return text
    if isinstance(text, datetime):
        return Moment(text.date(), text.replace(tzinfo=None))
    if isinstance(text, date):
        return Moment(text)
    form = re.fullmatch(r"(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2})?)?", str(text))
    if not form:
        raise _Wrong("a day is written as 2026-10-02, a time as 2026-10-02T15:10")
    try:
        day = date.fromisoformat(form[1])
        return Moment(day, datetime.fromisoformat(form[0]) if form[2] else None)
    except ValueError:
        raise _Wrong("there is no such day or time") from None


def _day(text: object) -> date:
    return moment(text).day


def _token(text: str) -> str:
    if not _TOKEN.fullmatch(text) or _PERSON.fullmatch(text):
        raise _Wrong(f"this looks like free text or an identifier. {_NO_IDENTITY}")
    return text


_DATE_SCHEMA = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?)?$"}
When = Annotated[
    Moment,
    BeforeValidator(moment),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(_DATE_SCHEMA),
]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Token = Annotated[str, AfterValidator(_token)]
Scalar = StrictBool | StrictInt | StrictFloat | Token
Number = StrictInt | StrictFloat


class Part(BaseModel):
    """The base of every part of a profile: frozen, and unknown keys are errors."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        allow_inf_nan=False,
        defer_build=True,
    )


class Assessment(Part):
    """One administration of an instrument: a total, items, or both."""

    instrument: Token
    total: Number | None = None
    items: dict[str, Scalar | None] | list[Scalar | None] | None = Field(
        None, description="answers by item id, or in the instrument's order; null when missing"
    )
    on: When | None = Field(None, description="when; else the profile's assessed_on")


class Members(Part):
    """A list that is not complete: what is present, what is absent; the rest was not asked."""

    present: list[Token] = []
    absent: list[Token] = []
    on: When | None = None


class Finding(Part):
    """One value with its own date; null was asked for and not obtained."""

    value: Scalar | list[Token] | Members | None
    on: When | None = None


Field_ = Scalar | Finding | None
Listed = list[Token] | Members
Observation = Scalar | Finding | Members | list[Finding] | list[Token] | None


class Treatment(Part):
    """One treatment tried; what is not known is left out."""

    kind: Token
    agent: Token | None = None
    modality: Token | None = None
    dose_mg: Number | None = None
    weeks: Number | None = None
    sessions: StrictInt | None = None
    attended: StrictInt | None = None
    adherent: StrictBool | None = None
    outcome: Literal["none", "partial", "response", "remission", "not_tolerated"] | None = None
    obstacles: list[Token] | None = Field(None, description="[] = asked, none")
    episode: Literal["current", "earlier"] | None = None
    ongoing: StrictBool | None = None
    ended: When | None = None


class Preferences(BaseModel):
    """What the patient wants: adaptations preferred and declined, and the site's own questions."""

    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True)
    __pydantic_extra__: dict[str, Field_]

    prefers: list[Token] = []
    declines: list[Token] = []


class History(BaseModel):
    """The course of the illness and what was tried; further keys are features `history.<key>`."""

    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True)
    __pydantic_extra__: dict[str, Field_ | Listed | When]

    treatments: list[Treatment] | None = Field(None, description="[] = nothing was tried")


class Release(Part):
    """An act that lifts a stop, recorded by the clinician who did it."""

    id: Token
    on: When
    by: Token | None = Field(None, description="who did it: a role or staff code, never a name")


class Profile(Part):
    """What was assessed about one adult: values, when, and with which instrument."""

    schema_: Literal["profile/1"] = Field(alias="schema")
    id: Token = Field(description="synthetic or pseudonymous, never a name")
    assessed_on: When = Field(description="entries without a date of their own inherit it")
    as_of: Day | None = Field(None, description="the day the answer is for")
    age: Annotated[StrictInt, Field(ge=0, le=120)] | None = None
    birth_year: Annotated[StrictInt, Field(ge=1900, le=2100)] | None = None
    sex: Scalar | Finding | None = None
    assessments: list[Assessment] = []
    history: History = History.model_construct()
    conditions: Listed | None = None
    medications: Listed | None = None
    implants: Listed | None = None
    observations: dict[str, Observation] = Field({}, description="clinician-rated findings")
    preferences: Preferences = Preferences.model_construct()
    access: dict[str, Field_] = {}
    releases: list[Release] = []
    expect: dict[str, Any] | None = Field(None, description="vignettes only")

    _document: Document | None = PrivateAttr(None)

    def problem(self, code: str, message: str, hint: str, *path: str | int) -> Problem:
        """A problem at `path` in this profile, with file and line where it was read from a file."""
        if self._document is not None:
            return self._document.problem(code, message, hint, *path)
        return Problem(code, message, hint, path=".".join(map(str, path)))

    def released(self) -> dict[str, tuple[Moment, ...]]:
        """By id of an act that lifts stops: when it was recorded."""
        found: dict[str, tuple[Moment, ...]] = {}
        for release in self.releases:
            found[release.id] = (*found.get(release.id, ()), release.on)
        return found

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what is stated about the patient; `expect` does not count."""
        plain = self.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"expect"})
        text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def read_profile(data: bytes | str, name: str) -> Profile:
    """Read a profile from YAML or JSON text; `name` stands in error messages.

    Raises ProfileError with every problem found and its line.
    """
    text = data.lstrip() if isinstance(data, bytes) else data.lstrip().encode()
    try:
        document = (read_json if text[:1] == b"{" else read_yaml)(data, name)
    except ContentError as error:
        raise ProfileError(error.problems) from error
    return _validated(document.data, document)


def as_profile(profile: "Profile | Mapping[str, Any] | str | bytes") -> Profile:
    """The profile of a mapping, of JSON or YAML text, or itself. Raises ProfileError."""
    if isinstance(profile, Profile):
        return profile
    if isinstance(profile, str | bytes):
        return read_profile(profile, "")
    return _validated(dict(profile), None)


def _validated(data: object, document: Document | None) -> Profile:
    identifying = list(_identifying(data, ()))
    try:
        profile = Profile.model_validate(data)
    except ValidationError as error:
        raise ProfileError(_problems(error, data, document, identifying)) from None
    if identifying:
        raise ProfileError(_placed(document, *one) for one in identifying)
    profile._document = document
    return profile


_Found = tuple[tuple[str | int, ...], str, str, str, bool]


def _identifying(data: object, path: tuple[str | int, ...]) -> Iterator[_Found]:
    """Keys anywhere in the data that name a person; vignettes' `expect` is no patient data."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            if str(key).lower() in IDENTIFYING:
                yield (*path, key), "P110", f"'{key}' would identify a person", _NO_IDENTITY, True
            elif (*path, key) != ("expect",):
                yield from _identifying(value, (*path, key))
    elif isinstance(data, list):
        for place, value in enumerate(data):
            yield from _identifying(value, (*path, place))


def _placed(
    document: Document | None,
    path: tuple[str | int, ...],
    code: str,
    message: str,
    hint: str,
    key: bool,
) -> Problem:
    if document is None:
        return Problem(code, message, hint, path=".".join(map(str, path)))
    return document.problem(code, message, hint, *path, key=key)


def _problems(
    error: ValidationError, data: object, document: Document | None, identifying: list[_Found]
) -> Iterator[Problem]:
    named = {found[0] for found in identifying}
    for found in identifying:
        yield _placed(document, *found)
    seen = set(named)
    for path, code, message, hint, key in _explained(error, data):
        if path not in seen or code == "P102":
            seen.add(path)
            yield _placed(document, path, code, message, hint, key)


def _explained(error: ValidationError, data: object) -> Iterator[_Found]:
    for path, kind, details, overtaken in faults(error, data):
        if kind == "extra_forbidden":
            hint = did_you_mean(path[-1], _keys_at(path))
            yield path, "P101", f"unknown key '{path[-1]}'", hint, True
        elif kind == "missing":
            yield path, "P102", f"'{details['loc'][-1]}' is missing", "", False
        elif not overtaken:
            yield path, "P103", f"'{_name(path)}': {_safe(details)}", "", False


def _name(path: tuple[str | int, ...]) -> str:
    return next((str(step) for step in reversed(path) if isinstance(step, str)), "profile")


def _safe(fault: Any) -> str:
    """What is wrong, without the value."""
    cause = fault.get("ctx", {}).get("error")
    if isinstance(cause, _Wrong):
        return str(cause)
    words: str = fault["msg"]
    plain = words.removeprefix("Input ") if words.startswith("Input should") else "cannot be read"
    return needed(fault) or plain


_PARTS: Mapping[str, type[BaseModel]] = {
    "assessments": Assessment,
    "treatments": Treatment,
    "releases": Release,
}


def _keys_at(path: tuple[str | int, ...]) -> list[str]:
    """The keys that may stand where the last step of `path` stands."""
    parent = next((step for step in reversed(path[:-1]) if isinstance(step, str)), "")
    model = _PARTS.get(parent, Finding if parent else Profile)
    return [field.alias or name for name, field in model.model_fields.items()]
