"""How long governance takes, and what catches planted faults: `make governance`.

Prints two tables; `make governance ARGS="--write 2026-11-26"` puts them into benchmarks/README.md.
Times are processor time of one process on one machine, unless they say otherwise: for orientation,
beside what is aimed at.
"""

import argparse
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from benchmarks.__main__ import machine
from recommender import Rulebook, load_rulebook
from recommender.governance.comparing.diff import compare
from recommender.governance.mutation.mutants import mutants
from recommender.governance.mutation.mutate import mutate
from recommender.governance.mutation.operators import Operator
from recommender.governance.mutation.seeded import Caught, Family, seeded
from recommender.governance.prove import prove
from recommender.governance.run import Run
from recommender.governance.vignettes import read_pinned, read_vignettes

README: Final = Path(__file__).parent / "README.md"
DAY: Final = date(2026, 11, 26)
MANY: Final = 500
_BLOCK = re.compile(r"(<!-- governance -->\n).*?(<!-- end of governance -->)", re.DOTALL)
_FAULTS: Final = {
    Family.WEAKENED: "a weaker `if_not_known` of an exclude or a refer",
    Family.MOVED: "a threshold moved by one step",
    Family.DROPPED: "a safety rule left out",
}


def many_rules(rulebook: Rulebook, number: int = MANY) -> Rulebook:
    """The rulebook with copies of its rules, each with another value, up to so many rules."""
    rules = dict(rulebook.rules)
    changing = (Operator.VALUE, Operator.THRESHOLD, Operator.RELATION)
    for change in mutants(rulebook):
        if len(rules) == number:
            break
        copy = f"{change.rule}_copy"
        if change.operator in changing and change.mutated is not None and copy not in rules:
            rules[copy] = change.mutated.__class__(**{**vars(change.mutated), "id": copy})
    return rulebook.with_rules(dict(sorted(rules.items())))


def _took(work: Callable[[], Any], clock: Callable[[], float] = time.process_time) -> float:
    start = clock()
    work()
    return clock() - start


def times(rulebook: Rulebook, turns: int) -> Iterator[str]:
    """What each piece of work takes, the median of some turns."""
    vignettes = read_vignettes(None, rulebook)
    change = next(m for m in mutants(rulebook) if m.operator is Operator.IF_NOT_KNOWN)
    changed = rulebook.with_rules(change.rules(rulebook), "changed")
    many = many_rules(rulebook)
    works: list[tuple[str, str, Callable[[], Any]]] = [
        (f"`rules prove`, {len(rulebook.rules)} rules", "5 s", lambda: prove(Run(rulebook, DAY))),
        (f"`rules prove`, {len(many.rules)} rules", "15 s", lambda: prove(Run(many, DAY))),
        (
            "`rules diff`, one rule changed",
            "3 s",
            lambda: compare(rulebook, changed, DAY, vignettes),
        ),
    ]
    yield "| work | median | least | aim |"
    yield "|---|---|---|---|"
    for name, aim, work in works:
        yield _timed(name, aim, sorted(_took(work) for _ in range(turns)))
    jobs = os.cpu_count() or 1

    def change_all() -> None:
        mutate(rulebook, vignettes, DAY, pinned=read_pinned(None), jobs=jobs)

    taken = sorted(_took(change_all, time.perf_counter) for _ in range(turns))
    yield _timed(f"`rules mutate --unreviewed`, by the clock, {jobs} processes", "20 s", taken)


def _timed(name: str, aim: str, taken: Sequence[float]) -> str:
    return f"| {name} | {taken[len(taken) // 2]:.1f} s | {taken[0]:.1f} s | {aim} |"


def faults(rulebook: Rulebook) -> Iterator[str]:
    """Each family of faults, and how many each tool catches."""

    def tell(done: str) -> None:
        if sys.stderr.isatty():
            print(f"\r{done} faults", end="", file=sys.stderr)

    vignettes = read_vignettes(None, rulebook)
    found = seeded(rulebook, vignettes, DAY, jobs=os.cpu_count() or 1, tell=tell)
    heads = ["by `rules prove`", "by `rules test`", "by `rules diff`", "no fault", "missed"]
    yield "| " + " | ".join(["fault", "planted", *heads]) + " |"
    yield "|---|---|---|---|---|---|---|"
    for family, name in _FAULTS.items():
        yield _row(name, [one for one in found if one.family is family])
    yield _row("all", found)


def _row(name: str, found: list[Caught]) -> str:
    numbers = [
        len(found),
        sum(one.by_prove for one in found),
        sum(one.by_test for one in found),
        sum(one.by_diff for one in found),
        sum(one.equivalent for one in found),
        sum(one.missed for one in found),
    ]
    return "| " + " | ".join([name, *map(str, numbers)]) + " |"


def main() -> None:
    """Measure, print, and write when asked."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.governance", description=__doc__)
    options.add_argument("--turns", type=int, default=5, help="turns each work takes")
    options.add_argument("--write", metavar="DATE", help="put the tables into README.md")
    chosen = options.parse_args()
    rulebook = load_rulebook()
    lines = [*times(rulebook, chosen.turns), "", *faults(rulebook), "", machine()]
    print("\n".join(lines))
    if chosen.write:
        body = "\n".join([f"Measured {chosen.write}.", "", *lines, ""])
        text = _BLOCK.sub(lambda found: found[1] + body + found[2], README.read_text())
        README.write_text(text)


if __name__ == "__main__":
    main()
