"""gonogo.run.disk_reserve: room that is really taken, and really given back."""

from __future__ import annotations

import errno
import resource
from pathlib import Path

import pytest

from gonogo.run.disk_reserve import SIZE, Reserve


def test_room_is_taken_in_real_blocks_and_given_back(tmp_path: Path) -> None:
    """A sparse file would promise room that nobody keeps."""
    path = tmp_path / "reserve"
    with Reserve(path) as reserve:
        taken = path.stat()
        reserve.give()
        given = path.exists()

    assert taken.st_blocks * 512 >= SIZE
    assert not given
    assert not path.exists()


def test_room_that_is_not_there_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    """The error names the file; nothing of it stays."""
    path = tmp_path / "reserve"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(OSError, match="reserve") as caught, Reserve(path):
            pytest.fail("there was room")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert caught.value.errno == errno.EFBIG
    assert not path.exists()
