"""The real web application, served on a private port for a browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from app.factory import build, create_app
from app.settings import load
from app.store import schema
from app.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A running site and the database behind it."""

    url: str
    database: Database


class Quiet(WSGIRequestHandler):
    """No line per request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    settings = load({}, data_dir=tmp_path)
    parts = build(settings)
    schema.migrate(parts.database)
    later = Flask("not yet")  # the port has to be known before the application is made
    server = make_server(
        "127.0.0.1", 0, lambda environ, start: later.wsgi_app(environ, start), threaded=True, request_handler=Quiet
    )
    url = f"http://127.0.0.1:{server.port}"
    app = create_app(replace(settings, public_url=url), replace(parts, settings=replace(settings, public_url=url)))
    later.wsgi_app = app.wsgi_app  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield Site(url=url, database=parts.database)
    server.shutdown()
    thread.join()
    server.server_close()
    parts.database.close()
