"""A folder that is written as a whole, or not at all."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder to fill, which is renamed to `folder` after the `with` block.

    Until then it lies beside that place. After an error or Ctrl-C nothing is left of it.

    Raises
    ------
    OSError
        If `folder` is a file, holds something, or cannot be written, as on a full disk. The error
        names `folder`, since no other is known outside; or its parent, if that is missing.
    """
    place = folder.resolve()
    if place.exists() and not place.is_dir():
        raise FileExistsError(errno.EEXIST, "is a file", str(folder))
    if place.is_dir() and any(place.iterdir()):
        raise FileExistsError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), str(folder))
    if not place.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder.parent))
    try:
        with TemporaryDirectory(prefix=f".{place.name}-", dir=place.parent) as beside:
            filled = Path(beside) / place.name  # a temporary folder is its owner's alone
            filled.mkdir()
            yield filled
            if place.is_dir():
                place.rmdir()  # still empty, or it is refused
            filled.rename(place)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(folder)) from error
