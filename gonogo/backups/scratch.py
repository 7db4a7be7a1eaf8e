"""A PostgreSQL for a moment: of the live server's image, without a network, named as scratch, and always removed."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator

from gonogo.backups.access import InContainer
from gonogo.backups.manifest import Facts
from gonogo.backups.postgres import PRELUDE
from gonogo.errors import CommandError, last_words
from gonogo.host.runner import Command, Host
from gonogo.runtimes.compose.engine import SCRATCH_LABEL, scratch_name

__all__ = ["labels", "scratch_server"]

_SECONDS = 60.0
_STARTS = 180
_READY = """\
i=0
while [ $i -lt {count} ]; do pg_isready -q -h 127.0.0.1 && exit 0; i=$((i+1)); sleep 0.5; done
exit 1
"""
"""Over TCP: the image's own preparations are answered through the socket alone."""
_QUICK = ("fsync=off", "full_page_writes=off", "autovacuum=off")
_OF_COMPOSE = ("com.docker.compose.project", "com.docker.compose.service")
"""An image that Compose built has its labels, and a container of it would be taken for one of the project's."""


@contextlib.contextmanager
def scratch_server(host: Host, image: str, facts: Facts, *, owner: str) -> Iterator[InContainer]:
    """A server that is ready; ``owner`` is whose it is, as the label says by which it is found after a crash.

    Raises:
        CommandError: the image is gone, or the server did not become ready in time.
    """
    name = scratch_name()
    try:
        host.run(_start(host, image, facts, name=name, owner=owner)).require("a scratch server")
        command = ("docker", "exec", name, "sh", "-c", _READY.replace("{count}", str(2 * _STARTS)))
        ready = host.run(Command(argv=command, timeout=_STARTS + _SECONDS))
        if not ready.ok:
            logs = host.run(Command(argv=("docker", "logs", "--tail", "20", name), timeout=_SECONDS))
            raise CommandError(
                f"a scratch server of image {image[:19]}: found none that answers in {_STARTS} s, expected one. "
                f"It said: {last_words(logs.output + logs.errors)}"
            )
        yield InContainer(container=name, image=image, prelude=PRELUDE)
    finally:
        with contextlib.suppress(CommandError):
            host.run(Command(argv=("docker", "rm", "--force", "--volumes", name), timeout=_SECONDS))


def labels(owner: str) -> list[str]:
    """The options that say whose a scratch container is."""
    words = [f"{SCRATCH_LABEL}={owner}", *(f"{one}=" for one in _OF_COMPOSE)]
    return [word for one in words for word in ("--label", one)]


def _start(host: Host, image: str, facts: Facts, *, name: str, owner: str) -> Command:
    argv = ["docker", "run", "--detach", "--network", "none", "--pull", "never", "--name", name]
    argv += labels(owner)
    argv += ["--env", "POSTGRES_PASSWORD", "--env", "POSTGRESQL_PASSWORD", image]
    if _runs_postgres(host, image):
        settings = [*_QUICK, *([f"shared_preload_libraries={facts.preload}"] if facts.preload else [])]
        argv += ["postgres", *(word for one in settings for word in ("-c", one))]
    password = secrets.token_hex(16)
    env = {"POSTGRES_PASSWORD": password, "POSTGRESQL_PASSWORD": password}
    return Command(argv=tuple(argv), env=env, timeout=_SECONDS)


def _runs_postgres(host: Host, image: str) -> bool:
    """Whether its command is the server itself, which takes settings; others have scripts of their own."""
    argv = ("docker", "image", "inspect", "--format", "{{json .Config.Cmd}}", image)
    said = host.run(Command(argv=argv, timeout=_SECONDS)).require("the image of the database").output
    return said.strip() == '["postgres"]'
