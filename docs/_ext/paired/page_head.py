"""The head of each page, and its navigation, where the theme leaves something to be wished.

A page says in a sentence what is on it, for the lists of others. The theme and docutils each give
it a viewport, of which one is left. A caption of the navigation says how deep a heading it is.
"""

import re
from html import escape
from textwrap import shorten
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from .cards_on_page import is_list_of_cards
from .elements import Element

_LONG = 30  # what is shorter is no sentence
_SHOWN = 160  # as much of a description as anybody shows
_SENTENCES = re.compile(rf".{{{_LONG},{_SHOWN - 1}}}[.!?:](?= |$)")
_VIEWPORT = re.compile(r'<meta name="viewport"[^>]*>\s*')


def setup(app: Sphinx) -> None:
    """Complete what the theme is given, after it has computed its own part."""
    app.connect("html-page-context", _complete, priority=900)


def _complete(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    tags = _VIEWPORT.sub("", context.get("metatags", ""))
    if doctree is not None and (said := description(doctree)):
        tags += f'<meta name="description" content="{escape(said)}">\n'
    context["metatags"] = tags
    navigation = "furo_navigation_tree"
    if navigation in context:
        context[navigation] = context[navigation].replace(
            'role="heading"', 'role="heading" aria-level="2"'
        )


def description(page: nodes.Node) -> str:
    """Return the first sentences of the first paragraph of a page; empty if it has none."""
    for node in page.findall():
        if is_list_of_cards(node):
            continue
        if isinstance(node, nodes.paragraph) or (isinstance(node, Element) and node["tag"] == "dd"):
            text = " ".join(node.astext().split())
            if len(text) > _LONG:
                sentences = _SENTENCES.match(text)
                return sentences[0] if sentences else shorten(text, _SHOWN, placeholder=" …")
    return ""
