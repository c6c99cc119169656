"""Looks for what the loader accepts and a reviewer should not: one small check a file."""
