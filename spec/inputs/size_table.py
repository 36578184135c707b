"""How large each size is where arguments are drawn: `sizes.toml`, and the algorithms' examples."""

import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from spec.library import algorithms, example


@cache
def size_table(column: str = "usual") -> Mapping[str, int]:
    """Return every size by the paper's name, as a column of the table has it.

    A size that is not in the table is as large as in the first algorithm's example that has it.

    >>> size_table()["d_e"], size_table("small")["d_e"]
    (6, 4)
    """
    text = files("spec.inputs").joinpath("sizes.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(unicodedata.normalize("NFC", text))
    table = {name: row.get(column, row["usual"]) for name, row in rows.items()}
    for chosen in map(example, algorithms()):
        sizes = {**chosen.get("sizes", {}), **chosen.get(column, {}).get("sizes", {})}
        for name, size in sizes.items():
            table.setdefault(name, size)
    return MappingProxyType(table)
