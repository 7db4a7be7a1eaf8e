"""What ``gonogo doctor`` found an environment to need, and how it is printed for people."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

__all__ = ["Needed", "doctor_lines"]


class Needed(BaseModel):
    """One thing that an environment needs."""

    what: str
    found: str = ""
    """What is there; empty where it is missing."""
    get: str = ""
    """How to get it."""
    needed: bool = True
    """False: it is good to have, and a deployment goes without."""

    @property
    def missing(self) -> bool:
        """Whether a deployment cannot go without it, and it is not there."""
        return self.needed and not self.found


def doctor_lines(needed: Sequence[Needed], *, env: str) -> list[str]:
    """What is missing first in each line, with how to get it; then what is there."""
    missing, advice = [one for one in needed if one.missing], [one for one in needed if not one.needed]
    there = [one for one in needed if one.needed and not one.missing]
    lines = [f"gonogo  doctor: {env} {'lacks nothing' if not missing else f'lacks {len(missing)}'}"]
    for word, part in (("missing", missing), ("advice", advice)):
        for one in part:
            first, *more = one.get.splitlines() or [""]
            lines += ["", f"{word:<8}  {one.what}", f"{'':<10}{first}", *(f"{'':<10}{line}" for line in more)]
    lines += ["", *(f"ok        {one.what}{'' if one.found == 'yes' else f': {one.found}'}" for one in there)]
    return lines
