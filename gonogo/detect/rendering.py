"""What Compose makes of compose files whose env files may not be there yet: rendered aside, in a folder of its own.

Compose refuses a model whose env file or required variable is missing, as in every fresh checkout. The compose files
are copied aside with every env file there is; what Compose then still misses is made up from the examples and
recorded, so that nothing which rests on it is called certain.
"""

from __future__ import annotations

import json
import posixpath
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from gonogo.detect.envfiles import example_for
from gonogo.detect.tree import Tree
from gonogo.host.runner import Command, Completed, Host
from gonogo.inspection.variables.envfile import parse
from gonogo.inspection.variables.interpolation import NO_VALUE
from gonogo.runtimes.compose.cli import cli, shell_variables

__all__ = ["ABSENT", "Rendered", "compose_name", "render_aside"]

_ATTEMPTS = 40
_SECONDS = 60.0
_MOST = 1 << 20
_YAML = (".yml", ".yaml")
_SERVICES = re.compile(r"\b(?:services|include)\b[\"']?\s*:")
_WORD = re.compile(r"[^\s\"'\[\]{},:=]+")
_ABOVE = 4
"""Folders above the copies, so that a path which leads out of the application is told from one of the machine's."""
_NO_FILE = re.compile(r"(?:env file |open |stat |lstat )(/[^\n]+?)(?: not found|: no such file or directory)")
_UNSET = re.compile(r'The \\?"(\w+)\\?" variable is not set')
ABSENT = "gonogo-init-absent"
"""The value of a required variable that nothing gives."""


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """A rendered model whose paths are relative to the application's folder where they are below it."""

    model: Mapping[str, Any]
    files: tuple[str, ...]
    env_file: str = ""
    """The env file (or the example in its place) whose values filled in ``${…}``."""
    made_up: tuple[str, ...] = ()
    """Env files that are not there; an example, or an empty file, stood in for them."""
    required: tuple[str, ...] = ()
    """Variables that a compose file refuses to be without (``${NAME:?}``) and nothing gives."""
    unset: tuple[str, ...] = ()
    """Variables that a compose file names without a default and nothing gives."""
    error: str = ""
    """What Compose said, where it refuses the files."""
    profiles: tuple[str, ...] = ()
    """Every profile that the files know."""
    settings: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    """What that env file says (secrets!)."""


@dataclass
class _Aside:
    """The copies, and what was made up among them."""

    root: Path
    tree: Tree
    folder: Path
    made_up: list[str] = field(default_factory=list)
    required: list[str] = field(default_factory=list)

    def copy(self, path: str) -> None:
        source, target = self.root / path, self.folder / path
        try:
            if target.exists() or not source.is_file() or not source.resolve().is_relative_to(self.root.resolve()):
                return
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            target.write_bytes(source.read_bytes())
        except OSError:
            return
        target.chmod(0o600)

    def make_up(self, absent: str) -> bool:
        """Puts a file where Compose found none: the host's own, else its example, else an empty one."""
        target = Path(absent)
        if not target.is_relative_to(self.folder) or target.exists():
            return False
        relative = target.relative_to(self.folder).as_posix()
        self.copy(relative)
        if not target.exists():
            example = example_for(relative, self.tree)
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            target.write_text(self.tree.text(example) if example else "", encoding="utf-8")
            self.made_up.append(relative)
        return True


def render_aside(
    root: Path,
    tree: Tree,
    files: Sequence[str],
    host: Host,
    *,
    profiles: Sequence[str] = (),
    env_file: str = "",
    project: str = "",
) -> Rendered:
    """Renders compose files; nothing in the application's folder is touched.

    Args:
        root: The application's folder.
        tree: Its files.
        files: The compose files, in order.
        host: Runs Compose.
        profiles: Those that are active; ``*`` for all.
        env_file: The env file that fills in ``${…}``; without it the ``.env`` beside the first compose file, else the
            application's own.
        project: The project's name; without it Compose's own choice, as it is in that folder.
    """
    with tempfile.TemporaryDirectory(prefix="gonogo-init-") as name:
        folder = Path(name).resolve().joinpath(*"abc"[: _ABOVE - 1], compose_name(root))
        folder.mkdir(parents=True)
        aside = _Aside(root, tree, folder)
        for path in _wanted(root, tree, files):
            aside.copy(path)
        wanted = env_file or posixpath.normpath(posixpath.join(posixpath.dirname(files[0]), ".env"))
        if not env_file and not (root / wanted).is_file() and (root / ".env").is_file():
            wanted = ".env"  # `docker compose -f deploy/app.yaml --env-file .env`
        aside.copy(wanted)
        filled = aside.folder / wanted
        if not filled.is_file():
            example = example_for(wanted, tree)
            filled.parent.mkdir(parents=True, exist_ok=True)
            filled.write_text(tree.text(example) if example else "", encoding="utf-8")
            aside.made_up.append(wanted)
            wanted = example
        answer = _ask(aside, files, filled, host, profiles=profiles, project=project)
        return _rendered(aside, tuple(files), answer, wanted, host, filled, project=project)


def compose_name(folder: PurePath) -> str:
    """Compose's own name for a project in a folder."""
    return re.sub(r"[^a-z0-9_-]", "", folder.name.casefold()).lstrip("-_") or "app"


def _wanted(root: Path, tree: Tree, files: Sequence[str]) -> Iterator[str]:
    """What a model may name: YAML, every env file beside it or in git, and what compose files name, whatever its end.

    What git ignores counts too: nobody would be told of an env file that Compose may do without (``required: false``).
    """
    yield from (path for path in tree.files if ".env" in posixpath.basename(path) or path.endswith(".env"))
    found = dict.fromkeys(files)
    found |= dict.fromkeys(path for path in tree.files if path.endswith(_YAML) and path.count("/") <= 4)  # noqa: PLR2004
    left = list(found)
    while left:
        path = left.pop()
        new = [one for one in _named_in(root, path) if one not in found]
        found |= dict.fromkeys(new)
        left += new
    yield from found


def _named_in(root: Path, path: str) -> Iterator[str]:
    """The files that a compose file names, from its folder and the application's, and the env files beside it."""
    try:
        text = (root / path).read_text(encoding="utf-8", errors="replace") if _is_small(root / path) else ""
    except OSError:
        return
    if not _SERVICES.search(text):
        return
    folder = posixpath.dirname(path)
    for word in set(_WORD.findall(text)):
        for place in dict.fromkeys((folder, "")):
            named = posixpath.normpath(posixpath.join(place, word))
            if not named.startswith(("../", "/")) and _is_small(root / named):
                yield named
    yield from (posixpath.join(folder, one.name) for one in (root / folder).glob("*.env*") if _is_small(one))


def _is_small(path: Path) -> bool:
    try:
        return path.is_file() and path.stat().st_size <= _MOST
    except (OSError, ValueError):
        return False


def _ask(
    aside: _Aside, files: Sequence[str], filled: Path, host: Host, *, profiles: Sequence[str], project: str
) -> Completed:
    """Asks until nothing more can be made up."""
    for _ in range(_ATTEMPTS):
        words = ("config", "--format", "json")
        answer = host.run(_command(aside, files, filled, words, profiles=profiles, project=project), output_limit=None)
        if answer.ok or not (_add_files(aside, answer.errors) | _add_values(aside, answer.errors, filled)):
            break
    return answer


def _add_files(aside: _Aside, said: str) -> bool:
    made = [aside.make_up(path) for path in _NO_FILE.findall(said)]
    return any(made)


def _add_values(aside: _Aside, said: str, filled: Path) -> bool:
    names = [name for name in NO_VALUE.findall(said) if name not in aside.required]
    aside.required += names
    with filled.open("a", encoding="utf-8") as stream:
        stream.writelines(f"\n{name}={ABSENT}\n" for name in names)
    return bool(names)


def _command(
    aside: _Aside,
    files: Sequence[str],
    filled: Path,
    words: Sequence[str],
    *,
    profiles: Sequence[str],
    project: str,
) -> Command:
    argv = [*cli(), *(("--project-name", project) if project else ())]
    argv += ["--project-directory", str((aside.folder / files[0]).parent), "--env-file", str(filled)]
    argv += [word for name in files for word in ("--file", str(aside.folder / name))]
    argv += [word for name in profiles for word in ("--profile", name)]
    env = shell_variables(aside.folder)
    return Command(argv=(*argv, *words), cwd=str(aside.folder), env=env, clean_env=True, timeout=_SECONDS)


def _rendered(
    aside: _Aside,
    files: tuple[str, ...],
    answer: Completed,
    env_file: str,
    host: Host,
    filled: Path,
    *,
    project: str,
) -> Rendered:
    unset = tuple(dict.fromkeys(_UNSET.findall(answer.errors)))
    if not answer.ok:
        lines = [line for line in answer.errors.strip().splitlines() if "level=warning" not in line]
        error = _seen_from(aside.folder, "\n".join(lines[-4:] or [f"exit code {answer.code}"]))
        return Rendered(model={}, files=files, env_file=env_file, error=error, unset=unset)
    known = host.run(_command(aside, files, filled, ("config", "--profiles"), profiles=(), project=project))
    model = json.loads(_seen_from(aside.folder, answer.output))
    return Rendered(
        model=model,
        files=files,
        env_file=env_file,
        made_up=tuple(aside.made_up),
        required=tuple(aside.required),
        unset=unset,
        settings=parse(filled.read_text(encoding="utf-8", errors="replace"), grammar="compose").values,
        profiles=tuple(sorted(filter(None, known.output.split()))) if known.ok else (),
    )


def _seen_from(folder: Path, text: str) -> str:
    """The text with paths as they are from a folder: those below it, and those above it as far as was made room."""
    text = text.replace(f"{folder}/", "").replace(str(folder), ".")
    for number, above in enumerate(list(folder.parents)[:_ABOVE], 1):
        text = text.replace(f"{above}/", "../" * number)
    return text
