"""What two rulebooks write otherwise, entry by entry, whatever it does to plans.

In: an old and a new rulebook. Out: findings of information for rules, vocabulary, evidence and
promises that are new, gone or changed, with the keys that are; a promise that was changed or taken
away is an error, since what is proved is another thing.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from recommender.governance.findings import Finding, Plain, Severity, Verdict
from recommender.rulebook import Rulebook
from recommender.rules import Rule

_NEXT: Final = {"version": "", "links": []}
"""Parts of the head that are told elsewhere."""
VOCABULARY: Final = ("features", "adaptations", "pathways", "instruments", "evidence")


def rewritten(
    old: Rulebook, new: Rulebook, edited: Collection[str], renamed: Mapping[str, str]
) -> Iterator[Finding]:
    """Everything written otherwise.

    edited: rules whose effect may be another. renamed: new ids, by old ones; `new` has the old ids.
    """
    for name, new_name in renamed.items():
        title = new.rules[name].text.title
        yield information("renamed", new_name, title, details={"before": name})
    for name in dict.fromkeys([*old.rules, *new.rules]):
        one, other = old.rules.get(name), new.rules.get(name)
        if one is None or other is None or one.text != other.text:
            details = written(one, other) | {"in_effect": name in edited}
            shown = other or one
            assert shown is not None
            title = shown.text.title
            yield information("rule", renamed.get(name, name), title, details=details)
    for kind in VOCABULARY:
        yield from _entries(kind, getattr(old, kind), getattr(new, kind))
    header = new.header
    heads = ({"header": old.header}, {"header": header})
    if old.header.model_copy(update=_NEXT) != header.model_copy(update=_NEXT):
        yield from _entries("rulebook", *heads)
    yield from _promises(old, new)


def information(check: str, subject: str, claim: str, **more: Any) -> Finding:
    """A finding that changes nobody's plan."""
    return Finding(check, subject, Verdict.FOUND, Severity.INFO, claim, **more)


def written(old: Rule | None, new: Rule | None) -> Plain:
    """Whether a rule is new, gone or changed, and the keys that are written otherwise."""
    if old is None or new is None:
        return {"what": _what(old, new), "changed_in": []}
    one = old.text.model_dump(by_alias=True, exclude_unset=True)
    other = new.text.model_dump(by_alias=True, exclude_unset=True)
    return {"what": "changed", "changed_in": list(_different(one, other))}


def _what(old: Any, new: Any) -> str:
    return "added" if old is None else "removed" if new is None else "changed"


def _different(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    yield from (key for key in dict.fromkeys([*old, *new]) if old.get(key) != new.get(key))


def _entries(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Finding]:
    for name in dict.fromkeys([*old, *new]):
        one, other = old.get(name), new.get(name)
        if one == other:
            continue
        keys: list[str] = []
        if one is not None and other is not None:
            keys = list(_different(one.model_dump(by_alias=True), other.model_dump(by_alias=True)))
        shown = other if other is not None else one
        title = getattr(shown, "title", "") or getattr(shown, "label", "")
        details = {"what": _what(one, other), "changed_in": keys}
        yield information(kind, name, title, details=details)


def _promises(old: Rulebook, new: Rulebook) -> Iterator[Finding]:
    before, after = dict(_promised(old)), dict(_promised(new))
    for name in dict.fromkeys([*before, *after]):
        one, other = before.get(name), after.get(name)
        if one == other:
            continue
        title = (other or one or {})["title"]
        weaker = one is not None or name.startswith(_LINK)
        severity = Severity.ERROR if weaker else Severity.INFO
        details = {"what": _what(one, other), "safety": weaker, "changed_in": []}
        yield Finding("promise", name, Verdict.FOUND, severity, title, details=details)


_LINK: Final = "link "


def _promised(rulebook: Rulebook) -> Iterator[tuple[str, Plain]]:
    """What is promised, and what is taken for granted of every person."""
    for name, one in rulebook.invariants.items():
        yield name, one.text.model_dump()
    for n, link in enumerate(rulebook.links, 1):
        yield f"{_LINK}{n}", link.text.model_dump()
