"""Tests of reading what the bytecode probe printed."""

import json
from typing import Any

import pytest

from gonogo.inspection.code import bytecode

ANSWER: dict[str, Any] = {
    "python": "3.12.1",
    "tag": "cpython-312",
    "examined": 3,
    "truncated": False,
    "missing": [],
    "findings": [
        {
            "path": "/app/__pycache__/a.cpython-312.pyc",
            "kind": "orphan",
            "detail": "its source is gone",
            "source": "/app/a.py",
            "scope": "code",
        }
    ],
}


def finding(kind: str, scope: str = "code") -> bytecode.BytecodeFinding:
    """Return a finding of a kind."""
    return bytecode.BytecodeFinding(path="/app/a.pyc", kind=kind, detail="the detail", source="/app/a.py", scope=scope)


def test_parse_returns_what_the_probe_found() -> None:
    """The document becomes a report."""
    report = bytecode.parse(json.dumps(ANSWER))

    assert report == bytecode.BytecodeReport(
        python="3.12.1",
        tag="cpython-312",
        examined=3,
        truncated=False,
        missing=(),
        findings=(
            bytecode.BytecodeFinding(
                path="/app/__pycache__/a.cpython-312.pyc",
                kind="orphan",
                detail="its source is gone",
                source="/app/a.py",
                scope="code",
            ),
        ),
    )
    assert report.red == ()


def test_files_are_counted_and_not_findings() -> None:
    """A compiled file with two faults is one file, told by the first of them."""
    rows = [("b", "impostor"), ("c", "foreign"), ("d", "mtime"), ("b", "unchecked"), ("a", "sourceless")]
    findings = [ANSWER["findings"][0] | {"path": f"/app/{name}.pyc", "kind": kind} for name, kind in rows]
    report = bytecode.parse(json.dumps(ANSWER | {"findings": findings}))

    assert [(one.path, one.kind) for one in report.red_files] == [
        ("/app/b.pyc", "impostor"),
        ("/app/a.pyc", "sourceless"),
    ]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"findings": None}, "findings of type NoneType"),
        ({"findings": [3]}, "a finding of type int"),
        ({"findings": [ANSWER["findings"][0] | {"kind": "odd"}]}, 'a finding of kind "odd"'),
        ({"examined": "3"}, "examined = \"'3'\""),
    ],
)
def test_parse_refuses_another_shape(change: dict[str, Any], found: str) -> None:
    """An answer of another shape is an error, never an empty report."""
    with pytest.raises(bytecode.ProbeAnswerError) as caught:
        bytecode.parse(json.dumps(ANSWER | change))

    assert caught.value.found == found


@pytest.mark.parametrize(
    ("kind", "scope", "red"),
    [
        ("impostor", "code", True),
        ("unchecked", "code", True),
        ("unchecked", "headers_only", False),
        ("sourceless", "headers_only", False),
        ("mtime", "code", False),
        ("size", "code", False),
        ("orphan", "code", False),
        ("bad-magic", "headers_only", False),
        ("hash", "headers_only", True),
        ("truncated", "code", True),
        ("sourceless", "code", True),
        ("foreign", "code", False),
        ("uncompilable", "code", False),
    ],
)
def test_red_depends_on_kind_and_scope(kind: str, scope: str, *, red: bool) -> None:
    """Other Pythons' files, what Python rejects and a vendor's choices are not red; everything else is."""
    assert finding(kind, scope).is_red is red


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("orphan", "/app/a.pyc: left over: /app/a.py is gone"),
        ("sourceless", "/app/a.pyc: importable without a source: /app/a.py is gone"),
        ("bad-magic", "/app/a.pyc: made by another build of this Python: the detail"),
        ("mtime", "/app/a.pyc: stale: the detail"),
        ("unchecked", "/app/a.pyc: never checked against /app/a.py: the detail"),
        ("impostor", "/app/a.pyc: not the code of /app/a.py: the detail"),
        ("foreign", "/app/a.pyc: for another Python: the detail"),
        ("uncompilable", "/app/a.pyc: cannot be compared with /app/a.py: the detail"),
    ],
)
def test_phrase_says_what_is_wrong(kind: str, sentence: str) -> None:
    """A finding reads as one sentence."""
    assert bytecode.phrase(finding(kind)) == sentence


def test_probe_request_is_one_argument() -> None:
    """The request is one JSON argument with every key of the probe."""
    assert json.loads(bytecode.probe_request(roots=["/app"], exclude=["node_modules"])) == {
        "roots": ["/app"],
        "headers_only": [],
        "exclude": ["node_modules"],
        "prefix": None,
        "max_files": 100_000,
        "max_bytes": 2_147_483_648,
    }
