"""Shares long work among processes; what comes out does not tell how many there were."""

import gc
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

Piece = TypeVar("Piece")
Done = TypeVar("Done")

_work: Callable[[Any], Any] | None = None
"""What each process does; it has it from its parent, as rulebooks do not travel."""


def in_order(work: Callable[[Piece], Done], pieces: Sequence[Piece], jobs: int) -> Iterable[Done]:
    """The work on each piece, in their order. One process where others cannot be forked."""
    if jobs < 2 or len(pieces) < 2 or "fork" not in multiprocessing.get_all_start_methods():
        return map(work, pieces)
    return _shared(work, pieces, jobs)


def _shared(work: Callable[[Piece], Done], pieces: Sequence[Piece], jobs: int) -> Iterator[Done]:
    global _work
    _work = lambda n: work(pieces[n])  # noqa: E731
    try:
        with multiprocessing.get_context("fork").Pool(jobs) as pool:
            yield from pool.imap(_done, range(len(pieces)), chunksize=2)
    finally:
        _work = None


def _done(n: int) -> Any:
    assert _work is not None
    return _work(n)


@contextmanager
def without_collecting() -> Iterator[None]:
    """Diagrams hold no circles: looking for garbage among them would only take time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
