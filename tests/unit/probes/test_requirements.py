"""What installed distributions require, asked of a real Python with metadata of the test's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from gonogo.inspection import probe_answers

__all__: list[str] = []


def installed(folder: Path, name: str, version: str, *requires: str) -> None:
    """Metadata of a distribution."""
    home = folder / f"{name}-{version}.dist-info"
    home.mkdir(parents=True)
    lines = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {one}" for one in requires)]
    (home / "METADATA").write_text("Metadata-Version: 2.1\n" + "\n".join(lines) + "\n")


def test_what_is_not_met_is_named(tmp_path: Path) -> None:
    """What is not there and what does not fit; not what an extra, another system or another Python would need."""
    installed(
        tmp_path,
        "zz_shop",
        "1.0",
        "zz-nowhere>=2",
        "ZZ.Clock<2",
        "zz-fits>=1",
        'zz-extra; extra == "s3"',
        'zz-windows; sys_platform == "win32"',
        'zz-old; python_version < "3"',
    )
    installed(tmp_path, "zz_clock", "2.1")
    installed(tmp_path, "zz_fits", "1.0rc1+local")
    done = subprocess.run(
        [sys.executable, "-"],
        input=probe_answers.script("requirements.py"),
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    rows = json.loads(done.stdout.partition("<<gonogo-requirements>>")[2])["broken"]

    assert [(row["name"], row["needs"], row["found"]) for row in rows if row["name"].startswith("zz")] == [
        ("zz_shop", "zz-nowhere>=2", ""),
        ("zz_shop", "ZZ.Clock<2", "2.1"),
        ("zz_shop", "zz-fits>=1", "1.0rc1+local"),
    ]
