"""What a gateway logs while the application behind it is replaced, and what an application logs of its own start."""

from __future__ import annotations

from typing import Any

import pytest

from gonogo.demo.ports import free_port
from tests.integration.deploy.conftest import App

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400), pytest.mark.thorough]

GATEWAY = """\
import http.server, os, sys, urllib.error, urllib.request

BEHIND = "http://127.0.0.1:@BEHIND@"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/ping":
            status, body = 200, b"pong"
        else:
            try:
                with urllib.request.urlopen(BEHIND + self.path, timeout=5) as answer:
                    status, body = answer.status, answer.read()
            except urllib.error.HTTPError as error:
                status, body = error.code, error.read()
            except OSError as error:
                print(f"ERROR gateway: GET {BEHIND}{self.path}: {error}", file=sys.stderr, flush=True)
                status, body = 502, b"{}"
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
SERVICES = """\
[service.gateway]
command = "{{python}} gateway.py"
port = {port}
health = {{ live = "/ping" }}

[service.web]
command = "{{python}} app.py"
port = {behind}
"""
SLOW = 'if __name__ == "__main__":\n    import time\n    time.sleep(1.5)\n'


def release(app: App, behind: int, *, start: str = SLOW) -> None:
    """Commit a release whose application says ``start`` before it listens."""
    toml = (app.root / "gonogo.toml").read_text()
    begin, end = toml.index("[service."), toml.index("[env.test]")
    services = SERVICES.format(port=app.port, behind=behind)
    (app.root / "gonogo.toml").write_text(toml[:begin] + services + "\n" + toml[end:])
    (app.root / "gateway.py").write_text(GATEWAY.replace("@BEHIND@", str(behind)))
    (app.root / "app.py").write_text(
        (app.root / "app.py").read_text().replace('if __name__ == "__main__":\n', start, 1)
    )
    app.commit("a release")


def logged(record: dict[str, Any]) -> dict[str, Any]:
    """What D15 said in the gate after the start."""
    (gate,) = [step["gate"] for step in record["steps"] if step["name"] == "postdeploy"]
    (check,) = [check for check in gate["checks"] if check["code"] == "D15"]
    return {"outcome": check["outcome"], **{piece["title"]: piece["value"] for piece in check["evidence"]}}


def test_a_gateway_that_missed_the_application_is_no_error_of_the_release(app: App) -> None:
    """GO: while the application behind it was replaced, it could not be reached; that is shown, and not counted.

    What the application itself logs at its start is the release's, and turns it back.
    """
    behind = free_port()
    release(app, behind)
    first, _ = app.deploy()
    release(app, behind)
    second, record = app.deploy()
    release(app, behind, start=SLOW + '    print("ERROR web: the table of prices is empty", flush=True)\n')
    third, red = app.deploy()

    assert first.code == 0, first
    assert second.code == 0, second
    assert logged(record)["outcome"] == "passed"
    (_, (service, _, example)) = logged(record)["Caused by the move or a visitor, overcome, or harmless"]
    assert (service, "Connection refused" in example) == ("gateway", True)
    assert third.code == 1, third
    assert [(cause["code"], cause["found"]) for cause in red["causes"]] == [
        ("D15", "1 new error in the logs; web: found ERROR web: the table of prices is empty; expected none")
    ]
