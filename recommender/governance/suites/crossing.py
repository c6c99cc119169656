"""People crossed from vignettes: what several of them have together, and something drawn beside it.

In: vignettes, a rulebook and a number. Out: a profile as plain data, the same for the same input.
Nobody is like one of them. They show what needs much at once, such as a load that is too high; that
none of them shows something proves nothing.
"""

import copy
import random
from collections.abc import Collection, Mapping, Sequence
from functools import reduce
from typing import Any, Final

from recommender.governance.synthetic import synthetic
from recommender.profile import Profile
from recommender.rulebook import Rulebook

Plain = dict[str, Any]

MANY: Final = (1, 2, 2, 3, 4)
"""How many vignettes are laid over each other."""
DRAWN: Final = (0.0, 0.0, 0.02, 0.05)
"""The share of everything that is drawn and laid over them."""
FEW: Final = (0.0, 0.3, 0.7)
"""The same of the few features that are looked at."""
HALF: Final = 0.5
_ABOUT: Final = ("schema", "id", "assessed_on", "as_of", "expect", "releases")
"""What the first vignette keeps."""
_MEMBERS: Final = ("conditions", "medications", "implants")


class Crossing:
    """Crosses the vignettes of one rulebook."""

    def __init__(self, vignettes: Sequence[Profile], rulebook: Rulebook) -> None:
        self._rulebook = rulebook
        self._vignettes = [_plain(one) for one in vignettes]
        self._reach = {
            name.partition(".")[2]: True
            for adaptation in rulebook.adaptations.values()
            for name in adaptation.needs
            if name.startswith("access.")
        }

    def person(self, seed: int, about: Collection[str]) -> Plain:
        """The person of a number; about: features of whom more is drawn than of others."""
        drawn = random.Random(seed)
        parts = drawn.sample(self._vignettes, min(drawn.choice(MANY), len(self._vignettes)))
        made = copy.deepcopy(reduce(_over, parts))
        made.pop("expect", None)
        if drawn.random() < HALF:
            made.pop("releases", None)
        for section in ("observations", "assessments"):
            if section in made:
                made[section] = _some(made[section], drawn)
        for share, features in ((drawn.choice(DRAWN), None), (drawn.choice(FEW), about)):
            if share:
                made = _over(made, _plain(synthetic(self._rulebook, seed, share, features)))
        if drawn.random() < HALF:
            names = list(self._rulebook.adaptations)
            wishes = drawn.sample(names, min(3, len(names)))
            made["preferences"] = {**made.get("preferences", {}), "prefers": wishes}
        if drawn.random() < HALF:
            made["access"] = {**made.get("access", {}), **self._reach}
        return made | {"id": f"crossed-{seed}"}


def _plain(profile: Profile) -> Plain:
    return profile.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _some(stated: Any, drawn: random.Random) -> Any:
    """What is left when now and then something was not asked."""
    asked = drawn.choice((1.0, 0.9, 0.7))
    if isinstance(stated, Mapping):
        return {name: value for name, value in stated.items() if drawn.random() < asked}
    return [one for one in stated if drawn.random() < asked]


def _over(one: Mapping[str, Any], other: Mapping[str, Any]) -> Plain:
    """What both state; where they state the same thing, as the second does."""
    made = dict(one)
    for section, stated in other.items():
        if section in _ABOUT:
            continue
        known = made.get(section)
        if section in _MEMBERS:
            made[section] = _members(known, stated)
        elif isinstance(stated, Mapping) and isinstance(known, Mapping):
            made[section] = _history(known, stated) if section == "history" else {**known, **stated}
        elif isinstance(stated, list) and isinstance(known, list):
            made[section] = [*known, *stated]
        else:
            made[section] = stated
    return made


def _history(one: Mapping[str, Any], other: Mapping[str, Any]) -> Plain:
    both = [*(one.get("treatments") or ()), *(other.get("treatments") or ())]
    return {**one, **other, **({"treatments": both} if both else {})}


def _members(one: Any, other: Any) -> Plain:
    """What either has; what one lacks and the other does not have is absent."""
    lists = [
        part if isinstance(part, Mapping) else {"present": part or []} for part in (one, other)
    ]
    present = [name for part in lists for name in part.get("present", ())]
    absent = [name for part in lists for name in part.get("absent", ())]
    return {
        "present": list(dict.fromkeys(present)),
        "absent": [name for name in dict.fromkeys(absent) if name not in present],
    }
