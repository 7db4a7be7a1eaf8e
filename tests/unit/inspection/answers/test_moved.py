"""Which errors a move causes, and which are the release's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gonogo.inspection.answers.logs import error_lines
from gonogo.inspection.answers.moved import (
    asked_by_another_name,
    asked_in_vain,
    caused_by_move,
    hung_up,
    is_trying,
    name_refused,
    no_request_needs,
    not_reached,
    not_reached_outside,
    refused_visitor,
    signed_wrongly,
    tried_again,
)

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
NGINX = (
    "2026/11/28 12:00:00 [error] 29#29: *1 connect() failed (111: Connection refused) while connecting to upstream, "
    'client: 172.18.0.1, server: , request: "GET /healthz HTTP/1.1", upstream: "http://172.18.0.3:8000/healthz"'
)
DISCONNECTED = """\
ERROR:    Exception in ASGI application
Traceback (most recent call last):
  File "/app/middleware/base.py", line 159, in call_next
    raise RuntimeError("No response returned.")
RuntimeError: No response returned."""


@pytest.mark.parametrize(
    "text",
    [
        NGINX,
        "2026/11/28 12:00:00 [error] 29#29: *1 no live upstreams while connecting to upstream",
        '2026/11/28 12:00:00 [error] 6#6: *1 open() "/usr/share/nginx/html/50x.html" failed (2: No such file or directory), '
        'client: 172.18.0.1, server: , request: "GET / HTTP/1.1", upstream: "http://172.18.0.3:8000/", host: "shop"',
        "2026/11/28 12:00:00 [error] 7#7: *3 upstream prematurely closed connection while reading response header",
        "[proxy:error] [pid 9] (111)Connection refused: AH00957: http: attempt to connect to 172.18.0.3:8000 failed",
        '{"level":"error","logger":"http.log.error","msg":"dial tcp 172.18.0.3:8000: connect: connection refused"}',
        "ERROR worker: HTTPConnectionPool(host='api', port=8000): Max retries exceeded",
        "ERROR gateway: GET http://127.0.0.1:8002/healthz: [Errno 111] Connection refused",
    ],
)
def test_who_could_not_reach_what_is_replaced_is_not_at_fault(text: str) -> None:
    """Proxies by how they say it; anybody else where the line names the service or its port."""
    assert caused_by_move(text, others=("api", ":8002"))


@pytest.mark.parametrize(
    "text",
    [
        "ERROR shop.api: could not load the prices",
        "ERROR api: table orders is missing",
        "ERROR shop: connection to server at 'db', port 5432 failed: Connection refused",
        "ERROR shop: cannot connect to redis://cache:6379",
        "2026/11/28 12:00:00 [emerg] 1#1: unknown directive",
        '2026/11/28 12:00:00 [error] 6#6: *1 open() "/srv/a.css" failed (2: No such file or directory), client: 10.0.0.1, '
        'server: , request: "GET /a.css HTTP/1.1", host: "shop"',
        "sqlalchemy.exc.OperationalError: (psycopg.OperationalError) connection refused",
        "ERROR api-key rejected: connection refused",
    ],
)
def test_an_error_of_the_start_itself_counts(text: str) -> None:
    """Whatever is no question of reaching another service of the release: a database was not replaced."""
    assert not caused_by_move(text, others=("api", ":8002"))


@pytest.mark.parametrize(
    ("after", "ours", "expected"),
    [(1.0, (NOON,), True), (60.0, (NOON,), False), (0.0, (), False), (None, (NOON,), True)],
    ids=["when we hung up", "another time", "we never did", "a log without times"],
)
def test_a_visitor_who_hung_up_was_ours(after: float | None, ours: tuple[datetime, ...], *, expected: bool) -> None:
    """Starlette logs an error when a visitor hangs up; of ours only what happened when one of ours did."""
    (group,) = error_lines(DISCONNECTED.splitlines())
    moment = None if after is None else NOON + timedelta(seconds=after)

    assert hung_up(group, [moment], ours) is expected


def test_another_error_is_no_hang_up() -> None:
    """Also at the very moment."""
    (group,) = error_lines(["ERROR: could not save"])

    assert not hung_up(group, [NOON], (NOON,))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ConnectionRefusedError: [Errno 111] Connect call failed ('172.25.0.2', 5432)", True),
        ('psycopg.OperationalError: connection to server at "db", port 5432 failed: Connection refused', True),
        ("FATAL:  the database system is starting up", True),
        ("sqlalchemy.exc.OperationalError: (2003, \"Can't connect to MySQL server on 'db' (111)\")", True),
        ('FATAL:  password authentication failed for user "shop"', False),
        ('psycopg.errors.UndefinedTable: relation "nowhere" does not exist', False),
    ],
)
def test_a_database_that_only_starts_is_told_from_a_migration_that_fails(text: str, *, expected: bool) -> None:
    """A wrong password and a wrong statement will not pass by waiting."""
    assert not_reached(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '2026/11/28 12:00:00 [error] 8#8: *12 limiting requests, excess: 5.568 by zone "all", client: 172.22.0.1, '
            'server: , request: "GET /healthz HTTP/1.1", host: "shop"',
            True,
        ),
        (
            '2026/11/28 12:00:00 [error] 8#8: *9 limiting connections by zone "addr", client: 10.0.0.1, server: shop',
            True,
        ),
        (
            '2026/11/28 12:00:00 [error] 7#7: *21 open() "/srv/site/gone.png" failed (2: No such file or directory), '
            'client: 10.0.0.1, server: , request: "GET /gone.png HTTP/1.1", host: "shop"',
            True,
        ),
        (
            '2026/11/28 12:00:00 [error] 7#7: *2 "/srv/site/old/index.html" is not found (2: No such file or directory), '
            'client: 10.0.0.1, server: , request: "GET /old/ HTTP/1.1", host: "shop"',
            True,
        ),
        ("2026/11/28 12:00:00 [error] 7#7: *3 access forbidden by rule, client: 10.0.0.1, server: shop", True),
        (
            "2026/11/28 12:00:00 [crit] 7#7: *4 SSL_do_handshake() failed (SSL: error:0A00006C:SSL routines::bad key share) "
            "while SSL handshaking, client: 10.0.0.1, server: 0.0.0.0:443",
            True,
        ),
        (
            "[authz_core:error] [pid 9] [client 10.0.0.1:5] AH01630: client denied by server configuration: /srv/.ht",
            True,
        ),
        (
            '2026/11/28 12:00:00 [error] 7#7: *21 open() "/srv/site/a.css" failed (13: Permission denied), '
            'client: 10.0.0.1, server: , request: "GET /a.css HTTP/1.1", host: "shop"',
            False,
        ),
        (
            '2026/11/28 12:00:00 [error] 6#6: *1 open() "/srv/50x.html" failed (2: No such file or directory), '
            'client: 172.18.0.1, server: , request: "GET / HTTP/1.1", upstream: "http://172.18.0.3:8000/", host: "shop"',
            False,
        ),
        ('2026/11/28 12:00:00 [emerg] 1#1: open() "/etc/nginx/a.conf" failed (2: No such file or directory)', False),
        ("FileNotFoundError: [Errno 2] No such file or directory: '/srv/prices.csv'", False),
        ("ERROR shop: limiting requests failed: redis is gone", False),
        ('2026/11/28 12:00:00 [emerg] 1#1: zero size shared memory zone "all"', False),
    ],
)
def test_what_a_proxy_refused_a_visitor_is_no_error_of_the_release(text: str, *, expected: bool) -> None:
    """Nginx calls it an error unless it is told otherwise; what it may not read, or does not reach, is another matter."""
    assert refused_visitor(text) is expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("203.0.113.9", True),
        ("WWW.Example.org:443", True),
        ("shop.example.com", False),
        ("web:8000", False),
        ("localhost:8000", False),
        ("[::1]:8000", False),
    ],
)
def test_whoever_asks_for_another_name_is_a_visitor(host: str, *, expected: bool) -> None:
    """Bots ask by the address; a worker or a health check that asks by a name of the release is its own fault."""
    text = f"ERROR Invalid HTTP_HOST header: '{host}'. You may need to add it to ALLOWED_HOSTS."

    assert asked_by_another_name(text, own={"web", "shop.example.com"}) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[ERROR] Control server error: [Errno 13] Permission denied: '/home/app'", True),
        ("[ERROR] Control server error: [Errno 30] Read-only file system: '/nonexistent/.gunicorn'", True),
        ("[ERROR] Control server error: the queue is full", False),
        ("[ERROR] Connection in use: ('0.0.0.0', 8000)", False),
        ("PermissionError: [Errno 13] Permission denied: '/home/app'", False),
    ],
)
def test_gunicorn_serves_without_its_control_socket(text: str, *, expected: bool) -> None:
    """It says so at each start under a user without a home; an application's own folder is another matter."""
    assert no_request_needs(text) is expected


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("ERROR shop: no page at /gone.png", 1.0, True),
        ("ERROR shop: no page at /gone.png", None, True),
        ("ERROR shop: no page at /gone.png", 60.0, False),
        ("ERROR shop: no page at /gone.png/small", 1.0, False),
        ("ERROR shop: werkzeug.exceptions.NotFound: 404 Not Found: The requested URL was not found", 1.0, True),
        ("ERROR shop: werkzeug.exceptions.NotFound: 404 Not Found: The requested URL was not found", None, False),
        ("ERROR shop: FileNotFoundError: [Errno 2] No such file or directory: 'prices.csv'", 1.0, False),
        ("ERROR shop: no price", 1.0, False),
    ],
)
def test_what_is_logged_of_a_404_of_ours_is_ours(text: str, after: float | None, *, expected: bool) -> None:
    """Known by its path, or by its time and the words of a 404; another visitor's is the application's to know."""
    (group,) = error_lines([text])
    moment = None if after is None else NOON + timedelta(seconds=after)

    assert asked_in_vain(group, [moment], [(NOON, "/gone.png", 404), (NOON, "/", 404)]) is expected
    assert not asked_in_vain(group, [moment], [])


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("2026-12-01 05:01:47.78 | ERROR | HTTPException 401: No Api Key provided.", 1.0, True),
        ("ERROR shop: werkzeug.exceptions.Unauthorized: no key", 1.0, True),
        ("ERROR shop: HTTPException 401: No Api Key provided.", 60.0, False),
        ("ERROR shop: HTTPException 401: No Api Key provided.", None, False),
        ("ERROR shop: HTTPException 403: not yours", 1.0, False),
        ("2026-12-01 05:01:47.401 | ERROR | no price", 1.0, False),
        ("ERROR shop: no price at /account", 1.0, False),
    ],
)
def test_what_is_logged_of_a_401_of_ours_is_ours(text: str, after: float | None, *, expected: bool) -> None:
    """Known by its time, and by the status that one of ours was answered with; a path alone says too little."""
    (group,) = error_lines([text])
    moment = None if after is None else NOON + timedelta(seconds=after)

    assert asked_in_vain(group, [moment], [(NOON, "/account", 401), (NOON, "/", 404)]) is expected
    assert not asked_in_vain(group, [moment], [(NOON, "/", 404)])


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("ERROR shop: stripe.error.SignatureVerificationError: no signatures found", 1.0, True),
        ("ERROR shop: webhook refused", None, True),
        ("ERROR shop: invalid signature", 60.0, False),
        ("ERROR shop: no price", 1.0, False),
    ],
)
def test_what_is_logged_of_a_wrong_signature_of_ours_is_ours(text: str, after: float | None, *, expected: bool) -> None:
    """Known by its words, and by its time where the log has times; nothing is where none was sent."""
    (group,) = error_lines([text])
    moment = None if after is None else NOON + timedelta(seconds=after)

    assert signed_wrongly(group, [moment], [NOON]) is expected
    assert not signed_wrongly(group, [moment], [])


CELERY = """\
[2026-11-28 12:00:00,123: ERROR/MainProcess] consumer: Cannot connect to amqp://guest:**@queue:5672//: [Errno 111] Connection refused.
Trying again in {seconds} seconds... ({number}/100)

"""
READY = "[2026-11-28 12:00:09,000: INFO/MainProcess] celery@1f2e ready."
WAITED = """\
2026-11-28 12:00:00 [ERROR] shop.db: not ready
Traceback (most recent call last):
  File "/app/db.py", line 3, in wait
    psycopg.connect(URL)
psycopg.OperationalError: connection failed: Connection refused
2026-11-28 12:00:00 [INFO] shop.db: retrying in 2 s
2026-11-28 12:00:02 [INFO] shop: serving"""
ONCE = "2026-11-28 12:00:00 [ERROR] shop.cache: could not connect to cache:6379, going on without it"
GAVE_UP = f"{CELERY.format(seconds='2.00', number=1)}{CELERY.format(seconds='4.00', number=2)}"


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        (f"{CELERY.format(seconds='2.00', number=1)}{CELERY.format(seconds='4.00', number=2)}{READY}", True),
        (WAITED, True),
        (f"ERROR: db: Connection refused, attempt 1/30\n{READY}", True),
        (GAVE_UP, False),
        (f"{ONCE}\n2026-11-28 12:00:01 [INFO] shop: serving", False),
        (f"ERROR: no price for 1, will retry\n{READY}", False),
        (f"{ONCE}\nINFO: a\nINFO: b\nINFO: c\nINFO: d\nINFO: retrying the mail", False),
        (f"{READY}\nERROR: db: Connection refused, retrying in 2 s", False),
    ],
    ids=[
        "Celery",
        "a traceback",
        "in one line",
        "still trying",
        "tried once",
        "another error",
        "far off",
        "at the end",
    ],
)
def test_what_was_reached_after_all_is_overcome(log: str, *, expected: bool) -> None:
    """Tried again, and something else followed; who tried once and goes on without has an error."""
    lines = log.splitlines()
    (group,) = error_lines(lines)

    assert tried_again(group, lines) is expected


@pytest.mark.parametrize(("more", "expected"), [("", True), (READY, False)], ids=["nothing follows", "it went on"])
def test_who_tries_still_may_be_waited_for(more: str, *, expected: bool) -> None:
    """As Celery does while its queue starts."""
    lines = f"{GAVE_UP}{more}".splitlines()
    (group,) = error_lines(lines)

    assert is_trying(group, lines) is expected


def test_who_gave_up_does_not_try_again() -> None:
    """``requests`` says how often it tried: each page that asks for it meets the same, long after the start."""
    line = (
        "ERROR views: HTTPSConnectionPool(host='api.example.com', port=443): Max retries exceeded with url: /stars "
        "(Caused by NameResolutionError(\"Failed to resolve 'api.example.com' ([Errno -2] Name or service not known)\"))"
    )
    lines = [line, "GET / 200", line, "GET / 200"]
    (group,) = error_lines(lines)

    assert not tried_again(group, lines)


UNRESOLVED = "ERROR web: HTTPSConnectionPool(host='{}', port=443): Max retries exceeded: Name or service not known"


@pytest.mark.parametrize(
    ("text", "host"),
    [
        (UNRESOLVED.format("api.github.com"), "api.github.com"),
        ("ERROR: Cannot connect to host api.pay.example.com:443 ssl:default", "api.pay.example.com"),
        ("ConnectError: [Errno -2] Name or service not known: https://api.github.com/rates", "api.github.com"),
        (UNRESOLVED.format("redis"), None),
        (UNRESOLVED.format("10.0.0.3"), None),
        (UNRESOLVED.format("db.internal"), None),
        (UNRESOLVED.format("api.stripe.com"), None),
        ("ERROR: KeyError for https://api.github.com/rates", None),
        ("ERROR: connection refused", None),
        (UNRESOLVED.format("api.github.com") + " after http://prices:8000/ was asked", None),
    ],
)
def test_a_host_of_the_internet_that_was_not_reached_is_named(text: str, host: str | None) -> None:
    """What is configured, a service, a private name and an error of another kind are none."""
    assert not_reached_outside(text, known={"api.stripe.com", "redis"}.__contains__) == host


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (
            "ERROR Invalid HTTP_HOST header: 'Shop.test:8000'. You may need to add 'Shop.test' to ALLOWED_HOSTS.",
            "shop.test",
        ),
        ("ERROR no such table: orders", None),
    ],
)
def test_the_name_that_django_refuses_is_read(text: str, name: str | None) -> None:
    """In lower case, without its port; of another error there is none."""
    assert name_refused(text) == name
