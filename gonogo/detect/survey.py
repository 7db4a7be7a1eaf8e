"""Look at a repository: what runs first, then what its files say, and what only a person can know."""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gonogo.detect.addresses import Address, address_of, is_front, is_store
from gonogo.detect.asking import measure
from gonogo.detect.composefiles import candidates, choices
from gonogo.detect.facts import Fact, Found, Question, ServiceFacts, guess
from gonogo.detect.filled import env_file_of
from gonogo.detect.outside import own_page, pages_of, timeout_of
from gonogo.detect.places import place_of
from gonogo.detect.rendering import ABSENT, Rendered, render_aside
from gonogo.detect.running import Running, running_in
from gonogo.detect.services import Seen, look_at
from gonogo.detect.tree import Tree, read_tree
from gonogo.detect.variables import required_secrets
from gonogo.errors import UsageError
from gonogo.host import Host
from gonogo.inspection.compose_model import backing, deployed_services, fronts
from gonogo.inspection.envfile import parse

__all__ = ["Given", "survey"]

_GENERIC = frozenset({"app", "backend", "src", "api", "server", "project", "web", "my-app", "fastapi", "django"})
_LISTED = 6


@dataclass(frozen=True, kw_only=True)
class Given:
    """What the operator said; what is empty is found out."""

    env: str = "staging"
    name: str = ""
    project: str = ""
    compose: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    env_file: str = ""
    url: str = ""
    live: str = ""


def survey(root: Path, given: Given, host: Host) -> Found:
    """Find out all that a gonogo.toml says.

    Raises:
        UsageError: there is nothing that could be deployed; the text says what was looked for.
    """
    tree = read_tree(root, host)
    running = running_in(root, host)
    runs, files, sets = _chosen(tree, running, given)
    _require(tree, files)
    _no_folders(root, files, given)
    rendered = _render(root, tree, files, host, given)
    deployed = tuple(deployed_services(rendered.model, ()))
    if not deployed:
        raise UsageError(_nothing_built(rendered))
    seen = _in_order([look_at(tree, rendered.model, files, name, runs) for name in deployed])
    return _found(root, tree, given, runs, rendered, seen, sets)


def _chosen(
    tree: Tree, running: Sequence[Running], given: Given
) -> tuple[Running | None, tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """What runs, the compose files, and what else they might be."""
    runs = next((one for one in running if given.project in {"", one.project}), None)
    sets = choices(tree)
    if given.compose:
        return runs, given.compose, sets
    if runs is not None and runs.files and all(path in tree for path in runs.files):
        return runs, runs.files, sets
    if not sets:
        raise UsageError(_no_compose(tree))
    apart = {posixpath.dirname(one[0]) for one in sets}
    if len(apart) > 1 and not any(folder == "" for folder in apart):
        best = {posixpath.dirname(one[0]) for one in sets if one[0].count("/") == sets[0][0].count("/")}
        if len(best) > 1:
            raise UsageError(_several(sets))
    return runs, sets[0], sets


def _no_compose(tree: Tree) -> str:
    dockerfiles = [path for path in tree.files if posixpath.basename(path).startswith("Dockerfile")]
    has = f" (but {', '.join(dockerfiles[:_LISTED])})" if dockerfiles else ""
    return (
        f"found no compose file{has}, expected compose.yaml or docker-compose.yml here or below. Write one whose "
        "service has `build:`, or name yours: `gonogo init --compose FILE`. Without Docker, see the runtime process in "
        "the documentation of gonogo.toml."
    )


def _several(sets: Sequence[Sequence[str]]) -> str:
    listed = "".join(f"\n    gonogo init --compose {' --compose '.join(one)}" for one in sets[:_LISTED])
    return (
        "found the compose files of several applications, expected one. Change to the folder of the application, or "
        f"name its files:{listed}"
    )


def _require(tree: Tree, files: Sequence[str]) -> None:
    for path in files:
        if path not in tree:
            raise UsageError(f"--compose {path}: found no such file here, expected the path of a compose file.")


def _no_folders(root: Path, files: Sequence[str], given: Given) -> None:
    """Docker makes a folder where a file that is to be mounted is missing."""
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(files[0]), ".env"))
    for path in filter(None, (given.env_file, beside)):
        if (root / path).is_dir():
            raise UsageError(
                f"{path}: found a folder, expected an env file. Docker makes such a folder where a file that it mounts "
                f"is missing: `rmdir {path}`, and put the file there."
            )


def _render(root: Path, tree: Tree, files: Sequence[str], host: Host, given: Given) -> Rendered:
    project = given.project or _compose_name(root)
    asked = {"env_file": given.env_file, "project": project}
    rendered = render_aside(root, tree, files, host, profiles=given.profiles, **asked)
    if rendered.error:
        raise UsageError(
            f"{', '.join(files)}: found a model that Compose refuses, expected one that it renders. "
            f"`docker compose config` says:\n{rendered.error}"
        )
    return rendered


def _nothing_built(rendered: Rendered) -> str:
    files, services = ", ".join(rendered.files), rendered.model.get("services") or {}
    profiles = (
        f" Behind profiles stands more: --profile {' --profile '.join(rendered.profiles)}." if rendered.profiles else ""
    )
    images = ", ".join(f"{name} ({service.get('image')})" for name, service in services.items())
    return (
        f"{files}: found no service with `build:` among {images or 'its services'}, expected at least one: a "
        "release is built from a commit. Give the application's service `build: .`, or name another file with "
        f"--compose.{profiles}"
    )


def _in_order(seen: Sequence[Seen]) -> tuple[Seen, ...]:
    """The service that serves first: one with an entry point, then those that might; as they stand in the file."""
    rank = {"web": 0, "unknown": 1, "worker": 2, "proxy": 3, "store": 4}
    return tuple(
        sorted(
            seen,
            key=lambda one: (
                rank[one.facts.role],
                one.facts.entrypoint is None,
                one.facts.framework is None,
                _number(one.facts.where),
            ),
        )
    )


def _number(where: str) -> int:
    line = where.rpartition(":")[2]
    return int(line) if line.isdecimal() else 0


def _found(
    root: Path,
    tree: Tree,
    given: Given,
    runs: Running | None,
    rendered: Rendered,
    seen: Sequence[Seen],
    sets: Sequence[tuple[str, ...]],
) -> Found:
    model, files = rendered.model, rendered.files
    deployed = [one.facts.name for one in seen]
    web = [one.facts.name for one in seen if one.facts.role == "web"]
    address = _address(tree, rendered, runs, web)
    if address is not None and ABSENT in address.url.value:
        address = None
    pages = pages_of(tree, model, files, seen, address)
    env_file, to_do = env_file_of(tree, rendered, given.env_file, runs, web or deployed)
    settings = [path for one in seen for path in one.settings]
    secrets = required_secrets(tree, rendered, settings, env_file.value if env_file else "")
    in_front = [name for name in fronts(model, deployed) if is_front(model, name)]
    behind = list(backing(model, deployed))
    found = Found(
        name=_name(root, tree, given),
        runtime="compose",
        project=_project(root, given, runs),
        services=tuple(_with_address(tree, rendered, seen, address)),
        required=_required(seen),
        compose=_compose(files, sets, given, runs, tree),
        profiles=_profiles(rendered, given, tree),
        env_file=env_file,
        url=Fact(given.url, "as you said") if given.url else address.url if address else None,
        live=Fact(given.live, "as you said") if given.live else pages.live,
        ready=pages.ready,
        timeout=timeout_of(tree, model, files, seen),
        secrets=Fact(secrets, "") if secrets else None,
        fronts=Fact(tuple(in_front), files[0]) if in_front else None,
        behind=Fact(tuple(behind), files[0]) if behind else None,
        questions=tuple(_questions(address, given, files, rendered)),
        notes=tuple(_remarks(tree, rendered, files)),
        running=runs is not None,
        to_do=tuple(to_do),
    )
    return measure(found) if runs is not None else found


def _with_address(
    tree: Tree, rendered: Rendered, seen: Sequence[Seen], address: Address | None
) -> Iterator[ServiceFacts]:
    """The services; one that publishes a port of its own beside the environment's address is asked there too."""
    main = next((one.facts.name for one in seen if one.facts.role == "web"), "")
    for one in seen:
        name = one.facts.name
        own = None
        if one.facts.entrypoint is not None and name not in {main, address.service if address else ""}:
            where = {name: place_of(tree, rendered.files, name, "ports")}
            only = {**rendered.model, "services": {name: rendered.model["services"][name]}}
            own = address_of(only, web=[name], where=where, made_up=bool(rendered.made_up))
        live = own_page(tree, rendered.model, rendered.files, one) if own is not None else None
        yield replace(one.facts, url=own.url if own else None, live=live)


def _name(root: Path, tree: Tree, given: Given) -> Fact[str]:
    if given.name:
        return Fact(given.name, "as you said")
    for path in ("pyproject.toml",):
        try:
            document = tomllib.loads(tree.text(path)) if path in tree else {}
        except tomllib.TOMLDecodeError:
            continue
        name = document.get("project", {}).get("name") or document.get("tool", {}).get("poetry", {}).get("name") or ""
        if name and _plain(name) not in _GENERIC:
            return Fact(_plain(name), tree.where(path, "name"))
    return Fact(_plain(root.name), "the folder's name")


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9_-]+", "-", name.casefold()).strip("-_") or "app"


def _compose_name(root: Path) -> str:
    """Compose's own name for a project in a folder."""
    return re.sub(r"[^a-z0-9_-]", "", root.name.casefold()).lstrip("-_") or "app"


def _project(root: Path, given: Given, runs: Running | None) -> Fact[str]:
    if given.project:
        return Fact(given.project, "as you said")
    if runs is not None:
        return Fact(runs.project, "docker ps: it runs under this name")
    return Fact(_compose_name(root), "Compose's own name for a project in this folder; nothing of it runs here")


def _required(seen: Sequence[Seen]) -> Fact[tuple[str, ...]] | None:
    """Files that every image needs: only where one service is built."""
    files = [one.entry_file for one in seen if one.entry_file and one.facts.entrypoint and one.facts.entrypoint.sure]
    if len(seen) != 1 or not files:
        return None
    return Fact((files[0],), "the entry point's file")


def _compose(
    files: tuple[str, ...], sets: Sequence[tuple[str, ...]], given: Given, runs: Running | None, tree: Tree
) -> Fact[tuple[str, ...]]:
    if given.compose:
        return Fact(files, "as you said")
    if runs is not None and runs.files == files:
        return Fact(files, f"docker ps: project {runs.project} was started from it")
    others = [" + ".join(one) for one in sets if one != files]
    overrides = [one.path for one in candidates(tree) if one.kind == "override"]
    left = [*others, *overrides]
    if not left:
        return Fact(files, "the only compose file")
    return guess(files, f"there are also {', '.join(left[:_LISTED])}")


def _profiles(rendered: Rendered, given: Given, tree: Tree) -> Fact[tuple[str, ...]] | None:
    if given.profiles:
        return Fact(given.profiles, "as you said")
    if not rendered.profiles or not rendered.env_file:
        return None
    said = parse(tree.text(rendered.env_file)).values.get("COMPOSE_PROFILES") or ""
    names = tuple(name.strip() for name in said.split(",") if name.strip())
    return guess(names, tree.where(rendered.env_file, "COMPOSE_PROFILES")) if names else None


def _address(tree: Tree, rendered: Rendered, runs: Running | None, web: Sequence[str]) -> Address | None:
    model = rendered.model
    where = {name: place_of(tree, rendered.files, name, "ports") for name in model["services"]}
    if runs is not None:
        actual = _as_it_runs(model, runs)
        address = address_of(actual, web=web, where=dict.fromkeys(where, "docker ps"), made_up=False)
        if address is not None:
            return address
    return address_of(model, web=web, where=where, made_up=bool(rendered.made_up) and _ports_vary(tree, rendered))


def _as_it_runs(model: Mapping[str, Any], runs: Running) -> dict[str, Any]:
    """The model with the ports that its containers publish now."""
    services = {
        name: {
            **service,
            "ports": [
                {"host_ip": ip, "published": str(port), "target": inner, "protocol": "tcp"}
                for ip, port, inner in runs.ports(name)
            ],
        }
        for name, service in model["services"].items()
    }
    return {**model, "services": services}


def _ports_vary(tree: Tree, rendered: Rendered) -> bool:
    """Whether a published port is taken from a variable."""
    return any(
        re.search(r"^\s*-\s*[\"']?[^#\n]*\$\{?\w*PORT", tree.text(path), re.MULTILINE) for path in rendered.files
    )


def _questions(address: Address | None, given: Given, files: tuple[str, ...], rendered: Rendered) -> list[Question]:
    found = []
    if address is None and not given.url:
        found.append(
            Question(
                about="url",
                text=f"{' + '.join(files)} publish no port of the application; where does it answer?",
                line='url = "http://127.0.0.1:8000"',
            )
        )
    if rendered.profiles and not given.profiles:
        listed = ", ".join(f'"{name}"' for name in rendered.profiles)
        found.append(
            Question(about="profiles", text="which of the profiles are active here?", line=f"profiles = [{listed}]")
        )
    return found


def _remarks(tree: Tree, rendered: Rendered, files: Sequence[str]) -> list[str]:
    found = []
    if tree.submodules:
        found.append(
            f"git submodules ({', '.join(tree.submodules[:_LISTED])}) were not looked at; a release has them not"
        )
    found += [f"{path} is not committed: a release is a commit" for path in files if path not in tree.tracked]
    stores = [name for name in rendered.model["services"] if is_store(rendered.model, name)]
    if stores:
        found.append(f"left alone by a release: {', '.join(stores)}")
    return found
