"""P51 warns of a server that would not let in a second release, and only where one is started beside another."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gonogo.backups import found as of_backups
from gonogo.backups.access import InContainer
from gonogo.backups.found import Found
from gonogo.backups.postgres import Postgres
from gonogo.checks.predeploy import test_connections as module
from gonogo.plugins.evidence import Collected, InconclusiveError

__all__: list[str] = []


def warnings(monkeypatch: pytest.MonkeyPatch, said: str, *, strategy: str = "bluegreen") -> list[str]:
    """What P51 warns of where the server answers this."""
    access = InContainer(container="shop-db-1", image="")
    sources = tuple(Postgres(name=f"db/{name}", access=access, database=name) for name in ("shop", "audit"))
    monkeypatch.setattr(of_backups, "databases", lambda *_: Found(sources=sources))
    monkeypatch.setattr(module, "_addresses", lambda *_: {"10.0.0.2"})
    monkeypatch.setattr(Postgres, "ask", lambda *_: said)
    place: Any = SimpleNamespace(environment=SimpleNamespace(strategy=strategy, runtime="compose", has=bool), host=None)
    serving: Any = SimpleNamespace(id="20261129T101500-1a2b3c4")
    evidence = Collected()
    module.test_databases_let_in_both_releases(place, serving, evidence)
    return evidence.warnings


def test_a_server_that_is_nearly_full_is_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two databases of one server share its connections."""
    assert warnings(monkeypatch, "9 3 10.0.0.2 10.0.0.2 10.0.0.2") == []
    assert warnings(monkeypatch, "5 3 10.0.0.2 10.0.0.2 10.0.0.2") == [
        "database db/audit: found 3 of 5 connections taken, 3 of them by the release that serves, expected room for as many "
        "again: 2 are left"
    ]


def test_nobody_is_asked_where_releases_replace_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """The old release has let go of its connections then."""
    with pytest.raises(pytest.skip.Exception, match="no release is started beside another one"):
        warnings(monkeypatch, "5 5 10.0.0.2", strategy="recreate")


def test_an_answer_that_is_none_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is said of what nobody could find out."""
    with pytest.raises(InconclusiveError, match="did not say who is connected"):
        warnings(monkeypatch, "")
