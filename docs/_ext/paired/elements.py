"""A node for any HTML element, a node for raw HTML, and their text in other formats."""

from collections.abc import Iterable
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.writers.html5 import HTML5Translator


class Element(nodes.Special, nodes.TextElement):
    """An HTML element. `plain`, unless it is None, replaces it in all other formats.

    What is special gets no typographic quotes, which are looked for slowly in a card's many nodes.
    """


class Markup(nodes.General, nodes.Inline, nodes.Element):
    """Raw HTML, `html`: left out of other formats and of the search index."""


def element(
    tag: str,
    *children: nodes.Node | str,
    classes: Iterable[str] = (),
    ids: Iterable[str] = (),
    plain: str | None = None,
    **attributes: str,
) -> Element:
    """Return an HTML element. `aria_label="…"` sets the attribute `aria-label`."""
    node = Element(
        tag=tag,
        classes=list(classes),
        ids=list(ids),
        plain=plain,
        attributes={name.replace("_", "-"): value for name, value in attributes.items()},
        support_smartquotes=False,
    )
    node += [nodes.Text(child) if isinstance(child, str) else child for child in children]
    return node


class PlainText(SphinxPostTransform):
    """Replaces elements by their plain text, and removes markup, where no HTML is written."""

    default_priority = 700  # after all links are resolved

    def run(self, **_: Any) -> None:
        """Replace each element, outer ones before inner ones, then remove all markup."""
        if self.app.builder.format == "html":
            return
        for node in list(self.document.findall(Element)):
            if node["plain"] is not None and node["tag"] == "span":
                node.replace_self(nodes.inline("", node["plain"]))
            elif node["plain"] is not None:
                block = nodes.literal_block(node["plain"], node["plain"], language="none")
                block["ids"] = node["ids"]
                node.replace_self(block)
            else:
                node.replace_self(nodes.inline("", "", *node.children))
        for markup in list(self.document.findall(Markup)):
            markup.parent.remove(markup)


def _open(self: HTML5Translator, node: Element) -> None:
    self.body.append(self.starttag(node, node["tag"], "", **node["attributes"]))


def _close(self: HTML5Translator, node: Element) -> None:
    self.body.append(f"</{node['tag']}>")


def _write(self: HTML5Translator, node: Markup) -> None:
    self.body.append(node["html"])
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Register the nodes."""
    app.add_node(Element, html=(_open, _close))
    app.add_node(Markup, html=(_write, None))
    app.add_post_transform(PlainText)
