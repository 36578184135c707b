"""The command `formal-transformers`: the algorithms on a terminal, beside the code of a module."""

import argparse
import io
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rich.console import Console
from rich.text import Text

from spec import library, terminal
from spec.pairing import Function, PairingError, implementations, pair


class _CommandError(Exception):
    """What was asked for does not exist; the message says what does."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # a pipe on Windows has no letter for ℓ
    try:
        options.run(options, Console(highlight=False, soft_wrap=True))
    except (_CommandError, PairingError) as error:
        sys.stderr.write(f"formal-transformers: {error}\n")
        return 2
    return 0


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
    return parser


def _list(options: argparse.Namespace, console: Console) -> None:
    functions = _functions(options.implementation)
    table = terminal.table(library.algorithms(), functions, options.implementation)
    console.print(table, soft_wrap=False)


def _show(options: argparse.Namespace, console: Console) -> None:
    algorithms = library.algorithms()
    if (algorithm := algorithms.get(options.id)) is None:
        raise _CommandError(f"no Algorithm {options.id}; there are {', '.join(algorithms)}")
    function = _functions(options.implementation).get(options.id)
    if function is None:
        below = [*terminal.lines(algorithm, console.width), Text()]
        below.append(Text(f"{options.implementation} has no function for it.", "yellow"))
    else:
        pairing = pair(algorithm, function, algorithms)
        below = [*terminal.pairs(pairing, console.width), *terminal.remarks(pairing)]
    for text in (*terminal.head(algorithm, console.width), Text(), *below):
        console.print(text)


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
