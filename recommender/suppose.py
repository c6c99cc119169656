"""What if a feature were otherwise: a profile with scores, and facts with values, put in place.

In: a profile, a rulebook and `{feature: value}`, as plain values: a number, a word, true, or for a
set the whole list of its members. Out: the profile with a score of that day for each instrument
that was named, and the facts that replace those assessed. Refused, as ProfileError: unknown
features, concluded ones, values a feature does not have. A supposition is never kept.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from recommender.conditions import misfit
from recommender.errors import Problem, ProfileError, did_you_mean
from recommender.facts import Fact, Members, Moment, Possible, State, exactly, member_count
from recommender.profile import Assessment, Profile, as_profile
from recommender.rulebook import Rulebook
from recommender.vocabulary import Feature, Kind, Source

SUPPOSED = "supposed"


def suppose(
    profile: Profile, rulebook: Rulebook, values: Mapping[str, Any], as_of: date
) -> tuple[Profile, dict[str, Fact]]:
    """The profile with the scores that are supposed, and the facts of every other feature."""
    facts: dict[str, Fact] = {}
    scores: list[Assessment] = []
    problems: list[Problem] = []
    for name, value in values.items():
        feature = rulebook.features.get(name)
        wrong = _refused(name, feature, value, rulebook)
        if wrong is not None or feature is None:
            problems.append(wrong or Problem("P203", f"unknown feature '{name}'"))
        elif not feature.from_:
            profile = _with_field(profile, name, value)
        elif (score := _score(feature, value, as_of)) is not None:
            scores.append(score)
        else:
            known = Fact(name, _possible(feature, value), State.KNOWN, Moment(as_of), SUPPOSED)
            facts[name] = known
    if problems:
        raise ProfileError(problems)
    if scores:
        profile = profile.model_copy(update={"assessments": _with(profile, scores, as_of)})
    return profile, facts


def _refused(name: str, feature: Feature | None, value: Any, rulebook: Rulebook) -> Problem | None:
    if feature is None:
        near = did_you_mean(name, list(rulebook.features))
        hint = near or "`recommender profile new` writes them all down."
        return Problem("P203", f"unknown feature '{name}'", hint, path=name)
    if feature.concluded:
        message = f"'{name}' is concluded by rules and cannot be supposed"
        return Problem("P203", message, "Suppose what it rests on.", path=name)
    several = value if isinstance(value, list) else [value]
    if isinstance(value, list) is not (feature.type is Kind.SET):
        needed = "a list, such as [] or [a, b]" if feature.type is Kind.SET else "one value"
        return Problem("P204", f"'{name}' takes {needed}", "", path=name)
    if any(misfit(feature, one) for one in several):
        allowed = ", ".join(str(one).lower() for one in feature.options)
        low, high = feature.range or (0, 0)
        hint = f"Its values: {allowed}." if allowed else f"A number from {low} to {high}."
        return Problem("P204", f"'{name}' cannot have this value", hint, path=name)
    return None


def _with_field(profile: Profile, name: str, value: Any) -> Profile:
    """The profile with one of its own fields set: others may be read from it."""
    given = profile.model_dump(mode="json", by_alias=True, exclude_unset=True)
    group, dot, key = name.partition(".")
    if group == "release":
        message = f"'{name}' is an act on record and cannot be supposed"
        raise ProfileError(Problem("P203", message, "", path=name))
    if dot:
        given.setdefault(group, {})[key] = value
    else:
        given[name] = value
    return as_profile(given)


def _score(feature: Feature, value: Any, as_of: date) -> Assessment | None:
    """A score of that day, for a feature that is an instrument's own total or item."""
    for source in feature.from_:
        if not isinstance(source, Source) or source.instrument is None:
            continue
        if source.item and feature.id == f"{source.instrument}.{source.item}":
            items = {source.item: value}
            return Assessment(instrument=source.instrument, items=items, on=Moment(as_of))
        if feature.id == source.instrument:
            return Assessment(instrument=source.instrument, total=value, on=Moment(as_of))
    return None


def _with(profile: Profile, scores: list[Assessment], as_of: date) -> list[Assessment]:
    """The scores of the profile with the supposed ones; those of the same day give way."""
    named = {score.instrument for score in scores}
    kept = [
        one
        for one in profile.assessments
        if one.instrument not in named or (one.on or profile.assessed_on).day < as_of
    ]
    return [*kept, *scores]


def _possible(feature: Feature, value: Any) -> Possible:
    if feature.type is not Kind.SET:
        return exactly(feature, value)
    present = sum(1 << feature.position[one] for one in set(value))
    return Members(present, (1 << member_count(feature)) - 1 & ~present)
