"""What the README shows is what happens."""

import json
import re
from pathlib import Path

import pytest

from recommender import load_rulebook, recommend
from recommender.explain.render import render
from recommender.profile import read_profile
from recommender.schemas import DOCUMENTS, json_schema

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
SHOWN_LINES = 40


def between(start: str) -> str:
    found = re.search(
        rf"<!-- {start}.*?-->\n```\w*\n(.*?)```\n<!-- end -->", README.read_text(), re.S
    )
    assert found, start
    return found[1]


def test_the_example_of_ten_lines_runs(capsys: pytest.CaptureFixture[str]) -> None:
    example = between("example")
    names: dict[str, object] = {}
    exec(compile(example, "README.md", "exec"), names)
    assert len(example.strip().splitlines()) <= 10
    document = names["document"]
    assert isinstance(document, dict)
    assert document["schema"] == "recommendation/1"
    assert document["status"] in capsys.readouterr().out


def test_the_output_shown_is_the_output(pytestconfig: pytest.Config) -> None:
    name = ROOT / "profiles/typical_first_intake.yaml"
    answer = recommend(read_profile(name.read_bytes(), name.name), load_rulebook())
    lines = render(answer.to_dict(), width=100).splitlines()[:SHOWN_LINES]
    if pytestconfig.getoption("--renew-plans"):
        shown = re.compile(r"(<!-- output.*?-->\n```\n).*?(```\n<!-- end -->)", re.S)
        written = "\n".join(lines) + "\n"
        README.write_text(shown.sub(lambda m: m[1] + written + m[2], README.read_text()))
    assert between("output").splitlines() == lines


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_the_published_schemas_are_those_of_the_models(
    name: str, pytestconfig: pytest.Config
) -> None:
    published = ROOT / f"docs/schemas/{name}.schema.json"
    written = json.dumps(json_schema(name), indent=2, ensure_ascii=False) + "\n"
    if pytestconfig.getoption("--renew-plans"):
        published.write_text(written)
    assert published.read_text() == written
