"""The arguments of `formal-transformers`, and its help."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from inspect import getdoc
from pathlib import Path
from typing import Any, NoReturn

from spec.adapters.options import WORDS
from spec.cost.presets import presets
from spec.terminal.consoles import width
from spec.usage_error import UsageError

#: What `list --mistakes` asks for if it names no algorithm.
ALL = "all"

#: What `model --prompt` takes besides, if nothing else is said.
OF_A_PROMPT: Mapping[str, Any] = {"tokens": 32, "temperature": 1.0, "seed": 0}


def parse(
    arguments: Sequence[str] | None, subcommands: Mapping[str, Callable[..., Any]]
) -> argparse.Namespace:
    """Read the arguments; the docstring of a subcommand is its help.

    Raises
    ------
    UsageError
        If they make no sense.
    SystemExit
        After help or the version has been printed.
    """
    parser = _Parser(
        prog="formal-transformers",
        description="The algorithms of “Formal Algorithms for Transformers” (Phuong & Hutter, 2022)"
        " as pseudocode and as Python code, and checks of your own code against them.",
        epilog="The exit status is 0 if what you asked about holds; 1 if it does not (your function"
        " is wrong, or a proof is missing); 2 if there is no answer, since the question makes no"
        " sense or does not fit your function; and 3 if the answer is not finished, since the time"
        " was over or the disk is full.",
    )
    parser.add_argument(
        "--version", action="version", version=version_of_this(), help="print the version"
    )
    below = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    parsers = {}
    for name, subcommand in subcommands.items():
        text = getdoc(subcommand) or ""
        summary = text.partition("\n")[0].rstrip(".")
        parsers[name] = below.add_parser(name, help=summary, description=text)
    _describe_algorithms(parsers)
    _describe_check(parsers["check"])
    parsers["vectors"].add_argument(
        "folder", metavar="DIR", type=Path, help="the folder to write, which must be new or empty"
    )
    _describe_model(parsers["model"])
    return parser.parse_args(arguments)


def version_of_this() -> str:
    """Return the version of the distribution, or `unknown` in a checkout that is not installed."""
    try:
        return version("formal-transformers")
    except PackageNotFoundError:
        return "unknown"


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong, and is as wide as everything else."""

    def __init__(self, **options: Any) -> None:
        formatter: Any = partial(argparse.HelpFormatter, width=width() - 2)
        super().__init__(formatter_class=formatter, **options)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see {self.prog} --help")


def _describe_algorithms(parsers: Mapping[str, argparse.ArgumentParser]) -> None:
    for name in ("list", "show"):
        _add_implementation(parsers[name], "the module whose functions are shown")
    parsers["list"].add_argument(
        "--mistakes",
        metavar="ID",
        nargs="?",
        const=ALL,
        help="list the known mistakes instead, all of them or those in one algorithm",
    )
    parsers["show"].add_argument(
        "name",
        metavar="NAME",
        help="an algorithm (4 or Attention), a line (4.5) or a mistake (mask-transposed)",
    )
    parsers["show"].add_argument(
        "--latex",
        action="store_true",
        help="print an algorithm or a line as LaTeX instead, for a document of yours",
    )
    for name, count, text in (
        ("prove", "?", "an algorithm, such as 4 or Attention (default: all algorithms)"),
        ("cost", None, "an algorithm, such as 10 or DTransformer"),
    ):
        parsers[name].add_argument("id", metavar="ID", nargs=count, help=text)
    parsers["prove"].add_argument("--all", action="store_true", help="list every claim")
    parsers["cost"].add_argument(
        "--at",
        nargs="+",
        metavar=("SIZES", "NAME=VALUE"),
        help=f"the sizes of a published model ({', '.join(presets())}), of a component those with "
        "which the model calls it, or single sizes, such as d_e=64, and ell=16 for each length, or"
        " a model and then the sizes that differ",
    )


def _describe_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "function", metavar="MODULE:NAME", help="your function, such as mypkg.attention:attend"
    )
    parser.add_argument(
        "--algorithm", metavar="ID", required=True, help="what it should compute, 4 or Attention"
    )
    parser.add_argument(
        "--layout",
        nargs="+",
        metavar="WORD",
        default=[],
        help=f"how its arguments and result differ from the paper's: {', '.join(WORDS)}",
    )
    parser.add_argument(
        "--format",
        help="the number format: float64, float32, float16 or bfloat16; else the first of these in"
        " which the function can compute",
    )
    for option, default, scope in (("seconds", 10.0, "one call"), ("limit", 300.0, "the check")):
        parser.add_argument(
            f"--{option}",
            metavar="SECONDS",
            type=_seconds,
            default=default,
            help=f"how long {scope} may take (default: %(default)g)",
        )
    parser.add_argument("--all", action="store_true", help="list the result of every kind of call")


def _describe_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", type=Path, help="the folder of the model")
    parser.add_argument(
        "--ell",
        metavar="N",
        type=_count,
        help="how many tokens a sequence has (default: as many as the model is made for)",
    )
    parser.add_argument(
        "--dtype",
        choices=("float16", "float32", "float64"),
        help="the number format to compute in (default: that of the files)",
    )
    parser.add_argument("--prompt", metavar="TEXT", help="a text to continue")
    parser.add_argument(
        "--tokens",
        metavar="N",
        type=_count,
        help=f"how many tokens to add to the prompt, at most (default: {OF_A_PROMPT['tokens']})",
    )
    parser.add_argument(
        "--temperature",
        metavar="τ",
        type=float,
        help="0 for the likeliest token, 1 (the default) to draw from what the model gives",
    )
    parser.add_argument(
        "--seed",
        metavar="N",
        type=_seed,
        help=f"other numbers draw other tokens (default: {OF_A_PROMPT['seed']})",
    )
    _add_implementation(parser, "the module whose `checkpoints` read the folder")


def _add_implementation(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument(
        "--implementation",
        metavar="MODULE",
        default="algorithms",
        help=f"{what} (default: %(default)s)",
    )


def _count(written: str) -> int:
    """Read a number of tokens, at least 1."""
    if not written.isdecimal() or int(written) < 1:
        raise argparse.ArgumentTypeError(f"{written} is not a whole number, 1 or more")
    return int(written)


def _seed(written: str) -> int:
    """Read where random numbers start, at least 0."""
    if not written.isdecimal():
        raise argparse.ArgumentTypeError(f"{written} is not a whole number, 0 or more")
    return int(written)


def _seconds(written: str) -> float:
    """Read a time above 0."""
    try:
        seconds = float(written)
    except ValueError:
        seconds = 0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{written} is not a time in seconds above 0")
    return seconds
