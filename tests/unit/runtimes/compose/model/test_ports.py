"""A wanted port is free, ours, or held by somebody who is named."""

import pytest

from gonogo.runtimes.compose.model.ports import Conflict, Listener, PublishedPort, conflicts

ANY = "0.0.0.0"  # noqa: S104 - the wildcard is the subject
WANTED = (PublishedPort("api", "127.0.0.1", 8001, "tcp"), PublishedPort("web", ANY, 80, "tcp"))


def test_free_ports_are_green() -> None:
    """Other ports, other protocols and other addresses do not clash."""
    listeners = [
        Listener("127.0.0.1", 8002),
        Listener("127.0.0.1", 8001, "udp"),
        Listener("192.168.1.5", 8001),
        Listener("::1", 8001),
    ]

    assert conflicts(WANTED, listeners) == ()


def test_a_stranger_is_red_and_named() -> None:
    """Who holds a port is said as far as it is known."""
    listeners = [
        Listener("127.0.0.1", 8001, "tcp", 42, "python3"),
        Listener("::", 80, "tcp", 7),
        Listener("127.0.0.1", 80),
    ]

    assert [str(row) for row in conflicts(WANTED, listeners)] == [
        "127.0.0.1:8001/tcp for api is held by python3 (pid 42)",
        "0.0.0.0:80/tcp for web is held by pid 7",
        "0.0.0.0:80/tcp for web is held by a process that cannot be named without more rights",
    ]


def test_our_own_containers_and_processes_are_green() -> None:
    """What the running release holds is given up when it is replaced."""
    listeners = [Listener("127.0.0.1", 8001, process="docker-proxy", pid=5), Listener(ANY, 80, pid=6)]

    assert conflicts(WANTED, listeners, [PublishedPort("old", "127.0.0.1", 8001, "tcp")], own_pids={6}) == ()


def test_two_services_that_want_one_port_are_red() -> None:
    """Both are named, before whoever holds the port now: stopping that one would not mend it."""
    twice = (PublishedPort("a", ANY, 80, "tcp"), PublishedPort("b", "127.0.0.1", 80, "tcp"))

    found = conflicts(twice, [Listener("127.0.0.1", 80, pid=7)])

    assert found[0] == Conflict("b", "127.0.0.1", 80, "tcp", "a", twice=True)
    assert str(found[0]) == "127.0.0.1:80/tcp is asked for by a and by b"
    assert [one.twice for one in found] == [True, False, False]


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        (ANY, "127.0.0.1", True),
        ("127.0.0.1", ANY, True),
        ("::", ANY, True),
        ("", "10.0.0.1", True),
        ("*", "10.0.0.1", True),
        ("::1", "0:0:0:0:0:0:0:1", True),
        (ANY, "::1", False),
        ("127.0.0.1", "127.0.0.2", False),
        ("fe80::1%eth0", "fe80::1", True),
        ("not an address", "127.0.0.1", False),
    ],
)
def test_addresses(one: str, other: str, clash: bool) -> None:  # noqa: FBT001 - a table
    """Wildcards clash with every address of their family, `::` with all."""
    found = conflicts([PublishedPort("a", one, 80, "tcp")], [Listener(other, 80)])

    assert bool(found) is clash
