"""The source-attribute sheet: what a reader may ask of advice before trusting it.

In: a book. Out: one row for each item of two lists, with what the rulebook itself says: the
source attributes of an evidence-based decision support intervention (45 CFR 170.315(b)(11)), and
what lets a professional review the basis independently (FD&C Act, section 520(o)(1)(E)). The words
are those of the template `attribute`; nothing that the rulebook does not say is filled in.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from recommender.governance.catalogue.book import Book
from recommender.rules import Rule, Verb
from recommender.vocabulary import Kind, Source

Row = dict[str, Any]

PERSONAL: Final = (
    "race",
    "ethnicity",
    "language",
    "sexual_orientation",
    "gender_identity",
    "sex",
    "date_of_birth",
    "social_determinants",
)
"""The kinds of personal data among the source attributes, in their order."""


def rows(book: Book) -> Iterator[Row]:
    """Every item: its list, its key, what it rests on, and what to link to."""
    yield from (_row("about", key, data) for key, data in _about(book))
    yield from (_row("attributes", key, data) for key, data in _attributes(book))
    yield from (_row("criteria", key, data) for key, data in _criteria(book))
    yield from (_row("basis", key, data) for key, data in _basis(book))


def _row(part: str, key: str, data: Row) -> Row:
    return {"part": part, "key": key, "features": [], "rules": [], "instruments": []} | data


# ------------------------------------------------------------------------------- the lists


def _about(book: Book) -> Iterator[tuple[str, Row]]:
    header = book.rulebook.header
    yield "intended_use", {"title": header.title, "text": header.disclaimer}
    standing = {"drafts": book.rulebook.drafts, "approval": book.approval}
    gone = {"withdrawn": list(book.withdrawn)}
    yield "status", {"version": header.version} | standing | gone | _count(book)
    yield "validation", {"vignettes": len(book.vignettes.all)}
    yield "gaps", {"never_fired": len(book.never_fired)}


def _attributes(book: Book) -> Iterator[tuple[str, Row]]:
    stated = book.rulebook.header.source_attributes
    yield "citation", _sources(book)
    yield "developer", {"text": stated.developer if stated else ""}
    yield "funding", {"text": stated.funding if stated else ""}
    version = book.rulebook.header.version
    yield "dates", {"text": stated.released if stated else "", "version": version} | _sources(book)
    for kind in PERSONAL:
        yield kind, _personal(book, getattr(stated, kind) if stated else None)
    yield "health_status", _health(book)


def _criteria(book: Book) -> Iterator[tuple[str, Row]]:
    types = Counter(book.rulebook.features[name].type.value for name in book.declared)
    yield "no_signals", {"types": {kind.value: types[kind.value] for kind in Kind if types[kind]}}
    yield "medical_information", _sources(book)
    yield "professional", {}
    yield "independent_review", _count(book)


def _basis(book: Book) -> Iterator[tuple[str, Row]]:
    """What has to be shown so that nobody need rely on the advice alone."""
    rules = _live(book)
    yield "inputs", {"features_count": len(book.declared)} | _health(book)
    yield "rules", _count(book)
    yield "sources", _sources(book)
    stated = Counter(rule.text.certainty.value for rule in rules if rule.text.certainty)
    yield (
        "certainty",
        {"levels": dict(sorted(stated.items())), "silent": len(rules) - stated.total()},
    )
    yield "limits", {"stated": sum(bool(rule.text.limits) for rule in rules)} | _count(book)
    yield "missing", {"means": _unknown(rules)}
    choices = [rule.id for rule in rules if rule.verb is Verb.CHOOSE_ONE]
    replaced = sum(bool(one.fallback) for one in book.rulebook.adaptations.values())
    yield "alternatives", {"rules": choices, "fallbacks": replaced}


# ------------------------------------------------------------------------------- what is counted


def _live(book: Book) -> list[Rule]:
    return [rule for rule in book.rulebook.rules.values() if rule.status != "retired"]


def _count(book: Book) -> Row:
    return {"rules_count": len(_live(book))}


def _unknown(rules: list[Rule]) -> Row:
    """How many rules that exclude or refer do what while their condition is not known."""
    guarding = [rule for rule in rules if rule.verb in (Verb.EXCLUDE, Verb.REFER)]
    return dict(sorted(Counter(rule.unknown_means.value for rule in guarding).items()))


def _sources(book: Book) -> Row:
    cited = {name for rule in _live(book) for name in rule.text.evidence}
    items = [book.rulebook.evidence[name] for name in sorted(cited)]
    due = sorted(item.review_by for item in items if item.review_by)
    return {
        "cited": len(items),
        "seen": sum(item.checked == "source" for item in items),
        "memory": sum(item.checked == "memory" for item in items),
        "first_review": due[0] if due else "",
        "overdue": sum(one < book.as_of.isoformat() for one in due),
    }


def _personal(book: Book, named: list[str] | None) -> Row:
    """What the rules do with one kind of personal data; `stated` is whether the rulebook says."""
    features = named or []
    rules = {rule for name in features for rule in book.relations.users(name)}
    unread = [name for name in features if not book.relations.users(name)]
    scales = [
        one.id
        for one in book.rulebook.instruments.values()
        if not {*one.bands_by}.isdisjoint(features)
    ]
    return {
        "stated": named is not None,
        "features": features,
        "unread": unread,
        "rules": sorted(rules),
        "instruments": scales,
    }


def _health(book: Book) -> Row:
    """The scales, and those of which no rule reads anything."""
    read = {
        source.instrument
        for feature in book.rulebook.features.values()
        for source in feature.from_
        if isinstance(source, Source) and source.instrument and book.relations.users(feature.id)
    }
    unread = [name for name in book.rulebook.instruments if name not in read]
    return {
        "scales": len(book.rulebook.instruments),
        "unread_scales": len(unread),
        "instruments": unread,
    }
