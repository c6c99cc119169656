"""Mutants: each rule changed in one small way, and who notices; faults planted for a count."""
