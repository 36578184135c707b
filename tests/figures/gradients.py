"""How near, at worst, each pullback is known to be to the derivative of its algorithm.

Both are enclosed in balls, at drawn inputs: how the text of the pullback and reverse mode are
compared is said in `helpers.pullbacks`.
"""

from __future__ import annotations

from typing import Any

from helpers.pullbacks import BITS, arguments, compared, losses

from figures.errors import rounded
from spec.library import checked

#: The columns of the table of sizes at which they are compared.
SIZES = ("small", "usual")


def figures(track: Any) -> dict[str, Any]:
    """The figures of every pullback, at every size."""
    found = {id: {sizes: row(id, sizes) for sizes in SIZES} for id in track(losses(), "gradients")}
    return {"bits": BITS, "pullbacks": found}


def row(id: str, sizes: str) -> dict[str, float]:
    """The figures of one pullback: what is proved of its text, and of its numbers."""
    found = compared(id, arguments(id, column=sizes), BITS)
    return {
        "obligations": len(checked()[id].typing.obligations),
        "open": len(checked()[id].open),
        "numbers": found.numbers,
        "apart": found.apart,
        "radius": rounded(found.radius),
    }
