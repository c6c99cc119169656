"""Every check there is, in the order of their codes, and how serious what it finds is.

`rules lint` fails on errors and warnings; notes are for whoever reviews.
"""

from collections.abc import Mapping
from typing import Final

from recommender.governance.lint.subject import Severity

SEVERITIES: Final[Mapping[str, Severity]] = {
    "threshold_splits_nothing": Severity.ERROR,
    "scores_without_a_value": Severity.ERROR,
    "evidence_missing": Severity.ERROR,
    "limits_missing": Severity.WARNING,
    "certainty_missing": Severity.WARNING,
    "example_missing": Severity.WARNING,
    "example_fails": Severity.ERROR,
    "rules_alike": Severity.WARNING,
    "never_reached": Severity.WARNING,
    "review_overdue": Severity.ERROR,
    "review_due": Severity.NOTE,
    "certain_from_memory": Severity.NOTE,
    "identifier_malformed": Severity.ERROR,
    "question_missing": Severity.WARNING,
    "instrument_unsourced": Severity.WARNING,
    "period_over": Severity.WARNING,
    "contact_unset": Severity.NOTE,
    "names_a_risk_level": Severity.ERROR,
    "says_contraindicated": Severity.ERROR,
    "placeholder_text": Severity.ERROR,
    "sentence_unfinished": Severity.WARNING,
}
