"""The page of the examples: what each says of itself, and what its last whole run has written."""

import ast
import itertools
import json
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from .docstrings import marked_up
from .elements import Markup, element
from .measured import DATA
from .tables import table

EXAMPLES = Path(__file__).parents[3] / "examples"
FIGURES = DATA / "examples"
NOT_RUN = "Not run yet."


class ExamplesDirective(SphinxDirective):
    """`.. examples::` sets a section for every module of `examples/` that is a command."""

    def run(self) -> list[nodes.Node]:
        """Return the sections, in the order of their names."""
        self.env.note_reread()  # a new file changes nothing that this page depends on
        return [part for name, text in commands().items() for part in self._section(name, text)]

    def _section(self, name: str, text: str) -> list[nodes.Node]:
        title = name.replace("_", "-").capitalize()
        rows = [title, "-" * len(title), "", *marked_up(text.splitlines()), ""]
        rows += [".. code-block:: console", "", f"   $ {command(name)}", ""]
        parts = self.parse_text_to_nodes("\n".join(rows), allow_section_headings=True)
        section = parts[0]
        assert isinstance(section, nodes.section)
        section += list(_figures(name))
        return parts


def commands() -> dict[str, str]:
    """Return the docstring of each example, by its name, found by its `main`."""
    modules = {path.stem: ast.parse(path.read_text("utf-8")) for path in EXAMPLES.glob("*.py")}
    return {
        name: ast.get_docstring(module) or ""
        for name, module in sorted(modules.items())
        if any(isinstance(part, ast.FunctionDef) and part.name == "main" for part in module.body)
    }


def command(name: str) -> str:
    """Return the command of an example, with the data that have to be given: its `GIVEN`."""
    module = ast.parse((EXAMPLES / f"{name}.py").read_text("utf-8"))
    given = [
        ast.literal_eval(part.value)
        for part in module.body
        if isinstance(part, ast.Assign) and ast.unparse(part.targets[0]) == "GIVEN"
    ]
    return " ".join([f"python -m examples.{name}", *itertools.chain(*given)])


def _figures(name: str) -> Iterator[nodes.Node]:
    """Yield the table and the plot, which takes its ink from the page, light or dark."""
    path = FIGURES / f"{name}.json"
    if not path.exists():
        yield nodes.paragraph("", NOT_RUN)
        return
    run = json.loads(path.read_text("utf-8"))
    rows = [*run["figures"].items(), ("processor seconds", run["processor seconds"])]
    yield table(
        [(what, written(figure)) for what, figure in rows], [3, 1], classes=["measured", "figures"]
    )
    svg = path.with_suffix(".svg").read_text("utf-8")
    yield element("figure", Markup(html=svg), classes=["plot"])


def written(figure: float) -> str:
    """Write a count with commas, and any other figure with four digits."""
    return f"{figure:,.0f}" if float(figure).is_integer() else f"{figure:.4g}"
