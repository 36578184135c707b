"""The command `formal-transformers`: the algorithms on a terminal, beside the code of a module.

It also prints what is proved of the algorithms, and what they cost.
"""

import argparse
import io
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.text import Text

from spec import library, report, terminal
from spec.cost import cost
from spec.errata import errata
from spec.obligations import balance, declared
from spec.pairing import Function, PairingError, implementations, pair
from spec.presets import SizesError, presets, sizes


class _CommandError(Exception):
    """What was asked for does not exist; the message says what does."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 1 if a proof is not as declared, 2 if misused."""
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # a pipe on Windows has no letter for ℓ
    try:
        holds: bool = options.run(options, Console(highlight=False, soft_wrap=True))
    except (_CommandError, PairingError, SizesError) as error:
        sys.stderr.write(f"formal-transformers: {error}\n")
        return 2
    return 0 if holds else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="formal-transformers",
        description="The algorithms of Phuong & Hutter 2022, and the code that carries them out.",
    )
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(required=True, metavar="command")
    implementation = argparse.ArgumentParser(add_help=False)
    implementation.add_argument(
        "--implementation",
        metavar="MODULE",
        default="algorithms",
        help="the module whose functions are looked at (default: %(default)s)",
    )
    every = commands.add_parser(
        "list", help="list all algorithms and their functions", parents=[implementation]
    )
    every.set_defaults(run=_list)
    one = commands.add_parser(
        "show", help="show an algorithm beside its function", parents=[implementation]
    )
    one.add_argument("id", help="the number of the algorithm, such as 4")
    one.set_defaults(run=_show)
    proofs = commands.add_parser(
        "prove",
        help="prove that all sizes fit, for every size",
        description="Prove what the lines ask of sizes, for every size that is allowed.",
    )
    proofs.add_argument("id", nargs="?", help="an algorithm; all, if none is given")
    proofs.add_argument("--all", action="store_true", help="list every obligation")
    proofs.set_defaults(run=_prove)
    costs = commands.add_parser(
        "cost",
        help="show what an algorithm costs: operations, parameters, memory",
        description="Show what each line of an algorithm costs, for every size or at given ones.",
    )
    costs.add_argument("id", help="the number of the algorithm, such as 10")
    costs.add_argument(
        "--at",
        nargs="+",
        metavar=("SIZES", "NAME=VALUE"),
        help=f"sizes: {', '.join(presets())}, or names and values, such as ell=16, or both",
    )
    costs.set_defaults(run=_cost)
    return parser


def _list(options: argparse.Namespace, console: Console) -> bool:
    functions = _functions(options.implementation)
    table = terminal.table(library.algorithms(), functions, options.implementation)
    console.print(table, soft_wrap=False)
    return True


def _show(options: argparse.Namespace, console: Console) -> bool:
    algorithms = library.algorithms()
    algorithm = algorithms[_known(options.id)]
    function = _functions(options.implementation).get(options.id)
    if function is None:
        below = [*terminal.lines(algorithm, console.width), Text()]
        below.append(Text(f"{options.implementation} has no function for it.", "yellow"))
    else:
        pairing = pair(algorithm, function, algorithms)
        below = [*terminal.pairs(pairing, console.width), *terminal.remarks(pairing)]
    for text in (*terminal.head(algorithm, console.width), Text(), *below):
        console.print(text)
    return True


def _prove(options: argparse.Namespace, console: Console) -> bool:
    start = perf_counter()
    algorithms = library.checked()
    ids = list(algorithms) if options.id is None else [_known(options.id)]
    proofs = [
        report.Proof(algorithms[id], balance(algorithms[id].open, declared(algorithms[id])))
        for id in ids
    ]
    seconds = perf_counter() - start
    for part in report.proofs(proofs, errata(), seconds, every=options.all):
        console.print(part, soft_wrap=False)
    return all(proof.balance.holds for proof in proofs)


def _cost(options: argparse.Namespace, console: Console) -> bool:
    checked = library.checked()[_known(options.id)]
    algorithm = checked.program.layout
    found = cost(library.checked(), checked.id)
    if options.at is None:
        below = report.polynomials(algorithm, found)
    else:
        below = report.numbers(algorithm, found, sizes(checked, found.sizes, options.at))
    for part in (report.heading(algorithm), *below, *report.remarks(checked, found)):
        console.print(part, soft_wrap=False)
    return True


def _known(id: str) -> str:
    algorithms = library.algorithms()
    if id not in algorithms:
        raise _CommandError(f"no Algorithm {id}; there are {', '.join(algorithms)}")
    return id


def _functions(module: str) -> dict[str, Function]:
    """Find the functions of a module, which may lie in the current directory."""
    sys.path.append(str(Path.cwd()))
    try:
        return implementations(module)
    except (ImportError, ValueError) as error:
        raise _CommandError(f"--implementation {module}: {error}") from error


def _version() -> str:
    try:
        return version("formal-transformers")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "unknown"
