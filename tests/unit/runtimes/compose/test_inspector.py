"""What Docker says, in our words."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gonogo.config import parse_project
from gonogo.host.runner import this_machine
from gonogo.runtimes.base import Described, ImageFacts, InstanceState, RuntimeUnreachableError
from gonogo.runtimes.compose.engine import connect, image_facts, plain_lines
from gonogo.runtimes.compose.entry import entry_words, python_environment, scripts_of
from gonogo.runtimes.compose.inside import variables_for_run
from gonogo.runtimes.compose.inspector import ComposeInspector
from gonogo.runtimes.compose.instance import instance_of
from gonogo.runtimes.compose.layout import assumed_code
from gonogo.runtimes.compose.model.roles import expected_count
from gonogo.runtimes.place import make_place
from gonogo.state.release import Release

__all__: list[str] = []


def container(**state: Any) -> dict[str, Any]:
    """What ``docker inspect`` says of a container."""
    labels = {"com.docker.compose.service": "api", "gonogo.release": "r1"}
    return {
        "Name": "/shop-api-1",
        "Image": "sha256:1",
        "RestartCount": 2,
        "Config": {"Labels": labels},
        "State": {"Status": "running", "ExitCode": 0, "StartedAt": "2026-11-21T22:00:00Z", **state},
    }


def test_instance_is_read() -> None:
    """Status, health, restarts, image and release of a container."""
    assert instance_of(container(Health={"Status": "starting"})) == InstanceState(
        service="api",
        name="shop-api-1",
        status="running",
        health="starting",
        restarts=2,
        started_at="2026-11-21T22:00:00Z",
        image="sha256:1",
        release="r1",
    )


@pytest.mark.parametrize(
    ("code", "output", "said"),
    [
        (7, "one\n\x1b[31mtwo\x1b[0m\nthree\nfour\n", "exit code 7: two | three | four"),
        (1, "", "exit code 1: it said nothing"),
        (0, "well\n", ""),
    ],
)
def test_what_a_health_check_said_last_is_read(code: int, output: str, said: str) -> None:
    """Of one that did not pass, without colours; the last one counts."""
    log = [{"ExitCode": 9, "Output": "earlier"}, {"ExitCode": code, "Output": output}]

    assert instance_of(container(Health={"Status": "unhealthy", "Log": log})).health_said == said


BUILT: dict[str, Any] = {"context": "/r", "dockerfile": "deploy/Dockerfile"}
CONFIGURED = parse_project(
    """
[app]
name = "till"

[service.web]
code = { "src" = "/srv/app" }

[env.staging]
project = "till"
""",
    root=Path("/r"),
    name="gonogo.toml",
)


@pytest.mark.parametrize(
    ("build", "images", "code"),
    [
        (BUILT, {}, {"src": "/srv/app"}),
        (BUILT | {"tags": ["till:1"]}, {}, {"src": "/srv/app"}),
        (None, {"web": "sha256:1", "worker": "sha256:1"}, {"src": "/srv/app"}),
        (BUILT | {"target": "jobs"}, {"web": "sha256:1", "worker": "sha256:2"}, None),
        (None, {}, None),
    ],
    ids=["built-alike", "other-tags", "same-image", "built-otherwise", "nothing-known"],
)
def test_service_of_the_same_image_has_its_code_where_the_other_one_says(
    tmp_path: Path, build: dict[str, Any] | None, images: dict[str, str], code: dict[str, str] | None
) -> None:
    """A worker that is built as the web service is needs no ``code`` of its own."""
    services = {"web": {"build": BUILT}, "worker": {"build": build} if build else {}}

    assert built_inspector(tmp_path, services, images)._said("worker") == code


def test_service_that_another_one_builds_has_its_code_where_the_like_of_that_one_says(tmp_path: Path) -> None:
    """Three services name one image and two of them build it: what is said of one holds for all."""
    services = {
        "collect": {"build": BUILT, "image": "b"},
        "seed": {"image": "b"},
        "web": {"build": BUILT, "image": "w"},
    }
    images = {"collect": "sha256:1", "seed": "sha256:1", "web": "sha256:2"}

    assert built_inspector(tmp_path, services, images)._said("seed") == {"src": "/srv/app"}


def built_inspector(folder: Path, services: dict[str, Any], images: dict[str, str]) -> ComposeInspector:
    """An inspector of a release whose ``build.json`` has these services."""
    (folder / "build.json").write_text(json.dumps({"name": "till", "services": services}), encoding="utf-8")
    release = Release(
        id="r1",
        commit="9a41b7d",
        env="staging",
        runtime="compose",
        created=datetime.now(UTC),
        folder=folder,
        root=Path("/r"),
        services=tuple(services),
        images=images,
    )
    environment = CONFIGURED.environment("staging")
    place = make_place(CONFIGURED, environment, state=folder, path=Path("/r"), host=this_machine())
    return ComposeInspector(place, release)


def test_a_service_is_described_by_its_pinned_model(tmp_path: Path) -> None:
    """By names of variables; of another service, and of a release that pinned no model, nothing is known."""
    inspector = built_inspector(tmp_path, {"web": {}}, {})
    before = inspector.described("web")
    model = {"services": {"web": {"image": "shop-web:r1", "environment": {"TOKEN": "marker"}}}}
    (tmp_path / "compose.json").write_text(json.dumps(model), encoding="utf-8")
    again = built_inspector(tmp_path, {"web": {}}, {})

    assert (before, again.described("db")) == (None, None)
    assert again.described("web") == Described(definition={"image": "shop-web:r1"}, variables=("TOKEN",))


def test_code_is_known_without_a_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the first deploy the checkout's compose files say what is built of what."""
    environment = CONFIGURED.environment("staging")
    place = make_place(CONFIGURED, environment, state=tmp_path, path=Path("/r"), host=this_machine())
    model = {"name": "till", "services": {"web": {"build": BUILT}, "api": {"build": {"context": "/r/api"}}}}
    monkeypatch.setattr(ComposeInspector, "model", model)
    inspector = ComposeInspector(place, None)

    assert inspector._said("web") == {"src": "/srv/app"}
    assert inspector._said("api") is None


def test_ended_one_shot_has_its_exit_code() -> None:
    """A container that ended says how; one without a health check has none."""
    row = instance_of(container(Status="exited", ExitCode=3, Health={"Status": "none"}), one_shots=("api",))

    assert (row.status, row.exit_code, row.one_shot, row.health) == ("exited", 3, True, None)


def test_image_facts_are_read() -> None:
    """An image that says nothing runs as root, in /, without a health check."""
    facts = image_facts({"Id": "sha256:1", "Config": {"Cmd": ["python"], "Entrypoint": ["tini", "--"]}, "Size": 7})

    assert facts == ImageFacts(
        id="sha256:1",
        tags=(),
        user="",
        labels={},
        healthcheck=None,
        size=7,
        created="",
        workdir="/",
        command=("tini", "--", "python"),
    )


def test_health_check_of_an_image_is_kept_as_docker_has_it() -> None:
    """The words stay; NONE is none."""
    some = image_facts({"Id": "1", "Config": {"Healthcheck": {"Test": ["CMD-SHELL", "curl x"]}}})
    none = image_facts({"Id": "1", "Config": {"Healthcheck": {"Test": ["NONE"]}}})

    assert (some.healthcheck, none.healthcheck) == (("CMD-SHELL", "curl x"), None)


@pytest.mark.parametrize(
    ("definition", "count"), [({}, 1), ({"scale": 3}, 3), ({"deploy": {"replicas": 2}}, 2), ({"scale": 0}, 0)]
)
def test_expected_count(definition: dict[str, Any], count: int) -> None:
    """Replicas come from scale or deploy."""
    assert expected_count(definition) == count


def test_code_lands_where_the_build_context_does() -> None:
    """Without a mapping, the build context lands in the working folder."""
    assert assumed_code({"context": "/r/backend"}, "/app", Path("/r")) == {"backend": "/app"}
    assert assumed_code({"context": "/r"}, "/app", Path("/r")) == {".": "/app"}
    assert assumed_code({}, "", Path("/r")) == {".": "/"}


def test_log_lines_lose_colours_and_nothing_else() -> None:
    """Escape sequences, carriage returns and empty lines go; brackets stay."""
    assert plain_lines(b"\x1b[31mERROR\x1b[0m [m] x\r\n\n\x1b]0;title\x07ok\n\xff\n") == ["ERROR [m] x", "ok", "\ufffd"]


def test_secrets_never_stand_on_the_command_line() -> None:
    """Only names do; what the docker client obeys itself is given by value, or left out if it is a secret."""
    options, carried = variables_for_run({"API_TOKEN": "s3cret", "PATH": "/app/bin", "DOCKER_TOKEN": "s3cret"})

    assert options == ("--env", "API_TOKEN", "--env", "PATH=/app/bin")
    assert carried == {"API_TOKEN": "s3cret"}


@pytest.mark.parametrize(
    ("service", "image", "words"),
    [
        ({}, {"Entrypoint": ["/e.sh"], "Cmd": ["run"]}, ("/e.sh", "run")),
        ({"command": ["x", "$$HOME"]}, {"Entrypoint": ["/e.sh"], "Cmd": ["run"]}, ("/e.sh", "x", "$HOME")),
        ({"entrypoint": ["y"]}, {"Entrypoint": ["/e.sh"], "Cmd": ["run"]}, ("y",)),
        ({"entrypoint": None, "command": None}, {}, ()),
    ],
)
def test_entry_words(service: dict[str, Any], image: dict[str, Any], words: tuple[str, ...]) -> None:
    """The model's words win over the image's, as Docker joins them."""
    assert entry_words(service, image) == words


def test_scripts_are_found_wherever_they_stand(tmp_path: Path) -> None:
    """A script is found by its name, also inside a shell's words; other files are not read."""
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker/entry.sh").write_text("alembic upgrade head")
    (tmp_path / "main.py").write_text("app")
    (tmp_path / "notes.txt").write_text("no")

    assert scripts_of(tmp_path, [("/usr/bin/entry.sh",), ("sh", "-c", "cat notes.txt && exec python main.py")]) == {
        "docker/entry.sh": "alembic upgrade head",
        "main.py": "app",
    }


def test_dead_engine_is_no_verdict(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An API that does not answer raises the error that ends inconclusive."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    with pytest.raises(RuntimeUnreachableError) as caught, connect():
        pass

    assert str(caught.value).startswith("Docker: found no usable answer (")
    assert str(caught.value).endswith("Try `docker version`; start the Engine if it is down.")


@pytest.mark.parametrize(
    ("target", "mounted", "runner"),
    [
        ("/app", True, ("uv", "run")),
        ("/app", False, ("uv", "run", "--no-sync")),
        ("/app/uploads", True, ("uv", "run", "--no-sync")),
        ("/application", True, ("uv", "run", "--no-sync")),
    ],
)
def test_an_environment_that_a_mount_hides_is_made_again(
    target: str, *, mounted: bool, runner: tuple[str, ...], tmp_path: Path
) -> None:
    """The image has it in its working folder: `uv run` makes another there, as it does when the service starts."""
    service = {
        "command": ["uv", "run", "uvicorn", "main:app"],
        "working_dir": "/app",
        "volumes": [{"type": "bind", "source": "/home/me/app", "target": target}],
    }

    found = python_environment(service, "no-such-image", tmp_path, this_machine(), mounted=mounted)

    assert found.runner == runner
