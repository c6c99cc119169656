"""What a profile states outside its instruments, as values of the rulebook's features.

In: a Profile and a Rulebook. Out: possible values with their day. Complains about names and values
the rulebook does not know; the message never repeats a value.
"""

from collections.abc import Callable, Iterator
from typing import Any

from recommender.conditions import misfit
from recommender.errors import did_you_mean
from recommender.facts import Members, Moment, Possible, exactly, member_count
from recommender.profile import Finding, Profile, moment
from recommender.profile import Members as StatedMembers
from recommender.rulebook import Rulebook
from recommender.vocabulary import Feature, Kind, Source

Stated = tuple[Possible, Moment, tuple[str, ...]]
Path = tuple[str | int, ...]
WISHES = ("prefers", "declines")
"""The profile's lists of adaptations; they are complete, so that what is not named is a «no»."""
HISTORY = frozenset({"treatments", "episodes", "current_episode_months"})


class Findings:
    """The findings, fields and releases of one profile, read against one rulebook."""

    def __init__(
        self,
        profile: Profile,
        rulebook: Rulebook,
        complain: Callable[..., None],
        check_date: Callable[..., None],
    ) -> None:
        self._profile = profile
        self._rulebook = rulebook
        self._complain = complain
        self._check_date = check_date
        self._values: dict[str, list[Stated]] = {}
        self._observed: dict[str, list[Stated]] = {}
        self._dates: dict[str, Moment] = {}
        self._releases = {release.id for release in profile.releases}
        self._read_observations()
        self._read_fields()
        self._check_preferences()
        self._check_treatments()
        for n, release in enumerate(profile.releases):
            check_date(release.on, "releases", n, "on")

    def observed(self, feature: Feature) -> list[Stated]:
        """The clinician's findings on a feature."""
        return self._observed.get(feature.id, [])

    def stated(self, feature: Feature) -> list[Stated]:
        """The profile's own field of this name."""
        return self._values.get(feature.id, [])

    def released(self, name: str) -> bool:
        """Whether the act is recorded."""
        return name in self._releases

    def dated(self, field: str) -> Moment | None:
        """A field that holds a day."""
        return self._dates.get(field)

    def _read_observations(self) -> None:
        for name, raw in self._profile.observations.items():
            path = ("observations", name)
            feature = self._observable(name, path)
            if feature is not None:
                self._observed[name] = list(self._each(feature, raw, path))

    def _observable(self, name: str, path: Path) -> Feature | None:
        features = self._rulebook.features
        feature = features.get(name)
        if feature is not None and "clinician" in feature.from_:
            return feature
        rated = [f.id for f in features.values() if "clinician" in f.from_]
        if feature is None:
            self._complain("P203", f"unknown feature '{name}'", did_you_mean(name, rated), *path)
        elif feature.concluded:
            message = f"'{name}' is concluded by rules and cannot be stated"
            self._complain("P203", message, "State what it rests on.", *path)
        else:
            message = f"'{name}' is not rated by a clinician"
            self._complain("P203", message, _where_from(feature), *path)
        return None

    def _read_fields(self) -> None:
        profile = self._profile
        for name in ("sex", "conditions", "medications", "implants"):
            self._field(name, getattr(profile, name), (name,))
        for name, raw in profile.access.items():
            self._field(f"access.{name}", raw, ("access", name))
        for group in ("preferences", "history"):
            for name, stated in (getattr(profile, group).__pydantic_extra__ or {}).items():
                self._field(f"{group}.{name}", stated, (group, name))
        for key in WISHES:
            if f"preferences.{key}" in self._rulebook.features:
                self._field(
                    f"preferences.{key}", getattr(profile.preferences, key), ("preferences", key)
                )

    def _field(self, name: str, raw: Any, path: Path) -> None:
        if raw is None:
            return
        feature = self._rulebook.features.get(name)
        if feature is not None and not feature.from_ and not feature.concluded:
            self._values[name] = list(self._each(feature, raw, path))
        elif name in self._rulebook.derived(dated_fields):
            self._date(name, raw, path)
        elif name.removeprefix("history.") not in HISTORY and name not in _PLAIN_FIELDS:
            hint = did_you_mean(name, list(self._rulebook.features))
            self._complain("P203", f"the rulebook has no feature '{name}'", hint, *path)

    def _date(self, name: str, raw: Any, path: Path) -> None:
        try:
            self._dates[name] = moment(raw)
        except ValueError:
            self._complain("P204", f"'{name}' is a day such as 2026-10-02", "", *path)
            return
        self._check_date(self._dates[name], *path)

    # -- values -----------------------------------------------------------------------

    def _each(self, feature: Feature, raw: Any, path: Path) -> Iterator[Stated]:
        several = isinstance(raw, list) and raw and isinstance(raw[0], Finding)
        for n, one in enumerate(raw if several else [raw]):
            place = (*path, n) if several else path
            on = getattr(one, "on", None) or self._profile.assessed_on
            if getattr(one, "on", None):
                self._check_date(on, *place, "on")
            value = one.value if isinstance(one, Finding) else one
            if value is None:
                continue
            inner = (*place, "value") if isinstance(one, Finding) else place
            found = self._value(feature, value, inner)
            if found is not None:
                yield found[0], on, found[1]

    def _value(
        self, feature: Feature, value: Any, path: Path
    ) -> tuple[Possible, tuple[str, ...]] | None:
        if feature.type is Kind.SET:
            return self._members(feature, value, path)
        if misfit(feature, value):
            self._complain("P204", _needed(feature), "", *path)
            return None
        return exactly(feature, value), ()

    def _members(
        self, feature: Feature, value: Any, path: Path
    ) -> tuple[Possible, tuple[str, ...]] | None:
        if isinstance(value, list):
            present, extra = self._mask(feature, value, path)
            full = (1 << member_count(feature)) - 1
            return Members(present, full & ~present), extra
        if not isinstance(value, StatedMembers):
            self._complain("P204", f"'{feature.id}' takes a list", "[] is: asked, none", *path)
            return None
        present, extra = self._mask(feature, value.present, (*path, "present"))
        absent, _ = self._mask(feature, value.absent, (*path, "absent"))
        if set(value.present) & set(value.absent):
            message = f"a member of '{feature.id}' is named both present and absent"
            self._complain("P209", message, "Keep the one that is true.", *path)
            return None
        # One member outside the list being absent says nothing about the others.
        listed = (1 << len(feature.values)) - 1
        return Members(present, absent & ~present & listed), extra

    def _mask(self, feature: Feature, named: list[str], path: Path) -> tuple[int, tuple[str, ...]]:
        mask = 0
        extra = []
        for n, name in enumerate(named):
            if name in feature.position:
                mask |= 1 << feature.position[name]
            elif feature.accepts_other:
                mask |= 1 << len(feature.values)
                extra.append(name)
            else:
                hint = did_you_mean(name, feature.values)
                self._complain("P204", f"this is no member of '{feature.id}'", hint, *path, n)
        return mask, tuple(extra)

    # -- the rest -----------------------------------------------------------------------

    def _check_preferences(self) -> None:
        known = list(self._rulebook.adaptations)
        for key in WISHES:
            for n, name in enumerate(getattr(self._profile.preferences, key)):
                if name not in self._rulebook.adaptations:
                    hint = did_you_mean(name, known)
                    path = ("preferences", key, n)
                    self._complain("P210", "this is no adaptation of the rulebook", hint, *path)

    def _check_treatments(self) -> None:
        for n, treatment in enumerate(self._profile.history.treatments or ()):
            path = ("history", "treatments", n)
            if treatment.ended is not None:
                self._check_date(treatment.ended, *path, "ended")
            numbers = ("dose_mg", "weeks", "sessions", "attended")
            for name in numbers:
                if (getattr(treatment, name) or 0) < 0:
                    self._complain("P206", f"{name} cannot be below 0", "", *path, name)
            known = self._rulebook.doses
            if known and treatment.agent and treatment.kind in known:
                self._check_agent(treatment.agent, list(known[treatment.kind]), path)

    def _check_agent(self, agent: str, known: list[str], path: Path) -> None:
        """A misspelt agent is refused; one not listed is kept, its dose unjudged."""
        if agent in known:
            return
        hint = did_you_mean(agent, known)
        if hint.startswith("Did you mean"):
            self._complain("P211", "this agent is not in the list of doses", hint, *path, "agent")


_PLAIN_FIELDS = frozenset({"sex", "conditions", "medications", "implants"})


def dated_fields(rulebook: Rulebook) -> frozenset[str]:
    """The profile's fields that hold a day, because a measure counts from them."""
    sources = (source for feature in rulebook.features.values() for source in feature.from_)
    return frozenset(s.date for s in sources if isinstance(s, Source) and s.date)


def _needed(feature: Feature) -> str:
    if feature.range is not None:
        low, high = feature.range
        whole = "a whole number" if feature.type is Kind.INTEGER else "a number"
        return f"'{feature.id}' is {whole} from {low} to {high}"
    listed = ", ".join(str(option).lower() for option in feature.options)
    return f"this is no value of '{feature.id}' ({listed})"


def _where_from(feature: Feature) -> str:
    sources = [source for source in feature.from_ if isinstance(source, Source)]
    names = dict.fromkeys(s.instrument or s.set or s.measure or "" for s in sources)
    if names:
        return f"It is taken from {', '.join(names)}."
    return "It is a field of the profile itself."
