"""The runtime ``compose``: a release is a set of images and a pinned Compose model."""

from __future__ import annotations

import functools
import json
import re
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from gonogo.config.strategies import BESIDE
from gonogo.errors import CommandError
from gonogo.host.runner import Command, this_machine
from gonogo.inspection.code.selfmigration import only_migrates
from gonogo.inspection.machine.engine import layers_since
from gonogo.runtimes.base import Place, RuntimeUnreachableError
from gonogo.runtimes.compose.answering import patience, unwatched, wait_until_answering
from gonogo.runtimes.compose.brought import Fetching, makers
from gonogo.runtimes.compose.cli import cli, project_command, require_daemon
from gonogo.runtimes.compose.disk import free_disk
from gonogo.runtimes.compose.entry import entry_words, image_config, python_environment, scripts_of
from gonogo.runtimes.compose.files import BUILD, COMPOSE, CURRENT, from_environment, read_model, services_of
from gonogo.runtimes.compose.given_variables import variables_in
from gonogo.runtimes.compose.inspector import ComposeInspector
from gonogo.runtimes.compose.lost import disks_of, end_leftovers, epoch_of, is_lost, wait_for_engine
from gonogo.runtimes.compose.model import roles
from gonogo.runtimes.compose.pinning import deployed, pin_release, startable, starts_from, tags_of
from gonogo.runtimes.compose.removal import removal
from gonogo.runtimes.compose.render import app_folder, environment_of, project_folder, render
from gonogo.runtimes.compose.run import deaf_services, ends_of, marked, run_name, run_words, standing
from gonogo.runtimes.compose.start import (
    explained,
    replace_outgoing,
    run_commands,
    start_actions,
    verify_images,
)
from gonogo.runtimes.compose.stores import absent, stores_of
from gonogo.runtimes.compose.turns import ComposeTurn, require_turns
from gonogo.runtimes.compose.up import Steps, groups_of
from gonogo.runtimes.front import ending
from gonogo.runtimes.protocols import NONE, Action, Runtime
from gonogo.state.release import Release

__all__ = ["ComposeRuntime", "cli"]

_LOG_TAIL = "5000"
_SECONDS = 60.0


class ComposeRuntime(Fetching, Runtime):
    """Builds, starts and stops releases with Docker Compose."""

    name = "compose"
    ground = "the Docker Engine"

    def __init__(self) -> None:
        """Nothing is asked of Docker yet."""
        self._planned: dict[Path, dict[str, Any]] = {}

    def inspector(self, place: Place, release: Release | None) -> ComposeInspector:
        """The read-only side."""
        return ComposeInspector(place, release)

    def pin(self, place: Place, release: Release) -> Release:
        """Renders the model at the commit and keeps what starts it.

        Raises:
            RefusedError: no daemon answers, Compose is too old, or it refuses the model.
            UsageError: Docker or the env file is missing, or a declared service is not in the model.
        """
        cli(place.host)
        require_daemon(place.host)
        pinned = pin_release(place, release)
        if place.environment.strategy not in BESIDE:
            return pinned
        require_turns(place, read_model(pinned), pinned.services)
        return pinned.model_copy(update={"beside": release.id.lower()})

    def build(self, place: Place, release: Release, *, no_cache: bool) -> tuple[Command, ...]:
        """Builds the images of the deployed services; those that are not built here are pulled.

        So are those of what stands behind or before them and is yet to be made: no start waits for that.
        """
        model = self._model(place, release)
        services = release.services or deployed(place, model)
        made, project = makers(model, place), place.environment.project
        tags = release.tags or tags_of(model, services, made, project=project, release=release.id)
        folder = str(release.source_root(place.project.app.root))
        own = place.environment.commands.get("build")
        if own is not None and set(services) > set(release.brought):
            return (Command(argv=_fill(own, release.id, tags), cwd=folder),)
        built = [name for name in services if name in self._built(place, release) and name not in release.brought]
        pulled = [name for name in services if not tags[name].endswith(f":{release.id}")]
        options = ("--no-cache",) if no_cache else ()
        commands = [self._command(place, release, release.folder / BUILD, "build", *options, *built)] if built else []
        if pulled:
            words = ("pull", "--ignore-pull-failures", *pulled)
            commands.append(self._command(place, release, release.folder / COMPOSE, *words))
        if waiting := absent(model, services, project=project, host=this_machine()):
            commands.append(self._command(place, release, release.folder / COMPOSE, "pull", *waiting))
        return tuple(commands)

    def measure(self, place: Place, release: Release) -> Release:
        """Notes the id of each deployed service's image, and whether it would run a command that it is given.

        Raises:
            CommandError: an image is not there.
        """
        images = {}
        for service, tag in release.tags.items():
            argv = ("docker", "image", "inspect", "--format", "{{.Id}}", tag)
            answer = place.host.run(Command(argv=argv, timeout=_SECONDS)).require(f"image of service {service}")
            images[service] = answer.output.strip()
        measured = release.model_copy(update={"images": images})
        deaf = deaf_services(place, measured, read_model(release))
        facts = self.facts(place, measured)
        ending = set(roles.one_shots(read_model(release)))
        only = (name for name, words in facts["entry"].items() if only_migrates(words, facts["scripts"]))
        return measured.model_copy(update={"deaf": deaf, "migrating": tuple(name for name in only if name in ending)})

    def image_bytes(self, place: Place, release: Release) -> int:
        """The bytes of the layers that were made since the release was begun; one of several images counts once."""
        form, new = "{{.CreatedAt}}\t{{.Size}}\t{{.CreatedBy}}", set()
        for image in {release.images[service] for service in release.tags}:
            argv = ("docker", "history", "--human=false", "--no-trunc", "--format", form, image)
            asked = place.host.run(Command(argv=argv, timeout=_SECONDS), output_limit=None)
            new |= set(layers_since(asked.output, release.created)) if asked.ok else set()
        return sum(size for *_, size in new)

    def save_logs(self, place: Place, release: Release | None) -> tuple[Command, ...]:
        """Shows the end of the logs of every container of the project."""
        pinned = release.folder / COMPOSE if release is not None else None
        model = pinned if pinned is not None and pinned.is_file() else None
        words = ("logs", "--no-color", "--timestamps", "--tail", _LOG_TAIL)
        return (project_command(model, *words, project=place.environment.project),)

    def prepare(self, place: Place, release: Release) -> tuple[Command, ...]:
        """Starts data stores that do not run; those that run are left alone."""
        return self._steps(place, release).backing()

    def make_ready(self, place: Place, release: Release) -> None:
        """Starts data stores that do not run, and waits for their health."""
        steps = self._steps(place, release)
        with explained(steps):
            run_commands(steps, steps.backing())

    def in_service(
        self,
        place: Place,
        release: Release,
        service: str,
        argv: Sequence[str],
        *,
        folder: str = ".",
        variables: Mapping[str, str] = NONE,
    ) -> Command:
        """Runs a command in a new container of a service, which is removed afterwards."""
        options, words = self._standing(place, release, service, argv, folder)
        given = (word for key, value in variables.items() for word in ("-e", f"{key}={value}"))
        name = run_name(place, release, service)
        run = run_words(release, service, (*options, *given), words, name=name)
        return replace(self._command(place, release, self._path(release), *run), ends=ends_of(name))

    def in_instance(
        self, place: Place, release: Release, service: str, argv: Sequence[str], *, folder: str = "."
    ) -> Command:
        """Runs a command in a service's running container; cut off, what it began there is ended too."""
        options, words = self._standing(place, release, service, argv, folder)
        turn = self._turn(place, release)
        path = turn.path if release.beside else self._path(release)
        inside, name = functools.partial(self._command, place, release, path, "exec", "--no-TTY"), turn.name(service)
        mark, end = marked(release)
        return replace(inside(*mark, *options, name, *words), ends=(inside(name, *end),))

    def starting(self, place: Place, release: Release, outgoing: Release | None) -> tuple[Action, ...]:
        """Replaces the deployed services, waits for their health, and refreshes what stands in front of them.

        An action raises ``CommandError`` where an image is gone, a command failed, a service did not become healthy in
        time, or what runs in the end is not the release alone; ``RuntimeUnreachableError`` where the Engine went away.
        """
        turn = self._turn(place, release, outgoing)
        if release.beside:
            return tuple(self._unless_lost(place, (*turn.aside(), *turn.taking_over(outgoing))))
        steps = turn.base
        gone = replace_outgoing(steps, self._model(place, release), outgoing)
        answers = Action(do=partial(self._await_answers, place, release))
        after: tuple[Action, ...] = ()
        if outgoing is not None and outgoing.beside:
            led = turn.taking_over(outgoing) if turn.may_be_led else ()
            after = (*led, *self._turn(place, outgoing).leaving(release))
        return tuple(
            self._unless_lost(place, (*ending(place), *self._actions(place, release, steps, gone), answers, *after))
        )

    def restarting(self, place: Place, release: Release, services: Collection[str]) -> tuple[Action, ...]:
        """Makes the containers of these services anew, and starts what does not run; one-shots are not run again."""
        steps = self._steps(place, release, self._today(place, release))
        steps = replace(steps, groups=replace(steps.groups, early=(), late=(), passing=()), again=frozenset(services))
        if release.beside:
            turn = replace(self._turn(place, release), base=steps)
            return tuple(self._unless_lost(place, (*turn.aside(), *turn.taking_over(release))))
        return tuple(self._unless_lost(place, self._actions(place, release, steps, ())))

    @staticmethod
    def _actions(place: Place, release: Release, steps: Steps, gone: Sequence[Command]) -> Iterator[Action]:
        yield Action(do=partial(_write_model, place, release))
        yield Action(do=partial(verify_images, release, place.host))
        yield from start_actions(steps, release, gone)

    @staticmethod
    def _unless_lost(place: Place, actions: Iterable[Action]) -> Iterator[Action]:
        """Each action; what fails because the Engine went away says so."""

        def told(do: Callable[[], None]) -> None:
            try:
                do()
            except CommandError as error:
                if not is_lost(str(error), place.host):
                    raise
                raise RuntimeUnreachableError(f"the Docker Engine went away: {error}") from error

        return (replace(action, do=partial(told, action.do)) for action in actions)

    def _today(self, place: Place, release: Release) -> Path | None:
        """The model that a start is made from; None while nothing is pinned (a plan)."""
        return starts_from(place, release) if (release.folder / COMPOSE).is_file() else None

    def _await_answers(self, place: Place, release: Release) -> None:
        """Waits for the application where no health check does, at most as long as one would."""
        inspector = self.inspector(place, release)
        url = inspector.url()
        services = unwatched(read_model(release), release, place.host) if url else ()
        if url and services:
            health, project = place.environment.health, place.environment.project
            front, reached = inspector.front(url, None), place.environment.reached
            timeout, proxy = patience(services, front, health.timeout), front.service if front else ""
            wait_until_answering(
                url + health.live, services, project, place.host, timeout=timeout, reached=reached, front=proxy
            )

    def expected_variables(self, place: Place, release: Release) -> Mapping[str, Mapping[str, str]]:
        """The environment of each deployed service in the pinned model, with today's secrets."""
        model = json.loads(startable(place, release).read_text(encoding="utf-8"))
        return {name: environment_of(one) for name, one in services_of(model).items() if name in release.services}

    def found_variables(self, place: Place, release: Release) -> Mapping[str, Sequence[Mapping[str, str]]]:
        """What the Engine says of each running container."""
        return variables_in(place, release)

    def epoch(self, place: Place) -> str:
        """Which start of the Engine it is."""
        return epoch_of(place.host)

    def disks(self, place: Place, release: Release) -> Mapping[str, Path]:  # noqa: ARG002 (what runs now)
        """The state folder, the Engine's own, and everything that is mounted from this machine."""
        return {"the state folder": place.state, **disks_of(place.environment.project, place.host)}

    def lost(self, place: Place, said: str) -> bool:
        """Whether the Engine is away, or went away in what failed."""
        return is_lost(said, place.host)

    def wait(self, place: Place) -> None:
        """Waits until the Engine answers."""
        wait_for_engine(place.host, seconds=place.environment.health.timeout)

    def free_disk(self, place: Place, red: Release, target: Release) -> tuple[str, ...]:
        """Removes the containers of the release that is turned back."""
        return free_disk(place.environment.project, red, target, place.host)

    def end_leftovers(self, place: Place, run: str) -> tuple[str, ...]:
        """Ends the containers that killed clients left: of the run's own commands, and of its gates."""
        return end_leftovers(place.environment.project, run, place.host)

    def stopping(self, place: Place, release: Release) -> tuple[Action, ...]:
        """Removes the project's containers and networks; volumes stay."""
        own = self._turn(place, release).removing() if release.beside else ()
        down = self._command(place, release, self._path(release), "down")
        return (*ending(place), *own, *self._required(place, down))

    def retiring(self, place: Place, release: Release) -> tuple[Action, ...]:
        """Removes the deployed services and what stands in front; data stores and networks stay for others."""
        fronts = roles.fronts(self._model(place, release), release.services)
        own = self._turn(place, release).removing() if release.beside else ()
        names = (*(() if release.beside else release.services), *fronts)
        words = ("rm", "--stop", "--force", *names)
        command = self._command(place, release, self._path(release), *words)
        return (*ending(place), *own, *(self._required(place, command) if names else ()))

    def aside(self, place: Place, release: Release) -> tuple[Action, ...]:
        """Starts the deployed services beside those that serve, under names of their own."""
        return tuple(self._unless_lost(place, self._turn(place, release).aside()))

    def switching(self, place: Place, release: Release, outgoing: Release | None) -> tuple[Action, ...]:
        """Sends every request to a release through the proxy in front, then hands over what must not run twice."""
        return tuple(self._unless_lost(place, self._turn(place, release).taking_over(outgoing)))

    def sharing(self, place: Place, release: Release, serving: Release, percent: int) -> tuple[Action, ...]:
        """Sends so many of a hundred requests to it through the proxy in front."""
        turn, other = self._turn(place, release, serving), self._turn(place, serving)
        return tuple(self._unless_lost(place, turn.sharing(other, percent)))

    def leaving(
        self, place: Place, release: Release, serving: Release | None, *, served: bool = True
    ) -> tuple[Action, ...]:
        """Stops a release's own containers, which stay until the next one leaves."""
        return tuple(self._turn(place, release).leaving(serving, served=served))

    def direct(self, place: Place, release: Release) -> Mapping[str, str]:
        """Where its containers are asked themselves."""
        return self._turn(place, release).direct()

    def _turn(self, place: Place, release: Release, outgoing: Release | None = None) -> ComposeTurn:
        steps = self._steps(place, release, self._today(place, release), left_out=release.left_out(outgoing))
        return ComposeTurn(place=place, release=release, model=self._model(place, release), base=steps)

    @staticmethod
    def _required(place: Place, command: Command) -> tuple[Action, ...]:
        return (Action(said=(str(command),), do=partial(_require, place, command)),)

    def pinned_files(self, release: Release) -> Mapping[str, Path]:
        """Its model; its images are looked at apart."""
        return {"the pinned Compose model": release.folder / COMPOSE}

    def stores(self, place: Place, release: Release) -> tuple[str, ...]:
        """Volumes, folders of the host that are mounted writable, and what other data stores keep."""
        model = self._model(place, release)
        return stores_of(model, release.services or deployed(place, model))

    def remove(self, place: Place, release: Release) -> tuple[Command, ...]:
        """Throws away the release's own tags, its worktree, its folder, and the mounted copies that only it used."""
        return removal(place, release)

    def facts(self, place: Place, release: Release) -> Mapping[str, Any]:
        """The entry command of each deployed service, and the texts of the application's scripts that they name."""
        definitions = services_of(self._model(place, release))
        entry = {}
        for service in release.services:
            image = release.images.get(service) or release.tags.get(service)
            entry[service] = entry_words(definitions[service], image_config(image, place.host) if image else {})
        folder = release.source_root(place.project.app.root)
        return {"entry": entry, "scripts": scripts_of(folder, entry.values())}

    def _steps(
        self, place: Place, release: Release, path: Path | None = None, *, left_out: Sequence[str] = ()
    ) -> Steps:
        model = self._model(place, release)
        services = release.services or deployed(place, model)
        return Steps(
            place=place,
            model=path or self._path(release),
            groups=groups_of(model, services, left_out=left_out),
            secrets=from_environment(model, place.variables),
        )

    def _command(self, place: Place, release: Release, model: Path, *words: str) -> Command:
        folder = project_folder(place, place.path)
        made = project_command(model, *words, project=place.environment.project, folder=folder)
        taken = from_environment(self._model(place, release), place.variables)
        return Command(argv=made.argv, env={**made.env, **taken}, timeout=place.environment.command_timeout)

    @staticmethod
    def _path(release: Release) -> Path:
        today = release.folder / CURRENT
        return today if today.is_file() else release.folder / COMPOSE

    def _model(self, place: Place, release: Release) -> dict[str, Any]:
        """The pinned model; while nothing is pinned yet (a plan), what the compose files mean now."""
        if (release.folder / COMPOSE).is_file():
            return read_model(release)
        return self._plan(place, release)

    def _standing(
        self, place: Place, release: Release, service: str, argv: Sequence[str], folder: str
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        build = self._definitions(place, release).get(service, {}).get("build") or {}
        root = release.source_root(place.project.app.root)
        image = release.images.get(service) or release.tags.get(service)
        if image:
            starts = services_of(self._model(place, release)).get(service, {})
            argv = python_environment(starts, image, root, this_machine(), mounted=True).words(argv)
        return standing(place, service, build, root, argv, folder=folder)

    def _definitions(self, place: Place, release: Release) -> dict[str, dict[str, Any]]:
        """The services as they are built."""
        pinned = (release.folder / BUILD).is_file()
        return services_of(read_model(release, BUILD) if pinned else self._plan(place, release))

    def _built(self, place: Place, release: Release) -> set[str]:
        """The services that are built here themselves."""
        return {name for name, service in self._definitions(place, release).items() if "build" in service}

    def _plan(self, place: Place, release: Release) -> dict[str, Any]:
        root = release.root if app_folder(place, release.root).is_dir() else place.project.root
        if root not in self._planned:
            with tempfile.TemporaryDirectory(prefix="gonogo-model-") as folder:
                output = Path(folder) / COMPOSE
                self._planned[root] = render(place, root, output=output, commit=release.commit)
        return self._planned[root]


def _write_model(place: Place, release: Release) -> None:
    startable(place, release)


def _require(place: Place, command: Command) -> None:
    place.host.run(command).require()


def _fill(words: Sequence[str], release: str, tags: Mapping[str, str]) -> tuple[str, ...]:
    values = {"release": release, **{f"tag:{service}": tag for service, tag in tags.items()}}
    return tuple(re.sub(r"\{([\w:.-]+)\}", lambda match: values.get(match[1], match[0]), word) for word in words)
