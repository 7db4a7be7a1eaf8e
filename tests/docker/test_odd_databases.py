"""A server of another maker's image that speaks Spanish, with a database that ICU sorts: kept, proven and put back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from gonogo.backups.found import servers_among
from gonogo.backups.postgres import in_container
from gonogo.backups.proof import Proving, prove
from gonogo.backups.putback import Swap
from gonogo.backups.shelf import Shelf
from gonogo.host.runner import this_machine
from tests.support.backups import taken

from .base_images import ensure
from .servers import serving
from .test_rehearsals import context

__all__: list[str] = []

pytestmark = [pytest.mark.thorough]

HOST = this_machine(timeout=120)
DOCKERFILE = """\
FROM postgres:15
RUN apt-get update -q && apt-get install -qy --no-install-recommends locales && localedef -i es_ES -f UTF-8 es_ES.UTF-8 \\
    && useradd --uid 1001 --gid 0 other && install -d -o 1001 -g 0 -m 700 /other /other/data && chmod 777 /var/run/postgresql
COPY run.sh /opt/run.sh
ENV PGDATA=/other/data
USER 1001
ENTRYPOINT []
CMD ["sh", "/opt/run.sh"]
"""
RUN = """\
set -e
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  printf %s "$POSTGRESQL_PASSWORD" >/tmp/word
  initdb --username="${POSTGRESQL_USERNAME:-postgres}" --pwfile=/tmp/word --auth=scram-sha-256 --locale=es_ES.UTF-8
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  [ -z "$POSTGRESQL_DATABASE" ] || echo "CREATE DATABASE \\"$POSTGRESQL_DATABASE\\" TEMPLATE template0 LOCALE_PROVIDER icu \
ICU_LOCALE 'es-u-co-trad'" | postgres --single postgres
fi
exec postgres
"""
ROWS = """\
CREATE ROLE reader;
ALTER SCHEMA public OWNER TO reader;
CREATE SCHEMA "la ""ñ"" casa";
CREATE TABLE "la ""ñ"" casa"."o'clock" (id serial PRIMARY KEY, name text);
INSERT INTO "la ""ñ"" casa"."o'clock" (name) VALUES ('luz'), ('llave'), ('lado');
SELECT lo_from_bytea(4711, '\\x0102');
CREATE EXTENSION pg_trgm;
"""
SORTED = '''SELECT string_agg(name, ' ' ORDER BY name) FROM "la ""ñ"" casa"."o'clock"'''


@pytest.fixture(scope="module")
def live(engine: docker.DockerClient) -> Iterator[Container]:
    """The server, ready."""
    ensure("postgres:15")
    image, _ = engine.images.build(
        fileobj=context({"Dockerfile": DOCKERFILE, "run.sh": RUN}), custom_context=True, rm=True
    )
    given = {"POSTGRESQL_PASSWORD": "una clave", "POSTGRESQL_USERNAME": "tienda", "POSTGRESQL_DATABASE": "la tienda"}
    with serving(engine, str(image.id), given) as container:
        yield container
    engine.images.remove(str(image.id), force=True)


def test_other_makers_server_is_kept_proven_and_put_back(live: Container, tmp_path: Path) -> None:
    """Another user and folder, names with quotes, a large object, its own sorting; no message of its own is read."""
    live.reload()
    (server,) = servers_among([live])
    source = in_container(server.container, server.image, service="db", database="la tienda")
    for line in filter(None, ROWS.splitlines()):
        source.ask(HOST, line)
    sorted_there = source.ask(HOST, SORTED)
    shelf = Shelf(tmp_path / "backups")
    made = taken(tmp_path, source, host=HOST)
    (part,) = made.parts
    proof = prove(Proving(shelf=shelf, host=HOST, owner="odd/run", timeout=120), made)
    source.ask(HOST, '''DELETE FROM "la ""ñ"" casa"."o'clock"''')
    swap = Swap(live=source, part=part, path=shelf.path(made.id) / part.file, stamp="20261129t101500", timeout=60)
    swap.restore(HOST)
    swap.swap(HOST)

    assert source.ask(HOST, "SHOW lc_messages") == "es_ES.UTF-8"
    assert sorted_there == "lado luz llave"
    assert proof.problems == ()
    assert [one.how for one in proof.parts] == ["restored"]
    assert source.ask(HOST, SORTED) == sorted_there
    assert source.ask(HOST, "SELECT lo_get(4711)") == "\\x0102"
    provider = "SELECT datlocprovider::text || ' ' || daticulocale FROM pg_database WHERE datname = current_database()"
    assert source.ask(HOST, provider) == "i es-u-co-trad"
