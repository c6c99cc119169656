"""A small suite of vignettes for what no vignette shows yet, for people to confirm or to correct.

In: obligations, each with a patient who meets it. Out: profiles with today's answer filled in under
`expect` and `unreviewed: true`: they count for nothing until somebody takes that line out. Several
obligations share a profile where their patients do not contradict each other and each is still met.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Final, Generic, TypeVar

from recommender.errors import EngineError, ProfileError
from recommender.facts import Possible
from recommender.governance.coverage.obligations import Obligation
from recommender.governance.findings import Plain
from recommender.governance.suites.cases import Case, Cases
from recommender.governance.suites.crossing import Crossing
from recommender.governance.suites.realise import Shows, edited, realised
from recommender.governance.vignettes import expectation
from recommender.governance.witness import Witness
from recommender.governance.world import rests_on
from recommender.invariants import require_invariants
from recommender.profile import as_profile
from recommender.recommendation import Recommendation
from recommender.rulebook import Rulebook

MOST_JOINED: Final = 3
"""Profiles that fit in which room is looked for before a new one is begun."""
MOST_WAYS: Final = 64
"""Ways to record one patient that are tried."""


MOST_CROSSED: Final = 8000
"""People crossed from vignettes that are tried for what is then still open."""


class _Enough(Exception):
    """No further way to record a patient is tried."""


Goal = TypeVar("Goal")
"""What a vignette is to show."""


@dataclass
class Suggestion(Generic[Goal]):
    """One profile, and what it shows."""

    witness: Witness | None
    """None of an edited vignette."""
    plain: Plain
    case: Case
    meets: list[Goal]


class Suite(Generic[Goal]):
    """Suggested vignettes while they are being put together."""

    def __init__(
        self,
        rulebook: Rulebook,
        cases: Cases,
        as_of: date,
        met: Callable[[Goal, Case], bool],
        about: Callable[[Goal], str],
    ) -> None:
        self._rulebook = rulebook
        self._cases = cases
        self._as_of = as_of
        self._met = met
        self._about = about
        self._tried = 0
        self.suggested: list[Suggestion[Goal]] = []
        self.unwritten: list[Goal] = []
        """Met by somebody for whom no profile could be written here."""

    def add(self, one: Goal, witnesses: Iterable[Witness]) -> None:
        """See to it that a suggestion shows it, if that can be had.

        witnesses: people who show it; the first of whom a profile can be written is taken.
        """
        if self._is_met(one):
            return
        for witness in witnesses:
            if self._joined(one, witness):
                return
            made = self._written(witness, [one])
            if made is not None:
                self.suggested.append(made)
                return
        self.unwritten.append(one)

    def add_edited(self, one: Goal, case: Case, edits: Mapping[str, Possible]) -> None:
        """The same, by a vignette that shows it once these findings are otherwise."""
        if self._is_met(one):
            return
        made = self._made(None, [one], partial(edited, case.profile, edits))
        if made is None:
            self.unwritten.append(one)
        else:
            self.suggested.append(made)

    def cross(self, several: Iterable[Goal], tell: Callable[[str], None] = lambda _: None) -> None:
        """Look among people crossed from the vignettes for these, and for what is unwritten."""
        left = [one for one in several if not self._is_met(one)] + self.unwritten
        crossing = Crossing([case.profile for case in self._cases.all], self._rulebook)
        for n in range(MOST_CROSSED if self._cases.all else 0):
            if not left:
                break
            if n % 100 == 0:
                tell(f"{len(left)} left, {n} of {MOST_CROSSED} people tried")
            plain = crossing.person(n, self._features(left[n % len(left)]))
            case = self._answered(plain)
            met = [one for one in left if self._met(one, case)] if case is not None else []
            if case is not None and met:
                self.suggested.append(Suggestion(None, plain, case, met))
                left = [one for one in left if one not in met]
        self.unwritten = left

    def _features(self, one: Goal) -> list[str]:
        """What the rules rest on that something is about."""
        name, rules = self._about(one), self._rulebook.rules
        behind = (
            [rules[name]] if name in rules else [r for r in rules.values() if name in r.targets]
        )
        return [f for rule in behind for f in rests_on(rule.condition, self._rulebook)]

    def _answered(self, plain: Plain) -> Case | None:
        """The case of a profile for which the rules have an answer that keeps every promise."""
        try:
            case = self._cases.case(str(plain["id"]), as_profile(plain), self._as_of)
            require_invariants(case.answer, tuple(case.stops))
        except (EngineError, ProfileError):
            return None
        return case

    def _is_met(self, one: Goal) -> bool:
        for known in self.suggested:
            if self._met(one, known.case):
                known.meets.append(one)
                return True
        return False

    def _joined(self, one: Goal, witness: Witness) -> bool:
        """Whether a suggestion took the patient in."""
        tried = 0
        for at, known in enumerate(self.suggested):
            both = _both(known.witness, witness) if known.witness is not None else None
            if both is None:
                continue
            made = self._written(both, [*known.meets, one], ways=1)
            if made is not None:
                self.suggested[at] = made
                return True
            tried += 1
            if tried == MOST_JOINED:
                break
        return False

    def _written(
        self, witness: Witness, meeting: list[Goal], *, ways: int = MOST_WAYS
    ) -> Suggestion[Goal] | None:
        """The profile of a patient, if one of so many ways to record them meets all of these."""

        def write(rulebook: Rulebook, as_of: date, shows: Shows) -> Plain | None:
            return realised(witness, rulebook, as_of, "suggested", shows)[0]

        return self._made(witness, meeting, write, ways=ways)

    def _made(
        self,
        witness: Witness | None,
        meeting: list[Goal],
        write: Callable[[Rulebook, date, Shows], Plain | None],
        *,
        ways: int = MOST_WAYS,
    ) -> Suggestion[Goal] | None:
        cases: list[Case] = []

        def meets(answer: Recommendation, _stops: object) -> bool:
            self._tried += 1
            case = self._cases.case(f"tried {self._tried}", answer.profile, self._as_of)
            cases.append(case)
            if len(cases) > ways:
                raise _Enough
            return all(self._met(one, case) for one in reversed(meeting))

        try:
            plain = write(self._rulebook, self._as_of, meets)
        except _Enough:
            return None
        return None if plain is None else Suggestion(witness, plain, cases[-1], meeting)

    def files(self, prefix: str) -> Iterator[tuple[str, Plain]]:
        """The suggested vignettes with their names, which begin alike."""
        for n, one in enumerate(self.suggested, start=1):
            name = f"{prefix}-{n:03}"
            yield name, vignette(one.plain, name, one.case.answer, map(self._about, one.meets))


def _both(one: Witness, other: Witness) -> Witness | None:
    """The patient of whom all of both is known; None where they contradict each other."""
    if (one.lifted, one.declined, one.prefers) != (other.lifted, other.declined, other.prefers):
        return None
    shared = one.possible.keys() & other.possible.keys()
    if any(one.possible[name] != other.possible[name] for name in shared):
        return None
    return replace(
        one,
        possible={**one.possible, **other.possible},
        wide={
            name: span
            for name, span in {**one.wide, **other.wide}.items()
            if name not in shared or one.wide.get(name) == other.wide.get(name)
        },
    )


def label(one: Obligation) -> str:
    """An obligation in short: `test safety.tms.epilepsy when.1 unknown`."""
    parts: list[str] = [one.aspect.value, one.about]
    if one.aspect.value in ("test", "boundary"):
        parts.append(".".join(map(str, ("when", *one.place))))
        parts.append(("false", "unknown", "true")[one.truth])
    if one.value is not None:
        parts.append(f"at {one.value}")
    if one.status is not None:
        parts.append(one.status.value)
    return " ".join(parts)


MOST_NAMED: Final = 8
"""Files of rules that a rationale names."""


def vignette(plain: Plain, name: str, answer: Recommendation, about: Iterable[str]) -> Plain:
    """A profile as an unreviewed vignette, with the answer of today.

    about: the rules and adaptations that it was made for.
    """
    expect = expectation(answer) | {"unreviewed": True, "rationale": _rationale(about)}
    return {**plain, "id": name.rpartition("/")[2], "expect": expect}


def _rationale(about: Iterable[str]) -> str:
    files = sorted({one.rpartition(".")[0] or one for one in about})
    more = len(files) - MOST_NAMED
    named = ", ".join(files[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"Written by a program to show or to pin rules of {named}. Nobody is like this."
