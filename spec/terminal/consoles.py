"""Texts and tables as they are printed, at the width of the terminal."""

import io
import re
import sys
from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.progress import Progress

#: The least width that is printed for; a narrower terminal breaks the rows itself. From here on
#: the largest numbers of published models stand beside their names, and labels beside texts.
LEAST = 40

#: What ends a row without being seen: spaces, and changes of colour.
_TAIL = re.compile(r"(?: |\x1b\[[\d;]*m)+$", re.MULTILINE)


def width() -> int:
    """Return how many columns there are to print in."""
    return max(LEAST, Console().width)


def rendered(parts: Iterable[RenderableType]) -> str:
    """Return printable parts as one text, whose rows do not end in spaces.

    The rows of a part that is a string are not broken.
    """
    console = Console(highlight=False, markup=False, emoji=False, width=width())
    console.file = page = io.StringIO()  # with the colours of the terminal it has seen above
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, str))
    return _TAIL.sub(lambda tail: tail[0].replace(" ", ""), page.getvalue())


def progress() -> Progress:
    """Return a progress bar on standard error, which is seen only where that is a terminal."""
    is_terminal = sys.stderr is not None and sys.stderr.isatty()
    return Progress(console=Console(stderr=True), transient=True, disable=not is_terminal)
