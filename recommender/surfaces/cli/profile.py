"""`recommender profile`: an empty profile to fill in, made from the vocabulary of the rulebook."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import typer

from recommender.surfaces.cli import options, terminal

if TYPE_CHECKING:
    from recommender.rulebook import Rulebook
    from recommender.vocabulary import Feature, Instrument

app = typer.Typer(no_args_is_help=True, help="Write an empty profile to fill in.")

SECTIONS = ("access", "preferences", "history")
LISTS = ("conditions", "medications", "implants")


@app.callback()
def profile() -> None:
    """Write an empty profile to fill in."""


@app.command()
def new(content: options.Content = None, output: options.Output = None) -> None:
    """Write an empty profile with every question of the rulebook as a comment.

    Nothing in it counts as assessed until its line loses the leading "#".

    recommender profile new -o first.yaml
    """
    from recommender.explain.render import render_template

    if output is not None and output.exists():
        message = f"{output} exists already and might hold answers; name another file"
        raise typer.BadParameter(message, param_hint="--output")
    context = form(options.rulebook_of(content), options.today())
    templates = options.templates_of(content)
    terminal.write(
        render_template("profile/new", context, format="yaml", templates=templates), output
    )


def form(rulebook: "Rulebook", today: date) -> dict[str, Any]:
    """What the empty profile offers, section by section; wishes have lines of their own."""
    from recommender.findings import WISHES

    wishes = {f"preferences.{key}" for key in WISHES}
    fields = [
        f
        for f in rulebook.features.values()
        if not f.from_ and not f.concluded and f.id not in wishes
    ]
    stated = {name: [_line(f) for f in fields if f.id.startswith(f"{name}.")] for name in SECTIONS}
    lists = {f.id: _line(f) for f in fields if f.id in LISTS}
    rated = [f for f in rulebook.features.values() if "clinician" in f.from_]
    return {
        "title": rulebook.header.title,
        "today": today.isoformat(),
        "instruments": [_instrument(one) for one in rulebook.instruments.values()],
        "lists": [lists[name] for name in LISTS if name in lists],
        "sex": [_line(f) for f in fields if f.id == "sex"],
        "observations": [_line(f) for f in rated],
        "releases": sorted({r.text.release for r in rulebook.rules.values() if r.text.release}),
        "adaptations": list(rulebook.adaptations),
        "kinds": sorted(set(_kinds(rulebook))),
        **stated,
    }


def _kinds(rulebook: "Rulebook") -> Iterator[str]:
    """The kinds of treatment that anything counts."""
    from recommender.vocabulary import Source

    for feature in rulebook.features.values():
        for source in feature.from_:
            if isinstance(source, Source) and source.kind:
                yield source.kind


def _line(feature: "Feature") -> dict[str, str]:
    """One field: the name it has in its section, what it asks, and what may be written."""
    return {
        "name": feature.id.partition(".")[2] if feature.id.startswith(SECTIONS) else feature.id,
        "asks": feature.question or feature.label,
        "takes": _takes(feature),
    }


def _takes(feature: "Feature") -> str:
    if feature.range is not None:
        unit = f" {feature.unit}" if feature.unit else ""
        return f"{feature.range[0]} to {feature.range[1]}{unit}"
    if feature.type.value == "boolean":
        return "true or false"
    words = ", ".join(map(str, feature.options))
    return (
        f"any of: {words}{', or others' if feature.accepts_other else ''}"
        if feature.type.value == "set"
        else f"one of: {words}"
    )


def _instrument(instrument: "Instrument") -> dict[str, Any]:
    return {
        "id": instrument.id,
        "title": instrument.title,
        "range": list(instrument.range) if instrument.range else [],
        "minutes": instrument.minutes,
        "has_total": instrument.range is not None,
        "parts": list(_items(instrument.items)),
    }


def _items(items: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, allowed in items.items():
        boolean = allowed and isinstance(allowed[0], bool)
        takes = "true or false" if boolean else " to ".join(map(str, allowed))
        yield {"id": name, "takes": takes}
