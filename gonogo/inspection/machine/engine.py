"""What the Docker Engine says of itself."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

__all__ = ["ASK", "EngineFacts", "layers_since", "parse"]

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


def layers_since(history: str, moment: datetime) -> Iterator[tuple[str, str, int]]:
    """The layers that ``docker history`` names (time, size, instruction) and that were made then or later."""
    for line in history.splitlines():
        made, _, rest = line.partition("\t")
        size, _, by = rest.partition("\t")
        with contextlib.suppress(ValueError):
            if datetime.fromisoformat(made) >= moment.replace(microsecond=0):
                yield made, by, int(size)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]
