"""What the rules do to every vignette: run once, read by every page.

In: a folder of rules with its profiles, and a day for those that name none. Out: for each vignette
what was expected and found, and what each rule did.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from recommender.errors import EngineError, ProfileError
from recommender.governance.vignettes import differences, read_vignettes
from recommender.pipeline import recommend
from recommender.profile import Profile
from recommender.recommendation import Recommendation
from recommender.rulebook import Rulebook
from recommender.trace import SAID

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Played:
    """One vignette: what was expected, and what came of it."""

    name: str
    expect: Mapping[str, Any]
    status: str = ""
    """That of the answer; empty where there is none."""
    plan: tuple[tuple[str, int], ...] = ()
    """The adaptations in the plan, each with its phase."""
    standing: Mapping[str, str] = field(default_factory=dict)
    """The status of every adaptation."""
    stops: tuple[str, ...] = ()
    did: Mapping[str, str] = field(default_factory=dict)
    """What each rule did: fired, silent or unknown."""
    wrong: tuple[str, ...] = ()
    """In what the answer differs from what was expected, or why there is none."""


class Vignettes:
    """All vignettes of a rulebook, and what each rule did to them."""

    def __init__(self, played: Sequence[Played]) -> None:
        self.all = tuple(played)
        self._did: dict[tuple[str, str], list[str]] = {}
        for one in played:
            for rule, did in one.did.items():
                self._did.setdefault((rule, did), []).append(one.name)

    def where(self, rule: str, did: str) -> list[str]:
        """The vignettes in which a rule did something."""
        return self._did.get((rule, did), [])

    def both(self, rule: str, other: str) -> int:
        """In how many vignettes two rules fire together."""
        return len({*self.where(rule, "fired")} & {*self.where(other, "fired")})


def play(path: Path | None, rulebook: Rulebook, as_of: date, progress: Progress) -> Vignettes:
    """Run every vignette. Raises ProfileError for one that cannot be read."""
    return Vignettes(list(_played(read_vignettes(path, rulebook), rulebook, as_of, progress)))


def _played(
    vignettes: Iterable[tuple[str, Profile]], rulebook: Rulebook, as_of: date, progress: Progress
) -> Iterator[Played]:
    for name, profile in vignettes:
        progress(f"vignette {name}")
        expect = profile.expect or {}
        try:
            answer = recommend(profile, rulebook, as_of=profile.as_of or as_of)
        except (EngineError, ProfileError) as error:
            yield Played(name, expect, wrong=tuple(one.message for one in error.problems))
        else:
            yield _found(name, profile, answer)


def _found(name: str, profile: Profile, answer: Recommendation) -> Played:
    plan = answer.plan
    chosen = tuple((one.candidate.adaptation.id, one.phase) for one in plan.chosen)
    aside = {one.candidate.adaptation.id: one.status.value for one in plan.set_aside}
    return Played(
        name,
        profile.expect or {},
        answer.status.value,
        chosen,
        dict.fromkeys((one for one, _ in chosen), "recommended") | aside,
        tuple(stop.rule.id for stop in plan.stops),
        {rule: SAID[truth] for rule, truth in answer.trace.truths.items()},
        tuple(differences(profile, answer)),
    )
