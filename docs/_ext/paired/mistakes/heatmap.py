"""A matrix as a picture: a cell for each entry, coloured by its size, with the number in it.

All colours come from the style sheet, so that the picture is right in light and in dark mode. A
cell whose number is infinite, or the difference from an infinite number, is hatched.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from math import floor, isinf, isnan, log10

import numpy as np

from .runs import Numbers

WIDTH, HEIGHT, GUTTER, TOP = 44, 30, 22, 20  # in units of the drawing
# On a cell that has more than this share of the full colour, a number is set in the other ink: in
# dark mode, and in light mode. So each number has a contrast of 4.5 to its cell.
_MIDDLE, _FULL = 0.59, 0.83
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Scale:
    """The range of the colours, and the power of ten that numbers are divided by.

    Attributes
    ----------
    most
        The number that has the full colour, 0.5 say.
    signed
        Whether there are negative numbers: −`most` has the full colour of those.
    exponent
        The exponent of the power of ten; 0 if numbers are shown as they are.
    """

    most: float
    signed: bool
    exponent: int = 0

    @property
    def unit(self) -> str:
        """The power of ten as text, `10⁻⁴`; empty for 1."""
        return f"10{str(self.exponent).translate(_RAISED)}" if self.exponent else ""

    def text(self, number: float) -> str:
        """Write a number briefly: `.37`, `−1`, `12`."""
        if isnan(number):
            return "?"
        if isinf(number):
            return "∞" if number > 0 else "−∞"
        shifted = number / 10.0**self.exponent
        most = self.most / 10.0**self.exponent
        digits = 0 if most >= 100 else 1 if most >= 10 or self.exponent else 2
        text = f"{abs(shifted):.{digits}f}"
        if not float(text):
            return "0"
        text = text.removesuffix(".00").removeprefix("0")
        return f"−{text}" if number < 0 else text


def scale(*matrices: Numbers) -> Scale:
    """Return a scale that covers all these matrices."""
    entries = np.concatenate([matrix[np.isfinite(matrix)] for matrix in matrices])
    most = float(np.abs(entries).max(initial=0))
    small = 0 < most < 0.095
    return Scale(most or 1.0, bool((entries < 0).any()), floor(log10(most)) if small else 0)


def svg(matrix: Numbers, scale: Scale, label: str, key: str) -> str:
    """Draw a matrix. Screen readers read `label`; `key` is unique among the pictures of a page."""
    rows, columns = matrix.shape
    left, top = (GUTTER if rows > 1 else 0), TOP
    width, height = left + WIDTH * columns, top + HEIGHT * rows
    inner = "".join(_parts(matrix, scale, left, f"hatch-{key}"))
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"'
        f' aria-label="{escape(label)}">{inner}</svg>'
    )


def _parts(matrix: Numbers, scale: Scale, left: int, hatch: str) -> Iterator[str]:
    rows, columns = matrix.shape
    if not np.isfinite(matrix).all():
        yield (
            f'<pattern id="{hatch}" width="6" height="6" patternUnits="userSpaceOnUse"'
            ' patternTransform="rotate(45)"><path class="hatch" d="M0 0V6"/></pattern>'
        )
    if columns > 1:
        for x in range(columns):
            yield _text(str(x + 1), left + WIDTH * (x + 0.5), TOP - 6, "axis")
    if rows > 1:
        for y in range(rows):
            yield _text(str(y + 1), left - 10, TOP + HEIGHT * (y + 0.5) + 4, "axis")
    for (y, x), number in np.ndenumerate(matrix):
        box = (
            f'x="{left + WIDTH * x + 1}" y="{TOP + HEIGHT * y + 1}"'
            f' width="{WIDTH - 2}" height="{HEIGHT - 2}" rx="3"'
        )
        at = left + WIDTH * (x + 0.5), TOP + HEIGHT * (y + 0.5) + 4
        if not np.isfinite(number):
            yield f'<rect class="endless" fill="url(#{hatch})" {box}/>'
            yield _text(scale.text(number), *at, "number endless")
            continue
        share = min(abs(number) / scale.most, 1.0)
        sign = " negative" if number < 0 else ""
        yield f'<rect class="cell{sign}" style="--weight: {share:.3f}" {box}/>'
        css = "number full" if share > _FULL else "number middle" if share > _MIDDLE else "number"
        yield _text(scale.text(number), *at, css)


def tokens(row: Numbers, differs: Numbers, label: str) -> str:
    """Draw tokens side by side, with a ring around those that differ."""
    count = row.shape[1]
    width, height = WIDTH * count, TOP + HEIGHT
    parts = []
    for x in range(count):
        box = f'x="{WIDTH * x + 2}" y="{TOP + 2}" width="{WIDTH - 4}" height="{HEIGHT - 4}" rx="3"'
        css = "token differs" if differs[x] else "token"
        parts.append(_text(str(x + 1), WIDTH * (x + 0.5), TOP - 6, "axis"))
        parts.append(f'<rect class="{css}" {box}/>')
        parts.append(_text(f"{row[0, x]:.0f}", WIDTH * (x + 0.5), TOP + HEIGHT / 2 + 4, "number"))
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"'
        f' aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )


def _text(text: str, x: float, y: float, css: str) -> str:
    return f'<text class="{css}" x="{x:g}" y="{y:g}">{text}</text>'
