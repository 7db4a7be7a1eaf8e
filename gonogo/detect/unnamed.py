"""What is started where no file names a command: manage.py, or the module that makes the application."""

from __future__ import annotations

import ast
import itertools
import posixpath
import re
from collections.abc import Iterator, Mapping

from gonogo.detect.modules import packages_above
from gonogo.detect.start_files import Program
from gonogo.detect.starting import Start
from gonogo.detect.tree import Tree
from gonogo.errors import UsageError

__all__ = ["is_installed", "module_that_makes", "server_for", "unnamed"]

_MAKERS = {"FastAPI": "fastapi", "Starlette": "fastapi", "Flask": "flask", "Quart": "fastapi", "APIFlask": "flask"}
_FACTORY = re.compile(r"^(?:create|make|get|build)_(?:\w+_)?(?:app|application|server)$|^(?:app|application)_factory$")
_NAMES = ("wsgi", "asgi", "main", "app", "application", "api", "server", "run", "manage", "__init__")
_ATTRIBUTES = ("app", "application", "api", "server")
_PACKAGES = {"waitress-serve": "waitress", "manage.py": "django", "python": "", "fastapi": "fastapi-cli"}
_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock")
_BY_EXTRA = frozenset({"uvicorn", "fastapi"})
_DEEPEST = 3
_MOST = 6


def is_installed(server: str, packages: Mapping[str, str], tree: Tree) -> bool:
    """Whether something asks for the package that a server comes from."""
    name = _PACKAGES.get(server.partition(" ")[0], server)
    if not name or name in packages:
        return True
    locked = re.compile(rf'(?m)^name = "{re.escape(name)}"$|^\s*"{re.escape(name)}": \{{')
    if any(locked.search(tree.text(path)) for path in tree.named(*_LOCKS)):
        return True
    manifests = {where.rpartition(":")[0] or where for where in packages.values()}
    extra = re.compile(r"fastapi\[(?:standard|all)|[\"']?fastapi[\"']?\s*=\s*\{[^}]*(?:standard|all)")
    return server in _BY_EXTRA and any(extra.search(tree.text(path)) for path in manifests)


def unnamed(tree: Tree, packages: Mapping[str, str]) -> Iterator[Program]:
    """The likeliest program; nothing where neither is there.

    Raises:
        UsageError: there are several applications of Django's, none above the others.
    """
    managed = [path for path in tree.named("manage.py") if "DJANGO_SETTINGS_MODULE" in tree.text(path)]
    managed = [path for path in managed if not tree.is_test(path)]
    if [path.count("/") for path in managed].count(managed[0].count("/") if managed else 0) > 1:
        raise UsageError(_several(managed))
    if managed:
        yield _of_django(tree, packages, managed[0])
        return
    for path in _candidates(tree):
        found = module_that_makes(tree, path)
        if found:
            folder, module = _import_from(tree, path)
            yield server_for(
                found[0], f"{module}:{found[1]}", packages, tree, where=f"{path}:{found[2]}", folder=folder
            )
            return


def _several(managed: list[str]) -> str:
    listed = "".join(f"\n    cd {posixpath.dirname(path)}" for path in managed[:_MOST])
    return (
        "found the manage.py of several applications, expected one. Change to the folder of the application, then "
        f"`gonogo init` again:{listed}"
    )


def _of_django(tree: Tree, packages: Mapping[str, str], path: str) -> Program:
    folder = posixpath.dirname(path) or "."
    match = re.search(r"""DJANGO_SETTINGS_MODULE["']\s*,\s*f?["']([\w.]+)""", tree.text(path))
    where = tree.where(path, "DJANGO_SETTINGS_MODULE")
    kinds = (("wsgi", ("gunicorn", "waitress-serve")), ("asgi", ("uvicorn", "daphne", "hypercorn")))
    for package, (kind, servers) in itertools.product(packages_above(match[1] if match else ""), kinds):
        module = posixpath.normpath(posixpath.join(folder, *package.split("."), f"{kind}.py"))
        server = next((one for one in servers if is_installed(one, packages, tree)), "")
        if module in tree and server:
            entry = f"{package}.{kind}:application"
            start = Start(role="web", server=server, entrypoint=entry, where=where, text=f"{server} {entry}")
            return Program(name="web", start=start, kind="default", folder=folder)
    start = Start(role="web", server="manage.py", django=True, where=where, text="python manage.py runserver")
    return Program(name="web", start=start, kind="default", folder=folder)


def _candidates(tree: Tree) -> list[str]:
    """Modules whose name says that they may make the application, those of the upper folders first."""
    found = [path for path in tree.files if path.endswith(".py") and path.count("/") <= _DEEPEST]
    kept = [path for path in found if not tree.is_test(path) and "migrations/" not in path and "example" not in path]
    return sorted(kept, key=lambda path: (path.count("/"), _rank(path), path))


def _rank(path: str) -> int:
    name = posixpath.basename(path).removesuffix(".py")
    return _NAMES.index(name) if name in _NAMES else len(_NAMES)


def module_that_makes(tree: Tree, path: str) -> tuple[str, str, int] | None:
    """Framework, attribute and line of what a file makes at its top level; None where it makes no application."""
    text = tree.text(path)
    if not any(name in text for name in (*_MAKERS, "_app", "app_factory")):
        return None
    try:
        parsed = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    made = sorted(_made(parsed, text), key=lambda one: (one[1] not in _ATTRIBUTES, one[2]))
    return made[0] if made else next(_factories(parsed), None)


def _made(parsed: ast.Module, text: str) -> Iterator[tuple[str, str, int]]:
    for node in parsed.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            called = _called(node.value)
            framework = _MAKERS.get(called) or (_guessed(text) if _FACTORY.match(called) else "")
            if framework and isinstance(target, ast.Name):
                yield framework, target.id, node.lineno


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _guessed(text: str) -> str:
    """The framework of an application that a factory elsewhere makes: what its file says most."""
    return "fastapi" if re.search(r"fastapi|uvicorn|asgi", text, re.IGNORECASE) else "flask"


def _factories(parsed: ast.Module) -> Iterator[tuple[str, str, int]]:
    """Functions that need no argument, and make one of the frameworks' classes themselves."""
    for node in parsed.body:
        if isinstance(node, ast.FunctionDef) and _FACTORY.match(node.name) and _needs_nothing(node.args):
            calls = (_MAKERS.get(_called(call), "") for call in ast.walk(node) if isinstance(call, ast.Call))
            framework = next(filter(None, calls), "")
            if framework:
                yield framework, f"{node.name}()", node.lineno


def _needs_nothing(arguments: ast.arguments) -> bool:
    plain = len(arguments.posonlyargs) + len(arguments.args) <= len(arguments.defaults)
    return plain and all(default is not None for default in arguments.kw_defaults)


def _import_from(tree: Tree, path: str) -> tuple[str, str]:
    """The folder from which a file is imported, and the module's name: above the packages that it stands in."""
    parts = path.removesuffix(".py").split("/")
    at = len(parts) - 1
    while at and "/".join([*parts[:at], "__init__.py"]) in tree:
        at -= 1
    if parts[-1] == "__init__":
        parts.pop()
    if (
        at
        and not _is_run_from(tree, "/".join(parts[:at]))
        and any(_is_run_from(tree, one) for one in _above(parts[:at]))
    ):
        at = next(len(one.split("/")) if one else 0 for one in _above(parts[:at]) if _is_run_from(tree, one))
    return "/".join(parts[:at]) or ".", ".".join(parts[at:])


def _above(parts: list[str]) -> list[str]:
    return ["/".join(parts[:count]) for count in range(len(parts) - 1, -1, -1)]


def _is_run_from(tree: Tree, folder: str) -> bool:
    """Whether an application is likely to be started in a folder: what it needs is named there."""
    names = ("requirements.txt", "pyproject.toml", "Pipfile", "setup.py")
    return any(posixpath.normpath(posixpath.join(folder, name)) in tree for name in names)


def server_for(
    framework: str, entry: str, packages: Mapping[str, str], tree: Tree, *, where: str, folder: str
) -> Program:
    """How an entry point is served: by a server that the application asks for, else by the framework's own command."""
    wanted = ("uvicorn", "hypercorn", "granian", "daphne") if framework == "fastapi" else ("gunicorn", "waitress-serve")
    server = next(
        (one for one in wanted if is_installed(one, packages, tree)), "uvicorn" if framework == "fastapi" else "flask"
    )
    text = _words(server, entry)
    start = Start(role="web", server=server, entrypoint=entry, where=where, text=text)
    return Program(name="web", start=start, kind="default", folder=folder)


def _words(server: str, entry: str) -> str:
    plain = entry.removesuffix("()")
    factory = plain != entry
    if server == "flask":
        return f"flask --app '{entry}' run"
    if server in {"uvicorn", "granian"}:
        interface = " --interface asgi" if server == "granian" else ""
        return f"{server}{interface} {'--factory ' if factory else ''}{plain}"
    if server == "waitress-serve":
        return f"waitress-serve {'--call ' if factory else ''}{plain}"
    return f"{server} '{entry}'"
