"""The answer as a PDF: read back, it says what the page of HTML says, with tags and bookmarks."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import os
import pty
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pypdf
import pytest
from pypdf.generic import ArrayObject, DictionaryObject
from typer.testing import CliRunner

from recommender import content, load_rulebook, recommend
from recommender.errors import RenderError
from recommender.explain import pdf
from recommender.explain.argument import full_trace
from recommender.explain.pdf import render_pdf
from recommender.explain.render import render
from recommender.governance.synthetic import synthetic
from recommender.governance.trial import SHARES
from recommender.profile import read_profile
from recommender.surfaces.cli import app
from tests.building import answered
from tests.html import Element, read

ROOT = Path(__file__).parents[1]
TEMPLATES = content.root() / "templates"
STOPPED = str(ROOT / "profiles" / "suicidal_intent.yaml")
STATUSES = {
    "typical_first_intake": "recommended",
    "more_than_fits": "recommended",
    "letter_with_totals_only": "provisional",
    "suicidal_intent": "stopped",
    "nothing_assessed": "cannot_say",
    "recovered_and_wants_nothing": "nothing_indicated",
    "seventeen_years_old": "out_of_scope",
}
EVERY = os.environ.get("PDF_OF_EVERYBODY", "")
"""How many people to draw; set, every vignette is printed as well."""
PEOPLE = int(EVERY or 4)
BATCH = 2
UNSEEN = ("svg", "style", "head", "nav")
"""What a printed page does not show as text."""

FILLED = 0.6
"""How much of a page that is not the last is used at least."""

MARGIN = 43
"""Points above and below the text of a page; the footer stands in the lower ones."""

Document = dict[str, Any]

needs_pdf = pytest.mark.pdf
each_status = pytest.mark.parametrize("name", STATUSES)
everybody = pytest.mark.parametrize(
    "name", sorted(path.stem for path in (ROOT / "profiles").glob("*.yaml")) if EVERY else STATUSES
)


# ------------------------------------------------------------------------------- reading back


class Printed(NamedTuple):
    """One page: its text without blanks and bullets, and where its last line stands."""

    text: str
    unnumbered: str
    """The same without lines that are a number, such as those of a list, which stand apart."""
    lowest: float
    """Where the last line stands, as a share of the page's height for text, from above."""
    last: str
    """The last piece of text."""


@cache
def page_of(name: str) -> Element:
    return read(render(answered(name), format="html"))


@cache
def bytes_of(name: str) -> bytes:
    return render_pdf(answered(name))


@cache
def reader_of(name: str) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(bytes_of(name)))


@cache
def printed(name: str) -> tuple[Printed, ...]:
    return read_back(bytes_of(name), answered(name))


def read_back(made: bytes, document: Document, audience: str = "clinician") -> tuple[Printed, ...]:
    """The pages, each of which has to end with the footer; the patient's names no profile."""
    pages = pypdf.PdfReader(io.BytesIO(made)).pages
    whose = f"Profile {document['profile']['id']}, as of {document['as_of']}"
    draft = "Draft: not clinically approved."
    about = "" if audience == "patient" else f"{whose}{draft}"
    return tuple(
        _printed(page, squeezed(f"{about}Page {number} of {len(pages)}"))
        for number, page in enumerate(pages, start=1)
    )


def _printed(page: pypdf.PageObject, footer: str) -> Printed:
    pieces: list[tuple[float, str]] = []

    def take(text: str, cm: list[float], tm: list[float], *_: Any) -> None:
        where = cm[1] * tm[4] + cm[3] * tm[5] + cm[5]
        if where > MARGIN and re.search(r"\w", text):
            pieces.append((where, text))

    whole = page.extract_text(visitor_text=take)
    assert squeezed(whole).endswith(footer), whole[-200:]
    assert re.search(r"Page \d+ of \d+", " ".join(whole.split())), whole[-200:]
    lines = [line for line in whole.splitlines() if not re.fullmatch(r"\d+\.\s*", line)]
    lowest = min(where for where, _ in pieces)
    last = [piece for where, piece in pieces if where < lowest + 1][-1]
    height = float(page.mediabox.height) - 2 * MARGIN
    return Printed(
        text=squeezed(whole).removesuffix(footer),
        unnumbered=squeezed("".join(lines)).removesuffix(footer),
        lowest=1 - (lowest - MARGIN) / height,
        last=" ".join(last.split()),
    )


def squeezed(text: str) -> str:
    return re.sub(r"[\s•◦▪]", "", text)


def is_said(text: str, pages: tuple[Printed, ...]) -> bool:
    """On one page, or begun on one and ended on the next."""
    wanted = squeezed(text)
    return any(wanted in page.text or wanted in page.unnumbered for page in pages) or any(
        wanted[:cut] in one.unnumbered and wanted[cut:] in after.unnumbered
        for one, after in pairwise(pages)
        for cut in range(1, len(wanted))
    )


def texts(element: Element) -> Iterator[str]:
    """Every piece of text that is to be printed."""
    for one in element.inside:
        if isinstance(one, str):
            if one.strip():
                yield one
        elif one.tag not in UNSEEN and "skip" not in one.classes:
            yield from texts(one)


def headings(name: str) -> list[Element]:
    """Those that are printed, in order."""
    unseen = {id(one) for nav in page_of(name).all("nav") for one in nav.all()}
    return [one for one in page_of(name).all("h1", "h2", "h3") if id(one) not in unseen]


def tags(name: str) -> list[tuple[str, Any]]:
    """Every tag of the document in order, with the path of names that leads to it."""

    def below(tag: Any, path: str) -> Iterator[tuple[str, Any]]:
        here = f"{path}{tag['/S']}"
        yield here, tag
        kids = tag.get("/K", ArrayObject())
        for kid in kids if isinstance(kids, list) else [kids]:
            inner = kid.get_object()
            if isinstance(inner, DictionaryObject) and "/S" in inner:
                yield from below(inner, here)

    root: Any = reader_of(name).root_object["/StructTreeRoot"]
    (document,) = root["/K"]
    return list(below(document.get_object(), ""))


# ------------------------------------------------------------------------------- what it says


def test_every_status_is_printed() -> None:
    assert {name: answered(name)["status"] for name in STATUSES} == STATUSES


@needs_pdf
@everybody
def test_it_says_every_text_of_the_page(name: str) -> None:
    pages = printed(name)
    wanted = list(texts(page_of(name)))
    assert len(wanted) > 50
    assert [text for text in wanted if not is_said(text, pages)] == []


@needs_pdf
@everybody
def test_it_says_every_adaptation_rule_caution_and_stop_of_the_answer(name: str) -> None:
    document, pages = answered(name), printed(name)
    wanted = [document["disclaimer"], *(stop["action"] for stop in document["stops"])]
    for entry in [*document["plan"], *document["set_aside"]]:
        wanted += [entry["title"], f"({entry['adaptation']})"]
    for entry in document["plan"]:
        wanted += [because["rule"] for because in entry["because"]]
        wanted += [one[key] for one in entry["cautions"] for key in ("rule", "title", "adjust")]
    wanted += [stop["rule"] for stop in document["stops"]]
    wanted += [flag["rule"] for flag in document["flags"]]
    assert [text for text in wanted if not is_said(text, pages)] == []


@needs_pdf
@pytest.mark.parametrize("first", range(0, PEOPLE, BATCH))
def test_it_says_every_text_of_the_page_of_drawn_people(first: int) -> None:
    """The page itself is held against the answer in test_renderings_agree.py."""
    for seed in range(first, first + BATCH):
        document = recommend(synthetic(load_rulebook(), seed, SHARES[seed % 6]), load_rulebook())
        answer = document.to_dict()
        pages = read_back(render_pdf(answer), answer)
        wanted = texts(read(render(answer, format="html")))
        assert [text for text in wanted if not is_said(text, pages)] == [], seed


@needs_pdf
def test_a_text_that_is_not_there_is_missed() -> None:
    pages = printed("suicidal_intent")
    assert not is_said("A plan is recommended, for a clinician to review and decide.", pages)


@needs_pdf
@pytest.mark.parametrize("file", sorted((TEMPLATES / "explanation").glob("*.html.j2")), ids=str)
def test_every_audience_with_a_page_has_a_pdf(file: Path) -> None:
    profile = read_profile(Path(STOPPED).read_bytes(), "x")
    answer, audience = recommend(profile, load_rulebook()), file.name.partition(".")[0]
    document, trace = answer.to_dict(), full_trace(answer)
    made = render_pdf(document, audience=audience, trace=trace)
    page = read(render(document, audience=audience, trace=trace, format="html"))
    pages = read_back(made, document, audience)
    assert [text for text in texts(page) if not is_said(text, pages)] == []


# ------------------------------------------------------------------------------- finding one's way


@needs_pdf
@each_status
def test_every_heading_is_a_bookmark_at_its_level(name: str) -> None:
    reader = reader_of(name)

    def listed(outline: Any, level: int) -> Iterator[tuple[int, str]]:
        for one in outline:
            if isinstance(one, list):
                yield from listed(one, level + 1)
            else:
                yield level, " ".join(one.title.split())

    expected = [(int(one.tag[1]), one.text()) for one in headings(name)]
    assert list(listed(reader.outline, 1)) == expected


@needs_pdf
@each_status
def test_it_has_tags_a_title_and_a_language(name: str) -> None:
    reader, document = reader_of(name), answered(name)
    root: Any = reader.root_object
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert root["/Lang"] == document["rulebook"]["language"]
    assert reader.metadata is not None
    assert reader.metadata.title == next(page_of(name).all("title")).text()


@needs_pdf
@each_status
def test_headings_pictures_tables_and_lists_are_tagged_as_what_they_are(name: str) -> None:
    page, found = page_of(name), tags(name)
    names = [tag["/S"] for _, tag in found]
    tagged = [name[1:].lower() for name in names if re.fullmatch(r"/H\d", name)]
    assert tagged == [one.tag for one in headings(name)]
    pictures = [" ".join(tag["/Alt"].split()) for _, tag in found if tag["/S"] == "/Figure"]
    described = [[one.text() for one in svg.children[:2]] for svg in page.all("svg")]
    assert sorted(pictures) == sorted(f"{title}. {words}" for title, words in described)
    for path, tag in found:
        if tag["/S"] == "/TH":
            row = "/THead" not in path
            assert tag["/A"]["/Scope"] == ("/Row" if row else "/Column")
        if path.endswith("/L/LI") or tag["/S"] in ("/LI", "/LBody", "/Lbl"):
            assert re.search(r"/L/LI(/Lbl|/LBody)?$", path), path
        assert not re.search(r"/L/(?!LI$|L$|LI/|L/)", path), path


@needs_pdf
def test_the_words_of_a_list_of_pairs_are_label_and_body() -> None:
    found = tags("suicidal_intent")
    items = [tag for path, tag in found if path.endswith("/Art/L/LI")]
    assert items
    for item in items:
        assert [kid.get_object()["/S"] for kid in item["/K"]] == ["/Lbl", "/LBody"]


# ------------------------------------------------------------------------------- how it looks


@needs_pdf
@each_status
def test_no_page_but_the_last_is_nearly_empty(name: str) -> None:
    *before, last = printed(name)
    assert all(page.lowest > FILLED for page in before), [page.lowest for page in before]
    assert last.lowest > 0.1


@needs_pdf
@each_status
def test_no_heading_stands_alone_at_the_foot_of_a_page(name: str) -> None:
    leading = {one.text() for one in page_of(name).all("h2", "h3", "dt")}
    assert [page.last for page in printed(name) if page.last in leading] == []


@needs_pdf
def test_pictures_have_the_colours_of_the_page() -> None:
    style = page_of("typical_first_intake").one("style").text()
    (mark,) = re.findall(r"--mark: #(\w{6});", style)[:1]
    red, green, blue = (int(mark[n : n + 2], 16) / 255 for n in (0, 2, 4))
    drawn = b"".join(
        page.get_contents().get_data()  # type: ignore[union-attr]
        for page in reader_of("typical_first_intake").pages
    )
    fills = re.findall(rb"([\d.]+) ([\d.]+) ([\d.]+) rg", drawn)
    marks = [f for f in fills if [round(float(c), 2) for c in f] == _rounded(red, green, blue)]
    black = [f for f in fills if {float(c) for c in f} == {0.0}]
    assert len(marks) > 10  # bars, nodes, bands, the marker
    assert not black  # what a picture is filled with when its looks are lost


def _rounded(*parts: float) -> list[float]:
    return [round(part, 2) for part in parts]


# ------------------------------------------------------------------------------- same bytes


@needs_pdf
@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_same_answer_gives_the_same_bytes(seed: str) -> None:
    program = (
        "import hashlib, json, sys; from recommender.explain.pdf import render_pdf;"
        "document = json.load(sys.stdin);"
        "made = [render_pdf(document) for _ in range(2)];"
        "print(*(hashlib.sha256(one).hexdigest() for one in made))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(answered("suicidal_intent")),
        env=os.environ | {"PYTHONHASHSEED": seed, "SOURCE_DATE_EPOCH": seed, "TZ": "UTC"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    expected = hashlib.sha256(bytes_of("suicidal_intent")).hexdigest()
    assert run.stdout.split() == [expected, expected]


@needs_pdf
def test_it_holds_no_date_and_no_number_of_its_own() -> None:
    reader = reader_of("suicidal_intent")
    assert set(reader.metadata or {}) == {"/Producer", "/Title"}
    assert "/ID" not in reader.trailer
    assert "/Metadata" not in reader.root_object


@needs_pdf
def test_the_document_is_left_as_it_was() -> None:
    document = answered("suicidal_intent")
    before = copy.deepcopy(document)
    render_pdf(document)
    assert document == before


# ------------------------------------------------------------------------------- nothing fetched


@needs_pdf
def test_nothing_is_fetched_and_no_file_is_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """A template of a site that asks for a style sheet of a server and of this machine."""
    sheet = tmp_path / "hidden.css"
    sheet.write_text("main { display: none }", "utf-8")
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.setblocking(False)
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        asked = "".join(
            f'<link rel="stylesheet" href="{place}"><img alt="A" src="{place}">'
            f"<style>@import url({place}); body {{ background: url({place}) }}</style>"
            for place in (address, sheet.as_uri(), "hidden.css")
        )
        file = tmp_path / "templates" / "explanation" / "clinician.html.j2"
        file.parent.mkdir(parents=True)
        shipped = (TEMPLATES / "explanation" / file.name).read_text("utf-8")
        file.write_text(shipped.replace("</head>", f"</head>{asked}"), "utf-8")
        document = answered("seventeen_years_old")
        made = render_pdf(document, templates=tmp_path / "templates")
        with pytest.raises(BlockingIOError):
            server.accept()
    pages = read_back(made, document)
    assert is_said(document["disclaimer"], pages)
    assert caplog.text == ""
    assert capfd.readouterr() == ("", "")


@needs_pdf
def test_a_template_that_leaves_out_a_stop_makes_no_pdf(tmp_path: Path) -> None:
    file = tmp_path / "explanation" / "clinician.html.j2"
    file.parent.mkdir()
    shipped = (TEMPLATES / "explanation" / file.name).read_text("utf-8")
    file.write_text(shipped.replace("{{ part.stops(answer.stops) -}}", ""), "utf-8")
    with pytest.raises(RenderError, match="the stop") as caught:
        render_pdf(answered("suicidal_intent"), templates=tmp_path)
    assert {problem.code for problem in caught.value.problems} == {"R105"}


# ------------------------------------------------------------------------------- what is missing


@pytest.mark.parametrize(
    ("module", "code", "hint"),
    [
        ("raise ModuleNotFoundError('No module named weasyprint')", "R106", "recommender[pdf]"),
        ("print('-' * 9); raise OSError('cannot load libpango')", "R107", "libpango-1.0-0"),
    ],
)
def test_what_is_missing_is_named_in_one_line(
    module: str, code: str, hint: str, tmp_path: Path
) -> None:
    (tmp_path / "weasyprint.py").write_text(module, "utf-8")
    run = no_pdf(tmp_path, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert run.stderr.startswith(f"{code}\n")
    message, advice = run.stderr.strip().splitlines()[1:]
    assert "WeasyPrint" in message
    assert hint in advice


@needs_pdf
def test_a_machine_without_fonts_is_told_so(tmp_path: Path) -> None:
    """Without the check Pango ends the program with a fault of memory."""
    settings = tmp_path / "fonts.conf"
    settings.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">'
        f"<fontconfig><dir>{tmp_path}/none</dir><cachedir>{tmp_path}</cachedir></fontconfig>",
        "utf-8",
    )
    run = no_pdf(tmp_path, FONTCONFIG_FILE=str(settings))
    assert run.stderr.startswith("R107\n")
    assert "no font" in run.stderr


def no_pdf(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """`recommend --format pdf` where something is missing: an error and no file."""
    profile = ROOT / "profiles" / "aneurysm_clip.yaml"
    target = folder / "plan.pdf"
    command = [sys.executable, "-m", "recommender", "recommend", str(profile)]
    run = subprocess.run(
        [*command, "--format", "pdf", "-o", str(target)],
        env=os.environ | variables,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout) == (6, ""), run.stderr
    assert not target.exists()
    return run


@needs_pdf
def test_letters_that_no_font_has_are_not_lost_in_silence() -> None:
    document = copy.deepcopy(answered("suicidal_intent"))
    document["stops"][0]["action"] += " \u0378\u0379"  # never assigned
    with pytest.raises(RenderError, match="2 characters") as caught:
        render_pdf(document)
    assert caught.value.problems[0].code == "R108"
    assert caught.value.stops == tuple(document["stops"])


def test_the_stops_come_with_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(RenderError) as caught:
        render_pdf(answered("suicidal_intent"))
    assert caught.value.stops == tuple(answered("suicidal_intent")["stops"])
    assert pdf.missing() == caught.value.problems[0]


# ------------------------------------------------------------------------------- command line


@needs_pdf
def test_a_file_and_a_pipe_get_the_same_pdf(tmp_path: Path) -> None:
    target = tmp_path / "plan.pdf"
    runner = CliRunner()
    to_file = runner.invoke(app, ["recommend", STOPPED, "--format", "pdf", "-o", str(target)])
    assert (to_file.exit_code, to_file.stdout_bytes) == (0, b"")
    piped = runner.invoke(app, ["recommend", STOPPED, "--format", "pdf"])
    assert piped.exit_code == 0
    assert target.read_bytes() == piped.stdout_bytes == bytes_of("suicidal_intent")


def test_a_terminal_gets_no_pdf_and_a_hint() -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "recommender", "recommend", STOPPED, "--format", "pdf"]
    run = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, text=True, check=False)
    os.set_blocking(ours, False)
    with pytest.raises(BlockingIOError):
        os.read(ours, 1)
    for end in (ours, theirs):
        os.close(end)
    assert run.returncode == 2
    assert "-o FILE" in run.stderr


def test_no_other_format_pays_for_the_pdf() -> None:
    program = (
        "import sys; from recommender.surfaces.cli import app;"
        "app(['recommend', sys.argv[1], '--format', 'html'], standalone_mode=False);"
        "names = ('weasyprint', 'recommender.explain.pdf');"
        "print('loaded:', [name for name in names if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, STOPPED],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.splitlines()[-1] == "loaded: []"


def test_the_page_number_is_read_as_words_with_blanks() -> None:
    pages = reader_of("typical_first_intake").pages
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in " ".join(page.extract_text().split())
