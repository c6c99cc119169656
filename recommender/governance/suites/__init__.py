"""Vignettes held ready for many questions, and new ones written for what is missing."""
