"""The floating-point formats in which a function may compute."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Format:
    """A floating-point format, by its name in NumPy, torch and JAX: `float32`."""

    name: str
    dtype: np.dtype[Any]  # for bfloat16, that of `ml_dtypes`

    @property
    def unit_roundoff(self) -> float:
        """Half the distance from 1 to the next number of the format."""
        limits: Any = ml_dtypes.finfo  # it has no annotations
        return float(limits(self.dtype).eps) / 2

    def rounded(self, values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Return the nearest numbers of the format, as float64, which has all of them."""
        return values.astype(self.dtype).astype(np.float64)


#: The formats that transformers are trained and run in; results in any other are refused.
FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        dtype.name: Format(dtype.name, dtype)
        for dtype in map(np.dtype, (np.float64, np.float32, np.float16, ml_dtypes.bfloat16))
    }
)
