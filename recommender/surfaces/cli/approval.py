"""`recommender rules policy, propose, sign, revoke, withdraw`: what people say about the rules.

Each writes one file in `approvals/` of the folder, or adds a signature to one. Nothing here decides
whether a statement holds: `rules verify` does.
"""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recommender.surfaces.cli import options, terminal

if TYPE_CHECKING:
    from recommender.envelope import Envelope
    from recommender.governance.approval.keys import PrivateKey

KeyFile = Annotated[
    Path, typer.Option("--key", metavar="FILE", help="Your private key, as made by --new-key.")
]
Because = Annotated[str, typer.Option(metavar="TEXT", help="Why, for people who read it later.")]


def policy(
    people: Annotated[
        Path, typer.Argument(metavar="PEOPLE", help="File that lists people, roles and keys.")
    ],
    content: options.Content = None,
) -> None:
    """Write who may approve, as a statement that these people sign.

    PEOPLE is a YAML file; docs/approval.md shows one. Each call makes the version after the last.

    Example: recommender rules policy people.yaml --content my-site
    """
    from recommender.governance.approval.signing import policy as made
    from recommender.governance.approval.signing import write_new

    statement = made(content, _bytes(people, "PEOPLE"), str(people))
    _show(statement, write_new(content, statement))


def propose(
    author: Annotated[
        list[str], typer.Option(metavar="PERSON", help="Who wrote it; may be given several times.")
    ],
    scope: Annotated[str, typer.Option(metavar="TEXT", help="Where and for whom it may be used.")],
    valid_from: Annotated[str, typer.Option(metavar="DATE", help="The first day.")],
    review_by: Annotated[str, typer.Option(metavar="DATE", help="The last day without a review.")],
    accept: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FINDING=WHY", help="A finding that may stand, and why; several times."
        ),
    ] = None,
    previous: Annotated[
        str | None,
        typer.Option(
            metavar="OLD",
            help="The rules of the approval before this one, as a folder or a git revision: "
            "what changed is compared and becomes part of it.",
        ),
    ] = None,
    content: options.Content = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="The day of the reports; else today.")
    ] = None,
) -> None:
    """Write down what is to be approved: this exact state of the rules, and the reports on it.

    Looks through the rules, tries and proves them first. What fails cannot be proposed; what lint
    finds needs a reason. Nothing is approved before people have signed.

    Example: recommender rules propose --content my-site --author ann --scope "Day clinic"
    --valid-from 2026-12-01 --review-by 2027-06-01
    """
    from contextlib import ExitStack

    from recommender.governance.approval import reports
    from recommender.governance.approval.signing import write_new
    from recommender.governance.approval.statement import Terms
    from recommender.governance.approval.statement import propose as made
    from recommender.governance.comparing.revisions import folder_of
    from recommender.rulebook import load_with_places

    terms = Terms(
        author,
        scope,
        _day(valid_from, "--valid-from"),
        _day(review_by, "--review-by"),
        _why(accept),
    )
    with ExitStack() as stack:
        progress = stack.enter_context(terminal.progress("Trying the rules"))
        old = None
        if previous is not None:
            old, _ = load_with_places(stack.enter_context(folder_of(previous, content)))
        statement, read = made(content, terms, options.day(as_of), progress, before=old)
    file = write_new(content, statement)
    reports.keep(content, read)
    _show(statement, file)


def sign(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="The statement, in approvals/.")
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="FILE", help="Your private key, as made by --new-key."),
    ] = None,
    new_key: Annotated[
        Path | None,
        typer.Option("--new-key", metavar="FILE", help="Make a key of your own in this new file."),
    ] = None,
    password: Annotated[
        bool, typer.Option("--password", help="Lock the new key with a password, asked for twice.")
    ] = False,
) -> None:
    """Put your signature under a statement, or make the key to do it with.

    What you sign is shown. A key stays with one person, in a file only they can read.

    Example: recommender rules sign --new-key mine.key

    Example: recommender rules sign my-site/approvals/approval-2026-12-01.json --key mine.key
    """
    if new_key is not None and file is None and key is None:
        _new_key(new_key, password=password)
        return
    if file is None or key is None or new_key is not None:
        message = "name a statement and --key FILE, or --new-key FILE alone"
        raise typer.BadParameter(message, param_hint="FILE")
    from recommender.governance.approval.signing import sign_file

    _show(sign_file(file, _key(key)), file)


def revoke(
    what: Annotated[
        str, typer.Argument(metavar="WHAT", help="File of an approval, or the name of a key.")
    ],
    because: Because,
    key: KeyFile,
    content: options.Content = None,
    as_of: options.SignedOn = None,
) -> None:
    """Take back an approval, or a key with all it ever signed; one signature is enough.

    Example: recommender rules revoke approvals/approval-2026-12-01.json --because
    "A dose is wrong." --key mine.key
    """
    from recommender.governance.approval.signing import revocation, sign, write_new

    statement = revocation(content, _revoked(what), because, options.day(as_of))
    signed = sign(statement, _key(key))
    _show(signed, write_new(content, signed))


def withdraw(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="Id of the rule.")],
    because: Because,
    key: KeyFile,
    content: options.Content = None,
    as_of: options.SignedOn = None,
) -> None:
    """Withdraw one rule at once; the signature of one clinician is enough.

    Advice falls silent. What an exclusion or a caution is about is kept out for everybody.

    Example: recommender rules withdraw adaptation.stimulation.after_two_adequate_trials
    --content my-site --because "A report is being looked into." --key mine.key
    """
    from recommender.explain.render import render_template
    from recommender.governance.approval.signing import sign, withdrawal, write_new
    from recommender.surfaces.cli.rules import unknown_rule

    rulebook = options.rulebook_of(content)
    if rule not in rulebook.rules:
        unknown_rule(rule, rulebook)
    title = rulebook.rules[rule].text.title
    words = {
        part: " ".join(
            render_template("governance/withdrawn", {"part": part, "title": title}).split()
        )
        for part in ("title", "until")
    }
    statement = withdrawal(content, rule, because, options.day(as_of), words)
    signed = sign(statement, _key(key))
    _show(signed, write_new(content, signed))


# ------------------------------------------------------------------------------- reading


def _why(accept: list[str] | None) -> dict[str, str]:
    """Each finding with its reason."""
    found = {}
    for one in accept or ():
        name, equals, why = one.partition("=")
        if not equals or not why.strip():
            message = "write it as 'L201=why it may stand'"
            raise typer.BadParameter(message, param_hint="--accept")
        found[name.strip()] = why.strip()
    return found


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("a day is written as 2026-12-01", param_hint=option) from error


def _revoked(what: str) -> dict[str, str]:
    """A file is an approval, 64 digits are the name of a key."""
    from recommender.envelope import read_envelope

    if Path(what).is_file():
        statement = read_envelope(_bytes(Path(what), "WHAT"), what)
        if statement.kind == "approval":
            return {"approval": statement.digest}
        message = f"{what} is no approval; a rule is given back by removing its withdrawal"
        raise typer.BadParameter(message, param_hint="WHAT")
    if len(what) == 64 and set(what) <= set("0123456789abcdef"):
        return {"key": what}
    raise typer.BadParameter("name the file of an approval, or a key", param_hint="WHAT")


def _bytes(file: Path, hint: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise typer.BadParameter(f"{file}: {reason}", param_hint=hint) from error


def _key(file: Path) -> "PrivateKey":
    from recommender.governance.approval.keys import load_key, needs_password

    word = typer.prompt("Password of the key", hide_input=True) if needs_password(file) else ""
    return load_key(file, word)


# ------------------------------------------------------------------------------- showing


def _new_key(file: Path, *, password: bool) -> None:
    from recommender.governance.approval.keys import new_key

    word = ""
    if password:
        word = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    key = new_key(file, word)
    _render({"kind": "key", "public": key.public, "keyid": key.keyid, "file": str(file)})


def _show(statement: "Envelope", file: Path) -> None:
    """What was written or signed, in words."""
    _render(
        {
            "kind": statement.kind,
            "file": str(file),
            "digest": statement.digest,
            "signatures": len(statement.signatures),
            "says": statement.statement,
        }
    )


def _render(context: dict[str, Any]) -> None:
    from recommender.explain.render import render_template

    terminal.write(render_template("governance/signed", context, **terminal.page(None)), None)


def add_to(app: typer.Typer) -> None:
    """Register the commands among those about rules."""
    for command in (policy, propose, sign, revoke, withdraw):
        app.command()(command)
