"""Which module and attribute a service serves, and which framework made it."""

from __future__ import annotations

import ast
import posixpath
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace

from gonogo.detect.facts import Fact, guess
from gonogo.detect.modules import Modules, packages_above
from gonogo.detect.starting import Start, run_in
from gonogo.detect.tree import Tree

__all__ = ["entry_of", "framework_of", "in_its_folder"]

_MAKERS = {
    "FastAPI": "fastapi",
    "Starlette": "fastapi",
    "Flask": "flask",
    "Quart": "flask",
    "APIFlask": "flask",
    "OpenAPI": "flask",
}
_UNREAD = ("aiohttp", "sanic", "tornado", "falcon", "bottle", "pyramid", "litestar", "cherrypy", "blacksheep", "robyn")
"""Frameworks that nobody needs to be asked for: which one it is changes nothing."""
_WSGI = {"get_wsgi_application": "django", "get_asgi_application": "django"}
_ATTRIBUTES = ("app", "application", "create_app()", "make_app()", "get_app()", "api", "server")
"""What a file calls its application, the likeliest first; an ``api`` is often what is put into one."""
_FASTAPI_ORDER = ("main.py", "app.py", "api.py", "app/main.py", "app/app.py", "app/api.py")
_MOVED = re.compile(r"""(?m)^\s*(?:chdir|pythonpath|python-path)\s*=\s*(["']?)([\w./-]+)\1\s*$""")
_ENTRY = re.compile(r"^(?P<module>[\w.]+)(?::(?P<attribute>[\w.]+)(?P<call>\(.*\))?)?$")


def in_its_folder(start: Start, modules: Modules, *, workdir: str) -> Start:
    """What is started, with the folder that its server's own configuration moves to, or from which its file imports."""
    tree, base = modules.tree, posixpath.join(workdir or "/", start.module_folder)
    if start.server == "flask" and "/" in start.entrypoint:
        folder, _, file = start.entrypoint.rpartition("/")
        name = modules.packaged(modules.source_of(posixpath.join(base, folder, f"{file.removesuffix('.py')}.py")))
        return replace(start, entrypoint=name or file, module_folder="" if name else _below(start, folder))
    if start.django:
        managed = re.search(r"([\w./-]+)/manage\.py\b", start.text)
        return replace(start, module_folder=_below(start, managed[1])) if managed else start
    usual = "gunicorn.conf.py" if start.server == "gunicorn" else ""
    config = modules.source_of(posixpath.join(base, start.config.removeprefix("file:") or usual))
    if not config and start.config:
        config = next(iter(tree.named(posixpath.basename(start.config))), "")
    moved = _MOVED.search(tree.text(config)) if config in tree else None
    is_text = moved is not None and (bool(moved[1]) or not config.endswith(".py"))
    return replace(start, module_folder=_below(start, moved[2])) if moved and is_text else start


def _below(start: Start, folder: str) -> str:
    return posixpath.join(start.module_folder, folder)


def entry_of(start: Start, modules: Modules, *, folder: str, workdir: str) -> tuple[Fact[str] | None, str]:
    """The entry point as gonogo.toml has it, and the file that defines it (empty where none was found).

    Args:
        start: What is started.
        modules: The image's modules.
        folder: The working folder, as a path of the repository.
        workdir: The working folder, as a path in the image.
    """
    written, where = _written(start, modules, folder=folder, workdir=workdir)
    match = _ENTRY.match(written.strip("'\""))
    if match is None:
        return None, ""
    module = match["module"].removesuffix(".py").strip(".")
    path = modules.path(module)
    told = posixpath.join(workdir or "/", start.module_folder or _folder_of(start))
    renamed = bool(path) and modules.path_in(module, told) != path and not modules.on_path(module, path)
    module = (modules.packaged(path) or modules.module_at(path, workdir or "/") or module) if renamed else module
    attribute = match["attribute"] or _attribute(modules, path, start)
    if not attribute:
        return None, path
    call = "()" if match["call"] or attribute.endswith("()") else ""
    name = attribute.removesuffix("()")
    text = f"{module}:{name}{call}"
    simple = (match["call"] or "()") == "()"
    if path and modules.defines(path, name.split(".")[0]) and simple:
        line = modules.defines(path, name.split(".")[0])
        said = (bool(match["attribute"]) or start.server in {"gunicorn", "uwsgi"}) and not renamed
        proof = f"{where}, {path}:{line}"
        return (Fact(text, proof) if said else guess(text, proof)), path
    return guess(text, f"{where}; {path or 'its module was not found in the repository'}"), path


def _folder_of(start: Start) -> str:
    """The folder of the file that is run, from which it imports."""
    return posixpath.dirname(start.script) if start.script.endswith(".py") else ""


def _written(start: Start, modules: Modules, *, folder: str, workdir: str) -> tuple[str, str]:
    """What the command names, or what stands behind a configuration file, a script, or a framework's default."""
    if start.entrypoint:
        is_file = ":" not in start.entrypoint
        name = start.entrypoint.removesuffix(".py").replace("/", ".") if is_file else start.entrypoint
        return name, start.where
    if start.django:
        return _of_django(modules, modules.tree, folder)
    if start.server in {"fastapi", "flask"} and not (start.server == "flask" and start.script):
        return {"fastapi": _of_fastapi, "flask": _of_flask}[start.server](start, modules, workdir)
    if start.server == "uwsgi":
        return _of_uwsgi(start, modules.tree)
    return _of_file(start, modules, folder, modules.tree) if start.script else ("", start.where)


def _of_flask(start: Start, modules: Modules, workdir: str) -> tuple[str, str]:
    found = next((name for name in ("wsgi.py", "app.py") if modules.source_of(posixpath.join(workdir, name))), "")
    return found.removesuffix(".py"), f"{start.where}; Flask looks for wsgi.py, then app.py"


def _of_file(start: Start, modules: Modules, folder: str, tree: Tree) -> tuple[str, str]:
    """A script that calls ``uvicorn.run``, or a server's configuration file that names the application."""
    base = start.script.removeprefix("python:")
    names = [base, f"{base}.py", f"{base}/__main__.py", base.replace(".", "/") + ".py"]
    for name in names:
        path = posixpath.normpath(posixpath.join(folder, name)) if not name.startswith("/") else modules.source_of(name)
        if path not in tree:
            continue
        text = tree.text(path)
        named = re.search(r"""(?m)^\s*wsgi_app\s*=\s*["']([\w.]+:[\w.]+)""", text)
        if named:
            return named[1], tree.where(path, "wsgi_app")
        run = run_in(text)
        if run.startswith(":"):
            return f"{_beside(start, modules, path)}{run}", tree.where(path, "uvicorn.run")
        if run:
            return run, tree.where(path, "uvicorn.run")
        if re.search(r"(?m)^\s*(?:app|application|socketio)\.run\(|FlaskGroup\(", text):
            return _beside(start, modules, path), tree.where(path, ".run(", "FlaskGroup(")
    return "", start.where


def _beside(start: Start, modules: Modules, path: str) -> str:
    """The name of a file that is run: Python imports from its folder, with ``-m`` from the working folder."""
    is_file = start.script.endswith(".py")
    return posixpath.basename(path).removesuffix(".py") if is_file else modules.module_at(path)


def _of_uwsgi(start: Start, tree: Tree) -> tuple[str, str]:
    name = posixpath.basename(start.script)
    for path in tree.named(name) if name else ():
        text = tree.text(path)
        match = re.search(r"(?m)^\s*(?:module|wsgi)\s*=\s*([\w.:()]+)", text)
        called = re.search(r"(?m)^\s*callable\s*=\s*([\w.()]+)", text)
        attribute = called[1] if called else "application"
        if match:
            entry = match[1] if ":" in match[1] else f"{match[1]}:{attribute}"
            return entry, tree.where(path, match[0].strip())
        file = re.search(r"(?m)^\s*wsgi-file\s*=\s*(\S+)", text)
        if file:
            return f"{file[1].removesuffix('.py').replace('/', '.')}:{attribute}", tree.where(path, "wsgi-file")
    return "", start.where


def _of_django(modules: Modules, tree: Tree, folder: str) -> tuple[str, str]:
    """The WSGI module beside the settings that manage.py names."""
    for path in sorted(tree.named("manage.py"), key=lambda path: (posixpath.dirname(path) != folder, path.count("/"))):
        match = re.search(r"""DJANGO_SETTINGS_MODULE["']\s*,\s*f?["']([\w.]+)""", tree.text(path))
        for package in packages_above(match[1] if match else ""):
            for kind in ("wsgi", "asgi"):
                if modules.path(f"{package}.{kind}"):
                    return f"{package}.{kind}:application", tree.where(path, "DJANGO_SETTINGS_MODULE")
    return "", "manage.py"


def _of_fastapi(start: Start, modules: Modules, workdir: str) -> tuple[str, str]:
    """What ``fastapi run`` finds: the path that is given, the project's own entry, or the usual names."""
    if start.script:
        return _packaged(start.script, modules, workdir), start.where
    tree = modules.tree
    manifest = modules.source_of(posixpath.join(workdir or "/", "pyproject.toml"))
    if manifest in tree:
        try:
            entry = tomllib.loads(tree.text(manifest)).get("tool", {}).get("fastapi", {}).get("entrypoint", "")
        except tomllib.TOMLDecodeError:
            entry = ""
        if entry:
            return str(entry), tree.where(manifest, "entrypoint")
    for name in _FASTAPI_ORDER:
        path = modules.source_of(posixpath.join(workdir or "/", name))
        if path in tree:
            return _packaged(name, modules, workdir), f"{start.where}; {path} is the first that it looks for"
    return "", start.where


def _packaged(script: str, modules: Modules, workdir: str) -> str:
    """A file's module name: its folders count as long as they are packages, as ``fastapi run`` has it."""
    parts = script.removesuffix(".py").strip("/").split("/")
    kept = [parts[-1]]
    for count in range(len(parts) - 1, 0, -1):
        inside = posixpath.join(workdir or "/", *parts[:count], "__init__.py")
        if modules.source_of(inside) not in modules.tree:
            break
        kept.insert(0, parts[count - 1])
    return ".".join(kept)


def _attribute(modules: Modules, path: str, start: Start) -> str:
    if start.server in {"gunicorn", "uwsgi"}:
        return "application" if not path or modules.defines(path, "application") else ""
    made = (name for name in _ATTRIBUTES if path and modules.makes(path, name.removesuffix("()")))
    named = (name for name in _ATTRIBUTES if path and modules.defines(path, name.removesuffix("()")))
    return next(made, "") or next(named, "")


def has_pages(text: str) -> bool:
    """Whether an entry point's file does not say that only WebSockets are answered (Channels' router without HTTP)."""
    try:
        calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call) and node.args]
    except (SyntaxError, ValueError, RecursionError):
        return True
    for call in calls:
        kinds = call.args[0]
        if ast.unparse(call.func).rpartition(".")[2] == "ProtocolTypeRouter" and isinstance(kinds, ast.Dict):
            known = [key.value for key in kinds.keys if isinstance(key, ast.Constant)]
            return len(known) < len(kinds.keys) or "http" in known
    return True


def framework_of(path: str, modules: Modules, packages: Mapping[str, str]) -> Fact[str] | None:
    """The framework of an entry point: the class that is made in its file or in one that it imports, else a dependency.

    Both are needed for certainty: the class is made, and the package is asked for.
    """
    made = next(_made(path, modules), None) if path else None
    wanted = [name for name in ("django", "fastapi", "flask") if _package(name, packages)]
    if made is not None:
        framework, where = made
        asked = _package(framework, packages)
        return Fact(framework, f"{where}, {asked}") if asked else guess(framework, where)
    if len(wanted) == 1:
        return guess(wanted[0], packages[_package_name(wanted[0], packages)])
    other = next((name for name in _UNREAD if name in packages), "") if not wanted else ""
    return Fact("none", f"{packages[other]}: {other}, whose routes are not read") if other else None


def _package(framework: str, packages: Mapping[str, str]) -> str:
    name = _package_name(framework, packages)
    return packages.get(name, "")


def _package_name(framework: str, packages: Mapping[str, str]) -> str:
    others = {
        "fastapi": ("fastapi", "starlette", "fastapi-slim"),
        "flask": ("flask", "quart", "apiflask"),
        "django": ("django",),
    }
    return next((name for name in others[framework] if name in packages), framework)


def _made(path: str, modules: Modules) -> Iterator[tuple[str, str]]:
    """Which framework's class is called where, from the entry point's own file on."""
    for reached in modules.reached(path):
        parsed = modules.parsed(reached)
        for node in ast.walk(parsed) if parsed is not None else ():
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in _MAKERS or name in _WSGI:
                yield (_MAKERS.get(name) or _WSGI[name]), f"{reached}:{node.lineno}"
        if parsed is not None:
            yield from _subclassed(parsed, reached)


def _subclassed(parsed: ast.Module, path: str) -> Iterator[tuple[str, str]]:
    for node in parsed.body:
        if isinstance(node, ast.ClassDef):
            for base in node.bases:
                name = base.id if isinstance(base, ast.Name) else getattr(base, "attr", "")
                if name in _MAKERS:
                    yield _MAKERS[name], f"{path}:{node.lineno}"
