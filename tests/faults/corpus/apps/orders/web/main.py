"""Orders: a page, an interface, and an office."""

import logging
import os
import time
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from fastapi.staticfiles import StaticFiles
from sqlalchemy import create_engine, insert, select, text

from web import office, prices
from web.models import orders
from web.settings import settings

HERE = Path(__file__).parent
HEAD = "0001"
logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
log = logging.getLogger("orders")
engine = create_engine(settings.database_url)

app = FastAPI(title="orders", debug=settings.debug)
app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
app.include_router(office.router)


@app.get("/healthz")
def alive() -> dict[str, str]:
    """It lives, and says as which release."""
    return {"status": "ok", "release": os.environ.get("GONOGO_RELEASE", "")}


@app.get("/readyz")
def ready() -> JSONResponse:
    """Each part of it."""
    parts = {"database": _stands_at_head(), "prices": prices.answer(), "jobs": _beats()}
    well = all(parts.values())
    said = {name: "ok" if part else "failed" for name, part in parts.items()}
    return JSONResponse({"status": "ok" if well else "failed", "checks": said}, status_code=200 if well else 503)


@app.get("/", response_class=HTMLResponse)
def front() -> str:
    """The page where visitors order."""
    return (HERE / "templates" / "front.html").read_text(encoding="utf-8")


@app.get("/version", response_class=PlainTextResponse)
def version() -> str:
    """What the commit calls itself."""
    return (HERE.parent / "version.txt").read_text(encoding="utf-8")


@app.get("/v1/orders")
def listed() -> list[dict[str, object]]:
    """All orders."""
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(select(orders)).mappings()]


@app.post("/v1/orders", status_code=201)
async def ordered(request: Request) -> dict[str, object]:
    """Take an order at today's price."""
    what = str((await request.json())["what"])
    cents = prices.of(what)
    with engine.begin() as connection:
        connection.execute(insert(orders).values(what=what, cents=cents))
    log.info("ordered %s", what)
    return {"what": what, "cents": cents, "currency": "EUR"}


@app.get("/v1/price")
def price(what: str = "window") -> dict[str, object]:
    """What something costs."""
    return {"what": what, "cents": prices.of(what), "currency": "EUR"}


def _stands_at_head() -> bool:
    with engine.connect() as connection:
        return connection.execute(text("select version_num from alembic_version")).scalar() == HEAD


def _beats() -> bool:
    beat = Path(settings.heartbeat)
    return beat.exists() and time.time() - beat.stat().st_mtime < 60
