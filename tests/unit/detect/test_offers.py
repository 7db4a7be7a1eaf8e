"""What a repository has that a gate could ask as well."""

from __future__ import annotations

from pathlib import Path

import pytest

from gonogo.config import parse_project
from gonogo.detect.facts import guess
from gonogo.detect.offers import log_files, offers
from gonogo.detect.tree import Tree

__all__: list[str] = []

PROGRAM = "import sys\nif __name__ == '__main__':\n    sys.exit(1)\n"


def test_a_smoke_test_is_offered_as_it_would_be_written() -> None:
    """By its name; Python that is no program would end well whatever it holds."""
    tree = Tree.of(
        {
            "scripts/smoke.sh": "curl -f $1",
            "ops/post_deploy.py": PROGRAM,
            "tests/smoke_test.py": "def test_it(): pass",
            "app/checkout.py": PROGRAM,
        }
    )
    found = list(offers(tree, "staging"))

    assert found == [
        "ops/post_deploy.py may be a smoke test of yours; as a check, with the address if it takes one: "
        '[[env.staging.command]] name = "smoke", run = "python3 ops/post_deploy.py {url}"',
        "scripts/smoke.sh may be a smoke test of yours; as a check, with the address if it takes one: "
        '[[env.staging.command]] name = "smoke", run = "bash scripts/smoke.sh {url}"',
    ]
    text = '[app]\nname = "shop"\n[env.staging]\nproject = "shop"\n[[env.staging.command]]\n'
    written = found[1].partition("]] ")[2].replace(", run", "\nrun")
    assert parse_project(text + written, root=Path("/srv/shop")).environments["staging"].command[0].run == (
        "bash",
        "scripts/smoke.sh",
        "{url}",
    )


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        ("app/log.py", 'handler = RotatingFileHandler("logs/app.log", maxBytes=1)', "logs/app.log"),
        (
            "shop/settings.py",
            '"file": {"class": "logging.FileHandler", "filename": "/var/log/shop.log"}',
            "/var/log/shop.log",
        ),
        ("Procfile", "web: gunicorn --error-logfile logs/error.log app:app", "logs/error.log"),
        ("jobs.conf", "[program:jobs]\ncommand=python x.py\nstderr_logfile = jobs.log ; its errors\n", "jobs.log"),
        ("jobs.conf", "[supervisord]\nuser=root\n\n[program:jobs]\ncommand=x\n", "supervisord.log"),
        ("jobs.conf", "[supervisord]\nuser=root\nlogfile=/var/log/its.log\n[program:jobs]\n", "/var/log/its.log"),
    ],
)
def test_files_of_logs_are_found(path: str, text: str, name: str) -> None:
    """As handlers, servers and supervisors name them; those of tests are none."""
    found = log_files(Tree.of({path: text, "tests/log.py": 'FileHandler("x.log")'}))

    assert found == guess((name,), f"{path} writes a log; new errors in it count")


@pytest.mark.parametrize(
    "text",
    [
        "StreamHandler(sys.stdout)",
        "[supervisord]\nnodaemon=true\n[program:web]\nstdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0\n",
    ],
)
def test_what_the_container_tells_is_no_file(text: str) -> None:
    """Standard output is read anyway."""
    assert log_files(Tree.of({"app/log.py": text})) is None
