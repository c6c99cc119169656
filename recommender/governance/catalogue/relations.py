"""What speaks about the same thing as a rule: for, against, pausing, choosing, ordering.

In: a rulebook. Out: for each adaptation the rules about it by what they do to it, for each feature
the rules that read it, and for each rule the others that meet it there.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from recommender.conditions import tests_of
from recommender.rulebook import Rulebook
from recommender.rules import Invariant, Rule, Verb
from recommender.vocabulary import Feature, Source

OF_VERB: Final[Mapping[Verb, str]] = {
    Verb.RECOMMEND: "for",
    Verb.EXCLUDE: "against",
    Verb.CHOOSE_ONE: "choice",
    Verb.SEQUENCE: "order",
    Verb.TOGETHER: "together",
    Verb.CAUTION: "caution",
    Verb.TAILOR: "shape",
}
"""What a rule is to the adaptations it names."""
MEETING: Final = ("for", "against", "pauses", "choice", "order", "together")
"""What one rule can do to what another does, in the order of pages."""
EVERY: Final = (
    "for",
    "against",
    "pauses",
    "choice",
    "order",
    "together",
    "caution",
    "shape",
    "ask",
)


class Relations:
    """Who speaks about what, found once for a rulebook."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._rulebook = rulebook
        self._about: dict[str, dict[str, list[str]]] = {}
        self._readers: dict[str, list[str]] = {}
        for rule in rulebook.rules.values():
            for kind, adaptation in _speaks(rule):
                self._about.setdefault(adaptation, {}).setdefault(kind, []).append(rule.id)
            for feature in _read(rule):
                self._readers.setdefault(feature, []).append(rule.id)
        self._derived: dict[str, list[str]] = {}
        for one in rulebook.features.values():
            for feature in sorted(_rests_on(one, rulebook)):
                self._derived.setdefault(feature, []).append(one.id)

    @property
    def pausing_all(self) -> list[str]:
        """The stops that pause every adaptation."""
        return [one.id for one in self._rulebook.by_verb(Verb.REFER) if one.text.hold == "all"]

    def about(self, adaptation: str) -> Mapping[str, list[str]]:
        """The rules that name an adaptation, by what they are to it."""
        return self._about.get(adaptation, {})

    def readers(self, feature: str) -> list[str]:
        """The rules that look at a feature themselves."""
        return self._readers.get(feature, [])

    def derived(self, feature: str) -> list[str]:
        """The features made from this one, by a list, a staging sum or bands that depend on it."""
        return self._derived.get(feature, [])

    def users(self, feature: str) -> list[str]:
        """The rules that look at a feature, or at one made from it."""
        seen, waiting = set[str](), [feature]
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting.extend(self.derived(name))
        return sorted({rule for name in seen for rule in self.readers(name)})

    def invariants(self, adaptation: str) -> Iterator[Invariant]:
        """The invariants that name an adaptation."""
        for one in self._rulebook.invariants.values():
            text = one.text
            keeps = [text.monotone.keeps] if text.monotone else []
            for outcome in (text.never, text.always, *keeps, *(text.cover or ())):
                kind, names = outcome.named if outcome is not None else ("", ())
                if kind in ("recommended", "excluded", "withheld", "held") and adaptation in names:
                    yield one
                    break

    def meeting(self, rule: Rule) -> Iterator[tuple[str, str, str, list[str]]]:
        """What else speaks where a rule speaks: (adaptation or feature, its id, kind, rules)."""
        own = {adaptation for kind, adaptation in _speaks(rule) if kind in MEETING}
        for adaptation in self._rulebook.adaptations if own else ():
            if adaptation in own:
                for kind in MEETING:
                    others = self._others(rule, self.about(adaptation).get(kind, ()))
                    if others:
                        yield "adaptation", adaptation, kind, others
        if rule.verb is Verb.CONCLUDE:
            name = rule.concludes[0]
            same = self._others(rule, (one.id for one in self._rulebook.concluding[name]))
            for kind, others in (("concludes", same), ("reads", self.readers(name))):
                if others:
                    yield "feature", name, kind, others

    def _others(self, rule: Rule, named: Iterable[str]) -> list[str]:
        return [one for one in named if one != rule.id]


def _speaks(rule: Rule) -> Iterator[tuple[str, str]]:
    """What a rule is to which adaptation."""
    kind = OF_VERB.get(rule.verb)
    if kind is not None:
        yield from ((kind, target) for target in dict.fromkeys(rule.targets))
    elif rule.verb is Verb.REFER and rule.text.hold != "all":
        yield from (("pauses", target) for target in rule.text.hold)
    elif rule.verb is Verb.ASK and rule.text.for_ != "all":
        yield from (("ask", target) for target in rule.text.for_)


def _read(rule: Rule) -> set[str]:
    """The features a rule looks at."""
    gate = tests_of(rule.gate) if rule.gate is not None else ()
    asked = [rule.text.ask] if rule.text.ask else []
    tested = {test.feature for test in (*tests_of(rule.condition), *gate)}
    return tested | {*rule.text.answered_by, *asked}


def _rests_on(feature: Feature, rulebook: Rulebook) -> set[str]:
    """The features another one is made from."""
    found: set[str] = set()
    for source in feature.from_:
        if isinstance(source, Source):
            found.update(filter(None, [source.set]))
            found.update(part.feature for part in source.parts or ())
            if source.instrument and source.band:
                found.update(rulebook.instruments[source.instrument].bands_by)
    return found
