"""What is shipped: the wheel is the checkout, builds offline, from sound requirement files."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from recommender import content
from recommender.rulebook import compile_content

ROOT = Path(__file__).parents[1]
CONTENT = "recommender/_content"
FOLDERS = ("rules", "profiles", "templates")
REQUIREMENTS = ("run", "dev", "durable")


def _build(target: str, source: Path, into: Path) -> subprocess.CompletedProcess[str]:
    """Build with hatchling as installed: no isolation, hence no network."""
    return subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(into)],
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
    )


def _built(target: str, source: Path, into: Path) -> Path:
    run = _build(target, source, into)
    assert run.returncode == 0, run.stdout + run.stderr
    (artefact,) = into.glob("*.whl" if target == "wheel" else "*.tar.gz")
    return artefact


def _files(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a wheel built from the checkout."""
    return _files(_built("wheel", ROOT, tmp_path_factory.mktemp("wheel")))


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, unpacked."""
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(_built("sdist", ROOT, folder)) as archive:
        archive.extractall(folder, filter="data")
    (tree,) = (path for path in folder.iterdir() if path.is_dir())
    return tree


@pytest.mark.packaging
@pytest.mark.parametrize("folder", FOLDERS)
def test_the_wheel_carries_the_folder_as_it_is(wheel: dict[str, bytes], folder: str) -> None:
    """Same names, same bytes: a reviewer's file is the file that runs."""
    prefix = f"{CONTENT}/{folder}/"
    carried = {name.removeprefix(prefix): wheel[name] for name in wheel if name.startswith(prefix)}
    here = ROOT / folder
    assert carried
    assert carried == {
        file.relative_to(here).as_posix(): file.read_bytes()
        for file in here.rglob("*")
        if file.is_file()
    }


@pytest.mark.packaging
def test_the_wheel_carries_the_rulebook_compiled(wheel: dict[str, bytes]) -> None:
    """And compiling is reproducible: now gives the bytes that the build gave."""
    assert wheel[f"{CONTENT}/rulebook.json"] == compile_content(ROOT)


@pytest.mark.packaging
def test_the_wheel_is_typed_licensed_and_holds_nothing_else(wheel: dict[str, bytes]) -> None:
    """No tests, no caches; both licences."""
    assert "recommender/py.typed" in wheel
    assert {"LICENSE", "LICENSE-CONTENT.md"} == {
        name.rpartition("/")[2] for name in wheel if "/licenses/" in name
    }
    assert {name.partition("/")[0].partition("-")[0] for name in wheel} == {"recommender"}
    assert [name for name in wheel if "__pycache__" in name] == []


@pytest.mark.packaging
def test_a_wheel_from_the_source_distribution_is_the_same(
    wheel: dict[str, bytes], unpacked: Path, tmp_path: Path
) -> None:
    """Whoever packages from the sdist ships what we ship."""
    assert _files(_built("wheel", unpacked, tmp_path)) == wheel


@pytest.mark.packaging
def test_a_rulebook_that_cannot_be_loaded_is_not_shipped(unpacked: Path, tmp_path: Path) -> None:
    """The build stops with the loader's own error and place."""
    tree = tmp_path / "tree"
    shutil.copytree(unpacked, tree)
    (tree / "rules/rulebook.yaml").write_text("id: a\nid: b\n", encoding="utf-8")
    run = _build("wheel", tree, tmp_path / "out")
    assert run.returncode != 0
    assert "rulebook.yaml:2:1" in run.stdout + run.stderr
    assert list(tmp_path.glob("out/*.whl")) == []


def test_an_editable_install_reads_the_checkout() -> None:
    """Not the copy that building it leaves in site-packages."""
    assert content.root() == ROOT


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_requirement_files_are_pinned_hashed_and_name_no_host(name: str) -> None:
    """Every line is a pin with its hashes, or one of those hashes."""
    lines = (ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8").splitlines()
    pin = re.compile(r"[a-z0-9-]+==[\w.]+( ; [^\\]+)? \\")
    digest = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
    assert [line for line in lines if not (pin.fullmatch(line) or digest.fullmatch(line))] == []


def test_the_run_environment_is_part_of_the_one_for_development() -> None:
    """What is tested is what is run."""
    run, dev = (_pins(name) for name in ("run", "dev"))
    assert run.items() <= dev.items()


def test_the_second_engine_is_locked_as_the_extra_says() -> None:
    """One version in three places: extra, group and lock."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extra = settings["project"]["optional-dependencies"]["durable"]
    assert extra == settings["dependency-groups"]["durable"]
    assert [text.partition(";")[0] for text in extra] == [
        f"{name}=={version}" for name, version in _pins("durable").items()
    ]


def _pins(name: str) -> dict[str, str]:
    text = (ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)==([\w.]+)", text, flags=re.MULTILINE))
