"""Look at a repository: what runs first, then what its files say, and what only a person can know."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gonogo.config.runtimes import has
from gonogo.detect.addresses import Address, address_of, environment_of, is_front, is_store
from gonogo.detect.choosing import Chosen, choose, said_files
from gonogo.detect.composefiles import candidates
from gonogo.detect.facts import Fact, Found, Given, Question, ServiceFacts, guess
from gonogo.detect.filled import env_file_of
from gonogo.detect.measuring import measure
from gonogo.detect.naming import name_of
from gonogo.detect.offers import log_files, offers
from gonogo.detect.outside import files_of, own_page, pages_of, timeout_of
from gonogo.detect.own_names import own_name
from gonogo.detect.processes import survey_processes
from gonogo.detect.proxied import handed_to, listens, sends_to_https
from gonogo.detect.rendering import ABSENT, Rendered, compose_name
from gonogo.detect.running import Running
from gonogo.detect.services import Seen, look_at
from gonogo.detect.tree import Tree, read_tree
from gonogo.detect.variables import required_secrets
from gonogo.errors import UsageError
from gonogo.host.runner import Host
from gonogo.runtimes.compose.model.places import place_of
from gonogo.runtimes.compose.model.roles import backing, deployed_services, fronts

__all__ = ["survey"]

_HERE = "127.0.0.1"
_NAMED = re.compile(r"(?m)^name\s*:")

_LISTED = 6


def survey(root: Path, given: Given, host: Host) -> Found:
    """Finds out all that a gonogo.toml says.

    Raises:
        UsageError: there is nothing that could be deployed; the text says what was looked for.
    """
    tree = read_tree(root, host)
    described = has(given.runtime, "compose files") if given.runtime else bool(given.compose or candidates(tree))
    if not described:
        return survey_processes(root, tree, given, host)
    chosen = choose(root, tree, given, host)
    rendered = chosen.rendered
    names = deployed_services(rendered.model, ())
    seen = _in_order([look_at(tree, rendered.model, rendered.files, name, chosen.runs) for name in names])
    if all(one.facts.role == "store" for one in seen):
        raise UsageError(
            f"{', '.join(rendered.files)}: found only {', '.join(names)} with `build:`, which keeps data, expected a "
            "service of the application. Name the compose file that has it: `gonogo init --compose FILE`."
        )
    kept = _serving_profiles(tree, rendered, given, seen)
    if kept and not given.profiles:
        found = survey(root, replace(given, profiles=kept), host)
        why = f"{tree.where(rendered.env_file, 'COMPOSE_PROFILES')}, without those in which nothing serves or works"
        return replace(found, profiles=guess(kept, why))
    return _found(root, tree, given, chosen, seen)


def _serving_profiles(tree: Tree, rendered: Rendered, given: Given, seen: Sequence[Seen]) -> tuple[str, ...]:
    """The env file's profiles without those for a desk, as file watchers are; nothing where all are kept."""
    said = _profiles(rendered, given, tree)
    roles = {one.facts.name: one.facts.role for one in seen}
    services = rendered.model["services"].items()

    def is_idle(profile: str) -> bool:
        members = [name for name, service in services if profile in (service.get("profiles") or ())]
        return bool(members) and all(roles.get(name) == "unknown" for name in members)

    names = said.value if said is not None else ()
    kept = tuple(name for name in names if not is_idle(name))
    return kept if kept != names else ()


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


def _found(root: Path, tree: Tree, given: Given, chosen: Chosen, seen: Sequence[Seen]) -> Found:
    rendered, runs = chosen.rendered, chosen.runs
    model, files = rendered.model, rendered.files
    deployed = [one.facts.name for one in seen]
    web = [one.facts.name for one in seen if one.facts.role == "web"]
    proxies = _proxies(model, seen)
    address = _reached(tree, rendered, runs, web, proxies)
    pages = pages_of(tree, model, files, seen, address)
    if address is None and proxies and pages.live is not None:
        unsure = "the proxy in front was not followed"
        ready = pages.ready and guess(pages.ready.value, f"{pages.ready.where}; {unsure}")
        pages = replace(pages, live=guess(pages.live.value, f"{pages.live.where}; {unsure}"), ready=ready)
    env_file, to_do = env_file_of(tree, rendered, given.env_file, runs, web or deployed)
    settings = [path for one in seen for path in one.settings]
    secrets = required_secrets(tree, rendered, settings, env_file.value if env_file else "")
    in_front = [name for name in fronts(model, deployed) if name in proxies]
    behind = list(backing(model, deployed))
    found = Found(
        name=name_of(root, tree, given),
        runtime="compose",
        project=_project(root, tree, given, chosen),
        services=tuple(_with_address(tree, rendered, seen, address)),
        required=_required(seen),
        compose=_compose(root, files, chosen, given, tree),
        profiles=_profiles(rendered, given, tree),
        env_file=env_file,
        url=Fact(given.url, "as you said") if given.url else address.url if address else None,
        live=Fact(given.live, "as you said") if given.live else pages.live,
        ready=pages.ready,
        timeout=timeout_of(tree, model, files, seen),
        logs=log_files(tree),
        secrets=Fact(secrets, "") if secrets else None,
        commands=_commands(seen),
        fronts=Fact(tuple(in_front), files[0]) if in_front else None,
        behind=Fact(tuple(behind), files[0]) if behind else None,
        questions=tuple(_questions(address, given, files, rendered)),
        notes=(*_remarks(tree, rendered, files), *offers(tree, given.env)),
        running=runs is not None,
        to_do=tuple(to_do),
    )
    if not given.url and address is not None:
        found = _by_its_name(found, tree, model, web, address)
    return _with_health(measure(found) if runs is not None else found)


def _with_health(found: Found) -> Found:
    """The same with the question which page tells that it lives, where nothing says so."""
    if found.url is None or found.live is not None:
        return found
    text = "which page answers 200 while it lives? Nothing that was read says so; without it /healthz is asked"
    question = Question(about="health.live", text=text, line='live = "/"')
    return replace(found, questions=(*found.questions, question))


def _by_its_name(found: Found, tree: Tree, model: Mapping[str, Any], web: Sequence[str], address: Address) -> Found:
    """The address of this machine under the name that the application wants to be asked by."""
    variables = {key: value for name in web for key, value in environment_of(model["services"][name]).items()}
    parts = urlsplit(address.url.value)
    name = own_name(tree, variables, files_of(tree, model, address.service)) if parts.hostname == _HERE else None
    if name is None:
        return found
    if name.value == "localhost":
        return replace(
            found, url=guess(address.url.value.replace(_HERE, name.value), f"{address.url.where}; {name.where}")
        )
    url = guess(f"{parts.scheme}://{name.value}", f"{name.where}: it answers to its name only")
    return replace(found, url=url, connect_to=guess(parts.netloc, address.url.where))


def _commands(seen: Sequence[Seen]) -> Fact[dict[str, str]] | None:
    """How Flask-Migrate is run, which Alembic's own command cannot."""
    asked = [one.migrating.command for one in seen if one.migrating is not None and one.migrating.command]
    return Fact({"migrate": asked[0]}, "") if asked else None


def _with_address(
    tree: Tree, rendered: Rendered, seen: Sequence[Seen], address: Address | None
) -> Iterator[ServiceFacts]:
    """The services; one that publishes a port of its own beside the environment's address is asked there too."""
    main = next((one.facts.name for one in seen if one.facts.role == "web"), "")
    for one in seen:
        name = one.facts.name
        own = None
        is_asked = one.facts.role == "web" and one.facts.entrypoint is not None
        if is_asked and name not in {main, address.service if address else ""}:
            where = {name: place_of(tree.text, rendered.files, name, "ports")}
            only = {**rendered.model, "services": {name: rendered.model["services"][name]}}
            own = address_of(only, web=[name], where=where, made_up=bool(rendered.made_up))
        live = own_page(tree, rendered.model, rendered.files, one) if own is not None else None
        yield replace(one.facts, url=own.url if own else None, live=live)


def _project(root: Path, tree: Tree, given: Given, chosen: Chosen) -> Fact[str]:
    if given.project:
        return Fact(given.project, "as you said")
    if chosen.runs is not None:
        return Fact(chosen.runs.project, "docker ps: it runs under this name")
    rendered = chosen.rendered
    own = compose_name(root)
    name = str(rendered.model.get("name") or own)
    if name != own:
        by = next((path for path in rendered.files if _NAMED.search(tree.text(path))), rendered.files[0])
        said = rendered.settings.get("COMPOSE_PROJECT_NAME") == name
        where = f"{rendered.env_file}: COMPOSE_PROJECT_NAME" if said else tree.where(by, "name:")
        return Fact(name, f"{where}; nothing of it runs here")
    return Fact(own, "Compose's own name for a project in this folder; nothing of it runs here")


def _required(seen: Sequence[Seen]) -> Fact[tuple[str, ...]] | None:
    """Files that every image needs: only where one service is built."""
    files = [one.entry_file for one in seen if one.entry_file and one.facts.entrypoint and one.facts.entrypoint.sure]
    if len(seen) != 1 or not files:
        return None
    return Fact((files[0],), "the entry point's file")


def _compose(root: Path, files: tuple[str, ...], chosen: Chosen, given: Given, tree: Tree) -> Fact[tuple[str, ...]]:
    if given.compose:
        return Fact(files, "as you said")
    if chosen.runs is not None and chosen.runs.files == files:
        return Fact(files, f"docker ps: project {chosen.runs.project} was started from it")
    if files == said_files(root, tree, given):
        return guess(files, f"{chosen.rendered.env_file}: COMPOSE_FILE")
    others = [" + ".join(one) for one in chosen.sets if not set(one) <= set(files)]
    overrides = [one.path for one in candidates(tree) if one.kind == "override" and one.path not in files]
    left = [*others, *overrides]
    also = f"there are also {', '.join(left[:_LISTED])}" if left else ""
    over = f"by its name {files[-1]} is laid over {files[0]}" if len(files) > 1 else ""
    said = "; ".join(filter(None, (over, also)))
    return guess(files, said) if said else Fact(files, "the only compose file")


def _profiles(rendered: Rendered, given: Given, tree: Tree) -> Fact[tuple[str, ...]] | None:
    if given.profiles:
        return Fact(given.profiles, "as you said")
    if not rendered.profiles or not rendered.env_file:
        return None
    said = rendered.settings.get("COMPOSE_PROFILES") or ""
    names = tuple(name.strip() for name in said.split(",") if name.strip())
    return guess(names, tree.where(rendered.env_file, "COMPOSE_PROFILES")) if names else None


def _proxies(model: Mapping[str, Any], seen: Sequence[Seen]) -> tuple[str, ...]:
    """What stands in front, built here or not."""
    roles = {one.facts.name: one.facts.role for one in seen}
    return tuple(
        name for name in model["services"] if (roles[name] == "proxy" if name in roles else is_front(model, name))
    )


def _reached(
    tree: Tree, rendered: Rendered, runs: Running | None, web: Sequence[str], proxies: Sequence[str]
) -> Address | None:
    """The address, if one can be told: not where a name is asked for that nothing gives, or a proxy wants TLS."""
    address = _address(tree, rendered, runs, web, proxies)
    if address is None or ABSENT in address.url.value:
        return None
    if address.service in proxies:
        files = files_of(tree, rendered.model, address.service)
        if not handed_to(tree, files, tuple(web)) and _own(rendered, web) and "traefik" not in address.service:
            address = _address(tree, rendered, runs, web, ()) or address
        elif any(sends_to_https(tree.text(path)) for path in files):
            return None
    return address


def _own(rendered: Rendered, web: Sequence[str]) -> bool:
    """Whether the service that serves publishes a port itself."""
    return bool(web) and bool(rendered.model["services"][web[0]].get("ports"))


def _address(
    tree: Tree, rendered: Rendered, runs: Running | None, web: Sequence[str], proxies: Sequence[str]
) -> Address | None:
    model = rendered.model
    listening = {
        name: frozenset[int]().union(*(listens(tree.text(path)) for path in files_of(tree, model, name)))
        for name in proxies
    }
    where = {name: place_of(tree.text, rendered.files, name, "ports") for name in model["services"]}
    if runs is not None:
        actual = _as_it_runs(model, runs)
        told = dict.fromkeys(where, "docker ps")
        address = address_of(actual, web=web, where=told, made_up=False, proxies=proxies, listening=listening)
        if address is not None:
            return address
    varies = bool(rendered.made_up) and _ports_vary(tree, rendered)
    return address_of(model, web=web, where=where, made_up=varies, proxies=proxies, listening=listening)


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
                text=f"where does it answer? {' + '.join(files)} publishes no port of it, or its proxy wants TLS",
                line='url = "http://127.0.0.1:8000"',
            )
        )
    if rendered.profiles and not given.profiles and not rendered.settings.get("COMPOSE_PROFILES"):
        listed = ", ".join(f'"{name}"' for name in rendered.profiles)
        found.append(
            Question(about="profiles", text="which of the profiles are active here?", line=f"profiles = [{listed}]")
        )
    return found


def _remarks(tree: Tree, rendered: Rendered, files: Sequence[str]) -> list[str]:
    found = []
    if tree.submodules:
        found.append(
            f"git submodules ({', '.join(tree.submodules[:_LISTED])}) were not looked at; a release has them too"
        )
    found += [f"{path} is not committed: a release is a commit" for path in files if path not in tree.tracked]
    stores = [name for name in rendered.model["services"] if is_store(rendered.model, name)]
    if stores:
        found.append(f"left alone by a release: {', '.join(stores)}")
    return found
