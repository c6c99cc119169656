"""Reports of other commands on the rulebook at hand, and what they say of each entry.

In: reports in JSON, as they were read: of proofs (`report/1`), of `rules coverage` (`coverage/1`)
and of `rules mutate` (`mutation/1`). Out: for each entry what was found of it, with what people
confirmed and what nobody has confirmed apart. Refused, as UnfitReport: what is no such report,
speaks of another rulebook, or says again what one report says already.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from recommender.governance.vignettes import PINNED

Document = dict[str, Any]

PROOFS, COVERAGE, MUTATION = "report/1", "coverage/1", "mutation/1"
READ: Final[Mapping[str, frozenset[str]]] = {
    PROOFS: frozenset({"command", "rulebook", "assumptions", "findings", "counts"}),
    COVERAGE: frozenset(
        {"rulebook", "as_of", "links", "vignettes", "pinned", "aspects", "missing", "undecided"}
        | {"infeasible", "shown", "all", "complete"}
    ),
    MUTATION: frozenset(
        {"rulebook", "as_of", "links", "vignettes", "pinned", "failing", "counts", "operators"}
        | {"classes", "rules", "smells", "live", "undecided", "equivalent", "passes"}
    ),
}
"""What of each kind of report the pages read."""


class UnfitReport(Exception):  # the command line turns it into a usage error
    """A report that is none, or speaks of another rulebook."""


@dataclass(frozen=True)
class Reports:
    """What was found of one rulebook elsewhere."""

    proofs: tuple[Document, ...] = ()
    coverage: Document | None = None
    mutation: Document | None = None

    @property
    def proved(self) -> bool:
        """Whether one of them is of proofs."""
        return any(one["command"] == "prove" for one in self.proofs)

    @cached_property
    def verdicts(self) -> Mapping[str, list[Document]]:
        """What the proofs say of each entry, by its id."""
        return _by("subject", (one for report in self.proofs for one in report["findings"]))

    def covered(self, about: str) -> Document | None:
        """What vignettes have to show of a rule or an adaptation; None where none was looked at."""
        found = {name: listed.get(about, []) for name, listed in self._owed.items()}
        if not any(found.values()):
            return None
        counts = {name: len(listed) for name, listed in found.items()}
        feasible = sum(counts.values()) - counts["infeasible"]
        left = counts["missing"] + counts["undecided"]
        return found | {"counts": counts | {"feasible": feasible, "left": left}}

    def mutated(self, rule: str) -> Document | None:
        """What became of the small changes of a rule; None where it was not changed."""
        counts = self._counted.get(rule)
        if self.mutation is None or counts is None:
            return None
        needed = {one["class"]: one["least"] for one in self.mutation["classes"]}
        return {
            **{
                fate: [_shown(one) for one in self._mutants[fate].get(rule, [])]
                for fate in ("live", "undecided", "equivalent")
            },
            "counts": _counted(counts),
            "bears": counts["bears"],
            "least": needed["bearing" if counts["bears"] else "elsewhere"],
            "smell": any(one["rule"] == rule for one in self.mutation["smells"]),
        }

    def standing(self, rules: Iterable[str]) -> list[Document]:
        """Every rule that was looked at, those furthest behind first.

        Behind is what nothing shows or notices, and after that what only those vignettes do that
        nobody has confirmed; among equals, rules that safety rests on come first.
        """
        return sorted(self._standing(rules), key=_furthest_behind)

    def _standing(self, rules: Iterable[str]) -> Iterator[Document]:
        for rule in rules:
            covered, mutated = self.covered(rule), self.mutated(rule)
            if covered is None and mutated is None:
                continue
            shown = covered["counts"] if covered else None
            noticed = mutated["counts"] if mutated else None
            yield {
                "rule": rule,
                "bears": bool(mutated and mutated["bears"]),
                "shown": shown,
                "noticed": noticed,
                "left": sum(one["left"] for one in (shown, noticed) if one),
                "unconfirmed": sum(one["unconfirmed"] for one in (shown, noticed) if one),
            }

    def changed_since(self, vignettes: Collection[str]) -> bool:
        """Whether one of them was made with other vignettes than there are now, as far as told."""
        reports = [one for one in (self.coverage, self.mutation) if one is not None]
        shown = self.coverage["shown"] if self.coverage is not None else []
        named = {one["vignette"] for one in shown if one["confirmed"]}
        return any(one["vignettes"] != len(vignettes) for one in reports) or not (
            named <= {*vignettes}
        )

    @cached_property
    def _owed(self) -> Mapping[str, Mapping[str, list[Document]]]:
        found = self.coverage or dict.fromkeys(("missing", "undecided", "infeasible", "shown"), ())
        lists = {
            "missing": found["missing"],
            "undecided": found["undecided"],
            "unconfirmed": [one for one in found["shown"] if not one["confirmed"]],
            "confirmed": [one for one in found["shown"] if one["confirmed"]],
            "infeasible": found["infeasible"],
        }
        return {name: _by("about", listed) for name, listed in lists.items()}

    @cached_property
    def _mutants(self) -> Mapping[str, Mapping[str, list[Document]]]:
        assert self.mutation is not None
        fates = ("live", "undecided", "equivalent")
        return {fate: _by("rule", self.mutation[fate]) for fate in fates}

    @cached_property
    def _counted(self) -> Mapping[str, Document]:
        return {one["rule"]: one for one in self.mutation["rules"]} if self.mutation else {}


def read_reports(reports: Iterable[object], digest: str) -> Reports:
    """The reports, each of which has to be of the rulebook with that digest."""
    proofs: list[Document] = []
    single: dict[str, Document] = {}
    for report in reports:
        fitting = _fitting(report, digest)
        schema = str(fitting["schema"])
        if schema == PROOFS:
            proofs.append(fitting)
        elif schema in single:
            raise UnfitReport(f"there are two reports of rules {fitting['command']}: give one")
        else:
            single[schema] = fitting
    return Reports(tuple(proofs), single.get(COVERAGE), single.get(MUTATION))


def _fitting(report: object, digest: str) -> Document:
    """The report, if it is one and of this rulebook."""
    if not isinstance(report, dict) or report.get("schema") not in READ:
        raise UnfitReport(
            "this is no report in JSON of rules prove, rules coverage or rules mutate"
        )
    if not report.keys() >= READ[report["schema"]]:
        raise UnfitReport("this report leaves something out: make it again with this version")
    if report["rulebook"]["digest"] != digest:
        raise UnfitReport("this report is about another version of the rulebook: make it again")
    return report


def _by(key: str, several: Iterable[Document]) -> dict[str, list[Document]]:
    found: dict[str, list[Document]] = {}
    for one in several:
        found.setdefault(str(one[key]), []).append(one)
    return found


def _shown(mutant: Document) -> Document:
    """A mutant, with whether an author vouches for the vignette that shows it."""
    return mutant | {"confirmed": not mutant["vignette"].startswith(f"{PINNED}/")}


def _counted(counts: Document) -> Document:
    """The counts of mutants, with what only the unconfirmed notices and what nothing does."""
    return counts | {
        "of": counts["mutants"] - counts["equivalent"],
        "confirmed": counts["vignette"] + counts["example"],
        "unconfirmed": counts["plan"] + counts["suggested"],
        "left": counts["live"] + counts["undecided"],
    }


def _furthest_behind(one: Document) -> tuple[int, bool, int, str]:
    return -one["left"], not one["bears"], -one["unconfirmed"], one["rule"]
