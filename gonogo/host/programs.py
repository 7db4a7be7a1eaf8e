"""Programs that wheels bring: beside this Python, or on the PATH."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from pathlib import Path

__all__ = ["find_program"]


def find_program(name: str) -> Path | None:
    """The full path of a program that a wheel brought, or that is on the PATH; None when it is nowhere."""
    places = (
        str(Path(sys.executable).parent),
        sysconfig.get_path("scripts"),
        sysconfig.get_path("scripts", f"{os.name}_user"),
        os.environ.get("PATH", os.defpath),
    )
    found = shutil.which(name, path=os.pathsep.join(places))
    return Path(found).absolute() if found is not None else None
