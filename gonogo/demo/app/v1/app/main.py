"""The guestbook: uvicorn app.main:app."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import escape
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, Field

from app import health, notes
from app.db import connect

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Guestbook</title></head>
<body><h1>Guestbook</h1><ul>{items}</ul></body></html>
"""


class NoteIn(BaseModel):
    """What a guest writes."""

    author: str = Field(min_length=1, max_length=80)
    body: str = Field(min_length=1, max_length=2000)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Connect at the start, not at import."""
    app.state.engine = connect()
    yield
    app.state.engine.dispose()


app = FastAPI(title="guestbook", lifespan=lifespan)


@app.get("/healthz")
def healthz() -> dict[str, str]:
    """Liveness, and which release this is."""
    release, commit = os.environ.get("GONOGO_RELEASE", "dev"), os.environ.get("GONOGO_COMMIT", "unknown")
    return {"status": "ok", "release": release, "commit": commit}


@app.get("/readyz")
def readyz(request: Request) -> JSONResponse:
    """Readiness: 200 if every component can work, else 503."""
    found = health.readiness(request.app.state.engine)
    return JSONResponse(found, status_code=200 if found["ok"] else 503)


@app.get("/", response_class=HTMLResponse)
def home() -> str:
    """The page that guests see."""
    links = {"/notes": "what guests wrote", "/stats": "figures"}
    return PAGE.format(items="".join(f'<li><a href="{href}">{escape(word)}</a></li>' for href, word in links.items()))


@app.get("/notes")
def list_notes(request: Request) -> list[dict[str, Any]]:
    """The newest notes first."""
    return notes.newest(request.app.state.engine)


@app.post("/notes", status_code=201)
def add_note(note: NoteIn, request: Request) -> dict[str, Any]:
    """Write into the guestbook."""
    return notes.add(request.app.state.engine, **note.model_dump())


@app.get("/stats")
def stats(request: Request) -> dict[str, int]:
    """How many notes there are, and by how many guests."""
    return notes.stats(request.app.state.engine)
