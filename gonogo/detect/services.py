"""What is found out of one service that a release consists of."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gonogo.detect.addresses import STORE, environment_of, is_front, is_stored_behind
from gonogo.detect.dependencies import dependencies
from gonogo.detect.entrypoints import entry_of, framework_of, has_pages, in_its_folder
from gonogo.detect.facts import Fact, Question, ServiceFacts, guess
from gonogo.detect.images import TIANGOLO, ImageStage, read_image
from gonogo.detect.migrating import Migrating, alembic_of, django_of
from gonogo.detect.modules import Modules
from gonogo.detect.routing import Placed, document_path, placed
from gonogo.detect.running import Running
from gonogo.detect.starting import Start, read_start, scripts_of
from gonogo.detect.tree import Tree
from gonogo.detect.variables import settings_files
from gonogo.frameworks import static_routes
from gonogo.inspection.code.dockerfile import DockerfileError
from gonogo.inspection.code.environments import ImportPlace, environment_in, import_place
from gonogo.runtimes.compose.model.places import place_of
from gonogo.runtimes.compose.model.roles import is_proxy, start_words

__all__ = ["Seen", "look_at", "look_at_started"]

_OF_APPLICATIONS = frozenset({"python", "web", "worker"})
_HERE = "/application"
_SETTINGS = re.compile(r"(?m)(?:^|[;&|])[ \t]*(?:export[ \t]+)?(DJANGO_SETTINGS_MODULE)=")
_PLAIN = re.compile(r"[\w./+@-]+")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A service's facts with what later ones are drawn from."""

    facts: ServiceFacts
    start: Start
    image: ImageStage | None
    routes: tuple[Placed, ...] = ()
    document: str = ""
    """The path of FastAPI's own document; empty where it is switched off, or only running tells."""
    entry_file: str = ""
    migrating: Migrating | None = None
    settings: tuple[str, ...] = ()
    packages: Mapping[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class _Looking:
    """Where one looks."""

    tree: Tree
    model: Mapping[str, Any]
    files: Sequence[str]
    name: str
    running: Running | None

    @property
    def service(self) -> Mapping[str, Any]:
        return dict(self.model["services"][self.name])

    def place(self, *keys: str) -> str:
        return place_of(self.tree.text, self.files, self.name, *keys)


def look_at(tree: Tree, model: Mapping[str, Any], files: Sequence[str], name: str, running: Running | None) -> Seen:
    """Finds out what a service is."""
    at = _Looking(tree=tree, model=model, files=files, name=name, running=running)
    where = at.place("build", "image")
    image, problem = _image(at)
    if (image is not None and STORE.search(image.base.casefold())) or is_stored_behind(model["services"][name]):
        note = f"{name} is built here ({where}), so each release makes its container anew; its volumes stay"
        facts = ServiceFacts(name=name, where=where, role="store", notes=(note,))
        return Seen(facts=facts, start=Start(role="store"), image=image)
    read = _read(at, where, image) if image is not None and not is_proxy(image.base) else None
    if read is not None and (read.start.role in _OF_APPLICATIONS or not is_front(model, name)):
        return read
    if image is not None or is_front(model, name):
        facts = ServiceFacts(name=name, where=where, role="proxy")
        return Seen(facts=facts, start=Start(role="proxy"), image=image)
    return _unread(at, where, problem)


def look_at_started(tree: Tree, name: str, words: Sequence[str], *, where: str, env: Mapping[str, str]) -> Seen:
    """Finds out what a command of the runtime ``process`` starts: what runs is the tree itself."""
    files = {posixpath.join(_HERE, path): path for path in tree.files}
    image = ImageStage(dockerfile=where, base="", workdir=_HERE, env=env, files=files, command=tuple(words))
    at = _Looking(tree=tree, model={"services": {name: {}}}, files=(), name=name, running=None)
    return _read(at, where, image)


def _image(at: _Looking) -> tuple[ImageStage | None, str]:
    """The image that a service's Dockerfile makes, or why it cannot be read."""
    build = at.service.get("build") or _builder(at)
    if not build:
        return None, "it is not built here"
    context = posixpath.normpath(str(build.get("context") or "."))
    inline = build.get("dockerfile_inline")
    dockerfile = posixpath.normpath(posixpath.join(context, str(build.get("dockerfile") or "Dockerfile")))
    if "://" in str(build.get("context")) or context.startswith(("..", "/")):
        return None, f"its build context {build.get('context')} is not in this repository"
    if inline or dockerfile not in at.tree:
        return None, f"{dockerfile} was not found in this repository"
    try:
        target, args = str(build.get("target") or ""), dict(build.get("args") or {})
        return read_image(at.tree, dockerfile, context=context, target=target, args=args), ""
    except DockerfileError as error:
        return None, f"{dockerfile} could not be read ({error})"


def _builder(at: _Looking) -> Mapping[str, Any] | None:
    """How the image is built that a service without ``build:`` runs."""
    name = at.service.get("image")
    others = (other for other in at.model["services"].values() if "build" in other and other.get("image") == name)
    return next((dict(other["build"]) for other in others), None) if name else None


def _unread(at: _Looking, where: str, problem: str) -> Seen:
    question = Question(
        about=f"service.{at.name}",
        text=f"{problem}; what does it serve, and where do the repository's files stand in its image?",
        line='entrypoint = "module:attribute"',
    )
    start = read_start(start_words(at.service), where=at.place("command", "entrypoint"), scripts={})
    facts = ServiceFacts(name=at.name, where=where, role=_role(start, at), questions=(question,))
    return Seen(facts=facts, start=start, image=None)


def _read(at: _Looking, where: str, image: ImageStage) -> Seen:
    files = {**image.files, **_mounted_files(at)}
    words, said = _command(at, image)
    env = {**image.env, **environment_of(at.service)}
    scripts = scripts_of(words, at.tree, files)
    start = read_start(words, where=said, scripts=scripts, env=env)
    workdir = _workdir(at, image)
    if not words and image.base.startswith(TIANGOLO):
        start = _of_tiangolo(image, files, env)
    start = in_its_folder(start, Modules(at.tree, files, _import_path(workdir, env)), workdir=workdir)
    modules = Modules(at.tree, files, _import_path(workdir, env), _own_folders(workdir, start))
    folder = modules.folder_of(workdir) if workdir else "."
    entry, path = entry_of(start, modules, folder=folder or ".", workdir=workdir)
    packages = dependencies(at.tree, posixpath.dirname(path) or folder or ".")
    if path and modules.root_of(path):
        own = (*_own_folders(workdir, start), modules.root_of(path))
        modules = Modules(at.tree, files, _import_path(workdir, env), own)
    if start.role == "python":
        other = "unknown" if at.service.get("ports") else "worker"
        start = Start(role="web" if entry else other, where=start.where, text=start.text)
    if start.role != "web":
        entry, path = None, ""
    framework = framework_of(path, modules, packages) if start.role == "web" else None
    code = _code(image)
    reached = modules.reached(path) if path else ()
    silent = bool(path) and not has_pages(at.tree.text(path))
    routes = () if silent else _routes(modules, reached, framework, files)
    settings = settings_files(at.tree, reached)
    migrating = _migrating(at.tree, packages, _root_of(path) or folder, framework) if start.role == "web" else None
    if migrating and migrating.config and migrating.config.value not in files.values():
        note = f"{migrating.config.value} is not in the image, so gonogo cannot run {migrating.tool.value} there"
        migrating = Migrating(Fact("none", f"{image.dockerfile}: {note}"), note=note)
    if migrating and migrating.flask and migrating.config:
        inside = next(place for place, path in files.items() if path == migrating.config.value)
        migrating.command = _flask_db(entry, posixpath.relpath(posixpath.dirname(inside), workdir or "/"))
    environment = environment_in(words, scripts, workdir=workdir)
    known = {**env, **dict(environment.exported)}
    facts = ServiceFacts(
        name=at.name,
        where=where,
        role="worker" if silent else _role(start, at),
        framework=framework,
        entrypoint=entry,
        chdir=_chdir(start, entry, environment.said, workdir or "/"),
        code=code,
        routes=_counted(routes, framework),
        migrations=migrating.tool if migrating else None,
        migrations_config=migrating.config if migrating else None,
        settings=_settings(settings),
        questions=tuple(_questions(at, start, entry, framework)),
        notes=(
            *((f"{path} answers WebSockets only: no page of it is asked",) if silent else ()),
            *((migrating.note,) if migrating and migrating.note else ()),
            *(_of_script_alone(scripts, known) if framework is not None and framework.value == "django" else ()),
            *_notes(at),
        ),
    )
    return Seen(
        facts=facts,
        start=start,
        image=image,
        routes=routes,
        document=document_path(at.tree, reached) if path else "",
        entry_file=path,
        migrating=migrating,
        settings=tuple(settings),
        packages=packages,
    )


def _root_of(path: str) -> str:
    return posixpath.dirname(posixpath.dirname(path)) if path else ""


def _mounted(at: _Looking, *, only_written: bool = False) -> dict[str, str]:
    """Folders of the repository that are mounted over the image; a release brings its own of what is only read."""
    return {
        posixpath.normpath(str(volume["source"])): str(volume["target"])
        for volume in at.service.get("volumes") or ()
        if volume.get("type") == "bind"
        and not (only_written and volume.get("read_only"))
        and not str(volume["source"]).startswith("/")
        and at.tree.has_folder(str(volume["source"]))
    }


def _mounted_files(at: _Looking) -> dict[str, str]:
    """The files of those folders by their places in the container."""
    found = {}
    for source, target in _mounted(at).items():
        for path in at.tree.below(source):
            rest = path if source == "." else posixpath.relpath(path, source)
            found[posixpath.normpath(posixpath.join(target, rest))] = path
    return found


def _notes(at: _Looking) -> list[str]:
    mounts = {
        source: target
        for source, target in _mounted(at, only_written=True).items()
        if any(True for _ in at.tree.below(source, ".py"))
    }
    return [
        f"{at.place('volumes')} mounts {source} over {target}: what runs is then the checkout's code and not the "
        "image's; leave such a mount to development"
        for source, target in mounts.items()
    ]


def _command(at: _Looking, image: ImageStage) -> tuple[tuple[str, ...], str]:
    """Entry point and command, the running container's first; and where they are said."""
    own = start_words(at.service)
    running = at.running.command(at.name) if at.running else ()
    entry = tuple(at.service["entrypoint"]) if at.service.get("entrypoint") else image.entrypoint
    command = tuple(at.service["command"]) if at.service.get("command") else ()
    if not command and not at.service.get("entrypoint"):
        command = image.command
    words = (*entry, *command)
    line = f":{image.command_line}" if image.command_line else ""
    place = at.place("command", "entrypoint") if own else f"{image.dockerfile}{line}"
    if not words and running:
        return running, f"docker inspect ({at.name})"
    return words, place


def _workdir(at: _Looking, image: ImageStage) -> str:
    own = str(at.service.get("working_dir") or "")
    running = at.running.workdir(at.name) if at.running else ""
    return own or running or image.workdir


def _of_tiangolo(image: ImageStage, files: Mapping[str, str], env: Mapping[str, str]) -> Start:
    """These base images serve /app/app/main.py, else /app/main.py."""
    module = "app.main" if "/app/app/main.py" in files else "main"
    entry = env.get("APP_MODULE") or f"{env.get('MODULE_NAME', module)}:{env.get('VARIABLE_NAME', 'app')}"
    where = f"{image.dockerfile}; its base image {image.base.partition(':')[0]} serves that"
    return Start(role="web", server="gunicorn", entrypoint=entry, where=where)


def _import_path(workdir: str, env: Mapping[str, str]) -> tuple[str, ...]:
    """Where modules are imported from whatever is started: the working folder, then PYTHONPATH."""
    paths = (posixpath.join(workdir or "/", part) for part in env.get("PYTHONPATH", "").split(":") if part)
    return (*([workdir] if workdir else []), *paths)


def _own_folders(workdir: str, start: Start) -> tuple[str, ...]:
    """Where this server imports from besides: a folder that it is told or moved to, the folder of a script."""
    told = [start.module_folder] if start.module_folder else []
    told += [posixpath.dirname(start.script)] if start.script.endswith(".py") else []
    return tuple(posixpath.join(workdir or "/", folder) for folder in told)


def _chdir(start: Start, entry: Fact[str] | None, said: Sequence[str], workdir: str) -> Fact[str] | None:
    """The folder from which its server imports, where only a file says so that the runtime does not read."""
    place = posixpath.normpath(posixpath.join(workdir, start.module_folder))
    if not _PLAIN.fullmatch(start.module_folder):  # a variable that only the shell knows
        return None
    if entry is None or place == posixpath.normpath(workdir) or import_place(said, entry.value) != ImportPlace():
        return None
    return Fact(posixpath.normpath(start.module_folder), start.where)


def _of_script_alone(scripts: Mapping[str, str], env: Mapping[str, str]) -> Iterator[str]:
    """That only a start script says which settings the server has: nobody else who starts a container knows."""
    for path, text in scripts.items():
        found = None if "DJANGO_SETTINGS_MODULE" in env else _SETTINGS.search(text)
        if found:
            line = text.count("\n", 0, found.start(1)) + 1
            yield (
                f"{path}:{line} sets DJANGO_SETTINGS_MODULE for what it starts alone; "
                "name it under `environment:` of the service too, or migrations and checks take the settings that "
                "manage.py and the entry point name"
            )
            return


def _code(image: ImageStage | None) -> Fact[dict[str, str]] | None:
    if image is None:
        return None
    lines = ",".join(map(str, image.lines))
    where = f"{image.dockerfile}:{lines}" if lines else image.dockerfile
    known = not image.unclear and (image.workdir or not image.files)
    return Fact(dict(image.code), where) if known else guess(dict(image.code), "; ".join((where, *image.unclear)))


def _routes(
    modules: Modules, reached: Sequence[str], framework: Fact[str] | None, files: Mapping[str, str]
) -> tuple[Placed, ...]:
    if framework is None or framework.value == "none":
        return ()
    tree, paths = modules.tree, list(reached)
    if framework.value == "django":
        paths = list(dict.fromkeys(path for path in files.values() if path.endswith("urls.py")))
    texts = {path: tree.text(path) for path in paths if not tree.is_test(path)}
    found = [route for route in static_routes(texts, framework=framework.value) if route.path != "{?}"]
    return placed(list(dict.fromkeys(found)), modules, paths, framework.value)


def _counted(routes: Sequence[Placed], framework: Fact[str] | None) -> Fact[int] | None:
    if not routes or framework is None:
        return None
    files = len({one.route.file for one in routes})
    return guess(len({(one.route.methods, one.route.path) for one in routes}), f"{files} source files")


def _settings(settings: Mapping[str, int]) -> Fact[tuple[str, ...]] | None:
    if not settings:
        return None
    return Fact(tuple(settings), ", ".join(f"{path}:{line}" for path, line in settings.items()))


def _migrating(tree: Tree, packages: Mapping[str, str], folder: str, framework: Fact[str] | None) -> Migrating | None:
    if framework is not None and framework.value == "django":
        return django_of(tree, packages, folder)
    return alembic_of(tree, packages, folder)


def _flask_db(entry: Fact[str] | None, folder: str) -> str:
    """How Flask-Migrate is run."""
    app = f"--app {shlex.quote(entry.value)} " if entry else ""
    directory = f" --directory {shlex.quote(folder)}" if folder != "migrations" else ""
    return f"flask {app}db upgrade{directory}"


def _role(start: Start, at: _Looking) -> str:
    if start.role in {"web", "worker"}:
        return start.role
    return "web" if at.service.get("ports") or "traefik.http.routers" in str(at.service.get("labels")) else "unknown"


def _questions(at: _Looking, start: Start, entry: Fact[str] | None, framework: Fact[str] | None) -> list[Question]:
    if start.role == "worker" or _role(start, at) == "unknown":
        return []
    found = []
    if entry is None:
        found.append(
            Question(
                about=f"service.{at.name}.entrypoint",
                text=f"what does {start.where or at.name} serve?",
                line='entrypoint = "module:attribute"',
            )
        )
    elif framework is None:
        found.append(
            Question(about=f"service.{at.name}.framework", text="which framework is it?", line='framework = "fastapi"')
        )
    return found
