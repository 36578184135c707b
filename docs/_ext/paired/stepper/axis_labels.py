"""What stands at the rows and columns of a table: words for tokens, else places from 1."""

from collections.abc import Sequence

from spec.expected.trace import zero_based_names
from spec.language import types
from spec.language.polynomials import Poly
from spec.library import checked

from .recorded_run import RecordedRun

#: The vocabulary of a recorded run. A token without a word is a number.
WORDS = (
    *("time", "flies", "like", "an", "arrow", "fruit", "banana", "the", "moon", "sings"),
    *("to", "every", "old", "sea", "of", "stars", "now"),
)
#: The lengths of sequences of vectors, with the first word of those that stand for their tokens.
SEQUENCES = {"ℓ": 0, "ℓ_x": 0, "ℓ_z": 7, "T": 7}


class Labels:
    """The names of the tokens of a run, and of the axes that stand for tokens."""

    def __init__(self, run: RecordedRun) -> None:
        checked_text = checked()[run.id]
        header = checked_text.header
        self.zero_based = zero_based_names(checked_text)
        self._special: dict[int, str] = {}
        ((given,),) = run.inputs.runs
        kinds = {str(key): type for key, type in header.hyperparameters.items()}
        for name, value in given.hyperparameters.items():
            if kinds.get(name) == types.TOKEN:  # eos_token
                self._special[value] = name.removesuffix("_token")
        self._count = run.sizes.get("N_V", 0)
        self._sequences = {
            type.length: value
            for (_, type), value in zip(header.inputs, given.inputs, strict=True)
            if isinstance(type, types.Tokens)
        }

    def word(self, token: int) -> str:
        """Return the word of a token, counted from 1."""
        if token in self._special:
            return self._special[token]
        has_words = 0 < token <= len(WORDS) and self._count <= len(WORDS)
        return WORDS[token - 1] if has_words else str(token)

    def axis(self, size: Poly | None, count: int) -> Sequence[str]:
        """Return what stands along an axis of some size; nothing along one of length 1."""
        if count == 1:
            return ()
        if str(size) == "N_V":
            return [self.word(token) for token in range(1, count + 1)]
        tokens = self._sequences.get(size) if size is not None else None
        if tokens is not None and len(tokens) == count:
            return [self.word(token) for token in tokens]
        first = SEQUENCES.get(str(size), len(WORDS))
        words = WORDS[first : first + count]
        return words if len(words) == count else [str(place) for place in range(1, count + 1)]
