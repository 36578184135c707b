"""Standard output and standard error, also where they lead to a closed pipe or a full disk."""

import io
import os
import sys
from contextlib import suppress
from typing import TextIO

from spec.exit_status import ExitStatus


def write(text: str) -> ExitStatus:
    """Write a text to standard output, and return the exit status that this has: 0, 3 or 141.

    It is in UTF-8: the locale, or a pipe on Windows, may have no letter for ℓ.

    Whoever reads a pipe may stop when they have seen enough, as `head` does: this is not an error.
    Other commands, such as `diff`, are then ended by the signal SIGPIPE without a message, which a
    shell reports as 141. So is this one. Status 0 would say that what was not read is right.
    A disk that is full is not an answer either.
    """
    if sys.stdout is None:  # closed by whoever has started the command
        return ExitStatus.HOLDS
    try:
        _write(sys.stdout, text)
    except BrokenPipeError:
        _discard(sys.stdout)
        return ExitStatus.UNREAD
    except OSError as error:
        _discard(sys.stdout)
        say(f"not finished: cannot write to standard output: {error.strerror}")
        return ExitStatus.UNFINISHED
    return ExitStatus.HOLDS


def _write(stream: TextIO, text: str) -> None:
    stream.flush()
    if not hasattr(stream, "buffer"):  # it is not a file
        stream.write(text)
        return
    data = text.encode("utf-8", "surrogateescape")  # names of files may be no text
    while data:  # without a buffer (PYTHONUNBUFFERED) a stream of text would lose what is left
        data = data[stream.buffer.write(data) :]
    stream.flush()


def say(message: str) -> None:
    """Write a message to standard error; where that is impossible, the exit status has to do."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(f"formal-transformers: {message}\n")
        sys.stderr.flush()
    except OSError:
        _discard(sys.stderr)


def _discard(stream: TextIO) -> None:
    """Let a stream lead to nowhere, since Python tries again to write what is left when it ends.

    See https://docs.python.org/3/library/signal.html#note-on-sigpipe.
    """
    with suppress(io.UnsupportedOperation):  # it is not a file
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
