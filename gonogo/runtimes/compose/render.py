"""Ask Compose what its files mean for a commit: the rendered model, with every path absolute.

Services may name an env file that git ignores, so it does not stand in the release's worktree. The host's own file is
lent to the worktree while Compose reads it, and taken away before anything is built: secrets never enter a build
context.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from gonogo.errors import RefusedError, UsageError, telling
from gonogo.host.runner import Command, Completed
from gonogo.runtimes.base import Place
from gonogo.runtimes.compose.cli import cli, shell_variables
from gonogo.runtimes.place import env_file_of, wanted_env_file

__all__ = [
    "app_folder",
    "environment_of",
    "host_env_file",
    "project_folder",
    "render",
    "render_command",
    "reveal",
]

_ABSENT = re.compile(r"(?:open|stat|lstat) (/.+?): no such file or directory")
_ENV_NAMES = ("*.env", ".env.*")
_ATTEMPTS = 20
_SECONDS = 120.0


def app_folder(place: Place, root: Path) -> Path:
    """The application's folder below the folder of a gonogo.toml; compose files are relative to it."""
    return root / place.project.app.root


def project_folder(place: Place, folder: Path) -> Path:
    """The folder of the first compose file, which Compose calls the project directory."""
    return (folder / place.environment.compose[0]).parent


def host_env_file(place: Place) -> Path | None:
    """The env file on the host: the configured one, or the ``.env`` that Compose would read by itself."""
    return env_file_of(place.path, place.environment)


def render_command(place: Place, folder: Path, output: Path, *, commit: str = "") -> Command:
    """The command that renders the compose files below ``folder``; the env file decides, not this shell's variables."""
    env_file = host_env_file(place)
    argv = [
        *cli(),
        "--project-name",
        place.environment.project,
        "--project-directory",
        str(project_folder(place, folder)),
    ]
    argv += ["--env-file", str(env_file or "/dev/null")]
    for name in place.environment.compose:
        argv += ["--file", str(folder / name)]
    for profile in place.environment.profiles:
        argv += ["--profile", profile]
    env = shell_variables(folder)
    if commit and "GIT_COMMIT" not in place.variables:
        env["GIT_COMMIT"] = commit
    argv += ["config", "--format", "json", "--output", str(output)]
    return Command(argv=tuple(argv), cwd=str(folder), env=env, clean_env=True, timeout=_SECONDS)


def render(
    place: Place, root: Path, *, output: Path, commit: str = "", lent: list[Path] | None = None
) -> dict[str, Any]:
    """Renders the compose files below ``root`` into ``output`` (0600) and returns the model.

    ``lent`` is given the host's own files that Compose read for it.

    Raises:
        RefusedError: a compose file or the env file is missing, or Compose refuses what they say.
    """
    folder = app_folder(place, root)
    _require_files(place, folder)
    output.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    output.touch(mode=0o600)
    command = render_command(place, folder, output, commit=commit)
    with _Loan(folder=folder, source=place.path) as loan:
        loan.usual()
        for _ in range(_ATTEMPTS):
            answer = place.host.run(command)
            if answer.ok or not loan.asked(answer.errors):
                break
        if lent is not None:
            lent += loan.sources
    if not answer.ok:
        raise RefusedError(_refusal(place, answer))
    model: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
    return model


def _require_files(place: Place, folder: Path) -> None:
    for name in place.environment.compose:
        if not (folder / name).is_file():
            there = ", ".join(sorted(path.name for path in (folder / name).parent.glob("*compose*.y*ml")))
            raise RefusedError(
                f"{folder / name}: found no file{f' (but {there})' if there else ''}, expected the compose file that "
                f"env.{place.environment.name}.compose names. Commit it, or correct the name in gonogo.toml."
            )
    env_file = host_env_file(place)
    if env_file is not None and not env_file.is_file():
        found = "a folder (Docker makes one where a file that it mounts is missing)" if env_file.is_dir() else "no file"
        raise UsageError(
            f"{env_file}: found {found}, expected the env file of env.{place.environment.name}. "
            "Create it (from .env.example), or correct env_file or path in gonogo.toml."
        )


def _refusal(place: Place, answer: Completed) -> str:
    files = ", ".join(place.environment.compose)
    tail = telling(answer.errors, most=8) or [f"exit code {answer.code}, and it said nothing"]
    said = "".join(f"\n    {line}" for line in tail)
    if host_env_file(place) is None and ".env" in answer.errors:
        said += (
            f"\n    The env file is looked for at {wanted_env_file(place.path, place.environment)}: found none there."
        )
    return (
        f"{files}: found a model that Compose refuses, expected one that `{' '.join(cli())} config` renders. "
        f"Mend the files or the env file. Compose says:{said}"
    )


@dataclass(kw_only=True)
class _Loan:
    """Host files that stand in a worktree for a moment."""

    folder: Path
    source: Path
    _lent: list[Path] = field(default_factory=list)
    _made: list[Path] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for path in self._lent:
            path.unlink(missing_ok=True)
        for made in reversed(self._made):
            with contextlib.suppress(OSError):
                made.rmdir()

    @property
    def sources(self) -> list[Path]:
        """Where the host has what was lent."""
        return [self.source / path.relative_to(self.folder) for path in self._lent]

    def usual(self) -> None:
        """Lends files named like env files: an optional one that is absent would be passed over in silence."""
        if self.source.resolve() == self.folder.resolve() or not self.source.is_dir():
            return
        for folder in (self.source, *_tracked_folders(self.folder, self.source)):
            for pattern in _ENV_NAMES:
                for path in folder.glob(pattern):
                    self._lend(path.relative_to(self.source))

    def asked(self, errors: str) -> bool:
        """Lends what Compose did not find; whether there was anything to lend."""
        absent = (Path(found) for found in _ABSENT.findall(errors))
        inside = [path.relative_to(self.folder) for path in absent if path.is_relative_to(self.folder)]
        lent = [self._lend(path) for path in inside]
        return any(lent)

    def _lend(self, relative: Path) -> bool:
        source, target = self.source / relative, self.folder / relative
        if not source.is_file() or os.path.lexists(target):
            return False
        for parent in reversed(target.relative_to(self.folder).parents):
            if not (self.folder / parent).exists():
                (self.folder / parent).mkdir(mode=0o700)
                self._made.append(self.folder / parent)
        self._lent.append(target)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out, source.open("rb") as stream:
            shutil.copyfileobj(stream, out)
        return True


def _tracked_folders(folder: Path, source: Path) -> Iterator[Path]:
    """Folders of the host's path that the commit has as well; what is installed or generated there is not looked at."""
    for parent, names, _ in os.walk(folder):
        names[:] = [name for name in names if name != ".git" and not (Path(parent) / name).is_symlink()]
        for name in names:
            twin = source / (Path(parent) / name).relative_to(folder)
            if twin.is_dir():
                yield twin


def reveal(value: str) -> str:
    """A value of a rendered model as the container sees it: Compose doubles each dollar sign when it renders."""
    return value.replace("$$", "$")


def environment_of(service: Mapping[str, Any]) -> dict[str, str]:
    """A rendered service's variables as its containers get them; those without a value are left out."""
    variables = service.get("environment") or {}
    return {name: reveal(str(value)) for name, value in variables.items() if value is not None}
