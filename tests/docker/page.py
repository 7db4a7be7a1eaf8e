"""The smallest application under Compose that answers a page and is well: its server, its image, its health check."""

from __future__ import annotations

__all__ = ["BASE", "DOCKERFILE", "HEALTH", "server"]

_SERVER = """\
import http.server
@BEFORE@

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"ok" if self.path == "/healthz" else (@ANSWER@).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("", 8000), Page).serve_forever()
"""
BASE = """\
FROM python:3.11-slim
ENV PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/app
"""
DOCKERFILE = f"""\
{BASE}COPY server.py ./
USER nobody
CMD ["python", "server.py"]
"""
HEALTH = """\
    healthcheck:
      test: [CMD, python, -c, "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz')"]
      interval: 10s
      start_period: 30s
      start_interval: 500ms
      retries: 1
"""
"""Often while it starts, seldom then: every check is a process, and several applications run beside each other."""


def server(answer: str, *, before: str = "") -> str:
    """The program whose page is what the expression ``answer`` says, with the lines ``before`` ahead of it."""
    return _SERVER.replace("@ANSWER@", answer).replace("@BEFORE@", f"{before}\n" if before else "")
