"""Health documents of the shapes that applications write are read; unknown ones say nothing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection.answers.healthdoc import Component, Health, NamedRelease, level_of, names, read, release_named

COMMIT = "9a41b7d2f1c9e09a41b7d2f1c9e09a41b7d2f1c9"
SHAPES: list[tuple[Any, Health]] = [
    (
        {"ok": False, "checks": [{"name": "db", "ok": True}, {"name": "jobs", "ok": False, "detail": "no heartbeat"}]},
        Health("fail", (Component("db", "pass"), Component("jobs", "fail", "no heartbeat"))),
    ),
    (
        {"status": "degraded", "checks": {"db": {"status": "ok", "latency_ms": 3}, "redis": {"status": "slow"}}},
        Health("warn", (Component("db", "pass"), Component("redis", "warn"))),
    ),
    ({"db": "ok", "redis": "ok"}, Health(None, (Component("db", "pass"), Component("redis", "pass")))),
    ({"db": True, "cache": False}, Health(None, (Component("db", "pass"), Component("cache", "fail")))),
    (
        {
            "status": "pass",
            "checks": {"db:ping": [{"status": "fail", "output": "refused"}], "disk": [{"status": "pass"}]},
        },
        Health("pass", (Component("db:ping", "fail", "refused"), Component("disk", "pass"))),
    ),
    (
        {
            "status": "warn",
            "checks": {"cpu": [{"status": "pass"}, {"status": "warn", "observedValue": 91, "observedUnit": "%"}]},
        },
        Health("warn", (Component("cpu[0]", "pass"), Component("cpu[1]", "warn", "91 %"))),
    ),
    (
        {
            "status": "UP",
            "components": {
                "db": {"status": "UP", "details": {"database": "PostgreSQL", "validationQuery": "isValid()"}},
                "diskSpace": {"status": "OUT_OF_SERVICE", "details": {"free": 450, "exists": True}},
                "all": {"status": "UP", "components": {"one": {"status": "DOWN"}}},
            },
        },
        Health(
            "pass",
            (
                Component("db", "pass"),
                Component("diskSpace", "fail"),
                Component("all", "pass"),
                Component("all.one", "fail"),
            ),
        ),
    ),
    (
        {"status": "error", "info": {}, "error": {}, "details": {"db": {"status": "down", "message": "gone"}}},
        Health("fail", (Component("db", "fail", "gone"),)),
    ),
    ({"status": "ok", "database": {"status": "up", "latency_ms": 3}}, Health("pass", (Component("database", "pass"),))),
    ({"db": "error: connection refused"}, Health(None, (Component("db", "fail"),))),
    (
        {"checks": {"db": {"status": "exploded"}}},
        Health(None, (Component("db", "warn", "status 'exploded' is not known"),)),
    ),
    (
        {"status": "ok", "version": "1.2", "debug": False, "environment": "production", "log_level": "error"},
        Health("pass"),
    ),
    ({"status": 503}, Health("fail")),
    ({"status": "ok", "up": 450}, Health("pass")),
    ("ok", Health("pass")),
    ("<html>", Health()),
    ({"hello": "world"}, Health()),
    ([1, 2], Health()),
    (None, Health()),
]


@pytest.mark.parametrize(("document", "health"), SHAPES)
def test_read(document: object, health: Health) -> None:
    """Each shape gives its level and its components."""
    assert read(document) == health


def test_worst() -> None:
    """A part that is down is worse than a whole that says it is up; nothing said is no level."""
    assert Health("pass", (Component("db", "fail"),)).worst == "fail"
    assert Health().worst is None
    assert [Component("x", level).ok for level in ("pass", "warn", "fail")] == [True, True, False]


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("healthy", "pass"), ("UP", "pass"), (True, "pass"), (200, "pass"), ("Degraded", "warn"), ("unhealthy", "fail"),
        ("Not Ready", "fail"), (False, "fail"), (503, "fail"), ("1.4", None), (7, None), (None, None), ("", None),
    ],
)  # fmt: skip
def test_vocabulary(value: object, level: str | None) -> None:
    """Words, flags and HTTP statuses have one of three levels, or none."""
    assert level_of(value) == level


@pytest.mark.parametrize(
    ("document", "headers", "expected"),
    [
        ({"status": "ok", "commit": "9a41b7d"}, {}, (NamedRelease("9a41b7d", "commit", "commit"),)),
        (
            {"version": "1.4.2", "git_sha": COMMIT},
            {},
            (NamedRelease(COMMIT, "git_sha", "commit"), NamedRelease("1.4.2", "version", "version")),
        ),
        ({"git": {"commit": {"id": "9a41b7d"}}}, {}, (NamedRelease("9a41b7d", "git.commit.id", "commit"),)),
        (
            {"release": "20261121T221003-9a41b7d"},
            {"X-Commit": "9a41b7d"},
            (
                NamedRelease("9a41b7d", "header X-Commit", "commit"),
                NamedRelease("20261121T221003-9a41b7d", "release", "release"),
            ),
        ),
        ({}, {"X-App-Version": "2.0", "Server": "uvicorn"}, (NamedRelease("2.0", "header X-App-Version", "version"),)),
        ({"version": "1.2.3-9a41b7d"}, {}, (NamedRelease("1.2.3-9a41b7d", "version", "release"),)),
        ({"version": "20261121"}, {}, (NamedRelease("20261121", "version", "version"),)),
        ({"commit": "unknown", "release": "dev"}, {}, ()),
        (None, {}, ()),
    ],
)
def test_release_named(document: object, headers: dict[str, str], expected: tuple[NamedRelease, ...]) -> None:
    """The most telling value comes first; a bare version tells no two releases apart."""
    assert release_named(document, headers) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (COMMIT, True),
        ("9a41b7d", True),
        ("9A41B7D", True),
        ("20261121T221003-9a41b7d", True),
        ("v1.2-3-g9a41b7d2", True),
        ("9a41b7d-dirty", True),
        ("9a41b7", False),
        ("2f1c9e0", False),
        ("1.4.2", False),
        ("x9a41b7d", False),
        ("", False),
    ],
)
def test_names(value: str, expected: bool) -> None:  # noqa: FBT001 - a table
    """Seven hex digits that begin the commit name it, wherever they stand as a word."""
    assert names(value, COMMIT) is expected


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 700) | st.sampled_from(["ok", "down", "x", COMMIT]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["status", "checks", "db", "details", "name", "commit", "version"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_any_document_is_read(document: object) -> None:
    """No document makes the reader fail, and every level is one of the three."""
    assert {component.level for component in read(document).components} <= {"pass", "warn", "fail"}
    assert all(named.value for named in release_named(document, {}))
