"""Docstrings of θ's parts, with the shapes of their fields."""

from __future__ import annotations

from typing import Any, TypeVar

from algorithms.signatures.declarations import (
    ArrayOf,
    Declaration,
    Items,
    Optional,
    Record,
    read,
)

C = TypeVar("C", bound=type)


def document_fields(cls: C) -> C:
    """End the docstring of a class with its fields, as annotated.

    It is written when it is first read, by `help` say: to resolve
    annotations takes longer than to import the class.
    """
    docstring: Any = _Docstring(cls.__doc__ or "")
    cls.__doc__ = docstring
    return cls


class _Docstring:
    def __init__(self, summary: str) -> None:
        self.summary = summary

    def __get__(self, instance: object, cls: type) -> str:
        record = read(cls)
        assert isinstance(record, Record)
        fields = [
            f"{name} : {field_type(field)}"
            for name, field in record.fields.items()
        ]
        heading = ("", "Parameters", "----------")
        return "\n".join((self.summary, *heading, *fields))


def field_type(declaration: Declaration) -> str:
    """`float, (*batch, d_attn, d_x)`."""
    match declaration:
        case ArrayOf(batch, axes, kind):
            names = [batch.replace("#", "")] * bool(batch) + [*axes]
            shape = ", ".join(names) + "," * (len(names) == 1)
            return f"{kind}, ({shape})"
        case Record(cls, _, names):
            sizes = dict(names)
            heads = sizes.pop("batch", "")
            renamed = [f"{a} = {b}" for a, b in sizes.items()]
            if heads:
                renamed.append(f"leading axis {heads}")
            where = f" with {', '.join(renamed)}" * bool(renamed)
            return f"{cls.__name__}{where}"
        case Items(item, size):
            return f"{size} times {field_type(item)}"
    assert isinstance(declaration, Optional), "θ is made of arrays"
    return f"{field_type(declaration.value)}, or None"
