"""Sizes for an algorithm: those of a published model, and others by name.

gpt2-small          as spec/cost/presets.toml has it, each sequence as long as it may be
gpt2-small ell=16   the same, and 16 tokens
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from spec import symbols
from spec.language.checked import Checked
from spec.language.polynomials import Atom
from spec.language.types import Whole


class SizesError(ValueError):
    """Sizes that an algorithm has not, or cannot have."""


@cache
def presets() -> Mapping[str, Mapping[str, int]]:
    """Return the sizes of published models, by the model's name and their own."""
    text = files("spec.cost").joinpath("presets.toml").read_text(encoding="utf-8")
    return MappingProxyType(tomllib.loads(unicodedata.normalize("NFC", text)))


def sizes(checked: Checked, names: Iterable[str], words: Sequence[str]) -> dict[str, int]:
    """Return a value for each of some sizes of an algorithm.

    Parameters
    ----------
    names
        The sizes that are wanted.
    words
        The name of a preset, or none, then any number of `NAME=VALUE`. A name is the paper's,
        or what Python calls it, or that of a variable which is set to the size: `ℓ_max`,
        `ell_max`; `length(x)`, or `ell` in Algorithm 10.

    Raises
    ------
    SizesError
        At a preset or a name that there is not, at a value that is no size, if a size has no
        value, and if the values do not fulfil what the algorithm requires.
    """
    words = [unicodedata.normalize("NFC", word) for word in words]
    wanted = tuple(names)
    found: dict[str, int] = {}
    if words and "=" not in words[0]:
        preset = words.pop(0)
        if preset not in presets():
            raise SizesError(f"no preset {preset}; there are {', '.join(presets())}")
        found = {name: size for name, size in presets()[preset].items() if name in wanted}
    called = dict(_called(checked, wanted))
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise SizesError(f"{word} is neither NAME=VALUE nor stands first, as a preset does")
        if name.strip() not in called:
            have = ", ".join(wanted)
            raise SizesError(f"Algorithm {checked.id} has no size {name}; it has {have}")
        found[called[name.strip()]] = _size(name, value)
    for name in wanted:
        if name.startswith("length(") and "ℓ_max" in found:
            found.setdefault(name, found["ℓ_max"])
    if missing := [name for name in wanted if name not in found]:
        raise SizesError(f"Algorithm {checked.id} also needs {', '.join(missing)}")
    _fulfil(checked, found)
    return {name: found[name] for name in wanted}


def _called(checked: Checked, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield what the sizes may be called, each with its name; the name itself comes last."""
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


def _size(name: str, value: str) -> int:
    digits = value.strip().replace("_", "").replace(",", "")
    if not digits.isdecimal() or int(digits) < 1:
        raise SizesError(f"{name}={value}: a size is a whole number, 1 or more")
    return int(digits)


def _fulfil(checked: Checked, found: Mapping[str, int]) -> None:
    for requirement in checked.header.requirements:
        atoms = requirement.excess.atoms
        known: dict[Atom, int] = {atom: found[atom.name] for atom in atoms if atom.name in found}
        if len(known) == len(atoms) and requirement.excess.value(known) < 0:
            at = ", ".join(sorted({f"{atom.name} = {found[atom.name]}" for atom in atoms}))
            raise SizesError(f"Algorithm {checked.id} requires {requirement.text}; here {at}")
