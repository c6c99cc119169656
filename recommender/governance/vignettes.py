"""What a vignette expects, and in what an answer falls short of it.

In: a profile with an `expect` block, and the answer for it. Out: each difference in words that a
clinician reads. An expectation that asks for something unknown is a ProfileError with its place.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from recommender import content as files
from recommender.candidates import Status
from recommender.conditions import TRUE
from recommender.errors import ProfileError, did_you_mean
from recommender.plan import PlanStatus
from recommender.profile import Profile, read_profile
from recommender.recommendation import Recommendation
from recommender.rulebook import Rulebook
from recommender.rules import Verb

KEYS: Final = (
    *("status", "at_least", "never", "set_aside", "stops", "asks"),
    *("all_else", "plan", "flags", "required", "shaped_by", "rationale", "unreviewed"),
)
PINNED: Final = "suggested"
"""The folder in `profiles/` of vignettes that a program wrote and nobody has confirmed."""
PLAN_KEYS: Final = ("phase", "as", "rules", "open", "goes_ahead")
"""What may be expected of one adaptation in the plan."""
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
    """Each vignette with its name; those still marked `unreviewed` are left out.

    Raises ProfileError where one cannot be read or expects what the rulebook does not have.
    """
    found = stored(path, rulebook)
    for _, profile in found:
        check_expectation(profile, rulebook)
    return [(name, profile) for name, profile in found if is_reviewed(profile)]


def stored(path: Path | None, rulebook: Rulebook) -> list[tuple[str, Profile]]:
    """Each vignette with its name, whatever it expects. Raises ProfileError."""
    return [
        (file.stem, read_profile(file.read_bytes(), f"profiles/{file.name}"))
        for file in vignette_files(path, rulebook)
    ]


def pinned_folder(path: Path | None) -> Path:
    """Where a folder of rules keeps the vignettes that nobody has confirmed."""
    return files.root(path) / "profiles" / PINNED


def read_pinned(path: Path | None) -> list[tuple[str, Profile]]:
    """The vignettes of the folder that nobody has confirmed, by name: they pin today's answer.

    Those of `profiles/suggested`. A site has its own: the shipped ones say nothing of its rules.
    Raises ProfileError where one cannot be read.
    """
    found = sorted(pinned_folder(path).glob("*.yaml"))
    return [
        (f"{PINNED}/{one.stem}", read_profile(one.read_bytes(), f"profiles/{PINNED}/{one.name}"))
        for one in found
    ]


def is_reviewed(profile: Profile) -> bool:
    """Whether somebody vouches for what is expected; what nobody has confirmed tests nothing."""
    return not (profile.expect or {}).get("unreviewed", False)


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
        ("all_else", [expect["all_else"]] if "all_else" in expect else [], "status", list(ASIDE)),
        ("stops", expect.get("stops", ()), "rule", list(rulebook.rules)),
        ("asks", expect.get("asks", ()), "feature", list(rulebook.features)),
        ("required", expect.get("required", ()), "feature", list(rulebook.features)),
        ("plan", expect.get("plan", {}), "adaptation", adaptations),
        ("flags", expect.get("flags", ()), "rule", list(rulebook.rules)),
        ("shaped_by", expect.get("shaped_by", ()), "rule", list(rulebook.rules)),
    ]
    for name, one in expect.get("plan", {}).items():
        for key in one.keys() - set(PLAN_KEYS):
            yield key, "key of what is expected of an adaptation", list(PLAN_KEYS), ("expect", name)
        rules = [*one.get("rules", ()), *one.get("open", ())]
        named.append(("plan", rules, "rule", list(rulebook.rules)))
    for key, names, what, known in named:
        for name in names:
            if name not in known:
                yield str(name), what, known, ("expect", key)


def differences(profile: Profile, answer: Recommendation, *, asks: bool = True) -> Iterator[str]:
    """Everything in which the answer is not as expected; nothing where nothing is expected.

    asks: whether to look at the questions as well, which are the dearest to work out.
    """
    expect = profile.expect or {}
    book = answer.trace.rulebook
    if "status" in expect and answer.status.value != expect["status"]:
        yield f"the answer is «{answer.status.value}» instead of «{expect['status']}»"
    yield from _plan(expect, answer)
    if "stops" in expect:
        yield from _stops(list(expect["stops"]), answer)
    yield from _whole(expect, answer)
    for name in expect.get("asks", ()) if asks else ():
        if not is_asked(name, answer):
            yield f"«{book.features[name].label}» ({name}) is not asked"


def is_asked(name: str, answer: Recommendation) -> bool:
    """Whether a feature is among the questions; the required ones are known without more ado."""
    required = (rule.text.ask for rule in answer.plan.required_asks)
    return name in required or any(question.feature == name for question in answer.ask)


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
    if "all_else" in expect:
        for name, found in aside.items():
            if name not in expect.get("set_aside", {}) and found != expect["all_else"]:
                yield f"{titles[name]} ({name}) is {found} instead of {expect['all_else']}"


def _stops(expected: list[str], answer: Recommendation) -> Iterator[str]:
    found = [stop.rule.id for stop in answer.plan.stops]
    rules = answer.trace.rulebook.rules
    for name in expected:
        if name not in found:
            title = rules[name].text.title if name in rules else name
            yield f"the stop «{title}» ({name}) is missing"
    for name in found:
        if name not in expected:
            yield f"there is a stop that is not expected: «{rules[name].text.title}» ({name})"
    if sorted(found) == sorted(expected) and found != expected:
        yield f"the stops come in another order: {', '.join(found)}"


# ------------------------------------------------------------------------------- all of it


def expectation(answer: Recommendation) -> dict[str, Any]:
    """Everything a vignette can expect of an answer, as this one is; for somebody to confirm."""
    plan = answer.plan
    aside = {one.candidate.adaptation.id: one.status for one in plan.set_aside}
    counted = Counter(aside.values())
    usual = max(map(Status, ASIDE), key=lambda one: (counted[one], one is Status.NOT_INDICATED))
    return {
        "status": answer.status.value,
        "plan": _planned(answer),
        "set_aside": {name: found.value for name, found in aside.items() if found is not usual},
        "all_else": usual.value,
        "stops": [stop.rule.id for stop in plan.stops],
        "required": _required(answer),
        **_remarks(answer),
    }


def _planned(answer: Recommendation) -> dict[str, dict[str, Any]]:
    """By adaptation: when it starts, as what, and what is said of it."""
    found = {}
    for chosen in answer.plan.chosen:
        candidate = chosen.candidate
        assert candidate.best is not None
        one: dict[str, Any] = {"phase": chosen.phase, "as": candidate.best.text.as_.value}
        for key, rules in (
            ("rules", [*candidate.cautions, *candidate.tailoring]),
            ("open", [*candidate.open_cautions]),
        ):
            if rules:
                one[key] = sorted(rule.id for rule in rules)
        if candidate.provisional or candidate.assumes:
            one["goes_ahead"] = "provisional" if candidate.provisional else "assumed"
        found[candidate.adaptation.id] = one
    return found


def _required(answer: Recommendation) -> dict[str, Any]:
    """By required question: the adaptations that wait for it, or «all»."""
    found: dict[str, Any] = {}
    for rule in answer.plan.required_asks:
        name, for_ = str(rule.text.ask), rule.text.for_
        known = found.get(name, [])
        every = "all" in (for_, known)
        found[name] = "all" if every else sorted({*known, *for_})
    return {name: found[name] for name in sorted(found)}


def _remarks(answer: Recommendation) -> dict[str, list[str]]:
    trace, plan = answer.trace, answer.plan
    flags = trace.rulebook.by_verb(Verb.FLAG)
    return {
        "flags": [rule.id for rule in flags if trace.truths[rule.id] == TRUE],
        "shaped_by": sorted({rule.id for rule, _ in plan.shaped_by}),
    }


_SAID: Final = {
    "flags": "a note",
    "shaped_by": "shaping the plan",
    "rules": "a caution or adjustment",
    "open": "an open caution",
}


def _whole(expect: dict[str, Any], answer: Recommendation) -> Iterator[str]:
    """What is expected to be just so: the whole plan, and each list of remarks."""
    if "plan" in expect:
        yield from _just_so(expect["plan"], answer)
    if "required" in expect:
        yield from _demanded(expect["required"], answer)
    for key, found in _remarks(answer).items():
        if key in expect:
            yield from _listed(key, expect[key], found, "")


def _demanded(expected: dict[str, Any], answer: Recommendation) -> Iterator[str]:
    """What is expected of the required questions, all of them."""
    found = _required(answer)
    labels = {name: one.label for name, one in answer.trace.rulebook.features.items()}
    for name in sorted({*expected, *found}):
        said = f"«{labels[name]}» ({name})"
        if name not in found:
            yield f"{said} is not required"
        elif name not in expected:
            yield f"{said} is required and is not expected to be"
        elif _waiting(expected[name]) != _waiting(found[name]):
            yield f"{said} is required for {found[name]} instead of {expected[name]}"


def _waiting(for_: Any) -> Any:
    return for_ if isinstance(for_, str) else set(for_)


def _just_so(expected: dict[str, Any], answer: Recommendation) -> Iterator[str]:
    found = _planned(answer)
    titles = {name: one.title for name, one in answer.trace.rulebook.adaptations.items()}
    for name in dict.fromkeys([*expected, *found]):
        said = f"{titles[name]} ({name})"
        if name not in found:
            yield f"{said} is not in the plan"
        elif name not in expected:
            yield f"{said} is in the plan and is not expected"
        else:
            yield from _alike(said, expected[name], found[name])


def _alike(said: str, expected: dict[str, Any], found: dict[str, Any]) -> Iterator[str]:
    if "phase" in expected and expected["phase"] != found["phase"]:
        yield f"{said} starts in phase {found['phase']} instead of {expected['phase']}"
    if "as" in expected and expected["as"] != found["as"]:
        yield f"{said} is {found['as']} instead of {expected['as']}"
    for key in ("rules", "open"):
        yield from _listed(key, expected.get(key, []), found.get(key, []), f" of {said}")
    ahead, wanted = found.get("goes_ahead"), expected.get("goes_ahead")
    if ahead != wanted:
        yield f"{said} goes ahead {ahead or 'on what is known'} instead of {wanted or 'so'}"


def _listed(key: str, expected: Iterable[str], found: Iterable[str], of: str) -> Iterator[str]:
    wanted, shown = set(expected), set(found)
    for name in sorted(wanted - shown):
        yield f"{name} is not {_SAID[key]}{of}"
    for name in sorted(shown - wanted):
        yield f"{name} is {_SAID[key]}{of} and is not expected"
