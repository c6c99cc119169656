"""Whatever people do and in whichever order: the rules are approved exactly when they should be.

A small model keeps count of who signed, what was revoked and which state of the rules lies there;
after each step the verdict must be the model's.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from recommender.envelope import FOLDER, Envelope
from recommender.governance.approval import reports
from tests.approving import ADVICE, FIRST, LAST, NEEDED, PEOPLE, Place, key_of, signed
from tests.building import Plain, write

TITLES = ("High mood", "Very high mood")
PERSON = st.sampled_from(sorted(PEOPLE))
GROUP = st.sampled_from([NEEDED, ("both", "aud")]) | st.lists(PERSON, min_size=1, max_size=3)


class Approving(RuleBasedStateMachine):
    """Edit, propose, sign, let time pass, revoke, withdraw, put back."""

    proposals = Bundle("proposals")
    taken = Bundle("taken")

    def __init__(self) -> None:
        super().__init__()
        self.people, reports.PEOPLE = reports.PEOPLE, 0
        self.root = Path(tempfile.mkdtemp())
        self.place = Place(self.root / "place")
        self.day = date.fromisoformat(FIRST)
        self.title = TITLES[0]
        self.signatures: dict[str, set[str]] = {}
        self.of: dict[str, str] = {}
        self.lost: set[str] = set()
        self.revoked: set[str] = set()
        self.unsigned: set[str] = set()
        self.made: dict[str, Envelope] = {}

    def teardown(self) -> None:
        reports.PEOPLE = self.people
        shutil.rmtree(self.root)

    @initialize(target=proposals)
    def trust(self) -> str:
        self.place.policy()
        return self.propose()

    # -- what people do ---------------------------------------------------------------

    @rule(title=st.sampled_from(TITLES))
    def edit(self, title: str) -> None:
        self.title = title
        rules: Mapping[str, Any] = {
            "topic": "Mindfulness",
            "rules": {"high": ADVICE | {"title": title}},
        }
        write(self.place.folder, {"rules/adaptation/mindfulness.yaml": rules})

    @rule(target=proposals)
    def propose_again(self) -> str:
        return self.propose()

    def propose(self) -> str:
        """Always as a first approval, so that two clinicians are needed each time."""
        name = f"a{len(self.of)}.json"
        made = self.place.propose(name=name, previous=None, scope=f"Tests, {name}")
        self.place.put(made)
        self.made[name] = made
        self.of[name], self.signatures[name] = self.title, set()
        return name

    @rule(name=proposals, people=GROUP)
    def sign(self, name: str, people: Sequence[str]) -> None:
        for person in people:
            if person not in self.signatures[name]:
                self.signatures[name].add(person)
                self.made[name] = signed(self.made[name], person)
                self.place.put(self.made[name])

    @rule(days=st.integers(1, 120))
    def wait(self, days: int) -> None:
        self.day += timedelta(days=days)

    @rule(name=proposals)
    def revoke(self, name: str) -> None:
        self.place.revocation("gus", f"r-{name}", approval=self.made[name].digest)
        self.revoked.add(name)

    @rule(person=PERSON)
    def lose(self, person: str) -> None:
        self.place.revocation("cara", f"k-{person}.json", key=key_of(person).keyid)
        self.lost.add(person)

    @rule(target=taken, person=st.sampled_from(["cara", "gus", ""]))
    def withdraw(self, person: str) -> str:
        made = self.place.withdrawal(person)
        (self.unsigned.discard if person == "cara" else self.unsigned.add)(made.name)
        return made.name

    @rule(name=consumes(taken))
    def give_back(self, name: str) -> None:
        (self.place.folder / FOLDER / name).unlink(missing_ok=True)
        self.unsigned.discard(name)

    # -- what must be so --------------------------------------------------------------

    def _holds(self, name: str) -> bool:
        who = self.signatures[name] - self.lost - {"ann"}
        roles: Plain = dict.fromkeys(("clinical", "governance", "author"), 0)
        for person in who:
            for role in PEOPLE[person]:
                roles[role] += 1
        return (
            self.of[name] == self.title
            and name not in self.revoked
            and len(who) >= 2
            and roles["clinical"] >= 2
            and roles["governance"] >= 1
            and FIRST <= self.day.isoformat() <= LAST
        )

    @invariant()
    def approved_exactly_when_it_should_be(self) -> None:
        if not self.place.pin:
            return
        expected = not self.unsigned and any(self._holds(name) for name in self.of)
        verdict = self.place.verdict(self.day)
        event(f"approved: {expected}")
        assert (verdict.approval is not None) == expected
        withdrawn = any((self.place.folder / FOLDER).glob("withdrawal-*"))
        assert (verdict.rulebook.withdrawn != {}) == withdrawn


Approving.TestCase.settings = settings(
    max_examples=15, stateful_step_count=15, suppress_health_check=[HealthCheck.too_slow]
)
TestApproving = Approving.TestCase
