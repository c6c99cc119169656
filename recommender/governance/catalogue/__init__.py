"""The rulebook as a folder of pages and tables for reviewers.

vignettes and git (played, history) → what is known of each entry (book, relations, sheet) → pages
and tables (site, tables).
"""
