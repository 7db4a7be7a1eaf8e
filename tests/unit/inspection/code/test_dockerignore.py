"""Ignore files leave out what BuildKit leaves out."""

from __future__ import annotations

import pytest

from gonogo.inspection.code.dockerignore import ignore, names

__all__: list[str] = []


@pytest.mark.parametrize(
    ("text", "left_out", "kept"),
    [
        ("*.md", ["README.md"], ["docs/README.md", "README.mdx"]),
        ("**/*.md", ["README.md", "docs/a/README.md"], ["README.txt"]),
        ("docs", ["docs/a/b.md", "docs"], ["mydocs/a", "a/docs/b"]),
        ("/docs/", ["docs/a"], ["a/docs"]),
        ("*\n!app\n!pyproject.toml", ["README.md", "tests/a.py"], ["app/main.py", "pyproject.toml"]),
        ("*.md\n!README*.md\nREADME-secret.md", ["a.md", "README-secret.md"], ["README.md", "README-x.md"]),
        ("app/**", ["app/a", "app/b/c"], ["app2/a"]),
        ("**/keys/*.pem", ["keys/a.pem", "x/y/keys/b.pem"], ["keys/a/b.pem", "a.pem"]),
        ("# a comment\n\n  .env*  \n", [".env", ".env.prod"], ["# a comment", "app/.env"]),
        ("temp?", ["tempa", "temp1/x"], ["temp", "tempab"]),
        ("[ab].py", ["a.py"], ["c.py"]),
        (".", [], ["a"]),
    ],
)
def test_the_last_pattern_that_matches_decides(text: str, left_out: list[str], kept: list[str]) -> None:
    """A pattern is of a path or of a folder above it; an exclamation mark brings back."""
    is_left_out = ignore(text)

    assert [path for path in left_out if not is_left_out(path)] == []
    assert [path for path in kept if is_left_out(path)] == []


def test_an_ignore_file_of_its_own_comes_before_the_contexts() -> None:
    """``web.Dockerfile.dockerignore`` beside the Dockerfile, then ``.dockerignore`` of the context."""
    assert names("docker/web.Dockerfile") == ("docker/web.Dockerfile.dockerignore", ".dockerignore")
