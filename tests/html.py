"""Reads a page of HTML back as a tree, and refuses one that is not well nested."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "hr", "img", "input"}


@dataclass
class Element:
    """One element of the page, with its text and elements in order."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    inside: list[Element | str] = field(default_factory=list)

    @property
    def children(self) -> list[Element]:
        return [one for one in self.inside if isinstance(one, Element)]

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    def all(self, *tags: str) -> Iterator[Element]:
        for one in self.children:
            if not tags or one.tag in tags:
                yield one
            yield from one.all(*tags)

    def one(self, tag: str) -> Element:
        (found,) = self.all(tag)
        return found

    def by_id(self, name: str) -> Element:
        (found,) = (one for one in self.all() if one.attributes.get("id") == name)
        return found

    def text(self, *without: str) -> str:
        """What is read, on one line; without what stands in some elements."""
        return " ".join("".join(self._texts(without)).split())

    def _texts(self, without: tuple[str, ...]) -> Iterator[str]:
        for one in self.inside:
            if isinstance(one, str):
                yield one
            elif one.tag not in without:
                yield from one._texts(without)


class Reader(HTMLParser):
    """Builds the tree, and refuses an element that is closed where another is open."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Element("")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), "an attribute is given twice"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        self.open[-1].inside.append(data)


def read(page: str) -> Element:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == [reader.root], "an element is left open"
    return reader.root
