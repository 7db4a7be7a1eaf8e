"""Whether the image can be run as it should be: its user, its health check, what it is made from."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from gonogo.checks.build.defined import definition_of, healthcheck_of
from gonogo.checks.build.holding import made_alike
from gonogo.config import Environment, Service
from gonogo.errors import GonogoError
from gonogo.gates.subject import Subject
from gonogo.host.runner import Host
from gonogo.inspection.code.dockerfile import is_loose, unpinned
from gonogo.inspection.machine.healthcheck import missing_programs
from gonogo.inspection.machine.privileges import becomes_another, gives_up_root
from gonogo.plugins.evidence import Collected
from gonogo.plugins.fixtures import Asking
from gonogo.plugins.source import Source
from gonogo.runtimes.base import Artifact, ImageFacts, Inspector
from gonogo.state.release import Release

__all__: list[str] = []

_ROOT = frozenset({"", "0", "root"})
_MIB = 1 << 20
_SCRIPT = re.compile(r"[\w./-]+(?:\.(?:sh|bash)|entry-?point)|/[\w./-]*(?:start|run|cmd)[\w-]*")
"""What of an entry command may be a shell script of the image's own."""


@pytest.mark.build(
    "B11", needs=("images",), severity="advisory", remedy="Add USER to the Dockerfile of {param}, after its last RUN"
)
def test_image_does_not_run_as_root(
    artifact: Artifact, inspector: Inspector, runner: Host, evidence: Collected
) -> None:
    """The service does not run as root.

    Catches a Dockerfile without USER: who breaks into the application owns the container.

    Before (Dockerfile):

        COPY . /srv
        CMD ["gunicorn", "app:app"]

    After (Dockerfile):

        COPY . /srv
        RUN useradd --system app
        USER app
        CMD ["gunicorn", "app:app"]
    """
    facts = _facts(artifact)
    definition = definition_of(inspector, artifact.service)
    if not definition.get("user") and (program := _gives_up(artifact, _started(definition, facts, runner))):
        pytest.skip(f"{program} gives up root by itself")
    user = str(definition.get("user") or facts.user)
    evidence.text("User", user or "root, because none is named")
    if not definition.get("user"):
        evidence.alike(made_alike(artifact, "user"))
    assert user.partition(":")[0] not in _ROOT, f"{artifact.label}: user: found {user or 'root'}, expected another"


@pytest.mark.build(
    "B12",
    needs=("images", "a health check"),
    remedy="Install the program in the Dockerfile of {param}, or write the health check with what the image has",
)
def test_healthcheck_program_is_in_the_image(artifact: Artifact, inspector: Inspector, evidence: Collected) -> None:
    """The program that the health check runs is in the image.

    Catches curl in a slim image: the container never becomes healthy. Told in opf/openproject-docker-compose#150,
    hiero-ledger/hiero-mirror-node#13853.

    Before (docker-compose.yml):

        healthcheck:
          test: ["CMD", "curl", "--fail", "http://localhost:8000/healthz"]

    After (docker-compose.yml):

        healthcheck:
          test: ["CMD", "python", "-c", "from urllib.request import urlopen; urlopen('http://localhost:8000/healthz')"]
    """
    facts = _facts(artifact)
    check = healthcheck_of(definition_of(inspector, artifact.service), facts)
    if check is None or check[:1] == ("NONE",):
        pytest.skip(f"{artifact.service} has no health check")
    evidence.text("Health check", " ".join(check))
    missing = missing_programs(check, artifact.exists)
    evidence.alike(made_alike(artifact, " ".join(missing)))
    assert not missing, f"{artifact.label}: health check: found no {', '.join(missing)}, expected what {check[0]} runs"


def _facts(artifact: Artifact) -> ImageFacts:
    if artifact.facts is None:
        pytest.skip("runtime process builds no image")
    return artifact.facts


def _started(definition: Mapping[str, Any], facts: ImageFacts, runner: Host) -> Sequence[str]:
    """The words that start the service, entry point and command."""
    from gonogo.runtimes.compose.entry import entry_words, image_config  # noqa: PLC0415 (where compose is)

    if not definition.get("entrypoint") and not definition.get("command"):
        return facts.command
    return entry_words(definition, image_config(facts.id, runner))


def _gives_up(artifact: Artifact, words: Sequence[str]) -> str | None:
    """The program, or the image's script, that makes another user of the one that starts the service."""
    workdir = artifact.facts.workdir if artifact.facts is not None else ""
    places = (posixpath.normpath(posixpath.join(workdir or "/", word)) for word in words if _SCRIPT.fullmatch(word))
    texts = ((place, artifact.text(place)) for place in places)
    return gives_up_root(words) or next((place for place, text in texts if text and becomes_another(text)), None)


@pytest.mark.build(
    "B10",
    severity="advisory",
    needs=("images",),
    reads=("service.max_image_size",),
    remedy="Look what takes the room (docker history); leave it out of {param} in .dockerignore, or build it in "
    "another stage",
)
def test_image_is_not_too_large(
    artifact: Artifact, environment: Environment, question: Asking, evidence: Collected
) -> None:
    """The image is no larger than the team says; beside it stands what the serving release's has.

    Catches the folder of data, or the compilers, that a COPY or a RUN left in it: each pull waits for it. It warns at
    most.

    Before (.dockerignore):

        .git

    After (.dockerignore):

        .git
        data
    """
    size = _facts(artifact).size / _MIB
    limit = environment.service.get(artifact.service, Service()).max_image_size
    evidence.measure("Image", size, unit="MiB", limit=limit)
    before = _size_before(artifact.service, question)
    evidence.text("Growth", f"{size - before:+.0f} MiB since the serving release" if before else "not known")
    if limit is not None and size > limit:
        evidence.advise(f"the image of {artifact.service}: found more than the {limit} MiB that max_image_size allows")


def _size_before(service: str, question: Asking) -> float | None:
    """MiB of the serving release's image of a service; None where there is none."""
    if question.serving is None:
        return None
    try:
        artifacts = question.runtime.inspector(question.place, question.serving).artifacts()
    except GonogoError:
        return None
    found = next((one.facts for one in artifacts if one.service == service), None)
    return found.size / _MIB if found is not None else None


@pytest.mark.build(
    "B17",
    severity="advisory",
    needs=("compose",),
    remedy="Write a version: FROM python:3.12-slim in the Dockerfile, image: postgres:16 in the compose file; give a "
    "build argument its value under build.args of the service, or a default in the Dockerfile",
)
def test_base_images_are_pinned(
    inspector: Inspector, source: Source, subject: Subject, environment: Environment, evidence: Collected
) -> None:
    """Every FROM and every image that compose files name has a version; build arguments that are baked in have a value.

    Catches `FROM python`: the next build brings another Python with the same commit, and going back does not bring the
    old one; likewise `image: postgres`, which is another major version on the next machine. So is an argument such as
    `NEXT_PUBLIC_API_URL` that nobody gives: the pages that were built ask nobody. It warns, once.

    Before (Dockerfile):

        FROM python

    After (Dockerfile):

        FROM python:3.12-slim
    """
    recipes = (one.layout.recipe for one in inspector.artifacts())
    names = dict.fromkeys(recipe.dockerfile for recipe in recipes if recipe is not None)
    model: Mapping[str, Any] = getattr(inspector, "model", {})
    images = {name: str(one.get("image") or "") for name, one in (model.get("services") or {}).items()}
    loose = [
        (f"service {name}", f"image {image}") for name, image in sorted(images.items()) if image and is_loose(image)
    ]
    if not names and not loose:
        pytest.skip("no Dockerfile of this repository is known to make an image of it")
    loose += [(f"{name}:{line}", f"FROM {image}") for name in names for line, image in unpinned(_text(source, name))]
    evidence.table("Without a version", loose, header=("where", "image"))
    for where, said in loose:
        evidence.advise(f"{where}: found {said}, expected a version of it")
    if "build" not in environment.commands:  # what that gives, nobody here knows
        _tell_unfilled(inspector, subject.release, evidence)


def _tell_unfilled(inspector: Inspector, release: Release | None, evidence: Collected) -> None:
    """Advises of build arguments without a value, once for each Dockerfile; what CI built, CI gave."""
    told: dict[str, None] = {}
    for artifact in inspector.artifacts():
        recipe = artifact.layout.recipe
        if recipe is None or (release is not None and artifact.service in release.brought):
            continue
        described = inspector.described(artifact.service)
        for one in recipe.unfilled(described.variables if described is not None else ()):
            said = f"{recipe.dockerfile}: found ARG {one.name} without a value, which {one.taken_by} takes"
            told[f"{said}; expected one under build.args, or a default"] = None
    evidence.table("Build arguments without a value", [(line,) for line in told])
    for line in told:
        evidence.advise(line)


def _text(source: Source, name: str) -> str:
    """A Dockerfile's text; empty where it is not there."""
    try:
        return source.text(name)
    except OSError:
        return ""
