"""Django's own migrations: its commands, and what reading one of them shows."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator, Mapping, Sequence

from gonogo.migrations.alembic_config import Located, Reader
from gonogo.migrations.base import Graph, Part, Revision, Upgrade

__all__ = ["Django"]

_ADDS = frozenset({"CreateModel", "AddIndex", "AlterModelOptions", "AlterModelManagers"})
"""Operations that leave what is there as it was."""
_REFUSING = ("ForeignKey", "OneToOneField")


class Django:
    """https://docs.djangoproject.com; what is installed has migrations too, so only Django itself knows all of them."""

    name = "django"
    config = "manage.py"
    probe = "django.py"
    marker = "<<gonogo-django>>"
    files = "*.py"
    merge = "python manage.py makemigrations --merge"
    reads_models = True
    refuses_unknown = False
    keeps = ("django_migrations", "django_content_type", "auth_permission")

    def upgrade_command(self, config: str) -> tuple[str, ...]:
        """``python manage.py migrate``."""
        return ("python", config, "migrate", "--noinput")

    def downgrade_commands(
        self,
        config: str,
        upgrade: Upgrade,  # noqa: ARG002 (an Alembic's words)
        *,
        now: Sequence[str],
        to: Sequence[str],
    ) -> tuple[tuple[str, ...], ...]:
        """``manage.py migrate APP NAME`` for each application that stands elsewhere; ``zero`` for one that is new."""
        wanted = dict(one.split(".", 1) for one in to)
        back = [(app, wanted.get(app, "zero")) for app in dict.fromkeys(one.split(".", 1)[0] for one in now)]
        stands = set(now)
        return tuple(
            ("python", config, "migrate", "--noinput", app, name) for app, name in back if f"{app}.{name}" not in stands
        )

    def upgrade(self, own: Sequence[str]) -> Upgrade:  # noqa: ARG002 (Django's loader names no target)
        """All applications' leaves, whatever the command is."""
        return Upgrade(target="")

    def located(self, config: str, read: Reader, *, section: str) -> Located:  # noqa: ARG002 (an ini file's)
        """Whether there is a ``manage.py``; where the migrations stand is for Django's settings to say."""
        return Located(
            configured=read(config) is not None,
            script=posixpath.dirname(config) or ".",
            unsure="which applications are installed is known to Django's settings alone",
        )

    def graph(self, files: Mapping[str, str]) -> Graph:  # noqa: ARG002 (Django is asked)
        """Nothing: see ``located``."""
        return Graph(revisions={})

    def not_shown(self, source: str, idle: Sequence[int] = ()) -> str:
        """Why it is not shown, with the line; empty when every operation that is not idle only adds."""
        try:
            tree = ast.parse(source)
        except SyntaxError as error:
            return f"cannot be read ({error.msg}, line {error.lineno})"
        found = next(_operations(tree), None)
        if found is None:
            return "has no operations that can be read"
        reasons = (_reason(node) for place, node in enumerate(found.elts) if place not in idle)
        return next((reason for reason in reasons if reason), "")

    def caveats(self, source: str) -> tuple[str, ...]:
        """A new model that refers to another: Django deletes what refers to a row only where its code knows of it."""
        made = [one for one in _listed(source) if isinstance(one, ast.Call) and _name(one) == "CreateModel"]
        refers = [one for one in made if any(f"'{kind}'" in ast.dump(one) for kind in (*_REFUSING, "ManyToManyField"))]
        names = [_text(next(iter(one.args), None)) or _text(_named(one).get("name")) or "a model" for one in refers]
        return tuple(
            f"rows of {name} would keep the previous release from deleting what they refer to" for name in names
        )

    def drops(self, revision: Revision) -> tuple[Part, ...]:
        """The tables of its ``CreateModel`` and the columns of its ``AddField``, as Django calls them."""
        return tuple(one for node in _listed(revision.source) for one in _made(node, revision.id))

    def alters(self, revision: Revision) -> tuple[Part, ...]:
        """The tables and columns of the operations that make one or take one away, as Django calls them."""
        return tuple(one for node in _listed(revision.source) for one in _made(node, revision.id, goes=True))

    def one_way(self, source: str) -> str:
        """The first operation that Django calls irreversible: code or SQL without its reverse."""
        return next((_forward(node) for node in _listed(source) if _forward(node)), "")


def _listed(source: str) -> Sequence[ast.expr]:
    """The operations of a migration; none of one that cannot be read."""
    try:
        found = next(_operations(ast.parse(source)), None)
    except SyntaxError:
        return ()
    return found.elts if found is not None else ()


def _operations(tree: ast.Module) -> Iterator[ast.List]:
    for node in tree.body:
        for line in node.body if isinstance(node, ast.ClassDef) and node.name == "Migration" else ():
            names = (
                [one.id for one in line.targets if isinstance(one, ast.Name)] if isinstance(line, ast.Assign) else []
            )
            if isinstance(line, ast.Assign) and "operations" in names and isinstance(line.value, ast.List):
                yield line.value


def _reason(node: ast.expr) -> str:
    name = _name(node)
    if not isinstance(node, ast.Call):
        return f"line {node.lineno} is no operation that can be read"
    if name in _ADDS or (name == "RunPython" and _is_left_as_it_is(node)):
        return ""
    if name != "AddField":
        return f"{name} (line {node.lineno})"
    options = {word.arg: word.value for word in node.keywords}
    field = options.get("field") or (node.args[2] if len(node.args) > 2 else None)  # noqa: PLR2004 (model, name, field)
    called = options.get("name") or (node.args[1] if len(node.args) > 1 else None)
    return _field(field, _text(called) or "?")


def _made(node: ast.expr, revision: str, *, goes: bool = False) -> Iterator[Part]:
    """What an operation makes, or also what it takes away; what has a name of its own is not known."""
    if not isinstance(node, ast.Call) or "db_table" in ast.dump(node) or "db_column" in ast.dump(node):
        return
    named = _named(node)
    words = [_text(one) for one in node.args]
    label = revision.partition(".")[0]
    tables = {"CreateModel", "DeleteModel"} if goes else {"CreateModel"}
    columns = {"AddField", "RemoveField"} if goes else {"AddField"}
    if _name(node) in tables and (model := _text(named.get("name")) or next(iter(words), "")):
        yield Part(table=f"{label}_{model.lower()}")
    elif _name(node) in columns and "ManyToMany" not in ast.dump(node):
        model = _text(named.get("model_name")) or next(iter(words), "")
        field = _text(named.get("name")) or next(iter(words[1:]), "")
        refers = any(kind in ast.dump(node) for kind in _REFUSING)
        if model and field:
            yield Part(table=f"{label}_{model.lower()}", column=f"{field}_id" if refers else field)


def _named(node: ast.Call) -> dict[str | None, ast.expr]:
    return {word.arg: word.value for word in node.keywords}


_REVERSES = {"RunPython": "reverse_code", "RunSQL": "reverse_sql"}


def _forward(node: ast.expr) -> str:
    """What an operation lacks to be taken back, with the line."""
    name, reverse = _name(node), _REVERSES.get(_name(node), "")
    if not isinstance(node, ast.Call) or not reverse:
        return ""
    named = {word.arg: word.value for word in node.keywords}
    if None in named or any(isinstance(one, ast.Starred) for one in node.args):
        return ""
    given = named.get(reverse) or (node.args[1] if len(node.args) > 1 else None)
    return f"{name} has no {reverse} (line {node.lineno})" if given is None or _is(given, value=None) else ""


def _is_left_as_it_is(node: ast.Call) -> bool:
    """Whether the migration says that going back needs nothing done: its reverse is ``RunPython.noop``."""
    reverse = next((word.value for word in node.keywords if word.arg == "reverse_code"), None)
    reverse = reverse or (node.args[1] if len(node.args) > 1 else None)
    return isinstance(reverse, ast.Attribute) and reverse.attr == "noop"


def _field(node: ast.expr | None, name: str) -> str:
    """A new field is harmless when old code may leave it out: null, or with a default of the database's."""
    if not isinstance(node, ast.Call):
        return f"AddField {name}: its field is made elsewhere"
    options = {word.arg: word.value for word in node.keywords}
    if _name(node) in _REFUSING and not _is(options.get("db_constraint"), value=False):
        return f"AddField {name}: a foreign key, which can refuse the previous release's deletes (line {node.lineno})"
    if _name(node) == "ManyToManyField":
        return ""
    if not (options.get("unique") is None or _is(options.get("unique"), value=False)):
        return f"AddField {name}: unique (line {node.lineno})"
    if _is(options.get("null"), value=True) or "db_default" in options:
        return ""
    return f"AddField {name}: not null and without db_default (line {node.lineno})"


def _name(node: ast.expr) -> str:
    function = node.func if isinstance(node, ast.Call) else node
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def _text(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _is(node: ast.expr | None, *, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value
