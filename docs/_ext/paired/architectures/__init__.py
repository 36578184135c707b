"""Architectures as figures, one beside another, and where their norms are.

It gives the directives `architecture`, `beside` and `norms`.
"""

from sphinx.application import Sphinx

from .architecture_directives import ArchitectureDirective, BesideDirective, NormsDirective


def setup(app: Sphinx) -> None:
    """Register everything."""
    app.add_directive("architecture", ArchitectureDirective)
    app.add_directive("beside", BesideDirective)
    app.add_directive("norms", NormsDirective)
