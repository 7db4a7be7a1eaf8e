"""Under which path a route answers: prefixes of routers, blueprints and URL configurations, across files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gonogo.detect.modules import Modules
from gonogo.detect.tree import Tree
from gonogo.frameworks.source import SourceFile, StaticRoute, dotted, included_by, keyword

__all__ = ["Placed", "document_path", "has_no_document", "placed"]

_INCLUDES = {"include_router": "prefix", "register_blueprint": "url_prefix", "mount": "path"}
_OWNER = re.compile(r"@([\w.]+)\.\w+\(|^\s*([\w.]+)\.(?:add_\w+)\(")
_DEEPEST = 8
_DOCUMENT = re.compile(
    r"\bopenapi_url[\"']?\s*(?::[^=\n\"']*)?[=:]\s*"
    r"(?:f?[\"'](?P<text>/[^\"'{\n]*)[\"']|f[\"'](?P<form>[^\"'\n]*)[\"']|(?P<none>None)|"
    r"(?:\w+\.)*(?P<name>[a-z_A-Z]\w*)\s*[,)}\n])"
)
_FILLED = re.compile(r"\{(?:\w+\.)*(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A route with the whole path that it answers under, as far as the source tells."""

    route: StaticRoute
    sure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edge:
    """One inclusion: what is included where, under which prefix (None: only running tells)."""

    parent: tuple[str, str]
    prefix: str | None
    replaces: bool = False


class _Graph:
    """Who includes whom; a node is a file and a name in it."""

    def __init__(self, modules: Modules, files: Sequence[str]) -> None:
        self.modules = modules
        self.sources = dict(_sources(modules, files))
        self.edges: dict[tuple[str, str], _Edge] = {}
        for path, source in self.sources.items():
            for call, _ in source.calls():
                self._include(path, source, call)

    def prefix(self, node: tuple[str, str], depth: int = 0) -> tuple[str, bool, bool]:
        """The prefix that a router is given from outside, whether it is certain, and whether it replaces its own."""
        edge = self.edges.get(node)
        if edge is None or depth > _DEEPEST:
            return "", self._is_app(node), False
        above, sure, _ = self.prefix(edge.parent, depth + 1)
        own = "" if edge.replaces else self._own(edge.parent)
        return above + own + (edge.prefix or ""), sure and edge.prefix is not None, edge.replaces

    def owner(self, route: StaticRoute) -> tuple[str, str]:
        """The node that a route is declared on."""
        lines = self.modules.tree.text(route.file).splitlines()
        match = _OWNER.search(lines[route.line - 1]) if route.line <= len(lines) else None
        name = (match[1] or match[2] or "") if match else ""
        source = self.sources.get(route.file)
        return self._node(route.file, source, name) if source is not None else (route.file, name)

    def _include(self, path: str, source: SourceFile, call: ast.Call) -> None:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        included = included_by(call)
        if name not in _INCLUDES or included is None or not isinstance(call.func, ast.Attribute):
            return
        if name == "mount":
            return
        parent = self._node(path, source, dotted(call.func.value))
        child = self._node(path, source, dotted(included))
        given = keyword(call, _INCLUDES[name])
        prefix = "" if given is None else self._text(source, given)
        if child[0] == path:
            prefix = "" if prefix is not None else None  # the reader of one file has added it
        if child not in self.edges:
            replaces = name == "register_blueprint" and given is not None
            self.edges[child] = _Edge(parent=parent, prefix=prefix, replaces=replaces and child[0] != path)

    def _node(self, path: str, source: SourceFile, name: str) -> tuple[str, str]:
        """Where a name is defined: here, or in the module that it is imported from, and so on."""
        for _ in range(_DEEPEST):
            head, _, rest = name.partition(".")
            whole = _imported(source, head)
            if not whole:
                return path, name
            wanted = f"{whole}.{rest}" if rest else whole
            module, _, last = wanted.rpartition(".")
            target = self.modules.path(module)
            if not target or target not in self.sources or target == path:
                return path, name
            path, source, name = target, self.sources[target], last
        return path, name

    def _text(self, source: SourceFile, node: ast.expr) -> str | None:
        text = source.text(node)
        if text is not None:
            return None if "{?}" in text else text
        if isinstance(node, ast.Attribute):
            values = {value for other in self.sources.values() for value in _defaults(other.tree, node.attr)}
            return values.pop() if len(values) == 1 else None
        return None

    def _own(self, node: tuple[str, str]) -> str:
        """The prefix that a router is made with."""
        call = self._made(node)
        prefix = (keyword(call, "prefix") or keyword(call, "url_prefix")) if call is not None else None
        return (self._text(self.sources[node[0]], prefix) or "") if prefix is not None else ""

    def _is_app(self, node: tuple[str, str]) -> bool:
        call = self._made(node)
        if call is None:
            return node[1] in {"app", "application", "fastapi_app", "server"}
        return dotted(call.func).rpartition(".")[2] not in {"APIRouter", "Blueprint", "Router"}

    def _made(self, node: tuple[str, str]) -> ast.Call | None:
        """The call whose result a name is given."""
        source = self.sources.get(node[0])
        for statement in source.statements if source else ():
            item = statement.node
            if isinstance(item, ast.Assign | ast.AnnAssign) and isinstance(item.value, ast.Call):
                targets = item.targets if isinstance(item, ast.Assign) else [item.target]
                if node[1] in {dotted(target) for target in targets}:
                    return item.value
        return None


def placed(routes: Sequence[StaticRoute], modules: Modules, files: Sequence[str], framework: str) -> tuple[Placed, ...]:
    """Puts the routes of a framework under the prefixes that others give them."""
    if framework == "django":
        return tuple(_django(routes, modules))
    graph = _Graph(modules, files)
    return tuple(_placed(route, graph) for route in routes)


def document_path(tree: Tree, files: Sequence[str]) -> str:
    """The path of FastAPI's own document; empty where a file switches it off, or its path cannot be read."""
    found = [match for path in files for match in _DOCUMENT.finditer(tree.text(path))]
    texts = {match["text"] for match in found if match["text"]}
    if texts or not found:
        return texts.pop() if len(texts) == 1 else "/openapi.json" if not found else ""
    forms = {match["form"] or f"{{{match['name']}}}" for match in found if match["form"] or match["name"]}
    paths = (_filled(form, tree, files) or "" for form in sorted(forms))
    return next((path for path in paths if path.startswith("/")), "")


def has_no_document(tree: Tree) -> bool:
    """Whether a file switches FastAPI's own document off, be it in some environments only."""
    return any(match["none"] for path in tree.below("", ".py") for match in _DOCUMENT.finditer(tree.text(path)))


def _filled(form: str, tree: Tree, files: Sequence[str], depth: int = 0) -> str | None:
    """What an f-string of names comes to, where each name is given one text in these files; None where it is not."""
    for name in _FILLED.findall(form):
        named = re.compile(rf"\b{name}\b[^=\n]*=\s*(f?)[\"']([^\"'\n]*)[\"']")
        values = {(one[1], one[2]) for path in files for one in named.finditer(tree.text(path))}
        if len(values) != 1 or depth > _DEEPEST:
            return None
        kind, text = values.pop()
        value = _filled(text, tree, files, depth + 1) if kind else text
        if value is None:
            return None
        form = re.sub(rf"\{{(?:\w+\.)*{name}\}}", value.replace("\\", r"\\"), form)
    return None if "{" in form else form


def _placed(route: StaticRoute, graph: _Graph) -> Placed:
    if route.owner == "app":
        return Placed(route=route, sure=True)
    node = graph.owner(route)
    prefix, sure, replaces = graph.prefix(node)
    own = graph._own(node)  # noqa: SLF001 (one module)
    path = prefix + (route.path.removeprefix(own) if replaces else route.path)
    return Placed(route=replace(route, path=path), sure=sure)


def _django(routes: Sequence[StaticRoute], modules: Modules) -> Iterator[Placed]:
    """Routes below the root configuration; the path at which another configuration is included comes before them."""
    files = sorted({route.file for route in routes} | {path for path in modules.tree.files if path.endswith("urls.py")})
    above: dict[str, tuple[str, str]] = {}
    root = _root_urls(modules)
    for path in files:
        for module, prefix in _included(modules, path):
            target = modules.path(module)
            if target and target not in above:
                above[target] = (path, prefix)
    for route in routes:
        prefix, current = "", route.file
        listed = _list_of(modules, route)
        prefix = "" if listed == "urlpatterns" else _within(modules, route.file).get(listed, "")
        for _ in range(_DEEPEST):
            if current not in above:
                break
            current, part = above[current]
            prefix = part + prefix
        path = "/" + prefix.lstrip("/") + route.path.lstrip("/")
        known = listed == "urlpatterns" or listed in _within(modules, route.file)
        sure = current == root and known
        yield Placed(route=replace(route, path=re.sub(r"/{2,}", "/", path).rstrip("$")), sure=sure)


def _root_urls(modules: Modules) -> str:
    """The file that ROOT_URLCONF names; empty where settings name several, or none."""
    found = {
        modules.path(match[1])
        for path in modules.tree.files
        if path.endswith(".py") and "settings" in path
        for match in re.finditer(r"""(?m)^ROOT_URLCONF\s*=\s*["']([\w.]+)["']""", modules.tree.text(path))
    }
    return found.pop() if len(found) == 1 else ""


def _list_of(modules: Modules, route: StaticRoute) -> str:
    """The name of the list that a route stands in."""
    parsed = modules.parsed(route.file)
    for node in parsed.body if parsed is not None else ():
        if node.lineno <= route.line <= (node.end_lineno or 0):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            return next((target.id for target in targets if isinstance(target, ast.Name)), "")
    return ""


def _within(modules: Modules, path: str) -> dict[str, str]:
    """The lists of a file that the file itself includes, each with the path where it does so first."""
    found: dict[str, str] = {}
    for prefix, target in _inclusions(modules, path):
        if isinstance(target, ast.Name):
            found.setdefault(target.id, prefix)
    return found


def _included(modules: Modules, path: str) -> Iterator[tuple[str, str]]:
    """The modules that a URL configuration includes, each with the path."""
    for prefix, target in _inclusions(modules, path):
        if isinstance(target, ast.Constant) and isinstance(target.value, str):
            yield target.value, prefix


def _inclusions(modules: Modules, path: str) -> Iterator[tuple[str, ast.expr]]:
    parsed = modules.parsed(path)
    for node in ast.walk(parsed) if parsed is not None else ():
        if not (isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in {"path", "re_path", "url"}):
            continue
        view = node.args[1] if len(node.args) > 1 else None
        if not (isinstance(view, ast.Call) and dotted(view.func).rpartition(".")[2] == "include" and view.args):
            continue
        target = view.args[0].elts[0] if isinstance(view.args[0], ast.Tuple) and view.args[0].elts else view.args[0]
        prefix = node.args[0]
        if isinstance(prefix, ast.Constant):
            yield str(prefix.value).removeprefix("^"), target


def _sources(modules: Modules, files: Sequence[str]) -> Iterator[tuple[str, SourceFile]]:
    for path in files:
        try:
            source = SourceFile(path, modules.tree.text(path))
        except (SyntaxError, ValueError, RecursionError):
            continue
        source.module = modules.module_at(path) or source.module
        source.imports = dict(source._imports())  # noqa: SLF001 (relative imports are those of the image)
        yield path, source


def _imported(source: SourceFile, name: str) -> str:
    return source.imports.get(name, "")


def _defaults(tree: ast.Module, name: str) -> Iterator[str]:
    """The texts that a class gives an attribute of this name."""
    for owner in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        for item in owner.body:
            targets = (
                item.targets
                if isinstance(item, ast.Assign)
                else [item.target]
                if isinstance(item, ast.AnnAssign)
                else []
            )
            value = getattr(item, "value", None)
            if (
                name in {dotted(target) for target in targets}
                and isinstance(value, ast.Constant)
                and isinstance(value.value, str)
            ):
                yield value.value
