"""Health checks as Dockerfiles and compose files say them, and what of their numbers cannot be meant."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.runtimes.compose.model.health_checks import (
    Probe,
    differences,
    misfits,
    of_compose,
    of_dockerfile,
    weaknesses,
)

CURL = ("CMD", "curl", "-f", "http://localhost:8000/healthz")
DOCKERFILE = "FROM python:3.12-slim\nHEALTHCHECK --interval=30s --retries=3 CMD curl -f http://localhost:8000/healthz || exit 1\n"


def compose(**facts: Any) -> Probe | None:
    """The health check of a service that says this."""
    return of_compose({"healthcheck": {"test": list(CURL), **facts}})


def test_compose_files_are_read() -> None:
    """Times as Compose renders them; nothing said is nothing, and one that is switched off is told."""
    assert compose(interval="1m30s", timeout="500ms", retries=5, start_period="2m0s") == Probe(
        test=CURL, interval=90.0, timeout=0.5, retries=5.0, start_period=120.0
    )
    assert of_compose({}) is None
    assert of_compose({"healthcheck": {"disable": True}}) == Probe(test=("NONE",))


@pytest.mark.parametrize(
    ("text", "target", "test"),
    [
        (DOCKERFILE, "", ("CMD-SHELL", "curl -f http://localhost:8000/healthz || exit 1")),
        ('FROM python:3\nHEALTHCHECK CMD ["curl", "-f", "x"]\n', "", ("CMD", "curl", "-f", "x")),
        ("FROM python:3 AS base\nHEALTHCHECK CMD a\nFROM base\nRUN b\n", "", ("CMD-SHELL", "a")),
        ("FROM python:3 AS web\nHEALTHCHECK CMD a\nFROM python:3 AS jobs\n", "web", ("CMD-SHELL", "a")),
        ("FROM me/base\nHEALTHCHECK NONE\n", "", ("NONE",)),
    ],
)
def test_dockerfiles_are_read(text: str, target: str, test: tuple[str, ...]) -> None:
    """The wanted stage, with those that it is made from."""
    found = of_dockerfile(text, target=target)

    assert found is not None
    assert found.test == test


def test_an_unknown_base_is_not_guessed_at() -> None:
    """An official base has no health check; another one may."""
    assert of_dockerfile("FROM python:3.12-slim\n") is None
    with pytest.raises(LookupError):
        of_dockerfile("FROM tiangolo/uvicorn-gunicorn\n")


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"interval": "5m"}, ["asks first after 300 s, and a deployment waits 120 s (health.timeout)"]),
        ({"start_period": "3m"}, ["lets a start take 180 s, and a deployment waits 120 s (health.timeout)"]),
        ({"start_interval": "1s"}, ["has a start_interval and no start_period, without which Docker ignores it"]),
        ({"interval": "5m", "start_period": "30s"}, []),
        ({"interval": "5s", "timeout": "10s", "retries": 20, "start_period": "1m"}, []),
        ({}, []),
    ],
)
def test_times_that_cannot_be_meant(facts: dict[str, Any], said: list[str]) -> None:
    """Those that do not fit the deployment; long intervals after a start period do."""
    probe = compose(**facts)

    assert probe is not None
    assert list(misfits(probe, bound=120.0)) == said


def test_differences() -> None:
    """Only what both say; a shell's line and a list may be the same command."""
    image = of_dockerfile(DOCKERFILE)
    same, other = compose(interval="30s", timeout="3s"), compose(retries=5)

    assert image is not None
    assert same is not None
    assert other is not None
    assert differences(same, image) == ()
    assert differences(other, image) == ("retries",)
    assert differences(Probe(test=("CMD", "true")), image) == ("test",)


@pytest.mark.parametrize(
    ("test", "said"),
    [
        (("CMD-SHELL", "curl -f http://localhost:8000/healthz || true"), "cannot fail"),
        (("CMD", "sh", "-c", "pg_isready; exit 0"), "cannot fail"),
        (("CMD", "true"), "cannot fail"),
        (("CMD-SHELL", "exit 0"), "cannot fail"),
        (("CMD-SHELL", "echo ok"), "cannot fail"),
        (("CMD", "curl", "http://localhost:8000/healthz"), "without --fail"),
        (("CMD-SHELL", "/usr/bin/curl -s -o /dev/null http://localhost/ || exit 1"), "without --fail"),
    ],
)
def test_checks_that_say_little(test: tuple[str, ...], said: str) -> None:
    """They pass whatever happens, or whatever is answered."""
    found = list(weaknesses(Probe(test=test)))

    assert len(found) == 1
    assert said in found[0]


@pytest.mark.parametrize(
    "test",
    [
        (),
        ("NONE",),
        ("CMD-SHELL", "curl -f http://localhost:8000/healthz || exit 1"),
        ("CMD", "curl", "-sSfL", "http://localhost:8000/healthz"),
        ("CMD", "curl", "--fail-with-body", "http://localhost:8000/healthz"),
        ("CMD-SHELL", "curl -s http://localhost/health | grep -q ok"),
        ("CMD-SHELL", 'test "$(curl -s -o /dev/null -w %{http_code} http://localhost/)" = 200'),
        ("CMD-SHELL", "wget -q --spider http://localhost:8000/healthz"),
        ("CMD-SHELL", "pg_isready || (sleep 1; exit 1)"),
        ("CMD-SHELL", "test -f /tmp/ready && echo ok"),
        ("CMD-SHELL", "if true; then pg_isready; fi"),
        ("CMD", "python", "-c", "print('true')"),
        ("CMD", "python", "/srv/curl_it.py"),
    ],
)
def test_checks_that_can_fail(test: tuple[str, ...]) -> None:
    """Nothing is said of them."""
    assert list(weaknesses(Probe(test=test))) == []


@given(st.lists(st.text(max_size=40), max_size=6))
def test_any_words_can_be_read(words: list[str]) -> None:
    """One thing is said of a health check, or nothing."""
    assert len(list(weaknesses(Probe(test=tuple(words))))) <= 1
