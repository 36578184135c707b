"""Sizes for an algorithm: those of a published model, or given by name.

gpt2-small           the sizes in spec/cost/presets.toml, and sequences of the greatest length
gpt2-small ell=16    the same with sequences of 16 tokens
ell=16 ell_z=3 d=2   every length 16 but one, and a size

Of a component, such as attention, the sizes of a model are those with which the model calls it.
"""

import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from math import prod
from types import MappingProxyType

from spec import symbols
from spec.cost.components import components, is_whole, lengths
from spec.cost.counts import value
from spec.language.checked import Checked
from spec.language.types import Whole
from spec.usage_error import UsageError

#: The sizes of models and of their components, by preset and by algorithm.
Models = Mapping[str, Mapping[str, Mapping[str, int]]]

_EVERY_LENGTH = ("ℓ", "ell")


class MissingSizes(UsageError):
    """Sizes that need a value and have none; `names` are those."""

    def __init__(self, id: str, names: Sequence[str]) -> None:
        super().__init__(f"Algorithm {id} also needs {', '.join(names)}")
        self.names = names


@cache
def presets() -> Mapping[str, Mapping[str, int]]:
    """Return the sizes of published models, by the name of the model, then of the size."""
    text = files("spec.cost").joinpath("presets.toml").read_text(encoding="utf-8")
    return MappingProxyType(tomllib.loads(unicodedata.normalize("NFC", text)))


def sizes(
    algorithms: Mapping[str, Checked],
    id: str,
    names: Iterable[str],
    words: Sequence[str],
    models: Models | None = None,
) -> dict[str, int]:
    """Return a value for each of some sizes of an algorithm.

    Parameters
    ----------
    algorithms, id, names
        All algorithms, which one is meant, and the names of its sizes that need a value.
    words
        The name of a preset, if there is one, then any number of `NAME=VALUE`. A name is the
        paper's or Python's, `ℓ_max` or `ell_max`; for `length(x)` it may also be that of a
        variable which is set to it, `ell` in Algorithm 10. Where nothing else is called `ell`, it
        is every length that has no value of its own.
    models
        What `of_models` returns, if it is there: they take longer than all else.

    Raises
    ------
    UsageError
        At an unknown preset or name; at a value that is not a size; if the values do not fulfil
        the requirements of the algorithm.
    MissingSizes
        If sizes have no value.
    """
    checked, names = algorithms[id], tuple(names)
    words = [unicodedata.normalize("NFC", word) for word in words]
    values: dict[str, int] = {}
    if words and "=" not in words[0]:
        values = _of_preset(algorithms, id, words.pop(0), models)
    own: dict[str, int] = {}
    names_of_sizes = dict(_synonyms(checked, (*names, *lengths(checked), *values)))
    for word in words:
        name, equals, number = (part.strip() for part in word.partition("="))
        if not equals:
            raise UsageError(f"{word} is neither NAME=VALUE nor stands first, as a preset does")
        if name in names_of_sizes:
            own[names_of_sizes[name]] = _size(name, number)
        elif name in _EVERY_LENGTH and lengths(checked):
            values |= dict.fromkeys(lengths(checked), _size(name, number))
        else:
            sizes = ", ".join(names)
            raise UsageError(f"Algorithm {checked.id} has no size {name}; it has {sizes}")
    values |= own
    for name in names:
        if name.startswith("length(") and "ℓ_max" in values:
            values.setdefault(name, values["ℓ_max"])
    values |= _of_blocks(checked, values)
    if missing := [name for name in names if name not in values]:
        raise MissingSizes(checked.id, missing)
    _fulfil(checked, values)
    return {name: values[name] for name in names}


def of_models(algorithms: Mapping[str, Checked]) -> Models:
    """Return the sizes of each model and of its components, by preset and by algorithm."""
    return {preset: components(algorithms, values) for preset, values in presets().items()}


def fitting(models: Models, checked: Checked, names: Iterable[str]) -> tuple[str, ...]:
    """Return the presets that an algorithm is made for.

    They are those of the models, as `of_models` returns them, of which it is a component; else
    those whose sizes are all sizes of it, as of one that trains a model, and of these the ones that
    say most; else those that have all its sizes, apart from lengths.
    """
    needs = {*names} - {*lengths(checked)}
    if not needs:
        return ()
    if called := tuple(preset for preset, those in models.items() if checked.id in those):
        return called
    named = {
        preset: {name for name in values if not name.startswith("length(")}
        for preset, values in presets().items()
    }
    within = {preset: len(own) for preset, own in named.items() if own <= needs}
    if within:
        most = max(within.values())
        return tuple(preset for preset, count in within.items() if count == most)
    return tuple(preset for preset, own in named.items() if needs <= own)


def _of_preset(
    algorithms: Mapping[str, Checked], id: str, preset: str, models: Models | None
) -> dict[str, int]:
    """Return the sizes of a preset: its own, or of a component those with which it is called."""
    if preset not in presets():
        raise UsageError(f"there is no preset {preset}; there are {', '.join(presets())}")
    values = presets()[preset]
    if is_whole(algorithms[id], values):
        return {**values}
    parts = components(algorithms, values) if models is None else models[preset]
    return {**parts.get(id, values)}


def _of_blocks(checked: Checked, values: Mapping[str, int]) -> dict[str, int]:
    """Return how many blocks there are, N_B, where a length is required to be theirs: B N_B."""
    found = {}
    for length, size in checked.header.equal.items():
        for factors, times in size.terms.items():
            unknown = [atom.name for atom in factors if atom.name not in values]
            if length.name in values and len(size.terms) == len(unknown) == times == 1:
                known = prod(values[atom.name] for atom in factors if atom.name in values)
                blocks, rest = divmod(values[length.name], known)
                if rest:
                    raise UsageError(
                        f"{length} = {size}; here {length} = {values[length.name]} is no multiple "
                        f"of {known}"
                    )
                found[unknown.pop()] = blocks
    return found


def _synonyms(checked: Checked, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each name that a size may be given by, with its own name; that pair comes last."""
    glyphs = [(name, name) for name in names]
    for types in checked.typing.after.values():
        for variable, type in types.items():
            atom = type.value.atom if isinstance(type, Whole) and type.value is not None else None
            if atom is not None and atom.name in names:
                glyphs.insert(0, (str(variable), atom.name))
    for glyph, name in glyphs:
        symbol = symbols.table().get(glyph)
        if symbol is not None and symbol.ascii is not None:
            yield symbol.ascii, name
        yield glyph, name


def _size(name: str, number: str) -> int:
    digits = number.strip().replace("_", "").replace(",", "")
    if not digits.isdecimal() or int(digits) < 1:
        raise UsageError(f"{name}={number}: a size is a whole number, 1 or more")
    return int(digits)


def _fulfil(checked: Checked, values: Mapping[str, int]) -> None:
    for requirement in checked.header.requirements:
        atoms = requirement.excess.atoms
        if not {atom.name for atom in atoms} <= values.keys():
            continue
        if value(requirement.excess, values) < 0:
            here = ", ".join(sorted({f"{atom.name} = {values[atom.name]}" for atom in atoms}))
            raise UsageError(f"Algorithm {checked.id} requires {requirement.text}; here {here}")
