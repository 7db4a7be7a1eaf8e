"""The words that code, output and documentation share; each is defined here and nowhere else."""

from __future__ import annotations

from enum import IntEnum, StrEnum

__all__ = [
    "CONFIG_NAME",
    "REPORTS_AT",
    "Exit",
    "Impact",
    "OnRed",
    "Outcome",
    "Role",
    "Severity",
    "Stage",
    "Tier",
    "WaiverDid",
]

CONFIG_NAME = "gonogo.toml"
REPORTS_AT = "GONOGO_REPORTS_AT"
"""Set where a deployer elsewhere brings the reports home: the folder in which people find them."""


class Stage(StrEnum):
    """When a check is asked."""

    PREDEPLOY = "predeploy"
    BUILD = "build"
    POSTDEPLOY = "postdeploy"
    WATCH = "watch"

    @property
    def gate(self) -> str:
        """The name of its gate about a release that comes: the line in the terminal, and the results file."""
        return "build gate" if self is Stage.BUILD else self.value


class Outcome(StrEnum):
    """The verdict of one check."""

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    SKIPPED = "skipped"

    @property
    def is_red(self) -> bool:
        """Whether a blocker with this outcome stops the deployment."""
        return self in {Outcome.FAILED, Outcome.INCONCLUSIVE}


class Severity(StrEnum):
    """Whether a red check blocks or warns."""

    BLOCKER = "blocker"
    ADVISORY = "advisory"


class OnRed(StrEnum):
    """What a red blocker causes after the first touch."""

    ROLLBACK = "rollback"
    HOLD = "hold"
    WARN = "warn"


class Impact(StrEnum):
    """What a red check means for whoever uses the environment: how far and how fast to react. The worst sorts first."""

    SEV1 = "SEV1"
    SEV2 = "SEV2"
    SEV3 = "SEV3"

    @property
    def said(self) -> str:
        """What it means, in a word."""
        return {Impact.SEV1: "down", Impact.SEV2: "broken", Impact.SEV3: "minor"}[self]


class Tier(StrEnum):
    """What kind of environment this is; sets its defaults."""

    DEV = "dev"
    STAGING = "staging"
    PROD = "prod"


class WaiverDid(StrEnum):
    """What a waiver did in a gate or a run; where several checks have its name, what stands first."""

    COVERED = "covered"
    ENDED = "ended"
    """The check failed after the waiver's last day, and blocks again."""
    TOO_LITTLE = "did not cover"
    """The check could not be found out; a waiver covers what failed."""
    NOT_NEEDED = "not needed"
    """The check was asked and is not red."""
    NO_CHECK = "names no check"
    NOT_ASKED = "not asked"


class Role(StrEnum):
    """In which part of a run a gate asks."""

    BARE = "bare"
    BASELINE = "baseline"
    CANDIDATE = "candidate"
    ROLLBACK = "rollback"


class Exit(IntEnum):
    """Exit codes, an extension of pytest's; they mean the same for every command."""

    GO = 0
    NO_GO = 1
    INTERRUPTED = 2
    INTERNAL = 3
    USAGE = 4
    NOTHING_CHECKED = 5
    NEEDS_HUMAN = 6
    LOCKED = 7

    @property
    def said(self) -> str:
        """Its name as people read it: NO-GO, NEEDS HUMAN."""
        return self.name.replace("NO_GO", "NO-GO").replace("_", " ")
