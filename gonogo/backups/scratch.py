"""A database server for a moment: of the live one's image, without a network, named as scratch, and always removed."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator, Mapping, Sequence

from gonogo.backups.access import InContainer
from gonogo.backups.manifest import Facts
from gonogo.backups.postgres import PRELUDE
from gonogo.errors import CommandError, last_words
from gonogo.host.runner import Command, Host
from gonogo.runtimes.compose.engine import SCRATCH_LABEL, scratch_name

__all__ = ["labels", "scratch_container", "scratch_server"]

_SECONDS = 60.0
_STARTS = 180
_READY = """\
i=0
while [ $i -lt {count} ]; do {ready} && exit 0; i=$((i+1)); sleep 0.5; done
exit 1
"""
"""Over TCP: the image's own preparations are answered through the socket alone."""
_QUICK = (
    *("fsync=off", "full_page_writes=off", "synchronous_commit=off", "autovacuum=off", "maintenance_work_mem=256MB"),
    *("max_wal_size=4GB", "checkpoint_timeout=1h", "archive_mode=off", "wal_level=minimal", "max_wal_senders=0"),
)
"""A server that may be lost at any moment writes less."""
_OF_COMPOSE = ("com.docker.compose.project", "com.docker.compose.service")
"""An image that Compose built has its labels, and a container of it would be taken for one of the project's."""


@contextlib.contextmanager
def scratch_server(host: Host, image: str, facts: Facts, *, owner: str) -> Iterator[InContainer]:
    """A PostgreSQL that is ready; ``owner`` is whose it is, as the label says by which it is found after a crash.

    Raises:
        CommandError: the image is gone, or the server did not become ready in time.
    """
    settings = [*_QUICK, *([f"shared_preload_libraries={facts.preload}"] if facts.preload else [])]
    words = ("postgres", *(word for one in settings for word in ("-c", one))) if _runs_postgres(host, image) else ()
    password = secrets.token_hex(16)
    env = {"POSTGRES_PASSWORD": password, "POSTGRESQL_PASSWORD": password}
    with scratch_container(host, image, words, env=env, ready="pg_isready -q -h 127.0.0.1", owner=owner) as name:
        yield InContainer(container=name, image=image, prelude=PRELUDE)


@contextlib.contextmanager
def scratch_container(
    host: Host, image: str, words: Sequence[str], *, env: Mapping[str, str], ready: str, owner: str
) -> Iterator[str]:
    """The name of a container without a network, once the command ``ready`` succeeds in it.

    Raises:
        CommandError: the image is gone, or it did not become ready in time.
    """
    name = scratch_name()
    argv = ["docker", "run", "--detach", "--network", "none", "--pull", "never", "--name", name, *labels(owner)]
    argv += [*(word for one in env for word in ("--env", one)), image, *words]
    try:
        host.run(Command(argv=tuple(argv), env=env, timeout=_SECONDS)).require("a scratch server")
        waiting = _READY.replace("{count}", str(2 * _STARTS)).replace("{ready}", ready)
        done = host.run(Command(argv=("docker", "exec", name, "sh", "-c", waiting), timeout=_STARTS + _SECONDS))
        if not done.ok:
            logs = host.run(Command(argv=("docker", "logs", "--tail", "20", name), timeout=_SECONDS))
            raise CommandError(
                f"a scratch server of image {image[:19]}: found none that answers in {_STARTS} s, expected one. "
                f"It said: {last_words(logs.output + logs.errors)}"
            )
        yield name
    finally:
        with contextlib.suppress(CommandError):
            host.run(Command(argv=("docker", "rm", "--force", "--volumes", name), timeout=_SECONDS))


def labels(owner: str) -> list[str]:
    """The options that say whose a scratch container is."""
    words = [f"{SCRATCH_LABEL}={owner}", *(f"{one}=" for one in _OF_COMPOSE)]
    return [word for one in words for word in ("--label", one)]


def _runs_postgres(host: Host, image: str) -> bool:
    """Whether its command is the server itself, which takes settings; others have scripts of their own."""
    argv = ("docker", "image", "inspect", "--format", "{{json .Config.Cmd}}", image)
    said = host.run(Command(argv=argv, timeout=_SECONDS)).require("the image of the database").output
    return said.strip() == '["postgres"]'
