"""A matrix as a table: a cell for each entry, coloured by its size, with the number in it.

Colours come from the style sheet, which gets the share of the full colour as `--w`. What is
infinite, or a 0 of a mask, is hatched.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from paired.mistakes.heatmap import Scale, scale

from .factors import Numbers

#: No table has more entries than this: they are read in the file.
MOST_CELLS = 140
_MIDDLE, _FULL = 0.5, 0.8  # above these shares of the full colour, in tenths, the ink is another


@dataclass(frozen=True, eq=False)
class Table:
    """What a table shows.

    Attributes
    ----------
    caption
        The name, as HTML.
    numbers
        A matrix.
    rows, columns
        What stands at the head of each row and column; nothing where there is but one.
    words
        What stands in the cells instead of numbers: tokens.
    bits
        Whether it is a mask, whose zeros are hatched.
    """

    caption: str
    numbers: Numbers
    rows: Sequence[str] = ()
    columns: Sequence[str] = ()
    words: Sequence[Sequence[str]] = ()
    bits: bool = False


def number_table(table: Table, part: str = "") -> str:
    """Return the HTML of a table; a script finds it by the part that it has in a product."""
    numbers = np.asarray(table.numbers, dtype=float)
    height, width = numbers.shape
    size = f'<span class="by">{height} × {width}</span>' if numbers.size > 1 else ""
    if numbers.size > MOST_CELLS:
        return f'<p class="large">{table.caption} {size}</p>'
    used = scale(numbers)
    unit = f'<span class="by">in {used.unit}</span>' if used.unit else ""
    head = ""
    if table.columns:
        corner = "<td></td>" if table.rows else ""
        heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.columns)
        head = f"<thead><tr>{corner}{heads}</tr></thead>"
    rows = []
    for y in range(height):
        row = f'<th scope="row">{escape(table.rows[y])}</th>' if table.rows else ""
        if table.words:
            row += "".join(f'<td class="w">{escape(word)}</td>' for word in table.words[y])
        else:
            row += "".join(_cell(number, used, table.bits) for number in numbers[y].tolist())
        rows.append(f"<tr>{row}</tr>")
    mark = f' data-part="{part}"' if part else ""
    mark += f' data-exponent="{used.exponent}"' if part and used.exponent else ""
    return (
        f'<table class="numbers"{mark}><caption>{table.caption}{size}{unit}</caption>'
        f"{head}<tbody>{''.join(rows)}</tbody></table>"
    )


def _cell(number: float, used: Scale, bits: bool) -> str:
    if not np.isfinite(number) or (bits and not number):
        return f'<td class="e">{"0" if bits else used.text(number)}</td>'
    share = round(min(abs(number) / used.most, 1.0), 1)
    if bits:
        return f"<td>{number:.0f}</td>"
    ink = "f" if share > _FULL else "m" if share > _MIDDLE else ""
    css = " ".join(filter(None, ("n" if number < 0 else "", ink)))
    mark = f' class="{css}"' if css else ""
    return f'<td{mark} style="--w:{share:g}">{used.text(number)}</td>'
