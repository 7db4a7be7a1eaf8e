"""``gonogo demo``: a guestbook, a real PostgreSQL, a real Caddy, and three deployments of which the last is bad."""

__all__: list[str] = []
