"""Tell what Alembic itself says of an application's migrations: heads, what is pending, where a database stands.

Self-contained: fed on standard input to the Python of an image or of a running instance::

    python - '{"config": "/app/alembic.ini", "current": true}' < revision_probe.py

It runs the application's own ``env.py`` as ``alembic current`` (or ``alembic upgrade head --sql``) does, runs no
migration, changes nothing, and prints one JSON document on a line that begins with a marker. What else the
application prints goes to standard error.
"""

from __future__ import annotations

import os
import sys

_PATH = list(sys.path)
sys.path[:] = [path for path in sys.path if path not in {"", os.getcwd()}]  # noqa: PTH109
# An application's types.py is not the library's; its env.py gets its folder back.

import contextlib
import importlib
import io
import json
import linecache
import traceback
from typing import Any

sys.path[:] = _PATH

__all__ = ["main"]

MARKER = "<<gonogo-revision>>"
SOURCE_LIMIT = 200000
SIZE = "SELECT pg_total_relation_size(to_regclass(:name))"
IMPORTING = "_find_and_load"
"""The interpreter's own frame of an import; beneath env.py's it says that a module could not be imported."""


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The document that answers a request."""
    document: dict[str, Any] = dict.fromkeys(
        ("current", "behind", "unknown", "pending", "tables", "sizes", "error", "environment", "sql", "known", "beyond")
    )
    document["heads"] = []
    try:
        enter(request)
        scripts = scripts_of(request, "upgrade", "head")
        document["heads"] = sorted(scripts.get_heads())
        document["known"] = sorted(script.revision for script in scripts.walk_revisions())
        goal = goal_of(scripts, request.get("target") or "heads")
        if request.get("current"):
            document.update(standing(request, scripts, goal))
        if request.get("beyond") is not None:
            ran = reached(scripts, document["current"]) - set(request["beyond"])
            document["beyond"] = files_of(script for script in scripts.walk_revisions() if script.revision in ran)
        if request.get("since") is not None:
            document["pending"] = pending(scripts, goal, request["since"])
            document["unknown"] = [name for name in request["since"] if lookup(scripts, name) is None]
        if request.get("environment"):
            document["environment"] = environment(request)
        if request.get("sql"):
            document["sql"] = written(request, scripts, goal)
    except Exception as error:  # noqa: BLE001  # the application's env.py may raise anything
        document["error"] = told(error)
    return document


def told(error: BaseException) -> dict[str, Any]:
    """What kind of error it is and its first line, as far as the application's code goes."""
    first = (str(error).strip().splitlines() or [""])[0]
    frames = traceback.extract_tb(error.__traceback__)
    last = next((frame for frame in reversed(frames) if not is_ours(frame.filename)), None)
    imported = any(frame.name == IMPORTING and "importlib" in frame.filename for frame in frames)
    return {
        "type": type(error).__name__,
        "kinds": [kind.__name__ for kind in type(error).__mro__],
        "message": first,
        "where": f"{last.filename}:{last.lineno}" if last else "",
        "importing": imported or always(frames),
        "migrating": any("/versions/" in frame.filename for frame in frames),
    }


def always(frames: list[traceback.FrameSummary]) -> bool:
    """Whether it is the application's code that env.py calls in a line of its own, however migrations are run."""
    own = [at for at, frame in enumerate(frames) if frame.name == "<module>" and not is_ours(frame.filename)]
    if not own or own[0] + 1 >= len(frames):
        return False
    caller, called = frames[own[0] : own[0] + 2]
    begins = linecache.getline(caller.filename, caller.lineno or 0)[:1]  # a space in a block
    return not begins.isspace() and called.filename != caller.filename and not is_ours(called.filename)


def is_ours(name: str) -> bool:
    """Whether a frame is none of the application's: this script's, a library's, or the import system's."""
    return "-packages/" in name or name.startswith(("<", os.path.dirname(os.__file__)))  # noqa: PTH120


def enter(request: dict[str, Any]) -> None:
    """Goes where the team runs Alembic; the configuration's name is relative to that, or absolute.

    ``bare``: by its own program, for which that folder is no place to import from, unlike for ``python -m``.
    """
    if request.get("bare"):
        forget_here()
    folder, name = os.path.split(request["config"])
    if request.get("folder"):
        folder, name = request["folder"], os.path.abspath(request["config"])  # noqa: PTH100
    if folder:
        os.chdir(folder)
    request["name"] = name


def forget_here() -> None:
    """Imports no more from the folder where this runs, unless the application's own PYTHONPATH names it."""
    if sys.path[:1] == [""]:
        del sys.path[0]
    added = os.environ.get("GONOGO_ADDED")
    own = os.environ.get("PYTHONPATH", "").split(os.pathsep)[1:]
    if added and added not in map(os.path.abspath, own) and added in sys.path:
        sys.path.remove(added)


def configuration(request: dict[str, Any], *words: str) -> Any:
    """Alembic's configuration as its own command line would make it of these words."""
    module = importlib.import_module("alembic.config")
    name = request["name"]
    named = [] if name == "alembic.ini" else ["-c", name]
    read = named[1:] or [os.environ.get("ALEMBIC_CONFIG", name), "pyproject.toml"]
    if not any(map(os.path.isfile, read)):
        raise FileNotFoundError(f"no {os.path.join(os.getcwd(), name)}")  # noqa: PTH109, PTH118
    line = module.CommandLine()
    options = line.parser.parse_args([*named, *request.get("words", []), *words])
    chosen = getattr(line, "_inis_from_config", None)
    if chosen is None:  # before Alembic 1.16
        return completed(module.Config(file_=options.config, ini_section=options.name, cmd_opts=options))
    toml, ini = chosen(options)
    return completed(module.Config(file_=ini, toml_file=toml, ini_section=options.name, cmd_opts=options))


def completed(config: Any) -> Any:
    """The configuration with the folder that Flask-Migrate adds to it: the one that it stands in."""
    folder = os.path.dirname(os.path.abspath(config.config_file_name or ""))  # noqa: PTH100, PTH120
    beside = os.path.isfile(os.path.join(folder, "env.py"))  # noqa: PTH113, PTH118
    if beside and not config.get_main_option("script_location"):
        config.set_main_option("script_location", folder.replace("%", "%%"))
    return config


def application(request: dict[str, Any], scripts: Any) -> Any:
    """The context in which env.py runs: the Flask application's, where it asks for the current one."""
    if "current_app" not in text_of(os.path.join(scripts.dir, "env.py")):  # noqa: PTH118
        return contextlib.nullcontext()
    name = request.get("app") or os.environ.get("FLASK_APP")
    return importlib.import_module("flask.cli").ScriptInfo(app_import_path=name).load_app().app_context()


def scripts_of(request: dict[str, Any], *words: str) -> Any:
    """The folder of migrations that a configuration names."""
    return importlib.import_module("alembic.script").ScriptDirectory.from_config(configuration(request, *words))


def lookup(scripts: Any, name: str) -> Any:
    """A revision by its full id; None where no file has it."""
    return next((script for script in scripts.walk_revisions() if script.revision == name), None)


def goal_of(scripts: Any, target: str) -> list[str]:
    """The revisions that an upgrade goes to; Alembic's own error where it would refuse."""
    if target == "head" and not scripts.get_heads():
        return []
    return [script.revision for script in scripts.get_revisions(target) if script is not None]


def reached(scripts: Any, names: Any) -> set[str]:
    """These revisions and everything that has run when they have."""
    parents = {script.revision: parents_of(script) for script in scripts.walk_revisions()}
    seen: set[str] = set()
    todo = [name for name in names if name in parents]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo.extend(parent for parent in parents[name] if parent in parents)
    return seen


def parents_of(script: Any) -> tuple[str, ...]:
    """What must have run before a revision: what it follows, and what it depends on."""
    found: list[str] = []
    for name in ("down_revision", "_resolved_dependencies"):
        value = getattr(script, name, None) or ()
        found.extend([value] if isinstance(value, str) else value)
    return tuple(found)


def pending(scripts: Any, goal: list[str], since: list[str]) -> list[dict[str, Any]]:
    """What an upgrade would run from there, oldest first, with the files' own text."""
    left = reached(scripts, goal) - reached(scripts, since)
    return files_of(script for script in reversed(list(scripts.walk_revisions())) if script.revision in left)


def files_of(scripts: Any) -> list[dict[str, Any]]:
    """Revisions with the text of their files."""
    return [
        {"id": script.revision, "path": script.path, "source": text_of(script.path), "parents": parents_of(script)}
        for script in scripts
    ]


def text_of(path: str) -> str:
    """A file's text; nothing for bytecode."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:  # noqa: PTH123
            return stream.read(SOURCE_LIMIT) if path.endswith(".py") else ""
    except OSError:
        return ""


def standing(request: dict[str, Any], scripts: Any, goal: list[str]) -> dict[str, Any]:
    """What each database that env.py configures says that it has, and whether something is left to run."""
    found: list[tuple[str, ...]] = []
    tables: dict[str, Any] = {}
    sizes: dict[str, Any] = {}
    models: dict[str, list[str]] = {}

    def note(revisions: Any, context: Any) -> list[Any]:
        found.append((revisions,) if isinstance(revisions, str) else tuple(revisions or ()))
        if request.get("shape"):
            tables.update(shape(context))
        elif request.get("tables"):
            for name, there in columns(context.connection, request["tables"]).items():
                tables[name] = tables.get(name) or there  # one of several databases has it
        if request.get("models"):
            models.update(declared(context.opts))
            tables.update(columns(context.connection, list(models)))
        sizes.update(measured(context, request.get("sizes") or ()))
        return []

    run(request, note, "current")
    every = sorted({name for one in found for name in one})
    return {
        "current": every,
        "unknown": [name for name in every if lookup(scripts, name) is None],
        "behind": not found or any(not set(goal) <= reached(scripts, one) for one in found),
        "tables": tables,
        "sizes": sizes,
        "models": models,
    }


def run(request: dict[str, Any], note: Any, *words: str, **options: Any) -> None:
    """Runs env.py; ``note`` stands in for the migrations, so that none runs."""
    context = importlib.import_module("alembic.runtime.environment").EnvironmentContext
    config = configuration(request, *words)
    config.output_buffer = io.StringIO()
    scripts = importlib.import_module("alembic.script").ScriptDirectory.from_config(config)
    with application(request, scripts), context(config, scripts, fn=note, dont_mutate=True, **options):
        scripts.run_env()


def shape(context: Any) -> dict[str, Any]:
    """Every table of the default schema with its columns, but for Alembic's own."""
    names = importlib.import_module("sqlalchemy").inspect(context.connection).get_table_names()
    return columns(context.connection, [name for name in names if name != context.version_table])


def columns(connection: Any, names: list[str]) -> dict[str, Any]:
    """The columns of tables as the database has them; None for one that it has not."""
    if not names:
        return {}
    inspector = importlib.import_module("sqlalchemy").inspect(connection)
    found: dict[str, Any] = {}
    for name in names:
        schema, _, table = name.rpartition(".")
        try:
            found[name] = [column["name"] for column in inspector.get_columns(table, schema or None)]
        except Exception:  # noqa: BLE001  # NoSuchTableError, under whatever name the dialect raises it
            found[name] = None
    return found


def measured(context: Any, names: Any) -> dict[str, int]:
    """The bytes of tables that PostgreSQL has, with their indexes; of other databases nothing is known."""
    found: dict[str, int] = {}
    if context.dialect.name != "postgresql":
        return found
    text = importlib.import_module("sqlalchemy").text
    with contextlib.suppress(Exception):  # a figure beside the answer; nothing in it may take that away
        for name in names:
            asked = context.connection.execute(text(SIZE), {"name": name}).scalar()
            found.update({name: int(asked)} if asked is not None else {})
    return found


def written(request: dict[str, Any], scripts: Any, goal: list[str]) -> dict[str, Any]:
    """The SQL of an upgrade, as ``upgrade --sql`` writes it: by revision, and why a revision's could not be written.

    Revisions run as they do offline; whatever they would open a connection for is refused. What env.py opens before is
    not: one without an offline mode writes SQL too, where its database can be reached.
    """
    document: dict[str, Any] = {"dialect": "", "revisions": [], "error": None}

    def note(revisions: Any, context: Any) -> Any:
        document["dialect"] = context.dialect.name
        offline()
        for step in scripts._upgrade_revs(tuple(goal), revisions):  # noqa: SLF001  # as alembic.command has it
            yield watched(step, context, document["revisions"])

    try:
        since = list(request["since"]) or None
        run(request, note, "upgrade", "head", "--sql", as_sql=True, starting_rev=since, destination_rev="heads")
    except (Exception, SystemExit) as error:  # noqa: BLE001  # the application's env.py may raise anything
        document["error"] = told(error)
    return document


def watched(step: Any, context: Any, found: list[dict[str, Any]]) -> Any:
    """The step of an upgrade, noting each statement that it writes."""
    migrate, write = step.migration_fn, context.impl.static_output

    def run_it(**options: Any) -> None:
        made: dict[str, Any] = {"id": step.to_revisions[0], "sql": [], "error": None}
        found.append(made)
        context.impl.static_output = made["sql"].append
        try:
            migrate(**options)
        except BaseException as error:
            made["error"] = told(error)
            raise
        finally:
            context.impl.static_output = write

    step.migration_fn = run_it
    return step


def offline() -> None:
    """From here on nothing here may speak to a database or to anybody else: revisions may do more than write SQL."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise ConnectionRefusedError("no connection is made while SQL is only written")

    def heard(event: str, _: Any) -> None:
        if event in {"socket.connect", "socket.sendto", "sqlite3.connect", "subprocess.Popen", "os.system"}:
            refuse()

    sqlalchemy = importlib.import_module("sqlalchemy")
    sqlalchemy.event.listen(sqlalchemy.engine.Engine, "do_connect", refuse)
    for name in ("psycopg", "psycopg2", "MySQLdb"):
        with contextlib.suppress(ImportError):
            importlib.import_module(name).connect = refuse  # type: ignore[attr-defined]
    sys.addaudithook(heard)


def environment(request: dict[str, Any]) -> dict[str, Any]:
    """Runs env.py as ``upgrade --sql`` does; returns why it could not be run, and its models' tables."""
    document: dict[str, Any] = {"error": None, "ran": False, "models": None}
    models: dict[str, list[str]] = {}

    def note(_revisions: Any, context: Any) -> list[Any]:
        document["ran"] = True
        models.update(declared(context.opts))
        return []

    try:
        run(request, note, "upgrade", "head", "--sql", as_sql=True, starting_rev=None, destination_rev="heads")
    except SystemExit as error:
        document["error"] = told(error)
    except Exception as error:  # noqa: BLE001  # the application's env.py may raise anything
        document["error"] = told(error)
    document["models"] = models
    return document


def declared(options: dict[str, Any]) -> dict[str, list[str]]:
    """Table and columns of the metadata that env.py gives to autogenerate, without what it leaves out."""
    metadata = options.get("target_metadata")
    wanted = options.get("include_object") or (lambda *_: True)
    found: dict[str, list[str]] = {}
    reflected = False
    for one in metadata if isinstance(metadata, (list, tuple)) else [metadata]:
        for name, table in getattr(one, "tables", {}).items():
            if not {"bind_key", "is_view"} & set(table.info) and wanted(table, table.name, "table", reflected, None):
                kept = [column for column in table.columns if wanted(column, column.name, "column", reflected, None)]
                found[name] = [column.name for column in kept]
    return found


def main(argv: list[str]) -> int:
    """Keeps standard output for the document: env.py may print what it likes."""
    sys.dont_write_bytecode = True
    mine = os.dup(1)
    os.dup2(2, 1)
    os.write(mine, f"\n{MARKER}{json.dumps(answer(json.loads(argv[1])))}\n".encode())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
