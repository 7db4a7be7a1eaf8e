"""Whether an application of FastAPI or Starlette adds routes while it starts, after it was imported.

It is no script of its own: ``routes.probe_source`` puts it into the probe that lists the routes. It executes nothing of
the application: the functions that its lifespan and its start handlers reach are read. Standard library only, any
Python from 3.8.
"""

from __future__ import annotations

import inspect
import sys
import types
from typing import Any, Iterator  # noqa: UP035  # collections.abc has no subscripts on 3.8

__all__ = ["adding"]

ADDERS = frozenset(
    {"include_router", "add_api_route", "add_api_websocket_route", "add_route", "add_websocket_route", "mount"}
)
FOREIGN = ("site-packages", "dist-packages", "contextlib.py")
MOST = 300
"""Functions that are looked at."""


def adding(app: Any) -> str:
    """Where a function that the start reaches adds routes, as ``file:line``; empty where none does."""
    router = getattr(app, "router", None)
    waiting = [getattr(router, "lifespan_context", None), *(getattr(router, "on_startup", None) or ())]
    seen: set[types.CodeType] = set()
    while waiting and len(seen) < MOST:
        for function in functions_of(waiting.pop(0)):
            code = function.__code__
            if code in seen:
                continue
            seen.add(code)
            if is_of_a_package(code.co_filename):
                continue
            names = names_in(code)
            if ADDERS & names:
                return "{}:{}".format(code.co_filename, code.co_firstlineno)  # noqa: UP032  # as its neighbours
            waiting.extend(called(function, names))
    return ""


def is_of_a_package(file: str) -> bool:
    """Whether a file is an installed package's, or the library's; what it calls is not followed."""
    return any(part in file for part in FOREIGN) or file.startswith("<frozen")


def functions_of(thing: Any) -> Iterator[types.FunctionType]:
    """The functions behind what can be called: wrapped ones, bound ones, and those that a wrapper holds."""
    waiting = [thing]
    known: set[int] = set()
    while waiting and len(known) < MOST:
        one = waiting.pop()
        if one is None or id(one) in known:
            continue
        known.add(id(one))
        held = vars(one).get("__wrapped__") if isinstance(one, types.FunctionType) else getattr(one, "func", None)
        waiting += [held, getattr(one, "__func__", None)]
        if isinstance(one, types.FunctionType):
            waiting += [cell for cell in contents(one) if callable(cell) and not inspect.isclass(cell)]
            yield one


def contents(function: types.FunctionType) -> Iterator[Any]:
    """What the cells of a function hold."""
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # an empty one
            continue


def names_in(code: types.CodeType) -> set[str]:
    """The names that a function's code uses, those of functions inside it too."""
    found: set[str] = set()
    waiting = [code]
    while waiting:
        one = waiting.pop()
        found.update(one.co_names)
        waiting += [item for item in one.co_consts if isinstance(item, types.CodeType)]
    return found


def called(function: types.FunctionType, names: set[str]) -> Iterator[Any]:
    """What a function's names may call: globals of its module, and what the modules that it names have."""
    known = function.__globals__
    package = str(known.get("__package__") or "")
    named = [known[name] for name in names if name in known]
    paths = [path for name in names for path in (name, f"{package}.{name}")]
    modules = [one for one in (*named, *(sys.modules.get(path) for path in paths)) if inspect.ismodule(one)]
    own = [one for one in modules if not is_of_a_package(str(getattr(one, "__file__", None) or "<frozen"))]
    yield from (one for one in named if isinstance(one, types.FunctionType))
    for module in own:
        yield from (one for one in (vars(module).get(name) for name in names) if isinstance(one, types.FunctionType))
