"""A secret that stands in every input is in no report, no run folder and on no terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.canary import found_in, holders, open_to_others, spellings

from .conftest import GREEN, App

pytestmark = pytest.mark.integration

SECRET = "kT9/vQ2+xR7=mW4zLp"
IN_QUERY = "Qm8rT2yUe6Wp1aSd"
IN_REMOTE = "Rx5cV7bNq3Mz9kLj"
OF_THE_SHELL = "Sh4gF6dJw8Ka2pOi"
OLD = "Od1sGh7jKl3zXc9v"
MARKERS = (SECRET, IN_QUERY, IN_REMOTE, OF_THE_SHELL, OLD)

CHECKS = '''\
import json, logging, os, subprocess, sys, warnings
from pathlib import Path

import pytest


@pytest.fixture
def credentials(variables):
    """Raw, as a careless team would have it."""
    return dict(variables)


@pytest.mark.{stage}
def test_message(variables, evidence):
    """The message and the evidence quote it."""
    evidence.text("token", variables["API_TOKEN"])
    evidence.json("nested", {{"deep": [variables["API_TOKEN"]]}})
    assert False, f"found {{variables['API_TOKEN']}}"


@pytest.mark.{stage}
def test_repr(credentials):
    """The comparison that pytest explains quotes it."""
    assert credentials == {{}}


@pytest.mark.{stage}
def test_crash(credentials):
    """The traceback quotes it, and so do output, log and warning."""
    token = credentials["API_TOKEN"]
    print(token)
    print(token, file=sys.stderr)
    subprocess.run(["sh", "-c", 'echo "$0"; echo "$0" >&2', token], check=True)
    for spelling in json.loads(Path(__file__).with_name("spellings.json").read_text()):
        print(spelling)
    logging.getLogger("x").error("token %s", token)
    warnings.warn(token, stacklevel=1)
    raise RuntimeError(token)


@pytest.mark.{stage}
def test_skips(credentials):
    """The reason quotes it."""
    pytest.skip(credentials["API_TOKEN"])


@pytest.fixture(params=[pytest.param(1, id="named {secret}"), pytest.param(2, id="named {secret}!")])
def broken(request, record_property, record_testsuite_property):
    """An error in a fixture quotes it, and so do the ids of its values, and properties."""
    record_property("token", "{secret}")
    record_testsuite_property("token", "{secret}")
    raise LookupError("{secret}")


@pytest.mark.{stage}
@pytest.mark.parametrize("token", ["{secret}", b"{secret}"])
def test_fixture(broken, token):
    """Node ids stand everywhere."""


@pytest.mark.{stage}
@pytest.mark.parametrize("url", ["http://user:{secret}@127.0.0.1:1/"])
def test_request(url):
    """A failed request quotes its URL."""
    import httpx

    httpx.get(url, timeout=1)
'''


PRINTS = f"""\
import os, sys


def pytest_sessionstart(session):
    os.write(1, b"{SECRET[:7]}")
    os.write(1, b"{SECRET[7:]}\\n")
    print("{SECRET}")


def pytest_sessionfinish(session):
    print("{SECRET}\\nprinted whole at the end", file=sys.__stderr__, flush=True)
"""


def prepare(app: App, stage: str) -> None:
    """Put the secret into the env file, the commands, the application's pages, its log, and the team's checks."""
    url = f"postgresql://app:{quote(SECRET, safe='')}@127.0.0.1:1/app"
    (app.root / ".env").write_text(f"API_TOKEN='{SECRET}'\nDATABASE_URL={url}\n")
    echo = "sh -c 'echo building with $(grep TOKEN {path}); cat {path} >&2'".format(path=app.root / ".env")
    said = f'attest = {{ told = "{SECRET} is known" }}'
    waived = (
        f'[[env.test.waive]]\ncheck = "S00[{SECRET}]"\nuntil = 2099-12-31\nowner = "{SECRET}"\nreason = "{SECRET}"\n'
    )
    app.configure(options=f'env_file = ".env"\n{said}', tables=waived, install=echo)
    (app.root / "checks").mkdir(exist_ok=True)
    (app.root / "checks" / "test_ours.py").write_text(
        CHECKS.format(stage=stage, secret=SECRET).replace(
            f"http://user:{SECRET}@127.0.0.1:1/", f"http://user:{quote(SECRET, safe='')}@127.0.0.1:1/"
        )
    )
    (app.root / "checks" / "spellings.json").write_text(json.dumps(spellings(SECRET)))
    noise = "print(os.environ.get('API_TOKEN'), os.environ.get('DATABASE_URL'), flush=True)"
    app.pages(GREEN)
    source = (app.root / "app.py").read_text().replace("PAGES =", f"{noise}\nPAGES =", 1)
    (app.root / "app.py").write_text(
        source.replace('"text": text', '"text": text, "leak": os.environ.get("API_TOKEN")')
    )
    app.commit("leaks")


def leaks(*texts: str) -> list[str]:
    """What stands in these texts of any marker."""
    return [piece for text in texts for marker in MARKERS for piece in found_in(text, marker)]


def files_with_it(*folders: Path) -> list[str]:
    """Every file below these folders that holds something of a marker."""
    return sorted({path for marker in MARKERS for path in holders(folders, marker)})


@pytest.mark.parametrize(
    "stage",
    [
        "predeploy",
        pytest.param("build", marks=pytest.mark.thorough),
        pytest.param("postdeploy", marks=pytest.mark.thorough),
    ],
)
def test_deploy_writes_and_prints_no_secret(app: App, stage: str) -> None:
    """Red checks of every kind, in the stage that is asked before, between and after."""
    prepare(app, stage)
    red, record = app.deploy("--attest", "told")
    gate = next(step["gate"] for step in record["steps"] if step["gate"] and step["gate"]["stage"] == stage)
    asked = {check["id"].split("::")[1].split("[")[0]: check["outcome"] for check in gate["checks"]}

    assert red.code == 1, red
    assert (asked["test_message"], asked["test_crash"], asked["test_skips"]) == ("failed", "inconclusive", "skipped")
    assert leaks(red.out, red.err) == []
    assert files_with_it(app.root / "reports", app.state / "runs") == []
    assert [one["check"] for one in record["waivers"]] == ["S00[[redacted]]"]
    assert [one["sentence"] for one in record["attested"]] == ["[redacted] is known"]


@pytest.mark.thorough
@pytest.mark.parametrize("change", ["status = 418", "json = { status = 'ok', text = 'other' }"])
def test_answer_that_is_not_as_expected_is_shown_without_the_secret_in_it(app: App, change: str) -> None:
    """The evidence quotes the body, the log of a release that does not start is quoted by the message."""
    prepare(app, "watch")
    path = app.root / "gonogo.toml"
    path.write_text(path.read_text().replace('json = { status = "ok", text = "hello" }', change))
    app.commit("expects another answer")
    red, record = app.deploy("--attest", "told")

    assert red.code == 1, red
    assert record["causes"][0]["code"] == "D09[GET /page]"
    assert leaks(red.out, red.err) == []
    assert files_with_it(app.root / "reports", app.state / "runs") == []


def test_word_that_nobody_asked_for_prints_no_secret(app: App) -> None:
    """The message names the sentences that somebody could have meant."""
    prepare(app, "watch")
    ended = app.gonogo("deploy", "--env", "test", "--attest", "tell")

    assert (ended.code, ended.err.count("[redacted] is known")) == (4, 1)
    assert leaks(ended.out, ended.err) == []


@pytest.mark.thorough
def test_log_of_a_release_that_dies_is_quoted_without_the_secret(app: App) -> None:
    """Its last words are part of the message."""
    prepare(app, "watch")
    source = (
        (app.root / "app.py")
        .read_text()
        .replace("if __name__", "raise SystemExit(os.environ['API_TOKEN'])\nif __name__")
    )
    (app.root / "app.py").write_text(source)
    app.commit("dies")
    red, record = app.deploy("--attest", "told")

    assert red.code == 1, red
    assert "[redacted]" in record["reason"]
    assert leaks(red.out, red.err) == []
    assert files_with_it(app.root / "reports", app.state / "runs") == []


@pytest.mark.thorough
@pytest.mark.parametrize(
    "options",
    [
        ("-v",),
        ("-vv", "-l", "--tb=long", "-s"),
        ("-rA", "--capture=tee-sys"),
        ("-n", "2", "-s"),
        ("--log-cli-level=INFO",),
    ],
    ids=" ".join,
)
def test_bare_gate_prints_and_writes_no_secret(app: App, tmp_path: Path, options: tuple[str, ...]) -> None:
    """Whatever pytest is told to show; JUnit XML and the page too."""
    prepare(app, "predeploy")
    pages = tmp_path / "pages"
    pages.mkdir()
    (app.root / "checks" / "conftest.py").write_text(PRINTS)
    command = [sys.executable, "-m", "pytest", "-m", "predeploy", "--env", "test", *options]
    command += [
        f"--junit-xml={pages}/j.xml",
        f"--html={pages}/h.html",
        "--self-contained-html",
        f"--log-file={pages}/l.log",
    ]
    done = subprocess.run(
        command, cwd=app.root, check=False, capture_output=True, text=True, env={**os.environ, "PYTEST_ADDOPTS": ""}
    )

    assert done.returncode == 1, done.stdout + done.stderr
    assert "test_message" in done.stdout
    assert leaks(done.stdout, done.stderr) == []
    assert files_with_it(pages) == []
    assert {path.name for path in pages.iterdir()} == {"j.xml", "h.html", "l.log"}
    assert not list(app.root.rglob(".pytest_cache"))
    if "-s" in options:
        assert "[redacted]\nprinted whole at the end" in done.stdout + done.stderr


def test_bare_gate_that_cannot_begin_prints_no_secret(app: App) -> None:
    """What pytest says of a conftest that cannot be imported goes no other way."""
    prepare(app, "predeploy")
    (app.root / "checks" / "conftest.py").write_text(f"print({SECRET!r})\nraise RuntimeError({SECRET!r})\n")
    command = [sys.executable, "-m", "pytest", "-m", "predeploy", "--env", "test"]
    done = subprocess.run(command, cwd=app.root, check=False, capture_output=True, text=True)

    assert done.returncode == 4, done
    assert "RuntimeError: [redacted]" in done.stderr
    assert leaks(done.stdout, done.stderr) == []


STEPS = """
[[env.test.step]]
name = "tell"
before = "migrate"
run = "sh -c 'env; git remote -v; cat {folder}/.env checks/spellings.json; env >&2'"
undo = "sh -c 'env; cat {folder}/.env checks/spellings.json >&2; exit 3'"
"""


@pytest.mark.timeout(400)
def test_a_canary_in_every_input_is_in_no_file_and_on_no_terminal(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that goes back, then every other command; only 0600 files of releases and the instances' own logs hold it."""
    monkeypatch.setenv("CI_JOB_TOKEN", OF_THE_SHELL)
    (app.root / ".env").write_text(f"API_TOKEN={OLD}\n")
    app.configure(options='env_file = ".env"')
    noise = (
        "import os, sys\nprint(dict(os.environ), flush=True)\nprint(dict(os.environ), file=sys.stderr, flush=True)\n"
    )
    app.pages(GREEN)
    (app.root / "app.py").write_text(noise + (app.root / "app.py").read_text())
    app.commit("says what it knows")
    first, _ = app.deploy()
    assert first.code == 0, first

    prepare(app, "postdeploy")
    with (app.root / ".env").open("a") as variables:
        variables.write(f"HOOK=https://hooks.example.com/in?token={IN_QUERY}\n")
    app.git("remote", "add", "origin", f"https://ci:{IN_REMOTE}@127.0.0.1:1/app.git")
    app.configure(
        options='env_file = ".env"', tables=STEPS.format(folder=app.root), install="cat .env checks/spellings.json"
    )
    (app.root / "gonogo.toml").write_text(
        (app.root / "gonogo.toml").read_text().replace('"cat .env', f'"cat {app.root}/.env')
    )
    app.commit(f"Set the token to {SECRET}")
    red = app.gonogo("deploy", "--env", "test")
    said = [first, red]
    words = (
        "doctor",
        "checks",
        "deploy",
        "plan",
        "plan --json",
        "status",
        "history --json",
        "rollback",
        "resume",
        "adopt",
    )
    said += [app.gonogo(*word.split(), "--env", "test") for word in words]
    held = files_with_it(app.state)
    releases = [path for path in held if "/source/" not in path]

    assert red.code == 6, red
    assert "undo tell" in red.err
    assert [ended.code for ended in said[2:]] == [0, 0, 1, 0, 0, 6, 0, 1, 1, 4]
    assert [leaks(ended.out, ended.err) for ended in said] == [[]] * len(said)
    assert files_with_it(app.root / "reports", app.state / "runs") == []
    assert {Path(path).relative_to(app.state).parts[0] for path in releases} == {"releases", "instances"}
    assert open_to_others(releases) == []
