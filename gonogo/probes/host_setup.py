"""What a host has of all that a deployment needs, and how gonogo gets an environment of its own there.

Given one JSON document as its argument, it prints another one.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

__all__ = ["main"]

PYTHONS = ("python3.14", "python3.13", "python3.12", "python3.11", "python3")
OLDEST = (3, 11)
KEPT = "current"


def main() -> None:
    """Looks, or installs."""
    asked = json.loads(sys.argv[-1])
    does = {"look": look, "images": images, "install": install}
    print(json.dumps(does[asked["what"]](asked)))  # noqa: T201 (its answer)


def images(asked: dict[str, Any]) -> dict[str, Any]:
    """Whether the Engine has all of these images."""
    said = said_by("docker", "image", "inspect", "--format", "{{.Id}}", *asked["ids"])
    return {"known": said is not None and said["code"] == 0}


def look(asked: dict[str, Any]) -> dict[str, Any]:
    """The machine, its programs, and the folder of the environment."""
    path = Path(asked["path"]).expanduser()
    near = next(one for one in (path, *path.parents) if one.is_dir())
    docker = bool(asked["docker"])
    return {
        "pythons": [found for found in map(python_of, PYTHONS) if found],
        "system": platform.system(),
        "machine": platform.machine(),
        "libc": libc(),
        "path": path.is_dir(),
        "free": shutil.disk_usage(str(near)).free,
        "writable": can_write(Path(asked["house"])),
        "env_file": (path / asked["env_file"]).is_file() if asked["env_file"] else None,
        "engine": said_by("docker", "version", "--format", "{{.Server.Version}}") if docker else None,
        "plugin": said_by("docker", "compose", "version", "--short") if docker else None,
        "kills": said_by("loginctl", "show-session", "self", "--property=Leader") is not None and kills_what_is_left(),
    }


def can_write(folder: Path) -> bool:
    """Whether the folder is there and can be written to, or can be made."""
    return os.access(str(next(one for one in (folder, *folder.parents) if one.is_dir())), os.W_OK)


def libc() -> str:
    """``glibc 2.36``; empty where it is another one."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (ValueError, OSError):
        return ""


def kills_what_is_left() -> bool:
    """Whether systemd ends what a user leaves running, when the last session ends."""
    said = said_by("busctl", "get-property", *LOGIN, "KillUserProcesses")
    lingers = said_by("loginctl", "show-user", str(os.getuid()), "--property=Linger")
    return bool(said and said["said"].endswith("true") and not (lingers and lingers["said"].endswith("yes")))


LOGIN = ("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager")


def python_of(name: str) -> dict[str, str] | None:
    """A Python that can run gonogo: its path and version."""
    path = shutil.which(name)
    said = said_by(path, "-c", "import sys, venv; print('%d.%d' % sys.version_info[:2])") if path else None
    if path is None or said is None or said["code"]:
        return None
    version = str(said["said"])
    return {"path": path, "version": version} if tuple(map(int, version.split("."))) >= OLDEST else None


def said_by(*words: str) -> dict[str, Any] | None:
    """How a program ends and what it says; None where there is no such program."""
    if shutil.which(words[0]) is None:
        return None
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        return {"code": 255, "said": str(error)}
    said = (done.stdout if not done.returncode else done.stdout + done.stderr).decode(errors="replace").strip()
    return {"code": done.returncode, "said": said}


def install(asked: dict[str, Any]) -> dict[str, Any]:
    """Makes the environment from the wheels that were brought, and leads ``current`` to it once it answers."""
    tools = Path(asked["house"]) / ".tools"
    wheels, made = tools / asked["wheels"], tools / asked["name"]
    shutil.rmtree(str(made), ignore_errors=True)
    python = str(made / "bin" / "python")
    pip = next(wheels.glob("pip-*.whl")) / "pip"
    own = [str(wheels / asked["own"])]
    from_wheels = ["install", "--quiet", "--no-index", "--find-links", str(wheels), "--disable-pip-version-check"]
    for words in (
        [asked["python"], "-m", "venv", "--without-pip", str(made)],
        [python, str(pip), *from_wheels, *own],
        [python, "-P", "-m", "gonogo", "--version"],
    ):
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, cwd="/", check=False)
        if done.returncode:
            shutil.rmtree(str(made), ignore_errors=True)
            said = (done.stdout + done.stderr).decode(errors="replace").strip()
            return {"problem": f"{' '.join(words[:4])}: exit code {done.returncode}: {said}"}
    (made / "gonogo.json").write_text(json.dumps(asked["facts"]), encoding="utf-8")
    former = turn_to(tools, asked["name"])
    for one in tools.iterdir():
        if one.name not in {asked["name"], former, KEPT}:
            shutil.rmtree(str(one), ignore_errors=True)
    return {"problem": "", "former": former}


def turn_to(tools: Path, name: str) -> str:
    """Leads ``current`` to another environment at once; the name of the former one."""
    link, aside = tools / KEPT, tools / f".{KEPT}.new"
    former = os.readlink(str(link)) if link.is_symlink() else ""  # noqa: PTH115 (3.8)
    if aside.is_symlink():
        aside.unlink()
    aside.symlink_to(name)
    aside.replace(link)
    return former


if __name__ == "__main__":
    main()
