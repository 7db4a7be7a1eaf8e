"""What keeps a service from being started, by what its image has and what is mounted over it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gonogo.checks.build.starting import starts_of, wrong_starts
from gonogo.runtimes.compose.laid_over import LaidOver

__all__: list[str] = []

PATH = ("/usr/local/bin", "/usr/bin")


def wrong(words: list[str], begins: dict[str, bytes], *, mounted: tuple[str, ...] = (), **more: Any) -> list[str]:
    """What is wrong with a start of these words in `/app`."""
    entry, laid_over, search = more.get("entry", words[:1]), more.get("laid_over", ()), more.get("search", PATH)
    artifact: Any = SimpleNamespace(exists={"sh", "/bin/sh", "tini", "/usr/bin/env"}.__contains__, laid_over=laid_over)
    begun: Any = SimpleNamespace(
        starts=starts_of(entry, words, "/app", begins), begins=begins, mounted=mounted, search=search
    )
    return list(wrong_starts(artifact, begun))


def test_a_file_that_is_not_there_is_named() -> None:
    """By its place, or on PATH; behind a wrapper as well; a script that a shell is given."""
    assert wrong(["./start.sh"], {}) == ["found no /app/start.sh, expected the file that starts it"]
    assert wrong(["gunicorn", "app"], {}) == ["found no gunicorn on its PATH, expected the program that starts it"]
    assert wrong(["tini", "--", "/start.sh"], {}) == ["found no /start.sh, expected the file that starts it"]
    assert wrong(["sh", "start.sh"], {}) == ["found no /app/start.sh, expected the file that starts it"]


def test_what_is_there_is_well() -> None:
    """Programs, scripts with an interpreter, and what only a mount or another PATH may bring."""
    assert wrong(["./start.sh"], {"/app/start.sh": b"#!/bin/sh\n"}) == []
    assert wrong(["sh", "start.sh"], {"/app/start.sh": b"echo\r\n"}) == []
    assert wrong(["./start.sh"], {}, mounted=("/app",)) == []
    assert wrong(["gunicorn"], {}, mounted=("/usr/local/bin",)) == []
    assert wrong(["gunicorn"], {}, search=None) == []
    assert wrong(["./start.sh"], {}, mounted=("/app/data",)) != []


def test_interpreter_that_a_mount_or_another_path_may_bring_is_well() -> None:
    """A virtual environment in a volume, and a PATH of the service's own."""
    own, by_name = {"/start": b"#!/app/.venv/bin/python\n"}, {"/start": b"#!/usr/bin/env python\n"}

    assert wrong(["/start"], own, mounted=("/app/.venv",)) == []
    assert wrong(["/start"], by_name, search=None) == []
    assert wrong(["/start"], by_name) != []
    assert wrong(["/start"], own) != []


def test_a_command_that_the_entry_point_passes_on_is_looked_at() -> None:
    """As images do it whose entry point waits for the database, and whose command is another script."""
    begins = {"/entry": b'#!/bin/sh\nset -e\nexec "$@"\n'}

    assert wrong(["/entry", "/start"], begins) == ["found no /start, expected the file that starts it"]
    assert wrong(["/entry", "/start"], {**begins, "/start": b"#!/bin/sh\n"}) == []
    assert wrong(["/entry", "gunicorn"], begins) == []
    assert wrong(["/entry", "/start"], {"/entry": b"#!/bin/sh\nexec gunicorn\n"}) == []


@pytest.mark.parametrize("folder", [True, False])
def test_a_mount_of_the_release_decides(tmp_path: Path, *, folder: bool) -> None:
    """The mode and the first line of the file that the commit has, not those of the image's own."""
    script = tmp_path / "start.sh"
    script.write_bytes(b"#!/bin/sh\r\n")
    target = "/app" if folder else "/app/start.sh"
    over = (LaidOver(source=tmp_path if folder else script, target=target),)
    begins = {"/app/start.sh": b"#!/bin/sh\n"}
    said = "/app/start.sh, which a mount brings: found "
    script.chmod(0o644)
    idle = wrong(["./start.sh"], begins, mounted=(target,), laid_over=over)
    script.chmod(0o755)
    script.write_bytes(b"#!/bin/sh\n")

    assert idle == [
        f"{said}mode 644; expected a program that may be started",
        f"{said}Windows line ends behind #!/bin/sh; expected Unix ones",
    ]
    assert wrong(["./start.sh"], begins, mounted=(target,), laid_over=over) == []
