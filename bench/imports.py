"""How long does `import algorithms` take beside NumPy's, which it brings?"""

from __future__ import annotations

import os
import subprocess
import sys

from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.timing import ratio

MODULES = ("numpy", "algorithms")
ROUNDS = 25
#: In the time of the processor, which what else runs takes no part of.
PROGRAM = "from time import process_time as now; start = now(); import {}; print(now() - start)"
#: With the bytecode that Python keeps of what it has imported before, as NumPy is installed with.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def seconds(module: str) -> float:
    """How long a process of its own takes to import a module."""
    command = [sys.executable, "-c", PROGRAM.format(module)]
    return float(subprocess.check_output(command, env=ENVIRONMENT))


def measure() -> None:
    """Print how long the import of each takes, and the ratio."""
    seconds("algorithms")  # which keeps the bytecode
    taken: dict[str, list[float]] = {module: [] for module in MODULES}
    for _ in track(range(ROUNDS), "measuring", transient=True):
        for module in MODULES:
            taken[module].append(seconds(module))
    table = Table("import", "ms", "/ numpy")
    for module in MODULES:
        least = f"{1e3 * min(taken[module]):.0f}"
        table.add_row(module, least, f"{ratio(taken, module, 'numpy'):.2f}")
    Console().print(table)
