"""The stages of a Dockerfile that an image is made of. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gonogo.inspection.code.dockerfile import DockerfileError, Instruction, read

__all__ = ["BuildStage", "made_from", "used"]

_FROM = re.compile(r"\bfrom=([^,\s]+)")


@dataclass(slots=True)
class BuildStage:
    """One ``FROM`` with what stands below it."""

    base: str
    instructions: list[Instruction] = field(default_factory=list)


def used(text: str, target: str) -> list[BuildStage]:
    """The stage that becomes the image, and those that it is made from; nothing of a text that is no Dockerfile."""
    stages, name = _stages(text, target)
    return list(_chain(stages, name))


def made_from(text: str, target: str) -> list[list[BuildStage]]:
    """The same, and for each stage whose files they copy or mount that one with its own; each stage in one chain."""
    stages, name = _stages(text, target)
    numbered = list(stages)
    chains, left, seen = [], [name], set[str]()
    while left:
        current = left.pop(0)
        current = numbered[int(current)] if current.isdecimal() and int(current) < len(numbered) else current
        if current in seen or current not in stages:
            continue
        seen.add(current)
        chain = list(_chain(dict(stages), current))
        chains.append(chain)
        left += [other for stage in chain for one in stage.instructions for other in _takes_from(one)]
    return chains


def _takes_from(one: Instruction) -> Iterator[str]:
    """The names of the stages that an instruction takes files from."""
    yield from (value.casefold() for name, value in one.flags if name == "from")
    yield from (found.casefold() for name, value in one.flags if name == "mount" for found in _FROM.findall(value))


def _stages(text: str, target: str) -> tuple[dict[str, BuildStage], str]:
    """The stages by their names, or their numbers, as far as the one that becomes the image; and that one's name."""
    stages: dict[str, BuildStage] = {}
    current = ""
    try:
        instructions: Sequence[Instruction] = read(text)
    except DockerfileError:
        return {}, ""
    for one in instructions:
        if one.name == "FROM" and one.words:
            if current and current == target.casefold():
                break
            current = one.words[2].casefold() if len(one.words) == 3 else str(len(stages))  # noqa: PLR2004 (AS name)
            stages[current] = BuildStage(one.words[0].casefold())
        elif current:
            stages[current].instructions.append(one)
    return stages, target.casefold() or current


def _chain(stages: dict[str, BuildStage], name: str) -> Iterator[BuildStage]:
    while (stage := stages.pop(name, None)) is not None:
        yield stage
        name = stage.base
