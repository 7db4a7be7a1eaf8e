"""What is no fault of a release: a template that ends in .py, a style sheet under a new fingerprint; and their twins."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.deploy.conftest import App

pytestmark = [pytest.mark.integration, pytest.mark.thorough]

SOURCE = """\
import http.server, json, os

PAGES = {"/": "<link rel=stylesheet href=/app.@CSS@.css><img src=/gone.png>", "/page": "", "/healthz": "", "@SERVED@": "a {}"}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = PAGES.get(self.path)
        kind = "text/css" if self.path.endswith("css") else "text/html" if self.path == "/" else "application/json"
        said = json.dumps({"status": "ok", "release": os.environ["GONOGO_RELEASE"], "text": "hello"})
        if text is None:
            print(f"ERROR web: no page at {self.path}", flush=True)
        body = (text or said).encode()
        self.send_response(404 if text is None else 200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
KEY = '[app]\nname = "tiny"\nnot_source = ["tools"]\n'


def release(app: App, css: str, *, served: bool = True, template: str = "class Test{Name}:\n    pass\n") -> None:
    """Commit a release whose front page names a style sheet of this fingerprint."""
    (app.root / "tools").mkdir(exist_ok=True)
    (app.root / "tools/test_tpl.py").write_text(template)
    app.configure()
    config = app.root / "gonogo.toml"
    config.write_text(config.read_text().replace('[app]\nname = "tiny"\n', KEY))
    text = SOURCE.replace("@CSS@", css).replace("@SERVED@", f"/app.{css}.css" if served else "/other.css")
    (app.root / "app.py").write_text(text)
    app.commit(f"css {css}")


def warned_of(record: dict[str, Any]) -> set[str]:
    """The codes of checks that warned, in any gate of a run."""
    gates = [step["gate"] for step in record["steps"] if step["gate"] is not None]
    return {check["code"] for gate in gates for check in gate["checks"] if check["outcome"] == "warned"}


@pytest.mark.timeout(400)
def test_a_page_whose_style_sheet_moves_is_go_and_one_that_loses_it_is_turned_back(app: App) -> None:
    """A template in a folder that is no source is nobody's; an image that never was there is warned of once, and so are files that are gone.

    That the application logs an error for each request of what is not there makes none of them red.
    """
    release(app, "1a2b3c4d")
    first, begun = app.deploy()
    release(app, "5e6f7a8b", template="class {{ Name }}:\n")
    second, record = app.deploy()
    release(app, "9c0d1e2f", served=False)
    third, red = app.deploy()

    assert (first.code, second.code) == (0, 0), (first, second)
    assert ("D26" in warned_of(begun), warned_of(record)) == (True, {"D38"})
    assert third.code == 1, third
    assert red["ending"].startswith("REVERTED to ")
    assert [check["code"] for check in red["causes"]] == ["D26"]
