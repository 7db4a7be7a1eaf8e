"""Look at a repository whose application runs as plain processes: no compose file is needed."""

from __future__ import annotations

import posixpath
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gonogo.detect.dependencies import dependencies
from gonogo.detect.envfiles import example_for
from gonogo.detect.facts import Fact, Found, Given, Question, guess
from gonogo.detect.installing import Installing, installing
from gonogo.detect.naming import name_of
from gonogo.detect.offers import log_files, offers
from gonogo.detect.outside import own_page
from gonogo.detect.planned import Planned, planned, quoted
from gonogo.detect.services import Seen, look_at_started
from gonogo.detect.serving import given_program, run_from, serving_program
from gonogo.detect.start_files import LOOKED_FOR, Program, programs
from gonogo.detect.stored import stored_inside
from gonogo.detect.tree import Tree
from gonogo.detect.variables import required_secrets
from gonogo.errors import UsageError
from gonogo.host.runner import Command, Host
from gonogo.inspection.variables.envfile import parse
from gonogo.runtimes.process.health import holder_of

__all__ = ["survey_processes"]

_USUAL_PORT = 8000
_ALL_OF_IT = frozenset({"procfile", "unit", "supervisor"})
"""Files that name every program of an application; others name ways to start one."""
_LEAST_PORT = 1024
_MOST_LEFT = 4


_LOOPBACK = frozenset({"", "127.0.0.1", "localhost"})
_ANYWHERE = frozenset({"0.0.0.0", "*", "[::]", "::"})  # noqa: S104 (what commands say)
_QUEUES = ("celery", "rq", "dramatiq", "huey", "arq", "django-q", "django-q2", "django-rq", "taskiq", "procrastinate")


@dataclass(frozen=True, kw_only=True)
class _Looked:
    """What was looked at: the repository, the application's folder in it, what is installed, and its services."""

    tree: Tree
    inner: Tree
    folder: str
    install: Installing
    main: Program
    services: tuple[Planned, ...]
    seen: tuple[Seen, ...]
    found: tuple[Program, ...]

    def unstarted(self) -> Iterator[Question]:
        """A worker that the application can have, where no file that only deployment reads starts it."""
        if any(one.port is None for one in self.services):
            return
        packages = dependencies(self.inner) | dependencies(self.tree)
        asked = next((f"{packages[name]} asks for {name}" for name in _QUEUES if name in packages), "")
        named = next((one.start for one in self.found if one.start.role == "worker"), None)
        if asked or named is not None:
            said = f"{named.where} starts `{named.text}`" if named is not None else asked
            text = f"should a worker run? {said}; as a service without a port: [service.worker], command = …"
            yield Question(about="service.worker", text=text)


def survey_processes(root: Path, tree: Tree, given: Given, host: Host) -> Found:
    """Finds out all that a gonogo.toml for the runtime ``process`` says.

    Raises:
        UsageError: nothing that could be started was found; the text says what was looked for.
    """
    packages = dependencies(tree)
    found = list(programs(tree))
    main = given_program(tree, given) or serving_program(tree, found, packages)
    if main is None:
        raise UsageError(_nothing(tree, found))
    folder, install = installing(tree, run_from(tree, main), main.start.server, lambda name: _runs(name, host))
    inner = tree.within(folder)
    services = tuple(planned(tree, main, found, given, holder_of))
    env = {key: value for key, value in main.env.items() if key == "FLASK_APP"}
    env["PYTHONPATH"] = posixpath.relpath(run_from(tree, main), folder)  # elsewhere where a package is installed
    seen = tuple(_look(inner, one, env) for one in services)
    looked = _Looked(
        tree=tree,
        inner=inner,
        folder=folder,
        install=install,
        main=main,
        services=services,
        seen=seen,
        found=tuple(found),
    )
    return _found(root, given, looked)


def _runs(name: str, host: Host) -> bool:
    """Whether a Python is there; a version manager's own program for it may be there without it."""
    return shutil.which(name) is not None and host.run(Command(argv=(name, "-m", "venv", "--help"), timeout=20.0)).ok


def _look(tree: Tree, one: Planned, env: Mapping[str, str]) -> Seen:
    words = [{"{python}": "python", "{port}": "8000"}.get(word, word) for word in one.words]
    seen = look_at_started(tree, one.name, words, where=one.program.start.where, env=env)
    role = "web" if one.port is not None else "worker"
    command = Fact(" ".join(map(quoted, one.words)), one.program.start.where)
    if one.program.kind in {"default", "readme", "script", "make"}:
        command = guess(command.value, command.where)
    facts = replace(seen.facts, role=role, command=command, port=one.port)
    facts = replace(facts, questions=(*facts.questions, *one.questions), migrations_config=seen.facts.migrations_config)
    return replace(seen, facts=facts)


def _found(root: Path, given: Given, looked: _Looked) -> Found:
    tree, inner, folder, install = looked.tree, looked.inner, looked.folder, looked.install
    seen, services = looked.seen, looked.services
    name = name_of(root, tree, given)
    first = seen[0]
    env_file, to_do = _env_file(root, looked, given)
    own = env_file.value if env_file else ".env"
    there = _text(root / folder / own)
    settings = [path for one in seen for path in one.settings]
    secrets = required_secrets(inner.also(own, there), None, settings, own)
    live = own_page(inner, {"services": {one.facts.name: {} for one in seen}}, (), first)
    required = first.entry_file if first.facts.entrypoint is not None and first.facts.entrypoint.sure else ""
    commands = {**install.commands, **_migrating(first)}
    return Found(
        name=name,
        runtime="process",
        root=Fact(folder, install.where) if folder != "." else None,
        project=Fact(given.project, "as you said")
        if given.project
        else Fact(f"{name.value}-{given.env}", "a name of its own"),
        services=tuple(one.facts for one in seen),
        required=Fact((required,), "the entry point's file") if required else None,
        env_file=env_file,
        url=Fact(given.url, "as you said") if given.url else None,
        live=Fact(given.live, "as you said") if given.live else live,
        commands=Fact(commands, "") if commands else None,
        logs=log_files(tree),
        secrets=Fact(secrets, "") if secrets else None,
        questions=(
            *install.questions,
            *looked.unstarted(),
            *stored_inside(inner, parse(there).values),
            *_before(looked.main),
        ),
        notes=(*install.notes, *_notes(tree, services), *offers(tree, given.env)),
        to_do=tuple(to_do),
    )


def _migrating(seen: Seen) -> dict[str, str]:
    return {"migrate": seen.migrating.command} if seen.migrating is not None and seen.migrating.command else {}


def _env_file(root: Path, looked: _Looked, given: Given) -> tuple[Fact[str] | None, list[str]]:
    """The env file of the application's folder or of the repository's top, and how it is made."""
    if given.env_file:
        return Fact(given.env_file, "as you said"), []
    up = "/".join(".." for _ in looked.folder.split("/"))
    places = [(looked.inner, ""), *([(looked.tree, f"{up}/")] if looked.folder != "." else [])]
    for where, prefix in places:
        example = next((path for path in (example_for(".env", where),) if path and "/" not in path), "")
        if (root / looked.folder / f"{prefix}.env").is_file():
            return Fact(f"{prefix}.env", "it is there; its variables are given to every process"), []
        if example:
            made = f"cp {prefix}{example} {prefix}.env, and fill it in"
            return Fact(f"{prefix}.env", f"{example} is its example"), [made]
    return None, []


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    except OSError:
        return ""


def _before(main: Program) -> Iterator[Question]:
    """Commands that stand beside the server and are none of its own."""
    parts = [part.strip() for part in re.split(r"&&|;|\n", main.text) if main.kind in {"procfile", "platform", "unit"}]
    before = [part for part in parts if re.search(r"collectstatic|compilemessages|translate|assets", part)]
    if before:
        text = f"{main.start.where} runs `{'; '.join(before)}` before each start; it belongs to the build"
        line = "install = " + _install_and(before)
        yield Question(about="commands.install", text=text, line=line)


def _install_and(parts: Sequence[str]) -> str:
    said = " && ".join(["{python} -m pip install -r requirements.txt", *parts])
    return f'''"sh -c '{said}'"'''


def _notes(tree: Tree, services: Sequence[Planned]) -> Iterator[str]:
    for one in services:
        host = one.written.host
        if host not in _LOOPBACK | _ANYWHERE:
            port = one.port.value if one.port else ""
            yield f"{one.program.start.where} listens on {host}; what stands in front must send to 127.0.0.1:{port}"
        elif host not in _LOOPBACK and one.program.kind not in {"procfile", "platform", "dockerfile"}:
            yield f"{one.program.start.where} listens on {host}; without a proxy in front write that into the command"
    if tree.submodules:
        yield f"git submodules ({', '.join(tree.submodules)}) were not looked at; a release has them too"
    behind = [path for path in tree.files if re.search(r"(?:^|/)(?:docker-)?compose[\w.-]*\.ya?ml$", path)]
    if behind and not any(Tree.is_test(path) for path in behind):
        yield f"left alone: {', '.join(behind[:_MOST_LEFT])}; gonogo starts nothing of it here"


def _nothing(tree: Tree, found: Sequence[Program]) -> str:
    dockerfiles = [path for path in tree.files if posixpath.basename(path).startswith("Dockerfile")]
    has = f" (but {', '.join(dockerfiles[:_MOST_LEFT])})" if dockerfiles else ""
    workers = ", ".join(dict.fromkeys(f"{one.start.where} ({one.start.text[:60]})" for one in found[:_MOST_LEFT]))
    other = f" It found only {workers}." if workers else ""
    return (
        f"found no compose file{has} and nothing that starts a server, expected one of them. Looked for "
        f"{LOOKED_FOR}.{other} "
        'Say how it is started: `gonogo init --command "gunicorn app:app" --port 8000`; with Docker, name the compose '
        "file whose service has `build:`: `gonogo init --compose FILE`."
    )
