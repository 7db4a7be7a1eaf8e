"""What is started again by the Engine's word alone is what ran."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from pathlib import Path
from typing import Any

import docker

from gonogo.runtimes.compose.model.from_engine import model_of

from .base_images import ensure

__all__: list[str] = []

MODEL = """\
services:
  web:
    image: python:3.11-slim
    init: true
    command: [python, -c, "import time; time.sleep(600)  # $$PAID"]
    environment: {PRICE: "$$5"}
    labels: {"traefik.enable": "true", "traefik.http.routers.web.rule": "Host(`shop.localhost`)"}
    expose: ["8000", "9000/udp"]
    ports: ["127.0.0.1::8001"]
    hostname: shop
    user: nobody
    cap_drop: [ALL]
    cap_add: [NET_BIND_SERVICE]
    security_opt: ["no-new-privileges:true"]
    sysctls: {net.core.somaxconn: "1024"}
    ulimits: {nofile: {soft: 2048, hard: 4096}, nproc: 512}
    devices: ["/dev/null:/dev/sink:rw"]
    shm_size: 128m
    pids_limit: 200
    mem_limit: 256m
    mem_reservation: 64m
    cpus: 0.5
    cpu_shares: 512
    oom_score_adj: 200
    ipc: shareable
    read_only: true
    tmpfs: ["/tmp:size=1m"]
    dns: [127.0.0.1]
    dns_search: [shop.test]
    dns_opt: ["ndots:1"]
    extra_hosts: ["db.test:127.0.0.1"]
    group_add: ["1234"]
    logging: {driver: json-file, options: {max-size: 1m, max-file: "2"}}
    restart: on-failure:3
    stop_grace_period: 1s
    stop_signal: SIGINT
    healthcheck: {test: [CMD, "true"], interval: 30s, timeout: 3s, retries: 2, start_period: 1s}
    volumes: ["data:/data", "./conf:/conf:ro"]
    networks: {inner: {aliases: [www], ipv4_address: 10.213.7.9}}
volumes: {data: {}}
networks: {inner: {ipam: {config: [{subnet: 10.213.7.0/28}]}}}
"""


def compose(folder: Path, project: str, file: str, *words: str) -> None:
    """Runs Compose on one file."""
    command = ["docker", "compose", "--project-name", project, "--file", file, *words]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COMPOSE_")}
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def said(engine: docker.DockerClient, project: str) -> dict[str, Any]:
    """What the Engine says of the one container of a project."""
    (one,) = engine.containers.list(filters={"label": f"com.docker.compose.project={project}"})
    attrs: dict[str, Any] = one.attrs
    return attrs


def settings(attrs: dict[str, Any]) -> dict[str, Any]:
    """All that was asked for when the container was made, but Compose's own labels."""
    config = dict(attrs["Config"])
    config["Labels"] = {name: value for name, value in config["Labels"].items() if "docker.compose" not in name}
    config["Env"] = sorted(config["Env"])
    host = dict(attrs["HostConfig"])
    host["Ulimits"] = sorted(host["Ulimits"], key=lambda one: one["Name"])
    mounts = sorted((one["Type"], one["Source"], one["Destination"], one["RW"]) for one in attrs["Mounts"])
    for name in ("Binds", "Mounts", "NetworkMode"):  # the same in another spelling; mounts and networks stand below
        host.pop(name)
    networks = attrs["NetworkSettings"]["Networks"]
    joined = {
        name: (sorted(set(one["Aliases"]) - {attrs["Id"][:12]}), one["IPAMConfig"]) for name, one in networks.items()
    }
    return {"config": config, "host": host, "mounts": mounts, "networks": joined}


def test_what_ran_is_made_again(tmp_path: Path, engine: docker.DockerClient) -> None:
    """Each setting of a container that Compose made of many keys is there in the one that the model makes."""
    ensure("python:3.11-slim")
    project = f"again-{secrets.token_hex(4)}"
    (tmp_path / "conf").mkdir()
    (tmp_path / "docker-compose.yml").write_text(MODEL)
    try:
        compose(tmp_path, project, "docker-compose.yml", "up", "--detach")
        before = said(engine, project)
        image = {before["Image"]: engine.images.get(before["Image"]).attrs["Config"]}
        (tmp_path / "again.json").write_text(json.dumps(model_of([before], image, project=project)))
        compose(tmp_path, project, "again.json", "up", "--detach", "--force-recreate")
        after = said(engine, project)

        assert after["Id"] != before["Id"]
        assert settings(after) == settings(before)
    finally:
        compose(tmp_path, project, "docker-compose.yml", "down", "--volumes", "--timeout", "1")
