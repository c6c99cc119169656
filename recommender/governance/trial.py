"""Tries a rulebook: its examples, its vignettes and people drawn at random, on both engines.

In: a folder of rules, its profiles, a number of people and a day. Out: one result for each thing
tried, with what went wrong in words. A disagreement between the engines is told apart from a wrong
answer. Where the second engine cannot be had, the report says why.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

from recommender.conditions import tests_of
from recommender.engines import durable, native
from recommender.errors import EngineError, ProfileError
from recommender.facts import Fact, State, everything
from recommender.gather import Gathered
from recommender.governance.examples import WANTED, possible, truth_of
from recommender.governance.synthetic import synthetic
from recommender.governance.vignettes import (
    check_expectation,
    differences,
    read_pinned,
    read_vignettes,
)
from recommender.pipeline import recommend
from recommender.profile import Profile
from recommender.rulebook import Rulebook, build, load_with_places
from recommender.rules import Rule
from recommender.trace import SAID

KINDS: Final = ("example", "vignette", "pinned", "person")
"""What is tried. A pinned one is a vignette that nobody has confirmed: it tells of change alone."""
SHARES: Final = (0.02, 0.1, 0.3, 0.5, 0.8, 0.95)
"""How much of everything a drawn person has answered."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Result:
    """One thing that was tried."""

    kind: str
    """One of KINDS."""
    name: str
    wrong: tuple[str, ...]
    disagree: tuple[str, ...] = ()
    """Rules on which the engines differ."""

    @property
    def passed(self) -> bool:
        """Whether nothing went wrong."""
        return not self.wrong and not self.disagree


class Report(NamedTuple):
    """Everything that was tried on one rulebook."""

    rulebook: Rulebook
    results: tuple[Result, ...]
    second_engine: str
    """Why the second engine took no part; empty when it did."""

    def count(self, kind: str, *, passed: bool = True) -> int:
        """How many of a kind passed, or failed."""
        return sum(one.kind == kind and one.passed is passed for one in self.results)


def try_rulebook(
    path: Path | None, as_of: date, *, people: int, progress: Progress = lambda _: None
) -> Report:
    """Try everything. Raises ContentError or ProfileError for files that cannot be read."""
    rulebook, gathered = load_with_places(path)
    missing = durable.missing()
    both = missing is None
    results: list[Result] = []
    progress("examples")
    results += _examples(rulebook, gathered, as_of, both=both)
    for name, profile in read_vignettes(path, rulebook):
        progress(f"vignette {name}")
        results.append(_vignette("vignette", name, profile, rulebook, as_of, both=both))
    for name, profile in read_pinned(path):
        progress(f"pinned {name}")
        results.append(_vignette("pinned", name, profile, rulebook, as_of, both=both))
    for seed in range(people):
        if seed % 25 == 0:
            progress(f"people {seed} of {people}")
        results.append(_person(seed, rulebook, as_of, both=both))
    return Report(rulebook, tuple(results), "" if missing is None else str(missing.message))


# ------------------------------------------------------------------------------- people


def _vignette(
    kind: str, name: str, profile: Profile, rulebook: Rulebook, as_of: date, *, both: bool
) -> Result:
    return _tried(kind, name, profile, rulebook, profile.as_of or as_of, both=both, expect=True)


def _person(seed: int, rulebook: Rulebook, as_of: date, *, both: bool) -> Result:
    share = random.Random(seed).choice(SHARES)
    profile = synthetic(rulebook, seed, share)
    return _tried("person", str(seed), profile, rulebook, profile.as_of or as_of, both=both)


def _tried(
    kind: str,
    name: str,
    profile: Profile,
    rulebook: Rulebook,
    as_of: date,
    *,
    both: bool,
    expect: bool = False,
) -> Result:
    """The answer, whether it is as expected, and whether the other engine has the same trace."""
    try:
        check_expectation(profile, rulebook)
        answer = recommend(profile, rulebook, as_of=as_of)
    except (EngineError, ProfileError) as error:
        return Result(kind, name, tuple(problem.message for problem in error.problems))
    wrong = tuple(differences(profile, answer)) if expect else ()
    if not both:
        return Result(kind, name, wrong)
    other = durable.infer(answer.trace.facts, rulebook, as_of)
    return Result(kind, name, wrong, _differing(answer.trace.truths, other.truths))


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(sorted(rule for rule in one if one[rule] != other[rule]))


# ------------------------------------------------------------------------------- examples

Example = tuple[Rule, str, Mapping[str, Any]]


def _examples(
    rulebook: Rulebook, gathered: Gathered, as_of: date, *, both: bool
) -> Iterator[Result]:
    """Every example on the rule alone, and a few people who are several examples on the engines."""
    listed = [
        (rule, name, example)
        for rule in rulebook.rules.values()
        if rule.status != "retired"
        for name in WANTED
        if (example := getattr(rule.text.examples, name, None)) is not None
    ]
    engines = _on_engines(listed, gathered, as_of) if both else {}
    for rule, name, example in listed:
        truth = truth_of(rule, example, rulebook)
        wrong = () if truth == WANTED[name] else (f"the rule is {SAID[truth]}",)
        differs = engines.get((rule.id, name), ())
        yield Result("example", f"{rule.id}: {name}", wrong, differs)


def _on_engines(
    listed: Sequence[Example], gathered: Gathered, as_of: date
) -> dict[tuple[str, str], tuple[str, ...]]:
    """By example, the rule where an engine disagrees with the rule's own condition.

    Examples state concluded features like any other, so they run on a rulebook that only looks:
    every rule as a notice, every feature as a clinician's finding. Examples that state nothing
    contrary share a run.
    """
    looking = build(Gathered(_looking(gathered.content), checked=True), "looking")
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for several, stated in _packed(listed):
        facts = {name: _fact(name, stated.get(name), looking) for name in looking.used}
        traces = [engine.infer(facts, looking, as_of) for engine in (native, durable)]
        for rule, name, example in several:
            wanted = truth_of(rule, example, looking)
            if any(trace.truths[rule.id] != wanted for trace in traces):
                found[rule.id, name] = (rule.id,)
    return found


_UNSTATED = object()


def _packed(listed: Sequence[Example]) -> Iterator[tuple[list[Example], dict[str, Any]]]:
    """Examples that can be true of one person: none states what another leaves open."""
    packs: list[tuple[list[Example], dict[str, Any]]] = []
    for example in listed:
        rule, _, stated = example
        claim = {
            test.feature: stated.get(test.feature, _UNSTATED) for test in tests_of(rule.condition)
        } | dict(stated)
        for several, claimed in packs:
            if all(claimed.get(name, value) == value for name, value in claim.items()):
                several.append(example)
                claimed.update(claim)
                break
        else:
            packs.append(([example], claim))
    for several, claimed in packs:
        yield several, {name: v for name, v in claimed.items() if v is not _UNSTATED}


def _fact(name: str, stated: Any, rulebook: Rulebook) -> Fact:
    feature = rulebook.features[name]
    if stated is None:
        return Fact(name, everything(feature))
    return Fact(name, possible(feature, stated), State.KNOWN, source="example")


def _looking(content: Mapping[str, Any]) -> dict[str, Any]:
    """The same content with rules that only notice, and features that only are what is stated."""
    kept = ("title", "when", "because", "status", "effective_period")
    rules = {
        rule_id: {key: text[key] for key in kept if key in text} | {"flag": "holds"}
        for rule_id, text in content["rules"].items()
    }
    features = [_plain_feature(feature) for feature in content["features"]]
    return {**content, "rules": rules, "features": features, "invariants": {}}


def _plain_feature(feature: Mapping[str, Any]) -> dict[str, Any]:
    left_out = ("concluded", "default", "from", "safety")
    return {key: value for key, value in feature.items() if key not in left_out} | {
        "from": ["clinician"]
    }
