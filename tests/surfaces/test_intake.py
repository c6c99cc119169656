"""The interview as people use it: typed answers, the file they leave, and a real terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from recommender.content import read_yaml
from recommender.surfaces.cli import app

ROOT = Path(__file__).parents[2]
DAY = ("--as-of", "2026-11-24")
WORDS = (ROOT / "templates" / "_parts" / "words.j2").read_text("utf-8")

runner = CliRunner()


def interview(file: Path, *typed: str, code: int = 0, more: tuple[str, ...] = ()) -> str:
    """What one interview prints, with these lines typed and then the end of input."""
    given = "".join(f"{one}\n" for one in typed)
    result = runner.invoke(app, ["intake", str(file), *DAY, *more], input=given)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.stdout


def kept(file: Path) -> Any:
    return read_yaml(file.read_bytes(), file.name).data


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "first.yaml"


# --------------------------------------------------------------------------------- its course


def test_a_new_interview_makes_the_file_and_asks_about_suicide_first(file: Path) -> None:
    text = interview(file, "q")
    assert kept(file) == {"schema": "profile/1", "id": "new-profile", "assessed_on": "2026-11-24"}
    assert text.index("Suicide: 14 questions") < text.index("Nothing can be recommended")
    assert "Why         It can change: Unguided internet-based self-help" in text
    assert max(map(len, text.splitlines())) <= 100
    assert "\x1b" not in text


def test_every_answer_is_saved_when_it_is_given(file: Path) -> None:
    interview(file, "none")  # and then the input ends
    assert kept(file)["observations"]["suicidal_intent"] is False
    assert not list(file.parent.glob(".first.yaml.*"))


def test_an_empty_answer_is_never_written_down(file: Path) -> None:
    text = interview(file, *[""] * 60)
    assert set(kept(file)) == {"schema", "id", "assessed_on"}
    assert "Everything that can be asked here was asked." in text


def test_the_end_shows_the_whole_plan_and_names_what_is_not_known(file: Path) -> None:
    text = words(interview(file, "none", "", "q"))
    assert "Meanwhile" in text
    assert "Not known now, asked again when the interview is started again: " in text
    assert "Age" in text[text.index("Not known now, asked again when") :]
    assert "All answers are saved in the file" in text


def test_an_answer_that_changes_the_plan_says_so(file: Path) -> None:
    file.write_text((ROOT / "profiles" / "typical_first_intake.yaml").read_text("utf-8"), "utf-8")
    first = interview(file, *[""] * 40)
    panel = first[: first.index("How inactive or withdrawn")]
    typed = panel.count("\n> ")
    text = words(interview(file, *[""] * typed, "each", "marked", "b", "q"))
    assert "Plan Medication review" in text
    assert "+ Behavioural activation (ba)" in text
    assert "- Behavioural activation (ba): not asked yet" in text


def test_it_goes_on_from_a_file_that_is_there(file: Path) -> None:
    interview(file, "none", "q")
    before = file.read_bytes()
    text = interview(file, "q")
    assert "resumed" in text
    assert text.index("Now: nothing can be recommended yet.") < text.index("Why         ")
    assert "Suicide: 14 questions" not in text
    assert file.read_bytes() == before


def test_a_profile_with_assessments_is_kept_whole(file: Path) -> None:
    source = (ROOT / "profiles" / "thoroughly_assessed_and_clear.yaml").read_bytes()
    file.write_bytes(source)
    interview(file, "none", "y", "2", "1", "q")
    old, new = read_yaml(source, "").data, kept(file)
    assert new["assessments"][: len(old["assessments"])] == old["assessments"]
    assert new.keys() >= old.keys()
    assert new["expect"] == old["expect"]


# -------------------------------------------------------------------------------------- stops


def test_a_stop_interrupts_and_ends_the_interview_unless_told_otherwise(file: Path) -> None:
    text = interview(file, "each", "", "", "", "y", "")
    assert kept(file)["observations"] == {"suicidal_intent": True}
    stop = text.index("Stop: act on this first")
    assert "!! TODAY: Full suicide assessment today" in text[stop:]
    assert "!! Do now" in text[stop : text.index("go on with the questions all the same")]
    assert text.count("Stop: act on this first") == 2  # and in the plan that ends it
    assert text.rindex("Stop: act on this first") < text.rindex("The interview ends here.")


def test_after_a_stop_the_interview_may_go_on_and_names_it_with_each_answer(file: Path) -> None:
    text = words(interview(file, "each", "", "", "", "y", "y", "n", "q"))
    assert "Stop in force; p shows it in full. [safety.suicide_stops.intent]" in text


def test_a_stop_that_is_in_force_is_shown_before_anything_is_asked(file: Path) -> None:
    interview(file, "each", "", "", "", "y", "")
    text = interview(file, "y", "q")
    assert text.index("Stop: act on this first") < text.index("Why         ")


def test_no_template_of_a_site_hides_a_stop(file: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "templates" / "intake").mkdir(parents=True)
    (site / "templates" / "intake" / "stop.txt.j2").write_text("Nothing here.\n", "utf-8")
    (site / "rules").symlink_to(ROOT / "rules")
    typed = ("each", "", "", "", "y", "")
    text = interview(file, *typed, more=("--content", str(site)))
    assert "Nothing here." not in text
    assert "!! TODAY: Full suicide assessment today" in text


# --------------------------------------------------------------------------------- going back


def test_back_restores_the_file_byte_for_byte(file: Path) -> None:
    file.write_bytes(b"# Mine.\nschema: profile/1\nid: example-a\nassessed_on: 2026-11-24  # day\n")
    before = file.read_bytes()
    text = interview(file, "none", "b", "q")
    assert file.read_bytes() == before
    assert text.count("Suicide: 14 questions") == 2


def test_back_goes_to_a_question_that_was_passed(file: Path) -> None:
    text = interview(file, "", "b", "q")
    assert text.count("Suicide: 14 questions") == 2
    assert "There is no answer of this interview to go back to." in interview(file, "b", "q")


# -------------------------------------------------------------------------------------- scores


def test_a_score_is_asked_for_and_kept(file: Path) -> None:
    text = interview(file, "s2", "3 3 3 - 1 1 1 1 0", "q")
    assert kept(file)["assessments"][0]["items"]["self_harm"] == 0
    assert "energy" not in kept(file)["assessments"][0]["items"]
    assert "Total       0 to 27" in text


def test_a_score_may_be_left_again(file: Path) -> None:
    interview(file, "s2", "", "s1", "b", "s9", "q")
    assert "assessments" not in kept(file)


# ------------------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (("s2", "99", "", "q"), "P206"),
        (("each", "perhaps", "q"), "P204"),
        (("s2", "12 2027-01-01", "", "q"), "P201"),
    ],
)
def test_a_mistake_gets_the_readers_words_and_the_question_again(
    file: Path, typed: tuple[str, ...], code: str
) -> None:
    text = interview(file, *typed)
    assert re.search(rf"\b{code}\n  \S", text)
    assert "Please answer again; nothing was changed." in text
    assert set(kept(file)) == {"schema", "id", "assessed_on"}


def test_bytes_that_are_no_text_are_no_answer(file: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "recommender", "intake", str(file), *DAY],
        input=b"each\n\xff\nq\n",
        capture_output=True,
        env=os.environ | {"PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8:strict"},
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    assert b"observations" not in file.read_bytes()


def test_what_is_no_way_to_answer_is_said_to_be_none(file: Path) -> None:
    assert "This is none of the ways to answer here." in interview(file, "yes", "s12", "q")


def test_a_file_changed_meanwhile_is_read_again_and_not_overwritten(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from recommender.surfaces.cli import intake

    class Editing(intake._Talk):
        def _hear(self) -> str:
            heard = super()._hear()
            if heard == "none" and b"age" not in file.read_bytes():
                file.write_bytes(file.read_bytes() + b"age: 44\n")
            return heard

    monkeypatch.setattr(intake, "_Talk", Editing)
    text = interview(file, "none", "none", "q")
    assert "The file was changed meanwhile." in text
    assert kept(file)["age"] == 44
    assert kept(file)["observations"]["suicidal_intent"] is False


def test_a_file_that_cannot_be_read_is_left_alone(file: Path) -> None:
    file.write_text("schema: profile/1\nid: a\nassessed_on: 2026-11-24\nagee: 4\n", "utf-8")
    before = file.read_bytes()
    result = runner.invoke(app, ["intake", str(file), *DAY])
    assert result.exit_code == 4
    assert "P101" in result.stderr
    assert file.read_bytes() == before


def test_it_needs_a_file_in_a_folder_that_is_there(tmp_path: Path) -> None:
    assert runner.invoke(app, ["intake", "-"]).exit_code == 2
    result = runner.invoke(app, ["intake", str(tmp_path / "no" / "such.yaml")])
    assert result.exit_code == 2
    assert "no such file" in words(re.sub(r"[│╭╮╰╯─]", " ", result.stderr))


def test_permissions_and_links_of_the_file_stay(file: Path, tmp_path: Path) -> None:
    interview(file, "q")
    assert file.stat().st_mode & 0o077 == 0
    file.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to(file)
    interview(link, "none", "q")
    assert link.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o640
    assert "observations" in kept(file)


def test_every_sentence_of_the_interview_is_used() -> None:
    """A word that nobody says is a leftover."""
    block = WORDS[WORDS.index("{% set intake = {") :]
    said = "".join(
        path.read_text("utf-8")
        for folder in ("templates/intake", "recommender/surfaces/cli")
        for path in (ROOT / folder).iterdir()
        if path.is_file()
    )
    for key in re.findall(r'(?m)^  "([a-z_]+)":', block[: block.index("} %}")]):
        assert f"intake.{key} " in said or f'"{key}"' in said, key


# ------------------------------------------------------------------------------ a real terminal


def own_terminal() -> None:
    """Make the pseudo terminal the one whose keys reach the process, Ctrl-C among them."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """The command in a pseudo terminal of its own."""

    def __init__(self, file: Path, columns: int) -> None:
        ours, theirs = pty.openpty()
        self._ours = ours
        self.process = subprocess.Popen(
            [sys.executable, "-m", "recommender", "intake", str(file), *DAY],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=own_terminal,
            env={**os.environ, "COLUMNS": str(columns), "TERM": "xterm"},
            cwd=ROOT,
        )
        os.close(theirs)
        self.seen, self._past = "", 0

    def until(self, words: str) -> str:
        """What it shows from the last such place up to the next of these words."""
        start, end = self._past, time.monotonic() + 60
        while words not in self.seen[start:]:
            assert time.monotonic() < end, self.seen[start:]
            self._read()
        self._past = self.seen.index(words, start) + len(words)
        return self.seen[start : self._past]

    def type(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def rest(self) -> int:
        """Read to the end; the exit code."""
        while self._read():
            pass
        os.close(self._ours)
        return self.process.wait(timeout=60)

    def _read(self) -> bool:
        if not select.select([self._ours], [], [], 30)[0]:
            return False
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # what Linux says when the other side is closed
            return False
        self.seen += data.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(data)


def bare(text: str) -> str:
    """Text without the marks that colour it."""
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)


@pytest.mark.parametrize("columns", [80, 100])
def test_in_a_real_terminal_it_asks_stops_goes_back_and_saves(file: Path, columns: int) -> None:
    terminal = Terminal(file, columns)
    terminal.until("\n> ")
    terminal.type("each\n")
    terminal.until("\n> ")
    for answer in ("\n", "\n", "\n", "y\n"):
        terminal.type(answer)
        shown = terminal.until("\n> ")
    assert "\x1b[1;31m!! TODAY" in shown  # in red
    assert kept(file)["observations"] == {"suicidal_intent": True}
    terminal.type("y\n")
    terminal.until("\n> ")
    terminal.type("b\n")
    terminal.until("no longer stopped")
    terminal.until("\n> ")
    assert "observations" not in kept(file)
    terminal.type("q\n")
    assert terminal.rest() == 0
    assert max(map(len, bare(terminal.seen).splitlines())) <= columns
    assert bare(terminal.seen).rstrip().endswith("goes on from there.")


@pytest.mark.parametrize("keys", ["\x03", "\x04"], ids=["ctrl-c", "ctrl-d"])
def test_leaving_in_the_middle_is_polite_and_loses_nothing(file: Path, keys: str) -> None:
    terminal = Terminal(file, 80)
    terminal.until("\n> ")
    terminal.type("none\n")
    terminal.until("\n> ")
    time.sleep(0.5)  # a person is slower than the step from the prompt to its reading
    terminal.type(keys)
    assert terminal.rest() == 0
    assert "Traceback" not in terminal.seen
    assert "All answers are saved in the file" in words(bare(terminal.seen))
    assert kept(file)["observations"]["suicidal_intent"] is False
