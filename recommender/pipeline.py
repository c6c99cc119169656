"""The whole flow: profile → facts → trace → candidates → plan → answer.

Pure: no clock, no file, no global state. The same profile, rulebook and day give the same answer.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Literal

from recommender.assess import assess
from recommender.candidates import propose
from recommender.engines import native
from recommender.errors import EngineError, Problem, ProfileError
from recommender.facts import Fact
from recommender.invariants import require_invariants
from recommender.plan import combine
from recommender.profile import Profile, as_profile
from recommender.questions import Questions
from recommender.recommendation import Produced, Recommendation
from recommender.rulebook import Rulebook
from recommender.stops import Stop
from recommender.stops import stops as find_stops
from recommender.suppose import suppose as with_supposed
from recommender.trace import Trace
from recommender.version import VERSION

EngineName = Literal["native", "durable"]
Infer = Callable[[Mapping[str, Fact], Rulebook, date], Trace]


def recommend(
    profile: Profile | Mapping[str, Any] | str | bytes,
    rulebook: Rulebook,
    *,
    as_of: date | None = None,
    engine: EngineName = "native",
    cross_check: bool = False,
    patient_id: str | None = None,
    suppose: Mapping[str, Any] | None = None,
) -> Recommendation:
    """The explained combination for one profile.

    as_of: the day the answer is for; else the profile's own. patient_id: refused when it differs
    from the profile's. suppose: features to take as known otherwise, for «what if»; the answer says
    so and is nobody's. Raises ProfileError for data that cannot be read, EngineError when the
    engines disagree or an invariant is broken: then there is no plan.
    """
    profile = as_profile(profile)
    day = _day(profile, as_of, patient_id)
    profile, supposed = with_supposed(profile, rulebook, suppose or {}, day)
    facts = assess(profile, rulebook, day) | supposed
    trace = infer(facts, rulebook, day, engine=engine, cross_check=cross_check)
    checked = "native, durable" if cross_check else None
    produced = Produced(f"recommender {VERSION}", engine, checked)
    answer, found = answer_of(trace, profile, produced, tuple(suppose or ()))
    require_invariants(answer, found)
    return answer


def answer_of(
    trace: Trace, profile: Profile, produced: Produced, supposed: tuple[str, ...] = ()
) -> tuple[Recommendation, tuple[Stop, ...]]:
    """The answer to what the rules did, and every stop; its invariants are not looked at yet.

    Of the profile only the releases and the preferences count here.
    """
    releases = profile.released()
    declines = frozenset(profile.preferences.declines)
    found = find_stops(trace, releases)
    candidates = propose(trace, found, declines, releases)
    plan = combine(candidates, trace, found, profile.preferences.prefers)
    questions = Questions(trace, candidates, plan.required_asks, declines, releases)
    answer = Recommendation(profile, trace, candidates, plan, produced, questions, supposed)
    return answer, found


def infer(
    facts: Mapping[str, Fact],
    rulebook: Rulebook,
    as_of: date,
    *,
    engine: EngineName = "native",
    cross_check: bool = False,
) -> Trace:
    """What every rule does, by one engine, or by both with a look whether they agree."""
    trace = _engine(engine)(facts, rulebook, as_of)
    if cross_check:
        other = _engine("native" if engine == "durable" else "durable")(facts, rulebook, as_of)
        differing = sorted(
            name for name in trace.truths if trace.truths[name] != other.truths[name]
        )
        if differing:
            message = f"the engines disagree on {', '.join(differing)}"
            hint = "No plan is given. Report this with the rulebook's digest."
            raise EngineError(Problem("E102", message, hint))
    return trace


def _engine(name: EngineName) -> Infer:
    if name == "native":
        return native.infer
    from recommender.engines import durable

    return durable.infer


def _day(profile: Profile, as_of: date | None, patient_id: str | None) -> date:
    if patient_id is not None and patient_id != profile.id:
        message = "the patient id given with the call differs from the profile's"
        raise ProfileError(profile.problem("P220", message, "Check which patient is meant.", "id"))
    day = as_of or profile.as_of
    if day is None:
        message = "the day the answer is for is missing"
        hint = "Give as_of with the call, or as_of in the profile."
        raise ProfileError(profile.problem("P221", message, hint, "as_of"))
    return day
