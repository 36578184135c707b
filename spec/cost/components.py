"""The sizes of a model's components: of Algorithm 4, say, where GPT-2 calls it.

A preset has the sizes of a whole model. The algorithms whose sizes these are, and no others beside
lengths, are that model: with a cache or without, and its gradient. What they call are its
components, with the sizes that the call says; and so on down.
"""

from collections.abc import Iterator, Mapping

from spec.cost.counts import of_equal_lengths, value
from spec.language.checked import Checked
from spec.language.polynomials import Poly
from spec.language.tree import walk
from spec.language.types import N_V, Bundle, Family, Matrix, Tokens, Type, sizes_of

Sizes = dict[str, int]

_LONGEST = "ℓ_max"

#: What tells no algorithm from another: computed positions do without the one, and the other is
#: never said.
_EVERYWHERE = {_LONGEST, str(N_V)}


def components(
    algorithms: Mapping[str, Checked], sizes: Mapping[str, int]
) -> Mapping[str, Mapping[str, int]]:
    """Return the sizes of a model and of each of its components, by the algorithm's id.

    Where an algorithm is called with several sizes, they are those of the first call. Lengths that
    the sizes of the model leave open are open in its components, too.
    """
    found: dict[str, Sizes] = {}
    models = [checked for checked in algorithms.values() if is_whole(checked, sizes)]
    for checked in models:
        own = {**sizes}
        for name in lengths(checked):
            if name.startswith("length(") and _LONGEST in sizes:
                own.setdefault(name, sizes[_LONGEST])
        found.setdefault(checked.id, own)
    waiting = [checked.id for checked in models]
    while waiting:
        id = waiting.pop(0)
        for callee, own in _called(algorithms[id], found[id]):
            if callee not in found:
                found[callee] = own
                waiting.append(callee)
    return found


def is_whole(checked: Checked, sizes: Mapping[str, int]) -> bool:
    """Say whether an algorithm has the sizes of a model, each of them and no other but lengths."""
    named = {name for name in sizes if not name.startswith("length(")}
    own = size_names(checked) - {*lengths(checked)}
    return own - _EVERYWHERE == named - _EVERYWHERE


def size_names(checked: Checked) -> set[str]:
    """Return the names of the sizes of all arrays that are given, without those that follow."""
    header = checked.header
    arrays = (type for type in header.hyperparameters.values() if isinstance(type, Matrix))
    types = (*header.fields.values(), *(type for _, type in header.inputs), *arrays)
    atoms = {atom for type in types for atom in sizes_of(type) if atom.kind == "size"}
    return {atom.name for atom in atoms} - {atom.name for atom in header.equal}


def lengths(checked: Checked) -> tuple[str, ...]:
    """Return the sizes that are lengths: of sequences of tokens or of columns that are inputs."""
    found: dict[str, None] = {}
    for _, type in checked.header.inputs:
        if isinstance(type, Bundle):
            continue
        for length in _lengths_of(type):
            if (atom := of_equal_lengths(length).atom) is not None:
                found[atom.name] = None
    return tuple(found)


def _lengths_of(type: Type) -> Iterator[Poly]:
    match type:
        case Tokens(length):
            yield length
        case Matrix(_, columns):
            yield columns
        case Family(_, count, Matrix(_, columns)) if columns == 1:
            yield count  # columns, one by one
        case Family(_, _, member):
            yield from _lengths_of(member)


def _called(checked: Checked, sizes: Mapping[str, int]) -> Iterator[tuple[str, Sizes]]:
    """Yield the algorithms that one calls, each with those of its sizes that are known."""
    typing = checked.typing
    for line in checked.program.lines:
        for node in walk(line.statement):
            if node in typing.callees:
                said = {
                    atom.name: of_equal_lengths(size) for atom, size in typing.calls[node].items()
                }
                known = {
                    name: value(size, sizes)
                    for name, size in said.items()
                    if all(atom.name in sizes for atom in size.atoms)
                }
                if (vocabulary := str(N_V)) in sizes:  # which all algorithms share
                    known.setdefault(vocabulary, sizes[vocabulary])
                yield typing.callees[node], known
