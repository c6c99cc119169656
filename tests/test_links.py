"""Links between features: read and checked like the conditions of rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from recommender import conditions
from tests.building import HEADER, Plain, load, refused

LINK: Plain = {"title": "L", "when": {"mood": "high"}, "then": {"mood": ["mild", "high"]}}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"when": {"mod": "high"}}, "C311"),
        ({"then": {"mood": "gone"}}, "C316"),
        ({"when": {"mood": {"known": True}}}, "C309"),
        ({"then": {"mood": {"known": False}}}, "C309"),
        ({"because": "B"}, "C211"),
    ],
)
def test_a_link_is_checked_like_a_rule(change: Plain, code: str, tmp_path: Path) -> None:
    header = HEADER | {"links": [LINK | change]}
    (problem,) = refused(tmp_path, {"rules/rulebook.yaml": header})
    assert problem.code == code
    assert problem.file == "rules/rulebook.yaml"
    assert problem.line > 1


def test_links_are_read_with_their_conditions(tmp_path: Path) -> None:
    loaded = load(tmp_path, {"rules/rulebook.yaml": HEADER | {"links": [LINK]}})
    (link,) = loaded.links
    assert link.text.title == "L"
    assert link.when == conditions.Test("mood", "is", ("high",))
