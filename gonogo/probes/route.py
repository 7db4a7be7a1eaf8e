"""List the routes of an application, under the Python and in the folder that would run it.

Self-contained: standard library only, any Python from 3.8, fed on standard input so that the target needs nothing::

    python - '{"entrypoint": "main:app", "framework": "fastapi"}' < route_probe.py

It imports the entry point (``module:attribute``, ``module:create_app()``) and prints one JSON document on a line that
begins with a marker; whatever the application prints goes to standard error. An import that fails is an answer too.
"""

from __future__ import annotations

import os
import sys

if not __package__:  # it is given to a Python on standard input
    sys.path[:] = [path for path in sys.path if path not in {"", os.getcwd()}]  # noqa: PTH109
# An application's types.py is not the library's; `load` puts its folder back.

import ast
import contextlib
import functools
import importlib
import inspect
import json
import re
import traceback
from typing import Any, Callable, Iterable, Iterator  # noqa: UP035  # collections.abc has no subscripts on 3.8

__all__ = ["answer", "main"]

MARKER = "<<gonogo-routes>>"
ACTING = re.compile(r"require_POST|\.(?:body|POST|FILES)\b|\.(?:a?(?:save|create|update|delete)|send|delay)\(")
QUEUES = re.compile(r"\.(?:delay|apply_async|send_task|enqueue(?:_\w+)?|kiq)\(")
"""How a job is left for a worker."""
WRAPPED = ("app", "application", "wsgi_app", "asgi_app", "other_asgi_app", "_app", "wrapped", "wsgi_application")
FRAMEWORKS = ("fastapi", "starlette", "flask", "werkzeug", "django")
DEPTH = 20
FOUND: list[Any] = []
LATER: list[Callable[[], dict[str, Any]]] = []
"""What else is asked once the entry point is loaded."""


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The document that answers a request."""
    document: dict[str, Any] = {
        "python": "{}.{}.{}".format(*sys.version_info[:3]),
        "framework": request.get("framework"),
        "routes": [],
        "openapi": None,
        "debug": None,
        "error": None,
    }
    try:
        found = load(request["entrypoint"])
        name, app = recognized(found, request.get("framework"))
        document["framework"] = name
        FOUND.append(app)
        document["debug"] = is_debugging(name, app)
        document["routes"] = list(READERS[name](app))
        for route in document["routes"]:
            route["own"] = is_own(route, request["entrypoint"].partition(".")[0].partition(":")[0])
        if request.get("openapi") and callable(getattr(app, "openapi", None)):
            with contextlib.suppress(Exception):  # that it cannot describe itself is no failed import
                document["openapi"] = json.loads(json.dumps(app.openapi()))
        json.dumps(document)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  # an application may raise anything at import, SystemExit too
        document.update(routes=[], openapi=None, error=described(error))
    document["origins"] = origins(request["entrypoint"])
    return document


def origins(module: str) -> dict[str, str]:
    """The files of loaded modules that may be the application's, by the names of files nearby."""
    names = {module.partition(":")[0].partition(".")[0]}
    here = os.getcwd()  # noqa: PTH109
    for folder in (here, *(os.path.join(here, name) for name in os.listdir(here))):  # noqa: PTH118, PTH208
        with contextlib.suppress(OSError):  # a file, or a folder that is not ours to read
            names.update(name.partition(".")[0] for name in os.listdir(folder))  # noqa: PTH208
    loaded = [(name, getattr(found, "__file__", None)) for name, found in list(sys.modules.items())]
    return {name: os.path.abspath(file) for name, file in loaded if file and name.partition(".")[0] in names}  # noqa: PTH100


def is_debugging(framework: str, app: Any) -> bool:
    """Whether the application, as it is set up here, runs in its debug mode."""
    holder = importlib.import_module("django.conf").settings if framework == "django" else app
    if type(getattr(app, "wsgi_app", None)).__name__ == "DebuggedApplication":  # werkzeug's debugger around it
        return True
    return bool(getattr(holder, "DEBUG" if framework == "django" else "debug", False))


def is_own(route: dict[str, Any], package: str) -> bool:
    """Whether the application declares a route: its handler is no framework's and no other package's.

    What Django's own classes answer counts where a URL configuration of the application names them.
    """
    declared = route.pop("declared_in", None)
    return any(name and not is_foreign(name.partition(".")[0], package) for name in (declared, route["handler_module"]))


def is_foreign(name: str, package: str) -> bool:
    """Whether a top-level module is of another distribution than the entry point's."""
    if name == package:
        return False
    file = str(getattr(sys.modules.get(name), "__file__", None) or "")
    if name in FRAMEWORKS or not ("site-packages" in file or "dist-packages" in file):
        return name in FRAMEWORKS
    owners = distributions()
    return not set(owners.get(name, ())) & set(owners.get(package, ()))


@functools.cache
def distributions() -> dict[str, list[str]]:
    """The distributions that top-level modules are of, where Python says so."""
    metadata = importlib.import_module("importlib.metadata")
    found: dict[str, list[str]] = getattr(metadata, "packages_distributions", dict)()
    return {name: list(owners) for name, owners in found.items()}


def load(entrypoint: str) -> Any:
    """What an entry point names, called where it says so or where it is a factory."""
    module_name, _, expression = entrypoint.partition(":")
    if os.getcwd() not in sys.path and "" not in sys.path:  # noqa: PTH109
        sys.path.insert(0, os.getcwd())  # noqa: PTH109
    module = importlib.import_module(module_name)
    if not expression:
        expression = next((name for name in ("app", "application") if hasattr(module, name)), "")
        if not expression:
            return module
    node = ast.parse(expression, mode="eval").body
    if isinstance(node, ast.Call):
        arguments = [ast.literal_eval(item) for item in node.args]
        keywords = {item.arg or "": ast.literal_eval(item.value) for item in node.keywords}
        return attribute(module, node.func)(*arguments, **keywords)
    return attribute(module, node)


def attribute(module: Any, node: ast.expr) -> Any:
    """What a dotted name means in a module."""
    if isinstance(node, ast.Name):
        return getattr(module, node.id)
    if isinstance(node, ast.Attribute):
        return getattr(attribute(module, node.value), node.attr)
    raise ValueError("an entry point is module:attribute or module:factory(), found " + ast.dump(node))


def recognized(found: Any, wanted: str | None) -> tuple[str, Any]:
    """Framework and application: what was found, what it wraps, or what it makes."""
    if wanted == "django":
        return "django", found
    if inspect.isfunction(found) and not framework_of(found) and makes_app(found):
        found = found()
    inner = found
    for _ in range(DEPTH):
        name = framework_of(inner)
        if name:
            return name, inner
        nested = (getattr(inner, key, None) for key in WRAPPED)
        inner = next((item for item in nested if item is not None and not isinstance(item, (str, bytes))), None)
        if inner is None:
            break
    raise TypeError(f"found {type(found).__module__}.{type(found).__qualname__}, expected {wanted or 'an'} application")


def makes_app(function: Callable[..., Any]) -> bool:
    """Whether a function can be called without arguments, as a factory can."""
    required = (
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    )
    return next(required, None) is None


def framework_of(found: Any) -> str:
    """The framework whose application an object is, or an empty text."""
    for kind in type(found).__mro__:
        root = kind.__module__.partition(".")[0]
        if kind.__module__.startswith(("fastapi.applications", "starlette.applications")):
            return "fastapi"
        if root == "flask" and kind.__name__ == "Flask":
            return "flask"
        if kind.__module__.startswith("django.core.handlers"):
            return "django"
    return ""


def fastapi_routes(app: Any, base: str = "", *, nested: bool = False, depth: int = 0) -> Iterator[dict[str, Any]]:
    """The routes of a FastAPI or Starlette application, those of mounted applications included."""
    for route in contexts(app.routes):
        path = base + (getattr(route, "path", None) or "")
        endpoint = getattr(route, "endpoint", None)
        if endpoint is None:
            inner = getattr(route, "app", None)
            if hasattr(inner, "routes") and depth < DEPTH:
                yield from fastapi_routes(inner, path, nested=True, depth=depth + 1)
            else:
                yield row("mount", (), path, getattr(route, "name", None), inner)
            continue
        methods = set(getattr(route, "methods", None) or ())
        if "GET" in methods:
            methods.discard("HEAD")
        websocket = not methods and not inspect.isclass(endpoint)
        listed = hasattr(route, "response_model") and bool(getattr(route, "include_in_schema", False)) and not nested
        schema = getattr(route, "path_format", None) if listed else None
        kind = "websocket" if websocket else "http"
        yield row(kind, ("WEBSOCKET",) if websocket else methods, path, route.name, endpoint, schema=schema)


def contexts(routes: Iterable[Any]) -> Iterator[Any]:
    """Routes as they answer: newer FastAPI keeps an included router as one lazy entry."""
    unfold = getattr(sys.modules.get("fastapi.routing"), "iter_route_contexts", None)
    yield from routes if unfold is None else unfold(list(routes))


def flask_routes(app: Any) -> Iterator[dict[str, Any]]:
    """The rules of a Flask application."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions.get(rule.endpoint)
        methods = set(rule.methods or ()) - {"OPTIONS"}
        if "GET" in methods:
            methods.discard("HEAD")
        yield row("http", methods, rule.rule, rule.endpoint, view)


def django_routes(_app: Any) -> Iterator[dict[str, Any]]:
    """The patterns that Django's resolver knows."""
    if not importlib.import_module("django.apps").apps.ready:
        importlib.import_module("django").setup()
    resolver = importlib.import_module("django.urls").get_resolver()
    yield from patterns(resolver.url_patterns, "/", 0, name_of(resolver))


def name_of(resolver: Any) -> str | None:
    """The module of a URL configuration; a list of patterns has none."""
    return getattr(resolver.urlconf_module, "__name__", None)


def patterns(entries: Iterable[Any], base: str, depth: int, declared: str | None) -> Iterator[dict[str, Any]]:
    """The patterns of a resolver and of those below it."""
    for entry in entries:
        path = base + str(entry.pattern).replace("^", "").replace("\\Z", "").rstrip("$")
        if hasattr(entry, "url_patterns"):
            if depth < DEPTH:
                yield from patterns(entry.url_patterns, path, depth + 1, name_of(entry))
            continue
        view = entry.callback
        operations = operations_of(view)
        for one in operations:
            said = row("http", set(one.methods) - {"OPTIONS"}, path, entry.name, one.view_func)
            yield {**said, "declared_in": declared}
        if operations:
            continue
        kind = getattr(view, "view_class", None) or getattr(view, "cls", None)
        methods = [verb.upper() for verb in getattr(kind, "http_method_names", ()) if hasattr(kind, verb)]
        one = row("http", set(methods) - {"OPTIONS"}, path, entry.name, view)
        yield {**one, "declared_in": declared, "shows": is_page(view) if kind is None else one["shows"]}


def operations_of(view: Any) -> list[Any]:
    """What Django Ninja's view of a path hands on to, one for each method; nothing for any other view."""
    if not str(getattr(view, "__module__", "")).startswith("ninja."):
        return []
    held = [getattr(view, "__self__", None)]
    for cell in getattr(view, "__closure__", None) or ():
        try:
            held.append(cell.cell_contents)
        except ValueError:  # an empty one
            continue
    for one in held:
        found = getattr(one, "operations", None)
        if isinstance(found, list):
            return [each for each in found if hasattr(each, "view_func") and hasattr(each, "methods")]
    return []


def is_page(view: Any) -> bool:
    """Whether a function that takes any method is meant to be asked by GET, as its text says.

    One that other programs post to is not, nor one that reads a body or writes rows whatever the method: a GET would
    make it log an error, or do something.
    """
    try:
        text = inspect.getsource(inspect.unwrap(view))
    except (OSError, TypeError, ValueError):
        return False
    return not getattr(view, "csrf_exempt", False) and (".method" in text or not ACTING.search(text))


def row(  # one per column
    kind: str, methods: Iterable[str], path: str, name: str | None, handler: Any, *, schema: str | None = None
) -> dict[str, Any]:
    """One route of the document."""
    module, qualname, source, line = origin(handler)
    return {
        "kind": kind,
        "methods": sorted(methods),
        "path": path,
        "name": name if name is None else str(name),
        "handler_module": module,
        "handler_qualname": qualname,
        "source_file": source,
        "line": line,
        "schema_path": schema,
        "shows": False if set(methods) == {"GET"} and leaves_a_job(handler) else None,
    }


def leaves_a_job(handler: Any) -> bool:
    """Whether a function leaves a job for a worker, although it is asked by GET alone."""
    try:
        return bool(QUEUES.search(inspect.getsource(inspect.unwrap(handler))))
    except (OSError, TypeError, ValueError):
        return False


def origin(handler: Any) -> tuple[str, str, str | None, int | None]:
    """Where a handler was written: module, qualified name, file and line; of a class-based view the class."""
    for _ in range(DEPTH):
        inner = getattr(handler, "view_class", None) or getattr(handler, "cls", None) or handler
        if isinstance(inner, functools.partial):
            inner = inner.func
        inner = getattr(inner, "__wrapped__", inner)
        inner = getattr(inner, "__func__", inner)
        if inner is handler:
            break
        handler = inner
    named = handler if hasattr(handler, "__qualname__") else type(handler)
    code = getattr(handler, "__code__", None)
    file, line = (code.co_filename, code.co_firstlineno) if code else (None, None)
    if code is None and inspect.isclass(named):
        file = getattr(sys.modules.get(named.__module__), "__file__", None)
    return str(named.__module__), str(named.__qualname__), file, line


def described(error: BaseException) -> dict[str, Any]:
    """An error's type, message, and the last place of the application that it passed through."""
    frames = list(traceback.extract_tb(error.__traceback__))
    places = [frame for frame in frames if in_application(frame.filename)] or frames
    last = places[-1] if places else None
    file, line = (last.filename, last.lineno) if last else (None, None)
    if isinstance(error, SyntaxError) and error.filename:
        file, line = error.filename, error.lineno
    return {
        "type": type(error).__name__,
        "message": with_cause(error),
        "file": file,
        "line": line,
        "function": last.name if last else None,
        "text": last.line if last else None,
    }


def with_cause(error: BaseException) -> str:
    """What an error says, and what the first one said that led to it."""
    first, seen = error, {id(error)}
    while first.__cause__ is not None and id(first.__cause__) not in seen:
        first = first.__cause__
        seen.add(id(first))
    said = "" if str(first) in str(error) else f" (from {type(first).__name__}: {first})"
    return f"{error}{said}"


def in_application(file: str) -> bool:
    """Whether a file is the application's own: below the working folder and in no environment."""
    return file.startswith(os.path.join(os.getcwd(), "")) and "site-packages" not in file  # noqa: PTH109, PTH118


READERS: dict[str, Callable[[Any], Iterator[dict[str, Any]]]] = {
    "fastapi": fastapi_routes,
    "flask": flask_routes,
    "django": django_routes,
}


def main(argv: list[str]) -> int:
    """Keeps standard output for the document, asks the application, prints, and leaves whatever it has started."""
    sys.dont_write_bytecode = True
    mine = os.dup(1)
    os.dup2(2, 1)
    said = answer(json.loads(argv[1]))
    for one in () if said["error"] else LATER:
        said.update(one())
    document = json.dumps(said, default=repr)
    rest = f"\n{MARKER}{document}\n".encode()
    while rest:
        rest = rest[os.write(mine, rest) :]
    return 0


if __name__ == "__main__":
    status = main(sys.argv)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)  # threads that the import started must not keep this process
