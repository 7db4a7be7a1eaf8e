"""D15: what is read again, what is shown and not counted, and whose fault a proxy's error is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gonogo.checks.postdeploy import logged
from gonogo.checks.postdeploy import test_logs as logs
from gonogo.config import Environment
from gonogo.gates.budget import FILE, Budget
from gonogo.gates.subject import Subject
from gonogo.inspection import things
from gonogo.plugins.evidence import Collected
from gonogo.records.results import CheckResult, GateResult
from gonogo.runtimes.base import LogLine
from gonogo.state.release import Release
from gonogo.words import Outcome, Stage

TORN = ("Traceback (most recent call last):", '  File "/app/jobs.py", line 3, in run', "    raise KeyError('price')")
WHOLE = (*TORN, "KeyError: 'price'")
LIMITED = (
    '2026/11/28 12:00:00 [error] 8#8: *12 limiting requests, excess: 5.568 by zone "all", client: 172.22.0.1, '
    'server: , request: "GET /healthz HTTP/1.1", host: "shop"'
)
DISCONNECTED = (
    "ERROR:    Exception in ASGI application",
    TORN[0],
    '  File "/app/middleware/base.py", line 159, in call_next',
    "RuntimeError: No response returned.",
)
REFUSED = (
    "2026/11/28 12:00:00 [error] 29#29: *1 connect() failed (111: Connection refused) while connecting to upstream, "
    'client: 172.18.0.1, server: , request: "GET / HTTP/1.1", upstream: "http://172.18.0.3:8000/"'
)


PLACE: Any = SimpleNamespace(variables={"PAY_URL": "https://api.pay.example.com/v2"})
OUTSIDE = "ERROR web: HTTPSConnectionPool(host='{}', port=443): Max retries exceeded: Name or service not known"


class Inspector:
    """Its log is another one each time that it is read; the last one stays."""

    def __init__(self, *texts: Sequence[str]) -> None:
        """What each reading finds."""
        self._texts = list(texts)
        self.read = 0
        self.mute: tuple[str, ...] = ()

    def log_lines(self, since: datetime | None) -> dict[str, list[LogLine]]:
        """All that it wrote, just now."""
        assert since is None
        self.read += 1
        text = self._texts.pop(0) if len(self._texts) > 1 else self._texts[0]
        return {"web": [LogLine(line, datetime.now(UTC)) for line in text]}

    def unread(self) -> tuple[str, ...]:
        """What it writes can be read, unless said otherwise."""
        return self.mute

    def instances(self, *, health: bool) -> tuple[()]:
        """None was started again."""
        assert not health
        return ()

    def published(self) -> tuple[tuple[str, str, int], ...]:
        """No port."""
        return ()

    def url(self) -> None:
        """No address."""


def ask(
    folder: Path,
    inspector: Inspector,
    *,
    release: Release | None = None,
    baseline: GateResult | None = None,
    **about: Any,
) -> tuple[str, dict[str, Any], Collected]:
    """What is found, the tables of what counts and what does not, and the rest."""
    facts = {"env": "test", "root": folder, "path": folder, "state": folder, "checkout": folder, "run": folder}
    subject = Subject(**{**facts, "release": release, **about})
    evidence, found = Collected(), ""
    try:
        environment = Environment(name="test", project="t")
        logs.test_no_new_errors_are_logged(inspector, environment, PLACE, subject, baseline, evidence)  # type: ignore[arg-type]
    except AssertionError as red:
        found = str(red).split("\n", maxsplit=1)[0]
    return found, {piece.title: piece.value for piece in evidence.items}, evidence


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log is read again at once."""
    monkeypatch.setattr(logged, "_READ_AGAIN", 0.0)
    monkeypatch.setattr(logged, "_TRYING", 0.2)


def test_a_traceback_that_is_being_written_is_read_again(tmp_path: Path) -> None:
    """It is told by its exception, not by the frame where the first reading ended."""
    inspector = Inspector(TORN[:1], TORN, WHOLE)
    found, seen, _ = ask(tmp_path, inspector)

    assert found == "1 new error in the logs; web: found KeyError: 'price'; expected none"
    assert inspector.read == 3
    assert seen["Error signatures"] == {"web": ["KeyError: 'price' | in /app/jobs.py:run"]}


def test_several_errors_are_counted_apart_from_how_often_each_came(tmp_path: Path) -> None:
    """Two errors, one of them twice: the count is of the different ones, and the table of what was said comes first."""
    other = (*TORN, "RuntimeError: no rates")
    found, _, evidence = ask(tmp_path, Inspector((*WHOLE, "INFO: next", *WHOLE, "INFO: next", *other)))

    assert found == (
        "2 different new errors in the logs, the first in web: found KeyError: 'price' (2 times); expected none"
    )
    assert (evidence.items[0].title, evidence.items[0].value[0]) == ("Errors", ["service", "times", "line"])
    assert [row[1] for row in evidence.items[0].value[1:]] == ["2", "1"]


def test_who_was_not_reached_out_there_is_a_warning(tmp_path: Path) -> None:
    """A host that the release is given counts: its address, or the key to it, may be wrong."""
    found, seen, evidence = ask(tmp_path, Inspector((OUTSIDE.format("api.github.com"),)))
    given, _, _ = ask(tmp_path, Inspector((OUTSIDE.format("api.pay.example.com"),)))

    assert found == ""
    assert evidence.warnings == [
        f"web: found {OUTSIDE.format('api.github.com')[:160]}, about a host that no variable of the release names: "
        "is it up?"
    ]
    assert len(seen["Error signatures"]["web"]) == 1
    assert given.startswith("1 new error in the logs; web: found ERROR web: HTTPSConnectionPool(host='api.pay")


def test_logs_that_nobody_can_read_are_told_of_and_no_red(tmp_path: Path) -> None:
    """Where all are so it is skipped, and says why; a warning comes once, where the release before was read."""
    said = "what jobs logs cannot be read: the logging driver keeps nothing"
    inspector = Inspector(("INFO: well",))
    inspector.mute = ("jobs",)
    _, seen, first = ask(tmp_path, inspector)
    before = CheckResult(
        id="D15", code="D15", stage=Stage.POSTDEPLOY, outcome=Outcome.PASSED, evidence=tuple(first.items)
    )
    gate = GateResult(stage=Stage.POSTDEPLOY, env="test", started=datetime.now(UTC), checks=(before,))
    _, _, again = ask(tmp_path, inspector, baseline=gate)

    assert seen["Services whose logs cannot be read"] == {"jobs": said}
    assert (first.warnings, again.warnings) == ([said], [])
    silent = Inspector(())
    silent.mute = ("web",)
    with pytest.raises(pytest.skip.Exception, match="nothing was logged by web; what web logs cannot be read"):
        ask(tmp_path, silent)


def test_a_traceback_of_which_only_the_head_came_is_dropped(tmp_path: Path) -> None:
    """An error without a signature is no red: it is shown."""
    inspector = Inspector(TORN[:1])
    found, seen, _ = ask(tmp_path, inspector)

    assert (found, inspector.read) == ("", 5)
    assert seen["Error signatures"] == {"web": []}


def test_whom_a_limit_refused_is_shown_and_not_counted(tmp_path: Path) -> None:
    """Nginx logs it as an error; what else it could not do is one, and is what its upstreams are to blame for."""
    green, seen, _ = ask(tmp_path, Inspector((LIMITED, "ready")))
    red, _, evidence = ask(tmp_path, Inspector((LIMITED, REFUSED)))
    own, _, other = ask(tmp_path, Inspector((REFUSED, "ERROR shop: no price")))

    assert green == ""
    assert LIMITED in str(seen["Caused by the move or a visitor, overcome, or harmless"])
    assert red.startswith("1 new error in the logs; web: found 2026/11/28 12:00:00 [error] 29#29: *1 connect() failed")
    assert evidence.needed == [things.upstreams("web")]
    assert (own.startswith("2 different new errors"), other.needed) == (
        True,
        [things.upstreams("web"), things.end("web")],
    )


def test_what_a_visitor_of_ours_who_hung_up_caused_is_not_counted(tmp_path: Path) -> None:
    """Starlette logs it as an error; without such a visitor it is the release's own, and so is every other error.

    The same holds of what is not there, where one of ours asked for it.
    """
    own, _, _ = ask(tmp_path, Inspector(DISCONNECTED))
    Budget(tmp_path / FILE).hung_up("http://127.0.0.1:8000/healthz")
    ours, seen, _ = ask(tmp_path, Inspector(DISCONNECTED))
    other, _, _ = ask(tmp_path, Inspector((*DISCONNECTED, "INFO: next", "ERROR shop: no price")))

    assert own == "1 new error in the logs; web: found RuntimeError: No response returned.; expected none"
    assert (ours, seen["Error signatures"]) == ("", {"web": []})
    assert other == "1 new error in the logs; web: found ERROR shop: no price; expected none"

    lost = "ERROR shop: no page at /gone.png"
    counted, _, _ = ask(tmp_path, Inspector((lost,)))
    Budget(tmp_path / FILE).missed("http://127.0.0.1:8000/gone.png?v=1")
    passed, _, _ = ask(tmp_path, Inspector((lost,)))
    assert (counted, passed) == (f"1 new error in the logs; web: found {lost}; expected none", "")


TRIED = (
    "ERROR consumer: Cannot connect to amqp://queue:5672: Connection refused.",
    "Trying again in 2.00 seconds... (1/9)",
)
CRASHED = (*TORN[:2], "ConnectionRefusedError: [Errno 111] Connection refused", "INFO: serving")


def test_a_bare_gate_knows_what_was_logged_when_the_release_went_go(tmp_path: Path) -> None:
    """Whoever asks the stage every hour is told of what is new since then."""
    serving = Release.model_construct(folder=tmp_path, started=None, healthy=None)
    known = ("ERROR shop: no geo database",)
    _, _, evidence = ask(tmp_path, Inspector(known))
    check = CheckResult(
        id="gonogo/postdeploy/D15",
        code="D15",
        stage=Stage.POSTDEPLOY,
        outcome=Outcome.WARNED,
        evidence=tuple(evidence.items),
    )
    gate = GateResult(stage=Stage.POSTDEPLOY, env="test", started=datetime.now(UTC), checks=(check,))
    serving.gate.write_text(gate.model_dump_json())
    green, _, _ = ask(tmp_path, Inspector(known), run=None, serving=serving)
    red, _, _ = ask(tmp_path, Inspector((*known, "ERROR shop: no price")), run=None, serving=serving)

    assert (green, red) == ("", "1 new error in the logs; web: found ERROR shop: no price; expected none")


@pytest.mark.parametrize(
    ("healthy", "log", "red"),
    [
        (5.0, ("ERROR shop: no geo database, going on without it",), False),
        (-5.0, ("ERROR shop: no geo database, going on without it",), True),
        (5.0, WHOLE, True),
        (5.0, ("ERROR shop: could not connect to cache:6379, going on without it",), True),
    ],
    ids=["at the start", "once it was healthy", "a traceback", "what it needs"],
)
def test_what_a_first_release_logs_at_its_start_may_be_what_it_always_logs(
    tmp_path: Path, healthy: float, log: tuple[str, ...], *, red: bool
) -> None:
    """There is no release before to compare it with: a line is a warning then, an exception is red."""
    found, _, evidence = ask(tmp_path, Inspector(log), release=release(healthy))

    assert bool(found) is red, found
    assert bool(evidence.warnings) is not red


@dataclass(frozen=True, kw_only=True)
class Restarted:
    """A container that its restart policy started again."""

    service: str = "web"
    restarts: int = 1
    started_at: str


class Started(Inspector):
    """Its container was started again by its restart policy, at ``started_at``; nothing where that is empty."""

    started_at = ""

    def instances(self, *, health: bool) -> tuple[Any, ...]:
        """One, if it was started again."""
        assert not health
        return (Restarted(started_at=self.started_at),) if self.started_at else ()


def release(healthy: float) -> Release:
    """A release that was healthy so many seconds from now."""
    return Release.model_construct(started=None, healthy=datetime.now(UTC) + timedelta(seconds=healthy))


@pytest.mark.parametrize(
    ("healthy", "more", "red"),
    [(5.0, ("INFO: ready",), False), (5.0, (), True), (-5.0, ("INFO: ready",), True)],
    ids=["reached", "trying still", "first failed later"],
)
def test_a_queue_that_was_not_up_yet_is_no_error_once_it_was_reached(
    tmp_path: Path, healthy: float, more: tuple[str, ...], *, red: bool
) -> None:
    """A first deployment starts it and its workers together; one that is tried in vain stays an error."""
    found, _, _ = ask(tmp_path, Inspector((*TRIED, *more)), release=release(healthy))

    assert bool(found) is red, found


@pytest.mark.parametrize(
    ("started", "log", "red"),
    [(5.0, CRASHED, False), (-5.0, CRASHED, True), (5.0, WHOLE, True)],
    ids=["its life before", "this life", "another error"],
)
def test_who_ended_until_the_database_was_up_is_well_now(
    tmp_path: Path, started: float, log: tuple[str, ...], *, red: bool
) -> None:
    """A restart policy is how small applications wait for it; any other crash counts."""
    inspector = Started(log)
    inspector.started_at = (datetime.now(UTC) + timedelta(seconds=started)).isoformat()
    found, _, _ = ask(tmp_path, inspector, release=release(5.0))

    assert bool(found) is red, found
