"""The probe that asks a database a query, through each driver, with a real PostgreSQL."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gonogo.demo.postgres import postgres
from gonogo.probes import database
from gonogo.words import Outcome

from .deployed import Deployed

pytestmark = pytest.mark.integration

QUERY = "select count(*)::int + sum(price)::numeric from prices where name like '%:a' or name = '10:30'"
WAYS = {
    "postgresql+psycopg": database.through_sqlalchemy,
    "postgresql+psycopg_async": database.through_async_sqlalchemy,
    "postgresql": database.through_dbapi("psycopg"),
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A database with two prices and a sequence; its files lie where the server's own user may read them."""
    with tempfile.TemporaryDirectory() as home, postgres(Path(home)) as server:
        import psycopg  # noqa: PLC0415 (an extra)

        address = server.create("shop")
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("create table prices (name text, price numeric)")
            connection.execute("insert into prices values ('x:a', 2.5), ('10:30', 4)")
            connection.execute("create sequence numbers")
        yield address


@pytest.mark.parametrize("scheme", WAYS)
def test_each_driver_asks_and_writes_nothing(url: str, scheme: str) -> None:
    """Percent signs, casts and times of day are no parameters; what writes is refused, what takes too long ended."""
    address = url.replace("postgresql", scheme, 1)

    def ask(query: str, seconds: float = 5) -> list[Any]:
        return WAYS[scheme](address, [*database.guards(address, seconds), query])[2]

    assert database.told(ask(QUERY)[0][0]) == 8.5
    with pytest.raises(Exception, match="read-only transaction"):
        ask("select nextval('numbers')")
    with pytest.raises(Exception, match="statement timeout"):
        ask("select pg_sleep(20)", seconds=0.2)


def test_database_without_a_table_is_told_apart(deploy: Callable[..., Deployed], url: str) -> None:
    """P46: another database of the server is empty, or has tables as the present one, or is the same by another password."""
    packages = ("psycopg[binary]",)
    empty, _ = url.rsplit("/", 1)
    site = deploy(env=f"DATABASE_URL={url}\n", packages=packages, tier="prod")
    site.start()
    first = site.release

    def asked(address: str) -> tuple[Outcome, str]:
        (site.folder / ".env").write_text(f"ANSWERS={site.folder}/answers.json\nDATABASE_URL={address}\n")
        site.another({"address": address.rpartition("@")[2]})
        check = site.ask("predeploy", "left_behind", serving=first).check("P46")
        return check.outcome, check.found or "".join(check.advice)

    assert asked(url) == (Outcome.PASSED, "")
    assert asked(f"{empty}/postgres") == (
        Outcome.FAILED,
        "web: DATABASE_URL: found another database, without a table (what serves has 1 in its own); expected it where "
        "every release finds it",
    )
    assert asked(f"{url}?application_name=shop") == (Outcome.PASSED, "")
    assert asked(f"{empty}/nobodys") == (
        Outcome.WARNED,
        "web: DATABASE_URL names another database than before, and it could not be asked whether that is empty",
    )
