"""What the command of an example takes, and what it writes."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from examples.line_plot import Line, line_plot

PROCESSOR = "processor seconds"
ROOT = Path(__file__).parents[1]


class Options(NamedTuple):
    """What is asked of an example."""

    name: str
    quick: bool
    folder: Path  # of the figures
    file: Path | None  # of the run, until it has ended
    given: Mapping[str, Path]  # the data that no Python brings


def options(name: str, description: str, given: Sequence[str] = ()) -> Options:
    """Read the command line of an example, and the paths of data that have to be given.

    Figures of whole runs go where the docs show them, those of quick ones to build/.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m examples.{name}", description=description, allow_abbrev=False
    )
    parser.add_argument("--quick", action="store_true", help="a smaller run, of at most a minute")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where the figures are written")
    for what in given:
        parser.add_argument(what, type=Path)
    read = parser.parse_args()
    data = {what: getattr(read, what) for what in given}
    for what, path in data.items():
        if not path.exists():
            parser.error(f"{what}: {path} is not there")
    build = ROOT / "build" / "examples"
    folder = read.out or (build if read.quick else ROOT / "docs" / "_data" / "examples")
    for path in (build, folder):
        path.mkdir(parents=True, exist_ok=True)
    file = build / f"{name}{'-quick' * read.quick}.safetensors"
    if file.exists():
        print(f"{file} holds a run that was stopped: it goes on", file=sys.stderr)
    return Options(name, read.quick, folder, file, data)


def report(
    asked: Options,
    figures: Mapping[str, float],
    lines: Sequence[Line],
    *,
    better: bool,
    **plot: Any,
) -> None:
    """Print the figures, write them and the plot, and end with an error if they are not good.

    A run that has ended is not gone on with: its file is removed.
    """
    seconds = round(time.process_time())  # of all threads, since Python began
    width = max(map(len, (*figures, PROCESSOR)))
    for name, value in figures.items():
        print(f"{name:{width}}  {value:.5g}")
    print(f"{PROCESSOR:{width}}  {seconds}")
    content = {
        "command": " ".join(
            [f"python -m examples.{asked.name}", *asked.given, *["--quick"] * asked.quick]
        ),
        "figures": {name: float(f"{value:.6g}") for name, value in figures.items()},
        "better": better,
        PROCESSOR: seconds,
    }
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    (asked.folder / f"{asked.name}.json").write_text(text, "utf-8")
    (asked.folder / f"{asked.name}.svg").write_text(line_plot(lines, **plot), "utf-8")
    print(f"written: {asked.folder / asked.name}.json, .svg")
    if asked.file is not None:
        asked.file.unlink(missing_ok=True)
    if not better:
        sys.exit("the model is not better than what it is compared with")
