"""Every check of `rules prove`, in the order of the report, and how much each finding matters."""

from recommender.governance.checks.apart import apart
from recommender.governance.checks.dead import dead
from recommender.governance.checks.floor import floor
from recommender.governance.checks.inert import inert
from recommender.governance.checks.invariants import coverage, promises
from recommender.governance.checks.learnt import assumptions, persistence, unknown_safety
from recommender.governance.checks.masked import masked
from recommender.governance.checks.meeting import meeting
from recommender.governance.checks.monotone import monotone
from recommender.governance.checks.needless import needless
from recommender.governance.checks.order import order
from recommender.governance.checks.sequence import sequence
from recommender.governance.checks.subsumed import subsumed
from recommender.governance.checks.support import support
from recommender.governance.findings import Severity
from recommender.governance.run import Check

CHECKS: tuple[Check, ...] = (
    Check("G01", "dead rules", Severity.WARNING, dead),
    Check("G02", "inert conditions", Severity.WARNING, inert),
    Check("G03", "masked rules", Severity.WARNING, masked),
    Check("G04", "needless rules", Severity.WARNING, needless),
    Check("G05", "duplicate and subsumed rules", Severity.WARNING, subsumed),
    Check("G06", "indication meets exclusion", Severity.INFO, meeting),
    Check("G07", "rivals apart", Severity.ERROR, apart),
    Check("G08", "sequences", Severity.ERROR, sequence),
    Check("G09", "coverage", Severity.ERROR, coverage),
    Check("G10", "invariants", Severity.ERROR, promises),
    Check("G11", "monotone", Severity.ERROR, monotone),
    Check("G12", "unknown is not no", Severity.ERROR, unknown_safety),
    Check("G13", "exclusions stay", Severity.ERROR, persistence),
    Check("G14", "assumptions", Severity.ERROR, assumptions),
    Check("G15", "an answer for everybody", Severity.ERROR, floor),
    Check("G16", "order of rules", Severity.ERROR, order),
    Check("G18", "what promises rest on", Severity.INFO, support, on_request=True),
)
USUAL: tuple[Check, ...] = tuple(check for check in CHECKS if not check.on_request)
"""Those that are made when none is named."""
