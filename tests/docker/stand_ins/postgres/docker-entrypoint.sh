#!/bin/bash
# Makes the cluster on the first start (user, password, database, init scripts), then becomes the server.
set -euo pipefail

[ "${1:0:1}" != "-" ] || set -- postgres "$@"
[ "$1" = postgres ] || exec "$@"

if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA"
    chown -R postgres:postgres "$PGDATA" /var/run/postgresql
    chmod 700 "$PGDATA"
    exec setpriv --reuid=postgres --regid=postgres --init-groups "${BASH_SOURCE[0]}" "$@"
fi

user="${POSTGRES_USER:-postgres}"
database="${POSTGRES_DB:-$user}"
method="${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}"

password() {
    if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then cat "$POSTGRES_PASSWORD_FILE"; else printf %s "${POSTGRES_PASSWORD:-}"; fi
}

ask() { psql --no-psqlrc -v ON_ERROR_STOP=1 --username "$user" --no-password "$@"; }

run_shell() {
    # As in the real image: one that is not executable is read into this shell.
    # shellcheck source=/dev/null
    if [ -x "$1" ]; then "$1"; else . "$1"; fi
}

run_init_scripts() {
    local script
    for script in /docker-entrypoint-initdb.d/*; do
        case "$script" in
            *.sh) run_shell "$script" ;;
            *.sql) ask --dbname "$database" --file "$script" ;;
            *.sql.gz) gunzip -c "$script" | ask --dbname "$database" ;;
        esac
    done
}

make_cluster() {
    if [ -z "$(password)" ] && [ "$method" != trust ]; then
        echo "Error: Database is uninitialized and superuser password is not specified (POSTGRES_PASSWORD)." >&2
        exit 1
    fi
    initdb --username="$user" --pwfile=<(password) --auth-local=trust --auth-host=trust
    printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
    # Only on the socket: nobody outside takes the half-made cluster for a ready one.
    pg_ctl -D "$PGDATA" -o "-c listen_addresses=''" -w start
    if [ "$database" != postgres ]; then
        ask --dbname postgres --set db="$database" <<<'CREATE DATABASE :"db";'
    fi
    run_init_scripts
    pg_ctl -D "$PGDATA" -m fast -w stop
    echo "PostgreSQL init process complete; ready for start up."
}

[ -s "$PGDATA/PG_VERSION" ] || make_cluster
exec "$@"
