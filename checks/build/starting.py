"""What keeps a service from being started: a file that is not there, an interpreter that is not there."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gonogo.host.runner import Host
from gonogo.inspection.code.rights import Identity, Rights, is_under, started_paths
from gonogo.inspection.code.started import LARGEST, Start, faults, passes_everything_on, surely_started
from gonogo.runtimes.base import Artifact, ImageFacts

__all__ = ["Begun", "look", "remedy_of", "starts_of", "wrong_starts"]

_EXECUTABLE = 0o111
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """How a service begins, and what of its image that touches."""

    user: str
    who: Identity | None
    """None for a name that the image does not know."""
    words: Sequence[str]
    rights: Mapping[str, Rights]
    """Of the code and of what is started; what a mount hides is left out."""
    started: tuple[tuple[str, bool], ...]
    """What may be started, and whether it is a program."""
    starts: tuple[Start, ...]
    """What is started whatever happens."""
    begins: Mapping[str, bytes]
    """Path → how the file in the image begins."""
    mounted: tuple[str, ...]
    """The places of the container that something is mounted over."""
    search: tuple[str, ...] | None
    """The folders of PATH; None where the service has another than its image."""


def starts_of(entry: Sequence[str], words: Sequence[str], workdir: str, begins: Mapping[str, bytes]) -> list[Start]:
    """What is surely started: the entry command, and the command that its script passes everything on to.

    Args:
        entry: the entry point alone.
        words: entry point and command.
        workdir: where they begin.
        begins: path → how the file in the image begins; of a short script that is all of it.
    """
    command = words[len(entry) :] if entry else []
    found = list(surely_started(words, workdir))
    begin = begins.get(found[0].path, b"").decode("utf-8", "replace") if found and len(entry) == 1 else ""
    if command and passes_everything_on(begin, command):
        found += [one for one in surely_started(command, workdir) if one.is_path]
    return list(dict.fromkeys(found))


def look(artifact: Artifact, facts: ImageFacts, model: Mapping[str, Any], *, project: str, host: Host) -> Begun:
    """Looks at how a service begins, in a container of its image that is never started.

    Raises:
        RuntimeUnreachableError: the Engine does not answer.
    """
    from gonogo.runtimes.compose.entry import entry_point, entry_words, image_config  # noqa: PLC0415 (where compose is)
    from gonogo.runtimes.compose.rights import rights_in  # noqa: PLC0415 (likewise)

    definition: Mapping[str, Any] = (model.get("services") or {}).get(artifact.service) or {}
    config = image_config(facts.id, host)
    user, workdir = str(definition.get("user") or facts.user), str(definition.get("working_dir") or facts.workdir)
    words, entry = entry_words(definition, config), entry_point(definition, config)
    sure = [*surely_started(words, workdir), *surely_started(words[len(entry) :], workdir)]
    named = dict.fromkeys(
        [*(path for path, _ in started_paths(words, workdir)), *(one.path for one in sure if one.is_path)]
    )
    found = rights_in(
        facts.id,
        code=artifact.code.values(),
        started=named,
        user=user,
        groups=[str(one) for one in definition.get("group_add") or ()],
        project=project,
    )
    mounted = [str(one["target"]) for one in definition.get("volumes") or ()]
    mounted += [str(one.get("target") or f"/{one['source']}") for one in definition.get("configs") or ()]
    starts = starts_of(entry, words, workdir, found.begins)
    programs = ((one.path, True) for one in starts if one.is_path and one.is_program)
    started = [*started_paths(words, workdir), *programs]
    return Begun(
        user=user,
        who=found.who,
        words=words,
        rights={path: one for path, one in found.rights.items() if not is_under(path, mounted)},
        started=tuple(dict.fromkeys(started)),
        starts=tuple(starts),
        begins=found.begins,
        mounted=tuple(mounted),
        search=_search(definition, config),
    )


def wrong_starts(artifact: Artifact, begun: Begun) -> Iterator[str]:
    """What surely keeps the service from being started, one text each; rights apart."""

    @functools.cache
    def exists(program: str) -> bool:
        """What a mount may bring, or another PATH than the image's, is taken to be there."""
        unknown = _is_hidden(begun) if "/" not in program else bool(_over(program, begun.mounted))
        return unknown or artifact.exists(program)

    for one in begun.starts:
        over = _over(one.path, begun.mounted)
        if not one.is_path:
            if not exists(one.path):
                yield f"found no {one.path} on its PATH, expected the program that starts it"
        elif over:
            yield from _wrong_on_host(one, _brought(artifact, over, one.path), exists)
        elif one.path not in begun.begins:
            yield f"found no {one.path}, expected the file that starts it"
        else:
            yield from (f"{one.path}: found {said}" for said in faults(one, begun.begins[one.path], exists))


def remedy_of(wrong: str) -> str:
    """What mends a fault of ``wrong_starts``."""
    if "Windows line ends" in wrong:
        return (
            "Write `*.sh text eol=lf` into .gitattributes, then: git add --renormalize . && git commit; where the "
            "Dockerfile writes the script: RUN sed -i 's/\\r$//' FILE"
        )
    if "expected an interpreter" in wrong:
        return "Begin the script with #!/bin/sh, or install its interpreter in the Dockerfile of {param}"
    if "no #!" in wrong:
        return "Write #!/bin/sh into the script's first line"
    return "Look at COPY, WORKDIR and .dockerignore of {param}, and at what its command names"


def _search(definition: Mapping[str, Any], config: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The folders of the image's PATH; None where the service has its own."""
    if "PATH" in (definition.get("environment") or {}):
        return None
    path = next((one.partition("=")[2] for one in config.get("Env") or () if one.startswith("PATH=")), _PATH)
    return tuple(folder for folder in path.split(":") if folder)


def _wrong_on_host(one: Start, path: Path | None, exists: Callable[[str], bool]) -> Iterator[str]:
    """What is wrong with a program that a mount brings; one that is not of the release is not known here."""
    try:
        with path.open("rb") if path is not None else io.BytesIO() as stream:
            begin = stream.read(LARGEST)
        mode = path.stat().st_mode if path is not None else _EXECUTABLE
    except OSError:
        return
    said = f"{one.path}, which a mount brings"
    if one.is_program and not mode & _EXECUTABLE:
        yield f"{said}: found mode {mode & 0o777:o}; expected a program that may be started"
    yield from (f"{said}: found {fault}" for fault in faults(one, begin, exists))


def _is_hidden(begun: Begun) -> bool:
    """Whether what stands on PATH is not known from the image alone."""
    return begun.search is None or any(_over(folder, begun.mounted) for folder in begun.search)


def _over(path: str, mounted: Sequence[str]) -> str:
    """The innermost place that is mounted over a path; empty for none."""
    return max((place for place in mounted if is_under(path, [place])), key=len, default="")


def _brought(artifact: Artifact, target: str, path: str) -> Path | None:
    """The file of the release that a mount brings to a path; None where it is not the release's."""
    over = getattr(artifact, "laid_over", ())
    return next((one.at(path) for one in over if one.target.rstrip("/") == target.rstrip("/")), None)
