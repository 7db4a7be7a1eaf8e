"""A run on a host, shown as if it ran here; a connection that is lost changes nothing of it."""

from __future__ import annotations

import contextlib
import io
import os
import select
import signal
import sys
import tarfile
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, Self

from gonogo.config import Environment, Project
from gonogo.errors import GonogoError, explain
from gonogo.remote.bring import place_of
from gonogo.remote.connection import Connection, LostError, Said
from gonogo.remote.vantage import Vantage
from gonogo.words import Exit

__all__ = ["Follower"]

_PATIENCE = 120.0
"""Seconds for which a lost connection is tried again."""
_PAUSE = 2.0
_LOOK = 0.2
_DEAD = 60.0
_OURS = ("README.md", ".gitignore")
"""Files of ``reports/`` that a checkout may have changed."""
_HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Follower:
    """Entered before the run starts: from then on a signal is for the run."""

    def __init__(
        self,
        connection: Connection,
        project: Project,
        environment: Environment,
        *,
        vantage: Vantage,
        say: Callable[[str], None],
    ) -> None:
        """Follows over this connection, and over others after it."""
        self._connection = connection
        self._project, self._environment = project, environment
        self._say = say
        self._vantage = vantage
        self._at: dict[str, Any] = {"out": 0, "err": 0}
        self._waiting: list[str] = []
        """Signals that the run is still to be given."""
        self._arrived = 0
        self.is_left = False
        """It goes on, and how it ends is not known here."""
        self._closed = False
        """Nobody answers any more."""
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        """Signals are caught."""
        for number in _HANDLED:
            self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        """They mean what they did; the connection that was made anew is closed."""
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._connection.__exit__()

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        self._arrived += 1
        if self._arrived == 1:
            self._waiting.append(signal.Signals(number).name)

    def to_the_end(self, run: str, *, asks: bool = False) -> int:
        """Shows it until it has ended, and brings its pages; returns its exit code."""
        while True:
            try:
                return self._followed(run, asks=asks)
            except LostError:
                if self._arrived > 1 or not self._again():
                    return self._left(run)

    def _followed(self, run: str, *, asks: bool) -> int:
        place = place_of(self._project, self._environment)
        self._connection.tell("follow", id=run, **self._at, **place)
        while True:
            if self._arrived > 1:
                self._connection.tell("leave")
                return self._left(run)
            self._hand_on()
            if not self._connection.waiting() and not self._is_ready(asks=asks):
                continue
            said = self._connection.hear(_DEAD)
            if said.kind == "confirm":
                self._confirm(said)
                continue
            if said.kind != "ended":
                self._show(said)
                continue
            self._bring_home(run, place)
            code = self._code(said)
            if code == Exit.GO:
                self._look_from_here()
            return code

    def _is_ready(self, *, asks: bool) -> bool:
        """Waits a moment for the host's next word; what somebody types meanwhile goes there."""
        streams = [self._connection.fileno(), *([sys.stdin.fileno()] if asks and not self._closed else [])]
        ready = select.select(streams, [], [], _LOOK)[0]
        if asks and sys.stdin.fileno() in ready:
            typed = os.read(sys.stdin.fileno(), 4096)
            self._closed = not typed
            self._connection.tell("input", typed or b"\n")
        return self._connection.fileno() in ready

    def _hand_on(self) -> None:
        while self._waiting:
            self._connection.tell("signal", name=self._waiting[0])
            name = self._waiting.pop(0)
            self._say(f"\n{name}: handed on to the run on {self._connection.address}; once more, and it is left alone.")

    def _confirm(self, said: Said) -> None:
        """Says over a new connection that the release may stay, unless what is seen from here speaks against it."""
        name = self._environment.name
        objection = self._vantage.objection()
        if objection:
            self._say(
                f"Not confirmed: {objection}, as before the deployment. The host goes back at {said.facts['until']}, "
                f"unless somebody says `gonogo confirm --env {name}`."
            )
            return
        try:
            with Connection(self._connection.address, env=name) as another:
                another.ask("confirm", "confirmed", **place_of(self._project, self._environment))
        except GonogoError as error:
            self._say(f"Not confirmed: {error} The host goes back at {said.facts['until']}.")
            return
        self._say(f"Confirmed {self._vantage.said()}.")

    def _look_from_here(self) -> None:
        """What only the deployer sees turns nothing back: its own network may be to blame. A person is told."""
        objection = self._vantage.objection() if self._vantage.has_looked else ""
        if objection:
            self._say(
                f"warning  From here: {objection}, as before the deployment; on the host all is well. Nothing was "
                "turned back for it. Look at what stands in between: DNS, the proxy, a firewall."
            )

    def _show(self, said: Said) -> None:
        with contextlib.suppress(OSError):  # nobody looks any more
            left = memoryview(said.data)
            while left:
                left = left[os.write(1 if said.kind == "out" else 2, left) :]
        self._at[said.kind] += len(said.data)

    def _bring_home(self, run: str, place: dict[str, Any]) -> None:
        """Its pages; what cannot be brought or written here never loses how it ended."""
        try:
            self._unpack(self._connection.ask("reports", "reports", id=run, **place))
            self._connection.ask("forget", "forgotten", id=run, **place)
        except LostError:
            raise
        except (GonogoError, OSError, tarfile.TarError) as error:
            self._say(f"The reports could not be brought here: {explain(error)}")

    def _unpack(self, said: Said) -> None:
        """Beside the pages of runs here."""
        reports = self._project.root / "reports"
        with tarfile.open(fileobj=io.BytesIO(said.data)) as archive:
            for one in archive.getmembers():
                path = reports / os.path.normpath(f"/{one.name}").lstrip(
                    "/"
                )  # never above it, whoever made the archive
                content = archive.extractfile(one) if one.isfile() else None
                if content is not None and not (one.name in _OURS and path.exists()):
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content.read())

    def _code(self, said: Said) -> int:
        code = said.facts["code"]
        if code is not None:
            return int(code)
        how = f"by signal {said.facts['signal']}" if said.facts["signal"] else "with its machine, or its keeper"
        self._say(
            f"The run on {self._connection.address} ended {how}, and could not say how. What it left unfinished: "
            f"`gonogo status --env {self._environment.name}`."
        )
        return int(Exit.NEEDS_HUMAN)

    def _again(self) -> bool:
        """Connects once more, for a bounded time; whether it could."""
        address = self._connection.address
        self._say(f"\nThe connection to {address} was lost; the run goes on there. Connecting again ...")
        self._connection.__exit__()
        latest = time.monotonic() + _PATIENCE
        while time.monotonic() < latest and self._arrived < 2:  # noqa: PLR2004 (the second signal leaves)
            try:
                self._connection = Connection(address, env=self._environment.name).__enter__()
            except LostError:
                time.sleep(_PAUSE)
                continue
            except GonogoError as error:
                self._say(str(error))
                return False
            self._say("Connected again; what was missed:")
            return True
        return False

    def _left(self, run: str) -> int:
        self.is_left = True
        self._say(
            f"\nThe run {run} goes on on {self._connection.address}, and is looked at no more: "
            f"`gonogo attach --env {self._environment.name}` shows it."
        )
        return int(Exit.NEEDS_HUMAN)
