"""The figures: each function measures one thing beside another and gives the rows of the table."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

import yaml

from benchmarks.engines import (
    OURS,
    ZEN_EXPRESSION,
    ZEN_GRAPH,
    ZEN_TRACED,
    Case,
    Runner,
    agree,
    close,
    runners,
)
from benchmarks.timing import Row, Work, interleaved, processor_seconds
from benchmarks.translate import Translation
from recommender import content, load_rulebook, recommend
from recommender.assess import assess
from recommender.diagrams import Memberships, Restricted, memberships
from recommender.engines import native
from recommender.explain.minimal import smallest_changes
from recommender.explain.what_if import differences
from recommender.gather import gather
from recommender.governance.synthetic import shipped, synthetic
from recommender.profile import Profile
from recommender.rulebook import Rulebook, build, compile_content
from recommender.schemas import RecommendationDocument

ROOT = content.root()
SHOWN = "profiles/typical_first_intake.yaml"

Say = Callable[[str], None]

# ------------------------------------------------------------------------------- rules


def rule_figures(rulebook: Rulebook, rounds: int, say: Say) -> Iterator[Row]:
    """All rules on one profile: ours with reasons, beside other engines."""
    people = [*shipped(ROOT, every=4), *(synthetic(rulebook, seed, 0.85) for seed in range(8))]
    translation = Translation(rulebook, rulebook.inactive(_day(people[0])))
    cases = [_case(profile, rulebook, translation) for profile in people]
    made, left_out = runners(rulebook, translation, cases)
    try:
        agree(made, cases)
        fired = sum(len(made[0].fired(number)) for number in range(len(cases)))
        say(f"{len(made)} runners agree on {fired} firings of {len(cases)} profiles")
        for line in left_out:
            say(line)
        times = interleaved({one.name: _over(one, len(cases)) for one in made}, rounds)
    finally:
        close(made)
    aims = {ZEN_TRACED: 1.0, ZEN_GRAPH: 2.0, ZEN_EXPRESSION: 2.0}
    mine = times.median(OURS) / len(cases)
    for runner in made[1:]:
        name = runner.name
        beside = times.median(name) / len(cases)
        ratio = times.ratio(OURS, name)
        yield Row("all rules, with reasons", name, ratio, mine, beside, aims.get(name))


def _day(profile: Profile) -> date:
    assert profile.as_of is not None
    return profile.as_of


def _case(profile: Profile, rulebook: Rulebook, translation: Translation) -> Case:
    facts = assess(profile, rulebook, _day(profile))
    trace = native.infer(facts, rulebook, _day(profile))
    return Case(facts, trace, translation.context(trace.facts))


def _over(runner: Runner, count: int) -> Work:
    def work() -> float | None:
        own = [runner.run(number) for number in range(count)]
        counted = [seconds for seconds in own if seconds is not None]
        return sum(counted) if counted else None

    return work


# ------------------------------------------------------------------------------- answers


def answer_figures(rulebook: Rulebook, rounds: int) -> Iterator[Row]:
    """`recommend()` beside one validation of the same answer's document."""
    people = shipped(ROOT, every=4)
    mappings = [p.model_dump(mode="json", by_alias=True, exclude_unset=True) for p in people]
    documents = [recommend(profile, rulebook).to_dict() for profile in people]

    def answer(given: Sequence[Profile | dict[str, object]], *, written: bool = False) -> Work:
        def work() -> None:
            for profile in given:
                found = recommend(profile, rulebook)
                if written:
                    found.to_dict()

        return work

    def validate() -> None:
        for document in documents:
            RecommendationDocument.model_validate(document)

    works: dict[str, Work] = {
        "recommend()": answer(people),
        "recommend(), from a mapping": answer(mappings),
        "recommend() and its document": answer(people, written=True),
        "validation": validate,
    }
    times = interleaved(works, rounds)
    beside = times.median("validation") / len(people)
    for name, aim in zip(works, (3.0, 3.0, None), strict=False):
        mine, ratio = times.median(name) / len(people), times.ratio(name, "validation")
        yield Row(name, "one validation of its document", ratio, mine, beside, aim)


def question_figures(rulebook: Rulebook, rounds: int) -> Iterator[Row]:
    """Everything that is settled and worth asking, beside the answer itself, half of all open."""
    people = [synthetic(rulebook, seed) for seed in range(16)]

    def answer() -> None:
        for profile in people:
            recommend(profile, rulebook)

    def question() -> float:
        questions = [recommend(profile, rulebook).questions for profile in people]
        start = processor_seconds()
        for one in questions:
            assert one.settled
            assert one.stops_settled in (True, False)
            assert one.ask is not None
        return processor_seconds() - start

    times = interleaved({"answer": answer, "question": question}, rounds)
    mine, beside = times.median("question") / len(people), times.median("answer") / len(people)
    ratio = times.ratio("question", "answer")
    yield Row("ask and settled, half of all open", "recommend()", ratio, mine, beside, 5.0)


def explaining_figures(rulebook: Rulebook, rounds: int) -> Iterator[Row]:
    """The smallest changes of one adaptation, and two answers compared, beside one answer."""
    people = [synthetic(rulebook, seed) for seed in range(8)]
    names = list(rulebook.adaptations)
    answers = [recommend(profile, rulebook) for profile in people]
    documents = [one.to_dict() for one in answers]
    value = {"bipolar_disorder": True}

    def answer() -> None:
        for profile in people:
            recommend(profile, rulebook)

    def change() -> None:
        for number, one in enumerate(answers):
            smallest_changes(one, names[number * 5 % len(names)])

    def suppose() -> None:
        for profile, before in zip(people, documents, strict=True):
            after = recommend(profile, rulebook, suppose=value).to_dict()
            differences(before, after, rulebook, value)

    works: dict[str, Work] = {"answer": answer, "change": change, "suppose": suppose}
    times = interleaved(works, rounds)
    beside = times.median("answer") / len(people)
    for work, what in (("change", "smallest changes of one adaptation"), ("suppose", "what-if")):
        mine = times.median(work) / len(people)
        ratio = times.ratio(work, "answer")
        yield Row(f"{what}, half of all open", "recommend()", ratio, mine, beside)


# ------------------------------------------------------------------------------- the command

_BASE = """
import pydantic, yaml, jinja2, typer, rich.console, rich.table
print(jinja2.Environment().from_string("{{ a }}").render(a=1))
"""


def command_figures(rounds: int) -> Iterator[Row]:
    """The command, not on a terminal, beside an interpreter that imports the same libraries."""
    program = str(Path(sys.executable).parent / "recommender")
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder) / "base.py"
        base.write_text(_BASE)
        works = {
            "base": _call(sys.executable, str(base)),
            "the command, text": _call(program, "recommend", SHOWN),
            "the command, json": _call(program, "recommend", SHOWN, "--format", "json"),
        }
        times = interleaved(works, rounds)
    for name in list(works)[1:]:
        mine, beside, ratio = times.median(name), times.median("base"), times.ratio(name, "base")
        yield Row(name, "importing its libraries", ratio, mine, beside, 2.0)


def _call(*command: str) -> Work:
    """One run of a program, its output read through a pipe as a program would."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}

    def run() -> None:
        subprocess.run(command, cwd=ROOT, env=kept, check=True, stdout=subprocess.PIPE)

    return run


# ------------------------------------------------------------------------------- loading


def loading_figures(rounds: int) -> Iterator[Row]:
    """The shipped rulebook from its precompiled form and from YAML."""
    load_rulebook()  # leaves the precompiled form in the user's cache
    compiled = compile_content(ROOT)
    texts = [data for _, data in content.files(ROOT)]
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    def parse() -> None:
        for text in texts:
            yaml.load(text, loader)

    works: dict[str, Work] = {
        "precompiled": lambda: _nothing(load_rulebook()),
        "json": lambda: _nothing(json.loads(compiled)),
        "yaml": lambda: _nothing(build(gather(ROOT))),
        "parse": parse,
    }
    times = interleaved(works, rounds)

    def row(what: str, mine: str, beside: str, name: str, aim: float) -> Row:
        ratio = times.ratio(mine, beside)
        seconds, other = times.median(mine), times.median(beside)
        return Row(what, name, ratio, seconds, other, aim_seconds=aim)

    yield row("loading, precompiled", "precompiled", "json", "json.loads of the file", 0.030)
    yield row("loading, from YAML", "yaml", "parse", "PyYAML (C) of the files", 0.400)


def _nothing(_: object) -> None:
    return None


# ------------------------------------------------------------------------------- diagrams


def diagram_figures(rulebook: Rulebook, rounds: int) -> list[str]:
    """The size of the membership diagrams, and what building and cutting them down takes."""
    people = [synthetic(rulebook, seed) for seed in range(16)]
    inactive = rulebook.inactive(_day(people[0]))
    known = memberships(rulebook, inactive)
    space = known.conditions.space
    opened = [space.elements(recommend(p, rulebook).trace.facts) for p in people]

    def restrict() -> None:
        for elements in opened:
            _restrict(known, elements)

    build_it: Work = lambda: _nothing(memberships(rulebook, inactive))  # noqa: E731
    times = interleaved({"build": build_it, "restrict": restrict}, rounds)
    store = known.conditions.store
    sizes = sorted(sum(1 for _ in store.below([root])) for root in known.of.values())
    cut = times.median("restrict") / len(people) * 1000
    return [
        f"{len(rulebook.adaptations)} adaptations and {len(known.referrals)} referrals over "
        f"{len(space.variables)} variables: {known.size} nodes in all, "
        f"{statistics.median(sizes):.0f} the median and {sizes[-1]} the largest of an adaptation.",
        f"Built once for a rulebook in {times.median('build') * 1000:.0f} ms; all of them cut "
        f"down to one patient with half of everything open in {cut:.2g} ms.",
    ]


def _restrict(known: Memberships, elements: Sequence[int]) -> None:
    restricted = Restricted(known.conditions, elements)
    for root in (*known.of.values(), *known.referrals.values()):
        restricted.restrict(root)
