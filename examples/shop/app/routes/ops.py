"""What machines ask: is it alive, can it serve, how does it do, may I index it."""

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, PlainTextResponse

from app import health
from app.schemas import Readiness

ICON = Path(__file__).resolve().parent.parent / "static" / "favicon.svg"

router = APIRouter(tags=["operations"])


@router.get("/healthz")
def healthz(request: Request) -> dict[str, Any]:
    """Liveness: this process answers. Says which release it is; asks nothing of anybody else."""
    settings = request.app.state.settings
    return {"status": "ok", "release": settings.release, "commit": settings.commit}


@router.get("/readyz", responses={503: {"model": Readiness}})
def readyz(request: Request, response: Response) -> Readiness:
    """Readiness: 200 if every component can work, else 503; each component's answer in both cases."""
    state = request.app.state
    checks = health.readiness(state.engine, state.migrations, state.settings)
    ok = all(check.ok for check in checks)
    response.status_code = 200 if ok else 503
    return Readiness(ok=ok, release=state.settings.release, checks=checks)


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request) -> Response:
    """Counters for Prometheus; nothing personal is in them."""
    return Response(request.app.state.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/robots.txt", include_in_schema=False)
def robots() -> PlainTextResponse:
    """Everything but the admin page may be indexed."""
    return PlainTextResponse("User-agent: *\nDisallow: /admin\nAllow: /\n")


@router.get("/favicon.ico", include_in_schema=False)
def favicon() -> FileResponse:
    """The icon that browsers ask for unasked."""
    return FileResponse(ICON, media_type="image/svg+xml")
