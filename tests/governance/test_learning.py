"""G12 to G14 against every fact of small vocabularies, and everything it can become."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings

from recommender import Rulebook
from recommender.candidates import Status
from recommender.facts import everything
from recommender.governance.findings import Finding, Verdict
from recommender.governance.registry import CHECKS
from recommender.governance.run import Run
from recommender.governance.witness import Witness, run
from recommender.recommendation import Recommendation
from tests import strategies as drawn

BARRED = (Status.EXCLUDED, Status.WITHHELD, Status.HELD)


@settings(max_examples=40, deadline=None)
@given(rulebook=drawn.rulebooks(features=2, rules=8))
def test_they_agree_with_every_fact_and_everything_it_can_become(rulebook: Rulebook) -> None:
    """Acts aside: over all facts of two features, and all that further answers leave of them."""
    features = [f for f in rulebook.features.values() if not f.concluded]
    ways = [drawn.refinements(feature, everything(feature)) for feature in features]
    names = [feature.id for feature in features]
    if len(list(product(*ways))) > 60:
        return
    answers: dict[tuple[object, ...], Recommendation] = {}

    def answer(facts: tuple[object, ...]) -> Recommendation:
        if facts not in answers:
            witness = Witness(dict(zip(names, facts, strict=True)), {})  # type: ignore[arg-type]
            answers[facts] = run(witness, rulebook, drawn.AS_OF)[0]
        return answers[facts]

    taken: set[tuple[str, str]] = set()
    for before in product(*ways):
        narrower = [drawn.refinements(f, one) for f, one in zip(features, before, strict=True)]
        old = answer(before)
        for after in product(*narrower):
            changed = [n for n, a, b in zip(names, before, after, strict=True) if a != b]
            for name, now in answer(after).candidates.items():
                was = old.candidates[name]
                if was.status is Status.EXCLUDED:
                    assert now.status in (Status.EXCLUDED, Status.HELD)
                if was.status is Status.RECOMMENDED and now.status in BARRED:
                    rests_on = {*was.assumes, *_presumed(rulebook, old)}
                    assert rests_on & set(changed)
                    if len(changed) == 1 and changed[0] in was.assumes:
                        taken.add((name, changed[0]))
    made = Run(rulebook, drawn.AS_OF)
    safe = {code: _findings(made, code) for code in ("G12", "G13", "G14")}
    assert {one.verdict for one in (*safe["G12"], *safe["G13"])} == {Verdict.PROVED}
    assert {one.verdict for one in safe["G14"]} <= {Verdict.PROVED, Verdict.FOUND}
    named = [one for one in safe["G14"] if one.verdict is Verdict.FOUND]
    assert taken <= {(one.subject, name) for one in named for name in one.details["features"]}


def _findings(made: Run, code: str) -> list[Finding]:
    return [one for c in CHECKS if c.code == code for one in c.run(made, c)]


def _presumed(rulebook: Rulebook, answer: Recommendation) -> set[str]:
    rules = [r for r in rulebook.rules.values() if r.text.if_not_known == "presume"]
    return {f for r in rules for f in answer.trace.open_behind(r)}
