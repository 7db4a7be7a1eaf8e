"""List what the imports inside an application's functions would not find, once its entry point is loaded.

It is no script of its own: ``nested.with_walk`` puts it into a probe that loads the entry point, so that it sees the
import path, the finders and the modules as the application has made them. It executes no import. Standard library
only, any Python from 3.8.
"""

from __future__ import annotations

import ast
import os
import re
import sys
import time
import tokenize
import types
from typing import Any, Iterator  # noqa: UP035  # collections.abc has no subscripts on 3.8

__all__ = ["asked"]

SECONDS = 20.0
CAUGHT = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
COMMANDS = frozenset({"command", "group", "cli"})
DYNAMIC = re.compile(r"__path__|sys\.modules|__getattr__|globals\(|vars\(|setattr|exec\(|import \*|lazy", re.IGNORECASE)
LATE = re.compile(r"globals\(|setattr|exec\(")


class Want:
    """One import: what it names, where it stands, and what may keep it from being executed."""

    def __init__(self, line: int, name: str, member: str, guard: str, *, nested: bool) -> None:
        """``member`` is what is taken from the module; ``guard`` is empty where nothing guards it."""
        self.line, self.name, self.member, self.guard, self.nested = line, name, member, guard, nested


class Imports(ast.NodeVisitor):
    """Collects the imports of one file."""

    def __init__(self, package: str, tried: frozenset[str]) -> None:
        """``package`` is what relative imports begin at; ``tried`` are functions that are called in a guarded try."""
        self.package, self.tried = package, tried
        self.found: list[Want] = []
        self.guards: list[str] = []
        self.depth = 0

    def visit_Import(self, node: ast.Import) -> None:
        """Notes every module that is named."""
        for alias in node.names:
            self.note(node, alias.name, "")

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Notes the module, and each thing that is taken from it."""
        parts = self.package.split(".") if self.package else []
        above = parts[: len(parts) - node.level + 1] if node.level else []
        base = ".".join([*above, *([node.module] if node.module else [])])
        if base and (not node.level or above):
            for alias in node.names:
                self.note(node, base, "" if alias.name == "*" else alias.name)

    def note(self, node: ast.stmt, name: str, member: str) -> None:
        """Keeps one import with its outermost guard."""
        guard = next((one for one in self.guards if one), "")
        self.found.append(Want(node.lineno, name, member, guard, nested=self.depth > 0))

    def within(self, guard: str, nodes: list[Any]) -> None:
        """Visits nodes behind a guard."""
        self.guards.append(guard)
        for node in nodes:
            self.visit(node)
        self.guards.pop()

    def visit_If(self, node: ast.If) -> None:
        """Both branches depend on the condition."""
        self.within("if", [*node.body, *node.orelse])

    def visit_While(self, node: ast.While) -> None:
        """It may never begin."""
        self.within("if", [*node.body, *node.orelse])

    def visit_Match(self, node: Any) -> None:
        """Each case depends on the subject."""
        self.within("if", [item for case in node.cases for item in case.body])

    def visit_Try(self, node: ast.Try) -> None:
        """An import that fails in it is no harm where that is caught; handlers are for what is not expected."""
        guard = "try" if catches(node) else ""
        self.within(guard, node.body)
        self.within("try", [*node.handlers, *node.orelse])
        self.within("", node.finalbody)

    visit_TryStar = visit_Try  # type: ignore[assignment]  # noqa: N815 (ast says how it is called)

    def visit_With(self, node: ast.With) -> None:
        """``with suppress(ImportError)``."""
        suppresses = any("suppress" in ast.dump(item.context_expr) for item in node.items)
        self.within("try" if suppresses else "", node.body)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """What stands behind an early end of a function is not always executed."""
        guard = "command" if is_command(node) else "try" if node.name in self.tried else ""
        kept, self.guards = self.guards, [*self.guards, guard]
        self.depth += 1
        for at, child in enumerate(node.body):
            if any(ends_early(one) for one in node.body[:at]):
                self.within("exit", [child])
            else:
                self.visit(child)
        self.depth -= 1
        self.guards = kept

    visit_AsyncFunctionDef = visit_FunctionDef  # type: ignore[assignment]  # noqa: N815 (likewise)


def catches(node: Any) -> bool:
    """Whether a try goes on after an import that fails."""
    kinds = [one.type for one in node.handlers]
    named = [item for kind in kinds if kind is not None for item in getattr(kind, "elts", [kind])]
    return None in kinds or any(getattr(one, "id", getattr(one, "attr", "")) in CAUGHT for one in named)


def is_command(node: Any) -> bool:
    """Whether a function is for somebody at a terminal, or a test: not for who serves."""
    called = [getattr(one, "func", one) for one in node.decorator_list]
    decorated = {getattr(one, "attr", getattr(one, "id", "")) for one in called}
    return bool(decorated & COMMANDS) or node.name == "main" or node.name.startswith("test_")


def ends_early(node: ast.stmt) -> bool:
    """Whether a function may end in a statement without what stands behind it."""
    inner = [one for one in ast.walk(node) if isinstance(one, (ast.Return, ast.Raise))]
    return isinstance(node, (ast.If, ast.Try, ast.For, ast.While)) and bool(inner)


def tried_in(tree: ast.Module) -> frozenset[str]:
    """The functions that are called in a try which goes on after an import that fails."""
    tries: list[Any] = [one for one in ast.walk(tree) if hasattr(one, "handlers") and catches(one)]
    calls = [one.func for node in tries for part in node.body for one in ast.walk(part) if isinstance(one, ast.Call)]
    return frozenset(getattr(one, "id", getattr(one, "attr", "")) for one in calls)


class Found:
    """Finds modules as the import system would, without executing any."""

    def __init__(self, own: frozenset[str]) -> None:
        """``own`` are the application's files."""
        self.own = own
        self.specs: dict[str, Any] = {}
        self.texts: dict[str, str] = {}

    def state(self, name: str) -> tuple[str, str]:
        """Says ``found``, ``missing`` or ``unknown``, and of which name that is so."""
        if name in sys.modules:
            return ("found" if sys.modules[name] is not None else "unknown"), name
        parent = name.rpartition(".")[0]
        if parent:
            said, which = self.state(parent)
            if said != "found":
                return said, which
        path = self.path_of(parent) if parent else None
        if parent and path is None:
            return "unknown", name
        if name not in self.specs:
            self.specs[name] = self.spec(name, path)
        if self.specs[name] is None and parent and not self.is_plain(parent):
            return "unknown", name
        spec = self.specs[name]
        return "missing" if spec is None else "found" if spec else "unknown", name

    def spec(self, name: str, path: Any) -> Any:
        """What the first finder says; None where none knows the name, False where one could not say."""
        for finder in list(sys.meta_path):
            if not hasattr(finder, "find_spec"):
                return False
            try:
                found = finder.find_spec(name, path, None)
            except Exception:  # noqa: BLE001  # a finder of the application may do anything
                return False
            if found is not None:
                return found
        return None

    def path_of(self, name: str) -> Any:
        """Where a package's modules are; None where that is not known."""
        loaded = sys.modules.get(name)
        if loaded is not None:
            return loaded.__dict__.get("__path__", ()) if type(loaded) is types.ModuleType else None
        return getattr(self.specs.get(name), "submodule_search_locations", None) or ()

    def is_plain(self, parent: str) -> bool:
        """Whether a package has just the modules that are found in it.

        One that is loaded has made all its changes; another one's source tells, where it is the application's.
        """
        if parent in sys.modules:
            return True
        return not DYNAMIC.search(self.text(parent)) if self.is_own(parent) else False

    def file(self, name: str) -> str:
        """The file of a module that is loaded or found."""
        loaded = sys.modules.get(name)
        if loaded is not None:
            file = getattr(loaded, "__dict__", {}).get("__file__")
        else:
            file = getattr(self.specs.get(name), "origin", None)
        return os.path.abspath(file) if isinstance(file, str) and file else ""  # noqa: PTH100

    def is_own(self, name: str) -> bool:
        """Whether a module is the application's; a folder without a file is by what stands around it."""
        file = self.file(name)
        if not file and self.path_of(name):
            return any(one.startswith(str(folder) + "/") for folder in self.path_of(name) for one in self.own)
        return file in self.own

    def text(self, name: str) -> str:
        """A module's source; empty where it has none."""
        return read(self.file(name), self.texts)

    def has(self, name: str, member: str) -> bool:
        """Whether a module of the application may have a thing; only what is sure not to be there is not."""
        loaded = sys.modules.get(name)
        if loaded is not None and (type(loaded) is not types.ModuleType or {member, "__getattr__"} & set(vars(loaded))):
            return True
        if self.state(name + "." + member)[0] != "missing":
            return True
        if not self.file(name).endswith(".py"):
            return bool(self.file(name))
        text = self.text(name)
        return bool(re.search(rf"\b{re.escape(member)}\b", text) or (LATE if loaded else DYNAMIC).search(text))


def read(file: str, texts: dict[str, str]) -> str:
    """A source file's text, read once; empty where it cannot be read."""
    if file not in texts:
        try:
            with tokenize.open(file) as stream:
                texts[file] = stream.read()
        except (OSError, SyntaxError, ValueError):
            texts[file] = ""
    return texts[file]


def asked(own: frozenset[str]) -> dict[str, Any]:
    """The answer; what goes wrong here is no fault of the application."""
    try:
        return lacking(own)
    except Exception as error:  # noqa: BLE001  # finders and modules of the application may do anything
        return {"lacking": None, "walked": 0, "unwalked": 0, "unasked": f"{type(error).__name__}: {error}"}


def lacking(own: frozenset[str]) -> dict[str, Any]:
    """What imports of loaded files and of those behind them do not find; ``own`` are the application's files."""
    found, began = Found(own), time.monotonic()
    rows: list[dict[str, Any]] = []
    loaded = [(name, found.file(name)) for name in list(sys.modules) if name != "__main__"]
    work = [(name, file, True) for name, file in loaded if file in own]
    seen = {file for _, file, _ in work}
    while work and time.monotonic() - began < SECONDS:
        name, file, is_loaded = work.pop()
        for want in wants(name, file, found):
            if is_loaded and not want.nested:
                continue  # it was executed
            rows += judged(want, file, found)
            for other in (want.name, want.name + "." + want.member) if not want.guard else ():
                path = found.file(other) if found.state(other)[0] == "found" else ""
                if path in own and path not in seen:
                    seen.add(path)
                    work.append((other, path, False))
    late = "\n".join(found.texts.values())
    kept = [one for one in rows if not one["member"] or not re.search(rf"\.{re.escape(one['member'])}\s*[:=]", late)]
    return {"lacking": kept, "walked": len(seen), "unwalked": len(work)}


def wants(name: str, file: str, found: Found) -> list[Want]:
    """The imports of a file; none where it does not parse, or changes the import path by itself."""
    text = read(file, found.texts)
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return []
    package = name if file.endswith("__init__.py") else name.rpartition(".")[0]
    imports = Imports(package, tried_in(tree))
    try:
        imports.visit(tree)
    except RecursionError:
        return []
    changes = "sys.path" in text or "addsitedir" in text
    return [one for one in imports.found if not changes or one.name.partition(".")[0] in sys.modules]


def judged(want: Want, file: str, found: Found) -> Iterator[dict[str, Any]]:
    """What an import does not find."""
    row = {"file": file, "line": want.line, "guard": want.guard, "member": ""}
    state, which = found.state(want.name)
    parent = which.rpartition(".")[0]
    if state == "missing":
        yield {**row, "name": which, "own": bool(parent) and found.is_own(parent)}
    elif state == "found" and want.member and found.is_own(want.name) and not found.has(want.name, want.member):
        yield {**row, "name": want.name + "." + want.member, "member": want.member, "own": True}
