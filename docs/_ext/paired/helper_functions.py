"""Entries of the API reference for what the code of the cards names, and is not public."""

from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from spec.library import algorithms
from spec.pairing import Code, algorithm_of, implementations, pair

from .names_in_code import CodeNames, documented_name, names
from .parameter_records import records
from .public import kind_of
from .source import lexed


class HelpersDirective(SphinxDirective):
    """`.. helpers:: algorithms` documents what its functions and their parameters name.

    Public names have their entries already, and an algorithm has its card.
    """

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return an entry for each, in the order of their full names."""
        (module,) = self.arguments
        self.env.note_reread()  # it depends on all functions, of which there may be more
        helpers = {documented_name(value, module): value for value in _helpers(module)}
        entries = [
            f".. auto{'class' if kind_of(value) in _CLASSES else 'function'}:: {name}"
            for name, value in sorted(helpers.items())
            if not name.startswith(f"{module}.{value.__name__}")
        ]
        shown = self.parse_text_to_nodes("\n\n".join(entries)) if entries else []
        for entry in (part for node in shown for part in node.findall(addnodes.desc_signature)):
            # Pages of the source lead to all functions of a file as to the first, by its package.
            entry["ids"] += [f"{module}.{id.rpartition('.')[2]}" for id in entry["ids"]]
        return shown


_CLASSES = ("class", "error", "parameters")


def _helpers(module: str) -> Iterator[Any]:
    """Yield what is named in the code that the cards show."""
    for id, function in implementations(module).items():
        if id not in algorithms():
            continue
        pairing = pair(algorithms()[id], function)
        shown = [part for row in pairing.rows for part in row.code]
        yield from _named(shown, CodeNames(function, module))
        for record in records(pairing):
            yield from _named(record.code, CodeNames(record.type, module))


def _named(code: list[Code] | tuple[Code, ...], known: CodeNames) -> Iterator[Any]:
    for tokens in lexed(code):
        for _, name in names(tokens):
            value = known.value(name)
            if value is not None and algorithm_of(value) not in algorithms():
                yield value
