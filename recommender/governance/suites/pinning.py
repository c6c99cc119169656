"""`rules pin`: the vignettes of `profiles/suggested`, made anew for the rules as they are.

In: a rulebook, its vignettes, the suggested ones there are and a day. Out: few vignettes with which
everything is shown and every change noticed that a vignette can be written for, with today's answer
under `expect` and `unreviewed: true`. Those there are stay as far as they are of use. Nobody has
confirmed any of it: it pins what the rules do, right or wrong.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from recommender.content import read_yaml
from recommender.errors import ContentError, EngineError, ProfileError
from recommender.governance.coverage import coverage as covering
from recommender.governance.coverage.covering import Covering
from recommender.governance.jobs import in_order
from recommender.governance.mutation import mutate as mutation
from recommender.governance.mutation.killing import Killing
from recommender.governance.suites.cases import Cases
from recommender.governance.suites.suggest import label, vignette
from recommender.pipeline import recommend
from recommender.profile import Profile, as_profile
from recommender.rulebook import Rulebook

Plain = Mapping[str, Any]
Vignettes = Sequence[tuple[str, Profile]]


@dataclass(frozen=True)
class Pinned:
    """The suite, and what it could not be made to hold."""

    files: tuple[tuple[str, Plain], ...]
    added: int
    dropped: int
    not_shown: tuple[str, ...]
    not_noticed: tuple[str, ...]
    """What somebody shows, or would notice, for whom no profile could be written."""


def pin(
    rulebook: Rulebook,
    vignettes: Vignettes,
    old: Sequence[tuple[str, Plain]],
    as_of: date,
    *,
    jobs: int = 1,
    tell: Callable[[str], None] = lambda _: None,
) -> Pinned:
    """The suite anew. old: the files there are, by name; those that cannot be read are dropped."""
    pinning = _Pinning(rulebook, vignettes, as_of, jobs, tell)
    return pinning.all({name: one for name, one in old if pinning.answers(one)}, len(old))


class _Pinning:
    """Puts the suite together."""

    def __init__(
        self,
        rulebook: Rulebook,
        vignettes: Vignettes,
        as_of: date,
        jobs: int,
        tell: Callable[[str], None],
    ) -> None:
        self._rulebook = rulebook
        self._vignettes = vignettes
        self._as_of = as_of
        self._jobs = jobs
        self._tell = tell

    def answers(self, plain: Plain) -> bool:
        """Whether the rules as they are have an answer for a profile."""
        try:
            recommend(as_profile(_bare(plain)), self._rulebook, as_of=self._as_of)
        except (EngineError, ProfileError):
            return False
        return True

    def all(self, old: dict[str, Plain], were: int) -> Pinned:
        """The old ones and more of them, then without those that are of no use."""
        known = dict(old)
        shown = covering.coverage(
            self._rulebook,
            self._vignettes,
            self._as_of,
            pinned=self._profiles(known),
            jobs=self._jobs,
            tell=self._telling("what is shown"),
        )
        wanting = covering.suite(shown, self._telling("vignettes for what is not"))
        self._add(known, wanting.suggested)
        noticed = mutation.mutate(
            self._rulebook,
            self._vignettes,
            self._as_of,
            pinned=self._profiles(known),
            jobs=self._jobs,
            tell=self._telling("what is noticed"),
        )
        living = mutation.suite(noticed, self._telling("vignettes for what is not"))
        self._add(known, living.suggested)
        kept = dict(sorted(self._needed(known, shown, noticed).items()))
        return Pinned(
            tuple((name, self._file(name, known[name], kept[name])) for name in kept),
            sum(name not in old for name in kept),
            sum(name not in kept for name in old) + were - len(old),
            tuple(map(label, wanting.unwritten)),
            tuple(map(mutation.slug, living.unwritten)),
        )

    def _telling(self, doing: str) -> Callable[[str], None]:
        return lambda at: self._tell(f"{doing}: {at}")

    def _profiles(self, known: Mapping[str, Plain]) -> list[tuple[str, Profile]]:
        return [(name, as_profile(self._file(name, one, ()))) for name, one in known.items()]

    def _file(self, name: str, plain: Plain, about: Iterable[str]) -> Plain:
        bare = _bare(plain)
        answer = recommend(as_profile(bare), self._rulebook, as_of=self._as_of)
        return vignette(bare, name, answer, about)

    @staticmethod
    def _add(known: dict[str, Plain], more: Iterable[Any]) -> None:
        for one in more:
            at = 1 + max((int(name.rpartition("-")[2]) for name in known), default=0)
            known[f"pinned-{at:03}"] = one.plain

    def _needed(
        self, known: Mapping[str, Plain], shown: covering.Coverage, noticed: mutation.Mutation
    ) -> dict[str, list[str]]:
        """The vignettes that are of use beside the others, each with what it is for."""
        self._tell("which are of use")
        uses = [*self._shows(known, shown), *self._notices(known, noticed)]
        return few([(about, frozenset(names)) for about, names in uses if names])

    def _shows(
        self, known: Mapping[str, Plain], shown: covering.Coverage
    ) -> Iterator[tuple[str, list[str]]]:
        cases = Cases(self._rulebook, self._profiles(known), self._as_of)
        met, pinned = Covering(self._rulebook, cases).met, cases.all
        owed = [one.obligation for one in shown.shown if one.fate is not covering.Fate.MET]
        several = in_order(
            lambda one: [case.name for case in pinned if met(one, case)], owed, self._jobs
        )
        for one, names in zip(owed, several, strict=True):
            yield one.about, names

    def _notices(
        self, known: Mapping[str, Plain], noticed: mutation.Mutation
    ) -> Iterator[tuple[str, list[str]]]:
        fates = (mutation.Fate.SUGGESTED, mutation.Fate.LIVE)
        mutants = [one.mutant for one in noticed.decided if one.fate in fates]
        profiles = self._profiles(known)
        killing = Killing(self._rulebook, [], mutants, self._as_of, profiles)
        several = in_order(lambda one: list(killing.every_pinned(one)), mutants, self._jobs)
        for one, names in zip(mutants, several, strict=True):
            yield one.rule, names


def few(uses: Sequence[tuple[str, frozenset[str]]]) -> dict[str, list[str]]:
    """Few names of which each use has one, with the uses each was taken for.

    uses: what for, and the names that will do. The name that serves most of what is left is taken
    first, by name where several do; one that the others make needless is left out again.
    """
    left = list(uses)
    taken: list[str] = []
    while left:
        counts: dict[str, int] = {}
        for _, names in left:
            for name in names:
                counts[name] = counts.get(name, 0) + 1
        best = min(counts, key=lambda name: (-counts[name], name))
        taken.append(best)
        left = [one for one in left if best not in one[1]]
    kept = set(taken)
    for name in taken:
        if all(names & (kept - {name}) for _, names in uses):
            kept.remove(name)
    found: dict[str, list[str]] = {name: [] for name in taken if name in kept}
    for about, names in uses:
        found[next(name for name in found if name in names)].append(about)
    return found


def _bare(plain: Plain) -> dict[str, Any]:
    return {key: value for key, value in plain.items() if key != "expect"}


def old_files(folder: Path) -> list[tuple[str, Plain]]:
    """The files of a folder by name, as plain data; without those that are no YAML."""
    found: list[tuple[str, Plain]] = []
    for path in sorted(folder.glob("*.yaml")):
        with suppress(ContentError):
            found.append((path.stem, dict(read_yaml(path.read_bytes(), path.name).data)))
    return found


def document(found: Pinned) -> dict[str, Any]:
    """What became of the suite, as plain data."""
    return {
        "schema": "pinned/1",
        "command": "pin",
        "files": len(found.files),
        "added": found.added,
        "dropped": found.dropped,
        "not_shown": list(found.not_shown),
        "not_noticed": list(found.not_noticed),
    }
