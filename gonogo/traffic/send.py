"""Send requests to a release: write the proxy's file, have it tested, reload, and let what is under way end."""

from __future__ import annotations

import contextlib
import shlex
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from gonogo.errors import CommandError, GonogoError
from gonogo.host.runner import Command, Completed, Host
from gonogo.state.store import write_atomically
from gonogo.traffic.base import Adapter, Upstreams, endpoints

__all__ = ["Proxy", "described", "leads_to", "send", "wait_until_left"]

_SECONDS = 30.0
_PAUSE = 0.1
_READABLE = 0o644
"""Its user is another one than ours, and an address is no secret."""


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """A proxy, and where it stands."""

    host: Host
    adapter: Adapter
    name: str
    """As people call it."""
    folder: Path | None = None
    """Where its file is written, on this machine; None where it has none."""
    inside: str = ""
    """The same folder as the proxy sees it."""
    prefix: tuple[str, ...] = ()
    """What a command begins with that runs where the proxy does."""
    processes: tuple[str, ...] = ("ps", "-eo", "args")
    """The command that prints the titles of its processes."""
    cwd: str | None = None
    """Where the team's own commands run."""

    def command(self, argv: tuple[str, ...]) -> Command:
        """One that runs where the proxy does."""
        return Command(argv=(*self.prefix, *argv), cwd=self.cwd, timeout=_SECONDS)

    @property
    def file(self) -> Path | None:
        """What is written."""
        return self.folder / self.adapter.file if self.folder is not None and self.adapter.file else None

    @property
    def seen(self) -> str:
        """The same as the proxy sees it."""
        return f"{self.inside.rstrip('/')}/{self.adapter.file}"


def described(proxy: Proxy, upstreams: Upstreams) -> tuple[str, ...]:
    """What ``send`` would run, as a person would type it."""
    lines = [f"# {name} → {', '.join(one.endpoint for one in backends)}" for name, backends in upstreams.items()]
    if proxy.file is not None:
        lines.append(f"printf … > {shlex.quote(str(proxy.file))}  # and read back by {proxy.name}")
    commands = (proxy.adapter.test(), proxy.adapter.reload(upstreams))
    return (*lines, *(str(proxy.command(one)) for one in commands if one))


def send(proxy: Proxy, upstreams: Upstreams) -> None:
    """Sends all requests to these endpoints; where that is refused, the proxy has the file that it had.

    Whether it does so now is another question: only its answers tell.

    Raises:
        CommandError: the proxy does not see what was written, or does not take it.
    """
    path = proxy.file
    if path is None:
        _required(proxy, proxy.adapter.reload(upstreams), "could not be told where requests go")
        return
    former = path.read_text(encoding="utf-8") if path.is_file() else None
    text = proxy.adapter.render(upstreams)
    write_atomically(path, text, mode=_READABLE)
    try:
        _require_seen(proxy, text)
        _required(proxy, proxy.adapter.test(), "refuses its configuration")
        _required(proxy, proxy.adapter.reload(upstreams), "did not read its configuration again")
    except BaseException:
        _put_back(path, former)
        raise


def _put_back(path: Path, former: str | None) -> None:
    if former is None:
        path.unlink(missing_ok=True)
    else:
        write_atomically(path, former, mode=_READABLE)


def _require_seen(proxy: Proxy, text: str) -> None:
    """Reads the file where the proxy does: it may see another one under that name."""
    done = proxy.host.run(proxy.command(("cat", proxy.seen)))
    if done.ok and done.output == text:
        return
    found = "another text" if done.ok else _last_words(done)
    raise CommandError(
        f"{proxy.name}: {proxy.seen}: found {found}, expected what was written to {proxy.file}. Mount the folder "
        f"{proxy.folder} at {proxy.inside}, and no single file of it: a mounted file stays the one that it was."
    )


def _required(proxy: Proxy, argv: tuple[str, ...], what: str) -> None:
    if not argv:
        return
    done = proxy.host.run(proxy.command(argv))
    if not done.ok:
        raise CommandError(
            f"{proxy.name} {what}: `{done.command}` found {_last_words(done)}, expected exit code 0. "
            "What it had before is in its place again."
        )


def _last_words(done: Completed) -> str:
    said = [line for line in f"{done.output}\n{done.errors}".splitlines() if line.strip()]
    return f"exit code {done.code} ({' | '.join(said[-3:]) or 'it said nothing'})"


def leads_to(proxy: Proxy, upstreams: Upstreams) -> bool:
    """Whether the proxy's own reading of its configuration says that requests go to exactly these endpoints."""
    with contextlib.suppress(GonogoError, OSError):
        if proxy.file is not None:
            text = proxy.adapter.render(upstreams)
            if proxy.file.read_text(encoding="utf-8") != text:
                return False
            done = proxy.host.run(proxy.command(("cat", proxy.seen)))
            return done.ok and done.output == text
        done = proxy.host.run(proxy.command(proxy.adapter.show()))
        return done.ok and all(one in done.output for one in endpoints(upstreams))
    return False


def wait_until_left(proxy: Proxy, gone: Collection[str], *, seconds: float) -> int:
    """Waits until nobody is served by endpoints any more; how many requests were still under way in the end.

    A proxy that does not say is waited for to the end.
    """
    deadline = time.monotonic() + seconds
    while True:
        left = _left(proxy, gone)
        if left == 0 or time.monotonic() >= deadline:
            return max(left, 0) if left is not None else 0
        time.sleep(_PAUSE)


def _left(proxy: Proxy, gone: Collection[str]) -> int | None:
    """How many requests, or processes that end theirs, are left; None where nobody knows."""
    adapter = proxy.adapter
    with contextlib.suppress(GonogoError, ValueError, KeyError, TypeError):
        if title := adapter.closing():
            return proxy.host.run(Command(argv=proxy.processes, timeout=_SECONDS)).require().output.count(title)
        if ask := adapter.under_way():
            return adapter.count(proxy.host.run(proxy.command(ask)).require().output, gone)
    return None
