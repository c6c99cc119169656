"""The rulebook as a whole: its digest, its precompiled form, its cache, its pin."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from recommender import Rulebook, content, load_rulebook, recommend
from recommender.errors import ContentError
from recommender.gather import Gathered
from recommender.profile import read_profile
from recommender.rulebook import build, compile_content, digest_of, strata
from recommender.rules import Verb
from tests import building
from tests.building import HEADER, Plain, boolean, concluded, ordinal, patient, problems, write

FEATURES = """\
- {id: mood, label: Mood, type: ordinal, values: [low, mild, high], from: [clinician]}
- {id: ratio, label: Ratio, type: decimal, range: [0.0, 1.0], from: [clinician]}
"""
TOPIC = """\
topic: Mindfulness
rules:
  high:
    title: High
    when: {mood: high, ratio: {at_least: 0.5}}
    recommend: mbct
    because: Why.
"""
FILES: Mapping[str, Any] = {
    "rules/rulebook.yaml": HEADER,
    "rules/vocabulary/features.yaml": FEATURES,
    "rules/vocabulary/adaptations.yaml": [{"id": "mbct", "title": "M", "phase": 2}],
    "rules/adaptation/mindfulness.yaml": TOPIC,
}
PATIENT = patient(observations={"mood": "high", "ratio": 0.5})


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache, in a place of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "content", FILES)


def without_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading fails from here on unless a precompiled form is used."""

    def refuse(*_: object) -> None:
        raise AssertionError("YAML was read")

    monkeypatch.setattr(content, "read_yaml", refuse)


# ------------------------------------------------------------------------------- digest


def test_comments_and_layout_do_not_change_the_digest(folder: Path) -> None:
    before = load_rulebook(folder).digest
    block = """\
# A comment
rules:
    high:
        because:   'Why.'
        recommend: "mbct"
        title: High    # another
        when:
            ratio: {at_least: 0.5}
            mood: high

topic: Mindfulness
"""
    write(folder, {"rules/adaptation/mindfulness.yaml": block})
    assert load_rulebook(folder).digest == before


def test_rules_stand_in_order_of_id_whatever_their_file(folder: Path) -> None:
    one = "topic: T\nrules:\n  one: {title: O, when: {}, flag: F, because: B}\n"
    two = one.replace("one:", "two:")
    write(folder, {"rules/tailoring/a.yaml": one, "rules/tailoring/b.yaml": two})
    first = load_rulebook(folder)
    assert list(first.rules) == sorted(first.rules)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("mood: high", "mood: mild"),
        ("at_least: 0.5", "at_least: 0.50001"),
        ("at_least: 0.5", "more_than: 0.5"),
        ("title: High", "title: Higher"),
        ("because: Why.", "because: Why!"),
        ("    because: Why.", "    because: Why.\n    strength: strong"),
        ("    because: Why.", "    because: Why.\n    status: retired"),
        ("  high:", "  higher:"),
        ("topic: Mindfulness", "topic: Acceptance"),
    ],
)
def test_any_change_of_a_rule_changes_the_digest(folder: Path, old: str, new: str) -> None:
    before = load_rulebook(folder).digest
    assert old in TOPIC
    write(folder, {"rules/adaptation/mindfulness.yaml": TOPIC.replace(old, new)})
    assert load_rulebook(folder).digest != before


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": [1, 2]}, {"a": [2, 1]}, False),
        ({"a": 0.1}, {"a": 0.1}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": None}, {}, False),
        ({"a": "é"}, {"a": "e"}, False),
    ],
)
def test_equal_content_has_one_digest(first: Plain, second: Plain, same: bool) -> None:
    assert (digest_of(first) == digest_of(second)) is same


# ------------------------------------------------------------------------------- pin


def test_a_pinned_rulebook_is_loaded_only_with_that_digest(folder: Path) -> None:
    digest = load_rulebook(folder).digest
    assert load_rulebook(folder, pin=digest).digest == digest
    (found,) = problems(lambda: load_rulebook(folder, pin="0" * 64), ContentError)
    assert found.code == "C401"
    assert digest in found.message


# ------------------------------------------------------------------------------- precompiled


def test_the_precompiled_form_is_the_same_rulebook(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from_yaml = load_rulebook(folder)
    (folder / "rulebook.json").write_bytes(compile_content(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "no-cache"))
    without_yaml(monkeypatch)
    compiled = load_rulebook(folder)
    assert compiled.digest == from_yaml.digest
    assert recommend(PATIENT, compiled).to_dict() == recommend(PATIENT, from_yaml).to_dict()


def test_the_shipped_rulebook_compiles_to_the_same_answers(tmp_path: Path) -> None:
    root = content.root()
    whole = json.loads(compile_content(root))
    shipped = load_rulebook()
    compiled = build(Gathered(whole["content"]), whole["digest"])
    assert compiled.digest == shipped.digest == digest_of(whole["content"])
    for path in sorted((root / "profiles").glob("*.yaml"))[::7]:
        profile = read_profile(path.read_bytes(), path.name)
        assert recommend(profile, compiled).to_dict() == recommend(profile, shipped).to_dict()


def test_a_precompiled_form_of_other_files_is_not_used(folder: Path) -> None:
    (folder / "rulebook.json").write_bytes(compile_content(folder))
    changed = TOPIC.replace("title: High", "title: Changed")
    write(folder, {"rules/adaptation/mindfulness.yaml": changed})
    assert load_rulebook(folder).rules["adaptation.mindfulness.high"].text.title == "Changed"


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b'{"format": 0}', b"\xff\xfe"])
def test_a_broken_precompiled_form_is_passed_over(folder: Path, broken: bytes) -> None:
    (folder / "rulebook.json").write_bytes(broken)
    assert load_rulebook(folder).rules


# ------------------------------------------------------------------------------- cache


def test_a_second_start_reads_the_cache(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load_rulebook(folder)
    assert len(list(cache.rglob("*.json"))) == 1
    without_yaml(monkeypatch)
    assert load_rulebook(folder).digest == first.digest


def test_an_edited_file_is_read_anew(folder: Path) -> None:
    load_rulebook(folder)
    changed = TOPIC.replace("title: High", "title: Changed")
    write(folder, {"rules/adaptation/mindfulness.yaml": changed})
    assert load_rulebook(folder).rules["adaptation.mindfulness.high"].text.title == "Changed"


def test_two_folders_with_the_same_files_share_the_cache(
    folder: Path, tmp_path: Path, cache: Path
) -> None:
    load_rulebook(folder)
    load_rulebook(write(tmp_path / "copy", FILES))
    assert len(list(cache.rglob("*.json"))) == 1


def test_a_cache_that_is_broken_is_passed_over(folder: Path, cache: Path) -> None:
    load_rulebook(folder)
    (kept,) = cache.rglob("*.json")
    kept.write_bytes(kept.read_bytes()[:100])
    assert load_rulebook(folder).rules


def test_a_cache_that_cannot_be_written_is_no_harm(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert load_rulebook(folder).rules


def test_a_rulebook_that_is_refused_is_not_kept(folder: Path, cache: Path) -> None:
    write(folder, {"rules/adaptation/mindfulness.yaml": TOPIC.replace("mbct", "mcbt")})
    problems(lambda: load_rulebook(folder), ContentError)
    assert not list(cache.rglob("*.json"))


# ------------------------------------------------------------------------------- what it knows


def tiny(**more: Any) -> Rulebook:
    rules = {
        "adaptation.t.b": {"when": {"mood": "high"}, "recommend": "mbct"},
        "adaptation.t.a": {"when": {"mood": "low"}, "recommend": "mbct", "status": "active"},
        "safety.t.c": {"when": {}, "exclude": "mbct", "status": "retired"},
    }
    return building.rulebook([ordinal("mood"), boolean("unused")], rules, **more)


def test_rules_are_found_by_verb_in_order_of_id() -> None:
    book = tiny()
    assert [rule.id for rule in book.by_verb(Verb.RECOMMEND)] == [
        "adaptation.t.a",
        "adaptation.t.b",
    ]
    assert book.by_verb(Verb.LIMIT) == ()


def test_drafts_are_counted() -> None:
    assert tiny().drafts == 1


def test_features_that_nothing_asks_about_are_not_used() -> None:
    assert tiny().used == ("mood",)


def test_what_is_derived_is_made_once_for_all_threads() -> None:
    book, made = tiny(), []

    def derive(_book: Rulebook) -> object:
        made.append(threading.get_ident())
        return object()

    found: list[object] = []
    take: Callable[[], None] = lambda: found.append(book.derived(derive))  # noqa: E731
    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert len(set(map(id, found))) == 1


def test_conclusions_come_after_what_they_rest_on() -> None:
    names = ("last", "middle", "first")
    features = [concluded(boolean(name), False) for name in names]
    rules: dict[str, Plain] = {
        "inference.t.a": {"when": {"middle": True}, "conclude": {"last": True}},
        "inference.t.b": {"when": {"first": True}, "conclude": {"middle": True}},
        "inference.t.c": {"when": {"mood": "high"}, "conclude": {"first": True}},
    }
    book = building.rulebook([*features, ordinal("mood")], rules)
    assert list(book.concluding) == ["first", "middle", "last"]
    assert strata(book.concluding) == ["first", "middle", "last"]


def test_the_shared_parts_of_a_rulebook_cannot_be_changed() -> None:
    book = tiny()
    for shared in (book.rules, book.features, book.adaptations, book.pathways, book.evidence):
        with pytest.raises(TypeError):
            shared["x"] = None  # type: ignore[index]


def test_a_reference_is_cited_in_one_line() -> None:
    item = {
        "id": "roe_2020",
        "title": "On mood.",
        "author": [{"family": "Roe"}, {"family": "Poe"}],
        "issued": {"year": 2020},
        "container-title": "Journal of Mood",
    }
    alone = {"id": "who", "title": "Guide", "author": [{"literal": "WHO"}]}
    book = tiny(evidence=[item, alone])
    assert book.citations["roe_2020"] == "Roe et al. On mood. Journal of Mood. 2020"
    assert book.citations["who"] == "WHO. Guide"
