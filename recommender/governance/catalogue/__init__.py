"""The rulebook as a folder of pages and tables for reviewers.

Vignettes run, git and reports of other commands (played, history, reports) → what is known of each
entry (book, relations, sheet) → pages and tables (pages, tables, search) → the folder (site).
"""
