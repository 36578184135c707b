"""One base for every error that says: what was asked cannot be done."""


class UsageError(ValueError):
    """What was asked cannot be done; the message is one line that says why, and what can be."""
