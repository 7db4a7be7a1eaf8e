"""gonogo.host: commands are bounded, killed with their children, redacted and reported."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import psutil
import pytest

from gonogo.errors import CommandError, OutOfTimeError
from gonogo.host import child
from gonogo.host.busy import Busy
from gonogo.host.runner import Command, Completed, LocalHost
from gonogo.host.tree import MARK
from tests.support.sites import runs


class Notes:
    """An observer that remembers."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.lines: list[str] = []

    def began(self, command: Command, pid: int, started: float) -> None:
        """A child runs."""
        assert psutil.Process(pid).create_time() == started
        self.lines.append(f"began {command}")

    def ended(self, completed: Completed) -> None:
        """The child is gone."""
        self.lines.append(f"ended {completed.code}")


def python(code: str, **options: object) -> Command:
    """A Python program as a command."""
    return Command(argv=(sys.executable, "-c", code), **options)  # type: ignore[arg-type]


def test_command_returns_output_errors_and_code() -> None:
    """Both streams are kept apart; the observer is told before and after."""
    notes = Notes()
    done = LocalHost(observer=notes).run(python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"))

    assert (done.output, done.errors, done.code, done.ok) == ("out\n", "err\n", 3, False)
    assert [line.split()[0] for line in notes.lines] == ["began", "ended"]


def test_standard_input_reaches_the_command() -> None:
    """A script can be fed to an interpreter."""
    done = LocalHost().run(Command(argv=(sys.executable, "-I", "-"), stdin=b"print(6 * 7)"))

    assert done.output == "42\n"


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="the kernel tells of a child's end on Linux")
@pytest.mark.parametrize("stdin", [None, b"read"])
def test_the_end_of_a_command_is_told_by_the_kernel(monkeypatch: pytest.MonkeyPatch, stdin: bytes | None) -> None:
    """A gate runs a dozen commands of a few milliseconds: nobody sleeps between looks at them."""
    monkeypatch.setattr(time, "sleep", lambda _seconds: pytest.fail("slept"))

    assert (
        LocalHost().run(Command(argv=("sh", "-c", "cat; exec sleep 0.1"), stdin=stdin)).output
        == (stdin or b"").decode()
    )


@pytest.mark.parametrize("refusal", [PermissionError, AttributeError])
def test_a_command_is_waited_for_where_the_kernel_does_not_tell(
    monkeypatch: pytest.MonkeyPatch, refusal: type[Exception]
) -> None:
    """In a container that forbids it, on an old kernel, on one that is no Linux."""

    def refuse(_pid: int) -> int:
        raise refusal

    with monkeypatch.context() as patched:
        patched.setattr(os, "pidfd_open", refuse, raising=False)
        assert child._handle(os.getpid()) is None
    monkeypatch.setattr(child, "_handle", lambda _pid: None)

    assert LocalHost().run(Command(argv=("sleep", "0.1"))).ok
    assert LocalHost().run(Command(argv=("sleep", "60"), timeout=0.2)).timed_out


def test_failed_command_says_what_it_was_how_it_ended_and_its_last_words() -> None:
    """The message is whole: command, found, expected, last words."""
    with pytest.raises(CommandError) as caught:
        LocalHost().run(Command(argv=("sh", "-c", "echo no room >&2; exit 28"))).require("build")

    assert str(caught.value) == (
        "build: `sh -c 'echo no room >&2; exit 28'`: found exit code 28, expected 0. Its last words:\n    no room"
    )


def test_missing_program_is_named() -> None:
    """No traceback for a tool that is not installed."""
    with pytest.raises(CommandError) as caught:
        LocalHost().run(Command(argv=("no-such-program-here", "x")))

    assert str(caught.value) == (
        "`no-such-program-here x`: found No such file or directory (no-such-program-here), "
        "expected a program that can be run. Install it, or mend PATH."
    )


def test_variable_that_the_system_cannot_take_is_an_error_of_the_command() -> None:
    """A NUL in the env file must not end a run in a traceback after the first touch."""
    with pytest.raises(CommandError, match=r"`true`: found embedded null byte \(true\), expected a program"):
        LocalHost().run(Command(argv=("true",), env={"KEY": "a\0b"}))


def test_hanging_command_is_killed_with_its_children(tmp_path: Path) -> None:
    """A child that ignores TERM, in a process group of its own, is gone too."""
    pids = tmp_path / "pids"
    code = (
        "import os, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import signal, time; signal.signal(15, signal.SIG_IGN); "
        "time.sleep(600)'], start_new_session=True)\n"
        f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        "time.sleep(600)\n"
    )
    begin = time.monotonic()
    done = LocalHost().run(python(code, timeout=2.0))

    assert done.timed_out
    assert time.monotonic() - begin < 30
    assert [pid for pid in pids.read_text().split() if psutil.pid_exists(int(pid))] == []
    with pytest.raises(CommandError, match="found no end within 2 s, expected 0"):
        done.require()


def test_output_is_redacted_and_cut_to_its_tail() -> None:
    """A long log keeps its end and says what was cut; secrets are gone from both streams."""
    host = LocalHost(redact=lambda text: text.replace("hunter22", "[redacted]"))
    done = host.run(python("print('x' * 5000); print('hunter22')"), output_limit=20)

    assert done.output == "[4990 bytes before this were cut]\nxxxxxxxxxx\n[redacted]\n"


def test_nothing_is_left_of_a_secret_where_an_output_is_cut() -> None:
    """Half of it would be no secret that anybody knows."""
    host = LocalHost(redact=lambda text: text.replace("hunter22", "[redacted]"))
    for before in range(4075, 4085):
        done = host.run(python(f"print('hunter22' + 'x' * {before} + 'hunter22', end='')"), output_limit=4)

        assert "er22" not in done.output
        assert "hunt" not in done.output


def test_environment_of_a_command_is_added_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values reach the program, not its representation; a clean environment has nothing else."""
    monkeypatch.setenv("FROM_THE_DESK", "1")
    command = python("import os; print(os.environ.get('FROM_THE_DESK'), os.environ['A'])", env={"A": "s3cret"})
    clean = python("import os; print(os.environ.get('FROM_THE_DESK'))", clean_env=True)

    assert LocalHost().run(command).output == "1 s3cret\n"
    assert LocalHost().run(clean).output == "None\n"
    assert "s3cret" not in repr(command)


def test_spawned_process_outlives_the_call_in_a_session_of_its_own(tmp_path: Path) -> None:
    """Its output goes to its log; it is no member of our process group."""
    log = tmp_path / "log"
    pid = LocalHost().spawn(python("import time; print('up', flush=True); time.sleep(600)", detach=log))
    process = psutil.Process(pid)
    try:
        deadline = time.monotonic() + 10
        while "up" not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.02)

        assert log.read_text() == "up\n"
        assert os.getsid(pid) == pid
    finally:
        process.kill()
        process.wait(10)


def test_what_goes_on_elsewhere_is_ended_with_a_command_that_was_cut_off(tmp_path: Path) -> None:
    """A container outlives its client; one that ended by itself needs no end."""
    mark = tmp_path / "ended"
    ends = (Command(argv=("/no/such/program",)), Command(argv=("touch", str(mark))))

    LocalHost().run(Command(argv=("true",), ends=ends))
    early = mark.exists()
    done = LocalHost().run(Command(argv=("sleep", "30"), timeout=0.2, ends=ends))

    assert not early
    assert done.timed_out
    assert mark.exists()


def test_children_of_a_killed_command_are_ended_before_anybody_goes_on(tmp_path: Path) -> None:
    """The kernel may kill a shell for its memory and leave what it waits for; a command that ended by itself may."""
    script = "sleep 600 & echo $! > {pid}; kill -{number} $$"
    killed, asked = tmp_path / "killed", tmp_path / "asked"
    ends = (Command(argv=("touch", str(tmp_path / "ended elsewhere"))),)
    host = LocalHost(observer=Notes())
    done = host.run(Command(argv=("sh", "-c", script.format(pid=killed, number=9)), ends=ends))
    elsewhere = (tmp_path / "ended elsewhere").exists()
    host.run(Command(argv=("sh", "-c", f"sleep 600 & echo $! > {asked}")))
    pids = [int(path.read_text()) for path in (killed, asked)]
    alive = [runs(pid) for pid in pids]
    psutil.Process(pids[1]).kill()

    assert done.code == -9
    assert elsewhere
    assert alive == [False, True]


def test_instance_carries_no_mark_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is started to stay is no child of the command that started it, nor of one that runs gonogo itself."""
    monkeypatch.setenv(MARK, "of another run")
    host = LocalHost(observer=Notes())
    pid = host.spawn(python("import time; time.sleep(600)", detach=tmp_path / "log"))
    instance = psutil.Process(pid)
    seen = host.run(python(f"import os; print(os.environ['{MARK}'])")).output.strip()
    variables = instance.environ()
    instance.kill()

    assert MARK not in variables
    assert len(seen) == 32


def test_a_bound_of_its_own_is_stretched_on_a_busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to four times, and to the configured bound; the team's own bounds stay, and so do all on an idle machine."""
    now = Busy(load=9.0, cores=2, waited=90.0)
    monkeypatch.setattr(child, "busy", lambda: now)
    slow = "import time; time.sleep(1.2)"
    stretched = LocalHost().run(python(slow, timeout=0.5))
    configured = LocalHost(timeout=0.6).run(python(slow, timeout=0.5))
    firm = LocalHost().run(python(slow, timeout=0.5, firm=True))
    now = Busy(load=0.1, cores=2, waited=0.0)
    idle = LocalHost().run(python(slow, timeout=0.5))

    assert (stretched.ok, configured.timed_out, firm.timed_out, idle.timed_out) == (True, True, True, True)
    with pytest.raises(OutOfTimeError, match=r"found no end within 0\.5 s, expected 0"):
        idle.require()
