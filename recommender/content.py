"""Where content lies, and strict reading and writing of YAML and JSON.

In: bytes or text of one file. Out: a `Document`, plain values with the place of each. Refused, all
problems of a file at once: anchors, aliases, merge keys, tags, duplicate keys, a second document,
text that is not UTF-8 or not NFC, control characters, anything past the limits. Only `true`,
`false`, `null`, integers and decimals are typed; `no`, `012`, `1:30` and dates stay text.
Written is only what reads back as the same values.
"""

import hashlib
import json
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from io import StringIO
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import yaml

from recommender.errors import ContentError, Problem

MAX_BYTES = 1024 * 1024
MAX_NODES = 200_000
MAX_DEPTH = 40
MAX_PROBLEMS = 50

Steps = tuple[str | int, ...]

# What can be wrong, and how to mend it; `{}` takes the details.
_PROBLEMS = {
    "C101": ("this is not YAML: {}", ""),
    "C102": ("byte 0x{:02x} is not UTF-8", "Save the file as UTF-8."),
    "C103": ("the character U+{:04X} is not allowed", "It is invisible or no text: remove it."),
    "C104": ("this text is not in Unicode normal form C", "Type a letter and its accent as one."),
    "C105": ("this file is empty", "Write some content, or remove the file."),
    "C106": ("a second document begins here", "One a file: remove '---', or split the file."),
    "C107": ("anchors (&) are not used here", "Write it without, or put the text in quotes."),
    "C108": ("aliases (*) are not used here", "Write it out, or put the text in quotes."),
    "C109": ("tags (!) and directives (%) are not used here", "Remove it, or put it in quotes."),
    "C110": ("merge keys (<<) are not used here", "Write the content out where it is needed."),
    "C111": ("the key {!r:.80} stands here a second time", "Keep one of them."),
    "C112": ("this key is not a text", "A key is one word; write a list or mapping as a value."),
    "C113": ("this file is too large", f"At most {MAX_BYTES} bytes are read: split it."),
    "C114": ("this file is too long", f"At most {MAX_NODES} keys and values are read: split it."),
    "C115": ("this is nested too deeply", f"At most {MAX_DEPTH} levels; is a bracket left open?"),
    "C116": ("this number is too large", "Integers lie below 2^53; put a name in quotes."),
    "C117": ("this is not JSON: {}", "Look for a missing comma, colon, bracket or quote."),
    "C118": ("{} is no number of JSON", "Write null for what is not known."),
    "C119": ("{} more problems of this file are not listed", "Mend the ones above first."),
    "C120": ("there is no folder `rules` here", "Install the package again."),
    "C121": ("this file cannot be read: {}", "Look at its permissions."),
    "C122": ("this file would be overlooked", "Rename it: rule files end in .yaml."),
}

# The C parser where PyYAML was built with it: the same events, some ten times as fast.
_LOADER: Any = getattr(yaml, "CLoader", yaml.Loader)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
# Controls, odd line ends, marks that hide or reorder text, halves of characters, non-characters.
# Bytes that are not UTF-8 are decoded as U+DC80 to U+DCFF.
_REFUSED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff"
    "\ud800-\udfff\ufffe\uffff]"
)
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+")
_INEXACT = 2**53  # from here on another reader of the same number may round it
_WORDS = {"": None, "null": None, "true": True, "false": False}


class Mark(NamedTuple):
    """A place in a file; lines and columns count from 1."""

    line: int
    column: int


_START = Mark(1, 1)


@dataclass(frozen=True, slots=True)
class Document:
    """One file as plain values, with the places of its values and of its keys."""

    name: str
    data: Any
    values: Mapping[Steps, Mark]
    keys: Mapping[Steps, Mark]

    def at(self, *path: str | int) -> Mark:
        """The place of the value at `path`, or of the nearest value around it."""
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, _START)

    def key_at(self, *path: str | int) -> Mark:
        """The place of the key that `path` ends in, or of the nearest value around it."""
        return self.keys.get(path) or self.at(*path)

    def problem(
        self, code: str, message: str, hint: str = "", *path: str | int, key: bool = False
    ) -> Problem:
        """A problem at `path`; the path is spelled out where its exact place is not known."""
        mark = self.key_at(*path) if key else self.at(*path)
        shown = "" if path in self.values else ".".join(map(str, path))
        return Problem(code, message, hint, self.name, mark.line, mark.column, shown)


def _problem(code: str, file: str, mark: Mark | None, *details: object, hint: str = "") -> Problem:
    message, usual = _PROBLEMS[code]
    return Problem(code, message.format(*details), hint or usual, file, *(mark or ()))


class _Found:
    """The problems of one file, so far."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[Problem] = []
        self.unlisted = 0

    def note(self, code: str, mark: Mark, *details: object, hint: str = "") -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(_problem(code, self.name, mark, *details, hint=hint))
        else:
            self.unlisted += 1

    def error(self) -> ContentError:
        if not self.unlisted:
            return ContentError(self.problems)
        last = max(Mark(problem.line, problem.column) for problem in self.problems)
        return ContentError([*self.problems, _problem("C119", self.name, last, self.unlisted)])

    def stop(self, code: str, mark: Mark, *details: object) -> NoReturn:
        """Note what makes going on pointless, and raise."""
        self.note(code, mark, *details)
        raise self.error()

    def check(self) -> None:
        if self.problems:
            raise self.error()


# ---------------------------------------------------------------------------- text and numbers


def _text(data: bytes | str, found: _Found) -> str:
    """Decode; note every character that is refused, and put a harmless one in its place."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if len(raw) > MAX_BYTES:
        found.stop("C113", _START)
    if raw.startswith(_UTF16):
        found.stop("C102", _START, raw[0])
    text = data if isinstance(data, str) else raw.decode("utf-8", "surrogateescape")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if _REFUSED.search(text) or not unicodedata.is_normalized("NFC", text):
        for number, line in enumerate(text.split("\n"), 1):
            _judge_line(line, number, found)
    return unicodedata.normalize("NFC", _REFUSED.sub("_", text))


def _judge_line(line: str, number: int, found: _Found) -> None:
    for match in _REFUSED.finditer(line):
        character, mark = ord(match[0]), Mark(number, match.start() + 1)
        if 0xDC80 <= character <= 0xDCFF:
            found.note("C102", mark, character - 0xDC00)
        else:
            found.note("C103", mark, character)
    composed = unicodedata.normalize("NFC", line)
    if composed != line:
        pairs = enumerate(zip_longest(line, composed), 1)
        found.note("C104", Mark(number, next(column for column, (a, b) in pairs if a != b)))


def _judge_value(value: str, mark: Mark, found: _Found) -> None:
    """Judge text that escapes may have brought in, unseen by the look at the lines."""
    match = _REFUSED.search(value)
    if match:
        found.note("C103", mark, ord(match[0]))
    elif not unicodedata.is_normalized("NFC", value):
        found.note("C104", mark)


def _integer(text: str, mark: Mark, found: _Found) -> int:
    # The length is judged first: Python refuses to convert some thousand digits.
    if len(text) < 20 and abs(value := int(text)) < _INEXACT:
        return value
    found.note("C116", mark)
    return 0


def _decimal(text: str, mark: Mark, found: _Found) -> float:
    if not math.isfinite(value := float(text)):
        found.note("C116", mark)
    return value


# --------------------------------------------------------------------------------------- YAML


def read_yaml(data: bytes | str, name: str) -> Document:
    """Read one strict YAML document; `name` is the file name shown in errors.

    Raises ContentError holding all problems of the file.
    """
    found = _Found(name)
    builder = _Builder(found)
    for event in _events(_text(data, found), found):
        builder.take(event)
    if builder.empty:
        found.note("C105", _START)
    found.check()
    return Document(name, builder.data, builder.values, builder.keys)


def _events(text: str, found: _Found) -> Iterator[yaml.Event]:
    """The events of PyYAML; what is not YAML ends them with a ContentError."""
    try:
        # From a stream, not from text: then no error of PyYAML quotes a line of the file.
        yield from yaml.parse(StringIO(text), Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark, hint = _syntax(error, text.split("\n"))
        found.note("C101", mark, error.problem, hint=hint)
        raise found.error() from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # only seen from the pure parser
        hint = "Look for an escape such as \\U in double quotes, or for a line that begins with %."
        found.note("C101", _START, "it holds a number out of range", hint=hint)
        raise found.error() from error


# What PyYAML says (both parsers), and what a writer of rules can do about it.
_HINTS = (
    (r"^mapping values are not allowed",
     "Put a text that holds ': ' in quotes; or this line is indented deeper than the one above."),
    (r"sequence entries are not allowed", "Begin a list on a line of its own below its key."),
    (r"expected ':'", "A colon may be missing after the key, or a quote is not closed."),
    (r"expected alphabetic", "Put a text that begins with '*' or '&' in quotes."),
    (r"escape", "Inside double quotes a backslash begins an escape: use single quotes."),
    (r"expected '[,?\]}]|expected (the )?node content",
     "A value, a comma or a closing bracket is missing."),
    (r"expected key|expected '-'|<block end>",
     "Align this line with one above; a quoted text may hold no further quote of its kind."),
    (r"document start", "Nothing may follow here: the document has ended above."),
    (r"comment or line break|indentation indicator|chomping",
     "After | or > the text begins on the next line; else put the text in quotes."),
    (r"\btag\b|directive", "Put a text that begins with '!' or '%' in quotes."),
)  # fmt: skip


def _syntax(error: yaml.MarkedYAMLError, lines: list[str]) -> tuple[Mark, str]:
    """Place and hint of a syntax error; past the end of a file the opening is what helps."""
    said = f"{error.problem} {error.context}"
    mark = min(_mark(error.problem_mark), Mark(len(lines), len(lines[-1]) + 1))
    after = "\n".join(lines[mark.line - 1 :])[mark.column - 1 :]
    if not after.strip() and error.context_mark and re.search("flow|quoted", said):
        return _mark(error.context_mark), "The quote or bracket opened here is never closed."
    line = lines[mark.line - 1]
    if re.match(r" *\t", line) or after.startswith("\t"):
        return mark, "Indent with spaces: this line holds a tab."
    if "cannot start any token" in said:
        return mark, f"Put a text that begins with {after[:1]!r} in quotes."
    usual = "Compare the indentation, colons and quotes of this line with those above it."
    return mark, next((hint for words, hint in _HINTS if re.search(words, said)), usual)


def _mark(mark: Any) -> Mark:
    return Mark(mark.line + 1, mark.column + 1)


@dataclass(slots=True)
class _Frame:
    """A list or mapping being filled; `key` is the key whose value comes next."""

    path: Steps
    container: list[Any] | dict[str, Any]
    key: str | None = None


class _Builder:
    """Fills plain values from events, a frame for each open level: depth costs no recursion.

    After a problem it goes on with something harmless, only to find the next ones.
    """

    def __init__(self, found: _Found) -> None:
        self.found = found
        self.data: Any = None
        self.empty = True
        self.nodes = 0
        self.values: dict[Steps, Mark] = {}
        self.keys: dict[Steps, Mark] = {}
        self.frames: list[_Frame] = []

    def take(self, event: Any) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event, self._node(event))
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open(event, self._node(event))
        elif isinstance(event, yaml.CollectionEndEvent):
            self.frames.pop()
        elif isinstance(event, yaml.AliasEvent):
            self._place(None, self._node(event))
        elif isinstance(event, yaml.DocumentStartEvent):
            self._document(event, _mark(event.start_mark))

    def _document(self, event: Any, mark: Mark) -> None:
        if not self.empty:
            self.found.stop("C106", mark)
        self.empty = False
        if event.version or event.tags:
            self.found.note("C109", mark)

    def _node(self, event: Any) -> Mark:
        """Count a node, judge what all nodes may carry, and say where it is."""
        mark = _mark(event.start_mark)
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self.found.stop("C114", mark)
        if event.anchor is not None:
            self.found.note("C108" if isinstance(event, yaml.AliasEvent) else "C107", mark)
        if getattr(event, "tag", None) is not None:
            self.found.note("C109", mark)
        return mark

    def _open(self, event: Any, mark: Mark) -> None:
        if len(self.frames) >= MAX_DEPTH:
            self.found.stop("C115", mark)
        container: Any = [] if isinstance(event, yaml.SequenceStartEvent) else {}
        self.frames.append(_Frame(self._place(container, mark), container))

    def _scalar(self, event: Any, mark: Mark) -> None:
        text, plain = event.value, event.implicit[0]
        if event.style == '"':
            _judge_value(text, mark, self.found)
        frame = self.frames[-1] if self.frames else None
        if frame and frame.key is None and isinstance(frame.container, dict):
            self._key(frame, text, mark, plain=plain)
        else:
            self._place(self._typed(text, mark) if plain else text, mark)

    def _typed(self, text: str, mark: Mark) -> Any:
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return _integer(text, mark, self.found)
        if _DECIMAL.fullmatch(text):
            return _decimal(text, mark, self.found)
        return text

    def _key(self, frame: _Frame, key: str, mark: Mark, *, plain: bool) -> None:
        path = (*frame.path, key)
        if key == "<<" and plain:
            self.found.note("C110", mark)
        elif key in frame.container and path in self.keys:  # not in place of a key refused above
            hint = f"Keep one of them; the first is in line {self.keys[path].line}."
            self.found.note("C111", mark, key, hint=hint)
        self.keys.setdefault(path, mark)
        frame.key = key

    def _place(self, value: Any, mark: Mark) -> Steps:
        """Put a value where it belongs, and return its path."""
        path: Steps = ()
        if not self.frames:
            self.data = value
        elif isinstance((frame := self.frames[-1]).container, list):
            path = (*frame.path, len(frame.container))
            frame.container.append(value)
        else:
            key = self._key_of(frame, mark)
            path = (*frame.path, key)
            frame.container[key] = value
        self.values[path] = mark
        return path

    def _key_of(self, frame: _Frame, mark: Mark) -> str:
        """The key that waits for its value; without one, this is a key that cannot be one."""
        key, frame.key = frame.key, None
        if key is None:
            self.found.note("C112", mark)
            key = frame.key = ""  # whose value is still to come
        return key


# --------------------------------------------------------------------------------------- JSON


def read_json(data: bytes | str, name: str) -> Document:
    """Read one JSON document under the limits of `read_yaml`; places inside it are not kept.

    Raises ContentError, also for duplicate keys and for NaN and Infinity.
    """
    found = _Found(name)
    value = _parse_json(_text(data, found), found)
    _judge_tree(value, found)
    found.check()
    return Document(name, value, {(): _START}, {})


def _parse_json(text: str, found: _Found) -> Any:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        read: dict[str, Any] = {}
        for key, value in items:
            if key in read:
                found.note("C111", _START, key)
            read[key] = value
        return read

    try:
        return json.loads(
            text,
            object_pairs_hook=pairs,
            parse_constant=lambda word: found.note("C118", _START, word),
            parse_int=lambda digits: _integer(digits, _START, found),
            parse_float=lambda digits: _decimal(digits, _START, found),
        )
    except json.JSONDecodeError as error:
        if text.strip():
            found.note("C117", Mark(error.lineno, error.colno), error.msg)
        else:
            found.note("C105", _START)
        raise found.error() from None  # for `error` carries the whole text with it
    except RecursionError:
        found.stop("C115", _START)


def _judge_tree(value: Any, found: _Found) -> None:
    """Apply the limits, and the rules for text, to everything read; level by level."""
    level, nodes, depth = [value], 0, 0
    while level:
        nodes += len(level)
        if nodes > MAX_NODES:
            found.stop("C114", _START)
        if depth >= MAX_DEPTH and any(isinstance(each, dict | list) for each in level):
            found.stop("C115", _START)
        for each in level:
            if isinstance(each, str):
                _judge_value(each, _START, found)
        level = [inner for each in level for inner in _inside(each)]
        depth += 1


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return (*value.keys(), *value.values())
    return value if isinstance(value, list) else ()


# ------------------------------------------------------------------------------------ writing


def _resolvers() -> dict[str, list[tuple[str, Any]]]:
    """What a plain word might be taken for: not a day, nor `on`, which profiles have as a key."""
    return {
        first: [one for one in known if not one[0].endswith(":timestamp")]
        for first, known in yaml.SafeDumper.yaml_implicit_resolvers.items()
        if first not in ("o", "O")
    }


class _Dumper(yaml.SafeDumper):
    """Plain YAML as `read_yaml` takes it: no anchors, no exponents, few quotes."""

    yaml_implicit_resolvers = _resolvers()

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        """Whether a value that stands twice is written twice."""
        return True

    def serialize(self, node: Any) -> None:
        """Write one document."""
        _lay_nodes(node, 0)
        super().serialize(node)


def _fixed(dumper: _Dumper, value: float) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:float", format(Decimal(repr(value)), "f"))


_Dumper.add_representer(float, _fixed)


def _lay_nodes(node: Any, depth: int, *, inline: bool = False) -> None:
    """Sections and lists of entries stand one below the other, what is in them on one line."""
    if isinstance(node, yaml.ScalarNode):
        return
    mapping = isinstance(node, yaml.MappingNode)
    inner = [value for _, value in node.value] if mapping else node.value
    holds_more = any(not isinstance(one, yaml.ScalarNode) for one in inner)
    node.flow_style = inline or not (depth < 2 if mapping else holds_more)
    for one in inner:
        _lay_nodes(one, depth + 1, inline=node.flow_style)


def write_yaml(data: Mapping[str, Any], before: bytes = b"") -> bytes:
    """One mapping as YAML that `read_yaml` reads back as the same values.

    before: the same file as it was; top-level entries that did not change keep their lines, with
    the comments in and behind them. Inside an entry that changed, comments are lost.
    """
    for text in (_patched(data, before), _dumped(data)):
        with suppress(ContentError):
            if read_yaml(text, "").data == data:
                return text.encode()
    raise AssertionError("YAML that was written does not read back as the same values")


def _dumped(data: Mapping[str, Any]) -> str:
    return yaml.dump(dict(data), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=98)


def _patched(data: Mapping[str, Any], before: bytes) -> str:
    """The file as it was with the lines of the changed entries replaced; "" where it cannot be."""
    try:
        old = read_yaml(before, "")
    except ContentError:
        return ""
    lines = before.decode().splitlines(keepends=True)
    starts = [(mark, str(path[0])) for path, mark in old.keys.items() if len(path) == 1]
    if not starts or any(mark.column != 1 for mark, _ in starts):
        return ""
    ends = [mark.line - 1 for mark, _ in starts[1:]] + [len(lines)]
    pieces = lines[: starts[0][0].line - 1]
    for (mark, key), end in zip(starts, ends, strict=True):
        kept = lines[mark.line - 1 : end]
        if key in data:
            same = old.data[key] == data[key]
            pieces += kept if same else [_dumped({key: data[key]}), *_remarks(kept)]
    if pieces and not pieces[-1].endswith("\n"):
        pieces.append("\n")
    added = {key: value for key, value in data.items() if key not in old.data}
    return "".join(pieces) + (_dumped(added) if added else "")


def _remarks(lines: list[str]) -> list[str]:
    """The comments and blank lines behind an entry."""
    last = max(n for n, line in enumerate(lines) if line.strip() and line.lstrip()[0] != "#")
    return lines[last + 1 :]


# ------------------------------------------------------------------------------------ folders


def root(content: Path | None = None) -> Path:
    """The folder that holds `rules/`: the one asked for, else the package's, else the checkout.

    Raises ContentError when there is none; one asked for is never replaced by another.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "_content", package.parent) if content is None else (content,):
        if (folder / "rules").is_dir():
            return folder
    hint = "" if content is None else "Name the folder that holds `rules`, not `rules` itself."
    raise ContentError(_problem("C120", str(content or package.parent), None, hint=hint))


def is_installed() -> bool:
    """Whether the shipped content is that of an installed package, and not of a checkout."""
    return (Path(__file__).resolve().parent / "_content" / "rules").is_dir()


def files(root: Path) -> list[tuple[str, bytes]]:
    """All rule files of a content root as (`rules/…/name.yaml`, bytes), in order of name.

    Hidden files are left out. A file past the byte limit is cut just behind it, so that reading it
    fails. Raises ContentError for a file that cannot be opened, or whose ending is a near miss.
    """
    read: list[tuple[str, bytes]] = []
    problems: list[Problem] = []
    for path in sorted((root / "rules").rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.suffix.lower() not in {".yaml", ".yml"} or "/." in name or not path.is_file():
            continue
        if path.suffix != ".yaml":
            problems.append(_problem("C122", name, None))
            continue
        try:
            with path.open("rb") as file:
                read.append((name, file.read(MAX_BYTES + 1)))
        except OSError as error:
            problems.append(_problem("C121", name, None, error.strerror))
    if problems:
        raise ContentError(problems)
    return sorted(read)


def source_digest(files: Iterable[tuple[str, bytes]]) -> str:
    """SHA-256 over names and bytes, each with its length before it, in order of name."""
    digest = hashlib.sha256()
    for name, data in sorted(files):
        for part in (name.encode("utf-8", "surrogateescape"), data):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()
