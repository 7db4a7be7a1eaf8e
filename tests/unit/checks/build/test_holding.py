"""What an instance wrote into a folder that is mounted over the code is not the build's."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from gonogo.checks.build.holding import written_by_what_ran
from gonogo.host.runner import LocalHost
from gonogo.inspection.code.contents import DriftedFile, FileDigest
from gonogo.plugins.source import Source
from tests.support.gates import Repository

__all__: list[str] = []


def mount(target: str, *, read_only: bool = False) -> dict[str, Any]:
    """A folder of the host."""
    return {"type": "bind", "source": "/kept", "target": target, "read_only": read_only}


def written(root: Path, content: bytes, path: str, *mounts: dict[str, Any]) -> tuple[str, ...]:
    """What counts as written of a tracked file that holds this now."""
    inspector: Any = SimpleNamespace(model={"name": "shop", "services": {"web": {"volumes": list(mounts)}}})
    place = f"/srv/{path}"
    held = {place: FileDigest(sha256=hashlib.sha256(content).hexdigest(), size=len(content))}
    drift = [DriftedFile(kind="differs", path=path, image_path=place, expected="", found="")]
    return written_by_what_ran(inspector, "web", drift, held, Source(root, LocalHost()), former=None)


def test_a_log_that_grew_in_a_writable_mount_is_the_instances(tmp_path: Path) -> None:
    """Not in a read-only mount or in the image itself; neither Python, nor what an earlier commit had."""
    repository = Repository(tmp_path)
    root = repository({"logs/app.log": "first\n", "app.py": "1\n"})
    repository.write(root, {"logs/app.log": "second\n"})
    repository.commit(root)
    grown = b"second\nthird\n"

    assert written(root, grown, "logs/app.log", mount("/srv")) == ("logs/app.log",)
    assert written(root, grown, "logs/app.log", mount("/srv", read_only=True)) == ()
    assert written(root, grown, "logs/app.log", mount("/srv/logs/other")) == ()
    assert written(root, b"first\n", "logs/app.log", mount("/srv")) == ()
    assert written(root, b"2\n", "app.py", mount("/srv")) == ()
