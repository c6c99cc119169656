"""Strict reading: what is read, what is refused and where, and nothing leaves but ContentError."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from recommender import content
from recommender.content import Document, Mark, read_json, read_yaml, write_yaml
from recommender.errors import ContentError, Problem

Reader = Callable[[bytes | str, str], Document]
Places = list[tuple[str, int, int]]

ROOT = Path(__file__).parents[1]


@pytest.fixture(params=["C parser", "pure parser"])
def either_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test with each of PyYAML's two parsers."""
    name: str = request.param
    if name == "pure parser":
        monkeypatch.setattr(content, "_LOADER", yaml.Loader)
    return name


def refused(reader: Reader, data: bytes | str) -> ContentError:
    """The error that reading `data` ends with."""
    with pytest.raises(ContentError) as caught:
        reader(data, "file")
    assert all(problem.file == "file" and problem.hint for problem in caught.value.problems)
    return caught.value


def places(error: ContentError) -> Places:
    """Code, line and column of each problem."""
    return [(problem.code, problem.line, problem.column) for problem in error.problems]


# --------------------------------------------------------------------------- YAML: what is read


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("", None),
        ("0", 0),
        ("-0", 0),
        ("-12", -12),
        ("9007199254740991", 9007199254740991),
        ("2.5", 2.5),
        ("-0.25", -0.25),
        ("10.0", 10.0),
    ],
)
def test_only_these_plain_words_have_a_type(text: str, value: Any) -> None:
    """Exactly the listed spellings; 1 and True are told apart by their type."""
    read = read_yaml(f"a: {text}", "f").data["a"]
    assert (read, type(read)) == (value, type(value))


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize(
    "text",
    [
        *["no", "yes", "on", "True", "FALSE", "Null", "~", "012", "0x1f", "0o17", "1_000", "+1"],
        *["1:30", "2026-11-24", "2026-11-24T15:10", "P14D", "1e3", "1.", ".5", "01.5", "1,5"],
        *[".inf", ".nan", "-a", "٣", "<<", "="],
    ],
)
def test_all_other_plain_words_stay_text(text: str) -> None:
    """YAML 1.1 would make booleans, octals, sexagesimals and dates of many of these."""
    assert read_yaml(f"a: {text}", "f").data == {"a": text}


@pytest.mark.parametrize("text", ["'1'", '"true"', "'null'", "''", "|-\n  1", ">-\n  2.5"])
def test_quoted_and_block_text_is_never_typed(text: str) -> None:
    assert isinstance(read_yaml(f"a: {text}", "f").data["a"], str)


@pytest.mark.parametrize("key", ["yes", "true", "1", "'true'", "null", "2026-11-24"])
def test_keys_are_always_text(key: str) -> None:
    assert read_yaml(f"{key}: x", "f").data == {key.strip("'"): "x"}


@pytest.mark.parametrize(
    "data",
    ["a: [ä, {b: 1}]", "\ufeffa: [ä, {b: 1}]", "a: [ä,\r\n {b: 1}]\r\n", "a:\r- ä\r- b: 1"],
    ids=["plain", "byte order mark", "windows", "old mac"],
)
def test_bytes_and_text_read_the_same(data: str) -> None:
    read = read_yaml(data, "f")
    assert read.data == {"a": ["ä", {"b": 1}]}
    assert read_yaml(data.encode(), "f") == read


def test_a_root_may_be_a_list_or_a_scalar() -> None:
    """What a file must hold is for its reader to say."""
    assert read_yaml("- 1\n- 2", "f").data == [1, 2]
    assert read_yaml("--- word", "f").data == "word"


def test_places_of_values_and_keys() -> None:
    """From 1, also for list items; a missing path falls back to what is around it."""
    read = read_yaml("topic: T\nrules:\n  one:\n    when: {age: [1, 2]}\n", "rules/a.yaml")
    assert read.at() == (1, 1)
    assert read.at("topic") == (1, 8)
    assert read.key_at("rules", "one") == (3, 3)
    assert read.at("rules", "one") == (4, 5)
    assert read.at("rules", "one", "when", "age", 1) == (4, 21)
    assert read.at("rules", "one", "title", "x") == read.at("rules", "one")
    assert read.key_at("rules", "one", "title") == read.at("rules", "one")
    assert read.key_at("rules", "one", "when", "age", 1) == (4, 21)


def test_a_problem_carries_its_place_and_a_path_only_when_the_place_is_not_exact() -> None:
    read = read_yaml("a:\n  b: 1\n", "rules/a.yaml")
    assert str(read.problem("C201", "wrong", "Mend it.", "a", "b")) == (
        "rules/a.yaml:2:6  C201\n  wrong\n  Mend it."
    )
    assert read.problem("C201", "wrong", "", "a", "b", key=True).place == "rules/a.yaml:2:3"
    assert read.problem("C201", "wrong", "", "a", "c", 0).place == "rules/a.yaml:2:3 (a.c.0)"


# ------------------------------------------------------------------------ YAML: what is refused

REFUSED: dict[str, tuple[str | bytes, Places]] = {
    "anchor": ("a: &x 1", [("C107", 1, 4)]),
    "anchor on a list": ("a:\n  &x\n  - 1", [("C107", 2, 3)]),
    "anchor on a key": ("&x a: 1", [("C107", 1, 1)]),
    "alias": ("a: 1\nb: *x", [("C108", 2, 4)]),
    "alias as key": ("*x : 1\nb: 2", [("C108", 1, 1), ("C112", 1, 1)]),
    "tag": ("a: !!str 1", [("C109", 1, 4)]),
    "tag of its own": ("a: !mine {b: 1}", [("C109", 1, 4)]),
    "python object": ("!!python/object/apply:os.system [x]", [("C109", 1, 1)]),
    "directive": ("%TAG ! tag:x,2026:\n---\na: 1", [("C109", 1, 1)]),
    "merge key": ("a: {<<: {b: 1}}", [("C110", 1, 5)]),
    "duplicate key": ("a: 1\nb: 2\na: 3", [("C111", 3, 1)]),
    "duplicate once quoted": ("{1: a, '1': b}", [("C111", 1, 8)]),
    "duplicate deep down": ("r:\n  - x: 1\n    x: 2", [("C111", 3, 5)]),
    "three of one key": ("a: 1\na: 2\na: 3", [("C111", 2, 1), ("C111", 3, 1)]),
    "list as key": ("? [1, 2]\n: 3\nb: 4", [("C112", 1, 3)]),
    "list as key beside an empty key": ('{[1]: x, "": y}', [("C112", 1, 2)]),
    "mapping as key": ("{{a: 1}: 2, b: 3}", [("C112", 1, 2)]),
    "second document": ("a: 1\n---\nb: 1", [("C106", 2, 1)]),
    "documents without end": ("---\n" * 1000, [("C106", 2, 1)]),
    "nothing": ("", [("C105", 1, 1)]),
    "only a comment": ("# to do\n\n", [("C105", 1, 1)]),
    "not UTF-8": (b"a: 1\nb: x\xff\xfe", [("C102", 2, 5), ("C102", 2, 6)]),
    "latin 1": ("a: café".encode("latin-1"), [("C102", 1, 7)]),
    "UTF-16": ("a: 1".encode("utf-16"), [("C102", 1, 1)]),
    "control characters": (
        "a: x\x07\nb: \x00\x7f",
        [("C103", 1, 5), ("C103", 2, 4), ("C103", 2, 5)],
    ),
    "control by escape": ('a: "x\\0"', [("C103", 1, 4)]),
    "carriage return by escape": ('a: "x\\r"', [("C103", 1, 4)]),
    "hidden in a comment": ("a: 1  # \u202e", [("C103", 1, 9)]),
    "byte order mark inside": ("a: \ufeffx", [("C103", 1, 4)]),
    "odd line end": ("a: x\u2028b", [("C103", 1, 5)]),
    "half a character": ("a: \ud800", [("C103", 1, 4)]),
    "not NFC": ("a: cafe\u0301", [("C104", 1, 7)]),
    "not NFC by escape": ('a: "e\\u0301"', [("C104", 1, 4)]),
    "not NFC across lines": ('a: "e\\\n  \u0301"', [("C104", 1, 4)]),
    "integer too large": ("a: 9007199254740992", [("C116", 1, 4)]),
    "integer far too large": ("a: -" + "9" * 5000, [("C116", 1, 4)]),
    "decimal too large": ("a: " + "9" * 400 + ".0", [("C116", 1, 4)]),
    "too many bytes": (b"a" * 10_000_000, [("C113", 1, 1)]),
    "too many bytes as text": ("ä" * 600_000, [("C113", 1, 1)]),
    "too deep by one": ("[" * 41 + "]" * 41, [("C115", 1, 41)]),
    "far too deep": ("[" * 100_000, [("C115", 1, 41)]),
    "too deep in blocks": ("- " * 50_000, [("C115", 1, 81)]),
    "alias bomb": (
        "a: &a [x]\nb: &b [*a, *a]\nc: [*b]",
        [("C107", 1, 4), ("C107", 2, 4), ("C108", 2, 8), ("C108", 2, 12), ("C108", 3, 5)],
    ),
    "one of each": (
        "a: &x 1\na: !t e\u0301\n? []\n: \x01\nb: 'open",
        [
            *[("C107", 1, 4), ("C111", 2, 1), ("C109", 2, 4), ("C104", 2, 7)],
            *[("C112", 3, 3), ("C103", 4, 3), ("C101", 5, 4)],
        ],
    ),
}


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_the_places_of_all_problems(name: str) -> None:
    data, expected = REFUSED[name]
    assert places(refused(read_yaml, data)) == expected


def test_limits_hold_exactly() -> None:
    """What just fits is read."""
    assert read_yaml("[" * 40 + "]" * 40, "f").data
    assert read_yaml(b"# " + b"a" * (content.MAX_BYTES - 4) + b"\n1", "f").data == 1
    commas = "a," * (content.MAX_NODES - 1)
    assert len(read_yaml(f"[{commas}]", "f").data) == content.MAX_NODES - 1
    assert places(refused(read_yaml, f"[{commas}a]"))[0][0] == "C114"


def test_the_second_of_two_keys_names_the_line_of_the_first() -> None:
    (problem,) = refused(read_yaml, "a: 1\nb: 2\na: 3").problems
    assert problem.message == "the key 'a' stands here a second time"
    assert problem.hint == "Keep one of them; the first is in line 1."


def test_problems_without_end_are_counted() -> None:
    error = refused(read_yaml, "a: &x\n" * 1000)
    assert len(error.problems) == content.MAX_PROBLEMS + 1
    assert error.problems[-1].code == "C119"
    assert error.problems[-1].message.startswith("1949 more problems")


SYNTAX = [
    ("tab", "a:\n\t- b", (2, 1), "Indent with spaces"),
    ("tab after spaces", "a:\n  \tb: 1", (2, 3), "Indent with spaces"),
    ("colon in a text", "a: one: two", (1, 7), "holds ': ' in quotes"),
    ("deeper than above", "a: 1\n  b: 2", (2, 4), "indented deeper"),
    ("no colon", "a: 1\nb\nc: 2", (3, 1), "colon may be missing"),
    ("quote not closed", "a: 1\nb: 'open\nc: 2\n", (2, 4), "never closed"),
    ("bracket not closed", "a: [1,\n  2", (1, 4), "never closed"),
    ("brace not closed", "a: {b: 1\n", (1, 4), "never closed"),
    ("bracket too many", "a: ]", (1, 4), "closing bracket"),
    ("comma missing", "a: [{b: 1} {c: 2}]", (1, 12), "comma"),
    ("text after a quote", "a: 'it's'", (1, 8), "no further quote"),
    ("out of line", "a:\n    - b\n  c: d", (3, 3), "Align"),
    ("list ends in a key", "- a\nb: c", (2, 1), "Align"),
    ("list beside its key", "a: - b", (1, 4), "line of its own"),
    ("star", "a: **bold**", (1, 5), "'*' or '&'"),
    ("at sign", "a: @home", (1, 4), "begins with '@'"),
    ("percent", "a: %5", (1, 4), "begins with '%'"),
    ("backslash", 'a: "\\d"', None, "single quotes"),
    ("text beside a block", "a: |x\n  y", (1, 5), "next line"),
    ("exclamation mark", "a: !x!y z", (1, 4), "begins with '!'"),
    ("after the end", "a: 1\n...\nb", (3, 1), "Nothing may follow"),
]


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize(
    ("text", "place", "hint"), [case[1:] for case in SYNTAX], ids=[case[0] for case in SYNTAX]
)
def test_a_slip_of_syntax_gets_its_place_and_a_hint(
    text: str, place: tuple[int, int] | None, hint: str
) -> None:
    """The parsers differ by one column on escapes, hence no place there."""
    error = refused(read_yaml, text)
    (problem,) = error.problems
    assert problem.code == "C101"
    assert place is None or (problem.line, problem.column) == place
    assert hint in problem.hint
    assert isinstance(error.__cause__, yaml.YAMLError)


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize("text", ['"\\U99999999"', '"\\U00110000"', f"%YAML {'9' * 5000}.1\n--- a"])
def test_numbers_that_break_the_pure_parser_are_refused_too(text: str) -> None:
    assert [problem.code for problem in refused(read_yaml, text).problems] == ["C101"]


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize(
    "text", ["a: [canary, b: c: d", "a: canary: b", "a: 'canary", "a: canary\n\tb", "a: &canary 1"]
)
def test_no_error_quotes_a_value(text: str) -> None:
    """A profile is YAML as well, and a log may print the whole chain of errors."""
    error = refused(read_yaml, text)
    assert "canary" not in f"{error} {error.__cause__} {error.__cause__!r}"


# ---------------------------------------------------------------------------------------- JSON

JSON_REFUSED: dict[str, tuple[str | bytes, Places]] = {
    "duplicate key": ('{"a": 1, "b": {"c": 1, "c": 2}}', [("C111", 1, 1)]),
    "no numbers": ("[NaN, Infinity, -Infinity]", [("C118", 1, 1)] * 3),
    "number without end": ("[1e999, -1e999]", [("C116", 1, 1)] * 2),
    "integer too large": (f"[{'9' * 5000}]", [("C116", 1, 1)]),
    "slip": ('{"a": 1,\n "b" 2}', [("C117", 2, 6)]),
    "nothing": (" \n", [("C105", 1, 1)]),
    "two values": ("1 2", [("C117", 1, 3)]),
    "not UTF-8": (b'{"a": "\xff"}', [("C102", 1, 8)]),
    "UTF-16": ("{}".encode("utf-16"), [("C102", 1, 1)]),
    "control by escape": (r'["\u0007"]', [("C103", 1, 1)]),
    "control by escape in a key": (r'{"\u0000": 1}', [("C103", 1, 1)]),
    "half a character": (r'["\ud800"]', [("C103", 1, 1)]),
    "not NFC": ('["e\u0301"]', [("C104", 1, 3)]),
    "not NFC by escape": (r'["e\u0301"]', [("C104", 1, 1)]),
    "too many bytes": ("[" + " " * content.MAX_BYTES + "]", [("C113", 1, 1)]),
    "too many values": ("[" + "1," * content.MAX_NODES + "1]", [("C114", 1, 1)]),
    "too deep by one": ("[" * 41 + "]" * 41, [("C115", 1, 1)]),
    "far too deep": ("[" * 100_000 + "]" * 100_000, [("C115", 1, 1)]),
    "deep objects": ('{"a":' * 100_000, [("C115", 1, 1)]),
}


@pytest.mark.parametrize("name", JSON_REFUSED)
def test_json_is_refused_for_the_same_reasons(name: str) -> None:
    data, expected = JSON_REFUSED[name]
    assert places(refused(read_json, data)) == expected


def test_json_is_read_with_the_place_of_the_whole() -> None:
    """A problem inside names the path, since the line is not known."""
    read = read_json(b'\xef\xbb\xbf{"a": [1, 2.5, 1e2, true, null, "\\ud83d\\ude00"]}', "p.json")
    assert read.data == {"a": [1, 2.5, 100.0, True, None, "\U0001f600"]}
    assert read.at("a", 0) == read.key_at("a") == Mark(1, 1)
    assert read.problem("P101", "wrong", "", "a", 1).place == "p.json:1:1 (a.1)"
    assert read_json("[" * 40 + "]" * 40, "f").data


def test_json_errors_do_not_carry_the_text() -> None:
    error = refused(read_json, '{"a": canary}')
    assert "canary" not in f"{error}"
    assert error.__cause__ is None
    assert error.__suppress_context__


# ------------------------------------------------------------------------------ for any input

# Made of what YAML gives a meaning to, so that more than plain text comes out.
yaml_like = st.lists(
    st.sampled_from(
        [
            *["a", "b", "1", "é", ": ", ":", "\n", "\n  ", "- ", "? ", "[", "]", "{", "}", ", "],
            *['"', "'", "# ", "&x ", "*x", "!t ", "|", ">", "---\n", "...\n", "\t", "<<", "%", "@"],
            *["\r", "\0", "\x85", "\u2028", "\ufeff", "\u0301", "\ud800", "\\x", "\\u00e9", "true"],
        ]
    ),
    max_size=40,
).map("".join)


@given(st.binary() | st.text() | yaml_like)
@example(b"\xef\xbb\xbf")
@example("\ufeff\ufeff")
@example("---")
@example("0\n\n\u0300")
@example('{[1]: x, "": y}')
def test_any_input_gives_a_document_or_a_content_error(data: bytes | str) -> None:
    for reader in (read_yaml, read_json):
        read, problems = outcome(reader, data)
        assert all(problem.line > 0 and problem.column > 0 for problem in problems)
        if not problems:
            assert read is not None
            assert json.dumps(read.data, allow_nan=False)
            assert all(unicodedata.is_normalized("NFC", text) for text in _texts(read.data))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in [*value, *value.values()] if isinstance(value, dict) else value:
            yield from _texts(inner)


def outcome(reader: Reader, data: bytes | str) -> tuple[Document | None, Sequence[Problem]]:
    """The document, or the problems."""
    try:
        return reader(data, "f"), ()
    except ContentError as error:
        return None, error.problems


UNTYPED: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@given(yaml_like)
def test_what_is_read_has_the_shape_that_yaml_gives_it(text: str) -> None:
    """Against PyYAML's own loader that types nothing; ours only adds types and refuses more."""
    read, problems = outcome(read_yaml, text)
    if not problems:
        assert read is not None
        assert _same(read.data, yaml.load(text.removeprefix("\ufeff"), Loader=UNTYPED))


def _same(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, dict):
        return list(ours) == list(theirs) and all(_same(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(_same, ours, theirs))
    typed = {"": None, "null": None, "true": True, "false": False}
    return bool(ours == theirs or ours == typed.get(theirs, theirs) or str(ours) == theirs)


plain_words = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
trees = st.recursive(
    plain_words | st.integers(-(2**53) + 1, 2**53 - 1) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(plain_words, inner, max_size=4),
)


@given(st.dictionaries(plain_words, trees, min_size=1))
def test_places_point_at_what_they_name(tree: dict[str, Any]) -> None:
    """Every key stands at its place; YAML and JSON of one tree read the same."""
    text = yaml.safe_dump(tree, default_flow_style=None, allow_unicode=True, sort_keys=False)
    read = read_yaml(text, "f")
    assert read.data == tree == read_json(json.dumps(tree), "f").data
    lines = text.splitlines()
    for path, mark in read.keys.items():
        assert lines[mark.line - 1][mark.column - 1 :].lstrip("'\"").startswith(str(path[-1]))
    for path in read.values:
        value = tree
        for step in path:
            value = value[step]  # type: ignore[index] # every path leads somewhere


# ------------------------------------------------------------------------------------ folders


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A content root with three rule files."""
    for name in ("rulebook.yaml", "safety/tms.yaml", "adaptation/mood/low.yaml"):
        path = tmp_path / "rules" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"name: {name}\n".encode())
    return tmp_path


# ------------------------------------------------------------------------------------ writing

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(-1e6, 1e6, allow_nan=False).map(lambda number: round(number, 9) + 0.0)
    | st.sampled_from(["no", "012", "1:30", "2026-10-02", "null", "", "1e5", "a: b", "# x", "-"])
    | st.from_regex(r"[a-z ]{0,200}", fullmatch=True),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.from_regex(r"[a-z][a-z_]{0,9}", fullmatch=True), inner, max_size=4)
    ),
    max_leaves=12,
)
MAPPING = st.dictionaries(st.from_regex(r"[a-z][a-z_]{0,9}", fullmatch=True), PLAIN, max_size=5)


@given(MAPPING, MAPPING)
@example({"a": 1e-07, "b": 5.0}, {"a": "no"})
@example({"a": {"b": {"c": [[1], [{}]]}}}, {})
def test_what_is_written_reads_back_the_same(data: dict[str, Any], before: dict[str, Any]) -> None:
    written = write_yaml(data)
    assert read_yaml(written, "x").data == data
    assert read_yaml(write_yaml(data, write_yaml(before)), "x").data == data
    assert write_yaml(data, written) == written


def test_a_value_that_stands_twice_is_written_twice() -> None:
    shared = [{"on": "2026-10-02"}]
    assert write_yaml({"a": shared, "b": shared}) == (
        b"a:\n- {on: 2026-10-02}\nb:\n- {on: 2026-10-02}\n"
    )


BEFORE = """\
# Top.
a: 1  # one

# About b.
b: {c: 2}  # two
# About d.
d:
  - 3  # three
# End."""


@pytest.mark.parametrize(
    ("change", "after"),
    [
        ({}, BEFORE + "\n"),
        ({"e": 5}, BEFORE + "\ne: 5\n"),
        ({"a": 2}, BEFORE.replace("a: 1  # one", "a: 2") + "\n"),
        ({"b": None}, BEFORE.replace("b: {c: 2}  # two", "b: null") + "\n"),
        ({"d": [4]}, BEFORE.replace("\n  - 3  # three", " [4]") + "\n"),
    ],
)
def test_entries_that_did_not_change_keep_their_lines(change: dict[str, Any], after: str) -> None:
    data = {"a": 1, "b": {"c": 2}, "d": [3]} | change
    assert write_yaml(data, BEFORE.encode()).decode() == after


@pytest.mark.parametrize(
    "before", ["{a: 1, b: 2}", "  a: 1\n  b: 2\n", "a: 1\n...\n", "[1]", "a: ["]
)
def test_a_file_that_cannot_be_patched_is_written_anew(before: str) -> None:
    assert read_yaml(write_yaml({"a": 1, "c": 3}, before.encode()), "x").data == {"a": 1, "c": 3}


def test_without_a_folder_the_checkout_is_read() -> None:
    assert content.root() == ROOT


def test_a_folder_that_is_asked_for_is_read_or_refused(folder: Path) -> None:
    """The shipped rules never take the place of rules that were asked for."""
    assert content.root(folder) == folder
    for wrong in (folder / "rules", folder / "nowhere", folder / "rules/rulebook.yaml"):
        with pytest.raises(ContentError, match="C120") as caught:
            content.root(wrong)
        assert "not `rules` itself" in caught.value.problems[0].hint


def test_a_package_without_content_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And one with content reads its own, not what lies beside it."""
    package = tmp_path / "recommender"
    monkeypatch.setattr(content, "__file__", str(package / "content.py"))
    with pytest.raises(ContentError, match="Install the package again"):
        content.root()
    (tmp_path / "rules").mkdir()
    assert content.root() == tmp_path
    (package / "_content/rules").mkdir(parents=True)
    assert content.root() == package / "_content"


def test_rule_files_come_by_name(folder: Path) -> None:
    (folder / "rules/README.md").write_text("not read")
    (folder / "rules/.hidden.yaml").write_text("not read")
    assert content.files(folder) == [
        ("rules/adaptation/mood/low.yaml", b"name: adaptation/mood/low.yaml\n"),
        ("rules/rulebook.yaml", b"name: rulebook.yaml\n"),
        ("rules/safety/tms.yaml", b"name: safety/tms.yaml\n"),
    ]


def test_a_rule_file_is_never_overlooked_for_its_ending(folder: Path) -> None:
    (folder / "rules/safety/tms.yaml").rename(folder / "rules/safety/tms.yml")
    (folder / "rules/safety/ECT.YAML").write_text("a: 1")
    with pytest.raises(ContentError) as caught:
        content.files(folder)
    assert [(each.code, each.file) for each in caught.value.problems] == [
        ("C122", "rules/safety/ECT.YAML"),
        ("C122", "rules/safety/tms.yml"),
    ]


def test_a_file_that_cannot_be_opened_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Path, *_: object) -> None:
        raise PermissionError(13, "Permission denied", os.fspath(self))

    monkeypatch.setattr(Path, "open", fail)
    with pytest.raises(ContentError, match=re.escape("rules/rulebook.yaml  C121")):
        content.files(folder)


def test_a_huge_file_is_not_read_whole(folder: Path) -> None:
    with (folder / "rules/rulebook.yaml").open("wb") as file:
        file.truncate(50_000_000)
    data = dict(content.files(folder))["rules/rulebook.yaml"]
    assert len(data) == content.MAX_BYTES + 1
    assert places(refused(read_yaml, data)) == [("C113", 1, 1)]


def test_the_digest_depends_on_names_and_bytes_but_not_on_order() -> None:
    """Moving a byte from a name into its content, or between files, is a change."""
    some = [("a", b"1"), ("b", b"2")]
    others = [
        [("a", b"1")],
        [("a", b"12"), ("b", b"")],
        [("a1", b""), ("b", b"2")],
        [("a", b"1b2")],
    ]
    assert content.source_digest(some) == content.source_digest(some[::-1])
    digests = {content.source_digest(each) for each in [some, *others, []]}
    assert len(digests) == len(others) + 2
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests)
