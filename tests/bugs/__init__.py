"""Mistakes in the reference that keep every shape: what names them, and which tests see them."""
