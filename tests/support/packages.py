"""Environments with packages in them, made once a machine: what a test deploys copies one and compiles nothing anew."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

__all__ = ["copied", "environment"]


def environment(*wanted: str, key: str = "") -> Path:
    """An environment in which these are installed, as pip names them; ``key`` is what a named file holds."""
    digest = hashlib.sha256(repr((wanted, key, sys.version)).encode()).hexdigest()[:16]
    cache = Path(tempfile.gettempdir()) / f"gonogo-test-venvs-{os.geteuid()}"
    venv = cache / digest
    cache.mkdir(mode=0o700, exist_ok=True)
    with cache.joinpath(f"{digest}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # workers of a parallel run share the cache
        if not (venv / "complete").is_file():
            shutil.rmtree(venv, ignore_errors=True)
            uv = [sys.executable, "-m", "uv"]
            subprocess.run([*uv, "venv", "--quiet", "--relocatable", "--python", sys.executable, venv], check=True)
            target = ["--compile-bytecode", "--python", str(venv / "bin" / "python")]
            subprocess.run([*uv, "pip", "install", "--quiet", *target, *wanted], check=True)
            (venv / "complete").touch()
    return venv


def copied(*packages: str) -> str:
    """The command that makes a release's environment with these packages, for ``commands.environment``."""
    return f"cp -a {environment(*packages)} {{venv}}"
