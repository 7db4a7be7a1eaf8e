"""gonogo.detect.rendering: the model that `init` reads is the one that Compose makes of the application's own folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.detect.choosing import choose
from gonogo.detect.facts import Given
from gonogo.detect.rendering import Rendered, render_aside
from gonogo.detect.survey import survey
from gonogo.detect.tree import read_tree
from gonogo.host.runner import this_machine
from tests.support.gates import IDENTITY

__all__: list[str] = []

pytestmark = pytest.mark.skipif(shutil.which("docker") is None, reason="no Compose client is installed")

ENV_FILES: list[Any] = [
    [],
    ".env",
    ["web.env"],
    ["./settings/web.conf"],
    [{"path": "settings/web.conf", "required": False}],
    [{"path": "plain", "required": False}],
    [{"path": "nowhere.env", "required": False}],
    ["${WHICH:-web}.env"],
]
SERVICE = {
    "build": st.sampled_from([".", "./api", {"context": "api", "dockerfile": "Other"}, {"context": "${CTX:-../lib}"}]),
    "image": st.sampled_from(["redis:${TAG:-7}", "reg/${NAME-n}:1"]),
    "ports": st.sampled_from([["8000:80"], ["127.0.0.1:${PORT:-80}:80"], ["9000-9001:80-81"], ["${PORT:-1}:1/udp"]]),
    "env_file": st.sampled_from(ENV_FILES),
    "environment": st.sampled_from([{"X": "${A-}", "Y": "$$z"}, ["X=${B:-b}", "NAME"], {"Q": "${A:+set}"}]),
    "profiles": st.sampled_from([[], ["debug"], ["tools", "debug"]]),
    "volumes": st.sampled_from(
        [["./data:/data"], ["${DIR:-./x}:/x:ro"], ["../up:/up", "../../top:/top"], ["~/h:/h"], ["${PWD}:/w"]]
    ),
    "extends": st.sampled_from(
        [{"file": f"{path}", "service": "child"} for path in ("common.yml", "base/common.yaml", "base/common.conf")]
    ),
    "label_file": st.just("labels.txt"),
    "<<": st.just("*common"),
}
INCLUDES: list[Any] = [
    [],
    ["sub/compose.yaml"],
    ["sub/stack.conf"],
    [{"path": "sub/compose.yaml", "env_file": "sub/vars"}],
    [{"path": "sub/compose.yaml", "project_directory": "."}],
    [{"path": ["sub/compose.yaml", "sub/over.yaml"]}],
]
FILES = {
    ".env": 'A=one\nNAME=nm\nB="q ${A}"\nCOMPOSE_PROFILES=debug\n',
    "web.env": "W=1\nZ=${A}\n",
    "settings/web.conf": "CONF=${A:-none}\n",
    "plain": "P=1\n",
    "base.env": "BE=1\n",
    "base/base.env": "BB=1\n",
    "sub/.env": "SUB=file\nA=inner\n",
    "sub/vars": "SUB=vars\n",
    "sub/plain": "SP=1\n",
    "labels.txt": "l=1\n",
}
INNER = {"image": "inner:${TAG:-i}", "environment": {"V": "${SUB:-unset}", "A": "${A:-a}"}, "build": "."}
OPTIONAL = {"path": "plain", "required": False}
BASE = {"base": {"image": "base:${TAG:-1}", "env_file": ["base.env"]}, "child": {"extends": {"service": "base"}}}
ALWAYS = {
    **dict.fromkeys(("common.yml", "base/common.yaml", "base/common.conf"), json.dumps({"services": BASE})),
    **dict.fromkeys(
        ("sub/compose.yaml", "sub/stack.conf"), json.dumps({"services": {"inner": {**INNER, "env_file": [OPTIONAL]}}})
    ),
    "sub/over.yaml": json.dumps({"services": {"inner": {"ports": ["4:${PORT:-4}"]}}}),
}


@st.composite
def repositories(draw: st.DrawFn) -> tuple[dict[str, str], list[str]]:
    """The files of an application, and which of them git ignores."""
    services: dict[str, Any] = {}
    for name in draw(st.sampled_from([("web",), ("web", "jobs"), ("web", "jobs", "db")])):
        keys = draw(st.sets(st.sampled_from(sorted(SERVICE)), min_size=2, max_size=6))
        services[name] = {"image": "plain", **{key: draw(SERVICE[key]) for key in sorted(keys)}}
    shared = draw(st.sampled_from([{"restart": "always"}, {"environment": {"C": "${A:-c}"}}]))
    model = {"x-common": shared, "services": services, "include": draw(st.sampled_from(INCLUDES))}
    text = json.dumps(model, indent=1).replace('"<<": "*common"', "<<: *common ")
    there = {name: text for name, text in FILES.items() if draw(st.integers(0, 9))}
    ignored = sorted(draw(st.sets(st.sampled_from(sorted(FILES)))))
    written = {"compose.yaml": text.replace('"x-common": {', '"x-common": &common {'), **ALWAYS, **there}
    return {**written, ".gitignore": "".join(f"/{name}\n" for name in ignored)}, ignored


def laid_out(root: Path, files: dict[str, str]) -> None:
    """The files, committed but for what git ignores."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    for words in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message", "all")):
        subprocess.run(["git", *words], cwd=root, check=True, env={**os.environ, **IDENTITY})


def read(root: Path, *names: str) -> Rendered:
    """What is made of compose files aside."""
    host = this_machine()
    return render_aside(root, read_tree(root, host), names, host, project="app")


def composed(root: Path, *names: str) -> Any:
    """What Compose itself makes of them where they stand; None where it refuses them."""
    environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {"PWD": str(root)}
    named = [word for name in names for word in ("--file", name)]
    command = ["docker", "compose", "--project-name", "app", *named, "config", "--format", "json"]
    done = subprocess.run(command, cwd=root, env=environ, check=False, capture_output=True, text=True)
    if done.returncode:
        return None
    text = done.stdout.replace(f"{root}/", "").replace(str(root), ".")
    return json.loads(text.replace(f"{root.parent}/", "../").replace(f"{root.parent.parent}/", "../../"))


@given(made=repositories())
@settings(max_examples=15, derandomize=True, deadline=None)
def test_what_compose_makes_of_them_is_read(made: tuple[dict[str, str], list[str]]) -> None:
    """Env files that git ignores or that are called otherwise, `include`, `extends`, profiles, what lies above: alike."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve() / "above" / "app"
        root.mkdir(parents=True)
        laid_out(root, made[0])
        found, truth = read(root, "compose.yaml"), composed(root, "compose.yaml")

    assert truth is None or found.model == truth
    assert truth is None or set(found.made_up) <= {".env"}


def test_where_somebody_stands_is_the_applications_folder(tmp_path: Path) -> None:
    """``${PWD}`` is what the shell says of a person who calls ``docker compose up`` there: the folder itself."""
    web = {"build": ".", "volumes": ["${PWD}:/app", "$PWD/media:/media"]}
    laid_out(tmp_path, {"compose.yaml": json.dumps({"services": {"web": web}})})
    found = read(tmp_path, "compose.yaml")

    assert (found.error, found.unset) == ("", ())
    assert [one["source"] for one in found.model["services"]["web"]["volumes"]] == [".", "media"]


def test_a_file_that_compose_may_do_without_is_not_lost(tmp_path: Path) -> None:
    """`required: false`, ignored by git, and named like no env file: its variables are a service's all the same."""
    optional = {"path": "settings/web.conf", "required": False}
    files = {"compose.yaml": json.dumps({"services": {"web": {"build": ".", "env_file": [optional]}}})}
    laid_out(tmp_path, {**files, "settings/web.conf": "TOKEN=x\n", ".gitignore": "settings\n"})

    assert read(tmp_path, "compose.yaml").model["services"]["web"]["environment"] == {"TOKEN": "x"}


@pytest.mark.parametrize(
    ("server", "files"),
    [
        ("services: {web: {build: ., restart: always}}\n", ("compose.prod.yml",)),
        ('{"services": {"web": {"build": "."}}}\n', ("compose.prod.yml",)),
        ("services:\n  web:\n    environment:\n      image: x\n", ("compose.yml", "compose.prod.yml")),
        ("x-all: &all\n  restart: always\nservices:\n  web:\n    <<: *all\n", ("compose.yml", "compose.prod.yml")),
        ("services:\n  web:\n    build: .\n    depends_on: [db]\n", ("compose.yml", "compose.prod.yml")),
    ],
)
def test_compose_says_whether_a_file_stands_alone(tmp_path: Path, server: str, files: tuple[str, ...]) -> None:
    """One for a server is laid over the base where Compose refuses it by itself, however it is written."""
    base = "services:\n  web:\n    build: .\n  db:\n    image: postgres:15\n"
    laid_out(tmp_path, {"compose.yml": base, "compose.prod.yml": server, "Dockerfile": "FROM scratch\n"})
    host = this_machine()

    assert choose(tmp_path, read_tree(tmp_path, host), Given(), host).rendered.files == files


SHOP = """\
name: acme
services:
  web:
    build: .
    ports: ["127.0.0.1:${PORT}:8000"]
  jobs:
    build: .
    profiles: [full]
    command: python jobs.py
"""
MORE = {"Dockerfile": "FROM python:3.11-slim\nCOPY . .\n", "main.py": "", "jobs.py": "", ".gitignore": ".env\n"}


def test_what_the_env_file_tells_compose_is_heeded(tmp_path: Path) -> None:
    """Its files, its profiles and its name, also where git ignores the file: that is how the application is started."""
    env = (
        "PORT=8123\nCOMPOSE_PROFILES=full\nCOMPOSE_FILE=compose.yaml:./compose.extra.yaml\nCOMPOSE_PROJECT_NAME=live\n"
    )
    extra = "services: {web: {environment: {X: '1'}}}\n"
    laid_out(tmp_path, {"compose.yaml": SHOP, "compose.extra.yaml": extra, **MORE, ".env": env})
    found = survey(tmp_path, Given(), this_machine())

    assert found.compose is not None
    assert found.compose.value == ("compose.yaml", "compose.extra.yaml")
    assert found.profiles is not None
    assert found.profiles.value == ("full",)
    assert (found.project.value, found.project.where) == ("live", ".env: COMPOSE_PROJECT_NAME; nothing of it runs here")
    assert found.env_file is not None
    assert found.env_file.value == ".env"
    assert not [one for one in found.questions if one.about == "profiles"]


@pytest.mark.parametrize(
    ("path", "text", "name", "where"),
    [
        ("compose.yaml", SHOP, "acme", "compose.yaml:1; nothing of it runs here"),
        ("compose.yaml", SHOP.replace("name: acme\n", ""), "app", "Compose's own name for a project in this folder"),
        ("deploy/compose.yaml", SHOP.replace("name: acme\n", ""), "app", "Compose's own name for a project in this"),
        ("deploy/compose.yaml", SHOP, "acme", "deploy/compose.yaml:1; nothing of it runs here"),
    ],
)
def test_the_project_is_called_as_compose_calls_it(tmp_path: Path, path: str, text: str, name: str, where: str) -> None:
    """Under another name it would begin with new, empty volumes."""
    root = tmp_path / "App"
    root.mkdir()
    laid_out(root, {path: text, **MORE, "deploy/Dockerfile": "FROM python:3.11-slim\n"})
    found = survey(root, Given(), this_machine())

    assert found.project.value == name
    assert found.project.where.startswith(where)


@pytest.mark.parametrize("said", ["compose.yaml:gone.yaml", "compose.yaml:compose.dev.yaml", ""])
def test_files_of_a_desk_are_not_taken_from_the_env_file(tmp_path: Path, said: str) -> None:
    """Whoever runs `init` may have them there; nor is what is not in the repository."""
    dev = "services: {web: {environment: {X: '1'}}}\n"
    env = f"PORT=8123\nCOMPOSE_FILE={said}\n"
    laid_out(tmp_path, {"compose.yaml": SHOP, "compose.dev.yaml": dev, **MORE, ".env": env})
    found = survey(tmp_path, Given(), this_machine())

    assert found.compose is not None
    assert found.compose.value == ("compose.yaml",)
