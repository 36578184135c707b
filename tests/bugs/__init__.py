"""Mistakes that keep every shape: a check never seen to fail is not a check."""
