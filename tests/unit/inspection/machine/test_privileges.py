"""Programs that give up root by themselves."""

from __future__ import annotations

import pytest

from gonogo.inspection.machine.privileges import gives_up_root

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
        ([], None),
    ],
)
def test_web_servers_and_databases_work_under_another_user(words: list[str], program: str | None) -> None:
    """The first program that is no wrapper decides; what is not known counts as staying root."""
    assert gives_up_root(words) == program
