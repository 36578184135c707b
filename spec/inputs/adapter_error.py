"""Errors of adapters, and of functions that change their arguments."""

from spec.usage_error import UsageError


class AdapterError(UsageError):
    """An adapter does not fit a function; the message names the argument and its shape."""


class UnknownArgumentError(AdapterError, AttributeError):
    """An adapter asks for an argument that the algorithm does not have."""


class ChangedArgumentError(ValueError):
    """A function has changed one of its arguments; the message is the argument's name."""
