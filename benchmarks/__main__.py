"""Measure what speed means here, as ratios in one interleaved run: `make bench`.

Prints a table; `make bench ARGS="--write 2026-11-24"` also puts it into benchmarks/README.md.
Absolute times are for orientation only: they belong to the machine.
"""

import argparse
import os
import platform
import re
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.asking import asking_figure
from benchmarks.figures import (
    answer_figures,
    command_figures,
    diagram_figures,
    explaining_figures,
    loading_figures,
    question_figures,
    rule_figures,
)
from benchmarks.timing import table
from recommender import content, load_rulebook
from recommender.governance.synthetic import shipped, synthetic

README = Path(__file__).parent / "README.md"
_BLOCK = re.compile(r"(<!-- figures -->\n).*?(<!-- end -->)", re.DOTALL)
_PACKAGES = ("pydantic", "PyYAML", "Jinja2", "typer", "rich", "zen-engine", "rule-engine")


def machine() -> str:
    """What the figures were measured on; no name of a machine."""
    packages = (*_PACKAGES, "durable-rules")
    found = [f"{name} {said}" for name in packages if (said := _version(name))]
    return (
        f"{os.cpu_count()} cores{_processor()}, {platform.system()} on {platform.machine()}, "
        f"Python {platform.python_version()}; {', '.join(found)}."
    )


def _processor() -> str:
    try:
        told = Path("/proc/cpuinfo").read_text()
    except OSError:
        return ""
    model = re.search(r"^model name\s*: (.+)$", told, re.MULTILINE)
    return f" ({model[1]})" if model else ""


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def placed(text: str, body: str) -> str:
    """The README with `body` between its markers."""
    return _BLOCK.sub(lambda found: found[1] + body + found[2], text)


def measured(rounds: int) -> list[str]:
    """Every figure as lines of Markdown."""
    rulebook = load_rulebook()

    def say(line: str) -> None:
        print(line, file=sys.stderr)

    few = max(rounds // 4, 5)
    rows = [
        *rule_figures(rulebook, rounds, say),
        *answer_figures(rulebook, rounds),
        *question_figures(rulebook, rounds),
        *explaining_figures(rulebook, few),
        *command_figures(few * 2),
        *loading_figures(few),
    ]
    people = [*shipped(content.root(), every=3), *(synthetic(rulebook, n, 0.95) for n in range(8))]
    lines = [*diagram_figures(rulebook, few), "", asking_figure(people, rulebook)]
    head = f"{len(rulebook.rules)} rules, {len(rulebook.used)} features, {rounds} rounds."
    return [head, "", *table(rows), "", *lines, "", machine()]


def main() -> None:
    """Measure, print, and write when asked."""
    options = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    options.add_argument("--rounds", type=int, default=40, help="turns each work takes")
    options.add_argument("--write", metavar="DATE", help="put the table into README.md")
    chosen = options.parse_args()
    lines = measured(chosen.rounds)
    print("\n".join(lines))
    if chosen.write:
        body = "\n".join([f"Measured {chosen.write}: {lines[0]}", *lines[1:], ""])
        README.write_text(placed(README.read_text(), body))


if __name__ == "__main__":
    main()
