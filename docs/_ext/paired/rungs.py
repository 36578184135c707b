"""How far an algorithm is verified: what has been proved and measured of it, in a few words each.

A rung that nobody has measured says so. What none of them has is listed by `.. unmeasured::`.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from spec.laws.law import all_laws
from spec.library import algorithms, checked
from spec.mistakes import catalogue
from spec.pairing import implementations

from .elements import Element, element
from .folded_ids import folded_ids
from .measured import DATA, NOT_YET


@dataclass(frozen=True)
class Rung:
    """A check of an algorithm.

    Attributes
    ----------
    name
        The check, in a word or two.
    label
        That of the section which describes it.
    figure
        What is known of an algorithm, from its id; None if that is nothing.
    of_texts
        Whether it is a check of the pseudocode alone, which needs no function.
    files
        The data, in `docs/_data`, that the figure is read from.
    """

    name: str
    label: str
    figure: Callable[[str], str | None]
    of_texts: bool = False
    files: Sequence[str] = ()


def rungs(id: str, has_function: bool = True) -> Element:
    """Return the list of all checks of an algorithm."""
    return _list("rungs", *(_entry(rung, id) for rung in _of(has_function)))


def plain_rungs(id: str, has_function: bool = True) -> str:
    """Return the same as plain text."""
    return "\n".join(f"{rung.name}: {rung.figure(id) or NOT_YET}" for rung in _of(has_function))


def files() -> list[str]:
    """Return the paths of the data that the figures are read from."""
    names = dict.fromkeys(name for rung in RUNGS for name in rung.files)
    return [str(DATA / f"{name}.json") for name in names]


class UnmeasuredDirective(SphinxDirective):
    """`.. unmeasured::` lists, for each check, the algorithms that have no figure."""

    def run(self) -> list[nodes.Node]:
        """Return an entry for each check that lacks some."""
        self.env.note_reread()  # it depends on all texts, of which there may be more
        functions = implementations(self.config.paired_module)
        listed: list[nodes.Node | str] = []
        plain: list[str] = []
        for rung in RUNGS:
            ids = [id for id in algorithms() if rung.of_texts or id in functions]
            lacking = [id for id in ids if rung.figure(id) is None]
            if lacking:
                folded = folded_ids(f"{len(lacking)} of {len(ids)}", lacking)
                listed += [element("dt", _link(rung)), element("dd", folded)]
                plain.append(f"{rung.name}\n{folded['plain']}")
        node = _list("unmeasured", *listed)
        node["plain"] = "\n\n".join(plain)
        return [node]


def _of(has_function: bool) -> list[Rung]:
    return [rung for rung in RUNGS if rung.of_texts or has_function]


def _list(name: str, *entries: nodes.Node | str) -> Element:
    """Return a list of definitions; a class of its own would bring the theme's indents."""
    return element("div", element("dl", *entries), classes=[name])


def _entry(rung: Rung, id: str) -> Element:
    figure = rung.figure(id)
    classes = [] if figure else ["lacking"]
    said = element("dd", figure or NOT_YET, classes=classes)
    return element("div", element("dt", _link(rung)), said)


def _link(rung: Rung) -> addnodes.pending_xref:
    return addnodes.pending_xref(
        "",
        nodes.inline("", rung.name),
        refdomain="std",
        reftype="ref",
        reftarget=rung.label,
        refexplicit=True,
        refwarn=True,
    )


# ---- what is known of each ----


def _sizes(id: str) -> str:
    typing, still_open = checked()[id].typing, checked()[id].open
    count = len(typing.obligations)
    return f"{count - len(still_open)} of {count} proved" if count else "there are none to prove"


def _lines(id: str) -> str | None:
    tie = _read("ties").get(id)
    if tie is None:
        return None
    setting = tie["numbered"] - tie["loops"] - tie["ends"]
    return f"{tie['observed']} of {setting} compared, {tie['values']:,} values"


def _rounding(id: str) -> str | None:
    formats = _read("errors")["tiny"].get(id)
    if formats is None:
        return None
    line, errors = max(formats["float64"].items(), key=lambda entry: entry[1]["ulps"])
    return f"at most {errors['ulps']:g} ulp, at line {line}" if errors["ulps"] else "none occurs"


def _mutants(id: str) -> str | None:
    both = [(what, _read("mutants")[kind].get(id)) for kind, what in _CHANGED.items()]
    said = [f"{n['survives']} of {n['made']:,} of the {what} survive" for what, n in both if n]
    return ", ".join(said) or None


def _laws(id: str) -> str | None:
    count = sum(id in law.algorithms for law in all_laws())
    return f"{count} hold" if count > 1 else "1 holds" if count else None


def _arguments(id: str) -> str | None:
    done = _read("checks").get(id)
    if done is None:
        return None
    return f"{done['kinds']} kinds, error at most {done['ratio']:g} of what is allowed"


def _mistakes(id: str) -> str | None:
    fates = Counter(p["fate"] for p in _read("planted")["plants"] if p["algorithm"] == id)
    if not fates:
        return None
    known = sum(mistake.algorithm == id for mistake in catalogue().values())
    caught = fates.total() - fates["missed"]
    return f"{known} known, {fates.total()} planted: {caught} found, {fates['named']} by name"


def _libraries(id: str) -> str | None:
    adapters = [one for one in _read("adapters") if one["algorithm"] == id]
    ratios = [one[kind]["ratio"] for one in adapters for kind in _SINGLE_AND_DOUBLE if kind in one]
    models = [one for one in _read("parity") if one["algorithm"] == id]
    said = []
    if ratios:
        names = _named(one["name"] for one in adapters)
        said.append(f"{names}: apart by at most {max(ratios):g} of what is allowed")
    if models:
        apart = max(one["distance"] for one in models)
        said.append(f"{_named(one['theirs'] for one in models)}: apart by at most {apart:.0e}")
    return "; ".join(said) or None


def _named(names: Iterator[str]) -> str:
    """Join names, each once, without what follows a comma: `torch.nn.LayerNorm, no γ, no β`."""
    return ", ".join(dict.fromkeys(name.partition(", ")[0] for name in names))


_SINGLE_AND_DOUBLE = ("float32", "float64")
_CHANGED: Mapping[str, str] = {"code": "code", "spec": "text"}

RUNGS = (
    Rung("Sizes", "checked-sizes", _sizes, of_texts=True),
    Rung("Lines", "checked-lines", _lines, files=("ties",)),
    Rung("Laws", "checked-laws", _laws),
    Rung("Rounding", "checked-rounding", _rounding, files=("errors",)),
    Rung("Mutants", "checked-mutants", _mutants, files=("mutants",)),
    Rung("Arguments", "checked-arguments", _arguments, files=("checks",)),
    Rung("Mistakes", "checked-mistakes", _mistakes, files=("planted",)),
    Rung("Libraries", "checked-libraries", _libraries, files=("adapters", "parity")),
)


@cache
def _read(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
