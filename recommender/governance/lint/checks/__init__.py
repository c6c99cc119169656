"""One check a module; which there are, and how serious each is, stands in severities.py."""
