"""Theorems about the pseudocode that can be put to any function, in files by subject."""
