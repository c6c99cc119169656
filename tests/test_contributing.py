"""The rule that CONTRIBUTING.md walks through loads as it stands there, in the shipped rulebook."""

from __future__ import annotations

import re
import shutil
import textwrap
from pathlib import Path

from recommender.rulebook import load_rulebook

ROOT = Path(__file__).parents[1]
SOURCE = """
- id: author_2020
  type: article-journal
  title: A paper that this test made up
  checked: memory
"""


def _snippets() -> list[str]:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.findall(r"^ *```yaml\n(.*?)^ *```$", text, flags=re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(snippet) for snippet in found]


def _append(file: Path, text: str) -> None:
    with file.open("a", encoding="utf-8") as stream:
        stream.write(f"\n{text}")


def test_the_walk_through_ends_in_a_rule_that_loads(tmp_path: Path) -> None:
    """Feature, rule and source are added to a copy of the shipped rules, nothing else."""
    feature, rule = _snippets()
    rules = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", rules)
    _append(rules / "vocabulary/features.yaml", feature)
    _append(rules / "evidence.yaml", SOURCE)
    (rules / "safety/fatigue.yaml").write_text(rule, encoding="utf-8")

    rulebook = load_rulebook(tmp_path)

    assert "safety.fatigue.paced_activation" in rulebook.rules
    assert rulebook.digest != load_rulebook().digest
