"""A guestbook: gunicorn "guestbook:create_app()"."""

from flask import Flask, Response

from guestbook import admin, api, db, ops, pages, settings

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def create_app() -> Flask:
    """Put the application together, as the environment says."""
    app = Flask(__name__)
    app.extensions["settings"] = found = settings.load()
    db.init(app, found.database_url)
    for module in (pages, api, admin, ops):
        app.register_blueprint(module.blueprint)
    app.after_request(protect)
    return app


def protect(response: Response) -> Response:
    """Give every answer the headers that protect its visitors."""
    response.headers.update(HEADERS)
    return response
