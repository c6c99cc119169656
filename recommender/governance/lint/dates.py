"""Days as they stand in rule files."""

from datetime import date


def day_of(text: object) -> date | None:
    """The day that is written, or None where none is, or none that exists."""
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None
