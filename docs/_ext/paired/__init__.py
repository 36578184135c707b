"""A Sphinx extension: pseudocode beside the source that carries it out, line by line.

Its directives and roles are those that `setup` adds.
"""

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from . import (
    architectures,
    cards_on_page,
    completeness,
    docstrings,
    elements,
    highlighting,
    mistakes,
    page_head,
    search_words,
    sidebar,
    sidebar_numbers,
    signatures_in_html,
    typed_signatures,
)
from .caches import CachesDirective
from .directives import (
    AlgorithmDirective,
    AttentionMaps,
    DeparturesDirective,
    ErrataDirective,
    SymbolsDirective,
)
from .distributions import DistributionsDirective
from .domain import AlgorithmDomain, Role
from .extensions import ExtensionsDirective
from .growth import GrowthDirective
from .helper_functions import HelpersDirective
from .measured import MeasuredDirective
from .notation import SymbolRole
from .numbered import NumberedDirective
from .programs import WeightsDirective
from .public import PublicDirective
from .rungs import UnmeasuredDirective
from .stepper import steps_below_card
from .systems import SystemsDirective
from .take_away import CitationsDirective
from .terminal import TerminalDirective
from .trained_examples import ExamplesDirective


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register everything."""
    app.add_config_value("paired_module", "algorithms", "env", [str])
    app.add_domain(AlgorithmDomain)
    for name, role in AlgorithmDomain.roles.items():
        assert isinstance(role, Role)
        app.add_role(name, role)
    app.add_role("sym", SymbolRole())
    app.add_directive("algorithm", AlgorithmDirective)
    app.add_directive("attention-maps", AttentionMaps)
    app.add_directive("caches", CachesDirective)
    app.add_directive("citations", CitationsDirective)
    app.add_directive("departures", DeparturesDirective)
    app.add_directive("distributions", DistributionsDirective)
    app.add_directive("errata", ErrataDirective)
    app.add_directive("examples", ExamplesDirective)
    app.add_directive("extensions", ExtensionsDirective)
    app.add_directive("growth", GrowthDirective)
    app.add_directive("helpers", HelpersDirective)
    app.add_directive("measured", MeasuredDirective)
    app.add_directive("numbered", NumberedDirective)
    app.add_directive("public", PublicDirective)
    app.add_directive("symbols", SymbolsDirective)
    app.add_directive("systems", SystemsDirective)
    app.add_directive("terminal", TerminalDirective)
    app.add_directive("unmeasured", UnmeasuredDirective)
    app.add_directive("weights", WeightsDirective)
    architectures.setup(app)
    cards_on_page.setup(app)
    completeness.setup(app)
    elements.setup(app)
    highlighting.setup(app)
    docstrings.setup(app)
    mistakes.setup(app)
    page_head.setup(app)
    search_words.setup(app)
    sidebar.setup(app)
    sidebar_numbers.setup(app)
    signatures_in_html.setup(app)
    steps_below_card.setup(app)
    typed_signatures.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
