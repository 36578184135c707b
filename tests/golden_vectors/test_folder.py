"""Is a folder written whole or not at all, and what stops it said of the folder itself?"""

import errno

import pytest
from helpers.full_disk import at_most

from spec.golden_vectors.folder import whole


def test_a_folder_is_there_once_it_is_whole(tmp_path):
    (tmp_path / "other").mkdir()
    with whole(tmp_path / "new") as place:
        (place / "file").write_text("text")
        assert not (tmp_path / "new").exists()
    assert (tmp_path / "new" / "file").read_text() == "text"
    assert {path.name for path in tmp_path.iterdir()} == {"new", "other"}
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "other").stat().st_mode


def write_and_stop(file, error):
    file.write_text("text")
    raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_after_an_error_nothing_is_left(tmp_path, error):
    with pytest.raises(error), whole(tmp_path / "new") as place:
        write_and_stop(place / "file", error)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("write", "problem"),
    [
        (lambda file: file.write_bytes(bytes(9999)), "File too large"),
        (lambda file: write_and_stop(file, OSError("4 of 9 written")), "4 of 9 written"),
    ],
)
def test_a_disk_that_is_full_is_named_with_the_folder(tmp_path, write, problem):
    folder = tmp_path / "new"
    with pytest.raises(OSError, match=problem) as caught, at_most(4096), whole(folder) as place:
        write(place / "file")
    assert (caught.value.strerror, caught.value.filename) == (problem, str(folder))
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_named_and_not_what_lies_beside_it(tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / ".new-beside"))

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    with pytest.raises(PermissionError) as caught, whole(tmp_path / "new"):
        pass
    assert caught.value.filename == str(tmp_path / "new")
