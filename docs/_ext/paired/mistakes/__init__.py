"""The catalogue of mistakes as pages: one for each, and one that lists them.

It gives the directives `mistake` and `mistakes`. The pages are written at the start of a build,
into the folder that `paired_mistakes` names; without it there are none.
"""

from sphinx.application import Sphinx

from . import pages
from .index import IndexDirective
from .page import MistakeDirective


def setup(app: Sphinx) -> None:
    """Register everything."""
    app.add_directive("mistake", MistakeDirective)
    app.add_directive("mistakes", IndexDirective)
    pages.setup(app)
