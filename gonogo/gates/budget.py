"""How often an address may be asked: one budget for each, shared by the probe and the checks of a run.

They are different processes, so what is known of an address stands in a file of the run's folder::

    {"http://127.0.0.1:8001": {"asked": 12.5, "met": 1, "paths": {"/page": {"until": 14.5, "row": 1, "waited": 0.5}}}}
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gonogo.gates.allowance import allowance_of

__all__ = ["FILE", "Budget", "retry_after"]

FILE = "asked.json"
"""Its name in a run's folder."""
_LONGEST = 30.0
"""Seconds between two requests of the probe, however often a limit was met; and the longest guess of a pause."""
_POLITE = 5.0
"""Seconds at most for which an address is left alone that is not well and says when to come back."""
_MINUTE = 60.0
_OURS = 0.9
"""The share of a configured limit that is used: somebody else may come from the same address."""
_PRESSED, _FEW = 0.8, 5
"""From that share on, or with so few requests left, nothing is asked that need not be."""
_PROBES = 4
"""One in so many requests is the probe's, where there is a limit; the others are the checks'."""
_PLENTY = 100
"""Requests: with so many left nobody is kept from anything."""
_ALIKE = 2.0
"""Seconds: what two paths say of when their limit begins anew is of one limit then, and holds for all paths."""
_MOST_MISSES = 200
"""How many of the newest are remembered."""
_MOST_WAITED = 90.0
"""Seconds that one path is waited for in a run: longer than the minute by which most limits count."""


class Budget:
    """What is known of the addresses that are asked; ``path`` None: known to this process alone."""

    def __init__(
        self, path: Path | None, *, per_minute: int | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        """Reads and writes what is known.

        Args:
            path: the file that all processes of a run share.
            per_minute: how many requests an address is configured to allow in a minute; None: as its answers say.
            clock: one that all processes share.
        """
        self._path = path
        self._per_minute = per_minute
        self._clock = clock
        self._known: dict[str, Any] = {}

    def note(self, url: str, status: int | None, headers: Mapping[str, str]) -> None:
        """Somebody was asked, and answered so (None: not at all)."""
        now = self._clock()
        with self._changed() as known:
            address, path = _of(known, url)
            address["asked"] = now
            if status is not None:
                address["silent"] = 0
                if self._per_minute is not None:
                    address["minute"] = [*_within(address, now), now]
                if (left := allowance_of(headers, now=now)) is not None:
                    others = (one["left"][1] for one in address["paths"].values() if one is not path and "left" in one)
                    alike = any(abs(until - left.until) <= _ALIKE for until in others)
                    path["left"] = [left.remaining, left.until]
                    address |= {"left": path["left"]} if alike else {}
            pause = retry_after(headers, now=now)
            if status == HTTPStatus.TOO_MANY_REQUESTS:
                if now >= path["until"]:  # several that were on their way meet the same limit
                    address["met"] += 1
                    path["row"] += 1
                    path["until"] = now + (min(2.0 ** (path["row"] - 1), _LONGEST) if pause is None else pause)
            else:
                path["row"], path["until"] = 0, now + min(pause or 0.0, _POLITE)

    def hold(self, url: str, seconds: float) -> None:
        """Somebody asks this path again after that long, and until then nobody else should."""
        with self._changed() as known:
            _of(known, url)[1]["until"] = self._clock() + seconds

    def limited(self, url: str) -> None:
        """A limit was met here that did not say so: it refused with a 503, and let a slower request in."""
        with self._changed() as known:
            _of(known, url)[0]["met"] += 1

    def unanswered(self, url: str) -> None:
        """Somebody waited for an answer as long as they may, and there was none."""
        with self._changed() as known:
            address, _ = _of(known, url)
            address["silent"] = address.get("silent", 0) + 1

    def silent(self, url: str) -> int:
        """How many requests in a row nobody answered at this address, whoever sent them."""
        return int(_of(self._read(), url)[0].get("silent", 0))

    def hung_up(self, url: str) -> None:
        """Somebody waited in vain, as long as they may, and hung up: an application may log that as an error."""
        now = self._clock()
        with self._changed() as known:
            address, _ = _of(known, url)
            address["asked"] = now
            address["hung_up"] = [*address.get("hung_up", ()), now]

    @property
    def hang_ups(self) -> tuple[float, ...]:
        """When anybody hung up, at any address."""
        return tuple(at for address in self._read().values() for at in address.get("hung_up", ()))

    def missed(self, url: str, status: int = HTTPStatus.NOT_FOUND) -> None:
        """Somebody asked for what is not there, or not for them: an application may log that as an error."""
        with self._changed() as known:
            address, _ = _of(known, url)
            address["missed"] = [*address.get("missed", ()), [self._clock(), urlsplit(url).path, status]][
                -_MOST_MISSES:
            ]

    @property
    def misses(self) -> tuple[tuple[float, str, int], ...]:
        """When anybody asked for which path that is not there or not for them, at any address, and what it answered."""
        found = (one for address in self._read().values() for one in address.get("missed", ()))
        return tuple((float(at), str(path), int(status)) for at, path, status in found)

    def refused(self, url: str) -> None:
        """Somebody sent what its signature does not fit: an application may log that as an error."""
        with self._changed() as known:
            address, _ = _of(known, url)
            address["refused"] = [*address.get("refused", ()), self._clock()][-_MOST_MISSES:]

    @property
    def refusals(self) -> tuple[float, ...]:
        """When anybody sent a wrong signature, to any address."""
        return tuple(at for address in self._read().values() for at in address.get("refused", ()))

    def pause(self, url: str) -> float:
        """Seconds until this path should be asked again; 0 where no limit was met."""
        address, path = _of(self._read(), url)
        return max(float(path["until"]) - self._clock(), self._full(address, path), 0.0)

    def _full(self, address: Mapping[str, Any], path: Mapping[str, Any]) -> float:
        """Seconds until one more request is allowed; 0 where one is."""
        now, found = self._clock(), 0.0
        if self._per_minute is not None:
            asked, most = _within(address, now), max(int(_OURS * self._per_minute), 1)
            found = asked[-most] + _MINUTE - now if len(asked) >= most else 0.0
        remaining, until = _left(address, path)
        return max(found, until - now if remaining <= 0 else 0.0, 0.0)

    def is_pressed(self, url: str) -> bool:
        """Whether a limit was met at this address, or is near."""
        (address, path), now = _of(self._read(), url), self._clock()
        used = len(_within(address, now)) / self._per_minute if self._per_minute is not None else 0.0
        remaining, until = _left(address, path)
        return int(address["met"]) > 0 or used >= _PRESSED or (remaining <= _FEW and until > now)

    def is_limited_at(self, url: str) -> bool:
        """Whether this address is known to limit requests, met or not, so that a probe asks no more than its part."""
        address, path = _of(self._read(), url)
        return self._per_minute is not None or int(address["met"]) > 0 or self._rest(address, path) > 1.0

    def _rest(self, address: Mapping[str, Any], path: Mapping[str, Any]) -> float:
        """Seconds between two requests of a probe, so that no more than its part of the limit is its."""
        found = _PROBES * _MINUTE / self._per_minute if self._per_minute is not None else 0.0
        (remaining, until), now = _left(address, path), self._clock()
        return max(found, _PROBES * (until - now) / max(remaining, 1) if until > now and remaining < _PLENTY else 0.0)

    def waited(self, url: str, seconds: float) -> None:
        """Somebody waited for this path."""
        with self._changed() as known:
            _of(known, url)[1]["waited"] += seconds

    def patience(self, url: str) -> float:
        """Seconds for which this path may still be waited for in this run."""
        return max(_MOST_WAITED - float(_of(self._read(), url)[1]["waited"]), 0.0)

    @property
    def is_limited(self) -> bool:
        """Whether a limit was met at any address."""
        return any(address["met"] for address in self._read().values())

    def met(self, url: str) -> int:
        """How often a limit was met at this address, on any path."""
        return int(_of(self._read(), url)[0]["met"])

    def leisure(self, url: str) -> float:
        """Seconds for which a probe still leaves this address alone: checks come first, and limits count for all of it.

        Where no limit is known, one request a second in all; each limit that was met doubles the pause.
        """
        address, path = _of(self._read(), url)
        rest = min(max(2.0 ** int(address["met"]), self._rest(address, path)), _LONGEST)
        until = max([float(address["asked"]) + rest, *(float(one["until"]) for one in address["paths"].values())])
        return max(until - self._clock(), 0.0)

    def _read(self) -> dict[str, Any]:
        if self._path is None:
            return self._known
        with contextlib.suppress(OSError), self._path.open(encoding="utf-8") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH)
            return _document(stream.read())
        return self._known

    @contextlib.contextmanager
    def _changed(self) -> Iterator[dict[str, Any]]:
        """What is known, to be changed; a disk that takes nothing leaves it known to this process."""
        if self._path is None:
            yield self._known
            return
        with contextlib.ExitStack() as around:
            try:
                stream = around.enter_context(self._path.open("a+", encoding="utf-8"))
                fcntl.flock(stream, fcntl.LOCK_EX)
                stream.seek(0)
                text = stream.read()
                known = _document(text) if text or self._per_minute is None else _of_the_run_before(self._path)
            except OSError:
                yield self._known
                return
            yield known
            self._known = known
            with contextlib.suppress(OSError):
                stream.seek(0)
                stream.truncate()
                stream.write(json.dumps(known))
                stream.flush()


def retry_after(headers: Mapping[str, str], *, now: float) -> float | None:
    """Seconds that the answer asks for, as a number or a date; None where it says nothing that can be read."""
    said = next((value for name, value in headers.items() if name.lower() == "retry-after"), "").strip()
    with contextlib.suppress(ValueError, OverflowError):
        seconds = float(said)
        return max(seconds, 0.0) if math.isfinite(seconds) else None
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        moment = parsedate_to_datetime(said)
        return max((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now, 0.0)
    return None


def _of(known: dict[str, Any], url: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is known of an address and of a path on it."""
    parts = urlsplit(url)
    address = known.setdefault(f"{parts.scheme}://{parts.netloc}", {"asked": 0.0, "met": 0, "paths": {}})
    path = address["paths"].setdefault(parts.path or "/", {"until": 0.0, "row": 0, "waited": 0.0})
    return address, path


def _of_the_run_before(path: Path) -> dict[str, Any]:
    """When the run before this one asked: the application counts its requests too."""
    runs = path.parent.parent
    earlier = sorted(one for one in runs.glob(f"*/{path.name}") if one.parent.name < path.parent.name)
    known = _document(earlier[-1].read_text(encoding="utf-8")) if runs.name == "runs" and earlier else {}
    minutes = {address: facts.get("minute", []) for address, facts in known.items()}
    return {address: {"asked": 0.0, "met": 0, "paths": {}, "minute": asked} for address, asked in minutes.items()}


def _left(address: Mapping[str, Any], path: Mapping[str, Any]) -> tuple[float, float]:
    """How many requests are left for a path, and until when: as all paths' limit says, or else its own."""
    remaining, until = address.get("left") or path.get("left") or (math.inf, 0.0)
    return float(remaining), float(until)


def _within(address: Mapping[str, Any], now: float) -> list[float]:
    """When it was asked within the last minute, the oldest first."""
    return sorted(float(at) for at in address.get("minute", ()) if now - float(at) < _MINUTE)


def _document(text: str) -> dict[str, Any]:
    """The file's object; a torn one is an empty one."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
