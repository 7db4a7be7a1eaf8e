"""Who may read and start what in an image."""

import pytest

from gonogo.inspection.code.rights import Identity, Rights, identity_of, started_paths, unreadable, unstartable

__all__: list[str] = []

PASSWD = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:,,,:/srv:/bin/sh\n"
GROUP = "root:x:0:\napp:x:1001:\nweb:x:33:www,app\n"


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("", Identity(uid=0, gids=frozenset({0}))),
        ("app", Identity(uid=1000, gids=frozenset({1001, 33}))),
        ("1000", Identity(uid=1000, gids=frozenset({1001, 33}))),
        ("app:web", Identity(uid=1000, gids=frozenset({33}))),
        ("65534", Identity(uid=65534, gids=frozenset({0}))),
        ("65534:65534", Identity(uid=65534, gids=frozenset({65534}))),
        ("nobody", None),
    ],
)
def test_user_is_who_the_image_says(user: str, expected: Identity | None) -> None:
    """By name or number, with the groups that the image gives it, as Docker reads USER."""
    assert identity_of(user, PASSWD, GROUP) == expected


def test_what_a_user_may_not_read_or_reach() -> None:
    """A mode of the deployer's umask, and a folder that only root may enter; root itself reads all."""
    rights = {
        "/app": Rights(mode=0o755, uid=0, gid=0, is_folder=True),
        "/app/open.py": Rights(mode=0o644, uid=0, gid=0),
        "/app/shut.py": Rights(mode=0o600, uid=0, gid=0),
        "/app/own.py": Rights(mode=0o600, uid=1000, gid=0),
        "/app/group.py": Rights(mode=0o640, uid=0, gid=33),
        "/app/inner": Rights(mode=0o700, uid=0, gid=0, is_folder=True),
        "/app/inner/a.py": Rights(mode=0o644, uid=0, gid=0),
    }
    files = [path for path in rights if path.endswith(".py")]
    app = Identity(uid=1000, gids=frozenset({33}))

    assert unreadable(rights, app, files) == ["/app/shut.py", "/app/inner/a.py"]
    assert unreadable(rights, Identity(uid=0, gids=frozenset()), files) == []


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("./start.sh", "web"), [("/srv/start.sh", True)]),
        (("/app/run", "--port", "1"), [("/app/run", True)]),
        (("python", "/app/main.py"), []),
        (("/bin/sh", "-c", "./start.sh && exec /opt/x $Y"), [("/srv/start.sh", True), ("/opt/x", True)]),
        (("sh", "-c", "A=1 exec ./a.sh; sh b.sh"), [("/srv/a.sh", True), ("/srv/b.sh", False)]),
        (("bash", "-e", "entry.sh"), [("/srv/entry.sh", False)]),
        (("$HOME/run",), []),
        ((), []),
    ],
)
def test_what_a_command_starts(words: tuple[str, ...], expected: list[tuple[str, bool]]) -> None:
    """Programs that are named by a path, and scripts that a shell is given."""
    assert list(started_paths(words, "/srv")) == expected


def test_lost_executable_bit_is_seen_even_as_root() -> None:
    """A script that is started itself needs the bit; one that a shell reads does not."""
    rights = {"/srv/run": Rights(mode=0o644, uid=0, gid=0), "/srv/ok": Rights(mode=0o755, uid=0, gid=0)}
    root = Identity(uid=0, gids=frozenset({0}))

    assert unstartable(rights, root, [("/srv/run", True), ("/srv/ok", True), ("/srv/gone", True)]) == ["/srv/run"]
    assert unstartable(rights, root, [("/srv/run", False)]) == []
