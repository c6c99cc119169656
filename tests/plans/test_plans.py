"""Every shipped vignette gets the plan it should, and its page reads as reviewed.

`<profile>.yaml` is the outline of the plan, `<profile>.md` the page. Both are written anew by
`make test ARGS=--renew-plans`, to be read as a difference. The profile's own `expect` block was
written from the sources by hand and is never renewed.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from recommender import Recommendation, content, load_rulebook, recommend
from recommender.explain.render import render
from recommender.governance.vignettes import check_expectation, differences
from recommender.plan import PlanStatus
from recommender.profile import Profile, read_profile

HERE = Path(__file__).parent
RULEBOOK = load_rulebook()
NAMES = sorted(path.stem for path in (content.root() / "profiles").glob("*.yaml"))


def profile_of(name: str) -> Profile:
    path = content.root() / "profiles" / f"{name}.yaml"
    return read_profile(path.read_bytes(), path.name)


def answer_of(name: str) -> Recommendation:
    return recommend(profile_of(name), RULEBOOK)


def outline(document: dict[str, Any]) -> dict[str, Any]:
    """What a reviewer checks first."""
    aside: dict[str, list[str]] = {}
    for entry in document["set_aside"]:
        aside.setdefault(entry["status"], []).append(entry["adaptation"])
    return {
        "status": document["status"],
        "stops": [stop["rule"] for stop in document["stops"]],
        "plan": [
            f"phase {entry['phase']}: {entry['adaptation']} ({entry['role']})"
            + (", provisional" if entry["provisional"] else "")
            for entry in document["plan"]
        ],
        "assumes": {e["adaptation"]: e["assumes"] for e in document["plan"] if e["assumes"]},
        "set_aside": aside,
        "required": [one["feature"] for one in document["ask"] if one["required"]],
        "asked": len(document["ask"]),
        "fired": [rule for rule, did in document["rules"].items() if did == "fired"],
    }


def compare(path: Path, written: str, renew: bool) -> None:
    if renew:
        path.write_text(written)
    assert path.read_text() == written


@pytest.mark.parametrize("name", NAMES)
def test_the_plan_is_the_reviewed_one(name: str, pytestconfig: pytest.Config) -> None:
    renew = bool(pytestconfig.getoption("--renew-plans"))
    document = answer_of(name).to_dict()
    text = yaml.safe_dump(outline(document), sort_keys=False, width=100, allow_unicode=True)
    compare(HERE / f"{name}.yaml", text, renew)
    document["rulebook"]["digest"] = "left out here: it changes with every edit of the rulebook"
    compare(HERE / f"{name}.md", render(document, format="markdown"), renew)


@pytest.mark.parametrize("name", NAMES)
def test_the_plan_is_what_the_sources_ask_for(name: str) -> None:
    profile = profile_of(name)
    assert profile.expect, "a vignette says what is expected"
    assert profile.expect["rationale"]
    check_expectation(profile, RULEBOOK)
    assert list(differences(profile, answer_of(name))) == []


def test_between_them_the_vignettes_end_in_every_status() -> None:
    ends = {str(profile_of(name).expect["status"]) for name in NAMES}  # type: ignore[index]
    assert ends == {status.value for status in PlanStatus}


def test_no_expected_plan_is_left_of_a_profile_that_is_gone() -> None:
    kept = {path.stem for path in HERE.glob("*.md")} | {path.stem for path in HERE.glob("*.yaml")}
    assert kept == set(NAMES)
