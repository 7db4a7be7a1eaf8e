"""gonogo.inspection.code.linters: which files each linter is given, and what its document says."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection.code.linters import LINTERS, LinterFinding, accepted_secrets, without

TRACKED = (
    "Dockerfile",
    "deploy/api.Dockerfile",
    "Dockerfile.prod",
    ".dockerignore",
    "Dockerfile.dockerignore",
    "docs/dockerfile-how-to.md",
    ".github/workflows/ci.yml",
    "other/.github/workflows/ci.yml",
    "migrations/0001_first.sql",
    "app/migrations/sub/0002.sql",
    "seed.sql",
    "logo.png",
)


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("hadolint", ["Dockerfile", "deploy/api.Dockerfile", "Dockerfile.prod"]),
        ("zizmor", [".github/workflows/ci.yml"]),
        ("squawk", ["migrations/0001_first.sql", "app/migrations/sub/0002.sql"]),
        ("detect-secrets", [path for path in TRACKED if path != "logo.png"]),
    ],
)
def test_each_linter_is_given_its_own_files(name: str, files: list[str]) -> None:
    """And no other ones; a folder of a dependency has no workflows that run."""
    chosen = LINTERS[name].chosen(TRACKED)

    assert [one for one in chosen if not one.endswith(".md")] == [one for one in files if not one.endswith(".md")]


def test_what_hadolint_says_is_read_without_its_matters_of_taste() -> None:
    """Errors and warnings; style and information are left out."""
    rows = [
        {"file": "Dockerfile", "line": 2, "code": "DL3004", "level": "error", "message": "Do not use sudo"},
        {"file": "Dockerfile", "line": 1, "code": "DL3059", "level": "info", "message": "Multiple RUN"},
    ]

    assert LINTERS["hadolint"].findings(json.dumps(rows)) == [
        LinterFinding(file="Dockerfile", line=2, rule="DL3004", message="Do not use sudo")
    ]


def test_a_finding_is_told_without_its_line() -> None:
    """Advice is told once in the same words; a line moves."""
    assert str(LinterFinding(file="a.py", line=3, rule="AWS Access Key")) == "a.py: AWS Access Key"


def test_accepted_secrets_are_left_out() -> None:
    """As the team's baseline has them; one of another kind in that file is told."""
    found = [
        LinterFinding(file="a.py", line=1, rule="Secret Keyword"),
        LinterFinding(file="a.py", line=2, rule="AWS Access Key"),
    ]
    baseline = json.dumps({"results": {"a.py": [{"type": "Secret Keyword"}]}})

    assert without(found, accepted_secrets(baseline)) == found[1:]
    assert accepted_secrets("no json") == set()


@given(name=st.sampled_from(sorted(LINTERS)), output=st.text() | st.recursive(
    st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
).map(json.dumps))  # fmt: skip
def test_another_document_is_refused_with_one_kind_of_error(name: str, output: str) -> None:
    """Whatever a program prints: findings, or ValueError."""
    try:
        found = LINTERS[name].findings(output)
    except ValueError:
        return
    assert all(isinstance(one, LinterFinding) for one in found)
