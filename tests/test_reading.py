"""Content files become one rulebook: what belongs where, and what a site may change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from recommender import Rulebook
from recommender.content import root
from recommender.errors import ContentError, Problem
from recommender.reading import Gathered, gather, models
from recommender.rulebook import build
from recommender.vocabulary import Kind
from tests.building import HEADER, Plain, boolean, ordinal, problems, rulebook, write

MOOD = ordinal("mood")
RULE: Plain = {"title": "T", "when": {"mood": "high"}, "recommend": "mbct", "because": "B"}
SAFE: Plain = {"title": "T", "when": {"mood": "high"}, "exclude": "mbct", "because": "B"}
SCALE: Plain = {"id": "scale", "title": "Scale", "range": [0, 9]}

FILES: Mapping[str, Any] = {
    "rules/rulebook.yaml": HEADER,
    "rules/vocabulary/features.yaml": [MOOD],
    "rules/vocabulary/adaptations.yaml": [{"id": "mbct", "title": "M", "phase": 2}],
    "rules/adaptation/mindfulness.yaml": {"topic": "Mindfulness", "rules": {"high": RULE}},
}


def load(
    folder: Path, files: Mapping[str, Any] | None = None, site: Path | None = None
) -> Rulebook:
    return build(gather(write(folder, {**FILES, **(files or {})}), site))


def refused(folder: Path, files: Mapping[str, Any], *drop: str) -> list[Problem]:
    kept = {name: data for name, data in {**FILES, **files}.items() if name not in drop}
    write(folder, kept)
    return list(problems(lambda: build(gather(folder)), ContentError))


# ------------------------------------------------------------------------------- files


def test_a_rule_is_named_by_its_path(tmp_path: Path) -> None:
    assert list(load(tmp_path).rules) == ["adaptation.mindfulness.high"]
    assert load(tmp_path).topics == {"adaptation.mindfulness": "Mindfulness"}


@pytest.mark.parametrize(
    "name",
    [
        "rules/rulebook.yaml",
        "rules/vocabulary/features.yaml",
        "rules/vocabulary/adaptations.yaml",
    ],
)
def test_three_files_must_exist(tmp_path: Path, name: str) -> None:
    missing = [problem.file for problem in refused(tmp_path, {}, name) if problem.code == "C201"]
    assert len(missing) == 1
    assert missing[0].endswith(name)


def test_a_file_that_cannot_be_read_is_not_also_a_missing_one(tmp_path: Path) -> None:
    found = refused(tmp_path, {"rules/vocabulary/adaptations.yaml": "- id: [\n"})
    assert [problem.code for problem in found if problem.code.startswith("C20")] == []


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("rules/notes.yaml", {"a": 1}, "C202"),
        ("rules/adaptations/mbct.yaml", {"topic": "T", "rules": {}}, "C202"),
        ("rules/adaptation/deep/mbct.yaml", {"topic": "T", "rules": {}}, "C202"),
        ("rules/vocabulary/features.yaml", {"mood": MOOD}, "C203"),
        ("rules/vocabulary/features.yaml", ["mood"], "C203"),
        ("rules/rulebook.yaml", [HEADER], "C203"),
        ("rules/invariants.yaml", [1], "C203"),
        ("rules/assessment/scale.yaml", [SCALE], "C203"),
        ("rules/adaptation/more.yaml", {"topic": "T"}, "C203"),
        ("rules/adaptation/more.yaml", {"topic": "T", "rules": [RULE]}, "C203"),
        ("rules/assessment/scale.yaml", SCALE | {"id": "other"}, "C204"),
        ("rules/adaptation/more.yaml", {"topic": "T", "rules": {"High": RULE}}, "C205"),
        ("rules/adaptation/more.yaml", {"topic": "T", "rules": {"high-mood": RULE}}, "C205"),
        ("rules/adaptation/more.yaml", {"topic": "T", "rules": {"high": "x"}}, "C205"),
        ("rules/adaptation/more.yaml", {"topik": "T", "rules": {"high": RULE}}, "C211"),
        ("rules/vocabulary/features.yaml", [MOOD, ordinal("mood")], "C301"),
        ("rules/rulebook.yaml", {**HEADER, "titel": "T"}, "C211"),
    ],
)
def test_what_does_not_belong_there_is_refused(
    tmp_path: Path, name: str, data: Any, code: str
) -> None:
    found = refused(tmp_path, {name: data})
    assert code in [problem.code for problem in found]
    assert all(problem.file for problem in found)


@pytest.mark.parametrize("key", ["id", "version", "title", "status", "language"])
def test_a_rulebook_says_what_it_is(tmp_path: Path, key: str) -> None:
    header = {name: value for name, value in HEADER.items() if name != key}
    ((code, message),) = [
        (p.code, p.message) for p in refused(tmp_path, {"rules/rulebook.yaml": header})
    ]
    assert (code, message) == ("C212", f"'{key}' is missing")


@pytest.mark.parametrize(
    ("file", "data", "missing"),
    [
        ("rules/vocabulary/features.yaml", [{"id": "mood", "type": "boolean"}], "label"),
        ("rules/vocabulary/features.yaml", [{"id": "mood", "label": "M"}], "type"),
        ("rules/vocabulary/adaptations.yaml", [{"id": "mbct", "phase": 2}], "title"),
        ("rules/vocabulary/adaptations.yaml", [{"id": "mbct", "title": "M"}], "phase"),
        (
            "rules/vocabulary/pathways.yaml",
            [{"id": "p", "title": "P", "urgency": "days"}],
            "action",
        ),
        ("rules/vocabulary/pathways.yaml", [{"id": "p", "title": "P", "action": "A"}], "urgency"),
        ("rules/assessment/scale.yaml", {"id": "scale", "range": [0, 9]}, "title"),
        (
            "rules/adaptation/mindfulness.yaml",
            {"topic": "T", "rules": {"high": {k: v for k, v in RULE.items() if k != "when"}}},
            "when",
        ),
    ],
)
def test_each_entry_has_what_it_must(tmp_path: Path, file: str, data: Any, missing: str) -> None:
    found = refused(tmp_path, {file: data})
    assert f"'{missing}' is missing" in [problem.message for problem in found]


def test_problems_of_all_files_are_reported_together_in_order_of_place(tmp_path: Path) -> None:
    found = refused(
        tmp_path,
        {
            "rules/adaptation/a.yaml": {"topic": "T", "rules": {"r": RULE | {"recommend": "mcbt"}}},
            "rules/adaptation/b.yaml": "topic: T\ntopic: T\n",
            "rules/zzz.yaml": {},
        },
    )
    names = [Path(problem.file).name for problem in found]
    assert names == sorted(names)
    assert {"b.yaml", "zzz.yaml"} <= set(names)


def test_a_misspelt_verb_is_one_mistake(tmp_path: Path) -> None:
    wrong = {key: value for key, value in RULE.items() if key != "recommend"} | {"recomend": "mbct"}
    topic = {"rules/adaptation/mindfulness.yaml": {"topic": "T", "rules": {"high": wrong}}}
    ((code, hint),) = [(problem.code, problem.hint) for problem in refused(tmp_path, topic)]
    assert (code, hint) == ("C211", "Did you mean 'recommend'?")


# ------------------------------------------------------------------------------- implied features

YES_NO: Plain = {
    "id": "screen",
    "title": "Screen",
    "total": "none",
    "items": {"thoughts": [False, True], "count": [0, 4]},
}


def test_an_instrument_is_a_feature_and_so_is_each_item() -> None:
    book = rulebook([], instruments=[SCALE | {"items": {"a": [0, 9]}}, YES_NO])
    assert book.features["scale"].range == (0, 9)
    assert book.features["scale.a"].type is Kind.INTEGER
    assert book.features["screen.thoughts"].type is Kind.BOOLEAN
    assert book.features["screen.count"].range == (0, 4)
    assert "screen" not in book.features


def test_a_declared_feature_overrides_the_implied_one() -> None:
    own = boolean("screen.thoughts", question="Any thoughts of death?") | {
        "from": [{"instrument": "screen", "item": "thoughts"}],
        "safety": {"positive": True},
    }
    book = rulebook([own], instruments=[YES_NO])
    assert book.features["screen.thoughts"].question == "Any thoughts of death?"
    assert "screen.thoughts" in book.safety_tests


def test_the_worse_end_of_an_implied_total_is_the_instruments() -> None:
    book = rulebook([], instruments=[SCALE | {"direction": "lower_is_worse"}])
    assert book.features["scale"].worse == "low"


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({}, Kind.INTEGER),
        ({"decimal": True}, Kind.DECIMAL),
        ({"range": [0.0, 9.0]}, Kind.DECIMAL),
        ({"bands": [{"id": "a", "range": [0, 4.5]}, {"id": "b", "range": [4.5, 9]}]}, Kind.DECIMAL),
    ],
)
def test_a_total_has_decimals_where_the_instrument_shows_some(change: Plain, kind: Kind) -> None:
    assert rulebook([], instruments=[SCALE | change]).features["scale"].type is kind


def test_the_test_of_a_positive_finding_is_checked(tmp_path: Path) -> None:
    wrong = MOOD | {"safety": {"positive": {"at_least": "awful"}}}
    (found,) = refused(tmp_path, {"rules/vocabulary/features.yaml": [wrong]})
    assert found.code == "C316"
    assert found.line > 1


# ------------------------------------------------------------------------------- a site's own files

SITE = {"rules/rulebook.yaml": {"lays_over": "tiny", "contacts": {"crisis": "Ring 111"}}}


def overlaid(tmp_path: Path, files: Mapping[str, Any]) -> Rulebook:
    site = write(tmp_path / "site", {**SITE, **files})
    return load(
        tmp_path / "shipped",
        {"rules/safety/stop.yaml": {"topic": "S", "rules": {"no": SAFE}}},
        site,
    )


def overlay_refused(tmp_path: Path, files: Mapping[str, Any]) -> list[Problem]:
    return list(problems(lambda: overlaid(tmp_path, files), ContentError))


def test_a_site_sets_its_contacts_and_texts(tmp_path: Path) -> None:
    words = [{"id": "mood", "label": "Stimmung", "question": "Wie ist die Stimmung?"}]
    book = overlaid(tmp_path, {"rules/vocabulary/features.yaml": words})
    assert book.header.contacts == {"crisis": "Ring 111"}
    assert book.header.id == "tiny"
    assert book.features["mood"].label == "Stimmung"
    assert book.features["mood"].values == MOOD["values"]


def test_a_site_changes_an_entry_by_its_id_and_adds_its_own(tmp_path: Path) -> None:
    own = [{"id": "mbct", "phase": 3}, {"id": "walks", "title": "Walks", "phase": 1}]
    more = {"topic": "Own", "rules": {"walk": RULE | {"recommend": "walks"}}}
    book = overlaid(
        tmp_path,
        {
            "rules/vocabulary/adaptations.yaml": own,
            "rules/adaptation/own.yaml": more,
            "rules/adaptation/mindfulness.yaml": {
                "topic": "Mindfulness",
                "rules": {"high": {"status": "retired"}},
            },
        },
    )
    assert (book.adaptations["mbct"].title, book.adaptations["mbct"].phase) == ("M", 3)
    assert "walks" in book.adaptations
    assert book.rules["adaptation.mindfulness.high"].status == "retired"
    assert book.rules["adaptation.mindfulness.high"].text.recommend == "mbct"
    assert "adaptation.own.walk" in book.rules


def test_a_site_changes_the_digest(tmp_path: Path) -> None:
    assert overlaid(tmp_path, {}).digest != load(tmp_path / "plain").digest


@pytest.mark.parametrize("change", [{"status": "retired"}, {"when": {}}, {"limits": "None."}])
def test_a_site_may_not_change_a_safety_rule(tmp_path: Path, change: Plain) -> None:
    topic = {"topic": "S", "rules": {"no": change}}
    (found,) = overlay_refused(tmp_path, {"rules/safety/stop.yaml": topic})
    assert (found.code, found.line) == ("C206", 3)
    assert "safety.stop.no" in found.message


@pytest.mark.parametrize(
    "change",
    [
        {"values": ["high", "low"]},
        {"valid_for": "P900D"},
        {"safety": {"positive": "high"}},
        {"from": ["clinician"]},
        {"modifiable": False},
    ],
)
def test_a_site_may_only_reword_a_feature(tmp_path: Path, change: Plain) -> None:
    features = [{"id": "mood", "label": "Mood"} | change]
    (found,) = overlay_refused(tmp_path, {"rules/vocabulary/features.yaml": features})
    assert found.code == "C206"


def test_a_site_may_not_change_invariants(tmp_path: Path) -> None:
    (found,) = overlay_refused(tmp_path, {"rules/invariants.yaml": {"own": {"title": "T"}}})
    assert found.code == "C206"


def test_a_site_names_the_rulebook_it_lies_over(tmp_path: Path) -> None:
    header = {"lays_over": "another"}
    (found,) = overlay_refused(tmp_path, {"rules/rulebook.yaml": header})
    assert found.code == "C207"


@pytest.mark.parametrize("key", ["id", "version", "status"])
def test_a_site_may_not_pass_for_another_rulebook(tmp_path: Path, key: str) -> None:
    header = {"lays_over": "tiny", key: "9"}
    found = overlay_refused(tmp_path, {"rules/rulebook.yaml": header})
    assert {problem.code for problem in found} == {"C207"}


def test_a_mistake_of_a_site_is_placed_in_its_own_file(tmp_path: Path) -> None:
    own = {"topic": "Own", "rules": {"walk": RULE | {"recommend": "wakls"}}}
    (found,) = overlay_refused(tmp_path, {"rules/adaptation/own.yaml": own})
    assert Path(found.file).as_posix().endswith("site/rules/adaptation/own.yaml")
    assert found.line > 1


# ------------------------------------------------------------------------------- checked before


def _roots() -> list[Path]:
    vectors = Path(__file__).parent / "vectors"
    return [root(), *sorted(vectors.glob("[0-9]*/content"))]


@pytest.mark.parametrize("folder", _roots(), ids=lambda path: path.parent.name)
def test_what_was_checked_before_is_read_to_the_same_models(folder: Path) -> None:
    """Without being judged again: the two ways in must not differ in anything."""
    gathered = gather(folder)
    judged = models(gathered)
    again = models(Gathered(json.loads(json.dumps(gathered.content)), checked=True))
    assert judged is not None
    assert again == judged
    for name, rule in again.rules.items():
        assert rule.text.model_fields_set == judged.rules[name].text.model_fields_set
    for name, reference in again.evidence.items():
        assert reference.model_extra == judged.evidence[name].model_extra
