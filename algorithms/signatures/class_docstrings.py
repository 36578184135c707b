"""Docstrings of θ's parts, with the shapes of their fields."""

from __future__ import annotations

from typing import Any, TypeVar

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
        from algorithms.signatures.field_types import (
            fields_in_words,
        )

        heading = ("", "Parameters", "----------")
        return "\n".join(
            (self.summary, *heading, *fields_in_words(cls))
        )
