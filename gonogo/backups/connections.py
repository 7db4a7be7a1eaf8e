"""How many connections a PostgreSQL server lets in, how many are taken, and by whom."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

__all__ = ["TAKEN", "Taken", "too_few"]

TAKEN = """
SELECT concat_ws(' ', current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
  - coalesce(current_setting('reserved_connections', true), '0')::int, count(*), string_agg(host(client_addr), ' '))
FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
"""The query whose answer ``Taken`` reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The connections of one server."""

    most: int
    """How many it lets in, without those that it keeps for its superuser."""
    taken: int
    addresses: tuple[str, ...]
    """Where they come from; those of its own container have none."""

    @classmethod
    def read(cls, said: str) -> Taken:
        """Reads an answer.

        Raises:
            ValueError: it is none.
        """
        most, taken, *addresses = said.split()
        return cls(most=int(most), taken=int(taken), addresses=tuple(addresses))


def too_few(found: Taken, serving: Collection[str]) -> str:
    """Why a second release beside the one that serves, from these addresses, would not get in; nothing where it would.

    It is asked what is open now: pools may grow, so that room for as many again promises nothing.
    """
    own = sum(one in serving for one in found.addresses)
    left = found.most - found.taken
    if own <= left:
        return ""
    return (
        f"found {found.taken} of {found.most} connections taken, {own} of them by the release that serves, expected "
        f"room for as many again: {left} are left"
    )
