"""Releases take turns behind real proxies: no request is lost, and what is red is turned back at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from gonogo.demo.ports import free_port
from gonogo.host.tree import kill_group

from .stack import Ended, Stack, stack
from .turns import BROKEN, GREEN, KINDS, create, loaded, pages

__all__: list[str] = []

PLANNER = """\
  planner:
    build: .
    init: true
    command: [sleep, infinity]
"""
HOSTED = """\
{
	admin 127.0.0.1:ADMIN
	auto_https off
	persist_config off
}
import FOLDER/*.caddy
http://127.0.0.1:PORT {
	respond /front "of the proxy alone"
	reverse_proxy {
		import web
	}
}
"""
STRICT = """\
        if self.headers["Host"].partition(":")[0] != "shop.localhost":
            sys.stderr.write("Traceback (most recent call last):\\nDisallowedHost: Invalid HTTP_HOST header: '%s'\\n" % self.headers["Host"])
            return self.send_error(400)
"""
pytestmark = pytest.mark.thorough  # test_traffic.py asks each adapter, test_process_turns.py whole turns
STALE = "upstream web {\n    server web-20200101t000000-1a2b3c4:8000;\n}\n"


@pytest.fixture
def app(request: pytest.FixtureRequest, tmp_path: Path, engine: docker.DockerClient) -> Iterator[Stack]:
    """An application of which one release serves, behind nginx unless the test says otherwise."""
    kind = getattr(request, "param", "nginx")
    with stack(tmp_path, engine, f"turns{kind}") as made:
        create(made, kind)
        made.commit("One")
        if kind == "nginx":  # the state was lost, and the file was not
            made.write({"front/upstreams/gonogo.conf": STALE})
        first = made.deploy()
        assert first.code == 0, first
        yield made


def outcomes(ended: Ended, gate: str) -> dict[str, str]:
    """Code → outcome of each check of one gate of a run."""
    steps = {step["name"]: step for step in ended.document["steps"]}
    return {check["code"]: check["outcome"] for check in steps[gate]["gate"]["checks"] if check["code"]}


def running(app: Stack) -> dict[str, str]:
    """Service as it is called → how its container is."""
    return {service: container.status for service, container in app.containers().items()}


@pytest.mark.parametrize("app", KINDS, indirect=True)
def test_no_request_is_lost(app: Stack) -> None:
    """A release that is red only through the proxy takes its turn and is turned back: whoever asks is answered.

    What the proxy alone answers is no fault of the release that is asked past it.
    """
    with loaded(app) as load:
        first = app.git("rev-parse", "HEAD")[:7]
        pages(app, GREEN, proxied=500)
        red = app.commit("Two")
        deployed = app.deploy()

    assert deployed.code == 1, deployed
    assert deployed.document["ended"]["kind"] == "reverted", deployed
    assert load.failures == []
    assert load.total > 100
    assert load.turns == [first, red, first]
    assert outcomes(deployed, "beside")["D09[GET /front]"] == "skipped"
    assert outcomes(deployed, "beside")["D09[GET /page]"] == "passed"
    assert deployed.document["ended"]["back_after"] < 10, deployed


@pytest.mark.parametrize("app", KINDS, indirect=True)
def test_releases_follow_each_other_and_go_back(app: Stack) -> None:
    """A good one takes its turn, a bad one never gets one, and the one before comes back when it is asked for."""
    first = app.git("rev-parse", "HEAD")[:7]
    with loaded(app) as load:
        pages(app, GREEN | {"/new": 200})
        good = app.commit("Two")
        second = app.deploy()
        pages(app, BROKEN)
        app.commit("Three")
        red = app.deploy()
        back = app.gonogo("rollback", "--env", "staging", "--json")

    assert (second.code, red.code, back.code) == (0, 1, 0), (second, red, back)
    assert red.document["ended"]["kind"] == "never stopped", red
    assert load.failures == []
    assert load.turns == [first, good, first]
    assert sorted(running(app).values()) == ["exited", "running", "running"]


@pytest.mark.thorough
@pytest.mark.parametrize("app", [*KINDS], indirect=True)
def test_a_release_gets_its_requests_in_shares(app: Stack) -> None:
    """Both answer about as often as they are to; nobody is refused, and in the end one of them answers all."""
    toml = app.root / "gonogo.toml"
    toml.write_text(toml.read_text().replace("attempts = 1", 'attempts = 1\ncanary = { steps = [25], for = "10s" }'))
    pages(app, GREEN | {"/new": 200})
    second = app.commit("Two")
    with loaded(app) as load:
        deployed = app.deploy()

    assert deployed.code == 0, deployed
    assert load.failures == []
    assert outcomes(deployed, "canary-25")["W09"] == "passed"
    assert len(load.releases) > 40, "both answered in turn"
    assert load.releases[-1][1].endswith(second)
    assert sorted(running(app).values()) == ["exited", "running", "running"]


@pytest.mark.thorough
def test_a_release_that_runs_on_is_gone_back_to_by_a_switch(app: Stack) -> None:
    """Its containers are found well beside those that serve, nothing of it is started again, and it is let go in time."""
    first = app.git("rev-parse", "HEAD")[:7]
    toml = app.root / "gonogo.toml"
    toml.write_text(toml.read_text().replace("attempts = 1", 'attempts = 1\nkeep_blue = "1h"'))
    pages(app, GREEN | {"/new": 200})
    second = app.commit("Two")
    with loaded(app) as load:
        deployed = app.deploy()
        kept = sorted(running(app).values())
        back = app.gonogo("rollback", "--env", "staging", "--json")
        gone_back = sorted(running(app).values())
        pages(app, GREEN | {"/newer": 200})
        third = app.commit("Three")
        last = app.deploy()

    assert (deployed.code, back.code, last.code) == (0, 0, 0), (deployed, back, last)
    assert kept == ["running", "running", "running"]
    assert gone_back == ["exited", "running", "running"]
    assert back.document["ended"]["back_after"] < 3, "a switch, on a busy machine"
    assert load.failures == []
    assert load.turns == [first, second, first, third]
    assert last.document["causes"] == []


@pytest.mark.parametrize("line", ["start-beside", "switch", "postdeploy", "retire"])
def test_a_turn_that_was_cut_off_ends_proven(app: Stack, line: str) -> None:
    """The wrapper is killed when a step begins: everybody is answered all the time, and resuming ends with one release."""
    first = app.git("rev-parse", "HEAD")[:7]
    with loaded(app) as load:
        pages(app, GREEN | {"/new": 200})
        second = app.commit("Two")
        before = len([*app.state.glob("runs/*/journal.jsonl")])
        process = app.start("deploy", "--env", "staging", "--json")
        while len([*app.state.glob("runs/*/journal.jsonl")]) == before and process.poll() is None:
            time.sleep(0.05)
        app.wait_for('"step-began"', f'"step": "{line}"')
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        resumed = app.gonogo("resume", "--env", "staging", "--json")

    kept = second if line in {"postdeploy", "retire"} else first
    assert resumed.code == (0 if kept == second else 1), resumed
    assert load.failures == []
    assert load.turns[-1] == kept
    assert sorted(running(app).values())[-2:] == ["running", "running"]
    assert sorted(running(app).values())[:-2] in ([], ["exited"])


def test_what_the_proxy_refuses_leaves_all_as_it_was(app: Stack) -> None:
    """Somebody broke another file of the proxy's meanwhile: it is not reloaded, and the release before serves on."""
    with loaded(app) as load:
        app.write({"front/upstreams/broken.conf": "server {"})
        pages(app, GREEN | {"/new": 200})
        app.commit("Two")
        red = app.deploy()

    assert red.code == 1, red
    assert load.failures == []
    assert len(load.turns) == 1


def test_a_release_that_never_gets_well_never_gets_its_turn(app: Stack) -> None:
    """It is started beside, waited for, and stopped; the one before never stopped."""
    first = app.git("rev-parse", "HEAD")[:7]
    with loaded(app) as load:
        pages(app, {"/healthz": 500, "/page": 200})
        app.commit("Two")
        red = app.deploy()

    assert red.code == 1, red
    assert red.document["ended"]["kind"] == "never stopped", red
    assert load.failures == []
    assert load.turns == [first]
    assert sorted(running(app).values()) == ["exited", "running", "running"]


def test_the_strategy_may_change_and_change_back(tmp_path: Path, engine: docker.DockerClient) -> None:
    """The first turn replaces what has the names of the compose file; those come back, also in a rollback."""
    with stack(tmp_path, engine, "turnsback") as app:
        create(app)
        texts = {name: (app.root / name).read_text() for name in ("gonogo.toml", "docker-compose.yml", "front/site")}
        lines = texts["gonogo.toml"].splitlines(keepends=True)
        app.write({"gonogo.toml": "".join(line for line in lines if not line.startswith(("strategy", "traffic")))})
        app.replace("docker-compose.yml", "      - ./front/upstreams:/etc/nginx/upstreams:ro\n", "")
        app.replace("front/site", "include /etc/nginx/upstreams/*.conf;\n", "")
        app.replace("front/site", "http://web;", "http://web:8000;")
        plain = app.commit("Plain")
        codes = [app.deploy().code]
        names = [[*running(app)]]
        app.write(texts)
        app.commit("Turns")
        codes.append(app.deploy().code)
        names.append([*running(app)])
        codes.append(app.gonogo("rollback", "--env", "staging", "--json").code)
        names.append([*running(app)])
        with app.client() as client:
            serves = client.get("/healthz").json()["release"]

    assert codes == [0, 0, 0]
    assert [sorted(name.partition("-")[0] for name in found) for found in names[:2]] == [["front", "web"]] * 2
    assert "web" not in names[1]
    assert "web" in names[2]
    assert serves.endswith(plain)


def test_what_answers_to_its_own_name_only_is_asked_by_it(tmp_path: Path, engine: docker.DockerClient) -> None:
    """Without a health check gonogo waits for the new release past the proxy; another name would be an error in its log."""
    with stack(tmp_path, engine, "turnsnamed") as app:
        create(app)
        model = (app.root / "docker-compose.yml").read_text()
        checked = model[model.index("    healthcheck:") : model.index("  front:")]
        config = (
            (app.root / "gonogo.toml").read_text().replace('url = "http://127.0.0.1:', 'url = "http://shop.localhost:')
        )
        server = (app.root / "app/server.py").read_text().replace("        status =", STRICT + "        status =", 1)
        app.write({"docker-compose.yml": model.replace(checked, ""), "gonogo.toml": config, "app/server.py": server})
        for name in ("One", "Two"):
            app.write({"note": name})
            app.commit(name)
            deployed = app.deploy()
            assert deployed.code == 0, deployed


def test_what_must_not_run_twice_is_handed_over(tmp_path: Path, engine: docker.DockerClient) -> None:
    """The old planner has ended before the new one starts, there and back."""
    with stack(tmp_path, engine, "turnssingle") as app:
        create(app)
        app.replace("docker-compose.yml", "  front:\n", PLANNER + "  front:\n")
        app.replace("gonogo.toml", "[env.staging]\n", "[service.planner]\nsingle = true\n\n[env.staging]\n")
        app.commit("One")
        since = int(time.time())
        codes = [app.deploy().code]
        pages(app, GREEN, proxied=500)
        app.commit("Two")
        codes.append(app.deploy().code)
        kind = {"type": "container", "event": ["start", "die"], "label": f"com.docker.compose.project={app.project}"}
        events = [*engine.events(since=since, until=int(time.time()) + 1, filters=kind, decode=True)]
        seen = [
            one["Action"]
            for one in events
            if one["Actor"]["Attributes"].get("gonogo.service") == "planner"
            and one["Actor"]["Attributes"]["com.docker.compose.oneoff"] == "False"
        ]

    assert codes == [0, 1]
    assert seen[-4:] == ["die", "start", "die", "start"], seen  # the Engine forgets the oldest


def test_a_proxy_on_this_machine_is_told_ports(tmp_path: Path, engine: docker.DockerClient) -> None:
    """It reaches each release by a port of the loopback address that stays, also when that release comes back."""
    caddy = str(Path(sysconfig.get_path("scripts")) / "caddy")
    admin = free_port()
    with stack(tmp_path, engine, "turnshost") as app:
        create(app)
        model = (app.root / "docker-compose.yml").read_text()
        config, upstreams = app.root / "front/Caddyfile", app.root / "front/upstreams"
        words = f'test = "{caddy} validate --config {config}"'
        words += f', reload = "{caddy} reload --config {config} --address 127.0.0.1:{admin}"'
        app.replace("gonogo.toml", 'kind = "nginx", service = "front"', f'kind = "caddy", {words}')
        app.write(
            {
                "docker-compose.yml": model.partition("  front:\n")[0],
                ".gitignore": "reports/\nfront/\n",
                "front/Caddyfile": HOSTED.replace("ADMIN", str(admin))
                .replace("FOLDER", str(upstreams))
                .replace("PORT", str(app.port)),
                "front/upstreams/none.caddy": "",
            }
        )
        app.commit("One")
        first = app.git("rev-parse", "HEAD")[:7]
        argv = [caddy, "run", "--config", str(config)]
        codes = []
        (upstreams / "gonogo.caddy").write_text("(web) {\n\tto 127.0.0.1:1\n}\n")
        proxy = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            codes.append(app.deploy().code)
            with loaded(app) as load:
                pages(app, GREEN | {"/new": 200})
                second = app.commit("Two")
                codes.append(app.deploy().code)
                codes.append(app.gonogo("rollback", "--env", "staging", "--json").code)
        finally:
            kill_group(proxy.pid)
            proxy.wait()

    assert codes == [0, 0, 0]
    assert load.failures == []
    assert load.turns == [first, second, first]


def test_what_serves_may_be_planned_and_started_anew(app: Stack) -> None:
    """The plan says what is started beside and how requests are sent there; a restart ends with the same release."""
    before = running(app)
    planned = app.gonogo("plan", "--env", "staging")
    again = app.gonogo("restart", "--env", "staging", "web", "--json")
    after = running(app)

    assert planned.code == 0, planned
    assert "compose.beside.json" in planned.out + planned.err
    assert "docker exec '{front}' nginx -s reload" in planned.out + planned.err, planned
    assert again.code == 0, again
    assert before == after
