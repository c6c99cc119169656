"""The pictures: places follow the numbers, and nothing lies on top of anything else."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from recommender import content
from recommender.explain import pictures
from tests.building import answered

PROFILES = sorted(path.stem for path in (content.root() / "profiles").glob("*.yaml"))
Document = dict[str, Any]


def fact(score: Document, band: str = "", **scale: Any) -> Document:
    bands = [
        {"id": "few", "title": "", "from": 0, "to": 4},
        {"id": "some", "title": "", "from": 5, "to": 9},
        {"id": "many", "title": "quite a lot of them", "from": 10, "to": 10},
    ]
    standard = {"from": 0, "to": 10, "title": "S", "direction": "none", "unit": "", "bands": bands}
    standard["band"] = band
    return {"feature": "f", "instrument": "s", "band": band, "score": score} | {
        "scale": standard | scale
    }


# ------------------------------------------------------------------------------- scales


@pytest.mark.parametrize(("value", "share"), [(0, 0.0), (5, 0.5), (10, 1.0)])
def test_the_marker_stands_where_the_score_is(value: float, share: float) -> None:
    marker = pictures.scale(fact({"value": value}))["marker"]
    width = pictures.BAR_RIGHT - pictures.BAR_LEFT
    assert marker["x"] == pytest.approx(pictures.BAR_LEFT + share * width)
    assert marker["left"] == marker["right"] == marker["x"]


def test_a_score_that_is_not_exact_covers_what_it_may_be() -> None:
    marker = pictures.scale(fact({"from": 2, "to": 6}))["marker"]
    left, right = (pictures.scale(fact({"value": v}))["marker"]["x"] for v in (2, 6))
    assert (marker["left"], marker["right"]) == (left, right)
    assert marker["x"] == pytest.approx((left + right) / 2, abs=0.1)


def test_bands_cover_the_bar_and_meet_half_way_between_two_scores() -> None:
    bands = pictures.scale(fact({"value": 3}, "few"))["bands"]
    assert [one["is_here"] for one in bands] == [True, False, False]
    assert bands[0]["x"] == pictures.BAR_LEFT
    for one, two in pairwise(bands):
        assert one["x"] + one["width"] == pytest.approx(two["x"], abs=0.11)
    assert bands[-1]["x"] + bands[-1]["width"] == pytest.approx(pictures.BAR_RIGHT, abs=0.11)
    middle = pictures.BAR_LEFT + 0.45 * (pictures.BAR_RIGHT - pictures.BAR_LEFT)
    assert bands[1]["x"] == pytest.approx(middle, abs=0.11)


def test_bands_are_drawn_from_left_to_right_whatever_their_order() -> None:
    turned = fact({"value": 3})["scale"]["bands"][::-1]
    bands = pictures.scale(fact({"value": 3}, bands=turned))["bands"]
    assert [one["band"]["id"] for one in bands] == ["few", "some", "many"]


def test_a_scale_without_bands_still_shows_its_score() -> None:
    picture = pictures.scale(fact({"value": 5}, bands=[]))
    assert picture["bands"] == []
    assert picture["marker"]["x"] == 160


def test_an_instrument_is_drawn_once_with_the_fact_that_has_a_band() -> None:
    two = [fact({"value": 3}) | {"feature": "total"}, fact({"value": 3}, "few")]
    (picture,) = pictures.scales([{"feature": "other", "band": "", "instrument": ""}, *two])
    assert picture["fact"]["feature"] == "f"


@pytest.mark.parametrize("name", PROFILES)
def test_no_name_of_a_band_lies_on_another(name: str) -> None:
    for picture in pictures.of(answered(name))["scales"]:
        spans: dict[int, list[tuple[float, float]]] = {}
        for one in picture["bands"]:
            half = len(one["band"]["title"] or one["band"]["id"]) * pictures.NAME_LETTER / 2
            left, right = one["name_x"] - half, one["name_x"] + half
            assert left >= -0.1
            assert right <= picture["width"] + 0.1
            assert one["name_y"] < picture["height"]
            spans.setdefault(one["lane"], []).append((left, right))
        for lane in spans.values():
            assert all(a[1] < b[0] for a, b in pairwise(lane))


# ------------------------------------------------------------------------------- phases


def test_no_plan_has_no_picture_of_phases_or_argument() -> None:
    drawn = pictures.of({"facts": [], "plan": [], "rules": {}})
    assert drawn == {"scales": [], "phases": None, "map": None}


@pytest.mark.parametrize("name", [n for n in PROFILES if n.startswith(("m", "s"))])
def test_phases_follow_each_other_and_bars_follow_the_weeks(name: str) -> None:
    document = answered(name)
    drawn = pictures.of(document)["phases"]
    if drawn is None:
        assert document["plan"] == []
        return
    assert [p["number"] for p in drawn["phases"]] == sorted({e["phase"] for e in document["plan"]})
    parts = [part for phase in drawn["phases"] for part in phase["parts"]]
    heights = [y for phase in drawn["phases"] for y in (phase["y"], *tops(phase["parts"]))]
    assert heights == sorted(heights)
    assert heights[-1] < drawn["height"]
    longest = max(part["entry"]["weeks"] or 0 for part in parts) or 1
    for part in parts:
        weeks = part["entry"]["weeks"] or 0
        assert part["bar_width"] == pytest.approx(weeks / longest * pictures.LONGEST_BAR, abs=0.1)
    assert {part["entry"]["adaptation"] for part in parts} == {
        entry["adaptation"] for entry in document["plan"]
    }


def tops(parts: list[Document]) -> Iterator[float]:
    for part in parts:
        yield from (line["y"] for line in part["lines"])
        yield part["bar_y"]


# ------------------------------------------------------------------------------- map


@pytest.mark.parametrize("name", PROFILES)
def test_the_map_has_every_link_of_the_argument_and_no_box_on_another(name: str) -> None:
    document = answered(name)
    drawn = pictures.of(document)["map"]
    if drawn is None:
        assert document["plan"] == []
        return
    links = {(c["feature"], b["rule"]) for e in document["plan"] for b in e["because"]
             for c in b["conditions"]}  # fmt: skip
    links |= {(b["rule"], e["adaptation"]) for e in document["plan"] for b in e["because"]}
    columns = drawn["columns"]
    ends = {
        (round(box["y"] + box["height"] / 2, 1), edge): key
        for boxes in columns.values()
        for key, box in boxes.items()
        for edge in (box["x"], box["x"] + box["width"])
    }
    seen = [(ends[one["y1"], one["x1"]], ends[one["y2"], one["x2"]]) for one in drawn["lines"]]
    assert sorted(seen) == sorted(links)
    for boxes in columns.values():
        for one, two in pairwise(boxes.values()):
            assert one["y"] + one["height"] < two["y"]
        for box in boxes.values():
            assert 0 <= box["x"] < box["x"] + box["width"] <= drawn["width"]
            assert 0 < box["y"] < box["y"] + box["height"] <= drawn["height"]
            for line in box["lines"]:
                assert box["y"] < line["y"] < box["y"] + box["height"]
                assert len(line["text"]) * pictures.LETTER <= box["width"]


def test_a_rule_whose_condition_is_not_known_has_a_broken_line() -> None:
    document = answered("marked_inertia")
    rule = document["plan"][0]["because"][0]["rule"]
    drawn = pictures.argument_map({**document, "rules": {**document["rules"], rule: "unknown"}})
    assert drawn is not None
    assert drawn["columns"]["rules"][rule]["open"]
    assert sum(line["open"] for line in drawn["lines"]) == 2


def test_a_dozen_parts_still_fit() -> None:
    document = answered("marked_inertia")
    entry = document["plan"][1]
    long = "A very long name of a part that nobody would ever want to read to its end " * 3
    many = [
        {**entry, "adaptation": f"a{n}", "title": long, "because": [
            {**one, "rule": f"{one['rule']}{n}", "title": long} for one in entry["because"]]}
        for n in range(12)
    ]  # fmt: skip
    rules = {one["rule"]: "fired" for part in many for one in part["because"]}
    drawn = pictures.argument_map({**document, "plan": many, "rules": rules})
    assert drawn is not None
    assert drawn["height"] < 1200
    assert all(
        box["lines"][-1]["text"].endswith("…") for box in drawn["columns"]["adaptations"].values()
    )


def test_a_text_is_broken_at_blanks_and_cut_where_it_is_too_long() -> None:
    assert pictures.broken("one two", 200, 2) == ["one two"]
    assert pictures.broken("one two three four five", 8 * pictures.LETTER, 2) == [
        "one two",
        "three …",
    ]
    assert pictures.broken("", 100, 2) == [""]
