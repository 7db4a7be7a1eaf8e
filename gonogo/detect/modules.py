"""Python modules of a repository: where they stand, what they define, and what they import."""

from __future__ import annotations

import ast
import functools
import posixpath
from collections.abc import Iterator, Mapping

from gonogo.detect.tree import Tree

__all__ = ["Modules", "packages_above"]

_MOST = 3000
"""Files that are followed from an entry point."""


class Modules:
    """The modules that an image's working folder and import path show."""

    def __init__(
        self, tree: Tree, files: Mapping[str, str], folders: tuple[str, ...], own: tuple[str, ...] = ()
    ) -> None:
        """Where one looks.

        Args:
            tree: The repository.
            files: Absolute path in the image → path in the repository.
            folders: The places in the image from which modules are imported, the first first.
            own: The same where only the start command says so.
        """
        self.tree = tree
        self._files = dict(files)
        self._places: dict[str, list[str]] = {}
        for inside, path in self._files.items():
            self._places.setdefault(path, []).append(inside)
        self._import_path = tuple(dict.fromkeys(posixpath.normpath(folder) for folder in folders if folder))
        self._folders = tuple(dict.fromkeys((*self._import_path, *map(posixpath.normpath, filter(None, own)))))
        self._trees: dict[str, ast.Module | None] = {}

    def path(self, module: str) -> str:
        """The repository's file of a module; empty where none is."""
        found = next(filter(None, (self.path_in(module, folder) for folder in self._folders)), "")
        return found or self._of_a_project(module)

    def _of_a_project(self, module: str) -> str:
        """The file of a module that an image has by installing a project of the repository."""
        inner = module.replace(".", "/")
        for folder in self._projects:
            for path in (posixpath.join(folder, f"{inner}.py"), posixpath.join(folder, inner, "__init__.py")):
                if path in self.tree:
                    return path
        return ""

    @functools.cached_property
    def _projects(self) -> tuple[str, ...]:
        """The folders from which projects of the repository are installed: ``src`` beside their file, or its own."""
        files = (path for name in ("pyproject.toml", "setup.py", "setup.cfg") for path in self.tree.named(name))
        folders = dict.fromkeys(posixpath.dirname(path) for path in files)
        return tuple(one for folder in folders for one in (posixpath.join(folder, "src"), folder))

    def path_in(self, module: str, folder: str) -> str:
        """The repository's file of a module that is imported from one folder of the image."""
        inner = module.replace(".", "/")
        names = (f"{inner}.py", f"{inner}/__init__.py")
        return next(filter(None, (self.source_of(posixpath.join(folder, name)) for name in names)), "")

    def source_of(self, inside: str) -> str:
        """The repository's path of a file in the image; empty where none is."""
        return self._files.get(posixpath.normpath(inside), "")

    def folder_of(self, inside: str) -> str:
        """The repository's folder that a folder of the image is mostly made of; empty where nothing tells."""
        base = posixpath.normpath(inside).rstrip("/") + "/"
        found: dict[str, int] = {}
        for place, path in self._files.items():
            rest = place[len(base) :] if place.startswith(base) else ""
            if rest and (path == rest or path.endswith(f"/{rest}")):
                folder = path[: -len(rest)].rstrip("/") or "."
                found[folder] = found.get(folder, 0) + 1
        return max(found, key=lambda folder: found[folder]) if found else ""

    def module_at(self, path: str, *folders: str) -> str:
        """The dotted name by which a file of the repository is imported (from there); empty where it cannot be."""
        for folder in folders or self._folders:
            base = f"{folder.rstrip('/')}/"
            for inside in self._places.get(path, ()):
                if inside.startswith(base):
                    name = inside[len(base) :].removesuffix(".py").removesuffix("/__init__")
                    return name.replace("/", ".")
        return ""

    def on_path(self, module: str, path: str) -> bool:
        """Whether a module is found there by the working folder and the import path alone."""
        return any(self.path_in(module, folder) == path for folder in self._import_path)

    def packaged(self, path: str) -> str:
        """The name of a module by the packages that it stands in; empty where it stands in none."""
        parts = path.removesuffix(".py").split("/")
        count = len(parts) - 1
        while count and "/".join([*parts[:count], "__init__.py"]) in self.tree:
            count -= 1
        return ".".join(parts[count:]) if count < len(parts) - 1 else ""

    def root_of(self, path: str) -> str:
        """The folder of the image from which a file's own package is imported; empty where it stands in none."""
        count = self.packaged(path).count(".") + 1
        place = next(iter(self._places.get(path, ())), "")
        return "/".join(place.split("/")[:-count]) or "/" if count > 1 and place else ""

    def parsed(self, path: str) -> ast.Module | None:
        """A file's syntax tree; None where it has none."""
        if path not in self._trees:
            try:
                self._trees[path] = ast.parse(self.tree.text(path))
            except (SyntaxError, ValueError, RecursionError):
                self._trees[path] = None
        return self._trees[path]

    def defines(self, path: str, name: str) -> int:
        """The line on which a file defines, imports or assigns a name at its top level; 0 where it does not."""
        parsed = self.parsed(path)
        return next((line for found, line in _names(parsed.body) if found == name), 0) if parsed is not None else 0

    def makes(self, path: str, name: str) -> int:
        """As ``defines``, where the file does not only import it."""
        parsed = self.parsed(path)
        if parsed is None:
            return 0
        return next((line for found, line in _names(parsed.body, imported=False) if found == name), 0)

    def reached(self, path: str) -> tuple[str, ...]:
        """Every file of the repository that an entry point imports, itself first, imports inside functions included."""
        found: dict[str, None] = {path: None}
        work = [path]
        while work and len(found) < _MOST:
            current = work.pop()
            for target in self._imports(current):
                if target not in found:
                    found[target] = None
                    work.append(target)
        return tuple(found)

    def _imports(self, path: str) -> Iterator[str]:
        parsed = self.parsed(path)
        if parsed is None:
            return
        package = self._package(path)
        for node in ast.walk(parsed):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                base = _base(package, node)
                names = [base, *(f"{base}.{alias.name}".lstrip(".") for alias in node.names)]
            else:
                continue
            for name in filter(None, names):
                yield from self._with_packages(name)

    def _with_packages(self, name: str) -> Iterator[str]:
        """A module's file and those of the packages that it stands in."""
        parts = name.split(".")
        for count in range(1, len(parts) + 1):
            found = self.path(".".join(parts[:count]))
            if found:
                yield found

    def _package(self, path: str) -> str:
        module = self.module_at(path)
        return module if path.endswith("__init__.py") else module.rpartition(".")[0]


def packages_above(module: str) -> tuple[str, ...]:
    """The packages that a module stands in, the innermost first: ``core.project``, then ``core``."""
    parts = module.split(".")
    return tuple(".".join(parts[:count]) for count in range(len(parts) - 1, 0, -1))


def _base(package: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".") if package else []
    kept = parts[: len(parts) - node.level + 1]
    return ".".join([*kept, *([node.module] if node.module else [])])


def _names(body: list[ast.stmt], *, imported: bool = True) -> Iterator[tuple[str, int]]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            yield from ((name, node.lineno) for name in _targets(node))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((alias.asname or alias.name.split(".")[0], node.lineno) for alias in node.names if imported)
        elif isinstance(node, ast.If) and _is_main(node.test):
            yield from _names(node.orelse, imported=imported)
        elif isinstance(node, ast.If | ast.Try | ast.With):
            inner = [*node.body, *getattr(node, "orelse", []), *getattr(node, "finalbody", [])]
            inner += [item for handler in getattr(node, "handlers", []) for item in handler.body]
            yield from _names(inner, imported=imported)


def _is_main(test: ast.expr) -> bool:
    """``__name__ == "__main__"``, which holds for nobody who imports the file."""
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"


def _targets(node: ast.Assign | ast.AnnAssign) -> Iterator[str]:
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        for item in target.elts if isinstance(target, ast.Tuple) else [target]:
            if isinstance(item, ast.Name):
                yield item.id
