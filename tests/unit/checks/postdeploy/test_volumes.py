"""D28 holds for what the serving release could write to."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gonogo.checks.postdeploy import test_volumes as volumes
from gonogo.config import Service
from gonogo.plugins.evidence import Collected
from gonogo.records.results import Evidence
from gonogo.runtimes.compose import writable
from tests.unit.records.samples import a_check, a_gate

__all__: list[str] = []

MODEL = {
    "name": "shop",
    "volumes": {"uploads": {}},
    "services": {"web": {"volumes": [{"type": "volume", "source": "uploads", "target": "/app/uploads"}]}},
}
SAID = "web: found that /app/uploads (volume shop_uploads) cannot be written to by its user"


def asked(monkeypatch: pytest.MonkeyPatch, *, before: bool | None, now: bool | None = False) -> Collected:
    """What D28 attaches for a volume that was writable before, and is now."""
    monkeypatch.setattr(volumes, "running", lambda *_: SimpleNamespace(container="shop-web-1"))
    answer = {"/app/uploads": now} if now is not None else None
    monkeypatch.setattr(writable, "writable_in", lambda *_: answer)
    facts = Evidence(title="Writable", kind="json", value={"shop_uploads": before})
    gate = a_gate(a_check(code="D28[web]", evidence=[facts])) if before is not None else None
    context: Any = SimpleNamespace(subject=SimpleNamespace(state=Path("/state"), path=Path("/srv")))
    source: Any = SimpleNamespace(root=Path("/state/source"), tracked=("main.py",))
    inspector: Any = SimpleNamespace(model=MODEL)
    evidence, host = Collected(), Any
    volumes.test_volumes_can_be_written(("web", Service()), inspector, context, source, gate, host, evidence)  # type: ignore[arg-type]
    return evidence


def test_volume_that_is_shut_now_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    """The baseline of this run saw it open."""
    with pytest.raises(AssertionError) as caught:
        asked(monkeypatch, before=True)

    assert str(caught.value).split("\n")[0] == f"{SAID}; expected as before, where it could"


def test_first_deploy_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows how it was; what was shut before is told no more, and facts are kept for the next run."""
    first = asked(monkeypatch, before=None)

    assert first.advice == [SAID]
    assert [piece.value for piece in first.items] == [{"shop_uploads": False}]
    assert asked(monkeypatch, before=False).advice == []
    assert asked(monkeypatch, before=True, now=True).advice == []


def test_container_without_a_shell_skips(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says why."""
    with pytest.raises(pytest.skip.Exception, match="no shell to be asked with"):
        asked(monkeypatch, before=True, now=None)
