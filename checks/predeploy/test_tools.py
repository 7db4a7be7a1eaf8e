"""Whether this machine can build and run a release: tools, room, the Docker Engine."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import pytest

from gonogo.backups.wanted import is_asked
from gonogo.config import Environment, Project
from gonogo.errors import CommandError
from gonogo.host import disk
from gonogo.host.runner import Command, Host
from gonogo.inspection.machine import tools
from gonogo.inspection.machine.engine import EngineFacts
from gonogo.plugins.browser import missing_browser
from gonogo.plugins.evidence import Collected, InconclusiveError
from gonogo.plugins.runtime_facts import compose_spelling
from gonogo.state.store import State

__all__: list[str] = []


@pytest.mark.predeploy(
    "P25", remedy="Install what is missing, open a new shell, then: python -m pytest -m predeploy --env {env} -k tools"
)
def test_tools_are_there_in_the_required_versions(environment: Environment, runner: Host, evidence: Collected) -> None:
    """The tools that a deployment runs are there, and new enough.

    Catches docker-compose 1, which dies with KeyError: 'ContainerConfig' where it recreates a container.

    Before (shell):

        $ docker compose version
        docker: 'compose' is not a docker command.

    After (shell):

        sudo apt-get install docker-compose-plugin
    """
    needed = [tools.GIT, tools.DOCKER] if environment.has("a Docker Engine") else [tools.GIT]
    said = {tool: _said(runner, tool.argv) for tool in needed}
    wrong = [problem for tool, text in said.items() if (problem := tools.judge(tool, text))]
    spelling, problem = compose_spelling(runner) if environment.has("compose files") else ("not needed", "")
    evidence.table(
        "What is here",
        [*((tool.name, text or "not found") for tool, text in said.items()), ("Compose", spelling or "not found")],
    )
    wrong += [problem] if problem else []
    wrong += [problem] if environment.page and (problem := missing_browser()) else []
    assert not wrong, "; ".join(wrong)


@pytest.mark.predeploy(
    "P26",
    reads=("min_free_disk", "min_free_memory"),
    remedy="df -h; free -m; docker system df; free some, or set min_free_disk and min_free_memory of [env.{env}]",
)
def test_there_is_room_on_disk_and_in_memory(
    environment: Environment, project: Project, state: State, request: pytest.FixtureRequest, evidence: Collected
) -> None:
    """Enough disk and memory are free to build, keep and run a release, and for its backup where one is asked for.

    Catches the disk that fills up in the middle of a build, after which nothing can be built or rolled back. Less than
    each of the kept releases took is too little, less than one of them took warns. Told in
    JupiterBroadcasting/jupiterbroadcasting.com#772.

    Before (shell):

        $ df --human-readable --output=avail /var/lib/docker
        Avail
         812M

    After (shell):

        docker builder prune
        docker image prune
    """
    places = {"the state folder": state.root}
    wanted = environment.has("a Docker Engine")
    engine: EngineFacts | None = request.getfixturevalue("engine") if wanted else None
    if engine is not None and engine.root and Path(engine.root).is_dir():
        places["Docker's data root"] = Path(engine.root)
    free = [disk.free_on(name, path) for name, path in places.items()]
    memory = psutil.virtual_memory().available // disk.MIB
    evidence.table("Free (MiB)", [*((place.what, place.path, place.free) for place in free), ("memory", "", memory)])
    wrong = disk.too_little(free, environment.min_free_disk, memory, environment.min_free_memory)
    tight = [disk.too_tight(place, took) for place, took in _took(free, state)]
    wrong += [problem for problem, _ in tight if problem]
    for advice in (advice for _, advice in tight if advice):
        evidence.advise(advice)
    if is_asked(environment):
        wrong += _no_room_for_a_backup(project, environment, state, evidence)
    assert not wrong, "; ".join(wrong)
    if engine is not None and engine.problem:
        raise InconclusiveError("Docker's data root is not known, because the daemon does not answer (see P27)")


def _took(places: Sequence[disk.Free], state: State) -> Iterator[tuple[disk.Free, list[int]]]:
    """Each disk, and what making the kept releases took of it (MiB)."""
    taken = [release.took for release in state.releases() if release.took]
    disks: dict[int, list[tuple[disk.Free, str]]] = defaultdict(list)
    for place, kind in zip(places, ("folder", "images"), strict=False):
        disks[disk.device(place.path)].append((place, kind))
    for on_it in disks.values():
        what = " and ".join(place.what for place, _ in on_it)
        sizes = [sum(one.get(kind, 0) for _, kind in on_it) // disk.MIB for one in taken]
        yield dataclasses.replace(on_it[0][0], what=what), [size for size in sizes if size]


@pytest.mark.predeploy(
    "P27", needs=("a Docker Engine",), remedy="Start it: sudo systemctl start docker; then: docker info"
)
def test_the_docker_daemon_answers(engine: EngineFacts, evidence: Collected) -> None:
    """The Docker daemon that would build and run the release answers.

    Catches a daemon that is stopped, and a user who may not use its socket.

    Before (shell):

        $ docker info
        Cannot connect to the Docker daemon at unix:///var/run/docker.sock.

    After (shell):

        sudo systemctl start docker
    """
    evidence.text("Docker", engine.problem or f"Engine {engine.version}, data root {engine.root}")
    assert not engine.problem, f"found no answer from the Docker daemon ({engine.problem}), expected its version"
    old = tools.judge(tools.DOCKER, engine.version)
    assert not old, old


def _no_room_for_a_backup(project: Project, environment: Environment, state: State, evidence: Collected) -> list[str]:
    """Counts the one before; how big a first one will be is asked when it is taken."""
    from gonogo.backups.shelf import shelf_of  # noqa: PLC0415 (a gate that asks nothing of backups does without)

    shelf = shelf_of(project, environment, state)
    last = next(iter(shelf.all()), None)
    if last is None:
        return []
    place, need = disk.free_on("backups", shelf.folder), last.bytes // disk.MIB + 1
    evidence.table("Room for a backup (MiB)", [(str(place.path), f"{place.free} free", f"{need} by the one before")])
    if place.free >= environment.min_free_disk + need:
        return []
    least = environment.min_free_disk
    return [f"backups ({place.path}): found {place.free} MiB free, expected {need} for one more and {least} to spare"]


def _said(runner: Host, argv: tuple[str, ...]) -> str | None:
    """What a tool says of its version; None when it is not there or fails."""
    try:
        done = runner.run(Command(argv=argv, timeout=20.0))
    except CommandError:
        return None
    return (done.output or done.errors).strip() if done.ok else None
