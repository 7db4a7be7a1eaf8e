"""The programs that a repository without a compose file starts: Procfile, units, supervisor, Makefile, README."""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gonogo.detect.images import ImageStage, read_image
from gonogo.detect.making import MAKEFILES
from gonogo.detect.modules import Modules
from gonogo.detect.starting import Start, read_start, scripts_of, starts_in
from gonogo.detect.tree import Tree
from gonogo.inspection.code.dockerfile import DockerfileError

__all__ = ["LOOKED_FOR", "Program", "programs"]

LOOKED_FOR = (
    "a Procfile, systemd units, supervisor's programs, a hosting platform's start command, a Dockerfile's CMD, "
    "shell scripts, a Makefile, the README, manage.py, and modules that make a FastAPI or Flask application"
)
_DEEPEST = 2
_NOT_SERVING = frozenset({"release", "postdeploy", "setup"})
_LIKELY = ("run", "start", "serve", "server", "boot", "web", "gunicorn", "entrypoint", "prod", "main")
_DESK = re.compile(r"(?:^|[-_.])(?:dev|develop\w*|local|debug|test\w*|docker|build|install|setup|ci)(?:[-_.]|$)")
_PLATFORM = re.compile(
    r"""(?m)^[\s-]*["']?(?:startCommand|start_command|entrypoint|run_command|cmd)["']?\s*[:=]\s*(.+?),?\s*$"""
)
_PLATFORMS = ("render.yaml", "render.yml", "railway.toml", "railway.json", "app.yaml", "nixpacks.toml", "app.json")
_TASKS = (("tool", "taskipy", "tasks"), ("tool", "poe", "tasks"), ("tool", "pdm", "scripts"), ("scripts",))
_MAKES = (*MAKEFILES, "justfile", "Justfile", "Taskfile.yml")


@dataclass(frozen=True, kw_only=True)
class Program:
    """One program that is started."""

    name: str
    start: Start
    kind: str
    """``procfile``, ``unit``, ``supervisor``, ``platform``, ``dockerfile``, ``script``, ``make`` or ``readme``."""
    folder: str = "."
    """Where it is run, from the repository's top."""
    text: str = ""
    """All that is run for it, where that is more than the program."""
    env: Mapping[str, str] = field(default_factory=dict)
    port: int | None = None
    """The one that stands beside it, as ``EXPOSE`` does."""

    @property
    def deploys(self) -> bool:
        """Whether it stands where only what is deployed stands."""
        return self.kind in {"procfile", "unit", "supervisor", "platform", "dockerfile"}


def programs(tree: Tree) -> Iterator[Program]:
    """Every program, those first that stand in a file that only deployment reads."""
    for read in (_procfiles, _units, _supervisors, _platforms, _dockerfiles, _scripts, _makefiles, _tasks, _readmes):
        for program in read(tree):
            yield _placed(tree, program)


def _placed(tree: Tree, program: Program) -> Program:
    """The program in the folder that its own command moves to, where the repository has that."""
    moved = posixpath.normpath(posixpath.join(program.folder, program.start.module_folder or "."))
    inside = not moved.startswith(("/", "..")) and tree.has_folder(moved)
    start = _at_home(tree, program.start)
    return replace(program, folder=moved, start=start) if inside else replace(program, start=start)


def _at_home(tree: Tree, start: Start) -> Start:
    """A Python file that is named by its place on a server, as the repository's own path."""
    parts = start.script.strip("/").split("/") if start.script.startswith("/") else []
    path = next((tail for at in range(len(parts)) if (tail := "/".join(parts[at:])) in tree), "")
    return replace(start, script=path, text=start.text.replace(start.script, path)) if path else start


def _found(
    tree: Tree, text: str, where: str, *, kind: str, name: str = "", folder: str = ".", whole: str = "", **more: Any
) -> Iterator[Program]:
    """The programs of a shell's text; scripts that it names are read as well."""
    env = {**_flask_of(tree, folder), **more.pop("env", {})}
    named = re.search(r"\bFLASK_APP=[\"']?([\w./:]+)", text)
    env = {**env, "FLASK_APP": named[1]} if named else env
    found = [start for start in starts_in(text, where, env, whole=whole) if start.role != "unknown"]
    if not found:
        scripts = scripts_of([text], tree, {})
        start = read_start(["sh", "-c", text], where=where, scripts=scripts, env=env) if scripts else None
        found = [start] if start is not None and start.role != "unknown" else []
    for start in found:
        yield Program(name=name or start.role, start=start, kind=kind, folder=folder, text=text, env=env, **more)


def _flask_of(tree: Tree, folder: str) -> dict[str, str]:
    """What ``flask`` is told by the file that it reads by itself."""
    path = posixpath.normpath(posixpath.join(folder, ".flaskenv"))
    match = re.search(r"(?m)^\s*(?:export\s+)?FLASK_APP\s*=\s*[\"']?([^\s\"'#]+)", tree.text(path))
    return {"FLASK_APP": match[1]} if match else {}


def _upper(tree: Tree, *names: str) -> tuple[str, ...]:
    return tuple(path for path in tree.named(*names) if path.count("/") <= _DEEPEST and not tree.is_test(path))


def _folder(path: str) -> str:
    return posixpath.dirname(path) or "."


def _procfiles(tree: Tree) -> Iterator[Program]:
    for path in _upper(tree, "Procfile")[:1]:
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            match = re.match(r"^([\w-]+):\s*(.+)$", line)
            if match and match[1] not in _NOT_SERVING:
                where = f"{path}:{number}"
                yield from _one(_found(tree, match[2], where, kind="procfile", name=match[1], folder=_folder(path)))


def _one(found: Iterator[Program]) -> Iterator[Program]:
    """Of what one line starts the server, else the worker: what else stands in it runs before."""
    listed = list(found)
    for role in ("web", "worker", "python"):
        chosen = [program for program in listed if program.start.role == role]
        if chosen:
            yield chosen[-1]
            return


def _units(tree: Tree) -> Iterator[Program]:
    for path in tree.files:
        text = tree.text(path) if path.endswith((".service", ".service.example", ".service.template")) else ""
        match = re.search(r"(?m)^ExecStart\s*=\s*[-@:+!]*((?:.*\\\n)*.*)$", text)
        if match and not tree.is_test(path):
            number = text[: match.start()].count("\n") + 1
            pairs = re.findall(r"(?m)^Environment\s*=\s*[\"']?(\w+)=([^\"'\n]*)", text)
            env = {name: value for name, value in pairs if name not in {"PATH", "VIRTUAL_ENV", "PYTHONPATH"}}
            line = match[1].replace("\\\n", " ")
            name = posixpath.basename(path).partition(".")[0].rstrip("@")
            yield from _one(_found(tree, line, f"{path}:{number}", kind="unit", name=name, env=env))


def _supervisors(tree: Tree) -> Iterator[Program]:
    for path in tree.files:
        text = tree.text(path) if path.endswith((".conf", ".ini", ".supervisor")) else ""
        for match in re.finditer(r"(?ms)^\[program:([\w.-]+)\](.*?)(?=^\[|\Z)", text):
            command = re.search(r"(?m)^command\s*=\s*(.+)$", match[2])
            if command and not tree.is_test(path):
                number = text[: match.start(2) + command.start()].count("\n") + 1
                yield from _one(_found(tree, command[1], f"{path}:{number}", kind="supervisor", name=match[1]))


def _platforms(tree: Tree) -> Iterator[Program]:
    for path in _upper(tree, *_PLATFORMS):
        for match in _PLATFORM.finditer(tree.text(path)):
            number = tree.text(path)[: match.start(1)].count("\n") + 1
            text = match[1].strip("\"'[] ")
            yield from _one(_found(tree, text, f"{path}:{number}", kind="platform", folder=_folder(path)))


def _dockerfiles(tree: Tree) -> Iterator[Program]:
    for path in [name for name in tree.files if posixpath.basename(name).startswith("Dockerfile")]:
        if path.count("/") > _DEEPEST or tree.is_test(path):
            continue
        try:
            context, image = _image(tree, path)
        except DockerfileError:
            continue
        words = (*image.entrypoint, *image.command)
        where = f"{path}:{image.command_line}" if image.command_line else path
        env = {**_flask_of(tree, context), **image.env}
        start = read_start(words, where=where, scripts=scripts_of(words, tree, image.files), env=env)
        if start.role != "unknown":
            folder = Modules(tree, image.files, (image.workdir,)).folder_of(image.workdir) or context
            port = re.search(r"(?mi)^EXPOSE\s+(\d+)", tree.text(path))
            only = {name: value for name, value in env.items() if name == "FLASK_APP"}
            number = int(port[1]) if port else None
            yield Program(
                name="web", start=start, kind="dockerfile", folder=folder, text=start.text, env=only, port=number
            )


def _image(tree: Tree, path: str) -> tuple[str, ImageStage]:
    """The image of a Dockerfile, and its build context: its folder, or the top where that holds what it copies."""
    here = posixpath.dirname(path) or "."
    image = read_image(tree, path, context=here)
    copies = any(one.endswith(".py") for one in image.files.values())
    return (here, image) if copies or here == "." else (".", read_image(tree, path, context="."))


def _scripts(tree: Tree) -> Iterator[Program]:
    found = [path for path in tree.files if path.count("/") <= _DEEPEST and path.endswith((".sh", ".bash"))]
    found = [path for path in found if not tree.is_test(path)]
    for path in sorted(found, key=_rank):
        folder = "." if posixpath.dirname(path) in {"scripts", "bin", "deploy", "deployment"} else _folder(path)
        yield from _found(tree, tree.text(path), path, kind="script", folder=folder)


def _rank(path: str) -> tuple[bool, int, int, str]:
    name = posixpath.basename(path).rpartition(".")[0]
    likely = next((at for at, word in enumerate(_LIKELY) if word in name), len(_LIKELY))
    return bool(_DESK.search(name)), path.count("/"), likely, path


def _makefiles(tree: Tree) -> Iterator[Program]:
    for path in _upper(tree, *_MAKES):
        text = re.sub(r"(?m)^(\s+)[@-]+", r"\1", tree.text(path)).replace("$(", "${").replace("$$", "$")
        yield from _found(tree, text, path, kind="make", folder=_folder(path), whole=tree.text(path))


def _tasks(tree: Tree) -> Iterator[Program]:
    for path in _upper(tree, "pyproject.toml", "Pipfile"):
        try:
            document: Any = tomllib.loads(tree.text(path))
        except tomllib.TOMLDecodeError:
            continue
        for keys in _TASKS:
            table: Any = document
            for key in keys:
                table = table.get(key, {}) if isinstance(table, dict) else {}
            for text in _texts(table):
                yield from _found(tree, text, tree.where(path, text), kind="make", folder=_folder(path))


def _texts(table: Any) -> Iterator[str]:
    for value in table.values() if isinstance(table, dict) else ():
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from (str(value[key]) for key in ("cmd", "shell", "command") if isinstance(value.get(key), str))


def _readmes(tree: Tree) -> Iterator[Program]:
    is_readme: Callable[[str], bool] = lambda path: posixpath.basename(path).casefold().startswith("readme")  # noqa: E731
    for path in sorted(filter(is_readme, tree.files), key=lambda path: (path.count("/"), path)):
        if path.count("/") > 1 or tree.is_test(path):
            continue
        for block in _blocks(tree.text(path)):
            yield from _found(tree, block, path, kind="readme", folder=_folder(path), whole=tree.text(path))


def _blocks(text: str) -> Iterator[str]:
    """What stands in fences, in back quotes, or is set in: the commands of a text for people."""
    for block in re.findall(r"(?ms)^\s*(?:```|~~~)[^\n]*\n(.*?)^\s*(?:```|~~~)", text):
        yield _commands(block)
    bare = re.sub(r"(?ms)^\s*(?:```|~~~)[^\n]*\n.*?^\s*(?:```|~~~)", "", text)
    for block in re.findall(r"(?m)(?:^(?: {3,}|\t)\S.*\n?)+", bare):
        yield _commands(block)
    yield from re.findall(r"`([^`\n]+)`", bare)


def _commands(block: str) -> str:
    return re.sub(r"(?m)^\s*(?:[\w@:~/.()-]*[$>%#]\s+)?", "", block)
