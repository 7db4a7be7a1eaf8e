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

__all__ = ["Proxy", "described", "forget_loaded", "leads_to", "note_loaded", "send", "wait_until_left", "write"]

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
    texts, loaded = _texts(proxy, upstreams), _is_loaded(proxy, upstreams)
    for path, text in texts.items():
        if path != proxy.file:
            lines.append(f"printf {shlex.quote(text)} > {shlex.quote(str(path))}")
        elif not loaded:
            lines.append(f"printf … > {shlex.quote(str(path))}  # and read back by {proxy.name}")
    commands = () if loaded else (proxy.adapter.test(), proxy.adapter.reload(upstreams))
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
    loaded = _is_loaded(proxy, upstreams)
    former = {one: _read(one) for one in _texts(proxy, upstreams)}
    write(proxy, upstreams)
    if loaded:
        return
    try:
        _require_seen(proxy, proxy.adapter.render(upstreams))
        _required(proxy, proxy.adapter.test(), "refuses its configuration")
        _required(proxy, proxy.adapter.reload(upstreams), "did not read its configuration again")
    except BaseException:
        for one, text in former.items():
            _put_back(one, text)
        raise
    if proxy.adapter.looked_up(upstreams):
        note_loaded(proxy)


def write(proxy: Proxy, upstreams: Upstreams) -> None:
    """Writes what the proxy is told, and reads by itself or when it is told to."""
    if not _is_loaded(proxy, upstreams):
        forget_loaded(proxy)
    for path, text in _texts(proxy, upstreams).items():
        write_atomically(path, text, mode=_READABLE)


def note_loaded(proxy: Proxy) -> None:
    """Notes that the proxy works with what its file says now: what it reads at each request may change without it."""
    if proxy.file is not None:
        write_atomically(_note(proxy), proxy.file.read_text(encoding="utf-8"))


def forget_loaded(proxy: Proxy) -> None:
    """From here on the proxy has to read its configuration again, whatever changes."""
    if proxy.file is not None:
        _note(proxy).unlink(missing_ok=True)


def _is_loaded(proxy: Proxy, upstreams: Upstreams) -> bool:
    """Whether only what the proxy reads at each request is another one."""
    if proxy.file is None or not proxy.adapter.looked_up(upstreams):
        return False
    text = proxy.adapter.render(upstreams)
    return _read(proxy.file) == text and _read(_note(proxy)) == text


def _note(proxy: Proxy) -> Path:
    return proxy.folder / f"{proxy.adapter.file}.loaded" if proxy.folder is not None else Path(proxy.adapter.file)


def _texts(proxy: Proxy, upstreams: Upstreams) -> dict[Path, str]:
    """What is written, in this order: nobody reads a small file before the proxy's own names it."""
    if proxy.folder is None or proxy.file is None:
        return {}
    beside = {proxy.folder / name: text for name, text in proxy.adapter.looked_up(upstreams).items()}
    return {**beside, proxy.file: proxy.adapter.render(upstreams)}


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


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
            if any(_read(path) != wanted for path, wanted in _texts(proxy, upstreams).items()):
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
