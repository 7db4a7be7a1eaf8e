"""The runtime ``process``: a release is a git worktree with an environment of its own, an instance is a process."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from gonogo.config.strategies import BESIDE
from gonogo.errors import CommandError
from gonogo.host.runner import Command
from gonogo.runtimes.base import Place, remove_worktree
from gonogo.runtimes.front import SLOT, ending, front_of
from gonogo.runtimes.process.health import require_free, wait_until_healthy
from gonogo.runtimes.process.inspector import ProcessInspector
from gonogo.runtimes.process.instances import (
    MARK,
    Instance,
    Instances,
    end,
    end_strays,
    is_alive,
    launch,
    note_healthy,
    slot_of,
)
from gonogo.runtimes.process.pinned import (
    CONSTRAINTS,
    REQUIREMENTS,
    PinnedService,
    application,
    fill,
    needs_in,
    pin,
    pinned,
    settings,
    venv,
    within,
)
from gonogo.runtimes.process.scripts import scripts_of
from gonogo.runtimes.process.turns import ProcessTurn, require_turns
from gonogo.runtimes.protocols import NONE, Action, Runtime
from gonogo.state.release import Release
from gonogo.state.store import State

__all__ = ["ProcessRuntime"]

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_GRACE = 10.0
_LOG_TAIL = "2000"


class ProcessRuntime(Runtime):
    """Starts each service as one process of the release's own environment."""

    name = "process"
    ground = "this machine"

    def __init__(self, *, grace: float = _GRACE) -> None:
        """``grace`` is how many seconds an instance has between TERM and KILL."""
        self._grace = grace

    def inspector(self, place: Place, release: Release | None) -> ProcessInspector:
        """The read-only side."""
        return ProcessInspector(place, release)

    def pin(self, place: Place, release: Release) -> Release:
        """Writes the commands and the env file that start this release into its folder.

        Raises:
            UsageError: a command asks for a port that its service has not.
            RefusedError: releases are to take turns, and two of it cannot run.
        """
        made = pin(place, release)
        update: dict[str, Any] = {"services": tuple(made.services)}
        if place.environment.strategy in BESIDE:
            require_turns(place, made, State(place.state).current())
            update["beside"] = release.id.lower()
        return release.model_copy(update=update)

    def build(self, place: Place, release: Release, *, no_cache: bool) -> tuple[Command, ...]:
        """Makes the environment and installs the application's dependencies; ``commands.build`` replaces both."""
        folder = str(application(place, release))
        if whole := self._words(place, release, "build"):
            return (Command(argv=whole, cwd=folder),)
        make = self._words(place, release, "environment") or (
            *(_interpreter(), "-P"),  # a module of the application's that is called logging is not the library's
            *("-m", "venv", "--clear", str(venv(release))),
        )
        install = self._words(place, release, "install") or _install(place, release, no_cache=no_cache)
        commands = [Command(argv=make, cwd=folder)]
        if install:
            programs = os.pathsep.join((str(venv(release) / "bin"), os.environ.get("PATH", os.defpath)))
            variables = {"PATH": programs, "VIRTUAL_ENV": str(venv(release)), "PYTHONPATH": ""}
            commands.append(Command(argv=install, cwd=folder, env=variables))
        return tuple(commands)

    def measure(self, place: Place, release: Release) -> Release:
        """The release as it is, once every program that starts it is there.

        Raises:
            CommandError: one is neither in the release's environment nor on PATH; start would find it out too late.
        """
        for name, service in pinned(place, release).services.items():
            _require_program(name, _start_command(place, release, name, service))
        return release

    def save_logs(self, place: Place, release: Release | None) -> tuple[Command, ...]:  # noqa: ARG002 (of what runs)
        """Shows the end of the log of every instance that was started."""
        logs = [instance.log for instance in Instances(place.state).all() if instance.log.exists()]
        return tuple(Command(argv=("tail", "-n", _LOG_TAIL, str(log))) for log in logs)

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
        """Runs a command once with the release's programs and variables, in a folder of the application."""
        command = within(place, release, argv, service=service, folder=folder)
        return replace(command, env={**command.env, **variables})

    def in_instance(
        self, place: Place, release: Release, service: str, argv: Sequence[str], *, folder: str = "."
    ) -> Command:
        """Runs a command as ``in_service`` does: a process has no inside of its own."""
        return within(place, release, argv, service=service, folder=folder)

    def starting(self, place: Place, release: Release, outgoing: Release | None) -> tuple[Action, ...]:
        """Replaces each service's instance in turn and waits for its health; then stops services that vanished.

        What is stopped is what the pid files name, so that doing it again, or after a crash, ends in the same state.
        An action raises ``CommandError`` where the release is not whole (then nothing was stopped), a port is held by
        a stranger, or an instance ended or did not become healthy in time.
        """
        if release.beside:
            return (*self.aside(place, release), *self.switching(place, release, outgoing))
        services, instances = pinned(place, release).services, Instances(place.state)
        former = outgoing if outgoing is not None and not outgoing.beside else None
        before = [*(former.services if former is not None else ()), *(one.key for one in instances.all())]
        gone = [name for name in dict.fromkeys(before) if name not in services and ("@" not in name or name == SLOT)]
        vanished = (Action(said=(_kill_line(name),), do=partial(self._end_service, instances, name)) for name in gone)
        after: tuple[Action, ...] = ()
        if outgoing is not None and outgoing.beside:
            is_led = place.environment.traffic is not None and front_of(place) is None
            led = self._led(ProcessTurn(place=place, release=release), outgoing) if is_led else ()
            after = (*led, *self.leaving(place, outgoing, release))
        return (*self._replacing(place, release, services, former), *vanished, *after)

    def aside(self, place: Place, release: Release) -> tuple[Action, ...]:
        """Starts its instances beside those that serve, each on a port of its own; what runs already is left."""
        turn = ProcessTurn(place=place, release=release)
        chosen = {name: one for name, one in turn.services.items() if name not in turn.single and not turn.runs(name)}
        return self._replacing(place, release, chosen, None)

    def switching(self, place: Place, release: Release, outgoing: Release | None) -> tuple[Action, ...]:
        """Sends every request to it, then hands over what must not run twice."""
        turn = ProcessTurn(place=place, release=release)
        single = {name: turn.services[name] for name in turn.single if not turn.runs(name)}
        ends = (Action(said=(_kill_line(name),), do=partial(self._end_others, turn, name)) for name in single)
        another = ending(place) if front_of(place) is None else ()
        return (*self._led(turn, outgoing), *ends, *self._replacing(place, release, single, None), *another)

    def _led(self, turn: ProcessTurn, outgoing: Release | None) -> Iterator[Action]:
        return turn.switching(outgoing, partial(self._clear_port, Instances(turn.place.state)))

    def _clear_port(self, instances: Instances, port: int) -> None:
        """Ends ours on the port that the front takes."""
        for one in instances.all():
            if one.port == port:
                self._end(instances, one)
        require_free(SLOT, port)

    def sharing(self, place: Place, release: Release, serving: Release, percent: int) -> tuple[Action, ...]:
        """Sends so many of a hundred requests to it through the proxy in front."""
        return tuple(
            ProcessTurn(place=place, release=release).sharing(ProcessTurn(place=place, release=serving), percent)
        )

    def _end_others(self, turn: ProcessTurn, service: str) -> None:
        instances = Instances(turn.place.state)
        for one in instances.all():
            if one.service == service and one.release != turn.release.id:
                self._end(instances, one)

    def leaving(
        self, place: Place, release: Release, serving: Release | None, *, served: bool = True
    ) -> tuple[Action, ...]:
        """Ends its instances once their last requests have; what starts it is kept."""
        turn = ProcessTurn(place=place, release=release)
        drained = turn.drained() if served and serving is not None and serving.beside else ()
        kept = {release.id, *([serving.id] if serving is not None else ())}
        return (*drained, *self._ending(place, release), Action(do=partial(self._clear, place, kept)))

    def _clear(self, place: Place, kept: Collection[str]) -> None:
        """Ends what is left of other releases' turns."""
        instances = Instances(place.state)
        for one in [one for one in instances.all() if one.slot and one.release not in kept]:
            self._end(instances, one)

    def direct(self, place: Place, release: Release) -> Mapping[str, str]:
        """Where its instances are asked themselves."""
        return ProcessTurn(place=place, release=release).direct()

    def restarting(self, place: Place, release: Release, services: Collection[str]) -> tuple[Action, ...]:
        """Replaces the instances of these services, and starts what does not run."""
        known = pinned(place, release).services
        alive = {one.key for one in Instances(place.state).all() if is_alive(one)}
        chosen = {name: one for name, one in known.items() if name in services or slot_of(release, name) not in alive}
        led = self._led(ProcessTurn(place=place, release=release), release) if release.beside else ()
        return (*self._replacing(place, release, chosen, None), *led)

    def expected_variables(self, place: Place, release: Release) -> Mapping[str, Mapping[str, str]]:
        """What the env file said when it was pinned, secrets as they are now, and what gonogo sets."""
        return {name: settings(place, release, name) for name in pinned(place, release).services}

    def found_variables(self, place: Place, release: Release) -> Mapping[str, Sequence[Mapping[str, str]]]:
        """What the kernel says of each process."""
        found: dict[str, list[Mapping[str, str]]] = {}
        for instance in Instances(place.state).all():
            with contextlib.suppress(psutil.Error, OSError):
                if instance.key == slot_of(release, instance.service) and is_alive(instance):
                    found.setdefault(instance.service, []).append(psutil.Process(instance.pid).environ())
        return found

    def _replacing(
        self, place: Place, release: Release, services: Mapping[str, PinnedService], outgoing: Release | None
    ) -> tuple[Action, ...]:
        """Ends the instance of each service, starts the release's, and waits for it; a broken one stops nothing."""
        instances = Instances(place.state)
        running = {one.key for one in instances.all() if is_alive(one)}
        running |= set(outgoing.services if outgoing is not None else ())
        commands = {name: _start_command(place, release, name, service) for name, service in services.items()}

        def replace(name: str) -> None:
            service, slot = services[name], slot_of(release, name)
            self._free_port(instances, slot, service.port)
            instance = launch(
                instances,
                place.host,
                commands[name],
                service=name,
                slot=slot,
                release=release.id,
                port=service.port,
            )
            wait_until_healthy(instance, service, place.host)

        whole = (Action(do=partial(_require_whole, release, command)) for command in commands.values())
        replaced = (
            Action(
                said=tuple(_lines(place, release, commands[name], service, ends=slot_of(release, name) in running)),
                do=partial(replace, name),
            )
            for name, service in services.items()
        )
        return (
            *whole,
            *replaced,
            Action(do=partial(note_healthy, instances, [slot_of(release, name) for name in services])),
        )

    def _end_service(self, instances: Instances, service: str) -> None:
        found = instances.read(service)
        if found is not None:
            self._end(instances, found)

    def epoch(self, place: Place) -> str:  # noqa: ARG002 (a file of the kernel's)
        """Which start of this machine it is."""
        try:
            return _BOOT.read_text(encoding="utf-8").strip()
        except OSError:
            return ""

    def disks(self, place: Place, release: Release) -> Mapping[str, Path]:  # noqa: ARG002 (one for all)
        """The state folder with the instances' logs, the application's folder, and where temporary files go."""
        temporary = Path(tempfile.gettempdir())
        return {"the state folder": place.state, "the application": place.path, "temporary files": temporary}

    def stopping(self, place: Place, release: Release) -> tuple[Action, ...]:
        """Stops this release's instances, and the front of ours; those of another release go on.

        An action raises ``CommandError`` where a process is still there after KILL.
        """
        return (*ending(place), *self._ending(place, release))

    def _ending(self, place: Place, release: Release) -> tuple[Action, ...]:
        services = reversed(release.services or tuple(pinned(place, release).services))
        said = Action(said=tuple(map(_kill_line, services)), do=partial(self._end_release, place, release))
        return (said,)

    def _end_release(self, place: Place, release: Release) -> None:
        instances = Instances(place.state)
        for instance in reversed(instances.all()):
            if instance.release == release.id:
                self._end(instances, instance)
        for service in release.services:
            end_strays(instances.mark(slot_of(release, service)), grace=self._grace, release=release.id)

    def pinned_files(self, release: Release) -> Mapping[str, Path]:
        """Its commands, its source, and its own Python."""
        return {
            "the pinned commands": release.folder / "process.json",
            "the worktree": release.root,
            "the release's own Python": release.folder / "venv" / "bin" / "python",
        }

    def remove(self, place: Place, release: Release) -> tuple[Command, ...]:
        """Throws away the worktree (while it stands), the environment, and the logs."""
        instances = Instances(place.state)
        slots = {service: slot_of(release, service) for service in release.services}
        logs = (
            str(instances.log(slot, release.id) if slot == service else instances.mark(slot))
            for service, slot in slots.items()
        )
        folder = Command(argv=("rm", "-rf", "--", str(release.folder), *logs))
        return (*remove_worktree(release), folder)

    def facts(self, place: Place, release: Release) -> Mapping[str, Any]:
        """The command of each service, and the texts of the application's files that they name."""
        services = pinned(place, release).services
        folder = application(place, release)
        scripts: dict[str, str] = {}
        for service in services.values():
            scripts |= scripts_of(folder, service.command)
        return {"entry": {name: service.command for name, service in services.items()}, "scripts": scripts}

    def _free_port(self, instances: Instances, slot: str, port: int | None) -> None:
        """Ends the present instance of a slot, and any of ours on the port that it needs."""
        for instance in instances.all():
            if instance.key == slot or (port is not None and instance.port == port):
                self._end(instances, instance)
        end_strays(instances.mark(slot), grace=self._grace)
        if port is not None:
            require_free(slot, port)

    def _end(self, instances: Instances, instance: Instance) -> None:
        end(instance, grace=self._grace)
        instances.forget(instance.key)

    @staticmethod
    def _words(place: Place, release: Release, move: str) -> tuple[str, ...]:
        """The configured command of a move, or nothing."""
        commands = {str(name): words for name, words in place.environment.commands.items()}
        python = _interpreter() if move in {"build", "environment"} else str(venv(release) / "bin" / "python")
        values = {"python": python, "venv": str(venv(release)), "source": str(application(place, release))}
        return fill(commands.get(move, ()), values)


def _interpreter() -> str:
    """The Python that the deployer's own environment was made from."""
    return getattr(sys, "_base_executable", None) or sys.executable


def _install(place: Place, release: Release, *, no_cache: bool) -> tuple[str, ...]:
    """How pip is called, by what the application's folder holds; nothing where it names no dependencies."""
    folder = application(place, release)
    look = folder if folder.is_dir() else place.project.source_root  # a plan is made before the worktree
    needs = needs_in(look)
    python = str(venv(release) / "bin" / "python")  # perhaps older than 3.11, which knows no -P
    options = ("--no-cache-dir",) if no_cache else ()
    within = ("-c", str(release.folder / CONSTRAINTS)) if needs.pinned else ()
    pip = (python, "-I", "-m", "pip", "install", "--disable-pip-version-check", *options, *within)
    if needs.requirements:
        return (*pip, "-r", str(release.folder / REQUIREMENTS))
    return (*pip, ".") if needs.project else (*pip, "-r", needs.file) if needs.file else ()


def _start_command(place: Place, release: Release, name: str, service: PinnedService) -> Command:
    command = within(place, release, service.command, service=name)
    instances, slot = Instances(place.state), slot_of(release, name)
    env = {**command.env, MARK: str(instances.mark(slot))}
    log = instances.log(slot, release.id)
    return Command(argv=command.argv, cwd=command.cwd, env=env, clean_env=True, detach=log)


def _require_program(service: str, command: Command) -> None:
    """Refuses a command whose program is nowhere, before anything is stopped for it."""
    program = command.argv[0]
    found = str(Path(command.cwd or ".") / program) if "/" in program else program
    if shutil.which(found, path=command.env.get("PATH")) is None:
        raise CommandError(
            f"gonogo.toml: service.{service}.command: found no program {program} in the release's environment "
            "or on PATH, expected one that can be run. Add it to the dependencies that the build installs, "
            "or mend the command."
        )


def _require_whole(release: Release, command: Command) -> None:
    """Refuses to stop anything for a release whose worktree or program is gone."""
    program = Path(command.argv[0])
    gone = next(
        (path for path in (Path(command.cwd or "/"), program) if path.is_absolute() and not path.exists()), None
    )
    if gone is not None:
        raise CommandError(
            f"{gone}: found nothing, expected it to start release {release.id}. Nothing was stopped; "
            "deploy the commit again, or roll back to another kept release."
        )


def _lines(place: Place, release: Release, command: Command, service: PinnedService, *, ends: bool) -> Iterator[str]:
    """What a person would type to replace an instance; ``ends``: one runs, and is ended first."""
    if ends:
        yield _kill_line(Path(command.env[MARK]).name)
    yield f"cd {shlex.quote(str(application(place, release)))} && {command}"
    if service.port is not None:
        yield f"curl {service.address}  # until it answers {service.live_status}, at most {service.timeout:g} s"


def _kill_line(service: str) -> str:
    return f"kill -TERM <pid of {service}>"
