"""The small fact sets in which a rule shows what it does, judged as the rule judges patients."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from recommender.conditions import FALSE, TRUE, UNKNOWN, Test, Truth, compile_test, judge
from recommender.facts import Members, Possible, everything, exactly, member_count
from recommender.rulebook import Rulebook
from recommender.rules import Rule
from recommender.vocabulary import Feature, Kind

WANTED: Final[Mapping[str, Truth]] = {"fires": TRUE, "silent": FALSE, "unknown": UNKNOWN}
"""What each example shows."""


def truth_of(rule: Rule, example: Mapping[str, Any], rulebook: Rulebook) -> Truth:
    """What the rule does where this is known and nothing else."""

    def truth(test: Test) -> Truth:
        feature = rulebook.features[test.feature]
        stated = feature.id in example
        fact = possible(feature, example[feature.id]) if stated else everything(feature)
        return compile_test(test, feature)(fact)

    return judge(rule.condition, truth)


def possible(feature: Feature, stated: Any) -> Possible:
    """What an example states: a value, a list of members, or members present and absent."""
    if feature.type is not Kind.SET:
        return exactly(feature, stated)
    if isinstance(stated, Mapping):
        return Members(
            _mask(feature, stated.get("present", ())), _mask(feature, stated.get("absent", ()))
        )
    present = _mask(feature, stated)
    return Members(present, (1 << member_count(feature)) - 1 & ~present)


def _mask(feature: Feature, named: Iterable[str]) -> int:
    return sum(1 << feature.position[name] for name in named)
