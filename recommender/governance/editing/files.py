"""The schema of each kind of file.

In: the kind, and perhaps a rulebook. Out: a JSON Schema made from the models of the content. With
a rulebook its ids and values are closed lists, so that an editor offers them. What no schema can
say (gaps between bands, circles of conclusions) stays with the loader.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from recommender.governance.editing.names import Names
from recommender.governance.editing.shapes import (
    DAY,
    DIALECT,
    TEXT,
    Schema,
    closed,
    each,
    entries,
    model,
    needing,
    offered,
    ref,
    when,
    written,
)
from recommender.governance.editing.vignette import vignette
from recommender.reading import Header, Reference, SourceAttributes
from recommender.rulebook import Rulebook
from recommender.rules import (
    EVERY_VERB_KEYS,
    KEYS_OF_VERB,
    VERBS,
    IfNotKnown,
    InvariantText,
    RuleText,
    Verb,
)
from recommender.vocabulary import (
    LISTED,
    NUMERIC,
    OTHER_PANEL,
    Adaptation,
    Feature,
    Instrument,
    Kind,
    Pathway,
)


def file_schema(kind: str, rulebook: Rulebook | None) -> Schema:
    """The schema of one kind of file (see FILES).

    For a site's folder entries may be partial: what they leave out is the shipped rulebook's.
    """
    title, build = FILES[kind]
    names = Names(rulebook)
    schema = build(names)
    defs = names.reached(schema)
    return {"$schema": DIALECT, "title": title} | schema | {"$defs": defs}


def _topic(names: Names) -> Schema:
    adaptation = ref("adaptation")
    rule = model(
        RuleText,
        partial=names.partial,
        when=ref("condition"),
        gate=ref("condition"),
        conclude=ref("conclusion"),
        evidence=ref("source"),
        refer=ref("pathway"),
        ask=ref("asked"),
        answered_by=ref("asked"),
        **dict.fromkeys(("recommend", "exclude", "caution", "tailor", "prefer"), adaptation),
        **dict.fromkeys(("choose_one", "sequence", "together", "hold", "for"), adaptation),
        **{f"Examples__{name}": ref("facts") for name in ("fires", "silent", "unknown")},
    )
    if not names.partial:
        rule = needing(rule, *_shape_of_rules())
    defs = rule.pop("$defs")
    return closed(
        {
            "topic": {"type": "string", "description": "what the rules are about"},
            "rules": each(rule),
        },
        required=["rules"],
    ) | {"$defs": defs}


def _shape_of_rules() -> Iterable[Schema]:
    """One verb and what goes with it; what a weak answer to the unknown has to say."""
    yield {"oneOf": [{"required": [verb]} for verb in VERBS]}
    for verb in VERBS:
        keys = EVERY_VERB_KEYS | KEYS_OF_VERB.get(verb, frozenset()) | {verb}
        yield when(written(verb), {"propertyNames": {"enum": sorted(keys)}})
    yield when(written(Verb.REFER), {"required": ["if_not_known"]})
    weak = written("if_not_known", *[one for one in IfNotKnown if one is not IfNotKnown.BLOCK])
    yield when({"allOf": [written(Verb.EXCLUDE), weak]}, {"required": ["justify"]})
    yield when(written("if_not_known", IfNotKnown.PRESUME), {"required": ["justify"]})
    asking = {"anyOf": [written(Verb.ASK), written(Verb.FLAG)]}
    yield when({"not": asking}, {"properties": {"when": ref("condition_without_known")}})


def _features(names: Names) -> Schema:
    feature = model(
        Feature,
        partial=names.partial,
        Source__instrument=ref("instrument"),
        Source__set=ref("set"),
        Source__applies_when=ref("condition"),
        StagingPart__feature=ref("feature"),
    )
    shape = () if names.partial else (
        when(written("type", *sorted(LISTED)), {"required": ["values"]}),
        when(written("type", *sorted(NUMERIC)), {"required": ["range"]}),
        when(written("concluded", True), {"required": ["default"], "not": written("from")}),
        when(written("accepts_other", True), {"properties": {"type": {"const": Kind.SET.value}}}),
    )  # fmt: skip
    return entries(needing(feature, *shape))


def _adaptations(names: Names) -> Schema:
    return entries(
        model(Adaptation, partial=names.partial, needs=ref("yes_or_no"), fallback=ref("adaptation"))
    )


def _pathways(names: Names) -> Schema:
    return entries(model(Pathway, partial=names.partial, contact=offered(names.contacts)))


def _instrument(names: Names) -> Schema:
    schema = model(Instrument, partial=names.partial, source=offered(names["evidence"]))
    return schema if names.partial else schema | {"anyOf": [written("range"), written("items")]}


def _panels(names: Names) -> Schema:
    panels = sorted({one.panel for one in names.features.values() if one.panel} | {OTHER_PANEL})
    words = TEXT | {"description": "what the questions are about, in words to the person"}
    known = {"propertyNames": {"enum": panels}} if names.features else {}
    return {"type": "object", "additionalProperties": words, **known}


def _doses(_: Names) -> Schema:
    dose = {"type": "number", "exclusiveMinimum": 0, "description": "milligrams a day"}
    agents = {"type": "object", "additionalProperties": dose, "description": "agent → dose"}
    return {"type": "object", "additionalProperties": agents}


def _evidence(names: Names) -> Schema:
    checked: Schema = {"enum": ["source", "memory"]}
    reference = model(Reference, partial=names.partial, checked=checked, review_by=DAY)
    return entries(reference | {"additionalProperties": True})


def _invariants(names: Names) -> Schema:
    adaptation = ref("adaptation")
    held = {"anyOf": [{"const": "all"}, adaptation]}
    one = model(
        InvariantText,
        partial=names.partial,
        when=ref("condition"),
        Monotone__feature=ref("feature"),
        Outcome__recommended=adaptation,
        Outcome__excluded=adaptation,
        Outcome__withheld=adaptation,
        Outcome__held=held,
        Outcome__referred=ref("pathway"),
        Outcome__asked=ref("feature"),
    )
    one["$defs"]["Outcome"] |= {"minProperties": 1, "maxProperties": 1}
    if not names.partial:
        claims = [{"required": [claim]} for claim in ("never", "always", "monotone", "cover")]
        spoken_of = {"required": ["when", "even_if_unknown"]}
        one = needing(one, {"oneOf": claims}, {"anyOf": [written("monotone"), spoken_of]})
    return {"$defs": one.pop("$defs"), **each(one)}


def _rulebook(names: Names) -> Schema:
    kinds = [
        key for key, held in SourceAttributes.model_fields.items() if held.annotation is not str
    ]
    fields = {f"SourceAttributes__{kind}": ref("feature") for kind in kinds}
    fields |= {f"LinkText__{key}": ref("condition") for key in ("when", "then")}
    schema = model(Header, partial=names.partial, **fields)
    return schema | ({"required": ["lays_over"]} if names.partial else {})


FILES: Final[Mapping[str, tuple[str, Callable[[Names], Schema]]]] = {
    "rulebook": ("rules/rulebook.yaml: what the rulebook is", _rulebook),
    "features": ("rules/vocabulary/features.yaml: what rules may ask about", _features),
    "adaptations": ("rules/vocabulary/adaptations.yaml: what can be recommended", _adaptations),
    "pathways": ("rules/vocabulary/pathways.yaml: where a stop leads", _pathways),
    "panels": ("rules/vocabulary/panels.yaml: groups of questions, to the person", _panels),
    "instrument": ("rules/assessment/NAME.yaml: one rating scale", _instrument),
    "doses": ("rules/assessment/doses.yaml: lowest effective doses", _doses),
    "rules": ("rules/FOLDER/TOPIC.yaml: the rules of one topic", _topic),
    "evidence": ("rules/evidence.yaml: the sources", _evidence),
    "invariants": ("rules/invariants.yaml: what must hold for everybody", _invariants),
    "vignette": ("profiles/NAME.yaml: a synthetic patient", vignette),
}
"""Each kind of file: its title, and what builds its schema."""
