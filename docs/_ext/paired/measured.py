"""Tables of what has been proved and measured: computed here, or read from `docs/_data`."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from spec.adapters.options import WORDS
from spec.library import checked

from .domain import reference

DATA = Path(__file__).parents[2] / "_data"

Cell = str | nodes.Node
Rows = Iterator[Sequence[Cell]]


class MeasuredDirective(SphinxDirective):
    """`.. measured:: proofs` sets one of the tables below."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        name = directives.choice(self.arguments[0], sorted(TABLES))
        for path in DATA.glob("*.json"):
            self.env.note_dependency(str(path))
        heads, rows = TABLES[name]
        return [_table(heads, rows())]


def _proofs() -> Rows:
    total = {"=": 0, "≥": 0}
    left = 0
    for id, one in checked().items():
        counts = dict.fromkeys(total, 0)
        for obligation in one.typing.obligations:
            counts[obligation.relation] += 1
            total[obligation.relation] += 1
        left += len(one.open)
        open_at = ", ".join(f"{id}.{obligation.line}" for obligation in one.open)
        yield _algorithm(id), str(counts["="]), str(counts["≥"]), open_at or "none"
    yield "all", str(total["="]), str(total["≥"]), str(left)


def _ties() -> Rows:
    for id, one in _by_number(_read("ties")):
        count = f"{one['observed']} of {one['numbered']}"
        yield _algorithm(id), count, str(one["loops"]), str(one["ends"]), str(one["values"])


def _told() -> Rows:
    for id, one in _by_number(_read("told")):
        message = nodes.literal("", one["message"])
        yield _algorithm(id), one["what"], message


def _errors(sizes: str) -> Callable[[], Rows]:
    def rows() -> Rows:
        for _, precisions in _by_number(_read("errors")[sizes]):
            double, single = precisions["float64"], precisions["float32"]
            for line in sorted(double, key=lambda line: int(line.split(".")[1])):
                figures = [
                    f"{one[line][kind]:g}" for one in (double, single) for kind in ("ulps", "bound")
                ]
                yield reference("algline", line, line), f"{double[line]['depth']:g}", *figures

    return rows


def _mutants(kind: str) -> Callable[[], Rows]:
    def rows() -> Rows:
        total = Counter[str]()
        for id, counts in _by_number(_read("mutants")[kind]["algorithms"]):
            total.update(counts)
            yield _algorithm(id), *(str(counts[fate]) for fate in _FATES)
        yield "all", *(str(total[fate]) for fate in _FATES)

    return rows


def _layouts() -> Rows:
    for word, (option, value) in WORDS.items():
        yield nodes.literal("", word), nodes.literal("", f"{option}={value!r}")


def _adapters() -> Rows:
    for one in _read("adapters"):
        departures = _mistakes(one["departures"])
        figures = [one.get(format) for format in ("float64", "float32", "bfloat16")]
        said = {figure["verdict"] for figure in figures if figure}
        ratios = ["" if figure is None else f"{figure['ratio']:g}" for figure in figures]
        yield one["name"], _algorithm(one["algorithm"]), ", ".join(said), departures, *ratios


def _checks() -> Rows:
    for id, one in _by_number(_read("checks")):
        times = (f"{one[what]:g} s" for what in ("seconds", "naming"))
        yield _algorithm(id), str(one["kinds"]), f"{one['ratio']:g}", *times


def _planted() -> Rows:
    data = _read("planted")
    for host, untouched in data["hosts"].items():
        plants = [one for one in data["plants"] if one["host"] == host]
        fates = Counter(one["fate"] for one in plants)
        alarms = f"{untouched['alarms']} of {untouched['functions']}"
        counts = (str(fates[fate]) for fate in ("named", "among", "missed"))
        yield nodes.literal("", f"{host}.py"), str(len(plants)), *counts, alarms


def _missed() -> Rows:
    for one in _read("planted")["plants"]:
        if one["fate"] != "named":
            said = _mistakes(one["found"]) if one["found"] else "no name"
            host = nodes.literal("", f"{one['host']}.py")
            yield host, _algorithm(one["algorithm"]), _mistakes([one["mistake"]]), said


def _uncatalogued() -> Rows:
    for one in _read("uncatalogued"):
        yield nodes.literal("", f"{one['host']}.py"), one["what"], nodes.literal("", one["said"])


_FATES = ("made", "refused", "named", "caught", "survives")
_ADAPTERS = ("For", "Algorithm", "verdict", "with", "float64", "float32", "bfloat16")
_CHECKS = ("Algorithm", "kinds of arguments", "largest error", "of what is right", "of a mistake")
_PLANTED = ("Host", "planted", "named", "among two", "missed", "false alarms")
_ERRORS = ("Line", "δ", "float64: error", "bound", "float32: error", "bound")

TABLES: Mapping[str, tuple[Sequence[str], Callable[[], Rows]]] = {
    "proofs": (("Algorithm", "equations", "inequalities", "open"), _proofs),
    "ties": (("Algorithm", "lines seen", "loops", "ends", "values compared"), _ties),
    "told": (("Algorithm", "mistake", "what is said"), _told),
    "errors-tiny": (_ERRORS, _errors("tiny")),
    "errors-middling": (_ERRORS, _errors("middling")),
    "layouts": (("Word", "option"), _layouts),
    "adapters": (_ADAPTERS, _adapters),
    "checks": (_CHECKS, _checks),
    "planted": (_PLANTED, _planted),
    "missed": (("Host", "Algorithm", "planted", "what is named"), _missed),
    "uncatalogued": (("Host", "mistake", "what is said"), _uncatalogued),
    "mutants-spec": (("Algorithm", *_FATES), _mutants("spec")),
    "mutants-code": (("Algorithm", *_FATES), _mutants("code")),
}


def _read(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


def _by_number(data: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    return sorted(data.items(), key=lambda item: int(item[0]))


def _algorithm(id: str) -> nodes.Node:
    return reference("alg", id, id)


def _mistakes(ids: Sequence[str]) -> nodes.Node:
    """Return the names of mistakes, each a link to its page."""
    found = nodes.inline()
    for place, id in enumerate(ids):
        found += [nodes.Text(", ")] if place else []
        found += reference("mistake", id, id)
    return found


def _table(heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> nodes.table:
    group = nodes.tgroup("", cols=len(heads))
    group += [nodes.colspec(colwidth=1) for _ in heads]
    group += nodes.thead("", _row(heads))
    group += nodes.tbody("", *map(_row, rows))
    return nodes.table("", group, classes=["measured"])


def _row(cells: Sequence[Cell]) -> nodes.row:
    return nodes.row("", *map(_entry, cells))


def _entry(cell: Cell) -> nodes.entry:
    inner = nodes.Text(cell) if isinstance(cell, str) else cell
    return nodes.entry("", nodes.paragraph("", "", inner))
