"""One node for any HTML element, one for markup, and what becomes of them without HTML."""

from collections.abc import Iterable
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.writers.html5 import HTML5Translator


class Element(nodes.General, nodes.TextElement):
    """An HTML element; `plain`, if given, is its text for all other formats."""


class Markup(nodes.General, nodes.Inline, nodes.Element):
    """HTML, `html`, that no other format has and no search looks into."""


def element(
    tag: str,
    *children: nodes.Node | str,
    classes: Iterable[str] = (),
    ids: Iterable[str] = (),
    plain: str | None = None,
    **attributes: str,
) -> Element:
    """Make an element; an underscore in the name of an attribute stands for a hyphen."""
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
    """Put text in the place of elements, for builders that do not write HTML."""

    default_priority = 700  # after all links are resolved

    def run(self, **_: Any) -> None:
        """Replace from the outside in."""
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
