"""What a mistake does, in pictures: right, wrong and the difference, side by side."""

from collections.abc import Iterator

import numpy as np
from docutils import nodes

from paired.domain import reference
from paired.elements import Element, Markup, element
from paired.notation import prose
from spec.mistakes import Mistake

from . import heatmap
from .heatmap import Scale, scale
from .runs import Comparison, Numbers, Parting, Shown, compare
from .words import captions

_AXES = {
    "ℓ_x": "token of X",
    "ℓ_z": "token of Z",
    "T": "token of the context",
    "length(x)": "token of x",
    "length(z)": "token of z",
    "length(x̂)": "token of x̂",
    "ℓ": "token",
    "ℓ + ℓ_x": "token",
    "ℓ + ℓ_z": "token",
    "length(x) + ℓ": "token",
    "B": "token of a block",
    "B N_B": "token",
    "N_V": "token of the vocabulary",
}


def picture(mistake: Mistake) -> list[nodes.Node]:
    """Return pictures of the first variable that differs and of the result, if both run."""
    comparison = compare(mistake)
    return [] if comparison is None else list(_nodes(mistake, comparison))


def _nodes(mistake: Mistake, comparison: Comparison) -> Iterator[nodes.Node]:
    remark = f" {comparison.on.remark}" if comparison.on.remark else ""
    sentence = prose(f"Both were run on the same numbers, drawn at random.{remark}")
    yield nodes.paragraph("", "", *sentence)
    for place, (parting, title, remark) in enumerate(_partings(mistake, comparison)):
        yield from _row(mistake, parting, title, remark, f"{mistake.id}-{place}-")


def _partings(
    mistake: Mistake, comparison: Comparison
) -> Iterator[tuple[Parting, list[nodes.Node], str]]:
    """Yield the variables to show, each with its title and a remark."""
    first, weights = comparison.first, comparison.weights
    if first is not None and not (weights is not None and first.name == "S"):
        line = f"{mistake.algorithm}.{first.line}"
        turn = f", turn {first.visit}" if first.visits > 1 else ""
        link = reference("algline", line, f"line {line}")
        title = [*prose(first.name), nodes.Text(" after "), link, nodes.Text(turn)]
        yield first, title, ", the first to differ"
    if weights is not None:
        yield weights, [nodes.Text("The weights of attention")], ""
    yield comparison.result, [nodes.Text("The result "), *prose(comparison.result.name)], ""


def _row(
    mistake: Mistake, parting: Parting, title: list[nodes.Node], remark: str, key: str
) -> Iterator[nodes.Node]:
    right, wrong = parting.right, parting.wrong
    if right.numbers.size == 1 and not right.tokens:
        now, before = (number(float(shown.numbers[0, 0])) for shown in (wrong, right))
        remark += f": {now} instead of {before}."
        yield element("p", element("b", *title), *prose(remark), classes=["seen"])
        return
    yield element("p", element("b", *title), *prose(remark + _axes(right)), classes=["seen"])
    if right.tokens:
        figures = list(_of_tokens(mistake, right, wrong))
    else:
        figures = list(_of_numbers(mistake, right, wrong, key))
    stacked = right.tokens or 1 in right.numbers.shape
    yield element(
        "div",
        *figures,
        classes=["heatmaps", mistake.kind, *(["stacked"] if stacked else [])],
        plain="\n\n".join(figure["text"] for figure in figures),
    )


def _axes(shown: Shown) -> str:
    """Say what a row and a column stand for: `: a column for each token of X, …`."""
    rows, columns = (_AXES.get(size, "feature") for size in (shown.rows, shown.columns))
    if shown.tokens:
        return ": tokens, counted from 1."
    if shown.numbers.shape[1] == 1:
        return f": an entry for each {rows}."
    if shown.numbers.shape[0] == 1:
        return f": an entry for each {columns}."
    return f": a column for each {columns}, a row for each {rows}."


def _of_tokens(mistake: Mistake, right: Shown, wrong: Shown) -> Iterator[Element]:
    first, second = captions(mistake)
    a, b = right.numbers[0], wrong.numbers[0]
    both = min(len(a), len(b))
    same = np.concatenate([a[:both] == b[:both], np.zeros(len(b) - both, bool)])
    several = _several(int((~same).sum()), "token differs", "tokens differ")
    if len(a) != len(b):
        several += f", and there are {len(b)} instead of {len(a)}"
    for caption, row, marks, remark in (
        (first, wrong.numbers, ~same, several),
        (second, right.numbers, np.zeros(len(a), bool), ""),
    ):
        listed = " ".join(f"{token:.0f}" for token in row[0])
        label = f"{caption}: tokens {listed}." + (
            f" {several[0].upper()}{several[1:]}." if remark else ""
        )
        yield _figure(caption, heatmap.tokens(row, marks, label), label, remark)


def _of_numbers(mistake: Mistake, right: Shown, wrong: Shown, key: str) -> Iterator[Element]:
    first, second = captions(mistake)
    a, b = _laid(right), _laid(wrong)
    common = scale(a, b)
    for caption, matrix, place in ((first, b, "w"), (second, a, "r")):
        label = f"{caption}: {_described(matrix)}."
        drawn = heatmap.svg(matrix, common, label, key + place)
        yield _figure(caption, drawn, label, "", _legend(common, matrix.shape[1]))
    if a.shape == b.shape:
        differences = _difference(a, b)
        own = scale(differences)
        most = _largest(differences)
        label = f"Difference, {first} minus {second}: largest difference {most}."
        drawn = heatmap.svg(differences, own, label, key + "d")
        caption = f"{first} − {second[0].lower()}{second[1:]}"
        yield _figure(caption, drawn, label, f"largest {most}", _legend(own, b.shape[1]))


def _laid(shown: Shown) -> Numbers:
    """Turn a column into a row, so that several fit below each other."""
    return shown.numbers.T if shown.numbers.shape[1] == 1 else shown.numbers


def _difference(right: Numbers, wrong: Numbers) -> Numbers:
    """Return wrong minus right, and 0 where both are −∞."""
    with np.errstate(invalid="ignore"):
        return np.where(right == wrong, 0.0, wrong - right)


def _described(matrix: Numbers) -> str:
    rows, columns = matrix.shape
    size = "" if matrix.size == 1 else f"{rows} by {columns}, "
    finite = matrix[np.isfinite(matrix)]
    endless = matrix.size - finite.size
    if not finite.size:
        return f"{size}all −∞"
    low, high = (number(float(value)) for value in (finite.min(), finite.max()))
    span = f"from {low} to {high}" if low != high else low
    return f"{size}{span}" + (f", {_several(endless, 'entry', 'entries')} −∞" if endless else "")


def _largest(differences: Numbers) -> str:
    finite = np.where(np.isfinite(differences), np.abs(differences), -1.0)
    y, x = np.unravel_index(int(finite.argmax()), finite.shape)
    rows, columns = differences.shape
    row = f"row {y + 1}, " if rows > 1 else ""
    at = f" in {row}column {x + 1}" if rows > 1 else f" at entry {x + 1}" if columns > 1 else ""
    endless = int((~np.isfinite(differences)).sum())
    more = f"; {_several(endless, 'entry is', 'entries are')} endless" if endless else ""
    return f"{number(abs(float(differences[y, x])))}{at}{more}"


def number(value: float) -> str:
    """Write a number with two significant digits."""
    text = f"{value:.2g}".replace("inf", "∞")
    mantissa, _, exponent = text.partition("e")
    if exponent and int(exponent) > 0:
        mantissa, exponent = f"{float(text):.0f}", ""
    raised = f" · {Scale(1.0, False, int(exponent)).unit}" if exponent else ""
    return f"{mantissa}{raised}".replace("-", "−")


def _several(count: int, singular: str, plural: str) -> str:
    return f"{count or 'no'} {singular if count == 1 else plural}"


def _figure(caption: str, drawn: str, label: str, remark: str, *legend: Element) -> Element:
    after: list[nodes.Node | str] = [" ", element("span", remark)] if remark else []
    figure = element(
        "figure",
        element("figcaption", element("b", caption), *after),
        Markup(html=drawn),
        *legend,
    )
    figure["text"] = label
    return figure


def _legend(scale: Scale, columns: int) -> Element:
    """Return a bar of the colours with their numbers, as wide as so many columns."""
    ends = [scale.text(-scale.most), "0"] if scale.signed else ["0"]
    unit = [element("span", f"in {scale.unit}", classes=["unit"])] if scale.unit else []
    return element(
        "div",
        element("span", classes=["bar", "signed"] if scale.signed else ["bar"]),
        *(element("span", text) for text in [*ends, scale.text(scale.most)]),
        *unit,
        classes=["legend", "signed"] if scale.signed else ["legend"],
        style=f"width: {heatmap.WIDTH * columns - 2}px",
        aria_hidden="true",
    )
