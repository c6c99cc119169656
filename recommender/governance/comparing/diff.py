"""`rules diff`: what a new rulebook does otherwise, for whom, and because of which edit.

In: an old and a new rulebook, vignettes and a day. Out: a Report: one finding for each class of
people whose plan changes, with the nearest vignette, and one for each thing that is only said
otherwise. It is EQUIVALENT where nothing can change anybody's plan, which is then proved.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from typing import Any, Final

from recommender.candidates import Status
from recommender.conditions import tests_of
from recommender.governance.comparing.effects import (
    ADAPTATION,
    ASSUMPTION,
    CAUTION,
    LIFTING,
    MEMBERSHIP,
    STOP,
    Effect,
    plain,
)
from recommender.governance.comparing.nearest import Known, Neighbours, known
from recommender.governance.comparing.nearest import shows as shown_by
from recommender.governance.comparing.pair import BUDGET, UNSURE, Difference, Pair, meaning
from recommender.governance.comparing.rewritten import information, rewritten, written
from recommender.governance.comparing.side_by_side import side_by_side
from recommender.governance.findings import Finding, Plain, Report, Severity, Verdict
from recommender.governance.search import Search
from recommender.governance.witness import Witness, witness_of
from recommender.governance.witness import written as described
from recommender.mdd import Diagrams, Node, TooLarge
from recommender.profile import Profile
from recommender.recommendation import Recommendation
from recommender.rulebook import Rulebook
from recommender.rules import Rule, Verb

MOST_ALONE: Final = 60
"""Edited rules that are each tried alone to say which of them makes a change."""
MOST_TOGETHER: Final = 8
"""Of those behind one change, how many are tried together."""
BLOCKED: Final = frozenset({Status.EXCLUDED, Status.WITHHELD})
READING: Final = ("from_", "safety", "valid_for", "usable_for", "accepts_other")
"""Keys of a feature that say how it is read from a profile."""

Tell = Callable[[str], None]
Class = tuple[Effect, Any, Any]


def compare(
    old: Rulebook,
    new: Rulebook,
    as_of: date,
    vignettes: Sequence[tuple[str, Profile]] = (),
    *,
    budget: int = BUDGET,
    tell: Tell = lambda _: None,
) -> Report:
    """The report on two rulebooks; the same for the same rulebooks, vignettes and day."""
    return _Comparison(old, new, as_of, vignettes, budget, tell).report()


class _Comparison:
    def __init__(
        self,
        old: Rulebook,
        new: Rulebook,
        as_of: date,
        vignettes: Sequence[tuple[str, Profile]],
        budget: int,
        tell: Tell,
    ) -> None:
        self._old, self._given, self._as_of = old, new, as_of
        self._budget, self._tell = budget, tell
        self._renamed = dict(_renamed(old, new, as_of))
        self._new = new.with_rules(_under_old_names(new, self._renamed)) if self._renamed else new
        self._pair = Pair(old, self._new, as_of, budget=budget)
        self._vignettes = vignettes
        self._edited = sorted(
            name
            for name in dict.fromkeys([*old.rules, *self._new.rules])
            if meaning(old.rules.get(name), as_of) != meaning(self._new.rules.get(name), as_of)
        )
        self._alone: dict[frozenset[str], frozenset[Class]] = {}

    def report(self) -> Report:
        self._tell("vignettes")
        same = self._old.digest == self._given.digest
        alike = not self._read_otherwise and self._old.used == self._new.used
        compared = () if same else self._vignettes
        found, refused = known(compared, self._pair, read_alike=alike)
        plans = list(self._plans(found))
        findings = [
            *plans,
            *self._unmarked(plans),
            *self._readings(found),
            *(information("refused", name, "", why=why) for name, why in refused.items()),
            *rewritten(self._old, self._new, self._edited, self._renamed),
        ]
        changed = [one for one in found if one.changes]
        header = self._given.header
        return Report(
            rulebook={"id": header.id, "version": header.version, "digest": self._given.digest},
            command="diff",
            findings=findings,
            assumptions={
                "before": {
                    "id": self._old.header.id,
                    "version": self._old.header.version,
                    "digest": self._old.digest,
                },
                "links": [link.text.title for link in self._given.links],
                "as_of": self._as_of.isoformat() if self._is_dated else None,
            },
            figures={
                "equivalent": not any(
                    one.severity is not Severity.INFO and one.check != "promise" for one in findings
                ),
                "safety": any(one.severity is Severity.ERROR for one in findings),
                "rules_edited": self._edited,
                "vignettes": len(self._vignettes),
                "vignettes_changed": [side_by_side(one) for one in changed],
            },
        )

    @property
    def _is_dated(self) -> bool:
        return any(
            rule.text.effective_period is not None
            for book in (self._old, self._given)
            for rule in book.rules.values()
        )

    # -- plans that change ------------------------------------------------------------------

    def _plans(self, vignettes: Sequence[Known]) -> Iterator[Finding]:
        pair = self._pair
        if pair.unmapped:
            yield Finding(
                "unmapped",
                ", ".join(pair.unmapped),
                Verdict.UNDECIDED,
                Severity.ERROR,
                "",
                why="unmapped",
            )
            return
        neighbours = Neighbours(pair, vignettes)
        for effect in pair.touched():
            self._tell(" ".join(effect.about))
            try:
                found = list(pair.differing(effect))
                if effect.kind == LIFTING:
                    yield from self._lifting(found)
                    continue
                for difference in found:
                    yield from self._finding(difference, vignettes, neighbours)
            except TooLarge:
                yield self._undecided(effect, "too_large")

    def _unmarked(self, found: Sequence[Finding]) -> Iterator[Finding]:
        """Rules whose unknown does something else, with the same marks in everybody's plan."""
        told = {c["rule"] for one in found for c in one.details.get("causes", ())}
        told |= {one.subject for one in found}
        for name in self._edited:
            old, new = self._old.rules.get(name), self._new.rules.get(name)
            if old is None or new is None or name in told:
                continue
            if old.verb in (Verb.EXCLUDE, Verb.REFER) and old.unknown_means != new.unknown_means:
                stop = Effect(STOP, (name,), name)
                yield self._undecided(stop, "unmarked")

    def _finding(
        self, difference: Difference, vignettes: Sequence[Known], neighbours: Neighbours
    ) -> Iterator[Finding]:
        effect = difference.effect
        showing = [one.name for one in vignettes if shown_by(difference, one)]
        nearest = None if showing else neighbours.nearest(difference)
        witness = None if showing or nearest else self._pair.somebody(difference)
        if not (showing or nearest or witness):
            if effect.kind in _MASKABLE and self._is_masked(difference):
                return
            yield self._undecided(effect, "not_shown")
            return
        causes, together = self._causes(difference)
        shown: Plain = {
            "vignettes": showing,
            "nearest": nearest
            and {
                "vignette": nearest.vignette,
                "edits": list(nearest.edits),
                "plans": side_by_side(nearest.edited),
            },
        }
        yield self._found(difference, causes, shown, together=together)

    def _lifting(self, found: Sequence[Difference]) -> Iterator[Finding]:
        """A rule that an act lifts after other findings than before: once for all its classes.

        Somebody shows it: whose act came after some of these findings, and before the others.
        """
        certain = [one for one in found if one.before is not UNSURE]
        if certain:
            causes = [name for name in self._edited if name == certain[0].effect.rule]
            shown: Plain = {"vignettes": [], "nearest": None}
            yield self._found(certain[0], causes, shown, more=len(certain) - 1)
        elif found:
            yield self._undecided(found[0].effect, "when_lifted")

    def _found(
        self,
        difference: Difference,
        causes: Sequence[str],
        shown: Plain,
        *,
        together: bool = False,
        more: int = 0,
    ) -> Finding:
        effect = difference.effect
        details: Plain = {
            "effect": effect.kind,
            "about": list(effect.about),
            "rule": effect.rule,
            "before": plain(effect.kind, difference.before),
            "after": plain(effect.kind, difference.after),
            "safety": self._is_safety(difference, causes),
            "causes": [self._cause(name) for name in causes],
            "together": together,
            **shown,
            "region": self._region(difference),
            "share": self._share(difference.where),
        }
        return Finding(
            effect.kind,
            effect.rule or " ".join(effect.about),
            Verdict.FOUND,
            Severity.ERROR if details["safety"] else Severity.WARNING,
            self._title(effect),
            more=more,
            details=details,
        )

    def _undecided(self, effect: Effect, why: str) -> Finding:
        return Finding(
            effect.kind,
            effect.rule or " ".join(effect.about),
            Verdict.UNDECIDED,
            Severity.ERROR,
            self._title(effect),
            why=why,
        )

    def _is_masked(self, difference: Difference) -> bool:
        """Whether a stop holds everybody whom it concerns."""
        left = self._pair.free(difference.where, difference.effect.about)
        return left == self._pair.before.world.no

    def _title(self, effect: Effect) -> str:
        for book in (self._given, self._old):
            if effect.rule in book.rules:
                return book.rules[effect.rule].text.title
        titles = [
            book.adaptations[name].title
            for name in effect.about
            for book in (self._given, self._old)
            if name in book.adaptations
        ]
        return "; ".join(dict.fromkeys(titles))

    def _region(self, difference: Difference) -> Plain:
        """The plainest of the people concerned, with all that will do in place of each number."""
        world = self._pair.before.world
        search = Search(world, difference.where)
        cube = search.smallest or {}
        witness = witness_of(world, cube, search.widened(cube))
        return _written(witness, self._old, self._given)

    def _share(self, where: Node) -> Plain:
        """How many of all region profiles it concerns, of those that differ in what it asks."""
        world = self._pair.before.world
        share = _share(world.store, where) / _share(world.store, self._pair.people.among(where))
        percent = f"{Decimal(f'{float(share) * 100:.2g}'):f}"
        return {"percent": percent, "of": len(world.store.support(where))}

    # -- why they change --------------------------------------------------------------------

    def _causes(self, difference: Difference) -> tuple[list[str], bool]:
        """The fewest edited rules that make the change by themselves; whether it takes several."""
        wanted = difference.effect, difference.before, difference.after
        behind = self._behind(difference.effect)
        if len(self._edited) > MOST_ALONE:
            return behind, len(behind) > 1
        alone = [name for name in behind if wanted in self._made_by(frozenset([name]))]
        if alone:
            return alone, False
        for size in range(2, len(behind) + 1):
            for several in combinations(behind[:MOST_TOGETHER], size):
                if wanted in self._made_by(frozenset(several)):
                    return list(several), True
        return behind, len(behind) > 1

    def _behind(self, effect: Effect) -> list[str]:
        """The edited rules an effect rests on, through what is concluded too."""
        pair = self._pair
        rules = {
            name
            for effects in (pair.before, pair.after)
            for name in effects.all.get(effect, frozenset())
        }
        if effect.kind not in (MEMBERSHIP, STOP):
            for name in effect.about:
                member = Effect(MEMBERSHIP, (name,))
                rules |= pair.before.all.get(member, frozenset())
                rules |= pair.after.all.get(member, frozenset())
        reached, waiting = set(rules), sorted(rules)
        while waiting:
            here = waiting.pop()
            for book in (self._old, self._new):
                if here in book.rules:
                    for other in _rests_on(book.rules[here], book):
                        if other not in reached:
                            reached.add(other)
                            waiting.append(other)
        return [name for name in self._edited if name in reached]

    def _made_by(self, names: frozenset[str]) -> frozenset[Class]:
        """The classes that come about when only these edits are made to the old rulebook."""
        if names == frozenset(self._edited):
            pair = self._pair
        elif names in self._alone:
            return self._alone[names]
        else:
            rules = dict(self._old.rules)
            for name in names:
                rules.pop(name, None)
                if name in self._new.rules:
                    rules[name] = self._new.rules[name]
            partly = self._new.with_rules(dict(sorted(rules.items())))
            pair = Pair(self._old, partly, self._as_of, budget=self._budget, part=True)
        if names not in self._alone:
            try:
                made = frozenset((d.effect, d.before, d.after) for d in pair.differences())
            except TooLarge:
                made = frozenset()
            self._alone[names] = made
        return self._alone[names]

    def _cause(self, name: str) -> Plain:
        """An edited rule and the keys that were written otherwise."""
        old, new = self._old.rules.get(name), self._new.rules.get(name)
        shown = new or old
        assert shown is not None
        return {
            "rule": self._renamed.get(name, name),
            "title": shown.text.title,
            **written(old, new),
        }

    def _is_safety(self, difference: Difference, causes: Sequence[str]) -> bool:
        """Whether it keeps somebody from something, or no longer, or a promise speaks about it."""
        effect = difference.effect
        if effect.kind in (STOP, ASSUMPTION, LIFTING):
            return True
        if effect.kind == MEMBERSHIP:
            if {difference.before, difference.after} & BLOCKED:
                return True
            promised = {
                name
                for book in (self._old, self._given)
                for one in book.invariants.values()
                for outcome in one.text.outcomes
                for name in outcome.named[1]
            }
            return effect.about[0] in promised
        return effect.kind == CAUTION and any(name.startswith("safety.") for name in causes)

    # -- what is read otherwise -------------------------------------------------------------

    def _readings(self, vignettes: Sequence[Known]) -> Iterator[Finding]:
        """Features that are read from a profile in another way: only vignettes can show that."""
        changed = self._read_otherwise
        if not changed:
            return
        showing = [one.name for one in vignettes if _facts(one.before) != _facts(one.after)]
        for name in changed:
            yield Finding(
                "reading",
                name,
                Verdict.UNDECIDED,
                Severity.ERROR,
                self._given.features[name].label,
                why="reading",
                details={"vignettes": showing, "changed_in": list(self._reading_keys(name))},
            )

    @cached_property
    def _read_otherwise(self) -> list[str]:
        """The features of both that are not read from a profile in the same way."""
        if self._old.features is self._given.features:
            return []
        both = [name for name in self._given.used if name in self._old.features]
        return sorted(n for n in both if _reading(n, self._old) != _reading(n, self._given))

    def _reading_keys(self, name: str) -> Iterator[str]:
        old, new = _reading(name, self._old), _reading(name, self._given)
        yield from (key for key in new if new[key] != old.get(key))


_MASKABLE: Final = frozenset({MEMBERSHIP, ASSUMPTION, CAUTION, ADAPTATION, "strength", "tailoring"})


# ------------------------------------------------------------------------------- rules


def _renamed(old: Rulebook, new: Rulebook, as_of: date) -> Iterator[tuple[str, str]]:
    """Rules that have another id and are the same in every other way: old id, new id."""
    gone = {n: r for n, r in old.rules.items() if n not in new.rules}
    came = {n: r for n, r in new.rules.items() if n not in old.rules}
    for name, rule in gone.items():
        same = [n for n, other in came.items() if other.text == rule.text]
        if same and meaning(rule, as_of) is not None:
            del came[same[0]]
            yield name, same[0]


def _under_old_names(new: Rulebook, renamed: Mapping[str, str]) -> dict[str, Rule]:
    before = {other: name for name, other in renamed.items()}
    rules = {
        before.get(name, name): replace(rule, id=before.get(name, name))
        for name, rule in new.rules.items()
    }
    return dict(sorted(rules.items()))


def _rests_on(rule: Rule, rulebook: Rulebook) -> Iterator[str]:
    """The rules that conclude what a rule asks about."""
    for test in tests_of(rule.condition):
        for concluding in rulebook.concluding.get(test.feature, ()):
            yield concluding.id


# ------------------------------------------------------------------------------- readings


def _reading(name: str, rulebook: Rulebook) -> Plain:
    """All that says how a feature is read from a profile."""
    feature = rulebook.features[name]
    made = feature.model_dump(include={*READING}, by_alias=True)
    for source in feature.from_:
        instrument = getattr(source, "instrument", None)
        if instrument:
            made[instrument] = rulebook.instruments[instrument].model_dump(
                include={"range", "direction", "items", "total", "bands", "bands_by", "skip"}
                | {"valid_for", "decimal"}
            )
        if getattr(source, "measure", None) in ("adequate_trials", "daily_dose"):
            made["doses"] = repr(rulebook.doses)
    return made


def _facts(answer: Recommendation) -> Mapping[str, Any]:
    return {name: fact.possible for name, fact in answer.trace.facts.items()}


def _written(witness: Witness, old: Rulebook, new: Rulebook) -> Plain:
    """A witness as plain data, whichever of the rulebooks has its features."""
    here = all(name in new.features for name in witness.possible)
    return described(witness, new if here else old)


def _share(store: Diagrams, root: Node) -> Fraction:
    """How many of all combinations of elements a diagram is true for."""
    made: dict[Node, Fraction] = {}

    def at(node: Node) -> Fraction:
        if store.is_terminal(node):
            return Fraction(int(bool(store.value(node))))
        if node not in made:
            kids = store.children(node)
            made[node] = sum(map(at, kids), Fraction(0)) / len(kids)
        return made[node]

    return at(root)
