"""Whether the env file gives the release what it asks for. Messages name variables, never values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from gonogo.config import Environment
from gonogo.inspection import demands, envfile
from gonogo.plugins.evidence import Collected
from gonogo.plugins.source import Source

__all__: list[str] = []


@pytest.mark.predeploy(
    "P19",
    remedy="Set the named variables in the env file of [env.{env}] on the host (gonogo.toml: env.{env}.env_file); "
    "their meaning stands in .env.example",
)
def test_every_required_variable_is_set(
    environment: Environment, source: Source, env_file: Path | None, secrets: Mapping[str, str], evidence: Collected
) -> None:
    """Every variable that compose files, settings classes or gonogo.toml require has a value in the env file.

    Catches the variable that a new release reads and nobody added on the server: it starts, and dies at its first use.
    """
    example = demands.example(source.texts())
    required = demands.of_configuration(environment) + demands.of_compose(environment, source.text_of)
    required += demands.of_settings(environment, source.text_of)
    if env_file is None and not required:
        pytest.skip("no env file, and nothing requires a variable")
