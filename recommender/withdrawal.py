"""Urgent withdrawal of one rule: it takes effect as soon as its file lies in `approvals/`.

In: the statements of a folder, and the rules. Out: the rules as they are without those withdrawn.
A withdrawal can only take away, so it counts whoever signed it; that a clinician did is judged by
governance/approval, and without that nothing is approved any more. Advice falls silent. A rule
that guards never does: what it is about is kept out for everybody. Refused, as ContentError: a
statement about no rule of this rulebook, and one about a rule of which neither is safe.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import Field

from recommender.conditions import ALWAYS
from recommender.envelope import Day, Envelope, read_statement
from recommender.errors import ContentError, Problem, did_you_mean
from recommender.rules import Rule, RuleText, Verb
from recommender.vocabulary import Content

Text = Annotated[str, Field(min_length=1)]
Reason = Annotated[str, Field(min_length=10)]


class Effect(StrEnum):
    """What becomes of a rule that is withdrawn."""

    SILENT = "silent"
    """It does nothing more; other rules may still say the same."""
    KEPT_OUT = "kept_out"
    """What it is about is excluded for everybody."""


EFFECTS: Final[Mapping[Verb, Effect]] = {
    Verb.RECOMMEND: Effect.SILENT,
    Verb.TAILOR: Effect.SILENT,
    Verb.EXCLUDE: Effect.KEPT_OUT,
    Verb.CAUTION: Effect.KEPT_OUT,
}
"""What withdrawing a rule of each verb does. Silence of any other verb could take away a stop, a
question, a limit or a conclusion on which those rest; and a stop for everybody would be untrue."""


class WithdrawalText(Content):
    """The statement exactly as it is signed."""

    schema_: Literal["withdrawal/1"] = Field(alias="schema")
    rulebook: Text
    rule: Text
    effect: Effect
    title: Text
    """What the rule is called from now on, where its adaptations are kept out."""
    until: Text
    because: Reason
    on: Day


class Withdrawn(NamedTuple):
    """One rule that is withdrawn, by which statement."""

    rule: str
    title: str
    effect: Effect
    because: str
    on: date
    statement: str
    status: str
    """The state of the rule in its file."""


def effect_on(rule: Rule) -> Effect:
    """What withdrawing this rule would do. Raises ContentError where neither effect is safe."""
    effect = EFFECTS.get(rule.verb)
    if effect is None:
        message = (
            f"'{rule.id}' is a rule that says {rule.verb.value}, and cannot be withdrawn alone"
        )
        hint = (
            "Its silence could weaken what keeps people safe. Lay a stricter rule over it, or "
            "revoke the approval of the whole rulebook (docs/approval.md)."
        )
        raise ContentError(Problem("C415", message, hint))
    return effect


def withdraw(
    envelopes: Iterable[Envelope], rulebook: str, rules: Mapping[str, Rule]
) -> tuple[dict[str, Rule], dict[str, Withdrawn]]:
    """The rules after every withdrawal, and what was withdrawn, by rule.

    Raises ContentError with every statement that cannot be followed.
    """
    changed = dict(rules)
    withdrawn: dict[str, Withdrawn] = {}
    problems: list[Problem] = []
    for one in envelopes:
        if one.kind != "withdrawal":
            continue
        try:
            text = read_statement(WithdrawalText, one)
            rule = _named(text, one, rulebook, rules)
        except ContentError as error:
            problems.extend(error.in_file(one.name).problems)
            continue
        if rule.status != "retired" and rule.id not in withdrawn:
            changed[rule.id] = _without(rule, text)
            withdrawn[rule.id] = Withdrawn(
                rule.id,
                rule.text.title,
                text.effect,
                text.because,
                text.on,
                one.digest,
                rule.status,
            )
    if problems:
        raise ContentError(problems)
    return changed, withdrawn


def _named(
    text: WithdrawalText, envelope: Envelope, rulebook: str, rules: Mapping[str, Rule]
) -> Rule:
    rule = rules.get(text.rule)
    if text.rulebook != rulebook or rule is None:
        message = f"this withdraws '{text.rule}' of '{text.rulebook}', which is not here"
        raise ContentError(envelope.problem("C414", message, did_you_mean(text.rule, list(rules))))
    if effect_on(rule) is not text.effect:
        message = (
            f"this says that '{rule.id}' would be {text.effect}, and it is another kind of rule"
        )
        raise ContentError(envelope.problem("C415", message, "Withdraw it anew."))
    return rule


def _without(rule: Rule, text: WithdrawalText) -> Rule:
    """The rule from now on; one that is kept out excludes its adaptations, whatever is known."""
    if text.effect is Effect.SILENT:
        return replace(rule, status="retired")
    kept = RuleText(
        title=text.title,
        when={},
        because=text.because,
        until=text.until,
        status=rule.text.status,
        exclude=list(rule.targets),
    )
    return Rule(rule.id, Verb.EXCLUDE, kept, ALWAYS, rule.status)
