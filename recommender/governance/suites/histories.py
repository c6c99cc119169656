"""Histories of treatment that give all counts of trials at once.

In: for some features that count trials what they may be, and a day. Out: lists of treatments by
which each of them is so, as plain data. All counts come from one list: what makes one of them makes
others, and what is left out of a trial leaves open whether it counts.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from itertools import chain, islice, product, zip_longest
from typing import Any, Final, NamedTuple

from recommender.conditions import FALSE, TRUE, UNKNOWN, Truth
from recommender.facts import Possible, Span
from recommender.governance.derivations import TRIALS
from recommender.measures import Standards, trial_counts
from recommender.profile import Treatment
from recommender.rulebook import Rulebook
from recommender.vocabulary import Feature, Kind, Source

Plain = dict[str, Any]

_LEFT_OUT: Final = None
_DRUGS: Final = (("sertraline", 200), ("venlafaxine", 225), ("mirtazapine", 45), ("bupropion", 300))
_OUTCOMES: Final = ("none", "not_tolerated", "response", _LEFT_OUT)
_MOST_SORTED: Final = 4000
_MOST_OF_KIND: Final = 6
"""Ways in which the trials of one kind may have gone, where several kinds are counted."""
_RECENT: Final = 90
"""Days since a trial ended that is to be recent."""


class _Trial(NamedTuple):
    """One way a treatment may have gone, and by which features it counts."""

    plain: Plain
    counts: tuple[Truth, ...]


class _Needed(NamedTuple):
    """What one count has to be: inside a stretch, or open from its lower end on."""

    span: Span
    open: bool

    def by(self, low: int, high: int) -> bool:
        """Whether it is so."""
        if self.open and self.span.low < self.span.high and not self.span.low == low < high:
            return False
        return self.span.low <= low and high <= self.span.high


def counts_trials(feature: Feature) -> bool:
    """Whether a feature is a number of trials, and comes from nothing else."""
    return feature.type is Kind.INTEGER and bool(_sources(feature)) and len(feature.from_) == 1


def histories(
    wanted: Mapping[str, Possible],
    any_of: Collection[str],
    rulebook: Rulebook,
    as_of: date,
    most: int,
) -> Iterator[list[Plain]]:
    """So many of them at most, of few treatments, by turns with much and with little left open.

    Then the same with trials beside them that leave open what is not among the wanted.

    any_of: the features of which any value of the stretch will do; of others it is what is known.
    """
    features = {name: rulebook.features[name] for name in wanted}
    spans = [one for one in wanted.values() if isinstance(one, Span)]
    if len(spans) != len(wanted):
        return
    trials = rulebook.derived(_distinct, as_of, tuple(features))
    needs = [_Needed(one, open=name not in any_of) for name, one in zip(wanted, spans, strict=True)]
    kinds = [_sources(feature)[0].kind for feature in features.values()]
    by_kind = [
        list(enumerate(islice(_of_kind(kind, kinds, needs, trials), _MOST_OF_KIND)))
        for kind in dict.fromkeys(kinds)
    ]
    plainest = sorted(product(*by_kind), key=lambda several: sum(at for at, _ in several))
    found = [tuple(chain.from_iterable(trials for _, trials in some)) for some in plainest[:most]]
    yield from (_named(some) for some in found if some)
    yield from ([*_named(some), *_unclear(rulebook, kinds)] for some in found)


def _unclear(rulebook: Rulebook, kinds: Collection[str | None]) -> Iterator[Plain]:
    """A trial of each kind that is not among these, of which it is open how it went."""
    counting = (_sources(one)[0].kind for one in rulebook.features.values() if counts_trials(one))
    for kind in dict.fromkeys(counting):
        if kind is not None and kind not in kinds:
            yield {"kind": kind, "episode": "current"}


def _of_kind(
    kind: str | None, kinds: list[str | None], needs: list[_Needed], trials: list[_Trial]
) -> Iterator[tuple[_Trial, ...]]:
    """Trials by which the counts of one kind are right: none, or few of them."""
    own = [at for at, one in enumerate(kinds) if one == kind]
    mine = [
        trial._replace(counts=tuple(trial.counts[at] for at in own))
        for trial in trials
        if kind is None or trial.plain["kind"] == kind
    ]
    needed = [needs[at] for at in own]
    if _fits((), needed):
        yield ()
    found = sorted(
        islice(_fitting(mine, needed), _MOST_SORTED),
        key=lambda some: sum(one.counts.count(UNKNOWN) for one in some),
    )
    by_turns = chain.from_iterable(zip_longest(found, reversed(found)))
    yield from islice(filter(None, by_turns), len(found))


def _fitting(trials: list[_Trial], needs: list[_Needed]) -> Iterator[tuple[_Trial, ...]]:
    """Few trials of one or two kinds by which every count is in its span."""
    for one, n in product(trials, range(1, 4)):
        if _fits((one,) * n, needs):
            yield (one,) * n
    for at, one in enumerate(trials):
        for other in trials[at + 1 :]:
            for several in ((one, other), (one, one, other), (one, other, other)):
                if _fits(several, needs):
                    yield several


def _fits(several: tuple[_Trial, ...], needs: list[_Needed]) -> bool:
    for at, needed in enumerate(needs):
        truths = [one.counts[at] for one in several]
        if not needed.by(truths.count(TRUE), len(truths) - truths.count(FALSE)):
            return False
    return True


def _distinct(rulebook: Rulebook, as_of: date, first: tuple[str, ...]) -> list[_Trial]:
    """One trial for each way of counting, with the features asked for in front."""
    names = [*first, *(n for n, one in rulebook.features.items() if counts_trials(one))]
    sources = [_sources(rulebook.features[name])[0] for name in dict.fromkeys(names)]
    held_to = Standards(rulebook.doses, as_of)
    found: dict[tuple[Truth, ...], _Trial] = {}
    for plain in _templates(sources, as_of):
        trial = Treatment.model_validate(plain)
        counts = tuple(
            trial_counts(trial, s, held_to, adequate=s.measure == "adequate_trials")
            for s in sources
        )
        if any(counts):
            found.setdefault(counts, _Trial(plain, counts))
    return list(found.values())


def _templates(sources: list[Source], as_of: date) -> Iterator[Plain]:
    """Treatments of each kind that is counted, in all that bears on whether they count."""
    recent = (as_of - timedelta(days=_RECENT)).isoformat()
    for kind in dict.fromkeys(one.kind for one in sources if one.kind):
        mine = [one for one in sources if one.kind == kind]
        parts: dict[str, tuple[Any, ...]] = {
            "kind": (kind,),
            "episode": ("current", "earlier"),
            "outcome": _OUTCOMES,
        }
        modalities = dict.fromkeys(m for one in mine for m in one.modality or ())
        if modalities:
            parts["modality"] = (*modalities, _LEFT_OUT)
        if any(one.weeks for one in mine):
            parts["weeks"] = tuple(dict.fromkeys([*(o.weeks for o in mine if o.weeks), 1, None]))
            parts["adherent"] = (True, _LEFT_OUT)
        if any(one.sessions for one in mine):
            parts["attended"] = (16, 1, _LEFT_OUT)
        if any(one.obstacles for one in mine):
            parts["obstacles"] = ([], ["inertia"], _LEFT_OUT)
        if any(one.within_months for one in mine):
            parts["ended"] = (recent, _LEFT_OUT)
        if kind == "antidepressant":
            parts |= {"agent": ("sertraline",), "dose_mg": (200,)}
        for values in product(*parts.values()):
            yield {key: v for key, v in zip(parts, values, strict=True) if v is not _LEFT_OUT}


def _named(several: tuple[_Trial, ...]) -> list[Plain]:
    """The treatments, with another drug in each."""
    made = []
    for n, one in enumerate(several):
        agent, dose = _DRUGS[n % len(_DRUGS)]
        other = {"agent": agent, "dose_mg": dose} if "agent" in one.plain else {}
        made.append(one.plain | other)
    return made


def _sources(feature: Feature) -> list[Source]:
    return [one for one in feature.from_ if isinstance(one, Source) and one.measure in TRIALS]
