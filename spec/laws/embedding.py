"""Laws of embeddings: Algorithms 1 and 2, and the models that begin with them."""

from contextlib import suppress
from dataclasses import replace

from spec.inputs.change_parameters import each
from spec.inputs.draw import per_token
from spec.language.header import Header
from spec.language.types import N_V, Matrix, Tokens, Whole
from spec.laws.evaluated_case import InapplicableError, LawCase
from spec.laws.law import law


def takes_one_index(header: Header) -> bool:
    """Say whether an algorithm takes a token or a position, as Algorithms 1 and 2 do."""
    counts = all(isinstance(type, Whole) for _, type in header.inputs)
    return per_token(header) and counts and isinstance(header.output[1], Matrix)


def embeds(header: Header) -> bool:
    """Say whether an algorithm returns a matrix for tokens, or positions, that it embeds.

    Where W_e unembeds, too, every column of it is asked for.
    """
    _, output = header.output
    fields = {str(key) for key in header.fields}
    indices = all(isinstance(type, Whole | Tokens) for _, type in header.inputs)
    if not ({"W_e", "W_p"} & fields and indices and isinstance(output, Matrix)):
        return False
    return output.rows != N_V or "W_u" in fields


@law(when=takes_one_index)
def the_same_token_gives_the_same_column(case: LawCase) -> str:
    """What stands beside a token, or a position, does not matter: the same gives the same."""
    equal = case.with_inputs(*case.run.inputs)
    return case.contradiction(equal, "where all are the first", lambda result: result[:, :1])


@law(1, 2)
def a_factor_of_the_matrix_is_one_of_its_columns(case: LawCase) -> str:
    """A factor of W_e is one of e, and a factor of W_p one of e_p."""
    scaled = case.with_parameters(each("W_e W_p", lambda W: -2 * W))
    where = "where the matrix has the factor −2"
    return case.contradiction(scaled, where, lambda result: -2 * result)


@law(1, 2)
def columns_may_change_places(case: LawCase) -> str:
    """Columns may stand in the opposite order, if they are counted from the other end."""
    columns = case.run.parameters[0].shape[1]
    case = case.drawn(tokens=columns)
    every = enumerate(case.arguments.runs, 1)
    case = case.with_runs([replace(run, inputs=(column,)) for column, run in every])
    reordered = case.with_parameters(each("W_e W_p", lambda W: W[:, ::-1]))
    runs = [replace(run, inputs=(columns + 1 - run.inputs[0],)) for run in reordered.arguments.runs]
    where = "where all columns stand in the opposite order"
    return case.contradiction(reordered.with_runs(runs), where)


@law(when=embeds)
def columns_that_are_not_asked_for_change_nothing(case: LawCase) -> str:
    """The columns of W_e of absent tokens, and those of W_p of other positions, change nothing."""
    inputs = [value for run in case.arguments.runs for value in run.inputs]
    sequences = [value if isinstance(value, list) else [value] for value in inputs]
    occurring = sorted({index - 1 for sequence in sequences for index in sequence})
    longest = list(range(max(map(len, sequences))))
    one_index = takes_one_index(case.arguments.header)
    asked = {"W_e": occurring, "W_p": occurring if one_index else longest}
    problems = []
    for name, columns in asked.items():
        with suppress(InapplicableError):
            changed = _with_other_columns(case, name, columns)
            where = f"where columns of {name} that are not asked for are others"
            problems.append(case.contradiction(changed, where))
    if not problems:
        raise InapplicableError("every column is asked for, or cannot be another")
    return next(filter(None, problems), "")


def _with_other_columns(case: LawCase, name: str, kept: list[int]) -> LawCase:
    """Return a function with a matrix whose columns are redrawn, except those that are kept."""
    matrix = case.parameters.get(name)
    if matrix is None or len(kept) == matrix.shape[1]:
        raise InapplicableError(f"every column of {name} is asked for")
    other = case.redrawn.parameters[name].copy()
    other[:, kept] = matrix[:, kept]
    return case.with_parameters(each(name, lambda _: other))
