"""The downtime probe: asks the live URL up to ten times a second, from outside, while moves are made."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import httpx

from gonogo.inspection.addresses import is_loopback

__all__ = ["AGENT", "DowntimeProbe"]

AGENT = "gonogo-probe"
_EVERY = 0.1
_TIMEOUT = 2.0
_UNANSWERED = 2
"""No more at a time: an application works on what nobody waits for any more, and would be kept from recovering."""
_LONGEST_PAUSE = 1.0


class DowntimeProbe:
    """Asks ``url`` from entering to leaving the context; every answer is one line in ``path``."""

    def __init__(self, url: str | None, path: Path, *, former: str | None = None) -> None:
        """``url`` None: nothing is asked (an environment without URL).

        ``former`` is where the release that is replaced answers, where that is another address: it is asked wherever
        ``url`` does not answer, since a release that moves is not down while the other one still serves.
        """
        self._url = url
        self._former = former
        self._path = path
        self._stop = threading.Event()
        self._asked = threading.Event()
        self._lasted = 0.0
        """How long the newest answer took."""
        self._write_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stream: IO[str] | None = None

    def __enter__(self) -> Self:
        """Begin to ask."""
        if self._url is not None:
            self._stream = self._path.open("a", encoding="utf-8", buffering=1)
            self._thread = threading.Thread(target=self._ask_on, name="downtime probe", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, and wait for the last answers."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=2 * _TIMEOUT + 1)
        if self._stream is not None:
            with self._write_lock, contextlib.suppress(OSError):
                self._stream.close()

    def wait_for_first(self) -> None:
        """Wait, bounded, until one request was answered or refused; then there is a figure."""
        if self._url is not None:
            self._asked.wait(2 * _TIMEOUT)

    def mark(self, name: str) -> None:
        """Note a moment (``settled``: the moves are done)."""
        self._write({"at": time.time(), "mark": name})

    def _ask_on(self) -> None:
        limits = httpx.Limits(max_keepalive_connections=0)
        headers = {"User-Agent": AGENT, "Connection": "close"}
        with (
            httpx.Client(
                timeout=_TIMEOUT,
                limits=limits,
                headers=headers,
                verify=False,  # noqa: S501 (D18 judges certificates; this asks whether anybody answers)
                trust_env=not is_loopback(self._url or ""),
            ) as client,
            ThreadPoolExecutor(_UNANSWERED, thread_name_prefix="probe") as pool,
        ):
            free = threading.Semaphore(_UNANSWERED)
            while not self._stop.is_set():
                if free.acquire(timeout=_EVERY):
                    pool.submit(self._ask, client.get).add_done_callback(lambda _: free.release())
                    self._stop.wait(max(_EVERY, min(self._lasted, _LONGEST_PAUSE)))

    def _ask(self, get: Callable[[str], httpx.Response]) -> None:
        """One request; anything but an answer below 500 is a failed one."""
        at, begin = time.time(), time.monotonic()
        ok, status = _answer(get, self._url or "")
        if not ok and self._former is not None:
            ok, status = _answer(get, self._former)
        self._lasted = time.monotonic() - begin
        self._write({"at": at, "ok": ok, "status": status, "seconds": round(self._lasted, 4)})
        self._asked.set()

    def _write(self, line: dict[str, Any]) -> None:
        with self._write_lock, contextlib.suppress(OSError):  # a full disk costs a figure, not the deployment
            if self._stream is not None and not self._stream.closed:
                self._stream.write(json.dumps(line) + "\n")


def _answer(get: Callable[[str], httpx.Response], url: str) -> tuple[bool, int | None]:
    """Whether anybody answers well there, and how."""
    try:
        status = get(url).status_code
    except httpx.HTTPError:
        return False, None
    return status < httpx.codes.INTERNAL_SERVER_ERROR, status
