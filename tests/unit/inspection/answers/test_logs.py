"""Errors are found by what lines say of themselves, grouped by what stays the same."""

import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection.answers.logs import ErrorGroup, ended_by, error_lines, new_signatures, signature

ERRORS = [
    "ERROR:root:could not save order 42",
    "ERROR:    Exception in ASGI application",
    "CRITICAL:shop.jobs:gave up",
    "2026-11-21 22:10:03,123 ERROR shop.api: could not save",
    "2026-11-21 22:10:03,123 - shop.api - ERROR - could not save",
    "2026-11-21 22:10:03.123 | ERROR    | shop.api:save:12 - could not save",
    "[2026-11-21 22:10:03 +0000] [7] [ERROR] Worker (pid:9) exited with code 3",
    "[2026-11-21 22:10:03,123: ERROR/MainProcess] consumer: Cannot connect",
    "shop.api ERROR could not save",
    "2026/11/21 22:10:03 [error] 31#31: *1 connect() failed (111: Connection refused) while connecting to upstream",
    "2026/11/21 22:10:03 [emerg] 1#1: host not found in upstream",
    '2026-11-21 22:10:03.123 UTC [42] ERROR:  relation "orders" does not exist at character 15',
    '2026-11-21 22:10:03.123 UTC [42] FATAL:  password authentication failed for user "shop"',
    'time="2026-11-21T22:10:03Z" level=error msg="dial tcp: refused"',
    "[Sat Nov 21 22:10:03 2026] [core:error] [pid 7] AH00124: Request exceeded the limit",
    '{"level": "error", "ts": 1.5, "logger": "http.log.error", "msg": "dial tcp: connection refused", "status": 502}',
    '{"levelname": "ERROR", "message": "could not save"}',
    '{"severity": "CRITICAL", "message": "could not save"}',
    '{"level": 50, "msg": "could not save"}',
    "panic: runtime error: index out of range [3]",
    "thread 'main' panicked at src/main.rs:3:5:",
    "Fatal Python error: Segmentation fault",
    "error: unable to open config",
    "E1121 22:10:03.123456 7 main.go:12] could not save",
    "[E 261121 22:10:03 web:2239] 500 GET /prices (127.0.0.1) 3.10ms",
    "[E 2026-11-21 22:10:03.123 ServerApp] could not save",
    "api-1  | ERROR:root:could not save",
    "api-1  | 2026-11-21T22:10:03.123456789Z ERROR:root:could not save",
]
ORDINARY = [
    "[I 261121 22:10:03 web:2239] 200 GET /errors (127.0.0.1) 3.10ms",
    "[W 261121 22:10:03 web:2239] 404 GET /error (127.0.0.1) 3.10ms",
    "INFO: 0 errors",
    "0 errors found",
    "error_rate=0",
    "level=info error_rate=0 errors=0",
    'INFO:     127.0.0.1:5000 - "GET /errors HTTP/1.1" 200 OK',
    '127.0.0.1 - - [21/Nov/2026:22:10:03 +0000] "GET /ERROR HTTP/1.1" 200 12 "-" "curl/8"',
    "INFO shop.api: error handler registered",
    "2026-11-21 22:10:03,123 INFO shop.api: no ERROR since the start",
    "2026-11-21 22:10:03,123 WARNING shop.api: slow answer, ERROR budget 99 %",
    "the page that explains what an ERROR is was rendered",
    '{"level": "info", "msg": "ERROR budget left", "error": null}',
    '{"level": 30, "msg": "error page rendered"}',
    '{"status": "error"}',
    "2026-11-21 22:10:03.123 UTC [42] LOG:  database system is ready to accept connections",
    "[notice] 1#1: nginx/1.27",
    "ErrorDocument 404 is set",
    "/var/log/error.log opened",
    "errors.py loaded",
    "",
    "   ",
    "{",
    "| table | of | errors |",
]
TRACEBACK = """\
Traceback (most recent call last):
  File "/app/shop/api.py", line 10, in save
    db.add(order)
  File "/app/shop/db.py", line {line}, in add
    raise ValueError(order)
ValueError: order {order} is unknown
"""


@pytest.mark.parametrize("line", ERRORS)
def test_error_lines_are_found(line: str) -> None:
    """Each format's errors are errors."""
    found = error_lines([line])

    assert [(group.count, group.example, group.line) for group in found] == [(1, line, 1)]


@pytest.mark.parametrize("line", ORDINARY)
def test_ordinary_lines_are_not(line: str) -> None:
    """The word alone makes no error."""
    assert error_lines([line]) == ()


def test_groups_by_what_stays_the_same() -> None:
    """Numbers, ids and times do not make two errors of one."""
    lines = [
        "2026-11-21 22:10:03,123 ERROR shop: order 42 of 6f1c2e0a-0000-4000-8000-000000000001 failed at 0x7f00",
        "2026-11-21 22:11:04,456 ERROR shop: order 7 of 6f1c2e0a-0000-4000-8000-000000000002 failed at 0x7f88",
        "2026-11-21 22:11:05,456 ERROR shop: no stock",
    ]

    assert error_lines(lines) == (
        ErrorGroup("shop: order <n> of <id> failed at <hex>", 2, lines[0], 1),
        ErrorGroup("shop: no stock", 1, lines[2], 3),
    )


def test_a_traceback_is_one_error() -> None:
    """Its signature is the exception and the last frame, not the line numbers."""
    lines = (TRACEBACK.format(line=3, order=1) + "INFO: next\n" + TRACEBACK.format(line=4, order=2)).splitlines()

    (group,) = error_lines(lines)

    assert group.signature == "ValueError: order <n> is unknown | in /app/shop/db.py:add"
    assert (group.count, group.line) == (2, 1)
    assert group.example == TRACEBACK.format(line=3, order=1).rstrip("\n")


def test_an_error_line_and_its_traceback_are_one_error() -> None:
    """`logger.exception` and uvicorn write a line and then the traceback, chained ones too."""
    chained = "\nDuring handling of the above exception, another exception occurred:\n\n"
    lines = ["ERROR:    Exception in ASGI application", *(TRACEBACK.format(line=3, order=1) + chained).splitlines()]
    lines += [*TRACEBACK.format(line=5, order=2).replace("ValueError", "KeyError").splitlines(), "INFO: next"]

    assert [(group.signature, group.count) for group in error_lines(lines)] == [
        ("Exception in ASGI application | KeyError: order <n> is unknown | in /app/shop/db.py:add", 1)
    ]


def test_an_exception_group_is_one_error() -> None:
    """Python 3.11's groups are drawn with bars and plus signs."""
    lines = """\
  + Exception Group Traceback (most recent call last):
  |   File "/app/a.py", line 1, in <module>
  |     raise ExceptionGroup("two", [ValueError(1), KeyError(2)])
  | ExceptionGroup: two (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: 1
    +---------------- 2 ----------------
    | KeyError: 2
    +------------------------------------
INFO: next""".splitlines()

    assert [group.count for group in error_lines(lines)] == [1]


def test_interleaved_services_keep_their_tracebacks() -> None:
    """Two services that write at once are followed each by itself."""
    api = [f"api-1   | {line}" for line in TRACEBACK.format(line=3, order=1).splitlines()]
    jobs = [f"jobs-1  | {line}" for line in TRACEBACK.format(line=3, order=1).replace("Value", "Type").splitlines()]
    mixed = [line for pair in zip(api, jobs, strict=True) for line in pair]

    assert [group.signature for group in error_lines(mixed)] == [
        "ValueError: order <n> is unknown | in /app/shop/db.py:add",
        "TypeError: order <n> is unknown | in /app/shop/db.py:add",
    ]


def test_a_stack_of_node_is_one_error() -> None:
    """An exception without a level counts when a stack follows it."""
    lines = ["TypeError: x is not a function", "    at save (/app/a.js:1:2)", "    at main (/app/a.js:9:1)", "ready"]

    assert [(group.signature, group.count) for group in error_lines(lines)] == [("TypeError: x is not a function", 1)]
    assert error_lines(["TypeError: is the name of a song"]) == ()


def test_known_errors_are_allowed() -> None:
    """An allowed pattern excuses an error by any of its lines."""
    lines = ["ERROR:root:sentry is off", *TRACEBACK.format(line=3, order=1).splitlines()]

    assert error_lines(lines, [r"order \d+ is unknown"]) == ()
    assert [group.count for group in error_lines([*lines[:1], "INFO: x"], [re.compile("sentry off")])] == [1]


@pytest.mark.parametrize(
    "line",
    [
        '[error] 127.0.0.1 "GET / HTTP/1.1" 502 "-" "gonogo/0.1 (probe)"',
        json.dumps({"level": "error", "status": 502, "request": {"headers": {"User-Agent": ["gonogo/0.1"]}}}),
        "ERROR:app:GET / failed user_agent=gonogo/0.1",
    ],
)
def test_our_own_requests_are_left_out(line: str) -> None:
    """What the probe causes while it looks is not held against the release."""
    assert error_lines([line]) == ()


def test_a_path_that_names_us_is_no_request_of_ours() -> None:
    """An application under a folder of that name is judged as any other."""
    line = 'ERROR:app:cannot read "/srv/gonogo/x.py"'

    assert [group.count for group in error_lines([line])] == [1]


def test_new_signatures() -> None:
    """Only what was not there before is new."""
    before = error_lines(["ERROR:a:one 1", "ERROR:a:two"])
    after = error_lines(["ERROR:a:one 2", "ERROR:a:three"])

    assert [group.signature for group in new_signatures(before, after)] == ["a:three"]
    assert new_signatures(after, after) == ()


pieces = st.sampled_from(
    [
        *ERRORS,
        *ORDINARY,
        *TRACEBACK.splitlines(),
        "    at x (y:1)",
        "AError: x",
        '{"level":' * 50,
        "[" * 200,
        "| ",
        "\x00",
    ]
)


@given(st.lists(st.one_of(pieces, st.text(max_size=40), st.tuples(pieces, pieces).map("".join)), max_size=12))
def test_any_text_is_read(lines: list[str]) -> None:
    """No text makes the reader fail; each group names a line that exists."""
    groups = error_lines(lines)

    assert all(1 <= group.line <= len(lines) for group in groups)
    assert sum(group.count for group in groups) <= len(lines)
    assert new_signatures(groups, groups) == ()


def test_long_lines_take_linear_time() -> None:
    """A line of a megabyte is read at once."""
    start = time.process_time()
    for text in ("a" * 1_000_000, "ERROR " * 200_000, "[x" * 500_000, "a.b " * 250_000, " at (" * 200_000):
        error_lines([text])

    assert time.process_time() - start < 5


def test_signature_is_short() -> None:
    """A signature fits on a line or two."""
    assert len(signature("x " * 5000)) <= 200


def test_a_log_that_ends_in_the_middle_of_a_traceback_says_so() -> None:
    """It is read again: what is missing is the exception, without which a signature is empty or names a frame alone."""
    whole = [
        *"""\
Traceback (most recent call last):
  File "/srv/app/jobs.py", line 3, in run
    raise ValueError("no price")
ValueError: no price""".splitlines()
    ]
    followed = [*whole[:3], "INFO: on it goes"]

    assert [(found.unfinished, found.signature) for found in error_lines(whole[:1])] == [(True, "")]
    assert [found.unfinished for found in error_lines(whole[:3])] == [True]
    assert [found.unfinished for found in error_lines(whole)] == [False]
    assert [found.unfinished for found in error_lines(followed)] == [False]
    assert [found.lines for found in error_lines([*whole, "INFO: next", *whole])] == [(1, 6)]


FRAMES = """\
Traceback (most recent call last):
  File "/venv/django/db/backends/utils.py", line 89, in _execute
    return self.cursor.execute(sql, params)""".splitlines()
OUTPUT = "Applying admin.0001_initial...Deleting 'admin/img/icon-clock.svg'"
UNDEFINED = 'django.db.utils.ProgrammingError: relation "shop_order" does not exist'


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ([f"  {OUTPUT}", UNDEFINED], UNDEFINED),
        ([OUTPUT, "Deleting 'admin/img/icon-yes.svg'", UNDEFINED, "132 static files copied"], UNDEFINED),
        (["  Applying admin.0001_initial..." + UNDEFINED], UNDEFINED),
        (["Watching: static", UNDEFINED], UNDEFINED),
        (["NoPrice: order 4"], "NoPrice: order 4"),
        (["OK", "DONE: 3 files", "KeyError: 'price'"], "KeyError: 'price'"),
        (["pydantic_core.ValidationError: 1 error for Settings", "  Field required", "KeyError: 1"], None),
        ([f"  {OUTPUT}"], "a traceback without its last line, in /venv/django/db/backends/utils.py:_execute"),
        (["OK", "postgres: ready"], "a traceback without its last line, in /venv/django/db/backends/utils.py:_execute"),
    ],
)
def test_a_traceback_is_told_by_its_exception_alone(rest: list[str], said: str | None) -> None:
    """What others write between its lines, be it without a newline, is never what it says."""
    (group,) = error_lines([*FRAMES, *rest])

    assert group.said == (said or rest[0])
    assert "Applying" not in group.signature
    assert group.count == 1


def test_tracebacks_that_follow_each_other_are_told_apart() -> None:
    """Printed without a line between them, as a loop does: the last must not hide the one before; a chain is one."""
    price = [FRAMES[0], '  File "/app/prices.py", line 3, in read', "    raise KeyError('price')", "KeyError: 'price'"]
    rates = [FRAMES[0], '  File "/app/rates.py", line 7, in read', "    raise OSError('gone')", "OSError: gone"]
    chain = [*price, "", "During handling of the above exception, another exception occurred:", "", *rates]

    assert [(group.said, group.count) for group in error_lines([*price, *rates, *price])] == [
        ("KeyError: 'price'", 2),
        ("OSError: gone", 1),
    ]
    assert [(group.said, group.count) for group in error_lines(chain)] == [("OSError: gone", 1)]


def test_a_traceback_behind_unended_output_is_found() -> None:
    """`Applying shop.0002...Traceback`: one begins there; in a line that states another level none does."""
    torn = [f"  Applying shop.0002_price...{FRAMES[0]}", *FRAMES[1:], UNDEFINED]

    assert [group.said for group in error_lines(torn)] == [UNDEFINED]
    assert error_lines([f"INFO: handled {FRAMES[0]}", *FRAMES[1:], UNDEFINED]) == ()


def test_errors_between_the_lines_of_a_traceback_are_errors_of_their_own() -> None:
    """A line that states its level is never swallowed by the traceback around it."""
    groups = error_lines([*FRAMES, "INFO: served", "ERROR:shop:no stock", UNDEFINED])

    assert [group.said for group in groups] == [UNDEFINED, "ERROR:shop:no stock"]


def test_an_exception_group_is_told_by_an_exception() -> None:
    """Its last line is a ruler."""
    lines = """\
ERROR:    Exception in ASGI application
  + Exception Group Traceback (most recent call last):
  |   File "/app/a.py", line 1, in <module>
  | ExceptionGroup: one (1 sub-exception)
  +-+---------------- 1 ----------------
    | ValueError: no price
    +------------------------------------""".splitlines()

    assert [(group.said, group.unfinished) for group in error_lines(lines)] == [("ValueError: no price", False)]


def test_tracebacks_that_are_set_in_are_told_apart() -> None:
    """Tornado sets in what belongs to a line: each is told by its exception, and what follows is no part of it."""
    one = [
        "    Traceback (most recent call last):",
        '      File "/app/pages.py", line 3, in get',
        "        return self.prices[0]",
        "    KeyError: 'price'",
        "    During handling of the above exception, another exception occurred:",
        "    ",
        "    Traceback (most recent call last):",
        '      File "/app/pages.py", line 9, in get',
        "        raise Missing()",
        "    shop.errors.Missing: no price",
    ]
    lines = ["[E 261121 22:10:03 web:1811] Uncaught exception GET /prices", *one, "[I 261121 22:10:04 web:2] served"]
    alone = ["[W 261121 22:10:05 inspector:42] method failed", *one, *one]

    assert [group.said for group in error_lines([*lines, *alone])] == ["shop.errors.Missing: no price"] * 2
    assert [group.count for group in error_lines([*lines, *alone])] == [1, 2]


def test_a_program_that_is_started_again_and_again_is_an_error() -> None:
    """A supervisor says so at no error's level; a few times are a program that waits for its database."""
    said = "2026-11-30 03:13:{:02},472 WARN exited: jobs (exit status 1; not expected)"
    lines = [said.format(second) for second in range(0, 12, 2)]

    [found] = error_lines(["INFO spawned: 'jobs' with pid 7", *lines])

    assert (found.count, found.said) == (6, lines[0])
    assert error_lines(lines[1:]) == ()
    assert error_lines(["2026-11-30 03:13:27,472 INFO exited: jobs (exit status 0; expected)"] * 9) == ()
    [over] = error_lines(
        ["web  | 2026-11-30 03:13:27,472 INFO gave up: jobs entered FATAL state, too many start retries"]
    )
    assert over.count == 1


@pytest.mark.parametrize(
    "again",
    [
        '[uwsgi-daemons] respawning "./manage.py sendalert --skip-checks" (uid: 999 gid: 999)',
        'Mon Nov 30 20:45:0{} 2026 - [uwsgi-daemons] respawning "./jobs" (uid: 0 gid: 0)',
        "DAMN ! worker 1 (pid: 1{}) died :( trying respawn ...",
        "DAMN ! worker 2 (pid: 1{}) died, killed by signal 11 :( trying respawn ...",
        "Mon Nov 30 20:45:0{} 2026 - OOOPS the spooler is no more...trying respawn...",
    ],
)
def test_what_uwsgi_starts_again_and_again_is_an_error(again: str) -> None:
    """It says so without a level; a few times are a daemon that waits for its database."""
    first = '[uwsgi-daemons] spawning "./manage.py sendalert --skip-checks" (uid: 999 gid: 999)'

    assert error_lines([first, *[again.format(number) for number in range(5)]]) == ()
    assert [group.count for group in error_lines(["web  | " + again.format(number) for number in range(9)])] == [9]
    assert error_lines(["worker 1 killed successfully (pid: 16)", "worker 1 respawned (new pid: 17)"] * 9) == ()
    assert error_lines(["DAMN ! worker 1 (pid: 16) died, killed by signal 9 :( trying respawn ..."] * 9) == ()


def test_a_program_that_waits_for_its_database_under_a_supervisor_is_no_error() -> None:
    """However often it ended before it ran; one that runs each time before it ends goes on ending."""
    ended = "2026-11-30 03:13:27,472 WARN exited: jobs (exit status 1; not expected)"
    runs = (
        "2026-11-30 03:13:29,479 INFO success: jobs entered RUNNING state, process has stayed up for > than 1 seconds"
    )

    assert error_lines([*[ended] * 9, runs]) == ()
    assert [group.count for group in error_lines([ended] * 9)] == [9]
    assert [group.count for group in error_lines([runs, ended] * 7)] == [7]
    assert error_lines([*[ended] * 9, runs, ended, ended, runs]) == ()


def test_a_program_ends_for_the_last_exception_that_is_a_reason() -> None:
    """Gunicorn says in the end that its workers did not start; where nothing else is said, that is all."""
    halted = "gunicorn.errors.HaltServer: <HaltServer 'Worker failed to boot.' 3>"

    assert ended_by(["KeyError: 'A'", "ModuleNotFoundError: No module named 'shop'", halted]).startswith("ModuleNot")
    assert ended_by([halted]) == halted
