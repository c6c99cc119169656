"""The invariants of the rulebook, checked again on each answer.

In: a Recommendation and its stops. Out: nothing. An invariant that does not hold is an EngineError
that carries the stops, so that a surface can show them first; there is never a plan.
"""

from collections.abc import Iterator, Sequence

from recommender.candidates import Candidate, Status
from recommender.conditions import TRUE, UNKNOWN
from recommender.errors import EngineError, Problem
from recommender.recommendation import Document, Recommendation, written_stop
from recommender.rules import Invariant, Outcome
from recommender.stops import Force, Stop
from recommender.trace import Trace


class BrokenInvariant(EngineError):
    """An answer that would have broken an invariant; `stops` are those in force, as documents."""

    def __init__(self, problems: Sequence[Problem], stops: Sequence[Document]) -> None:
        super().__init__(problems)
        self.stops = tuple(stops)


def require_invariants(answer: Recommendation, stops: Sequence[Stop]) -> None:
    """Raises BrokenInvariant when one of the rulebook's invariants does not hold."""
    broken = [
        Problem("E110", f"the answer would break the invariant '{one.id}': {one.text.title}")
        for one in answer.trace.rulebook.invariants.values()
        if breaks(one, answer, stops)
    ]
    if broken:
        in_force = [stop for stop in stops if stop.force is Force.IN_FORCE]
        raise BrokenInvariant(broken, [written_stop(stop, answer.trace) for stop in in_force])


def breaks(invariant: Invariant, answer: Recommendation, stops: Sequence[Stop]) -> bool:
    """Whether the invariant is about this answer and does not hold in it.

    stops: all of them, the released and the open ones too.
    """
    return applies(invariant, answer.trace) and not holds(invariant, answer, stops)


def applies(invariant: Invariant, trace: Trace) -> bool:
    """Whether it is about the patient; monotone claims speak about two, which no answer shows."""
    if invariant.condition is None:
        return False
    truth = trace.holds(invariant.condition)
    return truth == TRUE or (truth == UNKNOWN and bool(invariant.text.even_if_unknown))


def holds(invariant: Invariant, answer: Recommendation, stops: Sequence[Stop]) -> bool:
    """Whether what it claims is so in an answer that it is about."""
    text = invariant.text
    if text.never is not None:
        return not is_so(text.never, answer, stops)
    wanted = [text.always] if text.always is not None else text.cover or []
    return any(is_so(outcome, answer, stops, wanted=True) for outcome in wanted)


def is_so(
    outcome: Outcome, answer: Recommendation, stops: Sequence[Stop], *, wanted: bool = False
) -> bool:
    """Whether an answer has an outcome.

    wanted: the outcome is one that should be. Then what would be recommended or withheld, had the
    patient not declined it, counts as that: it was offered, and their choice breaks nothing.
    """
    kind, names = outcome.named
    if kind == "recommended":
        offered = {*answer.recommended, *(_declined(answer) if wanted else ())}
        return set(names) <= offered
    (name,) = names
    match kind:
        case "excluded":
            return answer.candidates[name].membership is Status.EXCLUDED
        case "withheld":
            return _withheld(answer.candidates[name], wanted=wanted)
        case "held":
            return _held(name, stops)
        case "referred":
            return any(stop.pathway.id == name for stop in _counting(stops))
        case "asked":
            required = (rule.text.ask for rule in answer.plan.required_asks)
            return name in required or any(one.feature == name for one in answer.ask)
        case _:
            return answer.status.value == name


def _declined(answer: Recommendation) -> Iterator[str]:
    """What nothing but the patient's wish keeps from being recommended."""
    for name, candidate in answer.candidates.items():
        if candidate.status is Status.DECLINED and candidate.recommends and not candidate.withholds:
            yield name


def _withheld(candidate: Candidate, *, wanted: bool) -> bool:
    if wanted and candidate.membership is Status.DECLINED:
        return bool(candidate.withholds)
    return candidate.membership is Status.WITHHELD


def _counting(stops: Sequence[Stop]) -> Iterator[Stop]:
    """Stops in force, and those a recorded act lifted: they still count as referred and held."""
    return (stop for stop in stops if stop.force is not Force.OPEN)


def _held(name: str, stops: Sequence[Stop]) -> bool:
    held = list(_counting(stops))
    if name == "all":
        return any(stop.holds_all for stop in held)
    return any(stop.holds(name) for stop in held)
