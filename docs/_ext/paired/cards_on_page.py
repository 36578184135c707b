"""A list of the algorithms on a page, below its title, where there are several."""

from docutils import nodes
from sphinx.application import Sphinx

from spec.library import algorithms

from .domain import AlgorithmDomain, reference
from .elements import element

_CLASS = "on-page"
_SEVERAL = 3  # fewer are seen without a list


def setup(app: Sphinx) -> None:
    """Have the list added when the cards of a page have been noted, at 500."""
    app.connect("doctree-read", _add, priority=900)


def _add(app: Sphinx, doctree: nodes.document) -> None:
    domain = app.env.domains[AlgorithmDomain.name]
    assert isinstance(domain, AlgorithmDomain)
    ids = domain.ids_on(app.env.docname)
    title = next(doctree.findall(nodes.title), None)
    if len(ids) < _SEVERAL or title is None:
        return
    listed = nodes.paragraph(classes=[_CLASS])
    for id in ids:
        listed += reference("alg", id, f"{id}\N{NO-BREAK SPACE}{algorithms()[id].title}")
        listed += nodes.Text(" ")
    shown = element("nav", listed, aria_label="Algorithms on this page")
    title.parent.insert(title.parent.index(title) + 1, shown)


def is_list_of_cards(node: nodes.Node) -> bool:
    """Say whether a node is the list, which does not say what the page is about."""
    return isinstance(node, nodes.paragraph) and _CLASS in node["classes"]
