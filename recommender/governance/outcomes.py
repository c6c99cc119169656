"""What an invariant can speak about, as a diagram over all profiles.

In: an outcome such as {recommended: tms}. Out: the profiles for which it may be so, or those for
which it certainly is. The two differ where a later step of the plan decides, choosing among rivals
or spreading the load: that much of the plan is bounded here from both sides, never guessed.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property

from recommender.candidates import Status
from recommender.conditions import FALSE, TRUE, UNKNOWN, Test
from recommender.governance.bounds import Bounds
from recommender.governance.world import DECLINED, World, holds
from recommender.mdd import Node
from recommender.rules import IfNotKnown, Invariant, Outcome, Rule, Verb

Way = tuple[Node, ...]
"""One way in which an outcome comes about: where all of these are so."""


class Outcomes:
    """The outcomes of one world.

    given: the profiles that claims are looked at for; all of them, unless less has to do.
    """

    def __init__(self, world: World, given: Node | None = None) -> None:
        self._world = world
        self._given = world.yes if given is None else given
        self._join = world.conditions.join
        self._adaptations = world.rulebook.adaptations
        self._bounds = Bounds(world.rulebook, world.inactive)
        self._surely: dict[str, Node] = {}

    # -- claims ---------------------------------------------------------------------------

    def broken(self, invariant: Invariant, *, loose: bool) -> Iterator[Node]:
        """Where a `never`, `always` or `cover` does not hold: in one of these.

        loose: all profiles for which it may not; else only those for which it certainly does not.
        """
        text = invariant.text
        assert invariant.condition is not None
        covered = (TRUE, UNKNOWN) if text.even_if_unknown else (TRUE,)
        about = self._world.where(self._world.conditions.of(invariant.condition), *covered)
        applies = self._join(min, self._given, about)
        if text.never is not None:
            yield from (self.meet(applies, way) for way in self.ways(text.never, loose=loose))
            return
        wanted = [text.always] if text.always is not None else text.cover or []
        yield self.without(applies, list(self._ways_of_any(wanted, loose=not loose)))

    def _ways_of_any(self, wanted: Sequence[Outcome], *, loose: bool) -> Iterator[Way]:
        """The ways to any of these outcomes.

        Some statuses together say less, and plainer, than one by one: that there is a plan, or that
        there is one or something waits.
        """
        statuses = {one.status for one in wanted if one.status}
        together = {"provisional", "recommended"} & statuses
        if len(together) == 2:
            late = "cannot_say" in statuses
            together |= {"cannot_say"} & statuses
            for one in self._waiting if late else self._some(loose=loose):
                yield (*self._going, one)
        else:
            together = set()
        for outcome in wanted:
            if outcome.status not in together:
                yield from self.ways(outcome, loose=loose, wanted=True)

    def meet(self, where: Node, way: Way) -> Node:
        """Where both are so. Diagram by diagram, so that each step keeps to what is left."""
        for node in way:
            if where == self._world.no:
                break
            where = self._join(min, where, node)
        return where

    def without(self, where: Node, ways: Sequence[Way]) -> Node:
        """What is left of `where` when every way is taken from it; the nearest ones first."""
        store = self._world.store
        reach = [{v for node in way for v in store.support(node)} for way in ways]
        asked = store.support(where)
        left = list(range(len(ways)))
        while left and where != self._world.no:
            mine = store.support(where)
            nearest = min(left, key=lambda at: (not reach[at] & asked, len(reach[at] - mine), at))
            left.remove(nearest)
            taken = self.meet(where, ways[nearest])
            where = self._join(min, where, self._world.negated(taken))
        return where

    def ways(self, outcome: Outcome, *, loose: bool, wanted: bool = False) -> list[Way]:
        """The ways in which an outcome may come about, or in which it certainly does.

        wanted: the outcome is one that should be; what is offered and declined then counts as
        recommended.
        """
        kind, names = outcome.named
        if kind == "recommended":
            return self._recommended(names, loose=loose, wanted=wanted)
        (name,) = names
        match kind:
            case "excluded" | "withheld":
                member = self._world.membership(name, wish=not wanted)
                return [(self._world.where(member, Status(kind)),)]
            case "held":
                return [(self._world.counts(rule),) for rule in self._holding(name)]
            case "referred":
                refers = self._world.acting(Verb.REFER)
                return [(self._world.counts(r),) for r in refers if r.text.refer == name]
            case "asked":
                return list(self._asked(name, loose=loose))
            case _:
                return list(self._status(name, loose=loose))

    # -- stops ----------------------------------------------------------------------------

    def _holding(self, name: str) -> list[Rule]:
        refers = self._world.acting(Verb.REFER)
        return [r for r in refers if r.text.hold == "all" or (name != "all" and holds(r, name))]

    # -- questions ------------------------------------------------------------------------

    def _asked(self, feature: str, *, loose: bool) -> Iterator[Way]:
        """Required questions are certain; any other of what is not known may be worth asking."""
        if feature not in self._world.space.exactness:
            yield from [(self._world.yes,)] if loose else []
            return
        if loose:
            yield (self._not_known(feature),)
        for rule in self._world.acting(Verb.ASK):
            if rule.text.ask == feature:
                yield self._required(rule, loose=loose)

    def _required(self, rule: Rule, *, loose: bool) -> Way:
        """Where an `ask` rule demands an answer; with `after_finding` an old one may not do."""
        assert rule.text.ask is not None
        fires = self._world.where(self._world.truth(rule), TRUE)
        if loose and rule.text.after_finding:
            return (fires,)
        return fires, self._not_known(rule.text.ask)

    def demanded(self, rule: Rule) -> Way:
        """Where an `ask` rule certainly demands an answer."""
        return self._required(rule, loose=False)

    def _not_known(self, feature: str) -> Node:
        return self._world.conditions.of(Test(feature, "known", (False,)))

    # -- the plan -------------------------------------------------------------------------

    def _recommended(self, names: Sequence[str], *, loose: bool, wanted: bool) -> list[Way]:
        world = self._world

        def inside(name: str) -> Node:
            return self.possible(name) if loose else self._surely_in(name, ())

        if not wanted:
            together = [
                world.where(world.truth(rule), FALSE)
                for rule in world.acting(Verb.CHOOSE_ONE)
                if len(set(names) & set(rule.targets)) > 1
            ]
            return [(*together, *map(inside, names))]
        if len(names) == 1:
            return [(inside(names[0]),), (self._offered(names[0]),)]
        return [tuple(self._join(max, inside(name), self._offered(name)) for name in names)]

    def _offered(self, name: str) -> Node:
        """Where nothing but the patient's wish keeps it from being recommended."""
        world = self._world
        would = world.where(world.membership(name, wish=False), Status.RECOMMENDED)
        free = world.negated(world.held(name))
        return world.every([world.switch(DECLINED + name), would, free])

    def possible(self, name: str) -> Node:
        """TRUE where it is recommended and accessible: choosing comes after that."""
        return self._world.every([self._world.recommendable(name), *self._within_reach(name)])

    def _within_reach(self, name: str) -> Iterator[Node]:
        world = self._world
        for need in self._adaptations[name].needs:
            lacking = world.where(world.conditions.of(Test(need, "is", (False,))), TRUE)
            yield world.negated(lacking)

    def staying(self, name: str) -> Way:
        """Where something stays in the plan, if this is recommended and not held."""
        stays = self._bounds.stays(name)
        if stays is False:
            return (self._world.no,)
        waiting = () if stays else map(self.possible, sorted(self._bounds.waits))
        return (*self._within_reach(name), *map(self._world.negated, waiting))

    def _surely_in(self, name: str, behind: tuple[str, ...]) -> Node:
        """TRUE where nothing later can demote it; `behind`: what waits for it already."""
        if name in behind:
            return self._world.no
        if name not in self._surely:
            stays = [
                self.possible(name),
                *self._wins(name),
                *self._follows(name, behind),
                *self._fits(name),
            ]
            self._surely[name] = self._world.every(stays)
        return self._surely[name]

    def _wins(self, name: str) -> Iterator[Node]:
        """For each choice it takes part in, TRUE where it cannot lose."""
        world = self._world
        for rule in world.acting(Verb.CHOOSE_ONE):
            if name not in rule.targets:
                continue
            silent = FALSE, *([TRUE] if rule.text.prefer == name else [])
            rivals = [self.possible(other) for other in rule.targets if other != name]
            alone = world.negated(world.some(rivals))
            yield self._join(max, world.where(world.truth(rule), *silent), alone)

    def _follows(self, name: str, behind: tuple[str, ...]) -> Iterator[Node]:
        """For each thing that must be in the plan before it, TRUE where it is."""
        world = self._world
        for rule, first, second in self._bounds.required:
            if second == name:
                before = self._surely_in(first, (*behind, name))
                yield self._join(max, world.where(world.truth(rule), FALSE), before)

    def _fits(self, name: str) -> Iterator[Node]:
        """For each limit that may put it off past the last phase, TRUE where it does not act."""
        for rule in self._bounds.putting_off(name):
            yield self._world.where(self._world.truth(rule), FALSE)

    # -- the status -----------------------------------------------------------------------

    def _status(self, status: str, *, loose: bool) -> Iterator[Way]:
        world = self._world
        stops, scopes = self._stops
        going, some = self._going, self._some(loose=loose)
        nothing = tuple(map(world.negated, self._some(loose=not loose)))
        match status:
            case "stopped":
                yield from ((stop,) for stop in stops)
            case "out_of_scope":
                running = tuple(map(world.negated, stops))
                yield from ((scope, *running) for scope in scopes)
            case "provisional":
                for asked in self._asked_of_all(loose=loose):
                    yield from ((*going, *asked, one) for one in some)
            case "recommended":
                unasked = [
                    world.negated(world.every(way)) for way in self._asked_of_all(loose=not loose)
                ]
                yield from ((*going, *unasked, one) for one in some)
            case "cannot_say":
                yield from ((*going, waiting, *nothing) for waiting in self._waiting)
            case _:
                yield (*going, *map(world.negated, self._waiting), *nothing)

    @cached_property
    def _going(self) -> Way:
        """Where nothing holds everything."""
        stops, scopes = self._stops
        return tuple(map(self._world.negated, (*stops, *scopes)))

    @cached_property
    def _stops(self) -> tuple[list[Node], list[Node]]:
        """Where a refer that holds everything is in force: a stop, or out of scope."""
        pathways = self._world.rulebook.pathways
        found = [r for r in self._world.acting(Verb.REFER) if r.text.hold == "all"]

        def of(*, scope: bool) -> list[Node]:
            mine = [r for r in found if pathways[r.text.refer or ""].scope is scope]
            return list(map(self._world.in_force, mine))

        return of(scope=False), of(scope=True)

    def _asked_of_all(self, *, loose: bool) -> list[Way]:
        """Where something is asked first that bears on the whole plan."""
        asking = [r for r in self._world.acting(Verb.ASK) if r.text.for_ == "all"]
        opened = [
            (self._world.open(rule),)
            for rule in self._world.acting(Verb.REFER)
            if rule.text.hold == "all" and rule.unknown_means is IfNotKnown.ASK
        ]
        return [*(self._required(rule, loose=loose) for rule in asking), *opened]

    @cached_property
    def _waiting(self) -> list[Node]:
        """Where, with nothing in the plan, something could still come into it.

        What is recommended and not in the plan of anybody was deferred.
        """
        world = self._world
        late = Status.WITHHELD, Status.CANNOT_SAY
        return [
            node
            for name in self._adaptations
            for node in (
                world.where(world.membership(name), *late),
                world.held(name),
                world.recommendable(name),
            )
        ]

    def _some(self, *, loose: bool) -> list[Node]:
        """Where something may be in the plan, or certainly is: in one of these."""
        return self._maybe_some if loose else self._surely_some

    @cached_property
    def _maybe_some(self) -> list[Node]:
        return list(map(self.possible, self._adaptations))

    @cached_property
    def _surely_some(self) -> list[Node]:
        return list(self._some_of_rivals())

    def _some_of_rivals(self) -> Iterator[Node]:
        """Where one of a group of rivals stays."""
        world = self._world
        waiting = map(self.possible, sorted(self._bounds.waits))
        nothing_waits = world.negated(world.some(waiting))
        for name in self._adaptations:
            stays = self._bounds.stays(name)
            if stays:
                yield self.possible(name)
            elif stays is None:
                yield self._join(min, self.possible(name), nothing_waits)
