"""gonogo.commands.deploy: a commit is bad for what is in it, with the settings that it was turned back with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gonogo.commands.deploy import refuse_earlier
from gonogo.commands.prepare import Where, where
from gonogo.errors import RefusedError
from gonogo.run.work import Options
from gonogo.runtimes.given import digests
from gonogo.runtimes.process.pinned import pin
from gonogo.state.release import Release
from tests.support.gates import PROCESS, Repository

ENV = "API_KEY=\nLEVEL=1\n"


@pytest.fixture
def bad(repository: Repository) -> tuple[Where, Release]:
    """A desk whose commit was turned back with ``ENV``, and with a file of the host's."""
    config = PROCESS.replace('project = "shop-test"', 'project = "shop-test"\nenv_file = ".env"\nstate = "state"')
    root = repository({"gonogo.toml": config.replace("command =", "port = 8001\ncommand =")})
    (root / ".env").write_text(ENV)
    (root / "jwt.txt").write_text("key")
    at = where(root, "test")
    at.state.create()
    folder = at.state.release_folder("20261128T101010-9a41b7d")
    (folder / "source").mkdir(parents=True)
    release = Release(
        id=folder.name, commit="9a41b7d" * 5, env="test", runtime="process", created=datetime.now(UTC), folder=folder,
        root=folder / "source", bad="D09 is red", given=digests([root / "jwt.txt"]),
    )  # fmt: skip
    pin(at.place(at.project, at.environment), release)
    at.state.save(release)
    return at, release


def tried(at: Where, release: Release, *, force: bool = False) -> tuple[str, ...]:
    """What a deployment of the same commit says of it, or why it is refused."""
    again = release.model_copy(update={"id": "20261128T202020-9a41b7d", "bad": None})
    return refuse_earlier(where(at.project.root, "test"), again, Options(force=force))


def test_same_commit_with_the_same_settings_is_refused(bad: tuple[Where, Release]) -> None:
    """The refusal names both ways out."""
    with pytest.raises(RefusedError) as caught:
        tried(*bad)

    assert str(caught.value) == (
        "9a41b7d: found a commit that was turned back before (20261128T101010-9a41b7d: D09 is red), expected another one. "
        "Deploy a commit that mends it; where the env file was to blame, mend that: with other settings the commit is "
        'tried again. Or this one as it is: `gonogo deploy --env test --force --reason "..."`.'
    )
    assert tried(*bad, force=True) == ()


@pytest.mark.parametrize(
    ("file", "text", "names"),
    [
        (".env", "API_KEY=k-123\nLEVEL=1\n", "API_KEY"),
        (".env", "API_KEY=\nLEVEL=1\nMISSING=there\n", "MISSING"),
        (".env", "LEVEL=2\n", "API_KEY, LEVEL"),
        ("jwt.txt", "another key", "jwt.txt"),
    ],
)
def test_same_commit_with_other_settings_is_tried_again(
    bad: tuple[Where, Release], file: str, text: str, names: str
) -> None:
    """The record says that it was turned back, and what changed since; it holds no values."""
    (bad[0].project.root / file).write_text(text)

    assert tried(*bad) == (
        "This commit was turned back as 20261128T101010-9a41b7d (D09 is red). It is tried again with other settings: "
        f"{names} changed since.",
    )


def test_comment_in_the_env_file_is_no_other_setting(bad: tuple[Where, Release], tmp_path: Path) -> None:
    """What counts is what the application gets."""
    (bad[0].project.root / ".env").write_text(f"# mended by hand in {tmp_path}\n{ENV}")

    with pytest.raises(RefusedError):
        tried(*bad)
