"""Several works taking turns, and the table of how they compare.

The clock counts processor time, so waiting for a busy machine does not count. What it does to the
caches hits neighbouring turns alike, so a ratio is taken within each round and the median of those
is told. Times are medians too, and only for orientation.
"""

import gc
import resource
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Work = Callable[[], float | None]
"""Does something once. May return how many seconds count, where that is not the whole of it."""

WARMING = 2


def processor_seconds() -> float:
    """What this process, its threads and the programs it waited for have used so far."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


@dataclass(frozen=True)
class Times:
    """Seconds of each work, round by round."""

    rounds: Mapping[str, Sequence[float]]

    def median(self, name: str) -> float:
        """Seconds a turn of one work takes."""
        return statistics.median(self.rounds[name])

    def ratio(self, name: str, beside: str) -> float:
        """How many times as long one work takes as another, within a round."""
        pairs = zip(self.rounds[name], self.rounds[beside], strict=True)
        return statistics.median(mine / other for mine, other in pairs)


def interleaved(works: Mapping[str, Work], rounds: int) -> Times:
    """Every work once in each round, after two rounds that do not count.

    Garbage is collected before each turn and the collector stays on in it, for everybody.
    """
    taken: dict[str, list[float]] = {name: [] for name in works}
    gc.collect()
    gc.freeze()
    for number in range(WARMING + rounds):
        for name, work in works.items():
            seconds = _timed(work)
            if number >= WARMING:
                taken[name].append(seconds)
    gc.unfreeze()
    return Times(taken)


def _timed(work: Work) -> float:
    gc.collect()
    start = processor_seconds()
    own = work()
    return processor_seconds() - start if own is None else own


# ------------------------------------------------------------------------------- the table


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, beside what, and what was aimed at."""

    what: str
    beside: str
    ratio: float
    seconds: float
    beside_seconds: float
    aim: float | None = None
    """At most this ratio."""
    aim_seconds: float | None = None

    @property
    def reached(self) -> str:
        """yes or no; nothing where nothing was aimed at."""
        if self.aim is None and self.aim_seconds is None:
            return ""
        met = self.ratio <= (self.aim or self.ratio)
        return "yes" if met and self.seconds <= (self.aim_seconds or self.seconds) else "no"


def table(rows: Sequence[Row]) -> list[str]:
    """The rows as Markdown."""
    return [
        "| what | beside | ratio | aim | reached | ms | beside, ms |",
        "|---|---|---|---|---|---|---|",
        *map(_line, rows),
    ]


def _line(row: Row) -> str:
    return (
        f"| {row.what} | {row.beside} | {row.ratio:.2f} | {_aim(row)} | {row.reached} | "
        f"{_shown(row.seconds)} | {_shown(row.beside_seconds)} |"
    )


def _aim(row: Row) -> str:
    if row.aim_seconds is not None:
        return f"≤ {_shown(row.aim_seconds)} ms"
    return "" if row.aim is None else f"≤ {row.aim:g}"


def _shown(seconds: float) -> str:
    milliseconds = seconds * 1000
    return f"{milliseconds:.0f}" if milliseconds >= 100 else f"{milliseconds:.3g}"
