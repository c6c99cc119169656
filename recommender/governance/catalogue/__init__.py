"""The rulebook as a folder of pages and tables for reviewers.

Vignettes run and git (played, history) → what is known of each entry (book, relations, sheet) →
pages and tables (pages, tables, search) → the folder (site).
"""
