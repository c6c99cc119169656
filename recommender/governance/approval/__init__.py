"""Who approved which state of the rulebook, until when, and whether that still holds."""
