"""G09 and G10: what rules/invariants.yaml promises, for every possible patient.

*What it checks.* Each `never`, `always` and `cover` of rules/invariants.yaml.
*Why it matters.* An invariant is looked at again on each answer; where it would break there is an
error and no plan. A promise that is not proved is an error waiting for its patient.
*Wrong.* `never: {recommended: tms}` with metal near the head, and an exclude of TMS that only warns
while nobody knows about metal.
*Right.* The same exclude with `if_not_known: block`.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace

from recommender.conditions import ALWAYS, tests_of
from recommender.governance.claims import Confirms, Decision, decide
from recommender.governance.findings import Finding, Plain, Verdict
from recommender.governance.outcomes import Outcomes
from recommender.governance.run import Check, Run
from recommender.governance.suites.realise import Shows, realised
from recommender.governance.witness import Witness, run, written
from recommender.governance.world import DECLINED
from recommender.invariants import breaks
from recommender.mdd import Node, TooLarge
from recommender.recommendation import Recommendation
from recommender.rules import Invariant, Outcome
from recommender.stops import Stop

MOST_GAPS = 6
"""Regions of a coverage goal that are listed."""


def promises(run_: Run, check: Check) -> Iterator[Finding]:
    """G10: each `never` and `always`."""
    for invariant in run_.rulebook.invariants.values():
        if invariant.text.never is not None or invariant.text.always is not None:
            yield _finding(run_, check, invariant, most=1)


def coverage(run_: Run, check: Check) -> Iterator[Finding]:
    """G09: each `cover`."""
    for invariant in run_.rulebook.invariants.values():
        if invariant.text.cover is not None:
            yield _finding(run_, check, invariant, most=MOST_GAPS)


def _finding(run_: Run, check: Check, invariant: Invariant, *, most: int) -> Finding:
    run_.tell(invariant.id)
    decision = decided(run_, invariant, most=most)
    witnesses = [
        shown(run_, invariant, one, f"{invariant.id}_{n}")
        for n, one in enumerate(decision.witnesses, 1)
    ]
    return reported(run_, check, invariant, decision, witnesses)


def reported(
    run_: Run, check: Check, invariant: Invariant, decision: Decision, witnesses: list[Plain]
) -> Finding:
    """The verdict on an invariant."""
    return Finding(
        check=check.code,
        subject=invariant.id,
        verdict=decision.verdict,
        severity=check.severity,
        claim=invariant.text.title,
        place=run_.place("invariants", invariant.id),
        why=decision.why,
        witnesses=witnesses,
        more=decision.more,
        details={"too_large": True} if decision.too_large else {},
    )


def decided(run_: Run, invariant: Invariant, *, most: int = 1) -> Decision:
    """What becomes of one invariant.

    Where that is too large for everybody, somebody is still looked for among those who decline
    nothing, and those who decline everything, of whom no rule was lifted.
    """

    def confirms(witness: Witness) -> bool:
        answer, stops = run(witness, run_.rulebook, run_.as_of)
        return breaks(invariant, answer, stops)

    def among(outcomes: Outcomes) -> Decision:
        def broken(loose: bool) -> Iterator[Node]:
            return outcomes.broken(invariant, loose=loose)

        return decide(run_.world, run_.people, broken, confirms, most=most)

    run_.afresh()
    try:
        return among(run_.outcomes)
    except TooLarge:
        why = f"the diagrams need more than {run_.budget} nodes"
    for turned in ("", DECLINED):
        run_.begin_anew()
        with suppress(TooLarge):
            decision = among(Outcomes(run_.world, run_.world.turned(turned)))
            if decision.verdict is Verdict.REFUTED:
                decision.witnesses = [_with_fewer_wishes(w, confirms) for w in decision.witnesses]
                return decision
    run_.begin_anew()
    return Decision(Verdict.UNDECIDED, why=why, too_large=True)


def _with_fewer_wishes(witness: Witness, confirms: Confirms) -> Witness:
    """The same patient declining no more than it takes."""
    for name in sorted(witness.declined):
        fewer = replace(witness, declined=witness.declined - {name})
        witness = fewer if confirms(fewer) else witness
    return witness


def shown(run_: Run, invariant: Invariant, witness: Witness, name: str) -> Plain:
    """A witness with what the rules make of it, and a profile that reproduces it."""

    def shows(answer: Recommendation, stops: list[Stop]) -> bool:
        return breaks(invariant, answer, stops)

    asked = [test.feature for test in tests_of(invariant.condition or ALWAYS)]
    return described(run_, witness, invariant.text.outcomes, name, shows, asked)


def described(
    run_: Run,
    witness: Witness,
    outcomes: list[Outcome],
    name: str,
    shows: Shows,
    asked: Iterable[str] = (),
) -> Plain:
    """A witness as plain data: what matters, what the rules make of it, and its profile.

    asked: features the claim is about; they are named also where they are not known.
    """
    answer, _ = run(witness, run_.rulebook, run_.as_of)
    profile, why_not = realised(witness, run_.rulebook, run_.as_of, name, shows)
    return written(witness, run_.rulebook, asked) | {
        "answer": answered(answer, outcomes),
        "profile": profile,
        "not_realisable": why_not,
    }


def answered(answer: Recommendation, outcomes: list[Outcome]) -> Plain:
    """Of an answer what bears on these outcomes."""
    named = dict.fromkeys(name for one in outcomes for name in one.named[1])
    inside = set(answer.recommended)
    return {
        "status": answer.status.value,
        "plan": list(answer.recommended),
        "stops": [stop.rule.id for stop in answer.plan.stops],
        "about": [
            {
                "adaptation": name,
                "status": "recommended" if name in inside else _status(answer, name),
                "because": [rule.id for rule in answer.candidates[name].by],
            }
            for name in named
            if name in answer.candidates
        ],
    }


def _status(answer: Recommendation, name: str) -> str:
    aside = (one for one in answer.plan.set_aside if one.candidate.adaptation.id == name)
    return next(one.status.value for one in aside)
