"""What rules may ask about and what can be recommended, as read from rules/.

In: plain mappings read from YAML or from the precompiled rulebook. Out: frozen models. Refused:
unknown keys, wrong types, values that do not fit together inside one entry; what needs two entries
to judge (does this feature exist?) is checked in rulebook.py.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from enum import Enum, StrEnum
from functools import cache, cached_property
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Self, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    WithJsonSchema,
    model_validator,
)

Number = StrictInt | StrictFloat
Scalar = StrictBool | StrictInt | StrictFloat | str
Range = tuple[Number, Number]

_PERIOD = re.compile(r"P(\d{1,5})([DW])")
_UNIT_DAYS = {"D": 1, "W": 7}


def days(period: str) -> int:
    """The whole days of an ISO 8601 period such as P14D or P6W."""
    found = _PERIOD.fullmatch(period)
    if not found:
        raise ValueError("a period is written in days or weeks, such as P14D or P6W")
    return int(found[1]) * _UNIT_DAYS[found[2]]


def _checked_period(period: str) -> str:
    days(period)
    return period


Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", description="snake_case, never reused")]
DottedId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$")]
Period = Annotated[
    str,
    AfterValidator(_checked_period),
    WithJsonSchema({"type": "string", "pattern": f"^{_PERIOD.pattern}$"}),
]


class Content(BaseModel):
    """The base of everything read from rules/: frozen, and unknown keys are errors.

    Validators are built when something is first validated, which a start from the precompiled
    rulebook never does.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, defer_build=True)

    @classmethod
    def trusted(cls, data: Mapping[str, Any]) -> Self:
        """An entry of content that was validated before, made without judging it again."""
        plan = _plan_of(cls)
        values, given = {**plan.defaults, **data}, {*data}
        for key, name in plan.written_as:
            if key in given:
                values[name] = values.pop(key)
                given ^= {key, name}
        for name, kind, change in plan.changes:
            if isinstance(value := values[name], kind):
                values[name] = change(value)
        more = None
        if plan.open:
            more = {key: values.pop(key) for key in given - cls.model_fields.keys()}
        made = cls.__new__(cls)
        _set(made, "__dict__", values)
        _set(made, "__pydantic_fields_set__", given)
        _set(made, "__pydantic_extra__", more)
        _set(made, "__pydantic_private__", None)
        return made


_set = object.__setattr__  # the models are frozen


class _Making(NamedTuple):
    """How a plain value becomes what a field holds: values of `kind` are changed, others kept."""

    kind: type
    change: Callable[[Any], Any]

    def __call__(self, value: Any) -> Any:
        return self.change(value) if isinstance(value, self.kind) else value


class _Plan(NamedTuple):
    """What turns plain data into a model."""

    open: bool
    """Whether further keys are kept."""
    defaults: Mapping[str, Any]
    written_as: tuple[tuple[str, str], ...]
    """Keys in files, and the fields they stand for where the name differs."""
    changes: tuple[tuple[str, type, Callable[[Any], Any]], ...]
    """Fields whose plain value is changed, of which kind it is, and how."""


@cache
def _plan_of(model: type[Content]) -> _Plan:
    fields = model.model_fields
    makings = {name: _making(info.annotation) for name, info in fields.items()}
    return _Plan(
        model.model_config["extra"] == "allow",
        {name: info.default for name, info in fields.items() if not info.is_required()},
        tuple((info.alias, name) for name, info in fields.items() if info.alias),
        tuple((name, *making) for name, making in makings.items() if making),
    )


def _making_each(kind: type, each: _Making | None) -> _Making | None:
    """The same for every value of a list or mapping."""
    if each is None:
        return None
    if kind is list:
        return _Making(list, lambda values: [each(one) for one in values])
    return _Making(dict, lambda values: {key: each(one) for key, one in values.items()})


def _making(annotation: Any) -> _Making | None:
    """How plain values become what an annotation asks for; None where they stay as they are."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Annotated, Union, UnionType):
        wanted = inner[:1] if origin is Annotated else inner
        return next(filter(None, map(_making, wanted)), None)
    if origin is tuple:
        return _Making(list, tuple)
    if origin in (list, dict):
        return _making_each(origin, _making(inner[-1]))
    if isinstance(annotation, type) and issubclass(annotation, Content):
        return _Making(dict, annotation.trusted)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _Making(str, annotation)
    return _Making(str, date.fromisoformat) if annotation is date else None


OTHER_PANEL = "other"
"""The panel whose words stand for all that have none."""


class Kind(StrEnum):
    """The type of a feature's values."""

    ORDINAL = "ordinal"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    SET = "set"


NUMERIC = frozenset({Kind.INTEGER, Kind.DECIMAL})
ORDERED = NUMERIC | {Kind.ORDINAL}
LISTED = frozenset({Kind.ORDINAL, Kind.CHOICE, Kind.SET})


class Safety(Content):
    """Which end of a safety feature is a positive finding, and how long a negative one holds."""

    positive: Scalar | dict[str, Any] = Field(description="a test: a value, or {at_least: value}")
    valid_for: Period | None = Field(None, description="window of a finding that is not positive")


class StagingPart(Content):
    """One dimension of a staging sum: a feature and the points of its values."""

    feature: DottedId = Field(description="the dimension")
    points: dict[str, Number] | None = Field(None, description="points for each value")
    ranges: list[tuple[Number, Number, Number]] | None = Field(
        None, description="[from, to, points], for numbers"
    )


class Source(Content):
    """Where a feature gets its value: an instrument, a list of the profile, or a measure."""

    instrument: Id | None = Field(None, description="the total, or one item, of this instrument")
    item: Id | None = Field(None, description="the item of the instrument")
    band: dict[str, Scalar] | None = Field(None, description="band of the instrument → value")
    ranges: dict[str, Range] | None = Field(None, description="value → [from, to]")
    set: DottedId | None = Field(None, description="a list of the profile, such as conditions")
    includes_any: list[str] | None = Field(None, description="yes, if the list holds one of these")
    measure: (
        Literal[
            "adequate_trials",
            "reported_trials",
            "change",
            "staging_sum",
            "count_of",
            "age_at",
            "months_since",
            "daily_dose",
        ]
        | None
    ) = Field(None, description="a computation, with the parameters beside it")
    kind: str | None = Field(None, description="trials: the kind of treatment counted")
    weeks: StrictInt | None = Field(None, description="trials: the least number of weeks")
    sessions: StrictInt | None = Field(None, description="trials: the least number of sessions")
    outcome: list[str] | None = Field(None, description="trials: the results counted")
    modality: list[str] | None = Field(None, description="trials: the therapies counted")
    agent_differs: StrictBool | None = Field(None, description="trials: each agent counts once")
    obstacles: Literal["none", "any"] | None = Field(
        None, description="trials: only without, or only with, something in the way"
    )
    within_months: StrictInt | None = Field(None, description="trials: none that ended earlier")
    this_episode: StrictBool | None = Field(None, description="trials: of the current episode")
    from_: Literal["baseline", "previous"] | None = Field(
        None, alias="from", description="change: since when"
    )
    as_: Literal["points", "percent"] | None = Field(
        None, alias="as", description="change: in which unit"
    )
    parts: list[StagingPart] | None = Field(None, description="staging_sum: what is added up")
    applies_when: dict[str, Any] | None = Field(
        None, description="staging_sum: a condition, else there is no value"
    )
    of: list[str] | None = Field(None, description="count_of: the members counted")
    date: DottedId | None = Field(None, description="the profile's date to count from")
    agents: dict[str, Number] | None = Field(None, description="agent → equivalence factor")

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        origins = [self.measure or self.instrument, self.set if not self.measure else None]
        if sum(origin is not None for origin in origins) != 1:
            raise ValueError("a source names one of instrument, set or measure")
        if self.set and not self.measure and not self.includes_any:
            raise ValueError("a source from a set needs includes_any")
        if self.band and self.ranges:
            raise ValueError("a source has band or ranges, not both")
        return self


class Saying(Content):
    """What a person is told of their own finding, where the test holds."""

    when: Scalar | list[Scalar] | dict[str, Any] = Field(description="a test, as in a rule")
    say: str = Field(description="a plain sentence to the person")


class Feature(Content):
    """One thing rules may ask about a patient."""

    id: DottedId = Field(description="how rules name it; never reused")
    label: str = Field(description="how pages name it")
    type: Kind = Field(description="the kind of value")
    values: list[str] = Field([], description="ordinal: least to most; choice, set: closed")
    range: Range | None = Field(None, description="integer, decimal: both ends included")
    unit: str = ""
    from_: list[Literal["clinician"] | Source] = Field(
        [], alias="from", description="where the value comes from, in order of preference"
    )
    worse: Literal["high", "low"] = Field("high", description="which end is worse")
    valid_for: Period | None = Field(None, description="older values are stale, such as P14D")
    usable_for: Period | None = Field(None, description="older values are not used at all")
    safety: Safety | None = Field(
        None, description="what is a positive finding, kept until seen to"
    )
    modifiable: StrictBool = Field(
        True, description="false: age, sex, history; never to be changed"
    )
    panel: str = Field("", description="asked together with others of this name")
    question: str = Field("", description="how it is asked")
    concluded: StrictBool = Field(False, description="its value comes from rules alone")
    default: Scalar | None = Field(None, description="a concluded one's value when no rule holds")
    accepts_other: StrictBool = Field(False, description="a set that keeps members not listed")
    patient: list[Saying] = Field([], description="the finding in words for the person")
    codes: dict[str, Any] = Field({}, description="terminology → code")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.type in LISTED and not self.values:
            raise ValueError(f"{self.type} needs its values")
        if len(set(self.values)) != len(self.values):
            raise ValueError("a value is listed twice")
        if self.type in NUMERIC and self.range is None:
            raise ValueError(f"{self.type} needs its range")
        if self.range and self.range[0] > self.range[1]:
            raise ValueError("the range needs its lower end first")
        if self.accepts_other and self.type is not Kind.SET:
            raise ValueError("accepts_other is for sets")
        return self

    @cached_property
    def options(self) -> tuple[Scalar, ...]:
        """The closed list of values, least first; false before true; empty for numbers."""
        return (False, True) if self.type is Kind.BOOLEAN else tuple(self.values)

    @cached_property
    def position(self) -> Mapping[Scalar, int]:
        """Each listed value's place in the list."""
        return {value: place for place, value in enumerate(self.options)}


class Band(Content):
    """A named part of an instrument's range, both ends included."""

    id: Id
    range: Range = Field(description="first and last score in it")
    title: str = Field("", description="how pages name it; else its id")


class Skip(Content):
    """Items that are not asked after an answer, and the answers that gives them."""

    is_: Scalar = Field(alias="is", description="the answer after which they are not asked")
    gives: dict[str, Scalar] = Field(description="item → its answer then")


class Instrument(Content):
    """A rating scale, test or screen: its range, items, bands and windows."""

    id: Id = Field(description="the name of the file")
    title: str
    construct_: str = Field("", alias="construct", description="what it measures")
    range: Range | None = Field(None, description="lowest and highest total")
    direction: Literal["higher_is_worse", "lower_is_worse", "none"] = "higher_is_worse"
    items: dict[str, list[Scalar]] = Field({}, description="item → [lowest, highest]")
    total: Literal["sum", "none"] | dict[Literal["domains"], list[list[str]]] = Field(
        "sum", description="how items make the total"
    )
    bands: list[Band] = Field([], description="they cover the range")
    bands_by: dict[str, dict[str, list[Band]]] = Field(
        {}, description="feature → value → bands, where they differ"
    )
    skip: dict[str, Skip] = Field({}, description="items not asked after an answer of this item")
    valid_for: Period | None = Field(None, description="older scores are stale, such as P14D")
    minutes: Number | None = Field(None, description="how long it takes")
    unit: str = ""
    decimal: StrictBool = Field(False, description="the total may have decimals (means, z scores)")
    recall: str = Field("", description="the time it asks about, in words")
    codes: dict[str, Any] = Field({}, description="terminology → codes of total and items")
    licence: str = Field("", description="who may use it, and how")
    cut: Literal["published", "project_convention"] | None = Field(
        None, description="whether the bands are in print or ours"
    )
    checked: Literal["source", "memory"] | None = Field(
        None, description="source: seen on a page; memory: to be verified"
    )
    change: dict[str, Any] = Field({}, description="response, remission, reliable change")
    source: list[str] = Field([], description="keys of rules/evidence.yaml")
    note: str = ""

    @model_validator(mode="after")
    def _measures_something(self) -> Self:
        if self.range is None and not self.items:
            raise ValueError("an instrument needs a range or items")
        if self.range is None and self.total != "none":
            raise ValueError("an instrument without a range has total: none")
        return self


class Burden(Content):
    """What an adaptation asks of the patient each week."""

    hours_per_week: Number = Field(0, description="sessions and practice together")
    homework_streams: StrictInt = Field(0, description="1 if it brings tasks of its own")
    weeks: StrictInt | None = Field(None, description="how long it takes")


class Adaptation(Content):
    """A component of treatment that can be recommended."""

    id: Id
    title: str
    patient_title: str = Field("", description="the same for patients")
    patient_short: str = Field("", description="for the person: what it is, in a sentence or two")
    patient_what: str = Field("", description="for the person: what one does in it")
    patient_time: str = Field("", description="for the person: the time, where no burden says it")
    patient_downside: str = Field("", description="for the person: what to think about")
    discreet: StrictBool = Field(
        False, description="not named to the person while it is set aside: the name tells too much"
    )
    what: str = Field("", description="what is done, in a sentence or two")
    phase: Annotated[StrictInt, Field(ge=0, le=3)] = Field(
        description="0 stabilise and assess, 1 engage, 2 change, 3 consolidate"
    )
    burden: Burden | None = Field(None, description="only of new, active components")
    needs: list[DottedId] = Field([], description="yes-or-no features of local access")
    fallback: list[Id] = Field([], description="what takes its place, best first")
    monitor: list[str] = Field([], description="instruments and features to follow")
    first_steps: str = Field("", description="how to begin, in a sentence or two")
    review: str = Field("", description="when to look again, such as P6W")
    codes: dict[str, Any] = {}

    @property
    def hours(self) -> float:
        """Hours a week it takes; 0 when no burden is declared."""
        return self.burden.hours_per_week if self.burden else 0


class Urgency(StrEnum):
    """How soon a pathway must be taken, most urgent first."""

    IMMEDIATE = "immediate"
    SAME_DAY = "same_day"
    DAYS = "days"
    ROUTINE = "routine"


URGENCY_ORDER = {urgency: place for place, urgency in enumerate(Urgency)}


class Pathway(Content):
    """Where a `refer` leads."""

    id: Id
    title: str
    urgency: Urgency = Field(description="how soon")
    action: str = Field(description="what to do, in words")
    contact: str = Field("", description="key of the site's contact in rulebook.yaml")
    scope: StrictBool = Field(False, description="true: the person is outside what is covered")
    patient_text: str = Field("", description="what the person is told while the stop holds")
    discreet: StrictBool = Field(
        False, description="the contact is not on the person's page: its name tells too much"
    )


def window(*periods: str | None) -> timedelta | None:
    """The shortest of the given periods; None when there is none."""
    known = [days(period) for period in periods if period]
    return timedelta(days=min(known)) if known else None
