"""Whether the databases let in two releases at a time."""

from __future__ import annotations

import pytest

from gonogo.config.strategies import BESIDE
from gonogo.errors import GonogoError
from gonogo.host.runner import Command
from gonogo.plugins.evidence import Collected, InconclusiveError
from gonogo.runtimes import runtime_of
from gonogo.runtimes.base import Place
from gonogo.state.release import Release

__all__: list[str] = []

_ADDRESSES = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"
_SECONDS = 30.0


@pytest.mark.predeploy(
    "P51",
    needs=("strategy = bluegreen", "a serving release", "a Docker Engine"),
    severity="advisory",
    remedy="Make pools smaller (workers times what each may open), or raise max_connections of the server; "
    "SELECT client_addr, count(*) FROM pg_stat_activity GROUP BY 1 says who holds them",
)
def test_databases_let_in_both_releases(place: Place, serving: Release | None, evidence: Collected) -> None:
    """PostgreSQL has room for as many connections again as the release that serves holds now.

    Catches the pools that fill a server to three quarters: started beside the old release, the new one is told `too
    many clients already`, and so are the old one and everybody else. What opens more under load is not seen.

    Before (app/database.py):

        engine = create_engine(url, pool_size=20, max_overflow=40)

    After (app/database.py):

        engine = create_engine(url, pool_size=5, max_overflow=5)
    """
    if serving is None or place.environment.strategy not in BESIDE or not place.environment.has("a Docker Engine"):
        pytest.skip("no release is started beside another one")
    from gonogo.backups.connections import TAKEN, Taken, too_few  # noqa: PLC0415 (a gate that asks nothing of backups does without)
    from gonogo.backups.found import databases  # noqa: PLC0415 (a gate that asks nothing of backups does without)
    from gonogo.backups.postgres import Postgres  # noqa: PLC0415 (a gate that asks nothing of backups does without)

    try:
        found = databases(place, runtime_of(place.environment.runtime), serving)
        servers = {one.access.where: one for one in found.sources if isinstance(one, Postgres)}
        addresses = _addresses(place, serving)
        seen = {one.name: Taken.read(one.ask(place.host, TAKEN)) for one in servers.values()}
    except (GonogoError, ValueError) as error:
        raise InconclusiveError(f"the databases did not say who is connected: {error}") from error
    if not seen:
        pytest.skip("no PostgreSQL is known that this release uses")
    evidence.table("Connections", [(name, f"{one.taken} of {one.most}") for name, one in seen.items()])
    for name, one in seen.items():
        if wrong := too_few(one, addresses):
            evidence.warn(f"database {name}: {wrong}")


def _addresses(place: Place, serving: Release) -> frozenset[str]:
    """Where the containers of what serves connect from.

    Raises:
        GonogoError: the Engine does not say.
    """
    rows = runtime_of(place.environment.runtime).inspector(place, serving).instances(health=False)
    names = [one.name for one in rows if one.status == "running"]
    if not names:
        return frozenset()
    argv = ("docker", "inspect", "--format", _ADDRESSES, *names)
    return frozenset(place.host.run(Command(argv=argv, timeout=_SECONDS)).require().output.split())
