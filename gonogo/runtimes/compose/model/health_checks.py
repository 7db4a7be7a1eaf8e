"""The health checks of Dockerfiles and compose files: what they ask, how often, and for how long. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from gonogo.inspection.code.dockerfile import Instruction, health_test, read

__all__ = ["Probe", "differences", "misfits", "of_compose", "of_dockerfile", "weaknesses"]

_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(h|ms|us|µs|ns|m|s)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_NUMBERS = ("interval", "timeout", "retries", "start_period", "start_interval")
_INTERVAL = 30.0
_START_INTERVAL = 5.0
"""Docker's defaults."""
_NEVER_FAILS = re.compile(
    r"(?:^|\|\||;)\s*(?:true|/bin/true|:|exit\s+0)\s*$|^echo\s[^|&;$`]*$",
)
_CURL = re.compile(r"(?:^|[\s;&|/])curl\s")
_MINDS = re.compile(r"\s-[a-zA-Z]*f|\s--fail|\s-w|\s--write-out|[^|]\|[^|]|\$\(|`")
"""curl that fails by itself, or whose answer something else looks at."""
_PLAIN = re.compile(
    r"(?:docker\.io/)?(?:library/)?(?:python|pypy|node|golang|ruby|php|debian|ubuntu|alpine|busybox|scratch)(?:[:@].*)?"
)
"""Base images of which it is known that they have no health check."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A health check; None is what nobody says."""

    test: tuple[str, ...] = ()
    """Empty: that of the image. ``NONE``: switched off."""
    interval: float | None = None
    timeout: float | None = None
    retries: float | None = None
    start_period: float | None = None
    start_interval: float | None = None


def of_compose(service: Mapping[str, Any]) -> Probe | None:
    """The health check of a rendered service; None where it says nothing."""
    said = service.get("healthcheck")
    if not said:
        return None
    if said.get("disable"):
        return Probe(test=("NONE",))
    test = said.get("test") or ()
    words = ("CMD-SHELL", test) if isinstance(test, str) else tuple(map(str, test))
    return Probe(test=words, **{name: _number(said.get(name)) for name in _NUMBERS})


def of_dockerfile(text: str, *, target: str = "") -> Probe | None:
    """The health check of the image that a Dockerfile makes; None where it has none.

    Raises:
        LookupError: it may have that of a base image, which nobody here knows.
        DockerfileError: it cannot be read.
    """
    stages: dict[str, tuple[str, Instruction | None]] = {}
    current = ""
    for one in read(text):
        if one.name == "FROM":
            if current and target and current == target.casefold():
                break
            base = next((word for word in one.words), "")
            current = one.words[-1].casefold() if len(one.words) > 2 else str(len(stages))  # noqa: PLR2004 (AS name)
            stages[current] = stages.get(base.casefold(), (base, None))
        elif one.name == "HEALTHCHECK":
            stages[current] = (stages[current][0], one)
    base, found = stages.get(target.casefold() or current, ("", None))
    if found is not None:
        return _of_instruction(found)
    if not _PLAIN.fullmatch(base):
        raise LookupError(base)
    return None


def _of_instruction(one: Instruction) -> Probe:
    test = health_test(one)
    if test == ("NONE",):
        return Probe(test=test)
    return Probe(test=test, **{name: _number(one.flag(name.replace("_", "-"))) for name in _NUMBERS})


def _number(value: object) -> float | None:
    """Seconds, or a count; None for nothing."""
    if value is None or value == "":
        return None
    text = str(value)
    if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", text):
        return float(text)
    return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))


def misfits(probe: Probe, *, bound: float) -> Iterator[str]:
    """What of its numbers cannot be meant, beside the seconds that a deployment waits for a healthy start."""
    if probe.test == ("NONE",):
        return
    first = probe.interval or _INTERVAL
    if probe.start_period:
        first = min(first, probe.start_interval or _START_INTERVAL)
    if first >= bound:
        yield f"asks first after {first:g} s, and a deployment waits {bound:g} s (health.timeout)"
    elif (probe.start_period or 0) > bound:
        yield f"lets a start take {probe.start_period:g} s, and a deployment waits {bound:g} s (health.timeout)"
    if probe.start_interval and not probe.start_period:
        yield "has a start_interval and no start_period, without which Docker ignores it"


def weaknesses(probe: Probe) -> Iterator[str]:
    """Why what it asks says little: it passes whatever happens, or whatever is answered."""
    line = _line(probe.test)
    if _NEVER_FAILS.search(line):
        yield "cannot fail, so that a container which hangs counts as healthy; expected no `|| true` at its end"
    elif _CURL.search(line) and not _MINDS.search(line):
        yield "asks with curl and without --fail, so that an answer of 500 counts as healthy"


def _line(test: tuple[str, ...]) -> str:
    """What is run, as a shell would be given it."""
    words = test[1:] if test[:1] in {("CMD",), ("CMD-SHELL",)} else test
    is_shell = len(words) == 3 and words[0].rpartition("/")[2] in {"sh", "bash", "ash"} and words[1] == "-c"  # noqa: PLR2004
    return words[2].strip() if is_shell else " ".join(words).strip()


def differences(one: Probe, other: Probe) -> tuple[str, ...]:
    """Which parts of two health checks say different things; what only one of them says is no difference."""
    said = (
        (field.name, _plain(getattr(one, field.name)), _plain(getattr(other, field.name))) for field in fields(Probe)
    )
    return tuple(name for name, mine, theirs in said if mine and theirs and mine != theirs)


def _plain(value: object) -> object:
    """Words without the form that they stand in: a shell's line and a list may be the same command."""
    if not isinstance(value, tuple):
        return value
    words = (
        " ".join(value)
        .replace("$$", "$")
        .replace("localhost", "127.0.0.1")
        .removeprefix("CMD-SHELL")
        .removeprefix("CMD")
    )
    return re.sub(r"[\s'\"\\]+", " ", re.sub(r"\|\|\s*exit\s+1\s*$", "", words)).strip()
