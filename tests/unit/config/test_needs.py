"""What checks need of the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from gonogo.config import Project, parse_project
from gonogo.config.needs import held, lacking, switch_on, written

CONFIG = """\
[app]
name = "shop"

[service.api]
command = "{python} app.py"
framework = "flask"
migrations = "none"

[env.test]
tier = "dev"
runtime = "process"
project = "shop-test"
"""


def project(more: str = "", *, app: str = "") -> Project:
    """A project of one environment."""
    return parse_project(CONFIG.replace('name = "shop"', f'name = "shop"\n{app}') + more, root=Path("/srv/shop"))


def met(need: str, found: Project, *, serving: bool = False) -> bool | None:
    """Whether a need is met."""
    return held(need, app=found.app, environment=found.environments["test"], serving=serving)


@pytest.mark.parametrize(
    ("need", "more", "expected"),
    [
        ("service.framework", "", True),
        ("service.framework = flask", "", True),
        ("service.framework = fastapi", "", False),
        ("service.migrations", "", False),
        ("endpoint", "", False),
        ("endpoint", '[[env.test.endpoint]]\nrequest = "GET /"\n', True),
        ("attest", 'attest = { told = "The team knows" }\n', True),
        ("health.ready", "", False),
        ("health.ready", 'health = { ready = "/readyz" }\n', True),
        ("compose", "", False),
        ("a tier that is not dev", "", False),
        ("a URL", "", False),
        ("a URL", 'url = "http://127.0.0.1:1"\n', True),
        ("nginx or Caddy in front", "", None),
        ("service.port or a health check", "", None),
        ("a serving release", "", False),
    ],
)
def test_a_need_is_met_by_its_key(need: str, more: str, expected: bool | None) -> None:  # noqa: FBT001 (a table)
    """A key is met where it says something, words only where the check is asked."""
    assert met(need, project(more)) is expected


def test_an_alternative_is_enough() -> None:
    """Of several keys one is enough, whichever table it stands in."""
    assert met("service.required or app.required", project(app='required = ["main.py"]')) is True
    assert met("service.required or app.required", project()) is False


def test_the_tier_is_known() -> None:
    """Nobody has to ask for it: every environment says which it has."""
    need, found = "a tier that is not dev", parse_project(CONFIG.replace('"dev"', '"prod"'), root=Path("/srv/shop"))

    assert met(need, found) is True
    assert switch_on(need, env="test") == 'tier = "staging" (or "prod") under [env.test]'


def test_compose_may_publish_an_address() -> None:
    """Without a URL, what Compose publishes is seen only when it is asked."""
    found = parse_project(CONFIG.replace('runtime = "process"\n', ""), root=Path("/srv/shop"))

    assert met("a URL", found) is None
    assert met("compose", found) is True


def test_the_first_need_that_is_missing_is_named() -> None:
    """What only asking can tell is not missing."""
    found = project()
    environment = found.environments["test"]

    assert lacking(("a health check", "endpoint", "page"), app=found.app, environment=environment, serving=True) == (
        "endpoint"
    )
    assert lacking(("a health check",), app=found.app, environment=environment, serving=True) is None


@pytest.mark.parametrize(
    ("need", "line"),
    [
        ("service.framework = fastapi", 'framework = "fastapi" under [service.NAME]'),
        ("app.required or service.required", "required = … under [app]"),
        ("endpoint", "endpoint = … under [env.prod]"),
        ("health.ready", "ready = … under [env.prod] health"),
        ("compose", 'runtime = "compose" under [env.prod]'),
        ("a serving release", "a first `gonogo deploy --env prod` that goes GO"),
    ],
)
def test_what_switches_a_check_on_is_a_line_to_write(need: str, line: str) -> None:
    """Key and table are named."""
    assert switch_on(need, env="prod") == line


def test_keys_are_written_as_code() -> None:
    """The documentation sets keys apart from words."""
    assert written("service.port or a health check") == "`service.port` or a health check"
