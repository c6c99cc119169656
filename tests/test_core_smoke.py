"""The core answers with nothing but its own requirements: no compiler, no extra, no checkout."""

import subprocess
import sys

from recommender import content, load_rulebook, recommend
from recommender.profile import read_profile

HEAVY = ("durable", "jinja2", "typer", "rich")


def test_a_shipped_profile_gets_a_plan() -> None:
    name = content.root() / "profiles" / "typical_first_intake.yaml"
    answer = recommend(read_profile(name.read_bytes(), name.name), load_rulebook())
    assert answer.recommended
    assert answer.to_dict()["schema"] == "recommendation/1"


def test_the_library_imports_nothing_it_does_not_need() -> None:
    script = (
        "import sys, recommender; recommender.recommend; "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_bare_package_imports_no_pydantic() -> None:
    script = "import sys, recommender; print('pydantic' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
