"""Explained combinations of CBT adaptations for adults with treatment-resistant depression.

    from recommender import load_rulebook, recommend

    answer = recommend(profile, load_rulebook())
    answer.status, answer.recommended, answer.to_dict()

`profile` is a mapping, JSON or YAML text, or a Profile. Rules are drafts until clinicians approve
them: this supports a decision, it does not make one.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recommender.errors import ContentError, EngineError, ProfileError, RecommenderError
    from recommender.pipeline import recommend
    from recommender.profile import Profile
    from recommender.recommendation import Recommendation
    from recommender.rulebook import Rulebook, load_rulebook

__all__ = [
    "ContentError",
    "EngineError",
    "Profile",
    "ProfileError",
    "Recommendation",
    "RecommenderError",
    "Rulebook",
    "load_rulebook",
    "recommend",
]

_HOMES = {
    "ContentError": "errors",
    "EngineError": "errors",
    "Profile": "profile",
    "ProfileError": "errors",
    "Recommendation": "recommendation",
    "RecommenderError": "errors",
    "Rulebook": "rulebook",
    "load_rulebook": "rulebook",
    "recommend": "pipeline",
}


def __getattr__(name: str) -> Any:
    """Load a public name from its home when it is first used: a command pays for what it needs."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
