"""What a Dockerfile brings from its build contexts into an image, and where it puts it. Pure.

The COPY and ADD instructions of the stages are followed file by file, also through ``COPY --from`` and ``FROM stage``::

    image = brought.image_of(text, files=["main.py", "tests/test_main.py"], args={"PORT": "8000"}, target="")
    image.files["/app/main.py"].path   # "main.py"
    brought.code_of(image)             # {".": "/app"}

What a RUN makes, changes or removes is not followed: ``File.runs`` are those that came after a file was brought.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gonogo.inspection.code.copied import File, from_context, from_stage, holds
from gonogo.inspection.code.dockerfile import DockerfileError, Instruction, read
from gonogo.inspection.code.dockerwords import assigned, expand, split

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

__all__ = ["File", "Image", "code_of", "image_of", "seen_from"]

_PREDEFINED = re.compile(r"(?:TARGET|BUILD)(?:PLATFORM|OS|ARCH|VARIANT)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What is known of an image from its Dockerfile."""

    base: str  # the image that its first stage is made from
    workdir: str
    files: Mapping[str, File]  # by absolute path in the image
    unclear: tuple[str, ...] = ()  # COPY and ADD that could not be followed, one line each


@dataclass(kw_only=True)
class _Stage:
    """A stage while its instructions are followed."""

    base: str
    workdir: str
    arguments: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    files: dict[str, tuple[File, int]] = field(default_factory=dict)  # with how many RUN came before
    runs: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)

    def known(self) -> dict[str, str]:
        return {**self.arguments, **self.variables}

    def all_files(self) -> dict[str, File]:
        """Its files, each with all that ran afterwards."""
        return {
            at: replace(one, runs=(*one.runs, *self.runs[since:])) if since < len(self.runs) else one
            for at, (one, since) in self.files.items()
        }


def image_of(  # each keyword is one fact of the build
    text: str,
    *,
    files: Collection[str],
    target: str = "",
    args: Mapping[str, str] | None = None,
    workdir: str = "/",
    contexts: Mapping[str, Collection[str]] | None = None,
) -> Image:
    """What a Dockerfile's target holds of its build contexts.

    Args:
        text: the Dockerfile.
        files: the files of the build context, without what the ignore file leaves out.
        target: the stage that is built; the last one where it is empty.
        args: the build arguments that are given.
        workdir: the working folder of images that stages are made from.
        contexts: additional build contexts by name, with their files.

    Raises:
        DockerfileError: the text is no Dockerfile, or has no such stage.
    """
    return _Build(files={"": files, **(contexts or {})}, given=args or {}, workdir=workdir).run(read(text), target)


def code_of(image: Image) -> dict[str, str]:
    """Where paths of the repository are in an image, as ``code`` of gonogo.toml has it.

    The build context is taken for the repository (``seen_from`` gives an image for which it is). A file that stands
    in several places is looked for where most of its company is.
    """
    members: dict[tuple[str, str], set[str]] = {}
    for one in image.files.values():
        if not one.context:
            members.setdefault((one.here, one.there), set()).add(one.path)
    code: dict[str, str] = {}
    covered: set[str] = set()
    for (here, there), paths in sorted(members.items(), key=lambda item: (-len(item[1]), item[0])):
        if here not in code and paths - covered:
            code[here] = there
            covered |= paths
    return dict(sorted(code.items()))


def seen_from(image: Image, *, root: str, contexts: Mapping[str, str]) -> Image:
    """The image with the files that stand below ``root``, by their paths from there, as if it were the context.

    Args:
        image: an image.
        root: the application's folder, absolute.
        contexts: where each build context is, absolute; a context may hold the application's folder or stand in it.
    """
    moved = {at: _moved(one, root, contexts[one.context]) for at, one in image.files.items() if one.context in contexts}
    return replace(image, files={at: one for at, one in moved.items() if one is not None})


def _moved(one: File, root: str, context: str) -> File | None:
    """A file as it is seen from another folder; None where it does not stand below that."""
    path, here = (posixpath.normpath(posixpath.join(context, part)) for part in (one.path, one.here))
    if not holds(root, path):
        return None
    there = one.there
    if not holds(root, here):
        here, there = root, posixpath.normpath(posixpath.join(there, posixpath.relpath(root, here)))
    return replace(one, context="", path=posixpath.relpath(path, root), here=posixpath.relpath(here, root), there=there)


@dataclass(kw_only=True)
class _Build:
    """One reading of a Dockerfile."""

    files: Mapping[str, Collection[str]]
    given: Mapping[str, str]
    workdir: str
    stages: dict[str, _Stage] = field(default_factory=dict)
    globals: dict[str, str] = field(default_factory=dict)

    def run(self, instructions: Iterable[Instruction], target: str) -> Image:
        stage: _Stage | None = None
        for one in instructions:
            if one.name == "FROM":
                if stage is not None and target and target.lower() in self.stages:
                    break
                stage = self._begin(one)
            elif stage is None:
                self.globals.update(self._argument(one, self.globals, self.globals))
            else:
                self._follow(one, stage)
        wanted = self.stages.get(target.lower()) if target else stage
        if wanted is None:
            raise DockerfileError(f"found no stage {target}, expected one of {', '.join(self.stages)}")
        return Image(base=wanted.base, workdir=wanted.workdir, files=wanted.all_files(), unclear=tuple(wanted.unclear))

    def _begin(self, one: Instruction) -> _Stage:
        name = _expanded(one, one.words[0], self.globals) if one.words else None
        before = self.stages.get((name or "").lower())
        if before is not None:
            stage = _Stage(base=before.base, workdir=before.workdir, variables=dict(before.variables))
            stage.files = {at: (file, 0) for at, file in before.all_files().items()}
            stage.unclear = list(before.unclear)
        else:
            stage = _Stage(base=name or one.text, workdir=self.workdir)
        number = sum(key.isdecimal() for key in self.stages)
        self.stages[str(number)] = stage
        if len(one.words) > 2 and one.words[1].upper() == "AS":  # noqa: PLR2004 (FROM image AS name)
            self.stages[one.words[2].lower()] = stage
        return stage

    def _argument(
        self, one: Instruction, known: Mapping[str, str], defaults: Mapping[str, str]
    ) -> Iterator[tuple[str, str]]:
        """What an ARG sets."""
        if one.name != "ARG":
            return
        for word in split(one.text, escape=one.escape):
            name, has_default, default = word.partition("=")
            said = self.given.get(name, _expanded(one, default, known) if has_default else defaults.get(name, ""))
            if said is not None and (said or not _PREDEFINED.fullmatch(name)):
                yield name, said

    def _follow(self, one: Instruction, stage: _Stage) -> None:
        known = stage.known()
        if one.name == "ARG":
            stage.arguments.update(self._argument(one, known, self.globals))
        elif one.name == "ENV":
            stage.variables.update(_variables(one, known))
        elif one.name == "WORKDIR":
            folder = _expanded(one, one.text.strip(), known)
            if folder is None:
                stage.unclear.append(_shown(one))
            stage.workdir = posixpath.normpath(posixpath.join(stage.workdir, folder or ""))
        elif one.name == "RUN":
            stage.runs.append(" ".join([*(f"--{name}={value}" for name, value in one.flags), one.text]))
        elif one.name in ("COPY", "ADD"):
            self._bring(one, stage, known)

    def _bring(self, one: Instruction, stage: _Stage, known: Mapping[str, str]) -> None:
        """Follows a COPY or ADD."""
        words = [_expanded(one, word, known) for word in one.words if word not in one.generated]
        origin = _expanded(one, one.flag("from") or "", known)
        if origin is None or None in words or not words:
            stage.unclear.append(_shown(one))
            return
        *sources, target = [word for word in words if word is not None]
        into = target.endswith(("/", "/.")) or target == "." or len(sources) + len(one.generated) > 1
        there = posixpath.normpath(posixpath.join(stage.workdir, target))

        def at(name: str) -> str:
            return posixpath.join(there, name) if name and (into or _is_folder(there, stage)) else there

        other = self.stages.get(origin.lower()) if origin else None
        for source in sources:
            if other is not None:
                found = list(from_stage(one, source, other.all_files(), at=at))
            else:  # files of another image are nobody's here
                found = list(from_context(one, source, self.files.get(origin, ()), context=origin, at=at))
            stage.files.update({place: (file, len(stage.runs)) for place, file in found})
        if other is not None and other.runs:  # what was made there may replace what was brought here before
            stage.runs.append(f"COPY --from={origin} {one.text}")
            stage.files.update(
                {place: (file, len(stage.runs)) for place, (file, _) in stage.files.items() if file.line == one.line}
            )


def _is_folder(there: str, stage: _Stage) -> bool:
    """Whether a place of the image is known to be a folder."""
    return there == stage.workdir or any(at.startswith(there.rstrip("/") + "/") for at in stage.files)


def _variables(one: Instruction, known: Mapping[str, str]) -> dict[str, str]:
    """What an ENV sets, as far as that is known."""
    found = ((name, _expanded(one, value, known)) for name, value in assigned(one.text, escape=one.escape))
    return {name: value for name, value in found if value is not None}


def _expanded(one: Instruction, word: str, known: Mapping[str, str]) -> str | None:
    return expand(word, known, escape=one.escape)


def _shown(one: Instruction) -> str:
    return f"line {one.line}: {one.name} {one.text.splitlines()[0] if one.text else ''}"
