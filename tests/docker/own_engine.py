"""A Docker Engine of the test's own, in a network namespace of its own: it can be restarted while others use the machine's.

It keeps everything in a file system of its own, in memory, so that its disk can be full; where nothing may be mounted, beside
the machine's own.

Its address is a socket in its folder; ports that its containers publish answer inside the namespace alone.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import docker

__all__ = ["OwnEngine", "own_engine", "why_not"]

_SECONDS = 60.0
_ROOM = 4 * 1024 * 1024 * 1024
"""Bytes; memory is taken only for what is written."""
_TOOLS = ("dockerd", "nsenter", "unshare")
_LOOPBACK_UP = "import fcntl, socket, struct; fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sH14x', b'lo', 1))"


def why_not() -> str | None:
    """Why no engine can be started here; None where one can."""
    if os.geteuid() != 0:
        return "a second dockerd needs root"
    missing = [name for name in _TOOLS if shutil.which(name) is None]
    return f"a second dockerd needs {', '.join(missing)}" if missing else None


class OwnEngine:
    """One dockerd with its own folders; ``stop``, ``start`` and ``restart`` are the events that are tested."""

    def __init__(self, folder: Path) -> None:
        """Nothing runs yet."""
        self.folder = folder
        self.host = f"unix://{folder}/sock"
        self.data = folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._holder: subprocess.Popen[bytes] | None = None
        """Keeps the namespace while no engine runs."""

    def inside(self, *argv: str) -> list[str]:
        """A command in the engine's network namespace."""
        assert self._holder is not None
        return ["nsenter", f"--net=/proc/{self._holder.pid}/ns/net", *argv]

    def create(self) -> None:
        """Make the namespace, with its loopback up, and start."""
        self._holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        ours, deadline = Path("/proc/self/ns/net").readlink(), time.monotonic() + _SECONDS
        while Path(f"/proc/{self._holder.pid}/ns/net").readlink() == ours:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        _call(*self.inside(sys.executable, "-I", "-c", _LOOPBACK_UP))
        (self.folder / "daemon.json").write_text("{}")
        self.data.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={_ROOM},mode=0710", "gonogo-test", str(self.data)]
        subprocess.run(mount, check=False, capture_output=True)
        self.start()

    @contextmanager
    def room(self, mib: int) -> Iterator[None]:
        """So much and no more is free on its disk; afterwards there is plenty again."""
        self._resize(shutil.disk_usage(self.data).used + mib * 1024 * 1024)
        try:
            yield
        finally:
            self._resize(_ROOM)

    def _resize(self, size: int) -> None:
        _call("mount", "-o", f"remount,size={size}", str(self.data))

    def start(self) -> None:
        """Start dockerd and wait, bounded, until it answers."""
        folder = self.folder
        argv = self.inside(
            *("dockerd", "--config-file", f"{folder}/daemon.json", "--host", self.host),
            *("--data-root", str(self.data), "--exec-root", f"{folder}/exec", "--pidfile", f"{folder}/pid"),
        )
        with (folder / "log").open("ab") as log:
            self._process = subprocess.Popen(argv, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + _SECONDS
        while not self._answers():
            assert self._process.poll() is None, self._last_words()
            assert time.monotonic() < deadline, self._last_words()
            time.sleep(0.05)

    def _answers(self) -> bool:
        return (
            subprocess.run(["docker", "--host", self.host, "version"], capture_output=True, check=False).returncode == 0
        )

    def _last_words(self) -> str:
        return (self.folder / "log").read_text()[-3000:]

    def stop(self) -> None:
        """End dockerd as a service manager does, and its containers with it."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(_SECONDS)
            self._process = None

    def load(self, *images: str) -> None:
        """Copy images from the machine's engine."""
        with subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE) as saved:
            _call("docker", "--host", self.host, "load", "--quiet", stdin=saved.stdout)
        assert saved.returncode == 0

    def remove(self) -> None:
        """End it and take away everything that it kept."""
        self.stop()
        if self._holder is not None:
            self._holder.kill()
            self._holder.wait()
        if self.data.is_mount():
            _call("umount", "--lazy", str(self.data))
        shutil.rmtree(self.folder)


def _call(*argv: str, stdin: object = None) -> None:
    subprocess.run(argv, check=True, stdin=stdin, capture_output=True, timeout=_SECONDS)  # type: ignore[call-overload]


@contextmanager
def own_engine() -> Iterator[OwnEngine]:
    """An engine that is removed at the end, whatever happened; beside the machine's own, on the same kind of disk."""
    with closing(docker.from_env()) as client:
        beside = Path(client.info()["DockerRootDir"]).parent
    folder = beside / f"gonogo-engine-{secrets.token_hex(4)}"
    folder.mkdir(mode=0o700)
    made = OwnEngine(folder)
    try:
        made.create()
        yield made
    finally:
        made.remove()
