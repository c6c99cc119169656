"""`recommender intake`: the interview in a terminal, or line by line through a pipe.

In: a profile's file, and answers typed one a line. Out: questions, the plan as it firms up, and the
file written anew after every answer. What an answer does is interview.py's, the words are the
templates'; here is only who speaks next.
"""

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recommender.surfaces.cli import options, terminal

if TYPE_CHECKING:
    from recommender.errors import ProfileError
    from recommender.interview import Line, Sitting
    from recommender.vocabulary import Instrument

ProfileFile = Annotated[
    Path,
    typer.Argument(
        metavar="PROFILE", help="File to keep the answers in; made when it is not there."
    ),
]
_SCORE = re.compile(r"s([1-9]\d?)?")


class _Ended(Exception):
    """The person ends the interview."""


def intake(
    profile: ProfileFile, content: options.Content = None, as_of: options.AsOf = None
) -> None:
    """Ask, one after the other, what can still change the plan, and keep every answer.

    Enter alone means "not known now"; b goes back, p shows the plan, q stops.
    Started again with the same file, the interview goes on from there.

    Example: recommender intake first.yaml
    """
    new = not profile.exists()
    talk = _Talk(profile, _sitting(profile, content, as_of), options.templates_of(content))
    try:
        with suppress(_Ended):
            talk.begin(new=new)
            talk.ask_all()
        talk.show_plan()
    except (typer.Abort, KeyboardInterrupt):
        typer.echo()
    talk.end()


def _sitting(path: Path, content: Path | None, as_of: str | None) -> "Sitting":
    """The first step; a file that is not there is made."""
    from recommender.interview import begin, empty_profile

    if str(path) == "-":
        message = "an interview keeps its answers: name a file"
        raise typer.BadParameter(message, param_hint="PROFILE")
    rulebook = options.rulebook_of(content)
    if not path.exists():
        _keep(path, empty_profile(options.day(as_of)))
    day = options.day(as_of, options.read(str(path)))
    return begin(path.read_bytes(), str(path), rulebook, day)


def _keep(path: Path, source: bytes) -> None:
    """Put the bytes in place of the file at one stroke: it holds the old ones or the new."""
    import tempfile

    target = path.resolve()
    written = ""
    try:
        descriptor, written = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(source)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            Path(written).chmod(target.stat().st_mode & 0o777)
        Path(written).replace(target)
    except OSError as error:
        if written:
            Path(written).unlink(missing_ok=True)
        reason = (error.strerror or "cannot be written").lower()
        raise typer.BadParameter(f"{path}: {reason}", param_hint="PROFILE") from error


class _Talk:
    """One interview at one terminal: where it stands, and what it shows and hears."""

    def __init__(self, path: Path, sitting: "Sitting", templates: Path | None) -> None:
        self._path = path
        self._sitting = sitting
        self._templates = templates

    # -- the course of it -----------------------------------------------------------------

    def begin(self, *, new: bool) -> None:
        """Say how it goes, and show the stops that are in force already."""
        self._show("start", new=new, elsewhere=_names(self._sitting.elsewhere))
        if not new:
            self._show_changes(None)

    def ask_all(self) -> None:
        """Ask until nothing is left that can be asked here."""
        while line := self._sitting.line():
            self._ask(line)

    def show_plan(self) -> None:
        """The whole answer as it is now."""
        from recommender.explain.render import render

        page = terminal.page(None)
        document = self._sitting.document
        terminal.write("\n" + render(document, templates=self._templates, **page), None)

    def end(self) -> None:
        """Say what is saved and what is still open."""
        sitting = self._sitting
        names = {"unknown": _names(sitting.unknown), "elsewhere": _names(sitting.elsewhere)}
        self._show("end", left=len(sitting.lines), **names)

    def _ask(self, line: "Line") -> None:
        """Ask one line until something has been answered, passed or undone."""
        from recommender.interview import passing

        self._show_question(line)
        while True:
            text = self._hear()
            if text in ("", "?"):
                self._sitting = passing(self._sitting, _names(line))
            elif text == "b":
                if not self._go_back():
                    continue
            elif text == "p":
                self.show_plan()
            elif text == "h":
                self._show_question(line, with_keys=True)
                continue
            elif text == "q":
                raise _Ended
            elif not self._answer(line, text):
                continue
            return

    def _answer(self, line: "Line", text: str) -> bool:
        """Take what was typed as an answer; whether that led anywhere."""
        from recommender.errors import ProfileError

        try:
            step = self._several(line, text) if len(line) > 1 else self._one(line, text)
        except ProfileError as error:
            self._complain(error)
            return False
        if step is None:
            self._note("not_understood")
            return False
        self._move(step)
        return True

    # -- answers --------------------------------------------------------------------------

    def _several(self, line: "Line", text: str) -> "Sitting | None":
        """The step after an answer to a whole panel."""
        from recommender.interview import no_to_all, one_by_one, with_none

        names = no_to_all(line, self._sitting)
        if text == "none" and names:
            return with_none(self._sitting, names)
        if text == "each":
            return one_by_one(self._sitting, line[0]["panel"])
        return self._score(line, text)

    def _one(self, line: "Line", text: str) -> "Sitting | None":
        """The step after an answer to one question."""
        from recommender.interview import read_value, with_none, with_value
        from recommender.vocabulary import Kind

        name = line[0]["feature"]
        home = self._sitting.home(name)
        if home is None or _SCORE.fullmatch(text):
            return self._score(line, text)
        if home.field.type is Kind.SET and text == "none":
            return with_none(self._sitting, [name])
        value = read_value(home.field, text)
        step = with_value(self._sitting, name, value, complete=home.field.type is not Kind.SET)
        if home.field.type is Kind.SET and self._agreed("complete"):
            step = with_value(self._sitting, name, value)
        return step

    def _score(self, line: "Line", text: str) -> "Sitting | None":
        """The step after a score was asked for and given; the same step where it was not given."""
        from recommender.interview import instrument_page, ways

        found, offered = _SCORE.fullmatch(text), ways(self._sitting, line)
        number = int(found[1] or 1) if found else 0
        if not 0 < number <= len(offered):
            return None
        self._show("score", way=instrument_page(offered[number - 1]))
        names = _names(line) if len(line) == 1 else []
        while True:
            heard = self._hear()
            if heard in ("", "b"):
                return self._sitting
            if heard == "q":
                raise _Ended
            if step := self._with_score(offered[number - 1], heard, names):
                return step

    def _with_score(
        self, instrument: "Instrument", text: str, names: Sequence[str]
    ) -> "Sitting | None":
        from recommender.errors import ProfileError
        from recommender.interview import read_score, with_score

        try:
            return with_score(self._sitting, read_score(instrument, text), names)
        except ProfileError as error:
            self._complain(error)
            return None

    # -- steps ----------------------------------------------------------------------------

    def _move(self, step: "Sitting") -> None:
        """Go to another step: save what it holds, and say what that changed."""
        before = self._sitting
        if step.source == before.source:
            self._sitting = step
            return
        if self._path.read_bytes() != before.source:
            self._read_again()
            return
        _keep(self._path, step.source)
        self._sitting = step
        self._show_changes(before)

    def _go_back(self) -> bool:
        """Undo the last step; whether there was one."""
        if self._sitting.earlier is None:
            self._note("nothing_back")
            return False
        self._note("gone_back")
        self._move(self._sitting.earlier)
        return True

    def _read_again(self) -> None:
        """Somebody else has written the file: what it holds now counts, nothing is overwritten."""
        from recommender.interview import begin

        self._note("changed")
        sitting = self._sitting
        source = self._path.read_bytes()
        self._sitting = begin(source, str(self._path), sitting.rulebook, sitting.answer.as_of)

    # -- what is shown and heard ------------------------------------------------------------

    def _show_changes(self, before: "Sitting | None") -> None:
        """The plan as it is now beside what it was; a stop that is new here interrupts."""
        now = self._sitting.document
        then = before.document if before else {**now, "stops": []}
        new = [one for one in now["stops"] if one["rule"] not in _rules(then)]
        if new:
            self._show("stop", stops=new)
        self._show(
            "status",
            standing=[one for one in now["stops"] if one not in new],
            lifted=[one for one in then["stops"] if one["rule"] not in _rules(now)],
            added=[name for name in _plan(now) if name not in _plan(then)],
            removed=[name for name in _plan(then) if name not in _plan(now)],
            left=len(self._sitting.lines),
            unknown=len(self._sitting.unknown),
        )
        self._interrupt(new)

    def _interrupt(self, new: Sequence[Any]) -> None:
        """With a stop, going on is not a matter of course."""
        if new and not self._agreed("go_on"):
            raise _Ended

    def _show_question(self, line: "Line", *, with_keys: bool = False) -> None:
        from recommender.interview import question_page

        self._show("question", asked=question_page(self._sitting, line), with_keys=with_keys)

    def _show(self, page: str, **more: Any) -> None:
        from recommender.explain.render import render_template
        from recommender.explain.view import view

        context = view(self._sitting.document) | more
        layout = terminal.page(None)
        templates = None if page == "stop" else self._templates  # no site can hide a stop
        text = render_template(f"intake/{page}", context, templates=templates, **layout)
        terminal.write("\n" + text, None)

    def _note(self, note: str) -> None:
        self._show("note", note=note)

    def _agreed(self, question: str) -> bool:
        """Whether a yes comes back to a question."""
        from recommender.interview import YES

        self._note(question)
        return self._hear() in YES

    def _complain(self, error: "ProfileError") -> None:
        """What the reader of profiles says about an answer, without a place in a file."""
        for problem in error.problems:
            typer.echo(f"\n{problem._replace(file='', line=0, column=0)}")
        self._note("kept")

    def _hear(self) -> str:
        """One line that was typed. Raises typer.Abort at the end of input and on Ctrl-C."""
        try:
            text: str = typer.prompt("", prompt_suffix="> ", default="", show_default=False)
        except UnicodeDecodeError:
            return "\ufffd"  # bytes that are no text: nothing takes this for an answer
        return text.strip().lower()


def _names(line: "Line") -> list[str]:
    return [one["feature"] for one in line]


def _plan(document: dict[str, Any]) -> list[str]:
    return [entry["adaptation"] for entry in document["plan"]]


def _rules(document: dict[str, Any]) -> set[str]:
    return {stop["rule"] for stop in document["stops"]}


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(intake)
