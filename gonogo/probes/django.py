"""Tell what Django itself says of an application's migrations: leaves, what is pending, what its models lack.

Self-contained: fed on standard input to the Python of an image or of a running instance::

    python - '{"config": "/app/manage.py", "current": true}' < django_probe.py

It runs the application's own ``manage.py`` as far as the command, which it answers itself: no migration runs, nothing
is changed. It prints one JSON document on a line that begins with a marker; what else is printed goes to standard
error.
"""

from __future__ import annotations

import os
import sys

_PATH = list(sys.path)
sys.path[:] = [path for path in sys.path if path not in {"", os.getcwd()}]  # noqa: PTH109
# An application's types.py is not the library's; its manage.py gets its folder back.

import importlib
import json
import runpy
import traceback
from typing import Any, Callable  # noqa: UP035  # collections.abc has no subscripts on 3.8

sys.path[:] = _PATH

__all__ = ["main"]

MARKER = "<<gonogo-django>>"
SOURCE_LIMIT = 200000
READING = {"options": "-c default_transaction_read_only=on", "connect_timeout": 3}
WORDS = (
    "blank",
    "choices",
    "editable",
    "error_messages",
    "help_text",
    "limit_choices_to",
    "on_delete",
    "related_name",
    "related_query_name",
    "validators",
    "verbose_name",
    "auto_created",
    "auto_now",
    "auto_now_add",
    "default",
    "db_index",
    "serialize",
    "unique",
    "unique_for_date",
    "unique_for_month",
    "unique_for_year",
)
# Of a field, what no column depends on; newer releases of Django list most of it themselves.


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The document that answers a request."""
    names = (
        "current",
        "applied",
        "behind",
        "unknown",
        "pending",
        "sizes",
        "error",
        "environment",
        "sql",
        "known",
        "beyond",
    )
    document: dict[str, Any] = dict.fromkeys(names)
    document.update(heads=[], replaced={})
    try:
        as_managed(request["config"], lambda: fill(document, request))
    except SystemExit as error:
        document["error"] = told(error)
    except Exception as error:  # noqa: BLE001  # the application's settings may raise anything
        document["error"] = told(error)
    return document


def told(error: BaseException) -> dict[str, Any]:
    """What kind of error it is, its first line, and where in the application it arose."""
    first = (str(error).strip().splitlines() or [""])[0]
    frames = traceback.extract_tb(error.__traceback__)
    last = next((frame for frame in reversed(frames) if not is_ours(frame.filename)), None)
    return {
        "type": type(error).__name__,
        "kinds": [kind.__name__ for kind in type(error).__mro__],
        "message": first,
        "where": f"{last.filename}:{last.lineno}" if last else "",
        "importing": any(frame.name == "_find_and_load" for frame in frames),
        "migrating": False,
    }


def is_ours(name: str) -> bool:
    """Whether a frame is none of the application's: this script's, a library's, or the import system's."""
    return "-packages/" in name or name.startswith(("<", os.path.dirname(os.__file__)))  # noqa: PTH120


def as_managed(config: str, job: Callable[[], None]) -> None:
    """Runs manage.py as ``manage.py showmigrations`` does; the job stands in for the command."""
    folder, name = os.path.split(config)
    if folder:
        os.chdir(folder)
    if not os.path.isfile(name):  # noqa: PTH113
        raise FileNotFoundError(f"no {os.path.join(os.getcwd(), name)}")  # noqa: PTH109, PTH118
    sys.path.insert(0, os.getcwd())  # noqa: PTH109
    sys.argv = [name, "showmigrations"]
    management: Any = importlib.import_module("django.core.management")
    done: list[bool] = []

    def run(*_: Any, **__: Any) -> None:
        importlib.import_module("django").setup()
        job()
        done.append(True)

    management.execute_from_command_line = run
    runpy.run_path(name, run_name="__main__")
    if not done:
        raise RuntimeError(f"{name} did not call execute_from_command_line")


def fill(document: dict[str, Any], request: dict[str, Any]) -> None:
    """Answers, with the application set up."""
    loader = loader_of(None)
    document["heads"] = sorted(map(spelled, loader.graph.leaf_nodes()))
    document["known"] = sorted(map(spelled, {*loader.graph.nodes, *loader.disk_migrations}))
    document["replaced"] = {
        spelled(old): spelled(node) for node, one in loader.disk_migrations.items() for old in one.replaces
    }
    conflicts = loader.detect_conflicts()
    if conflicts:
        named = "; ".join(app + ": " + ", ".join(sorted(names)) for app, names in sorted(conflicts.items()))
        raise ValueError(f"conflicting migrations, several leaves: {named}")
    if request.get("current"):
        document.update(standing())
        document["tables"] = shape() if request.get("shape") else None
        document["sizes"] = sizes(request.get("sizes") or ())
        if request.get("models"):
            document.update(compared())
    if request.get("beyond") is not None:
        left = {*document["applied"]} - {*request["beyond"]}
        nodes = [node for node in loader.disk_migrations if spelled(node) in left]
        document["beyond"] = [{"id": spelled(node), **file_of(loader.disk_migrations[node])} for node in sorted(nodes)]
    if request.get("since") is not None:
        given = [tuple(name.split(".", 1)) for name in request["since"]]
        ahead = loader_of(given)
        document["pending"] = pending(ahead)
        document["unknown"] = unknown(ahead)
        document["sql"] = written(ahead) if request.get("sql") else None
    if request.get("environment"):
        document["environment"] = {"error": None, "ran": True, **changes(loader)}


def loader_of(applied: Any) -> Any:
    """The migrations on the disk, read as if these were applied; no database is asked."""
    module: Any = importlib.import_module("django.db.migrations.loader")
    recorder = module.MigrationRecorder

    class Recorded:
        def __init__(self, _connection: Any) -> None:
            pass

        def applied_migrations(self) -> dict[Any, Any]:
            return dict.fromkeys(applied)

    if applied is not None:
        module.MigrationRecorder = Recorded
    try:
        return module.MigrationLoader(None if applied is None else object())
    finally:
        module.MigrationRecorder = recorder


def shape() -> dict[str, Any]:
    """Every table of the default database with its columns, but for Django's own account of migrations."""
    connection = importlib.import_module("django.db").connection
    with connection.cursor() as cursor:
        names = [name for name in connection.introspection.table_names(cursor) if name != "django_migrations"]
        described = connection.introspection.get_table_description
        return {name: [column.name for column in described(cursor, name)] for name in names}


def compared() -> dict[str, Any]:
    """The tables and columns of the models that stand in the default database, and what that has of them."""
    connection = importlib.import_module("django.db").connection
    router = importlib.import_module("django.db").router
    apps = importlib.import_module("django.apps").apps
    longest = connection.ops.max_name_length() or None
    kept = [
        model._meta  # noqa: SLF001  # Django's own word for it
        for model in apps.get_models(include_auto_created=True)
        if router.allow_migrate_model(connection.alias, model)
    ]
    models = {
        one.db_table[:longest]: [field.column[:longest] for field in one.local_concrete_fields]
        for one in kept
        if one.managed and not (one.proxy or one.swapped) and '"' not in one.db_table
    }
    with connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor, include_views=True))
        described = connection.introspection.get_table_description
        tables = {
            name: [column.name for column in described(cursor, name)] if name in there else None for name in models
        }
    return {"models": models, "tables": tables}


def sizes(names: Any) -> dict[str, int]:
    """The bytes of tables that PostgreSQL has, with their indexes; of other databases nothing is known."""
    connection = importlib.import_module("django.db").connection
    found: dict[str, int] = {}
    if connection.vendor != "postgresql" or not names:
        return found
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute("SELECT pg_total_relation_size(to_regclass(%s))", [name])
            (asked,) = cursor.fetchone()
            found.update({name: int(asked)} if asked is not None else {})
    return found


def written(loader: Any) -> dict[str, Any]:
    """The SQL of what ``migrate`` would run, as ``sqlmigrate`` writes it.

    Code (RunPython) is not run: a comment stands where it would. PostgreSQL is asked for what an operation must know,
    in transactions that can write nothing; another database is not.
    """
    connection: Any = importlib.import_module("django.db").connection
    document: dict[str, Any] = {"dialect": connection.vendor, "revisions": [], "error": None}
    connection.connect = once(connection.connect) if connection.vendor == "postgresql" else refuse
    if connection.vendor == "postgresql":
        connection.settings_dict["OPTIONS"] = {**connection.settings_dict.get("OPTIONS", {}), **READING}
    for name in ("disable_constraint_checking", "enable_constraint_checking", "check_constraints"):
        setattr(connection, name, lambda *_, **__: True)
    for one in pending(loader):
        made: dict[str, Any] = {"id": one["id"], "sql": [], "error": None}
        document["revisions"].append(made)
        try:
            made["sql"] = statements(loader, connection, tuple(one["id"].split(".", 1)))
        except Exception as error:  # noqa: BLE001  # an operation may ask the database, or raise anything
            made["error"] = told(error)
    return document


def statements(loader: Any, connection: Any, node: Any) -> list[str]:
    """The statements of one migration."""
    state = loader.project_state(node, at_end=False)
    with connection.schema_editor(collect_sql=True, atomic=False) as editor:
        connection.ops.compose_sql = lambda text, given: text % tuple(map(editor.quote_value, given)) if given else text
        editor.atomic_migration = True  # else each operation would begin a transaction
        try:
            loader.graph.nodes[node].apply(state, editor, collect_sql=True)
        finally:
            editor.atomic_migration = False
    return [line for line in editor.collected_sql if line != "--"]


def once(connect: Any) -> Any:
    """Connects; where that failed, not again."""
    failed: list[BaseException] = []

    def connect_once() -> None:
        if failed:
            raise failed[0]
        try:
            connect()
        except Exception as error:
            failed.append(error)
            raise

    return connect_once


def refuse(*_: Any, **__: Any) -> Any:
    """In the place of a connection."""
    raise ConnectionRefusedError("no connection is made while SQL is only written")


def standing() -> dict[str, Any]:
    """What the default database says that was applied, and whether something is left to run."""
    connection = importlib.import_module("django.db").connection
    loader = importlib.import_module("django.db.migrations.loader").MigrationLoader(connection)
    applied = set(loader.applied_migrations)
    nodes = [node for node in loader.graph.nodes if node in applied]
    followed = {
        parent.key for node in nodes for parent in loader.graph.node_map[node].parents if parent.key[0] == node[0]
    }
    return {
        "applied": sorted(map(spelled, applied)),
        "current": sorted(spelled(node) for node in nodes if node not in followed),
        "behind": bool(pending(loader)),
        "unknown": unknown(loader),
    }


def pending(loader: Any) -> list[dict[str, Any]]:
    """What ``migrate`` would run, in its order, with the files' own text."""
    seen: list[Any] = []
    for leaf in sorted(loader.graph.leaf_nodes()):
        for node in loader.graph.forwards_plan(leaf):
            if node not in seen and node not in loader.applied_migrations:
                seen.append(node)
    return [
        {"id": spelled(node), "parents": [], **file_of(loader.graph.nodes[node]), "idle": idle(loader, node)}
        for node in seen
    ]


def idle(loader: Any, node: Any) -> list[int]:
    """The positions of a migration's operations on fields that leave their columns as they are."""
    operations = loader.graph.nodes[node].operations
    if not any(type(operation).__name__ == "AlterField" for operation in operations):
        return []
    state = loader.project_state(node, at_end=False)
    found = []
    for place, operation in enumerate(operations):
        if type(operation).__name__ == "AlterField" and not breaks(operation, node[0], state):
            found.append(place)
        operation.state_forwards(node[0], state)
    return found


def unknown(loader: Any) -> list[str]:
    """What was applied of applications that are installed, and stands in no file here, nor in one that replaces it."""
    known = {*loader.disk_migrations, *(old for one in loader.disk_migrations.values() for old in one.replaces)}
    return sorted(
        spelled(node) for node in loader.applied_migrations if node[0] in loader.migrated_apps and node not in known
    )


def file_of(migration: Any) -> dict[str, str]:
    """A migration's file and text."""
    path = getattr(sys.modules.get(type(migration).__module__), "__file__", None) or ""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:  # noqa: PTH123
            return {"path": path, "source": stream.read(SOURCE_LIMIT) if path.endswith(".py") else ""}
    except OSError:
        return {"path": path, "source": ""}


def changes(loader: Any) -> dict[str, dict[str, list[str]]]:
    """What ``makemigrations`` would write for the applications that stand here, not for installed ones.

    ``changes``: without it a query or an insertion fails. ``harmless``: the tables are as the models need them.
    """
    apps = importlib.import_module("django.apps").apps
    state = importlib.import_module("django.db.migrations.state").ProjectState
    module: Any = importlib.import_module("django.db.migrations.autodetector")
    questioner = importlib.import_module("django.db.migrations.questioner").MigrationQuestioner(dry_run=True)
    detector = module.MigrationAutodetector(loader.project_state(), state.from_apps(apps), questioner)
    own = {config.label for config in apps.get_app_configs() if "site-packages" not in config.path}
    found: dict[str, dict[str, list[str]]] = {"changes": {}, "harmless": {}}
    for label, migrations in detector.changes(graph=loader.graph).items():
        for operation in (one for migration in migrations for one in migration.operations if label in own):
            kind = "changes" if breaks(operation, label, detector.from_state) else "harmless"
            found[kind].setdefault(label, []).append(operation.describe())
    return found


def breaks(operation: Any, label: str, before: Any) -> bool:
    """Whether the models cannot work with the tables as they are, because this operation was not run."""
    kind = type(operation).__name__
    if kind == "CreateModel":
        return operation.options.get("managed", True) and not operation.options.get("proxy", False)
    if kind == "RemoveField":
        field = former(operation, label, before)
        return field is None or not (field.null or field.many_to_many)
    if kind == "AlterField":
        field = former(operation, label, before)
        return field is None or columns(field) != columns(operation.field)
    return kind in {"AddField", "RenameField", "RenameModel", "AlterModelTable", "AlterOrderWithRespectTo"}


def former(operation: Any, label: str, before: Any) -> Any:
    """The field as the migrations left it; None where they say nothing of it."""
    model = before.models.get((label, operation.model_name.lower()))
    return dict(model.fields).get(operation.name) if model is not None else None


def columns(field: Any) -> Any:
    """What of a field its column depends on; all kinds of automatic numbers count as one."""
    _, path, args, options = field.deconstruct()
    unseen = {*WORDS, *getattr(field, "non_db_attrs", ())} - {"db_column"}
    kind = "AutoField" if path.endswith("AutoField") else path
    return kind, list(args), {name: value for name, value in options.items() if name not in unseen}


def spelled(node: Any) -> str:
    """A migration as people write it."""
    return f"{node[0]}.{node[1]}"


def main(argv: list[str]) -> int:
    """Keeps standard output for the document: the application's settings may print what they like."""
    sys.dont_write_bytecode = True
    mine = os.dup(1)
    os.dup2(2, 1)
    os.write(mine, f"\n{MARKER}{json.dumps(answer(json.loads(argv[1])))}\n".encode())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
