"""What the search of a catalogue looks through.

In: a book. Out: a script that holds every entry, since a page opened from the file system may not
fetch: [kind, id, name, place, further words].
"""

import json
from collections.abc import Iterator

from recommender.conditions import say
from recommender.governance.catalogue.book import Book


def search_index(book: Book) -> str:
    """The list of entries as a script."""
    entries = [list(entry) for entry in _searchable(book)]
    written = json.dumps(entries, ensure_ascii=False, separators=(",", ":"))
    return f"window.catalogue={written};\n"


def _searchable(book: Book) -> Iterator[tuple[str, str, str, str, str]]:
    further = dict(_further(book))
    for kind, places in book.where.items():
        for name, place in places.items():
            if kind != "feature" or name in book.declared:
                called = book.names[kind][name]
                yield kind, name, called, place, further.get((kind, name), "")


def _further(book: Book) -> Iterator[tuple[tuple[str, str], str]]:
    rulebook = book.rulebook
    for rule in rulebook.rules.values():
        about = " ".join(book.names["adaptation"][name] for name in rule.targets)
        when = say(rule.condition, rulebook.features)
        yield ("rule", rule.id), f"{rule.verb.value} {about} {when} {rule.text.because.strip()}"
    for adaptation in rulebook.adaptations.values():
        yield ("adaptation", adaptation.id), f"{adaptation.patient_title} {adaptation.what.strip()}"
    for feature in rulebook.features.values():
        yield ("feature", feature.id), f"{feature.question} {' '.join(feature.values)}"
    for instrument in rulebook.instruments.values():
        yield ("instrument", instrument.id), instrument.construct_
    for one in book.vignettes.all:
        yield ("vignette", one.name), " ".join(str(one.expect.get("rationale", "")).split())
