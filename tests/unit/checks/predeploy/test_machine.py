"""P28 and P52 on machines whose names, clocks or folders are wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gonogo.words import Outcome
from tests.support.loopback import listening

if TYPE_CHECKING:
    from tests.support.gates import Gates, Repository

__all__: list[str] = []

ASKED = ("-m", "predeploy", "-k", "fit_to_deploy")
ADDRESSES = ("-m", "predeploy", "-k", "address_is_known")
ADDRESS = 'url = "http://shop.invalid"\n'


class Answers(BaseHTTPRequestHandler):
    """Stands in for a proxy, and answers for everybody; its clock is another one."""

    ahead = timedelta()

    def do_GET(self) -> None:
        """Answers 503, as an application that is not there yet."""
        self.send_response_only(503)
        self.send_header("Date", f"{datetime.now(UTC) + self.ahead:%a, %d %b %Y %H:%M:%S GMT}")
        self.send_header("Content-Length", "0")
        self.end_headers()


def test_machine_is_fit(repository: Repository, gate: Gates) -> None:
    """P28 is green with names that are somebody's, the Engine's clock and folders that can be made."""
    toml = repository.process + 'url = "http://localhost:1"\nnotify = ["json://localhost/x", "slack://TokenA/TokenB"]\n'

    check = gate(repository({"gonogo.toml": toml}), *ASKED).only()

    assert (check.outcome, check.advice) == (Outcome.PASSED, ())


def test_channels_that_nobody_has(repository: Repository, gate: Gates) -> None:
    """P28 names the key and the host of a channel, and never its token."""
    toml = repository.process + 'notify = ["json://user:s3cretly@hooks.invalid/T0ken", "slack://TokenA/TokenB"]\n'

    check = gate(repository({"gonogo.toml": toml}), *ASKED).only()

    assert check.outcome is Outcome.WARNED
    assert check.advice == (
        "notify[0]: found the host hooks.invalid, which nobody has here, expected a name that the DNS knows",
    )


def test_addresses_that_nobody_has(repository: Repository, gate: Gates) -> None:
    """P52 names the key and the host: of the address, and of a service's own; a gate alone warns."""
    toml = repository.process.replace("[env.test]", 'url = "http://api.invalid"\n\n[env.test]')

    check = gate(repository({"gonogo.toml": f"{toml}{ADDRESS}"}), *ADDRESSES).only()

    assert check.outcome is Outcome.WARNED
    assert check.advice == tuple(
        f"{key}: found the host {host}, which nobody has here, expected a name that the DNS knows"
        for key, host in (("url", "shop.invalid"), ("service.web.url", "api.invalid"))
    )


@pytest.mark.parametrize("there", [f'{ADDRESS}connect_to = "127.0.0.1:1"\n', 'url = "http://shop.localhost:1"\n'])
def test_name_that_is_not_asked_is_nobodys_fault(there: str, repository: Repository, gate: Gates) -> None:
    """P52 asks no name of an address whose requests go elsewhere, and none below ``localhost``."""
    assert (
        gate(repository({"gonogo.toml": f"{repository.process}{there}"}), *ADDRESSES).only().outcome is Outcome.PASSED
    )


def test_clock_of_the_address_is_compared(repository: Repository, gate: Gates) -> None:
    """P28 says by how much the clocks are apart, whatever the answer's status; within the tolerance it is green."""
    handler = type("Ahead", (Answers,), {"ahead": timedelta(seconds=100)})
    root = repository({"gonogo.toml": repository.process + ADDRESS})
    with listening(HTTPServer(("127.0.0.1", 0), handler)) as server:
        environ = {"http_proxy": f"http://127.0.0.1:{server.server_port}"}
        wrong = gate(root, *ASKED, environ=environ).only()
        repository.write(root, {"gonogo.toml": f'{repository.process}{ADDRESS}max_clock_offset = "2m"\n'})
        within = gate(root, *ASKED, environ=environ).only()

    seconds = wrong.advice[0].partition(" s ")[0].rpartition(" ")[2]
    assert wrong.advice == (
        f"what answers at http://shop.invalid: found a clock that is {seconds} s ahead of this machine's, expected 30 s "
        "(max_clock_offset) at most",
    )
    assert 90 <= int(seconds) <= 100
    assert (within.outcome, within.advice) == (Outcome.PASSED, ())


def test_clock_of_the_engine_is_compared(repository: Repository, gate: Gates, tmp_path: Path) -> None:
    """P28 warns where the Engine's machine slept while this one went on."""
    path = gate.path_without(tmp_path / "bin", "docker")
    then = datetime.now(UTC) - timedelta(hours=1, seconds=30)
    docker = tmp_path / "bin" / "docker"
    docker.write_text(f"""#!/bin/sh\necho '{{"ServerVersion": "26.1.5", "SystemTime": "{then.isoformat()}"}}'\n""")
    docker.chmod(0o755)

    check = gate(repository({"gonogo.toml": repository.minimal}), *ASKED, environ=path).only()

    assert check.outcome is Outcome.WARNED
    assert check.advice[0].startswith("the Docker Engine: found a clock that is 36")
    assert check.advice[0].endswith(" s behind this machine's, expected 30 s (max_clock_offset) at most")


def test_folders_that_are_none(repository: Repository, gate: Gates) -> None:
    """P28 names a folder that cannot be made."""
    root = repository({"gonogo.toml": repository.process, "reports": "a file"})

    check = gate(root, *ASKED).only()

    assert check.advice == (
        f"the folder of reports ({root}/reports): found {root}/reports, which is no folder, expected a folder to write in",
    )
