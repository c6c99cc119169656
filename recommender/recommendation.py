"""Plan + trace → the answer, as a value to work with and as a `recommendation/1` document.

A Recommendation is frozen. `settled`, `ask` and what would change a status are worked out when
first asked for; the document asks for all of it. Nothing here is wording: clinical sentences come
from the rules and the vocabulary, the rest from templates.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from recommender.candidates import Candidate, Status
from recommender.conditions import FALSE, TRUE, UNKNOWN, Test, say, say_test, say_values
from recommender.facts import Fact, Span, describe
from recommender.measures import Standards, trial_parts
from recommender.plain_words import finding, findings, topic
from recommender.plan import Chosen, Plan, PlanStatus, SetAside
from recommender.profile import Profile
from recommender.questions import Question, Questions
from recommender.rulebook import Rulebook
from recommender.rules import IfNotKnown, Rule, Verb
from recommender.scores import bands_met
from recommender.stops import Stop, lifted
from recommender.trace import SAID, Trace
from recommender.vocabulary import Adaptation, Band, Feature, Instrument, Source

Document = dict[str, Any]

BARRED = frozenset({Status.HELD, Status.EXCLUDED, Status.WITHHELD, Status.DECLINED})


class Produced(NamedTuple):
    """Which software and engine made an answer; the one part that may differ between runs."""

    software: str
    engine: str
    cross_check: str | None


@dataclass(frozen=True)
class Recommendation:
    """The explained answer for one profile. Safe to share between threads."""

    profile: Profile
    trace: Trace
    candidates: Mapping[str, Candidate]
    plan: Plan
    produced: Produced
    questions: Questions
    supposed: tuple[str, ...] = ()
    """Features taken as known otherwise: then the answer is nobody's."""

    @property
    def status(self) -> PlanStatus:
        """What the answer as a whole says."""
        return self.plan.status

    @property
    def as_of(self) -> date:
        """The day the answer is for."""
        return self.trace.as_of

    @property
    def recommended(self) -> tuple[str, ...]:
        """The adaptations in the plan, in the order they start."""
        return tuple(chosen.candidate.adaptation.id for chosen in self.plan.chosen)

    @property
    def settled(self) -> Mapping[str, bool]:
        """Whether each adaptation's membership is final whatever else is learnt."""
        return self.questions.settled

    @property
    def stops_settled(self) -> bool:
        """Whether the stops are final whatever else is learnt."""
        return self.questions.stops_settled

    @property
    def ask(self) -> tuple[Question, ...]:
        """The features whose answer can still change something, or that a rule demands."""
        return self.questions.ask

    def would_change_if(self, adaptation: str) -> list[Document]:
        """The nearest unmet or unknown conditions behind an adaptation that is set aside."""
        return list(_nearest(self, self.candidates[adaptation]))

    def to_dict(self) -> Document:
        """The answer as a `recommendation/1` document: plain mappings, lists, text and numbers."""
        return _Writer(self).document()


class _Writer:
    """Writes one Recommendation as plain data."""

    def __init__(self, answer: Recommendation) -> None:
        self._answer = answer
        self._trace = answer.trace
        self._rulebook = answer.trace.rulebook
        self._features = answer.trace.rulebook.features

    def document(self) -> Document:
        answer, plan = self._answer, self._answer.plan
        return {
            "schema": "recommendation/1",
            "status": plan.status.value,
            "as_of": answer.as_of.isoformat(),
            "profile": {"id": answer.profile.id, "digest": answer.profile.digest},
            "rulebook": self._about_rulebook(),
            "stops": [written_stop(stop, self._trace) for stop in plan.stops],
            "plan": [self._chosen(chosen) for chosen in plan.chosen],
            "set_aside": [self._set_aside(aside) for aside in plan.set_aside],
            "ask": [self._question(question) for question in answer.ask],
            "flags": [
                {
                    "rule": rule.id,
                    "text": rule.text.flag,
                    "conditions": self._conditions(rule),
                }
                for rule in self._rulebook.by_verb(Verb.FLAG)
                if self._trace.truths[rule.id] == TRUE
            ],
            "facts": [self._fact(fact) for fact in self._trace.facts.values()],
            "rules": {name: SAID[self._trace.truths[name]] for name in self._rulebook.rules},
            "stops_settled": answer.stops_settled,
            "preferences": self._preferences(),
            "basis": self._basis(),
            "disclaimer": self._rulebook.header.disclaimer,
            "patient_disclaimer": self._rulebook.header.patient_disclaimer,
            "produced_by": {
                "software": answer.produced.software,
                "engine": answer.produced.engine,
                "cross_check": answer.produced.cross_check,
            },
        }

    def _about_rulebook(self) -> Document:
        header, approval = self._rulebook.header, self._rulebook.approval
        approved = approval is not None and approval.covers(self._answer.as_of)
        return {
            "id": header.id,
            "version": header.version,
            "title": header.title,
            "digest": self._rulebook.digest,
            "approved": approved,
            "approval": {
                "statement": approval.statement,
                "scope": approval.scope,
                "valid_from": approval.valid_from.isoformat(),
                "until": approval.until.isoformat(),
            }
            if approval is not None and approved
            else None,
            "drafts": 0 if approved else self._rulebook.drafts,
            "language": header.language,
        }

    def _preferences(self) -> Document:
        wishes = self._answer.profile.preferences
        own = {f"preferences.{name}" for name in wishes.model_extra or ()}
        facts = [fact for name, fact in self._trace.facts.items() if name in own]
        return {
            "prefers": list(wishes.prefers),
            "declines": list(wishes.declines),
            "in_words": [text for fact in facts for text in finding(self._rulebook, fact)],
        }

    def _basis(self) -> Document:
        header = self._rulebook.header
        nothing = not self._answer.plan.chosen
        presumed = [
            {"rule": rule.id, "title": rule.text.title, "justify": rule.text.justify}
            for rule, truth in self._trace.live()
            if truth != TRUE and _may_presume(rule) and rule.unknown_means is IfNotKnown.PRESUME
        ]
        return {
            "safe_base": header.safe_base if nothing else None,
            "patient_safe_base": header.patient_safe_base if nothing else None,
            "presumed": presumed,
            "acts": list(self._acts()),
            "departures": [
                {"changes": name, "title": self._title(name), "because": why}
                for name, why in header.departures.items()
            ],
            "withdrawn": [
                {
                    "rule": one.rule,
                    "title": one.title,
                    "effect": one.effect.value,
                    "because": one.because,
                    "on": one.on.isoformat(),
                }
                for one in self._rulebook.withdrawn.values()
            ],
            "combination": [
                self._because(rule) | {"adaptations": list(names)}
                for rule, names in self._answer.plan.shaped_by
            ],
            "supposed": list(self._answer.supposed),
            "of_combinations": header.of_combinations if self._combines() else None,
            "patient_of_combinations": header.patient_of_combinations if self._combines() else None,
            "contacts": dict(header.contacts),
            "instruments": self._named_instruments(),
        }

    def _named_instruments(self) -> Document:
        """The titles of the instruments behind a finding, and of those to follow a part with."""
        named = {fact.instrument for fact in self._trace.facts.values()}
        named |= {one for c in self._answer.plan.chosen for one in c.candidate.adaptation.monitor}
        known = self._rulebook.instruments
        return {name: known[name].title for name in sorted(named) if name in known}

    def _acts(self) -> Iterator[Document]:
        """Each act on record, who did it, and what it lifts of what would hold without it."""
        for act in self._answer.profile.releases:
            alone = {act.id: (act.on,)}
            yield {
                "release": act.id,
                "on": str(act.on),
                "by": act.by,
                "lifts": [
                    {"rule": rule.id, "title": rule.text.title}
                    for rule, truth in self._trace.live()
                    if truth != FALSE
                    and rule.text.release == act.id
                    and lifted(rule, self._trace, alone)
                ],
            }

    def _combines(self) -> bool:
        """Whether the plan has several parts that ask something of the patient."""
        return sum(c.candidate.adaptation.burden is not None for c in self._answer.plan.chosen) > 1

    def _title(self, name: str) -> str:
        """What a site's departure changes, in words."""
        book = self._rulebook
        if name in book.rules:
            return book.rules[name].text.title
        if name in book.invariants:
            return book.invariants[name].text.title
        if name in book.features:
            return book.features[name].label
        return book.instruments[name].title if name in book.instruments else ""

    # -- parts ------------------------------------------------------------------------

    def _chosen(self, chosen: Chosen) -> Document:
        candidate = chosen.candidate
        adaptation, best = candidate.adaptation, candidate.best
        assert best is not None
        burden = adaptation.burden
        return {
            "adaptation": adaptation.id,
            "title": adaptation.title,
            **_to_the_person(adaptation),
            "patient_because": self._findings(candidate),
            "what": adaptation.what,
            "settled": self._answer.settled[adaptation.id],
            "provisional": candidate.provisional,
            "role": best.text.as_.value,
            "strength": best.text.strength.value,
            "certainty": best.certainty.value,
            "phase": chosen.phase,
            "moved_from": chosen.moved_from,
            "weeks": burden.weeks if burden else None,
            "dose": best.text.dose,
            "burden": _burden(adaptation),
            "first_steps": adaptation.first_steps,
            "because": [self._because(rule) for rule in candidate.recommends],
            "assumes": list(candidate.assumes),
            "cautions": self._cautions(candidate),
            "tailoring": [self._tailoring(rule) for rule in candidate.tailoring],
            "monitoring": list(adaptation.monitor),
            "alternatives": [self._alternative(name, rule) for name, rule in chosen.alternatives],
            "gates": [self._gate(rule) for rule in chosen.gates],
            "needs_open": list(chosen.needs_open),
            "fallback": self._fallback(adaptation),
            "review": adaptation.review,
        }

    def _findings(self, candidate: Candidate) -> list[str]:
        """Which of the person's own findings speak for it, each said once."""
        tests = [test for rule in candidate.recommends for test in self._trace.deciding(rule)]
        return list(dict.fromkeys(findings(tests, self._rulebook, self._trace.facts)))

    def _alternative(self, name: str, rule: Rule) -> Document:
        adaptation, best = self._rulebook.adaptations[name], self._answer.candidates[name].best
        assert best is not None
        return {
            "adaptation": name,
            "title": adaptation.title,
            "rule": rule.id,
            **_to_the_person(adaptation),
            "certainty": best.certainty.value,
            "weeks": adaptation.burden.weeks if adaptation.burden else None,
            "burden": _burden(adaptation),
        }

    def _cautions(self, candidate: Candidate) -> list[Document]:
        marked = [(r, False) for r in candidate.cautions] + [
            (r, True) for r in candidate.open_cautions
        ]
        return [
            {
                "rule": rule.id,
                "title": rule.text.title,
                "text": rule.text.adjust or rule.text.title,
                "adjust": rule.text.adjust,
                "monitor": rule.text.monitor,
                "patient_text": rule.text.patient_text or self._rulebook.header.patient_caution,
                "because": rule.text.because,
                "conditions": self._conditions(rule),
                "open": still_open,
            }
            for rule, still_open in marked
        ]

    def _tailoring(self, rule: Rule) -> Document:
        return {
            "rule": rule.id,
            "title": rule.text.title,
            "focus": rule.text.focus,
            "format": rule.text.format,
            "because": rule.text.because,
            "conditions": self._conditions(rule),
        }

    def _gate(self, rule: Rule) -> Document:
        assert rule.gate is not None
        return {"rule": rule.id, "text": say(rule.gate, self._features)}

    def _set_aside(self, aside: SetAside) -> Document:
        adaptation = aside.candidate.adaptation
        return {
            "adaptation": adaptation.id,
            "title": adaptation.title,
            "patient_title": adaptation.patient_title,
            "discreet": adaptation.discreet,
            "status": aside.status.value,
            "settled": self._answer.settled[adaptation.id],
            "because": [self._because(rule) for rule in aside.by],
            "would_change_if": self._answer.would_change_if(adaptation.id),
            "by": [rule.id for rule in aside.by],
            "until": [rule.text.until for rule in aside.by if rule.text.until],
            "displaced_by": aside.displaced_by,
            "fallback": self._fallback(adaptation),
            "blocked_by_needs": list(aside.missing_needs),
        }

    def _fallback(self, adaptation: Adaptation) -> list[str]:
        """What may stand in for it: nothing that is itself barred, held or declined."""
        candidates = self._answer.candidates
        return [name for name in adaptation.fallback if candidates[name].status not in BARRED]

    def _because(self, rule: Rule) -> Document:
        return reason(rule, self._rulebook, self._trace.deciding(rule))

    def _conditions(self, rule: Rule) -> list[Document]:
        return tests_in_words(self._trace.deciding(rule), self._rulebook)

    def _question(self, question: Question) -> Document:
        feature = self._features[question.feature]
        return {
            "feature": feature.id,
            "label": feature.label,
            "panel": feature.panel,
            "question": feature.question,
            "patient_topic": topic(self._rulebook, feature),
            "how": list(self._how(feature)),
            "required": question.required,
            "can_change": list(question.can_change),
        }

    def _how(self, feature: Feature) -> Iterator[Document]:
        for source in feature.from_:
            if isinstance(source, Source) and source.instrument:
                instrument = self._rulebook.instruments[source.instrument]
                yield {
                    "instrument": instrument.id,
                    "title": instrument.title,
                    "minutes": instrument.minutes,
                }

    def _fact(self, fact: Fact) -> Document:
        feature = self._features[fact.feature]
        written: Document = {
            "feature": feature.id,
            "label": feature.label,
            "state": fact.state.value,
            "possible": describe(feature, fact.possible),
            "unit": feature.unit,
            "band": fact.band,
            "score": _score(fact.score),
            "instrument": fact.instrument,
            "on": str(fact.on) if fact.on else None,
            "source": fact.source,
            "others": [
                {
                    "possible": describe(feature, seen.possible),
                    "source": seen.source,
                    "on": str(seen.on) if seen.on else None,
                }
                for seen in fact.others
            ],
        }
        if fact.extra:
            written["other_members"] = list(fact.extra)
        if trials := list(self._trials(feature)):
            written["trials"] = trials
        if scale := self._scale(fact):
            written["scale"] = scale
        return written

    def _scale(self, fact: Fact) -> Document | None:
        """The scale behind a value that a total score gave."""
        instrument = self._rulebook.instruments.get(fact.instrument)
        if fact.score is None or instrument is None or instrument.range is None:
            return None
        if fact.source != instrument.id:
            return None  # the score of one item
        low, high = instrument.range
        bands = self._bands(instrument)
        met = bands_met(fact.score, bands, instrument) if bands else []
        return {
            "title": instrument.title,
            "from": low,
            "to": high,
            "direction": instrument.direction,
            "unit": instrument.unit,
            "bands": [
                {"id": band.id, "title": band.title, "from": band.range[0], "to": band.range[1]}
                for band in bands
            ],
            "band": met[0].id if len(met) == 1 else "",
        }

    def _bands(self, instrument: Instrument) -> list[Band]:
        """The one table of bands that applies; none while what decides is not known."""
        if not instrument.bands_by:
            return instrument.bands
        if instrument.bands or len(instrument.bands_by) > 1:
            return []
        ((name, tables),) = instrument.bands_by.items()
        deciding = self._trace.facts.get(name)
        known = describe(self._features[name], deciding.possible) if deciding else {}
        return tables.get(str(known.get("value")).lower(), [])

    def _trials(self, feature: Feature) -> Iterator[Document]:
        """How each treatment of the kind that a feature counts was judged, and by which parts."""
        source = next((s for s in feature.from_ if isinstance(s, Source)), None)
        if source is None or source.measure != "adequate_trials" or source.modality:
            return
        standards = Standards(self._rulebook.doses, self._answer.as_of)
        for number, trial in enumerate(self._answer.profile.history.treatments or (), start=1):
            if trial.kind != source.kind:
                continue
            parts = list(trial_parts(trial, source, standards, adequate=True))
            truth = min(found for _, found in parts)
            yield {
                "number": number,
                "treatment": trial.agent or trial.modality or trial.kind,
                "counts": {TRUE: "yes", FALSE: "no"}.get(truth, "unclear"),
                "unmet": [part for part, found in parts if found == FALSE],
                "open": [part for part, found in parts if found == UNKNOWN],
            }


def written_stop(stop: Stop, trace: Trace) -> Document:
    """One stop as the answer shows it, and as an error shows it where there is no answer."""
    text, rulebook = stop.rule.text, trace.rulebook
    return {
        "rule": stop.rule.id,
        "title": text.title,
        "pathway": stop.pathway.id,
        "pathway_title": stop.pathway.title,
        "urgency": stop.pathway.urgency.value,
        "action": stop.pathway.action,
        "patient_text": stop.pathway.patient_text,
        "discreet": stop.pathway.discreet,
        "contact": rulebook.header.contacts.get(stop.pathway.contact),
        "contact_key": stop.pathway.contact,
        "release": text.release,
        "until": text.until,
        "because": text.because,
        "conditions": tests_in_words(trace.deciding(stop.rule), rulebook),
        "hold": "all" if text.hold == "all" else list(text.hold),
        "scope": stop.pathway.scope,
        "through_unknown": stop.truth != TRUE,
    }


def reason(rule: Rule, rulebook: Rulebook, tests: Iterable[Test]) -> Document:
    """One rule as a reason, with the tests that are to be named."""
    text = rule.text
    return {
        "rule": rule.id,
        "title": text.title,
        "text": text.because,
        "limits": text.limits,
        "certainty": text.certainty.value if text.certainty else None,
        "strength": text.strength.value if rule.verb is Verb.RECOMMEND else None,
        "status": rule.status,
        "verb": rule.verb.value,
        "evidence": [_evidence(name, rulebook) for name in text.evidence],
        "conditions": tests_in_words(tests, rulebook),
    }


def tests_in_words(tests: Iterable[Test], rulebook: Rulebook) -> list[Document]:
    """Tests as they are written in a rule, and as they are read aloud."""
    return [
        {
            "feature": test.feature,
            "test": say_values(test),
            "words": say_test(test, rulebook.features[test.feature]),
        }
        for test in tests
    ]


def _evidence(name: str, rulebook: Rulebook) -> Document:
    item = rulebook.evidence[name]
    return {
        "id": name,
        "citation": rulebook.citations[name],
        "doi": (item.model_extra or {}).get("DOI"),
        "checked": item.checked,
        "review_by": item.review_by,
    }


def _to_the_person(adaptation: Adaptation) -> Document:
    """The texts of an adaptation that a person reads."""
    return {
        "patient_title": adaptation.patient_title,
        "patient_short": adaptation.patient_short,
        "patient_what": adaptation.patient_what,
        "patient_time": adaptation.patient_time,
        "patient_downside": adaptation.patient_downside,
    }


def _burden(adaptation: Adaptation) -> Document | None:
    burden = adaptation.burden
    if burden is None:
        return None
    return {
        "hours_per_week": burden.hours_per_week,
        "homework_streams": burden.homework_streams,
    }


def _score(score: Span | None) -> Document | None:
    if score is None:
        return None
    if score.low == score.high:
        return {"value": score.low}
    return {"from": score.low, "to": score.high}


def _may_presume(rule: Rule) -> bool:
    return rule.verb in (Verb.EXCLUDE, Verb.REFER)


# ------------------------------------------------------------------------------- would change if


def _nearest(answer: Recommendation, candidate: Candidate) -> Iterator[Document]:
    """What stands in the way, else the recommend rules that come nearest to firing."""
    seen: set[tuple[str, str]] = set()
    for rule in _in_the_way(answer, candidate):
        for test in answer.trace.deciding(rule):
            truth = answer.trace.of(test)
            key = (rule.id, f"{test.feature} {say_values(test)}")
            if key not in seen:
                seen.add(key)
                yield {
                    "feature": test.feature,
                    "test": say_values(test),
                    "words": say_test(test, answer.trace.rulebook.features[test.feature]),
                    "state": {TRUE: "holds", FALSE: "unmet"}.get(truth, "unknown"),
                    "rule": rule.id,
                }


def _in_the_way(answer: Recommendation, candidate: Candidate) -> Sequence[Rule]:
    if candidate.status in (Status.HELD, Status.EXCLUDED, Status.WITHHELD, Status.CANNOT_SAY):
        return candidate.by
    if candidate.status is not Status.NOT_INDICATED:
        return ()
    name = candidate.adaptation.id
    wanted = [r for r in answer.trace.rulebook.by_verb(Verb.RECOMMEND) if name in r.targets]
    wanted = [rule for rule in wanted if rule.in_effect(answer.as_of)]
    unmet = {rule.id: len(answer.trace.deciding(rule)) for rule in wanted}
    fewest = min(unmet.values(), default=0)
    return [rule for rule in wanted if unmet[rule.id] == fewest]
