"""scripts/_venv.sh: which Python makes .venv, and when an installation is repeated."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

__all__: list[str] = []

SCRIPTS = Path(__file__).parents[3] / "scripts"
TOOLS = ("bash", "cat", "dirname", "rm", "touch")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the scripts, a tiny project, and a PATH of its own in bin/."""
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, f"{tool} is missing on this machine"
        (tmp_path / "bin" / tool).symlink_to(found)
    for folder in ("scripts", "gonogo", "plugins", "checks"):
        (tmp_path / folder).mkdir()
    shutil.copy(SCRIPTS / "_venv.sh", tmp_path / "scripts")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "tiny"\nversion = "1"\n')
    return tmp_path


def ensure_venv(checkout: Path) -> subprocess.CompletedProcess[str]:
    """Run ensure_venv from a foreign folder; pip is replaced by one that notes its call and obeys `pip-fails`."""
    argv = ["bash", "-euc", f". {checkout}/scripts/_venv.sh; ensure_venv"]
    environment = {"PATH": str(checkout / "bin"), "PYTHONPATH": str(checkout / "fake"), "HOME": str(checkout)}
    return subprocess.run(argv, cwd="/", env=environment, capture_output=True, text=True, check=False, timeout=100)


def with_python(checkout: Path) -> None:
    """Offer this Python as python3, and a pip that only notes what it was asked."""
    python = checkout / "bin" / "python3"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    package = checkout / "fake" / "pip"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(
        "import pathlib, sys\n"
        f"root = pathlib.Path({str(checkout)!r})\n"
        "if 'install' in sys.argv and '--editable' in sys.argv:\n"
        "    with (root / 'calls').open('a') as calls: print(*sys.argv[1:], file=calls)\n"
        "    sys.exit((root / 'pip-fails').exists())\n"
    )


def installs(checkout: Path) -> int:
    """How often pip was asked to install the project."""
    calls = checkout / "calls"
    return len(calls.read_text().splitlines()) if calls.exists() else 0


def test_no_suitable_python_is_said_with_the_way_to_one(checkout: Path) -> None:
    """Without Python 3.11 the script ends at once, naming what was found, what is expected and what to do."""
    old = checkout / "bin" / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && echo Python 3.9.2 && exit 0\nexit 1\n')
    old.chmod(0o755)

    done = ensure_venv(checkout)

    assert done.returncode == 1
    assert done.stderr == (
        "No suitable Python: found Python 3.9.2, expected Python 3.11 or newer with the modules venv and ensurepip.\n"
        "Install one (Debian: apt install python3 python3-venv; macOS: brew install python@3.13; "
        "anywhere: https://www.python.org).\n"
    )


@pytest.mark.thorough
def test_an_installation_is_repeated_only_for_another_pyproject(checkout: Path) -> None:
    """The second call installs nothing; a changed pyproject.toml installs again, into the same environment."""
    with_python(checkout)

    counts = []
    for change in ("", "", "# changed\n"):
        with (checkout / "pyproject.toml").open("a") as handle:
            handle.write(change)
        done = ensure_venv(checkout)
        assert done.returncode == 0, done.stderr
        counts.append(installs(checkout))

    assert counts == [1, 1, 2]


@pytest.mark.thorough
def test_an_unfinished_installation_is_thrown_away(checkout: Path) -> None:
    """After a pip that failed or was killed, the next call makes .venv anew and installs completely."""
    with_python(checkout)
    (checkout / "pip-fails").touch()
    broken = ensure_venv(checkout)
    (checkout / ".venv" / "half-written").touch()
    (checkout / "pip-fails").unlink()

    mended = ensure_venv(checkout)

    assert (broken.returncode, mended.returncode) == (1, 0)
    assert not (checkout / ".venv" / "half-written").exists()
    assert installs(checkout) == 2
