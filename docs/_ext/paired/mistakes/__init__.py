"""The catalogue of mistakes as pages: a page for each line that has any, and a list of all.

It gives the directives `mistakes-at` and `mistakes`. At the start of a build the pages are written
into the folder that the setting `paired_mistakes` names. If that is empty, no page is written.
"""

from sphinx.application import Sphinx

from . import pages
from .index import IndexDirective
from .page import PageDirective


def setup(app: Sphinx) -> None:
    """Register everything."""
    app.add_directive("mistakes-at", PageDirective)
    app.add_directive("mistakes", IndexDirective)
    pages.setup(app)
