"""The team's own commands as checks, asked of a real process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gonogo.words import OnRed, Outcome

from .deployed import Deployed

pytestmark = pytest.mark.integration

SMOKE = """\
#!/bin/sh
test "$TOKEN" = s4fguarded-thing && test "$1" = "$GONOGO_URL" && test -z "$GONOGO_GATE" || exit 9
echo "asked $1 as $TOKEN"
exit "$(cat "$2")"
"""
COMMANDS = """
[[env.test.command]]
name = "smoke"
run = "scripts/smoke.sh {url} @CODE@"
env = { TOKEN = "${TOKEN}" }
on_red = "hold"

[[env.test.command]]
name = "inside"
run = ["python", "-c", "import os, server; print(server.__file__, os.environ['ANSWERS'])"]
service = "web"

[[env.test.command]]
name = "hangs"
run = "sleep 60"
timeout = "500ms"
severity = "advisory"

[[env.test.command]]
name = "nowhere"
run = "no-such-program-here"

[[env.test.command]]
name = "unset"
run = "true"
env = { TOKEN = "${NOBODY_SET_IT}" }

[[env.test.command]]
name = "scan"
stage = "build"
run = "test {commit} = {release}"
"""


@pytest.fixture(scope="module")
def site(deploy: Callable[..., Deployed], tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """A release that runs, and commands that ask it."""
    code = tmp_path_factory.mktemp("code") / "code"
    code.write_text("0")
    made = deploy(
        environment=COMMANDS.replace("@CODE@", str(code)),
        env="TOKEN=s4fguarded-thing\n",
        files={"scripts/smoke.sh": SMOKE},
    )
    (made.release.root / "scripts/smoke.sh").chmod(0o755)
    made.start()
    return made


def test_exit_code_is_the_verdict(site: Deployed) -> None:
    """A script is asked with the address and with what it is given of the env file; what it says is evidence."""
    run = site.ask("postdeploy", "own_command")
    smoke = run.check("D35[smoke]")
    shown = run.result.model_dump_json() if run.result is not None else ""

    assert (smoke.outcome, smoke.on_red, smoke.severity) == (Outcome.PASSED, OnRed.HOLD, "blocker")
    assert f"asked http://127.0.0.1:{site.port} as [redacted]" in str(smoke.evidence[0].value)
    assert run.check("D35[inside]").outcome is Outcome.PASSED
    assert str(site.release.root) in str(run.check("D35[inside]").evidence[0].value)
    assert "s4fguarded-thing" not in run.out + run.err + shown
    assert [check.code for check in run.checks if "scan" in check.id] == []


def test_what_ends_badly_is_red(site: Deployed) -> None:
    """Red: another exit code, and no end in time. What cannot be run says nothing of the release."""
    words = site.release.root.joinpath("gonogo.toml").read_text().partition("{url} ")[2].partition('"')[0]
    Path(words).write_text("3")
    run = site.ask("postdeploy", "own_command")
    Path(words).write_text("0")
    smoke, hangs = run.check("D35[smoke]"), run.check("D35[hangs]")

    assert (smoke.outcome, smoke.found) == (
        Outcome.FAILED,
        f"smoke: found exit code 3, expected exit code 0; it said: asked http://127.0.0.1:{site.port} as [redacted]",
    )
    assert smoke.remedy == (
        f"Run it yourself: cd {site.release.root} && scripts/smoke.sh http://127.0.0.1:{site.port} {words}"
    )
    assert (hangs.outcome, hangs.found) == (
        Outcome.WARNED,
        "hangs: found no end within 0.5 s, expected exit code 0; it said: nothing",
    )
    assert {name: run.check(f"D35[{name}]").outcome for name in ("nowhere", "unset")} == dict.fromkeys(
        ("nowhere", "unset"), Outcome.INCONCLUSIVE
    )
    assert run.check("D35[nowhere]").found == (
        "nowhere: `no-such-program-here`: found No such file or directory (no-such-program-here), expected a program "
        "that can be run. Install it, or mend PATH."
    )
    assert run.check("D35[unset]").found == (
        "unset: ${NOBODY_SET_IT}: found no such variable in the env file, expected one; set it there"
    )


def test_another_script_is_another_check(site: Deployed) -> None:
    """What a release changes in its script was written for that release: red before is no excuse then."""
    before = site.ask("postdeploy", "own_command and inside or smoke")
    script = site.release.root / "scripts/smoke.sh"
    script.write_text(SMOKE + "# more\n")
    after = site.ask("postdeploy", "own_command and inside or smoke")
    script.write_text(SMOKE)

    assert before.check("D35[smoke]").fingerprint != after.check("D35[smoke]").fingerprint
    assert before.check("D35[inside]").fingerprint == after.check("D35[inside]").fingerprint


def test_a_command_of_the_build_knows_the_release(site: Deployed) -> None:
    """Each stage asks its own commands, with the commit and the release filled in."""
    scan = site.ask("build", "own_command").only()

    assert (scan.code, scan.outcome) == ("B23[scan]", Outcome.FAILED)
    assert scan.remedy.endswith(f"test {site.release.commit} = {site.release.id}")
