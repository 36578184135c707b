"""`make mutants`: change each line of the pseudocode and of the reference, and say what sees it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))  # where the tests find what they share

from helpers.paper import PAPER  # noqa: E402

from mutants.mutant import Fate, Mutant, Verdict, survivors  # noqa: E402
from spec.library import algorithms  # noqa: E402

#: What is changed: each kind has a module of its name, with `mutants` and `verdict`.
KINDS = ("spec", "code")
DATA = ROOT / "docs" / "_data" / "mutants.json"
CHUNK = 8  # mutants that a process takes at a time


def verdicts(kind: str, every: int, ids: Collection[str] = ()) -> list[Verdict]:
    """What becomes of the mutants of a kind: of all or some algorithms, all or every so many."""
    module = import_module(f"mutants.{kind}")
    made = [one for one in module.mutants() if not ids or one.algorithm in ids][::every]
    # A process that is forked would share the threads of the libraries.
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        run = pool.map(module.verdict, made, chunksize=CHUNK)
        return list(track(run, f"mutants of the {kind}", len(made), transient=True))


def totals(found: Iterable[Verdict], by: Callable[[Mutant], str]) -> dict[str, dict[str, int]]:
    """How many mutants there are of each group, and of each fate among them."""
    groups: dict[str, Counter[str]] = {}
    for verdict in found:
        groups.setdefault(by(verdict.mutant), Counter()).update(["made", verdict.fate.value])
    names = ("made", *(fate.value for fate in Fate))
    return {group: {name: counts[name] for name in names} for group, counts in groups.items()}


def table(title: str, found: Sequence[Verdict], by: Callable[[Mutant], str]) -> Table:
    """The totals of each group, and of all."""
    shown = Table(title, title_justify="left")
    for name in ("made", *(fate.value for fate in Fate)):
        shown.add_column(name, justify="right")
    for group, counts in {**totals(found, by), **totals(found, lambda _: "all")}.items():
        shown.add_row(group, *map(str, counts.values()))
    return shown


def understood(kind: str, found: Sequence[Verdict]) -> list[Verdict]:
    """Those of the algorithms all of whose survivors are listed with a reason."""
    known = survivors(kind).keys()
    puzzling = {
        verdict.mutant.algorithm
        for verdict in found
        if verdict.fate is Fate.SURVIVES
        and (verdict.mutant.line, verdict.mutant.after) not in known
    }
    return [verdict for verdict in found if verdict.mutant.algorithm not in puzzling - {*PAPER}]


def write(found: dict[str, Sequence[Verdict]]) -> None:
    """Write the totals of these algorithms where the docs find them; those of others are kept.

    An algorithm of ours with a survivor that is not listed is left out, until it is.
    """
    data = json.loads(DATA.read_text(encoding="utf-8")) if DATA.exists() else {}
    for kind, of in found.items():
        tried = {verdict.mutant.algorithm for verdict in of}
        kept = {id: row for id, row in data.get(kind, {}).items() if id not in tried}
        data[kind] = kept | totals(understood(kind, of), lambda mutant: mutant.algorithm)
    text = json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False)
    DATA.parent.mkdir(exist_ok=True)
    DATA.write_text(text + "\n", encoding="utf-8")


def main() -> int:
    """Print tables, and fail where a survivor is not listed, or one that is does not survive."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("kind", nargs="*", choices=[*KINDS, []], help="all, if none is named")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each N-th mutant")
    parser.add_argument("--of", nargs="+", default=[], metavar="ID", help="of these algorithms")
    parser.add_argument("--write", action="store_true", help=f"write {DATA.relative_to(ROOT)}")
    options = parser.parse_args()
    if options.write and options.every > 1:
        parser.error("only all mutants of an algorithm are written")
    if unknown := set(options.of) - algorithms().keys():
        parser.error(f"there is no Algorithm {', '.join(sorted(unknown))}")
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # there is a process for each processor
    console, found, wrong = Console(), {}, 0
    for kind in options.kind or KINDS:
        found[kind] = verdicts(kind, options.every, options.of)
        console.print(table(f"{kind}, by algorithm", found[kind], lambda one: one.algorithm))
        console.print(table(f"{kind}, by change", found[kind], lambda one: one.change))
        survive = {
            (verdict.mutant.line, verdict.mutant.after)
            for verdict in found[kind]
            if verdict.fate is Fate.SURVIVES
        }
        known = survivors(kind).keys()
        some = options.of or options.every > 1
        for title, mutants in {
            "survives, and is not listed": survive - known,
            "is listed, and does not survive": set() if some else known - survive,
        }.items():
            for line, after in sorted(mutants):
                console.print(f"{line}: {after}\n    {title}", markup=False, highlight=False)
                wrong += 1
    if options.write:
        write(found)
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
