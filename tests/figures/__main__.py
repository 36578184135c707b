"""`make figures`: compute the figures that the docs show, and write them where docs find them."""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))  # where the tests find what they share

from helpers.cases import REFERENCE  # noqa: E402
from helpers.published_models import ORACLES  # noqa: E402
from rich import progress  # noqa: E402

from algorithms import LengthLimitWarning  # noqa: E402
from figures.adapters import known, row  # noqa: E402
from figures.checks import IDS, checked  # noqa: E402
from figures.continuations import figures as continuations  # noqa: E402
from figures.errors import SIZES, figures  # noqa: E402
from figures.gradients import figures as gradients  # noqa: E402
from figures.parity import row as parity_row  # noqa: E402
from figures.planted import figures as planted_figures  # noqa: E402
from figures.planted import unknown  # noqa: E402
from figures.same import differences  # noqa: E402
from figures.samplers import figures as samplers  # noqa: E402
from figures.sharding import figures as sharding  # noqa: E402
from figures.ties import seen  # noqa: E402
from figures.told import SHOWN, told  # noqa: E402
from figures.unseen import figures as unseen_figures  # noqa: E402

DATA = ROOT / "docs" / "_data"

track = partial(progress.track, transient=True)


def errors(ids: Collection[str]) -> dict[str, Any]:
    """The rounding errors of algorithms, at every size."""
    return {
        sizes: {id: figures(id, sizes) for id in track(ids, f"errors, {sizes}")} for sizes in SIZES
    }


#: What computes the figures of a file of data that has rows of algorithms: of which, and how.
ROWS: Mapping[str, tuple[Collection[str], Callable[[Collection[str]], dict[str, Any]]]] = {
    "ties": (REFERENCE, lambda ids: {id: seen(id) for id in track(ids, "lines seen")}),
    "told": (SHOWN, lambda ids: {id: told(id) for id in track(ids, "mistakes told")}),
    "errors": (REFERENCE, errors),
    "checks": (IDS, lambda ids: {id: checked(id) for id in track(ids, "checks")}),
}
#: What computes those of any other file, in so many processes.
WHOLE: Mapping[str, Callable[[int], Any]] = {
    "gradients": lambda _: gradients(track),
    "uncatalogued": lambda _: unknown(),
    "planted": planted_figures,
    "unseen": unseen_figures,
    "continuations": lambda _: continuations(track),
    "samplers": lambda _: samplers(track),
    "parity": lambda _: [parity_row(name) for name in track(ORACLES, "parity")],
    "sharding": lambda _: sharding(),
    "adapters": lambda _: [row(one) for one in track(known(), "adapters")],
}


def main() -> int:
    """Write the figures that are named, or all; or compare them with those that are there."""
    parser = argparse.ArgumentParser(prog="python -m tests.figures", description=__doc__)
    names = [*ROWS, *WHOLE]
    parser.add_argument("figure", nargs="*", choices=[*names, []], help="all, if none is named")
    parser.add_argument("--of", nargs="+", default=[], metavar="ID", help="of these algorithms")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument("--same", action="store_true", help="write nothing; fail at a difference")
    options = parser.parse_args()
    # Algorithm 15 may be stopped, as the pseudocode is.
    warnings.simplefilter("ignore", LengthLimitWarning)
    named, differ = options.figure or names, 0
    if unknown_ids := set(options.of) - REFERENCE.keys():
        parser.error(f"there is no function of Algorithm {', '.join(sorted(unknown_ids))}")
    if options.of and not set(named) <= ROWS.keys():
        parser.error(f"only {', '.join(ROWS)} have rows of algorithms")
    for name in named:
        before = read(name)
        if name in WHOLE:
            data = WHOLE[name](options.jobs)
        else:
            ids, compute = ROWS[name]
            data = compute([id for id in ids if not options.of or id in options.of])
            data = joined(before or {}, data, deep=name == "errors") if options.of else data
        if not options.same:
            write(name, data)
            continue
        found = differences(name, before, data)
        differ += len(found)
        print(*(f"{name}: {each}" for each in found or ["the same"]), sep="\n", flush=True)
    return min(differ, 1)


def joined(before: dict[str, Any], data: dict[str, Any], *, deep: bool) -> dict[str, Any]:
    """The rows of some algorithms, among those of all others."""
    if deep:  # by sizes, then by algorithm
        return {key: before.get(key, {}) | rows for key, rows in data.items()}
    return before | data


def read(name: str) -> Any:
    """What a file holds; None where there is no file."""
    path = DATA / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def write(name: str, data: object) -> None:
    """Write one file, in a form that a difference of versions shows line by line."""
    text = json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False)
    path = DATA / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text + "\n", encoding="utf-8")
    print(f"{path.relative_to(ROOT)} written", flush=True)


if __name__ == "__main__":
    sys.exit(main())
