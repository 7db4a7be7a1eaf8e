"""What goes with a release that is not kept any longer."""

from __future__ import annotations

import json
from pathlib import Path

from gonogo.host.runner import Command
from gonogo.runtimes.base import Place, remove_worktree
from gonogo.runtimes.compose.copies import lone_copies
from gonogo.runtimes.compose.files import COMPOSE, read_model, services_of
from gonogo.runtimes.compose.model import roles
from gonogo.state.release import Release

__all__ = ["removal"]


def removal(place: Place, release: Release) -> tuple[Command, ...]:
    """Throws away the release's own tags, its worktree, its folder, and the mounted copies that only it used."""
    tags = sorted({tag for tag in release.tags.values() if tag.endswith(f":{release.id}")})
    images = [Command(argv=("docker", "image", "rm", "--force", *tags))] if tags else []
    copies = map(str, _copies(place, release))
    folder = Command(argv=("rm", "-rf", "--", str(release.folder), *copies))
    return (*images, *remove_worktree(release), folder)


def _copies(place: Place, release: Release) -> tuple[Path, ...]:
    """The copies of mounted files that no other kept release names.

    Those of data stores stay: their containers go on from one release to the next.
    """
    path = release.folder / COMPOSE
    if not path.is_file():
        return ()
    model = read_model(release)
    lasting = set(roles.backing(model, release.services))
    kept = {name: one for name, one in services_of(model).items() if name in lasting}
    shared = {key: model.get(key) for key in ("configs", "secrets")} if kept else {}
    others = [one.read_text("utf-8") for one in place.state.glob("releases/*/*.json") if one.parent != release.folder]
    return lone_copies(place.state, path.read_text("utf-8"), [*others, json.dumps([kept, shared], ensure_ascii=False)])
