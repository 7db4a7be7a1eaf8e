"""Commands about an environment on another host: they run there, and are shown here. One place for all of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand

from gonogo.commands import printing
from gonogo.errors import GonogoError, UsageError
from gonogo.words import CONFIG_NAME

if TYPE_CHECKING:
    from gonogo.config import Environment, Project

__all__ = ["Forwarding", "add_to"]

_EACH = frozenset({"status", "history"})
"""What they say without ``--env`` is of every environment."""
_WITH_REF = frozenset({"deploy", "rehearse", "plan"})
_ASKING = frozenset({"rollback", "prune"})
_FORWARDED = (
    _EACH
    | _WITH_REF
    | _ASKING
    | {"adopt", "ask", "backup", "backups", "doctor", "report", "restart", "resume", "unlock", "watch"}
)


def add_to(app: typer.Typer) -> None:
    """Makes the commands that are there already go to the host of their environment."""
    for command in app.registered_commands:
        command.cls = Forwarding


class Forwarding(TyperCommand):
    """A command that runs where its environment lives."""

    def invoke(self, ctx: Any) -> Any:
        """Its exit code, from here or from there."""
        project = _with_hosts() if self.name in _FORWARDED else None
        if project is None:
            return super().invoke(ctx)
        named = ctx.params.get("env")
        if named is None and self.name in _EACH:
            return self._each(ctx, project)
        environment = project.environment(named)
        return self._there(ctx, project, environment) if _is_elsewhere(environment) else super().invoke(ctx)

    def _each(self, ctx: typer.Context, project: Project) -> int:
        """Every environment by itself; the most urgent ending counts."""
        from gonogo.cli.looking import URGENT  # noqa: PLC0415 (imports this module's neighbours)

        if ctx.params.get("as_json"):
            raise UsageError(
                f"--json: found several hosts, expected one: --env {' or --env '.join(project.environments)}."
            )
        codes = []
        for name, environment in project.environments.items():
            ctx.params["env"] = name
            elsewhere = _is_elsewhere(environment)
            codes.append(int(self._there(ctx, project, environment) if elsewhere else super().invoke(ctx)))
        return max(codes, key=URGENT.index)

    def _there(self, ctx: typer.Context, project: Project, environment: Environment) -> int:
        from gonogo.remote.pages import Pages  # noqa: PLC0415 (only where there is a host)
        from gonogo.remote.run import Asked, run_there  # noqa: PLC0415

        given = {**ctx.params, "env": environment.name}
        if given.get("to") and self.name == "report":
            raise UsageError(
                "--to: found a folder, expected none: the pages of an environment on a host come to reports/."
            )
        pages = Pages(ctx.args)
        stays, images = bool(given.pop("detach", False)), given.pop("images", None)
        takes_ref = self.name in _WITH_REF
        ref = given.pop("ref", None)
        asked = Asked(
            words=(str(self.name), *self._words(given), *pages.arguments),
            ref=ref,
            takes_ref=takes_ref,
            deploys=self.name == "deploy",
            asks=self.name in _ASKING and not given.get("yes"),
            stays=stays,
            images=images,
        )
        code = run_there(project, environment, asked, say=printing.say)
        pages.bring_home(project.root / "reports")
        return code

    def _words(self, given: dict[str, Any]) -> list[str]:
        """What was typed, written out."""
        options: list[str] = []
        arguments: list[str] = []
        for param in self.params:
            value = given.get(param.name or "")
            if param.param_type_name == "argument":
                arguments += map(str, value if isinstance(value, list | tuple) else [value] if value else [])
            elif value is True:
                options.append(param.opts[0])
            else:
                values = value if isinstance(value, list | tuple) else [value] if value not in {None, False, ""} else []
                options += [word for one in values for word in (param.opts[0], str(one))]
        return [*arguments, *options]


def _is_elsewhere(environment: Environment) -> bool:
    from gonogo.config.hosts import address_of  # noqa: PLC0415

    return address_of(environment.host) is not None


def _with_hosts() -> Project | None:
    """The project around this folder, where one of its environments lives elsewhere; its mistakes are said later."""
    from gonogo.config import find_project, load_project  # noqa: PLC0415 (slow: only for these commands)

    try:
        root = find_project(Path.cwd())
        if b"ssh://" not in (root / CONFIG_NAME).read_bytes():
            return None
        project = load_project(root)
    except (GonogoError, OSError):
        return None
    return project if any(map(_is_elsewhere, project.environments.values())) else None
