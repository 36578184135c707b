"""The error of somebody who asks for what cannot be done, or has written what cannot be read."""


class UsageError(ValueError):
    """What was asked cannot be done: a word, a text or a table is wrong, and not the program.

    The message is one line, which says why, and what could be asked instead, such as
    `there is no preset gpt2-tiny; there are gpt2-small, gpt2-medium, gpt2-large, gpt2-xl`.
    """
