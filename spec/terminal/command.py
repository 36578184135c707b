"""The command `formal-transformers`: the algorithms on a terminal, beside the code of a module.

It also prints what is proved of the algorithms, and what they cost, and writes what they compute.
"""

import argparse
import io
import sys
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter
from typing import Any

from rich.console import Console
from rich.progress import Progress, track
from rich.text import Text

from spec import library
from spec.adapters.options import WORDS
from spec.checking.separate_process import check_apart
from spec.cost import cost
from spec.cost.presets import SizesError, presets, sizes
from spec.errata import errata
from spec.language.open_obligations import balance, declared
from spec.mistakes.catalogue import catalogue
from spec.pairing import Function, PairingError, implementations, pair
from spec.terminal import check_results, proofs_and_costs
from spec.terminal import pseudocode_beside_code as beside
from spec.usage_error import UsageError


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
    except KeyboardInterrupt:
        sys.stderr.write("formal-transformers: interrupted\n")
        return 130  # as of a command that the signal has ended
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
        "show", help="show an algorithm beside its function, or a mistake", parents=[implementation]
    )
    one.add_argument("id", help="the number of the algorithm, such as 4; or a mistake's name")
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
    checks = commands.add_parser(
        "check",
        help="check a function of yours against an algorithm, and name the mistake",
        description="Check a function against the pseudocode. It runs in a process of its own, as "
        "you and with all that you may do: this is no sandbox.",
    )
    checks.add_argument("function", metavar="MODULE:NAME", help="such as mypkg.attention:attend")
    checks.add_argument("--algorithm", required=True, metavar="ID", help="its number, such as 4")
    checks.add_argument(
        "--layout",
        nargs="+",
        metavar="WORD",
        default=[],
        help=f"how it is called, if not as the paper writes it: {', '.join(WORDS)}",
    )
    checks.add_argument("--format", default="float64", help="or float32, or bfloat16")
    checks.add_argument(
        "--seconds", type=_seconds, default=10.0, help="how long one call may take (%(default)g)"
    )
    checks.add_argument(
        "--limit", type=_seconds, default=300.0, help="how long it may take in all (%(default)g)"
    )
    checks.add_argument("--all", action="store_true", help="list what it was tried on")
    checks.set_defaults(run=_check)
    vectors = commands.add_parser(
        "vectors",
        help="write what every line sets on given inputs, for ports in any language",
        description="Write inputs and what every line sets, each number the nearest double to the "
        "exact one, as .npy files with an index.json that says what they are.",
    )
    vectors.add_argument("folder", metavar="DIR", type=Path, help="a folder, new or empty")
    vectors.set_defaults(run=_vectors)
    return parser


def _seconds(written: str) -> float:
    """Read a time above 0."""
    try:
        seconds = float(written)
    except ValueError:
        seconds = 0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{written} is no time above 0")
    return seconds


def _list(options: argparse.Namespace, console: Console) -> bool:
    functions = _functions(options.implementation)
    table = beside.table(library.algorithms(), functions, options.implementation)
    console.print(table, soft_wrap=False)
    return True


def _show(options: argparse.Namespace, console: Console) -> bool:
    algorithms = library.algorithms()
    if (one := catalogue().get(options.id)) is not None:
        for part in check_results.mistake(one, algorithms[one.algorithm]):
            console.print(part, soft_wrap=False)
        return True
    algorithm = algorithms[_known(options.id)]
    function = _functions(options.implementation).get(options.id)
    if function is None:
        below = [*beside.lines(algorithm, console.width), Text()]
        below.append(Text(f"{options.implementation} has no function for it.", "yellow"))
    else:
        pairing = pair(algorithm, function, algorithms)
        below = [
            *beside.pairs(pairing, console.width),
            *beside.remarks(pairing),
        ]
    for text in (*beside.head(algorithm, console.width), Text(), *below):
        console.print(text)
    return True


def _prove(options: argparse.Namespace, console: Console) -> bool:
    start = perf_counter()
    algorithms = library.checked()
    ids = list(algorithms) if options.id is None else [_known(options.id)]
    proofs = [
        proofs_and_costs.Proof(
            algorithms[id], balance(algorithms[id].open, declared(algorithms[id]))
        )
        for id in ids
    ]
    seconds = perf_counter() - start
    for part in proofs_and_costs.proofs(proofs, errata(), seconds, every=options.all):
        console.print(part, soft_wrap=False)
    return all(proof.balance.holds for proof in proofs)


def _cost(options: argparse.Namespace, console: Console) -> bool:
    checked = library.checked()[_known(options.id)]
    algorithm = checked.program.layout
    found = cost(library.checked(), checked.id)
    if options.at is None:
        below = proofs_and_costs.polynomials(algorithm, found)
    else:
        below = proofs_and_costs.numbers(algorithm, found, sizes(checked, found.sizes, options.at))
    for part in (
        proofs_and_costs.heading(algorithm),
        *below,
        *proofs_and_costs.remarks(checked, found),
    ):
        console.print(part, soft_wrap=False)
    return True


def _check(options: argparse.Namespace, console: Console) -> bool:
    _with_balls("check", "checking.check")  # or say what is missing, before a process is begun
    request = {
        "function": options.function,
        "algorithm": _known(options.algorithm),
        "layout": options.layout,
        "format": options.format,
        "seconds": options.seconds,
    }
    errors = Console(stderr=True)
    shown = Progress(console=errors, transient=True, disable=not errors.is_terminal)
    with shown:
        task = shown.add_task("starting", total=None)

        def tell(what: str, done: int, all: int) -> None:
            shown.update(task, description=what, completed=done, total=all or None)

        try:
            found = check_apart(request, options.limit, tell)
        except UsageError as error:
            raise _CommandError(f"check: {error}") from error
    for part in check_results.account(found, every=options.all):
        console.print(part, soft_wrap=False)
    passes: bool = found.passes
    return passes


def _vectors(options: argparse.Namespace, console: Console) -> bool:
    vectors = _with_balls("vectors", "golden_vectors")
    shown = Console(stderr=True)
    each = partial(
        track,
        description="Algorithms",
        console=shown,
        transient=True,
        disable=not shown.is_terminal,
    )
    try:
        written = vectors.write(options.folder, _version(), each=each)
    except OSError as error:
        raise _CommandError(f"{error.filename or options.folder}: {error.strerror}") from error
    console.print(
        f"{options.folder}: {written.algorithms} algorithms, {written.arrays} arrays, "
        f"{written.bytes / 1e6:.1f} MB"
    )
    if written.undecided:
        console.print(f"{written.undecided} entries may not be the nearest doubles: see the index.")
    return True


def _with_balls(command: str, module: str) -> Any:
    """Import a module that needs the extra `[check]`, or say how its libraries are installed."""
    try:
        import_module("spec.conformance")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("spec"):
            raise
        raise _CommandError(f"{command}: {error}") from error
    return import_module(f"spec.{module}")


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
