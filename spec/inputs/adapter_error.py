"""Errors of adapters, and of functions that raise or that change their arguments."""

from collections.abc import Mapping
from typing import Any

from spec.usage_error import UsageError


class AdapterError(UsageError):
    """An adapter does not fit a function; the message names the argument and its shape."""


class UnknownArgumentError(AdapterError, AttributeError):
    """An adapter asks for an argument that the algorithm does not have."""


class FailedCallError(Exception):
    """A function has raised the cause of this error, when it was passed some arguments by name."""

    def __init__(self, passed: Mapping[str, Any]) -> None:
        super().__init__()
        self.passed = passed


class ChangedArgumentError(ValueError):
    """A function has changed one of its arguments; the message is the argument's name."""
