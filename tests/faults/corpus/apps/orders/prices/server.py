"""Says what something costs."""

import http.server
import json
import os

CENTS = {"window": 1200, "door": 4500}


class Prices(http.server.BaseHTTPRequestHandler):
    """One answer for each thing."""

    def do_GET(self) -> None:
        """A price, or that it lives."""
        what = self.path.partition("what=")[2]
        said = {"status": "ok"} if self.path == "/healthz" else {"cents": CENTS.get(what, 100)}
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Requests are not logged."""


if __name__ == "__main__":
    http.server.ThreadingHTTPServer((os.environ.get("HOST", "127.0.0.1"), int(os.environ["PORT"])), Prices).serve_forever()
