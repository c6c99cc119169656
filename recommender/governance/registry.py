"""Every check of `rules prove`, in the order of the report, and how much each finding matters."""

from recommender.governance.checks.invariants import coverage, promises
from recommender.governance.checks.monotone import monotone
from recommender.governance.findings import Severity
from recommender.governance.run import Check

CHECKS: tuple[Check, ...] = (
    Check("G09", "coverage", Severity.ERROR, coverage),
    Check("G10", "invariants", Severity.ERROR, promises),
    Check("G11", "monotone", Severity.ERROR, monotone),
)
