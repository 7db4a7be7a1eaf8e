"""Start a release under Compose: replace what is deployed, leave data stores alone, refresh what stands in front."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from gonogo.errors import CommandError, GonogoError
from gonogo.host.runner import Command, Host
from gonogo.runtimes.compose.cli import container_on, project_command
from gonogo.runtimes.compose.converged import CONTAINER, containers, differences, of_turn
from gonogo.runtimes.compose.engine import health_said, plain_lines
from gonogo.runtimes.compose.files import COMPOSE, read_model, services_of
from gonogo.runtimes.compose.refresh import Fronts
from gonogo.runtimes.compose.up import LABEL, Steps, vanished, wait_seconds
from gonogo.runtimes.compose.waiting import LOOK, Look, looks, run_until_healthy, wait_until_healthy
from gonogo.runtimes.protocols import Action
from gonogo.state.release import Release

__all__ = [
    "command_actions",
    "explained",
    "how_ended",
    "is_late",
    "late_said",
    "replace_outgoing",
    "run_commands",
    "start_actions",
    "verify_images",
]

_HALF_MADE = re.compile(r"[0-9a-f]{12}_(.+)")
_TAKEN = re.compile(r"(?:Bind for|bind host port(?: for)?) (\S+?):(\d+)\b.*(?:already allocated|already in use)")
_PROGRESS = re.compile(r"\s*(?:Container|Image|Network|Volume) \S+ +(?!Error)[A-Z][a-z]+\s*")
"""Lines of Compose that tell how far it came; what went wrong stands in others."""
_LOG_LINES = "20"
_SECONDS = 60.0


def replace_outgoing(steps: Steps, model: dict[str, object], outgoing: Release | None) -> tuple[Command, ...]:
    """Removes the outgoing release's services that the new one has not; renews those that it does not deploy any more.

    The latter would be left running as they are, like a data store; made anew, they keep what they stored.
    """
    if outgoing is None or not (outgoing.folder / COMPOSE).is_file():
        return ()
    commands = []
    if gone := vanished(model, read_model(outgoing), outgoing):
        words = ("rm", "--stop", "--force", *gone)
        commands.append(project_command(outgoing.folder / COMPOSE, *words, project=steps.place.environment.project))
    if left := [name for name in steps.groups.backing if name in outgoing.services]:
        commands.append(steps.up(left, "--pull", "missing", "--no-deps"))
    return tuple(commands)


def start_actions(steps: Steps, release: Release, gone: Sequence[Command]) -> Iterator[Action]:
    """What starts a release, in order, and makes sure that it led where the model wants to be.

    An action raises ``CommandError`` where a command failed, a service did not become healthy in time, or something
    else runs in the end; it carries the last log lines of the services that failed.
    """
    groups, fronts = steps.groups, Fronts(steps)
    yield _action(steps, partial(_clear_half_made, steps))
    yield from command_actions(steps, (*gone, *steps.backing()))
    yield from command_actions(steps, steps.left_out(), aside="not run: it migrates, and the schema is newer")
    yield from _one_shots(steps, groups.early)
    yield from _running(steps, fronts)
    yield from _one_shots(steps, groups.late)
    yield _action(steps, fronts.note)
    yield from command_actions(steps, steps.fronts())
    again = steps.restart(groups.fronts)[:1]
    said = (f"{command}  # those that still look for the old containers" for command in again)
    yield _action(steps, partial(fronts.renew, partial(run_commands, steps)), *said)
    yield from command_actions(steps, steps.passing())
    yield _action(steps, partial(_require_converged, steps, release))


def _action(steps: Steps, do: Callable[[], None], *said: str) -> Action:
    def explaining() -> None:
        with explained(steps):
            do()

    return Action(said=said, do=explaining)


def command_actions(steps: Steps, commands: Sequence[Command], *, aside: str = "") -> Iterator[Action]:
    """Runs commands; one that brings services up waits for their health, and tells what the sick ones said."""
    for command in commands:
        said = f"{command}  # {aside}" if aside else str(command)
        yield _action(steps, partial(run_commands, steps, (command,)), said)


def _running(steps: Steps, fronts: Fronts) -> Iterator[Action]:
    """Replaces what runs, wave by wave: whoever answers is away no longer than it takes itself."""
    if not steps.groups.waves:
        yield from command_actions(steps, steps.running())
        return
    yield from command_actions(steps, steps.made())
    for wave in steps.groups.waves:
        commands, names = steps.replaced(wave), [name for names in wave for name in names]
        at_once = "" if len(commands) == 1 else " &"
        said = [f"{command}{at_once}" for command in commands]
        yield _action(steps, partial(_replace, steps, wave, fronts), *said, *(("wait",) if at_once else ()))
        yield _action(steps, fronts.refresh)
        seconds = wait_seconds(steps.place.environment, names)
        waits = f"# {', '.join(names)} may take {seconds} s to become healthy"
        yield _action(steps, partial(_await_health, steps, names, seconds), waits)


def _one_shots(steps: Steps, services: Sequence[str]) -> Iterator[Action]:
    for name, command in zip(services, steps.one_shots(services), strict=True):
        waits = f"docker wait <containers of {name}>  # each must end with 0"
        yield _action(steps, partial(_run_to_end, steps, name, command), str(command), waits)


def run_commands(steps: Steps, commands: Sequence[Command]) -> None:
    """One after the other; what only takes away may fail: whether anything is left is looked at in the end."""
    for command in commands:
        if "--wait" in command.argv:
            run_until_healthy(steps.host, command, partial(_look, steps, command)).require()
        elif "rm" in command.argv:
            steps.host.run(command)
        else:
            steps.host.run(command).require()


def _look(steps: Steps, command: Command) -> dict[str, Look]:
    """How the containers are that a command brings up; nothing where the Engine does not say."""
    groups = steps.groups
    known = {*groups.awaited, *groups.running, *groups.fronts} & {*command.argv}
    ids = sorted({one for name in known for one in steps.containers(name)})
    argv = ("docker", "container", "inspect", "--format", LOOK, *ids)
    return looks(steps.host.run(Command(argv=argv, timeout=_SECONDS), output_limit=None).output) if ids else {}


def _replace(steps: Steps, wave: Sequence[Sequence[str]], fronts: Fronts) -> None:
    steps.host.run(steps.side_by_side(steps.replaced(wave), [fronts.after(names) for names in wave])).require()


def _await_health(steps: Steps, services: Sequence[str], seconds: float) -> None:
    ids = sorted({one for name in services for one in steps.containers(name)})
    asked = Command(argv=("docker", "container", "inspect", "--format", LOOK, *ids), timeout=_SECONDS)
    if ids:
        wait_until_healthy(lambda: looks(steps.host.run(asked, output_limit=None).require().output), seconds)


def _clear_half_made(steps: Steps) -> None:
    """Settles what an ``up`` that was cut off had made to take another container's place, and never renamed.

    The next ``up`` would take the old container away and then find its name in use. Where the old one is gone already,
    the new one holds its anonymous volumes, and is renamed as it was to be; where somebody else holds that name, the
    next ``up`` replaces it as it is. Nothing here may keep that one from being run.
    """
    argv = ("docker", "ps", "--all", "--format", "{{.Names}}\t{{.State}}", *steps.filters())
    listed = steps.host.run(Command(argv=argv, timeout=_SECONDS)).output.splitlines()
    states = dict(line.split("\t") for line in listed if "\t" in line)
    for name, state in states.items():
        half = _HALF_MADE.fullmatch(name)
        if half is None or state != "created":
            continue
        words = ("rm", "--force", name) if half[1] in states else ("rename", name, half[1])
        steps.host.run(Command(argv=("docker", *words), timeout=_SECONDS))


def _require_converged(steps: Steps, release: Release) -> None:
    """Each deployed service has exactly the containers of this release.

    Raises:
        CommandError: another image, another number, or a container of another release.
    """
    listed = steps.host.run(
        Command(argv=("docker", "ps", "--all", "--quiet", "--no-trunc", *steps.filters()), timeout=_SECONDS)
    )
    ids = listed.require().output.split()
    argv = ("docker", "container", "inspect", "--format", CONTAINER, *ids)
    seen = steps.host.run(Command(argv=argv, timeout=_SECONDS), output_limit=None).require().output if ids else ""
    definitions = _definitions(steps, release)
    judged = release.model_copy(update={"services": tuple(definitions)}) if steps.called else release
    wrong = differences(of_turn(containers(seen), steps.called, release), judged, definitions)
    if wrong:
        raise CommandError(
            f"release {release.id} was started, but not all of it runs alone: {'; '.join(wrong)}. Look at "
            f"`docker ps --all --filter label={LABEL}.project={steps.place.environment.project}`, remove what is "
            "not the release's, and start again."
        )


def _definitions(steps: Steps, release: Release) -> dict[str, dict[str, Any]]:
    """The services that this start brings up; of a release that took over what is there, all of them."""
    found = services_of(read_model(release))
    return (
        {name: found[name] for name in map(steps.own, steps.groups.running) if name in found} if steps.called else found
    )


def _run_to_end(steps: Steps, name: str, command: Command) -> None:
    steps.host.run(command).require()
    timeout = steps.place.environment.command_timeout
    containers = sorted(steps.containers(name))
    stop = Command(argv=("docker", "stop", "--time", "5", *containers), timeout=_SECONDS)
    waited = steps.host.run(Command(argv=("docker", "wait", *containers), timeout=timeout, ends=(stop,)))
    codes = waited.require(f"service {name}").output.split()
    if set(codes) != {"0"}:
        raise CommandError(f"service {name}: found exit code {', '.join(codes)}, expected 0 from a one-shot service.")


@contextlib.contextmanager
def explained(steps: Steps) -> Iterator[None]:
    """A command that fails inside tells the last log lines of the services that are not well."""
    try:
        yield
    except CommandError as error:
        logs, found = "", dict[str, list[Mapping[str, Any]]]()
        with contextlib.suppress(GonogoError):  # the first error is the one to tell
            found = {name: _states(steps, name) for name in _failing(steps)}
            late = all(is_late(states) for states in found.values())
            logs = "".join(_logs(steps, name, states, late=late) for name, states in found.items())
        said = "\n".join(line for line in str(error).splitlines() if not _PROGRESS.fullmatch(line))
        own = tuple(map(steps.own, found)) or error.services
        raise CommandError(f"{_held(said, steps.host)}{said}{logs}", services=own) from error


def _held(said: str, host: Host) -> str:
    """Who holds the port that a container could not get, as a sentence before what Compose said; else nothing."""
    found = _TAKEN.search(said)
    holder = container_on(int(found[2]), host) or "something that is no container" if found else ""
    return f"{found[1]}:{found[2]}: found {holder} on it, expected a free port. " if found else ""


def _failing(steps: Steps) -> list[str]:
    form = f'{{{{.Label "{LABEL}.service"}}}}\t{{{{.State}}}}\t{{{{.Status}}}}'
    listed = steps.host.run(
        Command(argv=("docker", "ps", "--all", "--format", form, *steps.filters()), timeout=_SECONDS)
    )
    groups = steps.groups
    names = {*groups.awaited, *groups.early, *groups.running, *groups.late, *groups.fronts}
    rows = [line.split("\t") for line in listed.output.splitlines()]
    return sorted({row[0] for row in rows if len(row) > 2 and row[0] in names and _is_bad(*row[1:3])})  # noqa: PLR2004


def _is_bad(state: str, status: str) -> bool:
    if state == "running":
        return "(unhealthy)" in status or "(health: starting)" in status
    return not status.startswith("Exited (0)")


def _logs(steps: Steps, service: str, states: Sequence[Mapping[str, Any]], *, late: bool) -> str:
    """The last lines of one; what gives it longer only where nothing else is wrong with the start."""
    words = ("logs", "--no-color", "--no-log-prefix", "--tail", _LOG_LINES, service)
    answer = steps.host.run(steps.command(*words))
    said = plain_lines(f"{answer.output}\n{answer.errors}".encode()) or ["(nothing)"]
    lines = [
        f"\n  Last lines of {service}{how_ended(states)}:",
        *said,
        *(f"its health check, {told}" for one in states if (told := health_said(one))),
        *(late_said(states, steps.place.environment.health_of(service).timeout) if late else ()),
    ]
    return "\n    ".join(lines)


def _states(steps: Steps, service: str) -> list[Mapping[str, Any]]:
    """What the Engine says of a service's containers, with how often each was started again; else nothing."""
    form = '{"state": {{json .State}}, "again": {{json .RestartCount}}}'
    argv = ("docker", "container", "inspect", "--format", form, *sorted(steps.containers(service)))
    asked = steps.host.run(Command(argv=argv, timeout=_SECONDS), output_limit=None)
    with contextlib.suppress(ValueError):
        rows = [json.loads(line) for line in asked.output.splitlines() if line.strip()]
        return [{**row["state"], "RestartCount": row["again"]} for row in rows]
    return []


_KILLED = 137
"""The exit code of what SIGKILL ended."""


def how_ended(states: Sequence[Mapping[str, Any]]) -> str:
    """How the containers ended, where they did not end well."""
    if any(state.get("OOMKilled") for state in states):
        return ", which was killed for want of memory"
    checks = [log[-1]["ExitCode"] for one in states if (log := (one.get("Health") or {}).get("Log"))]
    if _KILLED in (*checks, *(one.get("ExitCode") for one in states)):  # it runs again, or a child of the first process
        return f", of which a process was killed (exit code {_KILLED}), as for want of memory"
    codes = sorted({str(state["ExitCode"]) for state in states if state.get("ExitCode")})
    said = f" with exit code {', '.join(codes)}" if codes else ""
    if again := max((int(state.get("RestartCount") or 0) for state in states), default=0):
        return f", which ended{said} and was started again {'once' if again == 1 else f'{again} times'}"
    return f", which ended{said}" if said else ""


def is_late(states: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a start only takes long: all of it runs, has never ended, and is alike in not being healthy yet."""
    health = {str((state.get("Health") or {}).get("Status")) for state in states}
    runs = all(state.get("Running") and not state.get("RestartCount") for state in states)
    return runs and len(health) == 1 and health <= {"starting", "unhealthy"}


def late_said(states: Sequence[Mapping[str, Any]], seconds: float) -> tuple[str, ...]:
    """What to do where a start only takes longer than it may."""
    if not is_late(states):
        return ()
    health = str(states[0]["Health"]["Status"])
    return (f"it runs still, {health}: if it only needs longer than {seconds:g} s, health.timeout says so",)


def verify_images(release: Release, host: Host) -> None:
    """Makes sure that each tag of the release names the image that was built, and that no image is gone.

    Raises:
        CommandError: an image is gone, or the Engine does not say.
    """
    for service, image in release.images.items():
        tag = release.tags.get(service, image)
        if _image_id(tag, host) == image:
            continue
        if not _image_id(image, host):
            raise CommandError(
                f"release {release.id}: found no image {image:.19} ({tag}) for service {service}, expected the "
                f"one that was built. It cannot be started again; deploy its commit: gonogo deploy --env {release.env} "
                f"--ref {release.short}"
            )
        if tag.endswith(f":{release.id}"):
            host.run(Command(argv=("docker", "tag", image, tag), timeout=_SECONDS)).require()


def _image_id(name: str, host: Host) -> str:
    """The id of an image; empty only where the Engine says that it has none of that name."""
    asked = host.run(Command(argv=("docker", "image", "inspect", "--format", "{{.Id}}", name), timeout=_SECONDS))
    return "" if "no such image" in asked.errors.lower() else asked.require().output.strip()
