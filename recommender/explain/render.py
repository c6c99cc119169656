"""Renders answers as text, Markdown and HTML: the only home of Jinja2.

In: a document of `recommendation/1` (or other plain data) and a template. Out: text no wider than
asked for, or Markdown or HTML in which every value is escaped. Refused, as RenderError with the
template and its line: a name that is not there, a value that is missing, and anything the sandbox
forbids.
"""

import os
import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

import jinja2
from jinja2.bccache import Bucket
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from recommender import content
from recommender.errors import Problem, RenderError
from recommender.explain import layout, must_show
from recommender.explain.patient_view import patient_view
from recommender.explain.view import Document, is_scale_item, view

SUFFIXES: Final = {
    "text": "txt",
    "markdown": "md",
    "html": "html",
    "yaml": "yaml",
    "css": "css",
    "javascript": "js",
}
AUDIENCES: Final = ("clinician", "patient", "governance")

_PERIOD = re.compile(r"P(\d+)([DWM])")
_UNITS = {"D": "day", "W": "week", "M": "month"}


def render(
    document: Document,
    *,
    audience: str = "clinician",
    trace: Document | None = None,
    format: str = "text",
    width: int = 100,
    color: bool = False,
    templates: Path | None = None,
) -> str:
    """The whole answer for one audience; `templates` overrides shipped templates file by file.

    trace: for governance, from `argument.full_trace`: what every rule did.
    A template of a site that leaves out a stop, a caution, an assumption or the like is refused as
    R105 before its page is seen; the error then carries the answer's stops.
    """
    if audience not in AUDIENCES:
        hint = f"Known here: {', '.join(AUDIENCES)}."
        raise RenderError(Problem("R104", f"there is no page for '{audience}'", hint))
    to_the_person = audience == "patient"
    return _page(
        f"explanation/{audience}",
        document,
        patient_view if to_the_person else partial(_whole, format=format, trace=trace),
        must_show.patient if to_the_person else must_show.answer,
        format=format,
        width=width,
        color=color,
        templates=templates,
    )


def _whole(document: Document, format: str, trace: Document | None) -> dict[str, Any]:
    """What the page of a whole answer looks up; pictures only where they are drawn."""
    context = view(document)
    if trace is not None:
        context["trace"] = trace
    if format == "html":
        from recommender.explain import pictures

        context["pictures"] = pictures.of(document)
    return context


def render_why(
    document: Document,
    adaptation: str,
    *,
    further: Sequence[Document] = (),
    **layout_options: Any,
) -> str:
    """The argument for and against one adaptation; `further` reasons come from argument.py."""
    return _page(
        "explanation/why",
        document,
        lambda answer: _argument(answer, adaptation, further),
        lambda answer: must_show.one_adaptation(answer, adaptation),
        **layout_options,
    )


def _argument(document: Document, adaptation: str, further: Sequence[Document]) -> dict[str, Any]:
    context = _about(document, adaptation)
    fired_first = {"fired": 0, "unknown": 1, "silent": 2}
    reasons = [*context["entry"]["because"], *further]
    reasons.sort(key=lambda reason: fired_first[document["rules"][reason["rule"]]])
    context["reasons"] = [one for one in reasons if one["verb"] in ("recommend", "exclude")]
    context["cautions"] = [one for one in further if one["verb"] == "caution"]
    context["decided"] = [
        one for one in reasons if one["verb"] not in ("recommend", "exclude", "caution")
    ]
    return context


def render_why_not(
    document: Document,
    adaptation: str,
    *,
    smallest: Document | None = None,
    **layout_options: Any,
) -> str:
    """Why one adaptation is not in the plan; `smallest` changes come from minimal.py."""
    found = {} if smallest is None else {"smallest": smallest}
    return _page(
        "explanation/why_not",
        document,
        lambda answer: _about(answer, adaptation) | found,
        must_show.stops_alone,
        **layout_options,
    )


def render_what_if(
    before: Document, after: Document, found: Document, **layout_options: Any
) -> str:
    """Two answers side by side; `found` is what differs between them, from what_if.py."""
    begin = {"stops": found["stops"]["begin"]}

    def context_of(shown: Document) -> dict[str, Any]:
        stops = {"stops": {**found["stops"], "begin": shown["stops"]}}
        return view(after) | {"before": before, "found": {**found, **stops}}

    return _page("explanation/what_if", begin, context_of, must_show.stops_alone, **layout_options)


def render_questions(document: Document, **layout_options: Any) -> str:
    """Every question whose answer can still change something."""
    return _page("explanation/ask", document, view, must_show.stops_alone, **layout_options)


def render_stops(stops: Sequence[Document], **layout_options: Any) -> str:
    """Stops alone: what is shown before an error that leaves no answer."""
    context = {"stops": stops, "facts": {}, "titles": {}, "labels": {}, "rules": {}, "numbers": {}}
    return render_template("explanation/stops", context, **layout_options)


def _page(
    name: str,
    document: Document,
    context_of: Callable[[Document], dict[str, Any]],
    marked: must_show.Marking,
    *,
    format: str = "text",
    templates: Path | None = None,
    **layout_options: Any,
) -> str:
    """A page about one answer; a site's templates are tried on a marked copy of it first."""
    try:
        if len(_folders(templates)) > 1:
            _try(name, *marked(document), context_of, format, templates)
        return render_template(
            name, context_of(document), format=format, templates=templates, **layout_options
        )
    except RenderError as error:
        error.stops = tuple(document["stops"])
        raise


def _try(
    name: str,
    answer: Document,
    marks: must_show.Marks,
    context_of: Callable[[Document], dict[str, Any]],
    format: str,
    templates: Path | None,
) -> None:
    page = render_template(name, context_of(answer), format=format, templates=templates)
    hint = "Print it, or leave the template out: then the shipped one is used."
    file = f"templates/{name}.{SUFFIXES[format]}.j2"
    problems = [
        Problem("R105", f"the templates leave out {what}", hint, file=file)
        for what in marks.missing(page)
    ]
    if problems:
        raise RenderError(problems)


def _about(document: Document, adaptation: str) -> dict[str, Any]:
    context = view(document)
    context["entry"] = context["entries"][adaptation]
    context["in_plan"] = any(adaptation == entry["adaptation"] for entry in document["plan"])
    cited = {one["id"] for reason in context["entry"]["because"] for one in reason["evidence"]}
    context["evidence"] = [one for one in context["evidence"] if one["id"] in cited]
    return context


def render_template(
    name: str,
    context: Mapping[str, Any],
    *,
    format: str = "text",
    width: int = 100,
    color: bool = False,
    templates: Path | None = None,
) -> str:
    """Any template, by its name without suffixes, with plain data as its context."""
    if format not in SUFFIXES:
        hint = f"Known here: {', '.join(SUFFIXES)}."
        raise RenderError(Problem("R104", f"there is no format '{format}'", hint))
    written = _run(
        _environment(_folders(templates), format), f"{name}.{SUFFIXES[format]}.j2", context
    )
    return (
        layout.lay_out(written, width=width, color=color)
        if format == "text"
        else layout.tidy(written)
    )


def _run(environment: jinja2.Environment, file: str, context: Mapping[str, Any]) -> str:
    try:
        return environment.get_template(file).render(context)
    except jinja2.UndefinedError as error:
        raise _problem(
            "R101", f"the template asks for something absent: {error}", error, file
        ) from error
    except _MissingValueError as error:
        raise _problem("R102", str(error), error, file) from error
    except jinja2.TemplateNotFound as error:
        hint = "Templates are in templates/explanation and templates/_parts."
        raise RenderError(Problem("R104", f"there is no template '{error.name}'", hint)) from error
    except jinja2.TemplateError as error:
        raise _problem("R103", f"the template cannot be used: {error}", error, file) from error


def _problem(code: str, message: str, error: Exception, file: str) -> RenderError:
    name, line = file, 0
    if isinstance(error, jinja2.TemplateSyntaxError):
        name, line = error.name or file, error.lineno
    else:
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            if frame.filename.endswith(".j2"):
                name, line = _short(frame.filename), frame.lineno or 0
                break
    return RenderError(Problem(code, message, file=f"templates/{name}", line=line, column=1))


def _short(filename: str) -> str:
    """The template's folder and name, without where on this machine it lies."""
    return "/".join(Path(filename).parts[-2:])


# ------------------------------------------------------------------------------- environment


class _MissingValueError(Exception):
    """A template printed a value that is null."""


def _folders(templates: Path | None) -> tuple[Path, ...]:
    shipped = content.root() / "templates"
    return (templates, shipped) if templates is not None and templates != shipped else (shipped,)


@lru_cache(maxsize=8)
def _environment(folders: tuple[Path, ...], format: str) -> jinja2.Environment:
    """One environment for each format: sandboxed, strict, and escaping every printed value.

    With autoescape on, what a macro wrote counts as written and only values are escaped; `finalize`
    does the escaping that the format needs.
    """
    environment = _Environment(
        loader=jinja2.FileSystemLoader(folders),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_kept_bytecode(format),
        finalize=partial(_finalize, escaped=ESCAPES.get(format, str)),
    )
    environment.globals = {}
    environment.filters |= {"period": _period, "spaced": _spaced, "plain": _plain}
    environment.filters |= MARKS[format]
    environment.filters |= {"nested": _nested, "comment": layout.comment, "number_of": _number_of}
    environment.filters |= {"anchor": _anchor, "shortened": _shortened}
    environment.filters |= {"capfirst": _capfirst, "column": _column}
    environment.filters |= {"css_string": _css_string, "days_since": _days_since}
    environment.tests["scale_item"] = is_scale_item
    return environment


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox, in which a name behind a dot is first of all a key: what it is given is data."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """What `obj.attribute` means in a template."""
        if type(obj) is dict and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


class _KeptBytecode(jinja2.FileSystemBytecodeCache):
    """Compiled templates, kept for the next start; a folder that cannot be written is no harm."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Write one template, or do without."""
        with suppress(OSError):
            super().dump_bytecode(bucket)


def _kept_bytecode(format: str) -> jinja2.BytecodeCache | None:
    """Compiling takes longer than all else here, so it is done once for each text of a template."""
    try:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        folder = base / "recommender" / "templates"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return None
    return _KeptBytecode(str(folder), f"{format}-%s.jinja")


def _finalize(value: object, escaped: Callable[[str], str]) -> Markup:
    if isinstance(value, Markup):
        return value
    if value is None:
        raise _MissingValueError("the template prints a value that the answer leaves empty")
    return Markup(escaped(_plain(value)))


def _plain(value: object) -> str:
    """A value as it is read aloud: yes and no, numbers without needless zeros, one line of text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return layout.one_line(str(value))


def _spaced(name: str) -> str:
    """An id as words."""
    return name.replace("_", " ").replace(".", ", ")


def _capfirst(text: str) -> str:
    """The text with its first letter raised and the rest as it is."""
    return text[:1].upper() + text[1:]


def _column(text: str, width: int = 12) -> Markup:
    """The text in a column of its own, for plain pages."""
    return Markup(f"{text:<{width - 1}} ")


def _number_of(reference: str, numbers: Mapping[str, int]) -> int:
    """The number of a reference in the list of them."""
    return numbers[reference]


def _nested(depth: int) -> Markup:
    """The blanks before a list entry that stands `depth` levels deep."""
    return Markup("  " * depth)


def _code(text: str) -> Markup:
    """An id as a Markdown code span."""
    return Markup("`{}`").format(Markup(layout.one_line(text).replace("`", "")))


def _period(period: str) -> str:
    """An ISO 8601 period in words; anything else as it is."""
    found = _PERIOD.fullmatch(period)
    if not found:
        return period
    unit = _UNITS[found[2]]
    return f"{found[1]} {unit}" if found[1] == "1" else f"{found[1]} {unit}s"


def _days_since(on: str, day: str) -> int:
    """How many days lie between the day of a value, with or without a time, and a later one."""
    return (date.fromisoformat(day) - date.fromisoformat(on[:10])).days


def _doi_link(doi: str) -> Markup:
    """A DOI as a Markdown link."""
    target = re.sub(r"[<>\s\\]", "", doi)
    return Markup("[doi:{}](<https://doi.org/{}>)").format(
        Markup(layout.escape_markdown(target)), Markup(target)
    )


def _doi(doi: str) -> Markup:
    """A DOI on a plain page."""
    return Markup(f"doi:{layout.one_line(doi)}")


def _cite(rule: str) -> Markup:
    """A rule's id behind what it says, on a plain page."""
    return Markup(f"[{layout.one_line(rule)}]")


def _number(number: int) -> Markup:
    """The number of a reference."""
    return Markup(str(number))


def _code_element(text: str) -> Markup:
    """An id in a page of HTML."""
    return Markup("<code>{}</code>").format(layout.one_line(text))


def _doi_element(doi: str) -> Markup:
    """A DOI as a link of HTML."""
    target = re.sub(r"\s", "", doi)
    return Markup('<a href="https://doi.org/{0}">doi:{0}</a>').format(target)


def _number_element(number: int) -> Markup:
    """The number of a reference as a link to it."""
    return Markup('<a href="#evidence-{0}">{0}</a>').format(number)


def _anchor(name: str) -> Markup:
    """A name as the end of an id in HTML."""
    return Markup(re.sub(r"[^A-Za-z0-9_.-]", "-", name))


def _css_string(text: str) -> Markup:
    """A value as a string of CSS inside a page of HTML, from which it cannot break out."""
    plain = layout.one_line(Markup(text).unescape() if isinstance(text, Markup) else text)
    escaped = re.sub(r"[^A-Za-z0-9 .,:_-]", lambda one: f"\\{ord(one[0]):x} ", plain)
    return Markup(f'"{escaped}"')


def _shortened(text: str, length: int) -> str:
    """The text, cut where it is longer."""
    whole = layout.one_line(Markup(text).unescape() if isinstance(text, Markup) else text)
    return whole if len(whole) <= length else whole[: length - 1].rstrip() + "…"


ESCAPES: Final[Mapping[str, Callable[[str], str]]] = {
    "markdown": layout.escape_markdown,
    "html": escape,
}
"""What keeps a value from being read as a mark of the format."""

MARKS: Final[Mapping[str, Mapping[str, Callable[[Any], Markup]]]] = {
    "text": {"code": Markup, "cite": _cite, "doi": _doi, "ref": _number},
    "markdown": {"code": _code, "cite": _code, "doi": _doi_link, "ref": _number},
    "html": {
        "code": _code_element,
        "cite": _code_element,
        "doi": _doi_element,
        "ref": _number_element,
    },
    "yaml": {},
    "css": {},
    "javascript": {},
}
"""How each format marks ids, the rules behind a sentence, and references."""
