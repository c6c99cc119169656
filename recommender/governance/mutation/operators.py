"""The small changes that mutation makes to a rule."""

from enum import StrEnum


class Operator(StrEnum):
    """What was changed; templates say it in words."""

    THRESHOLD = "threshold"
    """A threshold, a limit or a phase moved by one step."""
    BAND_EDGE = "band_edge"
    """A threshold moved to the next band of its instrument."""
    RELATION = "relation"
    NEGATE = "negate"
    ALL_ANY = "all_any"
    DROP_BRANCH = "drop_branch"
    LIST_DROP = "list_drop"
    LIST_ADD = "list_add"
    VALUE = "value"
    UNKNOWN_AS_FALSE = "unknown_as_false"
    UNKNOWN_AS_TRUE = "unknown_as_true"
    DROP_RULE = "drop_rule"
    EXCLUDE = "exclude"
    ROLE = "role"
    IF_NOT_KNOWN = "if_not_known"
    REVERSE_ORDER = "reverse_order"
    DROP_ORDER = "drop_order"
