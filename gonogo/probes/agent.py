"""What a deployer elsewhere talks to: it is sent over SSH, keeps runs going, and shows them.

It reads one JSON line a message on standard input, some with bytes after it, and answers alike. A run is started by a
keeper (``keeper.py``) that outlives the connection and notes how it ended: the exit code of ``ssh`` is never believed.

    STATE/remote/repository.git    the commits that were brought
    STATE/remote/runs/ID/          run.json, out, err, in (a pipe), work/ (the checkout), reports/, status.json
    HOUSE/.tools/NAME/             gonogo in an environment of its own; HOUSE/.tools/current leads to the one in use
"""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import io
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

__all__ = ["main"]

KEPT = 20
"""How many runs that have ended stay, for whoever comes back to see them."""
SEEN = 60.0
"""Seconds for which a run stays that somebody has seen to its end."""
CHUNK = 256 * 1024
BROUGHT = "brought"
"""The folder of files that were brought for a run, and go with its end."""
BEGINS = 3600.0
"""Seconds in which a run begins that something was brought for."""
EVERY = 0.05
"""Seconds between two looks at what a run has said."""
ROOM = 64 * 1024
"""Bytes that are given back when a run notes how it ended: the disk may be full by then."""
SOON = 10.0
"""Seconds in which a keeper has started its run."""


def main() -> None:
    """Answers until the other side is gone."""
    inbox = Inbox(0)
    send("hello", **surroundings())
    while True:
        message = inbox.next(None)
        if message is None:
            return
        try:
            OPERATIONS[message["do"]](message, inbox)
        except (OSError, subprocess.SubprocessError, ValueError, tarfile.TarError) as error:
            facts = {"errno": error.errno, "path": error.filename} if isinstance(error, OSError) else {}
            send("failed", said=f"{type(error).__name__}: {error}", **facts)


class Inbox:
    """The messages of the other side."""

    def __init__(self, number: int) -> None:
        """Reads this descriptor; nothing else may."""
        self.number, self.left, self.ended = number, b"", False

    def next(self, seconds: float | None) -> dict[str, Any] | None:
        """The next message, with its bytes under ``data``; None once there will be none, ``{}`` for none yet."""
        while b"\n" not in self.left:
            if not self.more(seconds):
                return None if self.ended else {}
        line, _, self.left = self.left.partition(b"\n")
        message: dict[str, Any] = json.loads(line.decode())
        while len(self.left) < message["size"]:
            if not self.more(None):
                return None
        message["data"], self.left = self.left[: message["size"]], self.left[message["size"] :]
        return message

    def more(self, seconds: float | None) -> bool:
        """Reads what there is; whether there was anything."""
        ready = select.select([self.number], [], [], seconds)[0]
        found = os.read(self.number, CHUNK) if ready else b""
        self.ended = self.ended or bool(ready and not found)
        self.left += found
        return bool(found)


def send(kind: str, data: bytes = b"", **facts: object) -> None:
    """One message to the other side."""
    out = sys.stdout.buffer
    out.write(json.dumps({**facts, "kind": kind, "size": len(data)}).encode() + b"\n" + data)
    out.flush()


def house() -> Path:
    """The folder of everything that gonogo keeps for this user."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "gonogo"


def remote_of(message: dict[str, Any]) -> Path:
    """The folder of what deployers elsewhere bring to an environment and start there."""
    if message["state"]:
        return Path(message["state"]).expanduser() / "remote"
    return house() / str(message["app"]) / str(message["env"]) / "remote"


def run_of(message: dict[str, Any]) -> Path:
    """The folder of one of these runs."""
    return remote_of(message) / "runs" / str(message["id"])


def surroundings() -> dict[str, Any]:
    """This machine, as far as whoever comes has to know it."""
    return {
        "time": time.time(),
        "tool": read_json(house() / ".tools" / "current" / "gonogo.json"),
        "git": shutil.which("git") is not None,
    }


def read_json(path: Path) -> dict[str, Any] | None:
    """A document, or None where there is none that can be read."""
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def write(path: Path, data: bytes) -> None:
    """Writes a file that only this user reads, whole or not at all."""
    aside = path.with_name(f".{path.name}.new")
    number = os.open(str(aside), os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(number, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    aside.replace(path)


def git(folder: Path, *words: str) -> str:
    """What git says; an error where it fails."""
    argv = ["git", f"--git-dir={folder}", *words]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        raise OSError(f"git {words[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode(errors="replace").strip()


def repository(message: dict[str, Any], _: Inbox) -> None:
    """Makes the repository that commits are brought to, where there is none; says where it is."""
    remote = remote_of(message)
    (remote / "runs").mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = remote / "repository.git"
    with (remote / "making").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").is_file():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            git(folder, "init", "--quiet", "--bare")
            git(folder, "config", "receive.shallowUpdate", "true")
            (folder / "ready").touch()
        if message["origin"] and git(folder, "config", "--default", "", "remote.origin.url") != message["origin"]:
            git(folder, "config", "remote.origin.url", message["origin"])
    listed = git(folder, "for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/remotes", "refs/tags")
    try:
        known = bool(git(folder, "for-each-ref", "--count=1", f"--contains={message['commit']}"))
    except OSError:  # nothing of it is here
        known = False
    send("repository", folder=str(folder), refs=dict(line.split() for line in listed.splitlines()), known=known)


def start(message: dict[str, Any], _: Inbox) -> None:
    """Checks the commit out, and starts a run there that outlives this connection."""
    folder, bare = run_of(message), remote_of(message) / "repository.git"
    folder.mkdir(mode=0o700, exist_ok=True)  # what was brought for it is there
    prune(remote_of(message))
    git(bare, "update-ref", f"refs/gonogo/{message['id']}", message["commit"])
    git(bare, "worktree", "add", "--quiet", "--detach", "--force", str(folder / "work"), message["commit"])
    for name in ("out", "err"):
        (folder / name).touch(mode=0o600)
    if message["asks"]:
        os.mkfifo(str(folder / "in"), 0o600)
    told = ("words", "environ", "prefix", "command", "commit", "who", "asks", "guard")
    facts = {name: message[name] for name in told}
    python = str(house() / ".tools" / "current" / "bin" / "python")
    facts = {**facts, "began": time.time(), "repository": str(bare), "python": python, "around": dict(os.environ)}
    write(folder / "run.json", json.dumps(facts).encode())
    write(folder / "keeper.py", message["data"])
    write(folder / "room", bytes(ROOM))
    with (folder / "keeper.log").open("wb") as log, (folder / "alive").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # the keeper has it from its first moment to its last
        subprocess.Popen(
            [sys.executable, str(folder / "keeper.py"), str(folder), "keep", str(held.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            pass_fds=[held.fileno()],
            start_new_session=True,
        )
    if message["guard"]:
        start_guard(folder)
    send("started", id=message["id"])


def start_guard(folder: Path) -> None:
    """Starts who takes over when all of the run is killed: apart from it, by systemd where that answers."""
    argv = [sys.executable, str(folder / "keeper.py"), str(folder), "guard"]
    stays = os.geteuid() == 0 or Path("/var/lib/systemd/linger", getpass.getuser()).exists()
    by = ["systemd-run", *(["--user"] if os.geteuid() else []), "--quiet", "--collect", f"--unit=gonogo-{folder.name}"]
    quiet: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        if stays and not subprocess.run([*by, *argv], check=False, timeout=SOON, **quiet).returncode:
            return
    subprocess.Popen(argv, cwd="/", start_new_session=True, **quiet)


def prune(remote: Path) -> None:
    """Lets go of runs that were seen to their end, and of the oldest that nobody came to see."""
    with contextlib.suppress(OSError):  # what stays longer harms nobody
        for path in sorted(remote.glob("runs/*/seen")):
            if time.time() - path.stat().st_mtime > SEEN:
                let_go(path.parent)
        for path in sorted(remote.glob("runs/*/status.json"))[:-KEPT]:
            let_go(path.parent)
        for path in remote.glob(f"runs/*/{BROUGHT}"):
            if not is_kept(path.parent) and time.time() - path.stat().st_mtime > BEGINS:
                shutil.rmtree(path)


def let_go(folder: Path) -> None:
    """A run that nobody needs; its commit stays known, so that the next one is brought in no time."""
    run = read_json(folder / "run.json")
    if run is not None:
        git(Path(run["repository"]), "update-ref", "refs/gonogo/last", run["commit"])
        git(Path(run["repository"]), "update-ref", "-d", f"refs/gonogo/{folder.name}")
    shutil.rmtree(folder, ignore_errors=True)


def is_kept(folder: Path) -> bool:
    """Whether its keeper lives, or it does itself."""
    return is_held(folder / "alive")


def goes_on(folder: Path) -> bool:
    """Whether it, or who takes over when it is killed, is still to note how it ended."""
    return not (folder / "status.json").exists() and (is_kept(folder) or is_held(folder / "guard"))


def is_held(path: Path) -> bool:
    """Whether a process has the lock of a file."""
    try:
        with path.open("r+") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def runs(message: dict[str, Any], _: Inbox) -> None:
    """The runs that deployers have started here and nobody has seen to their end, the oldest first."""
    found = []
    for path in sorted(remote_of(message).glob("runs/*/run.json")):
        run = read_json(path) or {}
        if (path.parent / "seen").exists():
            continue
        shown = {name: run.get(name) for name in ("command", "who", "began", "asks")}
        found.append({**shown, "id": path.parent.name, "goes_on": goes_on(path.parent)})
    send("runs", runs=found)


def follow(message: dict[str, Any], inbox: Inbox) -> None:
    """Shows what a run says from where the other side stands, and hands on what that says, until one of both ends."""
    folder = run_of(message)
    at, told_of = {name: message[name] for name in ("out", "err")}, None
    with (folder / "out").open("rb") as out, (folder / "err").open("rb") as err:
        while True:
            ended = how_it_ended(folder)
            said = [tell("out", out, at), tell("err", err, at)]
            if any(said):
                continue
            if ended is not None:
                send("ended", **ended)
                return
            waiting = read_json(remote_of(message).parent / "confirm")
            if waiting is not None and waiting != told_of:
                told_of = waiting
                send("confirm", **waiting)
            told = inbox.next(EVERY)
            if told is None:
                sys.exit(0)
            if told and not hand_on(folder, told):
                return


def how_it_ended(folder: Path) -> dict[str, Any] | None:
    """Its exit code, or no code where nobody noted it; None while it goes on."""
    kept = goes_on(folder)
    noted = read_json(folder / "status.json")
    return None if noted is None and kept else noted or {"code": None, "signal": 0}


def tell(name: str, stream: io.BufferedReader, at: dict[str, Any]) -> bool:
    """Sends what is new of one stream; whether there was anything."""
    stream.seek(at[name])
    data = stream.read(CHUNK)
    if data:
        at[name] += len(data)
        send(name, data)
    return bool(data)


def hand_on(folder: Path, told: dict[str, Any]) -> bool:
    """A signal or an answer for the run; whether the other side goes on to look."""
    if told["do"] == "signal":
        deadline = time.monotonic() + SOON
        while is_kept(folder) and not (folder / "pid.json").exists() and time.monotonic() < deadline:
            time.sleep(EVERY)
        run = read_json(folder / "pid.json")
        if run is not None and is_kept(folder) and not (folder / "status.json").exists():
            os.kill(run["pid"], getattr(signal, told["name"]))
    elif told["do"] == "input":
        number = os.open(str(folder / "in"), os.O_RDWR | os.O_NONBLOCK)
        try:
            os.write(number, told["data"])
        finally:
            os.close(number)
    return bool(told["do"] != "leave")


def reports(message: dict[str, Any], _: Inbox) -> None:
    """The pages of a run that has ended, as one archive."""
    folder = run_of(message) / "reports"
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for one in sorted(folder.iterdir()) if folder.is_dir() else ():
            archive.add(str(one), arcname=one.name)
    send("reports", packed.getvalue())


def forget(message: dict[str, Any], _: Inbox) -> None:
    """Notes that a run was seen to its end; whoever else looks at it is not cut off."""
    (run_of(message) / "seen").touch()
    send("forgotten")


def put(message: dict[str, Any], _: Inbox) -> None:
    """Writes a file that only this user reads; what stood there stays beside it under the name ``former``."""
    path = (house() / Path(message["path"]).expanduser()).resolve()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if message["former"] and path.exists():
        write(path.with_name(message["former"]), path.read_bytes())
    write(path, message["data"])
    send("written", path=str(path))


def append(message: dict[str, Any], _: Inbox) -> None:
    """Adds to a file that is brought for a run; half a file that finds no room is none."""
    path = run_of(message) / BROUGHT / Path(message["name"]).name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    number = os.open(str(path), os.O_CREAT | os.O_WRONLY | (os.O_TRUNC if message["first"] else os.O_APPEND), 0o600)
    try:
        with os.fdopen(number, "ab") as stream:
            stream.write(message["data"])
    except OSError:
        path.unlink()
        raise
    send("appended", path=str(path))


def get(message: dict[str, Any], _: Inbox) -> None:
    """A file's bytes; ``found`` says whether there is one."""
    path = Path(message["path"]).expanduser()
    found = path.is_file()
    send("file", path.read_bytes() if found else b"", found=found)


def confirm(message: dict[str, Any], _: Inbox) -> None:
    """Says that the release of the run that waits may stay; which run that was, or none."""
    state = remote_of(message).parent
    waiting = read_json(state / "confirm")
    if waiting is not None:
        write(state / "confirmed", waiting["run"].encode())
    send("confirmed", run=waiting and waiting["run"])


def probe(message: dict[str, Any], _: Inbox) -> None:
    """What another script says, which came along; it is given the message as its argument."""
    facts = {name: value for name, value in message.items() if name != "data"}
    argv = [sys.executable, "-c", message["data"].decode(), json.dumps({**facts, "house": str(house())})]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, cwd="/", check=False)
    send("probed", done.stdout, code=done.returncode, errors=done.stderr.decode(errors="replace"))


OPERATIONS = {
    "append": append,
    "confirm": confirm,
    "follow": follow,
    "forget": forget,
    "get": get,
    "probe": probe,
    "put": put,
    "reports": reports,
    "repository": repository,
    "runs": runs,
    "start": start,
}

if __name__ == "__main__":
    main()
