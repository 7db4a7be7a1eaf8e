"""How a start command becomes one that listens on loopback, on the port that gonogo gives."""

from __future__ import annotations

import pytest

from gonogo.detect.listening import port_in, written

__all__: list[str] = []


@pytest.mark.parametrize(
    ("text", "server", "command", "port"),
    [
        ("gunicorn app:app", "gunicorn", "gunicorn --bind 127.0.0.1:{port} app:app", None),
        ("gunicorn -b 0.0.0.0:$PORT -w 4 app:app", "gunicorn", "gunicorn --bind 127.0.0.1:{port} -w 4 app:app", None),
        ("exec gunicorn -b:5000 app:app", "gunicorn", "gunicorn --bind 127.0.0.1:{port} app:app", 5000),
        (
            "/srv/venv/bin/gunicorn --bind=unix:/run/a.sock --pid /run/a.pid --daemon -w 2 app:app",
            "gunicorn",
            "gunicorn --bind 127.0.0.1:{port} -w 2 app:app",
            None,
        ),
        (
            "gunicorn app:app --access-logfile /var/log/a --error-logfile - --workers ${WEB_CONCURRENCY}",
            "gunicorn",
            "gunicorn --bind 127.0.0.1:{port} app:app --error-logfile -",
            None,
        ),
        (
            "poetry run uvicorn main:app --reload --host 0.0.0.0 --port 9000 --proxy-headers",
            "uvicorn",
            "uvicorn --host 127.0.0.1 --port {port} main:app --proxy-headers",
            9000,
        ),
        ("python -m uvicorn main:app", "uvicorn", "uvicorn --host 127.0.0.1 --port {port} main:app", None),
        ("fastapi dev app/main.py", "fastapi", "fastapi run --host 127.0.0.1 --port {port} app/main.py", None),
        (
            "flask --app shop run --debug -p 5001",
            "flask",
            "flask --app shop run --host 127.0.0.1 --port {port}",
            5001,
        ),
        (
            "waitress-serve --port=8041 shop:app",
            "waitress-serve",
            "waitress-serve --listen 127.0.0.1:{port} shop:app",
            8041,
        ),
        (
            "python manage.py runserver 0.0.0.0:8080",
            "manage.py",
            "{python} manage.py runserver --noreload 127.0.0.1:{port}",
            8080,
        ),
        (
            "TZ=UTC celery -A shop worker -l INFO --pidfile /run/c.pid",
            "celery",
            "env TZ=UTC celery -A shop worker -l INFO",
            None,
        ),
        ("python3 worker.py --queue mail", "python", "{python} worker.py --queue mail", None),
        ("python manage.py qcluster", "manage.py qcluster", "{python} manage.py qcluster", None),
    ],
)
def test_a_command_is_that_of_a_release(text: str, server: str, command: str, port: int | None) -> None:
    """What is of one machine, or of a desk, is left out; what the application is tuned by stays."""
    found = written(text, server)

    assert " ".join(found.words) == command
    assert found.port == port


def test_where_it_listened_is_kept() -> None:
    """A socket or another address is for the proxy's owner to know."""
    assert written("gunicorn -b unix:/run/shop.sock app:app", "gunicorn").host == "unix:/run/shop.sock"
    assert written("uvicorn --host 10.0.0.5 --port 80 app:app", "uvicorn").host == "10.0.0.5"
    assert written("gunicorn -w $WORKERS app:app", "gunicorn").left_out == ("$WORKERS",)


@pytest.mark.parametrize(("text", "port"), [("0.0.0.0:8000", 8000), (":80", 80), ("$PORT", None), ("99999", None)])
def test_a_port(text: str, port: int | None) -> None:
    """Only a number is one."""
    assert port_in(text) == port
