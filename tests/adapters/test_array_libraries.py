"""Do arrays come back from each library as they went in?"""

from __future__ import annotations

import sys

import numpy as np
import pytest

from spec.adapters.array_libraries import LIBRARIES, computing, converted, imported
from spec.inputs.adapter_error import AdapterError
from spec.inputs.array_conversion import to_numpy
from spec.inputs.formats import FORMATS


def test_a_library_that_is_not_there(monkeypatch):
    with pytest.raises(AdapterError, match="there is no library cupy; there are numpy, torch, jax"):
        imported("cupy")
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(AdapterError, match="jax is not installed"):
        imported("jax")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("library", LIBRARIES)
def test_arrays_there_and_back(library, format):
    array = np.arange(6).reshape(2, 3).astype(format).T
    with computing(library, format):
        (there,) = converted(library, (array,))
        assert str(there.dtype).endswith(format)
        back = to_numpy(there)
    assert back.dtype == array.dtype
    assert np.array_equal(back, array)


def test_what_is_not_an_array_of_numbers():
    assert [to_numpy(value) for value in ("text", (1, "a"), None)] == [None] * 3
