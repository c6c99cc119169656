"""Profiles to try a rulebook on: the vignettes of a folder, and synthetic ones drawn at random.

In: a folder with `profiles/`, or a rulebook, a seed and a share of what is answered. Out: profiles;
one seed gives one profile. Nobody is like a drawn one.
"""

import random
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from recommender.profile import Profile, as_profile, read_profile
from recommender.rulebook import Rulebook
from recommender.vocabulary import Feature, Kind, Scalar, Source

DAY = "2026-11-20"
_TOP = ("age", "sex", "conditions", "medications", "implants")
_MEMBER_PRESENT = 0.03


def shipped(root: Path, every: int = 1) -> list[Profile]:
    """Every so many of a folder's vignettes, by name."""
    paths = sorted((root / "profiles").glob("*.yaml"))[::every]
    return [read_profile(path.read_bytes(), path.name) for path in paths]


def synthetic(
    rulebook: Rulebook, seed: int, answered: float = 0.5, about: Collection[str] | None = None
) -> Profile:
    """A profile that answers a random share of what the rulebook uses, or of these, at random.

    Nobody is like this; it is as dense and as contradictory as profiles get.
    """
    return as_profile(_Drawing(rulebook, seed, answered, about).profile())


class _Drawing:
    def __init__(
        self, rulebook: Rulebook, seed: int, answered: float, about: Collection[str] | None
    ) -> None:
        self._rulebook = rulebook
        self._about = rulebook.used if about is None else tuple(dict.fromkeys(about))
        self._random = random.Random(seed)
        self._answered = answered
        self._seed = seed
        self._items: dict[str, dict[str, Scalar]] = {}
        self._totals: dict[str, float] = {}

    def profile(self) -> dict[str, Any]:
        made: dict[str, Any] = {
            "schema": "profile/1",
            "id": f"synthetic-{self._seed}",
            "assessed_on": DAY,
            "as_of": DAY,
            "observations": {},
        }
        for feature in self._chosen():
            if "clinician" in feature.from_:
                made["observations"][feature.id] = self._value(feature)
            elif feature.from_:
                self._source(feature)
            else:
                self._field(feature, made)
        made["assessments"] = list(self._assessments())
        if self._random.random() < self._answered:
            made.setdefault("history", {})["treatments"] = list(self._treatments())
        return made

    def _chosen(self) -> Iterator[Feature]:
        for name in self._about:
            feature = self._rulebook.features[name]
            if not feature.concluded and self._random.random() < self._answered:
                yield feature

    def _value(self, feature: Feature) -> Any:
        if feature.type is Kind.SET:
            return [one for one in feature.values if self._random.random() < _MEMBER_PRESENT]
        if feature.range is not None:
            low, high = feature.range
            return (
                18 + self._random.randrange(60) if feature.id == "age" else self._between(low, high)
            )
        return self._random.choice(feature.options)

    def _between(self, low: float, high: float) -> int:
        return self._random.randint(int(low), int(high))

    def _field(self, feature: Feature, made: dict[str, Any]) -> None:
        group, _, name = feature.id.partition(".")
        if feature.id in _TOP:
            made[feature.id] = self._value(feature)
        elif group in ("history", "access", "preferences"):
            made.setdefault(group, {})[name] = self._value(feature)

    def _source(self, feature: Feature) -> None:
        """An item or a total of the first instrument behind the feature; measures follow."""
        found = (s for s in feature.from_ if isinstance(s, Source) and s.instrument)
        source = next((s for s in found if not s.measure), None)
        if source is None or source.instrument is None:
            return
        instrument = self._rulebook.instruments[source.instrument]
        if source.item:
            self._items.setdefault(instrument.id, {})[source.item] = self._value(feature)
        elif instrument.range is not None:
            self._totals[instrument.id] = self._between(*instrument.range)

    def _assessments(self) -> Iterator[dict[str, Any]]:
        for name, items in self._items.items():
            yield {"instrument": name, "items": items}
        for name, total in self._totals.items():
            if name not in self._items:
                yield {"instrument": name, "total": total}

    def _treatments(self) -> Iterator[dict[str, Any]]:
        kinds: list[Callable[[], dict[str, Any]]] = [
            lambda: {"kind": "antidepressant", "agent": "sertraline", "dose_mg": 150},
            lambda: {"kind": "psychotherapy", "modality": "cbt", "sessions": 16, "attended": 14},
            lambda: {"kind": "tms", "sessions": 30},
        ]
        for _ in range(self._random.randrange(4)):
            outcome = self._random.choice(("none", "partial", "not_tolerated"))
            weeks = self._random.randrange(2, 14)
            yield {**self._random.choice(kinds)(), "weeks": weeks, "outcome": outcome}
