"""The same profile, rulebook and day give the same bytes, in every order, process and thread."""

import json
import multiprocessing
import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from recommender import content, load_rulebook, recommend
from recommender.gather import gather
from recommender.profile import read_profile
from recommender.rulebook import Rulebook, build

ROOT = content.root()
PROFILES = sorted((ROOT / "profiles").glob("*.yaml"))
RULEBOOK = load_rulebook()


def answer(path: Path, rulebook: Rulebook = RULEBOOK) -> str:
    document = recommend(read_profile(path.read_bytes(), path.name), rulebook).to_dict()
    del document["produced_by"]
    return json.dumps(document, ensure_ascii=False)


@pytest.fixture(scope="module")
def sequential() -> dict[Path, str]:
    return {path: answer(path) for path in PROFILES}


def test_the_order_of_files_means_nothing(
    sequential: dict[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = content.files(ROOT)
    for seed in (1, 2, 3):
        shuffled = random.Random(seed).sample(found, len(found))
        monkeypatch.setattr(content, "files", lambda _root, shuffled=shuffled: shuffled)
        rulebook = build(gather(ROOT))
        assert rulebook.digest == RULEBOOK.digest
        for path in PROFILES[::5]:
            assert answer(path, rulebook) == sequential[path]


def test_three_hash_seeds_give_the_same_bytes() -> None:
    script = (
        "import sys; from tests.properties.test_determinism import PROFILES, answer; "
        "sys.stdout.write('\\n'.join(answer(path) for path in PROFILES[::6]))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            check=True,
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1", "4711")
    }
    assert len(outputs) == 1


def test_a_thousand_answers_from_many_threads_are_those_of_one(
    sequential: dict[Path, str],
) -> None:
    fresh = build(gather(ROOT))
    wanted = [PROFILES[n % len(PROFILES)] for n in range(1000)]
    with ThreadPoolExecutor(max_workers=16) as pool:
        answers = list(pool.map(lambda path: answer(path, fresh), wanted))
    assert answers == [sequential[path] for path in wanted]


def test_a_forked_process_answers_the_same(sequential: dict[Path, str]) -> None:
    chosen = PROFILES[:6]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(answer, chosen) == [sequential[path] for path in chosen]


def test_answering_changes_neither_profile_nor_rulebook() -> None:
    profile = read_profile(PROFILES[0].read_bytes(), "profile")
    before = profile.model_dump_json(), RULEBOOK.digest
    first = recommend(profile, RULEBOOK).to_dict()
    assert recommend(profile, RULEBOOK).to_dict() == first
    assert (profile.model_dump_json(), RULEBOOK.digest) == before
