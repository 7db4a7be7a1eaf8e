"""A real OpenSSH server for the tests, on loopback, whose host has a home folder of its own; skips where there is none."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import queue
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import gonogo
from gonogo.demo.ports import free_port
from gonogo.state.release import FORMAT

__all__ = ["Cable", "Server", "need_sshd"]

_SERVER = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
PidFile none
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 4:100:4
SetEnv HOME={home} {environ}
{more}
"""
_CLIENT = """\
Host *
    IdentityFile {folder}/key
    IdentitiesOnly yes
    IdentityAgent none
    UserKnownHostsFile {folder}/known_hosts
    GlobalKnownHostsFile /dev/null
"""


def need_sshd() -> str:
    """The server's path; skips the test where there is none."""
    found = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    if found and shutil.which("ssh"):
        return found
    message = "found no OpenSSH server: apt-get install openssh-server"
    if os.environ.get("GONOGO_REQUIRE_SSHD") == "1":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


class Server:
    """A host behind ``ssh``: its server, its keys, a home folder."""

    def __init__(self, folder: Path) -> None:
        """Make the keys; the server does not listen yet."""
        self.program = need_sshd()
        self.folder, self.home, self.port = folder, folder / "home", free_port()
        self.home.mkdir(parents=True)
        for name in ("host_key", "key"):
            self.make_key(name)
        shutil.copy(folder / "key.pub", folder / "authorized_keys")
        (folder / "ssh_config").write_text(_CLIENT.format(folder=folder))
        self.accept(self.port)
        self._process: subprocess.Popen[bytes] | None = None

    def make_key(self, name: str) -> None:
        """A key, anew."""
        (self.folder / name).unlink(missing_ok=True)
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / name)]
        subprocess.run(words, check=True)

    def accept(self, port: int) -> None:
        """The client knows the host's key, at this port."""
        kind, key, *_ = (self.folder / "host_key.pub").read_text().split()
        with (self.folder / "known_hosts").open("a") as known:
            known.write(f"[127.0.0.1]:{port} {kind} {key}\n")

    def has_gonogo(self, **facts: Any) -> None:
        """The host's gonogo is the one that is tested, unless ``facts`` say otherwise."""
        tool = self.home / ".local" / "state" / "gonogo" / ".tools" / "current"
        (tool / "bin").mkdir(parents=True, exist_ok=True)
        python = tool / "bin" / "python"
        python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        python.chmod(0o755)
        (tool / "gonogo.json").write_text(json.dumps({"version": gonogo.__version__, "format": FORMAT, **facts}))

    @property
    def environ(self) -> dict[str, str]:
        """What tells gonogo to use these keys."""
        return {"GONOGO_SSH": f"ssh -F {self.folder}/ssh_config"}

    def url(self, port: int | None = None) -> str:
        """The host, for a gonogo.toml."""
        return f"ssh://{getpass.getuser()}@127.0.0.1:{port or self.port}"

    def start(self, more: str = "", environ: str = "") -> None:
        """Listen; ``more`` are lines of its configuration, ``environ`` are variables of whoever comes."""
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        text = _SERVER.format(port=self.port, folder=self.folder, home=self.home, environ=environ, more=more)
        (self.folder / "sshd_config").write_text(text)
        words = [self.program, "-D", "-e", "-f", str(self.folder / "sshd_config")]
        with (self.folder / "sshd.log").open("ab") as log:
            self._process = subprocess.Popen(words, stdout=log, stderr=log)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.02)
        raise AssertionError((self.folder / "sshd.log").read_text())

    def connections(self) -> int:
        """How many clients were let in."""
        return (self.folder / "sshd.log").read_text().count("Accepted publickey")

    def stop(self) -> None:
        """Listen no more."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None


class Cable:
    """A connection between the deployer and the host that can be cut, be held up, and be long."""

    def __init__(self, to: int, *, delay: float = 0.0) -> None:
        """Lead to this port of loopback; each way takes ``delay`` seconds."""
        self._to, self._delay = to, delay
        self._pairs: list[socket.socket] = []
        self._whole, self._flows = threading.Event(), threading.Event()
        self._whole.set()
        self._flows.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if not self._whole.is_set():
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self._to))
                self._pairs += [near, far]
                for one, other in ((near, far), (far, near)):
                    sent: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
                    threading.Thread(target=self._take, args=(one, sent), daemon=True).start()
                    threading.Thread(target=self._give, args=(other, sent), daemon=True).start()

    def _take(self, one: socket.socket, sent: queue.SimpleQueue[tuple[float, bytes]]) -> None:
        data = b"."
        while data:
            try:
                data = one.recv(65536)
            except OSError:
                data = b""
            sent.put((time.monotonic() + self._delay, data))

    def _give(self, other: socket.socket, sent: queue.SimpleQueue[tuple[float, bytes]]) -> None:
        with contextlib.suppress(OSError):
            while True:
                due, data = sent.get()
                time.sleep(max(due - time.monotonic(), 0.0))
                self._flows.wait()
                if not data:
                    other.shutdown(socket.SHUT_WR)
                    return
                other.sendall(data)

    def hold_up(self) -> None:
        """Nothing arrives any more, and nobody is told."""
        self._flows.clear()

    def cut(self) -> None:
        """End what goes through it; nothing new does."""
        self._whole.clear()
        for one in self._pairs:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._pairs.clear()
        self._flows.set()

    def refuse(self) -> None:
        """What goes through it stays; nothing new does."""
        self._whole.clear()

    def mend(self) -> None:
        """Lead through again."""
        self._whole.set()

    def close(self) -> None:
        """End it."""
        self.cut()
        self._listener.close()
