"""What rules may ask about and what can be recommended, as read from rules/.

In: plain mappings read from YAML or from the precompiled rulebook. Out: frozen models. Refused:
unknown keys, wrong types, values that do not fit together inside one entry; what needs two entries
to judge (does this feature exist?) is checked in rulebook.py.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
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
Period = Annotated[str, AfterValidator(_checked_period)]


class Content(BaseModel):
    """The base of everything read from rules/: frozen, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


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

    feature: DottedId
    points: dict[str, Number] | None = Field(None, description="points for each value")
    ranges: list[tuple[Number, Number, Number]] | None = Field(
        None, description="[from, to, points], for numbers"
    )


class Source(Content):
    """Where a feature gets its value: an instrument, a list of the profile, or a measure."""

    instrument: Id | None = None
    item: Id | None = None
    band: dict[str, Scalar] | None = Field(None, description="band of the instrument → value")
    ranges: dict[str, Range] | None = Field(None, description="value → [from, to]")
    set: DottedId | None = None
    includes_any: list[str] | None = None
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
    ) = None
    kind: str | None = None
    weeks: StrictInt | None = None
    sessions: StrictInt | None = None
    outcome: list[str] | None = None
    modality: list[str] | None = None
    agent_differs: StrictBool | None = None
    obstacles: Literal["none", "any"] | None = None
    within_months: StrictInt | None = None
    this_episode: StrictBool | None = None
    from_: Literal["baseline", "previous"] | None = Field(None, alias="from")
    as_: Literal["points", "percent"] | None = Field(None, alias="as")
    parts: list[StagingPart] | None = None
    applies_when: dict[str, Any] | None = None
    of: list[str] | None = None
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


class Feature(Content):
    """One thing rules may ask about a patient."""

    id: DottedId
    label: str
    type: Kind
    values: list[str] = Field(
        default_factory=list, description="ordinal: least to most; choice, set: closed"
    )
    range: Range | None = Field(None, description="integer, decimal: both ends included")
    unit: str = ""
    from_: list[Literal["clinician"] | Source] = Field(default_factory=list, alias="from")
    worse: Literal["high", "low"] = "high"
    valid_for: Period | None = None
    usable_for: Period | None = None
    safety: Safety | None = None
    modifiable: StrictBool = True
    panel: str = ""
    question: str = ""
    concluded: StrictBool = False
    default: Scalar | None = None
    accepts_other: StrictBool = False
    codes: dict[str, Any] = Field(default_factory=dict)

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
    range: Range
    title: str = ""


class Skip(Content):
    """Items that are not asked after an answer, and the answers that gives them."""

    is_: Scalar = Field(alias="is")
    gives: dict[str, Scalar]


class Instrument(Content):
    """A rating scale, test or screen: its range, items, bands and windows."""

    id: Id
    title: str
    construct_: str = Field("", alias="construct")
    range: Range | None = None
    direction: Literal["higher_is_worse", "lower_is_worse", "none"] = "higher_is_worse"
    items: dict[str, list[Scalar]] = Field(default_factory=dict)
    total: Literal["sum", "none"] | dict[Literal["domains"], list[list[str]]] = "sum"
    bands: list[Band] = Field(default_factory=list)
    bands_by: dict[str, dict[str, list[Band]]] = Field(default_factory=dict)
    skip: dict[str, Skip] = Field(default_factory=dict)
    valid_for: Period | None = None
    minutes: Number | None = None
    unit: str = ""
    decimal: StrictBool = Field(False, description="the total may have decimals (means, z scores)")
    recall: str = ""
    codes: dict[str, Any] = Field(default_factory=dict)
    licence: str = ""
    cut: Literal["published", "project_convention"] | None = None
    checked: Literal["source", "memory"] | None = None
    change: dict[str, Any] = Field(
        default_factory=dict, description="response, remission, reliable change"
    )
    source: list[str] = Field(default_factory=list)
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

    hours_per_week: Number = 0
    homework_streams: StrictInt = 0
    weeks: StrictInt | None = None


class Adaptation(Content):
    """A component of treatment that can be recommended."""

    id: Id
    title: str
    patient_title: str = ""
    what: str = ""
    phase: Annotated[StrictInt, Field(ge=0, le=3)]
    burden: Burden | None = None
    needs: list[DottedId] = Field(default_factory=list)
    fallback: list[Id] = Field(default_factory=list)
    monitor: list[str] = Field(default_factory=list)
    first_steps: str = ""
    review: str = ""
    codes: dict[str, Any] = Field(default_factory=dict)

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
    urgency: Urgency
    action: str
    contact: str = Field("", description="key of the site's contact in rulebook.yaml")
    scope: StrictBool = False


def window(*periods: str | None) -> timedelta | None:
    """The shortest of the given periods; None when there is none."""
    known = [days(period) for period in periods if period]
    return timedelta(days=min(known)) if known else None
