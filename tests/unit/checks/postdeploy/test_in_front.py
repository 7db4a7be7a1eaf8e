"""Whose fault a wrong answer is, and what else is red for it."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from gonogo.checks.postdeploy.in_front import blame
from gonogo.config import Health
from gonogo.errors import CommandError
from gonogo.host.runner import Command, Completed
from gonogo.inspection import things
from gonogo.plugins.evidence import Collected
from gonogo.probes.direct import MARKER
from gonogo.runtimes.base import Front

URL = "http://127.0.0.1:8080/healthz"


class Inspector:
    """A proxy in front of a service that answers so when it is asked directly."""

    def __init__(self, *ports: dict[str, Any], gone: bool = False) -> None:
        """What listens there; or nothing runs."""
        self._ports, self._gone = list(ports), gone

    def front(self, *_: Any) -> Front:
        """The proxy; the release changes nothing of it that is known."""
        return Front(service="nginx", behind=("web",), upstreams=("web:9000",))

    def instances(self, **_: Any) -> list[Any]:
        """No one-shot."""
        return []

    def published(self) -> tuple[tuple[str, str, int], ...]:
        """No port."""
        return ()

    def inside(self, service: str) -> Any:
        """The service's container."""
        if self._gone:
            raise CommandError(f"{service} does not run")
        said = MARKER + json.dumps({"ports": self._ports})
        done = Completed(command=Command(argv=("python",)), code=0, output=said, errors="", seconds=0.1, pid=1)
        return SimpleNamespace(label=service, python=lambda *_, **__: done)


@pytest.mark.parametrize(
    ("inspector", "said", "needs", "broken"),
    [
        (
            Inspector({"port": 8000, "reachable": True, "status": 200}),
            " from nginx; web answers 200 on port 8000 when it is asked directly; nginx sends requests to web:9000",
            [],
            True,
        ),
        (Inspector(gone=True), " from nginx; behind it web does not run", [things.service("web")], True),
        (
            Inspector({"port": 8000, "reachable": False, "status": 200}),
            " from nginx; web listens on 127.0.0.1:8000 only, where nginx cannot reach it",
            [],
            True,
        ),
        (Inspector({"port": 8000, "reachable": True, "status": 500}), "", [], False),
    ],
    ids=["the proxy's", "nothing runs behind it", "nobody else reaches it", "the application's own"],
)
def test_a_wrong_answer_is_somebodys(inspector: Inspector, said: str, needs: list[str], *, broken: bool) -> None:
    """Who got the same answer is red for this cause, and so is what the proxy logs of its upstreams."""
    answer, evidence = httpx.Response(502, text="Bad Gateway"), Collected()

    assert blame(inspector, None, URL, Health(live_status=200), answer, evidence) == said  # type: ignore[arg-type]
    assert evidence.needed == needs
    same = [things.upstreams("nginx"), things.answer(URL, 502, "Bad Gateway")]
    assert evidence.broken == (same if broken else [])
