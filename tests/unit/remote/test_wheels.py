"""Wheels for another machine."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

from gonogo.remote.wheels import _packed, digest, platforms


def test_an_installation_is_packed_as_the_wheel_that_it_came_from(tmp_path: Path) -> None:
    """It is installed without an index, and what comes of it is the same, file by file."""
    found = metadata.distribution("python-dotenv")
    wheel = _packed(found, tmp_path)
    target = tmp_path / "there"
    words = ["install", "--quiet", "--no-index", "--no-deps", "--no-compile", "--target", str(target), str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True, timeout=60)

    module = next(path for path in found.files or () if path.as_posix() == "dotenv/main.py")
    assert (target / "dotenv" / "main.py").read_bytes() == Path(str(module.locate())).read_bytes()
    assert "dotenv" in {entry.name for entry in next(iter(metadata.distributions(path=[str(target)]))).entry_points}


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


def test_a_checkout_and_what_is_installed_of_it_are_the_same(tmp_path: Path) -> None:
    """A laptop and a CI job do not bring the same gonogo again and again; other folders have no part in it."""
    checkout, installed = tmp_path / "checkout", tmp_path / "installed"
    for path in ("gonogo/a.py", "checks/b.py", "plugins/c.py"):
        for root, name in ((checkout, path), (installed, path if path.startswith("gonogo") else f"gonogo/{path}")):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(path)
    before = digest(checkout / "gonogo")
    (installed / "checks").mkdir()
    (installed / "checks" / "theirs.py").touch()

    assert digest(installed / "gonogo") == before
    (checkout / "checks" / "b.py").write_text("changed")
    assert digest(checkout / "gonogo") != before
