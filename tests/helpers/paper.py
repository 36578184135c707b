"""Which algorithms are the paper's, and which do what, by their lines and declarations."""

from __future__ import annotations

from spec.language import tree
from spec.language.types import Whole
from spec.library import checked, paper


def _with(*kinds: type[tree.Node]) -> frozenset[str]:
    """The ids of the algorithms in whose lines such a node stands."""
    return frozenset(
        id
        for id, algorithm in checked().items()
        for line in algorithm.program.lines
        if any(isinstance(node, kinds) for node in tree.walk(line.statement))
    )


def _called_by(id: str) -> set[str]:
    """The ids of the algorithms that one calls, and of those that these call."""
    called = {callee for _, callee in checked()[id].typing.callees.items()}
    return called.union(*map(_called_by, called))


#: The fifteen algorithms of the paper, which a test may know one by one.
PAPER = paper()
#: Those that make random decisions, by themselves or by what they call.
DRAWING = _with(tree.Sample, tree.Choose)
RANDOM = frozenset(id for id in checked() if DRAWING & {id, *_called_by(id)})
#: Seeds found by search, besides the usual ones: with these only the last keys count, the token of
#: a draft does not stay, stays by chance, is the first one, α is far from 1/2, noise draws another
#: token than the likeliest, a text that ends is the best, or has no fewer than B before it, and a
#: distance is the first of a shared column.
SEEDS = {
    "C7": (25,),
    "R7": (0, 1, 2, 11),
    "S2": (4,),
    "S3": (5,),
    "S4": (4,),
    "S6": (1, 7, 10, 25),
    "S7": (5, 10),
}
#: Those that take the gradient of a loss.
TRAINING = _with(tree.Gradient)
#: Those whose loop ends when a token is drawn.
ENDING = _with(tree.While)
#: Attention with heads: it mixes what its heads give.
HEADS = frozenset(
    id for id, one in checked().items() if any(str(key) == "W_o" for key in one.header.variables)
)
#: Those that call attention with heads, directly or not: blocks of transformers and whole ones.
MODELS = frozenset(id for id in checked() if HEADS & _called_by(id))
#: Those that take a mask.
MASKED = frozenset(
    id for id, one in checked().items() if "Mask" in map(str, one.header.hyperparameters)
)
#: Those whose only input is a token or a position.
INDEXED = frozenset(
    id
    for id, one in checked().items()
    if all(isinstance(type, Whole) for _, type in one.header.inputs)
)
