"""A folder that is written whole, or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def whole(folder: Path) -> Iterator[Path]:
    """Give an empty folder to fill, which gets its name when the `with` is left without an error.

    Until then it lies beside the place where it is to be; after an error, or Ctrl-C, nothing does.

    Raises
    ------
    OSError
        If there is something at the place already, but for an empty folder; or nowhere to put it.
    """
    place = folder.resolve()
    if place.exists() and not place.is_dir():
        raise FileExistsError(errno.EEXIST, "is a file", str(folder))
    if place.is_dir() and any(place.iterdir()):
        raise FileExistsError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), str(folder))
    if not place.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder.parent))
    with TemporaryDirectory(prefix=f".{place.name}-", dir=place.parent) as beside:
        filled = Path(beside) / place.name  # a temporary folder is its owner's alone; this is not
        filled.mkdir()
        yield filled
        if place.is_dir():
            place.rmdir()  # still empty, or it is refused
        filled.rename(place)
