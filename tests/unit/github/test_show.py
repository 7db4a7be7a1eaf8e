"""``gonogo github`` in a job."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gonogo.commands.github import ShownOnGitHub, show_on_github
from gonogo.records.results import GateResult
from gonogo.records.run_results import RunResult
from gonogo.words import Role, Stage
from tests.unit.records.samples import a_gate, passed, the_red_one, the_reverted_run

from .api import TOKEN, github


class Job:
    """A job on a pull request: its environment, its event, its summary."""

    def __init__(self, folder: Path, event: object) -> None:
        """``event`` is what GitHub wrote of the event."""
        self.folder = folder
        self.summary = folder / "summary.md"
        (folder / "event.json").write_text(json.dumps(event))
        self.environ = {
            "GITHUB_EVENT_PATH": str(folder / "event.json"),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_REPOSITORY": "team/shop",
            "GITHUB_RUN_ID": "77",
            "GITHUB_JOB": "gate",
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_WORKSPACE": str(folder),
        }

    def shows(self, *results: RunResult | GateResult | str, comment: bool = True) -> ShownOnGitHub:
        """What the command does with these results; a text is a file that is no results file."""
        files = []
        for number, result in enumerate(results):
            files.append(self.folder / f"{number}.json")
            files[-1].write_text(result if isinstance(result, str) else result.model_dump_json())
        return show_on_github(files, comment=comment, folder=self.folder, environ=self.environ)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A job on pull request 7."""
    return Job(tmp_path, {"pull_request": {"number": 7}})


def red_gate() -> GateResult:
    """A predeploy gate with one red check."""
    return a_gate(*passed(2), the_red_one(stage=Stage.PREDEPLOY), stage=Stage.PREDEPLOY, role=Role.BARE, exitstatus=1)


def test_gate_is_annotated_summed_up_and_commented(job: Job) -> None:
    """The verdict first in both; the second job of its kind updates the comment."""
    with github() as server:
        job.environ["GITHUB_API_URL"] = server.url
        first = job.shows(red_gate())
        job.shows(a_gate(*passed(3), stage=Stage.PREDEPLOY, role=Role.BARE))
        comments = server.comments

    assert [line.split("::")[1].split(" ")[0] for line in first.commands] == ["error"]
    assert first.comment.endswith("/c/1")
    assert len(comments) == 1
    assert comments[0]["body"].startswith(
        "<!-- gonogo staging predeploy gate -->\n# GO predeploy of staging: 3 passed in 3.0 s\n"
    )
    assert "[The job and its reports](https://github.com/team/shop/actions/runs/77)" in comments[0]["body"]
    assert job.summary.read_text().startswith("# NO-GO predeploy of staging: 2 passed, 1 failed in 3.0 s\n")


def test_run_s_ending_stands_in_its_comment_without_dead_links(job: Job) -> None:
    """Pages of gates stand in the artifact, not beside a comment."""
    with github() as server:
        job.environ["GITHUB_API_URL"] = server.url
        job.shows(the_reverted_run())
        body = server.comments[0]["body"]

    assert "# REVERTED to 2f1c9e0 after 0.8 s" in body
    assert ".html" not in body


def test_several_results_fit_into_one_comment(job: Job) -> None:
    """Each is cut to its share of what GitHub takes."""
    long = [the_red_one(id=f"checks/test_{at}.py::test", found="x" * 5000) for at in range(150)]
    with github() as server:
        job.environ["GITHUB_API_URL"] = server.url
        shown = job.shows(a_gate(*long, exitstatus=1), a_gate(*long, exitstatus=1, stage=Stage.BUILD))
        body = server.comments[0]["body"]

    assert shown.comment
    assert len(body) <= 65_536
    assert body.count("# NO-GO") == 2
    assert body.count("The rest was cut") == 2


@pytest.mark.parametrize("text", ["", "[]", '{"run": 1}', "{"])
def test_missing_or_torn_results_are_no_go(job: Job, text: str) -> None:
    """A gate that could not even write them is not green."""
    shown = job.shows(text, comment=False)

    assert shown.commands == ()
    assert job.summary.read_text().startswith("# NO-GO\n")
    assert "found no results" in job.summary.read_text()


def test_job_without_results_updates_the_comment_of_its_kind(job: Job) -> None:
    """A gonogo.toml with a mistake leaves no results; the GO of the commit before must not stay."""
    job.environ |= {"GONOGO_ENV": "staging", "GONOGO_COMMAND": "predeploy"}
    with github() as server:
        job.environ["GITHUB_API_URL"] = server.url
        job.shows(a_gate(*passed(3), stage=Stage.PREDEPLOY, role=Role.BARE))
        job.shows("")
        comments = server.comments

    assert [body["body"].splitlines()[:2] for body in comments] == [
        ["<!-- gonogo staging predeploy gate -->", "# NO-GO"]
    ]


def test_legs_of_a_matrix_and_folders_of_a_repository_have_comments_of_their_own(job: Job) -> None:
    """Of two jobs that are called the same, the green one must not overwrite what the red one said."""
    below = job.folder / "apps" / "shop"
    below.mkdir(parents=True)
    with github() as server:
        job.environ["GITHUB_API_URL"] = server.url
        for leg in ("", "1"):
            job.environ["GONOGO_LEG"] = leg
            job.shows(red_gate())
        show_on_github([job.folder / "0.json"], comment=True, folder=below, environ=job.environ)
        comments = server.comments

    assert [body["body"].splitlines()[0] for body in comments] == [
        "<!-- gonogo staging predeploy gate -->",
        "<!-- gonogo staging predeploy gate 1 -->",
        "<!-- gonogo staging predeploy gate 1 apps/shop -->",
    ]


def test_push_has_no_pull_request_to_comment(tmp_path: Path) -> None:
    """A notice, and nothing else changes."""
    shown = Job(tmp_path, {"ref": "refs/heads/main"}).shows(red_gate())

    assert shown.commands[-1] == (
        "::notice title=gonogo::No comment on the pull request: the job was started by no pull request"
    )


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("GITHUB_TOKEN", "ghs_one\nghs_two", "GITHUB_TOKEN: found characters"),
        ("GITHUB_TOKEN", "ghs_öne", "GITHUB_TOKEN: found characters"),
        ("GITHUB_API_URL", "http://[::1", "GITHUB_API_URL: found no address"),
        ("GITHUB_API_URL", "api.github.com", "GITHUB_API_URL: found no address"),
    ],
)
def test_what_no_request_can_hold_costs_only_the_comment(job: Job, name: str, value: str, said: str) -> None:
    """A notice that quotes no token; the annotations stand."""
    job.environ |= {"GITHUB_API_URL": "http://127.0.0.1:9", name: value}
    shown = job.shows(red_gate())

    assert shown.commands[0].startswith("::error ")
    assert said in shown.commands[-1]
    assert "ghs_" not in shown.commands[-1]


def test_fork_s_token_costs_only_the_comment(job: Job) -> None:
    """GitHub's refusal is a notice; annotations and summary stand."""
    with github() as server:
        server.read_only = True
        job.environ["GITHUB_API_URL"] = server.url
        shown = job.shows(red_gate())

    assert shown.comment == ""
    assert [line.split("::")[1].split(" ")[0] for line in shown.commands] == ["error", "notice"]
    assert "Resource not accessible by integration" in shown.commands[-1]
    assert TOKEN not in "".join(shown.commands)
    assert job.summary.exists()


def test_unwritable_summary_is_a_notice(job: Job) -> None:
    """What cannot be shown never changes a verdict."""
    job.environ["GITHUB_STEP_SUMMARY"] = str(job.folder)
    shown = job.shows(red_gate(), comment=False)

    assert shown.commands[-1].startswith("::notice title=gonogo::No summary: ")
