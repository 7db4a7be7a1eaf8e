"""What the checks of debug modes share: what switches one on, and in which tier that is red."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

import pytest

from gonogo.config import Environment, Service
from gonogo.inspection.code.debugsource import meaning
from gonogo.inspection.variables.debugging import Mode, modes
from gonogo.plugins.evidence import Collected
from gonogo.plugins.source import Source
from gonogo.words import Tier

__all__ = ["can_be_asked", "modes_of", "require_tier", "verdict"]


def require_tier(environment: Environment) -> None:
    """Skips where debug modes are as people want them."""
    if environment.tier == Tier.DEV:
        pytest.skip("tier dev: a debug mode is nobody's mistake there")


def can_be_asked(environment: Environment) -> bool:
    """Whether an artifact can be asked itself for its debug mode (B21)."""
    return any(one.entrypoint is not None and one.framework != "none" for one in environment.service.values())


def modes_of(
    variables: Mapping[str, str], command: Collection[str], service: Service, source: Source
) -> tuple[Mode, ...]:
    """The debug modes of a service."""
    return modes(
        variables,
        command,
        framework=service.framework,
        imports=lambda name: _is_imported(name, source),
        means=lambda name: meaning(name, source.texts(".py")),
        text=_script(source),
    )


def verdict(found: Mapping[Mode, Collection[str]], environment: Environment, evidence: Collected) -> str:
    """What is red of the modes found, each with its services; the others are warned of."""
    said = {mode: f"{mode} ({', '.join(services)})" for mode, services in found.items()}
    evidence.table("Debug modes", [(line,) for line in said.values()])
    red = [line for mode, line in said.items() if environment.tier == Tier.PROD and mode.is_sure]
    rest = [line for line in said.values() if line not in red]
    if rest:
        why = "look whether that is meant" if environment.tier == Tier.PROD else "where people use it"
        evidence.advise(f"found {'; '.join(rest)}; {why} in tier {environment.tier}")
    return f"found {'; '.join(red)}; expected no debug mode in tier prod" if red else ""


def _is_imported(name: str, source: Source) -> bool:
    pattern = re.compile(rf"^\s*(?:from|import)\s+{re.escape(name)}\b", re.MULTILINE)
    return any(pattern.search(text) for text in source.texts(".py").values())


def _script(source: Source) -> Callable[[str], str | None]:
    """Finds the text of a script by the end of its path, where one file of the application has it."""

    def text(path: str) -> str | None:
        found = [
            one
            for one in source.tracked
            if f"/{one}".endswith(f"/{path.lstrip('/')}") or f"/{path}".endswith(f"/{one}")
        ]
        return source.text(found[0]) if len(found) == 1 else None

    return text
