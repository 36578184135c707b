"""The exit statuses of the command `formal-transformers`."""

from enum import IntEnum


class ExitStatus(IntEnum):
    """What a command says by its exit status."""

    HOLDS = 0  # what was asked about holds: the function is right, everything is proved
    FAILS = 1  # it does not hold: the function is wrong, or a proof is missing
    NO_ANSWER = 2  # the question makes no sense, or does not fit the function
    UNFINISHED = 3  # the time was over, or the answer could not be written, before its end
    INTERRUPTED = 130  # Ctrl-C; as a shell reports a command that this signal has ended
    UNREAD = 141  # the reader of a pipe has gone: likewise
