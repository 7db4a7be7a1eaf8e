"""Which program of a repository serves, and in which of its folders that finds its modules."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gonogo.detect.facts import Given
from gonogo.detect.start_files import Program
from gonogo.detect.starting import starts_in
from gonogo.detect.tree import Tree
from gonogo.detect.unnamed import is_installed, module_that_makes, server_for, unnamed
from gonogo.errors import UsageError

__all__ = ["given_program", "run_from", "says_what", "serving_program"]

_SERVES = re.compile(
    r"(?m)\b(?:\w*app|application|\w*server|socketio|sio|uvicorn|hypercorn|web|api)\.run\(|\.serve_forever\("
    r"|\bmake_server\(|\bserve\(|\brun_(?:app|simple)\("
)


def given_program(tree: Tree, given: Given) -> Program | None:
    """What the operator says that is started; None where nothing was said.

    Raises:
        UsageError: it starts nothing that is known.
    """
    if not given.command:
        return None
    start = next((one for one in starts_in(given.command, "as you said", {}) if one.role != "unknown"), None)
    if start is None:
        raise UsageError(
            f"--command: found {given.command!r}, expected the start of a server that gonogo knows (gunicorn, uvicorn, "
            "hypercorn, daphne, granian, waitress-serve, flask run, fastapi run, manage.py runserver) or a Python file."
        )
    program = Program(name="web", start=start, kind="given", text=given.command)
    folder = posixpath.normpath(start.module_folder or ".")
    return replace(program, folder=folder) if tree.has_folder(folder) else program


def serving_program(tree: Tree, found: Sequence[Program], packages: Mapping[str, str]) -> Program | None:
    """What serves: the first that is named and installed, else what the framework itself would start."""
    serving = [one for one in found if one.start.role == "web" and says_what(one) and _is_here(tree, one)]
    deployed = [one for one in serving if one.deploys or is_installed(one.start.server, packages, tree)]
    ready = next((one for one in deployed if is_installed(one.start.server, packages, tree)), None)
    scripts = [one for one in found if one.start.role == "python" and one.kind != "readme"]
    scripts += [one for one in found if one.start.role == "python" and one.kind == "readme"]
    by_script = (_of_script(tree, one, packages) for one in scripts)
    chosen = ready or next(iter(deployed), None) or next(filter(None, by_script), None)
    if chosen is not None and chosen.start.server in {"manage.py", "flask"} and not chosen.deploys:
        better = next(unnamed(tree, packages), None)  # a development server, where a server is installed
        return better if better is not None and better.start.server not in {"manage.py", "flask"} else chosen
    return chosen or next(unnamed(tree, packages), None)


def says_what(program: Program) -> bool:
    """Whether a command names what it serves, or its server finds that by itself."""
    start = program.start
    return bool(start.entrypoint or start.django or start.script or (start.server in {"flask", "fastapi"}))


def _is_here(tree: Tree, program: Program) -> bool:
    """Whether the module that is named stands in the repository: a README shows others' as well."""
    module = program.start.entrypoint.partition(":")[0].removesuffix(".py").replace(".", "/")
    usual = {"flask": ("wsgi.py", "app.py"), "fastapi": ("main.py", "app.py", "api.py", "app/main.py", "app/app.py")}
    if not module and not program.start.script and program.start.server in usual:
        names = (posixpath.normpath(posixpath.join(program.folder, name)) for name in usual[program.start.server])
        return any(name in tree for name in names) or "[tool.fastapi]" in tree.text("pyproject.toml")
    return not program.start.entrypoint or bool(_places(tree, module)) or program.deploys


def _places(tree: Tree, module: str) -> list[str]:
    """The folders from which a module can be imported."""
    names = (f"{module}.py", f"{module}/__init__.py")
    found = [path for path in tree.files if any(path == name or path.endswith(f"/{name}") for name in names)]
    cut = [
        path.removesuffix("/__init__.py").removesuffix(".py").removesuffix(module).rstrip("/") or "." for path in found
    ]
    return sorted(dict.fromkeys(cut), key=lambda folder: (folder != ".", folder.count("/"), folder))


def _of_script(tree: Tree, program: Program, packages: Mapping[str, str]) -> Program | None:
    """A Python file that serves: by a server that the application asks for, else as it is."""
    script = program.start.script
    path = posixpath.normpath(posixpath.join(program.folder, script))
    path = path if path in tree else next((one for one in (f"{path}.py", f"{path}/__main__.py") if one in tree), "")
    text = tree.text(path)
    if not path or not _SERVES.search(text):
        return None
    port = re.search(
        r"""\bport\s*=\s*(?:int\()?[^,)\n]*?(\d{4,5})|["']PORT["']\s*,\s*["']?(\d{4,5})""", text, re.IGNORECASE
    )
    number = int(port[1] or port[2]) if port else None
    made = module_that_makes(tree, path)
    if _imports_beside(tree, path):
        program = replace(program, folder=posixpath.dirname(path) or ".")
    module = posixpath.relpath(path, program.folder).removesuffix(".py").replace("/", ".")
    if made is not None and "socketio" not in text and not module.startswith("."):
        where = f"{program.start.where}, {path}:{made[2]}"
        found = server_for(made[0], f"{module}:{made[1]}", packages, tree, where=where, folder=program.folder)
        return replace(found, port=number or program.port)
    start = replace(program.start, role="web", server="python")
    return replace(program, start=start, port=number or program.port)


def run_from(tree: Tree, program: Program) -> str:
    """The folder in which a program finds its modules."""
    module = program.start.entrypoint.partition(":")[0].removesuffix(".py").replace(".", "/")
    places = _places(tree, module) if module else []
    if places:
        return program.folder if program.folder in places else places[0]
    if program.start.django:
        folders = [posixpath.dirname(path) or "." for path in tree.named("manage.py")]
        return program.folder if program.folder in folders else (folders or ["."])[0]
    return program.folder


def _imports_beside(tree: Tree, path: str) -> bool:
    """Whether a script imports a module that stands beside it, as only a script's own folder allows."""
    folder = posixpath.dirname(path)
    names = re.findall(r"(?m)^(?:from|import)\s+(\w+)", tree.text(path)) if folder else []
    return any(f"{folder}/{name}.py" in tree or f"{folder}/{name}/__init__.py" in tree for name in names)
