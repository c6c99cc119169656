"""Rules and invariants, as read from YAML: one `when`, one verb, and why.

In: the mapping of one rule. Out: a frozen Rule whose condition is parsed. Refused: no verb or two,
keys that do not go with the verb, an unknown `if_not_known`. Whether the names exist is judged in
rulebook.py, which knows all content.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StrictBool, StrictInt, model_validator

from recommender.conditions import Condition
from recommender.vocabulary import Content, DottedId, Id, Number, Scalar


class Verb(StrEnum):
    """What a rule does when its condition holds."""

    CONCLUDE = "conclude"
    RECOMMEND = "recommend"
    EXCLUDE = "exclude"
    REFER = "refer"
    CAUTION = "caution"
    TAILOR = "tailor"
    ASK = "ask"
    FLAG = "flag"
    CHOOSE_ONE = "choose_one"
    SEQUENCE = "sequence"
    TOGETHER = "together"
    LIMIT = "limit"


VERBS = tuple(verb.value for verb in Verb)
FOLDERS = ("inference", "safety", "adaptation", "combination", "tailoring")

KEYS_OF_VERB: Mapping[str, frozenset[str]] = {
    Verb.RECOMMEND: frozenset({"as", "strength", "phase", "dose"}),
    Verb.EXCLUDE: frozenset({"if_not_known", "until", "release", "justify"}),
    Verb.REFER: frozenset({"if_not_known", "hold", "release", "answered_by", "justify", "until"}),
    Verb.CAUTION: frozenset({"adjust", "monitor", "patient_text"}),
    Verb.TAILOR: frozenset({"focus", "format"}),
    Verb.ASK: frozenset({"for", "after_finding"}),
    Verb.CHOOSE_ONE: frozenset({"prefer"}),
    Verb.SEQUENCE: frozenset({"required", "gate"}),
}
EVERY_VERB_KEYS = frozenset(
    {
        "title",
        "when",
        "because",
        "limits",
        "certainty",
        "evidence",
        "examples",
        "status",
        "effective_period",
    }
)


class IfNotKnown(StrEnum):
    """What an unknown condition of an exclude or a refer does, strongest first."""

    BLOCK = "block"
    ASK = "ask"
    CAUTION = "caution"
    PRESUME = "presume"


class Strength(StrEnum):
    """Strength of a recommendation, as in GRADE; strongest first."""

    STRONG = "strong"
    CONDITIONAL = "conditional"


class Certainty(StrEnum):
    """Certainty of the evidence, as in GRADE; highest first."""

    HIGH = "high"
    MODERATE = "moderate"
    LOW = "low"
    VERY_LOW = "very_low"


class Role(StrEnum):
    """What part an adaptation plays in the plan."""

    FOUNDATION = "foundation"
    ADJUNCT = "adjunct"
    PREPARATORY = "preparatory"
    MAINTENANCE = "maintenance"


STRENGTH_ORDER = {strength: place for place, strength in enumerate(Strength)}
CERTAINTY_ORDER = {certainty: place for place, certainty in enumerate(Certainty)}
ROLE_ORDER = {role: place for place, role in enumerate(Role)}


class Period(Content):
    """The days a rule is in effect, both included."""

    start: date | None = Field(None, description="first day, as 2026-10-05")
    end: date | None = Field(None, description="last day")

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.start and self.end and self.start > self.end:
            raise ValueError("a period needs its start before its end")
        return self

    def covers(self, day: date) -> bool:
        """Whether the day lies inside."""
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)


class Examples(Content):
    """Small fact sets that show a rule fire, stay silent and stay unknown."""

    fires: dict[str, Any] | None = Field(None, description="known of a person for whom it holds")
    silent: dict[str, Any] | None = Field(
        None, description="known of a person for whom it does not hold"
    )
    unknown: dict[str, Any] | None = Field(
        None, description="known of a person for whom it cannot be said"
    )


class Limit(Content):
    """The most that may start in one phase."""

    new_at_once: Number | None = Field(None, description="adaptations that have a burden")
    hours_per_week: Number | None = Field(None, description="hours a week of all of them")
    homework_streams: Number | None = Field(None, description="tasks between sessions, by stream")

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("a limit names new_at_once, hours_per_week or homework_streams")
        return self


class RuleText(Content):
    """One rule exactly as it stands in its file."""

    title: str = Field(description="what it says, in one line")
    when: dict[str, Any] = Field(description="the condition; every line must hold")
    because: str = Field(description="why, in a sentence or two that the answer prints")
    limits: str = Field("", description="where it does not hold, or what is not known")
    certainty: Certainty | None = Field(None, description="of the evidence, as in GRADE")
    evidence: list[str] = Field([], description="keys of rules/evidence.yaml")
    examples: Examples | None = Field(None, description="three tiny patients, run as tests")
    status: Literal["draft", "active", "retired"] | None = Field(
        None, description="the rulebook's, where it is not written"
    )
    effective_period: Period | None = Field(None, description="outside it the rule is silent")

    conclude: dict[DottedId, Scalar] | None = Field(
        None, description="gives a concluded feature its value"
    )
    recommend: Id | None = Field(None, description="puts an adaptation into the plan")
    exclude: Id | Annotated[list[Id], Field(min_length=1)] | None = Field(
        None, description="keeps an adaptation out"
    )
    refer: Id | None = Field(None, description="stops all or part of the plan, names a pathway")
    caution: Id | Annotated[list[Id], Field(min_length=1)] | None = Field(
        None, description="adds a change (adjust) and something to watch (monitor)"
    )
    tailor: Id | Annotated[list[Id], Field(min_length=1)] | None = Field(
        None, description="fits the content (focus) or the format"
    )
    ask: DottedId | None = Field(None, description="makes a question required")
    flag: str | None = Field(None, description="tells the clinician something, changes nothing")
    choose_one: Annotated[list[Id], Field(min_length=2)] | None = Field(
        None, description="only one of these stays in the plan"
    )
    sequence: Annotated[list[Id], Field(min_length=2)] | None = Field(
        None, description="these come in this order"
    )
    together: Annotated[list[Id], Field(min_length=2)] | None = Field(
        None, description="these are given in the same weeks"
    )
    limit: Limit | None = Field(None, description="the most that may start in one phase")

    as_: Role = Field(Role.ADJUNCT, alias="as", description="the part it plays in the plan")
    strength: Strength = Field(Strength.CONDITIONAL, description="as in GRADE")
    phase: Annotated[StrictInt, Field(ge=0, le=3)] | None = Field(
        None, description="0 stabilise, 1 engage, 2 change, 3 consolidate; else the adaptation's"
    )
    dose: str = Field("", description="how much, how often, in words")
    if_not_known: IfNotKnown | None = Field(
        None, description="what an unknown condition does; weaker than block needs justify"
    )
    until: str = Field("", description="what has to happen first, in words")
    release: Id | None = Field(None, description="id of the recorded act that lifts it")
    justify: str = Field("", description="why if_not_known may be weaker than block")
    hold: Literal["all"] | list[Id] = Field("all", description="what the stop pauses")
    answered_by: list[DottedId] = Field(
        [], description="also lifted when all of these are answered after the finding"
    )
    adjust: str = Field("", description="what to do otherwise")
    monitor: str = Field("", description="what to watch")
    patient_text: str = Field("", description="of a caution: what to watch, to the person")
    focus: str = Field("", description="what the content turns to")
    format: str = Field("", description="how it is given")
    for_: Literal["all"] | list[Id] = Field(
        "all", alias="for", description="what waits for the answer"
    )
    after_finding: StrictBool = Field(
        False, description="an answer older than the finding does not count"
    )
    prefer: Id | None = Field(None, description="the one that stays where it can")
    required: StrictBool = Field(False, description="a later one needs the earlier in the plan")
    gate: dict[str, Any] | None = Field(None, description="the next starts when this holds")


@dataclass(frozen=True)
class Rule:
    """One rule of the rulebook, ready to be evaluated."""

    id: str
    verb: Verb
    text: RuleText
    condition: Condition
    status: str
    gate: Condition | None = None

    @cached_property
    def targets(self) -> tuple[str, ...]:
        """The adaptations the verb is about; empty for verbs that name none."""
        named = getattr(self.text, self.verb.value)
        if self.verb in (Verb.CONCLUDE, Verb.REFER, Verb.ASK, Verb.FLAG, Verb.LIMIT):
            return ()
        return (named,) if isinstance(named, str) else tuple(named)

    @cached_property
    def concludes(self) -> tuple[str, Scalar]:
        """The feature and value of a `conclude`."""
        assert self.text.conclude is not None
        return next(iter(self.text.conclude.items()))

    @cached_property
    def unknown_means(self) -> IfNotKnown:
        """What an unknown condition does; `block` where an exclude does not say."""
        return self.text.if_not_known or IfNotKnown.BLOCK

    @cached_property
    def best_first(self) -> tuple[int, int, int, str]:
        """Sorts recommends: strength, then certainty, then role, then id."""
        return (
            STRENGTH_ORDER[self.text.strength],
            CERTAINTY_ORDER[self.certainty],
            ROLE_ORDER[self.text.as_],
            self.id,
        )

    @property
    def certainty(self) -> Certainty:
        """The certainty stated, else very low: what is not said is not assumed."""
        return self.text.certainty or Certainty.VERY_LOW

    def in_effect(self, day: date) -> bool:
        """Whether the rule is evaluated on that day: not retired, and inside its period."""
        period = self.text.effective_period
        return self.status != "retired" and (period is None or period.covers(day))


def verbs_of(text: Mapping[str, Any]) -> list[str]:
    """The verbs a rule's mapping holds, in the order written."""
    return [key for key in text if key in VERBS]


def stray_keys(text: Mapping[str, Any], verb: str) -> list[str]:
    """Keys that belong to another verb than the rule's."""
    fitting = EVERY_VERB_KEYS | KEYS_OF_VERB.get(verb, frozenset()) | {verb}
    return [key for key in text if key in ALL_KEYS and key not in fitting]


ALL_KEYS = EVERY_VERB_KEYS | frozenset(VERBS) | frozenset().union(*KEYS_OF_VERB.values())


class Outcome(Content):
    """One thing an invariant speaks about: an outcome of the answer."""

    recommended: Id | Annotated[list[Id], Field(min_length=2)] | None = Field(
        None, description="in the plan; of a list, all of them"
    )
    excluded: Id | None = Field(None, description="ruled out by what is known")
    withheld: Id | None = Field(None, description="not yet, because something is not known")
    held: str | None = Field(None, description="paused by a stop; all, or one adaptation")
    referred: Id | None = Field(None, description="a pathway whose stop is in force or was lifted")
    asked: DottedId | None = Field(None, description="a feature among the questions")
    status: (
        Literal[
            "stopped",
            "out_of_scope",
            "provisional",
            "recommended",
            "cannot_say",
            "nothing_indicated",
        ]
        | None
    ) = None

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if len(self.model_fields_set) > 1:
            raise ValueError("an outcome names one thing, such as {recommended: tms}")
        return self

    @cached_property
    def named(self) -> tuple[str, tuple[str, ...]]:
        """The kind of outcome and the names in it; nothing when none is written."""
        written = self.model_dump(exclude_none=True)
        kind, name = next(iter(written.items()), ("", ()))
        return kind, (name,) if isinstance(name, str) else tuple(name)


class Monotone(Content):
    """An outcome that must survive when a feature gets worse."""

    feature: DottedId = Field(description="gets worse while all else stays")
    keeps: Outcome = Field(description="what must not be lost by that")


class InvariantText(Content):
    """One invariant exactly as it stands in rules/invariants.yaml."""

    title: str = Field(description="the promise, in one line")
    when: dict[str, Any] | None = Field(None, description="the patients it speaks about")
    even_if_unknown: StrictBool | None = Field(
        None, description="true: also those for whom the condition is not known"
    )
    never: Outcome | None = Field(None, description="must not be so")
    always: Outcome | None = Field(None, description="must be so")
    monotone: Monotone | None = Field(None, description="must survive a worse value")
    cover: Annotated[list[Outcome], Field(min_length=1)] | None = Field(
        None, description="at least one of these must be so"
    )
    because: str = Field("", description="why it must hold")

    @property
    def outcomes(self) -> list[Outcome]:
        """Every outcome it speaks about."""
        keeps = self.monotone.keeps if self.monotone else None
        named = (self.never, self.always, *(self.cover or ()), keeps)
        return [one for one in named if one is not None]


@dataclass(frozen=True)
class Invariant:
    """What must hold for every possible patient; checked again on each answer."""

    id: str
    text: InvariantText
    condition: Condition | None


class LinkText(Content):
    """One link exactly as it stands in rules/rulebook.yaml."""

    title: str
    when: dict[str, Any]
    then: dict[str, Any]


@dataclass(frozen=True)
class Link:
    """What holds between features of every person: where `when` holds, `then` does."""

    text: LinkText
    when: Condition
    then: Condition
