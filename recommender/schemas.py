"""The documents other programs read and write, as models: `profile/1` and `recommendation/1`.

Only what validates or publishes a document imports this; the flow itself builds plain data.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from recommender.profile import Profile

Value = bool | int | float | str


class Part(BaseModel):
    """The base of every part of a document: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AboutProfile(Part):
    """Which profile the answer is for."""

    id: str
    digest: str = Field(description="SHA-256 of what is stated about the patient")


class AboutApproval(Part):
    """Which signed statement approved the rules, for where and until when."""

    statement: str = Field(description="SHA-256 of the statement that was signed")
    scope: str
    valid_from: str
    until: str = Field(description="last day")


class AboutRulebook(Part):
    """Which rules the answer comes from."""

    id: str
    version: str
    title: str
    digest: str = Field(
        description="SHA-256 of the RFC 8785 form of all content; "
        "where rules are withdrawn, over that digest and those of the withdrawals"
    )
    approved: bool = Field(description="whether it was validly approved for the day of the answer")
    approval: AboutApproval | None = Field(description="null: not clinically approved")
    drafts: int = Field(description="rules no clinician has approved yet")
    language: str


class Condition(Part):
    """One test that decided a rule."""

    feature: str
    test: str
    words: str


class StopPart(Part):
    """A referral in force: what to do now, and who lifts it."""

    rule: str
    title: str
    pathway: str
    pathway_title: str
    urgency: Literal["immediate", "same_day", "days", "routine"]
    action: str
    patient_text: str = Field(description="what the person is told while it holds")
    discreet: bool = Field(description="the contact does not belong on the person's page")
    contact: str | None = Field(description="null: the site has not set it")
    contact_key: str = Field(description="where the site sets it in rulebook.yaml")
    release: str | None
    until: str
    because: str
    conditions: list[Condition]
    hold: Literal["all"] | list[str]
    scope: bool
    through_unknown: bool


class Evidence(Part):
    """One source, and how it was checked."""

    id: str
    citation: str
    doi: str | None
    checked: str = Field(description="source: seen; memory: not re-checked")
    review_by: str


class Because(Part):
    """One rule that speaks for or against an adaptation."""

    rule: str
    title: str
    text: str
    limits: str
    certainty: Literal["high", "moderate", "low", "very_low"] | None
    strength: Literal["strong", "conditional"] | None
    status: Literal["draft", "active", "retired"]
    verb: str
    evidence: list[Evidence]
    conditions: list[Condition]


class BurdenPart(Part):
    """What an adaptation asks of the patient each week."""

    hours_per_week: float
    homework_streams: int


class Caution(Part):
    """What to change or watch; never folded away."""

    rule: str
    title: str
    text: str
    adjust: str
    monitor: str
    patient_text: str = Field(description="to the person: this caution, or that it is talked over")
    because: str
    conditions: list[Condition]
    open: bool = Field(description="whether its condition is not known yet")


class Tailoring(Part):
    """How to fit an adaptation to this person."""

    rule: str
    title: str
    focus: str
    format: str
    because: str
    conditions: list[Condition]


class ToThePerson(Part):
    """The texts of an adaptation that a person reads."""

    patient_title: str
    patient_short: str = Field(description="what it is")
    patient_what: str = Field(description="what one does in it")
    patient_time: str = Field(description="the time it takes, where weeks and burden do not say it")
    patient_downside: str = Field(description="what to think about")


class Alternative(ToThePerson):
    """A rival that was not chosen."""

    adaptation: str
    title: str
    rule: str
    certainty: Literal["high", "moderate", "low", "very_low"]
    weeks: int | None
    burden: BurdenPart | None


class Gate(Part):
    """When an adaptation that comes second may start."""

    rule: str
    text: str


class PlanPart(ToThePerson):
    """One adaptation in the plan."""

    adaptation: str
    title: str
    patient_because: list[str] = Field(description="the person's own findings that speak for it")
    what: str
    settled: bool
    provisional: bool
    role: Literal["foundation", "adjunct", "preparatory", "maintenance"]
    strength: Literal["strong", "conditional"]
    certainty: Literal["high", "moderate", "low", "very_low"]
    phase: int = Field(ge=0, le=3)
    moved_from: int | None
    weeks: int | None
    dose: str
    burden: BurdenPart | None
    first_steps: str
    because: list[Because]
    assumes: list[str] = Field(description="features not known yet and taken as not in the way")
    cautions: list[Caution]
    tailoring: list[Tailoring]
    monitoring: list[str]
    alternatives: list[Alternative]
    gates: list[Gate]
    needs_open: list[str]
    fallback: list[str]
    review: str


class Change(Part):
    """A condition that stands in the way, or is nearest to being met."""

    feature: str
    test: str
    words: str
    state: Literal["holds", "unmet", "unknown"]
    rule: str


class SetAsidePart(Part):
    """One adaptation that is not in the plan, and why."""

    adaptation: str
    title: str
    patient_title: str
    discreet: bool = Field(description="not named to the person, unless they named it")
    status: Literal[
        "held",
        "excluded",
        "declined",
        "withheld",
        "cannot_say",
        "not_indicated",
        "displaced",
        "deferred",
    ]
    settled: bool
    because: list[Because]
    would_change_if: list[Change]
    by: list[str]
    until: list[str]
    displaced_by: str | None
    fallback: list[str]
    blocked_by_needs: list[str]


class How(Part):
    """An instrument that answers a question."""

    instrument: str
    title: str
    minutes: float | None


class Ask(Part):
    """One feature whose answer can still change something, or that a rule demands."""

    feature: str
    label: str
    panel: str
    question: str
    patient_topic: str = Field(description="what it is about, in words to the person")
    how: list[How]
    required: bool
    can_change: list[str]


class Flag(Part):
    """Information for the clinician, and what it rests on."""

    rule: str
    text: str
    conditions: list[Condition]


class Exact(Part):
    """One value is left; of a set, exactly these members."""

    value: Value | list[str]


class Between(Part):
    """Every value from one to the other, both included."""

    from_: Value = Field(alias="from")
    to: Value


class AnyOf(Part):
    """Each of these values."""

    any_of: list[Value]


class SomeMembers(Part):
    """Of a set: members present, absent, and not known."""

    present: list[str]
    absent: list[str]
    open: list[str]


class Everything(Part):
    """Nothing is known."""

    everything: Literal[True]


PossiblePart = Exact | Between | AnyOf | SomeMembers | Everything


class SeenPart(Part):
    """Another value that was reported."""

    possible: PossiblePart
    source: str
    on: str | None


class TrialPart(Part):
    """How one treatment of the history was judged, where trials are counted."""

    number: int = Field(description="its place in history.treatments, from 1")
    treatment: str = Field(description="agent, modality or kind")
    counts: Literal["yes", "no", "unclear"]
    unmet: list[str] = Field(description="parts that are not met: dose, weeks, adherence …")
    open: list[str] = Field(description="parts that are not known")


class BandPart(Part):
    """A named part of a scale, both ends included."""

    id: str
    title: str
    from_: float = Field(alias="from")
    to: float


class ScalePart(Part):
    """The scale a score stands on, with the bands that apply to this person."""

    title: str
    from_: float = Field(alias="from")
    to: float
    direction: Literal["higher_is_worse", "lower_is_worse", "none"]
    unit: str
    bands: list[BandPart] = Field(description="empty: none, or not known which apply")
    band: str = Field(description="the one band in which the score lies; empty: none or several")


class FactPart(Part):
    """What is still possible for one feature, and where that comes from."""

    feature: str
    label: str
    state: Literal["known", "partial", "unknown", "stale", "conflicting"]
    possible: PossiblePart
    unit: str
    band: str
    score: "Exact | Between | None" = Field(description="the instrument's points behind the value")
    instrument: str
    on: str | None
    source: str
    others: list[SeenPart]
    other_members: list[str] = Field([], description="members of a set outside the vocabulary")
    trials: list[TrialPart] = Field([], description="where the feature counts trials")
    scale: ScalePart | None = Field(None, description="where a total score is behind the value")


class Presumed(Part):
    """What is taken as «no» without being asked."""

    rule: str
    title: str
    justify: str


class Combining(Because):
    """A rule that put parts of the plan together, with its own certainty."""

    adaptations: list[str]


class Titled(Part):
    """A rule by its id, with its title."""

    rule: str
    title: str


class Act(Part):
    """An act on record that lifts stops or exclusions, and which of them it lifts here."""

    release: str
    on: str
    by: str | None = Field(description="who did it, as a role or staff code; null: not recorded")
    lifts: list[Titled]


class Departure(Part):
    """What this site changes of the shipped safety rules, and its written reason."""

    changes: str = Field(description="id of a rule, feature, instrument or invariant, or 'doses'")
    title: str
    because: str


class PreferencesPart(Part):
    """What the person wants: adaptations, and the rest in words to them."""

    prefers: list[str]
    declines: list[str]
    in_words: list[str]


class WithdrawnRule(Part):
    """A rule that a clinician has withdrawn at once, and what that does."""

    rule: str
    title: str
    effect: Literal["silent", "kept_out"] = Field(
        description="silent: it does nothing; kept_out: what it is about is excluded for everybody"
    )
    because: str
    on: str


class Basis(Part):
    """What the answer rests on beside the rules that fired."""

    safe_base: str | None
    patient_safe_base: str | None
    presumed: list[Presumed]
    acts: list[Act]
    departures: list[Departure]
    withdrawn: list[WithdrawnRule]
    combination: list[Combining]
    supposed: list[str] = Field(description="features taken as known otherwise, for «what if»")
    of_combinations: str | None = Field(description="what is known of several parts at once")
    patient_of_combinations: str | None
    contacts: dict[str, str | None]
    instruments: dict[str, str] = Field(description="id → title of every one that is named")


class ProducedBy(Part):
    """Which software made the answer; may differ between equal answers."""

    software: str
    engine: str
    cross_check: str | None


class RecommendationDocument(Part):
    """The answer for one profile, `recommendation/1`."""

    schema_: Literal["recommendation/1"] = Field(alias="schema")
    status: Literal[
        "stopped",
        "out_of_scope",
        "provisional",
        "recommended",
        "cannot_say",
        "nothing_indicated",
    ]
    as_of: str
    profile: AboutProfile
    rulebook: AboutRulebook
    stops: list[StopPart]
    plan: list[PlanPart]
    set_aside: list[SetAsidePart]
    ask: list[Ask]
    flags: list[Flag]
    facts: list[FactPart]
    rules: dict[str, Literal["fired", "silent", "unknown"]]
    stops_settled: bool
    preferences: PreferencesPart
    basis: Basis
    disclaimer: str
    patient_disclaimer: str
    produced_by: ProducedBy


DOCUMENTS: dict[str, type[BaseModel]] = {
    "profile": Profile,
    "recommendation": RecommendationDocument,
}


def json_schema(name: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of one document: profile or recommendation."""
    schema = DOCUMENTS[name].model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
