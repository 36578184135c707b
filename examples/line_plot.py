"""A plot of a few lines, as SVG: no library, and the colours of the page that shows it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 16, 44
COLOURS = ("#2a6fb0", "#c2571a", "#3d8c40", "#8a4fa3")


class Line(NamedTuple):
    """A line through points; of one point a level, drawn from side to side."""

    name: str
    points: Sequence[tuple[float, float]]


def line_plot(
    lines: Sequence[Line], *, x: str, y: str, least: float | None = None, logarithmic: bool = False
) -> str:
    """Draw lines; `x` and `y` name the axes, `least` is the lower end of the second.

    Where both axes are logarithmic, a power is a straight line.
    """
    every = [point for line in lines for point in line.points]
    columns = [point[0] for line in lines for point in line.points if len(line.points) > 1]
    x0, x1 = min(columns), max(columns)
    y0 = min(point[1] for point in every) if least is None else least
    y1 = max(point[1] for point in every)

    def place(point: tuple[float, float]) -> str:
        right, up = part(x0, point[0], x1), part(y0, point[1], y1)
        column = LEFT + right * (WIDTH - LEFT - RIGHT)
        row = HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)
        return f"{column:.1f},{row:.1f}"

    def part(low: float, value: float, high: float) -> float:
        if logarithmic:
            low, value, high = (math.log(number) for number in (low, value, high))
        return (value - low) / (high - low or 1)

    drawn = []
    for value in powers(10, y0, y1) if logarithmic else ticks(y0, y1):
        (left, row), (right, _) = (place((end, value)).split(",") for end in (x0, x1))
        drawn.append(
            f'<line x1="{left}" x2="{right}" y1="{row}" y2="{row}" stroke="currentColor" '
            f'stroke-opacity="0.15"/><text x="{LEFT - 6}" y="{row}" text-anchor="end" '
            f'dominant-baseline="middle">{value:,g}</text>'
        )
    for value in powers(4, x0, x1) if logarithmic else ticks(x0, x1):
        column = place((value, y0)).split(",")[0]
        drawn.append(
            f'<text x="{column}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{value:,g}</text>'
        )
    # Names stand where lines do not: powers rise to the right, and what is learnt falls.
    beside = (LEFT + 8, "start") if logarithmic else (WIDTH - RIGHT - 8, "end")
    for n, (name, points) in enumerate(lines):
        colour, level = COLOURS[n % len(COLOURS)], len(points) == 1
        ends = [(end, points[0][1]) for end in (x0, x1)] if level else points
        dashes = ' stroke-dasharray="6 4"' * level
        drawn.append(
            f'<polyline points="{" ".join(map(place, ends))}" fill="none" stroke="{colour}" '
            f'stroke-width="1.6"{dashes}/>'
        )
        drawn.append(
            f'<text x="{beside[0]}" y="{TOP + 14 + 16 * n}" text-anchor="{beside[1]}" '
            f'fill="{colour}">{escape(name)}</text>'
        )
    middle = (LEFT + WIDTH - RIGHT) / 2
    drawn.append(f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x)}</text>')
    drawn.append(
        f'<text transform="translate(14 {HEIGHT / 2}) rotate(-90)" text-anchor="middle">'
        f"{escape(y)}</text>"
    )
    rows = "\n".join(drawn)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'font-family="sans-serif" font-size="12" fill="currentColor">\n'
        f"<title>{escape(y)} by {escape(x)}</title>\n{rows}\n</svg>\n"
    )


def ticks(low: float, high: float) -> list[float]:
    """Round numbers between two, about five."""
    rough = (high - low) / 5 or 1.0
    unit = 10.0 ** math.floor(math.log10(rough))
    step = unit * next(n for n in (1, 2, 5, 10) if n * unit >= rough)
    first = math.ceil(low / step - 1e-9)
    return [round(n * step, 10) for n in range(first, math.floor(high / step + 1e-9) + 1)]


def powers(base: int, low: float, high: float) -> list[float]:
    """The powers of a number between two."""
    first, last = (math.log(end, base) for end in (low, high))
    return [float(base) ** n for n in range(math.ceil(first - 1e-9), math.floor(last + 1e-9) + 1)]


def smoothed(values: Sequence[float], points: int = 100) -> list[tuple[float, float]]:
    """Means of successive values, each at its last step."""
    size = max(1, len(values) // points)
    return [
        (start + size, math.fsum(values[start : start + size]) / size)
        for start in range(0, len(values) - size + 1, size)
    ]
