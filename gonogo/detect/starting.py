"""What a container's start command starts: which server, which entry point, which worker, which migrations."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gonogo.detect.making import MAKEFILES, recipes, targets_in
from gonogo.detect.tree import Tree

__all__ = ["Start", "read_start", "run_in", "scripts_of", "starts_in"]

_MODULE = re.compile(r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*(\(.*\))?$")
_WSGI = re.compile(r"^[A-Za-z_][\w.]*\.(?:wsgi|asgi)$|^(?:wsgi|asgi|main|app|application|run|server)$")
_SERVERS = frozenset({"uvicorn", "gunicorn", "hypercorn", "daphne", "granian", "uwsgi", "waitress-serve"})
_AROUND = frozenset({"coverage", "cProfile", "debugpy", "memray", "pdb", "scalene"})
"""Modules that start another one, which stands behind them."""
_WORKERS = frozenset(
    {
        "celery",
        "rq",
        "arq",
        "dramatiq",
        "huey_consumer",
        "taskiq",
        "flower",
        "rq-dashboard",
        "supercronic",
        "airflow",
        "rqworker",
        "periodiq",
    }
)
_WORKER_COMMANDS = frozenset(
    {"rqworker", "qcluster", "process_tasks", "run_huey", "celery", "rq", "db_worker", "procrastinate"}
)
_SHELLS = frozenset({"sh", "bash", "ash", "dash"})
_TAKES_VALUE = frozenset(
    """-c --config -b --bind -w --workers -k --worker-class --host --port -h -p --log-config --log-level --env-file
    --access-logfile --error-logfile --timeout -t --graceful-timeout --keep-alive --threads --name -n --user -u --group
    -g --umask --pid --worker-tmp-dir --root-path --loop --http --ws --interface --log-file --certfile --keyfile
    --max-requests --max-requests-jitter --preload-app --forwarded-allow-ips --ssl-keyfile --ssl-certfile --reload-dir
    --reload-include --reload-exclude --limit-concurrency --backlog --listen""".split()  # noqa: SIM905
)
_FOLDER_OPTIONS = frozenset({"--app-dir", "--chdir", "--pythonpath", "--working-dir"})
_OTHERS = frozenset("add apk apt-get command echo install kill pip pkill printf which".split())  # noqa: SIM905
"""Programs that only name a server."""
_NAMES = frozenset({"-A", "--app", "-u", "--user", "-n", "--name", "-p", "--project", "-g", "--group"})
"""Options whose value may be called as a program is."""
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_BREAK = re.compile(r"&&|\|\||;|\||\n|\bthen\b|\belse\b|\bdo\b")
_CALLED = re.compile(r"""uvicorn\.run\(\s*(?:app\s*=\s*)?(?:["']([\w.]+:[\w.]+)["']|([A-Za-z_]\w*))""")
_MOVES = re.compile(r"cd\s+(\S+)$")
_MOST_SCRIPTS = 6
_VARIABLE = re.compile(r"\$(?:(?P<plain>\w+)|\{(?P<name>\w+)(?::?-(?P<default>[^{}]*))?\})")
_ASSIGNMENT = re.compile(r"^\s*(?:export\s+)?(\w+)=(\"[^\"]*\"|'[^']*'|[^\s;&|]*)\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What is started, and where it is said."""

    role: str
    """``web``, ``worker`` or ``unknown``."""
    server: str = ""
    entrypoint: str = ""
    """``module:attribute`` as it is written; empty where it is not said."""
    module_folder: str = ""
    """Where the server is told to look for the module, if not in the working folder."""
    where: str = ""
    text: str = ""
    """The part of the command that says so."""
    django: bool = False
    script: str = ""
    """A Python file that is run."""
    config: str = ""
    """A file that its server is configured with."""


def scripts_of(words: Sequence[str], tree: Tree, found: Mapping[str, str]) -> dict[str, str]:
    """The scripts that a command names, by path, and those that they name; of a Makefile the recipes that are made.

    ``found`` maps paths of the image to the repository's.
    """
    scripts: dict[str, str] = {}
    made: list[str] = []
    work = [" ".join(words)]
    if "supervisord" in work[0]:
        work += [
            " ".join(at for at, path in found.items() if at.startswith("/etc/") and "[program:" in tree.text(path))
        ]
    while work and len(scripts) < _MOST_SCRIPTS:
        text = work.pop()
        for word in re.findall(r"[\w./$@{}-]+", text):
            path = _script(word, tree, found)
            if path and path not in scripts and not tree.is_test(path):
                scripts[path] = tree.text(path)
                work.append(tree.text(path))
        more = [target for target in targets_in(text) if target not in made]
        makefile = _makefile(tree, found) if more else ""
        if makefile:
            made += more
            scripts[makefile] = recipes(tree.text(makefile), made)
            work.append(recipes(tree.text(makefile), more))
    return scripts


def _makefile(tree: Tree, found: Mapping[str, str]) -> str:
    """The repository's file of recipes: the one that the image holds, else the uppermost."""
    held = {*found.values()}
    return min(tree.named(*MAKEFILES), key=lambda path: (path not in held, path.count("/"), path), default="")


def _script(word: str, tree: Tree, found: Mapping[str, str]) -> str:
    """The repository's file that a word of a command is."""
    inside = found.get(posixpath.normpath(word), "") if word.startswith("/") else ""
    if inside and _is_shell(inside, tree):
        return inside
    name = posixpath.basename(word)
    if not name or ("." not in name and "/" not in word and "entrypoint" not in name):
        return ""
    tail = word.lstrip("./")
    same = [path for path in tree.files if (path == tail or path.endswith(f"/{tail}")) and _is_shell(path, tree)]
    if not same and word.startswith("/"):
        same = [path for path in tree.files if posixpath.basename(path) == name and _is_shell(path, tree)]
    held = set(found.values())
    return min(same, key=lambda path: (path not in held, path.count("/"), path)) if same else ""


def _is_shell(path: str, tree: Tree) -> bool:
    """Whether a file is a shell script, or a configuration of supervisor's."""
    if path.endswith((".sh", ".bash")) or "[program:" in tree.text(path):
        return True
    first = tree.text(path).partition("\n")[0]
    return first.startswith("#!") and ("sh" in first.rpartition("/")[2] or "env bash" in first)


def read_start(
    words: Sequence[str], *, where: str, scripts: Mapping[str, str], env: Mapping[str, str] | None = None
) -> Start:
    """Reads entry point and command, then the scripts that they name; a server found in either wins over a worker.

    Args:
        words: Entry point and command.
        where: Where they stand.
        scripts: Texts by path, as ``scripts_of`` found them.
        env: Variables that are known (``FLASK_APP``).
    """
    found = [start for start in starts_in(_flat(words), where, env or {}) if start.role != "unknown"]
    own = next((start for start in found if start.role in {"web", "worker"}), None)
    if own is not None:
        return own
    asked = words[-1] if len(words) > 1 and "/" not in words[-1] else ""
    for path, text in scripts.items():
        body = _case(text, asked) or text
        found += [start for start in starts_in(body, path, env or {}, whole=text) if start.role != "unknown"]
    for role in ("web", "worker", "python"):
        ranked = [start for start in found if start.role == role]
        if ranked:
            return next((start for start in ranked if start.entrypoint), ranked[0])
    return Start(role="unknown", where=where, text=_flat(words)[:200])


def _case(text: str, word: str) -> str:
    """The branch of a script's ``case`` (or the function that it calls) which a command's word chooses."""
    if not word or not re.fullmatch(r"[\w-]+", word):
        return ""
    branch = re.search(rf"(?ms)^\s*\(?(?:[\w|-]+\|)?{re.escape(word)}(?:\|[\w|-]+)?\)\s*\n(.*?);;", text)
    if not branch:
        return ""
    body = branch[1]
    for name in re.findall(r"(?m)^\s*(\w+)\s*$", body):
        function = re.search(rf"(?ms)^(?:function\s+)?{re.escape(name)}\s*\(\)\s*\{{(.*?)^\}}", text)
        body += f"\n{function[1]}" if function else ""
    return body


def _flat(words: Sequence[str]) -> str:
    """The words as one text; what a shell is given is the text itself."""
    rest = list(words)
    texts: list[str] = []
    while rest:
        word = rest.pop(0)
        if posixpath.basename(word) in _SHELLS and rest and rest[0].startswith("-") and "c" in rest[0]:
            rest.pop(0)
            continue
        texts.append(word if " " in word or not re.search(r"[^\w@%+=:,./${}-]", word) else shlex.quote(word))
    return " ".join(texts)


def starts_in(text: str, where: str, env: Mapping[str, str], *, whole: str = "") -> Iterator[Start]:
    """Everything that a shell's text starts, with its line; ``whole`` is the file that the text is a part of."""
    joined = _expanded(_of_supervisor(text.replace("\\\n", " ")), env)
    folder = ""
    for number, line in enumerate(joined.split("\n"), 1):
        for part in _BREAK.split(_COMMENT.sub("", line)):
            start = _in_part(part.strip(), env)
            if moved := _MOVES.match(part.strip()):
                folder = moved[1].strip("\"'")
            if start is not None:
                place = f"{where}:{_line_of(whole or text, part, number)}" if "\n" in (whole or text).strip() else where
                there = posixpath.join(folder, start.module_folder) if start.module_folder else folder
                yield replace(start, module_folder=there, where=place, text=part.strip())


def _of_supervisor(text: str) -> str:
    """The programs of a supervisor's configuration as a shell would start them."""
    if "[program:" not in text:
        return text
    return re.sub(r"(?m)^directory\s*=\s*", "cd ", re.sub(r"(?m)^command\s*=\s*", "", text))


def _expanded(text: str, env: Mapping[str, str]) -> str:
    """A script's text with the variables that it sets itself, or whose default it names; it stands where it begins."""
    known = {"PWD": ".", **env}
    lines = []
    for line in text.replace("$(pwd)", ".").replace("`pwd`", ".").split("\n"):
        said = _VARIABLE.sub(lambda match: _value(match, known), line)
        if assigned := _ASSIGNMENT.match(said):
            known[assigned[1]] = assigned[2].strip("\"'")
        lines.append(said)
    return "\n".join(lines)


def _value(match: re.Match[str], known: Mapping[str, str]) -> str:
    name = match["plain"] or match["name"]
    default = _VARIABLE.sub(lambda inner: _value(inner, known), match["default"] or "")
    return known.get(name) or default or match[0]


def _line_of(text: str, part: str, default: int) -> int:
    first = part.strip().split("  ")[0].rstrip("\\").strip()
    return next((number for number, line in enumerate(text.split("\n"), 1) if first and first[:60] in line), default)


def _in_part(part: str, env: Mapping[str, str]) -> Start | None:
    try:
        words = shlex.split(part)
    except ValueError:
        words = part.split()
    for at, word in enumerate(words):
        if at and words[at - 1] in _NAMES:
            continue
        name = posixpath.basename(word)
        if name in _OTHERS:
            return None
        start = _program(name, words[at + 1 :], env)
        if start is not None:
            return start
    return None


def _program(name: str, rest: Sequence[str], env: Mapping[str, str]) -> Start | None:
    """What a program is started for, where it is one that is known."""
    if name in _SERVERS:
        return _server(name, rest, env)
    if name in _WORKERS:
        return Start(role="worker", server=name)
    if name == "fastapi" and rest[:1] and rest[0] in {"run", "dev"}:
        return Start(role="web", server="fastapi", script=_plain(rest[1:]))
    if name == "flask" and "run" in rest:
        asked = _option(rest, "--app", "-A") or env.get("FLASK_APP", "")
        return Start(role="web", server="flask", entrypoint=asked)
    if name in {"manage.py", "django-admin"}:
        return _managed(rest)
    return _python(rest) if name.startswith("python") else None


def _server(name: str, rest: Sequence[str], env: Mapping[str, str]) -> Start:
    folder = next((_option(rest, option) for option in _FOLDER_OPTIONS if _option(rest, option)), "")
    if name == "uwsgi":
        module = _option(rest, "--module", "--wsgi", "-w") or _option(rest, "--wsgi-file")
        ini = _option(rest, "--ini", "-i") or next((word for word in rest if word.endswith(".ini")), "")
        entry = module if "/" not in module else ""
        return Start(role="web", server=name, entrypoint=entry, module_folder=folder, script=ini, config=ini)
    factory = any(word in {"--factory", "--call"} for word in rest)
    config = _option(rest, "-c", "--config")
    found = _argument(rest)
    if not found and env.get("APP_MODULE"):
        found = env["APP_MODULE"]
    if found and factory and not found.endswith(")"):
        found += "()"
    script = config if not found else ""
    return Start(role="web", server=name, entrypoint=found, module_folder=folder, script=script, config=config)


def _argument(rest: Sequence[str]) -> str:
    """The first word that is a module, and no option's value."""
    skip = False
    candidates = []
    for word in rest:
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = word in _TAKES_VALUE or word in _FOLDER_OPTIONS
        else:
            candidates.append(word.strip("'\""))
    return next(
        (word for word in candidates if _MODULE.match(word)),
        next((word for word in candidates if _WSGI.match(word)), ""),
    )


def _managed(rest: Sequence[str]) -> Start | None:
    command = next((word for word in rest if not word.startswith("-")), "")
    if command == "run":
        return Start(role="web", server="flask", script="manage.py")
    if command in {"runserver", "runserver_plus", "serve", "run_gunicorn", "runuvicorn"}:
        return Start(role="web", server="manage.py", django=True)
    if command in _WORKER_COMMANDS or "worker" in command or "scheduler" in command:
        return Start(role="worker", server=f"manage.py {command}", django=True)
    return None


def _python(rest: Sequence[str]) -> Start | None:
    words = [word for word in rest if not (word.startswith("-") and word != "-m")]
    if not words:
        return None
    if words[0] == "-m":
        if len(words) > 1 and words[1] in _SERVERS | _WORKERS | _AROUND | {"flask", "fastapi"}:
            return None
        module = words[1] if len(words) > 1 else ""
        return Start(role="python", script=module.replace(".", "/")) if re.fullmatch(r"[\w.]+", module) else None
    if posixpath.basename(words[0]) == "manage.py":
        return None
    return Start(role="python", script=words[0]) if words[0].endswith(".py") else None


def _plain(rest: Sequence[str]) -> str:
    skip = False
    for word in rest:
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = word in {"--host", "--port", "--workers", "--root-path", "--app"}
        else:
            return word
    return ""


def _option(rest: Sequence[str], *names: str) -> str:
    for at, word in enumerate(rest):
        if word in names and at + 1 < len(rest):
            return rest[at + 1]
        for name in names:
            if word.startswith(f"{name}="):
                return word[len(name) + 1 :]
    return ""


def run_in(text: str) -> str:
    """What a Python file hands to ``uvicorn.run``: ``module:attribute``, or ``:name`` of its own; empty for none."""
    match = _CALLED.search(text)
    if match is None:
        return ""
    return match[1] or f":{match[2]}"
