"""The command `formal-transformers`: it answers, or says in one line why it cannot.

Its exit status is 0 if what was asked about holds (everything is proved as declared, the function
is right), 1 if it does not, 2 if there is no answer, since the question makes no sense or does not
fit, and 3 if the answer is not finished, since the time was over or the disk is full. It is 130
after Ctrl-C, and 141 if nobody reads the answer to its end: so a shell reports commands that these
signals have ended.
"""

from collections.abc import Sequence

from spec.exit_status import ExitStatus
from spec.terminal import streams
from spec.usage_error import UsageError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with some arguments, or those of the process, and return its exit status."""
    try:
        from spec.terminal.subcommands import answer  # here, since Ctrl-C may come while it loads

        text, status = answer(arguments)
        return streams.write(text) or status
    except UsageError as error:
        streams.say(" ".join(str(error).split()))
        return ExitStatus.NO_ANSWER
    except KeyboardInterrupt:
        streams.say("interrupted")
        return ExitStatus.INTERRUPTED
    except Exception:
        import traceback

        streams.say(traceback.format_exc())  # a fault of ours, but Python's status would be 1
        return ExitStatus.NO_ANSWER
