"""What the Docker Engine says of itself."""

from __future__ import annotations

import json
from dataclasses import dataclass

__all__ = ["ASK", "EngineFacts", "parse"]

ASK = ("docker", "info", "--format", "{{json .}}")
"""The command whose answer :func:``parse`` reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFacts:
    """An engine that answers, or why it does not."""

    version: str = ""
    root: str = ""
    """Where it keeps images and volumes, on its own machine."""
    time: str = ""
    """What its machine's clock said."""
    asked: tuple[float, float] = (0.0, 0.0)
    """When it was asked, and when it had answered, by the clock of the machine that asked."""
    problem: str = ""
    """Why nothing is known; empty when it answers."""


def parse(output: str, errors: str, *, asked: tuple[float, float] = (0.0, 0.0)) -> EngineFacts:
    """Reads the answer of ``docker info``; the client answers for a dead daemon too, with its errors beside it."""
    try:
        answer = json.loads(output)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        return EngineFacts(problem=_one_line(errors) or "`docker info` gave no answer that can be read")
    problems = answer.get("ServerErrors") or []
    version, root = answer.get("ServerVersion"), answer.get("DockerRootDir")
    if problems or not isinstance(version, str) or not version:
        told = "; ".join(map(str, problems)) if isinstance(problems, list) else str(problems)
        return EngineFacts(problem=_one_line(told or errors) or "the client answers, the daemon does not")
    said, root = answer.get("SystemTime"), root if isinstance(root, str) else ""
    return EngineFacts(version=version, root=root, time=said if isinstance(said, str) else "", asked=asked)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]
