"""How many bytes numbers take, in the formats that models are computed in."""

from collections.abc import Mapping

#: How many bytes a number has: two in float16 and in bfloat16.
BYTES: Mapping[str, int] = {"float32": 4, "16 bits": 2}


def in_bytes(count: int) -> str:
    """Write a number of bytes.

    >>> in_bytes(640), in_bytes(24_800), in_bytes(3_000_000_000), in_bytes(4 * 10**15)
    ('640 B', '24.8 kB', '3.0 GB', '4.0 PB')
    """
    for power, unit in ((15, "PB"), (12, "TB"), (9, "GB"), (6, "MB"), (3, "kB")):
        if count >= 10**power:
            return f"{count / 10**power:,.1f} {unit}"
    return f"{count} B"
