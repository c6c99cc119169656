"""What a new rulebook does otherwise: for whom, by which edit, how far from a vignette."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from recommender import Rulebook
from recommender.governance.comparing.diff import compare
from recommender.governance.findings import Finding, Report
from recommender.profile import Profile, as_profile
from tests.building import AS_OF, CRISIS, Plain, boolean, integer, ordinal, patient, rulebook

FEATURES = [
    ordinal("mood") | {"from": ["clinician"]},
    boolean("device") | {"from": ["clinician"]},
    integer("count", 0, 9) | {"from": ["clinician"]},
]
HIGH: Plain = {"mood": "high"}
RULES: dict[str, Plain] = {
    "adaptation.t.mbct": {"when": HIGH, "recommend": "mbct"},
    "adaptation.t.act": {"when": {"count": {"at_least": 4}}, "recommend": "act"},
    "safety.t.out": {"when": {"device": True}, "exclude": "mbct", "if_not_known": "block"},
    "safety.t.stop": {"when": {"count": 9}, "refer": "crisis", "if_not_known": "caution"},
}


def book(rules: dict[str, Plain], **more: Any) -> Rulebook:
    more.setdefault("features", FEATURES)
    return rulebook(more.pop("features"), rules, adaptations=["mbct", "act"], **more)


def with_(name: str, **keys: Any) -> dict[str, Plain]:
    rules = deepcopy(RULES)
    rules.setdefault(name, {}).update(keys)
    return rules


def without(name: str) -> dict[str, Plain]:
    return {key: rule for key, rule in RULES.items() if key != name}


def person(name: str, **observed: Any) -> tuple[str, Profile]:
    return name, as_profile(patient(observations=observed))


LOW = person("low", mood="low", device=False, count=0)
SOME = person("some", mood="high", device=False, count=3)


def changes(
    new: dict[str, Plain], *vignettes: tuple[str, Profile], **more: Any
) -> tuple[Report, list[Finding]]:
    report = compare(book(RULES), book(new, **more), AS_OF, vignettes)
    return report, [one for one in report.findings if "effect" in one.details]


def test_the_same_rules_are_equivalent() -> None:
    report, found = changes(RULES, LOW, SOME)
    assert report.figures["equivalent"]
    assert not found
    assert not report.findings


def test_words_alone_change_nobodys_plan() -> None:
    report, found = changes(with_("adaptation.t.mbct", because="Otherwise said."))
    assert report.figures["equivalent"]
    assert not found
    (one,) = report.findings
    assert (one.check, one.subject) == ("rule", "adaptation.t.mbct")
    assert one.details["changed_in"] == ["because"]


def test_a_vignette_that_changes_itself_needs_no_edit() -> None:
    report, found = changes(with_("adaptation.t.act", when={"count": {"at_least": 3}}), LOW, SOME)
    told = {(one.details["before"], one.details["after"]): one.details for one in found}
    assert told["not_indicated", "recommended"]["vignettes"] == ["some"]
    assert not report.figures["equivalent"]
    (side,) = report.figures["vignettes_changed"]
    assert side["vignette"] == "some"
    assert {"adaptation": "act", "before": "not_indicated", "after": "phase 2"} in side["moved"]


def test_the_nearest_vignette_is_told_with_the_fewest_edits() -> None:
    _, found = changes(with_("adaptation.t.act", when={"count": {"at_least": 5}}), LOW, SOME)
    lost = [o for o in found if (o.details["before"], o.details["after"])
            == ("recommended", "not_indicated")]  # fmt: skip
    nearest = lost[0].details["nearest"]
    assert [edit["feature"] for edit in nearest["edits"]] == ["count"]
    assert nearest["edits"][0]["after"] == {"value": 4}


def test_an_answer_costs_less_than_another_answer() -> None:
    asked = person("asked", mood="high", device=False, count=0)
    unasked = person("unasked", mood="high", device=False)
    _, found = changes(with_("adaptation.t.act", when={"count": {"at_least": 5}}), asked, unasked)
    lost = [o for o in found if (o.details["before"], o.details["after"])
            == ("recommended", "not_indicated")]  # fmt: skip
    assert lost[0].details["nearest"]["vignette"] == "unasked"


CAUSES: list[tuple[dict[str, Plain], list[str], bool]] = [
    (without("safety.t.out"), ["safety.t.out"], False),
    (with_("safety.t.out", if_not_known="caution"), ["safety.t.out"], False),
    (with_("safety.t.out", when={"device": True, "count": 0})
     | {"adaptation.t.more": {"when": {"mood": "low"}, "recommend": "act"}},
     ["safety.t.out"], False),
]  # fmt: skip


@pytest.mark.parametrize(("new", "causes", "together"), CAUSES)
def test_a_change_is_put_down_to_the_rule_that_makes_it(
    new: dict[str, Plain], causes: list[str], together: bool
) -> None:
    _, found = changes(new, LOW, SOME)
    about = [one for one in found if one.subject == "mbct"]
    assert about
    for one in about:
        assert [cause["rule"] for cause in one.details["causes"]] == causes
        assert one.details["together"] is together


def test_two_edits_that_only_change_something_together_are_named_together() -> None:
    twice = RULES | {"safety.t.again": RULES["safety.t.out"]}
    new = {name: rule for name, rule in RULES.items() if name != "safety.t.out"}
    report = compare(book(twice), book(new), AS_OF, [LOW])
    (one, *_) = [f for f in report.findings if f.details.get("before") == "excluded"]
    assert [c["rule"] for c in one.details["causes"]] == ["safety.t.again", "safety.t.out"]
    assert one.details["together"]


SAFETY: list[tuple[str, dict[str, Plain], bool]] = [
    ("an exclusion that only warns", with_("safety.t.out", if_not_known="caution"), True),
    ("an exclusion that is gone", without("safety.t.out"), True),
    ("a stop that is gone", without("safety.t.stop"), True),
    ("a stop that begins sooner", with_("safety.t.stop", when={"count": {"at_least": 8}}), True),
    ("a caution from the safety rules", RULES | {"safety.t.care": {
        "when": HIGH, "caution": "act", "adjust": "A"}}, True),
    ("a recommendation", with_("adaptation.t.act", when={"count": {"at_least": 5}}), False),
    ("tailoring", RULES | {"tailoring.t.fit": {
        "when": HIGH, "tailor": "act", "focus": "F"}}, False),
    ("a role", RULES | {
        "adaptation.t.act": RULES["adaptation.t.act"] | {"as": "foundation"}}, False),
]  # fmt: skip


@pytest.mark.parametrize(("new", "safety"), [c[1:] for c in SAFETY], ids=[c[0] for c in SAFETY])
def test_what_keeps_somebody_safe_is_marked(new: dict[str, Plain], safety: bool) -> None:
    report, found = changes(new, LOW, SOME)
    assert found
    assert {one.details["safety"] for one in found} == {safety}
    assert report.figures["safety"] is safety


def test_an_adaptation_that_a_promise_speaks_about_is_safety() -> None:
    promise: Plain = {
        "title": "P",
        "when": HIGH,
        "even_if_unknown": False,
        "always": {"recommended": "act"},
    }
    more: dict[str, Any] = {"invariants": {"p": promise}}
    new = with_("adaptation.t.act", when={"count": {"at_least": 5}})
    report = compare(book(RULES, **more), book(new, **more), AS_OF)
    assert report.figures["safety"]


def test_a_promise_that_is_taken_away_is_told_and_one_that_is_new_is_no_error() -> None:
    promise: Plain = {
        "title": "P",
        "when": HIGH,
        "even_if_unknown": False,
        "never": {"recommended": "act"},
    }
    kept, none = book(RULES, invariants={"p": promise}), book(RULES)
    (gone,) = compare(kept, none, AS_OF).findings
    assert (gone.check, gone.severity, gone.details["what"]) == ("promise", "error", "removed")
    (new,) = compare(none, kept, AS_OF).findings
    assert (new.severity, new.details["what"]) == ("info", "added")


def test_a_rule_that_only_has_another_name_changes_nothing() -> None:
    new = {("safety.t.other" if n == "safety.t.stop" else n): r for n, r in RULES.items()}
    for name in new:
        new[name] = new[name] | {"title": "T"}
    old = {name: rule | {"title": "T"} for name, rule in RULES.items()}
    report = compare(book(old), book(new), AS_OF)
    assert report.figures["equivalent"]
    (one,) = report.findings
    assert (one.check, one.subject) == ("renamed", "safety.t.other")
    assert one.details["before"] == "safety.t.stop"


def test_features_with_other_values_are_not_decided() -> None:
    other = [ordinal("mood", "low high") | {"from": ["clinician"]}, *FEATURES[1:]]
    report, found = changes(RULES, features=other)
    assert not found
    (one,) = [f for f in report.findings if f.verdict == "undecided"]
    assert (one.why, one.subject) == ("unmapped", "mood")
    assert not report.figures["equivalent"]


def test_a_feature_that_is_read_otherwise_is_not_decided() -> None:
    short = [FEATURES[0] | {"valid_for": "P7D"}, *FEATURES[1:]]
    report, _ = changes(RULES, SOME, features=short)
    (one,) = [f for f in report.findings if f.verdict == "undecided"]
    assert (one.why, one.subject) == ("reading", "mood")
    assert one.details["changed_in"] == ["valid_for"]


def test_a_pathway_that_is_more_urgent_moves_its_stops() -> None:
    urgent = {"pathways": [CRISIS | {"id": "other"}]}
    new = with_("safety.t.stop", refer="other")
    report = compare(book(RULES, **urgent), book(new, **urgent), AS_OF)
    kinds = {one.check for one in report.findings if "effect" in one.details}
    assert kinds == {"stop"}


def test_past_its_budget_nothing_is_called_equivalent() -> None:
    report = compare(book(RULES), book(without("safety.t.out")), AS_OF, budget=1)
    assert not report.figures["equivalent"]
    assert {one.why for one in report.findings if one.verdict == "undecided"} == {"too_large"}


def test_when_an_act_has_to_come_is_compared_too() -> None:
    either: Plain = {"any": [{"device": True}, {"not": {"device": True}}]}
    one = with_("safety.t.stop", release="seen", when={"any": [{"count": 9}, HIGH]})
    other = with_("safety.t.stop", release="seen", when={"any": [HIGH, {
        "all": [{"count": 9}, {"any": [either, {"count": 9}]}]}]})  # fmt: skip
    report = compare(book(one), book(other), AS_OF)
    assert "lifting" in {f.check for f in report.findings}


def test_an_unknown_that_does_something_else_is_never_called_equivalent() -> None:
    """Another exclusion asks for the same finding, so that the plan is marked as before."""
    rules = RULES | {"safety.t.out": RULES["safety.t.out"] | {"if_not_known": "caution"}}
    rules["safety.t.more"] = rules["safety.t.out"]
    new = rules | {"safety.t.more": rules["safety.t.out"] | {"if_not_known": "presume"}}
    report = compare(book(rules), book(new), AS_OF, [LOW])
    assert not report.figures["equivalent"]
    (one,) = [f for f in report.findings if f.verdict == "undecided"]
    assert (one.subject, one.why) == ("safety.t.more", "unmarked")


def test_the_head_of_the_rulebook_is_compared_and_its_number_is_not() -> None:
    new = book(RULES, header={"version": "2"})
    assert not compare(book(RULES), new, AS_OF).findings
    (one,) = compare(book(RULES), book(RULES, header={"safe_base": "Other."}), AS_OF).findings
    assert (one.check, one.details["changed_in"]) == ("rulebook", ["safe_base"])


def test_a_rule_that_is_withdrawn_in_one_of_them_is_a_change() -> None:
    """The files are the same, and the answers are not: the vignettes are looked at too."""
    old, new = book(RULES), book(without("adaptation.t.act"))
    new.content_digest, new.digest = old.content_digest, "of the same files with a withdrawal"
    much = person("much", mood="low", device=False, count=5)
    report = compare(old, new, AS_OF, [much])
    (side,) = report.figures["vignettes_changed"]
    assert side["vignette"] == "much"
