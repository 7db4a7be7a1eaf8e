"""Build arguments that are baked into an image, and that nobody gives a value. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from gonogo.inspection.code.dockerfile import DockerfileError, Instruction, read
from gonogo.inspection.code.stages import BuildStage, made_from

__all__ = ["Unfilled", "unfilled"]

_BROWSER = re.compile(r"(?:VITE|REACT_APP|VUE_APP|NUXT_PUBLIC|NEXT_PUBLIC|EXPO_PUBLIC|NG_APP|GATSBY|PUBLIC)_\w+")
"""Variables that a build of pages reads by themselves."""
_BUILDS = re.compile(
    r"\b(?:npm|yarn|pnpm|bun|npx|vite|next|nuxt|react-scripts|vue-cli-service|ng|gatsby)\b[^\n;&|]*\bbuild\b"
)
_MAY_LACK = re.compile(
    r"(?:.*_)?(?:GIT|COMMIT|SHA\d*|REVISION|REV|VERSION|BUILD|BUILT|DATE|TIME|TIMESTAMP|VCS|REF|TAG|BRANCH|RELEASE|CI|ARGS?|OPTS?"
    r"|OPTIONS?|FLAGS?|EXTRAS?|PACKAGES?|INDEX|PROXY|MIRROR|REGISTRY|PREFIX|SUFFIX|DEBUG|DEV|UID|GID|USER|GROUP)(?:_.*)?",
    re.IGNORECASE,
)
"""What says where an image comes from, or adds to a command: without it the image is as good."""
_PREDEFINED = re.compile(
    r"(?:TARGET|BUILD)(?:PLATFORM|OS|ARCH|VARIANT)|BUILDKIT_\w+|(?:HTTPS?|FTP|NO|ALL)_PROXY|SOURCE_DATE_EPOCH",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Unfilled:
    """One argument without a value, and what takes it."""

    name: str
    taken_by: str
    """``ENV API_URL``, or the command of a RUN."""


def unfilled(
    text: str, *, target: str, given: Collection[str], variables: Collection[str] = ()
) -> tuple[Unfilled, ...]:
    """The arguments that have no default, are not given, and are in the image's variables or in a build of pages.

    Args:
        text: the Dockerfile.
        target: the stage that becomes the image; the last one without it.
        given: the names of those that a value is given to.
        variables: what the container is given by its start: an image need not say that.
    """
    known = {*given, *_defaults(text)}
    chains = made_from(text, target)
    found = [
        one for number, chain in enumerate(chains) for one in _of_chain(chain, known, variables, is_image=number == 0)
    ]
    return tuple({one.name: one for one in reversed(found)}.values())[::-1]


def _defaults(text: str) -> Iterator[str]:
    """The arguments before the first FROM that have a default: a stage that names them takes it."""
    try:
        instructions = read(text)
    except DockerfileError:
        return
    for one in instructions:
        if one.name == "FROM":
            return
        yield from _declared(one, filled=True)


def _declared(one: Instruction, *, filled: bool) -> Iterator[str]:
    if one.name == "ARG":
        words = (word.partition("=") for word in one.words)
        yield from (name for name, equals, _ in words if bool(equals) is filled)


def _of_chain(
    chain: Sequence[BuildStage], known: Collection[str], variables: Collection[str], *, is_image: bool
) -> Iterator[Unfilled]:
    """Those of one stage and of what it is made from, the base first: a stage has what its base declared."""
    lacking: dict[str, None] = {}
    for one in (one for stage in reversed(chain) for one in stage.instructions):
        for name in _declared(one, filled=True):
            lacking.pop(name, None)
        lacking |= {name: None for name in _declared(one, filled=False) if name not in known and not _may_lack(name)}
        for name in list(lacking):
            if one.name == "ENV" and (says := _env_that_takes(name, one)):
                del lacking[name]
                if _BROWSER.fullmatch(says) or (is_image and says not in variables):
                    yield Unfilled(name, f"ENV {says}")
            elif one.name == "RUN" and _BUILDS.search(one.text) and _BROWSER.fullmatch(name):
                del lacking[name]
                yield Unfilled(name, f"RUN {' '.join(one.text.split())[:60]}")


def _may_lack(name: str) -> bool:
    return bool(_PREDEFINED.fullmatch(name) or (_MAY_LACK.fullmatch(name) and not _BROWSER.fullmatch(name)))


def _env_that_takes(name: str, one: Instruction) -> str:
    """The variable of an ENV whose whole value, or a part of it, is the argument; one with a default takes nothing."""
    takes = re.compile(rf"\$(?:{re.escape(name)}(?!\w)|\{{{re.escape(name)}\}})")
    pairs = re.findall(r"([A-Za-z_]\w*)=((?:\"(?:\\.|[^\"\\])*\"|'[^']*'|\\.|[^\s\"'\\])*)", one.text)
    if not pairs and len(one.words) > 1:  # ENV NAME value
        pairs = [(one.words[0], " ".join(one.words[1:]))]
    return next((variable for variable, value in pairs if takes.search(value)), "")
