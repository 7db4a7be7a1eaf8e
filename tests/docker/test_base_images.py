"""Each base image does what the Dockerfiles and Compose files of the docker tests ask of it."""

import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import httpx
import pytest
from docker.models.containers import Container

from . import base_images

__all__: list[str] = []

BaseImage = Callable[[str], base_images.Origin]
SECONDS = 30


@contextmanager
def running(engine: docker.DockerClient, image: str, port: int, **options: object) -> Iterator[tuple[Container, int]]:
    """A container of IMAGE, and the loopback port where its PORT answers."""
    ports = {f"{port}/tcp": ("127.0.0.1", None)}
    container = engine.containers.run(image, detach=True, ports=ports, **options)  # type: ignore[call-overload]
    try:
        container.reload()
        yield container, int(container.ports[f"{port}/tcp"][0]["HostPort"])
    finally:
        container.remove(force=True, v=True)


def eventually(question: Callable[[], str], *, expected: str) -> str:
    """The answer to QUESTION once it contains EXPECTED, or the last one seen at the deadline."""
    deadline = time.monotonic() + SECONDS
    while expected not in (answer := question()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return answer


def told(container: Container, *argv: str, **environment: str) -> str:
    """What a command inside CONTAINER says."""
    output = container.exec_run(list(argv), environment=environment).output
    assert isinstance(output, bytes)
    return output.decode()


def got(url: str) -> str:
    """Status and body of URL, or the error of asking."""
    try:
        answer = httpx.get(url, timeout=5)
    except httpx.HTTPError as error:
        return repr(error)
    return f"{answer.status_code} {answer.text}"


@pytest.mark.parametrize("minor", ["3.11", pytest.param("3.12", marks=pytest.mark.thorough)])
def test_python_is_the_version_of_its_tag(engine: docker.DockerClient, base_image: BaseImage, minor: str) -> None:
    """`python` and `pip` are on PATH, under /usr/local, of the version that the tag says."""
    image = f"python:{minor}-slim"
    base_image(image)
    script = "python -V; python -c 'import sys; print(sys.prefix)'; pip --version; command -v curl || echo no curl"

    said = engine.containers.run(image, ["sh", "-c", script], remove=True).decode().splitlines()

    assert said[0].startswith(f"Python {minor}.")
    assert said[1] == "/usr/local"
    assert said[2].endswith(f"(python {minor})")
    assert said[3] == "no curl"


DOCKERFILE = """\
FROM {image} AS builder
RUN pip install --no-cache-dir --prefix=/install idna==3.10
FROM {image}
COPY --from=builder /install /usr/local
RUN pip install --no-cache-dir toolz==1.0.0 && python -m venv /opt/venv && useradd --create-home app
USER app
CMD ["python", "-c", "import idna, toolz; print(idna.__version__, toolz.__version__)"]
"""


@pytest.mark.thorough
@pytest.mark.parametrize("minor", ["3.11", "3.12"])
def test_python_installs_packages_in_a_build(
    engine: docker.DockerClient, base_image: BaseImage, tmp_path: Path, minor: str
) -> None:
    """`pip install`, with and without --prefix, works in a multi-stage build, and a plain user imports the result."""
    base_image(f"python:{minor}-slim")
    (tmp_path / "Dockerfile").write_text(DOCKERFILE.format(image=f"python:{minor}-slim"))
    tag = f"gonogo-test-{uuid.uuid4().hex[:8]}"
    subprocess.run(["docker", "build", "--quiet", "--tag", tag, str(tmp_path)], check=True, timeout=300)

    try:
        said = engine.containers.run(tag, remove=True).decode()
    finally:
        engine.images.remove(tag, force=True)

    assert said == "3.10 1.0.0\n"


@pytest.mark.thorough
def test_postgres_accepts_the_password_that_it_was_given(engine: docker.DockerClient, base_image: BaseImage) -> None:
    """The database and user of the variables exist; the password opens the door over TCP and a wrong one does not."""
    base_image("postgres:15")
    given = {"POSTGRES_USER": "shop", "POSTGRES_PASSWORD": "s3cret word", "POSTGRES_DB": "shop_db"}
    with running(engine, "postgres:15", 5432, environment=given) as (container, _):
        ready = eventually(
            lambda: told(container, "pg_isready", "-h", "127.0.0.1", "-U", "shop"), expected="accepting connections"
        )
        address = container.attrs["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
        question = ["psql", "-h", address, "-U", "shop", "-d", "shop_db", "-w", "-Atc"]
        right = told(container, *question, "select current_user, current_database()", PGPASSWORD="s3cret word")
        wrong = told(container, *question, "select 1", PGPASSWORD="guess")
        local = told(container, "psql", "-U", "shop", "-d", "shop_db", "-Atc", "show data_directory")
        owner = told(container, "stat", "-c", "%U", "/proc/1")

    assert "accepting connections" in ready
    assert right == "shop|shop_db\n"
    assert 'password authentication failed for user "shop"' in wrong
    assert local == "/var/lib/postgresql/data\n"
    assert owner == "postgres\n"


@pytest.mark.thorough
def test_postgres_keeps_its_rows_and_runs_init_scripts(
    engine: docker.DockerClient, base_image: BaseImage, tmp_path: Path
) -> None:
    """An init script runs once on a new volume; a second container on the same volume finds its rows."""
    base_image("postgres:15")
    volume = engine.volumes.create(f"gonogo-test-{uuid.uuid4().hex[:8]}")
    (tmp_path / "seed.sql").write_text("create table note (text text); insert into note values ('kept');")
    tmp_path.chmod(0o755)
    mounts = {
        volume.name: {"bind": "/var/lib/postgresql/data", "mode": "rw"},
        str(tmp_path): {"bind": "/docker-entrypoint-initdb.d", "mode": "ro"},
    }
    given = {"POSTGRES_PASSWORD": "secret"}
    seen = []
    try:
        for _ in range(2):
            with running(engine, "postgres:15", 5432, environment=given, volumes=mounts) as (container, _port):
                eventually(lambda c=container: told(c, "pg_isready", "-h", "127.0.0.1"), expected="accepting")  # type: ignore[misc]
                seen.append(told(container, "psql", "-U", "postgres", "-Atc", "select * from note"))
                container.stop(timeout=20)
    finally:
        volume.remove(force=True)

    assert seen == ["kept\n", "kept\n"]


def test_postgres_refuses_to_start_without_a_password(engine: docker.DockerClient, base_image: BaseImage) -> None:
    """As in the real image, an empty password ends the container with a word about POSTGRES_PASSWORD."""
    base_image("postgres:15")
    container = engine.containers.run("postgres:15", detach=True)
    try:
        status = container.wait(timeout=SECONDS)["StatusCode"]
        said = container.logs().decode()
    finally:
        container.remove(force=True, v=True)

    assert status == 1
    assert "superuser password is not specified (POSTGRES_PASSWORD)" in said


@pytest.mark.thorough
def test_caddy_answers_and_reloads(engine: docker.DockerClient, base_image: BaseImage) -> None:
    """The default command serves port 80; a changed Caddyfile is taken over by `caddy reload` without a restart."""
    base_image("caddy:2")
    with running(engine, "caddy:2", 80) as (container, port):
        first = eventually(lambda: got(f"http://127.0.0.1:{port}/"), expected="200")
        told(container, "sh", "-c", "printf ':80 {\n respond reloaded\n}\n' > /etc/caddy/Caddyfile")
        reload = told(container, "caddy", "reload", "--config", "/etc/caddy/Caddyfile")
        second = eventually(lambda: got(f"http://127.0.0.1:{port}/"), expected="reloaded")
        container.reload()

    assert first.startswith("200 ")
    assert second == "200 reloaded", reload
    assert container.attrs["RestartCount"] == 0


@pytest.mark.thorough
def test_nginx_answers_and_logs_to_stdout(engine: docker.DockerClient, base_image: BaseImage) -> None:
    """The default command serves port 80, runs its workers as the user nginx, and writes the access log to stdout."""
    base_image("nginx:1")
    with running(engine, "nginx:1", 80) as (container, port):
        answer = eventually(lambda: got(f"http://127.0.0.1:{port}/?from=test"), expected="200")
        log = eventually(lambda: container.logs(stderr=False).decode(), expected="from=test")
        checked = told(container, "sh", "-c", "id -u nginx && nginx -t")

    assert answer.startswith("200 ")
    assert '"GET /?from=test HTTP/1.1" 200' in log
    assert "101" in checked.splitlines()  # standard error may come first
    assert "test is successful" in checked


@pytest.mark.thorough
def test_redis_answers_other_containers(engine: docker.DockerClient, base_image: BaseImage) -> None:
    """PING is answered on the container's own address, not on loopback alone."""
    base_image("redis:7")
    with running(engine, "redis:7", 6379) as (container, _):
        container.reload()
        address = container.attrs["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
        answer = eventually(lambda: told(container, "redis-cli", "-h", address, "ping"), expected="PONG")

    assert answer == "PONG\n"


def test_an_image_that_is_here_is_left_alone(engine: docker.DockerClient, base_image: BaseImage) -> None:
    """The second question for the same name finds it present and keeps its id."""
    base_image("redis:7")
    before = engine.images.get("redis:7").id

    origin = base_image("redis:7")

    assert origin == "present"
    assert engine.images.get("redis:7").id == before


def test_an_unknown_image_names_those_that_can_be_built(base_image: BaseImage) -> None:
    """A name that nobody can supply is refused with the list of stand-ins and what to do."""
    name = "gonogo.invalid/nothing:1"

    with pytest.raises(base_images.BaseImageError) as caught:
        base_image(name)

    assert str(caught.value) == (
        f"{name}: not present, cannot be pulled, and no stand-in is known; "
        f"expected one of {', '.join(base_images.known())}; add one to tests/docker/base_images.py"
    )
