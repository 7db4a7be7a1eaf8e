"""What Docker says when a registry does not hand out an image, in words that tell what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["is_passing", "refusal"]


@dataclass(frozen=True, kw_only=True)
class _Kind:
    says: str
    found: str
    expected: str
    remedy: str
    passes: bool = False
    """It may be well again in a moment."""


_KINDS = (
    _Kind(
        says=r"no matching manifest for (?P<platform>\S+)",
        found="no image for {platform}",
        expected="one for this machine",
        remedy="Let CI build it for that too: docker buildx build --platform {platform}",
    ),
    _Kind(
        says=r"error getting credentials|docker-credential-",
        found="a credential helper that fails",
        expected="one that gives the registry's password",
        remedy="Look at credsStore and credHelpers in ~/.docker/config.json of the user who deploys",
    ),
    _Kind(
        says=r"toomanyrequests|too many requests|rate limit",
        found="a registry that was asked too often",
        expected="one that hands it out",
        remedy="Log in (docker login {registry}), or try again later",
        passes=True,
    ),
    _Kind(
        says=r"unauthorized|denied|no basic auth credentials|authentication required|forbidden",
        found="a registry that refuses to hand it out to this user",
        expected="one that does",
        remedy="On the machine that deploys, as the user who deploys: docker login {registry}. To somebody who is not "
        "logged in, most registries say the same of an image that is not there",
    ),
    _Kind(
        says=r"manifest unknown|name unknown|not found|repository name not known",
        found="no such image in the registry",
        expected="the one that CI built of this commit",
        remedy="Wait until CI has pushed it, or look whether its tag is made alike: docker pull {name}",
    ),
    _Kind(
        says=r"x509|certificate|HTTP response to HTTPS client",
        found="a registry whose certificate the Docker Engine does not trust",
        expected="one that it does",
        remedy="Put its authority's certificate into /etc/docker/certs.d/{registry}/ca.crt on the machine that deploys",
    ),
    _Kind(
        says=r"no such host|server misbehaving",
        found="no machine of the registry's name",
        expected="one that answers",
        remedy="Look at the name, and at the name server of the machine that deploys: docker pull {name}",
        passes=True,
    ),
    _Kind(
        says=r"refused|timeout|timed out|dial tcp|TLS handshake|\bEOF\b|unreachable|canceled|connection reset"
        r"|deadline exceeded|bad gateway|gateway time-?out|service unavailable|internal server error",
        found="no registry that answers",
        expected="one that hands it out",
        remedy="Look whether it is up, and reached from the machine that deploys: docker pull {name}",
        passes=True,
    ),
    _Kind(
        says=r"no space left",
        found="no room for it",
        expected="some",
        remedy="Free some (df -h; docker system df), then try again",
    ),
)
_OTHER = _Kind(
    says="",
    found="a Docker Engine that cannot pull it",
    expected="one that can",
    remedy="See what it says to: docker pull {name}",
)


def is_passing(said: str) -> bool:
    """Whether it is worth asking again at once."""
    return _kind(said).passes


def refusal(said: str, *, service: str, name: str) -> str:
    """Where, what was found, what was expected, what to do, and Docker's own words."""
    kind = _kind(said.replace(name, ""))
    first, slash, _ = name.partition("/")
    registry = first if slash and (set(".:") & set(first) or first == "localhost") else "docker.io"
    match = re.search(kind.says, said, re.IGNORECASE)
    facts = {"name": name, "registry": registry, **(match.groupdict() if match else {})}
    own = " | ".join(line.strip() for line in said.strip().splitlines()[-3:]) or "nothing"
    text = f"{kind.found} ({own}), expected {kind.expected}. {kind.remedy}."
    for key, value in facts.items():
        text = text.replace(f"{{{key}}}", value)
    return f"service.{service}.image: {name}: found {text} Nothing was changed."


def _kind(said: str) -> _Kind:
    return next((kind for kind in _KINDS if re.search(kind.says, said, re.IGNORECASE)), _OTHER)
