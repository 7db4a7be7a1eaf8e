"""How one tells that the Engine went away, from what clients say; and whose container a name belongs to."""

from __future__ import annotations

import pytest

from gonogo.host.runner import Command, Completed
from gonogo.runtimes.compose.lost import is_lost
from gonogo.runtimes.compose.run import is_once

__all__: list[str] = []

LOST = (
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
    'error during connect: Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.45/containers/json": EOF',
    'Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.45/containers/7/json": EOF',
    "dial unix /var/run/docker.sock: connect: connection refused",
    "rpc error: code = Unavailable desc = error reading from server: EOF",
)
OF_THE_APPLICATION = (
    "container shop-api-1 is unhealthy\n  Last lines of api:\n    connection refused: redis:6379",
    "psycopg.OperationalError: connection reset by peer",
    "exit code 1, expected 0. Its last words: unexpected EOF while looking for matching `\"'",
)


class Engine:
    """A host whose Docker Engine answers, or does not."""

    name = "fake"

    def __init__(self, *, answers: bool) -> None:
        """Nothing is asked yet."""
        self._code = 0 if answers else 1

    def run(self, command: Command, *, output_limit: int | None = None, exact: bool = False) -> Completed:  # noqa: ARG002 (the protocol's)
        """Answer ``docker version``."""
        return Completed(command=command, code=self._code, output="26.1.5", errors="", seconds=0.0, pid=1)

    def spawn(self, command: Command) -> int:
        """Nothing is started here."""
        pytest.fail(f"nothing is to be started: {command}")


@pytest.mark.parametrize("said", LOST)
def test_engine_that_went_away_and_is_back_is_known_by_its_clients_words(said: str) -> None:
    """Docker, Compose and BuildKit name the Engine when it hangs up."""
    assert is_lost(said, Engine(answers=True))


@pytest.mark.parametrize("said", OF_THE_APPLICATION)
def test_an_applications_own_words_are_not_the_engines(said: str) -> None:
    """A service whose database refuses it is broken; the Engine is well."""
    assert not is_lost(said, Engine(answers=True))


def test_engine_that_does_not_answer_is_away() -> None:
    """Whatever the command said."""
    assert is_lost("exit code 1", Engine(answers=False))


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("shop-api-once-20261121T221003-9a41b7d", True),
        ("shop-api-1", False),
        ("other-api-once-20261121T221003-9a41b7d", False),
        ("shop-api-once-upon-a-time", False),
    ],
)
def test_containers_of_our_own_commands_are_known_by_name(name: str, ours: bool) -> None:  # noqa: FBT001 (a case)
    """A person's own ``docker compose run`` is never taken for ours."""
    assert is_once(name, "shop") is ours
