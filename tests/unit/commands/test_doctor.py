"""``gonogo doctor``, and the gate that ``gonogo plan`` asks."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.gates import PROCESS
from tests.support.warm import run_command

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.support.gates import Repository

PORTLESS = PROCESS.replace('"-m", "http.server", "{port}"', '"-m", "http.server"')
WORKFLOW = """\
on: push
concurrency:
  group: deploy
  cancel-in-progress: true
jobs:
  deploy:
    steps:
      - run: gonogo deploy --env test
"""


def run(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command as a user types it."""
    return run_command(*words, cwd=root)


def needed(root: Path, *, code: int) -> dict[str, Any]:
    """What the doctor's document says, by name."""
    done = run(root, "doctor", "--env", "test", "--json")
    assert done.returncode == code, done.stderr + done.stdout
    return {row["what"].partition(":")[0]: row for row in json.loads(done.stdout)}


def state(tmp_path: Path) -> str:
    """A line that keeps the memory beside the repository."""
    return f'state = "{tmp_path}/state"\n'


def test_an_environment_that_lacks_nothing_is_said_to(repository: Repository, tmp_path: Path) -> None:
    """Everything is listed as there, and the exit code is 0."""
    root = repository({"gonogo.toml": repository.process + state(tmp_path), ".gitignore": "reports/\n"})

    done = run(root, "doctor", "--env", "test")

    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("gonogo  doctor: test lacks nothing\n")
    assert "ok        P25: The tools that a deployment runs are there, and new enough" in done.stderr


def test_what_is_missing_stands_with_how_to_get_it(repository: Repository, tmp_path: Path) -> None:
    """The env file, an extra, a name that nobody knows: each is missing, and each says what to do."""
    more = 'env_file = "prod.env"\nurl = "http://nowhere.invalid"\nnotify = ["json://127.0.0.1"]\n'
    root = repository({"gonogo.toml": repository.process + state(tmp_path) + more, ".gitignore": "reports/\n"})

    rows = needed(root, code=1)

    assert rows["env file"]["get"].startswith(f"put it there ({root}/prod.env)")
    assert rows["name nowhere.invalid"]["found"] == ""
    assert "DNS" in rows["name nowhere.invalid"]["get"]
    assert rows["extra notify"]["found"].startswith("apprise in ")
    assert "expected the environment's variables" in rows["P19"]["get"]


def test_an_env_file_that_is_a_folder_is_told_as_one(repository: Repository, tmp_path: Path) -> None:
    """Docker makes a folder where a file that is mounted is missing."""
    root = repository({"gonogo.toml": repository.process + state(tmp_path) + 'env_file = ".env"\n'})
    (root / ".env").mkdir()

    row = needed(root, code=1)["env file"]

    assert row["found"] == ""
    assert "found a folder of that name" in row["get"]


@pytest.mark.skipif(
    shutil.which("docker") is None and shutil.which("docker-compose") is None, reason="no Compose client is installed"
)
def test_what_is_red_for_one_cause_is_missing_once(repository: Repository, tmp_path: Path) -> None:
    """A variable that Compose asks for: the variable, and neither the port nor the settings that it kept from sight."""
    model = 'services:\n  web:\n    build: .\n    environment: ["KEY=${KEY:?}"]\n    ports: ["127.0.0.1:18089:80"]\n'
    files = {"gonogo.toml": repository.minimal + state(tmp_path), "docker-compose.yml": model}

    rows = needed(repository({**files, ".gitignore": "reports/\n"}), code=1)

    assert rows["P12"]["get"].endswith("\nSet KEY in the env file, on this machine")
    assert not rows.keys() & {"P16", "P19"}


def test_what_is_only_good_to_have_lacks_nothing(repository: Repository, tmp_path: Path) -> None:
    """reports/ that git would see, and a workflow whose deployments the next push cancels, are advice."""
    files = {"gonogo.toml": repository.process + state(tmp_path), ".github/workflows/deploy.yml": WORKFLOW}
    rows = needed(repository(files), code=0)

    assert not rows["reports/ ignored by git"]["needed"]
    assert "cancel-in-progress: false" in rows[".github/workflows/deploy.yml lets deployments end"]["get"]


def test_a_workflow_that_waits_is_no_advice(repository: Repository, tmp_path: Path) -> None:
    """Nor is one that cancels what has nothing to do with deployments."""
    files = {
        "gonogo.toml": repository.process + state(tmp_path),
        ".gitignore": "reports/\n",
        ".github/workflows/deploy.yml": WORKFLOW.replace("true", "false"),
        ".github/workflows/tests.yml": WORKFLOW.replace("gonogo deploy --env test", "pytest"),
    }

    assert not [name for name, row in needed(repository(files), code=0).items() if not row["needed"]]


def test_a_state_folder_that_cannot_be_made_is_missing(repository: Repository, tmp_path: Path) -> None:
    """A file stands where one of its folders would be."""
    (tmp_path / "taken").touch()
    root = repository({"gonogo.toml": repository.process + f'state = "{tmp_path}/taken/state"\n'})

    assert needed(root, code=1)["state folder"]["found"] == ""


def test_a_folder_that_is_no_repository_is_named(tmp_path: Path) -> None:
    """A release is a commit; the predeploy checks are asked all the same."""
    (tmp_path / "gonogo.toml").write_text("[app]\nname = 'shop'\n[env.test]\ntier = 'dev'\nproject = 'shop-test'\n")

    row = needed(tmp_path, code=1)["commit"]

    assert "expected one: a release is a commit" in row["get"]


def test_a_plan_says_what_predeploy_says_of_the_commit(repository: Repository, tmp_path: Path) -> None:
    """A red check makes the plan NO-GO before anything is deployed; what is mended on the desk alone changes nothing."""
    config = PORTLESS.replace('name = "shop"\n', 'name = "shop"\nrequired = ["app/main.py"]\n')
    root = repository({"gonogo.toml": config + state(tmp_path), ".gitignore": "reports/\n"})
    (root / "app").mkdir()
    (root / "app" / "main.py").touch()

    done = run(root, "plan", "--env", "test")

    assert done.returncode == 1
    assert "NO-GO  P05 " in done.stderr
    assert "first touch" in done.stderr
    assert not (root / "reports").exists()


def test_a_plan_of_a_good_commit_is_go(repository: Repository, tmp_path: Path) -> None:
    """What the environment asks somebody to say is listed, and is no red check of a plan."""
    config = PORTLESS + state(tmp_path) + 'attest = { told = "The team knows" }\n'
    root = repository({"gonogo.toml": config, ".gitignore": "reports/\n"})

    done = run(root, "plan", "--env", "test", "--json")
    document = json.loads(done.stdout)

    assert (done.returncode, document["exit_code"]) == (0, 0), done.stderr
    assert {check["outcome"] for check in document["asked"]["checks"]} <= {"passed", "skipped", "warned"}
    assert document["attest"] == {"told": "The team knows"}
