"""Below a card: what the algorithm costs, at the sizes of models and as polynomials."""

import re
from collections.abc import Iterator
from html import escape

from docutils import nodes

from spec.cost import CostError, Operations
from spec.language.alg_file import Algorithm
from spec.language.polynomials import ZERO, Poly, sum_of
from spec.terminal.bytes_of_numbers import BYTES, in_bytes
from spec.terminal.costs import MULTIPLY_ADD, factored

from .cost_at_sizes import AtSizes, at_lengths, costs, rows
from .cost_growth import growths, svg
from .domain import anchor, reference
from .elements import Element, Markup, element

_SIGN = "\u00b2\u00b3\u00b9\u2070-\u2079"
_NAME = re.compile(
    rf"(?P<letters>[^\W\d_{_SIGN}][^\W\d_{_SIGN}\u0300-\u036f]*[\u0300-\u036f]*)(?:_(?P<low>\w+))?"
)
_UNSEEN = '<span class="unseen">_</span>'  # copied, as pseudocode is
_NONE = "no operation on numbers"


def cost_details(algorithm: Algorithm) -> Element:
    """Return what is shown when a reader asks for it; it is no part of the search index."""
    id = algorithm.id
    at = _told(id)
    return element(
        "details",
        element("summary", "Cost and memory"),
        *(
            [_scrolled(_at_sizes(at), f"Cost of Algorithm {id} at the sizes of models")]
            if at
            else []
        ),
        *_plots(id),
        *_where(id, at),
        _scrolled(_polynomials(algorithm), f"Cost of Algorithm {id} in all sizes"),
        classes=["cost"],
    )


def cost_text(algorithm: Algorithm) -> str:
    """Return the same as text."""
    try:
        cost, at = costs()[algorithm.id], _told(algorithm.id)
    except CostError as error:
        return str(error)
    heads, *table = [_HEADS, *(_cells(row) for row in at)]
    said = ["Cost and memory", ""]
    for cells in table:
        said += [
            f"{cells[0]} ".lstrip()
            + ", ".join(
                f"{head} {cell}" for head, cell in zip(heads[1:], cells[1:], strict=True) if cell
            )
        ]
    said += [f"{growth.what}: {growth.written}" for growth in growths(at_lengths(algorithm.id))]
    said += [f"{kind}: {factored(number)}" for kind, number in cost.total.kinds.items()]
    said += [f"parameters: {factored(cost.parameters)}"]
    return "\n".join(said)


# at sizes -----------------------------------------------------------------------------------------


def _told(id: str) -> tuple[AtSizes, ...]:
    """Return the rows of the table; none where every count is 0, which says nothing."""
    at = rows(id)
    counts = [count for row in at for count in (*row.operations, row.parameters, row.memory)]
    return at if any(counts) else ()


_OF_NUMBERS = ("numbers", *BYTES)
_HEADS = (
    *("Sizes of", "ℓ", "multiply-adds", "other operations"),
    *(f"{what}, {form}" for what in ("parameters", "memory") for form in _OF_NUMBERS),
)


def _cells(row: AtSizes) -> list[str]:
    length = "" if row.length is None else f"{row.length:,}"
    # What of the sizes no model has: the turns of a loop, or all of them.
    besides = [word for word in row.words if word != row.preset and not word.startswith("ell=")]
    named = ", ".join([*([row.preset] if row.preset else []), *map(_spaced, besides)])
    found = [named, length, *(f"{count:,}" for count in row.operations)]
    for count in (row.parameters, row.memory):
        found += [f"{count:,}", *(in_bytes(count * size) for size in BYTES.values())]
    return found


def _spaced(word: str) -> str:
    name, _, number = word.partition("=")
    return f"{name} = {int(number):,}"


def _at_sizes(at: tuple[AtSizes, ...]) -> str:
    """Return a table with a row for each of some sizes."""
    over = "".join(
        f'<th colspan="{len(_OF_NUMBERS)}" scope="colgroup">{what}</th>'
        for what in ("Parameters", "Memory, at most")
    )
    first = "".join(
        f'<th rowspan="2" scope="col">{head[0].upper()}{head[1:]}</th>'
        if head != "ℓ"
        else '<th rowspan="2" scope="col"><var>ℓ</var></th>'
        for head in _HEADS[:4]
    )
    below = "".join(f'<th scope="col">{form}</th>' for form in _OF_NUMBERS * 2)
    body = ""
    for row in at:
        name, *cells = map(escape, _cells(row))
        body += f'<tr><th scope="row">{name}</th>' + "".join(f"<td>{cell}</td>" for cell in cells)
        body += "</tr>"
    return (
        f"<table><thead><tr>{first}{over}</tr><tr>{below}</tr></thead><tbody>{body}</tbody></table>"
    )


def _where(id: str, at: tuple[AtSizes, ...]) -> Iterator[Element]:
    """Say where most is in memory, and which command says all this."""
    if not at or not costs()[id].sizes:
        return
    last = at[-1]
    _, path = last.cost.peak(last.sizes)
    links: list[nodes.Node | str] = []
    for ref in path:
        links += [" → " if links else "", reference("algline", str(ref), str(ref))]
    command = f"formal-transformers cost {id} --at {' '.join(map(_quoted, last.words))}"
    yield element(
        "p",
        element("code", Markup(html=escape(command))),
        " prints the last row, line by line. There most is in memory in ",
        *links,
        ".",
    )


def _quoted(word: str) -> str:
    return f"'{word}'" if "(" in word else word


# plots --------------------------------------------------------------------------------------------


def _plots(id: str) -> Iterator[Element]:
    at = at_lengths(id)
    drawn = ""
    for growth in growths(at):
        title = f"{growth.what} of Algorithm {id} by length: {growth.written}"
        caption = f"<b>{growth.what}</b> {_formula(growth.written)}"
        if (turn := growth.overtakes) is not None and turn > 1:
            caption += f"; from <var>ℓ</var> = {turn:,} on the first is more than all others"
        drawn += f"<figure>{svg(growth, escape(title))}<figcaption>{caption}.</figcaption></figure>"
    if drawn:
        sizes = f"at the sizes of {at[0].preset}" if at[0].preset else "with sizes of 64"
        yield element("p", Markup(html=f"Each power of <var>ℓ</var>, {sizes}:"))
        yield element("div", Markup(html=drawn), classes=["plots"])


# polynomials --------------------------------------------------------------------------------------


def _polynomials(algorithm: Algorithm) -> str:
    """Return a table with a row for each line that costs something, then for all."""
    cost = costs()[algorithm.id]
    body = ""
    for number, operations in cost.lines.items():
        if operations.kinds:
            ref = f"{algorithm.id}.{number}"
            link = f'<a href="#{anchor("algline", ref)}">{ref}</a>'
            body += _row(link, *map(_sum, _products_and_others(operations)))
    if not body:
        body = _row("All lines", _NONE, "")
    else:
        body += _row("All lines", *map(_sum, _products_and_others(cost.total)))
        kinds = [
            f"{kind} {_sum(number)}"
            for kind, number in cost.total.kinds.items()
            if kind != MULTIPLY_ADD
        ]
        body += _row("by kind", "", "<br>".join(kinds))
    heads = "".join(
        f'<th scope="col">{head}</th>' for head in ("Line", "Multiply-adds", "Other operations")
    )
    head = f"<thead><tr>{heads}</tr></thead>"
    table = f'<table class="polynomials">{head}<tbody>{body}</tbody></table>'
    stored = f"<p>Parameters: {_sum(cost.parameters) or 'none'}</p>"
    last = rows(algorithm.id)[-1].sizes if rows(algorithm.id) else dict.fromkeys(cost.sizes, 1)
    peaks = sorted(cost.peaks, key=lambda peak: peak.value(last), reverse=True)
    held = "".join(
        f"<li>{_sum(peak.numbers) or '0'}, in {' → '.join(map(str, peak.path))}</li>"
        for peak in peaks[:_PEAKS]
    )
    rest = f"<li>and {len(peaks) - _PEAKS} that are less in the last row</li>"
    most = "the largest of" if len(peaks) > 1 else ""
    held += rest if len(peaks) > _PEAKS else ""
    return f"{table}{stored}<p>Numbers in memory at once: {most}</p><ul>{held}</ul>"


#: How many of the peaks of memory are written out.
_PEAKS = 5


def _products_and_others(operations: Operations) -> tuple[Poly, Poly]:
    others = (number for kind, number in operations.kinds.items() if kind != MULTIPLY_ADD)
    return operations[MULTIPLY_ADD], sum_of(others)


def _row(label: str, *cells: str) -> str:
    inner = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><th scope="row">{label}</th>{inner}</tr>'


def _sum(size: Poly) -> str:
    return "" if size == ZERO else _formula(factored(size))


def _formula(written: str) -> str:
    """Set a polynomial: letters are italics, and what stands below is lowered."""

    def name(match: re.Match[str]) -> str:
        letters, low = match["letters"], match["low"]
        single = len(letters) == 1 or letters[1:].strip("\u0300\u0301\u0303\u0304") == ""
        base = f"<var>{letters}</var>" if single else letters
        return base if low is None else f"{base}<sub>{_UNSEEN}{low}</sub>"

    return f'<span class="symbols">{_NAME.sub(name, escape(written))}</span>'


def _scrolled(html: str, label: str) -> Element:
    """Return what scrolls sideways within itself where it is too wide."""
    return element(
        "div",
        Markup(html=html),
        classes=["wide"],
        role="region",
        tabindex="0",
        aria_label=label,
    )
