"""Sizes for an algorithm: those of a published model, or given by name.

gpt2-small          the sizes in spec/cost/presets.toml, and sequences of the greatest length
gpt2-small ell=16   the same with a sequence of 16 tokens
"""

import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from spec import symbols
from spec.cost.counts import value
from spec.language.checked import Checked
from spec.language.types import Whole
from spec.usage_error import UsageError


@cache
def presets() -> Mapping[str, Mapping[str, int]]:
    """Return the sizes of published models, by the name of the model, then of the size."""
    text = files("spec.cost").joinpath("presets.toml").read_text(encoding="utf-8")
    return MappingProxyType(tomllib.loads(unicodedata.normalize("NFC", text)))


def sizes(checked: Checked, names: Iterable[str], words: Sequence[str]) -> dict[str, int]:
    """Return a value for each of some sizes of an algorithm.

    Parameters
    ----------
    checked, names
        The algorithm, and the names of its sizes that need a value.
    words
        The name of a preset, if there is one, then any number of `NAME=VALUE`. A name is the
        paper's or Python's, `ℓ_max` or `ell_max`; for `length(x)` it may also be that of a
        variable which is set to it, `ell` in Algorithm 10.

    Raises
    ------
    UsageError
        At an unknown preset or name; at a value that is not a size; if a size has no value; if
        the values do not fulfil the requirements of the algorithm.
    """
    words = [unicodedata.normalize("NFC", word) for word in words]
    names = tuple(names)
    values: dict[str, int] = {}
    if words and "=" not in words[0]:
        preset = words.pop(0)
        if preset not in presets():
            raise UsageError(f"there is no preset {preset}; there are {', '.join(presets())}")
        values = {name: size for name, size in presets()[preset].items() if name in names}
    names_of_sizes = dict(_synonyms(checked, names))
    for word in words:
        name, equals, number = word.partition("=")
        if not equals:
            raise UsageError(f"{word} is neither NAME=VALUE nor stands first, as a preset does")
        if name.strip() not in names_of_sizes:
            sizes = ", ".join(names)
            raise UsageError(f"Algorithm {checked.id} has no size {name}; it has {sizes}")
        values[names_of_sizes[name.strip()]] = _size(name, number)
    for name in names:
        if name.startswith("length(") and "ℓ_max" in values:
            values.setdefault(name, values["ℓ_max"])
    if missing := [name for name in names if name not in values]:
        raise UsageError(f"Algorithm {checked.id} also needs {', '.join(missing)}")
    _fulfil(checked, values)
    return {name: values[name] for name in names}


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
