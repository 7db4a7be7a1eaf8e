"""What a release asks of its environment."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, strategies

from gonogo.config import Environment, parse_project
from gonogo.inspection.variables import demands

__all__: list[str] = []

TOML = """\
[app]
name = "shop"
[service.web]
settings = ["settings.py", "gone.py"]
[env.test]
project = "shop"
required_env = ["NAME", "KEY"]
secrets = { KEY = {} }
"""


def test_every_source_of_demands_is_read(tmp_path: Path) -> None:
    """gonogo.toml, compose files and settings classes demand variables; a file that is gone, or every shell, none."""
    (tmp_path / "docker-compose.yml").write_text("x: ${TAG:?} ${OPTIONAL:-1} ${PWD} ${HOME}\n", encoding="utf-8")
    (tmp_path / "settings.py").write_text("import os\nHOST = os.environ['HOST']\n", encoding="utf-8")
    environment = parse_project(TOML, root=tmp_path).environments["test"]

    asked = [(one.name, one.where, one.why) for one in demands.of_environment(environment, tmp_path)]
    in_services = {
        name: [one.name for one in found] for name, found in demands.of_services(environment, tmp_path).items()
    }

    assert asked == [
        ("NAME", "gonogo.toml", "env.test.required_env"),
        ("KEY", "gonogo.toml", "env.test.secrets"),
        ("TAG", "docker-compose.yml:1", "${TAG:?}"),
    ]
    assert in_services == {"web": ["HOST"]}


def test_an_env_file_is_read_or_its_absence_told(tmp_path: Path) -> None:
    """A missing file and a folder in its place are told apart; no file configured is no problem."""
    env, folder = tmp_path / ".env", tmp_path / "folder"
    env.write_text("A=1\n", encoding="utf-8")
    folder.mkdir()

    assert demands.read(None) == ("", {})
    assert demands.read(env) == ("", {"A": "1"})
    assert demands.read(tmp_path / "gone")[0] == (
        f"{tmp_path}/gone: found no file, expected the environment's variables; "
        f"begin with: cp .env.example {tmp_path}/gone"
    )
    assert demands.read(folder)[0] == (
        f"{folder}: found a file that cannot be read (Is a directory), expected the environment's variables"
    )


def test_an_env_file_that_is_no_utf8_is_told_with_its_line(tmp_path: Path) -> None:
    """A password with an umlaut, saved by an old editor, would reach the application as another one."""
    env = tmp_path / ".env"
    env.write_bytes(b"A=1\nPASSWORD=gr\xfcn\n")

    assert demands.read(env) == (
        f"{env}:2: found bytes that are no UTF-8, expected text in UTF-8; save the file as UTF-8",
        {},
    )


def test_the_example_file_is_found_under_its_usual_names(tmp_path: Path) -> None:
    """The first name that is there counts."""
    (tmp_path / ".env.sample").write_text("B=2\n", encoding="utf-8")

    assert demands.example_file(tmp_path) == (".env.sample", {"B": "2"})
    assert demands.example_file(tmp_path / "gone") == ("", {})


def test_example_file_may_stand_beside_the_env_file(tmp_path: Path) -> None:
    """A team that keeps its compose files in a folder keeps both env files there."""
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / ".env.example").write_text("A=1\n")
    by_compose = Environment(name="test", project="t", compose=("deploy/docker-compose.yml",))
    by_name = Environment(name="test", project="t", env_file="deploy/prod.env")

    found = ("deploy/.env.example", {"A": "1"})
    assert [demands.example_file(tmp_path, one) for one in (by_compose, by_name, None)] == [found, found, ("", {})]


def test_a_service_has_what_model_and_image_set(tmp_path: Path) -> None:
    """Variables of the rendered model and of the Dockerfile count; one without a value does not."""
    (tmp_path / "Dockerfile").write_text('FROM x\nENV A=1 B="two words" \\\n  C=3\nenv D four\n', encoding="utf-8")
    model = {"services": {"web": {"build": {"context": str(tmp_path)}, "environment": {"E": "5", "F": None}}}}

    assert set(demands.given(model, "web")) == {"A", "B", "C", "D", "E"}
    assert demands.given(model, "other") == {}


@given(strategies.text())
def test_any_dockerfile_is_read(text: str) -> None:
    """No text makes the reader fail, and what it finds are names."""
    assert all(name and not name.isspace() for name in demands.image_variables(text))
