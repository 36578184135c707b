"""Are annotations read, whatever a module imports for type checkers alone?"""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from spec.calling.python_signature import annotations_of, as_annotated
from spec.inputs.adapter_error import AdapterError
from spec.inputs.python_form import record

MODULE = """
from __future__ import annotations
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar
if TYPE_CHECKING:
    import jaxtyping as jt
    from jaxtyping import Float, Integer
A = TypeVar("A")
class Head(NamedTuple, Generic[A]):
    W_q: Float[A, "d_attn d_x"]
    b_q: jt.Float[A, " d_attn"]
class Parameters(NamedTuple, Generic[A]):
    heads: tuple[Head[A], ...]
    W_e: Float[A, "d_e N_V"] | None
def function(x: Integer[A, " ell"], theta: Parameters[A], *, eps: float = 0.0) -> Float[A, ""]:
    return x
"""


@pytest.fixture
def module(monkeypatch):
    module = ModuleType("theirs")
    monkeypatch.setitem(sys.modules, "theirs", module)
    exec(compile(MODULE, "theirs", "exec"), module.__dict__)
    return module


def test_names_that_only_type_checkers_know_hide_no_others(module):
    types = annotations_of(module.function)
    assert types.keys() == {"x", "theta", "eps", "return"}
    assert types["theta"] == module.Parameters[module.A]
    assert types["eps"] is float


def test_records_become_the_named_tuples_of_annotations_at_every_depth(module):
    theta = record("theta", {"heads": (record("W", {"b_q": 1, "W_q": 2}),), "W_e": 3})
    found = as_annotated(theta, annotations_of(module.function)["theta"])
    assert found == module.Parameters((module.Head(2, 1),), 3)
    assert type(found.heads[0]) is module.Head
    with pytest.raises(AdapterError, match="Head has a field W_q; there are b_q"):
        as_annotated(record("W", {"b_q": 1}), module.Head)


def test_a_record_without_an_annotation_becomes_the_named_tuple_of_a_module(module):
    theta = record("Head", {"W_q": 1, "b_q": 2})
    assert type(as_annotated(theta, None)) is module.Head
    assert type(as_annotated(theta, object)) is module.Head
    for other in (record("Head", {"b_q": 1, "W_q": 2}), record("Heads", {"W_q": 1, "b_q": 2})):
        assert as_annotated(other, None) is other


def test_of_two_named_tuples_of_one_name_none_is_meant(module, monkeypatch):
    another = ModuleType("another")
    exec(compile(MODULE, "another", "exec"), another.__dict__)
    monkeypatch.setitem(sys.modules, "another", another)
    theta = record("Head", {"W_q": 1, "b_q": 2})
    assert as_annotated(theta, None) is theta


def test_an_annotation_that_raises_hides_all():
    def function(x: 1 / 0, y: int):
        return x

    assert annotations_of(function) == {}
