"""In which order services are replaced."""

from pathlib import Path
from typing import Any

import pytest

from gonogo.config import parse_project
from gonogo.host.runner import Command, this_machine
from gonogo.runtimes.compose.up import Steps, groups_of, vanished
from gonogo.runtimes.place import make_place
from gonogo.state.release import Release

__all__: list[str] = []


def done(name: str) -> dict[str, Any]:
    """Depends on the success of a service."""
    return {name: {"condition": "service_completed_successfully"}}


MODEL: dict[str, Any] = {
    "name": "shop",
    "services": {
        "db": {"image": "postgres:15"},
        "mail": {"image": "mailhog", "restart": "always"},
        "bucket": {"image": "minio/mc"},
        "migrate": {"build": {}, "depends_on": {"db": {"condition": "service_healthy"}}},
        "api": {"build": {}, "depends_on": done("migrate")},
        "warm": {"build": {}, "depends_on": {"api": {"condition": "service_healthy"}}},
        "report": {"build": {}, "depends_on": done("warm")},
        "web": {"image": "nginx:1", "depends_on": {"api": {}}},
    },
}
DEPLOYED = ("migrate", "api", "warm", "report")


def test_services_are_sorted_by_what_happens_to_them() -> None:
    """Stores stand behind, one-shots run before or after what they need, proxies come last."""
    groups = groups_of(MODEL, DEPLOYED)

    assert groups.backing == ("db", "mail", "bucket")
    assert groups.awaited == ("db", "mail")
    assert groups.early == ("migrate",)
    assert groups.running == ("api", "report")
    assert groups.late == ("warm",)
    assert groups.fronts == ("web",)
    assert groups.passing == ()


def test_vanished_services_leave_stores_alone() -> None:
    """What the new model has not is stopped, but never a data store."""
    new = {"name": "shop", "services": {"api": MODEL["services"]["api"]}}
    outgoing = Release.model_construct(services=DEPLOYED)

    assert vanished(new, MODEL, outgoing) == ("migrate", "warm", "report", "web")
    assert vanished(MODEL, new, Release.model_construct(services=("api",))) == ()


def test_left_out_one_shots_are_made_and_not_run() -> None:
    """Among what runs to its end a left-out service is neither early nor late; a service that runs on cannot be one."""
    groups = groups_of(MODEL, DEPLOYED, left_out=("migrate", "api"))

    assert groups.left_out == ("migrate",)
    assert groups.early == ()
    assert groups.running == ("api", "report")
    assert groups.late == ("warm",)


@pytest.mark.parametrize("off", [{"disable": True}, {"test": ["NONE"]}])
def test_nobody_waits_for_a_health_check_that_is_switched_off(off: dict[str, Any]) -> None:
    """All are brought up in the order that they ask for, then those that can be healthy are waited for."""
    model = {"name": "shop", "services": {"api": {"build": {}}, "beat": {"build": {}, "healthcheck": off}}}
    project = parse_project('[app]\nname = "shop"\n[env.prod]\nproject = "shop"', root=Path("/r"), name="gonogo.toml")
    place = make_place(project, project.environment("prod"), state=Path("/s"), path=Path("/r"), host=this_machine())
    groups = groups_of(model, ("api", "beat"))
    up, wait = Steps(place=place, model=Path("/m"), groups=groups, secrets={}).running()

    assert "--wait" not in up.argv
    assert up.argv[-2:] == ("api", "beat")
    assert wait.argv[-4:] == ("--wait", "--wait-timeout", "120", "api")
    assert "--no-recreate" in wait.argv


def test_whoever_waits_for_nobody_is_replaced_first_and_at_a_time() -> None:
    """Those that wait come later, also through a store; what shares a network namespace is replaced together.

    What has a health check or a port comes first of those that go at a time.
    """
    healthy = {"api": {"condition": "service_healthy"}}
    definitions: dict[str, Any] = {
        "queue": {"image": "redis:7", "depends_on": {"api": {}}},
        "api": {"build": {}},
        "agent": {"build": {}, "network_mode": "service:api", "depends_on": {"api": {}}},
        "jobs-of-night": {"build": {}},
        "beat": {"build": {}, "healthcheck": {"test": ["CMD", "true"]}},
        "web": {"build": {}, "depends_on": healthy},
        "jobs": {"build": {}, "depends_on": {"queue": {}}},
        "files": {"build": {}, "volumes_from": ["web:ro"]},
    }
    groups = groups_of(
        {"name": "shop", "services": definitions}, ("api", "agent", "jobs-of-night", "beat", "web", "jobs", "files")
    )

    assert groups.waves == ((("beat",), ("api", "agent"), ("jobs-of-night",)), (("web", "files"), ("jobs",)))


def test_services_of_a_wave_come_up_side_by_side(tmp_path: Path) -> None:
    """Each is followed by what is its own, which may fail; what fails itself makes the whole fail, after the others."""
    said = [
        Command(argv=("sh", "-c", f"sleep {0.3 * one}; echo {one} >> {tmp_path}/log; exit {one}")) for one in (0, 1)
    ]
    then = [(Command(argv=("touch", f"{tmp_path}/then")), Command(argv=("false",))), ()]
    failed = this_machine().run(Steps.side_by_side(said, then))
    well = this_machine().run(Steps.side_by_side(said[:1], then[:1]))

    assert (failed.code, well.code) == (123, 0)
    assert (tmp_path / "log").read_text() == "0\n1\n0\n"
    assert (tmp_path / "then").exists()
    assert Steps.side_by_side(said[:1], [()]) == said[0]


def test_a_database_that_is_built_here_runs_before_anything_migrates() -> None:
    """It is deployed like the rest, so a first migration would meet nobody; what runs already is not replaced yet."""
    data = [{"type": "volume", "source": "data", "target": "/var/lib/postgresql/data"}]
    model = {
        "name": "shop",
        "volumes": {"data": {}},
        "services": {
            "db": {"build": {}, "volumes": data},
            "jobs": {"build": {}, "volumes": data},
            "api": {"build": {}, "depends_on": {"db": {}}, "volumes": data},
            "web": {"build": {}, "depends_on": {"api": {}}},
        },
    }
    project = parse_project('[app]\nname = "shop"\n[env.prod]\nproject = "shop"', root=Path("/r"), name="gonogo.toml")
    place = make_place(project, project.environment("prod"), state=Path("/s"), path=Path("/r"), host=this_machine())
    groups = groups_of(model, ("db", "jobs", "api", "web"))
    (first,) = Steps(place=place, model=Path("/m"), groups=groups, secrets={}).backing()

    assert groups.stores == ("db",)
    assert {"--no-recreate", "--wait"} <= set(first.argv)
    assert first.argv[-1] == "db"
