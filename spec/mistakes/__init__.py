"""What people get wrong in a transformer, as data: edits of the pseudocode that can be run."""

from spec.mistakes.catalogue import CatalogueError, Mistake, catalogue
from spec.mistakes.edit import edited

__all__ = ["CatalogueError", "Mistake", "catalogue", "edited"]
