"""The arguments of a run: converted to the machine's form, and compared with the declarations."""

import operator
import reprlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from numbers import Real
from typing import Any, Generic

import numpy as np

from spec.domains.domain import Domain, S, shaped
from spec.language import types
from spec.language.checked import Checked
from spec.language.header import Requirement
from spec.language.polynomials import Atom, Poly
from spec.language.types import SCALAR, Bundle, Family, Key, Tokens, Type, Whole, is_product
from spec.machine.frame import Frame, MachineError
from spec.machine.values import Parameters, Value


@dataclass(frozen=True)
class ArgumentBinder(Generic[S]):
    """Binds the arguments of a run to the names that an algorithm declares."""

    algorithms: Mapping[str, Checked]
    domain: Domain[S]
    hyperparameters: Mapping[str, Value]

    def bind(self, id: str, inputs: Sequence[Value], parameters: Sequence[Value]) -> Frame:
        """Return the frame of a run, with its arguments and sizes.

        Raises
        ------
        MachineError
            If an argument does not fit its declaration, or the requirements do not hold.
        """
        checked = self.algorithms[id]
        header, frame = checked.header, Frame(checked)
        left_out = (variable for variable, _ in header.parameters[len(parameters) :])
        defaults = header.defaults
        parameters = [*parameters, *(defaults[one] for one in left_out if one in defaults)]
        if (len(inputs), len(parameters)) != (len(header.inputs), len(header.parameters)):
            raise MachineError(
                f"Algorithm {id} takes {len(header.inputs)} inputs and {len(header.parameters)} "
                f"parameters, not {len(inputs)} and {len(parameters)}"
            )
        arguments = zip((*header.inputs, *header.parameters), (*inputs, *parameters), strict=True)
        # Matrices first: the others need their sizes, and a token N_V; an equation needs all.
        for (variable, type), value in sorted(arguments, key=_is_late):
            if callable(value) and isinstance(type, types.Matrix):
                value = value(*frame.shape(type))
            fitting = _Fitting(self, frame, f"Algorithm {id}: {variable}")
            frame.variables[variable] = fitting.fit(value, type)
        for bundle, parts in header.opened.items():
            value = frame.variables[bundle]
            for part, variable in parts.items():
                frame.variables[variable] = (
                    {index: member.fields[part] for index, member in value.items()}
                    if isinstance(value, dict)
                    else value.fields[part]
                )
        for variable, type in header.hyperparameters.items():
            if variable not in frame.variables:
                self.hyperparameter(frame, variable, type)
        for variable, type in header.variables.items():
            match type:
                case Whole(Poly() as size) if variable not in frame.variables:
                    if all(atom.at or atom in frame.sizes for atom in size.atoms):
                        frame.variables[variable] = frame.size(size)
        self.required(frame)
        return frame

    def hyperparameter(self, frame: Frame, variable: Key, type: Type) -> None:
        name, header = str(variable), frame.checked.header
        if name in self.hyperparameters or variable in header.defaults:
            value = self.hyperparameters.get(name, header.defaults.get(variable))
            fitting = _Fitting(self, frame, f"Algorithm {header.id}: {name}")
            frame.variables[variable] = fitting.fit(value, type)
        elif not isinstance(type, Whole) or type.value is None:
            raise MachineError(f"Algorithm {header.id} needs {name}")

    def required(self, frame: Frame) -> None:
        for requirement in frame.checked.header.requirements:
            for excess in self.excesses(frame, requirement):
                if frame.size(excess) < 0:
                    values = sorted(f"{atom} = {frame.atom(atom)}" for atom in excess.atoms)
                    problem = f"requires {requirement.text}, not {', '.join(values)}"
                    raise MachineError(f"Algorithm {frame.checked.id} {problem}")

    def excesses(self, frame: Frame, requirement: Requirement) -> Iterator[Poly]:
        """Yield what must not be negative: for each member of the families that it is about."""
        if not requirement.over:
            yield requirement.excess
            return
        names = {atom.name for atom in requirement.excess.atoms if atom.at}
        members = max((at[0] for name, at in frame.lengths if name in names), default=0)
        for at in product(range(1, members + 1), repeat=len(requirement.over)):
            sizes = dict(zip(requirement.over, map(Poly.of, at), strict=True))
            yield requirement.excess.replace(sizes)


@dataclass(frozen=True)
class _Fitting:
    """Converts an argument to the machine's form, and compares it with its declaration.

    `subject` is what errors call the argument: `Algorithm 4: W_qkv, b_k`.
    """

    binder: ArgumentBinder[Any]
    frame: Frame
    subject: str

    def error(self, problem: str) -> MachineError:
        return MachineError(f"{self.subject} {problem}")

    def unlike(self, value: Value, wanted: object) -> MachineError:
        shown = " ".join(reprlib.repr(value).split())
        if isinstance(value, Parameters):
            shown = f"parameters of Algorithm {value.algorithm}"
        return self.error(f"is {shown}, want {wanted}")

    def fit(self, value: Value, type: Type, at: tuple[int, ...] = ()) -> Value:
        match type:
            case types.Matrix() if type == SCALAR:
                return self.number(value)
            case types.Matrix():
                return self.matrix(value, type)
            case Tokens(length):
                return self.tokens(value, type, length, at)
            case Whole(size, high):
                return self.whole(self.count(value), size, high)
            case Family():
                return self.family(value, type)
            case Bundle(algorithm, sizes):
                return self.bundle(value, algorithm, sizes)
        raise AssertionError("an argument has one of these types")

    def size(self, size: Poly, value: int) -> None:
        """Learn a size from an argument, or compare the argument with the size it must have."""
        sizes, atom = self.frame.sizes, size.atom
        if atom is not None and not atom.at and atom not in sizes:
            sizes[atom] = value
            return
        unknown = [atom for atom in size.atoms if atom not in sizes and not atom.at]
        if len(unknown) == 1:
            self.solve(size, unknown[0], value)
        elif not unknown and self.frame.size(size) != value:
            raise self.error(f"has a size {value} where {size} = {self.frame.size(size)}")

    def solve(self, size: Poly, unknown: Atom, value: int) -> None:
        """Learn k where an argument has 2 k + 1 rows or columns; a product may show no factor."""
        rest, slope, *more = size.coefficients(unknown)
        factor = slope.constant
        if more or factor is None:
            return
        number, remainder = divmod(value - self.frame.size(rest), int(factor))
        if remainder or number < 0:
            raise self.error(f"has a size {value}, which is {size} for no {unknown}")
        self.frame.sizes[unknown] = number

    def number(self, value: Value) -> Value:
        if isinstance(value, Real):
            return self.binder.domain.real(float(value))
        is_array = hasattr(value, "shape") and not isinstance(value, np.generic)
        if is_array or not hasattr(value, "__truediv__"):
            raise self.unlike(value, "a number")
        return value  # which is of the domain already

    def matrix(self, value: Value, type: types.Matrix) -> Value:
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "biufO":
            raise self.unlike(value, type)
        array = value[:, None] if value.ndim == 1 else value
        if array.ndim != 2:
            raise self.error(f"has {array.ndim} axes, want {type}")
        self.size(type.rows, array.shape[0])
        self.size(type.columns, array.shape[1])
        if array.dtype == object and not type.bits:
            return array
        entries = array.ravel().tolist()
        if type.bits:
            if not all(entry in (0, 1) for entry in entries):
                raise self.error("has an entry that is neither 0 nor 1")
            return shaped(list(map(int, entries)), array.shape)
        return shaped(list(map(self.binder.domain.real, entries)), array.shape)

    def tokens(self, value: Value, type: Type, length: Poly, at: tuple[int, ...]) -> list[int]:
        if not isinstance(value, Iterable):
            raise self.unlike(value, type)
        tokens = [self.count(token) for token in value]
        atom = length.atom
        if at and atom is not None:
            self.frame.lengths[atom.name, at] = len(tokens)
        else:
            self.size(length, len(tokens))
        for token in tokens:
            self.whole(token, None, types.N_V)
        return tokens

    def count(self, value: Value) -> int:
        try:
            return operator.index(value)
        except TypeError:
            raise self.unlike(value, "a whole number") from None

    def whole(self, number: int, size: Poly | None, high: Poly | None) -> int:
        if size is not None:
            self.size(size, number)
            for index in size.atoms & self.frame.checked.header.bounds.keys():
                _, high = self.frame.checked.header.bounds[index]
        known = high is not None and high.atoms <= self.frame.sizes.keys()
        if high is not None and known and not 1 <= number <= self.frame.size(high):
            raise self.error(f"is {number}, outside 1 … {self.frame.size(high)} ({high})")
        if number < 0:
            raise self.error(f"is {number}, want a natural number")
        return number

    def family(self, value: Value, type: Family) -> dict[int, Value]:
        if not isinstance(value, Iterable):
            raise self.unlike(value, type)
        members = value if isinstance(value, dict) else dict(enumerate(value, 1))
        self.size(type.count, len(members))
        fitted = {}
        for index, member in members.items():
            fitting = replace(self, subject=f"{self.subject}, member {index},")
            fitted[index] = fitting.fit(member, type.member, (index,))
        return fitted

    def bundle(
        self, value: Value, algorithm: str, sizes: tuple[tuple[Atom, Poly], ...]
    ) -> Parameters:
        if not isinstance(value, Parameters) or value.algorithm != algorithm:
            raise self.unlike(value, f"parameters of Algorithm {algorithm}")
        fitted = value if value.sizes is not None else self.fields(value)
        assert fitted.sizes is not None, "`fields` has found them"
        for atom in types.N_V.atoms & fitted.sizes.keys():
            self.size(types.N_V, fitted.sizes[atom])
        for inner, size in sizes:
            if inner in fitted.sizes:  # without layers, nothing shows the number of heads
                self.size(size, fitted.sizes[inner])
        header, own = self.frame.checked.header, Bundle(algorithm, sizes)
        if header.bundle is not None and header.variables[header.bundle] == own:
            self.frame.variables.update(fitted.fields)
        return fitted

    def fields(self, value: Parameters) -> Parameters:
        checked = self.binder.algorithms[value.algorithm]
        declared = checked.header.fields
        if missing := [str(key) for key in declared if key not in value.fields]:
            raise self.error(f"has no {missing[0]}")
        frame, fitted = Frame(checked), {}
        for key in sorted(declared, key=lambda key: is_product(declared[key])):
            fitting = replace(self, frame=frame, subject=f"{self.subject}, {key}")
            fitted[key] = fitting.fit(value.fields[key], declared[key])
        return Parameters(value.algorithm, {key: fitted[key] for key in declared}, frame.sizes)


def _is_late(argument: tuple[tuple[Key, Type], Value]) -> tuple[bool, bool]:
    (_, type), value = argument
    return callable(value), isinstance(type, Whole | Tokens | Family) or is_product(type)
