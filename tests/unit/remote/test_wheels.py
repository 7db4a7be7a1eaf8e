"""Wheels for another machine."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

from gonogo.remote.wheels import _packed, platforms


def test_an_installation_is_packed_as_the_wheel_that_it_came_from(tmp_path: Path) -> None:
    """It is installed without an index, and what comes of it is the same, file by file."""
    found = metadata.distribution("python-dotenv")
    wheel = _packed(found, tmp_path)
    target = tmp_path / "there"
    words = ["install", "--quiet", "--no-index", "--no-deps", "--no-compile", "--target", str(target), str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True, timeout=60)

    module = next(path for path in found.files or () if path.as_posix() == "dotenv/main.py")
    assert (target / "dotenv" / "main.py").read_bytes() == Path(str(module.locate())).read_bytes()
    assert "dotenv" in {entry.name for entry in metadata.distributions(path=[str(target)]).__next__().entry_points}


def test_a_machine_takes_wheels_for_older_libraries() -> None:
    """Those for glibc by its version and all before it, those for musl by their own names."""
    assert platforms("x86_64", "glibc 2.17")[:3] == [
        "manylinux_2_17_x86_64",
        "manylinux2014_x86_64",
        "manylinux_2_16_x86_64",
    ]
    assert platforms("x86_64", "glibc 2.36")[0] == "manylinux_2_36_x86_64"
    assert platforms("x86_64", "glibc 2.36")[-2:] == ["manylinux1_x86_64", "linux_x86_64"]
    assert platforms("aarch64", "") == ["musllinux_1_2_aarch64", "musllinux_1_1_aarch64", "linux_aarch64"]
