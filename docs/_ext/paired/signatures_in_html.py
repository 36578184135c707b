"""Parameters that have a row each, as HTML that everybody can read.

Sphinx writes them as a list of definitions that has no terms, which a screen reader announces as
a broken list. Here they are parts of the signature, each in a block of its own.
"""

from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

#: What stands for the tags of the list.
TAGS = {
    "<dl>": '<span class="parameters">',
    "</dl>": "</span>",
    "<dd>": '<span class="parameter">',
    "</dd>": "</span>",
}


def _open(self: HTML5Translator, node: addnodes.desc_parameterlist) -> None:
    self.context.append(str(len(self.body)))
    HTML5Translator.visit_desc_parameterlist(self, node)


def _close(self: HTML5Translator, node: addnodes.desc_parameterlist) -> None:
    HTML5Translator.depart_desc_parameterlist(self, node)
    start = int(self.context.pop())
    for place in range(start, len(self.body)):
        for tag, other in TAGS.items():
            self.body[place] = self.body[place].replace(tag, other)


def setup(app: Sphinx) -> None:
    """Have lists of parameters written so."""
    app.add_node(addnodes.desc_parameterlist, override=True, html=(_open, _close))
