"""The subcommands of `formal-transformers`; their docstrings are what `--help` prints."""

import io
import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import redirect_stdout
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

from rich.console import RenderableType
from rich.text import Text

from spec import library
from spec.checking.separate_process import check_separately
from spec.cost import cost
from spec.cost.presets import sizes
from spec.errata import errata
from spec.exit_status import ExitStatus
from spec.language.open_obligations import balance, declared
from spec.mistakes.catalogue import catalogue
from spec.pairing import Function, implementations, pair
from spec.terminal import check_results, consoles, costs, proofs
from spec.terminal import pseudocode_beside_code as beside
from spec.terminal.parse_arguments import parse, version_of_this
from spec.usage_error import UsageError


class Answer(NamedTuple):
    """What is printed, and whether what was asked about holds."""

    parts: Iterable[RenderableType]
    status: ExitStatus = ExitStatus.HOLDS


def answer(arguments: Sequence[str] | None = None) -> tuple[str, ExitStatus]:
    """Return what is printed for some arguments, and whether what they ask about holds.

    Raises
    ------
    UsageError
        If there is no answer.
    """
    help = io.StringIO()
    try:
        with redirect_stdout(help):
            options = parse(arguments, SUBCOMMANDS)
    except SystemExit:
        return help.getvalue(), ExitStatus.HOLDS
    parts, status = SUBCOMMANDS[options.command](options)
    return consoles.rendered(parts), status


def _list(options: Namespace) -> Answer:
    """List all algorithms, and the Python function that carries out each."""
    functions = _functions(options.implementation)
    return Answer(beside.overview(library.algorithms(), functions, options.implementation))


def _show(options: Namespace) -> Answer:
    """Show the pseudocode of an algorithm beside its Python code, or explain a mistake.

    On a terminal of fewer than 110 columns the code stands below the pseudocode.
    """
    algorithms, mistakes = library.algorithms(), catalogue()
    if (mistake := mistakes.get(options.id)) is not None:
        return Answer(check_results.explanation(mistake, algorithms[mistake.algorithm]))
    if options.id not in algorithms and (near := get_close_matches(options.id, mistakes)):
        raise UsageError(f"there is no mistake {options.id}; there are {', '.join(near)}")
    algorithm, width = algorithms[_known(options.id)], consoles.width()
    function = _functions(options.implementation).get(options.id)
    parts = [*beside.head(algorithm, width), Text()]
    if function is None:
        missing = f"{options.implementation} has no function for Algorithm {algorithm.id}."
        return Answer([*parts, *beside.lines(algorithm, width), Text(), Text(missing, "yellow")])
    pairing = pair(algorithm, function, algorithms)
    return Answer([*parts, *beside.pairs(pairing, width), *beside.remarks(pairing)])


def _prove(options: Namespace) -> Answer:
    """Prove that the sizes of all arrays fit together.

    Each line of pseudocode makes claims about sizes, for instance that a matrix has as many columns
    as the next one has rows. They are proved for all sizes at once.
    """
    start = perf_counter()
    algorithms = library.checked()
    ids = list(algorithms) if options.id is None else [_known(options.id)]
    results = [
        proofs.Proof(algorithms[id], balance(algorithms[id].open, declared(algorithms[id])))
        for id in ids
    ]
    seconds = perf_counter() - start
    parts = proofs.report(results, errata(), seconds, every=options.all)
    holds = all(proof.balance.holds for proof in results)
    return Answer(parts, ExitStatus.HOLDS if holds else ExitStatus.FAILS)


def _cost(options: Namespace) -> Answer:
    """Count the operations, parameters and memory that an algorithm needs.

    The counts are formulas in the sizes, or numbers if you give the sizes.
    """
    checked = library.checked()[_known(options.id)]
    needs = cost(library.checked(), checked.id)
    at = None if options.at is None else sizes(checked, needs.sizes, options.at)
    return Answer(costs.report(checked, needs, at))


def _check(options: Namespace) -> Answer:
    """Check a function of yours against an algorithm, and name its mistake.

    The function is called with arguments of many kinds, and its results are compared with those of
    the pseudocode. It runs in a separate process, which may do all that you may do: this is not a
    sandbox.
    """
    _import_with_extra("checking.check")  # or say what is missing, before a process is started
    request = {
        "function": options.function,
        "algorithm": _known(options.algorithm),
        "layout": options.layout,
        "format": options.format,
        "seconds": options.seconds,
    }
    with consoles.progress() as bar:
        task = bar.add_task("starting", total=None)

        def tell(activity: str, done: int, all: int) -> None:
            bar.update(task, description=activity, completed=done, total=all or None)

        account = check_separately(request, options.limit, tell)
    return Answer(check_results.report(account, every=options.all), ExitStatus(account.status))


def _vectors(options: Namespace) -> Answer:
    """Write inputs and exact results as .npy files, to test code in any language.

    For each algorithm they hold example inputs, and what every line of the pseudocode computes from
    them, correctly rounded. The file index.json describes them.
    """
    vectors = _import_with_extra("golden_vectors")
    try:
        with consoles.progress() as bar:
            each = partial(bar.track, description="Algorithms")
            written = vectors.write(options.folder, version_of_this(), each=each)
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}") from error
    counts = f"{written.algorithms} algorithms, {written.arrays} arrays"
    rows = [f"{options.folder}: {counts}, {written.bytes / 1e6:.1f} MB"]
    if written.undecided:
        rows.append(f"{written.undecided} entries may not be the nearest doubles: see the index.")
    return Answer(rows)


SUBCOMMANDS: Mapping[str, Callable[[Namespace], Answer]] = {
    "list": _list,
    "show": _show,
    "prove": _prove,
    "cost": _cost,
    "check": _check,
    "vectors": _vectors,
}


def _import_with_extra(module: str) -> Any:
    """Import a module of `spec` that needs the libraries of the extra `check`."""
    try:
        import_module("spec.conformance")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("spec"):
            raise
        raise UsageError(str(error)) from error
    return import_module(f"spec.{module}")


def _known(id: str) -> str:
    algorithms = library.algorithms()
    if id not in algorithms:
        raise UsageError(f"there is no Algorithm {id}; there are {', '.join(algorithms)}")
    return id


def _functions(module: str) -> dict[str, Function]:
    """Find the functions of a module, which may lie in the current directory."""
    sys.path.append(str(Path.cwd()))
    try:
        import_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a module may do anything when it is imported
        problem = f"{type(error).__name__}: {error}"
        raise UsageError(f"--implementation: {module} cannot be imported: {problem}") from error
    return implementations(module)
