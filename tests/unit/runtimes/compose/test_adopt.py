"""What is read of an application that runs, and that another user may have deployed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gonogo.runtimes.compose.adopt import not_here

__all__: list[str] = []


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_what_another_user_keeps_shut_is_not_here(tmp_path: Path) -> None:
    """A state folder has the mode 0700; its files are as good as gone, and nothing fails over them."""
    shut, there = tmp_path / "shut" / "compose.json", Path("/etc/passwd")
    shut.parent.mkdir(mode=0o700)
    shut.write_text("{}")

    assert not_here([shut, there]) == []
    os.seteuid(65534)
    try:
        found = not_here([shut, there])
    finally:
        os.seteuid(0)
    assert found == [str(shut)]
