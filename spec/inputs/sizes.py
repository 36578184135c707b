"""How large each size is where arguments are drawn: the table `sizes.toml`."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType


@cache
def size_table(column: str = "usual") -> Mapping[str, int]:
    """Return every size by the paper's name, as a column of the table has it.

    >>> size_table()["d_e"], size_table("small")["d_e"]
    (6, 4)
    """
    text = files("spec.inputs").joinpath("sizes.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(unicodedata.normalize("NFC", text))
    return MappingProxyType({name: row.get(column, row["usual"]) for name, row in rows.items()})
