"""The subcommands of `formal-transformers`; their docstrings are what `--help` prints."""

import io
import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
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
from spec.language.alg_file import Algorithm, Line
from spec.language.open_obligations import balance, declared
from spec.mistakes.catalogue import by_line, catalogue
from spec.pairing import Function, implementations, pair
from spec.render.algpseudocode import algpseudocode
from spec.render.latex import latex
from spec.spelling import did_you_mean, spelled
from spec.terminal import check_results, consoles, costs, known_mistakes, model_report, proofs
from spec.terminal import pseudocode_beside_code as beside
from spec.terminal.continued_text import continued
from spec.terminal.parse_arguments import ALL, OF_A_PROMPT, parse, version_of_this
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
    """List all algorithms and the Python function that carries out each, or all known mistakes.

    With --mistakes they are the mistakes that a check can name, and the documented differences of
    published models, by the line in which they are made.
    """
    algorithms = library.algorithms()
    if options.mistakes is None:
        functions = _functions(options.implementation)
        return Answer(beside.overview(algorithms, functions, options.implementation))
    if options.mistakes != ALL:
        id = library.id_of(options.mistakes)
        algorithms = {id: algorithms[id]}
    return Answer(known_mistakes.listed(by_line(), algorithms))


def _show(options: Namespace) -> Answer:
    """Show an algorithm, or one of its lines, beside the Python code, or explain a mistake.

    Below a line, such as 4.5, the known mistakes in it are listed. On a terminal of fewer than 110
    columns the code stands below the pseudocode. With --latex an algorithm is printed for
    `algpseudocode`, and its first row names the packages that it needs; a line is printed as text
    with its formulas in dollars.
    """
    if options.latex:
        return Answer([_in_latex(options.name)])
    by_spelling = {spelled(id): mistake for id, mistake in catalogue().items()}
    if (mistake := by_spelling.get(spelled(options.name))) is not None:
        algorithm = library.algorithms()[mistake.algorithm]
        return Answer(known_mistakes.explanation(mistake, algorithm))
    name, dot, number = options.name.rpartition(".")
    width, module = consoles.width(), options.implementation
    if not (dot and number.isdecimal()):
        algorithm = library.algorithms()[_id_to_show(options.name)]
        return Answer(
            [*beside.head(algorithm, width), Text(), *_with_code(algorithm, None, module)]
        )
    algorithm = library.algorithms()[_id_to_show(name)]
    line = _line(algorithm, int(number))
    at = f"{algorithm.id}.{line.number}"
    heading = beside.hang(beside.heading(algorithm), width)
    mistakes = known_mistakes.of_line(at, by_line().get(at, ()))
    return Answer([*heading, Text(), *_with_code(algorithm, line, module), Text(), *mistakes])


def _prove(options: Namespace) -> Answer:
    """Prove that the sizes of all arrays fit together.

    Each line of pseudocode makes claims about sizes, for instance that a matrix has as many columns
    as the next one has rows. They are proved for all sizes at once.
    """
    start = perf_counter()
    algorithms = library.checked()
    ids = list(algorithms) if options.id is None else [library.id_of(options.id)]
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
    algorithms, id = library.checked(), library.id_of(options.id)
    needs = cost(algorithms, id)
    at = None if options.at is None else sizes(algorithms, id, needs.sizes, options.at)
    return Answer(costs.report(algorithms[id], needs, at))


def _check(options: Namespace) -> Answer:
    """Check a function of yours against an algorithm, and name its mistake.

    The function is called with arguments of many kinds, and its results are compared with those of
    the pseudocode. It runs in a separate process, which may do all that you may do: this is not a
    sandbox.
    """
    start = perf_counter()
    _import_with_extra("checking.check")  # or say what is missing, before a process is started
    request = {
        "function": options.function,
        "algorithm": library.id_of(options.algorithm),
        "layout": options.layout,
        "format": options.format,
        "seconds": options.seconds,
    }
    with consoles.progress() as bar:
        task = bar.add_task("starting", total=None)

        def tell(activity: str, done: int, all: int) -> None:
            bar.update(task, description=activity, completed=done, total=all or None)

        account = check_separately(request, options.limit, tell, start)
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


def _model(options: Namespace) -> Answer:
    """Describe a published model in a folder, or let it continue a text.

    The folder is one that Hugging Face saves, with config.json and model.safetensors. Shown are how
    the model differs from its algorithm, its sizes, and what it computes and holds in memory. With
    --prompt it continues a text, where the folder has a tokenizer.json.
    """
    checkpoints = _imported(f"{options.implementation}.checkpoints")
    folder = Path(options.folder)
    asked = {name: getattr(options, name) for name in OF_A_PROMPT}
    if options.prompt is None:
        for name, value in asked.items():
            if value is not None:
                raise UsageError(f"--{name} is of no use without --prompt")
    elif options.ell is not None:
        raise UsageError("--ell is of no use with --prompt")
    try:
        model = checkpoints.load(folder, dtype=options.dtype)
        if options.prompt is None:
            return Answer(model_report.report(model, library.checked(), options.ell))
        text = continued(
            model,
            folder,
            options.prompt,
            checkpoints.continuation,
            **{name: OF_A_PROMPT[name] if one is None else one for name, one in asked.items()},
        )
    except _REFUSED as error:
        raise UsageError(str(error).removeprefix("load: ")) from error
    return Answer([text])


#: What is raised where a file, or what is asked of a model, is refused.
_REFUSED = (ArithmeticError, ImportError, LookupError, OSError, TypeError, ValueError)

SUBCOMMANDS: Mapping[str, Callable[[Namespace], Answer]] = {
    "list": _list,
    "show": _show,
    "prove": _prove,
    "cost": _cost,
    "check": _check,
    "vectors": _vectors,
    "model": _model,
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


def _id_to_show(name: str) -> str:
    """Return the id of an algorithm; if there is none, a mistake may have been meant."""
    try:
        return library.id_of(name)
    except library.LibraryError:
        titles = {text.title: library.titled(id) for id, text in library.algorithms().items()}
        if near := did_you_mean(name, {**titles, **{id: id for id in catalogue()}}):
            raise UsageError(f"there is no algorithm or mistake {name}; {near}") from None
        raise


def _in_latex(name: str) -> str:
    """Write an algorithm, or one of its lines, as LaTeX."""
    whole, dot, number = name.rpartition(".")
    if not (dot and number.isdecimal()):
        return algpseudocode(library.programs()[library.id_of(name)]).removesuffix("\n")
    algorithm = library.algorithms()[library.id_of(whole)]
    line = _line(algorithm, int(number))
    trees = {tree.number: tree for tree in library.programs()[algorithm.id].lines}
    return latex(trees[line.number].statement)


def _line(algorithm: Algorithm, number: int) -> Line:
    """Return a line of an algorithm."""
    if not 1 <= number <= len(algorithm.lines):
        raise UsageError(
            f"there is no line {algorithm.id}.{number}: {library.titled(algorithm.id)} ends with "
            f"line {algorithm.id}.{len(algorithm.lines)}"
        )
    return algorithm.lines[number - 1]


def _with_code(algorithm: Algorithm, line: Line | None, module: str) -> Iterator[RenderableType]:
    """Yield an algorithm, or one of its lines, beside the code of the module's function."""
    width, function = consoles.width(), _functions(module).get(algorithm.id)
    if function is None:
        yield from beside.lines(
            algorithm if line is None else replace(algorithm, lines=(line,)), width
        )
        yield Text(f"\n{module} has no function for Algorithm {algorithm.id}.", "yellow")
        return
    pairing = pair(algorithm, function, library.algorithms())
    if line is not None:
        pairing = beside.only(line, pairing)
    yield from beside.pairs(pairing, width)
    yield from beside.remarks(pairing)


def _functions(module: str) -> dict[str, Function]:
    """Find the functions of a module."""
    _imported(module)
    return implementations(module)


def _imported(module: str) -> Any:
    """Import a module, which may lie in the current directory."""
    sys.path.append(str(Path.cwd()))
    try:
        return import_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a module may do anything when it is imported
        problem = f"{type(error).__name__}: {error}"
        raise UsageError(f"--implementation: {module} cannot be imported: {problem}") from error
