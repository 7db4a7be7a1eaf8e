"""The variables that Python source demands: settings classes, and ``os.environ["X"]`` while a module is imported.

The source is read, never imported. Nothing here guesses: a name that is computed or read under a condition is left out.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gonogo.inspection.variables.variables import Variable

__all__ = ["optional_in_settings", "required_by_settings"]

_CONFIG_CALLS = {"SettingsConfigDict", "ConfigDict", "dict"}
_CONDITIONAL = (ast.If, ast.Try, ast.TryStar, ast.For, ast.While, ast.Match, ast.Lambda)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class _Config:
    env_prefix: str = ""
    case_sensitive: bool = False
    nested: str = ""
    by_name: bool = False
    certain: bool = True


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    line: int
    owner: str
    required: bool
    aliases: tuple[str, ...] | None = ()
    """The names that the field is read from; None where they are computed."""
    is_model: bool = False


@dataclass(frozen=True, slots=True)
class _Module:
    """What one module defines and how it names what it imports."""

    name: str
    tree: ast.Module
    classes: Mapping[str, ast.ClassDef]
    imported: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_v1(self) -> bool:
        """Pydantic 1 keeps BaseSettings in ``pydantic`` itself and gives Optional fields the default None."""
        return "pydantic.BaseSettings" in self.imported.values()


def required_by_settings(source: str, module: str) -> tuple[Variable, ...]:
    """Names the variables without which this module's settings cannot be made, or the module not be imported.

    Args:
        source: The module's text; one that does not compile raises SyntaxError.
        module: Its name, as it should stand in messages.
    """
    read = _read(source, module)
    asked = (variable for item, variable in _of_classes(read) if item.required)
    return (*asked, *_environ_reads(read))


def optional_in_settings(source: str, module: str) -> frozenset[str]:
    """Names the variables for which this module's settings classes have a default; raises as the other does."""
    return frozenset(
        name
        for item, variable in _of_classes(_read(source, module))
        if not item.required
        for name in (variable.name, *variable.any_of)
    )


def _read(source: str, module: str) -> _Module:
    tree = ast.parse(source)
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    return _Module(module, tree, classes, dict(_imports(tree)))


def _of_classes(module: _Module) -> Iterator[tuple[_Field, Variable]]:
    bases = {name for node in module.classes.values() for name in map(_last_name, node.bases)}
    for name, node in module.classes.items():
        if name not in bases and _is_settings(node, module, set()):
            config, fields = _flatten(node, module, set())
            yield from ((item, _variable(item, config, module)) for item in fields.values() if item.aliases is not None)


def _variable(item: _Field, config: _Config, module: _Module) -> Variable:
    own = config.env_prefix + item.name
    names = (*(item.aliases or (own,)), *((own,) if item.aliases and config.by_name else ()))
    if not config.case_sensitive:
        names = tuple(name.upper() for name in names)
    return Variable(
        names[0],
        f"{module.name}:{item.line}",
        f"{item.owner}.{item.name} has no default",
        any_of=names[1:],
        prefix=names[0] + config.nested if config.nested and item.is_model else "",
        ignore_case=not config.case_sensitive,
        certain=config.certain,
    )


def _is_settings(node: ast.ClassDef, module: _Module, seen: set[str]) -> bool:
    """Looks for a base called ``…Settings`` that comes from elsewhere, directly or through classes of this file."""
    seen.add(node.name)
    for base in map(_last_name, node.bases):
        own = module.classes.get(base)
        if own is None and (module.imported.get(base, base).endswith("Settings")):
            return True
        if own is not None and base not in seen and _is_settings(own, module, seen):
            return True
    return False


def _flatten(node: ast.ClassDef, module: _Module, seen: set[str]) -> tuple[_Config, dict[str, _Field]]:
    """Collects configuration and fields of a class and of its bases in this file; the nearest definition wins."""
    seen.add(node.name)
    config, fields = _Config(), dict[str, _Field]()
    for base in reversed([_last_name(base) for base in node.bases]):
        if base in module.classes and base not in seen:
            config, inherited = _flatten(module.classes[base], module, seen)
            fields |= inherited
    own = {item.name: item for item in _fields(node, module)}
    plain = {name for name in _assigned(node) if name in fields}
    return _config(node, config), fields | {name: replace(fields[name], required=False) for name in plain} | own


def _fields(node: ast.ClassDef, module: _Module) -> Iterator[_Field]:
    for item in node.body:
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            name = item.target.id
            if not name.startswith("_") and name != "model_config" and "ClassVar" not in ast.unparse(item.annotation):
                yield _field(name, item, node.name, module)


def _field(name: str, item: ast.AnnAssign, owner: str, module: _Module) -> _Field:
    calls = list(_field_calls((item.value, *_metadata(item.annotation))))
    by_value = item.value is not None and item.value not in calls and not _is_ellipsis(item.value)
    defaulted = by_value or any(_has_default(call) for call in calls)
    implied = module.is_v1 and any(word in ast.unparse(item.annotation) for word in ("Optional", "None"))
    aliases: tuple[str, ...] | None = ()
    for call in calls:
        aliases = aliases or _aliases(call)
    model = any(isinstance(part, ast.Name) and part.id in module.classes for part in ast.walk(item.annotation))
    return _Field(name, item.lineno, owner, not (defaulted or implied), aliases, model)


def _metadata(annotation: ast.expr) -> Sequence[ast.expr]:
    if isinstance(annotation, ast.Subscript) and _last_name(annotation.value) == "Annotated":
        return annotation.slice.elts[1:] if isinstance(annotation.slice, ast.Tuple) else ()
    return ()


def _field_calls(nodes: Sequence[ast.expr | None]) -> Iterator[ast.Call]:
    return (node for node in nodes if isinstance(node, ast.Call) and _last_name(node.func) == "Field")


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def _has_default(call: ast.Call) -> bool:
    given = [call.args[0]] if call.args else []
    given += [keyword.value for keyword in call.keywords if keyword.arg in {"default", "default_factory"}]
    starred = any(keyword.arg is None for keyword in call.keywords)
    return starred or any(not _is_ellipsis(value) for value in given)


def _aliases(call: ast.Call) -> tuple[str, ...] | None:
    """Reads ``validation_alias``, ``alias`` or (pydantic 1) ``env``; None where the name is not written out."""
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    value = named.get("validation_alias", named.get("alias", named.get("env")))
    if value is None:
        return ()
    parts = value.args if isinstance(value, ast.Call) else getattr(value, "elts", [value])
    names = tuple(part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str))
    return names or None


def _assigned(node: ast.ClassDef) -> Iterator[str]:
    for item in node.body:
        if isinstance(item, ast.Assign):
            yield from (target.id for target in item.targets if isinstance(target, ast.Name))


def _config(node: ast.ClassDef, inherited: _Config) -> _Config:
    """Reads ``model_config``, an inner ``Config`` and class keywords on top of what the bases say."""
    values: dict[str, ast.expr] = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    certain = inherited.certain
    for item in node.body:
        if isinstance(item, ast.ClassDef) and item.name == "Config":
            values |= {
                t.id: a.value
                for a in item.body
                if isinstance(a, ast.Assign)
                for t in a.targets
                if isinstance(t, ast.Name)
            }
        elif isinstance(item, ast.Assign | ast.AnnAssign) and _is_model_config(item):
            values |= _pairs(item.value)
        elif isinstance(item, _FUNCTIONS) and item.name in {"settings_customise_sources", "customise_sources"}:
            certain = False
    return _Config(
        env_prefix=_text(values.get("env_prefix"), inherited.env_prefix),
        case_sensitive=_flag(values.get("case_sensitive"), default=inherited.case_sensitive),
        nested=_text(values.get("env_nested_delimiter"), inherited.nested),
        by_name=any(_flag(values.get(key), default=inherited.by_name) for key in _BY_NAME),
        certain=certain and not _computed(values) and "secrets_dir" not in values,
    )


_BY_NAME = ("populate_by_name", "validate_by_name", "allow_population_by_field_name")


def _computed(values: Mapping[str, ast.expr]) -> bool:
    prefix = values.get("env_prefix")
    return "alias_generator" in values or (prefix is not None and not isinstance(prefix, ast.Constant))


def _is_model_config(item: ast.Assign | ast.AnnAssign) -> bool:
    targets = item.targets if isinstance(item, ast.Assign) else [item.target]
    return any(isinstance(target, ast.Name) and target.id == "model_config" for target in targets)


def _pairs(value: ast.expr | None) -> dict[str, ast.expr]:
    if isinstance(value, ast.Call) and _last_name(value.func) in _CONFIG_CALLS:
        return {keyword.arg: keyword.value for keyword in value.keywords if keyword.arg}
    if isinstance(value, ast.Dict):
        pairs = zip(value.keys, value.values, strict=True)
        return {key.value: item for key, item in pairs if isinstance(key, ast.Constant) and isinstance(key.value, str)}
    return {}


def _text(node: ast.expr | None, default: str) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else default


def _flag(node: ast.expr | None, *, default: bool) -> bool:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, bool) else default


def _last_name(node: ast.expr) -> str:
    node = node.value if isinstance(node, ast.Subscript) else node
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.asname or alias.name, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((alias.asname or alias.name, f"{node.module or ''}.{alias.name}") for alias in node.names)


def _environ_reads(module: _Module) -> Iterator[Variable]:
    """Finds ``os.environ["X"]`` that certainly runs when the module is imported."""
    given: set[str] = set()
    for node in _executed(module.tree.body):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "setdefault":
            given |= {_text(node.args[0], "")} if node.args and _is_environ(node.func.value, module) else set()
        if not (isinstance(node, ast.Subscript) and _is_environ(node.value, module)):
            continue
        name = _text(node.slice, "")
        if not isinstance(node.ctx, ast.Load):
            given.add(name)
        elif name and name not in given:
            yield Variable(name, f"{module.name}:{node.lineno}", "os.environ without a default")


def _is_environ(node: ast.expr, module: _Module) -> bool:
    if isinstance(node, ast.Name):
        return module.imported.get(node.id) == "os.environ"
    is_attribute = isinstance(node, ast.Attribute) and node.attr == "environ" and isinstance(node.value, ast.Name)
    return is_attribute and module.imported.get(node.value.id) == "os"  # type: ignore[attr-defined]


def _executed(nodes: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Walks the nodes that run unconditionally on import, in source order."""
    work = list(reversed(nodes))
    while work:
        node = work.pop()
        yield node
        work += reversed(list(_children(node)))


def _children(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.BoolOp):
        yield node.values[0]
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        yield node.test
    elif isinstance(node, _FUNCTIONS):
        yield from (*node.decorator_list, *node.args.defaults)
    elif not isinstance(node, _CONDITIONAL):
        yield from ast.iter_child_nodes(node)
