"""What a Dockerfile makes: where the repository's files land in the image, and what it starts."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gonogo.detect.tree import Tree
from gonogo.inspection.code import brought, dockerignore
from gonogo.inspection.code.dockerfile import Instruction, health_test, listed, read
from gonogo.inspection.code.dockerwords import assigned, expand, split

__all__ = ["TIANGOLO", "ImageStage", "read_image"]

TIANGOLO = ("tiangolo/uvicorn-gunicorn", "tiangolo/meinheld-gunicorn", "tiangolo/uwsgi-nginx-flask")
"""Base images that serve what stands in /app by themselves."""
_ROOT = "/repository"
_BARE = frozenset("python pypy debian ubuntu alpine nginx caddy httpd node traefik busybox".split())  # noqa: SIM905
"""Official images whose working folder is ``/``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageStage:
    """What a stage of a Dockerfile says of the image that it makes."""

    dockerfile: str
    base: str
    workdir: str = ""
    """Empty: that of the base image, which is not known here."""
    env: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    """The repository's files in it: absolute path in the image → path in the repository."""
    code: Mapping[str, str] = field(default_factory=dict)
    """The same as folders, as gonogo.toml has it."""
    lines: tuple[int, ...] = ()
    """Where the Dockerfile brings them."""
    unclear: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    command_line: int = 0
    healthcheck: tuple[str, ...] = ()
    healthcheck_line: int = 0
    health_times: Mapping[str, str] = field(default_factory=dict)


def read_image(
    tree: Tree, dockerfile: str, *, context: str, target: str = "", args: Mapping[str, str] | None = None
) -> ImageStage:
    """Reads one stage of a Dockerfile, the last where no target is named.

    Args:
        tree: The repository.
        dockerfile: The Dockerfile's path.
        context: The folder that is sent to the build.
        target: The stage.
        args: Build arguments that are given.

    Raises:
        DockerfileError: the file is none.
    """
    given = {name: str(value) for name, value in (args or {}).items() if value is not None}
    image = _started(tree.text(dockerfile), dockerfile, target, given)
    sent = _sent(tree, dockerfile, context)
    workdir = _workdir(image.base) or "/"
    found = brought.image_of(tree.text(dockerfile), files=sent, target=target, args=given, workdir=workdir)
    place = posixpath.normpath(posixpath.join(_ROOT, context))
    seen = brought.seen_from(found, root=_ROOT, contexts={"": place})
    return replace(
        image,
        files={at: one.path for at, one in seen.files.items()},
        code=brought.code_of(seen),
        lines=tuple(sorted({one.line for one in seen.files.values()})),
        unclear=found.unclear,
    )


def _sent(tree: Tree, dockerfile: str, context: str) -> tuple[str, ...]:
    """The files of the build context, without what the ignore file leaves out."""
    prefix = "" if context in {"", "."} else f"{context}/"
    left_out = _ignored(tree, dockerfile, prefix)
    return tuple(name for path in tree.below(context) if not left_out(name := path[len(prefix) :]))


def _ignored(tree: Tree, dockerfile: str, prefix: str) -> Callable[[str], bool]:
    beside = f"{dockerfile}.dockerignore"
    for path in (beside, f"{prefix}.dockerignore"):
        if path in tree:
            return dockerignore.ignore(tree.text(path))
    return lambda _: False


def _started(text: str, dockerfile: str, target: str, given: dict[str, str]) -> ImageStage:
    """What a stage starts, and the variables that it sets."""
    stages: dict[str, ImageStage] = {}
    known, last = dict(given), ""
    for number, (name, base, instructions) in enumerate(_stages(read(text), known)):
        last = str(number)
        image = stages.get(base.casefold()) or ImageStage(dockerfile=dockerfile, base=base, workdir=_workdir(base))
        for one in instructions:
            image = _after(image, one, known)
        stages[last] = stages[name or last] = image
    return stages.get(target.casefold()) or stages[last]


def _workdir(base: str) -> str:
    """The working folder of a base image; empty where it is not known."""
    name = base.partition("@")[0].removeprefix("docker.io/").removeprefix("library/").partition(":")[0]
    return "/" if name in _BARE else "/app" if name.startswith(TIANGOLO) else ""


def _stages(
    instructions: Sequence[Instruction], known: dict[str, str]
) -> Iterator[tuple[str, str, Sequence[Instruction]]]:
    """Each stage's name, its base, and its instructions."""
    starts = [at for at, one in enumerate(instructions) if one.name == "FROM"]
    for one in instructions[: starts[0]]:
        _argument(one, known)
    for begin, end in zip(starts, [*starts[1:], len(instructions)], strict=True):
        base, *more = instructions[begin].words
        name = more[1] if len(more) > 1 and more[0].upper() == "AS" else ""
        yield name.casefold(), expand(base, known) or base, instructions[begin + 1 : end]


def _argument(one: Instruction, known: dict[str, str]) -> None:
    for word in split(one.text, escape=one.escape) if one.name == "ARG" else ():
        name, sign, value = word.partition("=")
        if sign:
            known.setdefault(name, expand(value, known) or "")


def _after(image: ImageStage, one: Instruction, known: dict[str, str]) -> ImageStage:
    """The stage once an instruction is done."""
    _argument(one, known)
    if one.name == "WORKDIR":
        path = expand(one.text.strip(), {**known, **image.env}) or ""
        return replace(image, workdir=posixpath.normpath(posixpath.join(image.workdir or "/", path)) if path else "")
    if one.name == "ENV":
        return replace(image, env={**image.env, **_pairs(one, {**known, **image.env})})
    if one.name == "CMD":
        return replace(image, command=_words(one), command_line=one.line)
    if one.name == "ENTRYPOINT":
        return replace(image, entrypoint=_words(one), command=(), command_line=one.line)
    if one.name == "HEALTHCHECK":
        return replace(image, healthcheck=_health(one), healthcheck_line=one.line, health_times=dict(one.flags))
    return image


def _pairs(one: Instruction, values: Mapping[str, str]) -> dict[str, str]:
    found = assigned(one.text, escape=one.escape)
    return {name: expand(value, values, escape=one.escape) or "" for name, value in found}


def _words(one: Instruction) -> tuple[str, ...]:
    """The words of a command; one in shell form is the shell's."""
    words = listed(one.text)
    return ("sh", "-c", one.text.strip()) if words is None else words


def _health(one: Instruction) -> tuple[str, ...]:
    test = health_test(one)
    return () if test == ("NONE",) else test
