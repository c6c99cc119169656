"""One vignette's plan under two rulebooks, side by side, as plain data.

In: a vignette under both. Out: phases, stops and status of each plan, each adaptation that came to
stand elsewhere, and every other effect that is another.
"""

from collections.abc import Iterator

from recommender.governance.comparing.effects import ADAPTATION, MEMBERSHIP, START, STRENGTH, Effect
from recommender.governance.comparing.nearest import Known
from recommender.governance.findings import Plain
from recommender.recommendation import Recommendation

_PLACES = frozenset({MEMBERSHIP, START, STRENGTH, ADAPTATION})
"""Effects that the place of an adaptation tells."""


def side_by_side(one: Known) -> Plain:
    """A vignette's plan under both rulebooks: the phases, what is set aside, the stops."""
    return {
        "vignette": one.name,
        "before": _plan(one.before),
        "after": _plan(one.after),
        "moved": [
            {"adaptation": name, "before": was, "after": becomes}
            for name, was, becomes in _moves(one)
        ],
        "also": list(_also(one)),
    }


def _also(one: Known) -> Iterator[Plain]:
    """What else is another: a caution, a question, an order."""
    moved = {name for name, _, _ in _moves(one)}
    for effect in sorted({*one.was, *one.becomes}):
        inside = set(effect.about) & moved
        if effect.kind not in _PLACES and not inside and _changes(one, effect):
            yield {"effect": effect.kind, "about": list(effect.about), "rule": effect.rule}


def _changes(one: Known, effect: Effect) -> bool:
    return one.was.get(effect) != one.becomes.get(effect)


def _moves(one: Known) -> Iterator[tuple[str, str, str]]:
    was, becomes = _places(one.before), _places(one.after)
    for name in dict.fromkeys([*was, *becomes]):
        if was.get(name) != becomes.get(name):
            yield name, was.get(name, ""), becomes.get(name, "")


def _places(answer: Recommendation) -> dict[str, str]:
    inside = {c.candidate.adaptation.id: f"phase {c.phase}" for c in answer.plan.chosen}
    outside = {a.candidate.adaptation.id: a.status.value for a in answer.plan.set_aside}
    return inside | outside


def _plan(answer: Recommendation) -> Plain:
    return {
        "status": answer.status.value,
        "stops": [stop.rule.id for stop in answer.plan.stops],
        "plan": [
            {
                "adaptation": chosen.candidate.adaptation.id,
                "title": chosen.candidate.adaptation.title,
                "phase": chosen.phase,
                "provisional": chosen.candidate.provisional,
                "cautions": len(chosen.candidate.cautions) + len(chosen.candidate.open_cautions),
            }
            for chosen in answer.plan.chosen
        ],
    }
