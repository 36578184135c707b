"""Tables of what has been proved and measured: computed here, or read from `docs/_data`."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from spec.adapters.options import WORDS
from spec.laws.law import all_laws
from spec.library import algorithms, checked

from .constructs import constructs
from .counted import LENGTHS, attention_memory, steps
from .domain import reference
from .elements import Markup
from .folded_ids import folded_ids
from .notation import prose
from .tables import Cell, table

DATA = Path(__file__).parents[2] / "_data"

Rows = Iterator[Sequence[Cell]]

NOT_YET = "not measured yet"


class MeasuredDirective(SphinxDirective):
    """`.. measured:: proofs` sets one of the tables below."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        name = directives.choice(self.arguments[0], sorted(TABLES))
        self.env.note_reread()  # it depends on the texts and laws too, of which there may be more
        heads, rows = TABLES[name]
        return [table(rows(), [1] * len(heads), heads=heads, classes=["measured"])]


def _proofs() -> Rows:
    totals = {"=": 0, "≥": 0}
    total_open = 0
    for id, algorithm in checked().items():
        counts = dict.fromkeys(totals, 0)
        for obligation in algorithm.typing.obligations:
            counts[obligation.relation] += 1
            totals[obligation.relation] += 1
        total_open += len(algorithm.open)
        open_at = ", ".join(f"{id}.{obligation.line}" for obligation in algorithm.open)
        yield _algorithm(id), str(counts["="]), str(counts["≥"]), open_at or "none"
    yield "all", str(totals["="]), str(totals["≥"]), str(total_open)


def _ties() -> Rows:
    def row(id: str, tie: Mapping[str, Any]) -> Rows:
        seen = f"{tie['observed']} of {tie['numbered']}"
        yield _algorithm(id), seen, str(tie["loops"]), str(tie["ends"]), str(tie["values"])

    return by_algorithm(_read("ties"), row)


def _gradients() -> Rows:
    for id, at in _in_order(_read("gradients")["pullbacks"]):
        one = at["usual"]
        sizes = f"{one['obligations'] - one['open']} of {one['obligations']}"
        overlap = f"{one['numbers'] - one['apart']} of {one['numbers']}"
        yield _algorithm(id), sizes, overlap, f"{one['radius']:.0e}" if one["radius"] else "exact"


def _told() -> Rows:
    for id, mistake in _in_order(_read("told")):
        yield _algorithm(id), mistake["what"], nodes.literal("", mistake["message"])


def _errors(sizes: str) -> Callable[[], Rows]:
    def row(id: str, formats: Mapping[str, Any]) -> Rows:
        double, single = formats["float64"], formats["float32"]
        for line in sorted(double, key=lambda line: int(line.split(".")[1])):
            figures = [
                f"{errors[line][kind]:g}"
                for errors in (double, single)
                for kind in ("ulps", "bound")
            ]
            yield reference("algline", line, line), f"{double[line]['depth']:g}", *figures

    return lambda: by_algorithm(_read("errors")[sizes], row)


def _mutants(kind: str) -> Callable[[], Rows]:
    def row(id: str, counts: Mapping[str, int]) -> Rows:
        yield _algorithm(id), *(str(counts[fate]) for fate in _FATES)

    def rows() -> Rows:
        counted = _read("mutants")[kind]
        yield from by_algorithm(counted, row)
        totals = sum(map(Counter, counted.values()), Counter[str]())
        yield "all", *(str(totals[fate]) for fate in _FATES)

    return rows


def _layouts() -> Rows:
    for word, (option, value) in WORDS.items():
        yield nodes.literal("", word), nodes.literal("", f"{option}={value!r}")


def _adapters() -> Rows:
    for adapter in _read("adapters"):
        departures = _mistakes(adapter["departures"])
        figures = [adapter.get(format) for format in _FORMATS]
        verdicts = dict.fromkeys(figure["verdict"] for figure in figures if figure)
        ratios = ["" if figure is None else f"{figure['ratio']:g}" for figure in figures]
        algorithm = _algorithm(adapter["algorithm"])
        yield _breakable(adapter["name"]), algorithm, ", ".join(verdicts), departures, *ratios


def _parity() -> Rows:
    for one in _read("parity"):
        ours = nodes.literal("", one["ours"])
        algorithm = _algorithm(one["algorithm"])
        yield one["theirs"], ours, algorithm, f"{one['distance']:.0e}"


def _sharding() -> Rows:
    def operations(sent: Mapping[str, Sequence[int]]) -> str:
        return ", ".join(f"{count} {kind}" for kind, (count, _) in sent.items()) or "nothing"

    def numbers(sent: Mapping[str, Sequence[int]]) -> str:
        return f"{sum(size for _, size in sent.values()) / 1e6:.0f} M"

    for one in _read("sharding"):
        program = _algorithm("10") if one["program"] == "P" else "a step"
        said = [form(one[sent]) for form in (operations, numbers) for sent in ("asked", "sent")]
        yield one["split"], one["devices"], program, *said, f"{one['parameters'] / 1e6:.0f} M"


def _continuations() -> Rows:
    figures = _measured("continuations")
    for id in algorithms():
        for way, row in figures.get(id, {}).items():
            counts = (f"{row[what]:,}" for what in ("prompts", "alike", "tokens"))
            yield _algorithm(id), way, *counts
    if not figures:
        yield (NOT_YET,)


def _samplers() -> Rows:
    figures = _measured("samplers")
    for row in figures.get("weights", ()):
        one = _algorithm(row["algorithm"])
        yield row["theirs"], one, f"{row['draws']:,}", _brief(row["distance"])
    for theirs, id, what, same in _ALIKE:
        if what in figures:
            row = figures[what]
            yield theirs, _algorithm(id), f"{row['drawn']:,}", f"{row[same]:,} are the same"
    if not figures:
        yield (NOT_YET,)


def _decoding() -> Rows:
    for way, row in _measured("decoding").get("ways", {NOT_YET: {}}).items():
        yield way, *map(_brief, row.values())


def _forward() -> Rows:
    measured = by_length("forward")
    for length, ways in measured:
        for way, row in ways.items():
            yield f"{length:,}", way, *map(_brief, row.values())
    if not measured:
        yield (NOT_YET,)


def _growth() -> Rows:
    measured = by_length("growth")
    for length, ways in measured:
        figures = [ways[way][key] for way in _IN_BLOCKS for key in ("of_theirs", "megabytes")]
        yield f"{length:,}", *map(_brief, figures)
    if not measured:
        yield (NOT_YET,)


def _brief(figure: float) -> str:
    return f"{figure:.0e}" if 0 < figure < 1e-3 else f"{figure:,g}"


def by_length(name: str) -> list[tuple[int, Any]]:
    """Return what `make bench` has measured at several lengths, in their order."""
    return sorted((int(length), ways) for length, ways in _measured(name).items())


def _laws() -> Rows:
    for law in all_laws():
        links: list[nodes.Node] = []
        for id in law.algorithms:
            links += [nodes.Text(", " if links else ""), _algorithm(id)]
        yield prose(law.statement), links


def _checks() -> Rows:
    for id, check in _in_order(_read("checks")):
        times = (f"{check[kind]:g} s" if kind in check else NOT_YET for kind in _TIMES)
        yield _algorithm(id), str(check["kinds"]), f"{check['ratio']:g}", *times


def _planted() -> Rows:
    data = _read("planted")
    for host, untouched in data["hosts"].items():
        plants = [plant for plant in data["plants"] if plant["host"] == host]
        fates = Counter(plant["fate"] for plant in plants)
        alarms = f"{untouched['alarms']} of {untouched['functions']}"
        counts = (str(fates[fate]) for fate in ("named", "among", "missed"))
        yield _host(host), str(len(plants)), *counts, alarms


def _missed() -> Rows:
    for plant in _read("planted")["plants"]:
        if plant["fate"] != "named":
            names = _mistakes(plant["found"]) if plant["found"] else "no name"
            algorithm = _algorithm(plant["algorithm"])
            yield _host(plant["host"]), algorithm, _mistakes([plant["mistake"]]), names


def _unseen() -> Rows:
    for host in _read("unseen"):
        said = ", ".join(host["names"]) if host["named"] else "not named"
        place = f"among {host['lines']} lines" if host["placed"] else "wrong"
        first = "" if host["named_at_first"] or not host["named"] else " (since)"
        yield _algorithm(host["algorithm"]), host["bug"], place, nodes.literal("", said + first)


def _unseen_totals() -> Rows:
    hosts = _read("unseen")
    counts = [
        sum(bool(host[what]) for host in hosts)
        for what in ("right", "found", "placed", "named_at_first", "named")
    ]
    yield str(len(hosts)), *map(str, counts)


def _uncatalogued() -> Rows:
    for plant in _read("uncatalogued"):
        yield _host(plant["host"]), plant["what"], nodes.literal("", plant["said"])


_FATES = ("made", "refused", "named", "caught", "survives")
_FORMATS = ("float64", "float32", "float16", "bfloat16")
_ADAPTERS = ("For", "Algorithm", "verdict", "with", *_FORMATS)
_TIMES = ("seconds", "naming")
_CHECKS = ("Algorithm", "kinds of arguments", "largest error", "time if right", "if mistaken")
_PLANTED = ("Host", "planted", "named", "among two", "missed", "false alarms")
_UNSEEN = (
    "hosts",
    "right ones pass",
    "bugs found",
    "in the right place",
    "named blind",
    "named now",
)
_SHARDING = (
    "Split",
    "devices",
    "program",
    "asked",
    "sent",
    "numbers asked",
    "numbers sent",
    "θ on a device",
)
# What is the same or is not: what ours is compared with, its algorithm, and the keys in the file.
_ALIKE = (
    ("p itself, in fractions", "S6", "steps", "exact"),
    ("generate, of GPT-2 and of Marian", "S7", "searches", "alike"),
)
_CONTINUATIONS = ("Algorithm", "tokens are", "prompts", "continued alike", "tokens")
_SAMPLERS = ("Theirs", "Algorithm", "drawn", "largest difference")
_IN_BLOCKS = ("Algorithm 4", "C4", "C5")
_GROWTH = ("tokens", *(f"{way}, {what}" for way in _IN_BLOCKS for what in ("time", "MB")))
_FORWARD = ("tokens", "way", "max |P/Q − 1|", "ms", "time / Hugging Face's", "time / peer's")
_DECODING = ("Way", "milliseconds a token", "time / Hugging Face's", "time / limit")
_MEMORY = ("Algorithm", *(f"ℓ = {length:,}" for length in LENGTHS))
_STEPS = ("tokens before", "all columns, by 10", "one column, by K4", "ratio")
_ERRORS = ("Line", "δ", "float64: error", "bound", "float32: error", "bound")

TABLES: Mapping[str, tuple[Sequence[str], Callable[[], Rows]]] = {
    "constructs": (("Written", "first texts", "texts"), constructs),
    "proofs": (("Algorithm", "equations", "inequalities", "open"), _proofs),
    "ties": (("Algorithm", "lines seen", "loops", "ends", "values compared"), _ties),
    "gradients": (("Algorithm", "sizes proved", "numbers that overlap", "radius"), _gradients),
    "told": (("Algorithm", "mistake", "message"), _told),
    "errors-tiny": (_ERRORS, _errors("tiny")),
    "errors-middling": (_ERRORS, _errors("middling")),
    "continuations": (_CONTINUATIONS, _continuations),
    "samplers": (_SAMPLERS, _samplers),
    "growth": (_GROWTH, _growth),
    "forward": (_FORWARD, _forward),
    "decoding": (_DECODING, _decoding),
    "attention-memory": (_MEMORY, attention_memory),
    "steps": (_STEPS, steps),
    "laws": (("Law", "Algorithms"), _laws),
    "layouts": (("Word", "option"), _layouts),
    "adapters": (_ADAPTERS, _adapters),
    "checks": (_CHECKS, _checks),
    "parity": (("Theirs", "ours", "Algorithm", "largest difference"), _parity),
    "sharding": (_SHARDING, _sharding),
    "planted": (_PLANTED, _planted),
    "missed": (("Host", "Algorithm", "planted", "named instead"), _missed),
    "unseen": (("Algorithm", "bug", "place", "name"), _unseen),
    "unseen-totals": (_UNSEEN, _unseen_totals),
    "uncatalogued": (("Host", "mistake", "message"), _uncatalogued),
    "mutants-spec": (("Algorithm", *_FATES), _mutants("spec")),
    "mutants-code": (("Algorithm", *_FATES), _mutants("code")),
}


def by_algorithm(figures: Mapping[str, Any], row: Callable[[str, Any], Rows]) -> Rows:
    """Yield the rows of every algorithm, in order, and one for all that have no figures yet."""
    for id, measured in _in_order(figures):
        yield from row(id, measured)
    if lacking := [id for id in algorithms() if id not in figures]:
        yield (folded_ids(f"{NOT_YET}: {len(lacking)}", lacking),)


def _in_order(figures: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the figures of those algorithms that have any."""
    yield from ((id, figures[id]) for id in algorithms() if id in figures)


def _read(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


def _measured(name: str) -> Any:
    """Return what has been written, nothing before it has been measured."""
    return _read(name) if (DATA / f"{name}.json").exists() else {}


def _algorithm(id: str) -> nodes.Node:
    return reference("alg", id, id)


def _breakable(name: str) -> list[nodes.Node]:
    """Return a name such as `torch.nn.LayerNorm` that may go on in a new row after each dot."""
    first, *rest = name.split(".")
    parts: list[nodes.Node] = [nodes.Text(first)]
    for part in rest:
        parts += [nodes.Text("."), Markup(html="<wbr>"), nodes.Text(part)]
    return parts


def _host(name: str) -> nodes.Node:
    return nodes.literal("", f"{name}.py")


def _mistakes(ids: Sequence[str]) -> nodes.Node:
    """Return the names of mistakes, each a link to its page."""
    names = nodes.inline()
    for place, id in enumerate(ids):
        names += [nodes.Text(", ")] if place else []
        names += reference("mistake", id, id)
    return names
