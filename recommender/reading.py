"""Plain content → checked models: all of a rulebook, or all its problems.

In: what gather.py read, or the plain content of a precompiled rulebook. Out: `Pieces`, frozen
models whose conditions are parsed. Refused, all at once and each with its place: unknown keys,
wrong types, verbs that clash. What needs two entries to judge is checked in crosscheck.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, Field, ValidationError

from recommender.conditions import Condition, parse, tests_of
from recommender.errors import did_you_mean
from recommender.gather import Entry, Gathered, Plain
from recommender.rules import (
    ALL_KEYS,
    VERBS,
    IfNotKnown,
    Invariant,
    InvariantText,
    Link,
    LinkText,
    Rule,
    RuleText,
    Verb,
    stray_keys,
    verbs_of,
)
from recommender.validation import faults, needed
from recommender.vocabulary import (
    Adaptation,
    Content,
    DottedId,
    Feature,
    Instrument,
    Pathway,
    Source,
)


class SourceAttributes(Content):
    """What is to be said of the rules beside the rules: 45 CFR 170.315(b)(11).

    Of a kind of personal data: the features that hold it; an empty list says that none does.
    """

    developer: str = Field("", description="who turned research and guidelines into these rules")
    funding: str = Field("", description="who paid for the technical implementation")
    released: str = Field("", description="dates of release and revision")
    race: list[DottedId] | None = None
    ethnicity: list[DottedId] | None = None
    language: list[DottedId] | None = None
    sexual_orientation: list[DottedId] | None = None
    gender_identity: list[DottedId] | None = None
    sex: list[DottedId] | None = None
    date_of_birth: list[DottedId] | None = Field(None, description="age and what is made of it")
    social_determinants: list[DottedId] | None = Field(
        None, description="housing, work, money, transport, people around …"
    )


class Header(Content):
    """rules/rulebook.yaml: what the rulebook is, and the texts that are the site's own."""

    id: str = Field(description="never changed")
    version: str = Field(description="raised with each change of advice")
    title: str
    status: str = Field(description="of every rule that states none")
    language: str = Field(description="of the texts, such as en")
    links: list[LinkText] = Field([], description="facts about people that hold always")
    lays_over: str = Field("", description="a site's own file: the rulebook it changes")
    departures: dict[str, str] = Field(
        {}, description="a site's own file: what it changes of the safety rules → why"
    )
    safe_base: str = Field("", description="shown whenever nothing is recommended")
    contacts: dict[str, str | None] = Field({}, description="of your place; null: not set")
    disclaimer: str = Field("", description="what the answers are and are not")
    of_combinations: str = Field("", description="what evidence there is for several parts at once")
    patient_safe_base: str = Field("", description="safe_base, to the person")
    patient_disclaimer: str = Field("", description="disclaimer, to the person")
    patient_of_combinations: str = Field("", description="of_combinations, to the person")
    patient_caution: str = Field("", description="said where a caution has no text for the person")
    source_attributes: SourceAttributes | None = Field(
        None, description="what is to be said of the rules beside the rules"
    )


class Reference(Content, extra="allow"):
    """One item of the bibliography, CSL with `checked` and `review_by`."""

    id: str = Field(description="how rules cite it")
    title: str = ""
    checked: str = Field("", description="source: seen on a page; memory: to be verified")
    review_by: str = Field("", description="to be looked at again by this day, as 2027-11-22")


Model = TypeVar("Model", bound=Content)
Listed = TypeVar("Listed", Feature, Adaptation, Pathway, Reference)


@dataclass
class Pieces:
    """All models of a rulebook, each by its id, in the order declared."""

    header: Header
    features: dict[str, Feature]
    adaptations: dict[str, Adaptation]
    pathways: dict[str, Pathway]
    panels: dict[str, str]
    instruments: dict[str, Instrument]
    doses: Mapping[str, Mapping[str, float]]
    rules: dict[str, Rule]
    topics: dict[str, str]
    evidence: dict[str, Reference]
    invariants: dict[str, Invariant]
    safety_tests: dict[str, Condition]
    links: tuple[Link, ...]


# ------------------------------------------------------------------------------- models


def models(gathered: Gathered) -> Pieces | None:
    """Every entry as its model; None when the parts that all else stands on are missing."""
    plain = gathered.content
    header = _model(gathered, Header, plain.get("rulebook", {}), ("rulebook",))
    features = _listed(gathered, Feature, "features")
    adaptations = _listed(gathered, Adaptation, "adaptations")
    pathways = _listed(gathered, Pathway, "pathways")
    evidence = _listed(gathered, Reference, "evidence")
    instruments = {
        name: model
        for name, data in sorted(plain["instruments"].items())
        if (model := _model(gathered, Instrument, data, ("instruments", name)))
    }
    if header is None:
        return None
    features = _with_implied(features, instruments)
    reader = _RuleReader(gathered, features, header.status)
    return Pieces(
        header=header,
        features=features,
        adaptations=adaptations,
        pathways=pathways,
        panels=dict(_panels(gathered)),
        instruments=instruments,
        doses=plain.get("doses", {}),
        rules=dict(reader.rules(plain["rules"])),
        topics=plain["topics"],
        evidence=evidence,
        invariants=dict(reader.invariants(plain.get("invariants", {}))),
        safety_tests=dict(reader.safety_tests()),
        links=tuple(reader.links(header.links)),
    )


def _panels(gathered: Gathered) -> Iterator[tuple[str, str]]:
    for name, words in gathered.content.get("panels", {}).items():
        if isinstance(words, str):
            yield name, words
        else:
            gathered.report(("panels", name), "C213", "the words of a panel are text")


def _listed(gathered: Gathered, model: type[Listed], section: str) -> dict[str, Listed]:
    found: dict[str, Listed] = {}
    for n, data in enumerate(gathered.content.get(section, [])):
        entry = _model(gathered, model, data, (section, n))
        if entry is not None:
            found[entry.id] = entry
    return found


def _model(gathered: Gathered, model: type[Model], data: Any, entry: Entry) -> Model | None:
    if gathered.checked:
        return model.trusted(data)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        for path, code, message, hint, key in explain_errors(error, model, data):
            gathered.report(entry, code, message, hint, path, key=key)
        return None


Explained = tuple[tuple[str | int, ...], str, str, str, bool]


def explain_errors(
    error: ValidationError, model: type[BaseModel], data: object
) -> Iterator[Explained]:
    """Each fault of a validation as (path in the data, code, message, hint, points at the key)."""
    keys = known_keys(model)
    found = faults(error, data)
    misspelt = [did_you_mean(f.path[-1], keys) for f in found if f.kind == "extra_forbidden"]
    for path, kind, details, overtaken in found:
        if overtaken and kind in _LESS_TELLING:
            continue
        name = path[-1] if path else ""
        if kind == "extra_forbidden":
            yield path, "C211", f"unknown key '{name}'", did_you_mean(name, keys), True
        elif kind == "missing":
            missing = str(details["loc"][-1])
            if f"Did you mean '{missing}'?" not in misspelt:
                yield path, "C212", f"'{missing}' is missing", "", False
        else:
            message = needed(details) or details["msg"].removeprefix("Value error, ")
            lead = f"'{name}': " if isinstance(name, str) and name else ""
            yield path, "C213", f"{lead}{message[0].lower()}{message[1:]}", "", False


_LESS_TELLING = ("literal_error", "value_error", "model_type", "string_type")


def known_keys(model: type[BaseModel]) -> list[str]:
    """The keys a model takes, as they are written in files; a feature's sources included."""
    models_ = (model, Source) if model is Feature else (model,)
    return [f.alias or name for one in models_ for name, f in one.model_fields.items()]


def _with_implied(
    declared: dict[str, Feature], instruments: Mapping[str, Instrument]
) -> dict[str, Feature]:
    """Every instrument x also defines x (its total) and x.<item>, unless declared."""
    features = dict(declared)
    for instrument in instruments.values():
        for feature in _implied(instrument):
            features.setdefault(feature.id, feature)
    return features


def _implied(instrument: Instrument) -> Iterator[Feature]:
    if instrument.range is not None and instrument.total != "none":
        yield Feature.trusted(
            {
                "id": instrument.id,
                "label": instrument.title,
                "type": "decimal" if has_decimals(instrument) else "integer",
                "range": instrument.range,
                "unit": instrument.unit,
                "worse": "low" if instrument.direction == "lower_is_worse" else "high",
                "from": [{"instrument": instrument.id}],
                "panel": instrument.id,
            }
        )
    for item, allowed in instrument.items.items():
        kind: Plain = {"type": "boolean"}
        if not any(isinstance(value, bool) for value in allowed):
            kind = {"type": "integer", "range": allowed}
        yield Feature.trusted(
            {
                "id": f"{instrument.id}.{item}",
                "label": f"{instrument.title}, {item.replace('_', ' ')}",
                "from": [{"instrument": instrument.id, "item": item}],
                "panel": instrument.id,
                **kind,
            }
        )


def has_decimals(instrument: Instrument) -> bool:
    """Whether the total may have decimals: declared so, or seen in its range or bands."""
    ends = [*(instrument.range or ()), *(end for band in instrument.bands for end in band.range)]
    return instrument.decimal or any(isinstance(end, float) for end in ends)


class _RuleReader:
    def __init__(self, gathered: Gathered, features: Mapping[str, Feature], status: str) -> None:
        self._gathered = gathered
        self._features = features
        self._status = status

    def condition(self, when: object, entry: Entry, *key: str | int) -> Condition:
        def report(path: tuple[str | int, ...], code: str, message: str, hint: str) -> None:
            self._gathered.report(entry, code, message, hint, (*key, *path), key=True)

        return parse(when, self._features, report)

    def rules(self, texts: Mapping[str, Plain]) -> Iterator[tuple[str, Rule]]:
        for rule_id in sorted(texts):
            entry = ("rules", rule_id)
            verb = self._verb(texts[rule_id], entry)
            text = _model(self._gathered, RuleText, texts[rule_id], entry)
            if text is None or verb is None:
                continue
            self._coherent(text, verb, entry)
            gate = self.condition(text.gate, entry, "gate") if text.gate is not None else None
            when = self.condition(text.when, entry, "when")
            status = text.status or self._status
            yield rule_id, Rule(rule_id, verb, text, when, status, gate)

    def _verb(self, text: Plain, entry: Entry) -> Verb | None:
        verbs = verbs_of(text)
        if len(verbs) == 1:
            for key in stray_keys(text, verbs[0]):
                message = f"'{key}' does not go with '{verbs[0]}'"
                self._gathered.report(entry, "C222", message, "", (key,), key=True)
            return Verb(verbs[0])
        if verbs:
            named = " and ".join(f"'{verb}'" for verb in verbs)
            message = f"a rule has one verb; this one has {named}"
            hint = "Two consequences of one condition are two rules."
        elif any(key not in ALL_KEYS for key in text):
            return None  # the unknown key is most likely the misspelt verb
        else:
            message = "the rule has no verb"
            hint = f"The verbs are {', '.join(VERBS)}."
        self._gathered.report(entry, "C221", message, hint, (), key=True)
        return None

    def _coherent(self, text: RuleText, verb: Verb, entry: Entry) -> None:
        report = self._gathered.report
        unknown = text.if_not_known
        if verb is Verb.REFER and unknown is None:
            message = "a refer must say what happens when its condition is unknown"
            hint = "Write if_not_known: presume, caution, ask or block."
            report(entry, "C223", message, hint, (), key=True)
        weak = unknown is not None and unknown is not IfNotKnown.BLOCK
        if verb is Verb.EXCLUDE and weak and not text.justify:
            message = f"an exclude with if_not_known: {unknown} needs 'justify'"
            hint = "Weaker than block must give its reason."
            report(entry, "C224", message, hint, ("if_not_known",), key=True)
        if verb is Verb.REFER and unknown is IfNotKnown.PRESUME and not text.justify:
            message = "if_not_known: presume needs 'justify'"
            report(entry, "C224", message, "", ("if_not_known",), key=True)

    def invariants(self, texts: Mapping[str, Plain]) -> Iterator[tuple[str, Invariant]]:
        for name in sorted(texts):
            entry = ("invariants", name)
            text = _model(self._gathered, InvariantText, texts[name], entry)
            if text is None:
                continue
            self._invariant_shape(text, entry)
            when = text.when
            condition = self.condition(when, entry, "when") if when is not None else None
            yield name, Invariant(name, text, condition)

    def links(self, texts: Sequence[LinkText]) -> Iterator[Link]:
        entry = ("rulebook", "links")
        for n, text in enumerate(texts):
            when = self.condition(text.when, entry, n, "when")
            then = self.condition(text.then, entry, n, "then")
            self._without_known(when, entry, n, "when")
            self._without_known(then, entry, n, "then")
            yield Link(text, when, then)

    def _without_known(self, condition: Condition, entry: Entry, *key: str | int) -> None:
        if any(test.name == "known" for test in tests_of(condition)):
            message = "'known' may stand only in ask, flag and invariants"
            hint = "A link is about the person, not about what was asked."
            self._gathered.report(entry, "C309", message, hint, key, key=True)

    def _invariant_shape(self, text: InvariantText, entry: Entry) -> None:
        claims = [text.never, text.always, text.monotone, text.cover]
        if sum(claim is not None for claim in claims) != 1:
            message = "an invariant has one of never, always, monotone, cover"
            self._gathered.report(entry, "C225", message, "", (), key=True)
        if text.monotone is None and (text.when is None or text.even_if_unknown is None):
            message = "'when' and 'even_if_unknown' must be written"
            self._gathered.report(entry, "C225", message, "", (), key=True)

    def safety_tests(self) -> Iterator[tuple[str, Condition]]:
        for n, data in enumerate(self._gathered.content.get("features", [])):
            feature = self._features.get(str(data.get("id")))
            if feature is None or feature.safety is None:
                continue

            def report(
                _path: tuple[str | int, ...], code: str, message: str, hint: str, n: int = n
            ) -> None:
                self._gathered.report(("features", n), code, message, hint, ("safety", "positive"))

            positive = feature.safety.positive
            yield feature.id, parse({feature.id: positive}, self._features, report)
