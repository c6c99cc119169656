"""All content loaded together, cross-checked and frozen, with one digest.

In: a folder that holds `rules/`, or nothing for the shipped one; perhaps a site's folder laid over
it. Out: a Rulebook, safe to share between threads and processes. Refused: whatever reading.py
refuses, and names that lead nowhere. The digest is the SHA-256 of the RFC 8785 form of the parsed
content: comments, layout and the order of files do not count. Where statements in `approvals/`
withdraw rules, it is the SHA-256 over that digest and theirs.
"""

import copy
import hashlib
import json
import os
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar, cast

from recommender import content as files
from recommender.conditions import Condition, Reasons, Test, compile_deciding, tests_of
from recommender.crosscheck import check
from recommender.envelope import Envelope, read_folder
from recommender.errors import ContentError, Problem
from recommender.gather import Gathered, Plain, gather
from recommender.reading import Header, Pieces, Reference, models
from recommender.rules import Invariant, Link, Rule, Verb
from recommender.version import VERSION
from recommender.vocabulary import Adaptation, Feature, Instrument, Pathway
from recommender.withdrawal import Withdrawn, withdraw

COMPILED_FORMAT = 1
Derived = TypeVar("Derived")


class Approval(NamedTuple):
    """That people who may have approved one state of the content, and on which days it holds.

    Made by governance/approval, which checks all that it rests on.
    """

    content: str
    """Digest of the content that was approved."""
    statement: str
    scope: str
    valid_from: date
    until: date

    def covers(self, day: date) -> bool:
        """Whether it holds on that day; both ends are included."""
        return self.valid_from <= day <= self.until


class Rulebook:
    """Features, instruments, adaptations, rules, evidence and invariants, frozen together."""

    approval: Approval | None = None
    withdrawn: Mapping[str, Withdrawn] = MappingProxyType({})

    def __init__(self, pieces: Pieces, digest: str) -> None:
        self._pieces = pieces
        self.digest = digest
        self.content_digest = digest
        """The digest of the files alone: it stays when a rule is withdrawn."""
        self.header: Header = pieces.header
        self.features: Mapping[str, Feature] = MappingProxyType(pieces.features)
        self.adaptations: Mapping[str, Adaptation] = MappingProxyType(pieces.adaptations)
        self.pathways: Mapping[str, Pathway] = MappingProxyType(pieces.pathways)
        self.panels: Mapping[str, str] = MappingProxyType(pieces.panels)
        self.instruments: Mapping[str, Instrument] = MappingProxyType(pieces.instruments)
        self.doses = pieces.doses
        self.rules: Mapping[str, Rule] = MappingProxyType(pieces.rules)
        self.topics: Mapping[str, str] = MappingProxyType(pieces.topics)
        self.evidence: Mapping[str, Reference] = MappingProxyType(pieces.evidence)
        self.invariants: Mapping[str, Invariant] = MappingProxyType(pieces.invariants)
        self.links: tuple[Link, ...] = pieces.links
        """What holds between features of every person; proofs are about people of whom it does."""
        self.safety_tests: Mapping[str, Condition] = MappingProxyType(pieces.safety_tests)
        self._derived: dict[Any, Any] = {}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<Rulebook {self.header.id} {self.header.version} {self.digest[:12]}>"

    def under(self, approval: Approval | None) -> "Rulebook":
        """The same rulebook with an approval of exactly its content, or with none."""
        if approval is not None and approval.content != self.content_digest:
            raise ValueError("this approval is about another content")
        approved = copy.copy(self)
        approved.approval = approval
        return approved

    def without(self, statements: Sequence[Envelope]) -> "Rulebook":
        """This rulebook after the withdrawals among these statements; it has a digest of its own.

        Raises ContentError for a withdrawal that cannot be followed.
        """
        rules, withdrawn = withdraw(statements, self.header.id, self.rules)
        if not withdrawn:
            return self
        by = sorted(one.statement for one in withdrawn.values())
        digest = digest_of({"rulebook": self.content_digest, "withdrawn": by})
        changed = self.with_rules(rules, digest)
        changed.content_digest = self.content_digest
        changed.withdrawn = MappingProxyType(withdrawn)
        return changed

    def with_rules(self, rules: Mapping[str, Rule], digest: str = "") -> "Rulebook":
        """The same rulebook with other rules, to compare it with; nobody approved that one.

        rules: by id, in the order of ids. Without a digest it is nobody's to be served.
        """
        return Rulebook(replace(self._pieces, rules=dict(rules)), digest)

    def only(self, names: Collection[str]) -> "Rulebook":
        """These rules alone, with the whole vocabulary and without promises."""
        rules = {name: rule for name, rule in self.rules.items() if name in names}
        return Rulebook(replace(self._pieces, rules=rules, invariants={}), "")

    def derived(self, build: Callable[..., Derived], *key: Any) -> Derived:
        """What `build(self, *key)` makes of this rulebook, made once and kept with it."""
        name = (build, *key)
        if name not in self._derived:
            with self._lock:
                if name not in self._derived:
                    self._derived[name] = build(self, *key)
        return cast("Derived", self._derived[name])

    def by_verb(self, verb: Verb) -> tuple[Rule, ...]:
        """The rules of one verb, by id."""
        return self._by_verb.get(verb, ())

    @cached_property
    def _by_verb(self) -> Mapping[Verb, tuple[Rule, ...]]:
        found: dict[Verb, list[Rule]] = {verb: [] for verb in Verb}
        for rule in self.rules.values():
            found[rule.verb].append(rule)
        return {verb: tuple(rules) for verb, rules in found.items()}

    @cached_property
    def by_target(self) -> Mapping[str, tuple[Rule, ...]]:
        """By adaptation: the rules whose verb is about it, by id."""
        found: dict[str, list[Rule]] = {}
        for rule in self.rules.values():
            for name in rule.targets:
                found.setdefault(name, []).append(rule)
        return {name: tuple(rules) for name, rules in found.items()}

    @cached_property
    def citations(self) -> Mapping[str, str]:
        """How each item of the bibliography is cited in one line."""
        return {name: _cited(item) for name, item in self.evidence.items()}

    @cached_property
    def drafts(self) -> int:
        """How many rules are drafts, which count as not approved until the whole is."""
        return sum(rule.status == "draft" for rule in self.rules.values())

    @cached_property
    def concluding(self) -> Mapping[str, tuple[Rule, ...]]:
        """The rules that conclude each concluded feature, in the order they must be settled."""
        found = {f.id: tuple(self._concluding(f.id)) for f in self.features.values() if f.concluded}
        return {name: found[name] for name in strata(found)}

    def _concluding(self, feature: str) -> Iterator[Rule]:
        return (rule for rule in self.by_verb(Verb.CONCLUDE) if rule.concludes[0] == feature)

    @cached_property
    def used(self) -> tuple[str, ...]:
        """The features anything in the rulebook asks about, in the order declared."""
        asked = {test.feature for test in self.tests}
        for rule in self.rules.values():
            asked.update(rule.text.answered_by)
            if rule.text.ask:
                asked.add(rule.text.ask)
        for adaptation in self.adaptations.values():
            asked.update(adaptation.needs)
        asked.update(self.concluding)
        return tuple(name for name in self.features if name in asked)

    @cached_property
    def tests(self) -> tuple[Test, ...]:
        """Every distinct test of every rule, gate and invariant."""
        return tuple(dict.fromkeys(self._every_test()))

    @cached_property
    def reasons(self) -> Mapping[str, Reasons]:
        """How each rule finds the tests that decided it, in a row of the truths of `tests`."""
        place = {test: at for at, test in enumerate(self.tests)}
        return {r.id: compile_deciding(r.condition, place) for r in self.rules.values()}

    def _every_test(self) -> Iterator[Test]:
        for rule in self.rules.values():
            yield from tests_of(rule.condition)
            if rule.gate is not None:
                yield from tests_of(rule.gate)
        for invariant in self.invariants.values():
            if invariant.condition is not None:
                yield from tests_of(invariant.condition)

    def inactive(self, day: date) -> frozenset[str]:
        """The rules that are silent on that day whatever is known: retired, or out of period."""
        return frozenset(rule.id for rule in self._passing if not rule.in_effect(day))

    @cached_property
    def _passing(self) -> tuple[Rule, ...]:
        """The rules that are not in effect on every day."""
        return tuple(
            rule
            for rule in self.rules.values()
            if rule.status == "retired" or rule.text.effective_period is not None
        )


def _cited(item: Reference) -> str:
    more = item.model_extra or {}
    authors = [str(a.get("family") or a.get("literal") or "") for a in more.get("author") or ()]
    first = f"{authors[0]} et al." if len(authors) > 1 else "".join(authors)
    issued = more.get("issued") or {}
    year = issued.get("year") if isinstance(issued, dict) else issued
    parts = [first, item.title, more.get("container-title"), str(year or "")]
    return ". ".join(str(part).rstrip(".") for part in parts if part)


def strata(concluding: Mapping[str, tuple[Rule, ...]]) -> list[str]:
    """The concluded features, each after those it rests on. A cycle was refused at loading."""
    order: list[str] = []

    def visit(name: str) -> None:
        if name in order:
            return
        for rule in concluding[name]:
            for test in tests_of(rule.condition):
                if test.feature in concluding:
                    visit(test.feature)
        order.append(name)

    for name in concluding:
        visit(name)
    return order


# ------------------------------------------------------------------------------- loading


def load_rulebook(path: Path | str | None = None, *, pin: str | None = None) -> Rulebook:
    """Load the rulebook of a folder, or the shipped one.

    path: a folder that holds `rules/`; one whose rulebook.yaml says `lays_over` is laid over the
    shipped rulebook, and rules that a statement in its `approvals/` withdraws are without effect.
    pin: the digest it must have.
    Raises ContentError with every problem of every file, or when the digest is not the pinned one.
    """
    root = files.root(Path(path) if path is not None else None)
    over = None
    if _is_site(root):
        root, over = files.root(None), root
    shown = str(path) if path is not None else ""
    rulebook = _from_compiled(root, over) or _from_yaml(root, over, shown)
    rulebook = rulebook.without(read_folder(over or root))
    if pin is not None and rulebook.digest != pin:
        message = f"the rulebook's digest is {rulebook.digest}, and {pin} was asked for"
        raise ContentError(Problem("C401", message, "Load the pinned version, or change the pin."))
    return rulebook


def load_with_places(path: Path | str | None = None) -> tuple[Rulebook, Gathered]:
    """The rulebook as read from its YAML, with the place of every entry; raises ContentError."""
    root = files.root(Path(path) if path is not None else None)
    over = None
    if _is_site(root):
        root, over = files.root(None), root
    gathered = gather(root, over, shown=str(path) if path is not None else "")
    return build(gathered), gathered


def _is_site(root: Path) -> bool:
    """Whether a folder only changes the shipped rulebook; its own loading checks the rest."""
    try:
        return b"lays_over:" in (root / "rules" / "rulebook.yaml").read_bytes()
    except OSError:
        return False


def _from_yaml(root: Path, site: Path | None, shown: str) -> Rulebook:
    key = _key(root, site)
    gathered = gather(root, site, shown=shown)
    rulebook = build(gathered)
    _keep(key, _compiled(gathered.content, rulebook.digest, key))
    return rulebook


def build(gathered: Gathered, digest: str = "") -> Rulebook:
    """Models, cross-checks, digest unless known. Raises ContentError with all problems at once."""
    readable = not gathered.unread and "rulebook" in gathered.content
    pieces = models(gathered) if readable else None
    if pieces is not None and not gathered.checked:
        check(gathered, pieces)
    if gathered.problems or pieces is None:
        raise ContentError(gathered.problems)
    return Rulebook(pieces, digest or digest_of(gathered.content))


def digest_of(content: Plain) -> str:
    """SHA-256 of the canonical JSON of the parsed content; decimals count as their text."""
    import rfc8785

    return hashlib.sha256(rfc8785.dumps(_without_floats(content))).hexdigest()


def _without_floats(value: Any) -> Any:
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict):
        return {key: _without_floats(inner) for key, inner in value.items()}
    return [_without_floats(inner) for inner in value] if isinstance(value, list) else value


# ------------------------------------------------------------------------------- precompiled


def compile_content(root: Path) -> bytes:
    """The precompiled rulebook of a folder, as shipped in the wheel. Raises ContentError."""
    gathered = gather(root)
    return _compiled(gathered.content, build(gathered).digest, _key(root, None))


def _compiled(content: Plain, digest: str, key: str) -> bytes:
    whole = {"format": COMPILED_FORMAT, "key": key, "digest": digest, "content": content}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def _key(root: Path, site: Path | None) -> str:
    found = [files.files(folder) for folder in (root, site) if folder is not None]
    parts = [VERSION, str(COMPILED_FORMAT), *(files.source_digest(one) for one in found)]
    return hashlib.sha256(":".join(parts).encode()).hexdigest()


def _from_compiled(root: Path, site: Path | None) -> Rulebook | None:
    """The rulebook from its precompiled form, if one was made from exactly these files."""
    key = _key(root, site)
    for candidate in (root / "rulebook.json", _cache_file(key)):
        try:
            whole = json.loads(candidate.read_bytes())
            if whole["format"] == COMPILED_FORMAT and whole["key"] == key:
                return build(Gathered(whole["content"], checked=True), whole["digest"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None


def _cache_file(key: str) -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "recommender" / f"{key}.json"


def _keep(key: str, compiled: bytes) -> None:
    """Keep the precompiled form for the next start; a place that cannot be written is no harm."""
    target = _cache_file(key)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_suffix(f".{os.getpid()}.tmp")
        draft.write_bytes(compiled)
        draft.replace(target)
    except OSError:
        return
