"""Works out the pictures of a page: scores on their scales, phases in order, the argument as a map.

In: a document of `recommendation/1`. Out: places and sizes in plain numbers, with the parts of the
document that belong there, for templates to draw and to name. Texts are only measured and broken
into lines here, by an average width of letters.
"""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

Document = Mapping[str, Any]
Drawn = dict[str, Any]

LETTER = 6.8
"""How wide an average letter is, in the units of a picture, where the text is 12 high."""
LINE = 15

# A scale: a bar between its two ends, the marker above, the names of the bands below.
SCALE_WIDTH, BAR_LEFT, BAR_RIGHT, BAR_TOP, BAR_HEIGHT = 320, 34, 286, 30, 14
NAMES_TOP = 60
NAME_LETTER = 6.2
"""Names of bands are short; a little less room keeps more of them in the first lane."""

# The phases: a line downwards, a bar for the weeks of each part.
PHASES_WIDTH, PHASES_LEFT, LONGEST_BAR = 340, 36, 190

# The map: three columns of boxes.
MAP_WIDTH, MAP_TOP, GAP, PADDING = 960, 30, 10, 8
COLUMNS = {"facts": (2, 250), "rules": (325, 310), "adaptations": (706, 252)}
MOST_LINES = {"facts": 2, "rules": 3, "adaptations": 2}


def of(document: Document) -> Drawn:
    """Every picture of one answer; None for one that would show nothing."""
    return {
        "scales": scales(document["facts"]),
        "phases": phases(document["plan"]),
        "map": argument_map(document),
    }


# ------------------------------------------------------------------------------- scales


def scales(facts: Sequence[Document]) -> list[Drawn]:
    """One picture for each instrument with a total: the fact that has a band goes first."""
    shown: dict[str, Document] = {}
    for fact in sorted(facts, key=lambda fact: not fact["band"]):
        if fact.get("scale"):
            shown.setdefault(fact["instrument"], fact)
    places = [fact["feature"] for fact in facts]
    return [scale(f) for f in sorted(shown.values(), key=lambda f: places.index(f["feature"]))]


def scale(fact: Document) -> Drawn:
    """One score on its scale, with the bands from left to right."""
    ends = fact["scale"]["from"], fact["scale"]["to"]
    low, high = _ends(fact["score"])
    left, right = _across(low, ends), _across(high, ends)
    bands = _bands(fact)
    lanes = max((band["lane"] for band in bands), default=-1) + 1
    middle = (left + right) / 2
    return {
        "fact": fact,
        "bands": bands,
        "marker": {"left": left, "right": right, "x": round(middle, 1), "anchor": _side(middle)},
        "width": SCALE_WIDTH,
        "height": NAMES_TOP + LINE * lanes,
    }


def _bands(fact: Document) -> list[Drawn]:
    ends = fact["scale"]["from"], fact["scale"]["to"]
    bands = sorted(fact["scale"]["bands"], key=lambda band: band["from"])
    inner = [(one["to"] + two["from"]) / 2 for one, two in pairwise(bands)]
    edges = [_across(value, ends) for value in (ends[0], *inner, ends[1])]
    drawn = [
        {
            "band": band,
            "x": left,
            "width": round(right - left, 1),
            "is_here": band["id"] == fact["scale"]["band"],
        }
        for band, left, right in zip(bands, edges, edges[1:], strict=False)
    ]
    return _with_names(drawn)


def _with_names(bands: list[Drawn]) -> list[Drawn]:
    """Each name under the middle of its band, one lane further down where it would not fit."""
    taken: list[float] = []
    for one in bands:
        half = len(one["band"]["title"] or one["band"]["id"]) * NAME_LETTER / 2
        middle = one["x"] + one["width"] / 2
        middle = min(max(middle, half), SCALE_WIDTH - half)
        lane = next((n for n, end in enumerate(taken) if middle - half > end), len(taken))
        taken[lane : lane + 1] = [middle + half + NAME_LETTER]
        one |= {"name_x": round(middle, 1), "name_y": NAMES_TOP + LINE * lane, "lane": lane}
    return bands


def _ends(score: Document) -> tuple[float, float]:
    return (score["value"],) * 2 if "value" in score else (score["from"], score["to"])


def _across(value: float, ends: tuple[float, float]) -> float:
    share = (value - ends[0]) / ((ends[1] - ends[0]) or 1)
    return round(BAR_LEFT + min(max(share, 0), 1) * (BAR_RIGHT - BAR_LEFT), 1)


def _side(x: float) -> str:
    """From which side a text at this place is written, so that it stays in the picture."""
    third = SCALE_WIDTH / 3
    return "start" if x < third else "end" if x > 2 * third else "middle"


# ------------------------------------------------------------------------------- phases


def phases(plan: Sequence[Document]) -> Drawn | None:
    """The phases of a plan downwards, each part with a bar as long as its weeks."""
    if not plan:
        return None
    longest = max((entry["weeks"] or 0 for entry in plan), default=0) or 1
    drawn: list[Drawn] = []
    y = 18.0
    for number in sorted({entry["phase"] for entry in plan}):
        phase: Drawn = {"number": number, "y": y, "parts": []}
        y += 28
        for entry in (one for one in plan if one["phase"] == number):
            part = _part(entry, y, longest)
            phase["parts"].append(part)
            y = part["bar_y"] + 30
        y += 6
        drawn.append(phase)
    return {"phases": drawn, "width": PHASES_WIDTH, "height": y - 10, "left": PHASES_LEFT}


def _part(entry: Document, y: float, longest: float) -> Drawn:
    lines = broken(entry["title"], PHASES_WIDTH - PHASES_LEFT, 2)
    return {
        "entry": entry,
        "lines": _placed(lines, y),
        "bar_y": y + LINE * (len(lines) - 1) + 6,
        "bar_width": round((entry["weeks"] or 0) / longest * LONGEST_BAR, 1),
    }


# ------------------------------------------------------------------------------- map


def argument_map(document: Document) -> Drawn | None:
    """Facts, the rules they make hold, and what these recommend, in three columns."""
    plan = document["plan"]
    reasons = {one["rule"]: one for entry in plan for one in entry["because"]}
    if not reasons:
        return None
    to_plan = [(one["rule"], entry["adaptation"]) for entry in plan for one in entry["because"]]
    tests = [(one["feature"], rule) for rule, r in reasons.items() for one in r["conditions"]]
    to_rules = list(dict.fromkeys(tests))
    rules = _beside(reasons, to_plan, [entry["adaptation"] for entry in plan])
    facts = _beside(dict.fromkeys(name for name, _ in to_rules), to_rules, rules)
    columns = {
        "facts": _fact_boxes(facts, document),
        "rules": _rule_boxes([reasons[name] for name in rules], to_plan, document),
        "adaptations": _part_boxes(plan),
    }
    height = max(_height(boxes.values()) for boxes in columns.values())
    for boxes in columns.values():
        _stack(list(boxes.values()), height)
    return {
        "columns": columns,
        "heads": {name: left for name, (left, _) in COLUMNS.items()},
        "lines": _lines(columns, to_rules, to_plan),
        "width": MAP_WIDTH,
        "height": MAP_TOP + height,
    }


def _fact_boxes(names: Sequence[str], document: Document) -> dict[str, Drawn]:
    labels = {fact["feature"]: fact["label"] for fact in document["facts"]}
    return {name: _box("facts", labels.get(name, name), 1) for name in names}


def _rule_boxes(
    reasons: Sequence[Document], to_plan: Sequence[tuple[str, str]], document: Document
) -> dict[str, Drawn]:
    """A box for each rule, with the first part of the plan that it stands under."""
    first = dict(reversed(to_plan))
    return {
        one["rule"]: _box("rules", one["title"], 0)
        | {"of": first[one["rule"]], "open": document["rules"][one["rule"]] == "unknown"}
        for one in reasons
    }


def _part_boxes(plan: Sequence[Document]) -> dict[str, Drawn]:
    return {
        one["adaptation"]: _box("adaptations", one["title"], bool(one["cautions"])) | {"entry": one}
        for one in plan
    }


def _beside(
    names: Iterable[str], links: Sequence[tuple[str, str]], order: Sequence[str]
) -> list[str]:
    """The names, each as high as the middle of what it is linked to: fewer lines cross."""
    place = {name: number for number, name in enumerate(order)}

    def middle(name: str) -> float:
        found = [place[target] for source, target in links if source == name]
        return sum(found) / len(found)

    return sorted(names, key=middle)


def _box(column: str, text: str, further: int) -> Drawn:
    """A box of one column with its text; `further` lines are left for what a template adds."""
    left, width = COLUMNS[column]
    lines = broken(text, width - 2 * PADDING, MOST_LINES[column])
    height = LINE * (len(lines) + further) + 2 * PADDING
    return {"x": left, "width": width, "height": height, "texts": lines}


def _height(boxes: Iterable[Drawn]) -> float:
    return sum((box["height"] + GAP for box in boxes), 0.0)


def _stack(boxes: list[Drawn], height: float) -> None:
    """Give each box its place, with the room that is left shared out between them."""
    free = (height - _height(boxes)) / (len(boxes) or 1)
    y = MAP_TOP + free / 2
    for box in boxes:
        box["y"] = round(y, 1)
        box["lines"] = _placed(box["texts"], box["y"] + PADDING + 11)
        box["last_y"] = round(box["y"] + box["height"] - PADDING - 3, 1)
        y += box["height"] + GAP + free


def _lines(
    columns: Mapping[str, Mapping[str, Drawn]],
    to_rules: Sequence[tuple[str, str]],
    to_plan: Sequence[tuple[str, str]],
) -> list[Drawn]:
    facts, rules, parts = (columns[name] for name in COLUMNS)
    return [
        *(_line(facts[fact], rules[rule], rules[rule]["open"]) for fact, rule in to_rules),
        *(_line(rules[rule], parts[part], rules[rule]["open"]) for rule, part in to_plan),
    ]


def _line(start: Drawn, end: Drawn, is_open: bool) -> Drawn:
    """A line from the right of one box to the left of another, bent half way."""
    x1, x2 = start["x"] + start["width"], end["x"]
    y1, y2 = (round(box["y"] + box["height"] / 2, 1) for box in (start, end))
    return {"x1": x1, "y1": y1, "x2": x2, "y2": y2, "bend": (x1 + x2) / 2, "open": is_open}


# ------------------------------------------------------------------------------- text


def broken(text: str, width: float, most: int) -> list[str]:
    """The text in at most so many lines that fit a width; what is left over is cut."""
    return textwrap.wrap(
        text, max(int(width / LETTER), 8), max_lines=most, placeholder=" …", break_on_hyphens=False
    ) or [""]


def _placed(lines: Sequence[str], y: float) -> list[Drawn]:
    return [{"text": text, "y": round(y + LINE * number, 1)} for number, text in enumerate(lines)]
