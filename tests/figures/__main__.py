"""`make figures`: compute the figures that the docs show, and write them where docs find them."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))  # where the tests find what they share

from helpers.cases import REFERENCE  # noqa: E402
from helpers.published_models import ORACLES  # noqa: E402
from rich import progress  # noqa: E402

from figures.adapters import known, row  # noqa: E402
from figures.checks import IDS, checked  # noqa: E402
from figures.continuations import figures as continuations  # noqa: E402
from figures.errors import SIZES, figures  # noqa: E402
from figures.gradients import figures as gradients  # noqa: E402
from figures.parity import row as parity_row  # noqa: E402
from figures.planted import figures as planted_figures  # noqa: E402
from figures.planted import unknown  # noqa: E402
from figures.samplers import figures as samplers  # noqa: E402
from figures.sharding import figures as sharding  # noqa: E402
from figures.ties import seen  # noqa: E402
from figures.told import SHOWN, told  # noqa: E402
from figures.unseen import figures as unseen_figures  # noqa: E402

DATA = ROOT / "docs" / "_data"
IDS_OF_ALL = list(REFERENCE)

track = partial(progress.track, transient=True)


def errors() -> dict[str, Any]:
    """The rounding errors of every algorithm, at every size."""
    return {
        sizes: {id: figures(id, sizes) for id in track(IDS_OF_ALL, f"errors, {sizes}")}
        for sizes in SIZES
    }


#: What computes the figures of each file of data.
FIGURES: Mapping[str, Callable[[], Any]] = {
    "ties": lambda: {id: seen(id) for id in track(IDS_OF_ALL, "lines seen")},
    "told": lambda: {id: told(id) for id in track(SHOWN, "mistakes told")},
    "errors": errors,
    "gradients": lambda: gradients(track),
    "checks": lambda: {id: checked(id) for id in track(IDS, "checks")},
    "uncatalogued": unknown,
    "planted": lambda: planted_figures(os.cpu_count() or 1),
    "unseen": lambda: unseen_figures(os.cpu_count() or 1),
    "continuations": lambda: continuations(track),
    "samplers": lambda: samplers(track),
    "parity": lambda: [parity_row(name) for name in track(ORACLES, "parity")],
    "sharding": sharding,
    "adapters": lambda: [row(one) for one in track(known(), "adapters")],
}


def main() -> None:
    """Write the figures that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.figures", description=__doc__)
    parser.add_argument("figure", nargs="*", choices=[*FIGURES, []], help="all, if none is named")
    for name in parser.parse_args().figure or FIGURES:
        write(name, FIGURES[name]())


def write(name: str, data: object) -> None:
    """Write one file, in a form that a difference of versions shows line by line."""
    text = json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False)
    path = DATA / f"{name}.json"
    path.write_text(text + "\n", encoding="utf-8")
    print(f"{path.relative_to(ROOT)} written")


if __name__ == "__main__":
    main()
