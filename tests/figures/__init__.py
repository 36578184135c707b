"""Figures that the docs show, computed anew."""
