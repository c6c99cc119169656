"""Explained combinations of CBT adaptations for adults with treatment-resistant depression.

    from recommender import load_rulebook, recommend

    answer = recommend(profile, load_rulebook())
    answer.status, answer.recommended, answer.to_dict()

`profile` is a mapping, JSON or YAML text, or a Profile. Rules are drafts until clinicians approve
them: this supports a decision, it does not make one.
"""

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
