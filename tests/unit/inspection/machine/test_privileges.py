"""Programs that give up root by themselves."""

from __future__ import annotations

import pytest

from gonogo.inspection.machine.privileges import becomes_another, gives_up_root

__all__: list[str] = []


@pytest.mark.parametrize(
    ("words", "program"),
    [
        (["/docker-entrypoint.sh", "nginx", "-g", "daemon off;"], "nginx"),
        (["docker-entrypoint.sh", "postgres", "-c", "max_connections=300"], "postgres"),
        (["tini", "--", "httpd-foreground"], "httpd-foreground"),
        (["/usr/sbin/nginx"], "nginx"),
        (["caddy", "run"], None),
        (["python", "-m", "nginx"], None),
        (["gunicorn", "app:app"], None),
        (["sh", "-c", "nginx"], None),
        (["gosu", "app", "gunicorn", "app:app"], "gosu"),
        (["/usr/bin/setpriv", "--reuid=app", "--clear-groups", "gunicorn", "app:app"], "setpriv"),
        (["su-exec", "root", "gunicorn", "app:app"], None),
        (["gosu", "--version"], None),
        ([], None),
    ],
)
def test_web_servers_and_databases_work_under_another_user(words: list[str], program: str | None) -> None:
    """The first program that is no wrapper decides; what is not known counts as staying root."""
    assert gives_up_root(words) == program


@pytest.mark.parametrize(
    ("text", "is_another"),
    [
        ('#!/bin/sh\nchown -R app /data\nexec gosu app "$@"\n', True),
        ('if [ "$(id -u)" = 0 ]; then exec su-exec "$USER" "$0" "$@"; fi\nexec "$@"\n', True),
        (
            'su-exec app python manage.py migrate\nexec su-exec "$USER" gunicorn \\\n  --bind 0.0.0.0:80 shop:app\n',
            True,
        ),
        ("exec setpriv --reuid=app --regid=app --init-groups gunicorn app:app\n", True),
        ("exec chpst -u app gunicorn app:app\n", True),
        ("exec runuser -u app -- gunicorn app:app\n", True),
        ('su app -s /bin/sh -c "gunicorn app:app"\n', True),
        ('su -m -c "gunicorn app:app" app\n', True),
        ("su-exec app python manage.py migrate\nexec gunicorn app:app\n", False),
        ("gosu app python manage.py migrate\ngunicorn app:app\n", False),
        ('gosu app python manage.py migrate\nexec "$@"\n', False),
        ("exec gosu root gunicorn app:app\n", False),
        ('if [ "$DEBUG" ]; then\n  exec python app.py\nfi\nexec gosu app gunicorn app:app\n', False),
        ("# exec gosu app gunicorn app:app\nexec gunicorn app:app\n", False),
        ("", False),
    ],
)
def test_a_start_script_that_becomes_another_user(text: str, *, is_another: bool) -> None:
    """What replaces the script counts, else its last command; what comes before is done as whoever is fit."""
    assert becomes_another(text) is is_another
