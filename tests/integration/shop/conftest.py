"""Starting the example applications as their users would: a virtual environment, Alembic, uvicorn."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import httpx
import pytest

from gonogo.demo.ports import free_port
from tests.support.packages import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Command = Callable[..., subprocess.CompletedProcess[str]]
    Serve = Callable[[Path, Mapping[str, str]], httpx.Client]
    Background = Callable[[Path, Mapping[str, str], list[str]], subprocess.Popen[bytes]]

__all__ = ["background", "python_of", "run_in", "serve"]

START_DEADLINE = 30.0
STOP_DEADLINE = 10.0
TOOLS = ("pytest~=9.2", "httpx~=0.28.1")


def clean_environ(variables: Mapping[str, str]) -> dict[str, str]:
    """Return an environment that holds nothing of the test run's own, and leaves no bytecode behind."""
    return {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", **variables}


@contextmanager
def process(argv: list[str], cwd: Path, environ: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process until the block ends; stop it by SIGTERM, and by SIGKILL if it does not listen."""
    output: IO[bytes]
    with log.open("wb") as output:
        child = subprocess.Popen(argv, cwd=cwd, env=clean_environ(environ), stdout=output, stderr=subprocess.STDOUT)
        try:
            yield child
        finally:
            child.terminate()
            try:
                child.wait(STOP_DEADLINE)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def wait_until_alive(client: httpx.Client, child: subprocess.Popen[bytes], log: Path) -> None:
    """Return when /healthz answers 200; fail with the log when the process ended or the deadline passed."""
    last: object = "nothing"
    deadline = time.monotonic() + START_DEADLINE
    while time.monotonic() < deadline and child.poll() is None:
        try:
            answer = client.get("/healthz")
        except httpx.TransportError as error:
            last = error
        else:
            last = answer.status_code
            if answer.status_code == httpx.codes.OK:
                return
        time.sleep(0.05)
    pytest.fail(f"no 200 from /healthz within {START_DEADLINE:g} s; last answer: {last}; log:\n{log.read_text()}")


@pytest.fixture(scope="session")
def python_of() -> Callable[[Path], Path]:
    """Give a function that returns a Python with an application's requirements, cached by their hash."""

    def python(app: Path) -> Path:
        requirements = app / "requirements.txt"
        venv = environment("-r", str(requirements), *TOOLS, key=requirements.read_text())
        return venv / "bin" / "python"

    return python


@pytest.fixture(scope="session")
def run_in(python_of: Callable[[Path], Path]) -> Command:
    """Give a function that runs `python -m ...` of an application to its end."""

    def run(
        app: Path, variables: Mapping[str, str], *module: str, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(python_of(app)), "-m", *module],
            cwd=app,
            env=clean_environ(variables),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if check:
            assert done.returncode == 0, f"{' '.join(module)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done

    return run


@pytest.fixture
def background(python_of: Callable[[Path], Path], tmp_path: Path) -> Iterator[Background]:
    """Give a function that keeps `python -m ...` of an application running until the test ends."""
    with ExitStack() as stack:

        def start(app: Path, variables: Mapping[str, str], module: list[str]) -> subprocess.Popen[bytes]:
            log = tmp_path / f"{module[0]}.log"
            return stack.enter_context(process([str(python_of(app)), "-m", *module], app, variables, log))

        yield start


@pytest.fixture
def serve(python_of: Callable[[Path], Path], tmp_path: Path) -> Iterator[Serve]:
    """Give a function that serves an application with uvicorn and returns a client bound to it.

    Serving again stops the one before, as a deployment does.
    """
    stack = ExitStack()

    def start(app: Path, variables: Mapping[str, str]) -> httpx.Client:
        stack.close()
        port = free_port()
        log = tmp_path / "uvicorn.log"
        argv = [str(python_of(app)), "-m", "uvicorn", "app.main:app", "--host", "127.0.0.1", "--port", str(port)]
        child = stack.enter_context(process(argv, app, variables, log))
        # A connection of its own for each request: uvicorn closes the one on which a handler crashed.
        limits = httpx.Limits(max_keepalive_connections=0)
        base_url = f"http://127.0.0.1:{port}"
        client = stack.enter_context(httpx.Client(base_url=base_url, timeout=10, limits=limits))
        wait_until_alive(client, child, log)
        return client

    with stack:
        yield start
