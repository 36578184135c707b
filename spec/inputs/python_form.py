"""Arguments in Python's form, as functions take them that follow the paper.

Names are ASCII and tokens, positions and layers count from 0. Columns are tokens, heads are stacked
along a leading axis, and layers are a tuple of records. An algorithm of the paper that takes one
token takes all of them at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from spec import symbols
from spec.inputs.draw import Inputs
from spec.inputs.records import parameter_record
from spec.language.checked import Checked
from spec.language.header import Header
from spec.language.polynomials import ONE
from spec.language.types import SCALAR, TOKEN, Family, Matrix, Tokens, Type, Whole
from spec.machine import Parameters, Value


def python_form(
    algorithms: Mapping[str, Checked], id: str, runs: Sequence[Inputs], dtype: Any
) -> dict[str, Any]:
    """Return arguments by their names in Python, in order.

    Parameters
    ----------
    algorithms, id
        All algorithms, by id, and which it is.
    runs
        The arguments in the paper's form: of one run, or of one for each token.
    dtype
        What the real numbers of arrays become. τ, ε and η stay numbers of Python.
    """
    return dict(_Form(algorithms, id, runs, dtype).named())


class _Form:
    def __init__(
        self, algorithms: Mapping[str, Checked], id: str, runs: Sequence[Inputs], dtype: Any
    ) -> None:
        self.algorithms = algorithms
        self.header = algorithms[id].header
        self.runs = runs
        self.dtype = dtype

    def named(self) -> Iterator[tuple[str, Any]]:
        header, first = self.header, self.runs[0]
        for place, (key, type) in enumerate(header.inputs):
            values = [run.inputs[place] for run in self.runs]
            yield input_name(str(key), type), self.input(values, type)
        parameters = list(zip(header.parameters, first.parameters, strict=True))
        if gathered := self.gathered():  # Algorithm 3's are those of Algorithm 4
            fields = {key: value for (key, _), value in parameters}
            ordered = Parameters(gathered.id, {key: fields[key] for key in gathered.fields})
            yield symbols.ascii(str(gathered.bundle)), self.part(ordered, None)
        else:
            for (key, type), value in parameters:
                yield symbols.ascii(str(key)), self.part(value, type)
        types = {str(key): type for key, type in header.hyperparameters.items()}
        for name, value in first.hyperparameters.items():
            type = types.get(name, SCALAR)
            yield symbols.ascii(name), value - 1 if type == TOKEN else self.part(value, type)

    def gathered(self) -> Header | None:
        """Return the head whose bundle has all parameters of one that declares them one by one."""
        alone = {key for key, _ in self.header.parameters}
        for one in self.algorithms.values():
            whole = one.header
            if whole.bundle is not None and whole.bundle not in alone and alone == {*whole.fields}:
                return whole
        return None

    def input(self, values: Sequence[Value], type: Type) -> Any:
        """Return an input: of one run, or those of all tokens side by side."""
        match type:
            case Tokens():
                return np.array(values[0]) - 1
            case Family(_, _, Tokens()):
                return [np.array(one) - 1 for one in values[0]]
            case Family():
                return np.concatenate(values[0], axis=1).astype(self.dtype)
            case Whole():
                return np.array(values) - 1
            case Matrix() if per_token(self.header):
                return np.concatenate(values, axis=1).astype(self.dtype)
        return self.part(values[0], type)

    def part(self, value: Value, type: Type | None) -> Any:
        """Return an array or a record."""
        if isinstance(value, Parameters):
            return parameter_record(value, self.algorithms, self.array)
        return self.array(value, type)

    def array(self, value: Value, type: Type | None) -> Any:
        """Return an array: a column has one axis, and a matrix two though it be narrow."""
        match value, type:
            case int() | float(), _:
                return value
            case _, Matrix(bits=True):
                return np.asarray(value) == 1
            case _, Matrix(columns=columns) if columns == ONE:
                return value[:, 0].astype(self.dtype)
        return value.astype(self.dtype)


def input_name(glyph: str, type: Type) -> str:
    """Return the name of an input in Python: `x` for all x_n, and the matrix `E` for all e_t."""
    match type:
        case Family(_, _, Matrix()):
            return symbols.ascii(glyph)[0].upper()
        case Family():
            return symbols.ascii(glyph).partition("_")[0]
    return symbols.ascii(glyph)


def per_token(header: Header) -> bool:
    """Say whether an algorithm takes one token, of which Python takes all at once."""
    single = all(isinstance(type, Whole | Matrix) for _, type in header.inputs)
    _, output = header.output
    columns = [type for _, type in (*header.inputs, header.output) if isinstance(type, Matrix)]
    return single and isinstance(output, Matrix) and all(one.columns == ONE for one in columns)
