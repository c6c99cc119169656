"""Every check of `rules prove`, in the order of the report, and how much each finding matters."""

from recommender.governance.checks.dead import dead
from recommender.governance.checks.invariants import coverage, promises
from recommender.governance.checks.masked import masked
from recommender.governance.checks.meeting import meeting
from recommender.governance.checks.monotone import monotone
from recommender.governance.checks.sequence import sequence
from recommender.governance.checks.subsumed import subsumed
from recommender.governance.findings import Severity
from recommender.governance.run import Check

CHECKS: tuple[Check, ...] = (
    Check("G01", "dead rules", Severity.WARNING, dead),
    Check("G03", "masked rules", Severity.WARNING, masked),
    Check("G05", "duplicate and subsumed rules", Severity.WARNING, subsumed),
    Check("G06", "indication meets exclusion", Severity.INFO, meeting),
    Check("G08", "sequences", Severity.ERROR, sequence),
    Check("G09", "coverage", Severity.ERROR, coverage),
    Check("G10", "invariants", Severity.ERROR, promises),
    Check("G11", "monotone", Severity.ERROR, monotone),
)
