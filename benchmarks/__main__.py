"""Measure what speed means here, as ratios in one interleaved run: `make bench`.

Prints a table; `make bench ARGS="--write 2026-11-24"` also puts it into benchmarks/README.md.
Absolute times are for orientation only: they belong to the machine.
"""

import argparse
import gc
import json
import os
import platform
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import yaml

from benchmarks.engines import Case, JsonRulesEngine, Runner, close, runners
from benchmarks.translate import Translation
from recommender import content, load_rulebook, recommend
from recommender.assess import assess
from recommender.candidates import propose, unanswered_asks
from recommender.diagrams import memberships
from recommender.engines import native
from recommender.facts import Fact, Members, Options, Span, State, everything, member_count
from recommender.profile import Profile, read_profile
from recommender.questions import Questions
from recommender.reading import gather
from recommender.rulebook import Rulebook, _cache_file, _from_compiled, _key, build
from recommender.schemas import RecommendationDocument
from recommender.stops import stops

ROOT = content.root()
README = Path(__file__).parent / "README.md"
SHOWN = "profiles/typical_first_intake.yaml"


class Row(NamedTuple):
    """One line of the table: what was measured, beside what, and what was aimed at."""

    what: str
    beside: str
    ratio: float
    target: float | None
    milliseconds: float
    beside_milliseconds: float


def interleaved(works: dict[str, Callable[[], float | None]], rounds: int) -> dict[str, float]:
    """Median seconds of each work, all of them taking turns; a work may return its own time."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(rounds + 2):
        gc.collect()
        gc.disable()
        for name, work in works.items():
            start = time.perf_counter()
            own = work()
            seconds = time.perf_counter() - start if own is None else own
            if turn >= 2:
                taken[name].append(seconds)
        gc.enable()
    return {name: statistics.median(times) for name, times in taken.items()}


# ------------------------------------------------------------------------------- profiles


def profiles() -> list[Profile]:
    """Every sixth shipped vignette: stopped and open ones, thin and full ones."""
    paths = sorted((ROOT / "profiles").glob("*.yaml"))[::6]
    return [read_profile(path.read_bytes(), path.name) for path in paths]


def case_of(profile: Profile, rulebook: Rulebook, translation: Translation) -> Case:
    """A profile's facts, and what other engines read of them."""
    assert profile.as_of is not None
    facts = assess(profile, rulebook, profile.as_of)
    trace = native.infer(facts, rulebook, profile.as_of)
    return Case(facts, trace, translation.context(trace.facts))


def half_open(rulebook: Rulebook, seed: int) -> dict[str, Fact]:
    """Facts of which a random half is open and the others are exact."""
    draw = random.Random(seed)
    facts = {}
    for name in rulebook.used:
        feature = rulebook.features[name]
        if feature.concluded:
            continue
        possible = everything(feature)
        if draw.random() < 0.5:
            if isinstance(possible, Span):
                at = draw.randint(int(possible.low), int(possible.high))
                possible = Span(at, at)
            elif isinstance(possible, Options):
                possible = Options(1 << draw.randrange(len(feature.options)))
            else:
                present = draw.getrandbits(member_count(feature)) & draw.getrandbits(60)
                whole = (1 << member_count(feature)) - 1
                possible = Members(present, whole & ~present)
        facts[name] = Fact(name, possible, State.KNOWN)
    return facts


# ------------------------------------------------------------------------------- figures


def rule_figures(rulebook: Rulebook, rounds: int) -> Iterator[Row]:
    """All rules on one profile, ours beside other engines."""
    chosen = profiles()
    as_of = chosen[0].as_of
    assert as_of is not None
    translation = Translation(rulebook, rulebook.inactive(as_of))
    cases = [case_of(profile, rulebook, translation) for profile in chosen]
    made, left_out = runners(rulebook, translation, cases)
    for line in left_out:
        print(line, file=sys.stderr)
    try:
        agree(made, len(cases))
        print(f"{len(made)} runners agree on {len(cases)} profiles", file=sys.stderr)
        works = {one.name: (lambda one=one: each(one, len(cases))) for one in made}
        medians = {n: s / len(cases) for n, s in interleaved(works, rounds).items()}
    finally:
        close(made)
    ours = "recommender, with reasons"
    aims = {"zen-engine, with trace": 1.0, "zen-engine, bare": 2.0}
    for name, seconds in medians.items():
        if name != ours:
            mine = medians[ours]
            yield Row(
                "all rules, with reasons", name, mine / seconds, aims.get(name), mine, seconds
            )


def each(runner: Runner, count: int) -> float | None:
    """One turn over all profiles; a runner that times itself says how long it took."""
    total = 0.0
    for number in range(count):
        runner.run(number)
        if isinstance(runner, JsonRulesEngine):
            total += runner.seconds
    return total if isinstance(runner, JsonRulesEngine) else None


def agree(made: Sequence[Runner], count: int) -> None:
    """Every engine must find the same rules firing, or its time means nothing."""
    for number in range(count):
        wanted = made[0].fired(number)
        for runner in made[1:]:
            differing = wanted ^ runner.fired(number)
            if differing:
                raise SystemExit(f"{runner.name} differs on profile {number}: {sorted(differing)}")


def answer_figures(rulebook: Rulebook, rounds: int) -> Iterator[Row]:
    """`recommend()`, and the lazy parts, beside one validation of the same document."""
    chosen = profiles()
    documents = [recommend(profile, rulebook).to_dict() for profile in chosen]
    opened = [half_open(rulebook, seed) for seed in range(len(chosen))]

    def answer() -> None:
        for profile in chosen:
            recommend(profile, rulebook)

    def write() -> None:
        for profile in chosen:
            recommend(profile, rulebook).to_dict()

    def validate() -> None:
        for document in documents:
            RecommendationDocument.model_validate(document)

    as_of = chosen[0].as_of
    assert as_of is not None
    traces = [native.infer(facts, rulebook, as_of) for facts in opened]

    def question() -> None:
        for trace in traces:
            asks = tuple(unanswered_asks(trace))
            candidates = propose(trace, stops(trace, {}), (), {})
            questions = Questions(trace, candidates, asks, (), {})
            assert questions.settled is not None
            assert questions.stops_settled is not None
            assert questions.ask is not None

    works = {"answer": answer, "write": write, "validate": validate, "question": question}
    median = {n: s / len(chosen) for n, s in interleaved(works, rounds).items()}
    validation = "one validation of its document"
    mine = median["answer"]
    beside = median["validate"]
    yield Row("recommend()", validation, mine / beside, 3.0, mine, beside)
    asked = median["question"]
    yield Row("ask and settled, half of all open", "recommend()", asked / mine, 5.0, asked, mine)
    whole = median["write"]
    yield Row("recommend() and the whole document", validation, whole / beside, None, whole, beside)


_BASE = """
import pydantic, yaml, jinja2, typer, rich.console, rich.table
print(jinja2.Environment().from_string("{{ a }}").render(a=1))
"""


def command_figures(rounds: int) -> Iterator[Row]:
    """The command, not on a terminal, beside an interpreter that imports the same libraries."""
    program = Path(sys.executable).parent / "recommender"
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}

    def call(*command: str) -> Callable[[], None]:
        def run() -> None:
            subprocess.run(
                command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL
            )

        return run

    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder) / "base.py"
        base.write_text(_BASE)
        works: dict[str, Callable[[], float | None]] = {
            "base": call(sys.executable, str(base)),
            "text": call(str(program), "recommend", SHOWN),
            "json": call(str(program), "recommend", SHOWN, "--format", "json"),
        }
        median = interleaved(works, max(rounds // 4, 5))
    beside = median["base"]
    for form in ("text", "json"):
        mine = median[form]
        yield Row(
            f"the command, {form}", "importing its libraries", mine / beside, 2.0, mine, beside
        )


def loading_figures(rounds: int) -> Iterator[Row]:
    """The shipped rulebook from its precompiled form and from YAML."""
    load_rulebook()
    compiled = _cache_file(_key(ROOT, None))
    texts = [data for _, data in content.files(ROOT)]
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    def parse() -> None:
        for text in texts:
            yaml.load(text, loader)

    works: dict[str, Callable[[], float | None]] = {
        "compiled": lambda: _nothing(_from_compiled(ROOT, None)),
        "json": lambda: _nothing(json.loads(compiled.read_bytes())),
        "yaml": lambda: _nothing(build(gather(ROOT))),
        "parse": parse,
    }
    median = interleaved(works, max(rounds // 4, 5))
    mine, beside = median["compiled"], median["json"]
    yield Row(
        "loading, precompiled (30 ms)", "json.loads of the file", mine / beside, None, mine, beside
    )
    mine, beside = median["yaml"], median["parse"]
    yield Row(
        "loading, from YAML (400 ms)", "PyYAML of the files", mine / beside, None, mine, beside
    )


def _nothing(_: object) -> None:
    return None


def diagram_figures(rulebook: Rulebook) -> list[str]:
    """The size of the membership diagrams, and how long they take to build."""
    as_of = profiles()[0].as_of
    assert as_of is not None
    inactive = rulebook.inactive(as_of)
    times = interleaved({"build": lambda: _nothing(memberships(rulebook, inactive))}, 15)
    known = memberships(rulebook, inactive)
    store = known.conditions.store
    sizes = sorted(sum(1 for _ in store.below([root])) for root in known.of.values())
    return [
        f"{len(rulebook.adaptations)} adaptations and {len(known.referrals)} referrals over "
        f"{len(known.conditions.space.variables)} variables: {known.size} nodes in all, "
        f"{statistics.median(sizes):.0f} the median and {sizes[-1]} the largest of an adaptation.",
        f"Built once for a rulebook in {times['build'] * 1000:.0f} ms.",
    ]


# ------------------------------------------------------------------------------- the table


def table(rows: Sequence[Row]) -> list[str]:
    """The rows as Markdown."""
    lines = [
        "| what | beside | ratio | aim | reached | ms | beside, ms |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        aim = "" if row.target is None else f"≤ {row.target:g}"
        reached = "" if row.target is None else ("yes" if row.ratio <= row.target else "no")
        lines.append(
            f"| {row.what} | {row.beside} | {row.ratio:.2f} | {aim} | {reached} | "
            f"{row.milliseconds * 1000:.3g} | {row.beside_milliseconds * 1000:.3g} |"
        )
    return lines


def machine() -> str:
    """What the figures were measured on."""
    packages = ("pydantic", "zen-engine", "rule-engine", "durable-rules", "typer", "jinja2")
    found = [f"{name} {said}" for name in packages if (said := _version(name))]
    return (
        f"{os.cpu_count()} cores, {platform.system()} on {platform.machine()}, "
        f"Python {platform.python_version()}; {', '.join(found)}."
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def main() -> None:
    """Measure, print, and write when asked."""
    options = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    options.add_argument("--rounds", type=int, default=40, help="turns each work takes")
    options.add_argument("--write", metavar="DATE", help="put the table into README.md")
    chosen = options.parse_args()
    rulebook = load_rulebook()
    rows = [
        *rule_figures(rulebook, chosen.rounds),
        *answer_figures(rulebook, chosen.rounds),
        *command_figures(chosen.rounds),
        *loading_figures(chosen.rounds),
    ]
    lines = [*table(rows), "", *diagram_figures(rulebook), "", machine()]
    print("\n".join(lines))
    if chosen.write:
        head = f"Measured {chosen.write}, {len(rulebook.rules)} rules, {chosen.rounds} rounds.\n\n"
        body = head + "\n".join(lines) + "\n"
        text = re.sub(
            r"(<!-- figures -->\n).*?(<!-- end -->)",
            lambda m: m[1] + body + m[2],
            README.read_text(),
            flags=re.S,
        )
        README.write_text(text)


if __name__ == "__main__":
    main()
