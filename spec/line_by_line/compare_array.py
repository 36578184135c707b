"""An array of the code beside what it should hold."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from spec.expected.rounding_bounds import distances, distinct_digits, gamma, spacing
from spec.inputs.array_conversion import to_numpy
from spec.line_by_line.array_axes import (
    Misfit,
    SpecArray,
    aligned,
    read,
    shown,
    stacked,
)
from spec.machine import Value


@dataclass(frozen=True)
class ArrayComparison:
    """An array of the code; and for each run of the batch what it should hold at each visit."""

    subject: str
    value: Any
    runs: Sequence[Sequence[Value]]
    depths: Sequence[Value]

    @cached_property
    def code(self) -> npt.NDArray[Any] | None:
        """The array as NumPy's; None if the value is not an array of numbers."""
        return to_numpy(self.value)

    @cached_property
    def own(self) -> tuple[int, ...]:
        """The shape of one visit."""
        shape: tuple[int, ...] = SpecArray.of(self.runs[0][0]).entries.shape
        return shape

    @property
    def first(self) -> bool:
        """Whether visits stand along a first axis: matrices do, and parameters, those of heads."""
        return "." in self.subject

    @property
    def unfitting(self) -> str:
        """What shape it has, and what shape one visit has."""
        if self.code is None:
            return f"{self.subject} is {shown(self.value)}; one visit has shape {self.own}"
        return f"{self.subject} has shape {self.code.shape}; one visit has {self.own}"

    def read(self, batch: tuple[int, ...], *, loose: bool) -> tuple[int, int]:
        """Return how many axes are of the batch, and how many visits there are."""
        found = None
        if self.code is not None:
            found = read(self.code.shape, self.own, batch, loose=loose, first=self.first)
        if found is None:
            raise Misfit(self.unfitting)
        return found

    def compare(
        self, batch: tuple[int, ...], axes: int, scale: float, precision: Any
    ) -> tuple[float, float, float, int] | None:
        """Return the largest error and what it is measured by; None for what is exact.

        Raises
        ------
        Misfit
            If an entry differs.
        """
        layouts = [[SpecArray.of(one) for one in run] for run in self.runs]
        runs = [stacked([one.entries for one in run], first=self.first) for run in layouts]
        exact = np.stack(runs) if batch else runs[0]
        wanted = exact.astype(float)  # each entry the double nearest to it
        assert self.code is not None, "it has been read"
        code = aligned(self.code, self.own, batch, axes, len(self.depths), first=self.first)
        if layouts[0][0].exact:
            self.refuse(code, wanted, code != wanted, batch, axes)
            return None
        depths = (SpecArray.of(one).entries.ravel().tolist() for one in self.depths)
        depth = max((getattr(entry, "depth", 0) for entry in itertools.chain(*depths)), default=0)
        bound = gamma(depth, precision) * scale
        errors = distances(code, exact)
        self.refuse(code, wanted, ~(errors <= bound), batch, axes)
        return float(errors.max(initial=0)), bound, spacing(wanted, precision), depth

    def refuse(
        self,
        code: npt.NDArray[Any],
        wanted: npt.NDArray[Any],
        wrong: npt.NDArray[np.bool_],
        batch: tuple[int, ...],
        axes: int,
    ) -> None:
        """Tell the first entry that is wrong, if one is."""
        if not wrong.any():
            return
        place = tuple(int(axis[0]) for axis in np.nonzero(wrong))
        shown = list(place)
        if (
            self.code is not None and self.code.shape[axes:] == self.own
        ):  # it is one visit, and has no axis for several
            del shown[len(batch) if self.first or len(self.own) == 2 else -1]
        del shown[: len(batch) - axes]
        at = f", at {shown}" if shown else ""
        many = f"; {wrong.sum()} of {wrong.size} differ" if wrong.size > 1 else ""
        is_, has = distinct_digits(float(code[place]), float(wanted[place]))
        raise Misfit(f"{self.subject} is {is_} where the pseudocode has {has}{at}{many}")
