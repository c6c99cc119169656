"""`rules mutate`: which small changes of the rules would go unnoticed.

In: a rulebook, its vignettes and a day. Out: what became of each mutant, the same for the same
input. A mutant is killed where a vignette is no longer as expected, or else an example of the rule
fails; equivalent where every possible patient is proved to keep the same plan; otherwise it lives,
and a patient for whom the plan is another shows it. Nothing is called equivalent by trying. Where
what nobody has confirmed is counted as well, it has fates of its own: the score without it stays.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import partial
from typing import Any, Final, NamedTuple

from recommender.engines import native
from recommender.facts import Possible
from recommender.governance.comparing.comparing import Comparing
from recommender.governance.comparing.effects import seen
from recommender.governance.comparing.nearest import Neighbours, known
from recommender.governance.comparing.pair import BUDGET, Difference, Pair
from recommender.governance.findings import Plain, heading
from recommender.governance.jobs import in_order, without_collecting
from recommender.governance.mutation.bearing import bearing
from recommender.governance.mutation.killing import Killing
from recommender.governance.mutation.mutants import Mutant, mutants
from recommender.governance.run import Places
from recommender.governance.suites.cases import Case, Cases
from recommender.governance.suites.realise import realised
from recommender.governance.suites.suggest import Suite
from recommender.governance.vignettes import expectation
from recommender.governance.witness import Witness, written
from recommender.mdd import TooLarge
from recommender.pipeline import answer_of
from recommender.profile import Profile
from recommender.rulebook import Rulebook

GATES: Final[Mapping[str, Fraction]] = {"bearing": Fraction(1), "elsewhere": Fraction(95, 100)}
"""The score that a release needs, by class of rules."""
SMELLS_FROM: Final = 3
"""So many equivalent mutants, and a quarter of all, make a rule worth a look."""

Vignettes = Sequence[tuple[str, Profile]]


class Fate(StrEnum):
    """What became of a mutant."""

    VIGNETTE = "vignette"
    EXAMPLE = "example"
    PLAN = "plan"
    SUGGESTED = "suggested"
    EQUIVALENT = "equivalent"
    LIVE = "live"
    UNDECIDED = "undecided"


REVIEWED: Final = frozenset({Fate.VIGNETTE, Fate.EXAMPLE})
"""Noticed by what people wrote down."""
KILLED: Final = REVIEWED | {Fate.PLAN, Fate.SUGGESTED}
"""Noticed by anything: a pinned plan or vignette tells that something changed, and no more."""


class Decided(NamedTuple):
    """One mutant and its fate."""

    mutant: Mutant
    fate: Fate
    by: str = ""
    """The vignette or the example that noticed; of a live one, in what the plan differs."""
    about: tuple[str, ...] = ()
    vignette: str = ""
    """Of a live one, the vignette whose plan is another and that expects nothing of it."""
    edits: list[Plain] | None = None
    """Where it is another only once these findings of the vignette are otherwise."""
    witness: Plain | None = None
    """Where no vignette shows it, a patient who does."""
    profile: Plain | None = None
    """The witness as a profile that shows the difference; None where none could be written."""
    person: Witness | None = None
    otherwise: Mapping[str, Possible] | None = None
    """The edits, as what each finding has to be."""


@dataclass(frozen=True)
class Mutation:
    """Everything that was found."""

    rulebook: Rulebook
    as_of: date
    vignettes: int
    failing: tuple[str, ...]
    """Vignettes that are not as expected of the rulebook itself; they notice nothing."""
    decided: tuple[Decided, ...]
    bearing: frozenset[str]
    cases: Cases
    pinned: int | None = None
    """How many vignettes that nobody has confirmed were counted; None where none were to be."""

    def passes(self) -> bool:
        """Whether every class of rules reaches its score, and no vignette fails."""
        return not self.failing and all(
            (score := self.score(name)) is None or score >= least for name, least in GATES.items()
        )

    def of_class(self, name: str) -> list[Decided]:
        """The mutants of one class of rules."""
        wanted = name == "bearing"
        return [one for one in self.decided if (one.mutant.rule in self.bearing) is wanted]

    def score(self, name: str) -> Fraction | None:
        """The share killed of those that are not equivalent; None where there are none."""
        return score(self.of_class(name))


def score(decided: Sequence[Decided], by: Collection[Fate] = KILLED) -> Fraction | None:
    """The share killed of those that are not equivalent; None where there are none."""
    counting = [one for one in decided if one.fate is not Fate.EQUIVALENT]
    killed = sum(one.fate in by for one in counting)
    return Fraction(killed, len(counting)) if counting else None


@without_collecting()
def mutate(
    rulebook: Rulebook,
    vignettes: Vignettes,
    as_of: date,
    *,
    pinned: Vignettes | None = None,
    rules: Sequence[str] | None = None,
    budget: int = BUDGET,
    jobs: int = 1,
    tell: Callable[[str], None] = lambda _: None,
) -> Mutation:
    """What becomes of every mutant of a rulebook, or of these rules.

    pinned: vignettes that nobody has confirmed, to be counted apart together with the whole plans
    of the others; None counts neither. budget: nodes that the diagrams of one comparison may need.
    jobs: processes that share the work.
    """
    made = list(mutants(rulebook, rules))
    killing = Killing(rulebook, vignettes, made, as_of, pinned or ())
    deciding = _Deciding(rulebook, killing, as_of, budget, pins=pinned is not None)
    by_rule: dict[str, list[Mutant]] = {}
    for mutant in made:
        by_rule.setdefault(mutant.rule, []).append(mutant)
    decided: list[Decided] = []
    for found in in_order(deciding.of_rule, list(by_rule.values()), jobs):
        decided += found
        tell(f"{len(decided)} of {len(made)}")
    return Mutation(
        rulebook,
        as_of,
        len(vignettes),
        killing.failing,
        tuple(decided),
        bearing(rulebook),
        killing.cases,
        len(pinned) if pinned is not None else None,
    )


class _Deciding:
    """Decides the fate of mutants."""

    def __init__(
        self, rulebook: Rulebook, killing: Killing, as_of: date, budget: int, *, pins: bool
    ) -> None:
        self._rulebook = rulebook
        self._killing = killing
        self._pins = pins
        self._comparing = Comparing(rulebook, as_of, budget=budget)

    def of_rule(self, several: Sequence[Mutant]) -> list[Decided]:
        return [self._decided(one) for one in several]

    def _decided(self, mutant: Mutant) -> Decided:
        for fate, noticing in self._ways():
            name = noticing(mutant)
            if name:
                return Decided(mutant, fate, name)
        shown = self._killing.shown_by(mutant)
        if shown is not None:
            name, effect = shown
            return Decided(mutant, Fate.LIVE, effect.kind, effect.about, vignette=name)
        try:
            return self._compared(mutant)
        except TooLarge:
            return Decided(mutant, Fate.UNDECIDED, "too_large")

    def _ways(self) -> Iterator[tuple[Fate, Callable[[Mutant], str]]]:
        """What may notice a mutant, what authors vouch for first."""
        yield Fate.VIGNETTE, self._killing.vignette
        yield Fate.EXAMPLE, self._killing.example
        if self._pins:
            yield Fate.PLAN, self._killing.planned
            yield Fate.SUGGESTED, self._killing.pinned

    def _compared(self, mutant: Mutant) -> Decided:
        new = self._rulebook.with_rules(mutant.rules(self._rulebook))
        rule = self._rulebook.rules[mutant.rule]
        for pair in self._comparing.pairs(rule, mutant.mutated, new):
            difference = None
            for difference in pair.differences():
                witness = pair.somebody(difference)
                if witness is not None:
                    return self._live(mutant, pair, difference, witness)
            if difference is None:
                return Decided(mutant, Fate.EQUIVALENT)
        assert difference is not None
        return self._near(mutant, pair) or Decided(
            mutant, Fate.UNDECIDED, "no_witness", difference.effect.about
        )

    def _near(self, mutant: Mutant, pair: Pair) -> Decided | None:
        """A live one that a vignette shows once some of its findings are otherwise."""
        profiles = [(case.name, case.profile) for case in self._killing.cases.all]
        neighbours = Neighbours(pair, known(profiles, pair, read_alike=True)[0])
        for difference in pair.differences():
            found = neighbours.nearest(difference)
            if found is not None:
                effect, edits = difference.effect, [dict(one) for one in found.edits]
                return Decided(
                    mutant,
                    Fate.LIVE,
                    effect.kind,
                    effect.about,
                    found.vignette,
                    edits=edits,
                    otherwise=found.possible,
                )
        return None

    def _live(
        self, mutant: Mutant, pair: Pair, difference: Difference, witness: Witness
    ) -> Decided:
        effect = difference.effect
        return Decided(
            mutant,
            Fate.LIVE,
            effect.kind,
            effect.about,
            witness=written(witness, self._rulebook),
            profile=distinguishing(witness, pair, slug(mutant)),
            person=witness,
        )


def distinguishing(witness: Witness, pair: Pair, name: str) -> Plain | None:
    """A profile for whom the plans of two rulebooks differ, from a witness for whom they do."""

    def shows(answer: Any, _stops: Any) -> bool:
        trace = native.infer(answer.trace.facts, pair.new, pair.as_of)
        other, _ = answer_of(trace, answer.profile, answer.produced)
        return seen(answer) != seen(other)

    return realised(witness, pair.old, pair.as_of, name, shows)[0]


def slug(mutant: Mutant) -> str:
    """A name for what shows a mutant: `safety-tms-epilepsy.threshold.when-0`."""
    parts = (mutant.rule, mutant.operator.value, mutant.place)
    whole = ".".join(part.replace(".", "-").replace("_", "-") for part in parts)
    return whole[-63:].lstrip("-.")


def suite(found: Mutation, tell: Callable[[str], None] = lambda _: None) -> Suite[Mutant]:
    """Vignettes that notice living mutants, as few as are easily had."""
    notices = partial(_notices, found)
    made = Suite(found.rulebook, found.cases, found.as_of, notices, lambda one: one.rule)
    cases = {case.name: case for case in found.cases.all}
    living = [one for one in found.decided if one.fate is Fate.LIVE]
    for n, one in enumerate(living):
        tell(f"{n + 1} of {len(living)}")
        if one.person is not None:
            made.add(one.mutant, [one.person])
        elif one.otherwise is not None:
            made.add_edited(one.mutant, cases[one.vignette], one.otherwise)
    made.cross([one.mutant for one in found.decided if one.fate is Fate.UNDECIDED], tell)
    return made


def _notices(found: Mutation, mutant: Mutant, case: Case) -> bool:
    """Whether a mutant changes what a vignette would expect of a case, were all of it expected."""
    cases, book = found.cases, found.rulebook.with_rules(mutant.rules(found.rulebook))
    truth = cases.truth_of(mutant.mutated)(case)
    other = cases.changed(book, mutant.rule)(case, truth)
    return other is not None and expectation(other[0]) != expectation(case.answer)


# ------------------------------------------------------------------------------- as plain data


def document(
    found: Mutation, places: Places | None = None, made: Suite[Mutant] | None = None
) -> Plain:
    """The report as plain data, the same for the same input."""
    return {
        **heading("mutation/1", "mutate", found.rulebook, found.as_of),
        "vignettes": found.vignettes,
        "pinned": found.pinned,
        "failing": list(found.failing),
        "counts": _counts(found.decided),
        "operators": _by(found.decided, lambda one: one.mutant.operator.value),
        "classes": [
            {"class": name, **_counts(found.of_class(name)), **_scored(found, name, least)}
            for name, least in GATES.items()
        ],
        "rules": [
            {"rule": name, "bears": name in found.bearing, **_counts(several)}
            for name, several in _grouped(found.decided)
        ],
        "smells": list(_smells(found)),
        "live": [_shown(one, places or {}) for one in found.decided if one.fate is Fate.LIVE],
        "undecided": [
            _shown(one, places or {}) for one in found.decided if one.fate is Fate.UNDECIDED
        ],
        "equivalent": [
            _shown(one, places or {}) for one in found.decided if one.fate is Fate.EQUIVALENT
        ],
        "suggested": {
            "files": len(made.suggested),
            "meet": sum(len(one.meets) for one in made.suggested),
            "unwritten": [slug(one) for one in made.unwritten],
        }
        if made is not None
        else None,
        "passes": found.passes(),
    }


def _scored(found: Mutation, name: str, least: Fraction) -> Plain:
    reached = found.score(name)
    passes = reached is None or reached >= least
    return {"least": percent(least), "passes": passes}


def _counts(decided: Sequence[Decided]) -> Plain:
    counted = Counter(one.fate for one in decided)
    reached, reviewed = score(decided), score(decided, REVIEWED)
    counting = len(decided) - counted[Fate.EQUIVALENT]
    return {
        "mutants": len(decided),
        **{fate.value: counted[fate] for fate in Fate},
        "killed": f"{sum(counted[fate] for fate in KILLED)}/{counting}",
        "score": percent(reached) if reached is not None else "",
        "reviewed": f"{sum(counted[fate] for fate in REVIEWED)}/{counting}",
        "reviewed_score": percent(reviewed) if reviewed is not None else "",
    }


def percent(share: Fraction) -> str:
    """A share in percent to one decimal, rounded down: 100 is said of all and of nothing less."""
    tenths = share.numerator * 1000 // share.denominator
    return f"{tenths // 10}.{tenths % 10} %" if tenths % 10 else f"{tenths // 10} %"


def _by(decided: Sequence[Decided], key: Callable[[Decided], str]) -> list[Plain]:
    groups: dict[str, list[Decided]] = {}
    for one in decided:
        groups.setdefault(key(one), []).append(one)
    return [{"operator": name, **_counts(groups[name])} for name in sorted(groups)]


def _grouped(decided: Sequence[Decided]) -> Iterator[tuple[str, list[Decided]]]:
    groups: dict[str, list[Decided]] = {}
    for one in decided:
        groups.setdefault(one.mutant.rule, []).append(one)
    yield from groups.items()


def _smells(found: Mutation) -> Iterator[Plain]:
    """Rules of which much can be changed without any effect."""
    for name, several in _grouped(found.decided):
        same = sum(one.fate is Fate.EQUIVALENT for one in several)
        if same >= SMELLS_FROM and 4 * same >= len(several):
            yield {"rule": name, "equivalent": same, "mutants": len(several)}


def _shown(one: Decided, places: Places) -> Plain:
    mutant = one.mutant
    return {
        "rule": mutant.rule,
        "file": places.get(("rules", mutant.rule), ""),
        "operator": mutant.operator.value,
        "place": mutant.place,
        "before": mutant.before,
        "after": mutant.after,
        "why": one.by,
        "about": list(one.about),
        "vignette": one.vignette,
        "edits": one.edits,
        "witness": one.witness,
        "profile": one.profile,
    }
