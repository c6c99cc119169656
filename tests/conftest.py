"""What all test runs share: Hypothesis profiles, and REQUIRE_ALL=1 which makes a skip a failure."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

from recommender.engines import durable
from recommender.explain import pdf

# Deadlines measure the machine, not the code; `ci` also draws the same examples each time.
settings.register_profile("default", deadline=None)
settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ci" if os.environ.get("CI") else "default")

# What a marked test needs: the mark, and what says why it is not here.
NEEDED = {"durable": durable.missing, "pdf": pdf.missing}

REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Generator[None, None, None]:
    """Compiled rulebooks of a test run are kept apart from the user's; no policy is trusted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("RECOMMENDER_TRUST", raising=False)
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make test ARGS=--renew-plans` writes expected plans anew, to be read as a difference."""
    parser.addoption(
        "--renew-plans", action="store_true", help="write the expected plans and outputs anew"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what is marked `durable` or `pdf` where its library is not here, and say why."""
    for mark, missing in NEEDED.items():
        marked = [item for item in items if item.get_closest_marker(mark)]
        if marked and (why := missing()) is not None:
            for item in marked:
                item.add_marker(pytest.mark.skip(reason=str(why)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count a skipped test as failed when nothing may be left out; expected failures stay."""
    report = yield
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"REQUIRE_ALL=1 and skipped: {_reason(report)}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole module that skips itself."""
    report = yield
    if REQUIRE_ALL and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"REQUIRE_ALL=1 and skipped: {_reason(report)}"
    return report


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    return report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
