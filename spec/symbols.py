"""The symbols of the specification: what each means, and its name in Python.

They stand in `symbols.toml`, except two kinds, which need no row. The functions that the headings
of the texts name: `Attention` means "Algorithm 4", and `∇Attention`, in Python
`Attention_pullback`, "Algorithm ∇4". And cotangents: `W̄_q`, in Python `W_q_bar`, is that of `W_q`.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from spec.library import algorithms
from spec.usage_error import UsageError

MACRON = "\u0304"


class UnknownSymbol(UsageError, LookupError):
    """A glyph that is neither in `symbols.toml` nor the name of an algorithm."""


@dataclass(frozen=True)
class Symbol:
    """A symbol; `index` is the script that is an index, if one is: `l` of `W^l_mlp1`."""

    glyph: str
    ascii: str | None
    kind: str
    meaning: str
    index: str | None = None

    @property
    def stem(self) -> str:
        """The glyph without its index: `W_mlp1` for `W^l_mlp1`."""
        if self.index is None:
            return self.glyph
        before, _, after = self._split(self.index)
        return before + after

    def has_member(self, glyph: str) -> bool:
        """Say whether a glyph is this symbol at an index: `W^i_mlp1` is a member of `W^l_mlp1`."""
        if self.index is None:
            return False
        before, mark, after = self._split(self.index)
        script = r"([^\W_]+|\{[^{}]+\})"
        member = re.fullmatch(re.escape(before + mark) + script + re.escape(after), glyph)
        return member is not None and _ranges(member[1])

    def _split(self, index: str) -> tuple[str, str, str]:
        """Return what stands before the index, its `^` or `_`, and what stands after it."""
        match = re.fullmatch(rf"(.+)([\^_]){index}((?:_.+)?)", self.glyph)
        if match is None:
            raise UsageError(f"symbols.toml: {self.glyph} has no index {index}")
        return match[1], match[2], match[3]


@cache
def table() -> Mapping[str, Symbol]:
    """Return every symbol, by its glyph."""
    text = files("spec").joinpath("symbols.toml").read_text(encoding="utf-8")
    named = (head for head in algorithms().values() if head.signature is not None)
    return MappingProxyType(parse(text, {head.title: f"Algorithm {head.id}" for head in named}))


def parse(text: str, headings: Mapping[str, str] = MappingProxyType({})) -> dict[str, Symbol]:
    """Read a table of symbols.

    Parameters
    ----------
    text
        The table, a row for each symbol.
    headings
        The functions that headings name, and the meaning of each. One that is not a name in
        Python needs a row.

    Raises
    ------
    ValueError
        If a glyph stands under two kinds, or two glyphs share a name in Python. Only a symbol
        and its indexed form may: `W` is the name of `W_l` inside the layer l.
    """
    kinds = tomllib.loads(unicodedata.normalize("NFC", text))
    functions = kinds.setdefault("function", {}) if headings else {}
    for name, meaning in headings.items():
        plain = f"{name[1:]}_pullback" if name.startswith("∇") else name
        if name not in functions and not (plain.isascii() and plain.isidentifier()):
            raise UsageError(f"symbols.toml: {name} ({meaning}) needs a row with a name in Python")
        functions.setdefault(name, {"ascii": plain, "meaning": meaning})
    symbols: dict[str, Symbol] = {}
    owners: dict[str, Symbol] = {}
    for kind, rows in kinds.items():
        for glyph, row in rows.items():
            symbol = Symbol(glyph, row.get("ascii"), kind, row["meaning"], row.get("index"))
            if glyph in symbols:
                raise UsageError(f"symbols.toml: {glyph} is both {symbols[glyph].kind} and {kind}")
            symbols[glyph] = symbol
            owner = owners.setdefault(symbol.ascii, symbol) if symbol.ascii else symbol
            if owner.stem != symbol.stem:
                problem = f"{owner.glyph} and {glyph} are both called {symbol.ascii}"
                raise UsageError(f"symbols.toml: {problem}")
    return symbols


def lookup(glyph: str) -> Symbol:
    """Return the symbol that a glyph is, or is a member of: `W^i_mlp1` is one of `W^l_mlp1`.

    With a macron it is the cotangent of what it is without: `W̄^i_mlp1` is one of `W̄^l_mlp1`.

    Raises
    ------
    UnknownSymbol
        If it is none of these.
    """
    glyph = unicodedata.normalize("NFC", glyph)
    symbols = table()
    if glyph in symbols:
        return symbols[glyph]
    for symbol in symbols.values():
        if symbol.has_member(glyph):
            return symbol
    base, bar, scripts = unicodedata.normalize("NFD", glyph).partition(MACRON)
    if bar:
        return _cotangent(_primal(unicodedata.normalize("NFC", base + scripts)), base)
    raise UnknownSymbol(f"{glyph} is not a symbol: it needs a row in spec/symbols.toml")


def ascii(glyph: str) -> str:
    """Return the name that Python gives to a glyph.

    >>> ascii("X̃"), ascii("ℓ_x"), ascii("W^i_mlp3")
    ('X_tilde', 'ell_x', 'W_mlp3')
    >>> ascii("W̄^i_mlp3"), ascii("X̄^h")
    ('W_mlp3_bar', 'X_h_bar')
    """
    name = lookup(glyph).ascii
    if name is None:
        raise UnknownSymbol(f"{glyph} has no name in Python")
    return name


def _primal(glyph: str) -> Symbol:
    """Return the symbol that a glyph is, or is without its index: `M` may stand for `M_l`.

    Of one variable several heads may each have a share, `X̄^h`. A size, which `B` is too, has no
    cotangent.
    """
    stem, mark, head = glyph.partition("^")
    if mark and stem in table() and _ranges(head) and not _is_known(glyph):
        of = table()[stem]
        name = None if of.ascii is None else f"{of.ascii}_{head}"
        return Symbol(glyph, name, of.kind, of.meaning, head)
    known = glyph in table() and table()[glyph].kind != "size"
    for symbol in table().values():
        if symbol.index is not None and symbol.stem == glyph and not known:
            name = None if symbol.ascii is None else symbol.ascii.removesuffix(f"_{symbol.index}")
            return Symbol(glyph, name, symbol.kind, symbol.meaning)
    return lookup(glyph)


def _is_known(glyph: str) -> bool:
    """Say whether a glyph is a symbol of the table, or a member of one."""
    return glyph in table() or any(symbol.has_member(glyph) for symbol in table().values())


def _cotangent(of: Symbol, base: str) -> Symbol:
    """Return the cotangent of a symbol; the macron stands over its base."""
    scripts = unicodedata.normalize("NFD", of.glyph).removeprefix(base)
    glyph = unicodedata.normalize("NFC", base + MACRON + scripts)
    name = None if of.ascii is None else f"{of.ascii}_bar"
    return Symbol(glyph, name, of.kind, f"the cotangent of {of.glyph}", of.index)


def _ranges(script: str) -> bool:
    """Say whether a script can be an index: `2`, `l`, `L`, or two of these with a colon between."""
    symbols = table()
    return all(
        part.isdecimal() or (part in symbols and symbols[part].kind in {"index", "size"})
        for part in script.strip("{}").split(":")
    )
