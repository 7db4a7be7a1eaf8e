"""D14 is red for a store that answered before, and only where the address alone explains why it does not now."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gonogo.checks.build import probing
from gonogo.checks.postdeploy import test_store as stores
from gonogo.config import Service
from gonogo.plugins.evidence import Collected
from gonogo.records.results import Evidence
from tests.unit.records.samples import a_check, a_gate

__all__: list[str] = []


def asked(
    monkeypatch: pytest.MonkeyPatch, *, error: str | None, ping: float | None = None, before: bool | None = True
) -> Collected:
    """What D14 attaches where the probe says this, and the baseline said that."""
    said = {"stores": [{"variable": "REDIS_URL", "ping": ping, "error": error}]}
    monkeypatch.setattr(stores, "running", lambda *_: SimpleNamespace())
    monkeypatch.setattr(probing, "ask", lambda *_, **__: None)
    monkeypatch.setattr(probing, "marked", lambda *_: said)
    facts = Evidence(title="Answered", kind="json", value={"REDIS_URL": before})
    gate = a_gate(a_check(code="D14[web]", evidence=[facts])) if before is not None else None
    evidence, inspector = Collected(), SimpleNamespace()
    wanted: Any = inspector
    stores.test_store_answers(("web", Service()), wanted, gate, evidence)
    return evidence


@pytest.mark.parametrize("error", ["gaierror: Name or service not known", "WRONGPASS invalid username-password pair"])
def test_store_that_is_lost_is_red(monkeypatch: pytest.MonkeyPatch, error: str) -> None:
    """The same variable had an answer in the baseline."""
    with pytest.raises(AssertionError) as caught:
        asked(monkeypatch, error=error)

    assert str(caught.value).split("\n")[0] == (
        f"web: REDIS_URL: found {error}, expected an answer to PING, as before this release"
    )


@pytest.mark.parametrize(
    ("error", "before"),
    [
        ("NOAUTH Authentication required.", True),
        ("SSLError: no answer", True),
        ("OSError: x", False),
        ("OSError: x", None),
    ],
    ids=["password-apart", "certificate-apart", "never-answered", "first-deploy"],
)
def test_store_that_may_be_well_is_advised_of(
    monkeypatch: pytest.MonkeyPatch, error: str, *, before: bool | None
) -> None:
    """A password or a certificate may reach the application by another way; what nobody saw answering may be unused."""
    assert asked(monkeypatch, error=error, before=before).advice == [
        f"web: REDIS_URL: found {error}, expected an answer to PING"
    ]


def test_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quick one says nothing, a slow one is told."""
    assert asked(monkeypatch, error=None, ping=0.01).warnings == []
    assert asked(monkeypatch, error=None, ping=0.3).warnings == [
        "web: REDIS_URL: PING took 300 ms, expected at most 200 ms"
    ]
