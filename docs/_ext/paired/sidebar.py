"""The tree in the side bar, made once for all pages of a folder that are no entry of it.

Sphinx makes the tree anew for each page, out of copies of all headings of all pages, which takes
longer than the page. On a page that is in no table of contents, such as that of a mistake or the
source of a module, no entry is the current one: the tree is that of the page beside it.
"""

from collections.abc import Callable
from posixpath import dirname
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx


def setup(app: Sphinx) -> None:
    """Give the theme a tree that is there already, where it would be made again."""
    trees: dict[object, str] = {}

    def share(
        app: Sphinx, page: str, _: str, context: dict[str, Any], doctree: nodes.document | None
    ) -> None:
        make: Callable[..., str] | None = context.get("toctree")
        if make is None or _is_entry(app, page):
            return

        def tree(**options: Any) -> str:
            key = dirname(page), *sorted(options.items())  # its links are relative to the folder
            if key not in trees:
                trees[key] = make(**options)
            return trees[key]

        context["toctree"] = tree

    app.connect("html-page-context", share, priority=100)  # before the theme


def _is_entry(app: Sphinx, page: str) -> bool:
    return page in app.env.found_docs and "orphan" not in app.env.metadata[page]
