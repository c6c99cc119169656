"""The guide for governance groups does what it says, command by command, in the order it tells."""

from __future__ import annotations

import json
import re
import shlex
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from recommender.envelope import read_envelope
from recommender.errors import ApprovalError
from recommender.governance.approval import reports
from recommender.governance.approval.verify import required
from recommender.surfaces.cli import app, options

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "approval.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL)
TODAY = date(2026, 12, 1)


class Reader:
    """Somebody who copies what is printed to where the guide says, and types the rest."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}
        self.trust: str | None = None
        self.said: list[tuple[str, str]] = []

    def put(self, text: str) -> str:
        for word in sorted(self.known, key=len, reverse=True):
            text = text.replace(word, self.known[word])
        return text

    def write(self, text: str) -> None:
        name, _, data = self.put(text).partition("\n")
        file = Path(name.removeprefix("# "))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(data, "utf-8")

    def type(self, line: str) -> None:
        line = self.put(line)
        if line.startswith("export "):
            name, _, value = line.removeprefix("export ").partition("=")
            assert name == "RECOMMENDER_TRUST"
            self.trust = value
            return
        program, *words = shlex.split(line)
        assert program == "recommender"
        environment = {} if self.trust is None else {"RECOMMENDER_TRUST": self.trust}
        result = CliRunner().invoke(app, words, env=environment)
        assert result.exit_code == 0, line + result.output
        self.said.append((line, result.stdout))
        self.learn(words, result.stdout)

    def learn(self, words: list[str], output: str) -> None:
        if "--new-key" in words:
            person = words[-1].removesuffix(".key").upper()
            for word, name in (("KEY", "public"), ("KEYID", "keyid")):
                (value,) = re.findall(rf"{name}: (\S+)", output)
                self.known[f"{word}-OF-{person}"] = value
        if words[1:2] == ["policy"]:
            (self.known["DIGEST"],) = re.findall(r"^Digest +(\S+)$", output, flags=re.MULTILINE)

    def after(self, start: str) -> str:
        """What the last command that starts like this said."""
        return [said for line, said in self.said if line.startswith(f"recommender {start}")][-1]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """Somebody who followed the guide to its end."""
    found = Reader()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("guide"))
        patch.setattr(options, "today", lambda: TODAY)
        patch.setattr(reports, "PEOPLE", 2)
        Path("profiles").symlink_to(ROOT / "profiles")
        profile = (ROOT / "profiles/typical_first_intake.yaml").read_text("utf-8")
        Path("first.yaml").write_text(re.sub(r"(?m)^as_of: .*$", "", profile), "utf-8")
        for kind, text in BLOCKS:
            if kind == "yaml":
                found.write(text)
            for line in text.splitlines() if kind == "" else ():
                found.type(line)
        found.known["folder"] = str(Path("my-site").resolve())
    return found


def test_the_guide_is_followed_to_its_end(reader: Reader) -> None:
    typed = {" ".join(line.split()[1:3]) for line, _ in reader.said}
    wanted = {"policy", "propose", "sign", "verify", "review", "withdraw", "revoke"}
    assert {f"rules {name}" for name in wanted} <= typed
    assert any(kind == "python" for kind, _ in BLOCKS)


def test_what_the_guide_promises_on_the_way(reader: Reader) -> None:
    assert "Approved until 2027-08-22." in reader.after("rules verify")
    assert "come out the same again" in reader.after("rules verify")
    page = " ".join(reader.after("recommend first.yaml").split())
    assert "Approved by the governance group of this place until 2027-08-22" in page
    assert "Draft: not clinically approved" not in page
    withdrawn = " ".join(reader.after("recommend profiles/tms").split())
    assert "Withdrawn, without effect:" in withdrawn
    assert "A report of harm is being looked into." in withdrawn


def test_at_its_end_the_approval_is_revoked_and_so_is_a_key(reader: Reader) -> None:
    with pytest.raises(ApprovalError) as caught:
        required(Path(reader.known["folder"]), reader.known["DIGEST"], TODAY, TODAY)
    codes = {one.code for one in caught.value.problems}
    assert codes == {"A200", "A223", "A228", "A235"}


def test_before_that_a_program_gets_what_people_get(reader: Reader) -> None:
    """The call of section 7, on the folder as it was before anything was taken back."""
    folder = Path(reader.known["folder"])
    kept = {file: file.read_bytes() for file in (folder / "approvals").glob("revocation-*.json")}
    assert len(kept) == 2
    for file in kept:
        file.unlink()
    try:
        book = required(folder, reader.known["DIGEST"], TODAY, TODAY)
        assert book.approval is not None
        assert book.approval.scope == "Day clinic, adults, with a psychiatrist in the team"
        assert [*book.withdrawn] == ["adaptation.stimulation.after_two_adequate_trials"]
    finally:
        for file, data in kept.items():
            file.write_bytes(data)
    exec_ready = next(text for kind, text in BLOCKS if kind == "python")
    compile(exec_ready, "approval.md", "exec")


def test_no_key_lies_in_the_folder_that_is_shared(reader: Reader) -> None:
    folder = Path(reader.known["folder"])
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert not [file for file in files if b"PRIVATE" in file.read_bytes()]
    kinds = {
        read_envelope(file.read_bytes(), file.name).kind
        for file in (folder / "approvals").glob("*.json")
    }
    assert kinds == {"approval", "policy", "revocation", "withdrawal"}
    stored = {
        json.loads(f.read_bytes())["report"] for f in (folder / "approvals/reports").iterdir()
    }
    assert stored == {"lint/1", "proof/1", "test/1"}
