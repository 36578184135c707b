"""Names that somebody types: in any case, with any signs between words, and almost right."""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches


def spelled(name: str) -> str:
    """Return the letters and digits of a name, all of them small.

    A ∇ is spelled out, as a shell has no key for it.

    >>> spelled("Layer-Norm") == spelled("layer_norm") == "layernorm"
    True
    >>> spelled("∇4") == spelled("grad 4") == "grad4"
    True
    """
    return re.sub(r"[\W_]", "", name.replace("∇", "grad")).casefold()


def ascii_id(id: str) -> str:
    """Return an id as it is written in the names of files.

    >>> ascii_id("∇4"), ascii_id("N1")
    ('grad4', 'N1')
    """
    return id.replace("∇", "grad")


def did_you_mean(name: str, known: Mapping[str, str]) -> str:
    """Return a question that names what is spelled almost alike, empty if nothing is.

    `known` says for each name how it is written in the question.

    >>> did_you_mean("atention", {"Attention": "Attention (4)", "layer_norm": "layer_norm (6)"})
    'did you mean Attention (4)?'
    """
    by_spelling = {spelled(each): written for each, written in known.items()}
    near = get_close_matches(spelled(name), by_spelling)
    return question([by_spelling[spelling] for spelling in near])


def question(names: Sequence[str]) -> str:
    """Ask which of some names is meant; empty if there are none.

    >>> question("abc")
    'did you mean a, b or c?'
    """
    if not names:
        return ""
    *others, last = names
    return f"did you mean {', '.join(others)} or {last}?" if others else f"did you mean {last}?"
