"""gonogo.host.signals: a run is stopped only where stopping is safe."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys

import pytest

from gonogo.errors import InterruptedRunError
from gonogo.host.signals import Signals, deferred


def test_signal_ends_what_is_interruptible() -> None:
    """Its name is in the message."""
    with Signals() as signals, pytest.raises(InterruptedRunError, match=r"^interrupted by SIGTERM$"):
        _inside(signals, signal.SIGTERM)


def _inside(signals: Signals, number: signal.Signals) -> None:
    with signals.interruptible():
        signal.raise_signal(number)


def test_signal_elsewhere_waits_for_the_next_interruptible_part() -> None:
    """Nothing is left half written; nothing new is begun."""
    with Signals() as signals:
        signal.raise_signal(signal.SIGINT)
        begun = False
        with contextlib.suppress(InterruptedRunError), signals.interruptible():
            begun = True

    assert not begun


def test_signal_on_the_way_back_is_told_and_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """An impatient operator is answered."""
    with Signals() as signals, signals.rollback():
        signal.raise_signal(signal.SIGHUP)

    assert capsys.readouterr().err == "\nSIGHUP: the rollback goes on; it is bounded in time.\n"


def test_way_back_inside_another_leaves_that_one_open(capsys: pytest.CaptureFixture[str]) -> None:
    """Seen: after the inner one had ended, Ctrl-C was answered no more."""
    with Signals() as signals, signals.rollback():
        with signals.rollback():
            pass
        signal.raise_signal(signal.SIGINT)

    assert capsys.readouterr().err == "\nSIGINT: the rollback goes on; it is bounded in time.\n"


def test_former_handlers_come_back() -> None:
    """Outside, Ctrl-C is Python's again."""
    before = signal.getsignal(signal.SIGINT)
    with Signals():
        assert signal.getsignal(signal.SIGINT) != before

    assert signal.getsignal(signal.SIGINT) == before


def test_signal_while_a_child_is_started_takes_effect_after_it() -> None:
    """The child is known before the run is stopped, so that it can be ended."""
    known = []
    with Signals() as signals, contextlib.suppress(InterruptedRunError), signals.interruptible():
        with deferred():
            signal.raise_signal(signal.SIGINT)
            known.append("child")
        known.append("too late")

    assert known == ["child"]


def test_ctrl_c_while_the_program_is_being_read_is_an_ending() -> None:
    """No traceback in the first quarter of a second; exit code 2."""
    code = (
        "import runpy, sys\n"
        "class Hurry:\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'gonogo.cli': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Hurry())\n"
        "runpy.run_module('gonogo', run_name='__main__')\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)

    assert (ended.returncode, ended.stderr) == (2, "interrupted; nothing was touched\n")
