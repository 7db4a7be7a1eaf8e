"""Tells the team's channels what a run does; a dead channel costs a note, never a verdict.

Channels are addresses of apprise (``slack://…``, ``mailto://…``); what is secret in them is taken from the env file.
Messages are sent beside the run, one after the other, and waited for at its end, bounded.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from queue import Empty, SimpleQueue

from gonogo.inspection.answers.expectations import UnknownVariableError, fill
from gonogo.records.impact import impact_said
from gonogo.records.red import red_checks
from gonogo.records.run_results import RunResult
from gonogo.records.text import clip, first_line
from gonogo.state.release import Release

__all__ = ["Notices", "begun", "ended", "link"]

_PATIENCE = 20.0
"""Seconds that a run's end waits for its messages at the most."""
_BODY = 1500


class Notices:
    """The channels of one run."""

    def __init__(
        self,
        urls: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
        *,
        redact: Callable[[str], str] = str,
    ) -> None:
        """``urls`` may name variables of the env file as ``${NAME}``; without any, nobody is told."""
        self._urls = tuple(urls)
        self._variables = variables or {}
        self._redact = redact
        self._queue: SimpleQueue[tuple[str, str] | None] = SimpleQueue()
        self._problems: SimpleQueue[str] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def tell(self, title: str, body: str = "") -> None:
        """Sends a message, later; returns at once."""
        if not self._urls:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._send_all, name="notices", daemon=True)
            self._thread.start()
        self._queue.put((self._redact(title), clip(self._redact(body), _BODY)))

    def close(self) -> tuple[str, ...]:
        """Waits for what was told; returns which channels could not be told, each once."""
        if self._thread is None:
            return ()
        self._queue.put(None)
        self._thread.join(timeout=_PATIENCE)
        problems = dict.fromkeys(_drained(self._problems))
        if self._thread.is_alive():
            problems[f"notify: found a channel that took no message within {_PATIENCE:g} s"] = None
        self._thread = None
        return tuple(problems)

    def _send_all(self) -> None:
        deadline = time.monotonic() + 3600
        while time.monotonic() < deadline and (message := self._queue.get()) is not None:
            for number, url in enumerate(self._urls):
                problem = self._send(url, *message)
                if problem:
                    self._problems.put(f"notify[{number}]: {problem}; nobody was told there")

    def _send(self, url: str, title: str, body: str) -> str:
        """Sends to one channel; returns what went wrong, without the address: it may hold a secret."""
        try:
            import apprise  # noqa: PLC0415 (an extra, and slow to import)
        except ImportError:
            return 'found no apprise, expected it: pip install "gonogo[notify]"'
        logging.getLogger("apprise").propagate = False
        logging.getLogger("apprise").addHandler(logging.NullHandler())
        try:
            channel = apprise.Apprise()
            if not channel.add(str(fill(url, self._variables))):
                return "found an address that apprise does not know, expected one such as slack://… or mailto://…"
            sent = channel.notify(title=title, body=body or title, body_format=apprise.NotifyFormat.TEXT)
        except UnknownVariableError as error:
            return f"found no variable {error.name} in the env file, expected one"
        except Exception as error:  # noqa: BLE001 (whatever a channel's code does: the run goes on)
            return f"found {type(error).__name__}, expected the message to be taken"
        return "" if sent else "the channel did not take the message"


def begun(kind: str, *, app: str, release: Release, who: str) -> tuple[str, str]:
    """Title and body of a run's first message."""
    return f"{app} {release.env}: {kind} of {release.short} started", f"{first_line(release.summary)}\nby {who}"


def ended(run: RunResult, *, environ: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """Title and body of a run's last message: the ending, the first red check, where the record is."""
    lines = [first_line(f"{check.code or check.id}: {check.found or check.proves}") for check in red_checks(run)[:1]]
    if not lines and run.reason and first_line(run.reason) not in run.ending:
        lines = [first_line(run.reason)]
    lines = [*filter(None, [impact_said(run)]), *lines, link(run, environ=environ)]
    return f"{run.app} {run.env}: {run.ending}", "\n".join(lines)


def link(run: RunResult, *, environ: Mapping[str, str] = os.environ) -> str:
    """Where to read on: the CI job, or the folder of the reports."""
    if environ.get("GITHUB_RUN_ID"):
        server = environ.get("GITHUB_SERVER_URL", "https://github.com")
        return f"{server}/{environ.get('GITHUB_REPOSITORY', '')}/actions/runs/{environ['GITHUB_RUN_ID']}"
    return environ.get("CI_JOB_URL") or run.reports


def _drained(queue: SimpleQueue[str]) -> list[str]:
    found: list[str] = []
    while True:
        try:
            found.append(queue.get_nowait())
        except Empty:
            return found
