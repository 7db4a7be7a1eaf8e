#!/bin/bash
# Makes the data folder on the first start (password, database, user), then becomes the server.
set -euo pipefail

[ "${1:0:1}" != "-" ] || set -- mariadbd "$@"
[ "$1" = mariadbd ] || exec "$@"

if [ "$(id -u)" = 0 ]; then
    chown -R mysql:mysql /var/lib/mysql /run/mysqld
    exec setpriv --reuid=mysql --regid=mysql --init-groups "${BASH_SOURCE[0]}" "$@"
fi

given() {
    local name file
    for name in "$@"; do
        file="${name}_FILE"
        if [ -n "${!name:-}" ]; then printf %s "${!name}"; return; fi
        if [ -n "${!file:-}" ]; then cat "${!file}"; return; fi
    done
}

if [ ! -d /var/lib/mysql/mysql ]; then
    root="$(given MARIADB_ROOT_PASSWORD MYSQL_ROOT_PASSWORD)"
    [ -n "$root" ] || { echo "Database is uninitialized and password option is not specified" >&2; exit 1; }
    mariadb-install-db --skip-test-db --auth-root-authentication-method=normal >/dev/null
    database="$(given MARIADB_DATABASE MYSQL_DATABASE)"
    user="$(given MARIADB_USER MYSQL_USER)"
    {
        echo "FLUSH PRIVILEGES;"
        # One statement a line: that is all that the bootstrap takes.
        echo "ALTER USER root@localhost IDENTIFIED BY '$root';"
        echo "CREATE USER root@'%' IDENTIFIED BY '$root';"
        echo "GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;"
        [ -z "$database" ] || echo "CREATE DATABASE \`$database\`;"
        [ -z "$user" ] || echo "CREATE USER '$user'@'%' IDENTIFIED BY '$(given MARIADB_PASSWORD MYSQL_PASSWORD)';"
        [ -z "$user" ] || [ -z "$database" ] || echo "GRANT ALL ON \`$database\`.* TO '$user'@'%';"
    } >/tmp/first.sql
    mariadbd --bootstrap </tmp/first.sql
    rm /tmp/first.sql
fi

exec "$@"
