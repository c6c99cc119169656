"""`rules coverage`: how much of a rulebook its vignettes show, and what nobody could show.

In: a rulebook, its vignettes and a day. Out: each obligation with what became of it, the same for
the same input. What is proved infeasible leaves the count and is listed; where neither a patient
nor a proof was found an obligation counts as missing.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Final, NamedTuple

from recommender.conditions import say_test
from recommender.governance.comparing.pair import BUDGET
from recommender.governance.coverage.covering import Covering
from recommender.governance.coverage.feasible import Chance, Feasible, Verdict
from recommender.governance.coverage.obligations import Aspect, Obligation, obligations
from recommender.governance.findings import Plain, heading
from recommender.governance.jobs import in_order, without_collecting
from recommender.governance.mutation.mutate import percent
from recommender.governance.run import Places
from recommender.governance.suites.cases import Cases
from recommender.governance.suites.suggest import Suite, label
from recommender.governance.witness import Witness
from recommender.profile import Profile
from recommender.rulebook import Rulebook

Vignettes = Sequence[tuple[str, Profile]]


class Fate(StrEnum):
    """What became of an obligation."""

    MET = "met"
    SUGGESTED = "suggested"
    """Met by a vignette that nobody has confirmed, and by no other."""
    MISSING = "missing"
    INFEASIBLE = "infeasible"
    UNDECIDED = "undecided"


class Shown(NamedTuple):
    """One obligation and its fate."""

    obligation: Obligation
    fate: Fate
    vignette: str = ""
    witness: Witness | None = None
    """Somebody who meets it, where no vignette does."""


@dataclass(frozen=True)
class Coverage:
    """Everything that was found."""

    rulebook: Rulebook
    as_of: date
    vignettes: int
    shown: tuple[Shown, ...]
    cases: Cases
    pinned: int | None = None
    """How many vignettes that nobody has confirmed were counted; None where none were to be."""

    def complete(self) -> bool:
        """Whether everything that can be shown is."""
        return all(one.fate in (*SHOWN, Fate.INFEASIBLE) for one in self.shown)

    def share(self, *by: Fate) -> Fraction:
        """The share so met of all that is not proved infeasible."""
        return _share(self.shown, by)


SHOWN: Final = (Fate.MET, Fate.SUGGESTED)


@without_collecting()
def coverage(
    rulebook: Rulebook,
    vignettes: Vignettes,
    as_of: date,
    *,
    pinned: Vignettes | None = None,
    rules: Collection[str] | None = None,
    budget: int = BUDGET,
    jobs: int = 1,
    tell: Callable[[str], None] = lambda _: None,
) -> Coverage:
    """What the vignettes of a rulebook show, or of these rules alone.

    pinned: vignettes that nobody has confirmed, to be counted apart; None counts none. budget:
    nodes that the diagrams of one proof may need. jobs: processes that share the work.
    """
    cases = Cases(rulebook, [*vignettes, *(pinned or ())], as_of)
    looking = _Looking(rulebook, cases, as_of, budget, frozenset(n for n, _ in pinned or ()))
    by_subject: dict[tuple[bool, str], list[Obligation]] = {}
    for one in obligations(rulebook, as_of):
        if rules is not None and one.about not in rules:
            continue
        by_subject.setdefault((one.aspect is Aspect.STATUS, one.about), []).append(one)
    shown: list[Shown] = []
    for n, found in enumerate(in_order(looking.at, list(by_subject.values()), jobs)):
        tell(f"{n + 1} of {len(by_subject)}")
        shown += found
    counted = len(pinned) if pinned is not None else None
    return Coverage(rulebook, as_of, len(vignettes), tuple(shown), cases, counted)


class _Looking:
    """Looks for what meets obligations."""

    def __init__(
        self, rulebook: Rulebook, cases: Cases, as_of: date, budget: int, pinned: frozenset[str]
    ) -> None:
        self._cases = cases
        self._pinned = pinned
        self._covering = Covering(rulebook, cases)
        self._feasible = Feasible(rulebook, as_of, budget=budget)

    def at(self, several: Sequence[Obligation]) -> list[Shown]:
        return [
            self._met(one, name) if name else _missing(one, self._feasible.chance(one))
            for one, name in self._covering.first(several, self._cases.all)
        ]

    def _met(self, one: Obligation, name: str) -> Shown:
        return Shown(one, Fate.SUGGESTED if name in self._pinned else Fate.MET, name)


_MISSING = {
    Verdict.INFEASIBLE: Fate.INFEASIBLE,
    Verdict.FEASIBLE: Fate.MISSING,
    Verdict.UNDECIDED: Fate.UNDECIDED,
}


def _missing(one: Obligation, chance: Chance) -> Shown:
    return Shown(one, _MISSING[chance.verdict], "", chance.witness)


def suite(found: Coverage, tell: Callable[[str], None] = lambda _: None) -> Suite[Obligation]:
    """Vignettes for what is missing, as few as are easily had."""
    met = Covering(found.rulebook, found.cases).met
    made = Suite(found.rulebook, found.cases, found.as_of, met, lambda one: one.about)
    feasible = Feasible(found.rulebook, found.as_of)
    missing = [one for one in found.shown if one.witness is not None]
    for n, one in enumerate(missing):
        tell(f"{n + 1} of {len(missing)}")
        made.add(one.obligation, _people(one, feasible))
    open_ = [one.obligation for one in found.shown if one.fate is Fate.UNDECIDED]
    made.cross(open_, tell)
    return made


def _people(one: Shown, feasible: Feasible) -> Iterator[Witness]:
    """People who meet an obligation; further ones are looked for when they are asked for."""
    assert one.witness is not None
    yield one.witness
    yield from feasible.further(one.obligation)


# ------------------------------------------------------------------------------- as plain data


def document(
    found: Coverage, places: Places | None = None, made: Suite[Obligation] | None = None
) -> Plain:
    """The report as plain data, the same for the same input."""
    return {
        **heading("coverage/1", "coverage", found.rulebook, found.as_of),
        "vignettes": found.vignettes,
        "pinned": found.pinned,
        "aspects": [
            {"aspect": aspect.value}
            | _counts(one for one in found.shown if one.obligation.aspect is aspect)
            for aspect in Aspect
        ],
        **{
            fate.value: [
                _written(one, found, places or {}) for one in found.shown if one.fate is fate
            ]
            for fate in (Fate.MISSING, Fate.UNDECIDED, Fate.INFEASIBLE)
        },
        "shown": [
            _written(one, found, places or {})
            | {"vignette": one.vignette, "confirmed": one.fate is Fate.MET}
            for one in found.shown
            if one.fate in SHOWN
        ],
        "suggested": {
            "files": len(made.suggested),
            "meet": sum(len(one.meets) for one in made.suggested),
            "unwritten": [label(one) for one in made.unwritten],
        }
        if made is not None
        else None,
        "all": _counts(found.shown),
        "complete": found.complete(),
    }


def _counts(several: Iterable[Shown]) -> Plain:
    listed = list(several)
    counted = {fate.value: sum(one.fate is fate for one in listed) for fate in Fate}
    feasible = len(listed) - counted["infeasible"]
    return {
        **counted,
        "share": percent(_share(listed, SHOWN)),
        "reviewed_share": percent(_share(listed, (Fate.MET,))),
        "of": feasible,
    }


def _share(several: Iterable[Shown], by: Collection[Fate]) -> Fraction:
    fates = [one.fate for one in several if one.fate is not Fate.INFEASIBLE]
    return Fraction(sum(fate in by for fate in fates), len(fates)) if fates else Fraction(1)


def _written(one: Shown, found: Coverage, places: Places) -> Plain:
    owed = one.obligation
    of_rule = owed.aspect is not Aspect.STATUS
    return {
        "aspect": owed.aspect.value,
        "about": owed.about,
        "file": places.get(("rules", owed.about), "") if of_rule else "",
        "place": ".".join(map(str, ("when", *owed.place))) if _of_test(owed) else "",
        "test": _said(owed, found.rulebook) if _of_test(owed) else "",
        "truth": ("false", "unknown", "true")[owed.truth] if _of_test(owed) else "",
        "value": owed.value,
        "status": owed.status.value if owed.status is not None else "",
    }


def _of_test(owed: Obligation) -> bool:
    return owed.aspect in (Aspect.TEST, Aspect.BOUNDARY)


def _said(owed: Obligation, rulebook: Rulebook) -> str:
    test = owed.test(rulebook)
    return say_test(test, rulebook.features[test.feature])
