"""The web application: uvicorn app.main:app."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles

from app import logs, settings
from app.db import connect
from app.health import Migrations
from app.leads import UnknownCleaningTypeError
from app.metrics import Metrics, Watch
from app.routes import admin, api, login, ops, pages

STATIC = Path(__file__).parent / "static"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Read the settings at the start, not at import: whoever only wants to look at the code needs none."""
    app.state.settings = settings.load()
    logs.configure(app.state.settings.log_level)
    app.state.engine = connect(str(app.state.settings.database_url))
    app.state.migrations = Migrations()
    yield
    app.state.engine.dispose()


async def unknown_cleaning_type(_request: Request, error: Exception) -> JSONResponse:
    """Answer 422 as for any other field with a wrong value."""
    return JSONResponse({"detail": str(error)}, status_code=422)


def create_app() -> FastAPI:
    """Put the application together."""
    app = FastAPI(title="shop", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.metrics = Metrics()
    app.add_middleware(Watch, metrics=app.state.metrics)
    app.add_exception_handler(UnknownCleaningTypeError, unknown_cleaning_type)
    for module in (ops, pages, api, login, admin):
        app.include_router(module.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


app = create_app()
