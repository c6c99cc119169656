"""Coverage: what of a rulebook its vignettes show, and what nobody can show."""
