"""The command line: parses, calls ``gonogo.commands``, prints, and ends with an exit code that never lies.

People read standard error; ``--json`` prints one document on standard output.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import gonogo
from gonogo.cli import aside, data, forwarding, hosts, looking, watching
from gonogo.cli.data import Downgrade, FromBackup, RestoreData, Yes, data_asked
from gonogo.cli.options import Attest, Env, Force, Hotfix, Images, Json, NoCache, Quiet, Ref
from gonogo.commands import printing
from gonogo.words import Exit, Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gonogo.display.shown import Shown
    from gonogo.run.work import Options

__all__ = ["app", "main"]

app = typer.Typer(
    name="gonogo",
    help="Go or no-go: deployment checks as pytest tests; a red release is turned back.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

_OF_TYPER = 130
"""What Typer makes of Ctrl-C, where no command of ours took it."""


def main() -> int:
    """Run the command line; returns the exit code."""
    from typer.main import get_command  # noqa: PLC0415

    try:
        code = get_command(app)(standalone_mode=False, prog_name="gonogo")
    except KeyboardInterrupt:
        return printing.interrupted()
    except Exception as error:  # noqa: BLE001 (ours, the system's, click's usage errors, and our own bugs)
        return printing.failed(error)
    if code == _OF_TYPER:
        return printing.interrupted()
    return int(code) if isinstance(code, int) else 0


def _options(
    *,
    no_cache: bool,
    hotfix: bool,
    force: bool = False,
    reason: str = "",
    attest: Sequence[str] = (),
    images: Path | None = None,
) -> Options:
    from gonogo.errors import UsageError  # noqa: PLC0415
    from gonogo.run.work import Options  # noqa: PLC0415

    if force and not reason:
        raise UsageError('--force: found no --reason, expected one for the record: --force --reason "...".')
    return Options(no_cache=no_cache, hotfix=hotfix, force=force, reason=reason, attest=tuple(attest), images=images)


@app.command()
def init(  # noqa: PLR0913 (one for each question)
    *,
    env: Annotated[str, typer.Option("--env", metavar="NAME", help="what the environment is called")] = "staging",
    compose: Annotated[
        list[str] | None, typer.Option("--compose", metavar="FILE", help="a compose file; repeat it")
    ] = None,
    profile: Annotated[
        list[str] | None, typer.Option("--profile", metavar="NAME", help="an active profile; repeat it")
    ] = None,
    env_file: Annotated[str, typer.Option("--env-file", metavar="FILE", help="the env file, from this folder")] = "",
    url: Annotated[str, typer.Option("--url", help="where the application answers")] = "",
    live: Annotated[str, typer.Option("--live", metavar="PATH", help="a page that answers while it lives")] = "",
    runtime: Annotated[
        str, typer.Option("--runtime", metavar="KIND", help="compose or process; process where no compose file is")
    ] = "",
    command: Annotated[
        str, typer.Option("--command", help="runtime process: how it is started, where no file says so")
    ] = "",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="runtime process: its port on loopback")] = 0,
    name: Annotated[str, typer.Option("--name", help="the application's name")] = "",
    project: Annotated[str, typer.Option("--project", metavar="NAME", help="the Compose project")] = "",
    workflow: Annotated[
        str, typer.Option("--workflow", metavar="KIND", help="write a workflow too: github or gitlab")
    ] = "",
    output: Annotated[
        str, typer.Option("--output", metavar="FILE", help="write the configuration there")
    ] = "gonogo.toml",
    yes: Annotated[bool, typer.Option("--yes", help="ask nothing: take what was found")] = False,
    no_gates: Annotated[bool, typer.Option("--no-gates", help="do not ask predeploy at the end")] = False,
    as_json: Json = False,
) -> int:
    """Start here: look at a repository that gonogo has never seen, and write its gonogo.toml."""
    from gonogo.commands.init import Asked, has_terminal  # noqa: PLC0415
    from gonogo.commands.init import init as run  # noqa: PLC0415
    from gonogo.detect import Given  # noqa: PLC0415
    from gonogo.display.questions import ask  # noqa: PLC0415

    given = Given(
        env=env,
        name=name,
        project=project,
        compose=tuple(compose or ()),
        profiles=tuple(profile or ()),
        env_file=env_file,
        url=url,
        live=live,
        runtime=runtime,
        command=command,
        port=port,
    )
    asked = Asked(given=given, yes=yes, output=output, kind=workflow, gates=not no_gates)
    written = run(Path.cwd(), asked, say=printing.say, ask=ask if has_terminal() else None)
    if as_json:
        printing.print_document(written.document())
    printing.say("\n".join(written.said))
    return int(written.exit_code)


@app.command()
def deploy(  # noqa: PLR0913 (one for each option)
    *,
    env: Env = None,
    ref: Ref = "HEAD",
    no_cache: NoCache = False,
    hotfix: Hotfix = False,
    force: Force = False,
    reason: Annotated[str, typer.Option("--reason", help="why, for the record")] = "",
    attest: Attest = None,
    images: Images = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> int:
    """Deploy a commit; a red gate, a failed command or Ctrl-C after the first touch goes back."""
    from gonogo.commands.deploy import deploy as run  # noqa: PLC0415

    options = _options(no_cache=no_cache, hotfix=hotfix, force=force, reason=reason, attest=attest or (), images=images)
    with _screen(quiet=quiet) as screen:
        ended = run(Path.cwd(), env, ref=ref, options=options, screen=screen)
        return printing.finished(ended, screen, as_json=as_json)


@app.command()
def rehearse(
    *,
    env: Env = None,
    ref: Ref = "HEAD",
    no_cache: NoCache = False,
    attest: Attest = None,
    images: Images = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> int:
    """Do all of a deployment before its first touch, and migrate a proven copy of the data; touches nothing."""
    from gonogo.commands.rehearse import rehearse as run  # noqa: PLC0415

    options = _options(no_cache=no_cache, hotfix=False, force=False, reason="", attest=attest or (), images=images)
    with _screen(quiet=quiet) as screen:
        ended = run(Path.cwd(), env, ref=ref, options=options, screen=screen)
        return printing.finished(ended, screen, as_json=as_json)


@app.command()
def adopt(*, env: Env = None, as_json: Json = False) -> int:
    """Take over an application that was started by hand, so that the first deploy can go back to it."""
    from gonogo.commands.adopt import adopt as run  # noqa: PLC0415

    found = run(Path.cwd(), env)
    images = [f"  {service:<11} {image[:19]}" for service, image in found.images.items()]
    lines = (f"adopted {found.release} in {found.env}", *images, *(f"  {text}" for text in found.said))
    printing.show(found, lambda: lines, as_json=as_json)
    return int(Exit.GO)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def ask(
    context: typer.Context,
    stage: Annotated[Stage, typer.Argument(metavar="STAGE", help="predeploy, build, postdeploy or watch")],
    *,
    env: Env = None,
) -> int:
    """Ask the checks of one stage alone; what else is given is pytest's (-k, -n, --html)."""
    from gonogo.commands.ask import ask as run  # noqa: PLC0415

    run(Path.cwd(), stage, env, context.args)


@app.command()
def rollback(  # noqa: PLR0913 (one for each option)
    *,
    env: Env = None,
    to: Annotated[str | None, typer.Option("--to", metavar="RELEASE", help="a kept release's id or commit")] = None,
    force: Force = False,
    downgrade: Downgrade = False,
    restore_data: RestoreData = False,
    backup: FromBackup = "",
    yes: Yes = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> int:
    """Start a kept release again from its own images and files, and prove it by its own gate."""
    from gonogo.commands.rollback import rollback as run  # noqa: PLC0415
    from gonogo.display.questions import agree  # noqa: PLC0415

    data = data_asked(restore_data=restore_data, backup=backup, yes=yes, downgrade=downgrade)
    with _screen(quiet=quiet) as screen:
        agreed = (lambda text: yes or agree(text)) if downgrade else None
        ended = run(Path.cwd(), env, to=to, force=force, screen=screen, downgrade=agreed, data=data)
        return printing.finished(ended, screen, as_json=as_json)


@app.command()
def restart(
    *,
    services: Annotated[list[str] | None, typer.Argument(metavar="[SERVICE]...", help="otherwise all of them")] = None,
    env: Env = None,
    new_settings: Annotated[
        bool, typer.Option("--new-settings", help="with the env file of today, and prove that its values arrived")
    ] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> int:
    """Start what serves anew, the same release, and prove it by its own gate."""
    from gonogo.commands.restart import restart as run  # noqa: PLC0415

    with _screen(quiet=quiet) as screen:
        ended = run(Path.cwd(), env, services=services or (), new_settings=new_settings, screen=screen)
        return printing.finished(ended, screen, as_json=as_json)


@app.command()
def resume(
    *,
    env: Env = None,
    if_needed: Annotated[bool, typer.Option("--if-needed", help="exit 0 where nothing was cut off")] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> int:
    """Complete a run that was cut off where that is safe, go back otherwise; either way what serves is proven."""
    from gonogo.commands.resume import NothingToResumeError  # noqa: PLC0415
    from gonogo.commands.resume import resume as run  # noqa: PLC0415

    try:
        with _screen(quiet=quiet) as screen:
            return printing.finished(run(Path.cwd(), env, screen=screen), screen, as_json=as_json)
    except NothingToResumeError as error:
        if not if_needed:
            raise
        printing.say(str(error))
        return int(Exit.GO)


@app.command()
def plan(
    *, env: Env = None, ref: Ref = "HEAD", no_cache: NoCache = False, hotfix: Hotfix = False, as_json: Json = False
) -> int:
    """Show the exact commands of a deploy, its first touch, and what a rollback would do."""
    from gonogo.commands.plan import plan as run  # noqa: PLC0415
    from gonogo.records.plan import plan_lines  # noqa: PLC0415

    found = run(Path.cwd(), env, ref=ref, options=_options(no_cache=no_cache, hotfix=hotfix))
    printing.show(found, lambda: plan_lines(found), as_json=as_json)
    return int(found.exit_code)


@app.command()
def github(
    *,
    results: Annotated[list[Path], typer.Argument(metavar="RESULTS...", help="results files of gates or runs")],
    comment: Annotated[bool, typer.Option("--comment", help="update one comment on the pull request")] = False,
) -> int:
    """Show results in a GitHub Actions job: annotations, the job's summary, a comment."""
    from gonogo.commands.github import show_on_github  # noqa: PLC0415

    shown = show_on_github(results, comment=comment, folder=Path.cwd(), environ=os.environ)
    sys.stdout.write("".join(f"{line}\n" for line in shown.commands))
    if shown.comment:
        printing.say(shown.comment)
    return int(Exit.GO)


@app.command()
def unlock(*, env: Env = None, force: Force = False, as_json: Json = False) -> int:
    """Take away the lock of a run that is gone."""
    from gonogo.commands.unlock import unlock as run  # noqa: PLC0415

    found = run(Path.cwd(), env, force=force)
    if as_json:
        printing.print_document({"held": found})
    else:
        printing.say(f"unlocked; it was held: {found}" if found else "no lock was held")
    return int(Exit.GO)


looking.add_to(app)
aside.add_to(app)
data.add_to(app)
watching.add_to(app)
hosts.add_to(app)
forwarding.add_to(app)


def _version(wanted: bool) -> None:  # noqa: FBT001 (typer's callback signature)
    if wanted:
        sys.stdout.write(f"gonogo {gonogo.__version__}\n")
        raise typer.Exit


@app.callback()
def _main(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="print the version")
    ] = False,
) -> None:
    """Go or no-go: deployment checks as pytest tests; a red release is turned back."""


def _screen(*, quiet: bool) -> Shown:
    from gonogo.display import screen  # noqa: PLC0415

    return screen(quiet=quiet)


if __name__ == "__main__":
    sys.exit(main())
