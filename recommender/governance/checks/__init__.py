"""The checks, one file each or one file for those that share a way of deciding."""
