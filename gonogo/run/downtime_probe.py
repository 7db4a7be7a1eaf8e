"""The downtime probe: asks the live URL from outside while moves are made, without being a burden.

Ten times a second around the moment at which one release takes over from the other; once a second before and after;
less where the address says that it is asked too often. Checks of the same run come first (see ``Budget``).
"""

from __future__ import annotations

import contextlib
import json
import math
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self

from gonogo.gates.budget import Budget
from gonogo.inspection.answers.addresses import is_loopback
from gonogo.inspection.answers.downtime import LIMITED
from gonogo.inspection.answers.refusals import SLOWLY, may_be_limit

if TYPE_CHECKING:
    import httpx

__all__ = ["AGENT", "DowntimeProbe", "Moving", "Target"]

AGENT = "gonogo-probe"
_EVERY = 0.1
_CALM = 1.0
"""Seconds between two requests while nothing is replaced."""
_BURST = 20
"""How many answers may come ten times a second before and after the moment at which the answers change."""
_TIMEOUT = 10.0
"""An application logs an error for a visitor who hangs up, so each request is waited for as long as checks wait."""
_MOST = 1 << 20
"""Bytes of an answer that are read."""
_UNANSWERED = 4
"""No more at a time: an application that hangs would be kept from recovering."""
_CROWDED = 2
"""From so many unanswered requests on, another one is sent as if nothing was being replaced."""


class Moving:
    """Says whether a release is being replaced just now: moves enter it, the probe looks at it."""

    def __init__(self) -> None:
        """Nothing moves yet."""
        self._count = 0

    def __bool__(self) -> bool:
        """Whether it moves."""
        return self._count > 0

    @contextlib.contextmanager
    def here(self) -> Iterator[None]:
        """Inside, what serves is being replaced."""
        self._count += 1
        try:
            yield
        finally:
            self._count -= 1


@dataclass(frozen=True, kw_only=True)
class Target:
    """What is asked, and the statuses by which it says that it is alive."""

    url: str
    alive: tuple[int, ...] = (HTTPStatus.OK,)
    reached: Callable[[str], str] = field(default=str, compare=False)
    """Where a request to a URL is sent."""


@dataclass(slots=True)
class _Seen:
    """What the newest answers said."""

    ok: bool | None = None
    status: int | None = None
    burst: int = _BURST
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, *, ok: bool, status: int | None) -> None:
        """An answer; near a change more may be asked, and what nobody answers burdens nobody."""
        with self.lock:
            self.burst = _BURST if ok is not self.ok else self.burst - (status is not None)
            self.ok, self.status = ok, status


@dataclass(slots=True)
class _Slow:
    """The request that is sent once more, slowly, because a limit may have answered 503."""

    at: float = -math.inf
    """When the newest one was answered, by the monotonic clock."""
    down: bool = False
    """It was not let in, and nothing was answered well since."""
    pauses: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextlib.contextmanager
    def pause(self) -> Iterator[None]:
        """Inside, nothing else is sent."""
        self.pauses = True
        try:
            yield
        finally:
            self.pauses = False


class DowntimeProbe:
    """Asks a target from entering to leaving the context; every answer is one line in ``path``."""

    def __init__(
        self,
        target: Target | None,
        path: Path,
        *,
        former: Target | None = None,
        budget: Budget | None = None,
        moving: Moving | None = None,
    ) -> None:
        """``target`` None: nothing is asked (an environment without URL).

        ``former`` is where the release that is replaced answers, where that is another address: it is asked wherever
        ``target`` does not answer, since a release that moves is not down while the other one still serves.
        """
        self._target = target
        self._former = former
        self._path = path
        self._budget = budget or Budget(None)
        self._moving = moving if moving is not None else Moving()
        self._seen = _Seen()
        self._slow = _Slow()
        self._begin: float | None = None
        """When the newest request was sent, by the monotonic clock."""
        self._stop = threading.Event()
        self._sent, self._asked = threading.Event(), threading.Event()
        self._write_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stream: IO[str] | None = None

    def __enter__(self) -> Self:
        """Begins to ask: the first request is under way before anything is moved, however fast that is."""
        if self._target is not None:
            import httpx  # noqa: F401, PLC0415 (a third of what `gonogo status` would import; here, before time counts)

            self._stream = self._path.open("a", encoding="utf-8", buffering=1)
            self._thread = threading.Thread(
                target=self._ask_on, args=(self._target,), name="downtime probe", daemon=True
            )
            self._thread.start()
            if not self._budget.is_limited_at(self._target.url):
                self._sent.wait(_TIMEOUT)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops, and waits for the last answers; whether anybody answers in the end is always known."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=2 * _TIMEOUT + 1)
        if self._stream is not None:
            with self._write_lock, contextlib.suppress(OSError):
                self._stream.close()

    def wait_for_first(self) -> None:
        """Waits, bounded, until one request was answered or refused; then there is a figure."""
        if self._target is not None:
            self._asked.wait(2 * _TIMEOUT)

    def mark(self, name: str) -> None:
        """Notes a moment (``settled``: the moves are done)."""
        self._write({"at": time.time(), "mark": name})

    def _ask_on(self, target: Target) -> None:
        import httpx  # noqa: PLC0415 (as above)

        from gonogo.host.directed import directed  # noqa: PLC0415 (it imports httpx)

        limits = httpx.Limits(max_keepalive_connections=0)
        with (
            httpx.Client(
                timeout=_TIMEOUT,
                limits=limits,
                transport=directed(target.url, target.reached, verify=False, limits=limits),
                headers={"User-Agent": AGENT, "Connection": "close"},
                verify=False,  # noqa: S501 (D18 judges certificates; this asks whether anybody answers)
                trust_env=not is_loopback(target.reached(target.url)),
            ) as client,
            ThreadPoolExecutor(_UNANSWERED, thread_name_prefix="probe") as pool,
        ):
            waiting: list[Any] = []
            get = partial(_got, client)
            while not self._stop.is_set():
                waiting = [request for request in waiting if not request.done()]
                left = self._left(target, len(waiting))
                if len(waiting) < _UNANSWERED and left <= 0:
                    self._begin = time.monotonic()
                    waiting.append(pool.submit(self._ask, get, target))
                    left = _EVERY
                self._stop.wait(min(max(left, _EVERY / 10), _EVERY))
            wait(waiting)
            if self._seen.ok is False:
                self._ask(get, target)

    def _left(self, target: Target, unanswered: int) -> float:
        """Seconds until the next request may be sent."""
        seen, budget, url = self._seen, self._budget, target.url
        if self._begin is None:
            return budget.leisure(url) if budget.is_limited_at(url) else 0.0
        if self._slow.pauses:
            return _EVERY
        since = time.monotonic() - self._begin
        dense = bool(self._moving) and unanswered < _CROWDED
        if dense and (seen.status is None or (seen.burst > 0 and not budget.is_limited_at(url))):
            return _EVERY - since
        if seen.ok:
            return max(_CALM - since, budget.leisure(url))
        return _CALM - since  # the moment at which somebody answers again is wanted, and nobody is burdened

    def _ask(self, get: Callable[[str], httpx.Response], target: Target) -> None:
        """One request; anything but the answer of a living application is a failed one."""
        at, begin = time.time(), time.monotonic()
        self._sent.set()
        ok, status = self._answer(get, target)
        if not ok and self._former is not None:
            ok, status = self._answer(get, self._former)
        self._seen.note(ok=ok, status=status)
        self._write({"at": at, "ok": ok, "status": status, "seconds": round(time.monotonic() - begin, 4)})
        self._asked.set()

    def _answer(self, get: Callable[[str], httpx.Response], target: Target) -> tuple[bool, int | None]:
        """Whether anybody answers well there, and how; who refuses to be asked so often is alive.

        A 503 may be a limit's too: what a slower request does not get was one.
        """
        at, answer = time.monotonic(), self._got(get, target.url)
        if answer is None:
            return False, None
        if answer.status_code in {*target.alive, LIMITED}:
            self._slow.down = False
            return True, answer.status_code
        limited = may_be_limit(answer.status_code, answer.headers, answer.text) and self._lets_in(get, target, at)
        return limited, answer.status_code

    def _lets_in(self, get: Callable[[str], httpx.Response], target: Target, since: float) -> bool:
        """Whether a slower request was answered well since then: one asks for all, and nobody else meanwhile.

        Where it was not, the next 503 need not be asked again until something is answered well.
        """
        slow = self._slow
        with slow.lock:
            if slow.at < since and not slow.down:
                self._budget.hold(target.url, SLOWLY)
                with slow.pause():
                    time.sleep(SLOWLY)  # be it at the end of the run: an answer that came too soon says nothing
                    again = self._got(get, target.url)
                slow.at, slow.down = (
                    time.monotonic(),
                    again is None or again.status_code not in {*target.alive, LIMITED},
                )
                if not slow.down:
                    self._budget.limited(target.url)
            return not slow.down

    def _got(self, get: Callable[[str], httpx.Response], url: str) -> httpx.Response | None:
        """The answer, noted; None for none."""
        import httpx  # noqa: PLC0415 (as above)

        try:
            answer = get(url)
        except httpx.HTTPError as error:
            hung_up = isinstance(error, httpx.TimeoutException)
            if hung_up:
                self._budget.hung_up(url)
                self._budget.unanswered(url)
            else:
                self._budget.note(url, None, {})
            return None
        self._budget.note(url, answer.status_code, answer.headers)
        return answer

    def _write(self, line: dict[str, Any]) -> None:
        with self._write_lock, contextlib.suppress(OSError):  # a full disk costs a figure, not the deployment
            if self._stream is not None and not self._stream.closed:
                self._stream.write(json.dumps(line) + "\n")


def _got(client: httpx.Client, url: str) -> httpx.Response:
    """An answer, of which no more is read than comes in time."""
    from gonogo.host.bounded import whole  # noqa: PLC0415 (it imports httpx)

    with client.stream("GET", url) as answer:
        return whole(answer, seconds=_TIMEOUT, most=_MOST)
