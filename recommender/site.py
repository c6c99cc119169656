"""What a site's folder may change of the rulebook it lies over, and what it has to justify.

In: the plain content of the shipped rulebook, and the site's `departures`: an id → why it differs.
Out: an objection to every change that touches what keeps people safe and that nothing justifies.
What keeps people safe: rules that exclude, refer or ask, the invariants, and all that these read.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from recommender.rules import Verb, verbs_of

Plain = Mapping[str, Any]

SAFETY_VERBS = frozenset({Verb.EXCLUDE.value, Verb.REFER.value, Verb.ASK.value})
HINT = "Justify it under `departures:` in the site's rulebook.yaml: every answer then shows it."

FEATURE_WORDS = frozenset({"id", "label", "question", "panel", "patient", "codes"})
PATHWAY_WORDS = frozenset({"id", "title", "contact"})
INSTRUMENT_WORDS = frozenset(
    {
        *("id", "title", "construct", "minutes", "codes", "licence", "cut", "checked", "source"),
        *("note", "unit", "recall", "change"),
    }
)


class Watched(NamedTuple):
    """What the safety of a rulebook rests on."""

    features: frozenset[str]
    instruments: frozenset[str]
    doses: bool


class Site:
    """One site's folder: what it justifies, and whether it may change what it changes."""

    def __init__(self, shipped: Plain, departures: object) -> None:
        self.departures: Mapping[str, Any] = departures if isinstance(departures, dict) else {}
        self._shipped = shipped
        self._watched = watched(shipped)
        self._used: set[str] = set()

    def objects_to_rule(self, rule_id: str, text: Plain) -> bool:
        """To changing a rule that guards, or to concluding otherwise what a guarding one reads."""
        known = self._shipped.get("rules", {}).get(rule_id, {})
        concluded = {*(known.get("conclude") or ()), *(text.get("conclude") or ())}
        guards = SAFETY_VERBS & {*verbs_of(known)} or self._watched.features & concluded
        return bool(guards) and self._unjustified(rule_id)

    def objects_to_feature(self, name: str, keys: Iterable[str]) -> list[str]:
        """To changing more of a feature than its words; the keys that are too much."""
        return self._too_much(name, keys, FEATURE_WORDS)

    def objects_to_pathway(self, name: str, keys: Iterable[str]) -> list[str]:
        """To changing what a stop asks for, or how soon."""
        return self._too_much(name, keys, PATHWAY_WORDS)

    def objects_to_instrument(self, name: str, keys: Iterable[str]) -> list[str]:
        """To changing how a scale is read that a guarding rule rests on."""
        watched = name in self._watched.instruments
        return self._too_much(name, keys, INSTRUMENT_WORDS) if watched else []

    def objects_to_doses(self) -> bool:
        """To changing doses that decide whether a trial counts, where a guarding rule asks that."""
        return self._watched.doses and self._unjustified("doses")

    def objects_to_invariant(self, name: str) -> bool:
        """To changing an invariant; one of its own only adds to them."""
        return name in self._shipped.get("invariants", {}) and self._unjustified(name)

    def idle(self) -> Iterator[str]:
        """Departures that justify no change of this folder."""
        yield from (name for name in self.departures if name not in self._used)

    def _too_much(self, name: str, keys: Iterable[str], words: frozenset[str]) -> list[str]:
        beyond = sorted({*keys} - words)
        return beyond if beyond and self._unjustified(name) else []

    def _unjustified(self, name: str) -> bool:
        self._used.add(name)
        why = self.departures.get(name)
        return not isinstance(why, str) or not why.strip()


# ------------------------------------------------------------------------------- what is watched


def watched(content: Plain) -> Watched:
    """All that rules which exclude, refer or ask, and invariants, read, however indirectly."""
    rules: Mapping[str, Plain] = content.get("rules", {})
    waiting = [*_guarding(rules), *_invariant_features(content.get("invariants", {}))]
    declared = {one.get("id"): one for one in content.get("features", [])}
    concluding: dict[str, list[str]] = {}
    for text in rules.values():
        for name in text.get("conclude") or {}:
            concluding.setdefault(name, []).extend(features_in(text.get("when")))
    features: set[str] = set()
    instruments: set[str] = set()
    doses = False
    while waiting:
        name = waiting.pop()
        if name in features:
            continue
        features.add(name)
        waiting.extend(concluding.get(name, ()))
        feature = declared.get(name)
        if feature is None:  # the total or an item that an instrument implies
            instruments.add(name.partition(".")[0])
            continue
        for source in feature.get("from") or ():
            if isinstance(source, dict):
                instruments.update(filter(None, [source.get("instrument")]))
                doses = doses or source.get("measure") == "adequate_trials"
                waiting.extend(_behind(source))
    return Watched(frozenset(features), frozenset(instruments), doses)


def _guarding(rules: Mapping[str, Plain]) -> Iterator[str]:
    for text in rules.values():
        if SAFETY_VERBS & {*verbs_of(text)}:
            yield from features_in(text.get("when"))
            yield from text.get("answered_by") or ()
            if isinstance(text.get("ask"), str):
                yield text["ask"]


def _invariant_features(invariants: Mapping[str, Plain]) -> Iterator[str]:
    for text in invariants.values():
        yield from features_in(text.get("when"))
        if isinstance(text.get("monotone"), dict):
            yield text["monotone"].get("feature", "")


def _behind(source: Plain) -> Iterator[str]:
    """The features a source of another feature looks at."""
    if source.get("set"):
        yield source["set"]
    yield from features_in(source.get("applies_when"))
    for part in source.get("parts") or ():
        yield part.get("feature", "")


def features_in(when: object) -> Iterator[str]:
    """Every feature a condition names, as it is written."""
    if not isinstance(when, Mapping):
        return
    for key, value in when.items():
        if key in ("all", "any"):
            for part in value if isinstance(value, list) else ():
                yield from features_in(part)
        elif key == "not":
            yield from features_in(value)
        else:
            yield key
