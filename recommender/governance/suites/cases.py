"""Vignettes prepared for many small changes of one rulebook: only what a change reaches is redone.

In: a rulebook, its vignettes and every test that the changed rules may ask. Out: for each vignette
a Case, and what becomes of its answer when one rule is another or is taken to be of another truth.
What comes out is what the whole flow gives with the changed rulebook; tests hold it against that.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

from recommender.assess import assess
from recommender.candidates import Candidate, Status, propose, unanswered_asks
from recommender.conditions import (
    FALSE,
    Condition,
    Test,
    Truth,
    compile_condition,
    compile_test,
    tests_of,
)
from recommender.engines import native
from recommender.facts import Fact, Moment, State, is_exact
from recommender.governance.comparing.effects import Seen, seen, strength_of
from recommender.governance.world import is_liftable
from recommender.invariants import applies
from recommender.pipeline import answer_of
from recommender.plan import combine
from recommender.profile import Profile
from recommender.questions import Questions
from recommender.recommendation import Produced, Recommendation
from recommender.rulebook import Rulebook
from recommender.rules import Invariant, Rule, Verb
from recommender.stops import Stop
from recommender.stops import stops as find_stops
from recommender.trace import Trace, concluded

Answered = tuple[Recommendation, Sequence[Stop]]
_PRODUCED: Final = Produced("", "native", None)


@dataclass(frozen=True)
class Case:
    """One vignette with what the rulebook makes of it."""

    name: str
    profile: Profile
    trace: Trace
    """With the truth of every test any changed rule asks."""
    answer: Recommendation
    stops: Sequence[Stop]


class Cases:
    """The vignettes of one rulebook, and what changes of it do to them."""

    def __init__(
        self,
        rulebook: Rulebook,
        vignettes: Iterable[tuple[str, Profile]],
        as_of: date,
        further: Iterable[Test] = (),
    ) -> None:
        self.rulebook = rulebook
        self._tests = tuple(dict.fromkeys([*rulebook.tests, *further]))
        self._place = {test: at for at, test in enumerate(self._tests)}
        self._judges = [compile_test(t, rulebook.features[t.feature]) for t in self._tests]
        self._seen: dict[str, Seen] = {}
        self._applying: dict[str, Sequence[Invariant]] = {}
        self.all = tuple(self.case(name, profile, as_of) for name, profile in vignettes)

    def case(self, name: str, profile: Profile, as_of: date) -> Case:
        day = profile.as_of or as_of
        trace = native.infer(assess(profile, self.rulebook, day), self.rulebook, day)
        row = [
            judge(trace.facts[test.feature].possible)
            for test, judge in zip(self._tests, self._judges, strict=True)
        ]
        wider = trace._replace(row=row, place=self._place)
        answer, stops = answer_of(wider, profile, _PRODUCED)
        return Case(name, profile, wider, answer, stops)

    def seen(self, case: Case) -> Seen:
        """What a case's answer shows."""
        if case.name not in self._seen:
            self._seen[case.name] = seen(case.answer)
        return self._seen[case.name]

    def applying(self, case: Case, trace: Trace) -> Sequence[Invariant]:
        """The invariants that are about a case, with the trace as it has become."""
        if trace.row is not case.trace.row:
            return self._about(trace)
        if case.name not in self._applying:
            self._applying[case.name] = self._about(trace)
        return self._applying[case.name]

    def _about(self, trace: Trace) -> Sequence[Invariant]:
        return [one for one in self.rulebook.invariants.values() if applies(one, trace)]

    # -- truths -------------------------------------------------------------------------------

    def truth_in(self, condition: Condition) -> Callable[[Case], Truth]:
        """The truth of a condition made of known tests, in each case."""
        compiled = compile_condition(condition, self._place)
        return lambda case: compiled(case.trace.row)

    def truth_of(self, rule: Rule | None) -> Callable[[Case], Truth]:
        """The truth of a changed rule in each case; of a dropped one, or one not in effect, FALSE.

        Of a rule that rests on what it concludes itself nothing is said: there is none.
        """
        if rule is None:
            return lambda _: FALSE
        truth = self.truth_in(rule.condition)
        if rule.status == "retired" or rule.text.effective_period is not None:
            return lambda case: truth(case) if rule.in_effect(case.trace.as_of) else FALSE
        return truth

    # -- changes ------------------------------------------------------------------------------

    def reached(
        self, old: Rule, new: Rule | None, among: Iterable[Case]
    ) -> Iterator[tuple[Case, Truth]]:
        """The cases in which a changed rule may act otherwise, with its truth in each."""
        truth_of = self.truth_of(new)
        same_condition = new is not None and new.condition == old.condition
        dated = goes_by_day(old)
        for case in among:
            before, after = case.trace.truths[old.id], truth_of(case)
            live = before != FALSE or after != FALSE
            if (
                before != after
                or (live and same_condition)
                or (live and dated and spoken(case, new) != spoken(case, old))
                or self.dates(case, old)
            ):
                yield case, after

    def dates(self, case: Case, rule: Rule) -> bool:
        """Whether a rule goes by the day of a finding that this one concludes from."""
        return next(self._dated(case, rule), None) is not None

    def _dated(self, case: Case, rule: Rule) -> Iterator[Rule]:
        """The rules that go by the day of a finding that this one concludes from."""
        if rule.verb is Verb.CONCLUDE:
            for name in self._waiting.get(rule.concludes[0], ()):
                if case.trace.truths[name] != FALSE:
                    yield self.rulebook.rules[name]

    @cached_property
    def _waiting(self) -> Mapping[str, list[str]]:
        """By concluded feature: the rules that go by the day of what it rests on."""
        found: dict[str, list[str]] = {}
        for rule in self.rulebook.rules.values():
            for name in self._behind(rule.condition) if goes_by_day(rule) else ():
                found.setdefault(name, []).append(rule.id)
        return found

    def _behind(self, condition: Condition) -> Iterator[str]:
        """The concluded features a condition rests on."""
        for test in tests_of(condition):
            for rule in self.rulebook.concluding.get(test.feature, ()):
                yield test.feature
                yield from self._behind(rule.condition)

    def changed(self, book: Rulebook, name: str) -> Callable[[Case, Truth], Answered | None]:
        """What a case becomes with one rule changed; None where nothing of its plan is another.

        book: the rulebook with that rule, by name, other or gone; then its truth in the case.
        """
        redo = _Redo(self, book, name)
        old, new = self.rulebook.rules[name], book.rules.get(name)
        listed = _listed_otherwise(old, new)

        def answered(case: Case, truth: Truth) -> Answered | None:
            only = listed if truth == case.trace.truths[name] else None
            redone = redo(case.trace, truth)
            return _answered(case, redone, old, new, self._dated(case, old), only)

        return answered

    def asks(
        self,
        book: Rulebook,
        name: str,
        case: Case,
        truth: Truth,
        answer: Recommendation,
        reach: Collection[str],
    ) -> frozenset[str]:
        """What is asked about these adaptations and referrals with one rule changed.

        answer: the changed one. The book may hold no more than what these rest on.
        """
        trace = _Redo(self, book, name)(case.trace, truth)
        candidates = {at: one for at, one in answer.candidates.items() if at in reach}
        profile = case.profile
        declines = frozenset(profile.preferences.declines)
        questions = Questions(trace, candidates, (), declines, profile.released())
        return frozenset(one.feature for one in questions.ask)

    @cached_property
    def users(self) -> Mapping[str, frozenset[str]]:
        """By concluded feature: the rules that ask about it."""
        found: dict[str, set[str]] = {}
        for rule in self.rulebook.rules.values():
            for test in tests_of(rule.condition):
                if test.feature in self.rulebook.concluding:
                    found.setdefault(test.feature, set()).add(rule.id)
        return {name: frozenset(rules) for name, rules in found.items()}

    @cached_property
    def _truths(self) -> Mapping[str, Callable[[Sequence[Truth]], Truth]]:
        rules = self.rulebook.rules.values()
        return {rule.id: compile_condition(rule.condition, self._place) for rule in rules}

    @cached_property
    def on(self) -> Mapping[str, Sequence[int]]:
        """By concluded feature: where its tests stand in a row."""
        found: dict[str, list[int]] = {}
        for at, test in enumerate(self._tests):
            if test.feature in self.rulebook.concluding:
                found.setdefault(test.feature, []).append(at)
        return found

    def judged(self, at: int, fact: Fact) -> Truth:
        """The truth of the test that stands there."""
        return self._judges[at](fact.possible)

    def again(self, name: str, row: Sequence[Truth]) -> Truth:
        """The truth of an unchanged rule's condition."""
        return self._truths[name](row)


class _Redo:
    """Inference from one changed rule on: what rests on it, and nothing else."""

    def __init__(self, cases: Cases, book: Rulebook, name: str) -> None:
        self._cases = cases
        self._book = book
        self._name = name
        old, new = cases.rulebook.rules[name], book.rules.get(name)
        self._concludes = {r.concludes[0] for r in (old, new) if r and r.verb is Verb.CONCLUDE}

    def __call__(self, trace: Trace, truth: Truth) -> Trace:
        truths = {**trace.truths, self._name: truth}
        redone = trace._replace(rulebook=self._book, truths=truths)
        return self._on(redone, truths) if self._concludes else redone

    def _on(self, trace: Trace, truths: dict[str, Truth]) -> Trace:
        """The trace with what was concluded settled anew."""
        cases = self._cases
        facts, row, other = dict(trace.facts), list(trace.row), set[str]()
        inactive = cases.rulebook.inactive(trace.as_of)
        stale: set[str] = set()
        for name, rules in self._book.concluding.items():
            for rule in rules:
                if rule.id in stale and rule.id not in inactive and rule.id != self._name:
                    truths[rule.id] = cases.again(rule.id, row)
            if name not in self._concludes and not any(rule.id in stale for rule in rules):
                continue
            feature = self._book.features[name]
            possible = concluded(feature, rules, truths)
            if possible == facts[name].possible:
                continue
            state = State.KNOWN if is_exact(feature, possible) else State.PARTIAL
            facts[name] = Fact(name, possible, state, source="rules")
            for at in cases.on.get(name, ()):
                row[at] = cases.judged(at, facts[name])
            other.add(name)
            stale |= cases.users.get(name, frozenset())
        for name in stale - inactive - {self._name}:
            if name in self._book.rules and self._book.rules[name].verb is not Verb.CONCLUDE:
                truths[name] = cases.again(name, row)
        return trace._replace(facts=facts, row=row, truths=truths)


_ON_ADAPTATIONS: Final = frozenset({Verb.RECOMMEND, Verb.EXCLUDE, Verb.CAUTION, Verb.TAILOR})


_LISTS: Final = {
    Verb.EXCLUDE: "exclude",
    Verb.CAUTION: "caution",
    Verb.TAILOR: "tailor",
    Verb.REFER: "hold",
}
"""Where a rule lists the adaptations it is about, each for itself."""


def _listed_otherwise(old: Rule, new: Rule | None) -> frozenset[str] | None:
    """The adaptations that one of two rules lists alone, where nothing else of them differs."""
    key = _LISTS.get(old.verb)
    if key is None or new is None or new is old or new.condition != old.condition:
        return None
    one, other = getattr(old.text, key), getattr(new.text, key)
    alike = isinstance(one, list) and isinstance(other, list)
    if not alike or old.text.model_copy(update={key: other}) != new.text:
        return None
    return frozenset(one) ^ frozenset(other)


def _answered(
    case: Case,
    trace: Trace,
    old: Rule,
    new: Rule | None,
    dated: Iterable[Rule],
    only: frozenset[str] | None,
) -> Answered | None:
    """The answer after a change of one rule, from the first step on that can tell.

    dated: rules that may be lifted otherwise, or answered. only: what the change is about, where
    that is less than what the rule is about.
    """
    profile, releases = case.profile, case.profile.released()
    acting = [r for r in (old, new) if r is not None]
    if old.verb is Verb.CONCLUDE:
        acting = [*_of_other_truth(case.trace, trace), *dated]
    verbs = {rule.verb for rule in acting}
    stops = case.stops
    if Verb.REFER in verbs:
        stops = find_stops(trace, releases)
        if [_stop_gist(one) for one in stops] == [_stop_gist(one) for one in case.stops]:
            acting, stops = [r for r in acting if r.verb is not Verb.REFER], case.stops
    if Verb.ASK in verbs:
        required = case.answer.plan.required_asks
        if [*map(_ask_gist, required)] == [*map(_ask_gist, unanswered_asks(trace))]:
            acting = [rule for rule in acting if rule.verb is not Verb.ASK]
    candidates = case.answer.candidates
    about = set(_about(acting, candidates))
    about = about if only is None else about & only
    declines = frozenset(profile.preferences.declines)
    if about:
        other = propose(trace, stops, declines, releases, only=about)
        if all(_gist(other[name]) == _gist(candidates[name]) for name in about):
            about = set()
        candidates = {**candidates, **other}
    if not about and not any(_shows_itself(rule, candidates) for rule in acting):
        return None
    plan = combine(candidates, trace, stops, profile.preferences.prefers)
    questions = Questions(trace, candidates, plan.required_asks, declines, releases)
    return Recommendation(profile, trace, candidates, plan, _PRODUCED, questions), stops


def _shows_itself(rule: Rule, candidates: Mapping[str, Candidate]) -> bool:
    """Whether a rule can show in an answer where every candidate stays as it was."""
    if rule.verb in (Verb.CHOOSE_ONE, Verb.SEQUENCE, Verb.TOGETHER):
        inside = [n for n in rule.targets if candidates[n].status is Status.RECOMMENDED]
        return len(inside) > 1 or (bool(inside) and rule.text.required)
    return rule.verb not in _ON_ADAPTATIONS


def _of_other_truth(before: Trace, after: Trace) -> Iterator[Rule]:
    """The rules of another truth than before; those that conclude act through others."""
    truths = before.truths
    for name, truth in after.truths.items():
        if truths[name] != truth and name in after.rulebook.rules:
            rule = after.rulebook.rules[name]
            if rule.verb is not Verb.CONCLUDE:
                yield rule


def _stop_gist(stop: Stop) -> tuple[object, ...]:
    return stop.rule, stop.truth, stop.force


def _ask_gist(rule: Rule) -> tuple[object, ...]:
    return rule.id, rule.text.ask, rule.text.for_


def _about(acting: Sequence[Rule], candidates: Mapping[str, Candidate]) -> Iterator[str]:
    """The adaptations whose candidate may be another in what can show, by one of the rules."""
    names = {rule.id for rule in acting}
    for rule in acting:
        text = rule.text
        match rule.verb:
            case Verb.CAUTION | Verb.TAILOR:
                yield from (n for n in rule.targets if _is_in(candidates[n]))
            case Verb.RECOMMEND | Verb.EXCLUDE:
                yield from (n for n in rule.targets if not _stays_out(candidates[n], names))
            case Verb.ASK:
                several = candidates if text.for_ == "all" else text.for_
                yield from (n for n in several if _is_in(candidates[n]))
            case Verb.REFER:
                yield from candidates if text.hold == "all" else text.hold


def _is_in(candidate: Candidate) -> bool:
    return candidate.status is Status.RECOMMENDED


def _stays_out(candidate: Candidate, changing: Collection[str]) -> bool:
    """Whether it is excluded by something else than what changes."""
    return any(rule.id not in changing for rule in candidate.excludes)


def _gist(candidate: Candidate) -> tuple[object, ...]:
    """All of a candidate that later steps and the answer can show."""
    best = candidate.best
    return (
        candidate.status,
        candidate.membership,
        None if best is None else strength_of(best),
        candidate.provisional,
        bool(candidate.assumes),
        *(
            [rule.id for rule in rules]
            for rules in (candidate.cautions, candidate.open_cautions, candidate.tailoring)
        ),
    )


def goes_by_day(rule: Rule) -> bool:
    """Whether it matters to a rule how new the findings are that speak for it."""
    return is_liftable(rule) or rule.text.after_finding


def spoken(case: Case, rule: Rule | None) -> Moment | None:
    """When the newest finding of a case was made that speaks for a rule."""
    return None if rule is None else case.trace.newest_true_part(rule)


def touched(rulebook: Rulebook, rule: Rule) -> frozenset[str]:
    """The adaptations and referrals whose own diagram a change of the rule can change."""
    if rule.verb is Verb.REFER:
        return frozenset([rule.id])
    if rule.verb in (Verb.RECOMMEND, Verb.EXCLUDE):
        return frozenset(rule.targets)
    if rule.verb is not Verb.CONCLUDE:
        return frozenset()
    name = rule.concludes[0]
    found: set[str] = set()
    for other in rulebook.rules.values():
        if other.verb in (Verb.RECOMMEND, Verb.EXCLUDE, Verb.REFER, Verb.CONCLUDE) and any(
            test.feature == name for test in tests_of(other.condition)
        ):
            found |= touched(rulebook, other)
    return frozenset(found)
