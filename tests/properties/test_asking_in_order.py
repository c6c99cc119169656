"""What was hidden and is asked for in order gives the whole answer again.

One thing is never asked for: a stop that counts as «no» until somebody records it.
"""

from __future__ import annotations

import pytest

from benchmarks.asking import interview
from recommender import content, load_rulebook
from recommender.governance.synthetic import shipped, synthetic
from recommender.profile import Profile
from recommender.rules import IfNotKnown

RULEBOOK = load_rulebook()
PEOPLE = [*shipped(content.root(), every=2), *(synthetic(RULEBOOK, n, 0.95) for n in range(12))]


@pytest.mark.parametrize("profile", PEOPLE, ids=lambda profile: profile.id)
def test_asking_in_order_finds_the_whole_answer(profile: Profile) -> None:
    for seed in range(2):
        found = interview(profile, RULEBOOK, seed)
        assert found.found.memberships == found.whole.memberships
        for rule in found.whole.stops ^ found.found.stops:
            assert RULEBOOK.rules[rule].unknown_means is IfNotKnown.PRESUME
            assert rule in found.whole.stops


def test_what_can_change_nothing_is_not_asked() -> None:
    seen = [interview(profile, RULEBOOK, 3) for profile in PEOPLE[::4]]
    asked, opened = sum(one.asked for one in seen), sum(one.open for one in seen)
    assert 0 < asked < opened
