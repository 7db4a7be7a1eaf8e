"""A probe changes the process that it runs in, and none that only imports it: a gate does, for what it says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import gonogo.probes

__all__: list[str] = []

PROBES = sorted(path.stem for path in Path(gonogo.probes.__path__[0]).glob("*.py") if path.stem != "__init__")
LOOKED = """\
import importlib, os, sys
sys.path.append(os.getcwd())
before = list(sys.path)
importlib.import_module("gonogo.probes." + sys.argv[1])
sys.exit(sys.path != before)
"""


@pytest.mark.parametrize("probe", PROBES)
def test_a_probe_that_is_imported_leaves_the_path_alone(probe: str, tmp_path: Path) -> None:
    """Seen: checks of a team's own could not import the application's modules any more, once one was imported."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", LOOKED, probe], cwd=tmp_path, check=False, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
