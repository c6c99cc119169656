"""What a vignette expects, and in what an answer falls short of it.

In: a profile with an `expect` block, and the answer for it. Out: each difference in words that a
clinician reads. An expectation that asks for something unknown is a ProfileError with its place.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from recommender import content as files
from recommender.candidates import Status
from recommender.errors import ProfileError, did_you_mean
from recommender.plan import PlanStatus
from recommender.profile import Profile, read_profile
from recommender.recommendation import Recommendation
from recommender.rulebook import Rulebook

KEYS: Final = ("status", "at_least", "never", "set_aside", "stops", "asks", "rationale")
STATUSES: Final = tuple(status.value for status in PlanStatus)
ASIDE: Final = tuple(status.value for status in Status if status is not Status.RECOMMENDED)


def folders(path: Path | None, rulebook: Rulebook) -> tuple[Path, ...]:
    """The folders a rulebook is made of: a site's lies over the shipped one."""
    mine = files.root(path)
    shipped = files.root(None) if rulebook.header.lays_over else mine
    return tuple(dict.fromkeys([shipped, mine]))


def vignette_files(path: Path | None, rulebook: Rulebook) -> Iterator[Path]:
    """Those of the folder, and beneath a site's folder the shipped ones too."""
    for root in folders(path, rulebook):
        yield from sorted((root / "profiles").glob("*.yaml"))


def read_vignettes(path: Path | None, rulebook: Rulebook) -> list[tuple[str, Profile]]:
    """Each vignette with its name.

    Raises ProfileError where one cannot be read or expects what the rulebook does not have.
    """
    found = stored(path, rulebook)
    for _, profile in found:
        check_expectation(profile, rulebook)
    return found


def stored(path: Path | None, rulebook: Rulebook) -> list[tuple[str, Profile]]:
    """Each vignette with its name, whatever it expects. Raises ProfileError."""
    return [
        (file.stem, read_profile(file.read_bytes(), f"profiles/{file.name}"))
        for file in vignette_files(path, rulebook)
    ]


def check_expectation(profile: Profile, rulebook: Rulebook) -> None:
    """Refuse, as ProfileError, an expectation about what the rulebook does not have."""
    expect = profile.expect or {}
    wrong = list(_misnamed(expect, rulebook))
    if wrong:
        raise ProfileError(
            profile.problem("P230", f"'{name}' is no {what}", did_you_mean(name, known), *path)
            for name, what, known, path in wrong
        )


Misnamed = tuple[str, str, list[str], tuple[str | int, ...]]


def _misnamed(expect: dict[str, Any], rulebook: Rulebook) -> Iterator[Misnamed]:
    adaptations = list(rulebook.adaptations)
    for key in expect.keys() - set(KEYS):
        yield key, "key of an expectation", list(KEYS), ("expect", key)
    named: list[tuple[str, Iterable[str], str, list[str]]] = [
        ("status", [expect["status"]] if "status" in expect else [], "status", list(STATUSES)),
        ("at_least", expect.get("at_least", ()), "adaptation", adaptations),
        ("never", expect.get("never", ()), "adaptation", adaptations),
        ("set_aside", expect.get("set_aside", {}), "adaptation", adaptations),
        ("set_aside", expect.get("set_aside", {}).values(), "status", list(ASIDE)),
        ("stops", expect.get("stops", ()), "rule", list(rulebook.rules)),
        ("asks", expect.get("asks", ()), "feature", list(rulebook.features)),
    ]
    for key, names, what, known in named:
        for name in names:
            if name not in known:
                yield str(name), what, known, ("expect", key)


def differences(profile: Profile, answer: Recommendation) -> Iterator[str]:
    """Everything in which the answer is not as expected; nothing where nothing is expected."""
    expect = profile.expect or {}
    book = answer.trace.rulebook
    if "status" in expect and answer.status.value != expect["status"]:
        yield f"the answer is «{answer.status.value}» instead of «{expect['status']}»"
    yield from _plan(expect, answer)
    if "stops" in expect:
        yield from _stops(list(expect["stops"]), answer)
    asked = {question.feature for question in answer.ask}
    for name in expect.get("asks", ()):
        if name not in asked:
            yield f"«{book.features[name].label}» ({name}) is not asked"


def _plan(expect: dict[str, Any], answer: Recommendation) -> Iterator[str]:
    inside = set(answer.recommended)
    aside = {one.candidate.adaptation.id: one.status.value for one in answer.plan.set_aside}
    titles = {name: one.title for name, one in answer.trace.rulebook.adaptations.items()}
    for name in expect.get("at_least", ()):
        if name not in inside:
            yield f"{titles[name]} ({name}) is not in the plan: {aside[name]}"
    for name in expect.get("never", ()):
        if name in inside:
            yield f"{titles[name]} ({name}) is in the plan and must not be"
    for name, status in expect.get("set_aside", {}).items():
        found = aside.get(name, "in the plan")
        if found != status:
            yield f"{titles[name]} ({name}) is {found} instead of {status}"


def _stops(expected: list[str], answer: Recommendation) -> Iterator[str]:
    found = [stop.rule.id for stop in answer.plan.stops]
    rules = answer.trace.rulebook.rules
    for name in expected:
        if name not in found:
            yield f"the stop «{rules[name].text.title}» ({name}) is missing"
    for name in found:
        if name not in expected:
            yield f"there is a stop that is not expected: «{rules[name].text.title}» ({name})"
    if sorted(found) == sorted(expected) and found != expected:
        yield f"the stops come in another order: {', '.join(found)}"
