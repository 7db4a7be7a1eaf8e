"""D24 on a real application that compares signatures, or does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gonogo.words import Outcome

from .deployed import Deployed

pytestmark = pytest.mark.integration

SERVER = """\
import hashlib, hmac, http.server, json, os, sys

KNOWS = os.environ.get("KNOWS", "")


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open("events", "ab") as stream:
            stream.write(body + b"\\n")
        given = self.headers.get("X-Hub-Signature-256")
        right = "sha256=" + hmac.new(os.environ["HOOK_SECRET"].encode(), body, hashlib.sha256).hexdigest()
        if KNOWS == "nobody" or (KNOWS == "what is signed" and given is None) or given == right:
            return self.answer(204)
        print("ERROR: webhook: invalid signature", flush=True)
        self.answer(401)

    def answer(self, status):
        body = json.dumps({"status": "ok", "commit": os.environ["GONOGO_COMMIT"]}).encode() if status == 200 else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
HOOK = '\n[[env.test.webhook]]\nrequest = "POST /hook"\nsignature = "github"\n'
HARMLESS = HOOK + 'harmless = { action = "ping" }\nsecret = "${SENDERS_SECRET}"\n'


def made(deploy: Callable[..., Deployed], hook: str, *, knows: str = "", senders: str = "s3cretly-shared") -> Deployed:
    """The application with a webhook, started."""
    env = f"HOOK_SECRET=s3cretly-shared\nSENDERS_SECRET={senders}\nKNOWS={knows}\n"
    site = deploy(files={"server.py": SERVER}, environment=hook, env=env)
    site.start()
    return site


def test_webhook_that_knows_its_sender_is_well(deploy: Callable[..., Deployed]) -> None:
    """It refuses twice and takes the right one once; that it logs the refusals is no error of the release."""
    site = made(deploy, HARMLESS)
    check = site.ask("postdeploy", "webhook_knows").only()
    logged = site.ask("postdeploy", "no_new_errors").check("D15")

    assert [row[1] for row in check.evidence[0].value[1:]] == ["401", "401", "204"]
    assert (check.outcome, logged.outcome) == (Outcome.PASSED, Outcome.PASSED)
    assert "invalid signature" in logged.model_dump_json()
    assert (site.release.root / "events").read_text() == '{"action": "ping"}\n' * 3


def test_webhook_without_a_secret_is_never_signed_rightly(deploy: Callable[..., Deployed]) -> None:
    """Two requests with an event that means nothing, and no third."""
    site = made(deploy, HOOK)
    check = site.ask("postdeploy", "webhook_knows").only()

    assert check.outcome is Outcome.PASSED
    assert (site.release.root / "events").read_text() == '{"from": "gonogo", "event": "none"}\n' * 2


@pytest.mark.parametrize(
    ("knows", "senders", "found"),
    [
        ("nobody", "s3cretly-shared", "a wrong signature: found 204, expected 400 or 401 or 403"),
        ("what is signed", "s3cretly-shared", "no signature: found 204, expected 400 or 401 or 403"),
        ("", "another-secret-01", "the right signature: found 401, expected 2xx"),
    ],
)
def test_webhook_that_takes_anything_is_red(
    deploy: Callable[..., Deployed], knows: str, senders: str, found: str
) -> None:
    """Anybody's event, one without a signature, and none of the real sender's."""
    check = made(deploy, HARMLESS, knows=knows, senders=senders).ask("postdeploy", "webhook_knows").only()

    assert (check.outcome, check.found) == (Outcome.FAILED, f"POST /hook with {found}")
    assert senders not in check.model_dump_json()
