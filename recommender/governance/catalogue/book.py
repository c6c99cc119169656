"""The entries of a rulebook as plain data for pages: words, places, and what is known of each.

In: a rulebook with its vignettes run, its findings and its history. Out: for each kind of entry
what a template says about it. Nothing is evaluated here.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from recommender.conditions import AllOf, AnyOf, Condition, Not, Test, say_test
from recommender.explain.rule_words import rule_view
from recommender.governance.catalogue.history import History
from recommender.governance.catalogue.played import Played, Vignettes
from recommender.governance.catalogue.relations import EVERY, Relations
from recommender.governance.catalogue.reports import Reports
from recommender.governance.lint.subject import Finding
from recommender.plain_words import sentences
from recommender.rulebook import Rulebook
from recommender.rules import FOLDERS, Invariant, Outcome, Rule, Verb
from recommender.vocabulary import Adaptation, Feature, Instrument, Pathway, Source

Document = dict[str, Any]


@dataclass(frozen=True)
class Book:
    """Everything the pages are made from."""

    rulebook: Rulebook
    declared: frozenset[str]
    """The features that features.yaml lists; the others come with an instrument."""
    vignettes: Vignettes
    findings: tuple[Finding, ...]
    check_titles: Mapping[str, str]
    histories: tuple[History, ...]
    reports: Reports
    as_of: date

    @cached_property
    def relations(self) -> Relations:
        """Who speaks about what."""
        return Relations(self.rulebook)

    @cached_property
    def topics(self) -> tuple[str, ...]:
        """The topics in the order of reading."""
        names = {rule_id.rpartition(".")[0] for rule_id in self.rulebook.rules}
        return tuple(sorted(names, key=lambda name: (FOLDERS.index(name.split(".")[0]), name)))

    @cached_property
    def where(self) -> Mapping[str, Mapping[str, str]]:
        """The page and place of each entry, by kind."""
        book = self.rulebook
        features = {name: f"features.html#{name}" for name in book.features}
        for name in book.features.keys() - self.declared:
            features[name] = f"instruments.html#{name.partition('.')[0]}"
        return {
            "rule": {name: _rule_place(name) for name in book.rules},
            "topic": {name: f"topics/{name}.html" for name in self.topics},
            "adaptation": {name: f"adaptations/{name}.html" for name in book.adaptations},
            "feature": features,
            "instrument": {name: f"instruments.html#{name}" for name in book.instruments},
            "pathway": {name: f"pathways.html#{name}" for name in book.pathways},
            "evidence": {name: f"evidence.html#{name}" for name in book.evidence},
            "invariant": {name: f"invariants.html#{name}" for name in book.invariants},
            "vignette": {one.name: f"vignettes.html#{one.name}" for one in self.vignettes.all},
        }

    @cached_property
    def names(self) -> Mapping[str, Mapping[str, str]]:
        """How each entry is called, by kind."""
        book = self.rulebook
        return {
            "rule": {name: one.text.title for name, one in book.rules.items()},
            "topic": {name: book.topics.get(name) or name for name in self.topics},
            "adaptation": {name: one.title for name, one in book.adaptations.items()},
            "feature": {name: one.label for name, one in book.features.items()},
            "instrument": {name: one.title for name, one in book.instruments.items()},
            "pathway": {name: one.title for name, one in book.pathways.items()},
            "evidence": book.citations,
            "invariant": {name: one.text.title for name, one in book.invariants.items()},
            "vignette": {one.name: one.name.replace("_", " ") for one in self.vignettes.all},
        }

    @cached_property
    def withdrawn(self) -> Mapping[str, Document]:
        """The rules that a clinician has withdrawn."""
        return {
            one.rule: {
                "rule": one.rule,
                "title": one.title,
                "effect": one.effect.value,
                "because": one.because,
                "on": one.on.isoformat(),
            }
            for one in self.rulebook.withdrawn.values()
        }

    @property
    def approval(self) -> Document | None:
        """By what the rules are approved; None where they are not."""
        found = self.rulebook.approval
        if found is None:
            return None
        until = found.until.isoformat()
        return {"until": until, "scope": found.scope, "statement": found.statement}

    # -- rules -----------------------------------------------------------------------

    def topic(self, name: str) -> Document:
        """One topic with its rules, in the order of their names."""
        rules = [rule for rule in self.rulebook.rules.values() if rule.id.startswith(f"{name}.")]
        return {
            "id": name,
            "folder": name.partition(".")[0],
            "title": self.names["topic"][name],
            "file": f"rules/{name.replace('.', '/')}.yaml",
            "rules": [self.rule(one) for one in rules if one.id.rpartition(".")[0] == name],
        }

    def rule(self, rule: Rule) -> Document:
        """One rule with everything that is known of it."""
        features = self.rulebook.features
        return {
            "id": rule.id,
            "key": rule.id.rpartition(".")[2],
            "view": rule_view(rule, self.rulebook),
            "withdrawn": self.withdrawn.get(rule.id),
            "when": tree(rule.condition, features),
            "gate": tree(rule.gate, features) if rule.gate is not None else [],
            "evidence": [self.reference(name) for name in rule.text.evidence],
            "findings": [self._finding(one) for one in self._found_in(rule.id)],
            "played": {
                did: self.vignettes.where(rule.id, did) for did in ("fired", "unknown", "silent")
            },
            "covered": self.reports.covered(rule.id),
            "mutated": self.reports.mutated(rule.id),
            "meeting": list(self._meeting(rule)),
            "history": self.history(rule.id),
        }

    def _meeting(self, rule: Rule) -> Iterator[Document]:
        about: dict[tuple[str, str], list[Document]] = {}
        for what, name, kind, others in self.relations.meeting(rule):
            rules = [{"rule": one, "both": self.vignettes.both(rule.id, one)} for one in others]
            about.setdefault((what, name), []).append({"kind": kind, "rules": rules})
        for (what, name), groups in about.items():
            yield {"what": what, "name": name, "groups": groups}

    def history(self, rule_id: str) -> Document:
        """The changes of a rule, newest first; empty where git knows none."""
        changes = [one for known in self.histories for one in known.rules.get(rule_id, ())]
        return {
            "changes": [one._asdict() for one in sorted(changes, key=_newest_first, reverse=True)],
            "uncommitted": any(rule_id in known.uncommitted for known in self.histories),
        }

    @cached_property
    def _by_rule(self) -> Mapping[str, list[Finding]]:
        found: dict[str, list[Finding]] = {}
        for one in self.findings:
            if one.entry[0] == "rules":
                found.setdefault(str(one.entry[1]), []).append(one)
        return found

    def _found_in(self, rule_id: str) -> list[Finding]:
        return self._by_rule.get(rule_id, [])

    def _finding(self, finding: Finding) -> Document:
        problem = finding.problem
        return {
            "code": problem.code,
            "title": self.check_titles[problem.code],
            "severity": finding.severity.value,
            "message": problem.message,
            "hint": problem.hint,
            "place": problem.place,
            "rule": finding.entry[1] if finding.entry[0] == "rules" else "",
        }

    @property
    def all_findings(self) -> list[Document]:
        """What the checks found, everywhere."""
        return [self._finding(one) for one in self.findings]

    @property
    def never_fired(self) -> list[str]:
        """The rules in use that hold in no vignette."""
        live = (one.id for one in self.rulebook.rules.values() if one.status != "retired")
        return [name for name in live if not self.vignettes.where(name, "fired")]

    # -- adaptations, pathways -------------------------------------------------------

    def adaptation(self, one: Adaptation) -> Document:
        """One adaptation, every rule about it, and where it stands in each vignette."""
        about = self.relations.about(one.id)
        standing: dict[str, list[str]] = {}
        for played in self.vignettes.all:
            if one.id in played.standing:
                standing.setdefault(played.standing[one.id], []).append(played.name)
        return one.model_dump(mode="json") | {
            "about": [
                {"kind": kind, "rules": [self._brief(name) for name in about[kind]]}
                for kind in EVERY
                if kind in about
            ],
            "pausing_all": len(self.relations.pausing_all),
            "standing": standing,
            "covered": self.reports.covered(one.id),
            "invariants": [inv.id for inv in self.relations.invariants(one.id)],
            "instead_of": [
                other.id for other in self.rulebook.adaptations.values() if one.id in other.fallback
            ],
        }

    def _brief(self, rule_id: str) -> Document:
        rule = self.rulebook.rules[rule_id]
        return {
            "rule": rule_id,
            "view": rule_view(rule, self.rulebook),
            "when": tree(rule.condition, self.rulebook.features),
            "fired": len(self.vignettes.where(rule_id, "fired")),
        }

    def pathway(self, one: Pathway) -> Document:
        """One pathway and the stops that lead there."""
        stops = self.rulebook.by_verb(Verb.REFER)
        rules = [rule.id for rule in stops if rule.text.refer == one.id]
        contact = self.rulebook.header.contacts.get(one.contact)
        return one.model_dump(mode="json") | {"rules": rules, "contact_set": bool(contact)}

    # -- features, instruments, evidence ---------------------------------------------

    def feature(self, one: Feature) -> Document:
        """One feature: its values, where they come from, and who reads it."""
        written = one.model_dump(mode="json", by_alias=True, exclude_none=True)
        concluding = self.rulebook.concluding.get(one.id, ())
        positive = self.rulebook.safety_tests.get(one.id)
        return written | {
            "from": [_source(source) for source in one.from_],
            "readers": self.relations.readers(one.id),
            "derived": self.relations.derived(one.id),
            "concluded_by": [rule.id for rule in concluding],
            "needed_by": [a.id for a in self.rulebook.adaptations.values() if one.id in a.needs],
            "told": [
                {"when": tree(said.condition, self.rulebook.features), "say": said.text}
                for said in sentences(self.rulebook, one.id)
            ],
            "positive": tree(positive, self.rulebook.features) if positive else [],
        }

    def instrument(self, one: Instrument) -> Document:
        """One scale: its bands, its licence, and what is taken from it."""
        names = [
            feature.id
            for feature in self.rulebook.features.values()
            for source in feature.from_
            if isinstance(source, Source) and source.instrument == one.id
        ]
        taken = [name for name in dict.fromkeys(names) if name in self.declared]
        own = [name for name in dict.fromkeys(names) if name not in self.declared]
        return one.model_dump(mode="json", by_alias=True, exclude_none=True) | {
            "taken": taken,
            "read": [name for name in own if self.relations.readers(name)],
            "sources": [self.reference(name) for name in one.source if name in self._evidence],
        }

    @property
    def _evidence(self) -> Mapping[str, Any]:
        return self.rulebook.evidence

    def reference(self, name: str) -> Document:
        """One source, how it was checked, and whether its review is overdue."""
        item = self.rulebook.evidence[name]
        more = item.model_extra or {}
        return {
            "id": name,
            "citation": self.rulebook.citations[name],
            "doi": str(more.get("DOI") or ""),
            "note": str(more.get("note") or ""),
            "checked": item.checked,
            "review_by": item.review_by,
            "overdue": bool(item.review_by) and item.review_by < self.as_of.isoformat(),
        }

    def source(self, name: str) -> Document:
        """The same with who cites it."""
        rules = [rule.id for rule in self.rulebook.rules.values() if name in rule.text.evidence]
        scales = [one.id for one in self.rulebook.instruments.values() if name in one.source]
        return self.reference(name) | {"rules": rules, "instruments": scales}

    # -- invariants, vignettes -------------------------------------------------------

    def invariant(self, one: Invariant) -> Document:
        """One promise: about whom, and what must be so."""
        text = one.text
        claims = {"never": text.never, "always": text.always, "cover": text.cover}
        kind, claim = next(((k, c) for k, c in claims.items() if c is not None), ("monotone", None))
        outcomes = claim if isinstance(claim, list) else [claim] if claim is not None else []
        if text.monotone is not None:
            outcomes = [text.monotone.keeps]
        return {
            "id": one.id,
            "title": text.title,
            "because": text.because,
            "when": tree(one.condition, self.rulebook.features) if one.condition else [],
            "even_if_unknown": bool(text.even_if_unknown),
            "kind": kind,
            "feature": text.monotone.feature if text.monotone else "",
            "outcomes": [_outcome(outcome) for outcome in outcomes],
        }

    def vignette(self, one: Played) -> Document:
        """One synthetic patient: what was expected and what was found."""
        aside: dict[str, list[str]] = {}
        for name, status in one.standing.items():
            if status != "recommended":
                aside.setdefault(status, []).append(name)
        return {
            "id": one.name,
            "rationale": " ".join(str(one.expect.get("rationale", "")).split()),
            "expect": {key: value for key, value in one.expect.items() if key != "rationale"},
            "status": one.status,
            "plan": [{"adaptation": name, "phase": phase} for name, phase in one.plan],
            "aside": aside,
            "stops": list(one.stops),
            "wrong": list(one.wrong),
            "fired": [rule for rule, did in one.did.items() if did == "fired"],
            "unknown": sum(did == "unknown" for did in one.did.values()),
        }


def tree(condition: Condition, features: Mapping[str, Feature]) -> list[Document]:
    """A condition as an outline: tests with their feature, and joints with what they join."""
    if isinstance(condition, AllOf):
        return [line for part in condition.parts for line in _line(part, features)]
    return list(_line(condition, features))


def _line(condition: Condition, features: Mapping[str, Feature]) -> Iterator[Document]:
    match condition:
        case Test():
            words = say_test(condition, features[condition.feature])
            yield {"words": words, "feature": condition.feature, "joint": "", "inner": []}
        case Not(part):
            yield _joint("not", [part], features)
        case AllOf(parts):
            yield _joint("all", parts, features)
        case AnyOf(parts):
            yield _joint("any", parts, features)


def _joint(kind: str, parts: Iterable[Condition], features: Mapping[str, Feature]) -> Document:
    inner = [line for part in parts for line in _line(part, features)]
    return {"words": "", "feature": "", "joint": kind, "inner": inner}


def _rule_place(rule_id: str) -> str:
    topic, _, key = rule_id.rpartition(".")
    return f"topics/{topic}.html#{key}"


def _newest_first(change: Any) -> str:
    return str(change.on)


def _source(source: Any) -> Document:
    """Where a value comes from: a clinician, or the keys of a source as written."""
    if not isinstance(source, Source):
        return {"clinician": True}
    return source.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)


def _outcome(outcome: Outcome) -> Document:
    kind, names = outcome.named
    return {"kind": kind, "names": list(names)}
