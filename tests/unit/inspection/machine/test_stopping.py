"""gonogo.inspection.machine.stopping: only what is certain is said."""

from __future__ import annotations

import pytest

from gonogo.inspection.machine.stopping import Container, ignores_its_end, options_beyond, processes, read

HEAD = "PID CAUGHT BLOCKED WCHAN COMMAND\n"
ONE = Container(name="web", pid=7, signal=15, grace=10.0)


@pytest.mark.parametrize(
    ("line", "ignores"),
    [
        pytest.param("7 0000000000000002 0000000000000000 do_wait sh ./start.sh", True, id="a shell"),
        pytest.param("7 0000000000000002 0000000000000000 hrtimer_nanosleep python jobs.py", True, id="no handler"),
        pytest.param("7 0000000000004002 0000000000000000 do_epoll_wait gunicorn app", False, id="a handler"),
        pytest.param("7 0000000000000000 0000000000004000 do_epoll_wait init", False, id="signals as files"),
        pytest.param("7 0000000000000000 0000000000000000 do_sigtimedwait.isra.0 docker-init", False, id="init"),
        pytest.param("7 0000000000000000 0000000000000000 - own-program", False, id="nobody says where it sleeps"),
        pytest.param("7 0000000000000000 0000000000000000 - /bin/sh -c x", True, id="a shell that sleeps anywhere"),
        pytest.param("8 0000000000000002 0000000000000000 do_wait sh ./start.sh", False, id="another process"),
        pytest.param("7 - - do_wait sh ./start.sh", False, id="nobody says what it heeds"),
    ],
)
def test_first_process_heeds_its_end(line: str, *, ignores: bool) -> None:
    """A handler, a blocked signal or a wait for signals heeds it; another process than the first need not."""
    assert (ignores_its_end(ONE, list(processes(HEAD + line))) is not None) is ignores


def test_options_that_ask_for_more_time_than_there_is() -> None:
    """Each that is longer than the grace, once; one that nobody wrote is no matter."""
    rows = [
        "7 0 0 ep_poll gunicorn --graceful-timeout 60 app",
        "8 0 0 ep_poll gunicorn --graceful-timeout 60 app",
        "9 0 0 ep_poll uvicorn app --timeout-graceful-shutdown=11",
        "10 0 0 ep_poll uvicorn app --timeout-graceful-shutdown 10",
    ]
    found = options_beyond(ONE, list(processes(HEAD + "\n".join(rows))))

    assert found == ("--graceful-timeout 60", "--timeout-graceful-shutdown=11")


def test_containers_are_read() -> None:
    """Signal and grace are the Engine's own where nothing is said; what shares processes or does not run is left."""
    lines = (
        "/web\t7\t\t<nil>\t",
        "/jobs\t8\tSIGQUIT\t60\t",
        "/init\t9\tSIGRTMIN+3\t<nil>\t",
        "/shared\t10\t\t<nil>\thost",
        "/gone\t0\t\t<nil>\t",
    )
    assert list(read("\n".join(lines))) == [ONE, Container(name="jobs", pid=8, signal=3, grace=60.0)]
