"""A call of one function, with what its signature declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

from algorithms.signatures.annotations import declared
from algorithms.signatures.check import Check
from algorithms.signatures.errors import ShapeError
from algorithms.signatures.rows_for_columns import advised


class CheckedCall:
    """Accepts arguments that fit a function, and refuses others.

    What the function declares is read once, for all of its calls.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        requires: tuple[str, ...],
    ) -> None:
        self.name = function.__name__
        self.bind = signature(function).bind
        self.declared = declared(function)
        self.requires = requires

    def accept(
        self, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Callable[[Any], Any]:
        """Check arguments. What is returned does so of a result.

        The call itself is left to who asks: a warning within it
        says where it was called.
        """
        check = Check(self.name)
        try:
            arguments = self.bind(*args, **kwargs).arguments
        except TypeError as error:  # it names no function
            check.refuse(TypeError, str(error))
        declarations = self.declared.arguments
        try:
            check.arguments(declarations, arguments)
        except ShapeError as error:
            raise advised(error, declarations, arguments) from None
        check.rules(self.requires)

        def checked(result: Any) -> Any:
            check.result(self.declared.result, result)
            return result

        return checked
