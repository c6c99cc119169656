"""Makes the PDF of an answer from its page of HTML: the only home of WeasyPrint.

In: a document of `recommendation/1`. Out: the bytes of a PDF with tags, bookmarks, title and
language; the same bytes for the same answer, templates, libraries and fonts. Nothing is fetched,
and WeasyPrint logs nothing.
Refused, as RenderError: what `render` refuses, a WeasyPrint that is not installed (R106) or lacks
its libraries or any font (R107), and characters that no font here can show (R108).
"""

import logging
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element

from recommender.errors import Problem, RenderError
from recommender.explain.render import render
from recommender.explain.view import Document

_SVG: Final = "{http://www.w3.org/2000/svg}"
_DRAWN: Final = ("fill", "stroke", "font", "text")
"""What the properties that a picture takes from the style sheet begin with."""
_VARIABLE: Final = re.compile(r"var\((--[\w-]+)\)")
_NOWHERE: Final = "file:///"
"""What a relative address is relative to, so that it is refused like any other."""


def render_pdf(
    document: Document,
    *,
    audience: str = "clinician",
    trace: Document | None = None,
    templates: Path | None = None,
) -> bytes:
    """The whole answer for one audience as a PDF: what its page of HTML says, printed.

    The arguments are those of `render`. An error carries the stops that could not be shown.
    """
    page = render(document, audience=audience, trace=trace, format="html", templates=templates)
    try:
        return _printed(page)
    except RenderError as error:
        error.stops = tuple(document["stops"])
        raise


def missing() -> Problem | None:
    """Why no PDF can be made here; None when it can."""
    try:
        _library()
    except RenderError as error:
        return error.problems[0]
    return None


def _printed(page: str) -> bytes:
    weasyprint = _library()
    fetcher = weasyprint.urls.URLFetcher(allowed_protocols={"data"})
    html = weasyprint.HTML(string=page, url_fetcher=fetcher, base_url=_NOWHERE)
    _dress(html.etree_element)
    laid_out = html.render(pdf_tags=True)
    written: bytes = laid_out.write_pdf(pdf_tags=True, finisher=_mend)
    lost = {code for font in laid_out.fonts.values() for code in font.missing}
    if lost:
        message = f"the page has {len(lost)} characters that no font here can show"
        hint = "Install a font that has them (Debian: fonts-noto), or ask for --format html."
        raise RenderError(Problem("R108", message, hint))
    return written


# ------------------------------------------------------------------------------- the library


def _library() -> Any:
    """WeasyPrint, made silent; without any font it would let Pango end the whole program."""
    try:
        with redirect_stdout(StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.filterwarnings("error", ".*Expect ugly output", UserWarning)
            import weasyprint
    except ImportError as error:
        message = "WeasyPrint, which makes the PDF, is not installed"
        hint = "pip install 'recommender[pdf]', or ask for --format html."
        raise RenderError(Problem("R106", message, hint)) from error
    except OSError as error:
        message = "WeasyPrint lacks a library of the system: Pango, HarfBuzz or Fontconfig"
        hint = "On Debian and Ubuntu: apt-get install libpango-1.0-0 libpangoft2-1.0-0"
        raise RenderError(Problem("R107", message, hint)) from error
    except UserWarning as error:
        message = "WeasyPrint finds no font on this machine"
        hint = "On Debian and Ubuntu: apt-get install fonts-dejavu-core"
        raise RenderError(Problem("R107", message, hint)) from error
    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)  # its lines may quote the page
    return weasyprint


# ------------------------------------------------------------------------------- pictures


def _dress(page: Any) -> None:
    """Hand each picture its looks and its words, which WeasyPrint does not look for outside it."""
    looks = "".join(_looks("".join(style.text or "" for style in page.iter("style"))))
    for picture in list(page.iter(f"{_SVG}svg")):
        title, words = picture.find(f"{_SVG}title"), picture.find(f"{_SVG}desc")
        if title is not None and words is not None:
            title.text = f"{title.text}. {words.text}"
        style = Element(f"{_SVG}style")
        style.text = looks
        picture.insert(0, style)


def _looks(sheet: str) -> Iterator[str]:
    """The rules of a style sheet that say how a picture is drawn, with every variable replaced."""
    values = {name: value for selector, name, value in _declarations(sheet) if selector == ":root"}
    for selector, name, value in _declarations(sheet):
        if "svg" in selector and ":" not in selector and name.startswith(_DRAWN):
            shown = _VARIABLE.sub(lambda found: values.get(found[1], ""), value)
            yield f"{selector}{{{name}:{shown}}}"


def _declarations(sheet: str) -> Iterator[tuple[str, str, str]]:
    """Selector, property and value of all that holds in print, from first to last."""
    import tinycss2

    def rules(found: Iterable[Any]) -> Iterator[Any]:
        for rule in found:
            if rule.type == "qualified-rule":
                yield rule
            elif rule.type == "at-rule" and tinycss2.serialize(rule.prelude).strip() == "print":
                yield from rules(tinycss2.parse_rule_list(rule.content))

    for rule in rules(tinycss2.parse_stylesheet(sheet)):
        selector = tinycss2.serialize(rule.prelude).strip()
        for one in tinycss2.parse_blocks_contents(rule.content):
            if one.type == "declaration":
                yield selector, one.name, tinycss2.serialize(one.value).strip()


# ------------------------------------------------------------------------------- tags


def _mend(_: Any, pdf: Any) -> None:
    """Put right what WeasyPrint leaves undone in the tags.

    A list of pairs becomes items with a label and a body, a header cell says for what it is one,
    and links are printed.
    """
    found: list[Any] = [one for one in pdf.objects if isinstance(one, dict)]
    tags = {one.reference: one for one in found if one.get("Type") == "/StructElem"}
    for tag in tags.values():
        above = tags.get(tag.get("P"), {}).get("S")
        if tag["S"] == "/Div" and above == "/L":
            _as_item(tag, tags)
        elif tag["S"] == "/TH":
            group = tags[tags[tag["P"]]["P"]]["S"]
            tag["A"]["Scope"] = "/Column" if group == "/THead" else "/Row"
    for link in (one for one in found if one.get("Subtype") == "/Link"):
        link["F"] = 4  # PDF 32000-1, 12.5.3: printed with the page


def _as_item(pair: Any, tags: Mapping[bytes, Any]) -> None:
    """WeasyPrint makes an item of the name and another of what is said; they are one."""
    pair["S"] = "/LI"
    parts = [tags[reference] for reference in pair["K"]]
    for part in parts:
        part["S"] = "/LBody" if part is parts[-1] else "/Lbl"
        for inner in part["K"]:
            tags[inner]["S"] = "/NonStruct" if tags[inner]["S"] == "/LBody" else tags[inner]["S"]
