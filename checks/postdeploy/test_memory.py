"""Whether what runs has memory enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from gonogo.checks.postdeploy.instances import noted, those_running
from gonogo.config import Environment
from gonogo.gates.subject import Subject
from gonogo.host.runner import Command, Host
from gonogo.inspection import things
from gonogo.inspection.machine.memory import ASKED, SHARES, Memory, is_close, read, shares
from gonogo.plugins.evidence import Collected, InconclusiveError
from gonogo.records.results import GateResult
from gonogo.runtimes.base import Inspector
from gonogo.words import Role

__all__: list[str] = []

_FACTS = "Killed for want of memory"
_MIB = 1 << 20


@pytest.mark.late
@pytest.mark.postdeploy(
    "D17",
    impact="SEV3",
    needs=("a Docker Engine",),
    remedy="Give it more (mem_limit, or deploy.resources.limits.memory in the compose file), or fewer workers; the "
    "kernel's own words: dmesg --ctime | grep -i 'killed process'",
)
def test_no_process_was_killed_for_want_of_memory(
    inspector: Inspector,
    environment: Environment,
    subject: Subject,
    baseline: GateResult | None,
    runner: Host,
    evidence: Collected,
) -> None:
    """In no running container did the kernel kill a process for want of memory, and none is close to its limit.

    Catches the worker that dies again and again inside a container that lives: the main process starts another one, and
    nothing restarts. Where that happened to the serving release as well it is a warning, and so is a container that
    uses nine tenths of its limit. Told in benoitc/gunicorn#1937, benoitc/gunicorn#2215.

    Before (docker-compose.yml):

        mem_limit: 128m

    After (docker-compose.yml):

        mem_limit: 512m
    """
    if not environment.has("a Docker Engine"):
        pytest.skip(f"runtime {environment.runtime} sets no limit on memory")
    running = those_running(inspector)
    found = _inspected(tuple(running), runner)
    killed = sorted({running[one.name] for one in found if one.killed and one.name in running})
    evidence.json(_FACTS, {service: service in killed for service in sorted(set(running.values()))})
    for said in _close([one for one in found if one.limit], running, runner, evidence):
        evidence.advise(said)
    before = noted(baseline, "D17", _FACTS)
    red = [service for service in killed if not before.get(service) and subject.role is not Role.BASELINE]
    for service in (service for service in killed if service not in red):
        evidence.warn(f"{service}: found a process that was killed for want of memory, as before this release")
    evidence.breaks(*map(things.end, red))
    assert not red, (
        f"{', '.join(red)}: found a process that the kernel killed for want of memory since the start, expected none"
    )


def _inspected(names: Sequence[str], runner: Host) -> list[Memory]:
    """What the Engine says of these containers.

    Raises:
        InconclusiveError: it says nothing.
    """
    done = runner.run(Command(argv=("docker", "inspect", "--format", ASKED, *names), timeout=30.0), output_limit=None)
    found = list(read(done.output))
    if not found:
        raise InconclusiveError(f"the Docker Engine does not tell of the memory of {', '.join(names)}")
    return found


def _close(limited: Sequence[Memory], running: Mapping[str, str], runner: Host, evidence: Collected) -> list[str]:
    """Those that use nearly all that they may, one text each."""
    if not limited:
        return []
    argv = ("docker", "stats", "--no-stream", "--format", SHARES, *(one.name for one in limited))
    used = shares(runner.run(Command(argv=argv, timeout=30.0), output_limit=None).output)
    rows = [(one.name, one.limit // _MIB, used[one.name]) for one in limited if one.name in used]
    evidence.table("Memory in use", rows, header=("container", "limit in MiB", "per cent"))
    close = {running[name]: limit for name, limit, share in rows if is_close(share)}
    return [f"{name}: uses nine tenths or more of the {limit} MiB that it may" for name, limit in close.items()]
