"""Whether an image holds what nobody else may have: whoever pulls it, or reads a copy of it, has that too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import pytest

from gonogo.checks.build.holding import made_alike
from gonogo.config import Environment
from gonogo.inspection.code import presence
from gonogo.inspection.code.baked import histories, is_private_key, known_in, own_folders, own_secrets
from gonogo.inspection.code.contents import looked_at
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected
from gonogo.plugins.source import Source
from gonogo.runtimes.base import Artifact
from gonogo.words import Tier

if TYPE_CHECKING:
    from gonogo.runtimes.compose.baked import Baked

__all__: list[str] = []


@pytest.mark.build(
    "B13",
    in_prod="red",
    needs=("images",),
    reads=("secrets", "tier"),
    remedy="Write its name into .dockerignore (.git, .env, *.pem), give secrets when it is started, and replace what "
    "the image had; then: gonogo deploy --env {env} --no-cache",
)
def test_image_holds_no_secrets(
    artifact: Artifact, environment: Environment, source: Source, context: Context, evidence: Collected
) -> None:
    """No private key, env file with this environment's secrets, or git history is in the application's folders.

    Nor is a secret of the env file in the image's own environment or in its build history. Catches `COPY . .` without
    an ignore file, and a token that was a build argument: whoever gets the image has them for good. A warning outside
    tier prod. What examples, tests and other people's packages hold is left, as are keys with a passphrase and values
    that are words.

    Before (.dockerignore):

        **/__pycache__

    After (.dockerignore):

        **/__pycache__
        .git
        **/.env*
        **/*.pem
    """
    if artifact.facts is None:
        pytest.skip("runtime process builds no image")
    from gonogo.runtimes.compose.baked import baked_in  # noqa: PLC0415 (only where the runtime is compose)

    folders = own_folders(looked_at(artifact.code, source.tracked), artifact.facts.workdir)
    found = baked_in(artifact.facts.id, folders, project=environment.project)
    secrets = own_secrets(context.variables, tuple(environment.secrets))
    wrong = list(_held(found, secrets, folders))
    evidence.text("Looked at", f"{len(found.paths)} files below {', '.join(folders) or 'no folder of its own'}")
    evidence.table("Must not be there", [(line,) for line in wrong])
    evidence.alike(made_alike(artifact, "secrets"))
    said = f"found {presence.first(wrong)}; expected no secrets in an image"
    if wrong and environment.tier != Tier.PROD:
        evidence.advise(f"the image of {artifact.service}: {said}")
        return
    assert not wrong, f"{artifact.label}: {said}"


def _held(found: Baked, secrets: Mapping[str, str], folders: Sequence[str]) -> Iterator[str]:
    """What an image holds and should not, each with its place."""
    for path, content in sorted(found.contents.items()):
        if names := known_in(path, content, secrets):
            yield f"the env file {path} with this environment's {', '.join(names)}"
        elif is_private_key(next((path[len(one) :] for one in folders if path.startswith(f"{one}/")), path), content):
            yield f"the private key {path} ({len(content)} bytes)"
    yield from (f"git's history in {folder}" for folder in histories(found.paths))
    baked = [name for name, value in found.variables.items() if any(one in value for one in secrets)]
    if baked:
        yield f"the value of {', '.join(baked)} in the image's own environment (ENV)"
    lines = "\n".join(found.history)
    told = sorted({name for value, name in secrets.items() if value in lines and name not in baked})
    if told:
        yield f"the value of {', '.join(told)} in its build history (ARG, RUN)"
