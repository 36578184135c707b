"""`make figures`: compute the figures that the docs show, and write them where docs find them."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))  # where the tests find what they share

from helpers.cases import REFERENCE  # noqa: E402
from rich.progress import track  # noqa: E402

from figures.adapters import known, row  # noqa: E402
from figures.checks import IDS, checked  # noqa: E402
from figures.errors import SIZES, figures  # noqa: E402
from figures.planted import figures as planted_figures  # noqa: E402
from figures.planted import unknown  # noqa: E402
from figures.ties import seen  # noqa: E402
from figures.told import SHOWN, told  # noqa: E402

DATA = ROOT / "docs" / "_data"


def main() -> None:
    """Write the figures of every algorithm, at every size."""
    ids = list(REFERENCE)
    write("ties", {id: seen(id) for id in track(ids, "lines seen", transient=True)})
    write("told", {id: told(id) for id in track(SHOWN, "mistakes told", transient=True)})
    errors = {
        sizes: {id: figures(id, sizes) for id in track(ids, f"errors, {sizes}", transient=True)}
        for sizes in SIZES
    }
    write("errors", errors)
    write("checks", {id: checked(id) for id in track(IDS, "checks", transient=True)})
    write("uncatalogued", unknown())
    write("planted", planted_figures(os.cpu_count() or 1))
    write("adapters", [row(one) for one in track(known(), "adapters", transient=True)])


def write(name: str, data: object) -> None:
    """Write one file, in a form that a difference of versions shows line by line."""
    text = json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False)
    path = DATA / f"{name}.json"
    path.write_text(text + "\n", encoding="utf-8")
    print(f"{path.relative_to(ROOT)} written")


if __name__ == "__main__":
    main()
