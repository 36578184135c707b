"""The fields of a class of parameters, in words."""

from __future__ import annotations

from algorithms.signatures.annotations import (
    ArrayOf,
    Declaration,
    Items,
    Optional,
    Record,
    read,
)


def fields_in_words(cls: type) -> list[str]:
    """`W_q : float, (*batch, d_attn, d_x)`, of each field."""
    record = read(cls)
    assert isinstance(record, Record)
    return [
        f"{name} : {field_type(field)}"
        for name, field in record.fields.items()
    ]


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
